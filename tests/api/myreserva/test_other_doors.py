"""One book: what is booked at another door is gone here, and the reverse; clocks and currencies."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from availability.models import OpeningHours
from bookings import services
from bookings.models import Booking, Guest
from bookings.wishes import SYSTEM, Wish
from resources.models import Location, Requirement, Resource, Service
from tests.api.myreserva.conftest import (
    CUSTOMER,
    MINUTE,
    NOW,
    OUTLET,
    SERVICE,
    STAFF,
    Spa,
    said,
)
from tests.api.myreserva.test_appointments import GONE, books, made, staff_books
from tests.api.myreserva.test_grid import AFTERNOON, DAY, MORNING, asks, starts
from tests.builders import MARIA

TEN = datetime(2025, 10, 14, 3, tzinfo=UTC)  # 10:00 in Jakarta


def test_what_is_booked_elsewhere_is_gone_here(spa: Spa) -> None:
    spa.works()
    elsewhere = services.book(
        Wish.of(spa.service, starts_at=TEN), guest=MARIA, by=SYSTEM, source="other", now=NOW
    )
    assert starts(spa.public) == AFTERNOON
    assert said(books(spa, "10:00")) == GONE
    listed = spa.owner.get("appointments").json()["items"]
    assert [(each["start_time"], each["services"][0]["price"]) for each in listed] == [
        ("10:00", 0.0)
    ]
    ended = spa.owner.delete(
        f"appointments/{elsewhere.pk.hex[:24]}", {"cancellation_reason": "Rain"}
    )
    assert ended.status_code == 200
    assert starts(spa.public) == MORNING + AFTERNOON


def test_a_block_put_by_staff_is_time_gone(spa: Spa) -> None:
    spa.works()
    services.block(spa.staff, starts_at=TEN, ends_at=TEN + 60 * MINUTE, by=SYSTEM, now=NOW)
    assert starts(spa.public) == AFTERNOON
    told = spa.owner.get(
        "availability/check", staff_id=STAFF, date=DAY, start_time="10:30", end_time="11:30"
    ).json()
    assert [each["type"] for each in told["conflicts"]] == ["blocked"]


def test_a_class_is_had_when_it_runs_and_while_it_has_places(spa: Spa) -> None:
    yoga = Service.objects.create(business=spa.business, name="Yoga", capacity=2)
    Requirement.objects.create(service=yoga, kind="staff").resources.add(spa.staff)
    spa.works()
    id_ = yoga.pk.hex[:24]
    wanted = [{"service_id": id_}]
    assert starts(spa.public, service_id=id_) == []
    services.schedule_session(yoga, starts_at=TEN, by=SYSTEM, now=NOW)
    assert starts(spa.public, service_id=id_) == ["10:00"]
    assert starts(spa.public) == AFTERNOON  # the trainer is busy
    assert books(spa, "10:00", services=wanted).json()["status"] == "confirmed"
    assert books(spa, "10:00", services=wanted).status_code == 409  # the same customer
    other = spa.owner.post("customers", {"first_name": "Rina", "phone": "+62813777"}).json()["id"]
    booked = staff_books(spa, "10:00", services=wanted, customer_id=other)
    assert booked.status_code == 201, booked.content
    assert starts(spa.public, service_id=id_) == []
    assert said(books(spa, "11:00", services=wanted)) == GONE


def test_a_service_of_another_door_keeps_what_it_needs_when_it_is_renamed(spa: Spa) -> None:
    cut = Service.objects.create(business=spa.business, name="Cut")
    spa.owner.put(f"services/{cut.pk.hex[:24]}", {"name": "Hair cut"})
    assert not Requirement.objects.filter(service=cut).exists()


def test_where_the_clock_changes_times_stay_what_the_wall_shows(spa: Spa) -> None:
    Location.objects.filter(pk=spa.outlet.pk).update(timezone="Europe/Berlin")
    OpeningHours.objects.create(location=spa.outlet, weekday=7, opens=time(0), closes=time(6))
    spring = spa.at(datetime(2026, 3, 25, 12, tzinfo=UTC))
    spring.roster("2026-03-29", "00:00-06:00")
    Service.objects.update(duration=30 * MINUTE, preparation=timedelta(), cleanup=timedelta())
    assert starts(spring.public, "2026-03-29") == [
        "00:00", "00:30", "01:00", "01:30", "03:00", "03:30", "04:00", "04:30", "05:00", "05:30",
    ]  # fmt: skip
    skipped = staff_books(spring, "02:30", appointment_date="2026-03-29")
    assert said(skipped) == GONE
    told = staff_books(spring, "03:00", appointment_date="2026-03-29").json()
    assert (told["start_time"], told["end_time"]) == ("03:00", "03:30")
    booked = Booking.objects.get()
    assert booked.starts_at == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_customer_keeps_the_notice_and_staff_need_none(spa: Spa) -> None:
    spa.works()
    spa.owner.put(f"services/{SERVICE}", {"min_advance_booking_hours": 2})
    near = spa.at(datetime(2025, 10, 14, 1, 30, tzinfo=UTC))  # 08:30 there
    assert said(books(near, "10:00")) == GONE
    assert staff_books(near, "10:00").status_code == 201


def test_a_currency_has_the_decimals_that_it_has(spa: Spa) -> None:
    spa.works()
    spa.business.currency = "JPY"
    spa.business.save()
    spa.owner.post(f"services/{SERVICE}/pricing", {"base_price": "2500"})
    told = spa.owner.get(f"services/{SERVICE}").json()["pricing"]
    assert (told["base_price"], told["currency"]) == ("2500.0", "JPY")
    assert Service.objects.get(pk=spa.service.pk).price_cents == 2500
    assert books(spa).json()["total_price"] == 2500.0
    status, told = said(spa.owner.post(f"services/{SERVICE}/pricing", {"base_price": "9.5"}))
    assert (status, told["detail"][0]["loc"]) == (422, ["body", "base_price"])


def test_an_address_may_ask_sixty_times_a_minute(spa: Spa) -> None:
    for _ in range(60):
        assert asks(spa.public, start_date="2025-01-01").status_code == 400
    answer = asks(spa.public)
    assert said(answer) == (429, {"detail": "Too many requests. Please slow down."})
    assert 1 <= int(answer.headers["Retry-After"]) <= 61


def test_who_is_forgotten_leaves_no_words_behind(spa: Spa) -> None:
    spa.works()
    id_ = made(spa, "10:00", notes="Has a bad back")
    spa.owner.delete(f"appointments/{id_}", {"cancellation_reason": "Siti is ill"})
    spa.owner.delete(f"customers/{CUSTOMER}")
    told = spa.owner.get(f"appointments/{id_}").json()
    assert (told["notes"], told["cancellation_reason"], told["status"]) == ("", None, "cancelled")
    assert not Guest.objects.filter(first_name="Siti").exists()


def test_an_appointment_stays_at_its_outlet_when_it_moves(spa: Spa) -> None:
    spa.works()
    id_ = made(spa, "10:00")
    uptown = Location.objects.create(business=spa.business, name="Uptown")
    OpeningHours.objects.create(location=uptown, weekday=2, opens=time(9), closes=time(21))
    other = Resource.objects.create(
        business=spa.business, location=uptown, kind="staff", name="Ani"
    )
    spa.owner.put(f"services/{SERVICE}", {"staff_ids": [STAFF, other.pk.hex[:24]]})
    late: dict[str, Any] = {"new_date": DAY, "new_time": "18:00"}
    assert said(spa.owner.post(f"appointments/{id_}/reschedule", late)) == GONE
    assert spa.owner.get(f"appointments/{id_}").json()["outlet_id"] == OUTLET


def test_a_part_that_was_cancelled_elsewhere_is_out_of_the_visit(spa: Spa) -> None:
    spa.works()
    facial = Service.objects.create(
        business=spa.business, name="Facial", duration=60 * MINUTE, price_cents=5_000_000
    )
    spa.owner.put(f"services/{facial.pk.hex[:24]}", {"staff_ids": [STAFF]})
    both = [{"service_id": SERVICE}, {"service_id": facial.pk.hex[:24]}]
    id_ = made(spa, "13:00", services=both)
    services.cancel(Booking.objects.get(leader=None), by=SYSTEM, now=NOW)
    told = spa.owner.get(f"appointments/{id_}").json()
    assert (told["status"], told["start_time"], told["total_price"]) == (
        "confirmed", "14:55", 50000.0,
    )  # fmt: skip
    assert [each["service_name"] for each in told["services"]] == ["Facial"]
    move = {"new_date": DAY, "new_time": "15:30"}
    assert spa.owner.post(f"appointments/{id_}/reschedule", move).json()["start_time"] == "15:30"
    paid = {"amount": 50000, "payment_method": "cash"}
    assert spa.owner.post(f"appointments/{id_}/record-payment", paid).status_code == 200
    assert spa.owner.post(f"appointments/{id_}/complete").json()["status"] == "completed"
