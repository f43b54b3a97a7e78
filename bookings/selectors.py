"""Taken time, and what is free: read in a number of queries that doesn't grow with the data."""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    Func,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce, NullIf

from accounts import clock
from accounts.contact import phone_key
from accounts.remembered import Remembered
from availability.timetables import Timetables
from billing import selectors as billing
from bookings import assignment, rules
from bookings.assignment import Candidate, Combined
from bookings.lifecycle import State
from bookings.models import (
    WAITING,
    Allocation,
    Block,
    Booking,
    Event,
    Guest,
    Session,
    WaitlistEntry,
)
from bookings.references import normalise
from bookings.stranding import Stranded as Stranded
from bookings.stranding import left_behind as left_behind
from bookings.stranding import stranded as stranded
from bookings.stranding import watching as watching
from bookings.wishes import Wish
from resources.models import Combination, Requirement, Resource, Service

if TYPE_CHECKING:
    from accounts.models import Business

Rows = TypeVar("Rows", bound=Model)

# What takes anything in a window, lapsed or not. No allocation is longer than a day (its check
# constraint) and few are longer than `models.LONG`: of those that began before that much, an index
# of the long ones tells. So as little is read in a full book as in an empty one, however many
# bookings there are elsewhere in time.
TAKES = """
SELECT resource_id, unit, expires_at
  FROM bookings_allocation
 WHERE business_id = %(business)s AND starts_at > %(from)s - interval '4 hours'
   AND starts_at < %(until)s AND ends_at > %(from)s AND resource_id IS NOT NULL
 UNION ALL
SELECT resource_id, unit, expires_at
  FROM bookings_allocation
 WHERE business_id = %(business)s AND starts_at > %(from)s - interval '1 day'
   AND starts_at <= %(from)s - interval '4 hours' AND ends_at > %(from)s
   AND ends_at - starts_at > interval '4 hours' AND resource_id IS NOT NULL
"""
CANDIDATES = f"""
SELECT r.id, r.location_id, r.section_id, r.kind, r.name, r.units, r.covers_min, r.covers_max,
       r.display_order, r.is_online AND s.is_online IS NOT false, t.units AS taken,
       coalesce(t.lapsed, false)
  FROM resources_resource r
  JOIN resources_location l ON l.id = r.location_id AND l.is_active
  LEFT JOIN resources_section s ON s.id = r.section_id
  LEFT JOIN (
       SELECT a.resource_id,
              array_agg(a.unit) FILTER (
                  WHERE a.expires_at IS NULL OR a.expires_at > {{now}}
              ) AS units,
              bool_or(a.expires_at <= {{now}}) AS lapsed
         FROM ({TAKES}) AS a
        GROUP BY a.resource_id
  ) t ON t.resource_id = r.id
 WHERE r.business_id = %(business)s AND r.is_active AND r.deleted_at IS NULL
"""  # noqa: S608
CANDIDATES_NOW = CANDIDATES.format(now="clock_timestamp()")
CANDIDATES_AT = CANDIDATES.format(now="%(now)s")

NO_UNITS: frozenset[int] = frozenset()


# --- a window: what is there, and what is taken of it --------------------------------------------


class Offered(NamedTuple):
    """A resource in a window: what assignment needs of it, and where it stands."""

    candidate: Candidate
    location_id: uuid.UUID
    section_id: uuid.UUID | None
    has_lapsed: bool
    is_online: bool = True

    @property
    def id(self) -> uuid.UUID:
        return self.candidate.id


def offered(
    business_id: uuid.UUID,
    start: datetime,
    end: datetime,
    *,
    now: datetime | None = None,
    location_id: uuid.UUID | None = None,
) -> list[Offered]:
    """Every active resource of a business's active places, with the units taken in [start, end).
    One query.

    A lapsed hold takes nothing; the database's clock says which are lapsed unless `now` does.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CANDIDATES_AT if now else CANDIDATES_NOW,
            {"business": business_id, "from": start, "until": end, "now": now},
        )
        return [
            Offered(
                Candidate(
                    id_, kind, name, units, least, most, order,
                    frozenset(taken) if taken else NO_UNITS,
                ),
                place,
                section,
                lapsed,
                online,
            )
            for id_, place, section, kind, name, units, least, most, order, online, taken, lapsed
            in cursor.fetchall()
            if location_id is None or place == location_id
        ]  # fmt: skip


def loads(business_id: uuid.UUID, day: tuple[datetime, datetime]) -> dict[uuid.UUID, timedelta]:
    """How long each resource is taken on a service day, for those that are at all. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT resource_id, sum(ends_at - starts_at)
              FROM bookings_allocation
             WHERE business_id = %s AND starts_at >= %s AND starts_at < %s
               AND resource_id IS NOT NULL
             GROUP BY resource_id
            """,
            [business_id, *day],
        )
        return dict(cursor.fetchall())


def service_day(instant: datetime, zone: str) -> tuple[datetime, datetime]:
    """The local day around an instant, as UTC instants."""
    local = ZoneInfo(zone)
    day = instant.astimezone(local).date()
    midnights = (datetime.combine(each, time(), local) for each in (day, day + timedelta(1)))
    start, end = (each.astimezone(UTC) for each in midnights)
    return start, end


def requirements(service: Service) -> Sequence[Requirement]:
    """What a service needs of each kind, with who qualifies; staff first, as they are who a guest
    is told of. Two queries."""
    rows = service.requirements.prefetch_related(Prefetch("resources", Resource.objects.only("id")))
    return sorted(rows, key=lambda each: (each.kind != assignment.STAFF, each.kind))


def combinations(business: Business) -> list[tuple[uuid.UUID, Combined]]:
    """Sets of tables that may be taken together, with their location. Two queries."""
    return [
        (
            each.location_id,
            Combined(
                id=each.pk,
                name=each.name,
                covers_min=each.covers_min,
                covers_max=each.covers_max,
                members=tuple(member.pk for member in each.members.all()),
                display_order=each.display_order,
            ),
        )
        for each in Combination.objects.filter(location__business=business, is_active=True)
        .prefetch_related(Prefetch("members", Resource.objects.only("id")))
        .order_by("display_order", "name", "id")
    ]


# --- the sale: what to take for a wish -----------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What one look at the book found for a wish: the plan, or None, and what it looked at."""

    plan: assignment.Plan | None
    seen: Sequence[Offered]

    @property
    def location_ids(self) -> set[uuid.UUID]:
        return {each.location_id for each in self.seen}

    def at(self, resource_id: uuid.UUID) -> Offered:
        return next(each for each in self.seen if each.id == resource_id)


def _open_for(
    wish: Wish, *, now: datetime | None, promises: Timetables | None = None
) -> list[Offered]:
    """The resources of a wish's window, without those closed by the rules that it keeps."""
    seen = offered(
        wish.business.pk,
        wish.takes_from,
        wish.takes_until,
        now=now,
        location_id=wish.location_id,
    )
    if wish.by_guest:
        seen = [each for each in seen if each.is_online]
    promises = promises or rules.promises_for(wish)
    if promises is None:
        return seen
    return [each for each in seen if not rules.closed(wish, promises, each.location_id, each.id)]


def look(
    wish: Wish,
    *,
    now: datetime | None = None,
    needs: Sequence[Requirement] | None = None,
    promises: Timetables | None = None,
    places: Collection[uuid.UUID] | None = None,
) -> Look:
    """Find what would serve a wish, best fit first, without taking it; at one of these `places`, as
    the rules leave them, if any are named.

    Two queries at most for what needs one resource of any kind; the requirements of a service can
    be passed in as `needs`, and the timetables as `promises`, since they don't change between two
    looks.
    """
    seen = _open_for(wish, now=now, promises=promises)
    if places is not None:
        seen = [each for each in seen if each.location_id in places]
    if needs is None:
        needs = requirements(wish.service) if wish.service else ()
    if wish.together:
        return Look(_together(wish, seen, needs), seen)
    if not needs:
        return Look(_plan(wish, _among(wish, seen)), seen)
    for place in sorted({each.location_id for each in seen}):
        if plan := _at_one_place(wish, seen, place, needs):
            return Look(plan, seen)
    return Look(None, seen)


def _at_one_place(
    wish: Wish, seen: Sequence[Offered], place: uuid.UUID, needs: Sequence[Requirement]
) -> assignment.Plan | None:
    """What serves a wish of some kinds at once: all of one location, as nobody is at two."""
    takes: list[tuple[uuid.UUID, int]] = []
    chosen: list[uuid.UUID] = []
    found = False
    for need in needs:
        of_kind = {each.id for each in seen if each.candidate.kind == need.kind}
        among = of_kind & (wish.among or of_kind) or of_kind
        eligible = [
            each
            for each in seen
            if each.location_id == place and each.id in among and need.admits(each.id)
        ]
        choose = wish.resource_id if any(e.id == wish.resource_id for e in eligible) else None
        found = found or choose is not None
        joinable = wish.joinable and need.count == 1
        for _ in range(need.count):
            asked = dataclasses.replace(wish, resource_id=choose, joinable=joinable)
            plan = _plan(asked, eligible)
            if plan is None:
                return None
            takes.extend(plan.takes)
            chosen.extend(plan.resource_ids)
            eligible = [each for each in eligible if each.id not in plan.resource_ids]
            choose = None
    if wish.resource_id and not found:
        return None
    return assignment.Plan(tuple(takes), tuple(chosen))


def _among(wish: Wish, seen: Sequence[Offered]) -> Sequence[Offered]:
    return seen if wish.among is None else [each for each in seen if each.id in wish.among]


def _together(
    wish: Wish, seen: Sequence[Offered], needs: Sequence[Requirement]
) -> assignment.Plan | None:
    """All of the resources that a wish names, whole, when they are free and seat the party: as a
    combination does, or as many as they seat one by one."""
    there = {each.id: each for each in seen}
    wanted = list(dict.fromkeys(wish.together))
    if any(id_ not in there or there[id_].candidate.taken_units for id_ in wanted):
        return None
    chosen = [there[id_].candidate for id_ in wanted]
    if needs and not all(_is_eligible(each, needs) for each in chosen):
        return None
    most = sum(each.covers_max * each.units for each in chosen)
    for _, joined in combinations(wish.business):
        if set(joined.members) == set(wanted):
            most = max(most, joined.covers_max)
    if wish.party_size > most:
        return None
    takes = tuple((each.id, unit) for each in chosen for unit in range(each.units))
    return assignment.Plan(takes, tuple(wanted))


def _is_eligible(candidate: Candidate, needs: Sequence[Requirement]) -> bool:
    return any(need.kind == candidate.kind and need.admits(candidate.id) for need in needs)


def _plan(wish: Wish, seen: Sequence[Offered]) -> assignment.Plan | None:
    candidates = [each.candidate for each in seen]
    if sum(each.kind == "staff" for each in candidates) > 1 and not wish.resource_id:
        day = service_day(wish.starts_at, wish.business.timezone)
        taken = loads(wish.business.pk, day)
        candidates = [
            each._replace(load=taken.get(each.id, timedelta())) if each.kind == "staff" else each
            for each in candidates
        ]
    relax = wish.business.relax_minimum_covers
    plan = assignment.plan(
        candidates, (), wish.party_size, choose=wish.resource_id, relax_minimum=relax
    )
    if plan or wish.resource_id or not wish.joinable:
        return plan
    ids = {each.id for each in candidates}
    joined = [each for _, each in combinations(wish.business) if ids.issuperset(each.members)]
    return assignment.plan(candidates, joined, wish.party_size, relax_minimum=relax)


# --- the offer: what would serve it alone --------------------------------------------------------


TAKEN = f"""
SELECT resource_id::text, unit FROM ({TAKES}) AS a WHERE expires_at IS NULL OR expires_at > {{now}}
"""  # noqa: S608
TAKEN_NOW = TAKEN.format(now="clock_timestamp()")
TAKEN_AT = TAKEN.format(now="%(now)s")


class _Known:
    """A business's resources in the order offered, when none of them is taken."""

    def __init__(self, seen: Sequence[Offered]) -> None:
        # By their ids as text: where a lot is booked hundreds are compared for a request, and a
        # UUID costs ten times as much to compare.
        self._all = {str(each.id): _taken_by(each, NO_UNITS) for each in _in_order(seen)}
        self._fitting: dict[int, dict[str, Offered]] = {}

    def fitting(self, wish: Wish) -> Mapping[str, Offered]:
        """Those that serve the wish's party; found once for each size."""
        size = wish.party_size
        found = self._fitting.get(size)
        if found is None:
            found = {id_: each for id_, each in self._all.items() if _fits(each, wish)}
            self._fitting[size] = found
        return found


_RESOURCES: Remembered[_Known] = Remembered()


def free(wish: Wish, *, now: datetime | None = None, epoch: bytes | None = None) -> list[Offered]:
    """The single resources that could each serve a wish, in the order offered. One query.

    With the `epoch` that the request heard, resources that it read before are not read again.
    """
    business = wish.business
    plain = not (wish.keeps_hours or wish.keeps_closures or wish.location_id)
    kept = _RESOURCES.get(business.pk) if epoch and plain else None
    if kept and kept.is_current(epoch):
        return _left(kept.value.fitting(wish), _taken(wish, now=now), wish)
    seen = _open_for(wish, now=now)
    if epoch and plain:
        _RESOURCES.keep(business.pk, _Known(seen), epoch)
    return _in_order([each for each in seen if _fits(each, wish)])


def _fits(each: Offered, wish: Wish) -> bool:
    relax = wish.business.relax_minimum_covers
    return assignment.fits(each.candidate, wish.party_size, relax_minimum=relax)


def _in_order(found: Sequence[Offered]) -> list[Offered]:
    return sorted(found, key=lambda each: assignment.offer_order(each.candidate))


def _left(
    fitting: Mapping[str, Offered], taken: Mapping[str, set[int]], wish: Wish
) -> list[Offered]:
    """Of resources that would serve the wish, those that still do when this is taken."""
    if not taken:
        return list(fitting.values())
    left = dict(fitting)
    for id_, units in taken.items():
        each = left.get(id_)
        if each is None:
            continue
        rest = _taken_by(each, frozenset(units)) if len(units) < each.candidate.units else None
        if rest and _fits(rest, wish):
            left[id_] = rest
        else:
            del left[id_]
    return list(left.values())


def _taken_by(each: Offered, units: frozenset[int]) -> Offered:
    return each._replace(candidate=each.candidate._replace(taken_units=units))


def _taken(wish: Wish, *, now: datetime | None) -> Mapping[str, set[int]]:
    """The units taken in the window of a wish, by resource. One query."""
    found: dict[str, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(
            TAKEN_AT if now else TAKEN_NOW,
            {
                "business": wish.business.pk,
                "from": wish.takes_from,
                "until": wish.takes_until,
                "now": now,
            },
        )
        for id_, unit in cursor.fetchall():
            found[id_].add(unit)
    return found


# --- small questions -----------------------------------------------------------------------------


def names_of(resource_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of resources, deleted ones too."""
    return dict(Resource.objects.filter(pk__in=resource_ids).values_list("pk", "name"))


def version_of(booking: Booking) -> int:
    """How often a booking, or the visit that it is part of, was changed or ended, as its guest's
    calendar counts. One query."""
    changes = (Event.Kind.UPDATED, Event.Kind.CANCELLED, Event.Kind.EXPIRED)
    first = booking.leader_id or booking.pk
    of = Q(booking=first) | Q(booking__leader=first)
    return Event.objects.filter(of, kind__in=changes).count()


def lapsed(now: datetime | None = None) -> Q:
    """What has waited too long, whether or not the sweep has come by."""
    return Q(state__in=WAITING, expires_at__lte=clock.moment(now))


def bookings_this_month(business: Business, *, now: datetime | None = None) -> int:
    """How many bookings were made in this month of the plan, cancelled ones too; a visit counts
    once, and what was only held and lapsed, or was let go of, doesn't. One query."""
    first, _ = billing.month_of(business, now or datetime.now(UTC))
    told = Event.objects.filter(booking=OuterRef("pk"))
    held, made = (told.filter(kind=each) for each in (Event.Kind.HELD, Event.Kind.CREATED))
    return (
        Booking.objects.filter(business=business, created_at__gte=first, leader=None)
        .exclude(Q(state=State.EXPIRED.value) | lapsed(now))
        .exclude(Exists(held), ~Exists(made), state=State.CANCELLED.value)
        .count()
    )


# --- the next free times -------------------------------------------------------------------------


def next_free(
    wish: Wish, *, within: timedelta, limit: int, now: datetime | None = None
) -> list[tuple[datetime, int]]:
    """The soonest starts from `wish.starts_at` on, with how many resources are free then.

    A place only ever becomes free when something ends, so those instants are all there is to try.
    Two queries, whatever is booked.
    """
    end = wish.takes_until + within
    everything = offered(
        wish.business.pk, wish.takes_from, end, now=now, location_id=wish.location_id
    )
    promises = rules.promises_for(wish)
    taken = _stretches(wish.business.pk, wish.takes_from, end, now=now)
    moments = sorted(
        {wish.starts_at}
        | {
            until + wish.buffer_before
            for stretches in taken.values()
            for _, _, until in stretches
            if wish.starts_at < until + wish.buffer_before <= wish.starts_at + within
        }
    )
    found: list[tuple[datetime, int]] = []
    for moment in moments:
        start = moment - wish.buffer_before
        until = moment + (wish.takes_until - wish.starts_at)
        candidates = [
            each.candidate._replace(
                taken_units=frozenset(
                    unit
                    for unit, since, till in taken.get(each.id, ())
                    if since < until and start < till
                )
            )
            for each in everything
            if promises is None
            or not rules.closed(
                dataclasses.replace(wish, starts_at=moment), promises, each.location_id, each.id
            )
        ]
        relax = wish.business.relax_minimum_covers
        if count := len(assignment.free(candidates, wish.party_size, relax_minimum=relax)):
            found.append((moment, count))
            if len(found) == limit:
                break
    return found


def _stretches(
    business_id: uuid.UUID, start: datetime, end: datetime, *, now: datetime | None
) -> dict[uuid.UUID, list[tuple[int, datetime, datetime]]]:
    """What is taken in [start, end) as (unit, from, until) by resource. One query."""
    found: dict[uuid.UUID, list[tuple[int, datetime, datetime]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT resource_id, unit, starts_at, ends_at
              FROM bookings_allocation
             WHERE business_id = %(business)s AND starts_at > %(from)s - interval '1 day'
               AND starts_at < %(until)s AND ends_at > %(from)s AND resource_id IS NOT NULL
               AND (expires_at IS NULL OR expires_at > {clock.sql(now)})
            """,  # noqa: S608 - the clock is one of two constants
            {"business": business_id, "from": start, "until": end, "now": now},
        )
        for resource_id, unit, since, until in cursor.fetchall():
            found.setdefault(resource_id, []).append((unit, since, until))
    return found


# --- lists ---------------------------------------------------------------------------------------


def bookings(business: Business) -> QuerySet[Booking]:
    """All bookings of a business, each with its guest."""
    return Booking.objects.filter(business=business).select_related("guest")


def guests(business: Business, *, like: str = "") -> QuerySet[Guest]:
    """The guests of a business that still have a name, a phone or an e-mail: others are forgotten.

    `like` looks for words in any of these.
    """
    known = ~Q(first_name="", last_name="", phone="", email="")
    for word in like.split()[:5]:
        found = (
            Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(email_key__contains=word.casefold())
        )
        if dialled := phone_key(word):
            found |= Q(phone_key__contains=dialled)
        known &= found
    return Guest.objects.filter(known, business=business)


def bookings_like(rows: QuerySet[Booking], business: Business, text: str) -> QuerySet[Booking]:
    """Those of the bookings that have this reference, or are for a guest like this."""
    return rows.filter(
        Q(reference=normalise(text)) | Q(guest__in=guests(business, like=text).values("pk"))
    )


def visits(business: Business) -> QuerySet[Booking]:
    """The visits of a business, each known by the booking that leads it, with guest, service and
    place. What is only held, or was, isn't one; nor what a class was held for."""
    return (
        Booking.objects.filter(business=business, leader=None)
        .exclude(state=State.HELD.value)
        .exclude(state=State.EXPIRED.value, guest=None)
        .select_related("guest", "service", "location", "business")
        .prefetch_related(
            Prefetch("followers", Booking.objects.order_by("starts_at").select_related("service"))
        )
    )


def takers(
    resource: Resource, start: datetime, end: datetime, *, now: datetime | None = None
) -> list[Allocation]:
    """What takes any of a resource in a window, with its booking. One query."""
    return list(
        Allocation.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=clock.moment(now)),
            business_id=resource.business_id,
            resource=resource,
            starts_at__gt=start - timedelta(days=1),
            starts_at__lt=end,
            ends_at__gt=start,
        )
        .select_related("booking", "block", "session")
        .order_by("starts_at")
    )


def waitlist(business: Business) -> QuerySet[WaitlistEntry]:
    """Who waits for room or has an offer to think about, each with the guest."""
    return WaitlistEntry.objects.filter(
        business=business, state__in=("waiting", "offered")
    ).select_related("guest")


def held_by(business: Business, visitor: str, *, now: datetime | None = None) -> list[Booking]:
    """What somebody who looks around at the booking page holds at this moment. One query."""
    return list(
        Booking.objects.filter(
            business=business,
            state=State.HELD.value,
            expires_at__gt=clock.moment(now),
            details__widget__visitor=visitor,
        ).select_related("business", "location", "service")
    )


def class_to_come(business: Business, session_id: uuid.UUID | None) -> Session | None:
    """A class of the business that is in the book. One query."""
    return (
        Session.objects.filter(business=business, pk=session_id, state=Session.State.SCHEDULED)
        .select_related("location", "service")
        .first()
        if session_id
        else None
    )


def waiting(business: Business, entry_id: uuid.UUID) -> WaitlistEntry | None:
    """An entry of the waitlist, whatever became of it. One query."""
    rows = WaitlistEntry.objects.filter(business=business, pk=entry_id)
    return rows.select_related("service").first()


def offer_of(booking: Booking) -> WaitlistEntry | None:
    """The entry of the waitlist that a booking is held for, while it waits for an answer."""
    return WaitlistEntry.objects.filter(
        booking=booking, booking__state=State.HELD.value, state=WaitlistEntry.State.OFFERED
    ).first()


def places_left(
    sessions: Collection[uuid.UUID], *, now: datetime | None = None
) -> dict[uuid.UUID, int]:
    """The places left in each of these classes; a lapsed hold takes none. One query."""
    taken = Count(
        "allocations",
        filter=Q(allocations__booking__isnull=False)
        & (
            Q(allocations__expires_at__isnull=True)
            | Q(allocations__expires_at__gt=clock.moment(now))
        ),
    )
    rows = Session.objects.filter(pk__in=sessions).annotate(taken=taken)
    return {pk: most - gone for pk, most, gone in rows.values_list("pk", "capacity", "taken")}


def blocks(resource: Resource) -> QuerySet[Block]:
    """When a resource is out of use."""
    return Block.objects.filter(resource=resource)


# --- by the day where it happens -----------------------------------------------------------------

LONGEST_DAY = timedelta(hours=40)  # the earth has zones from -12 to +14, and days of 25 hours
ZONE = Coalesce(NullIf("location__timezone", Value("")), "business__timezone")


def local_midnight(now: datetime, *, ahead: int = 0) -> Func:
    """When the day began by the clock of a row's location; `ahead` days later."""
    shown = Func(
        ZONE, Value(now, DateTimeField()), function="timezone", output_field=DateTimeField()
    )
    day = Func(Value("day"), shown, function="date_trunc", output_field=DateTimeField())
    later = ExpressionWrapper(day + Value(timedelta(days=ahead)), output_field=DateTimeField())
    return Func(ZONE, later, function="timezone", output_field=DateTimeField())


def from_today(rows: QuerySet[Rows], *, now: datetime | None = None) -> QuerySet[Rows]:
    """Those that start today or later, by the clock of their location."""
    now = now or datetime.now(UTC)
    return rows.filter(starts_at__gte=now - LONGEST_DAY).filter(starts_at__gte=local_midnight(now))


def before_today(rows: QuerySet[Rows], *, now: datetime | None = None) -> QuerySet[Rows]:
    """Those that started before today, by the clock of their location."""
    now = now or datetime.now(UTC)
    return rows.filter(starts_at__lt=now).filter(starts_at__lt=local_midnight(now))


def today(rows: QuerySet[Rows], *, now: datetime | None = None) -> QuerySet[Rows]:
    """Those that start today, by the clock of their location."""
    now = now or datetime.now(UTC)
    return (
        from_today(rows, now=now)
        .filter(starts_at__lt=now + LONGEST_DAY)
        .filter(starts_at__lt=local_midnight(now, ahead=1))
    )
