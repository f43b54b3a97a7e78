"""The room at a moment: what stands where, who is there, and who comes next.

Read for whoever stands at the door, in a number of queries that doesn't grow with the room or the
day. Times are UTC; what is said about them is for the page to put into words.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Prefetch, Q

from availability.calendar import local_day, wall
from bookings import waits
from bookings.assignment import natural_key
from bookings.lifecycle import State
from bookings.models import Allocation, Block, Booking, Event, WaitlistEntry
from resources.models import Combination, Location, Resource, Section
from resources.services import PLACE

DAY = timedelta(days=1)
AHEAD = timedelta(hours=12)  # how far what is free "until" looks
STAYED = timedelta(hours=12)  # a party that nobody completed is taken to have left after that
SOON = timedelta(minutes=45)
LATE = timedelta(minutes=5)
OPEN_STATES = [
    State.HELD.value, State.PENDING.value, State.CONFIRMED.value, State.CHECKED_IN.value,
]  # fmt: skip


class Status(StrEnum):
    """What somebody at the door sees in a place."""

    FREE = "free"
    SOON = "soon"  # free, and somebody comes shortly
    HELD = "held"
    DUE = "due"  # promised for now
    LATE = "late"  # promised, and nobody is here yet
    SEATED = "seated"
    OVER = "over"  # seated, and past the end
    CLASS = "class"
    BLOCKED = "blocked"
    PARTLY = "partly"  # some of several units are taken
    FULL = "full"  # all of several units are


@dataclasses.dataclass(frozen=True, slots=True)
class Party:
    """Who has booked: a booking in plain values. `seated_at` once they are here."""

    id: uuid.UUID
    reference: str
    name: str
    size: int
    state: State
    starts_at: datetime
    ends_at: datetime
    resource_ids: tuple[uuid.UUID, ...]
    expires_at: datetime | None = None
    seated_at: datetime | None = None
    notes: str = ""
    about: str = ""
    phone: str = ""
    service: str = ""
    is_class: bool = False
    overbooked: str = ""

    @property
    def is_here(self) -> bool:
        return self.state == State.CHECKED_IN

    def is_due(self, at: datetime) -> bool:
        """Whether they should be here at a moment."""
        return self.state != State.HELD and self.starts_at <= at < self.ends_at

    def is_late(self, now: datetime) -> bool:
        return self.state == State.CONFIRMED and self.starts_at + LATE <= now

    def is_over(self, now: datetime) -> bool:
        return self.is_here and self.ends_at <= now


@dataclasses.dataclass(frozen=True, slots=True)
class Taking:
    """A stretch that a unit of a resource is taken for, and what for."""

    unit: int
    starts_at: datetime
    ends_at: datetime
    booking_id: uuid.UUID | None = None
    block_id: uuid.UUID | None = None
    reason: str | None = None
    blocked_until: datetime | None = None
    session_id: uuid.UUID | None = None
    session: str | None = None


@dataclasses.dataclass(slots=True)
class Spot:
    """A resource where it stands, and what it is at the moment. `until` is when that ends (or may
    have ended already); `takings` are in the order of time."""

    resource: Resource
    x: float
    y: float
    width: float
    height: float
    status: Status = Status.FREE
    until: datetime | None = None
    party: Party | None = None
    next: Party | None = None
    taken: int = 0
    words: str = ""
    block_id: uuid.UUID | None = None
    is_placed: bool = True
    parties: list[Party] = dataclasses.field(default_factory=list)
    takings: list[Taking] = dataclasses.field(default_factory=list)

    @property
    def id(self) -> uuid.UUID:
        return self.resource.pk

    @property
    def seats(self) -> int:
        return self.resource.covers_max * self.resource.units

    @property
    def is_free(self) -> bool:
        """Whether somebody could sit down now."""
        return self.status in (Status.FREE, Status.SOON, Status.PARTLY)


@dataclasses.dataclass(frozen=True, slots=True)
class Floor:
    """A location at a moment. `arrivals` haven't come yet, soonest first; `seated` are here, or
    will be by the book."""

    at: datetime
    spots: Sequence[Spot]
    sections: Sequence[Section]
    arrivals: Sequence[Party]
    seated: Sequence[Party]
    waiting: Sequence[WaitlistEntry]
    names: Mapping[uuid.UUID, str]

    @property
    def covers(self) -> int:
        return sum(each.size for each in self.seated)

    @property
    def free(self) -> int:
        """How many places somebody could sit down at."""
        return sum(
            max(each.resource.units - each.taken, 0) if each.resource.units > 1 else 1
            for each in self.spots
            if each.is_free
        )

    def spot(self, resource_id: uuid.UUID) -> Spot | None:
        return next((each for each in self.spots if each.id == resource_id), None)


# --- what stands there ---------------------------------------------------------------------------


def furniture(place: Location) -> list[Resource]:
    """What has a place in a room of a location: all but people, and the places that a service
    without any has. One query."""
    rows = (
        Resource.objects.filter(
            business_id=place.business_id, location=place, is_active=True, deleted_at=None
        )
        .exclude(kind="staff")
        .exclude(kind__startswith=f"{PLACE} ")
        .select_related("section")
    )
    return sorted(rows, key=_reading_order)


def _reading_order(each: Resource) -> tuple[object, ...]:
    """As one reads: room by room, row by row (what stands almost level is a row)."""
    section = each.section
    room = (section.display_order, section.name, section.pk.int) if section else (1 << 30, "", 0)
    row = (0, round((each.plan_y or 0) / 40), each.plan_x or 0) if is_placed(each) else (1, 0, 0)
    return *room, row, each.display_order, natural_key(each.name), each.pk.int


def is_placed(each: Resource) -> bool:
    """Whether somebody has said where it stands."""
    return each.plan_x is not None and each.plan_y is not None


GRID, CELL, GAP, ROW = 20.0, (100.0, 80.0), 40.0, 6


def spots_of(resources: Sequence[Resource]) -> list[Spot]:
    """Where each stands. What nobody has placed stands in rows below its room; rooms that would lie
    over one another, as each has a plan of its own, lie below one another."""
    rooms: dict[uuid.UUID | None, list[Spot]] = defaultdict(list)
    for each in resources:
        rooms[each.section_id].append(_spot(each))
    for room in rooms.values():
        _tidy(room)
    placed = [_extent(room) for room in rooms.values()]
    if any(_overlap(a, b) for n, a in enumerate(placed) for b in placed[n + 1 :]):
        top = 0.0
        for room, (left, above, _, below) in zip(rooms.values(), placed, strict=True):
            for spot in room:
                spot.x, spot.y = spot.x - left, spot.y - above + top
            top += below - above + 2 * GAP
    return [each for room in rooms.values() for each in room]


def _spot(each: Resource) -> Spot:
    width, height = each.plan_width or CELL[0], each.plan_height or CELL[1]
    return Spot(
        each, each.plan_x or 0.0, each.plan_y or 0.0, width, height, is_placed=is_placed(each)
    )


def _tidy(room: Sequence[Spot]) -> None:
    known = [each for each in room if each.is_placed]
    left, _, _, below = _extent(known) if known else (0.0, 0.0, 0.0, -GAP)
    lost = [each for each in room if not each.is_placed]
    for n, each in enumerate(lost):
        row, column = divmod(n, ROW)
        each.x = left + column * (CELL[0] + GAP)
        each.y = below + GAP + row * (CELL[1] + GAP)


def _extent(room: Sequence[Spot]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what stands in a room."""
    return (
        min(each.x for each in room),
        min(each.y for each in room),
        max(each.x + each.width for each in room),
        max(each.y + each.height for each in room),
    )


Extent = tuple[float, float, float, float]


def _overlap(a: Extent, b: Extent) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def resource(place: Location, pk: uuid.UUID) -> Resource | None:
    """One of a location's, as long as it is in use. One query."""
    return Resource.objects.filter(location=place, pk=pk, is_active=True, deleted_at=None).first()


def block(business_id: uuid.UUID, pk: uuid.UUID) -> Block | None:
    """When one of a business's is out of use, with what it is. One query."""
    found = Block.objects.filter(business_id=business_id, pk=pk)
    return found.select_related("resource").first()


def promised_at(resource_ids: Collection[uuid.UUID], *, now: datetime) -> int:
    """How many bookings to come are at any of these. One query."""
    return Booking.objects.filter(
        resource_ids__overlap=list(resource_ids), state__in=OPEN_STATES, ends_at__gt=now
    ).count()


# --- the moment ----------------------------------------------------------------------------------


def floor(place: Location, *, now: datetime, at: datetime | None = None) -> Floor:
    """A location at a moment: now, or as the book has it for later (`at`). Seven queries."""
    moment = at or now
    zone = ZoneInfo(place.zone)
    today = wall(now, zone).date()
    _, tonight = local_day(today, zone)
    resources = furniture(place)
    sections = list(Section.objects.filter(location=place))
    parties = _parties(place, now=now, until=max(tonight, moment + AHEAD))
    takings = _takings(place, now=now, since=moment, until=moment + AHEAD)
    spots = spots_of(resources)
    by_resource: dict[uuid.UUID, list[Party]] = defaultdict(list)
    for party in parties.values():
        for each in () if party.is_class else party.resource_ids:
            by_resource[each].append(party)
    for spot in spots:
        spot.takings = takings.get(spot.id, [])
        spot.parties = by_resource.get(spot.id, [])
        _settle(spot, parties, at=moment, is_now=moment <= now)
    waiting = WaitlistEntry.objects.filter(
        business_id=place.business_id,
        state__in=("waiting", "offered"),
        session=None,
        preferred_date=today,
    )
    used = {each.section_id for each in resources}
    return Floor(
        at=moment,
        spots=spots,
        sections=[each for each in sections if each.pk in used],
        arrivals=[each for each in parties.values() if _is_to_come(each, now, tonight)],
        seated=[
            each
            for each in parties.values()
            if not each.is_class and (each.is_here if moment <= now else each.is_due(moment))
        ],
        waiting=list(waiting.select_related("guest").order_by("created_at", "pk")),
        names={each.pk: each.name for each in resources},
    )


def _is_to_come(party: Party, now: datetime, until: datetime) -> bool:
    return (
        party.state in (State.CONFIRMED, State.PENDING)
        and not party.is_class
        and party.starts_at < until
        and party.ends_at > now
    )


def _parties(place: Location, *, now: datetime, until: datetime) -> dict[uuid.UUID, Party]:
    """Who is here or to come, soonest first, by booking. Two queries."""
    rows = (
        Booking.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=now),
            Q(ends_at__gt=now) | Q(state=State.CHECKED_IN.value, starts_at__gt=now - STAYED),
            business_id=place.business_id,
            location=place,
            starts_at__gt=now - DAY,
            starts_at__lt=until,
            state__in=OPEN_STATES,
        )
        .order_by("starts_at", "id")
        .values_list(
            "pk", "reference", "party_size", "state", "starts_at", "ends_at", "expires_at",
            "resource_ids", "notes", "session_id", "guest__first_name", "guest__last_name",
            "guest__email", "guest__phone", "guest__notes", "service__name", "overbooked",
        )
    )  # fmt: skip
    found = list(rows)
    here = [row[0] for row in found if row[3] == State.CHECKED_IN.value]
    came = dict(
        Event.objects.filter(booking__in=here, kind=Event.Kind.CHECKED_IN)
        .values("booking")
        .annotate(came=Max("at"))
        .values_list("booking", "came")
    )
    return {
        pk: Party(
            id=pk,
            reference=reference,
            name=f"{first or ''} {last or ''}".strip() or email or phone or "",
            size=size,
            state=State(state),
            starts_at=starts_at,
            ends_at=ends_at,
            expires_at=expires_at,
            seated_at=came.get(pk),
            resource_ids=tuple(resource_ids),
            notes=notes,
            about=about or "",
            phone=phone or "",
            service=service or "",
            is_class=session_id is not None,
            overbooked=overbooked,
        )
        for (
            pk, reference, size, state, starts_at, ends_at, expires_at, resource_ids, notes,
            session_id, first, last, email, phone, about, service, overbooked,
        ) in found
    }  # fmt: skip


def _takings(
    place: Location, *, now: datetime, since: datetime, until: datetime
) -> dict[uuid.UUID, list[Taking]]:
    """What is taken in [since, until), by resource. One query."""
    found: dict[uuid.UUID, list[Taking]] = defaultdict(list)
    rows = (
        Allocation.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=now),
            business_id=place.business_id,
            resource__location=place,
            starts_at__gt=since - DAY,
            starts_at__lt=until,
            ends_at__gt=since,
        )
        .order_by("starts_at", "unit")
        .values_list(
            "resource_id", "unit", "starts_at", "ends_at", "booking_id", "block_id",
            "block__reason", "block__ends_at", "session_id", "session__service__name",
        )
    )  # fmt: skip
    for resource, *taking in rows:
        found[resource].append(Taking(*taking))  # type: ignore[arg-type]
    return found


def _settle(spot: Spot, parties: Mapping[uuid.UUID, Party], *, at: datetime, is_now: bool) -> None:
    """Say what a spot is at a moment."""
    current = [each for each in spot.takings if each.starts_at <= at]
    later = [each for each in spot.takings if each.starts_at > at]
    here = [each for each in spot.parties if each.is_here and (is_now or each.ends_at > at)]
    ahead = next((each for each in later if each.booking_id not in {p.id for p in here}), None)
    spot.next = parties.get(ahead.booking_id) if ahead and ahead.booking_id else None
    if spot.resource.units > 1:
        _settle_pool(spot, current, here, ahead)
    elif here:
        # Two at one table is what a host did who seated somebody early: the longest is shown.
        spot.party = min(here, key=lambda each: each.seated_at or each.starts_at)
        spot.until = spot.party.ends_at
        spot.status = Status.OVER if spot.party.ends_at <= at else Status.SEATED
        spot.taken = 1
    elif current:
        taking = current[0]
        spot.taken, spot.until = 1, taking.blocked_until or taking.ends_at
        if taking.block_id:
            spot.status, spot.words, spot.block_id = (
                Status.BLOCKED,
                taking.reason or "",
                taking.block_id,
            )
        elif taking.session_id:
            spot.status, spot.words = Status.CLASS, taking.session or ""
        else:
            spot.party = parties.get(taking.booking_id) if taking.booking_id else None
            spot.status = _promised(spot.party, at, is_now=is_now)
            if spot.status is Status.HELD and spot.party and is_now:
                spot.until = spot.party.expires_at or spot.until
    else:
        spot.until = ahead.starts_at if ahead else None
        is_soon = ahead is not None and ahead.starts_at <= at + SOON
        spot.status = Status.SOON if is_soon else Status.FREE
        spot.words = (ahead.session or ahead.reason or "") if ahead else ""


def _settle_pool(
    spot: Spot, current: Sequence[Taking], here: Sequence[Party], ahead: Taking | None
) -> None:
    units = {each.unit for each in current}
    counted = {each.booking_id for each in current}
    overstay = sum(
        -(-each.size // spot.resource.covers_max) for each in here if each.id not in counted
    )
    spot.taken = min(len(units) + overstay, spot.resource.units)
    if current and all(each.block_id for each in current) and spot.taken == spot.resource.units:
        spot.status, spot.words = Status.BLOCKED, current[0].reason or ""
        spot.block_id, spot.until = current[0].block_id, current[0].blocked_until
        return
    if spot.taken == spot.resource.units:
        spot.status = Status.FULL
        spot.until = min((each.ends_at for each in current), default=None)
    else:
        spot.status = Status.PARTLY if spot.taken else Status.FREE
        spot.until = ahead.starts_at if ahead else None


def _promised(party: Party | None, at: datetime, *, is_now: bool) -> Status:
    if party is None or party.state in (State.HELD, State.PENDING):
        return Status.HELD
    return Status.LATE if is_now and party.is_late(at) else Status.DUE


# --- who could sit where -------------------------------------------------------------------------

AT_LEAST = timedelta(minutes=30)  # a table that is free for less is no offer
NEARLY = timedelta(minutes=10)  # what a party may stay less than such parties usually do
CLEARING = timedelta(minutes=5)  # a party that is over its time is taken to stay a little longer
FORESEEN = timedelta(hours=4)
MEASURED = timedelta(days=28)
ENOUGH = 5  # visits that a usual stay is measured by
BANDS = (2, 4, 6)


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """Where a party could sit from now on: one place, or some that are put together. Free until
    `until`, which is empty when nobody comes there for hours."""

    name: str
    resource_ids: tuple[uuid.UUID, ...]
    seats: int
    until: datetime | None
    lasts: timedelta


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """Where a party could sit now, the best first: for as long as it stays, or only for a while
    (`brief`); and what everything else is (`others`)."""

    stay: timedelta
    whole: Sequence[Option]
    brief: Sequence[Option]
    others: Sequence[Spot]

    def option(self, resource_ids: Iterable[uuid.UUID]) -> Option | None:
        wanted = set(resource_ids)
        found = (each for each in (*self.whole, *self.brief) if set(each.resource_ids) == wanted)
        return next(found, None)


def is_seating(spot: Spot) -> bool:
    """Whether somebody who walks in would be put there."""
    return spot.resource.kind != "room"


def propose(
    found: Floor, place: Location, party: int, stay: timedelta, *, relax_minimum: bool = False
) -> Proposal:
    """Where a party could sit down at the moment of a floor. Two queries: what may be joined."""
    now = found.at
    whole: list[Option] = []
    brief: list[Option] = []
    others: list[Spot] = []
    spots = [each for each in found.spots if is_seating(each)]
    for spot in spots:
        least = 1 if relax_minimum else spot.resource.covers_min
        free = _free_until(spot, party, now) if least <= party <= spot.seats else None
        if free is None or free - now < AT_LEAST:
            others.append(spot)
            continue
        needed = -(-party // spot.resource.covers_max) * spot.resource.covers_max
        ends = None if free >= now + AHEAD else free
        option = Option(spot.resource.name, (spot.id,), needed, ends, min(stay, free - now))
        (whole if free >= now + stay - NEARLY else brief).append(option)
    known = {each.id: each for each in spots}
    for each in Combination.objects.filter(location=place, is_active=True).prefetch_related(
        Prefetch("members", Resource.objects.only("id"))
    ):
        least = 1 if relax_minimum else each.covers_min
        members = [known.get(member.pk) for member in each.members.all()]
        if not least <= party <= each.covers_max or not members:
            continue
        until = min(_free_until(m, 1, now) or now if m and not m.taken else now for m in members)
        if until - now < AT_LEAST:
            continue
        ids = tuple(member.id for member in members if member)
        ends = None if until >= now + AHEAD else until
        option = Option(each.name, ids, each.covers_max, ends, min(stay, until - now))
        (whole if until >= now + stay - NEARLY else brief).append(option)
    # The fewest seats that are enough, one table before several; what is free longest of the brief.
    whole.sort(key=lambda each: (len(each.resource_ids), each.seats, natural_key(each.name)))
    brief.sort(key=lambda each: (-each.lasts, len(each.resource_ids), natural_key(each.name)))
    return Proposal(stay, whole, brief, others)


def _free_until(spot: Spot, party: int, now: datetime) -> datetime | None:
    """Until when so many of a spot's units are free from now on as a party needs; None when they
    aren't."""
    if not spot.is_free:
        return None
    needed = -(-party // spot.resource.covers_max)
    first: dict[int, datetime] = {}
    for each in spot.takings:
        first[each.unit] = min(first.get(each.unit, each.starts_at), each.starts_at)
    free = sorted(
        (first.get(unit, now + AHEAD) for unit in range(spot.resource.units)), reverse=True
    )
    free = [each for each in free if each > now]
    if spot.resource.units - spot.taken < needed or len(free) < needed:
        return None
    return free[needed - 1]


def usual_stays(place: Location, *, now: datetime) -> dict[int, timedelta]:
    """How long parties really stayed here in the last weeks (the median), by the largest party of
    a band; only where enough were. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN size <= 2 THEN 2 WHEN size <= 4 THEN 4 WHEN size <= 6 THEN 6
                        ELSE 1000 END AS band,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY gone - came)
              FROM (SELECT b.party_size AS size,
                           max(e.at) FILTER (WHERE e.kind = 'booking.checked_in') AS came,
                           max(e.at) FILTER (WHERE e.kind = 'booking.completed') AS gone
                      FROM bookings_booking b JOIN bookings_event e ON e.booking_id = b.id
                     WHERE b.business_id = %(business)s AND b.location_id = %(location)s
                       AND b.session_id IS NULL AND b.state = 'completed'
                       AND b.starts_at > %(since)s AND b.starts_at < %(now)s
                     GROUP BY b.id) AS stays
             WHERE gone > came
             GROUP BY band HAVING count(*) >= %(enough)s
            """,
            {
                "business": place.business_id,
                "location": place.pk,
                "since": now - MEASURED,
                "now": now,
                "enough": ENOUGH,
            },
        )
        return dict(cursor.fetchall())


def usual_stay(measured: Mapping[int, timedelta], party: int, otherwise: timedelta) -> timedelta:
    """How long a party of a size usually stays."""
    band = next((each for each in BANDS if party <= each), 1000)
    return measured.get(band, otherwise)


def wait(
    found: Floor, party: int, stay: timedelta, measured: Mapping[int, timedelta]
) -> timedelta | None:
    """How long a party would wait for a place, after those who wait already; None when nothing is
    to be seen for hours. As long as parties usually stay counts, not as long as was booked."""
    now = found.at
    queue = [
        (each.party_size, usual_stay(measured, each.party_size, stay))
        for each in found.waiting
        if each.quoted_for is not None
    ]
    start = waits.soonest(
        [
            each
            for spot in found.spots
            if is_seating(spot)
            for each in _places(spot, party, measured, now)
        ],
        (party, stay),
        before=queue,
        now=now,
        within=FORESEEN,
    )
    return None if start is None else waits.rounded(start - now)


def _places(
    spot: Spot, party_size: int, measured: Mapping[int, timedelta], now: datetime
) -> Iterator[waits.Place]:
    """The units of a spot, as they will be: who sits there leaves when such parties do."""
    here = {each.id: each for each in spot.parties if each.is_here}
    units: list[list[tuple[datetime, datetime]]] = [[] for _ in range(spot.resource.units)]
    seen = set()
    for each in spot.takings:
        if each.unit >= len(units):
            continue
        start, end = each.starts_at, each.ends_at
        if each.booking_id in here:
            seen.add(each.booking_id)
            start, end = now, _leaves(here[each.booking_id], measured, now)
        units[each.unit].append((start, end))
    for n, party in enumerate(party for party in here.values() if party.id not in seen):
        units[n % len(units)].append((now, _leaves(party, measured, now)))
    least = spot.resource.covers_min if spot.resource.units == 1 else 1
    needed = -(-party_size // spot.resource.covers_max)
    if 1 < needed <= len(units):  # of a pool as many as they need, those that are free the soonest
        soonest = sorted(units, key=lambda taken: max((end for _, end in taken), default=now))
        yield waits.Place(1, party_size, [each for taken in soonest[:needed] for each in taken])
        return
    for taken in units:
        yield waits.Place(least, spot.resource.covers_max, taken)


def _leaves(party: Party, measured: Mapping[int, timedelta], now: datetime) -> datetime:
    came = party.seated_at or party.starts_at
    return max(came + usual_stay(measured, party.size, party.ends_at - came), now + CLEARING)
