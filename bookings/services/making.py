"""Making bookings: at once, or held first and confirmed later."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import clock
from accounts.models import Business, Channel
from accounts.transactions import lock, written
from availability.timetables import Timetables
from billing.models import Deposit
from bookings import allocations, doorbell, rules, selectors
from bookings.errors import (
    DepositDue,
    HoldExpired,
    InThePast,
    QuotaUsedUp,
    SlotTaken,
    WrongState,
)
from bookings.lifecycle import State
from bookings.models import WAITING, Allocation, Booking, Event, Session
from bookings.references import new_reference
from bookings.services.recording import locked, record, snapshot
from bookings.services.sessions import locked_session, schedule_held, touch
from bookings.wishes import Actor, GuestDetails, Wish, days

GRACE = timedelta(minutes=5)  # how late "right now" may arrive


@dataclasses.dataclass(frozen=True, slots=True)
class DepositTerms:
    """A payment intent made for a booking that is about to be; nothing has been paid yet."""

    amount_cents: int
    currency: str
    type: str
    gateway: str
    payment_intent_id: str
    client_secret: str


@written
def book(
    wish: Wish,
    *,
    guest: GuestDetails | uuid.UUID | None,
    by: Actor,
    source: str,
    channel: Channel | None = None,
    key: str = "",
    notes: str = "",
    details: Mapping[str, Any] | None = None,
    deposit: DepositTerms | None = None,
    now: datetime | None = None,
) -> Booking:
    """Take time for a party and promise it at once; with a deposit to pay, once that is paid.

    Best fit: the smallest adequate resource, then a combination; `wish.resource_id` asks for that
    one. The same `key` from the same channel returns the booking it made before; `details` is what
    protocols say of it. Raises NotOffered outside the rules, SlotTaken when nothing that fits is
    free, QuotaUsedUp, Unavailable.
    """
    booking, is_new = _make(
        wish,
        state=State.PENDING if deposit else State.CONFIRMED,
        kind=Event.Kind.CREATED,
        guest=guest,
        by=by,
        source=source,
        channel=channel,
        key=key,
        notes=notes,
        details=details,
        waits=deposit_wait(wish.business) if deposit else None,
        now=now,
    )
    if deposit and is_new:
        owe_deposit(booking, deposit)
    return booking


def deposit_wait(business: Business) -> timedelta:
    """How long a booking waits for its deposit."""
    return timedelta(minutes=business.deposit_expiry_minutes)


def owe_deposit(booking: Booking, terms: DepositTerms) -> None:
    Deposit.objects.create(
        business=booking.business, booking_id=booking.pk, **dataclasses.asdict(terms)
    )


@written
def hold(
    wish: Wish,
    *,
    by: Actor,
    source: str,
    guest: GuestDetails | uuid.UUID | None = None,
    lasts: timedelta | None = None,
    channel: Channel | None = None,
    key: str = "",
    notes: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """Take time for a party while they make up their minds; `lasts` or the business's minutes.

    From `expires_at` on it blocks nobody, swept or not. Raises as `book` does.
    """
    return _make(
        wish,
        state=State.HELD,
        kind=Event.Kind.HELD,
        guest=guest,
        by=by,
        source=source,
        channel=channel,
        key=key,
        notes=notes,
        details=details,
        waits=lasts or timedelta(minutes=wish.business.hold_minutes),
        now=now,
    )[0]


@written
def make(
    wish: Wish,
    *,
    guest: GuestDetails | uuid.UUID | None,
    by: Actor,
    source: str,
    is_pending: bool = False,
    waits: timedelta | None = None,
    channel: Channel | None = None,
    notes: str = "",
    details: Mapping[str, Any] | None = None,
    counts: bool = True,
    now: datetime | None = None,
) -> Booking:
    """As `book`, or with `is_pending` a booking that takes its time and waits for a yes: for as
    long as it `waits`, else without an end. One that doesn't count is part of one that did."""
    return _make(
        wish,
        state=State.PENDING if is_pending else State.CONFIRMED,
        kind=Event.Kind.CREATED,
        guest=guest,
        by=by,
        source=source,
        channel=channel,
        key="",
        notes=notes,
        details=details,
        waits=waits if is_pending else None,
        counts=counts,
        now=now,
    )[0]


def _make(
    wish: Wish,
    *,
    state: State,
    kind: Event.Kind,
    guest: GuestDetails | uuid.UUID | None,
    by: Actor,
    source: str,
    channel: Channel | None,
    key: str,
    notes: str,
    waits: timedelta | None,
    now: datetime | None,
    details: Mapping[str, Any] | None = None,
    counts: bool = True,
) -> tuple[Booking, bool]:
    if earlier := earlier_with(channel, key):
        return earlier, False
    refuse_past(wish, now)
    promises = rules.promises_for(wish)
    places = rules.refuse_outside(wish, now=now, promises=promises)
    if counts:
        respect_quota(wish.business, now)
    plan_look = _look_and_lock(wish, promises, places, now=now)
    assert plan_look.plan is not None
    plan = plan_look.plan
    during = (wish.takes_from, wish.takes_until)
    clear_the_way(wish.business.pk, plan_look, during, now=now)
    booking = Booking(
        business=wish.business,
        location_id=plan_look.at(plan.resource_ids[0]).location_id,
        service=wish.service,
        channel=channel,
        source=source,
        reference=new_reference(),
        key=key,
        state=state.value,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        party_size=wish.party_size,
        resource_ids=list(plan.resource_ids),
        notes=notes,
        details=dict(details or {}),
    )
    allocations.book(
        booking,
        takes=plan.takes,
        during=during,
        guest=guest,
        kind=kind,
        by=by,
        data=snapshot(booking),
        waits=waits,
        now=now,
    )
    transaction.on_commit(doorbell.ring)
    return booking, True


def earlier_with(channel: Channel | None, key: str) -> Booking | None:
    if not (key and channel):
        return None
    return Booking.objects.filter(channel=channel, key=key).first()


def is_past(wish: Wish, *, now: datetime | None = None) -> bool:
    """Whether the start has gone by, with some grace for "right now"."""
    return wish.starts_at < (now or timezone.now()) - GRACE


def refuse_past(wish: Wish, now: datetime | None) -> None:
    if is_past(wish, now=now):
        raise InThePast(fields={"start_time": "This time is in the past."})


def respect_quota(business: Business, now: datetime | None) -> None:
    limit = queue_for_quota(business)
    if limit is None:
        return
    used = selectors.bookings_this_month(business, now=now)
    if used >= limit:
        raise QuotaUsedUp(used=used, limit=limit)


def queue_for_quota(business: Business) -> int | None:
    """How many bookings a month the plan allows; where not any number, nobody else makes one until
    the transaction ends. Taken before the days and the classes."""
    limit = rules.quota(business)
    if limit is not None:
        lock([f"quota:{business.pk}"])
    return limit


def _look_and_lock(
    wish: Wish,
    promises: Timetables | None,
    places: Collection[uuid.UUID] | None,
    *,
    now: datetime | None,
) -> selectors.Look:
    """Look without a lock, so that "full" costs nothing; then lock, and look again.

    One known resource with one unit needs no lock: the constraint alone decides who has it.
    Whatever the writer has a choice in does, or a rush could sell one place and refuse the rest;
    and so does pacing, which no constraint keeps.
    """
    needs = selectors.requirements(wish.service) if wish.service else ()
    look = selectors.look(wish, now=now, needs=needs, promises=promises, places=places)
    if look.plan is None:
        raise SlotTaken
    paced = wish.keeps_hours and promises and any(each.is_set for each in promises.pacing.values())
    only_one = wish.resource_id is not None and len(look.plan.takes) == 1 and not paced
    if only_one and look.at(wish.resource_id).candidate.units == 1:  # type: ignore[arg-type]
        return look
    lock_days(look.location_ids, wish.takes_from, wish.takes_until)
    if paced and promises and places:
        places = rules.uncrowded(wish, promises, places, now=now)
    look = selectors.look(wish, now=now, needs=needs, promises=promises, places=places)
    if look.plan is None:
        raise SlotTaken
    return look


def lock_days(locations: Iterable[uuid.UUID], start: datetime, end: datetime) -> None:
    lock(f"day:{location}:{day}" for location in locations for day in days(start, end))


def clear_the_way(
    business_id: uuid.UUID,
    look: selectors.Look,
    during: tuple[datetime, datetime],
    *,
    now: datetime | None,
) -> None:
    assert look.plan is not None
    wanted = {resource_id for resource_id, _ in look.plan.takes}
    if any(each.has_lapsed for each in look.seen if each.id in wanted):
        allocations.release_lapsed(business_id, wanted, during, now=now)


@written
def confirm(
    booking: Booking,
    *,
    by: Actor,
    guest: GuestDetails | uuid.UUID | None = None,
    notes: str | None = None,
    now: datetime | None = None,
) -> Booking:
    """Turn a hold into a promise. Confirmed already: returns it, as a retry is no second wish.

    Raises HoldExpired from `expires_at` on, swept or not; DepositDue while its deposit is unpaid;
    WrongState for what was cancelled or is over; SlotTaken when its class was called off or moved.
    """
    session = locked_session(booking)
    booking = locked(booking)
    if session is None and booking.session_id:  # made a run of meanwhile
        session = locked_session(booking)
    was = booking.state
    if session and was == State.HELD.value:
        is_off = session.state == Session.State.CANCELLED
        if is_off or session.starts_at != booking.starts_at:
            raise SlotTaken("This class has been called off or moved.")
    if session and session.state == Session.State.EXPIRED and was in WAITING:
        raise HoldExpired
    if Deposit.objects.filter(booking_id=booking.pk, status=Deposit.Status.PENDING).exists():
        raise DepositDue
    if was in (State.CONFIRMED.value, State.CHECKED_IN.value):
        return booking
    moment = clock.read(now)  # asked with the row locked: nobody clears it away after this
    if was == State.EXPIRED.value or (booking.expires_at and booking.expires_at <= moment):
        raise HoldExpired
    if was not in WAITING:
        raise WrongState(was, State.CONFIRMED.value)
    booking.state, booking.expires_at = State.CONFIRMED.value, None
    booking.updated_at = moment
    booking.save(update_fields=["state", "expires_at", "updated_at"])
    Allocation.objects.filter(booking=booking).update(expires_at=None)
    if guest:
        booking.guest_id = (
            guest
            if isinstance(guest, uuid.UUID)
            else allocations.guest(booking.business_id, guest, now=now)
        )
        booking.save(update_fields=["guest"])
        booking = locked(booking)
    if notes is not None:
        booking.notes = notes
        booking.save(update_fields=["notes"])
    if session:
        schedule_held(session, by=by, now=now)
        touch(session, booking.updated_at)
    # Who listens heard nothing of a hold; what waited for its deposit was announced before.
    kind = Event.Kind.CONFIRMED if was == State.PENDING.value else Event.Kind.CREATED
    record(booking, kind, by=by, now=now)
    return booking
