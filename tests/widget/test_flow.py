"""A guest books by themselves: what, when, held, who, done; every step a page of its own."""

from __future__ import annotations

import pytest

from accounts.models import Business
from bookings import invariants
from bookings.models import Booking, Event, Session
from tests.builders import EVENING
from tests.widget.conftest import DAY, Guest

pytestmark = pytest.mark.django_db


def test_a_guest_books_a_table(bistro: Business) -> None:
    guest = Guest(bistro)
    assert (guest.get().status, guest.step) == (200, "when")  # nothing to choose but the time
    guest.get(guest.base + "when/", day=DAY, party=2)
    assert guest.times() == [f"{18 + n // 2}:{'03'[n % 2]}0" for n in range(9)]
    guest.choose()
    assert (guest.status, guest.step) == (200, "details")
    assert "Held for you until <b>13:20</b>" in guest.text
    held = Booking.objects.get()
    assert (held.state, held.starts_at, held.source) == ("held", EVENING, "widget")
    guest.say(notes="By the window")
    assert (guest.status, guest.step, guest.title) == (200, "booked", "You're booked, Maria")
    held.refresh_from_db()
    assert (held.state, held.notes, held.guest.email) == (  # type: ignore[union-attr]
        "confirmed", "By the window", "maria@example.com",
    )  # fmt: skip
    assert held.reference in guest.text
    kinds = Event.objects.filter(booking=held).order_by("id").values_list("kind", "actor")
    assert list(kinds) == [("booking.held", "guest"), ("booking.created", "guest")]
    manage = Guest(bistro)
    manage.get(guest.link("Change or cancel"))
    assert "See you soon, Maria" in manage.text
    assert manage.get(guest.link("Add to calendar")).text.startswith("BEGIN:VCALENDAR")
    assert invariants.broken() == []


def test_a_guest_chooses_a_treatment_and_who_gives_it(spa: Business) -> None:
    guest = Guest(spa).get()
    assert (guest.step, guest.title) == ("what", "What would you like to book?")
    guest.get(guest.link("Massage"))
    assert (guest.step, "How many people?" in guest.text) == ("when", False)
    guest.get(guest.link("Bruno"))
    guest.get(f"{guest.at}&day={DAY}")
    guest.choose("20260620T090000Z")
    assert "Bruno" in guest.text
    guest.say()
    booked = Booking.objects.get()
    names = spa.resources.filter(pk__in=booked.resource_ids).values_list("name", flat=True)
    assert (guest.step, list(names)) == ("booked", ["Bruno"])


def test_a_guest_books_places_in_a_class(spin: Session) -> None:
    guest = Guest(spin.business).get(f"/book/{spin.business.slug}/when/", day=DAY, party=2)
    assert ("3 places left" in guest.text, guest.times()) == (True, [])
    guest.choose(run=spin.pk)
    assert (guest.step, "2 people" in guest.text) == ("details", True)
    guest.say()
    assert guest.step == "booked"
    assert Booking.objects.get().session_id == spin.pk
    other = Guest(spin.business).get("when/", day=DAY, party=2)
    assert "Only 1 place left" in other.text
    one = Guest(spin.business).get("when/", day=DAY)
    assert "Last place" in one.text
