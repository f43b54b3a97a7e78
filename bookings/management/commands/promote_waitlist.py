from argparse import ArgumentParser
from typing import Any

from bookings import services
from bookings.management.base import Command as Base
from bookings.management.base import business


class Command(Base):
    help = (
        "Offer what is free to those who wait, as the beat does four times a minute, in the"
        " businesses that want so."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="of the business; all unless said")

    def run(self, **options: Any) -> Any:
        of = business(options["slug"]) if options["slug"] else None
        return {
            "offered": [
                {
                    "entry": str(each.pk),
                    "party_size": each.party_size,
                    "reference": each.booking.reference,
                    "starts_at": each.booking.starts_at,
                    "expires_at": each.booking.expires_at,
                }
                for each in services.promote_waitlist(of)
                if each.booking
            ]
        }

    def say(self, fact: Any) -> None:
        self.stdout.write(f"offered: {len(fact['offered'])}")
        for each in fact["offered"]:
            when = f"{each['starts_at']:%Y-%m-%d %H:%M} UTC"
            until = f"{each['expires_at']:%H:%M:%S} UTC"
            self.stdout.write(
                f"  {each['reference']} for {each['party_size']}, {when}, until {until}"
            )
