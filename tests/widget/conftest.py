"""A bistro, a studio and a spa in London, and a guest who books at them without a cookie."""

from __future__ import annotations

import html
import re
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import Business
from availability.models import OpeningHours
from bookings import services
from bookings.models import Session
from bookings.wishes import SYSTEM
from resources.models import Requirement, Service
from tests.builders import EVENING, NOW, business, location, resource, service, tables

MARIA = {"first_name": "Maria", "last_name": "Garcia", "email": "maria@example.com"}
AT = "20260620T190000Z"  # 20:00 in London, in summer time
DAY = "2026-06-20"


def opened(made: Business, opens: int = 18, closes: int = 23) -> Business:
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(made), weekday=weekday, opens=time(opens), closes=time(closes)
        )
    return made


@pytest.fixture
def bistro(db: None) -> Business:
    """Two tables for four, by the timetable, from 18:00 to 23:00."""
    made = business("Bistro", timezone="Europe/London", currency="GBP", booking_mode="scheduled")
    tables(opened(made), 2)
    return made


@pytest.fixture
def spa(db: None) -> Business:
    """Ana and Bruno give massages; facials are Ana's alone."""
    made = opened(business("Spa", timezone="Europe/London", booking_mode="scheduled"), 9, 18)
    ana, bruno = (resource(made, name, kind="staff") for name in ("Ana", "Bruno"))
    for name, who in (("Massage", (ana, bruno)), ("Facial", (ana,))):
        made_service = service(made, name, price_cents=6500, duration=timedelta(minutes=60))
        Requirement.objects.create(service=made_service, kind="staff").resources.set(who)
    return made


@pytest.fixture
def spin(db: None) -> Session:
    """A class of three at 20:00 in London."""
    made = business("Gym", timezone="Europe/London", booking_mode="scheduled")
    offered: Service = service(made, "Spin", capacity=3, only_groups=True)
    return services.schedule_session(offered, starts_at=EVENING, by=SYSTEM, now=NOW)


class Guest:
    """A browser without scripts and without cookies, which follows links and sends forms."""

    def __init__(
        self, of: Business, *, framed: bool = False, headers: dict[str, str] | None = None
    ) -> None:
        self.client: Any = Client(enforce_csrf_checks=True, headers=headers)
        self.base = f"/{'widget' if framed else 'book'}/{of.slug}/"
        self.now: datetime = NOW
        self.at = self.base
        self.reply: Any = None

    def get(self, url: str = "", **query: Any) -> Guest:
        url = url or self.base
        self.reply = self.client.get(self._whole(url), query or None, **{"openbook.now": self.now})
        return self._follow()

    def post(self, url: str, **form: Any) -> Guest:
        self.reply = self.client.post(self._whole(url), form, **{"openbook.now": self.now})
        return self._follow()

    def _whole(self, url: str) -> str:
        return url if url.startswith("/") else self.base + url

    def _follow(self) -> Guest:
        assert not self.client.cookies
        self.at = self.reply.request["PATH_INFO"] + "?" + self.reply.request["QUERY_STRING"]
        if self.reply.status_code in (302, 303):
            return self.get(self.reply["Location"])
        return self

    @property
    def text(self) -> str:
        return html.unescape(self.reply.content.decode())

    @property
    def status(self) -> int:
        code: int = self.reply.status_code
        return code

    @property
    def step(self) -> str:
        return str(re.findall(r'data-step="(\w+)"', self.text)[0])

    @property
    def title(self) -> str:
        return str(re.findall(r"<h1[^>]*>([^<]*)</h1>", self.text)[0])

    def link(self, words: str) -> str:
        """Where the link with these words leads."""
        for href, inside in re.findall(r'<a\b[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', self.text, re.S):
            if words in re.sub(r"<[^>]*>", "", inside):
                return str(href)
        raise AssertionError(f"no link says “{words}”")

    def action(self, part: str) -> str:
        """Where the form goes whose action has this in it."""
        found = re.findall(r'action="([^"]*)"', self.text)
        return str(next(each for each in found if part in each))

    def times(self) -> list[str]:
        """The times that the page offers, as its wall shows them."""
        return re.findall(r'class="slot[^>]*><time[^>]*>([^<]*)', self.text)

    def choose(self, at: str = AT, **more: Any) -> Guest:
        """Press the button of a time."""
        return self.post(self.action("/hold/"), at=at, **more)

    def say(self, **who: Any) -> Guest:
        """Fill the form in and send it."""
        return self.post(self.at, **(MARIA | who))


def path(url: str) -> str:
    return urlsplit(url).path
