"""The back office: who sees what, that nothing goes around the services, and how much it asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import Channel
from bookings import services
from bookings.models import Block, Booking, Event, Guest, WebhookDelivery
from bookings.wishes import SYSTEM
from tests.admin.pages import added, fill, listed, logged_in, shown, typed
from tests.builders import MARIA, business, location, tables, user, wish
from tests.races.test_services import SEVEN

OURS = ("accounts", "resources", "availability", "billing", "bookings")
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
READ_ONLY = ("allocation", "omission", "event", "mail", "outbox", "deposit", "payment",
             "idempotency", "login", "failedlogin", "receipt",
             "guestpassword", "gatewaynotice", "sandboxintent", "sandboxnotice",
             "update")  # fmt: skip

pytestmark = pytest.mark.django_db


def test_a_delivery_to_an_endpoint_that_is_off_is_refused_and_no_other(client: Client) -> None:
    made = business("Bistro")
    tables(made, 1)
    services.book(wish(made, starts_at=SEVEN), guest=MARIA, by=SYSTEM, source="test")
    event = Event.objects.get()
    on, off = (
        made.webhook_endpoints.create(url=f"https://example.com/{n}", secret="x", events=[])
        for n in range(2)
    )
    off.is_active = False
    off.save()
    rows = [each.deliveries.create(event=event, body="{}", state="failed") for each in (on, off)]
    logged_in(client, is_superuser=True)
    said = client.post(
        listed(WebhookDelivery),
        {"action": "replay", "_selected_action": [row.pk for row in rows]},
        follow=True,
    ).content.decode()
    assert "1 to send again." in said
    assert "This endpoint is switched off." in said
    assert [each.deliveries.get().state for each in (on, off)] == ["due", "failed"]


def test_every_model_is_there() -> None:
    assert set(MODELS) - {Booking.guest.field.model} <= set(admin.site._registry)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_a_form_opens_or_there_is_none(model: Any, client: Client) -> None:
    logged_in(client, is_superuser=True)
    fill(business("Bistro"), 1)
    none = (*READ_ONLY, "guest", "account", "webhookendpoint", "webhookdelivery")
    expected = 403 if model._meta.model_name in none else 200
    assert client.get(added(model)).status_code == expected
    for row in model._default_manager.all()[:1]:
        assert client.get(shown(row)).status_code == 200


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("staff", {"booking", "guest", "session", "block", "waitlistentry", "resource", "event"}),
        ("manager", {"booking", "resource", "service", "openinghours", "deposit"}),
        ("owner", {"booking", "resource", "channel", "membership", "webhookendpoint"}),
    ],
)
def test_who_sees_what(client: Client, role: str, allowed: set[str]) -> None:
    mine, other = business("Mine"), business("Other")
    for each in (mine, other):
        fill(each, 1)
    logged_in(client, of=mine, role=role)
    seen = {m._meta.model_name for m in MODELS if client.get(listed(m)).status_code == 200}
    assert allowed <= seen
    assert not seen & {"user", "plan", "idempotency", "sandboxintent", "subscription"}
    if role == "staff":
        assert not seen & {"channel", "membership", "deposit", "webhookendpoint"}
    page = client.get(listed(Booking)).content.decode()
    references = {each.business_id: each.reference for each in Booking.objects.all()}
    assert references[mine.pk] in page
    assert references[other.pk] not in page
    theirs = Booking.objects.get(business=other)
    assert client.get(shown(theirs)).status_code == 302  # told that there is no such thing


def test_someone_elses_rows_cannot_be_chosen(client: Client) -> None:
    mine, other = business("Mine"), business("Other")
    theirs = tables(other, 1)[0]
    logged_in(client, of=mine, role="owner")
    asked = {
        "resource": theirs.pk,
        "starts_0": SEVEN.date(), "starts_1": "19:00",
        "ends_0": SEVEN.date(), "ends_1": "20:00", "reason": "",
    }  # fmt: skip
    assert client.post(added(Block), asked).status_code == 200  # the form again, with an error
    assert not Block.objects.exists()


def act(client: Client, action: str, *rows: Booking) -> str:
    sent = {"action": action, "_selected_action": [str(each.pk) for each in rows]}
    return client.post(listed(Booking), sent, follow=True).content.decode()


def test_actions_go_through_the_services(client: Client) -> None:
    mine = business("Mine")
    fill(mine, 2)
    person = logged_in(client, of=mine, role="staff")
    one, two = Booking.objects.order_by("starts_at")
    act(client, "check_in", one)
    said = act(client, "complete", one, two)
    assert "1 completed." in said
    assert "A booking that is confirmed can&#x27;t become completed." in said
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("completed", "confirmed")
    events = Event.objects.filter(booking=one).order_by("id")
    assert list(events.values_list("kind", "actor")) == [
        ("booking.created", "system"),
        ("booking.checked_in", f"user:{person.pk}"),
        ("booking.completed", f"user:{person.pk}"),
    ]


def test_nobody_acts_on_another_tenants_bookings(client: Client) -> None:
    mine, other = business("Mine"), business("Other")
    fill(other, 1)
    logged_in(client, of=mine, role="owner")
    act(client, "cancel", Booking.objects.get())
    assert Booking.objects.get().state == "confirmed"


def test_a_booking_is_not_edited_around_the_services(client: Client) -> None:
    logged_in(client, is_superuser=True)
    fill(business("Mine"), 1)
    booking = Booking.objects.get()
    sent = typed(client, shown(booking)) | {"state": "cancelled", "reference": "AAAAAAAA"}
    client.post(shown(booking), sent)
    booking.refresh_from_db()
    assert booking.state == "confirmed"
    assert booking.reference != "AAAAAAAA"


def test_a_block_is_refused_where_somebody_is_booked(client: Client) -> None:
    mine = business("Mine")
    table = tables(mine, 1)[0]
    logged_in(client, of=mine, role="staff")
    services.book(wish(mine, SEVEN), guest=None, by=SYSTEM, source="test")
    sent = {
        "resource": table.pk,
        "starts_0": SEVEN.date(), "starts_1": "19:30",
        "ends_0": SEVEN.date(), "ends_1": "21:00", "reason": "Paint",
    }  # fmt: skip
    refused = client.post(added(Block), sent)
    assert "The resource is booked in this time." in refused.content.decode()
    assert not Block.objects.exists()
    made = client.post(added(Block), sent | {"starts_1": "20:00"}, follow=True)
    assert made.status_code == 200
    block = Block.objects.get()
    assert (block.reason, block.allocations.count()) == ("Paint", 1)
    client.post(reverse("admin:bookings_block_delete", args=[block.pk]), {"post": "yes"})
    assert not Block.objects.exists()


def test_a_key_is_shown_once(client: Client) -> None:
    mine = business("Mine")
    logged_in(client, of=mine, role="owner")
    sent = {
        "business": mine.pk, "name": "Till", "protocol": "availengine", "scopes": ["read", "write"],
        "rate_limit_rpm": 60, "is_active": "on",
    }  # fmt: skip
    page = client.post(added(Channel), sent, follow=True).content.decode()
    channel = Channel.objects.get(name="Till")
    assert f"{channel.prefix}" in page
    assert page.count("avail_live_") > client.get(listed(Channel)).content.decode().count(
        "avail_live_"
    )


def test_a_guests_name_can_be_mended(client: Client) -> None:
    mine = business("Mine")
    fill(mine, 1)
    logged_in(client, of=mine, role="staff")
    guest = Guest.objects.get()
    sent = typed(client, shown(guest)) | {"first_name": "Mary", "notes": "Window"}
    assert client.post(shown(guest), sent).status_code == 302
    guest.refresh_from_db()
    assert (guest.first_name, guest.notes, guest.phone) == ("Mary", "Window", MARIA.phone)


def test_times_are_those_of_the_business(client: Client) -> None:
    mine = business("Mine", timezone="Asia/Tokyo")
    location(mine)
    fill(mine, 1)
    logged_in(client, is_superuser=True)
    page = client.get(listed(Booking)).content.decode()
    assert "04:00–05:00" in page
    assert "Asia/Tokyo" in page


def test_whoever_logs_in_finds_the_first_page(client: Client) -> None:
    person = user(is_staff=True)
    sent = {"username": person.email, "password": "secret"}
    said = client.post(reverse("admin:login"), sent)
    assert (said.status_code, said["Location"]) == (302, reverse("admin:index"))
