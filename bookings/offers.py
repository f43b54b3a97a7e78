"""What could be booked when: the starts of many days, in a number of queries that doesn't grow.

The rows become plain numbers, `availability.slots` does the rest; what is offered here is what
`selectors.look` finds a place for, by the same hours, the same units and the same half-open time.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, QuerySet

from accounts import clock
from accounts.models import Business
from availability import calendar, timetables
from availability import slots as engine
from availability.intervals import Interval, Run
from availability.slots import Bookable, Joined, Need, Offer, Stay, Stretch, seconds
from availability.timetables import Timetables
from bookings import assignment, rules, selectors
from bookings.assignment import Candidate, Combined
from bookings.models import Session
from bookings.wishes import Search, Wish
from resources.models import Service, TurnTime

DAY = timedelta(days=1)
NO_BUFFERS = (timedelta(), timedelta())


# --- what is offered -----------------------------------------------------------------------------


class Slot(NamedTuple):
    """A start that could be booked now; UTC.

    The guest sees `starts_at` to `ends_at`; preparation, cleanup and buffers are in `takes_from` to
    `takes_until`. `resource_ids` are those that could serve it alone, in the order offered; where
    several kinds are needed, of the first: staff, then by name. None when only joined tables could.
    """

    starts_at: datetime
    ends_at: datetime
    takes_from: datetime
    takes_until: datetime
    location_id: uuid.UUID
    resource_ids: tuple[uuid.UUID, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """A resource that could serve, the kind it is needed as, and whether it may be joined with
    others."""

    candidate: Candidate
    location_id: uuid.UUID
    need: str
    count: int
    may_join: bool


@dataclasses.dataclass(frozen=True, slots=True)
class _Here:
    """What was found out about one location: when it is open, its grid, and what is offered of
    that."""

    location_id: uuid.UUID
    duration: timedelta
    takes: tuple[timedelta, timedelta]  # how long before the start it takes, and from it on
    stay: Stay
    grid: Sequence[datetime]
    open: Run
    offered: list[Offer[uuid.UUID]]
    needs: Sequence[Need[uuid.UUID]]

    def alone(self, choices: tuple[uuid.UUID, ...]) -> tuple[uuid.UUID, ...]:
        """What of the choices for the first need is a single resource."""
        joined = {each.id for each in self.needs[0].joined}
        return tuple(each for each in choices if each not in joined) if joined else choices


def slots(search: Search, *, now: datetime | None = None) -> list[Slot]:
    """Every start in the days of a search that could be booked now, in order.

    Three queries for what names its requirements; up to four more for tables joined, turn times and
    pacing. What is bookable only on runs that are scheduled has none: see `runs`.
    """
    offered = [
        Slot(
            at := datetime.fromtimestamp(offer.start, UTC),
            at + here.duration,
            at - here.takes[0],
            at + here.takes[1],
            here.location_id,
            here.alone(offer.choices[0]),
        )
        for here in _survey(search, now=now)
        for offer in here.offered
    ]
    offered.sort(key=lambda each: (each.starts_at, each.location_id))
    return offered


class Start(NamedTuple):
    """A start of the timetable (UTC) and how many such bookings it could serve now: by so many
    single resources or, in a class, places."""

    starts_at: datetime
    left: int


def starts(search: Search, *, now: datetime | None = None) -> list[Start]:
    """Every start in the days of a search at which it is open for as long as a stay lasts, in
    order; those that can't be booked, also as they have gone by, with nothing left.

    Of a class its runs, of all else the grid. As many queries as `slots`.
    """
    left: dict[datetime, int] = defaultdict(int)
    if search.service and search.service.capacity:
        moment = now or datetime.now(UTC)
        for run in _on_days(search, _counted(_runs(search), now=now)):
            at = run.session.starts_at
            has_room = run.places_left >= search.party_size and _is_open(search, run, moment)
            left[at] += run.places_left if has_room else 0
        return [Start(*each) for each in sorted(left.items())]
    for here in _survey(search, now=now):
        served = {
            offer.start: min(
                len(choices) // need.number
                for choices, need in zip(offer.choices, here.needs, strict=True)
            )
            for offer in here.offered
        }
        on_grid = [seconds(each) for each in here.grid]
        for start in engine.within(_stretches(here.open), on_grid, here.stay):
            left[datetime.fromtimestamp(start, UTC)] += served.get(start, 0)
    return [Start(*each) for each in sorted(left.items())]


def wish_at(search: Search, starts_at: datetime) -> Wish:
    """The wish for one start of a search, whose duration is said or the service's: what the search
    offers is found a place for, and nothing else."""
    service = search.service
    duration = search.duration or (service.duration if service else None)
    if duration is None:
        raise ValueError("how long is it to be?")
    before, after = _buffers(search)
    wanted = search.resource_ids or frozenset()
    return Wish(
        business=search.business,
        service=service,
        starts_at=starts_at,
        duration=duration,
        party_size=search.party_size,
        location_id=search.location_id,
        resource_id=next(iter(wanted)) if len(wanted) == 1 else None,
        among=wanted if len(wanted) > 1 else None,
        joinable=search.joinable,
        keeps_hours=True,
        buffer_before=before,
        buffer_after=after,
        overhead=service.preparation + service.cleanup if service else timedelta(),
        step=step_of(search),
        by_guest=search.by_guest,
        keeps_notice=search.keeps_notice,
        keeps_windows=search.keeps_windows,
        keeps_breaks=search.keeps_breaks,
    )


# --- looking at all days at once -----------------------------------------------------------------


def _buffers(search: Search) -> tuple[timedelta, timedelta]:
    if search.buffers is not None:
        return search.buffers
    service = search.service
    return (service.buffer_before, service.buffer_after) if service else NO_BUFFERS


def _survey(search: Search, *, now: datetime | None) -> Iterator[_Here]:
    service = search.service
    if service and service.only_groups:
        return
    found = _resources(search)
    if not found:
        return
    business = search.business
    promises = timetables.load(
        business,
        days=(search.first_day, search.last_day),
        service_id=service.pk if service else None,
        resource_ids=[each.candidate.id for each in found] if search.resource_ids else None,
        closures=search.keeps_closures,
        own_hours=search.keeps_windows,
    )
    durations = _durations(search, {each.location_id for each in found})
    moment = now or datetime.now(UTC)
    windows = {
        id_: _window(promises, id_, search) for id_ in durations if id_ in promises.locations
    }
    if not windows:
        return
    overhead = service.preparation + service.cleanup if service else timedelta()
    before, after = _buffers(search)
    taken = _taken(
        found,
        business.pk,
        min(each.start for each in windows.values()) - before,
        max(each.end for each in windows.values()) + max(durations.values()) + overhead + after,
        moving=search.moving,
        now=now,
    )
    joined = _joined(search, found)
    for location_id, window in windows.items():
        duration = durations[location_id]
        stay = Stay(
            int((duration + overhead).total_seconds()),
            int(before.total_seconds()),
            int(after.total_seconds()),
        )
        timetable = promises.locations[location_id]
        grid = promises.grid(location_id, search.first_day, search.last_day, step_of(search))
        place = calendar.open_run(timetable, search.first_day, search.last_day, duration + overhead)
        here = [each for each in found if each.location_id == location_id]
        if search.keeps_breaks and (before or after):
            taken |= _with_breaks(search, promises, location_id, here, taken)
        needs = _needs(search, here, promises, place, joined, taken, duration + overhead)
        left = _starts(search, promises, location_id, grid, window, moment, now)
        yield _Here(
            location_id,
            duration,
            (before, duration + overhead + after),
            stay,
            grid,
            place,
            engine.search(needs, left, stay),
            needs,
        )


def _with_breaks(
    search: Search,
    promises: Timetables,
    location_id: uuid.UUID,
    found: Sequence[_Found],
    taken: dict[uuid.UUID, dict[int, list[Stretch]]],
) -> dict[uuid.UUID, dict[int, list[Stretch]]]:
    """What is taken when breaks take every unit: buffers are then kept out of them."""
    return {
        each.candidate.id: {
            unit: _merged(
                taken.get(each.candidate.id, {}).get(unit, ()),
                _stretches(
                    promises.resting(
                        location_id, each.candidate.id, search.first_day, search.last_day
                    )
                ),
            )
            for unit in range(each.candidate.units)
        }
        for each in found
    }


def _merged(*runs: Sequence[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for since, until in sorted(each for run in runs for each in run):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def step_of(search: Search) -> timedelta:
    """From one start to the next."""
    if search.step:
        return search.step
    return rules.step_of(search.business, search.service)


def _window(promises: Timetables, location_id: uuid.UUID, search: Search) -> Interval:
    zone = promises.locations[location_id].zone
    return Interval(
        calendar.local_day(search.first_day, zone).start,
        calendar.local_day(search.last_day, zone).end,
    )


def _starts(
    search: Search,
    promises: Timetables,
    location_id: uuid.UUID,
    starts: Sequence[datetime],
    window: Interval,
    moment: datetime,
    now: datetime | None,
) -> list[int]:
    """The starts on the grid that the clock, the notice, the horizon and the pacing leave."""
    if search.keeps_now:
        starts = [each for each in starts if each >= moment]
    if search.keeps_notice:
        first, last = rules.notice_and_horizon(search.business, search.service, moment)
        starts = [each for each in starts if first <= each <= last]
    left = [seconds(each) for each in starts]
    pacing = promises.pacing[location_id]
    if pacing.is_set and left:
        left = engine.paced(
            left,
            rules.begun(
                location_id, window.start - DAY, window.end + DAY, but=search.moving, now=now
            ),
            bucket=rules.bucket(pacing, promises.locations[location_id].zone),
            party_size=search.party_size,
            covers=pacing.covers,
            parties=pacing.parties,
        )
    return left


def _needs(
    search: Search,
    found: Sequence[_Found],
    promises: Timetables,
    place: Run,
    joined: dict[str, list[Joined[uuid.UUID]]],
    taken: dict[uuid.UUID, dict[int, list[Stretch]]],
    stay: timedelta,
) -> list[Need[uuid.UUID]]:
    opened: dict[calendar.Timetable | None, list[Stretch]] = {}  # many keep the same hours
    relax = search.business.relax_minimum_covers
    kinds: dict[str, list[Bookable[uuid.UUID]]] = defaultdict(list)
    counts: dict[str, int] = {}
    for each in found:
        candidate = each.candidate
        own = promises.resources.get(candidate.id)
        if own not in opened:
            opened[own] = _stretches(
                promises.open_within(place, candidate.id, search.first_day, search.last_day, stay)
            )
        needed = assignment.units_needed(candidate, search.party_size, relax_minimum=relax)
        counts[each.need] = each.count
        kinds[each.need].append(
            Bookable(
                candidate.id,
                opened[own],
                taken.get(candidate.id, {}),
                candidate.units,
                candidate.units + 1 if needed is None else needed,
            )
        )
    return [
        Need(kinds[kind], joined.get(kind, ()), counts[kind])
        for kind in sorted(kinds, key=lambda kind: (kind != assignment.STAFF, kind))
    ]


def _stretches(run: Run) -> list[Stretch]:
    return [(seconds(each.start), seconds(each.end)) for each in run]


# --- reading what that needs ---------------------------------------------------------------------


# A service without requirements may be served by anything; a requirement that names nobody by
# everything of its kind, unless only who is named will do.
_ELIGIBLE = """
WITH need AS (
    SELECT id, kind, count, only_named FROM resources_requirement WHERE service_id = %(service)s
), named AS (
    SELECT n.requirement_id, n.resource_id
      FROM resources_requirement_resources AS n JOIN need ON need.id = n.requirement_id
)
SELECT r.id, r.location_id, r.kind, r.name, r.units, r.covers_min, r.covers_max, r.display_order,
       coalesce(need.kind, ''), coalesce(need.count, 1),
       coalesce(need.count, 1) = 1 AND EXISTS (
           SELECT 1 FROM resources_combination_members AS m
             JOIN resources_combination AS c ON c.id = m.combination_id AND c.is_active
            WHERE m.resource_id = r.id),
       (SELECT count(*) FROM need)
  FROM resources_resource AS r
  JOIN resources_location AS l ON l.id = r.location_id AND l.is_active
  LEFT JOIN resources_section AS s ON s.id = r.section_id
  LEFT JOIN need ON need.kind = r.kind
 WHERE r.business_id = %(business)s AND r.is_active AND r.deleted_at IS NULL
   AND ((r.is_online AND s.is_online IS NOT false) OR NOT %(by_guest)s)
   AND (%(location)s::uuid IS NULL OR r.location_id = %(location)s)
   AND (need.id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM need))
   AND (need.id IS NULL
        OR (NOT need.only_named
            AND NOT EXISTS (SELECT 1 FROM named WHERE named.requirement_id = need.id))
        OR EXISTS (SELECT 1 FROM named
                    WHERE named.requirement_id = need.id AND named.resource_id = r.id))
"""


def _resources(search: Search) -> list[_Found]:
    """Who and what could serve, in the order offered: of each location that has some of every kind
    that is required; none when the resources asked for serve nothing. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ELIGIBLE,
            {
                "business": search.business.pk,
                "service": search.service.pk if search.service else None,
                "location": search.location_id,
                "by_guest": search.by_guest,
            },
        )
        rows = cursor.fetchall()
    required = rows[0][-1] if rows else 0
    found = [
        _Found(
            Candidate(id_, kind, name, units, least, most, order, selectors.NO_UNITS),
            location,
            need,
            count,
            may_join,
        )
        for id_, location, kind, name, units, least, most, order, need, count, may_join, _ in rows
    ]
    found.sort(key=lambda each: assignment.offer_order(each.candidate))
    wanted = search.resource_ids
    if wanted is not None:
        chosen = {each.need for each in found if each.candidate.id in wanted}
        if not chosen:
            return []
        found = [each for each in found if each.need not in chosen or each.candidate.id in wanted]
    kinds: dict[uuid.UUID, set[str]] = defaultdict(set)
    for each in found:
        kinds[each.location_id].add(each.need)
    return [each for each in found if len(kinds[each.location_id]) >= required]


def _durations(search: Search, location_ids: set[uuid.UUID]) -> dict[uuid.UUID, timedelta]:
    """How long a stay is, by location."""
    if search.duration or search.service:
        duration = search.duration or search.service.duration  # type: ignore[union-attr]
        return dict.fromkeys(location_ids, duration)
    return turn_times(search.business.default_duration_minutes, location_ids, search.party_size)


def turn_times(
    default_minutes: int, location_ids: set[uuid.UUID], party_size: int
) -> dict[uuid.UUID, timedelta]:
    """How long a party keeps a table, by location; the default where no turn times are kept. One
    query."""
    found = dict.fromkeys(location_ids, timedelta(minutes=default_minutes))
    kept: dict[uuid.UUID, list[tuple[int, timedelta]]] = defaultdict(list)
    for place, most, duration in (
        TurnTime.objects.filter(location__in=location_ids)
        .order_by("covers_max")
        .values_list("location_id", "covers_max", "duration")
    ):
        kept[place].append((most, duration))
    for place, turns in kept.items():
        found[place] = _turn(turns, party_size) or found[place]
    return found


def usual_stay(business: Business, party_size: int) -> timedelta:
    """How long a party keeps a table at the first location that keeps turn times, else the
    business's default. One query."""
    kept = list(
        TurnTime.objects.filter(location__business=business, location__is_active=True)
        .order_by("location__display_order", "location__name", "location_id", "covers_max")
        .values_list("location_id", "covers_max", "duration")
    )
    turns = [(most, lasts) for place, most, lasts in kept if place == kept[0][0]]
    return _turn(turns, party_size) or timedelta(minutes=business.default_duration_minutes)


def _turn(turns: Sequence[tuple[int, timedelta]], party_size: int) -> timedelta | None:
    """The turn time of the smallest size that a party is within, of the largest when it is larger
    than all."""
    fitting = [duration for most, duration in turns if party_size <= most]
    return fitting[0] if fitting else turns[-1][1] if turns else None


def _joined(search: Search, found: Sequence[_Found]) -> dict[str, list[Joined[uuid.UUID]]]:
    """The tables that may be joined for the party, by the kind that they are needed as."""
    relax = search.business.relax_minimum_covers
    size = search.party_size
    joined: dict[str, list[Joined[uuid.UUID]]] = defaultdict(list)
    for need, each in _combinations(search, found):
        if size <= each.covers_max and (relax or size >= each.covers_min):
            joined[need].append(Joined(each.id, each.members))
    return joined


def _combinations(search: Search, found: Sequence[_Found]) -> list[tuple[str, Combined]]:
    """What may be joined of what could serve, with the kind that it is needed as. No query where
    nothing may."""
    if not search.joinable:
        return []
    needs = {each.candidate.id: each.need for each in found if each.may_join}
    if not needs:
        return []
    return [
        (needs[each.members[0]], each)
        for _, each in selectors.combinations(search.business)
        if len({needs.get(member) for member in each.members} - {None}) == 1
        and needs.keys() >= set(each.members)
    ]


_TAKEN = """
SELECT resource_id, unit, array_agg(floor(date_part('epoch', starts_at))::bigint),
       array_agg(ceil(date_part('epoch', ends_at))::bigint)
  FROM bookings_allocation
 WHERE business_id = %(business)s AND starts_at > %(from)s - interval '1 day'
   AND starts_at < %(until)s AND ends_at > %(from)s AND resource_id = ANY(%(resources)s)
   AND (expires_at IS NULL OR expires_at > {now}) {but}
 GROUP BY resource_id, unit
"""
BUT = "AND booking_id IS DISTINCT FROM %(moving)s"


def _taken(
    found: Sequence[_Found],
    business_id: uuid.UUID,
    start: datetime,
    end: datetime,
    *,
    moving: uuid.UUID | None,
    now: datetime | None,
) -> dict[uuid.UUID, dict[int, list[Stretch]]]:
    """What is taken in a window, but for a booking that moves, by resource and unit. One query, and
    plain numbers by the list: datetimes and rows of their own cost several times as much."""
    taken: dict[uuid.UUID, dict[int, list[Stretch]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKEN.format(now=clock.sql(now), but=BUT if moving else ""),
            {
                "business": business_id,
                "from": start,
                "until": end,
                "now": now,
                "moving": moving,
                "resources": [each.candidate.id for each in found],
            },
        )
        for resource_id, unit, since, until in cursor.fetchall():
            # One unit's stretches don't overlap, so both ends are in the same order.
            stretches = zip(sorted(since), sorted(until), strict=True)
            taken.setdefault(resource_id, {})[unit] = list(stretches)
    return taken


# --- who could serve, and the runs of classes ----------------------------------------------------


class Serving(NamedTuple):
    """Who serves, and how large a party may be; none and 0 where nothing does."""

    staff: tuple[Candidate, ...]
    most: int


def serving(search: Search) -> Serving:
    """Among whom a guest may choose, in the order offered, and the largest party that there is
    room for at one time; of a class its places. One query, two more where tables may be joined."""
    found = _resources(search)
    staff = tuple(each.candidate for each in found if each.candidate.kind == assignment.STAFF)
    if search.service and search.service.capacity:
        return Serving(staff, search.service.capacity)
    seats: dict[str, int] = defaultdict(int)
    for each in found:
        seats[each.need] = max(seats[each.need], each.candidate.units * each.candidate.covers_max)
    for need, joined in _combinations(search, found):
        seats[need] = max(seats[need], joined.covers_max)
    return Serving(staff, min(seats.values(), default=0))


class Place(NamedTuple):
    """A scheduled run of a class, and how many places in it are left."""

    session: Session
    places_left: int


def runs(
    search: Search,
    *,
    with_held: bool = False,
    with_full: bool = False,
    now: datetime | None = None,
) -> list[Place]:
    """The scheduled runs of the service in the days of a search that have room for the party, in
    order; `with_held` also those that guests hold together and nobody confirmed yet, `with_full`
    also those without room.

    A lapsed hold keeps no place. One query; two for what isn't a class,
    if it has runs from when it was.
    """
    if search.service and search.service.capacity is None and not _was_a_class(search.service):
        return []
    moment = now or datetime.now(UTC)
    live = Q(state=Session.State.SCHEDULED)
    if with_held:
        live |= Q(state=Session.State.HELD, expires_at__gt=clock.moment(now))
    found = _on_days(search, _counted(_runs(search, live), now=now))
    return [
        each
        for each in found
        if (with_full or each.places_left >= search.party_size) and _is_open(search, each, moment)
    ]


def _was_a_class(service: Service) -> bool:
    """Whether a service has any runs. One query, written out: whoever asks for what isn't a class
    asks this, to hear that there are none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM bookings_session WHERE service_id = %s)", [service.pk]
        )
        return bool(cursor.fetchone()[0])


def runs_at(wish: Wish, *, now: datetime | None = None) -> list[Place]:
    """The scheduled runs of a wish's class that start when it wants, full ones too. One query."""
    rows = Session.objects.filter(
        business=wish.business,
        service=wish.service,
        starts_at=wish.starts_at,
        state=Session.State.SCHEDULED,
    )
    if wish.location_id:
        rows = rows.filter(location=wish.location_id)
    if wish.resource_id:
        rows = rows.filter(resource_ids__contains=[wish.resource_id])
    return _counted(rows, now=now)


def _runs(search: Search, live: Q | None = None) -> QuerySet[Session]:
    """The runs of some days by any clock; `_on_days` leaves those by the clock of their place."""
    midnight = datetime.combine(search.first_day, time(), UTC)
    days = search.last_day + DAY - search.first_day
    rows = Session.objects.filter(
        live or Q(state=Session.State.SCHEDULED),
        business=search.business,
        starts_at__gte=midnight - calendar.EASTERNMOST,
        starts_at__lt=midnight + days + calendar.WESTERNMOST,
    )
    if search.service:
        rows = rows.filter(service=search.service)
    if search.location_id:
        rows = rows.filter(location=search.location_id)
    if search.resource_ids is not None:
        rows = rows.filter(resource_ids__overlap=list(search.resource_ids))
    return rows


def _on_days(search: Search, found: Sequence[Place]) -> list[Place]:
    """Those of the runs that start in the days of a search, by the clock of their place."""
    windows: dict[str, Interval] = {}
    kept: list[Place] = []
    for each in found:
        name = each.session.location.timezone or search.business.timezone
        if name not in windows:
            zone = ZoneInfo(name)
            windows[name] = Interval(
                calendar.local_day(search.first_day, zone).start,
                calendar.local_day(search.last_day, zone).end,
            )
        if windows[name].start <= each.session.starts_at < windows[name].end:
            kept.append(each)
    return kept


def _is_open(search: Search, run: Place, moment: datetime) -> bool:
    """Whether a run may still be booked, if it has room."""
    start = run.session.starts_at
    if search.keeps_now and start < moment:
        return False
    if not search.keeps_notice:
        return True
    earliest, latest = rules.notice_and_horizon(search.business, search.service, moment)
    return earliest <= start <= latest


def _counted(rows: QuerySet[Session], *, now: datetime | None) -> list[Place]:
    held = Q(allocations__expires_at=None) | Q(allocations__expires_at__gt=clock.moment(now))
    counted = rows.annotate(
        places_taken=Count("allocations", filter=Q(allocations__booking__isnull=False) & held)
    ).select_related("service", "location")
    return [
        Place(each, each.capacity - each.places_taken)
        for each in counted.order_by("starts_at", "pk")
    ]
