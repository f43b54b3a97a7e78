"""The classes of some days as staff see them, and who comes to one: plain values to be shown."""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from accounts.models import Business
from billing.models import Deposit
from bookings.lifecycle import State
from bookings.models import WAITING, Booking, Omission, Schedule, Session, WaitlistEntry
from resources.models import Location, Resource

HERE = (State.CHECKED_IN.value, State.COMPLETED.value)
COMES = (State.CONFIRMED.value, *HERE)
MISSED = (State.NO_SHOW.value,)
GONE = (State.CANCELLED.value, State.EXPIRED.value)
QUEUED = (WaitlistEntry.State.WAITING, WaitlistEntry.State.OFFERED)
STAFF = "staff"


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """One run of a class. `booked` are the places promised or held, of which `here` have come;
    `waiting` the parties that wait for room in it, or in a run of that class on that day."""

    session: Session
    trainers: tuple[Resource, ...]
    things: tuple[Resource, ...]
    booked: int
    here: int
    missed: int
    waiting: int
    phase: str  # ahead, now, over

    @property
    def left(self) -> int:
        return max(0, self.session.capacity - self.booked)

    @property
    def is_cancelled(self) -> bool:
        return self.session.state == Session.State.CANCELLED

    @property
    def is_held(self) -> bool:
        return self.session.state == Session.State.HELD

    @property
    def is_full(self) -> bool:
        return not self.is_cancelled and self.left == 0

    @property
    def is_over(self) -> bool:
        return self.phase == "over"

    @property
    def share(self) -> int:
        """How much of the class is taken, in per cent."""
        return min(100, round(100 * self.booked / self.session.capacity))

    @property
    def with_whom(self) -> str:
        return ", ".join(each.name for each in (*self.trainers, *self.things))


def week(
    place: Location,
    start: datetime,
    end: datetime,
    *,
    moment: datetime,
    service_id: uuid.UUID | None = None,
    resource_id: uuid.UUID | None = None,
) -> list[Run]:
    """The classes of a place that start in [start, end), in order. Four queries."""
    found = Session.objects.filter(
        business_id=place.business_id, location=place, starts_at__gte=start, starts_at__lt=end
    ).exclude(state=Session.State.EXPIRED)
    if service_id:
        found = found.filter(service_id=service_id)
    if resource_id:
        found = found.filter(resource_ids__contains=[resource_id])
    rows = found.select_related("service").order_by("starts_at", "service__name", "pk")
    return runs([each for each in rows if not _is_lapsed(each, moment)], place, moment=moment)


def _is_lapsed(session: Session, moment: datetime) -> bool:
    return session.expires_at is not None and session.expires_at <= moment


def runs(sessions: Sequence[Session], place: Location, *, moment: datetime) -> list[Run]:
    """These classes of one place with who is in them, and who waits. Three queries."""
    zone = ZoneInfo(place.timezone or place.business.timezone)
    known = resources_of(id_ for each in sessions for id_ in each.resource_ids)
    counts = _counts([each.pk for each in sessions], moment)
    waits = _waits(place.business, sessions, zone)
    made = []
    for each in sessions:
        taken = [known[id_] for id_ in each.resource_ids if id_ in known]
        row = counts.get(each.pk, {})
        made.append(
            Run(
                session=each,
                trainers=tuple(one for one in taken if one.kind == STAFF),
                things=tuple(one for one in taken if one.kind != STAFF),
                booked=row.get("booked") or 0,
                here=row.get("here") or 0,
                missed=row.get("missed") or 0,
                waiting=waits[each.pk],
                phase=_phase(each, moment),
            )
        )
    return made


def resources_of(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Resource]:
    """Who and what these are, deleted ones too. One query."""
    return Resource.objects.only("id", "name", "kind").in_bulk(set(ids))


def _phase(session: Session, moment: datetime) -> str:
    if session.ends_at <= moment:
        return "over"
    return "now" if session.starts_at <= moment else "ahead"


def _counts(sessions: Collection[uuid.UUID], moment: datetime) -> dict[uuid.UUID, Any]:
    waits = Q(state__in=WAITING) & (Q(expires_at=None) | Q(expires_at__gt=moment))
    rows = (
        Booking.objects.filter(session__in=sessions)
        .order_by()
        .values("session")
        .annotate(
            booked=Sum("party_size", filter=waits | Q(state__in=COMES)),
            here=Sum("party_size", filter=Q(state__in=HERE)),
            missed=Sum("party_size", filter=Q(state__in=MISSED)),
        )
    )
    return {row["session"]: row for row in rows}


def _waits(business: Business, sessions: Sequence[Session], zone: ZoneInfo) -> dict[uuid.UUID, int]:
    """How many parties wait for each: for that run, or for any run of its class on its day."""
    by_run: dict[uuid.UUID, int] = defaultdict(int)
    by_day: dict[tuple[uuid.UUID, date], int] = defaultdict(int)
    days = {each.pk: each.starts_at.astimezone(zone).date() for each in sessions}
    rows = WaitlistEntry.objects.filter(
        Q(session__in=list(days))
        | Q(
            session=None,
            service__in={each.service_id for each in sessions},
            preferred_date__in=set(days.values()),
        ),
        business=business,
        state__in=QUEUED,
    )
    for session, service, day in rows.values_list("session", "service", "preferred_date"):
        if session:
            by_run[session] += 1
        else:
            by_day[service, day] += 1
    return {each.pk: by_run[each.pk] + by_day[each.service_id, days[each.pk]] for each in sessions}


# --- one class -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Roster:
    """One class: who is in it, who waits for it in their order, and who no longer comes."""

    run: Run
    coming: Sequence[Booking]
    gone: Sequence[Booking]
    queue: Sequence[WaitlistEntry]
    deposits: dict[uuid.UUID, Deposit]

    @property
    def is_expected(self) -> bool:
        """Whether somebody could be checked in."""
        return any(each.state == State.CONFIRMED.value for each in self.coming)


def roster(session: Session, place: Location, *, moment: datetime) -> Roster:
    """Who is in a class of this place, by name. Six queries."""
    (run,) = runs([session], place, moment=moment)
    rows = session.bookings.select_related("guest").order_by(
        "guest__first_name", "guest__last_name", "created_at", "pk"
    )
    coming: list[Booking] = []
    gone: list[Booking] = []
    for each in rows:
        lapsed = each.expires_at is not None and each.expires_at <= moment
        (gone if lapsed or each.state in GONE else coming).append(each)
    day = session.starts_at.astimezone(ZoneInfo(place.timezone or place.business.timezone)).date()
    queue = (
        WaitlistEntry.objects.filter(
            Q(session=session) | Q(session=None, service_id=session.service_id, preferred_date=day),
            business_id=session.business_id,
            state__in=QUEUED,
        )
        .select_related("guest", "booking")
        .order_by("created_at", "pk")
    )
    deposits = {
        each.booking_id: each
        for each in Deposit.objects.filter(booking_id__in=[one.pk for one in coming])
    }
    return Roster(run, coming, gone, list(queue), deposits)


def session_of(business: Business, pk: uuid.UUID) -> Session | None:
    """A class of this business that is or was in the book. One query."""
    return (
        Session.objects.filter(business=business, pk=pk)
        .exclude(state=Session.State.EXPIRED)
        .select_related("service", "location", "business", "schedule")
        .first()
    )


# --- schedules -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Weekly:
    """A class that comes again: whom and what it has, what is in the book of it, and on which days
    it was left out."""

    schedule: Schedule
    resources: tuple[Resource, ...]
    ahead: int
    soonest: Session | None
    omissions: tuple[Omission, ...]

    @property
    def with_whom(self) -> str:
        return ", ".join(each.name for each in self.resources)


def schedules(place: Location, *, moment: datetime) -> list[Weekly]:
    """The classes of a place that come again. Four queries."""
    rows = (
        Schedule.objects.filter(business_id=place.business_id, location=place)
        .select_related("service")
        .prefetch_related("resources", "omissions")
        .order_by("service__name", "at", "starts_on", "pk")
    )
    ahead: dict[uuid.UUID, list[Session]] = defaultdict(list)
    for each in Session.objects.filter(
        schedule__in=rows, starts_at__gt=moment, state=Session.State.SCHEDULED
    ).order_by("starts_at"):
        if each.schedule_id:
            ahead[each.schedule_id].append(each)
    today = moment.astimezone(ZoneInfo(place.timezone or place.business.timezone)).date()
    return [
        Weekly(
            schedule=each,
            resources=tuple(
                sorted(each.resources.all(), key=lambda one: (one.kind != STAFF, one.name))
            ),
            ahead=len(ahead[each.pk]),
            soonest=next(iter(ahead[each.pk]), None),
            omissions=tuple(one for one in each.omissions.all() if one.day >= today),
        )
        for each in rows
    ]


def schedule_of(business: Business, pk: uuid.UUID) -> Schedule | None:
    """A schedule of this business. One query."""
    return (
        Schedule.objects.filter(business=business, pk=pk)
        .select_related("service", "location", "business")
        .first()
    )
