"""The floor in a real browser: two taps to a table, the room drawn by mouse and by keyboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from accounts.models import Business
from bookings import services
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Combination, Resource
from tests.browser.eyes import NARROW, PHONE, TABLET, axe, fits
from tests.builders import wish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

MINUTE = timedelta(minutes=1)
LONG = GuestDetails("Maximiliane-Theodora", "von und zu Hohenschwangau-Ettal", "", "+34600000001")


def now() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def busy(bistro: Business) -> None:
    """Somebody late, somebody here, somebody held and a table out of use."""
    at = {each.name: each.pk for each in bistro.resources.all()}

    def asked(name: str, minutes: int) -> Any:
        return wish(bistro, now() + minutes * MINUTE, resource_id=at[name], party_size=3)

    def book(name: str, minutes: int) -> Booking:
        then = now() + (minutes - 60) * MINUTE
        return services.book(asked(name, minutes), guest=LONG, by=SYSTEM, source="test", now=then)

    here = book("Table 1", -30)
    services.check_in(here, by=SYSTEM, now=now() - 28 * MINUTE)
    book("Table 2", -12)
    book("Table 3", 20)
    services.hold(asked("Table 4", 0), by=SYSTEM, source="test")
    services.block(
        bistro.resources.get(name="Table 5"),
        starts_at=now(),
        ends_at=now() + 60 * MINUTE,
        by=SYSTEM,
        reason="Wobbly",
    )


def ready(page: Page) -> Page:
    page.wait_for_function("document.documentElement.classList.contains('has-scripts')")
    return page


def test_a_walk_in_sits_down_in_two_taps_and_is_taken_back(
    bistro: Business, desk_page: Any
) -> None:
    page = ready(desk_page("floor/", role="staff", size=TABLET, touch=True))
    page.locator("#walk-in-3").tap()
    page.get_by_role("button", name="Seat now").tap()
    expect(page.locator("#say")).to_contain_text("3 guests at Table 1")
    expect(page.locator("#sheet")).to_be_hidden()
    table = page.locator(".spot a").first
    expect(table).to_have_attribute("data-status", "seated")
    expect(table.locator(".only-read")).to_contain_text("Table 1, seats 4, seated")
    page.locator("#say").get_by_role("button", name="Undo").tap()
    expect(table).to_have_attribute("data-status", "free")
    assert Booking.objects.get().state == "cancelled"


def test_the_floor_is_worked_by_links_and_forms_alone(bistro: Business, desk_page: Any) -> None:
    page = desk_page("floor/", role="staff", java_script_enabled=False)
    page.locator("#walk-in-2").click()
    page.get_by_role("button", name="Seat now").click()
    expect(page.locator(".messages")).to_contain_text("2 guests at Table 1")
    page.locator(".spot a").first.click()
    page.get_by_role("button", name="Party has left").click()
    assert Booking.objects.get().state == "completed"


def test_a_table_is_blocked_and_used_again(bistro: Business, desk_page: Any) -> None:
    page = ready(desk_page("floor/", role="staff"))
    first = page.locator(".spot a").first
    first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Take it out of use").click()
    page.get_by_label("Why?").fill("Wobbly")
    page.get_by_role("button", name="Block it").click()
    expect(first).to_have_attribute("data-status", "blocked")
    expect(first.locator(".only-read")).to_contain_text("Wobbly")
    expect(first).to_be_focused()
    first.click()
    page.get_by_role("button", name="Use it again").click()
    expect(first).to_have_attribute("data-status", "free")


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_read_it(bistro: Business, desk_page: Any, dark: bool) -> None:
    busy(bistro)
    page = ready(desk_page("floor/", dark=dark))
    axe(page)
    page.locator(".spot a").first.click()
    expect(page.get_by_role("button", name="Party has left")).to_be_visible()
    axe(page)
    page.locator("[data-close-sheet]").click()
    page.locator("#walk-in-2").click()
    expect(page.get_by_role("button", name="Seat now")).to_be_visible()
    for each in page.locator("#sheet summary").all():
        each.click()
    axe(page)
    page.goto(page.url.partition("?")[0] + "plan/")
    page.locator("[data-key]").first.click()
    axe(page)


def test_it_fits_a_narrow_phone(bistro: Business, desk_page: Any) -> None:
    busy(bistro)
    page = ready(desk_page("floor/", size=NARROW, dark=True))
    expect(page.locator(".spot-long").first).to_be_visible()
    fits(page)
    axe(page)
    page.get_by_role("link", name="Plan", exact=True).click()
    expect(page.locator(".spot-shape").first).to_be_visible()
    fits(page)
    page.locator("#walk-in-2").click()
    expect(page.get_by_role("button", name="Seat now")).to_be_visible()
    fits(page)


# --- drawing -------------------------------------------------------------------------------------


def piece(page: Page, name: str) -> Any:
    return page.locator(f'.piece[aria-label^="{name},"]')


def test_the_room_is_drawn_by_mouse(bistro: Business, desk_page: Any) -> None:
    page = ready(desk_page("floor/plan/"))
    box = piece(page, "Table 1").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 150, steps=5)
    page.mouse.up()
    handle: Any = page.locator('[data-handle="size"]').bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + 60, handle["y"] + 60, steps=5)
    page.mouse.up()
    page.get_by_label("Name", exact=True).fill("Corner")
    page.get_by_label("to guests").fill("6")
    piece(page, "Table 2").click()
    piece(page, "Table 3").click(modifiers=["Shift"])
    page.get_by_role("button", name="Put together").click()
    page.get_by_role("button", name="Round for 2").click()
    page.get_by_role("button", name="Save plan").click()
    expect(page.locator(".messages")).to_contain_text("The plan is saved.")
    moved = bistro.resources.get(name="Corner")
    assert (moved.covers_max, (moved.plan_y or 0) > 40, (moved.plan_width or 0) > 90) == (
        6,
        True,
        True,
    )
    assert (moved.plan_x or 1) % 10 == 0
    assert Combination.objects.get().members.count() == 2
    assert bistro.resources.get(shape="round").covers_max == 2


def test_the_room_is_drawn_by_keyboard(bistro: Business, desk_page: Any) -> None:
    page = ready(desk_page("floor/plan/"))
    was = bistro.resources.get(name="Table 1")
    piece(page, "Table 1").focus()
    keys = page.keyboard
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "+", "r", "Delete"):
        keys.press(key)
    expect(piece(page, "Table 1")).to_have_count(0)
    keys.press("Control+z")
    expect(piece(page, "Table 1")).to_have_count(1)
    piece(page, "Table 2").focus()
    keys.press("Delete")
    keys.press("Control+s")
    expect(page.locator(".messages")).to_contain_text("The plan is saved.")
    table = Resource.objects.get(pk=was.pk)
    assert (table.plan_x, table.plan_y, table.plan_rotation, table.plan_width) == (
        60, 50, 15, 100,
    )  # fmt: skip
    assert Resource.objects.get(name="Table 2").deleted_at is not None


def test_whoever_was_slower_is_told_and_asked_before_leaving(
    bistro: Business, desk_page: Any
) -> None:
    one, two = ready(desk_page("floor/plan/")), ready(desk_page("floor/plan/"))
    for page in (one, two):
        piece(page, "Table 1").focus()
        page.keyboard.press("ArrowRight")
    one.get_by_role("button", name="Save plan").click()
    expect(one.locator(".messages")).to_contain_text("The plan is saved.")
    two.get_by_role("button", name="Save plan").click()
    expect(two.get_by_role("alert")).to_contain_text("Somebody else has changed the plan")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    two.on("dialog", stay)
    two.get_by_role("link", name="Leave", exact=True).click(no_wait_after=True)
    two.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    two.get_by_role("link", name="Load it as it is now").click()
    expect(two.get_by_role("alert")).to_be_hidden()
    assert len(asked) == 1
    fits(ready(desk_page("floor/plan/", size=PHONE)))
