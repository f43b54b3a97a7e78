from typing import Any

from bookings import invariants
from bookings.management.base import Command as Base


class Command(Base):
    help = "Check every promise of the core; exits with 1 when one is broken."

    def run(self, **options: Any) -> Any:
        self.found = invariants.broken()
        return {
            "checked": len(invariants.PROMISES),
            "broken": [each._asdict() for each in self.found],
        }

    def say(self, fact: Any) -> None:
        for each in fact["broken"]:
            self.stdout.write(self.style.ERROR(f"broken: {each['name']}"))
            self.stdout.write(f"  {', '.join(each['ids'])}")
        kept = fact["checked"] - len(fact["broken"])
        self.stdout.write(f"{kept} of {fact['checked']} promises are kept.")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if self.found:
            raise SystemExit(1)
