"""What becomes of a booking once it is made, up to its end."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from accounts import clock
from accounts.models import Business
from accounts.transactions import written
from billing.models import Deposit
from bookings import allocations, doorbell, lifecycle, policies
from bookings.errors import HoldExpired, WrongState
from bookings.lifecycle import State
from bookings.models import Allocation, Booking, Event, Outbox
from bookings.services.making import confirm
from bookings.services.recording import about, is_lapsed, locked, owe, record
from bookings.services.sessions import let_go, locked_session, touch
from bookings.wishes import SYSTEM, Actor


@written
def check_in(
    booking: Booking, *, by: Actor, is_unasked: bool = False, now: datetime | None = None
) -> Booking:
    """The party is here (seated). Raises WrongState unless it was confirmed; with `is_unasked` it
    may still wait for a yes, but not for its deposit: who sits there has been let in."""
    also = frozenset({State.PENDING}) if is_unasked else frozenset[State]()
    return _become(booking, State.CHECKED_IN, Event.Kind.CHECKED_IN, by=by, now=now, also=also)[0]


@written
def accept(
    booking: Booking,
    *,
    until: datetime,
    by: Actor,
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """The business would have a party that waits for a yes, and now waits for theirs until then;
    past that the booking lapses; `details` is added. Raises WrongState unless it is pending and
    owes no deposit."""
    booking = locked(booking)
    owes = Deposit.objects.filter(booking_id=booking.pk, status="pending").exists()
    state = State.EXPIRED.value if is_lapsed(booking, now=now) else booking.state
    if state != State.PENDING.value or owes:
        raise WrongState(state, "accepted")
    booking.expires_at, booking.updated_at = until, clock.read(now)
    booking.details = booking.details | dict(details or {})
    booking.save(update_fields=["expires_at", "details", "updated_at"])
    Allocation.objects.filter(booking=booking).update(expires_at=until)
    record(booking, Event.Kind.UPDATED, by=by, now=now)
    return booking


@written
def complete(booking: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """The party has left; the rest of their time is free at once. What they took is remembered,
    should they be here still."""
    took = Allocation.objects.filter(booking=booking, session=None).aggregate(
        since=Min("starts_at"), until=Max("ends_at")
    )
    said = [each.isoformat() for each in took.values() if each]
    return _become(booking, State.COMPLETED, Event.Kind.COMPLETED, by=by, now=now, took=said)[0]


@written
def mark_no_show(booking: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """Nobody came: the time is free, and a deposit is captured."""
    booking, is_new = _become(booking, State.NO_SHOW, Event.Kind.NO_SHOW, by=by, now=now)
    if is_new:
        _settle(booking, Outbox.Topic.CAPTURE, now=now)
    return booking


@written
def cancel(
    booking: Booking,
    *,
    by: Actor,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """Give the time back; `details` is added to what protocols say of it. A deposit is released,
    unless the guest cancels too late for that; cancelled again, it stays where it went."""
    booking, is_new = _become(
        booking, State.CANCELLED, Event.Kind.CANCELLED, by=by, now=now, reason=reason
    )
    if details:
        booking.details = booking.details | dict(details)
        booking.save(update_fields=["details"])
    if is_new:
        late_guest = by.kind == "guest" and policies.is_late(booking, now or timezone.now())
        _settle(booking, Outbox.Topic.CAPTURE if late_guest else Outbox.Topic.RELEASE, now=now)
    return booking


@written
def release(booking: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """Let go of a hold: the time is free. Raises WrongState for what is no longer a hold."""
    session = locked_session(booking)
    current = locked(booking)
    if current.state not in (State.HELD.value, State.CANCELLED.value, State.EXPIRED.value):
        raise WrongState(current.state, "released")
    if current.state != State.HELD.value:
        return current
    current.state, current.expires_at = State.CANCELLED.value, None
    current.updated_at = clock.read(now)
    current.save(update_fields=["state", "expires_at", "updated_at"])
    Allocation.objects.filter(booking=current).delete()
    let_go(session, at=current.updated_at)
    record(current, Event.Kind.CANCELLED, by=by, now=now)
    return current


def _become(
    booking: Booking,
    state: State,
    kind: Event.Kind,
    *,
    by: Actor,
    now: datetime | None,
    also: frozenset[State] = frozenset(),
    **more: Any,
) -> tuple[Booking, bool]:
    """Bring a booking into a state; and whether it wasn't in it already."""
    session = locked_session(booking)
    booking = locked(booking)
    if booking.state == state.value:
        return booking, False
    current = State(booking.state)
    if is_lapsed(booking, now=now):
        current = State.EXPIRED  # lapsed: over, whether or not the sweep has come by
    if not (lifecycle.allowed(current, state) or current in also):
        raise WrongState(current.value, state.value)
    if current in also:
        if Deposit.objects.filter(booking_id=booking.pk, status="pending").exists():
            raise WrongState(current.value, state.value)
        Allocation.objects.filter(booking=booking).update(expires_at=None)
        more["before"] = current.value
    booking.state, booking.expires_at = state.value, None
    booking.updated_at = clock.read(now)
    booking.save(update_fields=["state", "expires_at", "updated_at"])
    if state not in lifecycle.TAKING:
        Allocation.objects.filter(booking=booking).delete()
        let_go(session, at=booking.updated_at)
    touch(session, booking.updated_at)
    record(booking, kind, by=by, now=now, **{k: v for k, v in more.items() if v})
    return booking, True


def _settle(booking: Booking, topic: Outbox.Topic, *, now: datetime | None) -> None:
    """Owe the deposit's end to the gateway; it is asked outside this transaction."""
    open_ = (Deposit.Status.PENDING, Deposit.Status.HELD, Deposit.Status.CAPTURED)
    deposit = Deposit.objects.filter(booking_id=booking.pk, status__in=open_).first()
    if deposit is None or Outbox.objects.filter(deposit_id=deposit.pk).exists():
        return
    owe(now=now, topic=topic, deposit_id=deposit.pk)


@written
def deposit_paid(
    deposit: Deposit, *, by: Actor = SYSTEM, now: datetime | None = None
) -> Booking | None:
    """The gateway says that a deposit is held or charged: the booking it is for is confirmed.

    Paid too late, after the booking lapsed or was cancelled, the money is owed back. Safe to be
    told twice. Returns the booking, or None when there is none of that id.
    """
    deposit = Deposit.objects.select_for_update(no_key=True).get(pk=deposit.pk)
    booking = Booking.objects.filter(pk=deposit.booking_id).first()
    if booking is None or deposit.status != Deposit.Status.PENDING:
        return booking
    is_charge = deposit.type == Business.DepositType.CHARGE
    deposit.status = Deposit.Status.CAPTURED if is_charge else Deposit.Status.HELD
    deposit.save(update_fields=["status", "updated_at"])
    try:
        with transaction.atomic():
            record(booking, Event.Kind.DEPOSIT_PAID, by=by, now=now, **about(deposit))
            return confirm(booking, by=by, now=now)
    except (HoldExpired, WrongState):
        owe(now=now, topic=Outbox.Topic.RELEASE, deposit_id=deposit.pk)
        return booking


@written
def expire_holds(*, limit: int = 500, now: datetime | None = None) -> Sequence[uuid.UUID]:
    """Clear away a batch of lapsed holds; returns whose. Late or never, no guest can tell."""
    expired = allocations.expire_batch(limit=limit, now=now)
    if expired:
        transaction.on_commit(doorbell.ring)
    return expired
