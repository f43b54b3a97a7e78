"""A visit of several services is one thing to its guest: one mail, one page, one link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as post
from icalendar import Calendar

from accounts.models import Business
from bookings import links, relay, services
from bookings.errors import NotByGuest, TooLate
from bookings.models import Booking, Mail
from bookings.services import Part
from bookings.wishes import SYSTEM, Wish
from resources.services import qualify
from tests.builders import EVENING, HOUR, MARIA, MINUTE, NOW, resource, service
from tests.guest.conftest import Visitor, link

DAY = timedelta(days=1)
CUT = "20:00–20:45 Cut with Ana"
COLOUR = "20:45–21:45 Colour with Bruno"


@pytest.fixture
def visit(bistro: Business) -> Booking:
    """A cut by Ana at eight, and then colour by Bruno."""
    parts, start = [], EVENING
    for name, lasts, who in (("Cut", 45 * MINUTE, "Ana"), ("Colour", HOUR, "Bruno")):
        made = service(bistro, name, duration=lasts, slot_interval=15 * MINUTE)
        qualify(made, kind="staff", resource_ids=[resource(bistro, who, kind="staff").pk])
        parts.append(Part(Wish.of(made, starts_at=start, keeps_hours=True), 2000))
        start += lasts
    guest, _ = services.welcome_guest(bistro, MARIA, now=NOW)
    return services.book_visit(parts, guest_id=guest.pk, by=SYSTEM, source="test", now=NOW)


def told() -> list[tuple[str, str]]:
    """The mails so far, by their subject's first word, each with its text on one line."""
    return [
        (str(each.subject).partition(":")[0], " ".join(str(each.body).split()))
        for each in post.outbox
    ]


def last() -> tuple[str, str]:
    return told()[-1]


def test_a_visit_is_confirmed_once_and_whole(visit: Booking) -> None:
    relay.deliver(now=NOW)
    [(kind, text)] = told()
    assert kind == "Confirmed"
    assert f"Cut, Colour, 1 h 45 min, 1 person {CUT} {COLOUR}" in text
    assert "20:00–21:45" in text
    assert visit.reference in text
    assert links.url(visit) in text
    message: Any = post.outbox[0]
    assert str(message.subject) == "Confirmed: Cut, Colour at Bistro, Saturday 20 June 2026"
    html = str(message.alternatives[0][0])
    assert CUT in html
    assert COLOUR in html
    event: Any = Calendar.from_ical(message.attachments[0].get_payload(decode=True)).walk("VEVENT")
    assert (event[0].start, event[0].end) == (EVENING, EVENING + 105 * MINUTE)


def test_it_is_remembered_moved_and_cancelled_once(visit: Booking, visitor: Visitor) -> None:
    relay.deliver(now=NOW)
    services.move_visit(visit, starts_at=EVENING + HOUR, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert (len(told()), last()[0]) == (2, "Changed")
    assert "It was Saturday 20 June 2026 at 20:00 before." in last()[1]
    assert "21:00–22:45" in last()[1]
    reminder = Mail.objects.get(kind="reminder")
    assert (reminder.booking, reminder.due_at) == (visit, EVENING + HOUR - DAY)
    relay.deliver(now=reminder.due_at)
    assert (len(told()), last()[0]) == (3, "Reminder")
    assert "21:45–22:45 Colour with Bruno" in last()[1]
    services.cancel_visit(visit, by=SYSTEM, now=reminder.due_at)
    relay.deliver(now=reminder.due_at)
    assert (len(told()), last()[0]) == (4, "Cancelled")
    assert "Cut, Colour" in last()[1]


def test_one_that_goes_on_without_a_service_has_changed(visit: Booking) -> None:
    relay.deliver(now=NOW)
    services.cancel(visit, by=SYSTEM, now=NOW)  # the first, which leads
    relay.deliver(now=NOW)
    assert (len(told()), last()[0]) == (2, "Changed")
    assert "Cut is cancelled." in last()[1]
    assert "Colour, 1 h" in last()[1]
    colour = visit.followers.get()
    reminder = Mail.objects.get(kind="reminder")
    assert (reminder.booking, reminder.due_at) == (colour, colour.starts_at - DAY)
    services.cancel(colour, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert (len(told()), last()[0]) == (3, "Cancelled")
    assert not Mail.objects.filter(kind="reminder").exists()


def test_the_link_is_to_all_of_it(visit: Booking, visitor: Visitor) -> None:
    page = visitor.get(link(visit)).content.decode()
    assert "Cut, Colour" in page
    assert "20:00–21:45" in page
    colour = visit.followers.get()
    later = EVENING + HOUR
    services.move_own(visit, starts_at=later, now=NOW)
    colour.refresh_from_db()
    assert colour.starts_at == later + 45 * MINUTE
    services.move_own(colour, starts_at=EVENING + 45 * MINUTE, now=NOW)
    visit.refresh_from_db()
    assert visit.starts_at == EVENING
    visitor.post(link(visit, "cancel/"))
    visit.refresh_from_db()
    colour.refresh_from_db()
    assert (visit.state, colour.state) == ("cancelled", "cancelled")


def test_a_visit_is_moved_and_cancelled_by_when_it_begins(visit: Booking) -> None:
    """Not by its last service, which a guest could still do something about."""
    colour = visit.followers.get()
    hours = visit.business.cancellation_window_hours
    late = colour.starts_at - timedelta(hours=hours)  # and too late for the cut
    with pytest.raises(TooLate):
        services.move_own(colour, starts_at=colour.starts_at + DAY, now=late)
    with pytest.raises(TooLate):
        services.cancel_own(colour, now=visit.starts_at + MINUTE)
    services.check_in(visit, by=SYSTEM, now=visit.starts_at)
    with pytest.raises(NotByGuest):
        services.cancel_own(colour, now=visit.starts_at + MINUTE)
    assert set(Booking.objects.values_list("starts_at", "state")) == {
        (EVENING, "checked_in"),
        (EVENING + 45 * MINUTE, "confirmed"),
    }
