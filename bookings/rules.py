"""What a wish must keep besides finding a place: hours, closures, notice, horizon, quota."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts import clock
from accounts.models import Business
from availability import calendar, slots, timetables
from availability.intervals import Interval, overlaps
from availability.timetables import Pacing, Timetables
from billing import selectors as billing
from bookings.errors import NotOffered, OutsideHours
from bookings.lifecycle import TAKING
from bookings.models import Booking
from bookings.wishes import Wish
from resources.models import Service

DAY = timedelta(days=1)


def refuse_outside(
    wish: Wish, *, now: datetime | None, promises: Timetables | None = None
) -> set[uuid.UUID] | None:
    """Hold a wish to the notice, the horizon, the grid, the hours and the pacing that it keeps; the
    places that these leave it, None for all.

    Raises NotOffered, or OutsideHours when every place it may be at is closed. No query for a wish
    that keeps nothing, one for its timetables unless they are at hand, one more for pacing.
    """
    refuse_untimely(wish, now=now)
    promises = promises or promises_for(wish)
    if promises is None:
        return None
    places = [wish.location_id] if wish.location_id else list(promises.locations)
    reasons = {place: closed(wish, promises, place) for place in places}
    if all(reasons.values()):
        raise OutsideHours(next(iter(reasons.values()), None) or "")
    places = [place for place in places if not reasons[place]]
    if wish.step:
        places = [place for place in places if _on_grid(wish, promises, place)]
        if not places:
            raise NotOffered("Nothing starts at this time.")
    return uncrowded(wish, promises, places, now=now)


def uncrowded(
    wish: Wish, promises: Timetables, places: Iterable[uuid.UUID], *, now: datetime | None
) -> set[uuid.UUID]:
    """The places where one more party may start then. Raises NotOffered when there is none. A query
    for each with pacing."""
    if not wish.keeps_hours:
        return set(places)
    left = {each for each in places if not is_crowded(wish, promises, each, now=now)}
    if not left:
        raise NotOffered("Too many start at this time already.")
    return left


def _on_grid(wish: Wish, promises: Timetables, location_id: uuid.UUID) -> bool:
    assert wish.step is not None
    day = calendar.service_day(wish.starts_at, promises.locations[location_id].zone)
    return wish.starts_at in promises.grid(location_id, day, day, wish.step)


def is_crowded(
    wish: Wish, promises: Timetables, location_id: uuid.UUID, *, now: datetime | None
) -> bool:
    """Whether one more party would be more than may start there then. No query without pacing."""
    pacing = promises.pacing[location_id]
    if not pacing.is_set:
        return False
    at = slots.seconds(wish.starts_at)
    around = timedelta(minutes=pacing.minutes)
    return not slots.paced(
        [at],
        begun(
            location_id,
            wish.starts_at - around,
            wish.starts_at + around,
            but=wish.moving,
            now=now,
        ),
        bucket=bucket(pacing, promises.locations[location_id].zone),
        party_size=wish.party_size,
        covers=pacing.covers,
        parties=pacing.parties,
    )


def bucket(pacing: Pacing, zone: ZoneInfo) -> Callable[[int], tuple[int, timedelta]]:
    """The stretch of the wall's clock that a start is counted in; where the clock is put back what
    it shows for the second time is another."""
    width = pacing.minutes * 60

    def number(start: int) -> tuple[int, timedelta]:
        offset = datetime.fromtimestamp(start, zone).utcoffset() or timedelta()
        return (start + int(offset.total_seconds())) // width, offset

    return number


def begun(
    location_id: uuid.UUID,
    start: datetime,
    end: datetime,
    *,
    but: uuid.UUID | None = None,
    now: datetime | None,
) -> list[tuple[int, int]]:
    """The starts (seconds) and sizes of the parties that begin in a window, without the booking
    that is being moved. One query."""
    rows = Booking.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=clock.moment(now)),
        location=location_id,
        session=None,
        starts_at__gte=start,
        starts_at__lte=end,
        state__in=[each.value for each in TAKING],
    )
    if but:
        rows = rows.exclude(pk=but)
    return [(slots.seconds(at), size) for at, size in rows.values_list("starts_at", "party_size")]


def step_of(business: Business, service: Service | None) -> timedelta:
    """From one start to the next: the service's interval, else the business's."""
    if service and service.slot_interval:
        return service.slot_interval
    return timedelta(minutes=business.slot_interval_minutes)


def buffers(business: Business, service: Service | None) -> tuple[timedelta, timedelta]:
    """What a door with the business's own gap keeps free before and after a booking: the buffers of
    the service, else that gap, which is kept by taking it after each."""
    if service and (service.buffer_before or service.buffer_after):
        return service.buffer_before, service.buffer_after
    return timedelta(), timedelta(minutes=business.buffer_minutes)


def notice_and_horizon(
    business: Business, service: Service | None, moment: datetime
) -> tuple[datetime, datetime]:
    """The first and the last start that may be asked for at a moment."""
    notice = service.min_notice if service else None
    horizon = service.max_advance if service else None
    return (
        moment + (timedelta(minutes=business.min_notice_minutes) if notice is None else notice),
        moment + (timedelta(days=business.max_advance_days) if horizon is None else horizon),
    )


def zone_of(business: Business) -> ZoneInfo:
    return ZoneInfo(business.timezone)


def refuse_untimely(wish: Wish, *, now: datetime | None) -> None:
    """Hold a wish to the notice and the horizon alone. Raises NotOffered; no query."""
    if not (wish.keeps_hours and wish.keeps_notice):
        return
    now = now or datetime.now(UTC)
    first, last = notice_and_horizon(wish.business, wish.service, now)
    # What is asked for right now may arrive a little late; without notice that is no reason.
    if wish.starts_at < first and first > now:
        minutes = int((first - now).total_seconds() // 60)
        raise NotOffered(f"Bookings need {minutes} minutes' notice.")
    if wish.starts_at > last:
        raise NotOffered(f"Bookings open {(last - now).days} days ahead.")


def promises_for(wish: Wish) -> Timetables | None:
    """The timetables that a wish is held to, around its days; None, and no query, when it keeps
    none."""
    if not (wish.keeps_hours or wish.keeps_closures):
        return None
    return timetables.load(
        wish.business,
        days=(wish.starts_at.date() - 2 * DAY, wish.inside_until.date() + 2 * DAY),
        service_id=wish.service.pk if wish.service else None,
        own_hours=wish.keeps_windows,
    )


def closed(
    wish: Wish, promises: Timetables, location_id: uuid.UUID, resource_id: uuid.UUID | None = None
) -> str | None:
    """Why a place, or a resource there, is closed for a wish; None when it is open."""
    reason = promises.closed(
        location_id,
        Interval(wish.starts_at, wish.inside_until),
        resource_id=resource_id,
        hours=wish.keeps_hours,
    )
    if reason or not wish.keeps_breaks:
        return reason
    days = wish.takes_from.date() - DAY, wish.takes_until.date() + DAY
    resting = promises.resting(location_id, resource_id, *days)
    whole = Interval(wish.takes_from, wish.takes_until)
    return "In a break." if any(overlaps(each, whole) for each in resting) else None


def quota(business: Business) -> int | None:
    """How many bookings a month the plan allows; None for any number. A sandbox is free."""
    return None if business.is_dev else billing.cover(business).max_bookings
