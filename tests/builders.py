"""Typed builders: plain functions that make what a test needs and show what they do."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts import keys
from accounts.models import Business, Channel, Membership, User
from billing.models import Plan, Subscription
from bookings.wishes import GuestDetails, Wish
from resources.models import Location, Resource, Section, Service

NOW = datetime(2026, 6, 19, 12, 0, tzinfo=UTC)  # the clock of the contracts' examples
EVENING = datetime(2026, 6, 20, 19, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

MARIA = GuestDetails("Maria", "Garcia", "maria@example.com", "+1234567890")

_numbers = itertools.count(1)


def business(name: str = "Bistro", *, plan: str = "scale", **fields: Any) -> Business:
    """A business with one location, on a plan of its own."""
    made = Business.objects.create(
        name=name,
        slug=f"{name.lower().replace(' ', '-')}-{next(_numbers)}",
        **({"booking_mode": Business.Mode.DYNAMIC} | fields),
    )
    Subscription.objects.create(business=made, plan=Plan.objects.get(key=plan))
    Location.objects.create(business=made, name="Main")
    return made


def location(of: Business) -> Location:
    return of.locations.get()


def resource(of: Business, name: str, **fields: Any) -> Resource:
    """A resource; `section` may be given by name."""
    where = fields.pop("location", None) or location(of)
    section = fields.pop("section", None)
    if isinstance(section, str):
        section, _ = Section.objects.get_or_create(location=where, name=section)
    return Resource.objects.create(
        business=of, location=where, section=section, name=name, **fields
    )


def tables(
    of: Business, count: int, *, covers: int = 4, section: str | None = None
) -> list[Resource]:
    """Tables 1 to `count`, each for one guest up to `covers`."""
    return [
        resource(of, f"Table {n}", kind="table", covers_max=covers, section=section)
        for n in range(1, count + 1)
    ]


def service(of: Business, name: str = "Massage", **fields: Any) -> Service:
    return Service.objects.create(business=of, name=name, **fields)


def key(of: Business, *scopes: str, rpm: int = 10_000) -> str:
    """An API key of the business; read and write unless said."""
    return channel(of, *scopes, rpm=rpm)[1]


def channel(of: Business, *scopes: str, rpm: int = 10_000) -> tuple[Channel, str]:
    return keys.issue(of, name="Test", scopes=scopes or ("read", "write"), rate_limit_rpm=rpm)


def user(
    email: str = "", *, of: Business | None = None, role: str = "owner", **fields: Any
) -> User:
    """Someone who logs in, in a role at a business."""
    made = User.objects.create_user(
        email or f"user{next(_numbers)}@example.com", "secret", **fields
    )
    if of:
        Membership.objects.create(user=made, business=of, role=role)
    return made


def wish(
    of: Business, starts_at: datetime = EVENING, *, party_size: int = 2, **fields: Any
) -> Wish:
    """A table for two at seven for an hour."""
    values: dict[str, Any] = {
        "business": of,
        "starts_at": starts_at,
        "duration": HOUR,
        "party_size": party_size,
    }
    return Wish(**(values | fields))
