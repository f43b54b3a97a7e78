"""Deposits: asked for with a booking, and settled when it ends."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import clock
from accounts.errors import Conflict, DomainError, NotFound
from accounts.models import Business, Channel
from accounts.transactions import written
from billing import selectors as billing
from billing import services as paying
from billing.gateways import GatewayError, Notice, gateway
from billing.models import Deposit, Payment
from billing.money import Money
from bookings import allocations, offers, rules, selectors
from bookings.errors import HoldExpired, NotOffered, PaymentUnavailable, SlotTaken
from bookings.lifecycle import State
from bookings.models import Allocation, Booking, Event, Session
from bookings.services.classes import book_places
from bookings.services.making import DepositTerms, book, confirm, deposit_wait, owe_deposit
from bookings.services.progress import deposit_paid
from bookings.services.recording import about, is_lapsed, locked, record
from bookings.services.sessions import extend, locked_session, touch
from bookings.wishes import SYSTEM, Actor, GuestDetails, Wish

Status = Deposit.Status


def book_with_deposit(
    wish: Wish,
    *,
    guest: GuestDetails | None,
    by: Actor,
    source: str,
    channel: Channel | None = None,
    key: str = "",
    notes: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> tuple[Booking, Deposit | None]:
    """Book; where the business asks for a deposit and can receive it, pending until it is paid. Of
    a class (a service with a capacity) places in its run that starts then.

    The payment intent is made first, outside any lock, as one that nobody pays costs nothing; it is
    let go again when the booking fails. Raises as `book`, and PaymentUnavailable.
    """
    run = _run(wish, now=now) if wish.service and wish.service.capacity else None
    amount = billing.deposit_due(wish.business, wish.service)
    if amount and run is None:
        places = rules.refuse_outside(wish, now=now)
        if selectors.look(wish, now=now, places=places).plan is None:
            raise SlotTaken
    terms = _terms(wish.business, amount) if amount else None
    how: dict[str, Any] = {
        "guest": guest,
        "by": by,
        "source": source,
        "channel": channel,
        "key": key,
        "notes": notes,
        "details": details,
        "deposit": terms,
        "now": now,
    }
    try:
        size = wish.party_size
        booking = book_places(run, party_size=size, **how) if run else book(wish, **how)
    except DomainError:
        if terms:
            _let_go(terms)
        raise
    return booking, Deposit.objects.filter(booking_id=booking.pk).first()


def _run(wish: Wish, *, now: datetime | None) -> Session:
    """The run of a class that a wish is about, with room for the party. Raises NotOffered when none
    starts then, SlotTaken when all that do are full."""
    rules.refuse_untimely(wish, now=now)
    found = offers.runs_at(wish, now=now)
    if not found:
        raise NotOffered("Nothing starts at this time.")
    for each in found:
        if each.places_left >= wish.party_size:
            return each.session
    raise SlotTaken


def confirm_with_deposit(
    booking: Booking,
    *,
    by: Actor,
    guest: GuestDetails | uuid.UUID | None = None,
    notes: str | None = None,
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> tuple[Booking, Deposit | None]:
    """Promise what was held; where the business asks for a deposit and can receive it, once that is
    paid: pending until then, and its place kept for as long. `details` is added.

    Asked again it says the same again. The payment intent is made as `book_with_deposit` makes it.
    Raises as `confirm` does, and PaymentUnavailable.
    """
    if earlier := Deposit.objects.filter(booking_id=booking.pk).first():
        booking.refresh_from_db()
        return booking, earlier
    amount = billing.deposit_due(booking.business, booking.service)
    if amount is None:
        return _confirm(booking, by=by, guest=guest, notes=notes, details=details, now=now), None
    terms = _terms(booking.business, amount)
    try:
        booking = _await_deposit(
            booking, terms, by=by, guest=guest, notes=notes, details=details, now=now
        )
    except DomainError:
        _let_go(terms)
        raise
    deposit = Deposit.objects.filter(booking_id=booking.pk).first()
    if deposit and deposit.payment_intent_id != terms.payment_intent_id:
        _let_go(terms)  # asked twice at once
    return booking, deposit


@written
def _confirm(
    booking: Booking, *, details: Mapping[str, Any] | None, now: datetime | None, **how: Any
) -> Booking:
    confirmed = confirm(booking, now=now, **how)
    if details:
        confirmed.details = confirmed.details | dict(details)
        confirmed.save(update_fields=["details"])
    return confirmed


@written
def _await_deposit(
    booking: Booking,
    terms: DepositTerms,
    *,
    by: Actor,
    guest: GuestDetails | uuid.UUID | None,
    notes: str | None,
    details: Mapping[str, Any] | None,
    now: datetime | None,
) -> Booking:
    session = locked_session(booking)
    current = locked(booking)
    if current.state in (State.PENDING.value, State.CONFIRMED.value):
        return current
    if current.state != State.HELD.value or is_lapsed(current, now=now):
        raise HoldExpired
    if session and (
        session.state == Session.State.CANCELLED or session.starts_at != current.starts_at
    ):
        raise SlotTaken("This class has been called off or moved.")
    moment = clock.read(now)
    current.state, current.updated_at = State.PENDING.value, moment
    current.expires_at = moment + deposit_wait(current.business)
    if guest:
        current.guest_id = (
            guest
            if isinstance(guest, uuid.UUID)
            else allocations.guest(current.business_id, guest, now=now)
        )
    if notes is not None:
        current.notes = notes
    current.details = current.details | dict(details or {})
    current.save(update_fields=["state", "expires_at", "updated_at", "guest", "notes", "details"])
    Allocation.objects.filter(booking=current).update(expires_at=current.expires_at)
    if session:
        extend(session, current.expires_at)
        touch(session, moment)
    owe_deposit(current, terms)
    record(current, Event.Kind.CREATED, by=by, now=now)
    return locked(current)


def _let_go(terms: DepositTerms) -> None:
    """Cancel an intent that nobody will pay; at the gateway it costs nothing if that fails."""
    with contextlib.suppress(GatewayError):
        gateway(terms.gateway).release(
            terms.payment_intent_id, key=f"{terms.payment_intent_id}:release"
        )


def _terms(business: Business, amount: Money) -> DepositTerms:
    account = business.payment_account
    through = gateway(account.gateway)
    holds = business.deposit_type == Business.DepositType.AUTHORIZATION_HOLD
    try:
        intent = through.create_intent(
            amount,
            holds=holds,
            account=account.reference,
            key=f"intent:{uuid.uuid4()}",
        )
    except GatewayError as error:
        raise PaymentUnavailable from error
    return DepositTerms(
        amount_cents=amount.minor,
        currency=amount.currency,
        type=business.deposit_type,
        gateway=through.name,
        payment_intent_id=intent.id,
        client_secret=intent.client_secret,
    )


def settle_deposit(
    deposit_id: uuid.UUID, *, captures: bool, by: Actor = SYSTEM, now: datetime | None = None
) -> Deposit:
    """Capture a deposit or give it back, at the gateway and then in our books. Safe to repeat.

    The gateway is asked while nothing is locked that others want; its own key makes a repeated call
    one call. What nobody paid is let go either way, and what has come to its end stays there.
    Raises GatewayError.
    """
    deposit = Deposit.objects.get(pk=deposit_id)
    if deposit.status in (Status.RELEASED, Status.FAILED):
        return deposit
    through = gateway(deposit.gateway)
    intent = deposit.payment_intent_id
    if deposit.status == Status.PENDING:
        through.release(intent, key=f"{deposit.pk}:release")
        return _settled(deposit, Status.FAILED, Payment.Kind.FAILED, None, by=by, now=now)
    if captures:
        if deposit.status == Status.HELD:
            through.capture(intent, key=f"{deposit.pk}:capture")
        return _settled(
            deposit, Status.CAPTURED, Payment.Kind.CAPTURED, Event.Kind.DEPOSIT_CAPTURED,
            by=by, now=now,
        )  # fmt: skip
    kind = Payment.Kind.RELEASED
    if deposit.status == Status.HELD:
        through.release(intent, key=f"{deposit.pk}:release")
    elif deposit.status == Status.CAPTURED:
        through.refund(intent, key=f"{deposit.pk}:refund")
        kind = Payment.Kind.REFUNDED
    return _settled(deposit, Status.RELEASED, kind, Event.Kind.DEPOSIT_RELEASED, by=by, now=now)


@written
def _settled(
    deposit: Deposit,
    status: Deposit.Status,
    kind: Payment.Kind,
    event: Event.Kind | None,
    *,
    by: Actor,
    now: datetime | None,
) -> Deposit:
    deposit = Deposit.objects.select_for_update(no_key=True).get(pk=deposit.pk)
    reference = f"{deposit.pk}:{kind.value}"
    if Payment.objects.filter(reference=reference).exists():
        return deposit
    booking = Booking.objects.filter(pk=deposit.booking_id).first()
    if kind == Payment.Kind.CAPTURED and deposit.status == Status.CAPTURED:
        # It was charged when it was paid: no money moves, it is only kept.
        if booking and booking.events.filter(kind=event).exists():
            return deposit
    else:
        deposit.status = status
        deposit.save(update_fields=["status", "updated_at"])
        Payment.objects.create(
            deposit=deposit, kind=kind, amount_cents=deposit.amount_cents, reference=reference
        )
    if booking and event:
        record(booking, event, by=by, now=now, **about(deposit))
    return deposit


def capture_deposit(deposit: Deposit, *, by: Actor, now: datetime | None = None) -> Deposit:
    """Staff keep what was authorised. Raises Conflict for what isn't held, PaymentUnavailable."""
    if deposit.status == Status.CAPTURED:
        return deposit
    if deposit.status != Status.HELD:
        raise Conflict(f"A deposit that is {deposit.status} can't be captured.")
    return _by_staff(deposit, captures=True, by=by, now=now)


def release_deposit(deposit: Deposit, *, by: Actor, now: datetime | None = None) -> Deposit:
    """Staff give it back. Raises Conflict for what isn't there to give, PaymentUnavailable."""
    if deposit.status == Status.RELEASED:
        return deposit
    if deposit.status not in (Status.HELD, Status.CAPTURED):
        raise Conflict(f"A deposit that is {deposit.status} can't be released.")
    return _by_staff(deposit, captures=False, by=by, now=now)


def _by_staff(deposit: Deposit, *, captures: bool, by: Actor, now: datetime | None) -> Deposit:
    try:
        return settle_deposit(deposit.pk, captures=captures, by=by, now=now)
    except GatewayError as error:
        raise PaymentUnavailable from error


def heed(through: str, notice: Notice, *, now: datetime | None = None) -> None:
    """Act on a gateway's callback, once. What is about nothing of ours is let pass."""
    with transaction.atomic():
        if not paying.is_news(through, notice, now=now):
            return
        match notice.kind:
            case "paid":
                _note_paid(notice, now=now)
            case "cancelled":
                _note_cancelled(notice, now=now)
            case "account":
                if notice.account:
                    paying.note_account(notice.account)
            case "subscribed" | "past_due" | "unsubscribed":
                with contextlib.suppress(NotFound):
                    paying.note_subscription(notice)


def _note_cancelled(notice: Notice, *, now: datetime | None) -> None:
    """What was authorised is gone: the card's bank holds it for some days only."""
    deposit = Deposit.objects.filter(payment_intent_id=notice.subject).first()
    if deposit is None:
        return
    if deposit.status == Status.PENDING:
        _settled(deposit, Status.FAILED, Payment.Kind.FAILED, None, by=SYSTEM, now=now)
    elif deposit.status == Status.HELD:
        _settled(
            deposit, Status.RELEASED, Payment.Kind.RELEASED, Event.Kind.DEPOSIT_RELEASED,
            by=SYSTEM, now=now,
        )  # fmt: skip


def _note_paid(notice: Notice, *, now: datetime | None) -> None:
    rows = Deposit.objects.select_for_update(no_key=True)
    deposit = rows.filter(payment_intent_id=notice.subject).first()
    if deposit is None or deposit.status != Status.PENDING:
        return
    is_charge = deposit.type == Business.DepositType.CHARGE
    Payment.objects.create(
        deposit=deposit,
        kind=Payment.Kind.CAPTURED if is_charge else Payment.Kind.AUTHORISED,
        amount_cents=deposit.amount_cents,
        reference=f"{deposit.pk}:paid",
    )
    deposit_paid(deposit, now=now)
