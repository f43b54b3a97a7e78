from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from bookings import files
from bookings.management.base import Command as Base


class Command(Base):
    help = "Make a business as a file says, or bring it up to the file; a bad file changes nothing."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--slug", default="", help="another slug than the file's")

    def run(self, **options: Any) -> Any:
        try:
            text = options["file"].read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} can't be read: {error}") from None
        try:
            found = files.parse(text)
        except files.BadFile as error:
            said = "\n".join(f"{options['file'].name}, {each}" for each in error.problems)
            raise CommandError(said) from None
        made = files.read(
            found, slug=options["slug"], tell=lambda what: self.stderr.write(f"... {what}")
        )
        return {
            "slug": made.business.slug,
            "id": str(made.business.pk),
            "new": made.is_new,
            "api_keys": made.keys,
        }
