"""Events in this protocol's words: what its webhooks say, which is not what its answers say.

Times end in Z, a status begins with a capital, resources are bookables. What is told is how things
are when it is written down.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from bookings import links, promises
from bookings.api.appointedd import ids, times
from bookings.api.appointedd.render import (
    API,
    SCREEN,
    Json,
    Shown,
    allows_groups,
    customer_json,
    noted,
    participant_json,
)
from bookings.models import Booking, Event, Guest, Session, WebhookDelivery
from resources.models import Resource

Kind = Event.Kind

SESSIONS = {
    Kind.SESSION_SCHEDULED.value: "booking_created",
    Kind.SESSION_CHANGED.value: "booking_updated",
    Kind.SESSION_CANCELLED.value: "booking_cancelled",
}
GUESTS = {
    Kind.GUEST_CREATED.value: "customer_created",
    Kind.GUEST_UPDATED.value: "customer_updated",
    Kind.GUEST_DELETED.value: "customer_deleted",
}
CHANGES = frozenset(
    each.value
    for each in (Kind.UPDATED, Kind.CHECKED_IN, Kind.COMPLETED, Kind.NO_SHOW, Kind.CONFIRMED)
)


def write(event: Event) -> tuple[str, str] | None:
    """The event's name and the body that is sent, or None for what isn't told."""
    if event.kind in GUESTS:
        return _said(event, GUESTS[event.kind], customer=_customer(event))
    found = _about(event)
    if found is None:
        return None
    name, row = found
    return _said(event, name, **_whole(event, row))


def headers(delivery: WebhookDelivery, at: datetime) -> dict[bytes | str, bytes | str]:
    """What goes with a body: what the listener wants, and which delivery it is."""
    return {
        **delivery.endpoint.headers,
        "Content-Type": "application/json",
        "X-Openbook-Delivery": str(delivery.pk),
    }


def _said(event: Event, name: str, **what: Any) -> tuple[str, str]:
    of = event.business
    organisation = {"id": ids.written(of.pk), "name": of.name}
    body = {"event_type": name, "event_data": {"organisation": organisation, **what}}
    return name, json.dumps(body, separators=(",", ":"))


def _customer(event: Event) -> Json:
    key = uuid.UUID(event.data["guest"])
    guest = Guest.objects.filter(pk=key).first()
    if guest is None or event.kind == Kind.GUEST_DELETED:
        return {"id": ids.written(key)}
    return customer_json(guest) | {
        "created": times.zulu(guest.created_at),
        "updated": times.zulu(guest.updated_at),
    }


def _about(event: Event) -> tuple[str, Session | Booking] | None:
    """The name of an event and the booking that it is about; None for what isn't told.

    Of a run that changes whole, those in it are not told of one by one; a hold is no booking.
    """
    if event.kind in SESSIONS:
        run = _run(uuid.UUID(event.data["session"]))
        return (SESSIONS[event.kind], run) if run else None
    booking = event.booking
    if booking is None or "with_class" in event.data:
        return None
    name = _name(event, booking)
    if name is None:
        return None
    if booking.session_id:
        run = _run(booking.session_id)
        return (name, run) if run else None
    return name, booking


def _name(event: Event, booking: Booking) -> str | None:
    in_class = booking.session_id is not None
    if event.kind == Kind.CREATED:
        return "booking_updated" if in_class else "booking_created"
    if not _was_told(event, booking):
        return None
    if event.kind in CHANGES:
        return "booking_updated"
    if event.kind in (Kind.CANCELLED, Kind.EXPIRED):
        if not in_class:
            return "booking_cancelled"
        run = booking.session
        return None if run and run.state == Session.State.CANCELLED else "booking_updated"
    return None


def _was_told(event: Event, booking: Booking) -> bool:
    """Whether the booking was announced before; a hold never is."""
    told = (Kind.CREATED, Kind.CONFIRMED)
    return booking.events.filter(kind__in=told, pk__lte=event.pk).exists()


def _run(key: uuid.UUID) -> Session | None:
    return promises.with_people(Session.objects.filter(pk=key)).first()


def _whole(event: Event, row: Session | Booking) -> Json:
    of = event.business
    shown = Shown.of(row, of)
    service = row.service
    resources = {each.pk: each for each in Resource.objects.filter(pk__in=row.resource_ids)}
    here = [resources[key] for key in row.resource_ids if key in resources]
    return {
        "booking": {
            "id": shown.id,
            "start_time": times.zulu(row.starts_at),
            "end_time": times.zulu(row.ends_at),
            "price": shown.price,
            "created": times.zulu(row.created_at),
            "status": shown.status.capitalize(),
            "type": "Hourly",
            "timezone": of.timezone,
            "allow_online_group": shown.is_group or bool(service and allows_groups(service)),
            "max_occupancy": shown.total_spaces,
            "last_modified_source": API if event.actor.startswith("channel:") else SCREEN,
            "updated": times.zulu(row.updated_at),
        },
        "participants": [_participant(each, shown) for each in shown.people],
        "bookables": [
            {
                "id": ids.written(each.pk),
                "name": each.name,
                "email": noted(each).get("email", ""),
            }
            for each in here
        ],
        "service": {"id": ids.written(service.pk), "name": service.name} if service else None,
    }


def _participant(booking: Booking, shown: Shown) -> Json:
    told = participant_json(booking, shown)
    guest = booking.guest
    assert guest is not None
    said = {
        "id": told["customer_id"],
        "firstname": guest.first_name,
        "lastname": guest.last_name,
        "timezone": told["timezone"],
        "email": guest.email,
        "mobile": guest.phone,
        "marketing_opt_in": bool(noted(guest).get("marketing_opt_in", False)),
        "spaces": told["spaces"],
        "booking_status": told["status"],
        "notes": booking.notes,
        "questions": noted(booking).get("questions", []),
        "customer_booking_id": told["customer_booking_id"],
        "total_price": told["total_price"],
        "total_spaces": told["total_spaces"],
        "price_points": told["price_points"],
        "custom_fields": [],
        "stripe_charge_ids": [],
        "total_paid_online_amount": 0,
        "cancellation_url": settings.PUBLIC_URL
        + reverse("guest:cancel", args=[links.token(booking)]),
        "reschedule_url": told["reschedule_url"],
    }
    return said if told["locale"] == "en" else said | {"locale": told["locale"]}
