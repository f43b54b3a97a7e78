"""Deposits: asked for, paid later by a signed callback, and settled when the booking ends
(T48, T49)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import signing
from accounts.models import Business
from availability.models import OpeningHours
from billing.gateways.sandbox import Sandbox
from billing.models import Account, Deposit, Payment, SandboxIntent, SandboxNotice
from bookings import relay, services
from bookings.models import Booking, Event
from bookings.wishes import GUEST, SYSTEM
from tests.api.availengine.conftest import Contract
from tests.builders import NOW, business, key, location

AT: Any = {"openbook.now": NOW}
STAFF_BOOKING = {
    "booking_date": "2026-06-22",
    "start_time": "19:00",
    "capacity": 2,
    "first_name": "Maria",
    "last_name": "Garcia",
    "email": "maria@example.com",
    "phone": "+1234567890",
}


@pytest.fixture
def paying(contract: Contract) -> Contract:
    Business.objects.filter(pk=contract.business.pk).update(
        deposit_enabled=True, deposit_amount_cents=2500, deposit_type="authorization_hold"
    )
    Account.objects.create(
        business=contract.business,
        gateway="sandbox",
        reference="acct_test",
        details_submitted=True,
        payouts_enabled=True,
    )
    return contract


def pending(contract: Contract) -> Any:
    response = contract.api.post("/v1/manage/bookings", STAFF_BOOKING)
    assert response.status_code == 201, response.content
    return response.json()


def call_back(contract: Contract) -> list[int]:
    """Make the callbacks that the sandbox owes us, as its Celery task does over HTTP."""
    statuses = []
    for notice in SandboxNotice.objects.filter(sent_at=None):
        body = notice.body.encode()
        response = contract.api.client.generic(
            "POST",
            "/v1/billing/webhooks/sandbox",
            body,
            "application/json",
            HTTP_SANDBOX_SIGNATURE=signing.sign(Sandbox().secret, body, NOW),
            **AT,
        )
        statuses.append(response.status_code)
    return statuses


def pay(contract: Contract, made: Any) -> None:
    """The guest pays in their browser, and the gateway tells us so."""
    secret = made["stripe_client_secret"]
    intent = secret.partition("_secret_")[0]
    paid = contract.caller("").post(
        f"/v1/sandbox/payments/{intent}/confirm", {"client_secret": secret}
    )
    assert paid.status_code == 200, paid.content
    assert call_back(contract) == [200]


def state(made: Any) -> tuple[str, str]:
    """Of the booking and its deposit."""
    booking = Booking.objects.get(pk=made["booking"]["id"])
    return booking.state, Deposit.objects.get(booking_id=booking.pk).status


def kinds(made: Any) -> list[str]:
    events = Event.objects.filter(booking=made["booking"]["id"]).order_by("id")
    return list(events.values_list("kind", flat=True))


def test_a_booking_waits_for_its_deposit_and_is_confirmed_by_the_callback(
    paying: Contract,
) -> None:
    made = pending(paying)
    assert re.fullmatch(r"pi_[0-9a-f]+_secret_[0-9a-f]+", made["stripe_client_secret"])
    assert (made["deposit_type"], made["booking"]["status"]) == ("authorization_hold", "pending")
    assert state(made) == ("pending", "pending")
    pay(paying, made)
    assert state(made) == ("confirmed", "held")
    assert kinds(made) == ["booking.created", "deposit.paid", "booking.confirmed"]
    SandboxNotice.objects.update(sent_at=None)
    assert call_back(paying) == [200]  # told twice, done once
    assert kinds(made) == ["booking.created", "deposit.paid", "booking.confirmed"]


def test_a_charge_is_captured_when_it_is_paid(paying: Contract) -> None:
    Business.objects.update(deposit_type="charge")
    made = pending(paying)
    pay(paying, made)
    assert state(made) == ("confirmed", "captured")
    services.cancel(Booking.objects.get(pk=made["booking"]["id"]), by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert state(made) == ("cancelled", "released")
    assert SandboxIntent.objects.get().state == "refunded"


def test_t48_a_no_show_loses_the_deposit(paying: Contract) -> None:
    made = pending(paying)
    pay(paying, made)
    path = f"/v1/manage/bookings/{made['booking']['id']}"
    assert paying.api.patch(path, {"status": "no_show"}).status_code == 200
    relay.deliver(now=NOW)
    assert state(made) == ("no_show", "captured")
    assert kinds(made)[-2:] == ["booking.no_show", "deposit.captured"]
    assert SandboxIntent.objects.get().state == "charged"
    assert list(Payment.objects.order_by("at").values_list("kind", "amount_cents")) == [
        ("authorised", 2500),
        ("captured", 2500),
    ]


def test_t49_a_cancellation_in_time_gives_it_back(paying: Contract) -> None:
    made = pending(paying)
    pay(paying, made)
    path = f"/v1/manage/bookings/{made['booking']['id']}"
    assert paying.api.patch(path, {"status": "cancelled"}).status_code == 200
    relay.deliver(now=NOW)
    assert state(made) == ("cancelled", "released")
    assert kinds(made)[-2:] == ["booking.cancelled", "deposit.released"]
    assert SandboxIntent.objects.get().state == "cancelled"


def test_a_scheduled_booking_from_its_deposit_to_its_cancellation(paying: Contract) -> None:
    OpeningHours.objects.create(
        location=location(paying.business), weekday=1, opens="09:00", closes="22:00"
    )
    wanted = STAFF_BOOKING | {"business_id": str(paying.business.pk)}
    made = paying.api.post("/v1/bookings/", wanted).json()
    assert (made["booking"]["status"], made["deposit_type"]) == ("pending", "authorization_hold")
    pay(paying, made)
    assert state(made) == ("confirmed", "held")
    path = f"/v1/manage/bookings/{made['booking']['id']}"
    assert paying.api.patch(path, {"status": "cancelled"}).status_code == 200
    relay.deliver(now=NOW)
    assert state(made) == ("cancelled", "released")
    assert kinds(made) == [
        "booking.created", "deposit.paid", "booking.confirmed", "booking.cancelled",
        "deposit.released",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "hours", "status"),
    [(GUEST, 24, "released"), (GUEST, 23, "captured"), (SYSTEM, 1, "released")],
)
def test_a_guest_who_cancels_late_loses_it_and_staff_never_do(
    paying: Contract, by: Any, hours: int, status: str
) -> None:
    made = pending(paying)
    pay(paying, made)
    booking = Booking.objects.get(pk=made["booking"]["id"])
    at = booking.starts_at - timedelta(hours=hours)
    services.cancel(booking, by=by, now=at)
    relay.deliver(now=at)
    assert state(made) == ("cancelled", status)


def test_unpaid_it_lapses_and_the_place_is_free(paying: Contract) -> None:
    made = pending(paying)
    late = NOW + timedelta(minutes=30)
    services.expire_holds(now=late)
    relay.deliver(now=late)
    assert state(made) == ("expired", "failed")
    assert SandboxIntent.objects.get().state == "cancelled"


def test_paid_too_late_the_money_goes_back(paying: Contract) -> None:
    made = pending(paying)
    secret = made["stripe_client_secret"]
    Sandbox().pay(secret.partition("_secret_")[0], secret)
    services.expire_holds(now=NOW + timedelta(minutes=30))
    deposit = Deposit.objects.get()
    services.deposit_paid(deposit, now=NOW + timedelta(minutes=31))
    relay.deliver(now=NOW + timedelta(minutes=31))
    assert state(made) == ("expired", "released")


def test_a_booking_that_fails_leaves_no_payment_to_be_made(paying: Contract) -> None:
    for _ in range(5):
        pending(paying)
    response = paying.api.post("/v1/manage/bookings", STAFF_BOOKING)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "slot_unavailable")
    assert SandboxIntent.objects.filter(state="unpaid").count() == 5


@pytest.mark.parametrize("sent, own", [({}, 0), ({"Idempotency-Key": "one"}, 1)])
def test_the_gateway_is_asked_while_nobody_waits_for_us(
    paying: Contract, monkeypatch: pytest.MonkeyPatch, sent: dict[str, str], own: int
) -> None:
    """Whether it is slow is nobody else's business: of all locks that others may want, none but
    that of the request's own key is held."""

    def locks() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()"
                " AND locktype IN ('advisory', 'tuple')"
            )
            return int(cursor.fetchone()[0])

    held: list[tuple[str, int]] = []
    for name in ("create_intent", "capture"):
        real = getattr(Sandbox, name)

        def asked(*args: Any, real: Any = real, name: str = name, **more: Any) -> Any:
            held.append((name, locks() - before))
            return real(*args, **more)

        monkeypatch.setattr(Sandbox, name, asked)
    before = locks()
    made = paying.api.post("/v1/manage/bookings", STAFF_BOOKING, **sent).json()
    pay(paying, made)
    before = locks()  # those of the booking too, as the test's own transaction goes on
    path = f"/v1/manage/deposits/{Deposit.objects.get().pk}/capture"
    assert paying.api.post(path, **sent).json()["deposit"]["status"] == "captured"
    assert held == [("create_intent", own), ("capture", own)]


def test_dynamic_bookings_never_ask_for_a_deposit(paying: Contract) -> None:
    made = paying.create()
    assert made.status_code == 201, made.content
    assert made.json()["booking"]["status"] == "confirmed"
    assert not Deposit.objects.exists()


def test_a_forged_callback_changes_nothing(paying: Contract) -> None:
    made = pending(paying)
    body = json.dumps(
        {"id": "evt_1", "kind": "paid", "subject": Deposit.objects.get().payment_intent_id}
    ).encode()
    for header in ("", signing.sign("whsec_guess", body, NOW)):
        response = paying.api.client.generic(
            "POST",
            "/v1/billing/webhooks/sandbox/",
            body,
            "application/json",
            HTTP_SANDBOX_SIGNATURE=header,
            **AT,
        )
        assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    assert state(made) == ("pending", "pending")
    unknown = paying.caller("").post("/v1/billing/webhooks/elsewhere", {})
    assert unknown.status_code == 404


def test_staff_settle_a_deposit_by_hand(paying: Contract) -> None:
    made = pending(paying)
    listed = paying.api.get("/v1/manage/deposits").json()["items"]
    deposit = Deposit.objects.get()
    assert listed == [
        {
            "id": str(deposit.pk),
            "booking_id": made["booking"]["id"],
            "amount_cents": 2500,
            "currency": "EUR",
            "type": "authorization_hold",
            "status": "pending",
            "stripe_payment_intent_id": deposit.payment_intent_id,
            "created_at": listed[0]["created_at"],
        }
    ]
    path = f"/v1/manage/deposits/{deposit.pk}"
    assert paying.api.post(f"{path}/capture").status_code == 409
    pay(paying, made)
    for _ in range(2):
        captured = paying.api.post(f"{path}/capture")
        assert (captured.status_code, captured.json()["deposit"]["status"]) == (200, "captured")
    released = paying.api.post(f"{path}/release")
    assert (released.status_code, released.json()["deposit"]["status"]) == (200, "released")
    stranger = paying.caller(key(business("Other")))
    assert stranger.post(f"{path}/release").status_code == 404


def test_a_business_starts_to_receive_deposits(contract: Contract) -> None:
    status = "/v1/billing/connect/status"
    assert contract.api.get(status).json() == {
        "connected": False,
        "details_submitted": False,
        "payouts_enabled": False,
        "connect_id": None,
    }
    begun = contract.api.post("/v1/billing/connect/onboard").json()
    assert begun["onboarding_url"].endswith("/dashboard?stripe=connected")
    assert call_back(contract) == [200]
    account = Account.objects.get()
    assert contract.api.get(status).json() == {
        "connected": True,
        "details_submitted": True,
        "payouts_enabled": True,
        "connect_id": account.reference,
    }
