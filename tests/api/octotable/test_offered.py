"""Groups A, B and C: times, rooms and links."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.conf import settings

from availability.models import Closure
from bookings import services
from bookings.wishes import SYSTEM
from resources.models import Combination, Resource, Section, Service
from tests.api.octotable.conftest import (
    DINNER,
    LUNCH,
    NOW,
    PROPERTY,
    ROOM,
    House,
    example,
    key,
    refused,
    reservation,
    said,
)


def slots(of: House, **query: Any) -> Any:
    return said(of.api.get("bookings/slots", **{"start_date": "2024-11-19", "pax": 2} | query))


def times(of: House, service: int = LUNCH, **query: Any) -> list[str]:
    _, body = slots(of, service_id=service, **query)
    return [
        each
        for day in body["data"]
        for found in day["available_services"]
        for each in found["available_slots"]
    ]


def test_a_the_times_of_a_day(trattoria: House) -> None:
    assert slots(trattoria) == (200, example("slots"))


def test_a2_of_one_service(trattoria: House) -> None:
    wanted = example("slots")
    del wanted["data"][0]["available_services"][1]
    assert slots(trattoria, service_id=LUNCH) == (200, wanted)


def test_a3_of_a_party_that_fits_nowhere(trattoria: House) -> None:
    assert slots(trattoria, pax=11) == (200, {"data": []})


@pytest.mark.parametrize("missing", [Section, Resource, Service])
def test_a4_before_all_is_set_up(trattoria: House, missing: Any) -> None:
    Resource.objects.all().delete()
    missing.objects.all().delete()
    assert slots(trattoria) == (200, {"data": []})


def test_the_order_of_setup_is_room_table_service(bare: House) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("rooms", {"name": "Main dining room"}),
        ("room/{room}/table", {"name": "T1", "guests_max": 4}),
        (
            "services",
            {
                "name": "Lunch",
                "average_stay": 60,
                "days_of_week": ["TUE"],
                "start_time": "12:00:00",
                "end_time": "13:00:00",
                "max_advance": 60,
            },
        ),
    ]
    room = ""
    for path, body in steps:
        assert slots(bare) == (200, {"data": []})
        answer = bare.api.post(path.format(room=room), body)
        assert answer.status_code == 201
        room = room or answer.json()["data"][0]["id"]
    assert [
        each["available_slots"] for each in slots(bare)[1]["data"][0]["available_services"]
    ] == [["12:00:00", "12:30:00"]]


def test_several_days_and_the_default_of_today(trattoria: House) -> None:
    _, body = slots(trattoria, end_date="2024-11-21")
    assert [each["day"] for each in body["data"]] == ["2024-11-19", "2024-11-20", "2024-11-21"]
    _, body = said(trattoria.api.get("bookings/slots"))
    assert [each["day"] for each in body["data"]] == ["2024-11-18"]
    assert refused(
        trattoria.api.get("bookings/slots", start_date="2024-11-19", end_date="2025-01-01")
    )
    assert slots(trattoria, start_date="2024-11-19T10:00:00") == (200, example("slots"))


def test_a_time_gone_by_is_not_offered(trattoria: House) -> None:
    later = trattoria.at(NOW.replace(day=19, hour=13))
    body = later.get("bookings/slots", start_date="2024-11-19", service_id=LUNCH).json()
    assert body["data"][0]["available_services"][0]["available_slots"] == [
        "13:00:00", "13:30:00", "14:00:00",
    ]  # fmt: skip


def test_a_table_is_taken_for_the_average_stay_and_no_longer(trattoria: House) -> None:
    assert trattoria.api.post("reservations", reservation(start_hour="13:00:00")).status_code == 201
    assert times(trattoria) == ["12:00:00", "14:00:00"]


def test_what_is_closed_is_shown_unless_asked_not_to(trattoria: House) -> None:
    Closure.objects.create(
        location=trattoria.place,
        first_day=date(2024, 11, 19),
        last_day=date(2024, 11, 19),
        starts="12:00",
        ends="13:30",
    )
    assert slots(trattoria) == (200, example("slots"))
    answer = trattoria.api.post("reservations", reservation())
    assert refused(answer) == (400, "InvalidBookingTimeException")
    _, body = slots(trattoria, out_of_order=1, service_id=LUNCH)
    assert body["data"][0]["available_services"] == [
        {
            "id": LUNCH,
            "title": "Lunch",
            "available_slots": ["13:30:00", "14:00:00"],
            "slots": [
                {"time": "12:00:00", "disabled": True},
                {"time": "12:30:00", "disabled": True},
                {"time": "13:00:00", "disabled": True},
                {"time": "13:30:00", "disabled": False},
                {"time": "14:00:00", "disabled": False},
            ],
        }
    ]


def test_what_is_not_for_guests_is_not_offered(trattoria: House) -> None:
    lunch = Service.objects.get(pk=key(LUNCH))
    services_path = f"services/{LUNCH}"
    trattoria.api.put(services_path, {"online": False})
    assert times(trattoria) == []
    trattoria.api.put(services_path, {"online": True})
    assert len(times(trattoria)) == 5
    Resource.objects.update(is_online=False)
    assert times(trattoria) == []
    assert lunch.pk


def test_titles_and_wrong_questions(trattoria: House) -> None:
    trattoria.api.put(f"services/{LUNCH}", {"title": "Pranzo"})
    _, body = slots(trattoria, service_id=LUNCH)
    assert body["data"][0]["available_services"][0]["title"] == "Pranzo"
    assert refused(trattoria.api.get("bookings/slots", pax="0"))[0] == 400
    assert refused(trattoria.api.get("bookings/slots", start_date="19.11.2024"))[0] == 400
    assert refused(trattoria.api.get("bookings/slots", service_id=1)) == (
        404,
        "ResourceNotFoundException",
    )


# --- B: rooms ------------------------------------------------------------------------------------


def rooms(of: House, **query: Any) -> Any:
    asked = {
        "start_date": "2024-11-19",
        "start_hour": "12:00:00",
        "pax": 2,
        "service_id": LUNCH,
    } | query
    return of.api.get("bookings/rooms", **{k: v for k, v in asked.items() if v is not None})


def test_b_rooms_and_tables_at_a_time(trattoria: House) -> None:
    assert said(rooms(trattoria)) == (200, example("rooms"))


@pytest.mark.parametrize("pax, start", [(11, "12:00:00"), (2, "12:10:00"), (2, "19:00:00")])
def test_b_nothing_is_an_empty_array_in_an_array(trattoria: House, pax: int, start: str) -> None:
    assert said(rooms(trattoria, pax=pax, start_hour=start)) == (200, {"data": [[]]})


def test_b_what_is_taken_is_left_out(trattoria: House) -> None:
    trattoria.api.post("reservations", reservation(start_hour="12:30:00"))
    assert said(rooms(trattoria)) == (200, {"data": [[]]})
    assert said(rooms(trattoria, start_hour="13:30:00")) == (200, example("rooms"))


@pytest.mark.parametrize("name", ["start_date", "start_hour", "pax", "service_id"])
def test_b_all_four_are_needed(trattoria: House, name: str) -> None:
    assert refused(rooms(trattoria, **{name: None})) == (400, "InvalidParameterException")
    assert refused(rooms(trattoria, service_id=1)) == (404, "ResourceNotFoundException")


def test_b_groups_are_offered_while_all_of_their_tables_are_free(trattoria: House) -> None:
    room = Section.objects.get()
    other = trattoria.table(room, "T9", id_=172247, most=4)
    joined = Combination.objects.create(
        pk=key(500), location=trattoria.place, name="T8+T9", covers_min=11, covers_max=14
    )
    joined.members.set([Resource.objects.get(pk=key(172246)), other])
    assert times(trattoria, pax=12)[0] == "12:00:00"
    (found,) = rooms(trattoria, pax=12).json()["data"][0]
    assert [(each["name"], each["group"]) for each in found["tables"]] == [("T8+T9", True)]
    made = trattoria.api.post("reservations", reservation(table_ids=[172247], start_hour="12:00"))
    assert made.status_code == 201
    assert said(rooms(trattoria, pax=12)) == (200, {"data": [[]]})
    assert times(trattoria, pax=12)[0] == "13:00:00"


# --- C: links ------------------------------------------------------------------------------------


def test_c_links(trattoria: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PUBLIC_URL", "http://localhost:4200")
    assert said(trattoria.api.get("bookings/list")) == (200, example("list"))


def test_a_block_takes_its_table(trattoria: House) -> None:
    table = Resource.objects.get()
    services.block(
        table,
        starts_at=NOW.replace(day=19, hour=12),
        ends_at=NOW.replace(day=19, hour=13),
        by=SYSTEM,
        now=NOW,
    )
    assert times(trattoria) == ["13:00:00", "13:30:00", "14:00:00"]
    assert times(trattoria, service=DINNER)[0] == "19:00:00"
    assert (trattoria.api.property, 21344) == (PROPERTY, ROOM)


def test_a_day_costs_as_much_whatever_is_in_the_book(
    trattoria: House, django_assert_max_num_queries: Any
) -> None:
    """A few queries for who asks, and four for each of the two services."""
    with django_assert_max_num_queries(14):
        slots(trattoria)
    for hour in ("12:00", "13:00", "14:00"):
        trattoria.api.post("reservations", reservation(start_hour=hour))
    for number in range(10):
        trattoria.table(None, f"T{number}", id_=1000 + number)
    with django_assert_max_num_queries(14):
        slots(trattoria, end_date="2024-12-10")
