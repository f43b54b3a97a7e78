import dataclasses
from typing import Any

from bookings import relay
from bookings.management.base import Command as Base


class Command(Base):
    help = "Pass on what is owed to the world: webhooks, mails, and the ends of deposits."

    def run(self, **options: Any) -> Any:
        return dataclasses.asdict(relay.deliver())
