"""A guest books in their own language and is written to in it; programs are answered in English."""

from __future__ import annotations

import pytest
from django.core import mail

from accounts.models import Business
from bookings import relay
from tests.builders import NOW
from tests.widget.conftest import DAY, Guest

pytestmark = pytest.mark.django_db


def test_a_guest_books_in_german_and_hears_in_german(bistro: Business) -> None:
    guest = Guest(bistro, headers={"Accept-Language": "de-AT,de;q=0.9"})
    guest.get("when/", day=DAY, party=2)
    assert guest.title == "Wann möchten Sie kommen?"
    assert "Samstag, 20. Juni" in guest.text
    guest.choose()
    assert guest.title == "Wer kommt?"
    assert "Für Sie vorgemerkt bis <b>13:20</b>" in guest.text
    guest.say(email="nobody")
    assert (guest.status, guest.step) == (422, "details")
    assert "Das ist keine E-Mail-Adresse." in guest.text
    guest.say()
    assert (guest.step, guest.title) == ("booked", "Ihre Buchung steht, Maria")

    relay.deliver(now=NOW)
    (sent,) = mail.outbox
    assert "Guten Tag Maria," in sent.body
    assert "Ihre Buchung bei Bistro ist bestätigt." in " ".join(sent.body.split())

    # They booked in German: their browser's English changes nothing on the page of the booking.
    own = Guest(bistro, headers={"Accept-Language": "en"})
    own.get(guest.link("Ändern oder stornieren"))
    assert own.title == "Bis bald, Maria"
    own.get(own.link("Buchung stornieren"))
    assert "Ja, stornieren" in own.text


def test_the_page_speaks_spanish_too(bistro: Business) -> None:
    guest = Guest(bistro).get("when/", day=DAY, party=2, lang="es")
    assert guest.title == "¿Cuándo quiere venir?"
    assert "sábado 20 de junio" in guest.text.casefold()
    guest.choose().say()
    assert guest.title == "Reserva hecha, Maria"
