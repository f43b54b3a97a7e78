"""What a guest sees and does with the link to a booking."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts.models import Business
from bookings import links, services
from bookings.models import Booking, Event, Outbox
from bookings.wishes import SYSTEM, GuestDetails
from tests.builders import EVENING, HOUR, MARIA, NOW, location, resource, service, wish
from tests.guest.conftest import LAST_CHANCE, Visitor, link, pay_deposit

SECOND = timedelta(seconds=1)


def text(reply: Any) -> str:
    return html.unescape(reply.content.decode())


def title(reply: Any) -> str:
    return text(reply).partition("<h1>")[2].partition("</h1>")[0]


def state(booking: Booking) -> str:
    booking.refresh_from_db()
    return booking.state


def test_a_guest_sees_their_booking_by_the_clock_on_the_wall(
    booked: Booking, visitor: Visitor
) -> None:
    reply = visitor.get(link(booked))
    shown = text(reply)
    assert (reply.status_code, title(reply)) == (200, "See you soon, Maria")
    for each in (
        "Bistro", "Saturday 20 June 2026", "20:00–21:00", "London time (BST)", "2 people",
        booked.reference, "until Friday 19 June 2026 at 20:00",
    ):  # fmt: skip
        assert each in shown
    assert "Garcia" not in shown
    assert MARIA.email not in shown


def test_pages_are_nobody_else_s(booked: Booking, visitor: Visitor) -> None:
    for path in (link(booked), link(booked, "cancel/"), link(booked, "calendar.ics"), "/booking/x"):
        reply = visitor.get(path)
        headers = {
            name: reply.headers[name]
            for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag", "X-Frame-Options")
        }
        assert headers == {
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow",
            "X-Frame-Options": "DENY",
        }
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert not reply.cookies
        assert "Cookie" not in reply.headers.get("Vary", "")
        assert "<script" not in text(reply)


def test_the_whole_flow_without_a_cookie(booked: Booking, visitor: Visitor) -> None:
    path = link(booked, "cancel/")
    assert title(visitor.get(path)) == "Cancel this booking?"
    assert state(booked) == "confirmed"  # looking changes nothing
    reply = visitor.post(path)
    assert (reply.status_code, reply.headers["Location"]) == (303, link(booked))
    assert (state(booked), title(visitor.get(link(booked)))) == ("cancelled", "Cancelled")
    event = Event.objects.get(booking=booked, kind="booking.cancelled")
    assert event.actor == "guest"
    again = visitor.post(path)
    assert (again.status_code, title(again)) == (409, "This booking can't be cancelled")
    assert "This booking has been cancelled." in text(again)
    assert Event.objects.filter(booking=booked, kind="booking.cancelled").count() == 1


def test_a_link_that_lost_its_slash_still_works(booked: Booking, visitor: Visitor) -> None:
    assert visitor.get(link(booked).rstrip("/")).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: ("A" if token[0] != "A" else "B") + token[1:],
        lambda token: token.partition(".")[0],
        lambda token: token.partition(".")[2],
        lambda token: "é" + token,
        lambda token: token + "%00",
        lambda token: "." * 80,
        lambda token: "a" * 5000,
    ],
)
def test_an_altered_link_leads_nowhere(spoil: Any, booked: Booking, visitor: Visitor) -> None:
    spoilt = spoil(links.token(booked))
    for reply in (visitor.get(f"/booking/{spoilt}/"), visitor.post(f"/booking/{spoilt}/cancel/")):
        assert (reply.status_code, title(reply)) == (404, "This link doesn't work")
    assert state(booked) == "confirmed"


def test_a_link_signed_for_anything_else_leads_nowhere(booked: Booking, visitor: Visitor) -> None:
    said = links.token(booked).partition(".")[0]
    other = Signer(salt="something else", sep=".").sign(said)
    assert visitor.get(f"/booking/{other}/").status_code == 404


def test_one_booking_s_link_does_nothing_to_another(
    bistro: Business, booked: Booking, visitor: Visitor
) -> None:
    other = services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    mine, theirs = links.token(booked).split("."), links.token(other).split(".")
    assert visitor.get(f"/booking/{theirs[0]}.{mine[1]}/").status_code == 404
    visitor.post(link(booked, "cancel/"))
    assert (state(booked), state(other)) == ("cancelled", "confirmed")


def test_a_new_link_revokes_the_old(booked: Booking, visitor: Visitor) -> None:
    old = link(booked)
    services.renew_link(booked)
    new = link(booked)
    assert (visitor.get(old).status_code, visitor.get(new).status_code) == (410, 200)
    assert title(visitor.get(old)) == "This link was replaced"
    assert visitor.post(f"{old}cancel/").status_code == 410
    assert state(booked) == "confirmed"


def test_a_forgotten_guest_s_link_is_revoked(booked: Booking, visitor: Visitor) -> None:
    old = link(booked)
    assert booked.guest
    services.forget_guest(booked.guest, now=NOW)
    assert visitor.get(old).status_code == 410


def test_a_link_expires_some_time_after_the_end(booked: Booking, visitor: Visitor) -> None:
    ends = EVENING + HOUR + links.KEPT
    visitor.now = ends - SECOND
    assert title(visitor.get(link(booked))) == "Thank you for coming"
    visitor.now = ends
    reply = visitor.get(link(booked))
    assert (reply.status_code, title(reply)) == (410, "This link has expired")
    later = EVENING + timedelta(days=60)
    services.reschedule(booked, starts_at=later, by=SYSTEM, now=NOW)
    assert visitor.get(link(booked)).status_code == 200  # it goes by when the booking is now


def test_a_business_that_is_gone(bistro: Business, booked: Booking, visitor: Visitor) -> None:
    bistro.is_active = False
    bistro.save()
    assert visitor.get(link(booked)).status_code == 404


def test_a_key_that_was_changed_opens_old_links_while_it_is_a_fallback(
    booked: Booking, visitor: Visitor, settings: Any
) -> None:
    path = link(booked)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert visitor.get(path).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert visitor.get(path).status_code == 404


# --- the policy, to the second -------------------------------------------------------------------


@pytest.mark.parametrize(
    "now, topic, warned",
    [(LAST_CHANCE, "release", False), (LAST_CHANCE + SECOND, "capture", True)],
)
def test_a_late_guest_is_told_that_the_deposit_is_kept(
    booked: Booking, visitor: Visitor, now: Any, topic: str, warned: bool
) -> None:
    pay_deposit(booked)
    visitor.now = now
    asked = text(visitor.get(link(booked, "cancel/")))
    assert ("Your deposit of 20.00 GBP will be kept." in asked) == warned
    assert ("Your deposit of 20.00 GBP will be given back." in asked) != warned
    visitor.post(link(booked, "cancel/"))
    assert state(booked) == "cancelled"
    assert [each.topic for each in Outbox.objects.exclude(topic="event")] == [topic]


def test_what_has_started_can_no_longer_be_cancelled(booked: Booking, visitor: Visitor) -> None:
    visitor.now = EVENING
    reply = visitor.post(link(booked, "cancel/"))
    assert (reply.status_code, state(booked)) == (409, "confirmed")
    assert "This booking has already started." in text(reply)
    visitor.now = EVENING - SECOND
    assert visitor.post(link(booked, "cancel/")).status_code == 303


@pytest.mark.parametrize(
    "end, said",
    [
        (services.check_in, "You have already been checked in."),
        (services.mark_no_show, "This booking is over."),
    ],
)
def test_what_is_over_can_only_be_looked_at(
    end: Any, said: str, booked: Booking, visitor: Visitor
) -> None:
    end(booked, by=SYSTEM, now=NOW)
    before = state(booked)
    reply = visitor.post(link(booked, "cancel/"))
    assert (reply.status_code, said in text(reply), state(booked)) == (409, True, before)
    assert visitor.get(link(booked)).status_code == 200


def test_a_lapsed_hold_is_over_before_any_sweep(bistro: Business, visitor: Visitor) -> None:
    held = services.hold(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    visitor.now = NOW + 20 * timedelta(minutes=1)
    reply = visitor.post(link(held, "cancel/"))
    assert (reply.status_code, "has lapsed" in text(reply)) == (409, True)


def test_only_what_the_pages_do_is_answered(booked: Booking, visitor: Visitor) -> None:
    assert visitor.post(link(booked)).status_code == 405
    assert visitor.post(link(booked, "calendar.ics")).status_code == 405
    put: Any = visitor.client.put
    assert put(link(booked, "cancel/"), **{"openbook.now": NOW}).status_code == 405


# --- hostile words, and calendars ----------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>\"'&\r\nBcc: all@example.com\x1b\u202e"


@pytest.fixture
def hostile(bistro: Business) -> Booking:
    bistro.name = HOSTILE[:100]
    bistro.save()
    location(bistro).__class__.objects.update(name=HOSTILE, address=HOSTILE)
    massage = service(bistro, f"Massage {HOSTILE}")
    massage.requirements.create(kind="staff")
    resource(bistro, HOSTILE, kind="staff")
    asked = GuestDetails(HOSTILE[:25], HOSTILE, "maria@example.com", "+1234567890")
    return services.book(
        wish(bistro, service=massage, party_size=1), guest=asked, by=SYSTEM, source="t", now=NOW
    )


def test_whatever_was_typed_is_text(hostile: Booking, visitor: Visitor) -> None:
    for path in (link(hostile), link(hostile, "cancel/")):
        reply = visitor.get(path)
        shown = reply.content.decode()
        assert "<script" not in shown
        assert "&lt;script&gt;alert(1)" in shown
        assert "\u202e" not in shown


def test_a_calendar_gets_one_event_whatever_was_typed(hostile: Booking, visitor: Visitor) -> None:
    reply = visitor.get(link(hostile, "calendar.ics"))
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    name = f'attachment; filename="booking-{hostile.reference}.ics"'
    assert reply.headers["Content-Disposition"] == name
    assert b"\r\nBcc" not in reply.content
    event: Any = Calendar.from_ical(reply.content).walk("VEVENT")[0]
    assert (event["UID"], event["STATUS"], event["SEQUENCE"]) == (
        f"{hostile.pk}@openbook", "CONFIRMED", 0,
    )  # fmt: skip
    assert (event.start, event.end) == (EVENING, EVENING + HOUR)
    assert str(event["SUMMARY"]).startswith("Massage <script>alert(1)</script>")
    assert event["URL"] == links.url(hostile)
    lines = reply.content.replace(b"\r\n ", b"").decode().split("\r\n")
    assert [re.split("[:;]", each)[0] for each in lines] == [
        "BEGIN", "VERSION", "PRODID", "METHOD", "BEGIN", "SUMMARY", "DTSTART", "DTEND", "DTSTAMP",
        "UID", "SEQUENCE", "DESCRIPTION", "LOCATION", "STATUS", "URL", "END", "END", "",
    ]  # fmt: skip


def test_a_calendar_hears_of_every_change(booked: Booking, visitor: Visitor) -> None:
    def event() -> Any:
        found = Calendar.from_ical(visitor.get(link(booked, "calendar.ics")).content)
        return found.walk("VEVENT")[0]

    first = event()
    services.reschedule(booked, starts_at=EVENING + HOUR, by=SYSTEM, now=NOW)
    second = event()
    services.cancel(booked, by=SYSTEM, now=NOW)
    third = event()
    assert [str(each["STATUS"]) for each in (first, second, third)] == [
        "CONFIRMED", "CONFIRMED", "CANCELLED",
    ]  # fmt: skip
    assert [each["SEQUENCE"] for each in (first, second, third)] == [0, 1, 2]
    assert second.start == EVENING + HOUR
    assert first["UID"] == third["UID"]


# --- cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest, most", [("", 4), ("cancel/", 4), ("calendar.ics", 5)])
def test_a_page_costs_few_queries(booked: Booking, visitor: Visitor, rest: str, most: int) -> None:
    path = link(booked, rest)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert visitor.get(path).status_code == 200
    assert len(seen) == most


def test_one_link_is_not_used_all_the_time(
    bistro: Business, booked: Booking, visitor: Visitor
) -> None:
    other = services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    path = link(booked, "calendar.ics")
    replies = [visitor.get(path) for _ in range(61)]
    assert {each.status_code for each in replies[:60]} == {200}
    assert (replies[60].status_code, title(replies[60])) == (429, "Just a moment")
    assert 1 <= int(replies[60].headers["Retry-After"]) <= 60
    assert visitor.post(link(booked, "cancel/")).status_code == 429
    assert state(booked) == "confirmed"
    assert visitor.get(link(other)).status_code == 200
