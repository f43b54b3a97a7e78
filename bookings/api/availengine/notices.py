"""Events in this protocol's words: what its webhooks say."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from accounts import signing
from bookings.api.availengine.dialect import stamp, wall
from bookings.api.availengine.render import STATUSES
from bookings.models import Event, WebhookDelivery

Kind = Event.Kind

# Holds, blocks and classes are nothing this protocol knows of. What waited for a deposit that never
# came was announced when it was made, so its end is news too: cancelled, as its clients see it.
NAMES = {
    Kind.CREATED.value: "booking.created",
    Kind.CONFIRMED.value: "booking.confirmed",
    Kind.UPDATED.value: "booking.updated",
    Kind.CHECKED_IN.value: "booking.checked_in",
    Kind.COMPLETED.value: "booking.completed",
    Kind.CANCELLED.value: "booking.cancelled",
    Kind.NO_SHOW.value: "booking.no_show",
    Kind.EXPIRED.value: "booking.cancelled",
    Kind.DEPOSIT_PAID.value: "deposit.paid",
    Kind.DEPOSIT_CAPTURED.value: "deposit.captured",
    Kind.DEPOSIT_RELEASED.value: "deposit.released",
}
EVENTS = sorted(set(NAMES.values()))


def write(event: Event) -> tuple[str, str] | None:
    """The event's name and the body that is sent, or None for what isn't told."""
    name = NAMES.get(event.kind)
    booking = event.booking
    if name is None or booking is None:
        return None
    if event.kind in (Kind.EXPIRED, Kind.CANCELLED) and not _was_told(event):
        return None
    business = event.business
    said = event.data
    start = wall(
        datetime.fromisoformat(said.get("starts_at", booking.starts_at.isoformat())), business
    )
    end = wall(datetime.fromisoformat(said.get("ends_at", booking.ends_at.isoformat())), business)
    resources = said.get("resource_ids", [str(each) for each in booking.resource_ids])
    state = said.get("state", booking.state)
    guest = booking.guest
    data: dict[str, Any] = {
        "booking_id": str(booking.pk),
        "business_id": str(business.pk),
        "customer": {
            "first_name": guest.first_name if guest else "",
            "last_name": guest.last_name if guest else "",
            "email": guest.email if guest else "",
        },
        "resource_id": resources[0] if resources else None,
        "booking_date": start.date().isoformat(),
        "start_time": start.strftime("%H:%M"),
        "end_time": end.strftime("%H:%M"),
        "status": STATUSES.get(state, state),
    }
    if "deposit" in said:
        data["deposit"] = said["deposit"]
    body = {"event": name, "timestamp": stamp(event.at), "data": data}
    return name, json.dumps(body, separators=(",", ":"))


def headers(delivery: WebhookDelivery, at: datetime) -> dict[bytes | str, bytes | str]:
    """What goes with a body: signed anew on each attempt, the delivery's id the same on all."""
    return {
        "Content-Type": "application/json",
        "X-AvailEngine-Signature": signing.sign(
            delivery.endpoint.secret, delivery.body.encode(), at
        ),
        "X-AvailEngine-Delivery": str(delivery.pk),
    }


def _was_told(event: Event) -> bool:
    """Whether the booking was announced before it ended; a hold never is."""
    assert event.booking is not None
    return event.booking.events.filter(kind__in=(Kind.CREATED, Kind.CONFIRMED)).exists()
