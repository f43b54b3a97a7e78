"""Whoever changes hours in the back office hears which bookings that strands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Business
from availability.models import Closure
from bookings.models import Booking
from resources.models import Resource
from tests.admin.pages import added, listed, logged_in, shown, typed
from tests.admin.test_book import booked
from tests.builders import business, location, tables
from tests.races.test_services import SEVEN

pytestmark = pytest.mark.django_db

DAY = SEVEN.date()


@pytest.fixture
def bistro(client: Client) -> Business:
    made = business("Bistro")
    tables(made, 1)
    logged_in(client, of=made, role="manager")
    return made


def close(client: Client, of: Business, day: Any) -> str:
    url = added(Closure)
    form = typed(client, url) | {
        "location": str(location(of).pk), "first_day": f"{day}", "last_day": f"{day}",
        "reason": "Works",
    }  # fmt: skip
    answer = client.post(url, form, follow=True)
    assert Closure.objects.count(), answer.context["errors"]
    return str(answer.content.decode())


def test_closing_a_day_says_who_is_booked(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    page = close(client, bistro, DAY)
    assert "1 booking can’t be kept" in page
    assert booking.reference in page
    assert "Closed: Works" in page
    booking.refresh_from_db()
    assert booking.state == "confirmed"


def test_closing_another_day_says_nothing(client: Client, bistro: Business) -> None:
    booked(bistro)
    assert "can’t be kept" not in close(client, bistro, DAY + timedelta(days=1))


def test_a_table_that_is_offered_no_longer(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    (table,) = bistro.resources.all()
    answer = client.post(
        listed(Resource),
        {"action": "deactivate", "_selected_action": [str(table.pk)]},
        follow=True,
    )
    assert booking.reference in answer.content.decode()
    assert "Table 1: no longer offered." in answer.content.decode()


def test_taking_a_table_away_on_its_page(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    (table,) = bistro.resources.all()
    form = typed(client, shown(table))
    form.pop("is_active", None)
    page = client.post(shown(table), form, follow=True).content.decode()
    assert booking.reference in page


def test_the_list_of_bookings_finds_them(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    url = f"{listed(Booking)}?stranded=yes"
    assert booking.reference not in client.get(url).content.decode()
    close(client, bistro, DAY)
    assert booking.reference in client.get(url).content.decode()


def test_nobody_hears_of_anothers_bookings(client: Client, bistro: Business) -> None:
    other = business("Other")
    tables(other, 1)
    theirs = booked(other)
    Closure.objects.create(location=location(other), first_day=DAY, last_day=DAY)
    booking = booked(bistro)
    page = close(client, bistro, DAY)
    assert booking.reference in page
    assert theirs.reference not in page
    assert theirs.reference not in client.get(f"{listed(Booking)}?stranded=yes").content.decode()
