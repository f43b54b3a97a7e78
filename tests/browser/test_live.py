"""Open pages of the desk while others do something: they show it, and lose nothing of yours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Business
from bookings import services
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails
from tests.browser.conftest import Live
from tests.browser.eyes import Eyes
from tests.builders import wish

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


def test_what_is_lost_is_said_and_made_good(
    bistro: Business, desk_page: Any, eyes: Eyes, live: Live
) -> None:
    eyes.forgive("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE")
    page = desk_page("floor/")
    state = page.locator("[data-live-state]")
    expect(page.locator("#board")).to_be_visible()
    page.wait_for_function("document.documentElement.classList.contains('has-scripts')")
    live.stop()
    expect(state).to_have_text("Reconnecting…")
    walks_in(bistro, "Nadia")
    live.start()
    expect(page.locator("#board")).to_contain_text("Nadia")
    expect(page.locator("#say")).to_contain_text(re.compile("Everything is up to date"))
    expect(state).to_be_hidden()


def test_a_machine_without_network_catches_up(bistro: Business, desk_page: Any, eyes: Eyes) -> None:
    eyes.forgive("ERR_INTERNET_DISCONNECTED")
    page = desk_page("floor/")
    state = page.locator("[data-live-state]")
    page.context.set_offline(True)
    expect(state).to_have_text("Reconnecting…")
    walks_in(bistro, "Olga")
    page.context.set_offline(False)
    expect(page.locator("#board")).to_contain_text("Olga")
    expect(state).to_be_hidden()
