"""Webhooks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bookings import relay, services
from bookings.models import Guest, WebhookEndpoint
from bookings.wishes import SYSTEM, GuestDetails, Wish
from tests.api.appointedd.conftest import (
    BOOKING,
    NOW,
    RESOURCE,
    SERVICE,
    START,
    Fixture,
    person,
)
from tests.builders import service
from tests.hooks import Receiver, receiver

URL = "https://hooks.example.com/openbook"
EVENTS = [
    "booking_created", "booking_updated", "booking_cancelled",
    "customer_created", "customer_updated", "customer_deleted",
]  # fmt: skip


@pytest.fixture
def hooks(f: Fixture, settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiver() as found:
        made = f.api.post("/webhooks", {"data": {"url": found.url, "events": EVENTS}})
        assert made.status_code == 201, made.content
        yield found


def told(hooks: Receiver) -> list[tuple[str, dict[str, Any]]]:
    """What arrived since it was last asked: the event and what it said."""
    relay.deliver(now=NOW + timedelta(hours=1))
    found = [json.loads(each.body) for each in hooks.received]
    hooks.received.clear()
    return [(each["event_type"], each["event_data"]) for each in found]


def names(hooks: Receiver) -> list[str]:
    return [name for name, _ in told(hooks)]


def test_a_participant_comes_changes_and_goes(f: Fixture, hooks: Receiver) -> None:
    ada = person(
        email="ada@example.org",
        mobile="+44 7700 900123",
        questions=[{"label": "Test Text", "value": "x", "id": "5dd3fad787b76310cf1622cc"}],
        notes="A mat, please",
    )
    whole = f.api.convert(f.api.hold(), ada).json()["data"]
    (participant,) = whole["customers"]
    (first, customer), (second, data) = sorted(told(hooks), reverse=True)
    assert (first, second) == ("customer_created", "booking_updated")
    assert customer["customer"]["profile"]["email"] == "ada@example.org"
    (comes,) = data.pop("participants")
    link = comes.pop("cancellation_url")
    assert link.startswith("http://127.0.0.1:8000/booking/")
    at: dict[str, Any] = {"openbook.now": NOW}
    assert f.api.client.get(link, **at).status_code == 200
    assert comes == {
        "id": participant["customer_id"],
        "firstname": "Ada",
        "lastname": "Lovelace",
        "timezone": "Europe/London",
        "email": "ada@example.org",
        "mobile": "+44 7700 900123",
        "marketing_opt_in": False,
        "spaces": 1,
        "booking_status": "No Status",
        "notes": "A mat, please",
        "questions": [{"label": "Test Text", "value": "x", "id": "5dd3fad787b76310cf1622cc"}],
        "customer_booking_id": participant["customer_booking_id"],
        "total_price": 0,
        "total_spaces": 1,
        "price_points": [{"price_per_quantity": 0, "quantity": 1, "spaces_per_quantity": 1}],
        "custom_fields": [],
        "stripe_charge_ids": [],
        "total_paid_online_amount": 0,
        "reschedule_url": participant["reschedule_url"],
    }
    assert data == {
        "organisation": {"id": f.business.pk.hex[:24], "name": "Organisation"},
        "booking": {
            "id": BOOKING,
            "start_time": "2022-05-26T10:30:00.000Z",
            "end_time": "2022-05-26T11:30:00.000Z",
            "price": 0,
            "created": "2022-05-26T09:33:08.009Z",
            "status": "Confirmed",
            "type": "Hourly",
            "timezone": "Europe/London",
            "allow_online_group": True,
            "max_occupancy": 5,
            "last_modified_source": "api",
            "updated": "2022-05-26T10:13:38.186Z",
        },
        "bookables": [{"id": RESOURCE, "name": "Teacher", "email": ""}],
        "service": {"id": SERVICE, "name": "Group class"},
    }
    path = f"/bookings/{BOOKING}/customers/{participant['customer_booking_id']}"
    f.api.put(path, {"data": {"status": "Arrived"}})
    assert names(hooks) == ["booking_updated"]
    f.api.post(f"{path}/cancel")
    assert names(hooks) == ["booking_updated"]


def test_a_booking_is_moved_and_cancelled_whole(f: Fixture, hooks: Receiver) -> None:
    f.api.convert(f.api.hold())
    minute = f.api.at(NOW + timedelta(minutes=1))
    minute.convert(minute.hold(), person("Alan", "Turing", locale="de"))
    later = {"start": "2022-05-26T11:30:00Z", "end": "2022-05-26T12:30:00Z"}
    told(hooks)
    f.api.put(f"/bookings/{BOOKING}", {"data": {"parts": [later]}})
    (one,) = told(hooks)
    assert (one[0], one[1]["booking"]["start_time"]) == (
        "booking_updated",
        "2022-05-26T11:30:00.000Z",
    )
    assert [each.get("locale") for each in one[1]["participants"]] == [None, "de"]
    f.api.post(f"/bookings/{BOOKING}/cancel")
    (one,) = told(hooks)
    assert (one[0], one[1]["booking"]["status"]) == ("booking_cancelled", "Cancelled")


def test_a_hold_is_nothing_to_tell_and_a_new_booking_is(f: Fixture, hooks: Receiver) -> None:
    f.service.only_groups = False
    f.service.save()
    start = "2022-05-26T15:00:00+01:00"
    held = f.api.hold(start=start)
    f.api.delete(f"/availability/slots/{held.json()['data']['id']}")
    assert names(hooks) == []
    f.api.convert(f.api.hold(start=start))
    assert sorted(names(hooks)) == ["booking_created", "booking_updated", "customer_created"]


def test_bookings_of_other_doors_are_told_too(f: Fixture, hooks: Receiver) -> None:
    walk = service(f.business, "Walk", price_cents=1999)
    booking = services.book(
        Wish.of(walk, starts_at=START + timedelta(hours=3)),
        guest=GuestDetails("Grace", "Hopper"),
        by=SYSTEM,
        source="admin",
        now=NOW,
    )
    ((name, data),) = told(hooks)
    assert name == "booking_created"
    assert data["booking"]["price"] == 19.99
    assert data["booking"]["last_modified_source"] == "appointment_screen"
    services.cancel(booking, by=SYSTEM, now=NOW)
    assert names(hooks) == ["booking_cancelled"]


def test_customers_are_told_of(f: Fixture, hooks: Receiver) -> None:
    made = f.api.post("/customers", {"data": {"profile": {"firstname": "Ada", "lastname": "L"}}})
    id_ = made.json()["data"]["id"]
    f.api.put(f"/customers/{id_}", {"profile": {"email": "ada@example.org"}})
    services.forget_guest(Guest.objects.get(), now=NOW)
    found = told(hooks)
    services.welcome_guest(f.business, GuestDetails("Alan", "Turing", "alan@example.org"), now=NOW)
    ((name, data),) = told(hooks)
    assert (name, data["customer"]["profile"]["firstname"]) == ("customer_created", "Alan")
    assert [name for name, _ in found] == [
        "customer_created",
        "customer_updated",
        "customer_deleted",
    ]
    assert {data["customer"]["id"] for _, data in found} == {id_}
    assert found[-1][1]["customer"] == {"id": id_}


def test_what_a_listener_wants_is_sent_along(f: Fixture, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiver() as hooks:
        wanted = {
            "url": hooks.url,
            "events": ["customer_created"],
            "basic_auth": {"username": "user", "password": "secret"},
            "header": {"name": "X-Hook", "value": "yes"},
        }
        made = f.api.post("/webhooks", {"data": wanted}).json()["data"]
        assert made == {
            "id": made["id"],
            "url": hooks.url,
            "events": ["customer_created"],
            "headers": ["Authorization", "X-Hook"],
            "is_active": True,
            "created": made["created"],
        }
        assert f.api.get("/webhooks").json()["data"] == [made]
        f.api.convert(f.api.hold())
        relay.deliver(now=NOW)
        (one,) = hooks.received
    sent = {name.lower(): value for name, value in one.headers.items()}
    assert base64.b64decode(sent["authorization"].removeprefix("Basic ")) == b"user:secret"
    assert (sent["x-hook"], sent["content-type"]) == ("yes", "application/json")
    assert f.api.delete(f"/webhooks/{made['id']}").status_code == 204
    assert WebhookEndpoint.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://hooks.example.com/"},
        {"url": "https://127.0.0.1/"},
        {"url": "nonsense"},
        {"events": []},
        {"events": ["booking_eaten"]},
        {"header": {"name": "Host", "value": "example.com"}},
        {"header": {"name": "X-A\r\nX-B", "value": "y"}},
        {"header": {"name": "X-A", "value": "y\r\nX-B: z"}},
    ],
)
def test_what_is_no_webhook(f: Fixture, change: dict[str, Any]) -> None:
    wanted = {"url": URL, "events": ["booking_created"]} | change
    reply = f.api.post("/webhooks", {"data": wanted})
    assert reply.status_code == 400, reply.content
    assert WebhookEndpoint.objects.count() == 0
