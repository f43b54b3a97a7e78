"""What Google knows of a business: a merchant is a location, a service one of ours.

A place with tables and no services takes reservations: it has the one service of that name, the
same for all merchants, as Google wants it of restaurants.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import Business
from billing import selectors as billing
from bookings import rules, selectors
from bookings.api.google.messages import ASYNCHRONOUS, SYNCHRONOUS
from resources.models import Location, Requirement, Resource, Service

NAME = "google"  # of this protocol, in `details` and as a booking's source
RESERVATION = "reservation"
TABLE, STAFF, ROOM = "table", "staff", "room"


@dataclasses.dataclass(frozen=True, slots=True)
class Offer:
    """A service as Google sees it; without one of ours, a table."""

    service: Service | None
    is_dining: bool

    @property
    def id(self) -> str:
        return str(self.service.pk) if self.service else RESERVATION


def uuid_in(text: str) -> uuid.UUID | None:
    """A UUID in its usual form, or None."""
    try:
        return uuid.UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def merchant(business: Business, id_: str) -> Location | None:
    """The location that Google calls a merchant, in use or not. One query."""
    key = uuid_in(id_)
    found = Location.objects.filter(business=business, pk=key).first() if key else None
    if found:
        found.business = business
    return found


def offers(place: Location, ids: Collection[str]) -> dict[str, Offer]:
    """The services of these ids that the business knows, in use or not. One query for services, one
    for reservations."""
    found: dict[str, Offer] = {}
    if RESERVATION in ids and takes_reservations(place):
        found[RESERVATION] = Offer(None, True)
    if keys := {key for each in ids if (key := uuid_in(each))}:
        for service in _services(place.business).filter(pk__in=keys):
            found[str(service.pk)] = _offer(service, place.business)
    return found


def on_offer(place: Location) -> list[Offer]:
    """What guests may book at a merchant's. Two queries at most."""
    found = [
        _offer(each, place.business) for each in _services(place.business).filter(is_active=True)
    ]
    if found or not takes_reservations(place):
        return found
    return [Offer(None, True)]


def takes_reservations(place: Location) -> bool:
    """Whether there are tables and nothing else to choose from. One query."""
    services = Service.objects.filter(business=place.business, is_active=True)
    return Resource.objects.filter(
        ~Exists(services), location=place, kind=TABLE, is_active=True, deleted_at=None
    ).exists()


def _services(business: Business):  # type: ignore[no-untyped-def]
    tables = Requirement.objects.filter(service=OuterRef("pk"), kind=TABLE)
    return Service.objects.filter(business=business).annotate(at_table=Exists(tables))


def _offer(service: Service, business: Business) -> Offer:
    service.business = business
    return Offer(service, bool(service.at_table))  # type: ignore[attr-defined]


def confirmation_mode(place: Location, service: Service | None) -> str:
    """Whether a booking stands at once or the business decides: said by the service, else the
    location, else the business."""
    for each in (service, place, place.business):
        said = each.details.get(NAME, {}).get("confirmation_mode") if each else None
        if said in (SYNCHRONOUS, ASYNCHRONOUS):
            return str(said)
    return SYNCHRONOUS


def is_sold(place: Location, service: Service | None, *, now: datetime | None) -> bool:
    """Whether anything can be booked through Google at all: the plan's quota isn't used up, and no
    deposit is asked for, as no payment is taken here. No query where neither is a question."""
    if not place.is_active or (service and not service.is_active):
        return False
    business = place.business
    if business.deposit_enabled and billing.deposit_due(business, service):
        return False
    limit = rules.quota(business)
    return limit is None or selectors.bookings_this_month(business, now=now) < limit
