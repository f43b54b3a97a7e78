"""A day of a place, resource by resource: what takes each of them when, and when it is closed.

Times are UTC instants; `Day.start` and `Day.end` are whole hours on the wall of the place around
all that is open or booked that day, so a place that closes at two in the morning has its night in
one piece. Read in a number of queries that doesn't grow with the place or the day.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Q, Sum

from availability import timetables
from availability.calendar import local_day
from availability.intervals import Interval, Run, intersect, merge, subtract
from availability.timetables import Timetables
from bookings.assignment import natural_key
from bookings.lifecycle import State
from bookings.models import WAITING, Allocation, Block, Booking, Session
from resources.models import Location, Resource
from resources.services import PLACE

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST = timedelta(hours=30)  # a day with its night
USUAL = (timedelta(hours=8), timedelta(hours=20))  # where nothing says anything
SHOWN = (
    State.HELD.value, State.PENDING.value, State.CONFIRMED.value, State.CHECKED_IN.value,
    State.COMPLETED.value, State.NO_SHOW.value,
)  # fmt: skip
MOVES = (State.PENDING.value, State.CONFIRMED.value, State.CHECKED_IN.value)


@dataclasses.dataclass(slots=True)
class Bar:
    """Something that takes a resource for a while. `takes_from` and `takes_until` have the buffers
    around it; `lane` is where it lies beside others of the same time."""

    kind: str  # booking, class, block
    id: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    takes_from: datetime
    takes_until: datetime
    name: str = ""
    about: str = ""
    size: int = 0
    capacity: int = 0
    state: str = ""
    reference: str = ""
    has_notes: bool = False
    is_overbooked: bool = False
    lane: int = 0

    @property
    def moves(self) -> bool:
        """Whether staff may move it."""
        return self.kind == "booking" and self.state in MOVES


@dataclasses.dataclass(slots=True)
class Row:
    """One resource with what takes it, in the order of time; `closed` is when it can't be had."""

    resource: Resource | None
    bars: list[Bar]
    closed: Run
    lanes: int = 1

    @property
    def seats(self) -> int:
        each = self.resource
        return each.covers_max * each.units if each else 0


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """The rows of one section, or of one kind."""

    name: str
    kind: str
    rows: Sequence[Row]


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """The day between two whole hours. `loose` are bookings without a resource that is shown."""

    day: date
    start: datetime
    end: datetime
    groups: Sequence[Group]
    loose: Row | None
    reason: str
    covers: int
    bookings: int

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60

    def minute(self, instant: datetime) -> int:
        """The minutes from its start to an instant, within it."""
        found = int((instant - self.start).total_seconds()) // 60
        return max(0, min(self.minutes, found))


def resources_at(place: Location) -> list[Resource]:
    """What can be taken at a place, as it is listed: by section, then by name. One query."""
    rows = (
        Resource.objects.filter(
            business_id=place.business_id, location=place, is_active=True, deleted_at=None
        )
        .exclude(kind__startswith=f"{PLACE} ")
        .select_related("section")
    )
    return sorted(rows, key=_order)


def _order(each: Resource) -> tuple[object, ...]:
    section = each.section
    room = (section.display_order, section.name) if section else (1 << 30, "")
    return (each.kind != "staff", *room, each.kind, each.display_order, natural_key(each.name))


def day(
    place: Location,
    on: date,
    resources: Sequence[Resource],
    *,
    moment: datetime,
    all_of_it: bool = True,
) -> Day:
    """A local day of these resources. Five queries; `all_of_it` says that no resource was left out,
    so that what has none of them is without a place, as what was overbooked is anyway."""
    zone = ZoneInfo(place.timezone or place.business.timezone)
    promises = timetables.load(place.business, days=(on, on))
    whole = local_day(on, zone)
    promised = _promised(promises, place, resources, on)
    until = min(max([whole.end, *(each.end for each in promised)]), whole.start + LONGEST)
    bars = _bars(place, whole.start, until, moment)
    night = [each.end for each in _promised(promises, place, resources, on - DAY)]
    since = max([whole.start, *night])  # what is earlier belongs to the night before
    if promised and since > promised[0].start:
        since = whole.start
    start, end = _range(whole, promised, [bar for _, bar in bars if bar.starts_at >= since], zone)
    shown = {each.pk for each in resources}
    by_resource: dict[uuid.UUID, list[Bar]] = defaultdict(list)
    loose: list[Bar] = []
    for ids, bar in bars:
        if bar.takes_until <= start or bar.takes_from >= end:
            continue
        here = [each for each in ids if each in shown]
        for each in here:
            by_resource[each].append(dataclasses.replace(bar))
        if bar.kind == "booking" and not here and (all_of_it or not ids):
            loose.append(bar)
    around = Interval(start, end)
    closed = _closed(promises, place, on, around)
    rows = [_laid(Row(each, by_resource.get(each.pk, []), closed(each.pk))) for each in resources]
    live = [bar for _, bar in bars if bar.kind == "booking" and bar.state != State.NO_SHOW.value]
    return Day(
        day=on,
        start=start,
        end=end,
        groups=_groups(rows),
        loose=_laid(Row(None, loose, ())) if loose else None,
        reason=_reason(promises, place, whole),
        covers=sum(each.size for each in live),
        bookings=len(live),
    )


def _promised(
    promises: Timetables, place: Location, resources: Iterable[Resource], on: date
) -> list[Interval]:
    """The hours of a date, to their end after midnight; closed or not."""
    own = [promises.resources[each.pk] for each in resources if each.pk in promises.resources]
    return sorted(
        stretch
        for each in (promises.locations[place.pk], *own)
        for day, period in each.periods(on, on)
        for stretch in period.on(day, each.zone)
    )


def _closed(
    promises: Timetables, place: Location, on: date, around: Interval
) -> Callable[[uuid.UUID], Run]:
    """When a resource can't be had in a stretch. One that keeps no hours is always open, but for
    breaks and closures."""

    def work_out(resource_id: uuid.UUID | None) -> Run:
        if not promises.locations[place.pk].keeps_hours:
            return intersect((around,), promises.resting(place.pk, resource_id, on, on + DAY))
        return subtract(
            (around,), promises.open_for(place.pk, resource_id, on, on + DAY, timedelta())
        )

    usual = work_out(None)
    return lambda id_: work_out(id_) if id_ in promises.resources else usual


def _reason(promises: Timetables, place: Location, whole: Interval) -> str:
    """Why the place is closed all day, if it is and somebody said so."""
    own = promises.locations[place.pk]
    for each in own.shut:
        run = merge(each.during(own.zone))
        if not subtract((whole,), run):
            return each.reason
    return ""


def _range(
    whole: Interval, promised: Sequence[Interval], bars: Sequence[Bar], zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The whole hours around what is promised or booked."""
    latest = whole.start + LONGEST
    starts = [each.start for each in promised] + [each.takes_from for each in bars]
    ends = [each.end for each in promised] + [each.takes_until for each in bars]
    if not starts:
        return whole.start + USUAL[0], whole.start + USUAL[1]
    first = max(min(starts), whole.start).astimezone(zone)
    last = min(max(ends), latest).astimezone(zone)
    start = first - timedelta(minutes=first.minute, seconds=first.second)
    over = timedelta(minutes=last.minute, seconds=last.second, microseconds=last.microsecond)
    end = last + (HOUR - over if over else timedelta())
    return start.astimezone(whole.start.tzinfo), end.astimezone(whole.start.tzinfo)


def _bars(
    place: Location, start: datetime, end: datetime, moment: datetime
) -> list[tuple[Sequence[uuid.UUID], Bar]]:
    """What takes resources of a place in a stretch, with which. Four queries."""
    unlapsed = Q(expires_at=None) | Q(expires_at__gt=moment)
    overlaps = Q(starts_at__lt=end, ends_at__gt=start)
    taken = {
        (booking, session): (since, until)
        for booking, session, since, until in Allocation.objects.filter(
            unlapsed,
            business_id=place.business_id,
            resource__location=place,
            block=None,
            starts_at__gt=start - DAY,
            starts_at__lt=end + HOUR,
        )
        .order_by()
        .values_list("booking", "session")
        .annotate(since=Min("starts_at"), until=Max("ends_at"))
    }
    found: list[tuple[Sequence[uuid.UUID], Bar]] = []
    for row in (
        Booking.objects.filter(
            unlapsed,
            overlaps,
            business_id=place.business_id,
            location=place,
            session=None,
            state__in=SHOWN,
            starts_at__gt=start - DAY,
        )
        .order_by("starts_at", "pk")
        .values(
            "pk", "reference", "state", "starts_at", "ends_at", "party_size", "resource_ids",
            "notes", "guest__first_name", "guest__last_name", "guest__email", "guest__phone",
            "service__name", "overbooked",
        )
    ):  # fmt: skip
        since, until = taken.get((row["pk"], None), (row["starts_at"], row["ends_at"]))
        name = f"{row['guest__first_name'] or ''} {row['guest__last_name'] or ''}".strip()
        bar = Bar(
            kind="booking",
            id=row["pk"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            takes_from=min(since, row["starts_at"]),
            takes_until=max(until, row["ends_at"]),
            name=name or row["guest__email"] or row["guest__phone"] or "",
            about=row["service__name"] or "",
            size=row["party_size"],
            state=row["state"],
            reference=row["reference"],
            has_notes=bool(row["notes"]),
            is_overbooked=bool(row["overbooked"]),
        )
        found.append((row["resource_ids"], bar))
    live = Q(bookings__expires_at=None) | Q(bookings__expires_at__gt=moment)
    promised = Q(bookings__state__in=(*WAITING, "confirmed", "checked_in", "completed"))
    for each in (
        Session.objects.filter(
            unlapsed,
            overlaps,
            business_id=place.business_id,
            location=place,
            state__in=(Session.State.SCHEDULED, Session.State.HELD),
            starts_at__gt=start - DAY,
        )
        .select_related("service")
        .annotate(booked=Sum("bookings__party_size", filter=live & promised, default=0))
        .order_by("starts_at", "pk")
    ):
        since, until = taken.get((None, each.pk), (each.starts_at, each.ends_at))
        bar = Bar(
            kind="class",
            id=each.pk,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            takes_from=min(since, each.starts_at),
            takes_until=max(until, each.ends_at),
            name=each.service.name,
            size=each.booked,
            capacity=each.capacity,
            state=each.state,
        )
        found.append((each.resource_ids, bar))
    for block in Block.objects.filter(
        overlaps, business_id=place.business_id, resource__location=place
    ):
        bar = Bar(
            kind="block",
            id=block.pk,
            starts_at=block.starts_at,
            ends_at=block.ends_at,
            takes_from=block.starts_at,
            takes_until=block.ends_at,
            name=block.reason,
        )
        found.append(([block.resource_id], bar))
    return found


def _laid(row: Row) -> Row:
    """Put what overlaps beside each other: each in the first lane that is free by then."""
    row.bars.sort(key=lambda each: (each.takes_from, each.takes_until))
    ends: list[datetime] = []
    for bar in row.bars:
        for lane, until in enumerate(ends):
            if until <= bar.takes_from:
                bar.lane, ends[lane] = lane, bar.takes_until
                break
        else:
            bar.lane = len(ends)
            ends.append(bar.takes_until)
    row.lanes = max(1, len(ends))
    return row


def _groups(rows: Sequence[Row]) -> list[Group]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        assert row.resource is not None
        section = row.resource.section
        key = (section.name, "") if section else ("", row.resource.kind)
        found.setdefault(key, []).append(row)
    return [Group(name, kind, each) for (name, kind), each in found.items()]
