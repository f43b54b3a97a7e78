"""What the waitlist offers, as its guest hears of it and answers it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.core import mail as post

from accounts.models import Business
from bookings import links, relay, services
from bookings.models import Booking, Mail, WaitlistEntry
from bookings.wishes import GUEST, SYSTEM, GuestDetails
from tests.builders import EVENING, MARIA, MINUTE, NOW, wish
from tests.guest.conftest import Visitor, link
from tests.guest.test_mails import html_of, text_of
from tests.guest.test_pages import state, text, title

ANN = GuestDetails("Ann", "Lee", "ann@example.com", "+44 20 7946 0101")
BEN = GuestDetails("Ben", "Roy", "ben@example.com", "+44 20 7946 0102")


@pytest.fixture
def offered(bistro: Business) -> Booking:
    """One of two tables is booked all evening; the other is held for Ann, and Ben is next."""
    Business.objects.update(waitlist_promotes=True)
    bistro.refresh_from_db()
    bistro.resources.filter(name="Table 2").update(is_active=False)
    evening = wish(bistro, EVENING - timedelta(hours=2), duration=timedelta(hours=5))
    taken = services.book(evening, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    for n, who in enumerate((ANN, BEN)):
        services.join_waitlist(
            bistro, guest=who, preferred_date=EVENING.date(), party_size=2, by=GUEST,
            earliest=time(20), latest=time(20), now=NOW + n * MINUTE,
        )  # fmt: skip
    services.cancel(taken, by=SYSTEM, now=NOW + 2 * MINUTE)
    relay.deliver(now=NOW + 2 * MINUTE)
    post.outbox.clear()
    (entry,) = services.promote_waitlist(now=NOW + 3 * MINUTE)
    assert entry.booking is not None
    return entry.booking


@pytest.fixture
def soon(visitor: Visitor) -> Visitor:
    visitor.now = NOW + 4 * MINUTE
    return visitor


def answer(soon: Visitor, booking: Booking, **form: Any) -> Any:
    return soon.post(link(booking, "offer/"), **form)


def entry_of(booking: Booking) -> WaitlistEntry:
    return WaitlistEntry.objects.get(booking=booking)


def test_a_guest_is_told_by_mail_until_when_it_is_held(offered: Booking, soon: Visitor) -> None:
    relay.deliver(now=soon.now)
    message = next(each for each in post.outbox if each.to == ["ann@example.com"])
    assert message.subject == "Free for you: Table at Bistro, Saturday 20 June 2026"
    for shown in (text_of(message), html_of(message)):
        for each in (
            "Hello Ann", "Friday 19 June 2026 at 13:18", "nothing is booked before you say so",
            links.url(offered),
        ):  # fmt: skip
            assert each in " ".join(shown.split())
    assert "change or cancel" not in text_of(message)


def test_a_mail_about_an_offer_that_lapsed_is_not_sent(offered: Booking) -> None:
    relay.deliver(now=NOW + 18 * MINUTE)
    assert [each for each in post.outbox if each.to == ["ann@example.com"]] == []
    assert Mail.objects.get(kind="offer", booking=offered).state == "dropped"


def test_taking_it(offered: Booking, soon: Visitor) -> None:
    shown = soon.get(link(offered))
    assert title(shown) == "There is room for you, Ann"
    assert "Held for you until Friday 19 June 2026 at 13:18" in text(shown)
    assert state(offered) == "held"  # looking changes nothing
    reply = answer(soon, offered, answer="take")
    assert (reply.status_code, reply.headers["Location"]) == (303, link(offered))
    assert (state(offered), entry_of(offered).state) == ("confirmed", "accepted")
    assert title(soon.get(link(offered))) == "See you soon, Ann"
    relay.deliver(now=soon.now)
    assert "Confirmed" in post.outbox[-1].subject


def test_leaving_it_to_the_next(offered: Booking, soon: Visitor) -> None:
    assert answer(soon, offered, answer="leave").status_code == 303
    assert (state(offered), entry_of(offered).state) == ("cancelled", "declined")
    assert title(soon.get(link(offered))) == "Cancelled"
    (after,) = services.promote_waitlist(now=soon.now)
    assert after.guest.first_name == "Ben"


def test_too_late(offered: Booking, soon: Visitor) -> None:
    soon.now = NOW + 18 * MINUTE
    reply = answer(soon, offered, answer="take")
    assert (reply.status_code, title(reply)) == (409, "This is no longer free")
    assert "The hold has expired." in text(reply)
    assert state(offered) == "held"
    assert "There is room" not in text(soon.get(link(offered)))


def test_looking_never_answers(offered: Booking, soon: Visitor) -> None:
    assert soon.get(link(offered, "offer/"), answer="take").status_code == 303
    assert state(offered) == "held"


def test_a_hold_that_nobody_offered_is_not_confirmed_by_its_link(
    bistro: Business, visitor: Visitor
) -> None:
    held = services.hold(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    assert title(visitor.get(link(held))) == "Not confirmed yet"
    assert visitor.post(link(held, "offer/"), answer="take").status_code == 303
    assert state(held) == "held"
