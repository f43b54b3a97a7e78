"""The services of a property, and what may not go while somebody has booked it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from accounts.models import Business
from bookings.api.octotable.dialect import by_id, said
from bookings.api.octotable.gate import Refusal, absent
from bookings.lifecycle import TAKING
from bookings.models import Booking
from resources.models import Service


def services_of(business: Business) -> Any:
    """The services of a property, but those that were taken away with reservations in the book."""
    gone = {"octotable": {"deleted": True}}
    return Service.objects.filter(business=business).exclude(details__contains=gone)


def service_of(business: Business, number: int) -> Service:
    """The service of this number. Raises Refusal."""
    found: Service | None = by_id(services_of(business), number)
    if found is None:
        raise absent("service")
    found.business = business
    return found


def is_on_offer(service: Service) -> bool:
    """Whether guests may book it themselves."""
    return bool(service.is_active and said(service).get("online", True))


def refuse_while_booked(
    business: Business,
    moment: datetime,
    *,
    resource_ids: Collection[uuid.UUID] | None = None,
    service: Service | None = None,
) -> None:
    """Keep what somebody still comes for. Raises Refusal."""
    rows = Booking.objects.filter(
        business=business, state__in=[each.value for each in TAKING], ends_at__gt=moment
    )
    if resource_ids is not None:
        rows = rows.filter(resource_ids__overlap=list(resource_ids))
    if service is not None:
        rows = rows.filter(service=service)
    if rows.exists():
        raise Refusal(409, "ConflictException", "There are reservations to come.")
