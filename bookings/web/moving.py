"""A guest moves their booking: the free times of a week, then whether it is meant."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.errors import Conflict
from bookings import cards, offers, policies, rules, services
from bookings.errors import NotOffered, SlotTaken
from bookings.models import Booking
from bookings.web.guest import address, denied, now_of, own, page, told
from bookings.web.widget import words
from bookings.web.widget.choice import instant, written
from bookings.wishes import Search

DAY = timedelta(days=1)
WEEK = 7
PARTS = (
    (gettext_lazy("Morning"), 12),
    (gettext_lazy("Afternoon"), 17),
    (gettext_lazy("Evening"), 24),
)
CANNOT = gettext_lazy("The time can't be changed")
GONE = gettext_lazy("That time has just been taken. Please choose another.")


@dataclasses.dataclass(frozen=True)
class Time:
    """A start that a guest may choose."""

    label: str
    url: str
    part: str


@dataclasses.dataclass(frozen=True)
class Day:
    """A day of the week that is shown."""

    name: str
    number: str
    whole: str
    url: str
    count: int
    is_chosen: bool


@own
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, booking: Booking, now: datetime) -> HttpResponse:
    """Offer the times of a week; with `at` ask whether that one is meant; by POST do it."""
    if refused := policies.against_moving(booking, now):
        return denied(told(booking), refused, str(CANNOT))
    zone = cards.zone_of(booking.location)
    if request.method == "POST":
        return _do(request, booking, zone, now)
    if (at := instant(request.GET.get("at", ""))) is None:
        chosen = _date(request.GET.get("day", ""))
        return _choose(booking, zone, now, day=chosen)
    free = {each.starts_at: each for each in _free(booking, zone, _local(at, zone), 1, now)}
    if at not in free:
        return _choose(booking, zone, now, day=_local(at, zone), problem=str(GONE), status=409)
    return _ask(booking, zone, free[at])


def _do(request: HttpRequest, booking: Booking, zone: ZoneInfo, now: datetime) -> HttpResponse:
    at = instant(request.POST.get("at", ""))
    if at is None:
        return _choose(booking, zone, now, problem=_("Please choose a time."), status=422)
    try:
        services.move_own(booking, starts_at=at, now=now_of(request))
    except (SlotTaken, NotOffered):
        day = _local(at, zone)
        return _choose(booking, zone, now, day=day, problem=str(GONE), status=409)
    except Conflict as error:
        return denied(told(booking), error, str(CANNOT))
    return HttpResponseRedirect(address("booking", booking), status=303)


def _ask(booking: Booking, zone: ZoneInfo, slot: offers.Slot) -> HttpResponse:
    return page(
        "moved",
        **told(booking),
        at=written(slot.starts_at),
        day=cards.day(slot.starts_at, zone),
        times=cards.times(slot.starts_at, slot.ends_at, zone),
        zone=cards.zone_name(slot.starts_at, zone),
        others=_others(booking, slot.resource_ids),
        back=_url(booking, day=_local(slot.starts_at, zone).isoformat()),
    )


def _others(booking: Booking, free: Sequence[UUID]) -> str:
    """Who else would serve the guest, where who was to isn't free then."""
    staff = [
        each for each in cards.resources_of({*booking.resource_ids, *free}) if each.kind == "staff"
    ]
    mine = {each.pk for each in staff} & {*booking.resource_ids}
    if not mine or mine & {*free}:
        return ""
    return _(" or ").join(sorted(cards.line(each.name) for each in staff if each.pk in free))


def _choose(
    booking: Booking,
    zone: ZoneInfo,
    now: datetime,
    *,
    day: date | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The week around a day, and the free times of that day; of the booking's unless said."""
    limits = rules.notice_and_horizon(booking.business, booking.service, now)
    first, last = (_local(each, zone) for each in limits)
    is_asked = day is not None
    day = min(max(day or _local(booking.starts_at, zone), first), last)
    begin = first + (day - first).days // WEEK * WEEK * DAY
    free = _free(booking, zone, begin, WEEK, now)
    labels = Counter(_label(each, zone) for each in free)
    count = Counter(_local(each.starts_at, zone) for each in free)
    if not is_asked and not count[day]:
        day = min((each for each in count if each > day), default=day)
    times = [
        Time(
            label=_label(each, zone).partition(" ")[2]
            + (f" {each.starts_at.astimezone(zone):%Z}" if labels[_label(each, zone)] > 1 else ""),
            url=_url(booking, at=written(each.starts_at)),
            part=next(str(name) for name, until in PARTS if _hour(each, zone) < until),
        )
        for each in free
        if _local(each.starts_at, zone) == day
    ]
    dates = [each for n in range(WEEK) if (each := begin + n * DAY) <= last]
    days = [
        Day(
            name=date_format(each, "D"),
            number=str(each.day),
            whole=words.day(each),
            url=_url(booking, day=each.isoformat()),
            count=count[each],
            is_chosen=each == day,
        )
        for each in dates
    ]
    following = begin + WEEK * DAY
    return page(
        "move",
        status,
        **told(booking),
        problem=problem,
        days=days,
        chosen=next(each for each in days if each.is_chosen),
        parts=[(name, [t for t in times if t.part == str(name)]) for name, _until in PARTS],
        has_times=bool(times),
        next_free=next(
            (each for each, its in zip(days, dates, strict=True) if its > day and each.count), None
        ),
        month=_month(begin, days),
        earlier=_url(booking, day=(begin - DAY).isoformat()) if begin > first else "",
        later=_url(booking, day=following.isoformat()) if following <= last else "",
        zone=cards.zone_name(booking.starts_at, zone),
    )


def _free(
    booking: Booking, zone: ZoneInfo, first: date, days: int, now: datetime
) -> list[offers.Slot]:
    """The starts that the booking could be moved to, in so many local days."""
    found = offers.slots(
        Search(
            business=booking.business,
            service=booking.service,
            # What starts after midnight may belong to the day before.
            first_day=first - DAY,
            last_day=first + (days - 1) * DAY,
            party_size=booking.party_size,
            location_id=booking.location_id,
            duration=booking.ends_at - booking.starts_at,
            moving=booking.pk,
        ),
        now=now,
    )
    until = first + days * DAY
    return [
        each
        for each in found
        if first <= _local(each.starts_at, zone) < until and each.starts_at != booking.starts_at
    ]


def _month(begin: date, days: Sequence[Day]) -> str:
    end = begin + (len(days) - 1) * DAY
    if (begin.year, begin.month) == (end.year, end.month):
        return words.month(begin)
    return f"{date_format(begin, 'F')} – {words.month(end)}"


def _label(slot: offers.Slot, zone: ZoneInfo) -> str:
    return f"{slot.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"


def _hour(slot: offers.Slot, zone: ZoneInfo) -> int:
    return slot.starts_at.astimezone(zone).hour


def _local(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _url(booking: Booking, **query: Any) -> str:
    return f"{address('move', booking)}?{urlencode(query)}"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
