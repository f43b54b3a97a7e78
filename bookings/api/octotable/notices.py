"""Events in this protocol's words: what its webhooks say."""

from __future__ import annotations

import json
from datetime import datetime

from accounts import signing
from bookings.api.octotable.dialect import id_of, said
from bookings.api.octotable.render import reservations
from bookings.lifecycle import State
from bookings.models import Event, WebhookDelivery

Kind = Event.Kind
CREATED, UPDATED, DELETED = "RESERVATION_CREATED", "RESERVATION_UPDATED", "RESERVATION_DELETED"
NAMES = {
    Kind.CREATED.value: CREATED,
    Kind.CONFIRMED.value: UPDATED,
    Kind.UPDATED.value: UPDATED,
    Kind.CHECKED_IN.value: UPDATED,
    Kind.COMPLETED.value: UPDATED,
    Kind.NO_SHOW.value: UPDATED,
    Kind.EXPIRED.value: UPDATED,
    Kind.CANCELLED.value: DELETED,
}


def write(event: Event) -> tuple[str, str] | None:
    """The event's name and the body that is sent, or None for what isn't told."""
    name = NAMES.get(event.kind)
    booking = event.booking
    if name is None or booking is None or booking.state == State.HELD.value:
        return None
    ends = (Kind.CANCELLED.value, Kind.EXPIRED.value)
    if event.kind in ends and not _was_told(event):
        return None
    if name == DELETED and said(booking).get("status") == "REJECTED":
        name = UPDATED
    body = {
        "webhook_type": name,
        "property_id": id_of(event.business),
        "data": reservations(event.business, [booking], now=event.at),
    }
    return name, json.dumps(body, separators=(",", ":"))


def headers(delivery: WebhookDelivery, at: datetime) -> dict[bytes | str, bytes | str]:
    """What goes with a body: signed anew on each attempt, the delivery's id the same on all."""
    return {
        "Content-Type": "application/json",
        "X-OctoTable-Signature": signing.sign(delivery.endpoint.secret, delivery.body.encode(), at),
        "X-OctoTable-Delivery": str(delivery.pk),
    }


def _was_told(event: Event) -> bool:
    """Whether the booking was announced before it ended; a hold never is."""
    assert event.booking is not None
    return event.booking.events.filter(kind__in=(Kind.CREATED, Kind.CONFIRMED)).exists()
