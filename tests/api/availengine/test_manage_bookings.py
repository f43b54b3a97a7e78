"""The book as staff see and change it (T39-T41, T50, and the figures)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Business
from availability.models import OpeningHours
from billing.models import Deposit
from bookings import services
from bookings.models import Allocation, Booking, Event, Guest
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Resource
from tests.api.availengine.conftest import Caller, Contract, example
from tests.api.availengine.words import NOT_FOUND, invalid, person, refused, stranger
from tests.builders import (
    EVENING,
    HOUR,
    MARIA,
    MINUTE,
    NOW,
    business,
    key,
    location,
    resource,
    service,
    tables,
    wish,
)

BOOKINGS = "/v1/manage/bookings"
DINNER = {
    "booking_date": "2026-06-20",
    "start_time": "19:00",
    "duration_minutes": 60,
    "capacity": 2,
    "first_name": "Maria",
    "last_name": "Garcia",
    "email": "maria@example.com",
    "phone": "+1234567890",
    "customer_notes": "By the window",
}
NONE_FREE = refused("slot_unavailable", "No resource is available at the requested time.")


def book(of: Business, at: datetime = EVENING, **fields: Any) -> Booking:
    guest = fields.pop("guest", MARIA)
    return services.book(
        wish(of, at, **fields), guest=guest, by=SYSTEM, source="availengine", now=NOW
    )


def shown(booking: Booking, **changes: Any) -> dict[str, Any]:
    """A booking for Maria at seven, as staff see it."""
    expected: dict[str, Any] = example("managed_booking_reply")["booking"]
    return (
        expected
        | {
            "id": str(booking.pk),
            "resource_id": str(booking.resource_ids[0]),
            "resource_ids": [str(each) for each in booking.resource_ids],
            "confirmation_code": booking.reference,
            "customer": expected["customer"] | {"id": str(booking.guest_id)},
            "customer_notes": booking.notes,
        }
        | changes
    )


def listed(contract: Contract, **query: Any) -> list[str]:
    """The ids of the bookings listed."""
    response = contract.api.get(BOOKINGS, **query)
    assert response.status_code == 200, response.content
    return [each["id"] for each in response.json()["items"]]


def ids(*bookings: Booking) -> list[str]:
    return [str(each.pk) for each in bookings]


@pytest.fixture
def quiet(client: Client, db: None) -> Contract:
    """The contract's tables with nothing booked."""
    of = business("Quiet")
    return Contract(of, tables(of, 5, section="Main floor"), Caller(client, key(of)))


# --- making --------------------------------------------------------------------------------------


def test_staff_book_any_time(contract: Contract) -> None:
    response = contract.api.post(BOOKINGS, DINNER)
    made = Booking.objects.get(starts_at=EVENING)
    assert (response.status_code, response.json()) == (201, {"booking": shown(made)})
    assert made.resource_ids == [contract.tables[0].pk]
    assert contract.api.get(f"{BOOKINGS}/{made.pk}").json() == {"booking": shown(made)}


def test_a_walk_in_needs_no_name(contract: Contract) -> None:
    response = contract.api.post(
        BOOKINGS, {"booking_date": "2026-06-19", "start_time": "12:00", "capacity": 1}
    )
    made = Booking.objects.get(starts_at=NOW)
    assert (response.status_code, response.json()) == (
        201,
        {
            "booking": shown(
                made,
                booking_date="2026-06-19",
                start_time="12:00:00",
                end_time="13:00:00",
                capacity=1,
                customer=None,
            )
        },
    )


def test_staff_may_say_which_resource_and_which_service(contract: Contract) -> None:
    massage = service(contract.business, duration=90 * MINUTE, buffer_after=15 * MINUTE)
    two = contract.tables[1]
    body = {name: value for name, value in DINNER.items() if name != "duration_minutes"}
    response = contract.api.post(
        BOOKINGS, body | {"resource_id": str(two.pk), "service_id": str(massage.pk)}
    )
    made = Booking.objects.get(starts_at=EVENING)
    assert (response.status_code, response.json()) == (
        201,
        {
            "booking": shown(
                made,
                end_time="20:30:00",
                duration_minutes=90,
                resource_id=str(two.pk),
                service_id=str(massage.pk),
            )
        },
    )
    assert Allocation.objects.get(booking=made).ends_at == EVENING + 105 * MINUTE
    again = contract.api.post(BOOKINGS, DINNER | {"resource_id": str(two.pk)})
    assert (again.status_code, again.json()) == (409, NONE_FREE)


def test_an_appointment_takes_all_that_its_service_needs(contract: Contract) -> None:
    anna = resource(contract.business, "Anna", kind="staff")
    room = resource(contract.business, "Room", kind="room")
    made = contract.api.post(
        "/v1/manage/services",
        {
            "name": "Facial",
            "requirements": [{"resource_type": "staff"}, {"resource_type": "room"}],
        },
    ).json()
    response = contract.api.post(BOOKINGS, DINNER | {"service_id": made["id"], "capacity": 1})
    assert response.status_code == 201
    assert set(response.json()["booking"]["resource_ids"]) == {str(anna.pk), str(room.pk)}
    again = contract.api.post(BOOKINGS, DINNER | {"service_id": made["id"], "capacity": 1})
    assert (again.status_code, again.json()) == (409, NONE_FREE)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"booking_date": None}, {"booking_date": "This field may not be null."}),
        ({"start_time": "7pm"}, {"start_time": "A time is HH:MM, 24-hour."}),
        ({"duration_minutes": 4},
         {"duration_minutes": "Ensure this value is greater than or equal to 5."}),
        ({"duration_minutes": 1441},
         {"duration_minutes": "Ensure this value is less than or equal to 1440."}),
        ({"capacity": 0}, {"capacity": "Ensure this value is greater than or equal to 1."}),
        ({"capacity": 51}, {"capacity": "Ensure this value is less than or equal to 50."}),
        ({"phone": "123456"}, {"phone": "Ensure this field has at least 7 characters."}),
        ({"email": "maria"}, {"email": "Enter a valid email address."}),
        ({"first_name": "x" * 101},
         {"first_name": "Ensure this field has no more than 100 characters."}),
        ({"customer_notes": "x" * 1001},
         {"customer_notes": "Ensure this field has no more than 1000 characters."}),
        ({"resource_id": "table"}, {"resource_id": "Must be a valid UUID."}),
        ({"booking_date": "2026-06-18"}, {"start_time": "This time is in the past."}),
        ({"booking_date": "9999-12-31"},
         {"booking_date": "Must be from 2000-01-01 to 2199-12-31."}),
        ({"first_name": "a\0b"}, {"first_name": "Null characters are not allowed."}),
    ],
)  # fmt: skip
def test_a_booking_that_is_not_valid(
    contract: Contract, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.post(BOOKINGS, DINNER | changes)
    assert response.status_code == 422
    expected = invalid(**wrong)
    if "start_time" in wrong and "past" in wrong["start_time"]:
        expected["error"]["message"] = "This time is in the past."
    assert response.json() == expected


@pytest.mark.parametrize("field", ["resource_id", "service_id"])
def test_another_business_s_resource_or_service_is_not_there(
    contract: Contract, field: str
) -> None:
    other = business("Other")
    theirs = resource(other, "Table") if field == "resource_id" else service(other)
    response = contract.api.post(BOOKINGS, DINNER | {field: str(theirs.pk)})
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_t39_the_same_key_books_once_and_t40_another_body_is_refused(contract: Contract) -> None:
    first = contract.api.post(BOOKINGS, DINNER, **{"Idempotency-Key": "one"})
    again = contract.api.post(BOOKINGS, DINNER, **{"Idempotency-Key": "one"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Booking.objects.filter(starts_at=EVENING).count() == 1
    other = contract.api.post(BOOKINGS, DINNER | {"capacity": 3}, **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()) == (
        409,
        refused("idempotency_mismatch", "This idempotency key was used with a different request."),
    )


def test_a_full_house_is_not_remembered_for_a_key(contract: Contract) -> None:
    of = contract.business
    taken = [book(of, resource_id=each.pk) for each in contract.tables]
    sent = {"Idempotency-Key": "one"}
    response = contract.api.post(BOOKINGS, DINNER, **sent)
    assert (response.status_code, response.json()) == (409, NONE_FREE)
    services.cancel(taken[0], by=SYSTEM, now=NOW)
    assert contract.api.post(BOOKINGS, DINNER, **sent).status_code == 201


def test_t41_two_bookings_of_one_phone_are_of_one_customer(contract: Contract) -> None:
    first = contract.api.post(BOOKINGS, DINNER | {"phone": "+43 (1) 234-56.78"})
    second = contract.api.post(
        BOOKINGS, DINNER | {"phone": "+4312345678", "first_name": "Mia", "email": "mia@example.com"}
    )
    made = Guest.objects.get(phone_key="+4312345678")
    assert second.json()["booking"]["customer"] == {
        "id": first.json()["booking"]["customer"]["id"],
        "first_name": "Mia",
        "last_name": "Garcia",
        "email": "mia@example.com",
        "phone": "+4312345678",
    }
    assert made.bookings.count() == 2


def test_opening_hours_do_not_bind_staff(contract: Contract) -> None:
    OpeningHours.objects.create(
        location=location(contract.business), weekday=1, opens=time(9), closes=time(10)
    )
    assert contract.api.post(BOOKINGS, DINNER).status_code == 201


@pytest.mark.parametrize(
    ("day", "start_time", "end_time", "starts_at"),
    [
        ("2026-10-25", "02:30:00", "02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2027-03-28", "03:30:00", "04:30:00", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ],
)
def test_half_past_two_when_the_clock_is_changed(
    contract: Contract, day: str, start_time: str, end_time: str, starts_at: datetime
) -> None:
    Business.objects.update(timezone="Europe/Vienna")
    response = contract.api.post(BOOKINGS, DINNER | {"booking_date": day, "start_time": "02:30"})
    made = Booking.objects.get(starts_at=starts_at)  # the first of two, or after the gap
    assert (response.status_code, response.json()) == (
        201,
        {"booking": shown(made, booking_date=day, start_time=start_time, end_time=end_time)},
    )


def test_the_second_half_past_two_stays_the_second(contract: Contract) -> None:
    Business.objects.update(timezone="Europe/Vienna")
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    path = f"{BOOKINGS}/{book(contract.business, second).pk}"
    before = contract.api.get(path).json()
    assert before["booking"]["start_time"] == "02:30:00"
    assert contract.api.patch(path, before["booking"]).json() == before
    assert Booking.objects.filter(starts_at=second).exists()


# --- listing -------------------------------------------------------------------------------------


def test_bookings_are_listed_by_their_start(contract: Contract) -> None:
    made = book(contract.business)
    response = contract.api.get(BOOKINGS)
    assert response.status_code == 200
    items = response.json().pop("items")
    assert response.json() | {"items": []} == {"items": [], "next_cursor": None, "has_more": False}
    assert [each["start_time"] for each in items] == ["08:00:00", "08:00:00", "19:00:00"]
    assert items[2] == shown(made)


def test_bookings_are_found_by_day_status_resource_and_words(quiet: Contract) -> None:
    of = quiet.business
    late = book(of, EVENING + 5 * HOUR - MINUTE, resource_id=quiet.tables[2].pk)
    next_day = book(of, EVENING + 5 * HOUR, resource_id=quiet.tables[3].pk)
    john = GuestDetails("John", "O'Neill", "john@example.org", "+44 20 7946 0000")
    other = book(of, EVENING + timedelta(days=3), guest=john)
    gone = services.cancel(book(of, EVENING + timedelta(days=4)), by=SYSTEM, now=NOW)
    assert listed(quiet) == ids(late, next_day, other, gone)
    assert listed(quiet, date="2026-06-20") == ids(late)
    assert listed(quiet, date_from="2026-06-21") == ids(next_day, other, gone)
    assert listed(quiet, date_to="2026-06-21") == ids(late, next_day)
    assert listed(quiet, date_from="2026-06-21", date_to="2026-06-23") == ids(next_day, other)
    assert listed(quiet, status="cancelled") == ids(gone)
    assert listed(quiet, status="confirmed,cancelled", date_from="2026-06-22") == ids(other, gone)
    assert listed(quiet, resource_id=str(quiet.tables[3].pk)) == ids(next_day)
    assert listed(quiet, customer_id=str(other.guest_id)) == ids(other)
    assert listed(quiet, q="o'neill") == ids(other)
    assert listed(quiet, q="john neill") == ids(other)
    assert listed(quiet, q="7946-0000") == ids(other)
    assert listed(quiet, q=late.reference.lower()) == ids(late)
    assert listed(quiet, q="nobody") == []
    assert listed(quiet, unknown="ignored", q="") == ids(late, next_day, other, gone)


def test_days_are_those_on_the_business_s_wall(quiet: Contract) -> None:
    of = quiet.business
    Business.objects.update(timezone="Asia/Tokyo")
    made = book(of, datetime(2026, 6, 20, 15, tzinfo=UTC))  # midnight there
    assert listed(quiet, date="2026-06-20") == []
    assert listed(quiet, date="2026-06-21") == ids(made)
    booking = quiet.api.get(f"{BOOKINGS}/{made.pk}").json()["booking"]
    assert (booking["booking_date"], booking["start_time"]) == ("2026-06-21", "00:00:00")


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"date": "20.06.2026"}, {"date": "Enter a valid date."}),
        ({"date_from": "0001-01-01"},
         {"date_from": "Ensure this value is greater than or equal to 2000-01-01."}),
        ({"status": "expired"},
         {"status": "Select a valid choice. expired is not one of the available choices."}),
        ({"resource_id": "table"}, {"resource_id": "Enter a valid UUID."}),
        ({"limit": "1000"}, {"limit": "Must be a number from 1 to 100."}),
    ],
)  # fmt: skip
def test_a_filter_that_is_not_valid(
    contract: Contract, query: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.get(BOOKINGS, **query)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


def test_pages_of_bookings_that_start_together(contract: Contract) -> None:
    tables(contract.business, 20, section="Terrace")
    for _ in range(23):
        book(contract.business)
    query: dict[str, Any] = {"limit": 10}
    found: list[str] = []
    while True:
        page = contract.api.get(BOOKINGS, **query).json()
        found += [each["id"] for each in page["items"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert found == listed(contract)
    assert len(set(found)) == 25


@pytest.mark.parametrize("count", [1, 12])
def test_a_list_takes_as_many_queries_whatever_is_in_it(
    contract: Contract, count: int, django_assert_num_queries: Any
) -> None:
    tables(contract.business, count, section="Terrace")
    for number in range(count):
        book(contract.business, guest=GuestDetails("A", "B", phone=f"+4312345{number:02d}"))
    with django_assert_num_queries(2):  # who asks, and the list
        response = contract.api.get(BOOKINGS, date="2026-06-20", q="A")
    assert len(response.json()["items"]) >= count


# --- what becomes of one -------------------------------------------------------------------------


def test_a_booking_runs_its_course(contract: Contract) -> None:
    made = book(contract.business)
    for status in ("checked_in", "completed"):
        response = contract.api.patch(f"{BOOKINGS}/{made.pk}", {"status": status})
        assert (response.status_code, response.json()) == (
            200,
            {"booking": shown(made, status=status)},
        )
    assert not Allocation.objects.filter(booking=made).exists()
    kinds = Event.objects.filter(booking=made).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["booking.created", "booking.checked_in", "booking.completed"]


@pytest.mark.parametrize("status", ["confirmed", "checked_in", "cancelled", "no_show"])
def test_saying_it_again_changes_nothing(contract: Contract, status: str) -> None:
    made = book(contract.business)
    path = f"{BOOKINGS}/{made.pk}"
    first = contract.api.patch(path, {"status": status})
    events = Event.objects.filter(booking=made).count()
    again = contract.api.patch(path, {"status": status})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json() == {"booking": shown(made, status=status)}
    assert Event.objects.filter(booking=made).count() == events


STEPS = {
    "confirmed": [],
    "checked_in": ["checked_in"],
    "completed": ["checked_in", "completed"],
    "cancelled": ["cancelled"],
    "no_show": ["no_show"],
}
ALLOWED = {
    ("confirmed", "checked_in"), ("confirmed", "no_show"), ("confirmed", "cancelled"),
    ("checked_in", "completed"), ("checked_in", "cancelled"),
}  # fmt: skip


@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("wanted", [*STEPS, "pending", "held"])
def test_t50_a_step_that_cannot_follow_is_a_conflict(
    contract: Contract, before: str, wanted: str
) -> None:
    made = book(contract.business)
    path = f"{BOOKINGS}/{made.pk}"
    for status in STEPS[before]:
        contract.api.patch(path, {"status": status})
    response = contract.api.patch(path, {"status": wanted})
    if before == wanted or (before, wanted) in ALLOWED:
        assert (response.status_code, response.json()) == (
            200,
            {"booking": shown(made, status=wanted)},
        )
    else:
        assert (response.status_code, response.json()) == (
            409,
            refused("conflict", f"A booking that is {before} can't become {wanted}."),
        )
        assert contract.api.get(path).json()["booking"]["status"] == before


def test_a_booking_moves_to_another_time_size_and_place(contract: Contract) -> None:
    made = book(contract.business)
    three = contract.tables[2]
    change = {"booking_date": "2026-06-21", "start_time": "20:30", "duration_minutes": 90,
              "capacity": 4, "resource_id": str(three.pk), "customer_notes": "Outside"}  # fmt: skip
    response = contract.api.patch(f"{BOOKINGS}/{made.pk}", change)
    assert (response.status_code, response.json()) == (
        200,
        {
            "booking": shown(
                made,
                **{**change, "start_time": "20:30:00"},
                end_time="22:00:00",
                resource_ids=[str(three.pk)],
            )
        },
    )
    taken = Allocation.objects.get(booking=made)
    assert (taken.resource_id, taken.starts_at) == (
        three.pk,
        datetime(2026, 6, 21, 20, 30, tzinfo=UTC),
    )


def test_one_part_of_the_time_keeps_the_other(contract: Contract) -> None:
    made = book(contract.business)
    path = f"{BOOKINGS}/{made.pk}"
    moved = contract.api.patch(path, {"booking_date": "2026-06-25"}).json()["booking"]
    assert moved == shown(made, booking_date="2026-06-25")
    moved = contract.api.patch(path, {"start_time": "18:15"}).json()["booking"]
    assert moved == shown(
        made, booking_date="2026-06-25", start_time="18:15:00", end_time="19:15:00"
    )


def test_a_booking_does_not_move_to_where_there_is_no_room(contract: Contract) -> None:
    made = book(contract.business, resource_id=contract.tables[0].pk)
    book(contract.business, resource_id=contract.tables[1].pk)
    path = f"{BOOKINGS}/{made.pk}"
    for change in ({"resource_id": str(contract.tables[1].pk)}, {"capacity": 5}):
        response = contract.api.patch(path, change)
        assert (response.status_code, response.json()) == (409, NONE_FREE)
        assert contract.api.get(path).json() == {"booking": shown(made)}
    response = contract.api.patch(path, {"booking_date": "2026-06-18"})
    assert response.status_code == 422


def test_all_that_is_asked_happens_or_nothing_does(contract: Contract) -> None:
    made = book(contract.business)
    path = f"{BOOKINGS}/{made.pk}"
    change = {"start_time": "20:00", "customer_notes": "Late", "status": "completed"}
    response = contract.api.patch(path, change)
    assert (response.status_code, response.json()) == (
        409,
        refused("conflict", "A booking that is confirmed can't become completed."),
    )
    assert contract.api.get(path).json() == {"booking": shown(made)}
    response = contract.api.patch(path, change | {"status": "checked_in"})
    assert response.json() == {
        "booking": shown(
            made,
            start_time="20:00:00",
            end_time="21:00:00",
            customer_notes="Late",
            status="checked_in",
        )
    }


def test_a_party_that_is_here_may_stay_longer(contract: Contract) -> None:
    made = book(contract.business)
    path = f"{BOOKINGS}/{made.pk}"
    contract.api.now = EVENING + 30 * MINUTE
    assert contract.api.patch(path, {"status": "checked_in"}).status_code == 200
    response = contract.api.patch(path, {"duration_minutes": 120})
    assert response.json() == {
        "booking": shown(made, end_time="21:00:00", duration_minutes=120, status="checked_in")
    }


def test_sending_back_what_was_shown_changes_nothing(contract: Contract) -> None:
    made = book(contract.business)
    path = f"{BOOKINGS}/{made.pk}"
    services.cancel(made, by=SYSTEM, now=NOW)
    before = contract.api.get(path).json()
    events = Event.objects.count()
    response = contract.api.patch(path, before["booking"])
    assert (response.status_code, response.json()) == (200, before)
    assert Event.objects.count() == events


@pytest.mark.parametrize("is_swept", [False, True], ids=["by the clock", "with Celery"])
def test_what_lapsed_reads_as_cancelled_and_may_be_cancelled(
    contract: Contract, is_swept: bool
) -> None:
    held = services.hold(
        wish(contract.business), by=SYSTEM, source="availengine", guest=MARIA, now=NOW
    )
    path = f"{BOOKINGS}/{held.pk}"
    assert contract.api.get(path).json() == {"booking": shown(held, status="held")}
    contract.api.now = NOW + 20 * MINUTE
    if is_swept:
        services.expire_holds(now=contract.api.now)
    expected = {"booking": shown(held, status="cancelled")}
    assert contract.api.get(path).json() == expected
    assert listed(contract, status="cancelled") == ids(held)
    assert listed(contract, status="held,pending") == []
    response = contract.api.patch(path, {"status": "cancelled"})
    assert (response.status_code, response.json()) == (200, expected)


def test_a_booking_that_waits_for_its_deposit_is_confirmed_by_nobody_else(
    contract: Contract,
) -> None:
    terms = services.DepositTerms(1000, "EUR", "charge", "sandbox", "pi_1", "secret")
    made = services.book(
        wish(contract.business), guest=MARIA, by=SYSTEM, source="availengine", deposit=terms,
        now=NOW,
    )  # fmt: skip
    path = f"{BOOKINGS}/{made.pk}"
    response = contract.api.patch(path, {"status": "confirmed"})
    assert (response.status_code, response.json()) == (
        409,
        refused(
            "conflict",
            "A booking that is pending can't become confirmed before its deposit is paid.",
        ),
    )
    assert contract.api.patch(path, {"status": "pending"}).json() == {
        "booking": shown(made, status="pending")
    }
    services.deposit_paid(Deposit.objects.get(), now=NOW)
    assert contract.api.get(path).json() == {"booking": shown(made)}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"status": "expired"}, {"status": '"expired" is not a valid choice.'}),
        ({"status": None}, {"status": "This field may not be null."}),
        ({"start_time": "25:00"}, {"start_time": "A time is HH:MM, 24-hour."}),
        ({"capacity": 51}, {"capacity": "Ensure this value is less than or equal to 50."}),
        ({"duration_minutes": "an hour"}, {"duration_minutes": "A valid integer is required."}),
    ],
)
def test_a_change_that_is_not_valid(
    contract: Contract, change: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.patch(f"{BOOKINGS}/{book(contract.business).pk}", change)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


def test_the_same_key_changes_once(contract: Contract) -> None:
    made = book(contract.business)
    path, sent = f"{BOOKINGS}/{made.pk}", {"Idempotency-Key": "one"}
    first = contract.api.patch(path, {"start_time": "20:00"}, **sent)
    contract.api.patch(path, {"start_time": "21:00"})
    again = contract.api.patch(path, {"start_time": "20:00"}, **sent)
    assert (again.status_code, again.json()) == (200, first.json())
    assert contract.api.get(path).json()["booking"]["start_time"] == "21:00:00"


# --- who may -------------------------------------------------------------------------------------


def test_another_business_sees_and_changes_nothing(contract: Contract) -> None:
    made = book(contract.business)
    path, other = f"{BOOKINGS}/{made.pk}", stranger(contract)
    for response in (
        other.get(path),
        other.patch(path, {"status": "cancelled"}),
        other.get(f"{BOOKINGS}/not-an-id"),
    ):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert other.get(BOOKINGS).json()["items"] == []
    theirs = resource(business("Third"), "Table")
    response = contract.api.patch(path, {"resource_id": str(theirs.pk)})
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_staff_work_the_book(contract: Contract) -> None:
    staff = person(contract, "staff")
    made = staff.post(BOOKINGS, DINNER)
    assert made.status_code == 201
    path = f"{BOOKINGS}/{made.json()['booking']['id']}"
    assert staff.patch(path, {"status": "checked_in"}).status_code == 200
    assert staff.get(BOOKINGS).status_code == staff.get(path).status_code == 200
    booking = Booking.objects.get(starts_at=EVENING)
    event = Event.objects.filter(booking=booking).order_by("id").first()
    assert (booking.channel, event.actor.partition(":")[0]) == (None, "user")  # type: ignore[union-attr]
    reader = contract.caller(key(contract.business, "read"))
    assert reader.get(path).status_code == 200
    response = reader.patch(path, {"status": "completed"})
    assert (response.status_code, response.json()) == (
        403,
        refused("missing_scope", "This key lacks the scope “write”."),
    )


# --- figures -------------------------------------------------------------------------------------

SUMMARY = "/v1/manage/analytics/summary"


def stretch(first: str, last: str) -> dict[str, Any]:
    return {"from": first, "to": last}  # the one is a keyword of Python


def test_the_figures_of_some_days(quiet: Contract) -> None:
    of = quiet.business
    Resource.objects.exclude(name__in=["Table 1", "Table 2"]).delete()
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(of), weekday=weekday, opens=time(18), closes=time(0)
        )
    quiet.api.post(
        "/v1/manage/blackout-dates", {"start_date": "2026-06-22", "end_date": "2026-06-30"}
    )
    day = timedelta(days=1)
    came = book(of, EVENING, party_size=4)
    services.complete(services.check_in(came, by=SYSTEM, now=NOW), by=SYSTEM, now=NOW)
    services.mark_no_show(book(of, EVENING + HOUR), by=SYSTEM, now=NOW)
    services.cancel(book(of, EVENING + 2 * HOUR), by=SYSTEM, now=NOW)
    book(of, EVENING + day, party_size=3, duration=2 * HOUR)
    book(of, EVENING + 3 * day)  # after the last day
    services.hold(wish(of), by=SYSTEM, source="test", now=NOW)
    services.expire_holds(now=NOW + HOUR)
    response = quiet.api.get(SUMMARY, **stretch("2026-06-20", "2026-06-22"))
    assert (response.status_code, response.json()) == (
        200,
        {
            "from": "2026-06-20",
            "to": "2026-06-22",
            "total": 5,
            "by_status": {
                "held": 0,
                "pending": 0,
                "confirmed": 1,
                "checked_in": 0,
                "completed": 1,
                "cancelled": 2,
                "no_show": 1,
            },
            "guests": 7,
            "no_show_rate": 0.5,
            "utilisation": 0.125,  # 3 of 2 tables x 2 open days x 6 hours
        },
    )


def test_a_pool_is_used_by_unit_and_an_empty_stretch_has_no_rate(quiet: Contract) -> None:
    of = quiet.business
    Resource.objects.all().delete()
    empty = quiet.api.get(SUMMARY, **stretch("2026-06-20", "2026-06-20")).json()
    assert (empty["total"], empty["no_show_rate"], empty["utilisation"]) == (0, None, None)
    resource(of, "Bikes", kind="spot", units=12)
    book(of, party_size=3, duration=24 * HOUR)
    found = quiet.api.get(SUMMARY, **stretch("2026-06-20", "2026-06-20")).json()
    assert found["utilisation"] == 0.25  # 3 of 12, all day


@pytest.mark.parametrize("count", [1, 6])
def test_figures_take_as_many_queries_whatever_is_counted(
    contract: Contract, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        book(contract.business, EVENING + number * HOUR)
    with django_assert_num_queries(6):  # who asks, and five for the figures
        contract.api.get(SUMMARY, **stretch("2026-06-01", "2026-06-30"))


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({}, {"from": "This field is required.", "to": "This field is required."}),
        ({"from": "2026-06-20", "to": "2026-06-19"},
         {"to": "Must be from the day of `from` to a year later."}),
        ({"from": "2026-06-20", "to": "2028-06-19"},
         {"to": "Must be from the day of `from` to a year later."}),
        ({"from": "June", "to": "2028-06-19"}, {"from": "A date is YYYY-MM-DD."}),
    ],
)  # fmt: skip
def test_a_stretch_that_is_not_valid(
    contract: Contract, query: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.get(SUMMARY, **query)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


def test_figures_are_for_managers(contract: Contract) -> None:
    days = stretch("2026-06-20", "2026-06-20")
    assert person(contract, "staff").get(SUMMARY, **days).status_code == 403
    assert person(contract, "manager").get(SUMMARY, **days).status_code == 200
