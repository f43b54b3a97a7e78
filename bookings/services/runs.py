"""Runs that guests open and fill themselves: held together, then admitted one by one."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from accounts import clock
from accounts.errors import Conflict
from accounts.models import Channel
from accounts.transactions import written
from bookings import allocations, lifecycle, rules, selectors
from bookings.errors import HoldExpired, SlotTaken, WrongState
from bookings.lifecycle import State
from bookings.models import Allocation, Booking, Session
from bookings.services.classes import free_places, seat
from bookings.services.guests import meet
from bookings.services.making import (
    clear_the_way,
    confirm,
    lock_days,
    refuse_past,
    respect_quota,
)
from bookings.services.progress import release
from bookings.services.recording import is_lapsed, locked
from bookings.services.sessions import locked_session, schedule_held, touch
from bookings.wishes import Actor, GuestDetails, Wish
from resources.models import Resource, Service

Details = Mapping[str, Any]  # what a protocol says of a row, by the protocol's name


@dataclasses.dataclass(frozen=True, slots=True)
class Comer:
    """Somebody who is to have places: who, how many, and what protocols say of both."""

    guest: GuestDetails
    party_size: int | None = None
    notes: str = ""
    of_guest: Mapping[str, Details] = dataclasses.field(default_factory=dict)
    details: Details = dataclasses.field(default_factory=dict)


def joinable(
    service: Service,
    starts_at: datetime,
    *,
    resource_ids: frozenset[uuid.UUID] | None = None,
    now: datetime | None,
) -> list[Session]:
    """The runs of a service with this start that take guests, the oldest first; those that are only
    held come last. One query."""
    moment = clock.moment(now)
    live = Q(state=Session.State.SCHEDULED) | Q(state=Session.State.HELD, expires_at__gt=moment)
    found = Session.objects.filter(
        live, business_id=service.business_id, service=service, starts_at=starts_at
    ).order_by("-state", "created_at", "pk")
    return [
        each
        for each in found
        if resource_ids is None or resource_ids.intersection(each.resource_ids)
    ]


@written
def hold_run(
    wish: Wish,
    *,
    spaces: int,
    lasts: timedelta,
    by: Actor,
    source: str,
    channel: Channel | None = None,
    details: Details | None = None,
    counts: bool = True,
    now: datetime | None = None,
) -> Booking:
    """Hold places in a run that nobody has scheduled: its time is taken for as long as somebody
    holds a place in it, and all who want the same start share it. One that doesn't count is part of
    one that did.

    Raises SlotTaken when neither the time nor a place in such a run is free, NotOffered outside
    the rules that the wish keeps.
    """
    service = wish.service
    assert service is not None
    capacity = service.capacity or 1
    refuse_past(wish, now)
    if counts:
        respect_quota(service.business, now)
    during = (wish.takes_from, wish.takes_until)
    lock_days(service.business.locations.values_list("pk", flat=True), *during)
    wanted = frozenset({wish.resource_id}) if wish.resource_id else None
    who: dict[str, Any] = {"by": by, "source": source, "channel": channel, "now": now}
    for run in joinable(service, wish.starts_at, resource_ids=wanted, now=now):
        session = Session.objects.select_for_update(no_key=True).filter(pk=run.pk).first()
        if session is None:
            continue  # its schedule took it out of the book meanwhile
        session.business = service.business
        try:
            return seat(session, party_size=spaces, guest=None, lasts=lasts, **who)
        except SlotTaken:
            continue
    if spaces > capacity:
        raise SlotTaken("There are not enough places.")
    places = rules.refuse_outside(wish, now=now)
    look = selectors.look(dataclasses.replace(wish, party_size=1), now=now, places=places)
    if look.plan is None:
        raise SlotTaken
    clear_the_way(service.business_id, look, during, now=now)
    moment = clock.read(now)
    run = Session.objects.create(
        business_id=service.business_id,
        location_id=look.at(look.plan.resource_ids[0]).location_id,
        service=service,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        capacity=capacity,
        state=Session.State.HELD,
        resource_ids=list(look.plan.resource_ids),
        details=dict(details or {}),
        expires_at=moment + lasts,
        created_at=moment,
        updated_at=moment,
    )
    allocations.take(
        look.plan.takes,
        business_id=service.business_id,
        session_id=run.pk,
        during=during,
        expires_at=run.expires_at,
    )
    run.business = service.business
    return seat(run, party_size=spaces, guest=None, lasts=lasts, **who)


def room(session: Session, *, now: datetime | None = None) -> int:
    """How many places of a run are free; a lapsed hold has none. One query."""
    waits = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.moment(now))
    taken = Allocation.objects.filter(waits, session=session, booking__isnull=False).count()
    return max(0, session.capacity - taken)


@written
def admit(
    hold: Booking,
    comers: Sequence[Comer],
    *,
    by: Actor,
    source: str,
    channel: Channel | None = None,
    details: Details | None = None,
    now: datetime | None = None,
) -> Session | Booking:
    """Turn a hold into a promise to each of these people; a hold is good for one such turn.

    One who comes alone takes all places held unless they say how many; of several each takes one
    unless they say. More than were held is possible in a class that has them free. What isn't
    needed is free again. With nobody the run is scheduled, empty. `details` is what is said of a
    run that this makes. Returns the run, or the booking where no class is.

    Raises HoldExpired, SlotTaken when there is no room for all or the class was called off or
    moved meanwhile, WrongState for what isn't a hold any more.
    """
    wanted = _places_wanted(hold, comers)
    if len(comers) > 1:
        respect_quota(hold.business, now)
    if hold.session_id is None and len(comers) == 1:
        return _admit_alone(hold, comers[0], wanted[0], by=by, now=now)
    if hold.session_id is None:
        if sum(wanted) > hold.party_size:
            raise SlotTaken("There are not enough places.")
        _open(hold, details=details or {}, now=now)
        hold.refresh_from_db()
    session = locked_session(hold)
    assert session is not None
    hold = _still_held(hold, now=now)
    if session.state == Session.State.CANCELLED or session.starts_at != hold.starts_at:
        raise SlotTaken("This class has been called off or moved.")
    if session.state == Session.State.HELD and details:
        session.details = {**session.details, **details}
        session.save(update_fields=["details"])
    allocations.release_lapsed_places(session.pk, now=now)
    if sum(wanted) > hold.party_size + len(free_places(session)):
        raise SlotTaken("There are not enough places left in this class.")
    if not comers:
        schedule_held(session, by=by, now=now)
        release(hold, by=by, now=now)
        touch(session, clock.read(now))
        return session
    first, *others = comers
    _retake(hold, session, wanted[0])
    _promise(hold, first, by=by, now=now)
    session.refresh_from_db(fields=["state", "expires_at", "updated_at"])
    for comer, places in zip(others, wanted[1:], strict=True):
        guest = _guest(hold, comer, by=by, now=now)
        made = seat(
            session, party_size=places, guest=guest, by=by, source=source, channel=channel,
            notes=comer.notes, now=now,
        )  # fmt: skip
        _say(made.pk, comer.details)
    return session


def _places_wanted(hold: Booking, comers: Sequence[Comer]) -> list[int]:
    if len(comers) == 1:
        return [comers[0].party_size or hold.party_size]
    return [each.party_size or 1 for each in comers]


def _still_held(hold: Booking, *, now: datetime | None) -> Booking:
    hold = locked(hold)
    if hold.state == State.EXPIRED.value or is_lapsed(hold, now=now):
        raise HoldExpired
    if hold.state != State.HELD.value:
        raise WrongState(hold.state, State.CONFIRMED.value)
    return hold


def _admit_alone(
    hold: Booking, comer: Comer, places: int, *, by: Actor, now: datetime | None
) -> Booking:
    if places > hold.party_size:
        raise SlotTaken("There are not enough places.")
    hold = _still_held(hold, now=now)
    if places < hold.party_size:
        _shrink(hold, places)
    _promise(hold, comer, by=by, now=now)
    return locked(hold)


def _shrink(hold: Booking, party_size: int) -> None:
    """Let go of the units that a smaller party doesn't need."""
    for resource in Resource.objects.filter(pk__in=hold.resource_ids, units__gt=1):
        own = Allocation.objects.filter(booking=hold, resource=resource)
        units = sorted(set(own.values_list("unit", flat=True)))
        own.filter(unit__in=units[-(-party_size // resource.covers_max) :]).delete()
    hold.party_size = party_size
    hold.save(update_fields=["party_size"])


def _promise(hold: Booking, comer: Comer, *, by: Actor, now: datetime | None) -> None:
    """Make a hold a promise; it was made when it is, and not when the time was held."""
    moment = clock.read(now)
    Booking.objects.filter(pk=hold.pk).update(created_at=moment)
    guest = _guest(hold, comer, by=by, now=now)
    confirm(hold, by=by, guest=guest, notes=comer.notes or None, now=now)
    _say(hold.pk, comer.details)


def _guest(hold: Booking, comer: Comer, *, by: Actor, now: datetime | None) -> uuid.UUID:
    found = meet(hold.business, comer.guest, details=comer.of_guest, by=by, now=now)
    return found.pk


def _say(booking_id: uuid.UUID, details: Details) -> None:
    if details:
        Booking.objects.filter(pk=booking_id).update(details=dict(details))


def _retake(booking: Booking, session: Session, places: int) -> None:
    """Let a booking have so many places in its class, whichever are free."""
    Allocation.objects.filter(booking=booking).delete()
    allocations.take(
        [(None, unit) for unit in free_places(session)[:places]],  # type: ignore[misc]
        business_id=session.business_id,
        booking_id=booking.pk,
        session_id=session.pk,
        during=(session.starts_at, session.ends_at),
        expires_at=booking.expires_at,
    )
    booking.party_size = places
    booking.save(update_fields=["party_size"])


# --- a booking becomes a run ---------------------------------------------------------------------


@written
def open_run(booking: Booking, *, by: Actor, now: datetime | None = None) -> Session:
    """Make a run of a booking that has its time to itself: what it took is the run's from now on,
    and the booking the first in it. The run has the booking's id.

    Raises WrongState for what takes no time, Conflict without a service.
    """
    del by  # nothing that anybody listens to has happened yet
    return _open(booking, details={}, now=now)


def _open(booking: Booking, *, details: Details, now: datetime | None) -> Session:
    booking = locked(booking)
    if booking.session_id:
        raise Conflict("This booking is in a class.")
    if booking.service_id is None:
        raise Conflict("Only a booking of a service can be shared.")
    state = State(booking.state)
    if is_lapsed(booking, now=now):
        raise HoldExpired
    if state not in lifecycle.TAKING:
        raise WrongState(state.value, "shared")
    session = Session.objects.create(
        pk=booking.pk,
        business_id=booking.business_id,
        location_id=booking.location_id,
        service_id=booking.service_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        capacity=booking.party_size,
        state=Session.State.HELD if booking.expires_at else Session.State.SCHEDULED,
        resource_ids=booking.resource_ids,
        details={**booking.details, **details},
        expires_at=booking.expires_at,
        created_at=booking.created_at,
        updated_at=clock.read(now),
    )
    Allocation.objects.filter(booking=booking).update(booking=None, session=session)
    booking.session = session
    booking.save(update_fields=["session"])
    allocations.take(
        [(None, unit) for unit in range(booking.party_size)],  # type: ignore[misc]
        business_id=booking.business_id,
        booking_id=booking.pk,
        session_id=session.pk,
        during=(booking.starts_at, booking.ends_at),
        expires_at=booking.expires_at,
    )
    return session
