"""Webhooks (T46, T47)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts import signing
from bookings import relay
from tests.api.availengine.conftest import Contract
from tests.builders import NOW, business, key
from tests.hooks import receiver

URL = "https://hooks.example.com/openbook"


def test_t46_the_secret_is_shown_once(contract: Contract) -> None:
    body = {"url": URL, "events": ["booking.created", "booking.cancelled"]}
    made = contract.api.post("/v1/manage/webhooks", body)
    shown = made.json()
    assert made.status_code == 201
    assert shown["secret"].startswith("whsec_")
    assert shown == {
        "id": shown["id"],
        "url": URL,
        "secret": shown["secret"],
        "events": ["booking.cancelled", "booking.created"],
        "is_active": True,
    }
    del shown["secret"]
    listed = contract.api.get("/v1/manage/webhooks").json()
    assert listed == {"items": [shown], "next_cursor": None, "has_more": False}


def test_an_endpoint_is_taken_away(contract: Contract) -> None:
    made = contract.api.post("/v1/manage/webhooks", {"url": URL, "events": ["booking.created"]})
    path = f"/v1/manage/webhooks/{made.json()['id']}"
    stranger = contract.caller(key(business("Other")))
    assert stranger.delete(path).status_code == 404
    assert [contract.api.delete(path).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://hooks.example.com/", "events": ["booking.created"]},
        {"url": "https://127.0.0.1/", "events": ["booking.created"]},
        {"url": "https://169.254.169.254/", "events": ["booking.created"]},
        {"url": "nonsense", "events": ["booking.created"]},
        {"url": URL, "events": ["booking.eaten"]},
        {"url": URL, "events": []},
        {"url": URL},
        {"events": ["booking.created"]},
    ],
)
def test_what_is_no_endpoint(contract: Contract, body: object) -> None:
    response = contract.api.post("/v1/manage/webhooks", body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")
    assert contract.api.get("/v1/manage/webhooks").json()["items"] == []


def test_t47_a_booking_is_told_signed(contract: Contract, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiver() as hooks:
        made = contract.api.post(
            "/v1/manage/webhooks", {"url": hooks.url, "events": ["booking.created"]}
        ).json()
        booking = contract.create().json()["booking"]
        relay.deliver(now=NOW)
    (told,) = (each for each in hooks.received if booking["id"].encode() in each.body)
    assert signing.is_signed(
        made["secret"], told.body, told.headers["X-AvailEngine-Signature"], NOW
    )
    assert json.loads(told.body) == {
        "event": "booking.created",
        "timestamp": "2026-06-19T12:00:00Z",
        "data": {
            "booking_id": booking["id"],
            "business_id": str(contract.business.pk),
            "customer": {
                "first_name": "Maria",
                "last_name": "Garcia",
                "email": "maria@example.com",
            },
            "resource_id": booking["resource_id"],
            "booking_date": "2026-06-20",
            "start_time": "08:15",
            "end_time": "09:00",
            "status": "confirmed",
        },
    }
    log = contract.api.get(f"/v1/manage/webhooks/{made['id']}/deliveries").json()["items"]
    (entry,) = (each for each in log if each["id"] == told.headers["X-AvailEngine-Delivery"])
    assert entry == {
        "id": entry["id"],
        "event": "booking.created",
        "status": "delivered",
        "attempts": 1,
        "last_status": 200,
        "last_error": "",
        "created_at": "2026-06-19T12:00:00Z",
        "next_attempt_at": None,
        "delivered_at": "2026-06-19T12:00:00Z",
    }
    again = contract.api.post(f"/v1/manage/webhooks/{made['id']}/deliveries/{entry['id']}/replay")
    assert (again.status_code, again.json()["delivery"]["status"]) == (202, "due")


def test_the_whole_life_of_a_booking_is_told_in_order(contract: Contract, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    names = ["booking.updated", "booking.checked_in", "booking.completed"]
    with receiver() as hooks:
        contract.api.post("/v1/manage/webhooks", {"url": hooks.url, "events": names})
        path = f"/v1/manage/bookings/{contract.create().json()['booking']['id']}"
        for change in ({"start_time": "10:00"}, {"status": "checked_in"}, {"status": "completed"}):
            assert contract.api.patch(path, change).status_code == 200
            relay.deliver(now=NOW)
    told = [json.loads(each.body) for each in hooks.received]
    assert [(each["event"], each["data"]["start_time"]) for each in told] == [
        (name, "10:00") for name in names
    ]
