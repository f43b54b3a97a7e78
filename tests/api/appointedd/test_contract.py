"""The contract's tests, A1 to A18, by their numbers. A13's threads are in test_races.py."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bookings.models import Booking
from bookings.services import expire_holds
from resources.models import Category, Requirement
from tests.api.appointedd.conftest import (
    BOOKING,
    HOUR,
    NOW,
    RESOURCE,
    SERVICE,
    Caller,
    Fixture,
    caller,
    example,
    key_of,
    organisation,
)
from tests.builders import resource, service

CONVERTED = datetime(2022, 5, 26, 10, 24, 55, tzinfo=UTC)
ID = re.compile(r"[0-9a-f]{24}")
MAY = [{"start": "2022-05-01T00:00:00.000Z", "end": "2022-06-01T00:00:00.000Z"}]


def starts(reply: Any) -> list[str]:
    assert reply.status_code == 200, reply.content
    return [each["start"] for each in reply.json()["data"]]


def ok(reply: Any) -> Any:
    assert reply.status_code in (200, 201), reply.content
    return reply.json()


def refused(reply: Any, status: int) -> dict[str, Any]:
    body: dict[str, Any] = reply.json()
    assert reply.status_code == status, body
    assert set(body) == {"statusCode", "error", "message"}
    assert body["statusCode"] == status
    return body


def fresh(reply: dict[str, Any], like: dict[str, Any], *names: str) -> dict[str, Any]:
    """The reply with the values of the example where it is right that they differ."""
    for name in names:
        assert ID.fullmatch(reply[name])
        assert reply[name] != like[name]
    return reply | {name: like[name] for name in names}


def test_a1_the_group_booking_is_found(f: Fixture) -> None:
    assert ok(f.api.search()) == example("intervals_reply")


def test_a2_too_few_spaces(f: Fixture) -> None:
    assert ok(f.api.search(spaces=6)) == {"data": []}


def test_a3_defaults(f: Fixture) -> None:
    assert ok(f.api.search(spaces=None, timezone=None)) == example("intervals_reply")


def test_a4_another_zone(f: Fixture) -> None:
    reply = ok(f.api.search(timezone="America/New_York"))["data"]
    assert reply[0]["start"] == "2022-05-26T06:30:00.000-04:00"
    (group,) = reply[0]["group_bookings"]
    assert (group["id"], group["end"]) == (BOOKING, "2022-05-26T07:30:00.000-04:00")


def test_a5_59_days(f: Fixture) -> None:
    def until(end: str, start: str = "2022-05-01T00:00:00.000Z") -> Any:
        return f.api.search(ranges=[{"start": start, "end": end}])

    assert until("2022-06-29T00:00:00.000Z").status_code == 200
    body = refused(until("2022-06-30T00:00:00.000Z"), 400)
    assert body == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "ranges span more than 59 days",
    }
    # 59 local days in which the clock goes back have an hour more, those where it goes on less.
    autumn = until("2022-11-29T00:00:00.000+00:00", "2022-10-01T00:00:00.000+01:00")
    assert autumn.status_code == 200
    two = [
        {"start": "2022-05-01T00:00:00Z", "end": "2022-06-15T00:00:00Z"},
        {"start": "2022-08-01T00:00:00Z", "end": "2022-08-16T00:00:00Z"},
    ]
    refused(f.api.search(ranges=two), 400)


@pytest.mark.parametrize(
    "query",
    [
        "ids={}",
        "ids[]={}",
        "ids%5B%5D={}",
        "ids[0]={}",
        "ids=%5B%22{}%22%5D",
        "ids=%22,{}".replace("%22", "000000000000000000000000"),
        "ids={}&ids=000000000000000000000000",
        "ids[]={}&ids[]=000000000000000000000000",
    ],
)
def test_a6_fetched_by_id_in_every_encoding(f: Fixture, query: str) -> None:
    assert ok(f.api.get("/bookings", query.format(BOOKING))) == example("bookings_reply")


@pytest.mark.parametrize("start", ["2022-05-26T11:30:00.000+01:00", "2022-05-26T10:30:00.000Z"])
def test_a7_a_hold(f: Fixture, start: str) -> None:
    like = example("slot_reply")["data"]
    assert fresh(ok(f.api.hold(start=start))["data"], like, "id") == like


def test_a8_the_hold_counts(f: Fixture) -> None:
    ok(f.api.hold())
    assert starts(f.api.search(spaces=4)) == ["2022-05-26T11:30:00.000+01:00"]
    assert starts(f.api.search(spaces=5)) == []


def test_a9_it_becomes_a_participant(f: Fixture) -> None:
    reply = ok(f.api.at(CONVERTED).convert(f.api.hold()))["data"]
    like = example("booking_reply")["data"]
    assert reply["updated"] == "2022-05-26T11:24:55.000+01:00"
    (one,), (other,) = reply["customers"], like["customers"]
    assert re.fullmatch(
        rf"http://127\.0\.0\.1:8000/appointedd/reschedule\?token=[0-9a-f]{{64}}&bookingId={BOOKING}"
        rf"&participantId={one['customer_booking_id']}",
        one["reschedule_url"],
    )
    one = fresh(one, other, "customer_id", "customer_booking_id")
    one["reschedule_url"] = other["reschedule_url"]
    assert reply | {"customers": [one], "updated": like["updated"]} == like


def test_a10_after_conversion(f: Fixture) -> None:
    whole = ok(f.api.at(CONVERTED).convert(f.api.hold()))["data"]["customers"][0]
    api = f.api.at(CONVERTED)
    (participant,) = api.booking()["customers"]
    assert participant == {
        "id": whole["customer_id"],
        "customer_id": whole["customer_id"],
        "customer_booking_id": whole["customer_booking_id"],
        "spaces": 1,
        "booking_source": "api",
        "timezone": "Europe/London",
        "paid": False,
        "locale": "en",
        "created": "2022-05-26T10:24:55.000+00:00",
        "added": "2022-05-26T10:24:55.000+00:00",
        "status": "No Status",
        "questions": [],
        "total_spaces": 1,
        "total_price": 0,
        "price_points": [{"quantity": 1, "price_per_quantity": 0, "spaces_per_quantity": 1}],
        "reschedule_url": whole["reschedule_url"],
    }
    assert starts(api.search(spaces=4)) == ["2022-05-26T11:30:00.000+01:00"]
    assert starts(api.search(spaces=5)) == []


@pytest.mark.parametrize("is_swept", [False, True], ids=["by the clock", "with Celery"])
def test_a11_expiry(f: Fixture, is_swept: bool) -> None:
    f.business.hold_minutes = 10
    f.business.save()
    held = f.api.hold()
    assert ok(held)["data"]["expiry"] == "2022-05-26T10:23:38.186Z"
    expiry = NOW + timedelta(minutes=10)
    before = f.api.at(expiry - timedelta(milliseconds=1))
    assert starts(before.search(spaces=5)) == []
    after = f.api.at(expiry)
    if is_swept:
        assert len(expire_holds(now=expiry)) == 1
    assert starts(after.search(spaces=5)) == ["2022-05-26T11:30:00.000+01:00"]
    refused(after.convert(held), 404)
    refused(after.get(f"/availability/slots/{held.json()['data']['id']}"), 404)
    assert after.booking()["customers"] == []
    again = f.api.hold()
    assert before.convert(again).status_code == 201


def test_a12_a_hold_is_used_once(f: Fixture) -> None:
    held = f.api.hold()
    ok(f.api.convert(held))
    refused(f.api.convert(held), 404)
    assert len(f.api.booking()["customers"]) == 1


def test_a13_the_last_space(f: Fixture) -> None:
    assert [f.api.hold().status_code for _ in range(5)] == [201] * 5
    body = refused(f.api.hold(), 409)
    assert body["error"] == "Conflict"


def test_a14_auth(f: Fixture) -> None:
    nobody = Caller(f.api.client, "")
    body = refused(nobody.search(), 403)
    assert body["error"] == "Forbidden"
    refused(Caller(f.api.client, "x" * 88).search(), 403)
    refused(Caller(f.api.client, "x" * 300).search(), 403)
    lower = f.api.client.get("/appointedd/v1/services", headers={"x-api-key": f.api.key})
    assert lower.status_code == 200


def test_a15_a_page_of_services(f: Fixture) -> None:
    made = [service(f.business, f"Service {n}", created_at=NOW - n * HOUR) for n in range(1, 19)]
    category = Category.objects.create(
        business=f.business, pk=key_of("628b6896e500170e850a0fe6"), name="Category"
    )
    service(
        f.business,
        "Test Service",
        pk=key_of("628b68cd869f3620ef1a1ff1"),
        description="This is a test service.",
        duration=2 * HOUR,
        category=category,
        allows_groups=True,
        created_at=NOW + HOUR,
    )
    f.service.created_at = NOW
    f.service.save()
    reply = ok(f.api.get("/services", "limit=1"))
    like = example("services_reply")
    assert reply == like | {"next": SERVICE}
    second = ok(f.api.get("/services", f"limit=1&start={reply['next']}"))
    assert [each["id"] for each in second["data"]] == [SERVICE]
    assert (second["prev"], second["next"], second["total"]) == (
        "628b68cd869f3620ef1a1ff1",
        made[0].pk.hex[:24],
        20,
    )
    for wrong in ("limit=0", "limit=101", "limit=x"):
        refused(f.api.get("/services", wrong), 400)


def shared(f: Fixture) -> Fixture:
    """The service also lets guests start something new."""
    f.service.only_groups = False
    f.service.save()
    return f


FREE = "2022-05-26T15:00:00.000+01:00"
AFTERNOON = [{"start": "2022-05-26T15:00:00+01:00", "end": "2022-05-26T15:01:00+01:00"}]


def test_a16_a_new_booking_by_the_same_calls(f: Fixture) -> None:
    shared(f)
    assert ok(f.api.search(ranges=AFTERNOON)) == {
        "data": [
            {"start": FREE, "resource_ids": [RESOURCE], "group_bookings": [], "group_slots": []}
        ]
    }
    held = f.api.hold(start=FREE)
    slot = ok(held)["data"]
    assert (slot["booking_id"], slot["max_spaces"]) == (None, 5)
    whole = ok(f.api.convert(held))["data"]
    assert whole["id"] not in (slot["id"], BOOKING)
    assert len(whole["customers"]) == 1
    assert (whole["created_source"], whole["total_spaces"]) == ("api", 5)
    (found,) = ok(f.api.search(ranges=AFTERNOON))["data"]
    assert found["resource_ids"] == []
    assert [(each["id"], each["spaces"]) for each in found["group_bookings"]] == [(whole["id"], 4)]


def test_a16_a_new_booking_for_oneself(f: Fixture) -> None:
    massage = service(f.business, "Massage", price_cents=4550)
    Requirement.objects.create(service=massage, kind="staff").resources.add(f.resource)
    held = f.api.hold(service_id=massage.pk.hex[:24], start=FREE, resource_id=None)
    slot = ok(held)["data"]
    assert (slot["booking_id"], slot["max_spaces"], slot["allow_additional_spaces"]) == (
        None,
        1,
        False,
    )
    assert slot["resource_id"] == RESOURCE
    whole = ok(f.api.convert(held))["data"]
    assert whole["id"] != slot["id"]
    (participant,) = whole["customers"]
    assert (whole["price"], participant["total_price"]) == (45.5, 45.5)
    assert Booking.objects.get(session=None).source == "appointedd"
    assert f.api.booking(whole["id"])["customers"][0]["customer_id"] == participant["customer_id"]
    refused(f.api.hold(service_id=massage.pk.hex[:24], start=FREE, resource_id=None), 409)


def test_a17_buffers(f: Fixture) -> None:
    room = resource(f.business, "Room", kind="room")
    fitting = service(
        f.business,
        "Fitting",
        buffer_before=timedelta(minutes=15),
        buffer_after=timedelta(minutes=10),
    )
    Requirement.objects.create(service=fitting, kind="room").resources.add(room)
    what = {"service_id": fitting.pk.hex[:24], "timezone": "UTC"}
    day = "2022-05-27T"
    held = ok(f.api.hold(**what, start=f"{day}10:00:00Z", resource_id=None))["data"]
    assert (held["start_buffer"], held["end_buffer"]) == (
        f"{day}09:45:00.000Z",
        f"{day}11:10:00.000Z",
    )
    found = starts(
        f.api.search(**what, ranges=[{"start": f"{day}08:00:00Z", "end": f"{day}12:00:00Z"}])
    )
    offered = {each[11:16] for each in found}
    assert offered == {"08:00", "08:15", "08:30", "11:30", "11:45"}
    refused(f.api.hold(**what, start=f"{day}11:15:00Z", resource_id=None), 409)


def test_a18_cancelling_a_participant_and_the_booking(f: Fixture) -> None:
    one = ok(f.api.convert(f.api.hold()))["data"]["customers"][0]["customer_booking_id"]
    reply = ok(f.api.post(f"/bookings/{BOOKING}/customers/{one}/cancel"))["data"]
    assert (reply["status"], reply["customers"]) == ("confirmed", [])
    assert starts(f.api.search(spaces=5)) == ["2022-05-26T11:30:00.000+01:00"]
    reply = ok(f.api.post(f"/bookings/{BOOKING}/cancel", {"source": "api"}))["data"]
    assert (reply["id"], reply["status"]) == (BOOKING, "cancelled")
    assert starts(f.api.search()) == []
    assert f.api.booking()["status"] == "cancelled"


def test_nothing_of_it_is_another_organisations(f: Fixture, client: Any) -> None:
    other = caller(client, organisation("Other"))
    refused(other.search(), 404)
    refused(other.hold(), 404)
    assert ok(other.get("/bookings", f"ids={BOOKING}"))["total"] == 0
    refused(other.post(f"/bookings/{BOOKING}/cancel"), 404)
    held = f.api.hold()
    refused(other.convert(held), 404)
