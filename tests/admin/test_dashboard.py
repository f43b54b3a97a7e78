"""The first page: today's figures, by the clock of each place, for those who may know them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Business, Membership
from bookings import services
from bookings.models import Booking, Event, WebhookDelivery, WebhookEndpoint
from bookings.wishes import SYSTEM
from tests.admin.pages import logged_in, stock
from tests.builders import HOUR, MARIA, business, tables, wish
from tests.races.test_services import SEVEN

NOON = SEVEN - 7 * HOUR
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def opened(client: Client, now: Any = NOON) -> str:
    page: str = client.get(reverse("admin:index"), **{"openbook.now": now}).content.decode()
    return page


def figures(page: str) -> dict[str, int]:
    return {name: int(n) for name, n in re.findall(r'data-figure="([^"]+)">(\d+)<', page)}


def evening(of: Business) -> None:
    """One has come, one is expected, one did not come, one cancelled, two are held, one lapsed."""
    tables(of, 8)
    came, _, missed, cancelled = (
        services.book(wish(of, SEVEN, party_size=n), guest=MARIA, by=SYSTEM, source="test")
        for n in (1, 2, 3, 4)
    )
    services.check_in(came, by=SYSTEM)
    services.mark_no_show(missed, by=SYSTEM)
    services.cancel(cancelled, by=SYSTEM)
    for lasts in (HOUR, HOUR, -HOUR):
        held = services.hold(wish(of, SEVEN), by=SYSTEM, source="test", lasts=HOUR)
        Booking.objects.filter(pk=held.pk).update(expires_at=NOON + lasts)
    services.book(wish(of, SEVEN + DAY), guest=MARIA, by=SYSTEM, source="test")


def give_up_on(event: Event, of: Business) -> None:
    endpoint = WebhookEndpoint.objects.create(
        business=of, url=f"https://hooks.example.org/{of.name}", secret="s", events=[]
    )
    made = WebhookDelivery.objects.create(endpoint=endpoint, event=event, body="", state="failed")
    WebhookDelivery.objects.filter(pk=made.pk).update(created_at=NOON - HOUR)


def test_the_figures_of_today(client: Client) -> None:
    of = business("Bistro")
    evening(of)
    give_up_on(Event.objects.latest("id"), of)
    logged_in(client, of=of, role="owner")
    assert figures(opened(client)) == {
        "Bookings today": 2, "Covers today": 3, "Holds": 2, "No-shows today": 1,
        "Failed deliveries": 1,
    }  # fmt: skip
    assert figures(opened(client, NOON + DAY)) == {
        "Bookings today": 1, "Covers today": 2, "Holds": 0, "No-shows today": 0,
        "Failed deliveries": 1,
    }  # fmt: skip
    assert "1 in seven days" in opened(client, NOON + DAY)


def test_today_is_where_the_place_is(client: Client) -> None:
    of = business("Izakaya", timezone="Asia/Tokyo")
    tables(of, 1)
    services.book(wish(of, SEVEN), guest=MARIA, by=SYSTEM, source="test")  # at 04:00 the next day
    logged_in(client, of=of, role="staff")
    assert figures(opened(client, SEVEN - 5 * HOUR))["Bookings today"] == 0
    page = opened(client, SEVEN - 3 * HOUR)
    assert figures(page)["Bookings today"] == 1
    assert "04:00–05:00" in page
    assert "Today, Asia/Tokyo" in page


def test_nobody_sees_another_tenants_day(client: Client) -> None:
    mine, other = business("Mine"), business("Secret")
    evening(other)
    give_up_on(Event.objects.latest("id"), other)
    logged_in(client, of=mine, role="owner")
    page = opened(client)
    assert set(figures(page).values()) == {0}
    assert "Secret" not in page
    assert "Nobody is expected." in page
    assert "Nothing waits." in page


def test_deliveries_are_the_owners_business(client: Client) -> None:
    mine, helped = business("Mine"), business("Helped")
    person = logged_in(client, of=mine, role="owner")
    Membership.objects.create(user=person, business=helped, role="staff")
    evening(helped)
    give_up_on(Event.objects.latest("id"), helped)
    page = opened(client)
    assert (figures(page)["Failed deliveries"], figures(page)["Bookings today"]) == (0, 2)
    assert "hooks.example.org" not in page
    logged_in(client, of=helped, role="staff")
    assert "Failed deliveries" not in figures(opened(client))


def test_several_businesses_are_told_apart(client: Client) -> None:
    busy, calm = business("Busy"), business("Calm")
    evening(busy)
    tables(calm, 1)
    services.book(wish(calm, SEVEN), guest=None, by=SYSTEM, source="test")
    logged_in(client, is_superuser=True)
    page = opened(client)
    rows = re.findall(
        r"<tr.*?</tr>", page.partition("Today by business")[2].partition("All pages")[0], re.S
    )
    cells = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in rows]
    assert cells == [
        ["Business", "Bookings", "Covers", "Holds", "No-shows"],
        ["Busy", "2", "3", "2", "1"],
        ["Calm", "1", "2", "0", "0"],
    ]


@pytest.mark.parametrize("is_superuser", [True, False])
def test_it_asks_as_much_on_a_busy_day(
    client: Client, django_assert_num_queries: Any, is_superuser: bool
) -> None:
    person = logged_in(client, of=business("First"), role="owner", is_superuser=is_superuser)
    least = 10 if is_superuser else 11  # who is asking, and for a member what they may see
    stock(2, owner=person)
    for tag in ("", "More ", "Most "):
        if tag:
            stock(12, owner=person, tag=tag)
        opened(client, SEVEN)
        with django_assert_num_queries(least):
            opened(client, SEVEN)
