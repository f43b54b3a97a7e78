"""Classes in a real browser: checked in by taps and by keys, filled, and called off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Business
from bookings import services
from bookings.models import Session
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Requirement
from tests.browser.eyes import PHONE, Eyes, axe, fits
from tests.builders import resource, service

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def spin(bistro: Business) -> Session:
    """A class of four places that begins in an hour, with Ana and Bo in it."""
    kind = service(bistro, "Spin", capacity=4, duration=timedelta(minutes=45))
    sam = resource(bistro, "Sam", kind="staff")
    Requirement.objects.create(service=kind, kind="staff").resources.add(sam)
    starts = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=1)
    made = services.schedule_session(kind, starts_at=starts, by=SYSTEM)
    for name in ("Ana", "Bo"):
        comes(made, name)
    return made


def comes(session: Session, name: str) -> None:
    services.book_places(
        session,
        party_size=1,
        guest=GuestDetails(name, "Smith", f"{name.lower()}@example.com"),
        by=SYSTEM,
        source="test",
    )


def states(session: Session) -> dict[str, str]:
    rows = session.bookings.select_related("guest").order_by("guest__first_name")
    return {each.guest.first_name: each.state for each in rows if each.guest}


def test_a_class_is_checked_in_key_by_key(spin: Session, desk_page: Any) -> None:
    page = desk_page("classes/", role="staff")
    expect(page.locator(".run")).to_contain_text("2 of 4 taken")
    page.locator(".run").press("Enter")
    roster = page.locator("#roster")
    roster.get_by_role("button", name="Check in Ana Smith").press("Enter")
    expect(page.locator("#say")).to_contain_text("Ana Smith is here.")
    expect(roster).to_contain_text("1 here")
    # The next one is ready.
    expect(roster.get_by_role("button", name="Check in Bo Smith")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("Bo Smith is here.")
    expect(roster).to_contain_text("2 here")
    expect(page.locator("#say")).to_contain_text("Bo Smith is here.")  # the stream may be quicker
    assert states(spin) == {"Ana": "checked_in", "Bo": "checked_in"}
    toast = page.locator(".toast", has_text="Bo Smith is here.")
    toast.get_by_role("button", name="Undo").click()
    expect(roster.get_by_role("button", name="Check in Bo Smith")).to_be_visible()
    assert states(spin) == {"Ana": "checked_in", "Bo": "confirmed"}
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()


def test_who_books_meanwhile_is_on_the_open_roster(spin: Session, desk_page: Any) -> None:
    page = desk_page("classes/", size=PHONE)
    fits(page)
    page.locator(".run").click()
    roster = page.locator("#roster")
    expect(roster).to_contain_text("Bo Smith")
    comes(spin, "Cleo")
    expect(roster).to_contain_text("Cleo Smith")
    roster.get_by_role("button", name="Check in everyone").click()
    expect(page.locator("#say")).to_contain_text("3 guests checked in.")
    assert set(states(spin).values()) == {"checked_in"}
    axe(page)


def test_a_guest_is_found_added_and_the_class_called_off(
    spin: Session, desk_page: Any, eyes: Eyes
) -> None:
    eyes.forgive("Response Status Error Code 409")  # the class is full: an answer
    services.welcome_guest(spin.business, GuestDetails("Maria", "Garcia", "maria@example.com"))
    page = desk_page("classes/", dark=True)
    page.locator(".run").click()
    sheet = page.locator("#sheet")
    sheet.locator("summary", has_text="Add a guest").click()
    sheet.get_by_label("Name, phone or e-mail").fill("gar")
    sheet.get_by_role("button", name="Add Maria Garcia").click()
    expect(page.locator("#say")).to_contain_text("Maria Garcia is in.")
    expect(page.locator("#roster")).to_contain_text("3 of 4 taken")

    sheet.locator("summary", has_text="Add a guest").click()
    sheet.get_by_label("Name", exact=True).fill("Jo Jones")
    sheet.get_by_label("Places", exact=True).last.fill("2")
    sheet.get_by_role("button", name="Add as a new guest").click()
    expect(page.locator("#say")).to_contain_text("not enough places left")
    # What was typed is still there, and good for the waitlist.
    expect(sheet.get_by_label("Name", exact=True)).to_have_value("Jo Jones")
    sheet.get_by_role("button", name="Put on the waitlist").click()
    expect(page.locator("#roster")).to_contain_text("Jo Jones")
    axe(page)

    sheet.get_by_role("link", name="Call off…").click()
    expect(sheet).to_contain_text("3 bookings are cancelled.")
    sheet.get_by_role("button", name="Call the class off").click()
    expect(sheet).to_be_hidden()
    expect(page.locator(".run")).to_contain_text("Cancelled")
    assert set(states(spin).values()) == {"cancelled"}
