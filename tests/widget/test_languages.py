"""Who booked in a language is answered in it: on their page, in their mails, in the calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from accounts.models import Business
from bookings import links, mailing, relay, services
from bookings.models import Booking
from bookings.wishes import SYSTEM
from tests.builders import MARIA, NOW, wish
from tests.widget.conftest import DAY, Guest

pytestmark = pytest.mark.django_db


def written() -> EmailMultiAlternatives:
    relay.deliver(now=NOW)
    mailing.send_due(now=NOW)
    letter = mail.outbox[-1]
    assert isinstance(letter, EmailMultiAlternatives)
    return letter


def test_the_mail_is_in_the_language_of_the_booking(bistro: Business) -> None:
    Guest(bistro).get("when/", day=DAY, party=2, lang="de").choose().say()
    letter = written()
    assert "Samstag" in letter.subject
    assert "Samstag" in letter.body
    assert '<html lang="de">' in str(letter.alternatives[0][0])


def test_without_one_it_is_in_the_businesss(bistro: Business) -> None:
    bistro.widget = {"language": "es"}
    bistro.save()
    services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    assert '<html lang="es">' in str(written().alternatives[0][0])


def test_the_page_of_a_booking_too_whatever_the_browser_prefers(bistro: Business) -> None:
    guest = Guest(bistro, headers={"Accept-Language": "es"})
    guest.get("when/", day=DAY, party=2, lang="de").choose().say()
    manage = next(
        each
        for each in guest.text.split('href="')
        if each.startswith("/booking/") and ".ics" not in each[:100]
    ).partition('"')[0]
    assert '<html lang="de">' in guest.get(manage).text
    assert "Samstag" in guest.text
    guest.get(f"{manage}move/")
    assert ('<html lang="de">' in guest.text, "Sa" in guest.text) == (True, True)
    other = services.book(
        wish(bistro, Booking.objects.get().starts_at + timedelta(hours=1)),
        guest=MARIA, by=SYSTEM, source="test", now=NOW,
    )  # fmt: skip

    assert '<html lang="es">' in guest.get(f"/booking/{links.token(other)}/").text
    assert '<html lang="es">' in guest.get("/booking/nonsense/").text
