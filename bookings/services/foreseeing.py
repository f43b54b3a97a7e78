"""What a change of the hours, a closure or a resource would do to the book, before it is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction

from accounts.models import Business
from bookings import stranding
from bookings.services.schedules import lay_out_all
from bookings.stranding import LeftBehind


def foresee(
    business: Business, change: Callable[[], object], *, now: datetime | None = None
) -> LeftBehind:
    """Which bookings a change would leave behind. It is made, looked at and taken back; raises
    what it raises."""
    with transaction.atomic():
        with stranding.watching(business, now=now) as seen:
            change()
            business.refresh_from_db()  # its clock may be what changes
        transaction.set_rollback(True)
    business.refresh_from_db()
    return seen.stranded


@transaction.atomic
def change_promises(
    business: Business, change: Callable[[], object], *, now: datetime | None = None
) -> LeftBehind:
    """Make a change of when or what can be booked; which bookings it left behind. Classes come
    again where it is open now, and not where it is closed. Raises what the change raises."""
    with stranding.watching(business, now=now) as seen:
        change()
        business.refresh_from_db()
    transaction.on_commit(partial(lay_out_all, business, now=now), robust=True)
    return seen.stranded
