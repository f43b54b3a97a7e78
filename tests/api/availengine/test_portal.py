"""Developers: registering, logging in, businesses, plans (T33, T59, T60)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest

from accounts import tokens
from accounts.models import Business, User
from billing import services as paying
from billing.models import Plan, Subscription
from bookings.models import Booking
from tests.api.availengine.conftest import Contract, example
from tests.api.availengine.test_deposits import call_back
from tests.builders import NOW, key, tables, user

ADA = {
    "email": "Ada@Example.com",
    "password": "difference-engine-1",
    "first_name": "Ada",
    "last_name": "Lovelace",
}


def register(contract: Contract, **changes: str) -> Any:
    return contract.caller("").post("/v1/auth/developer/register", ADA | changes)


def log_in(contract: Contract, **changes: str) -> Any:
    asked = {"email": ADA["email"], "password": ADA["password"]} | changes
    return contract.caller("").post("/v1/auth/token", asked)


@pytest.fixture
def ada(contract: Contract) -> Any:
    """A developer who has logged in."""
    assert register(contract).status_code == 201
    return contract.caller(log_in(contract).json()["access_token"])


def test_a_developer_registers_and_logs_in(contract: Contract) -> None:
    made = register(contract)
    person = User.objects.get(email="ada@example.com")
    assert (made.status_code, made.json()) == (
        201,
        {"user_id": str(person.pk), "email": "ada@example.com", "role": "developer"},
    )
    assert register(contract, email="ADA@example.com").json()["error"]["code"] == "conflict"
    reply = log_in(contract)
    claims = jwt.decode(reply.json()["access_token"], options={"verify_signature": False})
    assert (reply.status_code, reply.json()["token_type"], reply.json()["expires_in"]) == (
        200,
        "bearer",
        3600,
    )
    assert claims == {
        "sub": str(person.pk),
        "email": "ada@example.com",
        "app_metadata": {"role": "developer"},
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3600,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"first_name": ""}, "first_name"),
    ],
)
def test_what_is_no_registration(contract: Contract, changes: Any, field: str) -> None:
    response = register(contract, **changes)
    assert response.status_code == 422
    assert [each["field"] for each in response.json()["error"]["errors"]] == [field]
    assert not User.objects.filter(email="ada@example.com").exists()


def test_a_wrong_password_says_as_little_as_an_unknown_address(contract: Contract) -> None:
    register(contract)
    wrong, stranger = log_in(contract, password="nope"), log_in(contract, email="x@example.com")
    assert (wrong.status_code, wrong.json()) == (stranger.status_code, stranger.json())
    assert wrong.json()["error"]["code"] == "invalid_token"


def test_a_password_is_not_guessed_by_trying(contract: Contract) -> None:
    register(contract)
    tries = [log_in(contract, email=ADA["email"].upper(), password=f"{n}") for n in range(10)]
    assert {each.status_code for each in tries} == {401}
    refused = log_in(contract)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert log_in(contract, email="grace@example.com").status_code == 401


def test_a_token_lasts_an_hour_and_cannot_be_forged(ada: Any) -> None:
    assert ada.get("/v1/developer/me").status_code == 200
    ada.now = NOW + timedelta(minutes=59)
    assert ada.get("/v1/developer/me").status_code == 200
    ada.now = NOW + timedelta(minutes=60)
    assert ada.get("/v1/developer/me").status_code == 401
    person = User.objects.get(email="ada@example.com")
    claims = {"sub": str(person.pk), "exp": NOW + timedelta(hours=1)}
    for forged in (jwt.encode(claims, "x" * 32), jwt.encode(claims, "", algorithm="none")):
        ada.credential, ada.now = forged, NOW
        assert ada.get("/v1/developer/me").status_code == 401


def test_someone_who_has_left_is_let_in_no_more(ada: Any) -> None:
    User.objects.filter(email="ada@example.com").update(is_active=False)
    assert ada.get("/v1/developer/me").status_code == 401


def test_t59_a_business_with_its_key_shown_once(contract: Contract, ada: Any) -> None:
    made = ada.post("/v1/developer/businesses", {"name": "My New Business"})
    shown = made.json()
    business = Business.objects.get(pk=shown["business_id"])
    assert shown["api_key"].startswith("avail_live_")
    assert (made.status_code, shown) == (
        201,
        {
            "business_id": str(business.pk),
            "name": "My New Business",
            "slug": "my-new-business",
            "business_type": "service",
            "is_dev": False,
            "api_key": shown["api_key"],
        },
    )
    again = ada.post("/v1/developer/businesses", {"name": "My New Business"}).json()
    assert again["slug"] == "my-new-business-2"
    Business.objects.update(booking_mode="dynamic")
    tables(business, 1)
    opened = contract.caller(shown["api_key"])
    body = example("dynamic_booking_request") | {"business_id": shown["business_id"]}
    assert opened.post("/v1/dynamic/bookings", body).status_code == 201


def test_t60_one_sandbox(ada: Any) -> None:
    first = ada.post("/v1/developer/businesses", {"name": "Sandbox", "is_dev": True})
    assert first.json()["api_key"].startswith("avail_test_")
    second = ada.post("/v1/developer/businesses", {"name": "Sandbox", "is_dev": True})
    assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")
    assert Business.objects.filter(is_dev=True).count() == 1


def test_what_a_developer_sees_of_themselves(contract: Contract, ada: Any) -> None:
    ada.post("/v1/developer/businesses", {"name": "First", "business_type": "salon"})
    business = Business.objects.get(name="First")
    item = {
        "id": str(business.pk),
        "name": "First",
        "slug": "first",
        "business_type": "salon",
        "subscription_status": "active",
        "is_active": True,
        "is_dev": False,
        "created_at": business.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    person = User.objects.get(email="ada@example.com")
    assert ada.get("/v1/developer/me").json() == {
        "user_id": str(person.pk),
        "email": "ada@example.com",
        "role": "developer",
        "subscription": {"status": "active", "ends_at": None, "has_payment_method": False},
        "businesses": [item],
    }
    listed = ada.get("/v1/developer/businesses").json()
    assert listed == {"items": [item], "next_cursor": None, "has_more": False}
    owner = contract.caller(tokens.issue(user("owner@example.com", of=business), now=NOW))
    seen = owner.get("/v1/developer/me").json()
    assert (seen["role"], seen["subscription"], seen["businesses"]) == ("owner", None, [item])
    assert owner.post("/v1/developer/businesses", {"name": "Mine"}).status_code == 403


def test_a_key_is_no_person(contract: Contract) -> None:
    assert contract.api.get("/v1/developer/me").status_code == 401


def test_the_plan_limits_the_businesses(ada: Any) -> None:
    Subscription.objects.filter(user__email="ada@example.com").update(plan="free")
    assert ada.post("/v1/developer/businesses", {"name": "One"}).status_code == 201
    refused = ada.post("/v1/developer/businesses", {"name": "Two"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "payment_required")
    assert (
        ada.post("/v1/developer/businesses", {"name": "Sandbox", "is_dev": True}).status_code == 201
    )


def test_t33_past_due_nothing_is_answered_but_how_to_pay(contract: Contract, ada: Any) -> None:
    made = ada.post("/v1/developer/businesses", {"name": "First"}).json()
    Subscription.objects.filter(user__email="ada@example.com").update(status="past_due")
    program = contract.caller(made["api_key"])
    day = {"booking_date": "2026-06-20", "start_time": "08:15"}
    refused = [
        program.get("/v1/manage/business"),
        program.get(f"/v1/dynamic/availability/{made['business_id']}", **day),
        ada.get("/v1/manage/business"),
        ada.get("/v1/developer/businesses"),
    ]
    assert [(each.status_code, each.json()["error"]["code"]) for each in refused] == [
        (402, "payment_required")
    ] * 4
    assert ada.get("/v1/developer/me").json()["subscription"]["status"] == "past_due"
    assert ada.post("/v1/developer/billing/portal").status_code == 200
    bought = ada.post("/v1/developer/billing/checkout", {"plan": "scale"})
    assert bought.json()["checkout_url"].endswith("/developer?subscription=success")
    assert call_back(contract) == [200]
    assert program.get("/v1/manage/business").status_code == 200


def test_checkout_of_a_plan_that_is_not_sold(ada: Any) -> None:
    for plan in ("trial", "platinum"):
        refused = ada.post("/v1/developer/billing/checkout", {"plan": plan})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation_error")


def test_a_trial_ends_on_the_free_plan(contract: Contract) -> None:
    person = user("t@example.com", is_developer=True)
    paying.subscribe(person, "trial", now=NOW)
    assert paying.end_trials(now=NOW + timedelta(days=29)) == 0
    assert paying.end_trials(now=NOW + timedelta(days=30)) == 1
    subscription = Subscription.objects.get(user=person)
    assert (subscription.plan_id, subscription.status) == ("free", "active")


def test_a_quota_is_counted_by_the_calendar_month(contract: Contract) -> None:
    Plan.objects.filter(key="scale").update(max_bookings=2)
    made = [contract.create(headers={}) for _ in range(2)]
    assert [each.status_code for each in made] == [402, 402]  # the fixture made two already
    assert made[0].json()["error"]["code"] == "payment_required"
    contract.api.now = NOW + timedelta(days=12)
    assert contract.create(booking_date="2026-07-02").status_code == 201
    assert Booking.objects.count() == 3


def test_a_sandbox_is_not_counted(contract: Contract) -> None:
    Plan.objects.filter(key="scale").update(max_bookings=2)
    Business.objects.update(is_dev=True)
    contract.api.credential = key(contract.business)
    assert contract.create().status_code == 201


@pytest.mark.parametrize(
    ("plan", "status", "code"),
    [("starter", 402, "payment_required"), ("growth", 501, "not_configured")],
)
def test_calendar_sync(contract: Contract, plan: str, status: int, code: str) -> None:
    Subscription.objects.filter(business=contract.business).update(plan=plan)
    owner = contract.caller(tokens.issue(user(of=contract.business), now=NOW))
    asked = [
        owner.get("/integrations/google/connect"),
        owner.get("/integrations/google/status"),
        owner.delete("/integrations/google/disconnect"),
    ]
    assert [(each.status_code, each.json()["error"]["code"]) for each in asked] == [
        (status, code)
    ] * 3
