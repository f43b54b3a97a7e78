"""The business, its settings, plan, hours and closures over the wire (T23, T25, T42-T44, T54)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import Business, Membership
from availability.models import Closure, OpeningHours
from billing.models import Account, Plan, Subscription
from tests.api.availengine.conftest import Caller, Contract, example
from tests.api.availengine.words import NOT_FOUND, invalid, person, refused, stranger
from tests.builders import NOW, business, key, location, service, tables, user

SETTINGS = "/v1/manage/settings"
HOURS = "/v1/manage/hours"
BLACKOUTS = "/v1/manage/blackout-dates"
MORNING = {"booking_date": "2026-06-20", "start_time": "08:15"}
MONDAY = {"day_of_week": 1, "is_open": True, "open_time": "09:00", "close_time": "17:00"}
PARTY = {"start_date": "2026-12-24", "end_date": "2026-12-26", "reason": "Christmas"}


def anybody(contract: Contract) -> Caller:
    return contract.caller("")


# --- what it is called ---------------------------------------------------------------------------


def test_t54_a_restaurant_is_a_business(contract: Contract) -> None:
    of = contract.business
    expected = {"id": str(of.pk), "name": "Contract", "slug": of.slug}
    for path in ("/v1/manage/business", "/v1/manage/restaurant"):
        response = contract.api.get(path)
        assert (response.status_code, response.json()) == (200, expected)


def test_a_business_may_be_called_something_else(contract: Contract) -> None:
    change = {"name": "New", "slug": "new-name", "business_type": "bistro"}
    response = contract.api.patch("/v1/manage/business", change)
    assert (response.status_code, response.json()) == (
        200,
        {"id": str(contract.business.pk), "name": "New", "slug": "new-name"},
    )
    contract.business.refresh_from_db()
    assert contract.business.business_type == "bistro"


def test_a_slug_belongs_to_one_business(contract: Contract) -> None:
    other = business("Other")
    response = contract.api.patch("/v1/manage/business", {"slug": other.slug})
    assert (response.status_code, response.json()) == (
        409,
        refused("conflict", f"The slug “{other.slug}” is taken."),
    )
    response = contract.api.patch("/v1/manage/business", {"slug": "not a slug", "name": "N"})
    assert response.status_code == 422
    assert [each["field"] for each in response.json()["error"]["errors"]] == ["name", "slug"]


def test_somebody_of_two_businesses_says_which(contract: Contract) -> None:
    other, third = business("Other"), business("Third")
    someone = user(of=contract.business)
    Membership.objects.create(user=someone, business=other, role="staff")
    credential = tokens.issue(someone, now=NOW)
    path = "/v1/manage/business"
    response = contract.caller(credential).get(path)
    assert (response.status_code, response.json()) == (
        400,
        refused("bad_request", "Say which business in the header X-Business-Id."),
    )
    for of in (contract.business, other):
        there = contract.caller(credential, **{"X-Business-Id": str(of.pk)})
        assert there.get(path).json() == {"id": str(of.pk), "name": of.name, "slug": of.slug}
    assert there.patch(path, {"name": "Mine"}).status_code == 403  # staff there, owner here
    elsewhere = contract.caller(credential, **{"X-Business-Id": str(third.pk)}).get(path)
    assert (elsewhere.status_code, elsewhere.json()) == (404, NOT_FOUND)


# --- settings ------------------------------------------------------------------------------------


def test_the_settings_are_shown_whole(contract: Contract) -> None:
    response = contract.api.get(SETTINGS)
    assert (response.status_code, response.json()) == (200, example("settings_reply"))


def test_t23_dynamic_booking_is_switched_on_and_off(contract: Contract) -> None:
    assert contract.api.patch(SETTINGS, {"booking_mode": "scheduled"}).status_code == 200
    assert contract.available(**MORNING).status_code == 400
    response = contract.api.patch(SETTINGS, {"booking_mode": "dynamic"})
    assert (response.status_code, response.json()) == (200, example("settings_reply"))
    assert contract.available(**MORNING).status_code == 200


def test_t25_there_are_two_booking_modes(contract: Contract) -> None:
    response = contract.api.patch(SETTINGS, {"booking_mode": "instant"})
    assert (response.status_code, response.json()) == (
        422,
        invalid(booking_mode='"instant" is not a valid choice.'),
    )


def test_every_setting_can_be_changed(contract: Contract) -> None:
    change = {
        "booking_mode": "scheduled",
        "slot_interval_minutes": 15,
        "buffer_minutes": 10,
        "timezone": "Europe/Vienna",
        "default_duration_minutes": 90,
        "deposit_enabled": True,
        "deposit_type": "authorization_hold",
        "deposit_amount_cents": 1500,
        "currency": "CHF",
        "cancellation_window_hours": 48,
        "deposit_expiry_minutes": 20,
        "min_notice_minutes": 120,
        "max_advance_days": 90,
        "dynamic_respects_blackouts": True,
        "hold_minutes": 5,
        "relax_minimum_covers": True,
    }
    response = contract.api.patch(SETTINGS, change | {"unknown": "ignored"})
    assert (response.status_code, response.json()) == (200, change)
    assert contract.api.get(SETTINGS).json() == change


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slot_interval_minutes", 4), ("slot_interval_minutes", 1441), ("buffer_minutes", -1),
        ("timezone", "Mars/Olympus"), ("timezone", "../etc/passwd"), ("timezone", ""),
        ("default_duration_minutes", 481), ("deposit_type", "cash"), ("deposit_amount_cents", -1),
        ("deposit_amount_cents", 10**12), ("currency", "euro"), ("currency", "eur"),
        ("deposit_enabled", "perhaps"), ("deposit_enabled", None), ("hold_minutes", 0),
        ("max_advance_days", 10**6), ("booking_mode", None), ("booking_mode", ["dynamic"]),
    ],
)  # fmt: skip
def test_a_setting_that_is_not_valid(contract: Contract, name: str, value: Any) -> None:
    response = contract.api.patch(SETTINGS, {name: value, "buffer_minutes": 15} | {name: value})
    assert response.status_code == 422
    assert [each["field"] for each in response.json()["error"]["errors"]] == [name]
    assert contract.api.get(SETTINGS).json() == example("settings_reply")


def test_staff_see_the_settings_and_a_manager_changes_them(contract: Contract) -> None:
    staff = person(contract, "staff")
    assert staff.get(SETTINGS).json() == example("settings_reply")
    response = staff.patch(SETTINGS, {"buffer_minutes": 5})
    assert (response.status_code, response.json()) == (
        403,
        refused("insufficient_permissions", "This needs the role “manager”."),
    )
    assert person(contract, "manager").patch(SETTINGS, {"buffer_minutes": 5}).status_code == 200


# --- the plan ------------------------------------------------------------------------------------


def test_a_business_on_trial(client: Client, db: None) -> None:
    of = business("Trial")
    tables(of, 2)
    Subscription.objects.update(
        plan=Plan.objects.get(key="trial"),
        status="trial",
        trial_ends_at=datetime(2026, 6, 7, 12, tzinfo=UTC),
    )
    api = Caller(client, key(of), now=datetime(2026, 5, 8, 12, tzinfo=UTC))
    response = api.get("/v1/manage/subscription")
    assert (response.status_code, response.json()) == (
        200,
        example("subscription_reply") | {"trial_days_remaining": 30},
    )
    api.now = datetime(2026, 5, 8, 20, tzinfo=UTC)
    assert api.get("/v1/manage/subscription").json() == example("subscription_reply")
    api.now = datetime(2026, 7, 1, tzinfo=UTC)
    assert api.get("/v1/manage/subscription").json()["trial_days_remaining"] == 0


def test_a_business_that_pays_and_takes_deposits(contract: Contract) -> None:
    Account.objects.create(
        business=contract.business,
        gateway="sandbox",
        reference="acct_1",
        details_submitted=True,
        payouts_enabled=True,
    )
    response = contract.api.get("/v1/manage/subscription")
    assert (response.status_code, response.json()) == (
        200,
        {
            "subscription_status": "active",
            "subscription_plan_id": "scale",
            "trial_ends_at": None,
            "trial_days_remaining": None,
            "resource_count": 5,
            "deposits_enabled": True,
        },
    )


# --- opening hours -------------------------------------------------------------------------------


def open_on(of: Business, weekday: int, opens: str, closes: str) -> None:
    OpeningHours.objects.create(
        location=location(of),
        weekday=weekday,
        opens=time.fromisoformat(opens),
        closes=time.fromisoformat(closes),
    )


def test_t42_anybody_may_know_the_hours(contract: Contract) -> None:
    open_on(contract.business, 2, "09:00", "17:00")
    open_on(contract.business, 1, "09:00", "17:00")
    response = anybody(contract).get(f"/v1/public/hours/{contract.business.pk}")
    assert (response.status_code, response.json()) == (200, example("hours_reply"))
    assert contract.api.get(HOURS).json() == example("hours_reply")


def test_the_week_is_replaced_whole(contract: Contract) -> None:
    open_on(contract.business, 5, "09:00", "17:00")
    tuesday = MONDAY | {"day_of_week": 2}
    response = contract.api.put(HOURS, [tuesday, MONDAY, {"day_of_week": 0, "is_open": False}])
    assert (response.status_code, response.json()) == (200, example("hours_reply"))
    assert contract.api.put(HOURS, example("hours_reply")).json() == example("hours_reply")
    assert all(not row["is_open"] for row in contract.api.put(HOURS, []).json())


def test_a_day_may_have_several_periods_and_one_may_end_next_day(contract: Contract) -> None:
    lunch = {"day_of_week": 6, "is_open": True, "open_time": "11:30", "close_time": "14:00"}
    night = {"day_of_week": 6, "is_open": True, "open_time": "18:00", "close_time": "02:00"}
    sunday = {"day_of_week": 0, "is_open": True, "open_time": "02:00", "close_time": "00:00"}
    response = contract.api.put(HOURS, [night, lunch, sunday])
    closed = [{"day_of_week": day, "is_open": False} for day in range(1, 6)]
    assert (response.status_code, response.json()) == (200, [sunday, *closed, lunch, night])
    assert list(
        OpeningHours.objects.order_by("weekday", "opens").values_list("weekday", "opens", "closes")
    ) == [(6, time(11, 30), time(14)), (6, time(18), time(2)), (7, time(2), time(0))]


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([MONDAY, MONDAY], {"hours": "Monday 09:00-17:00 overlaps another."}),
        ([MONDAY, MONDAY | {"open_time": "16:59", "close_time": "18:00"}],
         {"hours": "Monday 16:59-18:00 overlaps another."}),
        ([MONDAY, MONDAY | {"day_of_week": 0, "open_time": "22:00", "close_time": "09:30"}],
         {"hours": "Monday 09:00-17:00 overlaps another."}),
        ([MONDAY | {"day_of_week": 0, "open_time": "22:00", "close_time": "21:00"}, MONDAY],
         {"hours": "Monday 09:00-17:00 overlaps another."}),
        ([MONDAY, {"day_of_week": 1, "is_open": False}],
         {"0.is_open": "This day is also said to be closed."}),
        ([{"day_of_week": 1, "is_open": True}],
         {"0.open_time": "Required when is_open is true.",
          "0.close_time": "Required when is_open is true."}),
        ([MONDAY, {"day_of_week": 2, "is_open": False, "open_time": "09:00"}],
         {"1.open_time": "Not allowed when is_open is false."}),
        ([MONDAY | {"day_of_week": 7}],
         {"0.day_of_week": "Ensure this value is less than or equal to 6."}),
        ([MONDAY | {"open_time": "9:00"}], {"0.open_time": "A time is HH:MM, 24-hour."}),
        ([MONDAY | {"open_time": "24:00"}], {"0.open_time": "A time is HH:MM, 24-hour."}),
        ({"day_of_week": 1}, {"body": "Must be an array of days."}),
    ],
)  # fmt: skip
def test_hours_that_are_not_valid(contract: Contract, rows: Any, wrong: dict[str, str]) -> None:
    open_on(contract.business, 3, "10:00", "11:00")
    response = contract.api.put(HOURS, rows)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))
    assert [each.weekday for each in OpeningHours.objects.all()] == [3]  # nothing has changed


# --- closures ------------------------------------------------------------------------------------


def closed(of: Business, first: str, last: str, **fields: Any) -> Closure:
    return Closure.objects.create(
        location=location(of),
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        **fields,
    )


def test_a_closure_is_added_changed_and_taken_away(contract: Contract) -> None:
    response = contract.api.post(BLACKOUTS, PARTY)
    made = Closure.objects.get()
    expected = {
        "id": str(made.pk),
        **PARTY,
        "is_full_day": True,
        "created_at": f"{made.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert (response.status_code, response.json()) == (201, expected)
    assert made.location == location(contract.business)
    path = f"{BLACKOUTS}/{made.pk}"
    response = contract.api.patch(path, {"end_date": "2026-12-27", "reason": None})
    changed = expected | {"end_date": "2026-12-27", "reason": None}
    assert (response.status_code, response.json()) == (200, changed)
    assert contract.api.get(path).json() == changed
    assert contract.api.delete(path).status_code == 204
    assert (contract.api.get(path).status_code, contract.api.get(path).json()) == (404, NOT_FOUND)


def test_closures_are_listed_by_their_first_day(contract: Contract) -> None:
    for day in ("2026-08-02", "2026-08-01", "2025-01-01"):
        closed(contract.business, day, day)
    response = contract.api.get(BLACKOUTS, limit=2).json()
    assert [each["start_date"] for each in response["items"]] == ["2025-01-01", "2026-08-01"]
    response = contract.api.get(BLACKOUTS, limit=2, cursor=response["next_cursor"]).json()
    assert [each["start_date"] for each in response["items"]] == ["2026-08-02"]
    assert (response["has_more"], response["next_cursor"]) == (False, None)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"end_date": "2026-12-23"}, {"end_date": "Must not be before start_date."}),
        ({"start_date": "24.12.2026"}, {"start_date": "A date is YYYY-MM-DD."}),
        ({"start_date": "2026-02-30"}, {"start_date": "There is no such date."}),
        ({"start_date": "0001-01-01"},
         {"start_date": "Must be from 2000-01-01 to 2199-12-31."}),
        ({"end_date": None}, {"end_date": "This field may not be null."}),
        ({"reason": "x" * 201}, {"reason": "Ensure this field has no more than 200 characters."}),
    ],
)  # fmt: skip
def test_t43_a_closure_that_is_not_valid(
    contract: Contract, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.post(BLACKOUTS, PARTY | changes)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))
    made = closed(contract.business, "2026-12-24", "2026-12-26")
    response = contract.api.patch(f"{BLACKOUTS}/{made.pk}", changes)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


def test_t44_anybody_may_know_the_closures_to_come(contract: Contract) -> None:
    of = contract.business
    closed(of, "2026-07-01", "2026-07-02", reason="Works")
    closed(of, "2026-06-18", "2026-06-19")  # until today
    closed(of, "2026-06-10", "2026-06-18", reason="Over")
    closed(of, "2026-06-21", "2026-06-21", starts=time(9), ends=time(12))  # part of a day
    Closure.objects.create(
        resource=contract.tables[0], first_day=date(2026, 7, 1), last_day=date(2026, 7, 1)
    )
    closed(business("Other"), "2026-07-01", "2026-07-01", reason="Theirs")
    response = anybody(contract).get(f"/v1/public/blackout-dates/{of.pk}")
    assert (response.status_code, response.json()) == (
        200,
        [
            {"start_date": "2026-06-18", "end_date": "2026-06-19", "reason": None},
            {"start_date": "2026-07-01", "end_date": "2026-07-02", "reason": "Works"},
        ],
    )
    of.timezone = "Pacific/Kiritimati"  # tomorrow already
    of.save()
    found = anybody(contract).get(f"/v1/public/blackout-dates/{of.pk}").json()
    assert [each["reason"] for each in found] == ["Works"]


# --- what anybody may know -----------------------------------------------------------------------


def test_anybody_may_find_a_business_by_its_slug(contract: Contract) -> None:
    of = contract.business
    response = anybody(contract).get(f"/v1/public/business/{of.slug}")
    assert (response.status_code, response.json()) == (
        200,
        {"id": str(of.pk), "name": "Contract", "slug": of.slug, "timezone": "UTC"},
    )


def test_anybody_may_know_what_is_offered(contract: Contract) -> None:
    massage = service(contract.business, "Massage", price_cents=6000, description="Back and neck")
    service(contract.business, "Retired", is_active=False)
    response = anybody(contract).get(f"/v1/public/services/{contract.business.pk}")
    assert (response.status_code, response.json()) == (
        200,
        [
            {
                "id": str(massage.pk),
                "name": "Massage",
                "description": "Back and neck",
                "duration_minutes": 60,
                "price_cents": 6000,
                "currency": "EUR",
            }
        ],
    )


PUBLIC = ["hours", "services", "blackout-dates", "business"]


@pytest.mark.parametrize("what", PUBLIC)
def test_what_is_public_is_so_with_and_without_a_slash(contract: Contract, what: str) -> None:
    of = contract.business
    name = of.slug if what == "business" else of.pk
    plain = anybody(contract).get(f"/v1/public/{what}/{name}")
    slashed = anybody(contract).get(f"/v1/public/{what}/{name}/")
    assert plain.status_code == slashed.status_code == 200
    assert plain.json() == slashed.json()


@pytest.mark.parametrize("what", PUBLIC)
@pytest.mark.parametrize(
    "name", ["nonexistent", "00000000-0000-4000-8000-000000000000", "a%00b", "%F0%9F%92%A9"]
)
def test_nobody_knows_a_business_that_is_not_there(
    contract: Contract, what: str, name: str
) -> None:
    response = anybody(contract).get(f"/v1/public/{what}/{name}")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    response = contract.caller("avail_test_invalid").get(f"/v1/public/{what}/{name}")
    assert (response.status_code, response.json()) == (
        401,
        refused("invalid_token", "Could not validate credentials"),
    )


@pytest.mark.parametrize("what", PUBLIC)
def test_a_closed_business_is_not_there(contract: Contract, what: str) -> None:
    Business.objects.update(is_active=False)
    name = contract.business.slug if what == "business" else contract.business.pk
    assert anybody(contract).get(f"/v1/public/{what}/{name}").status_code == 404


# --- who may -------------------------------------------------------------------------------------


def test_another_business_sees_and_changes_nothing(contract: Contract) -> None:
    made = closed(contract.business, "2026-12-24", "2026-12-26")
    path, other = f"{BLACKOUTS}/{made.pk}", stranger(contract)
    for response in (
        other.get(path),
        other.patch(path, {"reason": "Mine"}),
        other.delete(path),
        other.get(f"{BLACKOUTS}/not-an-id"),
    ):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert other.get(BLACKOUTS).json()["items"] == []
    assert other.put(HOURS, [MONDAY]).status_code == 200
    assert not any(row["is_open"] for row in contract.api.get(HOURS).json())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/v1/manage/business", {"name": "Mine"}),
        ("PATCH", SETTINGS, {}),
        ("PUT", HOURS, []),
        ("POST", BLACKOUTS, PARTY),
        ("GET", "/v1/manage/subscription", None),
    ],
)
def test_what_needs_a_manager(contract: Contract, method: str, path: str, body: Any) -> None:
    response = person(contract, "staff").send(method, path, body)
    assert (response.status_code, response.json()) == (
        403,
        refused("insufficient_permissions", "This needs the role “manager”."),
    )
    assert person(contract, "manager").send(method, path, body).status_code in (200, 201)
    if method != "GET":
        reader = contract.caller(key(contract.business, "read"))
        response = reader.send(method, path, body)
        assert (response.status_code, response.json()) == (
            403,
            refused("missing_scope", "This key lacks the scope “write”."),
        )


@pytest.mark.parametrize(
    "path",
    ["/v1/manage/business", SETTINGS, HOURS, BLACKOUTS, "/v1/manage/subscription",
     "/v1/manage/resources", "/v1/manage/services", "/v1/manage/bookings",
     "/v1/manage/customers", "/v1/manage/waitlist", "/v1/manage/api-keys"],
)  # fmt: skip
def test_nobody_manages_without_a_credential(contract: Contract, path: str) -> None:
    response = anybody(contract).get(path)
    assert (response.status_code, response.json()) == (
        401,
        refused("invalid_token", "Could not validate credentials"),
    )
    assert contract.api.get(f"{path}/").json() == contract.api.get(path).json()
