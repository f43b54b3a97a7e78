"""The page on which the demo shows what it wrote to guests, and nobody else does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Business
from bookings import links, relay, services
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails
from tests.builders import NOW, wish
from tests.guest.conftest import Visitor
from tests.guest.test_pages import HOSTILE, text


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.MAIL_FOLDER = str(tmp_path)
    settings.DEMO = True
    return tmp_path


def test_it_is_empty_before_anything_was_written(folder: Path, db: None, visitor: Visitor) -> None:
    assert "Nothing yet." in text(visitor.get("/demo/mail/"))
    assert visitor.get("/demo/mail/nothing/").status_code == 404


def test_every_mail_is_there_and_leads_to_its_booking(
    folder: Path, booked: Booking, visitor: Visitor
) -> None:
    services.book(
        wish(booked.business),
        guest=GuestDetails(HOSTILE[:25], "X", "other@example.com"),
        by=SYSTEM,
        source="t",
        now=NOW,
    )
    assert relay.deliver(now=NOW).mailed == 2
    assert relay.deliver(now=booked.starts_at - (booked.starts_at - NOW) / 100).mailed == 2
    box = visitor.get("/demo/mail/")
    addresses = re.findall(r'href="(/demo/mail/[^"]+/)"', text(box))
    assert len(addresses) == len(set(addresses)) == 4
    assert text(box).count("Reminder: Table at Bistro, Saturday 20 June 2026") == 2
    shown = [text(visitor.get(each)) for each in addresses]
    assert sum(links.url(booked) in each for each in shown) == 2
    assert sum(f"booking-{booked.reference}.ics" in each for each in shown) == 1
    raw = [visitor.get(each).content.decode() for each in addresses]
    assert not any("<script" in each for each in raw)


def test_it_is_there_in_the_demo_alone(
    folder: Path, bistro: Business, visitor: Visitor, settings: Any
) -> None:
    settings.DEMO = False
    for path in ("/demo/mail/", "/demo/mail/x/"):
        assert visitor.get(path).status_code == 404
