from argparse import ArgumentParser
from typing import Any

from bookings import services
from bookings.management.base import Command as Base
from bookings.management.base import business


class Command(Base):
    help = (
        "Put recurring classes in the book, as the beat does every half hour; exits with 1 when"
        " something was taken on one of their days."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="of the business; all unless said")

    def run(self, **options: Any) -> Any:
        of = business(options["slug"]) if options["slug"] else None
        self.laid = services.lay_out_all(of)
        return {
            "made": len(self.laid.made),
            "omitted": [
                {
                    "schedule": str(each.schedule_id),
                    "class": str(each.schedule),
                    "day": each.day,
                    "kind": each.kind,
                    "reason": each.reason,
                }
                for each in self.laid.omitted
            ],
        }

    def say(self, fact: Any) -> None:
        self.stdout.write(f"made: {fact['made']}")
        for each in fact["omitted"]:
            self.stdout.write(f"  {each['day']} {each['class']}: {each['reason']}")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if any(each.kind == "clash" for each in self.laid.omitted):
            raise SystemExit(1)
