"""The timeline in a real browser: dragged with a mouse, a finger and the keyboard."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Business
from bookings import services
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Requirement, Resource, Service
from tests.browser.eyes import PHONE, axe, fits
from tests.builders import resource, service, wish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

HOUR = timedelta(hours=1)


def tomorrow(hour: int) -> datetime:
    """An hour of tomorrow by London's clock, which is UTC's or one ahead of it."""
    day = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1, hours=hour - 12)


def books(of: Business, table: str, starts: datetime, name: str = "Maria", **more: Any) -> Booking:
    place = Resource.objects.get(business=of, name=table)
    return services.book(
        wish(of, starts, resource_id=place.pk, **more),
        guest=GuestDetails(name, "Garcia", f"{name.lower()}@example.com"),
        by=SYSTEM,
        source="test",
    )


def path(starts: datetime, **query: str) -> str:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return f"timeline/?day={starts:%Y-%m-%d}{more}"


def bar(page: Page, name: str) -> Locator:
    return page.locator(".tl-bar", has_text=name)


def row(page: Page, name: str) -> Locator:
    return page.locator(f".tl-row[data-name='{name}'] .tl-track")


def minute(page: Page) -> float:
    """How many pixels one has."""
    found: float = page.evaluate(
        "document.querySelector('.tl-track').getBoundingClientRect().width"
        " / document.querySelector('.tl').dataset.minutes"
    )
    return found


def box(what: Locator) -> dict[str, float]:
    """Where it is once it is in sight; asked again while the board is being drawn anew."""
    expect(what).to_be_visible()
    for _ in range(20):
        found: dict[str, float] = what.evaluate(
            """(element) => {
              element.scrollIntoView({ block: "nearest", inline: "center" });
              const { x, y, width, height } = element.getBoundingClientRect();
              return { x, y, width, height };
            }"""
        )
        if found["width"]:
            return found
    raise AssertionError("It is never there for long enough.")


def drag(page: Page, what: Locator, *, along: float = 0, to: Locator | None = None) -> None:
    """With a mouse, so many minutes along, and to another row."""
    here = box(what)
    x, y = here["x"] + 20, here["y"] + here["height"] / 2
    there = to.evaluate("(row) => row.getBoundingClientRect().y") + 20 if to else y
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y, steps=3)
    page.mouse.move(x + along * minute(page), there, steps=8)
    page.mouse.up()


def at(booking: Booking) -> tuple[datetime, list[str]]:
    booking.refresh_from_db()
    rows = Resource.objects.filter(pk__in=booking.resource_ids)
    return booking.starts_at, sorted(rows.values_list("name", flat=True))


def test_a_booking_is_dragged_and_what_is_refused_goes_back(
    bistro: Business, desk_page: Any
) -> None:
    starts = tomorrow(12)
    mine, other = books(bistro, "Table 1", starts), books(bistro, "Table 3", starts, "Olga")
    page = desk_page(path(starts))
    drag(page, bar(page, "Maria"), along=60, to=row(page, "Table 2"))
    said = page.locator("#say")
    expect(said).to_contain_text("Maria Garcia:")
    expect(row(page, "Table 2").locator(".tl-bar")).to_contain_text("Maria")
    assert at(mine) == (starts + HOUR, ["Table 2"])
    said.get_by_role("button", name="Undo").click()
    expect(row(page, "Table 1").locator(".tl-bar")).to_contain_text("Maria")
    assert at(mine) == (starts, ["Table 1"])

    drag(page, bar(page, "Maria"), to=row(page, "Table 3"))
    expect(said).to_contain_text("Table 3 is taken: Olga Garcia")
    expect(row(page, "Table 1").locator(".tl-bar")).to_contain_text("Maria")
    assert (at(mine), at(other)) == ((starts, ["Table 1"]), (starts, ["Table 3"]))

    end = box(bar(page, "Maria"))
    x, y = end["x"] + end["width"] - 3, end["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 45 * minute(page), y, steps=6)
    page.mouse.up()
    expect(said).to_contain_text(re.compile(r"Maria Garcia: \d\d:00–\d\d:45, Table 1"))
    mine.refresh_from_db()
    assert mine.ends_at - mine.starts_at == timedelta(minutes=105)


def test_a_booking_is_moved_with_the_keyboard_alone(bistro: Business, desk_page: Any) -> None:
    starts = tomorrow(12)
    mine = books(bistro, "Table 1", starts)
    books(bistro, "Table 2", starts, "Olga")
    page = desk_page(path(starts))
    page.wait_for_function("document.querySelectorAll('.tl-bar[tabindex=\"0\"]').length === 1")
    bar(page, "Maria").focus()
    says = page.locator("#tl-says")
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(says).to_contain_text(re.compile(r"\d\d:30–\d\d:30, Table 2\. Enter"))
    page.keyboard.press("Escape")
    expect(says).to_have_text("Put back.")
    expect(row(page, "Table 1").locator(".tl-bar")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(bar(page, "Olga")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Alt+ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("Maria Garcia:")
    assert at(mine) == (starts + timedelta(minutes=15), ["Table 1"])
    assert mine.ends_at - mine.starts_at == timedelta(minutes=75)
    page.locator("#say button").first.focus()
    bar(page, "Olga").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_contain_text("Olga")


def test_free_time_is_dragged_over_to_book_it(bistro: Business, desk_page: Any) -> None:
    starts = tomorrow(12)
    books(bistro, "Table 1", starts)
    page = desk_page(path(starts))
    page.wait_for_function("document.querySelectorAll('.tl-bar[tabindex=\"0\"]').length === 1")
    left = box(bar(page, "Maria"))["x"]
    y = row(page, "Table 4").evaluate("(row) => row.getBoundingClientRect().y") + 20
    page.mouse.move(left + 3, y)
    page.mouse.down()
    page.mouse.move(left + 93 * minute(page), y, steps=8)
    expect(page.locator(".tl-new")).to_have_text(re.compile(r"\d\d:00–\d\d:30"))
    page.mouse.up()
    sheet = page.locator("#sheet")
    expect(sheet).to_be_visible()
    table = Resource.objects.get(business=bistro, name="Table 4")
    asked = sheet.get_attribute("data-url") or ""
    assert f"resource={table.pk}" in asked
    assert re.search(rf"day={starts:%Y-%m-%d}&time=\d\d%3A00", asked)
    expect(page.locator(".tl-new")).to_have_count(0)


def test_a_finger_scrolls_until_it_has_rested(bistro: Business, desk_page: Any) -> None:
    starts = tomorrow(12)
    mine = books(bistro, "Table 1", starts)
    page = desk_page(path(starts), size=PHONE, touch=True)
    fits(page)
    page.wait_for_timeout(200)
    here = box(bar(page, "Maria"))
    below = row(page, "Table 2").evaluate("(row) => row.getBoundingClientRect().y") + 20
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    x, y = here["x"] + 15, here["y"] + 15
    finger("touchStart", (x, y))
    page.wait_for_timeout(500)
    finger("touchMove", (x, y + 12))
    finger("touchMove", (x, below))
    finger("touchEnd")
    expect(page.locator("#say")).to_contain_text("Maria Garcia:")
    assert at(mine) == (starts, ["Table 2"])


def test_what_others_do_waits_while_something_is_dragged(bistro: Business, desk_page: Any) -> None:
    starts = tomorrow(12)
    books(bistro, "Table 1", starts)
    page = desk_page(path(starts))
    here = box(bar(page, "Maria"))
    page.mouse.move(here["x"] + 20, here["y"] + 10)
    page.mouse.down()
    page.mouse.move(here["x"] + 60, here["y"] + 10, steps=4)
    expect(page.locator(".is-dragged")).to_be_visible()
    left = page.evaluate("document.querySelector('#timeline').scrollLeft")
    books(bistro, "Table 5", starts, "Olga")
    page.wait_for_timeout(1200)
    expect(bar(page, "Olga")).to_have_count(0)
    page.mouse.move(here["x"] + 20, here["y"] + 10, steps=4)
    page.mouse.up()
    expect(bar(page, "Olga")).to_have_count(1)
    assert page.evaluate("document.querySelector('#timeline').scrollLeft") == left


def test_the_timeline_is_for_everybody(bistro: Business, desk_page: Any) -> None:
    starts = tomorrow(12)
    books(bistro, "Table 1", starts)
    ana = resource(bistro, "Ana", kind="staff")
    cut = service(bistro, "Cut", buffer_after=timedelta(minutes=15))
    Requirement.objects.create(service=cut, kind="staff").resources.add(ana)
    kind = Service.objects.get(business=bistro)
    services.schedule_session(
        service(bistro, "Spin", capacity=8), starts_at=starts + 2 * HOUR, by=SYSTEM
    )
    services.book(
        wish(bistro, starts, service=kind, party_size=1, buffer_after=kind.buffer_after),
        guest=GuestDetails("Bea"), by=SYSTEM, source="test",
    )  # fmt: skip
    page = desk_page(path(starts), dark=True)
    axe(page)
    page.goto(f"/desk/{bistro.slug}/{path(starts, kind='staff')}")
    expect(page.locator(".tl--columns")).to_be_visible()
    expect(bar(page, "Bea")).to_be_visible()
    axe(page)
    page.set_viewport_size({"width": 320, "height": 640})
    fits(page)
