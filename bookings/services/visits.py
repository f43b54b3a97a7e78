"""Visits: several services for one guest, one after another, that stand and fall together.

Each is a booking of its own, so that time is taken as always; the first leads, the others name it.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from accounts import clock
from accounts.errors import Conflict, Invalid
from accounts.transactions import written
from billing.models import Receipt
from bookings import lifecycle, rules
from bookings.errors import NotOffered, Overpaid, PaymentDue, SlotTaken, WrongState
from bookings.lifecycle import State
from bookings.models import Booking
from bookings.services.classes import book_places
from bookings.services.making import confirm, make
from bookings.services.moving import reschedule
from bookings.services.progress import cancel, check_in, complete, mark_no_show
from bookings.services.recording import locked
from bookings.services.runs import hold_run, joinable
from bookings.wishes import Actor, Wish

GONE = (State.CANCELLED.value, State.EXPIRED.value)
PROMPT = timedelta(minutes=5)  # a place in a shared run is held this long until it is confirmed


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One service of a visit: the wish, what it costs, and what is said of it by protocol."""

    wish: Wish
    price_cents: int
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@written
def book_visit(
    parts: Sequence[Part],
    *,
    guest_id: uuid.UUID,
    by: Actor,
    source: str,
    is_pending: bool = False,
    lasts: timedelta | None = None,
    notes: str = "",
    now: datetime | None = None,
) -> Booking:
    """Take the time of all parts, or of none; returns the first, which leads.

    A pending visit takes its time and waits for a yes: for ever, or as long as it `lasts`. It
    counts once against the plan. Raises Conflict when the guest has the same part already, and as
    `book` does.
    """
    leader: Booking | None = None
    for part in parts:
        wish = part.wish
        service = wish.service
        if service is not None and service.capacity and not service.allows_groups:
            made = _seat(
                wish, guest_id=guest_id, by=by, source=source, counts=leader is None, now=now
            )
        elif service is not None and service.allows_groups:
            made = hold_run(
                wish, spaces=1, lasts=PROMPT, by=by, source=source, counts=leader is None, now=now
            )
            made = confirm(made, by=by, guest=guest_id, now=now)
        else:
            made = make(
                wish,
                guest=guest_id,
                by=by,
                source=source,
                is_pending=is_pending,
                waits=lasts if is_pending else None,
                notes="" if leader else notes,
                counts=leader is None,
                now=now,
            )
        if _has_already(made, guest_id):
            raise Conflict("You already have this appointment")
        made.leader, made.price_cents = leader, part.price_cents
        made.details, made.notes = dict(part.details), "" if leader else notes
        made.save(update_fields=["leader", "price_cents", "details", "notes"])
        leader = leader or made
    if leader is None:
        raise Invalid(fields={"services": "At least one service is required"})
    return leader


def _seat(
    wish: Wish, *, guest_id: uuid.UUID, by: Actor, source: str, counts: bool, now: datetime | None
) -> Booking:
    """A place in a run of a class that is scheduled for this start. Raises SlotTaken, NotOffered
    too soon or too far."""
    assert wish.service is not None
    if wish.keeps_notice:
        first, last = rules.notice_and_horizon(wish.business, wish.service, clock.read(now))
        if not first <= wish.starts_at <= last:
            raise NotOffered
    wanted = frozenset({wish.resource_id}) if wish.resource_id else None
    for run in joinable(wish.service, wish.starts_at, resource_ids=wanted, now=now):
        if wish.location_id not in (None, run.location_id):
            continue
        try:
            return book_places(
                run,
                party_size=1,
                guest=guest_id,
                by=by,
                source=source,
                counts=counts,
                now=now,
            )
        except SlotTaken:
            continue
    raise SlotTaken


def _has_already(made: Booking, guest_id: uuid.UUID) -> bool:
    """Whether the guest has the same service of the same people at the same time twice now."""
    return (
        Booking.objects.filter(
            guest=guest_id,
            service=made.service_id,
            starts_at=made.starts_at,
            resource_ids__overlap=made.resource_ids,
            state__in=[each.value for each in lifecycle.TAKING],
        )
        .exclude(pk=made.pk)
        .exists()
    )


def parts_of(leader: Booking) -> list[Booking]:
    """The bookings of a visit as they are now, in order; each is locked by who changes it.

    A part that was cancelled at another door is out of it, unless all are.
    """
    found = Booking.objects.filter(Q(pk=leader.pk) | Q(leader=leader))
    rows = list(found.select_related("business").order_by("starts_at", "pk"))
    return [each for each in rows if each.state not in GONE] or rows


@written
def move_visit(
    leader: Booking,
    *,
    starts_at: datetime,
    by: Actor,
    step: timedelta | None = None,
    keeps_notice: bool = True,
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """Move a visit as a whole: each part keeps its people where they are free. With a `step` to a
    start on the grid. Raises as `reschedule`; then nothing has moved."""
    parts = parts_of(leader)
    shift = starts_at - parts[0].starts_at
    # Whoever moves later makes room for whoever comes after them.
    for each in sorted(parts, key=lambda one: one.starts_at, reverse=shift > timedelta()):
        reschedule(
            each,
            starts_at=each.starts_at + shift,
            keeps_hours=True,
            keeps_people=True,
            keeps_notice=keeps_notice,
            step=step if each.pk == parts[0].pk else None,
            by=by,
            now=now,
        )
    if details is not None:
        _say(leader, details, now)
    return locked(leader)


@written
def confirm_visit(leader: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """What was pending is promised. Raises WrongState unless it was, or is already."""
    return _each(leader, lambda each: confirm(each, by=by, now=now))


@written
def begin_visit(leader: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """The guest is here."""
    return _each(leader, lambda each: check_in(each, by=by, now=now))


@written
def complete_visit(
    leader: Booking,
    *,
    by: Actor,
    details: Mapping[str, Any] | None = None,
    is_paid: bool = False,
    now: datetime | None = None,
) -> Booking:
    """The guest has left; one who was never checked in came all the same. Raises PaymentDue while
    something is left to pay, unless staff say that it `is_paid`."""
    if not is_paid and balance(leader) > 0:
        raise PaymentDue

    def finish(each: Booking) -> Booking:
        if each.state == State.CONFIRMED.value:
            each = check_in(each, by=by, now=now)
        return complete(each, by=by, now=now)

    done = _each(leader, finish)
    if details is not None:
        _say(leader, details, now)
    return locked(done)


@written
def miss_visit(
    leader: Booking,
    *,
    by: Actor,
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """Nobody came."""
    if details is not None:
        _say(leader, details, now)
    return _each(leader, lambda each: mark_no_show(each, by=by, now=now))


@written
def cancel_visit(
    leader: Booking,
    *,
    by: Actor,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """Give the time of all parts back. Raises WrongState for one that has begun or is over."""
    for each in parts_of(leader):
        if each.state == State.CHECKED_IN.value:
            raise WrongState(each.state, State.CANCELLED.value)
    if details is not None:
        _say(leader, details, now)
    return _each(leader, lambda each: cancel(each, by=by, reason=reason, now=now))


@written
def describe_visit(
    leader: Booking,
    *,
    notes: str | None = None,
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """Change what is said of a visit, not what it takes."""
    if notes is not None:
        Booking.objects.filter(pk=leader.pk).update(notes=notes)
    if details is not None:
        _say(leader, details, now)
    return locked(leader)


def _say(leader: Booking, details: Mapping[str, Any], now: datetime | None) -> None:
    Booking.objects.filter(pk=leader.pk).update(details=dict(details), updated_at=clock.moment(now))


def _each(leader: Booking, act: Callable[[Booking], Booking]) -> Booking:
    for each in parts_of(leader):
        act(each)
    return locked(leader)


# --- money ---------------------------------------------------------------------------------------


def total(leader: Booking) -> int:
    """What a visit costs, as agreed when it was made."""
    return sum(each.price_cents or 0 for each in parts_of(leader))


def paid(leader: Booking) -> int:
    """What was paid for a visit so far."""
    return sum(Receipt.objects.filter(booking_id=leader.pk).values_list("amount_cents", flat=True))


def balance(leader: Booking) -> int:
    """What is left to pay."""
    return max(0, total(leader) - paid(leader))


@written
def take_payment(
    leader: Booking,
    *,
    amount_cents: int,
    method: str,
    by: Actor,
    number: str = "",
    notes: str = "",
    now: datetime | None = None,
) -> Receipt:
    """Write down money taken at the counter. Raises Overpaid above the balance, WrongState
    for a visit that was cancelled."""
    leader = locked(leader)
    if all(each.state in GONE for each in parts_of(leader)):
        raise WrongState(State.CANCELLED.value, "paid")
    left = balance(leader)
    if amount_cents > left:
        raise Overpaid
    return Receipt.objects.create(
        business_id=leader.business_id,
        booking_id=leader.pk,
        amount_cents=amount_cents,
        currency=leader.business.currency,
        method=method,
        number=number,
        notes=notes,
        actor=str(by),
        at=clock.read(now),
    )
