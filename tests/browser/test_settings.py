"""Changing what a business promises, in a browser: seen before it holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from accounts.models import Business, Channel
from availability.models import Closure, OpeningHours
from bookings import services
from bookings.wishes import SYSTEM
from tests.browser.eyes import PHONE, axe, fits
from tests.builders import MARIA, wish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

LONDON = ZoneInfo("Europe/London")


def test_hours_are_changed_after_a_look_at_whom_they_strand(
    desk_page: Any, bistro: Business
) -> None:
    day = datetime.now(LONDON).date() + timedelta(days=2)
    seven = datetime(day.year, day.month, day.day, 19, tzinfo=LONDON).astimezone(UTC)
    booking = services.book(wish(bistro, seven), guest=MARIA, by=SYSTEM, source="test")
    name = f"{day:%A}"
    page = desk_page("settings/hours/", role="manager")
    axe(page)
    # The day gets two periods, with the keyboard alone.
    page.get_by_role("button", name=f"Add hours on {name}").press("Enter")
    fresh = page.get_by_label(f"{name}, opens (2)")
    expect(fresh).to_be_focused()
    fresh.fill("20:30")
    page.get_by_label(f"{name}, closes (2)").fill("23:00")
    page.get_by_label(f"{name}, opens (1)").fill("12:00")
    page.get_by_label(f"{name}, closes (1)").fill("18:00")
    page.get_by_label(f"{name}, closes (1)").press("Enter")
    changes = page.locator(".changes")
    expect(changes).to_contain_text("12:00–18:00, 20:30–23:00")
    expect(page.locator(".stranded")).to_contain_text("Maria Garcia")
    axe(page)
    # Who is left behind can be looked at, and nothing is lost by it.
    page.get_by_role("link", name=booking.reference).click()
    expect(page.locator("#sheet")).to_contain_text("Maria")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Go back and change").click()
    expect(page.get_by_label(f"{name}, opens (2)")).to_have_value("20:30")
    page.get_by_role("button", name=f"Remove period 2 of {name}").click()
    expect(page.get_by_label(f"{name}, opens (2)")).to_have_count(0)
    page.get_by_role("button", name="Review changes").last.click()
    expect(changes).to_contain_text("12:00–18:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The new hours hold from now on.")).to_be_visible()
    found = OpeningHours.objects.filter(weekday=day.isoweekday())
    assert [f"{each.opens:%H:%M}-{each.closes:%H:%M}" for each in found] == ["12:00-18:00"]
    booking.refresh_from_db()
    assert booking.state == "confirmed"


def test_days_are_closed_in_the_sheet_on_a_phone(desk_page: Any, bistro: Business) -> None:
    day = datetime.now(LONDON).date() + timedelta(days=3)
    page = desk_page("settings/hours/", role="manager", size=PHONE, dark=True)
    fits(page)
    page.get_by_role("link", name="Close some days").click()
    sheet = page.locator("#sheet")
    sheet.get_by_label("First day").fill(day.isoformat())
    sheet.get_by_label("Reason").fill("<b>Works</b>")
    sheet.get_by_role("button", name="Review").last.click()
    expect(sheet).to_contain_text("Every booking in the book can be kept as it is.")
    axe(page, within="#sheet")
    sheet.get_by_role("button", name="Save").click()
    expect(page.locator("#dated")).to_contain_text("<b>Works</b>")
    expect(sheet).not_to_be_visible()
    assert Closure.objects.get().first_day == day


def test_the_booking_page_is_seen_as_its_colour_is_chosen(desk_page: Any) -> None:
    page = desk_page("settings/widget/", role="manager")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading").first).to_be_visible()
    page.get_by_label("Colour").fill("#b3261e")
    expect(page.locator("iframe")).to_have_attribute("src", re.compile("color=b3261e"))
    chosen = frame.locator(":root")
    expect(chosen).to_have_attribute("style", re.compile("b3261e", re.IGNORECASE))
    axe(page, leave_out=["frame-tested"])
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert Business.objects.get().widget["color"] == "#b3261e"


def test_a_key_is_made_copied_and_listed(desk_page: Any) -> None:
    page = desk_page("settings/keys/", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="New key").click()
    sheet = page.locator("#sheet")
    sheet.get_by_label("Name").fill("Till")
    sheet.get_by_role("button", name="Make it").last.click()
    sheet.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    key = page.evaluate("navigator.clipboard.readText()")
    assert key.startswith(Channel.objects.get(name="Till").prefix)
    sheet.get_by_role("link", name="I have it").click()
    expect(page.locator("#api-keys")).to_contain_text("Till")
    expect(page.locator("body")).not_to_contain_text(key)
