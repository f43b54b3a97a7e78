"""A bistro with a floor, a host, a manager and an owner who work there, and their browsers."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, time
from typing import Any

import pytest
from django.test import Client

from accounts.models import Business, Membership, User
from availability.models import OpeningHours
from resources.models import Resource
from tests.builders import NOW, business, location, tables

NOON = time(12)


@dataclasses.dataclass
class Browser:
    """Somebody's browser: `now` is when they look; `script` asks as htmx does."""

    client: Client
    business: Business
    user: User
    now: datetime = NOW

    def url(self, rest: str) -> str:
        return f"/desk/{self.business.slug}/{rest}"

    def get(self, rest: str = "", *, script: bool = False, **query: Any) -> Any:
        return self.client.get(self.url(rest), query, **self._extra(script))

    def post(self, rest: str = "", *, script: bool = False, **form: Any) -> Any:
        return self.client.post(self.url(rest), form, **self._extra(script))

    def _extra(self, script: bool) -> Any:
        return {"openbook.now": self.now} | ({"HTTP_HX_REQUEST": "true"} if script else {})


def said(reply: Any) -> str:
    """What a script is told to say."""
    words: str = json.loads(reply.headers["HX-Trigger"])["say"]["text"]
    return words


def works_at(made: Business, role: str, email: str = "") -> Browser:
    """Somebody of this role, signed in."""
    user = User.objects.create_user(email or f"{role}@example.com", "correct horse battery")
    Membership.objects.create(user=user, business=made, role=role)
    client = Client()
    client.force_login(user)
    return Browser(client, made, user)


@pytest.fixture
def bistro(db: None) -> Business:
    """Open from noon to 23:00 every day, by London's clock; four tables on a plan."""
    made = business("Bistro", timezone="Europe/London", currency="GBP")
    made.slug = "bistro"
    made.save(update_fields=["slug"])
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(made), weekday=weekday, opens=NOON, closes=time(23)
        )
    for n, each in enumerate(tables(made, 4)):
        Resource.objects.filter(pk=each.pk).update(
            plan_x=40 + 120 * n, plan_y=40, plan_width=80, plan_height=60
        )
    return made


@pytest.fixture
def host(bistro: Business) -> Browser:
    return works_at(bistro, "staff", "host@example.com")


@pytest.fixture
def manager(bistro: Business) -> Browser:
    return works_at(bistro, "manager")


@pytest.fixture
def owner(bistro: Business) -> Browser:
    return works_at(bistro, "owner")
