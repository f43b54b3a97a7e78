"""Availability entries: who works when, and doesn't."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from availability.models import RosterEntry
from resources.models import Resource
from tests.api.myreserva.conftest import NOBODY, OUTLET, SERVICE, STAFF, TENANT, Spa, said
from tests.api.myreserva.test_appointments import books
from tests.api.myreserva.test_grid import DAY, starts

ENTRY = {
    "staff_id": STAFF, "date": DAY, "start_time": "09:00", "end_time": "17:00",
    "availability_type": "working_hours", "recurrence_type": "none",
}  # fmt: skip


def adds(spa: Spa, **changes: Any) -> Any:
    return spa.owner.post("availability", ENTRY | changes)


def test_an_entry_as_it_is_made_and_shown(spa: Spa) -> None:
    status, told = said(adds(spa, service_ids=[SERVICE], notes="Early"))
    assert status == 201
    id_ = told["id"]
    assert spa.owner.get(f"availability/{id_}").json() == told
    assert told.pop("created_at")
    assert told.pop("updated_at")
    assert told.pop("id") == told.pop("_id")
    assert told == {
        "tenant_id": TENANT, "outlet_id": OUTLET, "staff_id": STAFF, "date": DAY,
        "start_time": "09:00:00", "end_time": "17:00:00", "availability_type": "working_hours",
        "recurrence_type": "none", "recurrence_end_date": None, "recurrence_days": None,
        "is_available": True, "notes": "Early", "service_ids": [SERVICE],
    }  # fmt: skip


def test_what_may_overlap_and_what_may_not(spa: Spa) -> None:
    assert adds(spa).status_code == 201
    twice = adds(spa, start_time="16:00", end_time="18:00")
    assert said(twice) == (
        409,
        {
            "detail": "Time conflicts with existing availability: "
            "2025-10-14 09:00-17:00 (working_hours)"
        },
    )
    pause = {"availability_type": "break", "start_time": "12:00", "end_time": "13:00"}
    assert adds(spa, **pause).status_code == 201
    assert adds(spa, **pause | {"end_time": "12:30"}).status_code == 409
    status, told = said(adds(spa, **pause | {"start_time": "16:30", "end_time": "17:30"}))
    assert (status, told["detail"][0]["msg"]) == (422, "A break must lie within working hours")
    for kind in ("blocked", "vacation"):
        free = {"availability_type": kind, "start_time": "11:00", "end_time": "18:00"}
        assert adds(spa, **free).status_code == 201
    assert adds(spa, start_time="17:00", end_time="18:00").status_code == 201  # they touch


@pytest.mark.parametrize(
    "change, where",
    [
        ({"end_time": "09:00"}, "end_time"),
        ({"start_time": "09:03"}, "start_time"),
        ({"availability_type": "holiday"}, "availability_type"),
        ({"staff_id": "x"}, "staff_id"),
        ({"date": "2025-13-01"}, "date"),
    ],
)  # fmt: skip
def test_what_no_entry_may_say(spa: Spa, change: dict[str, Any], where: str) -> None:
    status, told = said(adds(spa, **change))
    assert (status, told["detail"][0]["loc"]) == (422, ["body", where])
    assert not RosterEntry.objects.exists()


def test_a_recurrence_makes_its_days_and_says_how_many(spa: Spa) -> None:
    status, told = said(
        adds(
            spa, recurrence_type="weekly", recurrence_end_date="2025-10-28",
            recurrence_days=[0, 1, 3],
        )
    )  # fmt: skip
    assert (status, told["message"], told["summary"]) == (
        201,
        "Successfully created 7 availability entries",
        {
            "total_entries_created": 7,
            "date_range": {"start": "2025-10-14", "end": "2025-10-28"},
            "entries_by_type": {"working_hours": 7},
        },
    )
    assert told["sample_entry"]["recurrence_type"] == "weekly"
    days = RosterEntry.objects.values_list("day", flat=True)
    assert [f"{each:%m-%d}" for each in days] == [
        "10-14", "10-16", "10-20", "10-21", "10-23", "10-27", "10-28",
    ]  # fmt: skip


def test_monthly_leaves_out_months_without_that_day(spa: Spa) -> None:
    told = adds(
        spa, date="2026-01-31", recurrence_type="monthly", recurrence_end_date="2026-05-31"
    ).json()
    assert told["summary"]["total_entries_created"] == 3  # January, March, May


def test_recurrences_that_are_not_one(spa: Spa) -> None:
    assert said(adds(spa, recurrence_type="weekly")) == (
        422,
        {"detail": "recurrence_end_date is required for recurrence_type 'weekly'"},
    )
    year = adds(spa, recurrence_type="daily", recurrence_end_date="2026-10-14")
    assert said(year) == (422, {"detail": "A recurrence may create at most 365 entries"})
    assert adds(spa, recurrence_type="daily", recurrence_end_date="2026-10-13").status_code == 201


def test_bulk_is_all_or_nothing(spa: Spa) -> None:
    day = {name: ENTRY[name] for name in ("date", "start_time", "end_time", "availability_type")}
    pause = day | {"availability_type": "break", "start_time": "12:00", "end_time": "13:00"}
    asked = {"staff_id": STAFF, "availability_entries": [day, pause, day]}
    assert spa.owner.post("availability/bulk", asked).status_code == 409
    assert not RosterEntry.objects.exists()
    asked["availability_entries"] = [day, pause]
    status, told = said(spa.owner.post("availability/bulk", asked))
    assert (status, told["summary"]["total_entries_created"]) == (201, 2)
    asked["availability_entries"] = [day] * 51
    assert spa.owner.post("availability/bulk", asked).status_code == 422


def test_lists_show_this_month_unless_said(spa: Spa) -> None:
    spa.roster("2025-09-30", "09:00-17:00")
    spa.works()
    spa.roster("2025-11-01", "09:00-17:00")

    def days(path: str = "availability", **query: Any) -> list[str]:
        told = spa.owner.get(path, **query).json()
        return [each["date"] for each in (told if isinstance(told, list) else told["items"])]

    assert days() == [DAY, DAY]
    assert days(availability_type="break") == [DAY]
    assert days(start_date="2025-11-01") == ["2025-11-01"]
    assert days(start_date="2025-09-01", end_date="2025-12-01", size=1) == ["2025-09-30"]
    assert days(staff_id=STAFF, outlet_id=OUTLET) == [DAY, DAY]
    path = f"availability/staff/{STAFF}"
    window = {"start_date": DAY, "end_date": DAY}
    assert days(path, **window) == [DAY, DAY]
    assert days(path, **window, include_breaks="false") == [DAY]
    assert spa.owner.get(path).status_code == 422


def test_an_entry_is_changed_and_deleted_and_the_grid_follows(spa: Spa) -> None:
    id_ = adds(spa).json()["id"]
    assert starts(spa.public)[-1] == "15:00"
    told = spa.owner.put(f"availability/{id_}", {"end_time": "12:00"}).json()
    assert (told["end_time"], told["start_time"]) == ("12:00:00", "09:00:00")
    assert starts(spa.public)[-1] == "10:00"
    assert said(spa.owner.delete(f"availability/{id_}")) == (
        200,
        {"message": "Availability entry has been deleted successfully"},
    )
    assert starts(spa.public) == []
    missing = (404, {"detail": "Availability not found"})
    assert said(spa.owner.get(f"availability/{id_}")) == missing
    assert said(spa.owner.get(f"availability/{NOBODY}")) == missing


def test_staff_and_managers_write_their_own_schedule_only(spa: Spa) -> None:
    for role in ("staff", "manager"):
        person = spa.caller(f"{role}@bliss.example", role)
        mine = (403, {"detail": "Staff users can only create their own availability"})
        assert said(person.post("availability", ENTRY)) == mine
    id_ = adds(spa).json()["id"]
    assert said(person.put(f"availability/{id_}", {"notes": "x"})) == mine
    assert said(person.delete(f"availability/{id_}")) == mine

    Resource.objects.update(user=User.objects.get(email="manager@bliss.example"))
    assert person.put(f"availability/{id_}", {"notes": "x"}).status_code == 200


def test_whether_somebody_is_free(spa: Spa) -> None:
    spa.works()

    def check(start: str, end: str, **more: Any) -> Any:
        return said(
            spa.owner.get(
                "availability/check", staff_id=STAFF, date=DAY, start_time=start, end_time=end,
                **more,
            )
        )  # fmt: skip

    hours = {
        "start_time": "09:00:00", "end_time": "17:00:00",
        "breaks": [{"start": "12:00:00", "end": "13:00:00"}],
    }  # fmt: skip
    assert check("10:00", "11:30") == (
        200,
        {
            "available": True, "message": "Slot available", "reason": None,
            "working_hours": hours, "conflicts": [],
        },
    )  # fmt: skip
    assert check("10:00", "11:40", service_id=SERVICE)[1]["reason"] == "staff_not_working"
    assert check("11:30", "12:30")[1] == {
        "available": False, "message": "Staff not working during this time",
        "reason": "staff_not_working", "working_hours": hours, "conflicts": [],
    }  # fmt: skip
    id_ = books(spa, "10:00").json()["id"]
    assert check("11:00", "11:30")[1] == {
        "available": False, "message": "Conflict detected", "reason": "booking_conflict",
        "working_hours": hours,
        "conflicts": [
            {
                "id": id_, "type": "appointment", "start_time": "10:00:00",
                "end_time": "11:55:00", "notes": "",
            }
        ],
    }  # fmt: skip
    assert check("11:55", "12:00")[1]["available"] is True
    assert check("12:00", "11:00")[0] == 422


def test_a_change_tells_which_appointments_it_leaves_and_cancels_none(spa: Spa) -> None:
    spa.works()
    id_ = books(spa, "10:00").json()["id"]
    off = {"availability_type": "vacation", "start_time": "00:00", "end_time": "23:59"}
    told = adds(spa, **off).json()
    left = {"id": id_, "appointment_date": DAY, "start_time": "10:00"}
    assert [without_reason(each) for each in told["stranded_appointments"]] == [left]
    assert spa.owner.get(f"appointments/{id_}").json()["status"] == "pending"
    back = spa.owner.delete(f"availability/{told['id']}").json()
    assert back == {"message": "Availability entry has been deleted successfully"}
    closed = spa.owner.put(f"outlets/{OUTLET}", {"business_hours": []}).json()
    assert "stranded_appointments" not in closed  # a place without any hours promises nothing
    week = [{"day": 1, "is_open": True, "open_time": "12:00", "close_time": "17:00"}]
    told = spa.owner.put(f"outlets/{OUTLET}", {"business_hours": week}).json()
    assert [without_reason(each) for each in told["stranded_appointments"]] == [left]
    gone = spa.owner.delete(f"staff/{STAFF}").json()
    assert gone == {"message": "Staff deleted successfully"}  # it was stranded before


def without_reason(told: dict[str, Any]) -> dict[str, Any]:
    assert told["reason"]
    return {name: each for name, each in told.items() if name != "reason"}
