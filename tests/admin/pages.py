"""Where the pages of the back office are, who opens them, and something to look at."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import Business, User
from bookings import services
from bookings.wishes import SYSTEM
from tests.builders import HOUR, MARIA, resource, user, wish
from tests.races.test_services import SEVEN


def listed(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def added(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


def shown(row: Any) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def logged_in(client: Client, **fields: Any) -> User:
    person = user(is_staff=True, **fields)
    client.force_login(person)
    return person


def fill(of: Business, count: int) -> None:
    """Some of the things that a list shows."""
    for n in range(count):
        table = resource(of, f"Table {of.resources.count() + 1}", covers_max=4)
        services.block(
            table, starts_at=SEVEN + (50 + n) * HOUR, ends_at=SEVEN + (51 + n) * HOUR, by=SYSTEM
        )
        services.book(wish(of, SEVEN + n * HOUR), guest=MARIA, by=SYSTEM, source="test")


class _Fields(HTMLParser):
    """What a browser would send of the forms of a page, as it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        match tag:
            case "input" if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    self.found[name] = given.get("value") or "on"
            case "input" if given.get("type") != "submit":
                self.found[name] = given.get("value") or ""
            case "select":
                self._select = name
            case "option" if "selected" in given:
                self.found[self._select] = given.get("value") or ""
            case "textarea":
                self._textarea, self.found[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.found[self._textarea] += data.removeprefix("\n").removeprefix("\r\n")


def typed(client: Client, url: str) -> dict[str, Any]:
    """The form at this address, as it stands there."""
    page = _Fields()
    page.feed(client.get(url).content.decode())
    return {name: value for name, value in page.found.items() if name}
