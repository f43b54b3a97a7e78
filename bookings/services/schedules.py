"""Classes that come again: schedules, and the sessions that are put in the book from them.

A session is put in the book once for each day that the rule names, by whoever comes by first: one
transaction a day, under the schedule's own lock, so that it may end anywhere and be run again. What
staff cancelled or moved stays as they left it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import OperationalError
from django.db.models import Exists, OuterRef, Q

from accounts import clock
from accounts.errors import DomainError, Invalid, NotFound
from accounts.models import Business
from accounts.transactions import written
from availability import recurrence, timetables
from availability.calendar import service_day
from availability.intervals import Interval
from availability.recurrence import BadRule, Occurrence
from bookings import lifecycle
from bookings.models import Event, Omission, Schedule, Session
from bookings.services.classes import cancel_session, schedule_session
from bookings.services.sessions import record_session
from bookings.wishes import SYSTEM, Actor
from resources.models import Resource
from resources.services import checked

log = logging.getLogger(__name__)

MOST_EXCEPTIONS = 366
KEPT = timedelta(days=30)  # how long one may see what was left out
TAKING = [state.value for state in lifecycle.TAKING]


@dataclasses.dataclass(frozen=True, slots=True)
class Laid:
    """What was put in the book from a schedule, and on which days nothing could be."""

    made: list[Session] = dataclasses.field(default_factory=list)
    omitted: list[Omission] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Changed:
    """What became of the sessions to come when a schedule changed.

    `withdrawn` had no bookings and are gone (their days are laid out anew); `stranded` have some,
    and are left for staff to move or call off; `kept` were changed by hand before.
    """

    schedule: Schedule
    withdrawn: int = 0
    stranded: list[Session] = dataclasses.field(default_factory=list)
    kept: list[Session] = dataclasses.field(default_factory=list)


# --- schedules -----------------------------------------------------------------------------------


@written
def add_schedule(
    business: Business,
    *,
    resources: Iterable[Resource] = (),
    now: datetime | None = None,
    **values: Any,
) -> Schedule:
    """Write down a class that comes again; `lay_out` then puts its sessions in the book.

    Raises Invalid for a rule that can't be followed or names no day, and for what isn't the
    business's.
    """
    moment = clock.read(now)
    made = Schedule(business=business, created_at=moment, updated_at=moment, **values)
    chosen = list(resources)
    _check(made, chosen, values)
    made.save()
    made.resources.set(chosen)
    return made


@written
def change_schedule(
    schedule: Schedule,
    *,
    by: Actor,
    resources: Iterable[Resource] | None = None,
    now: datetime | None = None,
    **values: Any,
) -> Changed:
    """Change a schedule from now on: sessions to come that no longer accord with it are taken out
    of the book when nobody has booked them, and returned as stranded when somebody has.

    Sessions that began stay, and so do those changed by hand. `lay_out` then puts in what is new.
    Raises as `add_schedule` does, NotFound when it was removed meanwhile.
    """
    found = _locked(schedule)
    for name, value in values.items():
        setattr(found, name, value)
    chosen = list(found.resources.all()) if resources is None else list(resources)
    _check(found, chosen, values)
    found.updated_at = clock.read(now)
    found.save(update_fields=[*values, "updated_at"])
    found.resources.set(chosen)
    return _bring_into_accord(found, by=by, now=now)


def end_schedule(
    schedule: Schedule, *, last_day: date, by: Actor, now: datetime | None = None
) -> Changed:
    """Let a schedule end on a day, the last that counts. As `change_schedule`."""
    return change_schedule(schedule, until=last_day, by=by, now=now)


@written
def remove_schedule(schedule: Schedule, *, by: Actor, now: datetime | None = None) -> Changed:
    """Give a schedule up: sessions to come without bookings go with it, others stay in the book on
    their own and are returned as stranded."""
    found = _locked(schedule)
    found.is_active = False
    found.save(update_fields=["is_active"])
    changed = _bring_into_accord(found, by=by, now=now)
    found.delete()
    return changed


def _locked(schedule: Schedule) -> Schedule:
    found = (
        Schedule.objects.select_for_update(no_key=True, of=("self",))
        .select_related("business", "location", "service")
        .filter(pk=schedule.pk, business_id=schedule.business_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def _check(schedule: Schedule, resources: Sequence[Resource], values: Iterable[str]) -> None:
    """Hold a schedule to what it may say; brings the rule into the form it is kept in."""
    business = schedule.business_id
    checked(schedule, list(values))
    if schedule.location.business_id != business:
        raise Invalid(fields={"location": "This is another business's."})
    if schedule.service.business_id != business:
        raise Invalid(fields={"service": "This is another business's."})
    if any(each.business_id != business or each.deleted_at for each in resources):
        raise Invalid(fields={"resources": "There is no such resource."})
    if not (schedule.capacity or schedule.service.capacity):
        raise Invalid(fields={"capacity": "Say how many places there are: the class doesn't."})
    if len(schedule.exceptions) > MOST_EXCEPTIONS:
        raise Invalid(fields={"exceptions": f"{MOST_EXCEPTIONS} dates at most."})
    if schedule.until and schedule.until < schedule.starts_on:
        raise Invalid(fields={"until": "Must not be before the first day."})
    schedule.exceptions = sorted(set(schedule.exceptions))
    try:
        schedule.rule = recurrence.normalise(schedule.rule)
        begins = recurrence.first_day(
            schedule.rule, start=schedule.starts_on, at=schedule.at, zone=_zone(schedule)
        )
    except BadRule as error:
        raise Invalid(fields={"rule": str(error)}) from None
    if begins is None or (schedule.until and begins > schedule.until):
        raise Invalid(fields={"rule": "This rule names no day at all."})


def _zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule.location.timezone or schedule.business.timezone)


# --- what the rule says, and what is in the book -------------------------------------------------


def due(schedule: Schedule, *, moment: datetime) -> list[Occurrence]:
    """What a schedule says should be in the book now: from this moment on, as many weeks ahead as
    the business wants."""
    if not schedule.is_active:
        return []
    zone = _zone(schedule)
    today = service_day(moment, zone)
    every = recurrence.occurrences(
        schedule.rule,
        start=schedule.starts_on,
        at=schedule.at,
        zone=zone,
        first=today,
        last=today + timedelta(weeks=schedule.business.schedule_weeks),
        until=schedule.until,
        but=schedule.exceptions,
    )
    return [each for each in every if each.starts_at > moment]


def _bring_into_accord(schedule: Schedule, *, by: Actor, now: datetime | None) -> Changed:
    moment = clock.read(now)
    sessions = list(
        Session.objects.select_for_update(no_key=True, of=("self",))
        .filter(schedule=schedule, starts_at__gt=moment, state=Session.State.SCHEDULED)
        .select_related("service", "location", "business")
        .order_by("pk")
    )
    said = _said(schedule, sessions)
    named = {each.pk for each in schedule.resources.all()}
    changed = Changed(schedule)
    withdrawn = 0
    for session in sessions:
        if _accords(session, schedule, said, named):
            continue
        if session.was_changed:
            changed.kept.append(session)
        elif _is_booked(session, moment):
            changed.stranded.append(session)
        else:
            _withdraw(session, by=by, now=now)
            withdrawn += 1
    schedule.omissions.filter(day__gte=service_day(moment, _zone(schedule))).delete()
    for those in (changed.kept, changed.stranded):
        those.sort(key=lambda each: each.starts_at)
    return dataclasses.replace(changed, withdrawn=withdrawn)


def _said(schedule: Schedule, sessions: Iterable[Session]) -> dict[date, datetime]:
    """What the rule says for the days of these sessions."""
    days = sorted(each.occurs_on for each in sessions if each.occurs_on)
    if not (days and schedule.is_active):
        return {}
    every = recurrence.occurrences(
        schedule.rule,
        start=schedule.starts_on,
        at=schedule.at,
        zone=_zone(schedule),
        first=days[0],
        last=days[-1],
        until=schedule.until,
        but=schedule.exceptions,
    )
    return {each.day: each.starts_at for each in every}


def _accords(
    session: Session, schedule: Schedule, said: dict[date, datetime], named: set[uuid.UUID]
) -> bool:
    """Whether a session is as its schedule would make it."""
    return (
        session.occurs_on is not None
        and said.get(session.occurs_on) == session.starts_at
        and session.location_id == schedule.location_id
        and session.service_id == schedule.service_id
        and session.ends_at - session.starts_at == schedule.service.duration
        and session.capacity == (schedule.capacity or schedule.service.capacity)
        and (not named or set(session.resource_ids) == named)
    )


def _is_booked(session: Session, moment: datetime) -> bool:
    live = session.bookings.filter(state__in=TAKING)
    return live.exclude(expires_at__lte=moment).exists()


def _withdraw(session: Session, *, by: Actor, now: datetime | None) -> None:
    """Take a session out of the book that nobody has booked; where somebody had, its history
    stays, cancelled, and its day is the schedule's again."""
    if not session.bookings.exists():
        record_session(session, Event.Kind.SESSION_CANCELLED, by=by, now=now)
        session.delete()
        return
    session.schedule, session.occurs_on = None, None
    session.save(update_fields=["schedule", "occurs_on"])
    cancel_session(session, by=by, now=now)


# --- putting sessions in the book ----------------------------------------------------------------


def lay_out(schedule: Schedule, *, by: Actor = SYSTEM, now: datetime | None = None) -> Laid:
    """Put in the book what is due and isn't there; safe to run anywhere, any number at once.

    A day on which the place (or one of the resources named) is closed is left out, and so is one
    on which something is taken: both are written down as omissions, and tried again the next time.
    What is in the book and no longer accords, or is on a day that was closed since, is taken out as
    soon as nobody has booked it, unless it was changed by hand.
    """
    moment = clock.read(now)
    laid = Laid()
    rows = Schedule.objects.select_related("business", "location", "service")
    found = rows.filter(pk=schedule.pk).first()
    if found is None:
        return laid  # given up meanwhile
    schedule = found
    named = [each.pk for each in schedule.resources.all()]
    with contextlib.suppress(_Overtaken):  # whoever changed it lays out what it says now
        _lay_out(schedule, named, laid, by=by, moment=moment, now=now)
    return laid


def _lay_out(
    schedule: Schedule,
    named: Sequence[uuid.UUID],
    laid: Laid,
    *,
    by: Actor,
    moment: datetime,
    now: datetime | None,
) -> None:
    said = due(schedule, moment=moment)
    today = service_day(moment, _zone(schedule))
    sessions = list(schedule.sessions.filter(Q(starts_at__gt=moment) | Q(occurs_on__gte=today)))
    promises = timetables.load(schedule.business, days=(today, said[-1].day)) if said else None
    closed = {
        each.day: reason
        for each in said
        if promises and (reason := _closed(schedule, each, promises, named))
    }
    wanted = _said(schedule, sessions)
    there = set()
    for session in sessions:
        fits = session.occurs_on not in closed and _accords(session, schedule, wanted, set(named))
        if fits or not _take_out(schedule, session, by=by, moment=moment, now=now):
            there.add(session.occurs_on)
    for each in said:
        if each.day in there:
            continue
        kind, reason = Omission.Kind.CLOSED, closed.get(each.day, "")
        if not reason:
            try:
                made = _make(schedule, each, named, by=by, now=now)
            except DomainError as error:
                kind, reason = Omission.Kind.CLASH, str(error)
            else:
                laid.made.extend([made] if made else [])
                continue
        omission, _ = Omission.objects.update_or_create(
            schedule_id=schedule.pk,
            day=each.day,
            defaults={"kind": kind, "reason": reason[:300]},
            create_defaults={"kind": kind, "reason": reason[:300], "noticed_at": moment},
        )
        laid.omitted.append(omission)


def lay_out_all(business: Business | None = None, *, now: datetime | None = None) -> Laid:
    """Put in the book what is due of every schedule, or of one business's. One that can't be
    followed keeps no other waiting."""
    moment = clock.read(now)
    Omission.objects.filter(day__lt=moment.date() - KEPT).delete()
    ahead = Session.objects.filter(schedule=OuterRef("pk"), starts_at__gt=moment)
    every = Schedule.objects.filter(Q(is_active=True) | Exists(ahead), business__is_active=True)
    if business:
        every = every.filter(business=business)
    laid = Laid()
    for schedule in every.order_by("business", "pk"):
        try:
            one = lay_out(schedule, now=now)
        except OperationalError:
            raise
        except Exception:
            log.exception("Schedule %s can't be laid out", schedule.pk)
            continue
        laid.made.extend(one.made)
        laid.omitted.extend(one.omitted)
    return laid


@written
def _take_out(
    schedule: Schedule, session: Session, *, by: Actor, moment: datetime, now: datetime | None
) -> bool:
    """Take a session out of the book that shouldn't be there; whether it was there for nobody."""
    if session.state != Session.State.SCHEDULED or session.was_changed:
        return False
    _still(schedule)
    found = (
        Session.objects.select_for_update(no_key=True)
        .filter(pk=session.pk, state=Session.State.SCHEDULED, was_changed=False)
        .first()
    )
    if found is None or found.starts_at <= moment or _is_booked(found, moment):
        return False
    _withdraw(found, by=by, now=now)
    return True


class _Overtaken(Exception):
    """The schedule isn't any more what was read of it."""


def _closed(
    schedule: Schedule,
    each: Occurrence,
    promises: timetables.Timetables,
    named: Sequence[uuid.UUID],
) -> str | None:
    """Why there is no class then; a class may be outside the opening hours, as staff want it."""
    during = Interval(each.starts_at, each.starts_at + schedule.service.duration)
    for resource in (None, *named):
        if reason := promises.closed(
            schedule.location_id, during, resource_id=resource, hours=False
        ):
            return reason
    return None


@written
def _make(
    schedule: Schedule,
    each: Occurrence,
    named: Sequence[uuid.UUID],
    *,
    by: Actor,
    now: datetime | None,
) -> Session | None:
    """One session, in one transaction; None when it is there already."""
    current = _still(schedule)
    if Session.objects.filter(schedule=current, occurs_on=each.day).exists():
        return None
    made = schedule_session(
        schedule.service,
        starts_at=each.starts_at,
        capacity=schedule.capacity,
        resource_ids=named,
        location_id=schedule.location_id,
        by=by,
        now=now,
    )
    made.schedule, made.occurs_on = current, each.day
    made.save(update_fields=["schedule", "occurs_on"])
    current.omissions.filter(day=each.day).delete()
    return made


def _still(schedule: Schedule) -> Schedule:
    """The schedule, kept from others until the transaction ends. Raises _Overtaken."""
    current = Schedule.objects.select_for_update(no_key=True).filter(pk=schedule.pk).first()
    if current is None or current.updated_at != schedule.updated_at:
        raise _Overtaken
    return current
