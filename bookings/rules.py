"""What a wish must keep besides finding a place: hours, closures, notice, quota."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Business
from billing import selectors as billing
from bookings.wishes import Wish


def refuse_outside(wish: Wish, *, now: datetime | None) -> None:
    """Hold a wish to the rules it keeps. Raises NotOffered."""


def quota(business: Business) -> int | None:
    """How many bookings a month the plan allows; None for any number. A sandbox is free."""
    return None if business.is_dev else billing.cover(business).max_bookings
