"""Our rows in this protocol's words, as plain JSON values."""

from __future__ import annotations

from typing import Any

from accounts.models import Business
from bookings.api.availengine.dialect import wall
from bookings.lifecycle import State
from bookings.models import Booking

# This protocol has no word for a hold that lapsed; its clients know such a booking as cancelled.
STATUSES = {State.EXPIRED.value: State.CANCELLED.value}


def status_of(booking: Booking) -> str:
    """The booking's state in this protocol's words."""
    return STATUSES.get(booking.state, booking.state)


def booking_json(booking: Booking, business: Business) -> dict[str, Any]:
    """The nine documented keys; dates and times by the clock on the business's wall."""
    start, end = wall(booking.starts_at, business), wall(booking.ends_at, business)
    return {
        "id": str(booking.pk),
        "status": status_of(booking),
        "booking_date": start.date().isoformat(),
        "start_time": start.strftime("%H:%M:%S"),
        "end_time": end.strftime("%H:%M:%S"),
        "duration_minutes": round((booking.ends_at - booking.starts_at).total_seconds() / 60),
        "capacity": booking.party_size,
        "resource_id": str(booking.resource_ids[0]) if booking.resource_ids else None,
        "confirmation_code": booking.reference,
    }
