"""No room: the nearest days, and the queue."""

from __future__ import annotations

from datetime import time

import pytest

from accounts.models import Business
from availability.models import OpeningHours
from bookings import services
from bookings.models import Session, WaitlistEntry
from bookings.wishes import SYSTEM
from tests.builders import EVENING, MARIA, NOW
from tests.widget.conftest import DAY, Guest
from tests.widget.conftest import MARIA as WHO

pytestmark = pytest.mark.django_db


def test_a_day_without_room_names_the_nearest_and_the_queue(bistro: Business) -> None:
    OpeningHours.objects.filter(weekday=6).delete()
    guest = Guest(bistro).get("when/", day=DAY, party=2)
    assert (guest.times(), "Nothing is free on this day." in guest.text) == ([], True)
    assert [guest.link(each).partition("&")[0][-22:] for each in ("Fri 19 Jun", "Sun 21 Jun")]
    guest.get(guest.link("Join the waitlist for this day"))
    assert guest.title == "Join the waitlist"
    guest.post(guest.at, **WHO, earliest="19:00", latest="21:00", notes="Any table")
    assert (guest.title, "You are number 1 in the queue." in guest.text) == (
        "You're on the list", True,
    )  # fmt: skip
    entry = WaitlistEntry.objects.get()
    assert (entry.party_size, entry.earliest, entry.latest, entry.notes) == (
        2, time(19), time(21), "Any table",
    )  # fmt: skip
    guest.get(guest.at)  # loading it anew joins nothing
    assert WaitlistEntry.objects.count() == 1
    guest.post(guest.action("/leave/"))
    assert guest.title == "You're off the list"
    entry.refresh_from_db()
    assert entry.state == "removed"


def test_a_full_class_has_a_queue_of_its_own(spin: Session) -> None:
    services.book_places(spin, party_size=3, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    guest = Guest(spin.business).get("when/", day=DAY)
    assert ("Full" in guest.text, "waitlist for this day" in guest.text) == (True, False)
    guest.get(guest.link("Waitlist"))
    assert 'name="earliest"' not in guest.text
    guest.post(guest.at, **WHO)
    assert WaitlistEntry.objects.get().session == spin


def test_what_is_wrong_is_said_and_what_was_typed_stays(bistro: Business) -> None:
    guest = Guest(bistro).get("waitlist/", day=DAY)
    guest.post(guest.at, **(WHO | {"email": ""}))
    assert (guest.status, 'value="Maria"' in guest.text) == (422, True)
    guest.post(guest.at, **WHO, earliest="21:00", latest="19:00")
    assert (guest.status, "Must not be before the earliest." in guest.text) == (409, True)
    gone = guest.get("waitlist/", day="2026-06-01")
    gone.post(gone.at, **WHO)
    assert (gone.status, "This date is in the past." in gone.text) == (409, True)


def test_a_business_without_a_queue_has_none(bistro: Business, spin: Session) -> None:
    OpeningHours.objects.filter(weekday=6).delete()
    bistro.widget = {"waitlist": False}
    bistro.save()
    guest = Guest(bistro).get("when/", day=DAY)
    assert "waitlist" not in guest.text
    assert guest.get("waitlist/", day=DAY).step == "when"


def test_a_queue_is_its_businesss_own(bistro: Business, spin: Session) -> None:
    entry, place = services.join_waitlist(
        spin.business, guest=MARIA, session=spin, by=SYSTEM, now=NOW
    )
    mine = Guest(spin.business).get("waitlist/", run=spin.pk)
    mine.post(mine.at, **WHO)
    token = mine.at.split("/")[4]
    other = Guest(bistro)
    assert other.get(f"waiting/{token}/").status == 404
    assert other.post(f"waiting/{token}/leave/").status == 404
    assert other.get("waiting/forged/").status == 404
    assert other.get("waitlist/", run=spin.pk).step == "when"  # no such class here
    assert {each.state for each in WaitlistEntry.objects.all()} == {"waiting"}
    assert (place, entry.session, EVENING > NOW) == (1, spin, True)
