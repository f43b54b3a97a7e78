"""How requests are refused, and that browsers are given nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.errors import DomainError, NotFound
from bookings.api.appointedd.dialect import ANSWERS, refusal
from bookings.errors import HoldExpired, SlotTaken
from bookings.models import Booking
from tests.api.appointedd.conftest import BOOKING, RESOURCE, Caller, Fixture, issue
from tests.builders import key, resource

UNKNOWN = "0" * 24
DAY = {"start": "2022-05-26T00:00:00Z", "end": "2022-05-27T00:00:00Z"}


def test_every_domain_error_has_an_answer() -> None:
    def kinds(root: type[DomainError]) -> set[type[DomainError]]:
        return {root}.union(*(kinds(each) for each in root.__subclasses__()))

    assert DomainError in ANSWERS
    for kind in kinds(DomainError):
        assert next(each for each in kind.__mro__ if each in ANSWERS)
    assert refusal(DomainError("No.")).body == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "No.",
    }
    assert [ANSWERS[each] for each in (NotFound, SlotTaken, HoldExpired)] == [404, 409, 404]


BAD_SEARCHES: list[tuple[dict[str, Any], int]] = [
    ({"ranges": None}, 400),
    ({"ranges": []}, 400),
    ({"ranges": [{"start": "2022-05-26T00:00:00Z"}]}, 400),
    ({"ranges": [{"start": "yesterday", "end": "2022-05-27T00:00:00Z"}]}, 400),
    ({"ranges": [{"start": DAY["end"], "end": DAY["start"]}]}, 400),
    ({"ranges": [{"start": "0001-01-01T00:00:00Z", "end": "0001-01-02T00:00:00Z"}]}, 400),
    ({"ranges": "2022-05-26"}, 400),
    ({"service_id": None}, 400),
    ({"service_id": "628f"}, 400),
    ({"service_id": 5}, 400),
    ({"service_id": UNKNOWN}, 404),
    ({"spaces": 0}, 400),
    ({"spaces": "1"}, 400),
    ({"spaces": 1.5}, 400),
    ({"timezone": "Mars/Olympus"}, 400),
    ({"timezone": "../../etc/passwd"}, 400),
    ({"duration": 0}, 400),
    ({"buffers": {"before": -1, "after": 0}}, 400),
    ({"parts": [{"block": 10, "free": 10}]}, 400),
    ({"resource_ids": [UNKNOWN]}, 404),
    ({"resource_group_ids": [UNKNOWN]}, 404),
    ({"resource_ids": ["x"]}, 400),
    ({"resource_ids": [RESOURCE], "resource_group_ids": [UNKNOWN]}, 400),
]


@pytest.mark.parametrize(("change", "status"), BAD_SEARCHES, ids=str)
def test_what_is_no_search(f: Fixture, change: dict[str, Any], status: int) -> None:
    reply = f.api.search(**change)
    assert reply.status_code == status, reply.content
    assert set(reply.json()) == {"statusCode", "error", "message"}


BAD_HOLDS: list[tuple[dict[str, Any], int]] = [
    ({"start": None}, 400),
    ({"start": "11:30"}, 400),
    ({"service_id": UNKNOWN}, 404),
    ({"resource_id": UNKNOWN}, 404),
    ({"resource_id": RESOURCE, "resource_group_ids": [UNKNOWN]}, 400),
    ({"required_spaces": 0}, 400),
    ({"required_spaces": 6}, 409),
    ({"expires_after": 0}, 400),
    ({"start": "2022-05-26T12:30:00+01:00"}, 409),  # no group booking starts then
    ({"start": "2022-05-25T11:30:00+01:00"}, 409),
]


@pytest.mark.parametrize(("change", "status"), BAD_HOLDS, ids=str)
def test_what_can_not_be_held(f: Fixture, change: dict[str, Any], status: int) -> None:
    reply = f.api.hold(**change)
    assert reply.status_code == status, reply.content
    assert Booking.objects.count() == 0


def test_a_start_that_search_would_not_offer_is_refused(f: Fixture) -> None:
    f.service.only_groups = False
    f.service.save()
    assert f.api.hold(start="2022-05-26T15:05:00+01:00").status_code == 409
    assert f.api.hold(start="2022-05-26T15:15:00+01:00").status_code == 201
    other = resource(f.business, "Somebody else", kind="staff")
    stranger = f.api.hold(start="2022-05-26T17:00:00+01:00", resource_id=other.pk.hex[:24])
    assert stranger.status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"slot_id": None}, 400),
        ({"slot_id": "x"}, 400),
        ({"slot_id": UNKNOWN}, 404),
        ({"timezone": "Nowhere"}, 400),
        ({"data": None}, 400),
        ({"data": {}}, 400),
        ({"data": {"customers": [{"customer": {"profile": {"firstname": "Ada"}}}]}}, 400),
        ({"data": {"customers": [{"customer": {}}]}}, 400),
        ({"data": {"customers": "Ada"}}, 400),
    ],
    ids=str,
)
def test_what_can_not_be_converted(f: Fixture, change: dict[str, Any], status: int) -> None:
    held = f.api.hold()
    reply = f.api.convert(held, **change)
    assert reply.status_code == status, reply.content
    assert Booking.objects.get().state == "held"


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"\xff"])
def test_what_is_no_body(f: Fixture, body: bytes) -> None:
    reply = f.api.client.post(
        "/appointedd/v1/availability/slots",
        body,
        content_type="application/json",
        headers={"X-API-KEY": f.api.key},
    )
    assert reply.status_code == 400
    assert reply.json()["error"] == "Bad Request"


def test_ids_of_nothing_and_no_ids(f: Fixture) -> None:
    for path in ("/availability/slots/{}", "/customers/{}"):
        assert f.api.get(path.format(UNKNOWN)).status_code == 404
        assert f.api.get(path.format("x")).status_code == 400
    for path in (f"/bookings/{UNKNOWN}/cancel", f"/bookings/{BOOKING}/customers/{UNKNOWN}/cancel"):
        assert f.api.post(path).status_code == 404
    assert f.api.post("/bookings/x/cancel").status_code == 400
    upper = f.api.get("/bookings", f"ids={BOOKING.upper()}").json()
    assert upper["total"] == 1


def test_where_nothing_is(f: Fixture) -> None:
    reply = f.api.get("/nothing")
    assert (reply.status_code, reply.json()["statusCode"]) == (404, 404)
    assert f.api.delete(f"/bookings/{BOOKING}").status_code == 405


def test_a_key_opens_its_own_door(f: Fixture) -> None:
    assert Caller(f.api.client, key(f.business)).get("/services").status_code == 403
    other = f.api.client.get(
        "/v1/manage/bookings", headers={"Authorization": f"Bearer {f.api.key}"}
    )
    assert other.status_code == 401
    reader = Caller(f.api.client, issue(f.business, "read"))
    assert reader.search().status_code == 200
    assert reader.hold().status_code == 403


def test_too_often(f: Fixture) -> None:
    slow = Caller(f.api.client, issue(f.business, "write", rpm=2))
    assert [slow.get("/services").status_code for _ in range(3)] == [200, 200, 429]
    reply = slow.get("/services")
    assert 1 <= int(reply.headers["Retry-After"]) <= 61
    assert reply.json()["error"] == "Too Many Requests"


def test_browsers_are_given_nothing(f: Fixture) -> None:
    headers = {"Origin": "https://shop.example", "X-API-KEY": f.api.key}
    reply = f.api.client.get("/appointedd/v1/services", headers=headers)
    assert reply.status_code == 200
    asked = f.api.client.options(
        "/appointedd/v1/services",
        headers={**headers, "Access-Control-Request-Method": "GET"},
    )
    assert asked.status_code == 405
    for each in (reply, asked):
        assert not [name for name in each.headers if name.lower().startswith("access-control")]


def test_an_answer_is_json_whatever_is_accepted(f: Fixture) -> None:
    client = Client(headers={"Accept": "text/html", "X-API-KEY": f.api.key})
    assert client.get("/appointedd/v1/services").headers["Content-Type"] == "application/json"
