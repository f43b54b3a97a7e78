"""Services, staff, outlets, customers and plans."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.models import Plan, Subscription
from billing.services import end_plans
from bookings.models import Guest
from resources.models import Requirement, Resource, Service
from tests.api.myreserva.conftest import (
    CUSTOMER,
    NOBODY,
    NOW,
    OUTLET,
    SERVICE,
    STAFF,
    TENANT,
    Spa,
    said,
)
from tests.api.myreserva.test_appointments import books, staff_books
from tests.api.myreserva.test_grid import AFTERNOON, DAY, MORNING, starts


def without(told: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: each for name, each in told.items() if name not in names}


def test_a_service_as_it_is_shown(spa: Spa) -> None:
    status, told = said(spa.owner.get(f"services/{SERVICE}"))
    assert (status, without(told, "created_at")) == (
        200,
        {
            "id": SERVICE, "_id": SERVICE, "tenant_id": TENANT,
            "name": "Premium Therapy Treatment", "slug": "premium-therapy-treatment",
            "description": "", "category": None, "duration_minutes": 90,
            "preparation_minutes": 15, "cleanup_minutes": 10, "max_advance_booking_days": 365,
            "min_advance_booking_hours": 0, "requires_staff": True, "required_staff_count": 1,
            "allow_parallel_bookings": False, "max_parallel_bookings": 1,
            "pricing": {
                "base_price": "175000.0", "currency": "IDR", "outlet_prices": {},
                "promotional_price": None, "promotional_valid_until": None,
            },
            "tags": [], "image_url": None, "is_active": True, "status": "active",
            "staff_ids": [STAFF], "staff_count": 1,
        },
    )  # fmt: skip


def test_a_service_is_made_changed_and_deleted(spa: Spa) -> None:
    asked = {
        "name": "Facial", "duration_minutes": 45, "preparation_minutes": 5, "category": "Face",
        "pricing": {"base_price": 250000.5}, "tags": ["new"], "staff_ids": [STAFF],
    }  # fmt: skip
    status, told = said(spa.owner.post("services", asked))
    assert (status, told["pricing"]["base_price"], told["category"]) == (201, "250000.5", "Face")
    assert (told["max_advance_booking_days"], told["min_advance_booking_hours"]) == (30, 1)
    path = f"services/{told['id']}"
    changed = spa.owner.put(path, {"duration_minutes": 60}).json()
    assert (changed["duration_minutes"], changed["tags"]) == (60, ["new"])
    assert said(spa.owner.post("services", asked))[0] == 409
    assert said(spa.owner.delete(path)) == (200, {"message": "Service deleted successfully"})
    assert said(spa.owner.get(path)) == (404, {"detail": "Service not found"})
    spa.works()
    books(spa)
    spa.owner.delete(f"services/{SERVICE}")  # it was booked, so it stays and is off
    assert spa.owner.get(f"services/{SERVICE}").json()["status"] == "inactive"
    assert said(spa.owner.get("services/x"))[0] == 422
    pounds = spa.owner.post(f"services/{SERVICE}/pricing", {"currency": "GBP"})
    assert said(pounds) == (400, {"detail": "Prices of this tenant are in IDR"})


def test_who_can_do_what_is_said_from_both_ends(spa: Spa) -> None:
    new = {"outlet_id": OUTLET, "first_name": "Ani", "last_name": "Putri", "position": "Therapist"}
    status, told = said(spa.owner.post("staff", new | {"skills": {"service_ids": [SERVICE]}}))
    assert status == 201, told
    id_ = told["id"]
    assert without(told, "id", "_id", "created_at") == {
        "tenant_id": TENANT, "outlet_id": OUTLET, "first_name": "Ani", "last_name": "Putri",
        "display_name": "Ani Putri", "email": None, "phone": None, "position": "Therapist",
        "employment_type": "full_time", "hire_date": None, "is_bookable": True,
        "accepts_online_booking": True, "max_advance_booking_days": 30, "is_active": True,
        "status": "active",
        "skills": {
            "service_ids": [SERVICE], "specialties": [], "certifications": [],
            "years_experience": None,
        },
    }  # fmt: skip
    made = Resource.objects.get(name="Ani Putri")
    assert (made.kind, made.is_rostered) == ("staff", True)
    assert set(spa.owner.get(f"services/{SERVICE}").json()["staff_ids"]) == {STAFF, id_}
    spa.owner.put(f"staff/{STAFF}", {"skills": {"service_ids": []}})
    assert spa.owner.get(f"services/{SERVICE}").json()["staff_ids"] == [id_]
    assert [each["id"] for each in spa.owner.get("staff", service_id=SERVICE).json()["items"]] == [
        id_
    ]
    spa.owner.put(f"staff/{id_}", {"skills": {"service_ids": []}})
    assert spa.owner.get(f"services/{SERVICE}").json()["staff_ids"] == []
    spa.owner.put(f"services/{SERVICE}", {"staff_ids": [STAFF]})
    assert spa.owner.get(f"staff/{STAFF}").json()["skills"]["service_ids"] == [SERVICE]
    assert said(spa.owner.delete(f"staff/{id_}")) == (
        200,
        {"message": "Staff deleted successfully"},
    )
    assert spa.owner.get("staff").json()["total"] == 1


def test_skills_where_everybody_could(spa: Spa) -> None:
    """A service of another door names nobody, so all of the staff can do it."""
    cut = Service.objects.create(business=spa.business, name="Cut")
    Requirement.objects.create(service=cut, kind="staff")
    other = spa.colleague("Ani", is_able=False)
    id_ = cut.pk.hex[:24]
    assert id_ in spa.owner.get(f"staff/{STAFF}").json()["skills"]["service_ids"]
    spa.owner.put(f"staff/{STAFF}", {"skills": {"service_ids": [SERVICE]}})
    assert spa.owner.get(f"services/{id_}").json()["staff_ids"] == [other.pk.hex[:24]]


def test_two_people_at_once(spa: Spa) -> None:
    spa.works()
    spa.owner.put(f"services/{SERVICE}", {"required_staff_count": 2})
    assert starts(spa.public) == []
    other = spa.owner.post(
        "staff",
        {"outlet_id": OUTLET, "first_name": "Ani", "skills": {"service_ids": [SERVICE]}},
    ).json()
    assert spa.owner.get(f"services/{SERVICE}").json()["required_staff_count"] == 2
    spa.works(Resource.objects.get(name=other["display_name"]))
    assert starts(spa.public) == MORNING + AFTERNOON
    assert books(spa).status_code == 201
    assert starts(spa.public) == AFTERNOON


def test_a_service_without_staff_can_be_had_so_many_times_at_once(spa: Spa) -> None:
    asked = {
        "name": "Sauna", "duration_minutes": 60, "requires_staff": False,
        "max_parallel_bookings": 2, "min_advance_booking_hours": 0,
    }  # fmt: skip
    told = spa.owner.post("services", asked).json()
    assert (told["requires_staff"], told["max_parallel_bookings"]) == (False, 2)
    wanted = [{"service_id": told["id"]}]
    assert len(starts(spa.public, service_id=told["id"])) == 15  # 09:00 to 16:00
    rina, budi = (
        spa.owner.post("customers", {"first_name": "X", "phone": phone}).json()["id"]
        for phone in ("+62813777", "+62813888")
    )
    for who, expected in ((CUSTOMER, 201), (CUSTOMER, 409), (rina, 201), (budi, 409)):
        booked = staff_books(spa, "10:00", services=wanted, customer_id=who)
        assert booked.status_code == expected
    assert "10:00" not in starts(spa.public, service_id=told["id"])
    elsewhere = spa.owner.post("outlets", {"name": "Uptown"}).json()
    hours = [{"day": 1, "is_open": True, "open_time": "10:00", "close_time": "12:00"}]
    spa.owner.put(f"outlets/{elsewhere['id']}", {"business_hours": hours})
    assert starts(spa.public, service_id=told["id"], outlet_id=elsewhere["id"]) == [
        "10:00", "10:30", "11:00",
    ]  # fmt: skip


def test_one_person_may_serve_several_at_the_same_start(spa: Spa) -> None:
    spa.works()
    spa.owner.put(
        f"services/{SERVICE}", {"allow_parallel_bookings": True, "max_parallel_bookings": 2}
    )
    path = "availability/availability-grid"
    told = spa.owner.get(
        path, service_id=SERVICE, outlet_id=OUTLET, start_date=DAY, num_days=1
    ).json()["availability_grid"][DAY][0]
    assert (told["available_capacity"], told["max_capacity"]) == (2, 2)
    other = spa.owner.post("customers", {"first_name": "Rina", "phone": "+62813777"}).json()["id"]
    assert staff_books(spa, "10:00").status_code == 201
    assert starts(spa.public) == ["10:00", *AFTERNOON]
    assert staff_books(spa, "10:00").status_code == 409  # the same customer has it already
    assert staff_books(spa, "10:00", customer_id=other).status_code == 201
    assert starts(spa.public) == AFTERNOON


def test_an_outlet_is_made_changed_and_deleted(spa: Spa) -> None:
    hours = [
        {"day": 0, "is_open": True, "open_time": "10:00", "close_time": "22:00"},
        {"day": 6, "is_open": False},
    ]
    asked = {
        "name": "Uptown", "address": {"street": "Jl. Thamrin 1", "city": "Jakarta"},
        "business_hours": hours, "settings": {"timezone": "Asia/Makassar"},
    }  # fmt: skip
    status, told = said(spa.owner.post("outlets", asked))
    assert status == 201
    assert told["business_hours"][0] == hours[0]
    assert told["business_hours"][1:] == [{"day": n, "is_open": False} for n in range(1, 7)]
    assert told["address"] == {
        "street": "Jl. Thamrin 1", "city": "Jakarta", "state": "", "postal_code": "",
        "country": "",
    }  # fmt: skip
    assert told["settings"] == {
        "accepts_online_booking": True, "requires_appointment": True, "walk_ins_allowed": True,
        "advance_booking_days": 30, "cancellation_hours": 24, "auto_confirm_bookings": False,
        "payment_required_upfront": False, "timezone": "Asia/Makassar",
        "default_service_buffer_minutes": 0, "accepts_online_payment": False,
        "accepts_cash_payment": True, "payment_on_arrival": True, "pending_expires_minutes": None,
    }  # fmt: skip
    path = f"outlets/{told['id']}"
    assert spa.owner.put(path, {"contact": {"phone": "021"}}).json()["name"] == "Uptown"
    assert spa.owner.post("outlets", asked).status_code == 409
    assert spa.owner.delete(path).json() == {"message": "Outlet deleted successfully"}
    assert said(spa.owner.get(path)) == (404, {"detail": "Outlet not found"})
    assert spa.owner.get("outlets").json()["total"] == 1
    assert spa.owner.post("outlets", asked).status_code == 201  # its name is free again


def test_a_customer_is_kept(spa: Spa) -> None:
    asked = {"first_name": "Rina", "email": "rina@example.id", "gender": "female"}
    status, told = said(spa.owner.post("customers", asked))
    assert (status, told["gender"], told["total_appointments"]) == (201, "female", 0)
    path = f"customers/{told['id']}"
    assert spa.owner.put(path, {"phone": "+62 813 777"}).json()["email"] == "rina@example.id"
    taken = spa.owner.put(path, {"email": "SITI@example.id"})
    assert said(taken) == (409, {"detail": "Email already registered"})
    assert said(spa.owner.post("customers", {"first_name": "X", "phone": "+62-813-777"})) == (
        409,
        {"detail": "Phone number already registered"},
    )
    liked = spa.owner.put(f"{path}/preferences", {"preferred_outlet_id": OUTLET}).json()
    assert liked["preferences"] == {"marketing_consent": False, "preferred_outlet_id": OUTLET}
    nowhere = spa.owner.put(f"{path}/preferences", {"preferred_outlet_id": NOBODY})
    assert said(nowhere) == (404, {"detail": "Outlet not found"})
    assert spa.owner.get("customers", search="rina").json()["total"] == 1
    assert spa.owner.delete(path).json() == {"message": "Customer deleted successfully"}
    assert said(spa.owner.get(path)) == (404, {"detail": "Customer not found"})
    assert not Guest.objects.filter(first_name="Rina").exists()


def test_customers_in_numbers(spa: Spa) -> None:
    spa.works()
    books(spa)
    assert spa.owner.get("customers/statistics/summary").json() == {
        "total_customers": 1, "active_customers": 1, "inactive_customers": 0,
        "new_customers_this_month": 1, "customers_with_appointments": 1,
        "returning_customers": 0, "total_appointments": 1, "tenant_id": TENANT,
    }  # fmt: skip
    assert spa.owner.get(f"customers/{CUSTOMER}").json()["total_appointments"] == 1
    assert spa.owner.get(f"customers/{CUSTOMER}/appointments").json()["total"] == 1


def test_the_plans_there_are(spa: Spa) -> None:
    plans = spa.owner.get("subscriptions/plans").json()["plans"]
    assert [(each["plan_type"], each["price"]["monthly"]) for each in plans] == [
        ("FREE", 0.0), ("PRO", 599000.0), ("ENTERPRISE", 1499000.0),
    ]  # fmt: skip
    assert [each["limits"] for each in plans] == [
        {
            "max_outlets": a, "max_staff_per_outlet": b, "max_appointments_per_month": c,
            "max_services": d,
        }
        for a, b, c, d in ((1, 5, 100, 10), (10, 50, 2000, 50), (-1, -1, -1, -1))
    ]  # fmt: skip


def on(spa: Spa, plan: str) -> None:
    Subscription.objects.filter(business=spa.business).update(plan=f"myreserva-{plan}")


def test_other_limits_of_a_plan(spa: Spa) -> None:
    on(spa, "free")
    status, told = said(spa.owner.post("outlets", {"name": "Uptown"}))
    message = "Your plan allows 1 outlets. Please upgrade your plan to add more."
    assert (status, told) == (
        402,
        {
            "detail": message, "error": "subscription_limit_reached", "message": message,
            "upgrade_required": True,
        },
    )  # fmt: skip
    Plan.objects.filter(key="myreserva-free").update(max_staff=1, max_services=1)
    new = {"outlet_id": OUTLET, "first_name": "Ani"}
    assert spa.owner.post("staff", new).status_code == 402
    assert spa.owner.post("services", {"name": "X", "duration_minutes": 5}).status_code == 402


def test_a_plan_of_another_protocol_goes_by_what_it_allows(spa: Spa) -> None:
    def told() -> set[str]:
        current = spa.owner.get("subscriptions/current").json()["plan"]
        return {current, spa.owner.get("subscriptions/usage").json()["plan"]}

    for plan in ("scale", "growth", "starter"):  # limits nothing, so clients know its like
        Subscription.objects.filter(business=spa.business).update(plan=plan)
        assert told() == {"enterprise"}
    Subscription.objects.filter(business=spa.business).update(plan="free")
    assert told() == {"free"}
    Subscription.objects.filter(business=spa.business).update(plan="scale")
    assert said(spa.owner.post("subscriptions/upgrade", {"plan": "ENTERPRISE"})) == (
        400,
        {"detail": "Cannot upgrade from ENTERPRISE to ENTERPRISE"},
    )


def test_a_plan_is_changed_cancelled_and_ended(spa: Spa) -> None:
    on(spa, "free")
    assert spa.owner.post("subscriptions/upgrade", {"plan": "FREE"}).status_code == 400
    assert spa.owner.post("subscriptions/upgrade", {"plan": "GOLD"}).status_code == 404
    told = spa.owner.post("subscriptions/upgrade", {"plan": "PRO"}).json()["subscription"]
    assert (told["plan"], told["current_period_start"], told["current_period_end"]) == (
        "pro", "2025-10-12T17:00:00Z", "2025-11-12T17:00:00Z",
    )  # fmt: skip
    usage = spa.owner.get("subscriptions/usage").json()
    assert usage["usage_summary"]["outlets"] == {"used": 1, "limit": 10, "percentage": 10.0}
    told = spa.owner.post("subscriptions/cancel", {"reason": "x"}).json()["subscription"]
    assert (told["cancel_at_period_end"], told["cancelled_at"]) == (True, "2025-10-13T01:00:00Z")
    kept = spa.owner.post("subscriptions/renew").json()["subscription"]
    assert kept["cancel_at_period_end"] is False
    spa.owner.post("subscriptions/cancel")
    assert end_plans(now=NOW + timedelta(days=30)) == 0
    assert end_plans(now=NOW + timedelta(days=31)) == 1
    assert spa.owner.get("subscriptions/current").json()["plan"] == "free"
    staff = spa.caller("s@bliss.example", "staff")
    assert staff.post("subscriptions/upgrade", {"plan": "PRO"}).status_code == 403


def test_months_of_a_plan_that_renews_on_the_31st(spa: Spa) -> None:
    Subscription.objects.filter(business=spa.business).update(
        renews_from=datetime(2025, 1, 31).date()
    )
    told = spa.at(datetime.fromisoformat("2026-02-28T12:00:00+07:00")).owner.get(
        "subscriptions/current"
    )
    assert [told.json()[f"current_period_{each}"] for each in ("start", "end")] == [
        "2026-02-27T17:00:00Z", "2026-03-30T17:00:00Z",
    ]  # fmt: skip


def test_a_day_of_the_week_is_said_whole(spa: Spa) -> None:
    before = said(spa.owner.get(f"outlets/{OUTLET}"))
    where = ["body", "business_hours", 0]
    required = {"msg": "This field is required.", "type": "missing"}
    for day, missing in (
        ({}, ["day", "is_open"]),
        ({"day": 1}, ["is_open"]),
        ({"is_open": False}, ["day"]),
        ({"is_open": True, "open_time": "09:00", "close_time": "17:00"}, ["day"]),
    ):
        answer = spa.owner.put(f"outlets/{OUTLET}", {"business_hours": [day]})
        assert said(answer) == (
            422,
            {"detail": [{"loc": [*where, name], **required} for name in missing]},
        )
    assert said(spa.owner.get(f"outlets/{OUTLET}")) == before


def test_an_unknown_path_and_method_and_no_json(spa: Spa) -> None:
    assert said(spa.public.get("nowhere")) == (404, {"detail": "Not Found"})
    assert said(spa.owner.put("services", {})) == (405, {"detail": "Method Not Allowed"})
    broken = spa.public.client.generic("POST", "/api/v1/auth/login", b"{", "application/json")
    assert said(broken) == (
        422,
        {"detail": [{"loc": ["body"], "msg": "JSON decode error", "type": "value_error"}]},
    )
