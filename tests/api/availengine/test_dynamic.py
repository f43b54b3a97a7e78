"""Dynamic booking, as its contract says (T01-T31, T39-T40, T57-T58)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from accounts import tokens
from accounts.models import Business
from billing.models import Subscription
from bookings import services
from bookings.models import Booking, Guest
from bookings.wishes import SYSTEM
from tests.api.availengine.conftest import Contract, example
from tests.builders import NOW, business, key, resource, tables, user

MORNING = {"booking_date": "2026-06-20", "start_time": "08:15"}
NONE_FREE = {"available": False, "remaining_resources": 0, "free_resources": []}
TAKEN = example("dynamic_booking_conflict")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def errors(response: Any) -> dict[str, str]:
    """What was wrong with which field."""
    return {each["field"]: each["message"] for each in response.json()["error"]["errors"]}


def test_t01_the_documented_example(contract: Contract) -> None:
    response = contract.available(**MORNING, duration_minutes=45, capacity=2)
    assert (response.status_code, response.json()) == (200, example("dynamic_availability_reply"))


def test_the_headers_alone_may_be_asked_for(contract: Contract) -> None:
    path = f"/v1/dynamic/availability/{contract.business.pk}"
    bearer: Any = {"HTTP_AUTHORIZATION": f"Bearer {contract.api.credential}", "openbook.now": NOW}
    response = contract.api.client.head(path, MORNING, **bearer)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["X-RateLimit-Limit"]
    refused = contract.api.client.head("/v1/dynamic/bookings", **bearer)
    assert refused.status_code == 405


def test_t02_an_hour_for_one_unless_said(contract: Contract) -> None:
    assert contract.available(**MORNING).json() == example("dynamic_availability_reply")
    assert (
        contract.available(**MORNING).json()
        == contract.available(**MORNING, duration_minutes=60, capacity=1).json()
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("duration_minutes", "4"), ("duration_minutes", "481"), ("capacity", "51"), ("capacity", "0"),
     ("capacity", "two"), ("duration_minutes", "45.5"), ("capacity", "-1"), ("capacity", "²")],
)  # fmt: skip
def test_t03_out_of_range(contract: Contract, name: str, value: str) -> None:
    response = contract.available(**MORNING, **{name: value})
    least, most = (5, 480) if name == "duration_minutes" else (1, 50)
    message = f"Must be a number from {least} to {most}."
    assert response.status_code == 422
    assert response.json() == {
        "error": {
            "code": "validation_error",
            "message": "The request is not valid.",
            "errors": [{"field": name, "message": message}],
        },
        "detail": "The request is not valid.",
    }


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"duration_minutes": 5}, example("dynamic_availability_reply")),
        ({"duration_minutes": 480}, example("dynamic_availability_reply")),
        ({"capacity": 50}, NONE_FREE),
    ],
)
def test_t04_at_the_edges_of_the_range(
    contract: Contract, query: dict[str, int], body: object
) -> None:
    response = contract.available(**MORNING, **query)
    assert (response.status_code, response.json()) == (200, body)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"start_time": "08:15"}, {"booking_date": "This field is required."}),
        ({"booking_date": "2026-06-20"}, {"start_time": "This field is required."}),
        (MORNING | {"start_time": "8:15pm"}, {"start_time": "A time is HH:MM, 24-hour."}),
        (MORNING | {"start_time": "25:00"}, {"start_time": "A time is HH:MM, 24-hour."}),
        (MORNING | {"start_time": "08:15:00"}, {"start_time": "A time is HH:MM, 24-hour."}),
        (MORNING | {"booking_date": "20.06.2026"}, {"booking_date": "A date is YYYY-MM-DD."}),
        (MORNING | {"booking_date": "2026-02-30"}, {"booking_date": "There is no such date."}),
        ({}, {"booking_date": "This field is required.", "start_time": "This field is required."}),
    ],
)
def test_t05_unreadable_times(
    contract: Contract, query: dict[str, str], wrong: dict[str, str]
) -> None:
    response = contract.available(**query)
    assert (response.status_code, errors(response)) == (422, wrong)


def test_t06_everything_taken(contract: Contract) -> None:
    for _ in range(3):
        assert contract.create().status_code == 201
    response = contract.available(**MORNING)
    assert (response.status_code, response.json()) == (200, NONE_FREE)


def test_t07_no_table_is_large_enough(contract: Contract) -> None:
    assert contract.available(**MORNING, capacity=5).json() == NONE_FREE


@pytest.mark.parametrize(
    "credential", ["", "avail_live_unknown", "avail_test_invalid", "not.a.token", "Bearer"]
)
def test_t08_without_a_credential_of_ours(contract: Contract, credential: str) -> None:
    response = contract.caller(credential).get(
        f"/v1/dynamic/availability/{contract.business.pk}", **MORNING
    )
    assert (response.status_code, response.json()["error"]) == (
        401,
        {"code": "invalid_token", "message": "Could not validate credentials"},
    )


def test_t09_the_owner_with_a_token(contract: Contract) -> None:
    owner = user(of=contract.business)
    response = contract.caller(tokens.issue(owner, now=NOW)).get(
        f"/v1/dynamic/availability/{contract.business.pk}", **MORNING
    )
    assert (response.status_code, response.json()) == (200, example("dynamic_availability_reply"))


def test_t10_a_booking_with_exactly_the_documented_keys(contract: Contract) -> None:
    response = contract.create()
    booking = response.json()["booking"]
    assert response.status_code == 201
    assert UUID.fullmatch(booking["id"])
    assert re.fullmatch(r"[A-Z0-9]{8}", booking["confirmation_code"])
    assert booking["resource_id"] in {str(each.pk) for each in contract.tables}
    decided = {name: booking[name] for name in ("id", "resource_id", "confirmation_code")}
    expected = example("dynamic_booking_reply")
    assert response.json() == {"booking": expected["booking"] | decided}
    assert list(booking) == list(expected["booking"])


def test_t11_an_hour_unless_said(contract: Contract) -> None:
    booking = contract.create("duration_minutes").json()["booking"]
    assert (booking["end_time"], booking["duration_minutes"]) == ("09:15:00", 60)


def test_t12_the_party_must_be_said(contract: Contract) -> None:
    response = contract.create("capacity")
    assert (response.status_code, errors(response)) == (
        422,
        {"capacity": "This field is required."},
    )


def test_t13_to_t15_each_on_a_table_of_its_own_until_none_is_left(contract: Contract) -> None:
    responses = [contract.create() for _ in range(4)]
    assert [each.status_code for each in responses] == [201, 201, 201, 409]
    taken = {each.json()["booking"]["resource_id"] for each in responses[:3]}
    assert taken == {str(contract.tables[n].pk) for n in (0, 2, 4)}
    assert responses[3].json() == TAKEN
    assert contract.available(**MORNING).json() == NONE_FREE


def test_t16_a_table_is_free_the_minute_the_last_party_leaves(contract: Contract) -> None:
    for _ in range(3):
        contract.create(start_time="08:00", duration_minutes=240)
    response = contract.create(start_time="09:30")
    assert response.status_code == 201
    assert contract.create(start_time="09:29").status_code == 409


@pytest.mark.parametrize("plan", ["growth", "starter", "free", "trial"])
@pytest.mark.parametrize("mode", list(Business.Mode))
def test_t20_t21_only_the_scale_plan_whatever_the_mode(
    contract: Contract, plan: str, mode: str
) -> None:
    Subscription.objects.filter(business=contract.business).update(plan=plan)
    Business.objects.filter(pk=contract.business.pk).update(booking_mode=mode)
    message = "Dynamic booking requires the Scale plan."
    for response in (contract.available(**MORNING), contract.create()):
        assert response.status_code == 402
        assert response.json() == {
            "error": {"code": "payment_required", "message": message},
            "detail": message,
        }


def test_t22_while_the_mode_is_scheduled(contract: Contract) -> None:
    Business.objects.update(booking_mode=Business.Mode.SCHEDULED)
    message = "Dynamic booking is not enabled for this business."
    for response in (contract.available(**MORNING), contract.create()):
        assert response.status_code == 400
        assert response.json() == {
            "error": {"code": "dynamic_mode_disabled", "message": message},
            "detail": message,
        }


def test_t26_a_key_that_may_only_read(contract: Contract) -> None:
    contract.api.credential = key(contract.business, "read")
    response = contract.create()
    assert (response.status_code, response.json()["error"]["code"]) == (403, "missing_scope")
    assert contract.available(**MORNING).status_code == 200


def test_t27_another_business(contract: Contract) -> None:
    other = business("Other")
    tables(other, 1)
    responses = [
        contract.create(business_id=str(other.pk)),
        contract.api.get(f"/v1/dynamic/availability/{other.pk}", **MORNING),
        contract.api.get("/v1/dynamic/availability/nonexistent", **MORNING),
    ]
    assert [(each.status_code, each.json()["error"]["code"]) for each in responses] == [
        (404, "not_found")
    ] * 3
    assert not Booking.objects.filter(business=other).exists()


def test_t28_too_often(contract: Contract) -> None:
    contract.api.credential = key(contract.business, rpm=2)
    responses = [contract.available(**MORNING) for _ in range(3)]
    assert [each.status_code for each in responses] == [200, 200, 429]
    assert [each["X-RateLimit-Remaining"] for each in responses] == ["1", "0", "0"]
    assert responses[2].json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(responses[2]["Retry-After"]) <= 61


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_name", ""),
        ("first_name", "x" * 101),
        ("last_name", "x" * 101),
        ("phone", "123456"),
        ("phone", "1" * 21),
        ("customer_notes", "x" * 1001),
        ("email", "maria"),
        ("capacity", 0),
        ("capacity", 51),
        ("capacity", "two"),
        ("duration_minutes", 4),
        ("duration_minutes", 481),
        ("booking_date", "2026-13-01"),
        ("start_time", "24:00"),
        ("business_id", "B"),
        ("first_name", None),
        ("first_name", {"a": 1}),
        ("first_name", "a\u0000b"),
    ],
)
def test_t29_a_field_out_of_range_books_nothing(
    contract: Contract, name: str, value: object
) -> None:
    response = contract.create(**{name: value})
    assert (response.status_code, list(errors(response))) == (422, [name])
    assert Booking.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone", "1234567"),
        ("phone", "1" * 20),
        ("customer_notes", "x" * 1000),
        ("first_name", "x" * 100),
        ("last_name", "x" * 100),
    ],
)
def test_t30_a_field_at_the_edge_of_its_range(contract: Contract, name: str, value: str) -> None:
    assert contract.create(**{name: value}).status_code == 201


def test_t31_there_are_no_opening_hours(contract: Contract) -> None:
    sunday = {"booking_date": "2026-06-21", "start_time": "03:00"}
    assert contract.create(**sunday).status_code == 201


def test_t39_the_same_key_and_body_is_the_same_booking(contract: Contract) -> None:
    first, second = (contract.create(headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert (first.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")
    assert Booking.objects.count() == 3


def test_t40_the_same_key_for_another_body(contract: Contract) -> None:
    contract.create(headers={"Idempotency-Key": "k"})
    response = contract.create(headers={"Idempotency-Key": "k"}, capacity=3)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "idempotency_mismatch")
    assert Booking.objects.count() == 3


def test_a_keyed_no_is_asked_again(contract: Contract) -> None:
    others = [contract.create().json()["booking"]["id"] for _ in range(3)]
    refused = contract.create(headers={"Idempotency-Key": "k"})
    services.cancel(Booking.objects.get(pk=others[0]), by=SYSTEM, now=NOW)
    accepted = contract.create(headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json(), accepted.status_code) == (409, TAKEN, 201)


def test_t41_the_same_phone_is_the_same_customer_under_their_latest_name(
    contract: Contract,
) -> None:
    contract.create(phone="+1 (234) 567-890", first_name="Mary", email="mary@example.com")
    guest = Guest.objects.get()
    assert (guest.first_name, guest.email, guest.bookings.count()) == (
        "Mary",
        "mary@example.com",
        3,
    )


def test_t57_over_midnight(contract: Contract) -> None:
    responses = [
        contract.create(start_time="23:30", duration_minutes=60, capacity=4) for _ in range(5)
    ]
    assert {each.json()["booking"]["end_time"] for each in responses} == {"00:30:00"}
    after = {"booking_date": "2026-06-21", "duration_minutes": 15}
    assert contract.available(**after, start_time="00:15").json() == NONE_FREE
    assert contract.available(**after, start_time="00:30").json()["remaining_resources"] == 5


def test_t58_with_and_without_a_slash(contract: Contract) -> None:
    path = f"/v1/dynamic/availability/{contract.business.pk}"
    body = example("dynamic_booking_request") | {"business_id": str(contract.business.pk)}
    assert contract.api.get(f"{path}/", **MORNING).content == contract.available(**MORNING).content
    assert contract.api.post("/v1/dynamic/bookings/", body).status_code == 201


def test_a_start_in_the_past(contract: Contract) -> None:
    gone = {"booking_date": "2026-06-19", "start_time": "11:54"}
    assert contract.available(**gone).json() == NONE_FREE
    response = contract.create(**gone)
    assert (response.status_code, errors(response)) == (
        422,
        {"start_time": "This time is in the past."},
    )
    assert contract.create(**gone | {"start_time": "11:56"}).status_code == 201  # "right now"


def test_a_year_ahead_and_no_further(contract: Contract) -> None:
    assert contract.create(booking_date="2027-06-19").status_code == 201
    response = contract.create(booking_date="2027-06-20")
    assert (response.status_code, errors(response)) == (
        422,
        {"booking_date": "At most 365 days ahead."},
    )
    assert contract.available(booking_date="9999-12-31", start_time="23:59").json() == NONE_FREE
    assert contract.available(booking_date="0001-01-01", start_time="00:00").json() == NONE_FREE


def test_the_smallest_table_that_is_enough(contract: Contract) -> None:
    two = resource(contract.business, "Nook", covers_max=2, display_order=9)
    booking = contract.create().json()["booking"]
    assert booking["resource_id"] == str(two.pk)


def test_a_minimum_is_kept_unless_the_business_relaxes_it(contract: Contract) -> None:
    contract.business.resources.update(covers_min=2)
    assert contract.available(**MORNING, capacity=1).json() == NONE_FREE
    assert contract.create(capacity=1).json() == TAKEN
    Business.objects.update(relax_minimum_covers=True)
    assert contract.available(**MORNING, capacity=1).json()["remaining_resources"] == 3
    assert contract.create(capacity=1).status_code == 201


def test_names_come_in_the_order_people_count(contract: Contract) -> None:
    resource(contract.business, "Table 10", covers_max=4)
    resource(contract.business, "Bar", covers_max=4, display_order=-1)
    names = contract.available(**MORNING).json()["free_resources"]
    assert names == ["Bar", "Table 1", "Table 3", "Table 5", "Table 10"]


def test_a_clock_that_skips_and_repeats(contract: Contract) -> None:
    Business.objects.update(timezone="Europe/Paris")
    spring = contract.create(booking_date="2027-03-28", start_time="02:30").json()["booking"]
    assert (spring["start_time"], spring["end_time"]) == ("03:30:00", "04:15:00")
    autumn = contract.create(booking_date="2026-10-25", start_time="02:30").json()["booking"]
    first = Booking.objects.get(pk=autumn["id"]).starts_at
    assert (autumn["start_time"], first.isoformat()) == ("02:30:00", "2026-10-25T00:30:00+00:00")


def test_broken_json_is_a_bad_request(contract: Contract) -> None:
    response = contract.api.client.generic(
        "POST",
        "/v1/dynamic/bookings",
        b"{",
        "application/json",
        HTTP_AUTHORIZATION=f"Bearer {contract.api.credential}",
    )
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


def test_a_method_that_is_not_there(contract: Contract) -> None:
    response = contract.api.send("DELETE", "/v1/dynamic/bookings")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")


# --- ours ----------------------------------------------------------------------------------------


def test_that_table_and_no_other(contract: Contract) -> None:
    table = str(contract.tables[4].pk)
    assert contract.create(resource_id=table).json()["booking"]["resource_id"] == table
    assert contract.create(resource_id=table).json() == TAKEN
    other = str(tables(business("Other"), 1)[0].pk)
    assert contract.create(resource_id=other).status_code == 404


def test_the_free_tables_with_what_a_floor_plan_needs(contract: Contract) -> None:
    body = contract.available(**MORNING, expand="resources").json()
    assert body == example("dynamic_availability_reply") | {
        "resources": [
            {
                "id": str(contract.tables[n].pk),
                "name": f"Table {n + 1}",
                "section": "Main floor",
                "capacity_min": 1,
                "capacity_max": 4,
            }
            for n in (0, 2, 4)
        ]
    }


def test_the_next_free_times(contract: Contract) -> None:
    for _ in range(3):
        contract.create(start_time="08:00", duration_minutes=120)
    path = f"/v1/dynamic/next/{contract.business.pk}"
    assert contract.api.get(path, **MORNING, capacity=2).json() == {
        "times": [
            {"booking_date": "2026-06-20", "start_time": "09:30", "remaining_resources": 2},
            {"booking_date": "2026-06-20", "start_time": "10:00", "remaining_resources": 5},
        ]
    }
    for at in ("09:30", "10:00"):
        assert contract.create(start_time=at).status_code == 201  # what is offered can be booked


def test_a_hold_is_confirmed_into_a_booking(contract: Contract) -> None:
    body = {
        "business_id": str(contract.business.pk),
        "booking_date": "2026-06-20",
        "start_time": "08:15",
        "capacity": 2,
    }
    held = contract.api.post("/v1/holds", body)
    hold = held.json()["hold"]
    assert (held.status_code, hold) == (
        201,
        {
            "id": hold["id"],
            "status": "held",
            "booking_date": "2026-06-20",
            "start_time": "08:15:00",
            "end_time": "09:15:00",
            "duration_minutes": 60,
            "capacity": 2,
            "resource_id": hold["resource_id"],
            "expires_at": "2026-06-19T12:20:00Z",
        },
    )
    assert contract.available(**MORNING).json()["remaining_resources"] == 2
    customer = {"first_name": "Maria", "last_name": "G", "email": "m@e.com", "phone": "1234567"}
    for _ in range(2):  # a retry is not a second wish
        confirmed = contract.api.post(f"/v1/holds/{hold['id']}/confirm", customer)
        booking = confirmed.json()["booking"]
        assert (confirmed.status_code, booking["id"], booking["status"]) == (
            200,
            hold["id"],
            "confirmed",
        )
    assert Booking.objects.get(pk=hold["id"]).guest == Guest.objects.get(phone_key="1234567")


def test_a_hold_that_lapsed_frees_its_table_and_cannot_be_confirmed(contract: Contract) -> None:
    body = {"business_id": str(contract.business.pk), **MORNING, "capacity": 2, "hold_minutes": 5}
    hold = contract.api.post("/v1/holds", body).json()["hold"]
    contract.api.now = NOW + timedelta(minutes=5)
    assert contract.available(**MORNING).json()["remaining_resources"] == 3
    customer = {"first_name": "Maria", "last_name": "G", "email": "m@e.com", "phone": "1234567"}
    response = contract.api.post(f"/v1/holds/{hold['id']}/confirm", customer)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "hold_expired")


def test_a_hold_is_released(contract: Contract) -> None:
    body = {"business_id": str(contract.business.pk), **MORNING, "capacity": 2}
    hold = contract.api.post("/v1/holds", body).json()["hold"]
    for _ in range(2):
        released = contract.api.post(f"/v1/holds/{hold['id']}/release")
        assert (released.status_code, released.json()["hold"]["status"]) == (200, "cancelled")
    assert contract.available(**MORNING).json()["remaining_resources"] == 3
    booked = contract.create().json()["booking"]["id"]
    assert contract.api.post(f"/v1/holds/{booked}/release").status_code == 409
    other = Contract(business("Other"), [], contract.caller(""))
    other.api.credential = key(other.business)
    assert other.api.post(f"/v1/holds/{hold['id']}/release").status_code == 404
