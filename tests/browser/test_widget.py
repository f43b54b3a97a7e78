"""Guests book in a real browser: alone and against each other, on our page and on other sites."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from accounts.models import Business
from billing.gateways import Notice
from billing.models import Account, SandboxIntent
from bookings import services
from bookings.models import Allocation, Booking
from bookings.wishes import SYSTEM
from resources.models import Resource
from tests.browser.eyes import DESK, NARROW, PHONE, Eyes, axe, fits
from tests.builders import service

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
BOOK = "/book/bistro/"


def step(page: Page | Frame, name: str) -> Locator:
    """Wait for a step to be there."""
    found = page.locator(f"#page[data-step={name}]:not(.busy)")
    expect(found).to_be_visible()
    return found


def tomorrow(page: Page | Frame) -> None:
    """Choose the second day that has room: the first may end while the test runs."""
    page.locator(".day--room").nth(1).click()
    step(page, "when")
    expect(page.locator("#day")).to_be_focused()


def choose(page: Page | Frame, at: str = "19:00", table: str = "") -> None:
    """A time, and a table where they are chosen."""
    page.locator(".slot", has_text=at).click()
    if page.locator(".slot").count():
        expect(page.locator("#page[data-step=when]")).to_have_count(0)
    if page.locator("#page[data-step=table]").count():
        name = f"{table}," if table else "Any free table"
        page.get_by_role("button", name=name).click()
    step(page, "details")


def fill(page: Page | Frame, name: str = "Maria") -> None:
    page.get_by_label("First name").fill(name)
    page.get_by_label("Last name").fill("Garcia")
    page.get_by_label("E-mail").fill(f"{name.lower()}@example.com")


def book(page: Page | Frame, name: str = "Maria") -> None:
    fill(page, name)
    page.get_by_role("button", name="Book it").click()
    step(page, "booked")


def test_a_guest_books_a_table_of_their_choice(guest_page: Any, bistro: Business) -> None:
    page = guest_page(BOOK)
    tomorrow(page)
    choose(page, table="Table 4")
    expect(page.get_by_role("heading", name="Who is coming?")).to_be_focused()
    book(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You're booked, Maria")
    booked = Booking.objects.get(state="confirmed")
    expect(page.locator(".code")).to_contain_text(booked.reference)
    assert list(Resource.objects.filter(pk__in=booked.resource_ids)) == [
        bistro.resources.get(name="Table 4")
    ]
    with page.expect_download() as saved:
        page.get_by_role("link", name="Add to calendar").click()
    assert saved.value.suggested_filename == f"booking-{booked.reference}.ics"
    page.get_by_role("link", name="Change or cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("See you soon, Maria")
    assert page.context.cookies() == []


def test_back_and_reload_lose_nothing(guest_page: Any, bistro: Business) -> None:
    page = guest_page(BOOK)
    tomorrow(page)
    choose(page)
    fill(page)
    page.reload()
    step(page, "details")
    expect(page.get_by_label("First name")).to_have_value("Maria")
    expect(page.get_by_label("E-mail")).to_have_value("maria@example.com")
    page.go_back()
    step(page, "table")
    page.go_back()
    step(page, "when")
    expect(page.locator(".note--held")).to_contain_text("19:00")
    choose(page, "20:00")
    assert Booking.objects.filter(state="held").count() == 1  # in place of the other
    book(page)
    page.reload()
    step(page, "booked")
    assert sorted(Booking.objects.values_list("state", flat=True)) == ["cancelled", "confirmed"]


def test_two_race_for_the_last_table(guest_page: Any, eyes: Eyes, bistro: Business) -> None:
    bistro.resources.exclude(name="Table 1").delete()
    first, second = guest_page(BOOK), guest_page(BOOK, size=PHONE)
    for page in (first, second):
        tomorrow(page)
    choose(first)
    second.locator(".slot", has_text="19:00").click()
    expect(second.get_by_role("alert")).to_contain_text("19:00 has just been taken.")
    second.get_by_role("alert").get_by_text("20:00").click()
    step(second, "table")
    second.get_by_role("button", name="Any free table").click()
    step(second, "details")
    book(first, "Maria")
    book(second, "Tomasz")
    rows = Booking.objects.filter(state="confirmed").order_by("starts_at")
    assert [(f"{each.starts_at:%M}", each.guest.first_name) for each in rows if each.guest] == [
        ("00", "Maria"), ("00", "Tomasz"),
    ]  # fmt: skip


def test_both_press_at_once(guest_page: Any, bistro: Business) -> None:
    """The page of each still shows the table; one has it, the other is told."""
    bistro.resources.exclude(name="Table 1").delete()
    pages = [guest_page(BOOK), guest_page(BOOK)]
    for page in pages:
        tomorrow(page)
        page.locator(".slot", has_text="19:00").click()
        step(page, "table")
    for page in pages:
        page.get_by_role("button", name="Table 1,").click(no_wait_after=True)
    step(pages[0], "details")
    step(pages[1], "when")
    expect(pages[1].get_by_role("alert")).to_contain_text("has just been taken")


def test_the_open_floor_shows_what_a_guest_does(
    guest_page: Any, desk_page: Any, bistro: Business
) -> None:
    floor = desk_page("floor/")
    expect(floor.locator("[data-live-state]")).to_be_hidden()
    page = guest_page(BOOK, size=PHONE)
    page.locator(".slot").first.click()
    step(page, "table")
    page.get_by_role("button", name="Table 5,").click()
    step(page, "details")
    book(page, "Chloe")
    expect(floor.locator("#board")).to_contain_text("Chloe", timeout=5000)


def test_a_lost_connection_loses_nothing(guest_page: Any, eyes: Eyes, bistro: Business) -> None:
    eyes.forgive("ERR_INTERNET_DISCONNECTED")
    page = guest_page(BOOK)
    tomorrow(page)
    choose(page)
    fill(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no connection at the moment.")
    expect(page.get_by_label("First name")).to_have_value("Maria")
    page.context.set_offline(False)
    page.get_by_role("button", name="Book it").click()
    step(page, "booked")


def test_a_guest_pays_a_deposit(guest_page: Any, bistro: Business) -> None:
    Business.objects.update(deposit_enabled=True, deposit_amount_cents=1000)
    ready = {"details_submitted": True, "payouts_enabled": True}
    Account.objects.create(business=bistro, gateway="sandbox", reference="acct_1", **ready)
    page = guest_page(BOOK, size=PHONE, dark=True)
    tomorrow(page)
    choose(page)
    fill(page)
    page.get_by_role("button", name="Go on to the deposit").click()
    step(page, "pay")
    axe(page)
    page.get_by_role("button", name="Pay £10").click()
    expect(page.get_by_text("We are waiting for the payment")).to_be_visible()
    intent = SandboxIntent.objects.get()
    services.heed("sandbox", Notice("evt_1", "paid", intent.id))
    expect(page.get_by_role("heading", level=1)).to_have_text("You're booked, Maria")  # by itself
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_a_hold_that_lapses_says_so(guest_page: Any, bistro: Business) -> None:
    page = guest_page(BOOK)
    tomorrow(page)
    choose(page)
    soon = datetime.now(UTC) + timedelta(seconds=3)
    Booking.objects.update(expires_at=soon)
    Allocation.objects.update(expires_at=soon)
    page.reload()  # the clock on the page is the server's
    expect(page.get_by_role("heading", level=1)).to_have_text("The hold has lapsed")
    page.get_by_role("link", name="Look again").click()
    step(page, "when")
    expect(page.locator(".slot", has_text="19:00")).to_be_visible()


def test_with_the_keyboard_alone(guest_page: Any, bistro: Business) -> None:
    page = guest_page(BOOK)
    step(page, "when")

    def to(what: Locator, most: int = 80) -> None:
        """Tab on until it has the focus."""
        for _ in range(most):
            if what.evaluate("(each) => each === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"not reached: {what}")

    to(page.locator(".chip", has_text="4"))
    page.keyboard.press("Enter")
    expect(page.locator(".chip[aria-current]")).to_have_text("4")
    expect(page.locator(".chip[aria-current]")).to_be_focused()
    to(page.locator(".day--room").first)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#day")).to_be_focused()
    to(page.locator(".slot", has_text="19:00"))
    page.keyboard.press("Enter")
    step(page, "table")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    to(page.get_by_role("button", name="Table 2,"))
    page.keyboard.press("Enter")
    step(page, "details")
    for label, text in (("First name", "Maria"), ("Last name", "Garcia"), ("E-mail", "maria@")):
        to(page.get_by_label(label))
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the error leads to its field
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("example.com")
    page.keyboard.press("Enter")
    step(page, "booked")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_without_scripts(guest_page: Any, bistro: Business) -> None:
    page = guest_page(BOOK, java_script_enabled=False)
    page.locator(".day--room").nth(1).click()
    page.locator(".slot", has_text="19:00").click()
    page.get_by_role("button", name="Any free table").click()
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_role("alert")).to_contain_text("Please fill this in.")
    fill(page)
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You're booked, Maria")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("color", ["#2b5f4b", "#ffe800"])
def test_every_step_can_be_read_at_320_pixels(
    guest_page: Any, eyes: Eyes, bistro: Business, dark: bool, color: str
) -> None:
    Business.objects.update(widget={"color": color})
    page = guest_page(BOOK, size=NARROW, dark=dark, timezone_id="Asia/Tokyo")

    def look() -> None:
        fits(page)
        axe(page)

    step(page, "when")
    expect(page.locator(".slot .yours").first).to_be_visible()
    look()
    tomorrow(page)
    page.locator('.slot[href*="T190000Z"]').click()
    step(page, "table")
    look()
    page.get_by_role("button", name="Any free table").click()
    step(page, "details")
    look()
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look()
    book(page)
    look()


def test_services_and_the_waitlist_can_be_read_too(guest_page: Any, bistro: Business) -> None:
    spin = service(bistro, "Spin", capacity=2, only_groups=True, price_cents=900)
    service(bistro, "Massage with a very long name that goes on " * 2, description="Long " * 40)
    later = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=3)
    run = services.schedule_session(spin, starts_at=later, by=SYSTEM)
    services.book_places(run, party_size=2, guest=None, by=SYSTEM, source="test")
    for size, dark in ((NARROW, True), (DESK, False)):
        page = guest_page(BOOK, size=size, dark=dark)
        step(page, "what")
        fits(page)
        axe(page)
        page.get_by_text("Spin").click()
        step(page, "when")
        page.locator(f'[aria-label*="{later:%-d} {later:%B}"]').first.click()
        expect(page.locator(".run")).to_contain_text("Full")
        fits(page)
        axe(page)
        page.get_by_role("link", name="Waitlist").click()
        step(page, "waitlist")
        fits(page)
        axe(page)
    fill(page)
    page.get_by_role("button", name="Join the waitlist").click()
    expect(page.get_by_text("You are number 1 in the queue.")).to_be_visible()
    axe(page)


# --- on other sites ------------------------------------------------------------------------------


@contextlib.contextmanager
def a_site(tag: str) -> Iterator[str]:
    """Somebody else's page, on an origin of its own."""
    page = f"""<!doctype html><html lang="en"><head><title>A site</title>
      <style>body {{ margin: 2rem; background: #fff }} * {{ letter-spacing: 3px }}</style></head>
      <body><main><h1>A site</h1><p id="heard"></p>{tag}</main>
      <script>
        document.addEventListener("openbook:booked", (e) => {{
          document.getElementById("heard").textContent = e.detail.reference;
        }});
      </script></body></html>"""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode() if self.path == "/" else b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def tag(eyes: Eyes, **more: str) -> str:
    said = "".join(f' data-{name}="{value}"' for name, value in more.items())
    return f'<script src="{eyes.url}/widget/embed.js" data-business="bistro"{said} async></script>'


def frame_of(page: Page, eyes: Eyes) -> Frame:
    """The frame on a site, once it has come."""
    page.locator("iframe").wait_for()
    for _ in range(50):
        for each in page.frames:
            if each.url.startswith(f"{eyes.url}/widget/"):
                return each
        page.wait_for_timeout(100)
    raise AssertionError("there is no frame")


def test_another_site_takes_bookings(eyes: Eyes, bistro: Business) -> None:
    with a_site(tag(eyes, color="#7a1f5c", party="4")) as site:
        eyes.forgive("favicon")
        Business.objects.update(widget_origins=[site])
        page = eyes.open(site)
        frame = frame_of(page, eyes)
        step(frame, "when")
        expect(frame.locator(".chip[aria-current]")).to_have_text("4")
        assert "#7a1f5c" in (frame.locator("html").get_attribute("style") or "")

        def is_as_tall_as_its_page() -> bool:
            inside = frame.evaluate("document.documentElement.getBoundingClientRect().height")
            box = page.locator("iframe").bounding_box()
            return box is not None and abs(box["height"] - inside) <= 2

        tomorrow(frame)
        page.wait_for_timeout(300)
        assert is_as_tall_as_its_page()
        choose(frame)
        page.wait_for_timeout(300)
        assert is_as_tall_as_its_page()
        page.evaluate("history.back()")  # the site's own back goes back in the frame
        step(frame, "table")
        page.evaluate("history.forward()")
        step(frame, "details")
        book(frame)
        reference = Booking.objects.get(state="confirmed").reference
        expect(page.locator("#heard")).to_have_text(reference)
        assert page.context.cookies() == []


def test_a_site_that_is_not_allowed_is_refused(eyes: Eyes, bistro: Business) -> None:
    Business.objects.update(widget_origins=["https://www.example.com"])
    eyes.forgive("frame-ancestors|favicon|ERR_BLOCKED_BY_RESPONSE")
    with a_site(tag(eyes)) as site:
        page = eyes.open(site)
        link = page.get_by_role("link", name="Open the booking page")
        expect(link).to_be_visible(timeout=12_000)  # in place of a frame that stays empty
        assert page.locator("iframe").count() == 0
        assert link.get_attribute("href", timeout=1000).startswith(f"{eyes.url}/book/bistro/")  # type: ignore[union-attr]


def test_a_button_opens_it_over_the_page(eyes: Eyes, bistro: Business) -> None:
    eyes.forgive("favicon")
    with a_site(tag(eyes, mode="button", label="Book a table")) as site:
        Business.objects.update(widget_origins=[site])
        page = eyes.open(site, size=PHONE)
        button = page.get_by_role("button", name="Book a table")
        button.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Book a table")
        expect(dialog).to_be_visible()
        step(frame_of(page, eyes), "when")
        axe(page, leave_out=("landmark-one-main",))
        for _ in range(4):  # what is behind can't be reached
            page.keyboard.press("Tab")
            assert not button.evaluate("(each) => each.getRootNode().activeElement === each")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert button.evaluate("(each) => each.getRootNode().activeElement === each")
        page.keyboard.press("Enter")
        frame = frame_of(page, eyes)
        frame.locator(".chip").first.focus()
        page.keyboard.press("Escape")  # in the frame as well
        expect(dialog).to_be_hidden()


def test_words_of_strangers_are_not_heard(eyes: Eyes, bistro: Business) -> None:
    eyes.forgive("favicon")
    with a_site(tag(eyes)) as site:
        Business.objects.update(widget_origins=[site])
        page = eyes.open(site)
        step(frame_of(page, eyes), "when")
        page.wait_for_timeout(300)
        before = page.locator("iframe").bounding_box()
        page.evaluate(
            """() => {
              const told = { openbook: 1, type: "resize", height: 7000 };
              postMessage(told, "*");
              postMessage({ openbook: 1, type: "booked", booking: { reference: "FORGED" } }, "*");
            }"""
        )
        page.wait_for_timeout(300)
        assert page.locator("iframe").bounding_box() == before
        expect(page.locator("#heard")).to_have_text("")
