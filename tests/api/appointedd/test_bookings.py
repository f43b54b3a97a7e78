"""Bookings made, changed, moved and cancelled, whole and by participant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bookings import services
from bookings.models import Allocation, Booking, Event, Guest, Session
from bookings.wishes import SYSTEM, Wish
from resources.models import Requirement, Section, Service
from tests.api.appointedd.conftest import (
    BOOKING,
    HOUR,
    NOW,
    RESOURCE,
    START,
    Fixture,
    person,
)
from tests.builders import location, resource, service

THREE = "2022-05-26T15:00:00.000+01:00"
FOUR = "2022-05-26T16:00:00.000+01:00"


def data(reply: Any) -> Any:
    assert reply.status_code in (200, 201), reply.content
    return reply.json()["data"]


def refused(reply: Any, status: int) -> str:
    body = reply.json()
    assert (reply.status_code, body["statusCode"]) == (status, status), body
    return str(body["message"])


@pytest.fixture
def massage(f: Fixture) -> Service:
    made = service(f.business, "Massage", price_cents=4500)
    Requirement.objects.create(service=made, kind="staff").resources.add(f.resource)
    return made


def solo(f: Fixture, massage: Service, start: str = THREE, **more: Any) -> Any:
    """A booking of a time of its own, made here."""
    held = f.api.hold(service_id=massage.pk.hex[:24], start=start, resource_id=None)
    return data(f.api.convert(held, person(), timezone="Europe/London", **more))


# --- made of reservations ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reserved", "customers", "spaces", "left"),
    [
        (2, [person()], [2], 3),
        (2, [person(spaces=1)], [1], 4),
        (2, [person(), person("Alan", "Turing", spaces=3)], [1, 3], 1),
        (1, [person(spaces=5)], [5], 0),
        (2, [], [], 5),
    ],
)
def test_who_takes_how_many_spaces(
    f: Fixture, reserved: int, customers: list[Any], spaces: list[int], left: int
) -> None:
    held = f.api.hold(required_spaces=reserved)
    whole = data(f.api.convert(held, data={"customers": customers}))
    assert sorted(each["total_spaces"] for each in whole["customers"]) == sorted(spaces)
    assert whole["id"] == BOOKING
    found = data(f.api.search(spaces=max(1, left)))
    assert [group["spaces"] for each in found for group in each["group_bookings"]] == (
        [left] if left else []
    )
    assert f.api.hold(required_spaces=left + 1).status_code == 409


def test_more_than_there_is_room_for(f: Fixture) -> None:
    held = f.api.hold(required_spaces=2)
    f.api.hold(required_spaces=2)
    refused(f.api.convert(held, person(spaces=4)), 409)
    assert len(data(f.api.convert(held, person(spaces=3)))["customers"]) == 1


def test_the_same_person_twice_is_two_participants(f: Fixture) -> None:
    whole = data(f.api.convert(f.api.hold(required_spaces=2), person(), person()))
    one, two = whole["customers"]
    assert one["customer_id"] == two["customer_id"]
    assert one["customer_booking_id"] != two["customer_booking_id"]


def test_nobody_is_remembered_of_a_conversion_that_failed(f: Fixture) -> None:
    held = f.api.hold()
    f.api.post(f"/bookings/{BOOKING}/cancel")
    assert f.api.get(f"/availability/slots/{held.json()['data']['id']}").status_code == 200
    refused(f.api.convert(held), 409)
    assert Guest.objects.count() == 0


def test_a_hold_on_a_booking_that_moved(f: Fixture) -> None:
    held = f.api.hold()
    moved = {"start": THREE, "end": FOUR}
    assert data(f.api.put(f"/bookings/{BOOKING}", {"data": {"parts": [moved]}}))
    refused(f.api.convert(held), 409)


def test_an_empty_booking_of_ones_own(f: Fixture, massage: Service) -> None:
    held = f.api.hold(service_id=massage.pk.hex[:24], start=THREE)
    whole = data(f.api.convert(held, data={"customers": [], "label": "Kept free"}))
    assert (whole["customers"], whole["label"], whole["total_spaces"]) == ([], "Kept free", 1)
    refused(f.api.hold(service_id=massage.pk.hex[:24], start=THREE), 409)


def test_holds_that_open_one_booking_share_it(f: Fixture) -> None:
    f.service.only_groups = False
    f.service.save()
    one, two = f.api.hold(start=THREE, required_spaces=3), f.api.hold(start=THREE)
    assert [each.json()["data"]["booking_id"] for each in (one, two)] == [None, None]
    there = [{"start": THREE, "end": FOUR}]
    offered = data(f.api.search(ranges=there, spaces=1))
    assert offered[0] == {
        "start": THREE,
        "resource_ids": [RESOURCE],
        "group_bookings": [],
        "group_slots": [],
    }
    assert THREE not in [each["start"] for each in data(f.api.search(ranges=there, spaces=2))]
    refused(f.api.hold(start=THREE, required_spaces=2), 409)
    named = {"customers": [person()], "label": "Outside"}
    first = data(f.api.convert(one, data=named))
    assert (first["label"], first["created_source"]) == ("Outside", "api")
    again = data(f.api.get(f"/availability/slots/{two.json()['data']['id']}"))
    assert again["booking_id"] == first["id"]
    assert data(f.api.convert(two))["id"] == first["id"]
    assert [each["spaces"] for each in f.api.booking(first["id"])["customers"]] in ([3, 1], [1, 3])


def test_how_long_a_hold_lasts(f: Fixture) -> None:
    assert data(f.api.hold(expires_after=3))["expiry"] == "2022-05-26T10:16:38.186Z"


def test_a_hold_for_longer_than_usual(f: Fixture, massage: Service) -> None:
    held = data(f.api.hold(service_id=massage.pk.hex[:24], start=THREE, duration=90))
    assert held["end"] == "2022-05-26T15:30:00.000Z"


def test_the_zone_may_stand_at_either_level(f: Fixture) -> None:
    body = {"data": {"service_id": f.service.pk.hex[:24], "start": "2022-05-26T11:30:00"}}
    held = f.api.post("/availability/slots", {**body, "timezone": "Europe/London"})
    assert data(held)["start"] == "2022-05-26T10:30:00.000Z"
    whole = f.api.convert(
        held,
        timezone=None,
        data={"customers": [person()], "timezone": "America/New_York"},
    )
    assert data(whole)["start"] == "2022-05-26T06:30:00.000-04:00"
    assert data(f.api.convert(f.api.hold(), timezone=None))["start"] == (
        "2022-05-26T10:30:00.000+00:00"
    )


# --- changed -------------------------------------------------------------------------------------


def test_a_group_booking_moves_with_all_its_participants(f: Fixture) -> None:
    data(f.api.convert(f.api.hold(required_spaces=2), person(), person("Alan", "Turing")))
    old = [each["reschedule_url"] for each in f.api.booking()["customers"]]
    moved = {
        "timezone": "Europe/London",
        "data": {"parts": [{"start": THREE, "end": FOUR}], "label": "Later", "total_spaces": 8},
    }
    whole = data(f.api.put(f"/bookings/{BOOKING}", moved))
    assert (whole["start"], whole["end"], whole["label"], whole["total_spaces"]) == (
        THREE, FOUR, "Later", 8,
    )  # fmt: skip
    assert set(Booking.objects.values_list("starts_at", flat=True)) == {
        START + 3.5 * HOUR,
    }
    new = [each["reschedule_url"] for each in f.api.booking()["customers"]]
    assert not set(old) & set(new)
    at: dict[str, Any] = {"openbook.now": NOW}
    local = [each.removeprefix("http://127.0.0.1:8000") for each in (old[0], new[0])]
    gone, there = (f.api.client.get(each, **at) for each in local)
    assert (gone.status_code, there.status_code) == (404, 302)
    assert f.api.client.get(there.headers["Location"], **at).status_code == 200


def test_a_booking_moves_only_where_there_is_room(f: Fixture, massage: Service) -> None:
    whole = solo(f, massage)
    path = f"/bookings/{whole['id']}"
    taken = {"parts": [{"start": "2022-05-26T12:00:00+01:00", "end": "2022-05-26T13:00:00+01:00"}]}
    refused(f.api.put(path, {"data": taken}), 409)
    past = {"parts": [{"start": "2022-05-25T12:00:00+01:00", "end": "2022-05-25T13:00:00+01:00"}]}
    refused(f.api.put(path, {"data": past}), 409)
    assert f.api.booking(whole["id"])["start"] == "2022-05-26T14:00:00.000+00:00"
    later = {"parts": [{"start": FOUR, "end": "2022-05-26T17:30:00+01:00"}]}
    moved = data(f.api.put(path, {"timezone": "Europe/London", "data": later}))
    assert (moved["id"], moved["start"], moved["end"]) == (
        whole["id"],
        FOUR,
        "2022-05-26T17:30:00.000+01:00",
    )
    assert Allocation.objects.filter(booking__isnull=False).count() == 1


@pytest.mark.parametrize("is_group", [True, False], ids=["group", "alone"])
def test_another_resource_must_offer_the_service(
    f: Fixture, massage: Service, is_group: bool
) -> None:
    id_ = BOOKING if is_group else solo(f, massage)["id"]
    other = resource(f.business, "Somebody", kind="staff")
    wanted = {"data": {"resource_id": other.pk.hex[:24]}}
    refused(f.api.put(f"/bookings/{id_}", wanted), 409)
    moved = data(f.api.put(f"/bookings/{id_}", {**wanted, "ignore_resource_services": True}))
    assert moved["resources"] == [{"_id": other.pk.hex[:24]}]
    assert Allocation.objects.filter(resource=other).count() == 1


def test_a_booking_of_another_service(f: Fixture, massage: Service) -> None:
    whole = solo(f, massage)
    facial = service(f.business, "Facial", price_cents=1000)
    Requirement.objects.create(service=facial, kind="staff").resources.add(f.resource)
    changed = data(
        f.api.put(f"/bookings/{whole['id']}", {"data": {"service_id": facial.pk.hex[:24]}})
    )
    assert (changed["service_id"], changed["price"]) == (facial.pk.hex[:24], 10)


def test_fewer_spaces_than_are_taken(f: Fixture) -> None:
    f.api.convert(f.api.hold(required_spaces=3))
    refused(f.api.put(f"/bookings/{BOOKING}", {"data": {"total_spaces": 2}}), 409)
    assert data(f.api.put(f"/bookings/{BOOKING}", {"data": {"total_spaces": 3}}))


def test_more_spaces_in_a_booking_of_ones_own(f: Fixture, massage: Service) -> None:
    whole = solo(f, massage, data={"customers": [person()], "label": "Quiet"})
    path = f"/bookings/{whole['id']}"
    wider = data(f.api.put(path, {"data": {"total_spaces": 2}}))
    assert (wider["id"], wider["total_spaces"], wider["label"]) == (whole["id"], 2, "Quiet")
    (participant,) = wider["customers"]
    assert participant["customer_booking_id"] == whole["customers"][0]["customer_booking_id"]
    joined = f.api.hold(service_id=massage.pk.hex[:24], start=THREE)
    assert data(joined)["booking_id"] == whole["id"]


# --- participants --------------------------------------------------------------------------------


def test_what_becomes_of_a_participant(f: Fixture) -> None:
    whole = data(f.api.convert(f.api.hold()))
    (participant,) = whole["customers"]
    path = f"/bookings/{BOOKING}/customers/{participant['customer_booking_id']}"

    def set_to(status: str) -> str:
        (one,) = data(f.api.put(path, {"data": {"status": status}}))["customers"]
        return str(one["status"])

    assert set_to("No Status") == "No Status"
    assert set_to("Arrived") == "Arrived"
    assert set_to("Complete") == "Complete"
    refused(f.api.put(path, {"data": {"status": "No Show"}}), 409)
    refused(f.api.put(path, {"data": {"status": "Eaten"}}), 400)
    by_customer = f"/bookings/{BOOKING}/customers/{participant['customer_id']}"
    assert data(f.api.put(by_customer, {"notes": "Left a scarf"}))
    assert Booking.objects.get().notes == "Left a scarf"
    assert data(f.api.put(by_customer, {"data": {"notes": ""}}))
    assert Booking.objects.get().notes == ""


def test_done_at_once_and_never_come(f: Fixture) -> None:
    whole = data(f.api.convert(f.api.hold(required_spaces=2), person(), person("Alan", "Turing")))
    one, two = (each["customer_booking_id"] for each in whole["customers"])
    f.api.put(f"/bookings/{BOOKING}/customers/{one}", {"status": "Complete"})
    reply = data(f.api.put(f"/bookings/{BOOKING}/customers/{two}", {"status": "No Show"}))
    assert {each["status"] for each in reply["customers"]} == {"Complete", "No Show"}


def test_a_booking_of_ones_own_outlives_its_participant(f: Fixture, massage: Service) -> None:
    whole = solo(f, massage)
    (participant,) = whole["customers"]
    path = f"/bookings/{whole['id']}/customers/{participant['customer_booking_id']}/cancel"
    reply = data(f.api.post(path))
    assert (reply["id"], reply["status"], reply["customers"]) == (whole["id"], "confirmed", [])
    assert f.api.booking(whole["id"])["status"] == "confirmed"
    assert data(f.api.post(path))["status"] == "confirmed"  # a retry is a retry
    massage_id = massage.pk.hex[:24]
    refused(f.api.hold(service_id=massage_id, start=FOUR.replace("16:00", "15:30")), 409)
    data(f.api.post(f"/bookings/{whole['id']}/cancel"))
    assert data(f.api.hold(service_id=massage_id, start=THREE))["booking_id"] is None


def test_cancelling_frees_the_time_at_every_door(f: Fixture, massage: Service) -> None:
    whole = solo(f, massage)
    assert data(f.api.post(f"/bookings/{whole['id']}/cancel"))["status"] == "cancelled"
    again = data(f.api.post(f"/bookings/{whole['id']}/cancel"))
    assert (again["status"], len(again["customers"])) == ("cancelled", 1)
    booked = services.book(
        Wish.of(massage, starts_at=START + 3.5 * HOUR),
        guest=None,
        by=SYSTEM,
        source="admin",
        now=NOW,
    )
    listed = f.api.booking(booked.pk.hex[:24])
    assert (listed["customers"], listed["created_source"]) == ([], "appointment_screen")
    refused(f.api.hold(service_id=massage.pk.hex[:24], start=THREE), 409)


def test_all_of_a_cancelled_group_booking(f: Fixture) -> None:
    data(f.api.convert(f.api.hold(required_spaces=2), person(), person("Alan", "Turing")))
    reply = data(f.api.post(f"/bookings/{BOOKING}/cancel"))
    assert [each["status"] for each in reply["customers"]] == ["Cancelled", "Cancelled"]
    assert set(Booking.objects.values_list("state", flat=True)) == {"cancelled"}
    assert Session.objects.get().state == "cancelled"
    assert Allocation.objects.count() == 0
    refused(f.api.put(f"/bookings/{BOOKING}", {"data": {"label": "Gone"}}), 409)


# --- searching -----------------------------------------------------------------------------------


def test_days_with_room(f: Fixture, massage: Service) -> None:
    ask = {"ranges": ["2022-05-26", "2022-05-28"], "service_id": f.service.pk.hex[:24]}
    assert data(f.api.post("/availability/days/search", ask)) == [
        {"date": "2022-05-26", "resource_ids": [RESOURCE]}
    ]
    both = {"ranges": [{"start": "2022-05-27T00:00:00", "end": "2022-05-29T00:00:00"}]}
    found = data(f.api.post("/availability/days/search", both | {"duration": 30}))
    assert found == [
        {"date": "2022-05-27", "resource_ids": [RESOURCE]},
        {"date": "2022-05-28", "resource_ids": [RESOURCE]},
    ]
    assert f.api.post("/availability/days/search", both).status_code == 400
    odd = {"ranges": ["26/05/2022"], "service_id": f.service.pk.hex[:24]}
    assert f.api.post("/availability/days/search", odd).status_code == 400


def test_searching_a_group_of_resources(f: Fixture, massage: Service) -> None:
    upstairs = Section.objects.create(location=location(f.business), name="Upstairs")
    others = [resource(f.business, name, kind="staff", section=upstairs) for name in ("Ana", "Ben")]
    massage.requirements.get().resources.add(*others)
    group = upstairs.pk.hex[:24]
    ask = {
        "service_id": massage.pk.hex[:24],
        "ranges": [{"start": THREE, "end": "2022-05-26T15:15:00+01:00"}],
        "spaces": None,
    }
    ids = [each.pk.hex[:24] for each in others]
    (everyone,) = data(f.api.search(**ask))
    assert everyone["resource_ids"] == [*ids, RESOURCE]
    (some,) = data(f.api.search(**ask, resource_group_ids=[group]))
    assert some["resource_ids"] == ids
    hold = {"service_id": massage.pk.hex[:24], "start": THREE, "resource_id": None}
    taken = [data(f.api.hold(**hold, resource_group_ids=[group]))["resource_id"] for _ in range(2)]
    assert sorted(taken) == sorted(ids)
    refused(f.api.hold(**hold, resource_group_ids=[group]), 409)
    assert data(f.api.hold(**hold))["resource_id"] == RESOURCE


def test_what_a_search_may_leave_out(f: Fixture, massage: Service) -> None:
    massage.min_notice = timedelta(hours=24)
    massage.save()
    ask = {
        "service_id": massage.pk.hex[:24],
        "ranges": [{"start": "2022-05-26T08:00:00Z", "end": "2022-05-26T15:00:00Z"}],
    }
    assert data(f.api.search(**ask)) == []
    soon = [
        each["start"][11:16] for each in data(f.api.search(**ask, ignore_notice_restriction=True))
    ]
    assert (soon[0], soon[-1]) == ("12:30", "15:45")
    gone = f.api.search(**ask, ignore_notice_restriction=True, ignore_current_time=True)
    assert data(gone)[0]["start"][11:16] == "09:00"
    held = {"service_id": massage.pk.hex[:24], "start": THREE}
    refused(f.api.hold(**held), 409)
    assert data(f.api.hold(**held, ignore_notice_restriction=True))


def test_pieces_and_buffers_of_a_search(f: Fixture, massage: Service) -> None:
    ask: dict[str, Any] = {
        "service_id": massage.pk.hex[:24],
        "ranges": [{"start": "2022-05-26T09:30:00Z", "end": "2022-05-26T13:00:00Z"}],
        "ignore_current_time": True,
    }

    def first_after_lunch(**more: Any) -> tuple[str, str]:
        found = [each["start"][11:16] for each in data(f.api.search(**ask, **more))]
        before = max((each for each in found if each < "11:30"), default="")
        return before, min(each for each in found if each > "11:30")

    assert first_after_lunch() == ("10:30", "12:30")
    assert first_after_lunch(duration=30) == ("11:00", "12:30")
    assert first_after_lunch(parts=[{"block": 15}, {"free": 15}, {"block": 15}]) == (
        "10:45",
        "12:30",
    )
    assert first_after_lunch(duration=30, buffers={"before": 30, "after": 15}) == (
        "10:45",
        "13:00",
    )


def test_the_history_of_a_conversion(f: Fixture) -> None:
    f.service.only_groups = False
    f.service.save()
    f.api.convert(f.api.hold(start=THREE))
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == [
        "booking.held",
        "guest.created",
        "session.scheduled",
        "booking.created",
    ]
