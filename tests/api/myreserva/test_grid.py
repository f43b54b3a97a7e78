"""The grid: which starts are offered, and the exact words of what isn't."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from availability.models import OpeningHours, RosterEntry
from bookings import offers
from resources.models import Service
from resources.services import qualify
from tests.api.myreserva.conftest import (
    MINUTE,
    NOBODY,
    OUTLET,
    SERVICE,
    STAFF,
    Caller,
    Spa,
    example,
    key,
    said,
)

DAY = "2025-10-14"
MORNING = ["09:00", "09:30", "10:00"]
AFTERNOON = ["13:00", "13:30", "14:00", "14:30", "15:00"]


def asks(caller: Caller, *without: str, path: str = "public/availability/grid", **more: Any) -> Any:
    query = {
        "service_id": SERVICE, "outlet_id": OUTLET, "start_date": DAY, "num_days": 7,
        "slot_interval_minutes": 30,
    } | more  # fmt: skip
    return caller.get(path, **{name: each for name, each in query.items() if name not in without})


def starts(caller: Caller, day: str = DAY, **more: Any) -> list[str]:
    wanted: dict[str, Any] = {"start_date": day, "num_days": 1}
    told = asks(caller, **wanted | more)
    assert told.status_code == 200, told.content
    return [each["start_time"] for each in told.json()["availability_grid"][day]]


def detail(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json()["detail"]


@pytest.fixture
def seed(spa: Spa) -> Spa:
    """Fixture G."""
    spa.roster("2025-10-14", "09:00-10:55", "11:00-12:55", "14:00-15:55")
    spa.roster("2025-10-16", "10:00-11:55")
    spa.roster("2025-10-18", "09:00-10:55")
    spa.roster("2025-10-20", "13:00-14:55")
    return spa


@pytest.fixture
def full_day(spa: Spa) -> Spa:
    """Fixture H."""
    spa.works()
    return spa


def test_m1_the_grid_of_a_week(seed: Spa) -> None:
    answer = asks(seed.public)
    assert said(answer) == (200, example("grid_reply"))
    assert list(answer.json()["availability_grid"]) == list(
        example("grid_reply")["availability_grid"]
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_m2_defaults_and_one_day(seed: Spa) -> None:
    usual = asks(seed.public, "num_days", "slot_interval_minutes")
    assert said(usual) == (200, example("grid_reply"))
    day = asks(seed.public, num_days=1).json()
    assert (day["start_date"], day["end_date"]) == (DAY, DAY)
    assert list(day["availability_grid"]) == [DAY]
    assert (len(day["availability_grid"][DAY]), day["metadata"]["total_available_slots"]) == (3, 3)


@pytest.mark.parametrize("day", ["2025-01-01", "2025-10-12", "1999-12-31"])
def test_m3_past(spa: Spa, day: str) -> None:
    assert said(asks(spa.public, start_date=day)) == (
        400,
        {"detail": "Cannot check availability for past dates"},
    )


@pytest.mark.parametrize("day", ["2025-12-31", "2025-10-28", "9999-12-31"])
def test_m4_too_far(spa: Spa, day: str) -> None:
    assert said(asks(spa.public, start_date=day)) == (
        400,
        {"detail": "Public API limited to 14 days in advance"},
    )


def test_m4_the_last_day_and_what_lies_beyond(spa: Spa) -> None:
    spa.roster("2025-10-27", "09:00-10:55")
    spa.roster("2025-10-28", "09:00-10:55")
    answer = asks(spa.public, start_date="2025-10-27", num_days=2)
    assert answer.status_code == 200
    grid = answer.json()["availability_grid"]
    assert [each["start_time"] for each in grid["2025-10-27"]] == ["09:00"]
    assert grid["2025-10-28"] == []


@pytest.mark.parametrize("id_", ["invalid-service-id", "", SERVICE + "0", "g" * 24])
def test_m5_the_form_of_an_id(spa: Spa, id_: str) -> None:
    assert said(asks(spa.public, service_id=id_)) == (400, {"detail": "Invalid service ID format"})
    assert said(asks(spa.public, outlet_id=id_)) == (400, {"detail": "Invalid outlet ID format"})


def test_m6_and_m9_break_and_closing(full_day: Spa) -> None:
    answer = asks(full_day.public, num_days=1).json()
    assert answer["availability_grid"][DAY] == [
        {"start_time": start, "end_time": end, "is_available": True}
        for start, end in (
            ("09:00", "10:55"), ("09:30", "11:25"), ("10:00", "11:55"), ("13:00", "14:55"),
            ("13:30", "15:25"), ("14:00", "15:55"), ("14:30", "16:25"), ("15:00", "16:55"),
        )
    ]  # fmt: skip
    hourly = starts(full_day.public, slot_interval_minutes=60)
    assert hourly == ["09:00", "10:00", "13:00", "14:00", "15:00"]


@pytest.mark.parametrize("step", [15, 45, 0, -30, 90])
def test_m7_interval(spa: Spa, step: int) -> None:
    assert said(asks(spa.public, slot_interval_minutes=step)) == (
        400,
        {"detail": "Public API only supports 30 or 60 minute intervals"},
    )


def test_m8_unknown(spa: Spa) -> None:
    nothing = (404, {"detail": "Service not found"})
    nowhere = (404, {"detail": "Outlet not found or inactive"})
    assert said(asks(spa.public, service_id=NOBODY)) == nothing
    assert said(asks(spa.public, outlet_id=NOBODY)) == nowhere
    spa.owner.put(f"outlets/{OUTLET}", {"settings": {"accepts_online_booking": False}})
    assert said(asks(spa.public)) == nowhere
    spa.owner.put(f"outlets/{OUTLET}", {"settings": {"accepts_online_booking": True}})
    assert asks(spa.public).status_code == 200
    spa.owner.put(f"outlets/{OUTLET}", {"status": "inactive"})
    assert said(asks(spa.public)) == nowhere
    spa.owner.put(f"outlets/{OUTLET}", {"status": "active"})
    spa.owner.put(f"services/{SERVICE}", {"is_active": False})
    assert said(asks(spa.public)) == nothing


def test_types_come_before_everything_then_ids_dates_interval_rows(spa: Spa) -> None:
    wrong: dict[str, Any] = {
        "service_id": "x", "outlet_id": "y", "start_date": "2025-01-01",
        "slot_interval_minutes": 15, "num_days": 99,
    }  # fmt: skip
    status, told = detail(asks(spa.public, **wrong))
    assert (status, [each["loc"] for each in told]) == (422, [["query", "num_days"]])
    expected: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"num_days": 7}, (400, "Invalid service ID format")),
        ({"service_id": NOBODY}, (400, "Invalid outlet ID format")),
        ({"outlet_id": NOBODY}, (400, "Cannot check availability for past dates")),
        ({"start_date": "2025-12-31"}, (400, "Public API limited to 14 days in advance")),
        ({"start_date": DAY}, (400, "Public API only supports 30 or 60 minute intervals")),
        ({"slot_interval_minutes": 30}, (404, "Service not found")),
        ({"service_id": SERVICE}, (404, "Outlet not found or inactive")),
        ({"outlet_id": OUTLET}, (200, "")),
    ]
    for change, answer in expected:
        wrong |= change
        told = asks(spa.public, **wrong)
        assert (told.status_code, told.json().get("detail", "")) == answer


@pytest.mark.parametrize(
    "name, value", [("num_days", 0), ("num_days", 15), ("num_days", "x"), ("start_date", "soon"),
                    ("start_date", "2025-02-30"), ("slot_interval_minutes", "x")],
)  # fmt: skip
def test_what_is_no_number_or_date_is_said_as_a_list(spa: Spa, name: str, value: Any) -> None:
    status, told = detail(asks(spa.public, **{name: value}))
    assert (status, told[0]["loc"], told[0]["type"]) == (422, ["query", name], "value_error")


def test_a_missing_parameter_is_said_as_a_list(spa: Spa) -> None:
    status, told = detail(asks(spa.public, "service_id"))
    assert (status, told[0]["loc"], told[0]["type"]) == (422, ["query", "service_id"], "missing")


def test_upper_case_ids_are_read_and_lower_case_written(full_day: Spa) -> None:
    told = asks(full_day.public, service_id=SERVICE.upper(), outlet_id=OUTLET.upper()).json()
    assert (told["metadata"]["service_id"], told["metadata"]["outlet_id"]) == (SERVICE, OUTLET)


def test_m11_ending_at_closing_is_fine_and_a_minute_later_is_not(spa: Spa) -> None:
    spa.roster(DAY, "09:00-17:00")
    OpeningHours.objects.update(closes=time(16, 55))
    assert starts(spa.public)[-1] == "15:00"
    OpeningHours.objects.update(closes=time(16, 54))
    assert starts(spa.public)[-1] == "14:30"


def test_m16_only_who_has_the_skill_counts(spa: Spa) -> None:
    unskilled = spa.colleague(is_able=False)
    spa.works(unskilled)
    assert starts(spa.public) == []
    facial = Service.objects.create(business=spa.business, name="Facial")
    entry = spa.roster(DAY, "09:00-17:00")[0]
    entry.services.add(facial)
    assert starts(spa.public) == []
    entry.services.add(spa.service)
    assert starts(spa.public)[0] == "09:00"


def test_m16_a_service_nobody_can_perform_is_never_offered(full_day: Spa) -> None:
    qualify(full_day.service, kind="staff", resource_ids=[])
    assert starts(full_day.public) == []


def test_m17_a_vacation_goes_before_working_hours(full_day: Spa) -> None:
    asked = full_day.owner.post(
        "availability",
        {
            "staff_id": STAFF, "date": DAY, "start_time": "00:00", "end_time": "23:59",
            "availability_type": "vacation", "recurrence_type": "none",
        },
    )  # fmt: skip
    assert asked.status_code == 201, asked.content
    assert starts(full_day.public) == []


def test_m18_yesterday_is_today_for_a_client_that_counts_in_utc(full_day: Spa) -> None:
    late = full_day.at(datetime(2025, 10, 14, 18, tzinfo=UTC))  # 01:00 on the 15th in Jakarta
    answer = asks(late.public, num_days=1)
    assert (answer.status_code, answer.json()["availability_grid"]) == (200, {DAY: []})
    assert asks(late.public, start_date="2025-10-13").status_code == 400
    assert asks(late.public, start_date="2025-10-29").status_code == 200


def test_m19_what_has_gone_by_today_is_left_out(full_day: Spa) -> None:
    later = full_day.at(datetime(2025, 10, 14, 3, 10, tzinfo=UTC))  # 10:10 in Jakarta
    assert starts(later.public) == AFTERNOON


def test_m20_a_browser_on_another_site_may_read_it(spa: Spa) -> None:
    query = f"?service_id={SERVICE}&outlet_id={OUTLET}&start_date={DAY}"
    answer = spa.public.send(
        "GET", f"public/availability/grid{query}", origin="https://shop.example"
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_who_is_not_bookable_or_not_online_is_not_offered(full_day: Spa) -> None:
    everything = MORNING + AFTERNOON
    path = "availability/availability-grid"
    for flag, staff_see in (
        ({"accepts_online_booking": False}, everything),
        ({"is_bookable": False}, []),
        ({"is_active": False}, []),
        ({"status": "on_leave"}, []),
    ):
        restore = {"status": "active"} if "status" in flag else dict.fromkeys(flag, True)
        assert full_day.owner.put(f"staff/{STAFF}", flag).status_code == 200
        assert starts(full_day.public) == []
        assert starts(full_day.owner, path=path) == staff_see
        assert full_day.owner.put(f"staff/{STAFF}", restore).status_code == 200
        assert starts(full_day.public) == everything


def test_notice_and_horizon_of_the_service_narrow_the_grid(full_day: Spa) -> None:
    later = full_day.at(datetime(2025, 10, 14, 2, tzinfo=UTC))  # 09:00 there
    later.owner.put(f"services/{SERVICE}", {"min_advance_booking_hours": 5})
    assert starts(later.public) == ["14:00", "14:30", "15:00"]
    full_day.owner.put(
        f"services/{SERVICE}", {"min_advance_booking_hours": 0, "max_advance_booking_days": 1}
    )
    assert starts(full_day.public) == []  # it is 08:00 the day before


def test_the_grid_of_staff_sees_30_days_and_one_person(full_day: Spa) -> None:
    path = "availability/availability-grid"
    other = full_day.colleague()
    full_day.roster(DAY, "13:00-15:00", who=other)
    mine, theirs = (f"{each.pk.hex[:24]}" for each in (full_day.staff, other))
    assert starts(full_day.owner, path=path, staff_id=theirs) == ["13:00"]
    assert starts(full_day.owner, path=path, staff_id=mine) == MORNING + AFTERNOON
    assert starts(full_day.owner, path=path, staff_id=theirs, slot_interval_minutes=5) == [
        "13:00",
        "13:05",
    ]
    assert asks(full_day.owner, path=path, start_date="2025-11-12").status_code == 200
    assert said(asks(full_day.owner, path=path, start_date="2025-11-13")) == (
        400,
        {"detail": "Availability limited to 30 days in advance"},
    )
    assert asks(full_day.owner, path=path, num_days=31).status_code == 422
    assert asks(full_day.owner, path=path, slot_interval_minutes=7).status_code == 422
    assert asks(full_day.public, path=path).status_code == 401
    own = asks(full_day.customer, path="customer/availability/grid", num_days=1)
    assert [each["start_time"] for each in own.json()["availability_grid"][DAY]] == (
        MORNING + AFTERNOON
    )


def test_a_grid_costs_the_same_whatever_is_asked(
    full_day: Spa, django_assert_max_num_queries: Any
) -> None:
    for n in range(6):
        full_day.works(full_day.colleague(f"Colleague {n}"))
    with django_assert_max_num_queries(6):
        assert len(starts(full_day.public)) == 8
    with django_assert_max_num_queries(6):
        assert asks(full_day.public, num_days=14).status_code == 200


def test_what_fails_unexpectedly_says_no_more_than_that(
    full_day: Spa, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("SELECT secret FROM table")

    monkeypatch.setattr(offers, "slots", fail)
    with transaction.atomic():
        answer = asks(full_day.public)
    assert said(answer) == (
        500,
        {"detail": "Failed to generate availability grid: internal error"},
    )


def test_slots_after_midnight_stand_under_the_day_they_begin_on(spa: Spa) -> None:
    OpeningHours.objects.filter(weekday=2).update(opens=time(20), closes=time(2))
    spa.roster(DAY, "20:00-23:59")
    Service.objects.update(duration=30 * MINUTE, preparation=timedelta(), cleanup=timedelta())
    assert starts(spa.public)[-1] == "23:00"
    RosterEntry.objects.all().delete()
    spa.staff.is_rostered = False
    spa.staff.save()
    told = asks(spa.public, num_days=2).json()["availability_grid"]
    assert told[DAY][-1] == {"start_time": "23:30", "end_time": "00:00", "is_available": True}
    assert [each["start_time"] for each in told["2025-10-15"]] == [
        "00:00",
        "00:30",
        "01:00",
        "01:30",
    ]


def test_an_id_names_one_kind_of_thing(spa: Spa) -> None:
    """An outlet's id is no service's."""
    assert key(OUTLET) != key(SERVICE)
    assert said(asks(spa.public, service_id=OUTLET)) == (404, {"detail": "Service not found"})
