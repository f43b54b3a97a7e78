from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from bookings.api.google import delivery, files
from bookings.management.base import Command as Base


class Command(Base):
    help = "Write Google's feeds of who there is, what they offer and what is free, as the beat does once a day; exits with 1 when Google would not take them."  # noqa: E501

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, default=settings.GOOGLE_FEEDS_FOLDER)
        parser.add_argument("--days", type=int, default=settings.GOOGLE_FEED_DAYS)
        parser.add_argument(
            "--upload", action="store_true", help="send them to Google's drop boxes too"
        )

    def run(self, **options: Any) -> Any:
        folder = options["output"]
        if folder is None:
            raise CommandError("Say where with --output, or set GOOGLE_FEEDS_FOLDER.")
        try:
            written, missing = files.export(folder, days=options["days"])
            sent = delivery.upload(written) if options["upload"] else []
        except files.Unfit as error:
            raise CommandError(
                "\n  ".join(["Google would not take this:", *error.problems])
            ) from error
        except (OSError, delivery.Undelivered) as error:
            raise CommandError(str(error)) from error
        return {
            "written": {feed: [str(each) for each in paths] for feed, paths in written.items()},
            "left_out": missing,
            "sent": sent,
        }
