"""A bistro in London, an evening's table in it, and the guest who opens their link."""

from __future__ import annotations

import dataclasses
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Business
from availability.models import OpeningHours
from billing.models import Deposit
from bookings import links, services
from bookings.models import Booking
from bookings.wishes import SYSTEM
from tests.builders import EVENING, MARIA, NOW, business, location, tables, wish


@pytest.fixture
def bistro(db: None) -> Business:
    """Open from 18:00 to 23:00 on every day, by London's clock; the evening is in summer time."""
    made = business("Bistro", timezone="Europe/London", currency="GBP")
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(made), weekday=weekday, opens=time(18), closes=time(23)
        )
    tables(made, 2)
    return made


@pytest.fixture
def booked(bistro: Business) -> Booking:
    """At 20:00 in London, for two, for an hour."""
    return services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)


@dataclasses.dataclass
class Visitor:
    """A guest's browser, which keeps no cookie; `now` is when it looks."""

    client: Any
    now: datetime = NOW

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, **{"openbook.now": self.now})

    def post(self, path: str, **form: Any) -> Any:
        return self.client.post(path, form, **{"openbook.now": self.now})


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(Client(enforce_csrf_checks=True))


def link(booking: Booking, rest: str = "") -> str:
    """The path of a booking's link."""
    booking.refresh_from_db()
    return f"/booking/{links.token(booking)}/{rest}"


def pay_deposit(booking: Booking, **fields: Any) -> Deposit:
    return Deposit.objects.create(
        **{
            "business": booking.business,
            "booking_id": booking.pk,
            "amount_cents": 2000,
            "currency": "GBP",
            "type": "authorization_hold",
            "status": "held",
            "gateway": "sandbox",
            "payment_intent_id": f"pi_{booking.pk}",
        }
        | fields
    )


WINDOW = timedelta(hours=24)
LAST_CHANCE = EVENING - WINDOW
