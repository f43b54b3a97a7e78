"""What every service leaves behind: the event, and what is owed to the world for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import clock
from accounts.errors import NotFound
from billing.models import Deposit
from bookings import doorbell
from bookings.models import Booking, Event, Outbox
from bookings.wishes import Actor


def snapshot(booking: Booking) -> dict[str, Any]:
    """What an event remembers of a booking: no personal data, as events are never changed."""
    return {
        "state": booking.state,
        "starts_at": booking.starts_at.isoformat(),
        "ends_at": booking.ends_at.isoformat(),
        "party_size": booking.party_size,
        "resource_ids": [str(each) for each in booking.resource_ids],
    }


def owe(*, now: datetime | None, **what: Any) -> None:
    """Owe the world an effect, from now on; rings once the transaction commits."""
    Outbox.objects.create(due_at=clock.moment(now), **what)
    transaction.on_commit(doorbell.ring)


def record(
    booking: Booking,
    kind: Event.Kind,
    *,
    by: Actor,
    now: datetime | None,
    **more: Any,
) -> Event:
    """Add an event and what is owed to the world for it; rings once the transaction commits."""
    event = Event.objects.create(
        business_id=booking.business_id,
        booking=booking,
        kind=kind,
        at=clock.moment(now),
        actor=str(by),
        data=snapshot(booking) | more,
    )
    owe(now=now, event=event)
    return event


def locked(booking: Booking) -> Booking:
    """The booking as it is now, kept from others until the transaction ends."""
    found = (
        Booking.objects.select_for_update(no_key=True, of=("self",))
        .select_related("business", "location", "service", "guest")
        .filter(pk=booking.pk, business_id=booking.business_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def is_lapsed(booking: Booking, *, now: datetime | None) -> bool:
    """Whether it waited too long: over, whether or not the sweep has come by."""
    return booking.expires_at is not None and booking.expires_at <= clock.read(now)


def about(deposit: Deposit) -> dict[str, Any]:
    """What an event remembers of a deposit."""
    return {
        "deposit": {
            "id": str(deposit.pk),
            "amount_cents": deposit.amount_cents,
            "type": deposit.type,
            "status": deposit.status,
        }
    }
