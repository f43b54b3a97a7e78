"""Scheduled booking, as its contract says (T24, T32-T41, T45, T47, T56) and where it is silent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Business
from availability.models import Closure, OpeningHours, ServiceHours
from billing.models import Account, Deposit, Plan, SandboxIntent, Subscription
from bookings import services
from bookings.models import Booking, Event, Guest
from bookings.wishes import SYSTEM
from resources.models import Location, Requirement, Resource, Service, TurnTime
from tests.api.availengine.conftest import Contract, example
from tests.api.availengine.words import NOT_FOUND, invalid, person, refused, stranger
from tests.builders import MINUTE, NOW, key, location, resource, service

BOOKINGS = "/v1/bookings/"
MANAGED = "/v1/manage/availability"
TAKEN = example("slot_unavailable")
CLOSED = example("outside_operating_hours")
OFF_GRID = refused("slot_unavailable", "Nothing starts at this time.")


@pytest.fixture
def morning(contract: Contract) -> Contract:
    """The contract's tables in a business that takes scheduled bookings from eight to twelve."""
    Business.objects.filter(pk=contract.business.pk).update(booking_mode="scheduled")
    open_daily(contract, time(8), time(12))
    return contract


def open_daily(contract: Contract, opens: time, closes: time) -> None:
    OpeningHours.objects.filter(location=location(contract.business)).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(
            location=location(contract.business), weekday=weekday, opens=opens, closes=closes
        )
        for weekday in range(1, 8)
    )


def change(contract: Contract, **settings: Any) -> None:
    Business.objects.filter(pk=contract.business.pk).update(**settings)


def timetable(contract: Contract, day: str = "2026-06-20", **query: Any) -> Any:
    path = f"/v1/availability/{contract.business.pk}"
    return contract.caller("").get(path, date=day, **query)


def left(contract: Contract, day: str = "2026-06-20", **query: Any) -> dict[str, int]:
    """What is left at each start of the day, as anybody is told."""
    answer = timetable(contract, day, **query)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert all(each["available"] == (each["remaining_resources"] > 0) for each in body["slots"])
    return {each["time"]: each["remaining_resources"] for each in body["slots"]}


def book(contract: Contract, *without: str, headers: Any = None, **changes: Any) -> Any:
    body = example("scheduled_booking_request") | {"business_id": str(contract.business.pk)}
    body |= changes
    for name in without:
        del body[name]
    return contract.api.post(BOOKINGS, body, **(headers or {}))


def same_but_for_ids(answer: Any, name: str) -> bool:
    """Whether an answer is an example of the contract, with ids and secrets of its own."""
    expected, found = example(name), answer.json()
    booking = found["booking"]
    assert re.fullmatch(r"[A-Z0-9]{8}", booking["confirmation_code"])
    for each in ("id", "resource_id", "confirmation_code"):
        expected["booking"][each] = booking[each]
    if "stripe_client_secret" in expected:
        assert re.fullmatch(r"pi_[0-9a-f]+_secret_[0-9a-f]+", found["stripe_client_secret"])
        expected["stripe_client_secret"] = found["stripe_client_secret"]
    return bool(found == expected)


# --- the timetable -------------------------------------------------------------------------------


def test_a_day_as_documented(morning: Contract) -> None:
    answer = timetable(morning)
    expected = example("availability_reply") | {"business_id": str(morning.business.pk)}
    assert (answer.status_code, answer.json()) == (200, expected)
    slashed = f"/v1/availability/{morning.business.pk}/"
    assert morning.api.get(slashed, date="2026-06-20").json() == expected


@pytest.mark.parametrize("mode", ["scheduled", "dynamic"])
def test_t24_it_answers_in_either_mode(morning: Contract, mode: str) -> None:
    change(morning, booking_mode=mode)
    assert len(left(morning)) == 7
    assert book(morning).status_code == 201


def test_anybody_may_ask_and_so_may_any_program(morning: Contract) -> None:
    path = f"/v1/availability/{morning.business.pk}"
    expected = timetable(morning).json()
    for caller in (stranger(morning), person(morning, "staff"), morning.api):
        assert caller.get(path, date="2026-06-20").json() == expected


@pytest.mark.parametrize("where", ["nonexistent", "of the business"])
def test_t32_a_credential_that_is_sent_must_be_good(morning: Contract, where: str) -> None:
    name = morning.business.pk if where == "of the business" else where
    answer = morning.caller("avail_test_invalid").get(f"/v1/availability/{name}", date="2026-06-20")
    assert (answer.status_code, answer.json()) == (
        401,
        refused("invalid_token", "Could not validate credentials"),
    )


def test_t33_whoever_does_not_pay_is_told_so(morning: Contract) -> None:
    Subscription.objects.filter(business=morning.business).update(status="past_due")
    expected = refused("payment_required", "The subscription is past due.")
    path = f"/v1/availability/{morning.business.pk}"
    for answer in (
        morning.api.get(path, date="2026-06-20"),
        morning.api.get(MANAGED, booking_date="2026-06-20", capacity=1),
        book(morning),
    ):
        assert (answer.status_code, answer.json()) == (402, expected)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"date": None}, {"date": "This field is required."}),
        ({"date": "20.06.2026"}, {"date": "A date is YYYY-MM-DD."}),
        ({"date": "2026-02-30"}, {"date": "There is no such date."}),
        ({"capacity": "0"}, {"capacity": "Ensure this value is greater than or equal to 1."}),
        ({"capacity": "51"}, {"capacity": "Ensure this value is less than or equal to 50."}),
        ({"duration_minutes": "4"},
         {"duration_minutes": "Ensure this value is greater than or equal to 5."}),
        ({"duration_minutes": "481"},
         {"duration_minutes": "Ensure this value is less than or equal to 480."}),
        ({"service_id": "massage"}, {"service_id": "Must be a valid UUID."}),
        ({"resource_id": "1"}, {"resource_id": "Must be a valid UUID."}),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense(
    morning: Contract, query: dict[str, Any], fields: dict[str, str]
) -> None:
    asked = {"date": "2026-06-20"} | query
    path = f"/v1/availability/{morning.business.pk}"
    answer = morning.api.get(path, **{k: v for k, v in asked.items() if v is not None})
    assert (answer.status_code, answer.json()) == (422, invalid(**fields))


def test_a_question_about_what_is_not_there(morning: Contract) -> None:
    other = stranger(morning)
    theirs = Business.objects.get(name="Other")
    table = resource(theirs, "Table")
    massage = service(theirs)
    path = f"/v1/availability/{morning.business.pk}"
    for answer in (
        other.get(f"/v1/availability/{table.pk}", date="2026-06-20"),
        other.get("/v1/availability/nowhere", date="2026-06-20"),
        other.get(path, date="2026-06-20", service_id=massage.pk),
        other.get(path, date="2026-06-20", resource_id=table.pk),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_closed_days_and_t45_blackouts_have_no_starts(morning: Contract) -> None:
    place = location(morning.business)
    Closure.objects.create(
        location=place, first_day=date(2026, 6, 21), last_day=date(2026, 6, 22), reason="Fair"
    )
    OpeningHours.objects.filter(location=place, weekday=2).delete()
    assert timetable(morning, "2026-06-21").json() == {
        "business_id": str(morning.business.pk),
        "booking_date": "2026-06-21",
        "capacity": 1,
        "slots": [],
    }
    days = ("2026-06-20", "2026-06-22", "2026-06-23", "2026-06-24")
    assert [len(left(morning, day)) for day in days] == [7, 0, 0, 7]
    closed = book(morning, booking_date="2026-06-21")
    assert (closed.status_code, closed.json()) == (
        400,
        refused("outside_operating_hours", "Closed: Fair"),
    )


def test_a_business_without_hours_has_no_timetable(contract: Contract) -> None:
    assert left(contract) == {}


def test_the_party_the_length_and_the_interval(morning: Contract) -> None:
    assert left(morning, capacity=5) == dict.fromkeys(left(morning), 0)
    assert list(left(morning, duration_minutes=180)) == ["08:00", "08:30", "09:00"]
    assert list(left(morning, duration_minutes=5))[-1] == "11:30"
    change(morning, slot_interval_minutes=60, default_duration_minutes=120)
    assert left(morning) == {"08:00": 3, "09:00": 3, "10:00": 5}
    TurnTime.objects.create(
        location=location(morning.business), covers_max=2, duration=timedelta(minutes=90)
    )
    TurnTime.objects.create(
        location=location(morning.business), covers_max=4, duration=timedelta(hours=3)
    )
    assert list(left(morning, capacity=2)) == ["08:00", "09:00", "10:00"]
    assert list(left(morning, capacity=3)) == ["08:00", "09:00"]
    booked = book(morning, capacity=3, start_time="09:00").json()["booking"]
    assert (booked["end_time"], booked["duration_minutes"]) == ("12:00:00", 180)


def test_one_table(morning: Contract) -> None:
    table = morning.tables[1]  # taken until half past nine
    assert left(morning, resource_id=table.pk) == {
        "08:00": 0, "08:30": 0, "09:00": 0, "09:30": 1, "10:00": 1, "10:30": 1, "11:00": 1,
    }  # fmt: skip
    taken = book(morning, start_time="09:00", resource_id=str(table.pk))
    assert (taken.status_code, taken.json()) == (409, TAKEN)
    booked = book(morning, start_time="09:30", resource_id=str(table.pk))
    assert booked.json()["booking"]["resource_id"] == str(table.pk)


def test_what_has_gone_by_needs_notice_or_is_too_far_is_not_free(morning: Contract) -> None:
    today = "2026-06-19"
    morning.api.now = datetime(2026, 6, 19, 9, 10, tzinfo=UTC)
    assert left(morning, today) == {
        "08:00": 0, "08:30": 0, "09:00": 0, "09:30": 5, "10:00": 5, "10:30": 5, "11:00": 5,
    }  # fmt: skip
    change(morning, min_notice_minutes=60, max_advance_days=2)
    assert [at for at, count in left(morning, today).items() if count] == ["10:30", "11:00"]
    assert [at for at, count in left(morning, "2026-06-21").items() if count] == [
        "08:00", "08:30", "09:00"
    ]  # fmt: skip
    hasty = book(morning, booking_date=today, start_time="10:00")
    assert (hasty.status_code, hasty.json()) == (
        409,
        refused("slot_unavailable", "Bookings need 60 minutes' notice."),
    )
    far = book(morning, booking_date="2026-06-22")
    assert (far.status_code, far.json()) == (
        409,
        refused("slot_unavailable", "Bookings open 2 days ahead."),
    )
    gone = book(morning, booking_date=today, start_time="08:00")
    assert (gone.status_code, gone.json()["error"]["code"]) == (422, "validation_error")
    assert not Booking.objects.filter(source="availengine").exists()


def test_the_gap_between_bookings(morning: Contract) -> None:
    change(morning, buffer_minutes=15)
    table = morning.tables[0]
    assert book(morning, start_time="09:30", resource_id=str(table.pk)).status_code == 201
    assert [at for at, count in left(morning, resource_id=table.pk).items() if count] == [
        "08:00", "11:00"
    ]  # fmt: skip
    assert book(morning, start_time="08:00", resource_id=str(table.pk)).status_code == 201
    short = service(morning.business, "Coffee", duration=timedelta(minutes=30))
    own = service(
        morning.business, "Brunch", duration=timedelta(minutes=30), buffer_before=30 * MINUTE
    )
    assert left(morning, resource_id=table.pk, service_id=short.pk)["09:00"] == 0
    assert list(left(morning, service_id=own.pk))[-1] == "11:30"
    assert left(morning, resource_id=table.pk, service_id=own.pk)["11:00"] == 0
    assert left(morning, resource_id=table.pk, service_id=own.pk)["11:30"] == 1


def test_the_gap_moves_along(morning: Contract) -> None:
    change(morning, buffer_minutes=15, booking_mode="dynamic")
    made = book(morning).json()["booking"]["id"], morning.create().json()["booking"]["id"]
    for booking_id, taken in zip(made, (75, 45), strict=True):
        path = f"/v1/manage/bookings/{booking_id}"
        assert morning.api.patch(path, {"start_time": "11:00"}).status_code == 200
        (found,) = Booking.objects.get(pk=booking_id).allocations.all()
        assert found.ends_at - found.starts_at == taken * MINUTE


# --- services ------------------------------------------------------------------------------------


@pytest.fixture
def massage(morning: Contract) -> Service:
    """An hour and a quarter, by Ana or Bruno in the only room."""
    Resource.objects.filter(business=morning.business).update(is_active=False)
    for name, kind in (("Ana", "staff"), ("Bruno", "staff"), ("Lotus", "room")):
        resource(morning.business, name, kind=kind)
    made = service(morning.business, "Massage", duration=timedelta(minutes=75))
    for kind in ("staff", "room"):
        Requirement.objects.create(service=made, kind=kind)
    return made


def test_a_service_is_offered_where_all_that_it_needs_is_free(
    morning: Contract, massage: Service
) -> None:
    starts = ("08:00", "08:30", "09:00", "09:30", "10:00", "10:30")
    assert left(morning, service_id=massage.pk) == dict.fromkeys(starts, 1)  # there is one room
    ana = Resource.objects.get(name="Ana")
    booked = book(
        morning, start_time="09:30", service_id=str(massage.pk), resource_id=str(ana.pk), capacity=1
    )
    assert booked.status_code == 201, booked.content
    shown = booked.json()["booking"]
    assert (shown["end_time"], shown["resource_id"]) == ("10:45:00", str(ana.pk))
    assert left(morning, service_id=massage.pk) == dict.fromkeys(starts, 0) | {"08:00": 1}


def test_who_only_staff_may_book_is_not_offered(morning: Contract, massage: Service) -> None:
    Resource.objects.filter(name="Ana").update(is_online=False)
    ana = Resource.objects.get(name="Ana")
    assert left(morning, service_id=massage.pk, resource_id=ana.pk) == {}
    wanted = {"service_id": str(massage.pk), "resource_id": str(ana.pk), "capacity": 1}
    refused_ = book(morning, **wanted)
    assert (refused_.status_code, refused_.json()) == (409, TAKEN)


def test_a_service_with_hours_of_its_own(morning: Contract) -> None:
    brunch = service(morning.business, "Brunch", duration=timedelta(minutes=60))
    ServiceHours.objects.create(service=brunch, weekday=6, opens=time(9, 30), closes=time(10, 30))
    assert left(morning, service_id=brunch.pk) == {"09:30": 5, "10:00": 5}
    assert left(morning, "2026-06-21", service_id=brunch.pk) == {}
    early = book(morning, start_time="08:00", service_id=str(brunch.pk))
    assert early.status_code in (400, 409)
    assert book(morning, start_time="09:30", service_id=str(brunch.pk)).status_code == 201


def test_places_in_a_class_at_the_times_that_it_runs(morning: Contract) -> None:
    spin = service(morning.business, "Spin", capacity=3, duration=timedelta(minutes=45))
    for hour in (9, 18):
        services.schedule_session(
            spin, starts_at=datetime(2026, 6, 20, hour, 15, tzinfo=UTC), by=SYSTEM, now=NOW
        )
    assert left(morning, service_id=spin.pk) == {"09:15": 3, "18:15": 3}
    booked = book(morning, start_time="18:15", service_id=str(spin.pk))
    assert booked.status_code == 201, booked.content
    shown = booked.json()["booking"]
    assert (shown["start_time"], shown["end_time"], shown["capacity"]) == (
        "18:15:00", "19:00:00", 2,
    )  # fmt: skip
    assert left(morning, service_id=spin.pk) == {"09:15": 3, "18:15": 1}
    assert left(morning, service_id=spin.pk, capacity=2) == {"09:15": 3, "18:15": 0}
    full = book(morning, start_time="18:15", service_id=str(spin.pk))
    assert (full.status_code, full.json()) == (409, TAKEN)
    between = book(morning, start_time="10:00", service_id=str(spin.pk))
    assert (between.status_code, between.json()) == (409, OFF_GRID)
    by_staff = {"booking_date": "2026-06-20", "start_time": "18:15", "capacity": 1}
    taken = morning.api.post("/v1/manage/bookings", by_staff | {"service_id": str(spin.pk)})
    assert taken.status_code == 201
    assert left(morning, service_id=spin.pk) == {"09:15": 3, "18:15": 0}


# --- booking -------------------------------------------------------------------------------------


def test_t34_a_booking_is_confirmed(morning: Contract) -> None:
    answer = book(morning)
    assert (answer.status_code, same_but_for_ids(answer, "scheduled_booking_reply")) == (201, True)
    shown = answer.json()["booking"]
    assert shown["resource_id"] in {str(each.pk) for each in morning.tables}
    made = Booking.objects.get(pk=shown["id"])
    assert (made.starts_at, made.reference) == (
        datetime(2026, 6, 20, 10, tzinfo=UTC),
        shown["confirmation_code"],
    )
    assert (made.source, made.notes, made.guest and made.guest.email) == (
        "availengine", "", "maria@example.com",
    )  # fmt: skip
    assert left(morning)["10:00"] == 4


@pytest.mark.parametrize("kind", ["charge", "authorization_hold"])
def test_t35_a_booking_waits_for_its_deposit(morning: Contract, kind: str) -> None:
    change(morning, deposit_enabled=True, deposit_amount_cents=2500, deposit_type=kind)
    Account.objects.create(
        business=morning.business,
        gateway="sandbox",
        reference="acct_test",
        details_submitted=True,
        payouts_enabled=True,
    )
    answer = book(morning)
    assert answer.status_code == 201, answer.content
    assert answer.json()["deposit_type"] == kind
    assert kind != "charge" or same_but_for_ids(answer, "scheduled_deposit_reply")
    assert (answer.json()["booking"]["status"], left(morning)["10:00"]) == ("pending", 4)
    for _ in range(4):
        book(morning)
    full = book(morning)
    assert (full.status_code, full.json()) == (409, TAKEN)
    morning.api.now = NOW + timedelta(minutes=30)  # nobody paid, and nothing was swept
    assert left(morning)["10:00"] == 5
    assert book(morning).status_code == 201
    assert Deposit.objects.count() == SandboxIntent.objects.count() == 6
    for nowhere in ({"start_time": "07:00"}, {"start_time": "10:07"}):
        assert book(morning, **nowhere).status_code in (400, 409)
    assert SandboxIntent.objects.count() == 6


def test_t36_a_start_that_is_full(morning: Contract) -> None:
    for _ in range(5):
        assert book(morning).status_code == 201
    answer = book(morning)
    assert (answer.status_code, answer.json()) == (409, TAKEN)
    assert left(morning)["10:00"] == 0


@pytest.mark.parametrize("start", ["10:07", "10:15", "11:59"])
def test_t37_between_two_starts(morning: Contract, start: str) -> None:
    answer = book(morning, start_time=start, duration_minutes=None if start < "11" else 5)
    expected = (409, OFF_GRID) if start < "11" else (400, CLOSED)
    assert (answer.status_code, answer.json()) == expected


@pytest.mark.parametrize("start", ["07:30", "11:30", "12:00", "23:00"])
def test_t38_outside_the_hours(morning: Contract, start: str) -> None:
    answer = book(morning, start_time=start)
    assert (answer.status_code, answer.json()) == (400, CLOSED)


def test_t39_t40_asked_twice_with_one_key(morning: Contract) -> None:
    sent = {"Idempotency-Key": "one"}
    first, again = book(morning, headers=sent), book(morning, headers=sent)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    other = book(morning, headers=sent, capacity=3)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_mismatch")
    assert Booking.objects.filter(source="availengine").count() == 1


def test_a_full_start_is_not_remembered_for_a_key(morning: Contract) -> None:
    made = [book(morning).json()["booking"]["id"] for _ in range(5)]
    sent = {"Idempotency-Key": "one"}
    assert book(morning, headers=sent).status_code == 409
    services.cancel(Booking.objects.get(pk=made[0]), by=SYSTEM, now=NOW)
    assert book(morning, headers=sent).status_code == 201


def test_t41_one_phone_is_one_customer(morning: Contract) -> None:
    book(morning)
    book(morning, phone="+1 (234) 567-890", first_name="Mary", start_time="08:00")
    assert list(Guest.objects.values_list("first_name", "last_name", "email")) == [
        ("Mary", "Garcia", "maria@example.com")
    ]


def test_t47_it_is_told(morning: Contract) -> None:
    made = book(morning).json()["booking"]["id"]
    assert list(Event.objects.filter(booking=made).values_list("kind", flat=True)) == [
        "booking.created"
    ]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"business_id": "here"}, {"business_id": "Must be a valid UUID."}),
        ({"booking_date": "tomorrow"}, {"booking_date": "A date is YYYY-MM-DD."}),
        ({"start_time": "10am"}, {"start_time": "A time is HH:MM, 24-hour."}),
        ({"capacity": 51}, {"capacity": "Ensure this value is less than or equal to 50."}),
        ({"first_name": ""}, {"first_name": "This field may not be blank."}),
        ({"last_name": "x" * 101},
         {"last_name": "Ensure this field has no more than 100 characters."}),
        ({"email": "maria"}, {"email": "Enter a valid email address."}),
        ({"phone": "123456"}, {"phone": "Ensure this field has at least 7 characters."}),
        ({"customer_notes": "x" * 1001},
         {"customer_notes": "Ensure this field has no more than 1000 characters."}),
        ({"duration_minutes": 481},
         {"duration_minutes": "Ensure this value is less than or equal to 480."}),
    ],
)  # fmt: skip
def test_a_field_out_of_range_books_nothing(
    morning: Contract, changes: dict[str, Any], fields: dict[str, str]
) -> None:
    answer = book(morning, **changes)
    assert (answer.status_code, answer.json()) == (422, invalid(**fields))
    assert not Booking.objects.filter(source="availengine").exists()


@pytest.mark.parametrize(
    "name", ["business_id", "booking_date", "start_time", "first_name", "email", "phone"]
)
def test_what_must_be_said(morning: Contract, name: str) -> None:
    answer = book(morning, name)
    assert (answer.status_code, answer.json()) == (
        422,
        invalid(**{name: "This field is required."}),
    )


def test_for_one_unless_said(morning: Contract) -> None:
    assert book(morning, "capacity").json()["booking"]["capacity"] == 1


def test_who_may_book(morning: Contract) -> None:
    body = example("scheduled_booking_request") | {"business_id": str(morning.business.pk)}
    reader = morning.caller(key(morning.business, "read"))
    for caller, expected in (
        (morning.caller(""), (401, refused("invalid_token", "Could not validate credentials"))),
        (reader, (403, refused("missing_scope", "This key lacks the scope “write”."))),
        (stranger(morning), (404, NOT_FOUND)),
    ):
        answer = caller.post(BOOKINGS, body)
        assert (answer.status_code, answer.json()) == expected
    assert person(morning, "staff").post(BOOKINGS, body).status_code == 201


def test_what_is_not_there_cannot_be_booked(morning: Contract) -> None:
    nowhere = str(morning.business.pk)
    for answer in (book(morning, resource_id=nowhere), book(morning, service_id=nowhere)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_t56_both_doors_sell_the_same_tables(morning: Contract) -> None:
    change(morning, booking_mode="dynamic")
    table = morning.tables[0]
    booked = book(morning, start_time="08:00", resource_id=str(table.pk))
    assert booked.status_code == 201
    seen = {"booking_date": "2026-06-20", "start_time": "08:15", "duration_minutes": 45}
    assert morning.available(**seen).json()["free_resources"] == ["Table 3", "Table 5"]
    for _ in range(2):
        assert morning.create().status_code == 201
    assert (left(morning)["08:00"], left(morning)["09:00"]) == (0, 3)


# --- what staff see ------------------------------------------------------------------------------


def test_a_day_as_staff_see_it(morning: Contract) -> None:
    for caller in (morning.api, person(morning, "staff")):
        answer = caller.get(MANAGED, booking_date="2026-06-20", capacity=2)
        assert (answer.status_code, answer.json()) == (
            200,
            example("managed_availability_reply"),
        )
    change(morning, min_notice_minutes=10_000)
    Resource.objects.filter(business=morning.business).update(is_online=False)
    assert left(morning) == {}
    answer = morning.api.get(MANAGED, booking_date="2026-06-20", capacity=2)
    assert answer.json() == example("managed_availability_reply")
    full = morning.api.get(MANAGED, booking_date="2026-06-20", capacity=5).json()
    assert {each["available"] for each in full["slots"]} == {False}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"booking_date": "2026-06-20"}, {"capacity": "This field is required."}),
        ({"capacity": "2"}, {"booking_date": "This field is required."}),
        (
            {"booking_date": "2026-06-20", "capacity": "51"},
            {"capacity": "Ensure this value is less than or equal to 50."},
        ),
    ],
)
def test_staff_must_say_when_and_for_how_many(
    morning: Contract, query: dict[str, str], fields: dict[str, str]
) -> None:
    answer = morning.api.get(MANAGED, **query)
    assert (answer.status_code, answer.json()) == (422, invalid(**fields))
    anybody = morning.caller("").get(MANAGED, booking_date="2026-06-20", capacity=2)
    assert anybody.status_code == 401


# --- the clock on the wall -----------------------------------------------------------------------

ALL_NIGHT = ["00:00", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("Europe/London", "2027-03-27", ALL_NIGHT),
        ("Europe/London", "2027-03-28", [each for each in ALL_NIGHT if each[:2] != "01"]),
        ("Europe/London", "2026-10-25", ALL_NIGHT),
        ("America/New_York", "2027-03-14", [each for each in ALL_NIGHT if each[:2] != "02"]),
        ("America/New_York", "2026-11-01", ALL_NIGHT),
        ("Australia/Lord_Howe", "2026-10-04", [each for each in ALL_NIGHT if each != "02:00"]),
        ("Australia/Lord_Howe", "2027-04-04", ALL_NIGHT),
    ],
)
def test_days_when_the_clocks_change(
    morning: Contract, zone: str, day: str, starts: list[str]
) -> None:
    """What the clock skips isn't offered, of what it shows twice the first."""
    change(morning, timezone=zone, default_duration_minutes=30)
    open_daily(morning, time(0), time(4))
    assert list(left(morning, day)) == starts
    for start in ALL_NIGHT:
        answer = book(morning, booking_date=day, start_time=start)
        assert answer.status_code == (201 if start in starts else 409), (start, answer.content)
        if start in starts:
            booking = answer.json()["booking"]
            shown = (booking["booking_date"], booking["start_time"])
            assert shown == (day, f"{start}:00")
    assert left(morning, day) == dict.fromkeys(starts, 4)
    first_half_hour = Booking.objects.filter(source="availengine").order_by("starts_at")
    assert all(each.ends_at - each.starts_at == 30 * MINUTE for each in first_half_hour)


def test_an_evening_goes_on_past_midnight(morning: Contract) -> None:
    open_daily(morning, time(22), time(1))
    assert list(left(morning)) == ["00:00", "22:00", "22:30", "23:00", "23:30"]
    late = book(morning, start_time="23:30").json()["booking"]
    assert (late["booking_date"], late["end_time"]) == ("2026-06-20", "00:30:00")
    assert left(morning, "2026-06-21")["00:00"] == 4
    after = book(morning, booking_date="2026-06-21", start_time="00:00").json()["booking"]
    assert (after["booking_date"], after["start_time"]) == ("2026-06-21", "00:00:00")


def test_a_location_with_a_clock_of_its_own(morning: Contract) -> None:
    """Its hours are by its clock; what is said here is by the business's."""
    place = location(morning.business)
    place.timezone = "Asia/Tokyo"
    place.save()
    assert left(morning) == {
        "00:00": 5, "00:30": 5, "01:00": 5, "01:30": 5, "02:00": 5, "23:00": 5, "23:30": 5,
    }  # fmt: skip
    assert book(morning, start_time="23:30").status_code == 201


def test_two_locations_are_one_timetable(morning: Contract) -> None:
    garden = Location.objects.create(business=morning.business, name="Garden")
    OpeningHours.objects.create(location=garden, weekday=6, opens=time(10), closes=time(13))
    resource(morning.business, "Garden table", covers_max=6, location=garden)
    assert left(morning) == {
        "08:00": 3, "08:30": 3, "09:00": 3, "09:30": 5, "10:00": 6, "10:30": 6, "11:00": 6,
        "11:30": 1, "12:00": 1,
    }  # fmt: skip
    assert left(morning, capacity=6)["10:00"] == 1
    assert book(morning, start_time="12:00").status_code == 201
    full = book(morning, start_time="12:00")
    assert (full.status_code, full.json()) == (409, TAKEN)
    Location.objects.filter(pk=garden.pk).update(is_active=False)
    assert left(morning)["11:00"] == 5


def test_a_plan_that_is_used_up(morning: Contract) -> None:
    Subscription.objects.filter(business=morning.business).update(plan="free")
    Plan.objects.filter(pk="free").update(max_bookings=3)  # two of the three are made already
    assert [book(morning).status_code for _ in range(2)] == [201, 402]
    assert book(morning).json()["error"]["code"] == "payment_required"


NIGHTS = [
    ("UTC", "2026-06-20"),
    ("Europe/Paris", "2027-03-28"),
    ("America/New_York", "2026-11-01"),
    ("Asia/Kolkata", "2026-06-21"),
]
HALF_HOURS = [f"{n // 2:02}:{n % 2 * 3}0" for n in range(48)]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    night=st.sampled_from(NIGHTS),
    opens=st.integers(0, 23),
    lasts=st.integers(2, 10),
    length=st.sampled_from([30, 60, 90]),
    interval=st.sampled_from([20, 30, 45]),
    gap=st.sampled_from([0, 10, 30]),
    taken=st.lists(st.sampled_from(HALF_HOURS), max_size=4),
    capacity=st.integers(1, 5),
)
def test_what_is_shown_as_free_can_be_booked_and_nothing_else(
    contract: Contract,
    night: tuple[str, str],
    opens: int,
    lasts: int,
    length: int,
    interval: int,
    gap: int,
    taken: list[str],
    capacity: int,
) -> None:
    zone, day = night
    with transaction.atomic():
        change(
            contract,
            timezone=zone,
            slot_interval_minutes=interval,
            buffer_minutes=gap,
            default_duration_minutes=length,
        )
        Resource.objects.filter(name__in=("Table 3", "Table 4", "Table 5")).update(is_active=False)
        open_daily(contract, time(opens), time((opens + lasts) % 24))
        for start in taken:
            book(contract, booking_date=day, start_time=start, capacity=1)
        shown = left(contract, day, capacity=capacity)
        for start in {*shown, *HALF_HOURS}:
            with transaction.atomic():
                answer = book(contract, booking_date=day, start_time=start, capacity=capacity)
                assert (answer.status_code == 201) == bool(shown.get(start)), (start, shown)
                assert answer.status_code in (201, 400, 409), answer.content
                transaction.set_rollback(True)
        transaction.set_rollback(True)
