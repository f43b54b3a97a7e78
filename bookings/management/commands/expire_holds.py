from typing import Any

from bookings import services
from bookings.management.base import Command as Base


class Command(Base):
    help = "Clear away lapsed holds, as the beat does every half minute."

    def run(self, **options: Any) -> Any:
        count = 0
        while expired := len(services.expire_holds()):
            count += expired
        return {"expired": count}
