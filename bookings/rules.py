"""What a wish must keep besides finding a place: hours, closures, notice, horizon, quota."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from accounts.models import Business
from availability import timetables
from availability.intervals import Interval
from availability.timetables import Timetables
from billing import selectors as billing
from bookings.errors import NotOffered, OutsideHours
from bookings.wishes import Wish


def refuse_outside(wish: Wish, *, now: datetime | None) -> None:
    """Hold a wish to the notice, the horizon and the hours that it keeps. Raises NotOffered, or
    OutsideHours when every place it may be at is closed. No query for a wish that keeps nothing."""
    if wish.keeps_hours:
        _refuse_too_soon_or_far(wish, now or datetime.now(UTC))
    promises = promises_for(wish)
    if promises is None:
        return
    places = [wish.location_id] if wish.location_id else list(promises.locations)
    reasons = [closed(wish, promises, place) for place in places]
    if all(reasons):
        raise OutsideHours(reasons[0] or "") if reasons else OutsideHours


def _refuse_too_soon_or_far(wish: Wish, now: datetime) -> None:
    business = wish.business
    notice = timedelta(minutes=business.min_notice_minutes)
    if wish.starts_at < now + notice:
        raise NotOffered(f"Bookings need {business.min_notice_minutes} minutes' notice.")
    if wish.starts_at > now + timedelta(days=business.max_advance_days):
        raise NotOffered(f"Bookings open {business.max_advance_days} days ahead.")


def promises_for(wish: Wish) -> Timetables | None:
    """The timetables that a wish is held to; None, and no query, when it keeps none."""
    if not (wish.keeps_hours or wish.keeps_closures):
        return None
    return timetables.load(wish.business)


def closed(
    wish: Wish, promises: Timetables, location_id: uuid.UUID, resource_id: uuid.UUID | None = None
) -> str | None:
    """Why a place, or a resource there, is closed for a wish; None when it is open."""
    return promises.closed(
        location_id,
        Interval(wish.starts_at, wish.ends_at),
        resource_id=resource_id,
        hours=wish.keeps_hours,
    )


def quota(business: Business) -> int | None:
    """How many bookings a month the plan allows; None for any number. A sandbox is free."""
    return None if business.is_dev else billing.cover(business).max_bookings
