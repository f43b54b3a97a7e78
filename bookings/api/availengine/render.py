"""Our rows in this protocol's words, as plain JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Business, Channel
from availability.models import Closure, OpeningHours
from bookings.api.availengine.dialect import stamp, wall
from bookings.api.availengine.serializers.fields import MOST_GUESTS
from bookings.lifecycle import State
from bookings.models import Block, Booking, Guest, WaitlistEntry
from resources.models import Resource, Service

# This protocol has no word for a hold that lapsed; its clients know such a booking as cancelled.
STATUSES = {State.EXPIRED.value: State.CANCELLED.value}


def status_of(booking: Booking, now: datetime | None) -> str:
    """The booking's state in this protocol's words, as it is now."""
    state = booking.standing(now or datetime.now(UTC)).value
    return STATUSES.get(state, state)


def booking_json(
    booking: Booking, business: Business, *, now: datetime | None = None
) -> dict[str, Any]:
    """The nine documented keys; dates and times by the clock on the business's wall."""
    start, end = wall(booking.starts_at, business), wall(booking.ends_at, business)
    return {
        "id": str(booking.pk),
        "status": status_of(booking, now),
        "booking_date": start.date().isoformat(),
        "start_time": start.strftime("%H:%M:%S"),
        "end_time": end.strftime("%H:%M:%S"),
        "duration_minutes": round((booking.ends_at - booking.starts_at).total_seconds() / 60),
        "capacity": booking.party_size,
        "resource_id": str(booking.resource_ids[0]) if booking.resource_ids else None,
        "confirmation_code": booking.reference,
    }


def customer_json(guest: Guest) -> dict[str, Any]:
    """Who comes, beside a booking or on the waitlist."""
    return {
        "id": str(guest.pk),
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "email": guest.email,
        "phone": guest.phone,
    }


def managed_booking_json(
    booking: Booking, business: Business, *, now: datetime | None = None
) -> dict[str, Any]:
    """A booking as staff see it: the nine keys, and who, what for, whence."""
    return booking_json(booking, business, now=now) | {
        "resource_ids": [str(each) for each in booking.resource_ids],
        "service_id": str(booking.service_id) if booking.service_id else None,
        "customer": customer_json(booking.guest) if booking.guest else None,
        "customer_notes": booking.notes,
        "source": booking.source,
        "created_at": stamp(booking.created_at),
    }


def known_customer_json(guest: Guest) -> dict[str, Any]:
    """A customer on the page about them."""
    return customer_json(guest) | {"notes": guest.notes, "created_at": stamp(guest.created_at)}


def waitlist_json(entry: WaitlistEntry) -> dict[str, Any]:
    """An entry of the waitlist."""
    return {
        "id": str(entry.pk),
        "customer": customer_json(entry.guest),
        "preferred_date": entry.preferred_date.isoformat(),
        "service_id": str(entry.service_id) if entry.service_id else None,
        "capacity": entry.party_size,
        "notes": entry.notes,
        "created_at": stamp(entry.created_at),
    }


def capacity_max(resource: Resource) -> int:
    """The largest party that all units together seat, as far as this protocol counts."""
    return min(MOST_GUESTS, resource.covers_max * resource.units)


def resource_json(resource: Resource) -> dict[str, Any]:
    """The eight documented keys; `units` (ours) only where there are several."""
    shown = {
        "id": str(resource.pk),
        "name": resource.name,
        "resource_type": resource.kind,
        "capacity_min": resource.covers_min,
        "capacity_max": capacity_max(resource),
        "section": resource.section.name if resource.section else None,
        "display_order": resource.display_order,
        "is_active": resource.is_active,
    }
    return shown if resource.units == 1 else shown | {"units": resource.units}


def block_json(block: Block) -> dict[str, Any]:
    """A stretch when a resource is out of use."""
    return {
        "id": str(block.pk),
        "resource_id": str(block.resource_id),
        "starts_at": stamp(block.starts_at),
        "ends_at": stamp(block.ends_at),
        "reason": block.reason,
        "created_at": stamp(block.created_at),
    }


def minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


def service_json(service: Service, business: Business) -> dict[str, Any]:
    """A service as guests see it."""
    return {
        "id": str(service.pk),
        "name": service.name,
        "description": service.description,
        "duration_minutes": minutes(service.duration),
        "price_cents": service.price_cents,
        "currency": business.currency,
    }


def managed_service_json(service: Service, business: Business) -> dict[str, Any]:
    """A service as staff see it."""
    return service_json(service, business) | {
        "buffer_before_minutes": minutes(service.buffer_before),
        "buffer_after_minutes": minutes(service.buffer_after),
        "deposit_amount_cents": service.deposit_amount_cents,
        "capacity": service.capacity,
        "display_order": service.display_order,
        "is_active": service.is_active,
        "requirements": [
            {
                "resource_type": need.kind,
                "resource_ids": sorted(str(each.pk) for each in need.resources.all()),
                "only_named": need.only_named,
            }
            for need in service.requirements.all()
        ],
    }


def hours_json(week: Iterable[OpeningHours]) -> list[dict[str, Any]]:
    """The week, Sunday (0) first; a day of several periods takes several rows."""
    days: dict[int, list[dict[str, Any]]] = {day: [] for day in range(7)}
    for each in week:
        days[each.weekday % 7].append(
            {
                "day_of_week": each.weekday % 7,
                "is_open": True,
                "open_time": f"{each.opens:%H:%M}",
                "close_time": f"{each.closes:%H:%M}",
            }
        )
    return [
        row
        for day, rows in days.items()
        for row in rows or [{"day_of_week": day, "is_open": False}]
    ]


def closure_json(closure: Closure) -> dict[str, Any]:
    """A closure as guests see it."""
    return {
        "start_date": closure.first_day.isoformat(),
        "end_date": closure.last_day.isoformat(),
        "reason": closure.reason or None,
    }


def managed_closure_json(closure: Closure) -> dict[str, Any]:
    """A closure as staff see it; one of part of each day was made elsewhere, here all are whole."""
    return (
        {"id": str(closure.pk)}
        | closure_json(closure)
        | {"is_full_day": closure.starts is None, "created_at": stamp(closure.created_at)}
    )


def key_json(channel: Channel) -> dict[str, Any]:
    """An API key, without the key."""
    return {
        "id": str(channel.pk),
        "name": channel.name,
        "prefix": channel.prefix,
        "scopes": channel.scopes,
        "rate_limit_rpm": channel.rate_limit_rpm,
        "is_active": channel.is_active,
        "created_at": stamp(channel.created_at),
        "last_used_at": stamp(channel.last_used_at),
    }
