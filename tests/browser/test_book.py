"""The book by hand: a phone booking without the mouse, a party seated from the list, two guests
made one; on a desk, on a phone, in the dark."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Business
from bookings import services
from bookings.lifecycle import State
from bookings.models import Booking, Guest
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Resource
from tests.browser.eyes import NARROW, PHONE, Eyes, axe, fits
from tests.builders import wish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ADA = GuestDetails("Ada", "Lovelace", "ada@example.com", "+44 20 7946 0100")


def soon() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)


def tomorrow(hour: int) -> datetime:
    day = datetime.now(UTC) + timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def booked(of: Business, when: datetime, who: GuestDetails = ADA, **fields: Any) -> Booking:
    notes = fields.pop("notes", "")
    return services.book(wish(of, when, **fields), guest=who, by=SYSTEM, source="desk", notes=notes)


def ready(page: Page) -> Page:
    page.wait_for_function("document.documentElement.classList.contains('has-scripts')")
    return page


def test_a_phone_booking_takes_nothing_but_the_keyboard(bistro: Business, desk_page: Any) -> None:
    past = booked(bistro, tomorrow(9), notes="")
    assert past.guest_id
    Guest.objects.filter(pk=past.guest_id).update(notes="Nut allergy")
    page = ready(desk_page("book/", role="staff"))
    keys = page.keyboard
    keys.press("n")
    expect(page.locator("#id_party")).to_be_focused()
    keys.type("4")
    keys.press("Tab")
    keys.type("tomorrow")
    keys.press("Tab")
    keys.type("730")
    said = page.locator("#ask-said")
    expect(said).to_contain_text("Tomorrow, 19:30–20:30 · Table 1")
    keys.press("ArrowDown")
    expect(page.locator("#id_time")).to_have_value("20:00")
    expect(said).to_contain_text("20:00–21:00")
    page.locator("#id_phone").focus()
    keys.type("020 7946 01")
    expect(page.locator(".ask-who")).to_contain_text("Nut allergy")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#id_name")).to_have_value("Ada Lovelace")
    expect(page.locator("#id_notes")).to_be_focused()
    keys.type("Birthday")
    axe(page)
    keys.press("Enter")
    expect(page.locator("#say")).to_contain_text(
        re.compile("Ada Lovelace, Tomorrow 20:00, 4 guests")
    )
    expect(page.locator("#sheet")).not_to_be_visible()
    made = Booking.objects.exclude(pk=past.pk).get()
    assert (made.party_size, made.notes, made.guest_id, made.source) == (
        4, "Birthday", past.guest_id, "desk",
    )  # fmt: skip
    # The keys are listed, and a search is one key away.
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys.press("Escape")
    keys.press("/")
    expect(page.locator("#search")).to_be_focused()
    keys.type(made.reference.lower())
    keys.press("Enter")
    expect(page.locator(".book-row")).to_have_count(1)
    expect(page.locator(".book-row")).to_contain_text("Tomorrow 20:00")


def test_a_refusal_offers_the_nearest_under_a_key(
    bistro: Business, desk_page: Any, eyes: Eyes
) -> None:
    for each in Resource.objects.filter(business=bistro):
        booked(bistro, tomorrow(12), resource_id=each.pk)
    page = ready(desk_page("book/"))
    page.keyboard.press("n")
    page.fill("#id_day", "tomorrow")
    page.fill("#id_time", "1200")
    page.fill("#id_name", "Bo Li")
    expect(page.locator("#ask-said")).to_have_class(re.compile("is-refused"))
    page.keyboard.press("Enter")
    first = page.locator("[data-ask-others] [data-pick]").first
    expect(first).to_be_focused()
    expect(page.locator("#id_name")).to_have_value("Bo Li")
    axe(page)
    page.keyboard.press("2")
    expect(page.locator("#ask-said")).to_have_class(re.compile("is-free"))
    page.locator("#id_name").press("Enter")
    expect(page.locator("#say")).to_contain_text("Bo Li, Tomorrow")
    assert Booking.objects.filter(guest__first_name="Bo").count() == 1


def test_a_party_is_seated_from_the_list_and_it_is_taken_back(
    bistro: Business, desk_page: Any
) -> None:
    made = booked(bistro, soon())
    page = ready(desk_page("book/", role="staff", size=PHONE, touch=True))
    row = page.locator(".book-row")
    row.get_by_role("button", name="Seat").click()
    expect(row).to_contain_text("Seated")
    expect(page.locator("#say")).to_contain_text("Ada Lovelace is here.")
    page.locator("#say").get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Confirmed")
    expect(row.get_by_role("button", name="Seat")).to_be_visible()
    # The same from its sheet, and called off with a reason after a question.
    row.locator(".book-who a").click()
    sheet = page.locator("#sheet")
    sheet.get_by_role("link", name="Cancel booking").click()
    expect(sheet).to_contain_text("free again at once")
    sheet.get_by_label("Reason").fill("Guest called")
    sheet.get_by_role("button", name="Cancel booking").click()
    over = page.locator("#book-over")
    expect(over).to_contain_text("1 is over")
    over.locator("summary").click()
    booked(bistro, soon() + timedelta(hours=1), GuestDetails("Bo", "Li"))
    expect(page.locator("#board")).to_contain_text("Bo Li")
    expect(over.locator(".book-row")).to_be_visible()
    assert Booking.objects.get(pk=made.pk).state == State.CANCELLED.value


def test_a_booking_is_moved_in_its_sheet(bistro: Business, desk_page: Any) -> None:
    made = booked(bistro, tomorrow(12))
    day = tomorrow(12).date().isoformat()
    page = ready(desk_page(f"book/?day={day}"))
    page.locator(".book-who a").click()
    page.locator("#sheet").get_by_role("link", name="Move").click()
    expect(page.locator("#id_time")).to_be_focused()
    page.keyboard.type("3pm")
    expect(page.locator("#ask-said")).to_contain_text("15:00–16:00")
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("is moved to Tomorrow 15:00")
    expect(page.locator(".book-row")).to_contain_text("15:00")
    made.refresh_from_db()
    assert made.starts_at.astimezone(UTC).minute == 0


def test_two_guests_are_made_one(bistro: Business, desk_page: Any) -> None:
    keep = booked(bistro, tomorrow(12)).guest
    other = booked(bistro, tomorrow(14), GuestDetails("Ada", "Lovelace", "", "+44 1")).guest
    assert keep is not None
    assert other is not None
    page = ready(desk_page("guests/"))
    expect(page.locator(".gs-row")).to_have_count(2)
    page.locator(".gs-row", has_text="0100").locator("a").click()
    sheet = page.locator("#sheet")
    sheet.get_by_role("link", name="Merge").click()
    sheet.get_by_role("link", name="Ada Lovelace").click()
    expect(sheet).to_contain_text("These two become one")
    axe(page)
    sheet.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator("#say")).to_contain_text("Now one guest: Ada Lovelace.")
    expect(sheet.locator(".gs-stays").first.locator("li")).to_have_count(2)
    assert {each.guest_id for each in Booking.objects.all()} == {keep.pk}


@pytest.mark.parametrize("size, dark", [(NARROW, False), (PHONE, True)])
def test_the_book_and_the_guests_fit_and_are_for_everybody(
    size: tuple[int, int], dark: bool, bistro: Business, desk_page: Any
) -> None:
    long = GuestDetails("Wolfeschlegelsteinhausenbergerdorff", "von und zu Hohenzollern")
    made = booked(bistro, soon(), long, notes="Needs a very quiet place, " * 6)
    booked(bistro, soon() + timedelta(hours=1))
    Guest.objects.update(tags=["Regular", "Allergies and intolerances"], notes="Window. " * 10)
    page = ready(desk_page("book/", size=size, dark=dark))
    for path in (
        "book/", "book/?q=ada", "book/?day=2020-01-01", "guests/", f"guests/{made.guest_id}/",
        f"guests/{made.guest_id}/erase/", f"bookings/{made.pk}/", f"bookings/{made.pk}/edit/",
        f"bookings/{made.pk}/move/", f"bookings/{made.pk}/cancel/", "bookings/new/",
    ):  # fmt: skip
        page.goto(f"/desk/{bistro.slug}/{path}")
        fits(page)
        axe(page)
