"""Classes: their runs, and the places in them."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import clock
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Channel
from accounts.transactions import LostRace, lock, written
from bookings import allocations, assignment, doorbell, lifecycle, rules, selectors
from bookings.errors import InThePast, SlotTaken, WrongState
from bookings.lifecycle import State
from bookings.models import Allocation, Booking, Event, Session
from bookings.references import new_reference
from bookings.services.making import (
    GRACE,
    DepositTerms,
    clear_the_way,
    deposit_wait,
    earlier_with,
    lock_days,
    owe_deposit,
    refuse_past,
    respect_quota,
)
from bookings.services.progress import cancel
from bookings.services.recording import locked, record, snapshot
from bookings.services.sessions import (
    extend,
    locked_session,
    record_session,
    schedule_held,
    touch,
)
from bookings.wishes import Actor, GuestDetails, Wish, days
from resources.models import Resource, Service


@written
def schedule_session(
    service: Service,
    *,
    starts_at: datetime,
    by: Actor,
    capacity: int | None = None,
    resource_ids: Sequence[uuid.UUID] = (),
    among: Collection[uuid.UUID] = (),
    location_id: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Session:
    """Put one run of a class in the book: its trainer and room are taken once, whole.

    Where no `resource_ids` are named they are chosen by the service's requirements, of the kinds
    of `among` one of these. Raises SlotTaken when one isn't free, Invalid when the class has no
    capacity.
    """
    places = capacity or service.capacity
    if not places:
        raise Invalid("A class needs a capacity.", fields={"capacity": "Required."})
    wish = Wish.of(
        service,
        starts_at=starts_at,
        location_id=location_id,
        among=frozenset(among) if among else None,
    )
    during = (wish.takes_from, wish.takes_until)
    seen = selectors.offered(service.business_id, *during, now=now, location_id=location_id)
    lock_days({each.location_id for each in seen}, *during)
    look = session_look(wish, resource_ids, now=now)
    location = location_id or (
        look.at(look.plan.resource_ids[0]).location_id
        if look.plan and look.plan.resource_ids
        else service.business.locations.order_by("display_order", "name").values_list(
            "pk", flat=True
        )[0]
    )
    moment = clock.read(now)
    session = Session.objects.create(
        business_id=service.business_id,
        location_id=location,
        service=service,
        starts_at=starts_at,
        ends_at=wish.ends_at,
        capacity=places,
        resource_ids=list(look.plan.resource_ids) if look.plan else [],
        created_at=moment,
        updated_at=moment,
    )
    if look.plan and look.plan.takes:
        clear_the_way(service.business_id, look, during, now=now)
        allocations.take(
            look.plan.takes,
            business_id=service.business_id,
            session_id=session.pk,
            during=during,
        )
    record_session(session, Event.Kind.SESSION_SCHEDULED, by=by, now=now)
    return session


def session_look(
    wish: Wish, resource_ids: Sequence[uuid.UUID], *, now: datetime | None
) -> selectors.Look:
    """What a run would take: these resources whole, or what its service needs. Raises SlotTaken."""
    assert wish.service is not None
    if not resource_ids and not wish.service.requirements.exists():
        return selectors.Look(None, ())
    if not resource_ids:
        look = selectors.look(wish, now=now)
        if look.plan is None:
            raise SlotTaken
        return look
    seen = selectors.offered(wish.business.pk, wish.takes_from, wish.takes_until, now=now)
    known = {each.id: each for each in seen}
    if missing := [each for each in resource_ids if each not in known]:
        raise NotFound(f"There is no such resource: {missing[0]}.")
    if taken := [known[each].candidate.name for each in resource_ids if _is_taken(known[each])]:
        raise SlotTaken(f"{' and '.join(taken)}: taken at this time.")
    takes = tuple(
        (each, unit) for each in resource_ids for unit in range(known[each].candidate.units)
    )
    return selectors.Look(assignment.Plan(takes, tuple(resource_ids)), seen)


def _is_taken(each: selectors.Offered) -> bool:
    return bool(each.candidate.taken_units)


@written
def book_places(
    session: Session,
    *,
    party_size: int,
    guest: GuestDetails | uuid.UUID | None,
    by: Actor,
    source: str,
    channel: Channel | None = None,
    key: str = "",
    notes: str = "",
    details: Mapping[str, Any] | None = None,
    lasts: timedelta | None = None,
    deposit: DepositTerms | None = None,
    counts: bool = True,
    now: datetime | None = None,
) -> Booking:
    """Book places in a class, or hold them when `lasts` says for how long; with a deposit to pay,
    booked once that is paid. One that doesn't count is part of one that did.

    The session's row is locked first, so nobody is refused while there is room, and the places are
    counted by the database's own constraint. Raises SlotTaken when too few are left.
    """
    if earlier := earlier_with(channel, key):
        return earlier
    if counts:
        respect_quota(session.business, now)
    found = (
        Session.objects.select_for_update(no_key=True, of=("self",))
        .select_related("business")
        .filter(pk=session.pk)
        .first()
    )
    if found is None:
        raise SlotTaken("This class has been cancelled.")
    session = found
    if session.starts_at < (now or timezone.now()) - GRACE:
        raise InThePast
    return seat(
        session,
        party_size=party_size,
        guest=guest,
        by=by,
        source=source,
        channel=channel,
        key=key,
        notes=notes,
        details=details,
        lasts=lasts,
        deposit=deposit,
        now=now,
    )


def seat(
    session: Session,
    *,
    party_size: int,
    guest: GuestDetails | uuid.UUID | None,
    by: Actor,
    source: str,
    channel: Channel | None = None,
    key: str = "",
    notes: str = "",
    details: Mapping[str, Any] | None = None,
    lasts: timedelta | None = None,
    deposit: DepositTerms | None = None,
    now: datetime | None = None,
) -> Booking:
    """Give out places of a run whose row is locked. A run that is only held stays for as long as
    this hold does, or for good once somebody comes for sure."""
    is_lapsed = session.expires_at is not None and session.expires_at <= clock.read(now)
    if is_lapsed or session.state not in (Session.State.SCHEDULED, Session.State.HELD):
        raise SlotTaken("This class has been cancelled.")
    allocations.release_lapsed_places(session.pk, now=now)
    places = free_places(session)[:party_size]
    if len(places) < party_size:
        raise SlotTaken("There are not enough places left in this class.")
    booking = Booking(
        business=session.business,
        location_id=session.location_id,
        service_id=session.service_id,
        session=session,
        channel=channel,
        source=source,
        reference=new_reference(),
        key=key,
        state=(State.HELD if lasts else State.PENDING if deposit else State.CONFIRMED).value,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        party_size=party_size,
        resource_ids=session.resource_ids,
        notes=notes,
        details=dict(details or {}),
    )
    allocations.book(
        booking,
        takes=[(None, unit) for unit in places],  # type: ignore[misc]
        during=(session.starts_at, session.ends_at),
        guest=guest,
        kind=Event.Kind.HELD if lasts else Event.Kind.CREATED,
        by=by,
        data=snapshot(booking),
        waits=deposit_wait(session.business) if deposit else lasts,
        now=now,
    )
    if deposit:
        owe_deposit(booking, deposit)
    if booking.expires_at:
        extend(session, booking.expires_at)
    else:
        schedule_held(session, by=by, now=now)
        touch(session, booking.updated_at)
    transaction.on_commit(doorbell.ring)
    return booking


def free_places(session: Session) -> list[int]:
    """The places that nobody has; clear the lapsed holds away first."""
    taken = set(
        Allocation.objects.filter(session=session, booking__isnull=False).values_list(
            "unit", flat=True
        )
    )
    return [unit for unit in range(session.capacity) if unit not in taken]


@written
def change_places(
    booking: Booking,
    session: Session,
    *,
    party_size: int | None = None,
    by: Actor,
    now: datetime | None = None,
) -> Booking:
    """Give a booking places in another run of a class, in place of those that it has.

    Raises SlotTaken when too few are left there, WrongState for what isn't confirmed; the booking
    then is as it was.
    """
    runs = {
        each.pk: each
        for each in Session.objects.select_for_update(no_key=True, of=("self",))
        .filter(business_id=booking.business_id, pk__in={booking.session_id, session.pk})
        .order_by("pk")
    }
    booking = locked(booking)
    to = runs.get(session.pk)
    if booking.state != State.CONFIRMED.value:
        raise WrongState(booking.state, "moved")
    if to is None or to.state != Session.State.SCHEDULED:
        raise SlotTaken("This class has been cancelled.")
    if to.starts_at < (now or timezone.now()) - GRACE:
        raise InThePast
    allocations.release_lapsed_places(to.pk, now=now)
    was, size = snapshot(booking), party_size or booking.party_size
    Allocation.objects.filter(booking=booking).delete()
    places = free_places(to)[:size]
    if len(places) < size:
        raise SlotTaken("There are not enough places left in this class.")
    allocations.take(
        [(None, unit) for unit in places],  # type: ignore[misc]
        business_id=booking.business_id,
        booking_id=booking.pk,
        session_id=to.pk,
        during=(to.starts_at, to.ends_at),
    )
    left = runs.get(booking.session_id) if booking.session_id else None
    booking.session, booking.service_id, booking.location_id = to, to.service_id, to.location_id
    booking.starts_at, booking.ends_at = to.starts_at, to.ends_at
    booking.party_size, booking.resource_ids = size, to.resource_ids
    booking.updated_at = clock.read(now)
    booking.save(
        update_fields=[
            "session", "service", "location", "starts_at", "ends_at", "party_size", "resource_ids",
            "updated_at",
        ]
    )  # fmt: skip
    for each in (left, to):
        touch(each, booking.updated_at)
    record(booking, Event.Kind.UPDATED, by=by, now=now, was=was)
    return booking


def resize(booking: Booking, wish: Wish, *, by: Actor, now: datetime | None) -> Booking:
    if wish.starts_at != booking.starts_at or wish.ends_at != booking.ends_at:
        raise Invalid("A place in a class can't be moved in time; book the other class.")
    session = locked_session(booking)
    assert session is not None
    is_off = session.state not in (Session.State.SCHEDULED, Session.State.HELD)
    if is_off or session.starts_at != booking.starts_at:
        raise SlotTaken("This class has been called off or moved.")
    allocations.release_lapsed_places(session.pk, now=now)
    was = snapshot(booking)
    Allocation.objects.filter(booking=booking).delete()
    places = free_places(session)[: wish.party_size]
    if len(places) < wish.party_size:
        raise SlotTaken("There are not enough places left in this class.")
    allocations.take(
        [(None, unit) for unit in places],  # type: ignore[misc]
        business_id=booking.business_id,
        booking_id=booking.pk,
        session_id=session.pk,
        during=(session.starts_at, session.ends_at),
        expires_at=booking.expires_at,
    )
    booking.party_size = wish.party_size
    booking.updated_at = clock.read(now)
    if snapshot(booking) != was:
        booking.save(update_fields=["party_size", "updated_at"])
        touch(session, booking.updated_at)
        record(booking, Event.Kind.UPDATED, by=by, now=now, was=was)
    return booking


@written
def change_session(
    session: Session,
    *,
    by: Actor,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    capacity: int | None = None,
    resource_ids: Sequence[uuid.UUID] | None = None,
    service: Service | None = None,
    details: Mapping[str, Any] | None = None,
    keeps_hours: bool = False,
    keeps_windows: bool = True,
    any_resource: bool = True,
    now: datetime | None = None,
) -> Session:
    """Move a class to another time or other resources, make it one of another service, or give it
    more or fewer places.

    What isn't given stays, and its bookings go with it; who only holds a place is told once they
    come back for it. Its schedule then leaves it alone. Without `any_resource` the resources must
    be of those that its service names. Raises SlotTaken when a resource isn't
    free, InThePast, NotOffered outside the hours that it keeps, Conflict for fewer places than are
    taken and for a class that was cancelled.
    """
    seen = Session.objects.select_related("service__business").filter(pk=session.pk).first()
    if seen is None:
        raise NotFound
    before = _wish_for(seen, seen.service, seen.starts_at, seen.ends_at)
    wish = dataclasses.replace(
        _wish_for(seen, service or seen.service, starts_at or seen.starts_at, ends_at),
        keeps_hours=keeps_hours,
        keeps_windows=keeps_windows,
    )
    moves = (wish.takes_from, wish.takes_until) != (before.takes_from, before.takes_until) or (
        (wish.starts_at, wish.ends_at) != (before.starts_at, before.ends_at)
    )
    if resource_ids and not any_resource and wish.service:
        _refuse_strangers(wish.service, resource_ids)
    if wish.starts_at != before.starts_at:
        refuse_past(wish, now)
    if moves:
        rules.refuse_outside(wish, now=now)
    places = set(
        Resource.objects.filter(business_id=seen.business_id).values_list("location_id", flat=True)
    ) | {seen.location_id}
    lock(
        f"day:{place}:{day}"
        for place in places
        for each in (before, wish)
        for day in days(each.takes_from, each.takes_until)
    )
    found = (
        Session.objects.select_for_update(no_key=True, of=("self",))
        .select_related("business", "location", "service")
        .filter(pk=session.pk)
        .first()
    )
    if found is None:
        raise NotFound
    session = found
    as_seen = (seen.starts_at, seen.ends_at, seen.service_id)
    if (session.starts_at, session.ends_at, session.service_id) != as_seen:
        raise LostRace  # moved meanwhile: it isn't moved back by whoever gives it more places
    if session.state != Session.State.SCHEDULED:
        raise Conflict("This class has been cancelled.")
    if capacity is not None and capacity != session.capacity:
        allocations.release_lapsed_places(session.pk, now=now)
        _make_room_within(session, capacity)
    wanted = list(session.resource_ids if resource_ids is None else resource_ids)
    if moves or set(wanted) != set(session.resource_ids):
        _take_elsewhere(session, wish, wanted, by=by, now=now)
    if service is not None:
        session.service = service
        session.bookings.update(service=service)
    if details is not None:
        session.details = dict(details)
    session.was_changed = session.was_changed or session.schedule_id is not None
    session.updated_at = clock.read(now)
    session.save()
    record_session(session, Event.Kind.SESSION_CHANGED, by=by, now=now)
    return session


def _refuse_strangers(service: Service, resource_ids: Sequence[uuid.UUID]) -> None:
    """Let nobody serve a service that names others. Raises SlotTaken."""
    needs = selectors.requirements(service)
    kinds = dict(Resource.objects.filter(pk__in=resource_ids).values_list("pk", "kind"))
    for each in resource_ids:
        if needs and not any(need.kind == kinds.get(each) and need.admits(each) for need in needs):
            raise SlotTaken("This resource does not offer this service.")


def _wish_for(
    session: Session,
    service: Service,
    starts_at: datetime,
    ends_at: datetime | None,
) -> Wish:
    """The time that a run wants; as long as it is now unless its end is said."""
    lasts = ends_at - starts_at if ends_at else session.ends_at - session.starts_at
    if lasts <= timedelta():
        raise Invalid("A class must end after it starts.")
    return Wish.of(service, starts_at=starts_at, duration=lasts, keeps_notice=False)


def _make_room_within(session: Session, capacity: int) -> None:
    """Bring every place taken into the first `capacity` ones."""
    taken = Allocation.objects.filter(session=session, booking__isnull=False)
    if capacity < taken.count():
        raise Conflict(f"{taken.count()} places are taken already.")
    session.capacity = capacity
    spare = iter(free_places(session))
    for each in taken.filter(unit__gte=capacity).order_by("unit"):
        each.unit = next(spare)
        each.save(update_fields=["unit"])


def _take_elsewhere(
    session: Session,
    wish: Wish,
    wanted: Sequence[uuid.UUID],
    *,
    by: Actor,
    now: datetime | None,
) -> None:
    """Give back what the class takes and take it at the new time; its bookings go with it."""
    during = (wish.takes_from, wish.takes_until)
    Allocation.objects.filter(session=session, booking=None).delete()
    look = session_look(wish, wanted, now=now)
    if look.plan and look.plan.takes:
        clear_the_way(session.business_id, look, during, now=now)
        allocations.take(
            look.plan.takes, business_id=session.business_id, session_id=session.pk, during=during
        )
    session.starts_at, session.ends_at = wish.starts_at, wish.ends_at
    session.resource_ids = list(look.plan.resource_ids) if look.plan else []
    if session.resource_ids:
        session.location_id = look.at(session.resource_ids[0]).location_id
    for booking in (
        Booking.objects.select_for_update(no_key=True)
        .filter(session=session, state__in=[each.value for each in lifecycle.TAKING - {State.HELD}])
        .order_by("pk")
    ):
        was = snapshot(booking)
        booking.starts_at, booking.ends_at = session.starts_at, session.ends_at
        booking.resource_ids, booking.location_id = session.resource_ids, session.location_id
        booking.updated_at = clock.read(now)
        booking.save(
            update_fields=["starts_at", "ends_at", "resource_ids", "location", "updated_at"]
        )
        Allocation.objects.filter(booking=booking).update(
            starts_at=session.starts_at, ends_at=session.ends_at
        )
        record(booking, Event.Kind.UPDATED, by=by, now=now, was=was, with_class=str(session.pk))


@written
def cancel_session(session: Session, *, by: Actor, now: datetime | None = None) -> Session:
    """Call a class off: every booking of it is cancelled, and all it took is free.

    Those who have come are sent home again, so theirs are cancelled too and their deposits go back;
    who was marked as missing stays so. Who only holds a place is told once they come back for it;
    the hold lapses when it would have. Raises Conflict for a class that is over: it took place.
    """
    found = Session.objects.select_for_update(no_key=True).filter(pk=session.pk).first()
    if found is None:
        raise NotFound
    session = found
    if session.state in (Session.State.CANCELLED, Session.State.EXPIRED):
        return session
    if session.ends_at <= clock.read(now):
        raise Conflict("This class is over.")
    session.state, session.expires_at = Session.State.CANCELLED, None
    session.updated_at = clock.read(now)
    session.save(update_fields=["state", "expires_at", "updated_at"])
    allocations.release_lapsed_places(session.pk, now=now)
    over = lifecycle.TAKING - {State.HELD}
    for booking in session.bookings.filter(state__in=[each.value for each in over]).order_by("pk"):
        try:
            cancel(booking, by=by, reason="The class was cancelled.", now=now)
        except WrongState:
            continue  # waited for its deposit for too long meanwhile
    Allocation.objects.filter(session=session).delete()
    record_session(session, Event.Kind.SESSION_CANCELLED, by=by, now=now)
    return session
