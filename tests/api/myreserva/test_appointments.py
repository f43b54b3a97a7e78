"""Appointments: made, moved, paid and ended, by customers and by staff."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from availability.models import OpeningHours
from billing.models import Plan, Subscription
from bookings.models import Allocation, Booking
from resources.models import Location, Service
from tests.api.myreserva.conftest import (
    CUSTOMER,
    MINUTE,
    NOBODY,
    NOW,
    OUTLET,
    SERVICE,
    STAFF,
    Caller,
    Spa,
    example,
    said,
)
from tests.api.myreserva.test_grid import AFTERNOON, DAY, MORNING, starts

GONE = (409, {"detail": "Selected time slot is no longer available"})


@pytest.fixture
def day(spa: Spa) -> Spa:
    """Fixture H."""
    spa.works()
    return spa


def order(at: str = "10:00", **changes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = example("appointment_request")
    return wanted | {"start_time": at} | changes


def books(spa: Spa, at: str = "10:00", **changes: Any) -> Any:
    return spa.customer.post("customer/appointments", order(at, **changes))


def staff_books(spa: Spa, at: str = "10:00", **changes: Any) -> Any:
    wanted = order(at, customer_id=CUSTOMER, tenant_id=NOBODY)
    return spa.owner.post("appointments", wanted | changes)


def made(spa: Spa, at: str = "10:00", **changes: Any) -> str:
    answer = staff_books(spa, at, **changes)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_a_customer_books_and_the_answer_is_whole(day: Spa) -> None:
    status, told = said(books(day, "09:00"))
    id_ = told.pop("id")
    assert told.pop("_id") == id_
    assert (status, told) == (201, example("appointment_reply"))
    again = day.customer.get(f"customer/appointments/{id_}").json()
    assert again.pop("payment_details") == {
        "total_amount": 175000.0, "paid_amount": 0.0, "remaining_balance": 175000.0,
        "payment_history": [],
    }  # fmt: skip
    assert again.pop("id") == again.pop("_id") == id_
    assert again == example("appointment_reply")
    listed = day.customer.get("customer/appointments").json()
    assert {name: listed[name] for name in ("total", "page", "size", "pages")} == {
        "total": 1, "page": 1, "size": 20, "pages": 1,
    }  # fmt: skip
    assert [each["id"] for each in listed["items"]] == [id_]


def test_m10_a_booking_takes_its_whole_block(day: Spa) -> None:
    assert books(day, "10:00").status_code == 201
    assert starts(day.public) == AFTERNOON


def test_m10_the_first_slot_of_the_day(day: Spa) -> None:
    assert books(day, "09:00").status_code == 201
    assert starts(day.public) == AFTERNOON  # until 10:55, and 11:00 runs into the break


def test_m10_the_last_of_two_people_ends_it(day: Spa) -> None:
    day.works(day.colleague())
    first = books(day, "10:00").json()["services"][0]["staff_id"]
    assert starts(day.public) == MORNING + AFTERNOON
    second = books(day, "10:00").json()["services"][0]["staff_id"]
    assert first != second
    assert starts(day.public) == AFTERNOON
    assert said(books(day, "10:00")) == GONE


def test_staff_book_confirmed_for_a_customer_with_somebody(day: Spa) -> None:
    day.works(day.colleague())
    wanted = [{"service_id": SERVICE, "staff_id": STAFF}]
    status, told = said(staff_books(day, services=wanted, appointment_type="walk_in"))
    assert (status, told["status"], told["appointment_type"]) == (201, "confirmed", "walk_in")
    assert (told["customer_id"], told["services"][0]["staff_id"]) == (CUSTOMER, STAFF)
    assert told["confirmed_at"] == "2025-10-13T01:00:00Z"
    assert said(staff_books(day, services=wanted)) == GONE


def test_staff_may_book_any_five_minutes_and_customers_what_the_grid_offers(day: Spa) -> None:
    assert said(books(day, "13:05")) == GONE
    assert staff_books(day, "13:05").status_code == 201
    status, told = said(staff_books(day, "15:01"))
    assert (status, told["detail"][0]["loc"]) == (422, ["body", "start_time"])


@pytest.mark.parametrize("at", ["08:30", "10:30", "12:00", "15:30", "17:00"])
def test_what_does_not_fit_is_refused_to_everybody(day: Spa, at: str) -> None:
    assert said(books(day, at)) == GONE
    assert said(staff_books(day, at)) == GONE
    assert not Allocation.objects.exists()


def test_the_window_of_creation(day: Spa) -> None:
    assert said(books(day, appointment_date="2025-10-12")) == (
        400,
        {"detail": "Cannot book appointments in the past"},
    )
    assert said(books(day, appointment_date="2025-11-13")) == (
        400,
        {"detail": "Availability limited to 30 days in advance"},
    )
    assert said(books(day, appointment_date="2025-11-11")) == GONE  # nobody works then yet


def test_what_is_not_there(day: Spa) -> None:
    assert said(books(day, outlet_id=NOBODY)) == (404, {"detail": "Outlet not found or inactive"})
    nothing = [{"service_id": NOBODY}]
    assert said(books(day, services=nothing)) == (404, {"detail": "Service not found"})
    nobody = [{"service_id": SERVICE, "staff_id": NOBODY}]
    assert said(books(day, services=nobody)) == (404, {"detail": "Staff not found"})
    assert said(staff_books(day, customer_id=NOBODY)) == (404, {"detail": "Customer not found"})
    status, told = said(staff_books(day, customer_id="invalid-id"))
    assert (status, told) == (
        422,
        {
            "detail": [
                {
                    "loc": ["body", "customer_id"],
                    "msg": "Invalid ObjectId format: invalid-id",
                    "type": "value_error",
                }
            ]
        },
    )
    status, told = said(books(day, services=[]))
    assert (status, told["detail"][0]["loc"]) == (422, ["body", "services"])


def test_m12_the_plan_ends_at_its_limit_and_the_grid_goes_on(day: Spa) -> None:
    Subscription.objects.filter(business=day.business).update(plan="myreserva-free")
    Service.objects.update(duration=30 * MINUTE, preparation=timedelta(), cleanup=timedelta())
    Booking.objects.bulk_create(
        Booking(
            business=day.business, location=day.outlet, guest=day.guest, source="test",
            reference=f"OLD-{n}", state="cancelled", party_size=1, starts_at=NOW,
            ends_at=NOW + 30 * MINUTE, created_at=NOW - timedelta(days=2),
        )
        for n in range(99)
    )  # fmt: skip
    assert books(day, "09:00").status_code == 201
    assert said(books(day, "10:00")) == (403, example("limit_reply"))
    assert said(staff_books(day, "10:00")) == (403, example("limit_reply"))
    assert starts(day.public)[0] == "09:30"
    Plan.objects.filter(key="myreserva-pro").update(max_bookings=100)
    Subscription.objects.filter(business=day.business).update(plan="myreserva-pro")
    status, told = said(staff_books(Spa(**{**vars(day), "business": day.business}), "10:00"))
    assert (status, told["current_plan"]) == (403, "PRO")
    Subscription.objects.filter(business=day.business).update(plan="myreserva-enterprise")
    assert staff_books(day, "10:00").status_code == 201


def test_m12_a_month_begins_on_the_day_of_renewal(day: Spa) -> None:
    Plan.objects.filter(key="myreserva-free").update(max_bookings=1)
    subscription = Subscription.objects.get(business=day.business)
    subscription.plan_id, subscription.renews_from = "myreserva-free", datetime(2025, 9, 13).date()
    subscription.save()
    made(day, "09:00")
    Booking.objects.update(created_at=datetime(2025, 10, 12, 16, 59, tzinfo=UTC))  # the 12th there
    made(day, "13:00")
    assert staff_books(day, "15:00").status_code == 403


def test_m13_tokens(day: Spa) -> None:
    nobody = day.public.post("customer/appointments", order())
    assert said(nobody) == (401, {"detail": "Not authenticated"})
    wrong = day.customer.post("appointments", order(customer_id=CUSTOMER))
    assert said(wrong) == (403, {"detail": "Not enough permissions"})


def test_m15_the_price_is_the_catalogues(day: Spa) -> None:
    cheap = [{"service_id": SERVICE, "price": 1, "duration_minutes": 5}]
    told = books(day, services=cheap).json()
    assert (told["total_price"], told["services"][0]["price"]) == (175000.0, 175000.0)
    assert told["end_time"] == "11:30"


def test_the_promotional_price_then_the_outlets_then_the_base_price(day: Spa) -> None:
    day.owner.post(f"services/{SERVICE}/pricing", {"outlet_prices": {OUTLET: "160000.0"}})
    assert books(day, "09:00").json()["total_price"] == 160000.0
    day.owner.post(
        f"services/{SERVICE}/pricing",
        {"promotional_price": "99000", "promotional_valid_until": "2025-10-13T01:00:01Z"},
    )
    assert books(day, "13:00").json()["total_price"] == 99000.0
    later = day.at(NOW + timedelta(seconds=1))
    assert books(later, "15:00").json()["total_price"] == 160000.0


def test_several_services_follow_one_another_each_with_its_block(day: Spa) -> None:
    OpeningHours.objects.update(closes=time(18))
    day.roster(DAY, "17:00-18:00")
    other = Service.objects.create(
        business=day.business, name="Facial", duration=30 * MINUTE, cleanup=5 * MINUTE,
        price_cents=5_000_000,
    )  # fmt: skip
    day.owner.put(f"services/{other.pk.hex[:24]}", {"staff_ids": [STAFF]})
    both = [{"service_id": SERVICE}, {"service_id": other.pk.hex[:24]}]
    status, told = said(books(day, "13:00", services=both))
    assert status == 201, told
    assert [(e["start_time"], e["end_time"], e["price"]) for e in told["services"]] == [
        ("13:00", "14:30", 175000.0),
        ("14:55", "15:25", 50000.0),
    ]
    assert (told["start_time"], told["end_time"], told["total_price"]) == (
        "13:00", "15:25", 225000.0,
    )  # fmt: skip
    taken = Allocation.objects.order_by("starts_at").values_list("starts_at", "ends_at")
    hours = [(f"{a:%H:%M}", f"{b:%H:%M}") for a, b in taken]
    assert hours == [("06:00", "07:55"), ("07:55", "08:30")]  # UTC
    assert said(books(day, "10:00", services=both)) == GONE  # the second runs into the break
    assert Booking.objects.count() == 2
    id_ = told["id"]
    moved = day.owner.post(
        f"appointments/{id_}/reschedule", {"new_date": DAY, "new_time": "13:30"}
    ).json()
    assert [each["start_time"] for each in moved["services"]] == ["13:30", "15:25"]
    ended = day.owner.delete(f"appointments/{id_}", {"cancellation_reason": "Ill"}).json()
    assert (ended["status"], ended["cancellation_reason"]) == ("cancelled", "Ill")
    assert not Allocation.objects.exists()
    assert day.owner.get("appointments").json()["total"] == 1


def test_a_visit_is_moved_with_its_rules_and_without_itself_in_the_way(day: Spa) -> None:
    id_ = made(day, "13:00")
    path = f"appointments/{id_}/reschedule"
    status, told = said(day.owner.post(path, {"new_date": DAY, "new_time": "13:30", "reason": "x"}))
    assert (status, told["start_time"], told["status"]) == (200, "13:30", "confirmed")
    assert told["rescheduled_from"] == {"date": DAY, "start_time": "13:00", "end_time": "14:30"}
    assert told["rescheduled_to"] == {"date": DAY, "start_time": "13:30", "end_time": "15:00"}
    assert told["rescheduled_at"] == "2025-10-13T01:00:00Z"
    for at in ("12:30", "16:00"):
        assert said(day.owner.post(path, {"new_date": DAY, "new_time": at})) == GONE
    assert day.owner.get(f"appointments/{id_}").json()["start_time"] == "13:30"
    assert starts(day.public) == MORNING
    day.owner.delete(f"appointments/{id_}", {"cancellation_reason": "Ill"})
    assert said(day.owner.post(path, {"new_date": DAY, "new_time": "14:00"})) == (
        400,
        {"detail": "Cannot reschedule an appointment that is 'cancelled'"},
    )


def test_put_changes_only_what_is_said(day: Spa) -> None:
    id_ = made(day, "13:00", notes="Likes tea")
    told = day.owner.put(f"appointments/{id_}", {"start_time": "14:00"}).json()
    assert (told["start_time"], told["notes"], told["status"]) == (
        "14:00",
        "Likes tea",
        "confirmed",
    )
    told = day.owner.put(f"appointments/{id_}", {"notes": "Coffee", "status": "in_progress"}).json()
    assert (told["notes"], told["status"]) == ("Coffee", "in_progress")
    status, told = said(day.owner.put(f"appointments/{id_}", {"status": "cancelled"}))
    assert (status, told["detail"]) == (
        400,
        "Cannot change appointment from 'in_progress' to 'cancelled'",
    )


def test_from_pending_to_completed_with_payments(day: Spa) -> None:
    id_ = books(day, "10:00").json()["id"]
    path = f"appointments/{id_}"
    assert said(day.owner.post(f"{path}/complete"))[0] == 400
    assert day.owner.post(f"{path}/confirm").json()["status"] == "confirmed"
    assert said(day.owner.post(f"{path}/complete")) == (
        400,
        {"detail": "Payment must be completed before the appointment can be completed"},
    )
    cash = {"amount": 100000, "payment_method": "cash", "receipt_number": "R-1", "notes": "Half"}
    status, told = said(day.owner.post(f"{path}/record-payment", cash))
    assert told["payment"].pop("id")
    assert (status, told) == (
        200,
        {
            "status": "success",
            "message": "Payment recorded successfully",
            "payment": {
                "amount": 100000.0, "currency": "IDR", "payment_method": "cash", "notes": "Half",
                "receipt_number": "R-1", "recorded_at": "2025-10-13T01:00:00Z",
            },
            "appointment": {
                "id": id_, "payment_status": "partially_paid", "paid_amount": 100000.0,
                "remaining_balance": 75000.0,
            },
        },
    )  # fmt: skip
    more = {"amount": 75000.01, "payment_method": "pos_terminal"}
    assert said(day.owner.post(f"{path}/record-payment", more)) == (
        400,
        {"detail": "Payment amount exceeds the remaining balance"},
    )
    day.owner.post(f"{path}/record-payment", more | {"amount": 75000})
    assert day.owner.get(f"{path}/payment-status").json()["payment_status"] == "paid"
    status, told = said(day.owner.post(f"{path}/complete", {"completion_notes": "Lovely"}))
    assert (status, told["status"], told["completion_notes"]) == (200, "completed", "Lovely")
    found = day.owner.get("appointments", completion_notes_search="lovely", payment_status="paid")
    assert [each["id"] for each in found.json()["items"]] == [id_]
    assert said(day.owner.post(f"{path}/no-show"))[0] == 400


def test_who_does_not_come_gives_their_time_back(day: Spa) -> None:
    id_ = made(day, "10:00")
    told = day.owner.post(f"appointments/{id_}/no-show", {"reason": "No word"}).json()
    assert told["status"] == "no_show"
    assert starts(day.public) == MORNING + AFTERNOON
    assert said(day.owner.post(f"appointments/{id_}/confirm")) == (
        400,
        {"detail": "Cannot change appointment from 'no_show' to 'confirmed'"},
    )


def test_a_cancellation_wants_its_reason_in_the_body_or_the_query(day: Spa) -> None:
    first, second = made(day, "10:00"), made(day, "13:00")
    status, told = said(day.owner.delete(f"appointments/{first}"))
    assert (status, told["detail"][0]["loc"]) == (422, ["body", "cancellation_reason"])
    assert day.owner.delete(f"appointments/{first}", {"cancellation_reason": ""}).status_code == 422
    by_query = day.owner.delete(f"appointments/{second}?cancellation_reason=Rain")
    assert by_query.json()["cancellation_reason"] == "Rain"
    assert starts(day.public) == AFTERNOON


def test_customers_see_and_cancel_their_own_in_time(day: Spa) -> None:
    id_ = books(day, "10:00").json()["id"]
    other = day.public.post(
        "customer/auth/register",
        {
            "email": "eve@example.id", "password": "jalan-sudirman-7", "first_name": "Eve",
            "tenant_slug": day.business.slug,
        },
    ).json()  # fmt: skip
    eve = Caller(day.public.client, other["access_token"])
    missing = (404, {"detail": "Appointment not found"})
    path = f"customer/appointments/{id_}"
    assert said(eve.get(path)) == missing
    assert said(eve.delete(path, {"cancellation_reason": "x"})) == missing
    assert said(eve.post(f"{path}/reschedule", {"new_date": DAY, "new_time": "13:00"})) == missing
    moved = day.customer.post(f"{path}/reschedule", {"new_date": DAY, "new_time": "13:05"})
    assert said(moved) == GONE
    moved = day.customer.post(f"{path}/reschedule", {"new_date": DAY, "new_time": "13:00"})
    assert (moved.status_code, moved.json()["status"]) == (200, "pending")
    late = day.at(datetime(2025, 10, 13, 6, 1, tzinfo=UTC))  # 23 h 59 min before
    assert said(late.customer.delete(path, {"cancellation_reason": "x"})) == (
        400,
        {"detail": "Appointments can be changed or cancelled up to 24 hours before the start"},
    )
    ended = day.customer.delete(path, {"cancellation_reason": "Plans changed"})
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")


def test_what_is_pending_may_lapse_when_the_outlet_says_so(day: Spa) -> None:
    day.owner.put(f"outlets/{OUTLET}", {"settings": {"pending_expires_minutes": 30}})
    id_ = books(day, "10:00").json()["id"]
    assert starts(day.at(NOW + timedelta(minutes=29)).public) == AFTERNOON
    later = day.at(NOW + timedelta(minutes=31))
    assert starts(later.public) == MORNING + AFTERNOON
    assert later.owner.get(f"appointments/{id_}").json()["status"] == "cancelled"
    for status, found in (("pending", []), ("cancelled", [id_])):
        page = later.owner.get("appointments", status=status).json()
        assert [each["id"] for each in page["items"]] == found
    assert later.owner.post(f"appointments/{id_}/confirm").status_code == 400


def test_an_outlet_may_confirm_by_itself(day: Spa) -> None:
    day.owner.put(f"outlets/{OUTLET}", {"settings": {"auto_confirm_bookings": True}})
    assert books(day, "10:00").json()["status"] == "confirmed"


def test_credits_nobody_has_are_refused_in_words(day: Spa) -> None:
    assert said(books(day, credit_redeemed=True)) == (
        400,
        {
            "detail": "No available credits for service 'Premium Therapy Treatment'. "
            "Customer has no valid, unexpired credits for this service."
        },
    )
    assert said(books(day, customer_package_id=NOBODY)) == (
        404,
        {"detail": "Customer package not found or does not belong to customer"},
    )
    assert not Booking.objects.exists()


def test_days_are_those_of_the_outlet(day: Spa) -> None:
    Location.objects.create(business=day.business, name="Uptown")  # in the tenant's own zone
    Location.objects.filter(pk=day.outlet.pk).update(timezone="America/Los_Angeles")
    late = made(day, "15:00")  # 05:00 of the next day in Jakarta
    shown = day.owner.get(f"appointments/{late}").json()
    assert (shown["appointment_date"], shown["start_time"]) == (DAY, "15:00")

    def total(**query: Any) -> int:
        found: int = day.owner.get("appointments", **query).json()["total"]
        return found

    assert total(date_from=DAY, date_to=DAY) == 1
    assert total(date_to=DAY) == 1
    assert total(date_from="2025-10-15") == 0
    assert total(date_to="2025-10-13") == 0


def test_lists_are_filtered_sorted_and_paged(day: Spa, django_assert_max_num_queries: Any) -> None:
    first, second, third = (made(day, at) for at in ("09:00", "13:00", "15:00"))
    day.owner.post(f"appointments/{second}/no-show")

    def ids(**query: Any) -> list[str]:
        answer = day.owner.get("appointments", **query)
        assert answer.status_code == 200, answer.content
        return [each["id"] for each in answer.json()["items"]]

    assert ids() == [first, second, third]
    assert ids(sort_direction="desc") == [third, second, first]
    assert ids(status="confirmed") == [first, third]
    assert ids(date_from=DAY, date_to=DAY, size=2) == [first, second]
    assert ids(page=2, size=2) == [third]
    assert ids(date_from="2025-10-15") == []
    for name, value in (("customer_id", CUSTOMER), ("staff_id", STAFF), ("outlet_id", OUTLET),
                        ("service_id", SERVICE), ("appointment_type", "scheduled"),
                        ("payment_status", "pending"), ("sort_by", "total_price")):  # fmt: skip
        assert len(ids(**{name: value})) == 3, name
    assert ids(appointment_type="walk_in") == []
    assert day.owner.get("appointments", size=101).status_code == 422
    page = day.owner.get("appointments", size=2).json()
    assert (page["total"], page["pages"]) == (3, 2)
    with django_assert_max_num_queries(10):
        ids()


def test_nothing_is_linked_to_pay_without_a_provider(day: Spa) -> None:
    id_ = made(day)
    assert said(
        day.owner.post(f"appointments/{id_}/create-payment-link", {"send_email": True})
    ) == (
        400,
        {"detail": "Online payment is not configured for this tenant"},
    )


def test_paid_as_staff_say_it(day: Spa) -> None:
    id_ = made(day)
    told = day.owner.put(f"appointments/{id_}", {"payment_status": "paid"}).json()
    assert (told["payment_status"], told["payment_details"]["paid_amount"]) == ("paid", 175000.0)
    told = day.owner.put(f"appointments/{id_}", {"payment_status": "refunded"}).json()
    assert told["payment_status"] == "refunded"
    assert day.owner.put(f"appointments/{id_}", {"payment_status": "pending"}).status_code == 400


def test_a_request_asked_again_with_its_key_is_done_once(day: Spa) -> None:
    day.works(day.colleague())
    key = {"idempotency_key": "a1b2"}
    path = "customer/appointments"
    first = day.customer.send("POST", path, order("10:00"), **key)
    again = day.customer.send("POST", path, order("10:00"), **key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Booking.objects.count() == 1
    other = day.customer.send("POST", path, order("13:00"), **key)
    assert said(other) == (
        409,
        {"detail": "This idempotency key was used with a different request."},
    )
    refused = day.customer.send("POST", path, order("10:30"), idempotency_key="c3")
    assert said(refused) == GONE
    wrong = day.customer.send("POST", path, order("13:00"), idempotency_key="no spaces")
    status, told = said(wrong)
    assert (status, told["detail"][0]["loc"]) == (422, ["header", "Idempotency-Key"])
