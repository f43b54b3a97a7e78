"""What holds on every page of the back office, with rows of everything there is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core import serializers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.backoffice import TenantAdmin
from accounts.models import Business, User
from bookings.models import Booking, Event, Guest, Session
from resources.models import Location, Resource, Service
from tests.admin.pages import added, listed, logged_in, shown, stock
from tests.builders import HOUR, business
from tests.races.test_services import SEVEN

OURS = ("accounts", "resources", "availability", "billing", "bookings")
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
GLOBAL = ("user", "failedlogin", "plan", "subscription", "idempotency", "gatewaynotice",
          "sandboxintent", "sandboxnotice")  # fmt: skip
THEN: Any = {"openbook.now": SEVEN + 27 * HOUR}  # with rows before, on and after the day

pytestmark = pytest.mark.django_db


def counted(client: Client, urls: dict[str, str]) -> dict[str, int]:
    """How many queries each page asks."""
    found = {}
    for name, url in urls.items():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url, **THEN).status_code == 200, name
        found[name] = len(asked)
    return found


def lists(*parts: str) -> dict[str, str]:
    found = {model.__name__: listed(model) for model in MODELS}
    for part in ("today", "upcoming", "past", ""):
        for model in (Booking, Session):
            found[f"{model.__name__} {part}"] = f"{listed(model)}?when={part}"
    return found | {"index": reverse("admin:index")}


def test_no_list_asks_more_for_thirty_rows_than_for_three(client: Client) -> None:
    logged_in(client, is_superuser=True)
    stock(3)
    three = counted(client, lists())
    stock(27, tag="More ")
    for model in MODELS:
        assert model._default_manager.count() >= 30, f"stock() makes no {model.__name__}"
    assert counted(client, lists()) == three


def test_nor_for_an_owner(client: Client) -> None:
    owner = logged_in(client, of=business("First"), role="owner")
    stock(3, owner=owner)
    mine = {name: url for name, url in lists().items() if name.lower() not in GLOBAL}
    three = counted(client, mine)
    stock(27, owner=owner, tag="More ")
    assert counted(client, mine) == three


def test_a_page_asks_as_much_for_a_long_history(client: Client) -> None:
    logged_in(client, is_superuser=True)
    of = stock(2)
    guest = Guest.objects.filter(business=of).latest("created_at")
    booking = Booking.objects.filter(business=of, state="confirmed", session=None).latest("pk")
    session = Session.objects.latest("starts_at")
    rows = (booking, guest, session, booking.location, of, Service.objects.latest("pk"),
            Resource.objects.latest("pk"))  # fmt: skip
    urls = {type(row).__name__: shown(row) for row in rows}
    urls["add"] = f"{added(Booking)}?business={of.pk}"
    counted(client, urls)  # a process looks up the kind of a row once
    few = counted(client, urls)
    for n in range(25):
        Event.objects.create(
            business=of, booking=booking, kind="booking.updated", at=booking.starts_at,
            actor=f"user:{User.objects.order_by('pk')[n % 2].pk}",
        )  # fmt: skip
        Booking.objects.create(
            business=of, location=booking.location, guest=guest, source="test", state="expired",
            reference=f"LONG{n}", session=session, service=session.service, party_size=1,
            starts_at=booking.starts_at, ends_at=booking.ends_at,
        )  # fmt: skip
        Resource.objects.create(business=of, location=booking.location, name=f"New {n}")
        Location.objects.create(business=of, name=f"New {n}")
    assert counted(client, urls) == few


def test_every_list_is_two_clicks_away(client: Client) -> None:
    logged_in(client, is_superuser=True)
    page = client.get(reverse("admin:index")).content.decode()
    menu = page[page.index("nav-sidebar-apps") :]
    for model in MODELS:
        assert f'href="{listed(model)}"' in menu, model


# --- one tenant and another ----------------------------------------------------------------------


@pytest.fixture
def theirs() -> Business:
    """Another's business, with two of everything."""
    return stock(2, tag="Secret ")


@pytest.fixture
def _mine(client: Client, theirs: Business) -> None:
    logged_in(client, of=business("Mine"), role="owner")


def rows_of(model: Any) -> list[Any]:
    return list(model._default_manager.all())


def everything() -> dict[str, Any]:
    """Every row of the database, as it stands."""
    return {m.__name__: json.loads(serializers.serialize("json", rows_of(m))) for m in MODELS}


def tenants(model: Any) -> list[Any]:
    """Rows of the model that are not the user's."""
    known = admin.site._registry[model]
    assert isinstance(known, TenantAdmin)
    if model._meta.model_name in GLOBAL:
        return rows_of(model)
    mine = set(Business.objects.filter(name="Mine").values_list("pk", flat=True))
    return [row for row in rows_of(model) if known.business_of(row) not in mine]


@pytest.mark.usefixtures("_mine")
def test_no_list_shows_another_tenants_rows(client: Client) -> None:
    for model in MODELS:
        for asked in ("", "?q=ecre", *(("?when=",) if model in (Booking, Session) else ())):
            page = client.get(listed(model) + asked, follow=True).content.decode()
            assert "Secret" not in page, (model, asked)
            keys = [str(row.pk) for row in tenants(model)]
            assert [key for key in keys if len(key) > 9 and key in page] == [], (model, asked)


@pytest.mark.usefixtures("_mine")
def test_no_page_opens_another_tenants_row(client: Client) -> None:
    before = everything()
    for model in MODELS:
        row = tenants(model)[0]
        meta = model._meta
        for page in ("change", "delete", "history"):
            url = reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[row.pk])
            for reply in (client.get(url), client.post(url, {"post": "yes", "_save": "1"})):
                assert reply.status_code in (302, 403, 404), (model, page)
                assert "Secret" not in reply.content.decode()
    after = everything()
    assert after == before


@pytest.mark.usefixtures("_mine")
def test_no_choice_names_another_tenants_row(client: Client) -> None:
    asked = 0
    for model, known in admin.site._registry.items():
        for name in known.get_autocomplete_fields(None):  # type: ignore[arg-type]
            asked += 1
            meta = model._meta
            of = f"app_label={meta.app_label}&model_name={meta.model_name}&field_name={name}"
            reply = client.get(f"{reverse('admin:autocomplete')}?{of}&term=")
            assert reply.status_code == 403 or "Secret" not in reply.content.decode(), (model, name)
    assert asked >= 3
    for model in MODELS:
        page = client.get(added(model)).content.decode()
        assert "Secret" not in page, model


@pytest.mark.usefixtures("_mine")
def test_no_action_reaches_another_tenants_rows(client: Client) -> None:
    before = everything()
    tried = 0
    for model in MODELS:
        keys = [str(row.pk) for row in tenants(model)]
        known: Any = admin.site._registry[model]
        for _, name, _ in known._get_base_actions():
            tried += 1
            sent = {"action": name, "_selected_action": keys, "post": "yes", "reason": "x"}
            reply = client.post(listed(model) + "?when=", sent, follow=True)
            assert "Secret" not in reply.content.decode(), (model, name)
    assert tried > len(MODELS)
    assert everything() == before
