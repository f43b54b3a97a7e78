"""Open pages of the desk while others do something: they show it, and lose nothing of yours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from accounts.models import Business
from bookings import services
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails
from resources.services import add_resource
from tests.browser.conftest import Live
from tests.browser.eyes import PHONE, Eyes
from tests.builders import business, resource, wish

LONDON = ZoneInfo("Europe/London")

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def walks_in(of: Business, name: str) -> Booking:
    """A guest books for now, at some door."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    guest = GuestDetails(name, "Garcia", "", "+34600000001")
    return services.book(wish(of, minute), guest=guest, by=SYSTEM, source="availengine")


def test_a_booking_appears_on_an_open_page(bistro: Business, desk_page: Any) -> None:
    page = desk_page("floor/", role="staff")
    expect(page.locator("[data-live-state]")).to_be_hidden()
    expect(page.locator("#board")).not_to_contain_text("Maria")
    walks_in(bistro, "Maria")
    expect(page.locator("#board")).to_contain_text("Maria", timeout=3000)


def test_a_guest_books_and_the_open_book_shows_it_and_keeps_what_is_typed(
    bistro: Business, desk_page: Any, guest_page: Any
) -> None:
    day = (datetime.now(LONDON) + timedelta(days=1)).date()
    desk = desk_page(f"book/?day={day}", role="staff")
    desk.locator("#new-booking").click()
    desk.get_by_label("Name", exact=True).fill("Zoë from the phone")
    desk.get_by_label("Notes").fill("by the win")
    desk.get_by_label("Notes").press("End")

    guest = guest_page(f"/book/{bistro.slug}/when/?day={day}&party=2", size=PHONE, touch=True)
    guest.get_by_role("button", name="12:00").or_(guest.get_by_role("link", name="12:00")).click()
    guest.get_by_role("button", name="Any free table").click()
    guest.get_by_label("First name").fill("Maria")
    guest.get_by_label("Last name").fill("Garcia")
    guest.get_by_label("E-mail").fill("maria@example.com")
    guest.get_by_role("button", name="Book it").click()
    expect(guest.get_by_text("Your code")).to_be_visible()

    expect(desk.locator(".book-list")).to_contain_text("Maria Garcia", timeout=3000)
    desk.keyboard.type("dow")
    expect(desk.get_by_label("Name", exact=True)).to_have_value("Zoë from the phone")
    expect(desk.get_by_label("Notes")).to_have_value("by the window")


def test_settings_changed_by_another_are_shown(bistro: Business, desk_page: Any) -> None:
    page = desk_page("floor/", role="staff")
    expect(page.locator("#board")).not_to_contain_text("Chef’s table")
    add_resource(bistro, name="Chef’s table", kind="table", covers_max=2)
    expect(page.locator("#board")).to_contain_text("Chef’s table", timeout=3000)


def test_another_business_s_page_looks_at_nothing(
    bistro: Business, desk_page: Any, eyes: Eyes
) -> None:
    other = business("Other")
    resource(other, "Stool", kind="table", covers_max=2)
    page = desk_page("floor/")
    page.evaluate("document.body.addEventListener('changed', () => (window.heard = true))")
    walks_in(bistro, "Maria")
    expect(page.locator("#board")).to_contain_text("Maria")
    page.wait_for_timeout(1000)  # that nothing happens can only be waited for
    page.evaluate("window.heard = false")
    walks_in(other, "Nadia")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.heard") is False


def test_what_is_lost_is_said_and_made_good(
    bistro: Business, desk_page: Any, eyes: Eyes, live: Live
) -> None:
    eyes.forgive("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE")
    page = desk_page("floor/")
    state = page.locator("[data-live-state]")
    page.locator("body[data-hears]").wait_for()
    live.stop()
    expect(state).to_have_text("Reconnecting…")
    walks_in(bistro, "Nadia")
    live.start()
    expect(page.locator("#board")).to_contain_text("Nadia")
    expect(page.locator("#say")).to_contain_text(re.compile("Everything is up to date"))
    expect(state).to_be_hidden()


def test_a_machine_without_network_catches_up(bistro: Business, desk_page: Any, eyes: Eyes) -> None:
    eyes.forgive("ERR_INTERNET_DISCONNECTED|htmx:|undefined$")
    page = desk_page("floor/")
    state = page.locator("[data-live-state]")
    page.locator("body[data-hears]").wait_for()
    page.context.set_offline(True)
    expect(state).to_have_text("Reconnecting…")
    walks_in(bistro, "Olga")
    page.context.set_offline(False)
    expect(page.locator("#board")).to_contain_text("Olga")
    expect(state).to_be_hidden()
