"""Where the pages of the back office are, who opens them, and something to look at."""

from __future__ import annotations

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
