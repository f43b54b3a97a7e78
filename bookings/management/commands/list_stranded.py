from argparse import ArgumentParser
from typing import Any

from accounts.models import Business
from bookings import selectors
from bookings.management.base import Command as Base
from bookings.management.base import business


class Command(Base):
    help = (
        "List the bookings to come that can't be kept as they are: closed, outside the hours, or on"
        " something that is no longer offered; exits with 1 when there are any."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="of the business; all unless said")

    def run(self, **options: Any) -> Any:
        slug = options["slug"]
        of = [business(slug)] if slug else Business.objects.filter(is_active=True)
        self.found = [each for one in of for each in selectors.stranded(one)]
        return [
            {
                "business": each.booking.business.slug,
                "reference": each.booking.reference,
                "starts_at": each.booking.starts_at,
                "party_size": each.booking.party_size,
                "why": each.why,
            }
            for each in self.found
        ]

    def say(self, fact: Any) -> None:
        for each in fact:
            when = f"{each['starts_at']:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{each['business']} {each['reference']} {when}: {each['why']}")
        self.stdout.write(f"stranded: {len(fact)}")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if self.found:
            raise SystemExit(1)
