"""Stripe, by its own library, against a server here that answers in its form."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from accounts.models import User
from billing import services
from billing.gateways import AccountStatus, GatewayError, Intent, Notice, gateway
from billing.gateways.stripe import Stripe, as_counted
from billing.models import Account, Plan, Subscription
from billing.money import Money
from billing.selectors import takes_deposits
from tests.builders import business, user

SECRET = "whsec_stripe"


class Asked(NamedTuple):
    """A request that reached Stripe."""

    line: str
    fields: dict[str, str]
    key: str


class Server:
    """What was asked, and what is answered: by path, else with an error of Stripe's kind."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, Any] = {}
        self.url = ""


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    at_stripe = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            fields = dict(parse_qsl(self.rfile.read(length).decode()))
            key = self.headers.get("Idempotency-Key", "")
            at_stripe.asked.append(Asked(f"{self.command} {self.path}", fields, key))
            found = at_stripe.answers.get(self.path)
            error = {"error": {"type": "invalid_request_error", "message": "No such thing"}}
            body = json.dumps(found or error).encode()
            self.send_response(200 if found else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    at_stripe.url = f"http://127.0.0.1:{http.server_address[1]}"
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", SECRET
    settings.STRIPE_API_BASE, settings.PUBLIC_URL = at_stripe.url, "https://book.example.com"
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield at_stripe
    finally:
        http.shutdown()
        http.server_close()


def event(kind: str, subject: Any, id_: str = "evt_1") -> bytes:
    made = {"id": id_, "object": "event", "type": kind, "data": {"object": subject}}
    return json.dumps(made).encode()


def signed(body: bytes, secret: str = SECRET, age: int = 0) -> str:
    stamp = str(int(time.time()) - age)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def read(body: bytes) -> Notice | None:
    return gateway().read(body, signed(body), now=None)


@pytest.mark.parametrize(("holds", "method"), [(True, "manual"), (False, "automatic")])
def test_an_intent_goes_to_the_account_of_the_business(
    server: Server, holds: bool, method: str
) -> None:
    server.answers["/v1/payment_intents"] = {
        "id": "pi_1",
        "object": "payment_intent",
        "client_secret": "pi_1_secret_2",
    }
    made = gateway().create_intent(
        Money(2500, "EUR"), holds=holds, account="acct_1", key="intent:7"
    )
    assert made == Intent("pi_1", "pi_1_secret_2")
    assert server.asked == [
        Asked(
            "POST /v1/payment_intents",
            {
                "amount": "2500",
                "currency": "eur",
                "capture_method": method,
                "automatic_payment_methods[enabled]": "true",
                "transfer_data[destination]": "acct_1",
            },
            "intent:7",
        )
    ]


@pytest.mark.parametrize(
    "minor, currency, counted",
    [
        (2500, "EUR", 2500),
        (2500, "JPY", 2500),
        (2500, "KWD", 2500),
        (40, "ISK", 4000),
        (5, "UGX", 500),
        (2500, "MGA", 25),
    ],
)
def test_an_amount_is_counted_as_stripe_counts_it(minor: int, currency: str, counted: int) -> None:
    assert as_counted(Money(minor, currency)) == counted


@pytest.mark.parametrize("minor, currency", [(2501, "KWD"), (2501, "MGA")])
def test_an_amount_that_stripe_doesn_t_take_isn_t_asked_for(minor: int, currency: str) -> None:
    with pytest.raises(GatewayError, match="Stripe takes no amount such as"):
        as_counted(Money(minor, currency))


@pytest.mark.parametrize(
    ("verb", "path", "fields"),
    [
        ("capture", "/v1/payment_intents/pi_1/capture", {}),
        ("release", "/v1/payment_intents/pi_1/cancel", {}),
        ("refund", "/v1/refunds", {"payment_intent": "pi_1", "reverse_transfer": "true"}),
    ],
)
def test_the_ends_of_an_intent_are_one_call_however_often_made(
    server: Server, verb: str, path: str, fields: dict[str, str]
) -> None:
    server.answers[path] = {"id": "x_1", "object": "payment_intent"}
    getattr(gateway(), verb)("pi_1", key=f"d:{verb}")
    assert server.asked == [Asked(f"POST {path}", fields, f"d:{verb}")]


def test_what_stripe_refuses_and_a_stripe_that_is_away_are_one_error(server: Server) -> None:
    with pytest.raises(GatewayError, match="InvalidRequestError"):
        gateway().capture("pi_none", key="k")
    nobody = Stripe("sk_test_1", SECRET, base="http://127.0.0.1:9")
    with pytest.raises(GatewayError, match="APIConnectionError"):
        nobody.capture("pi_1", key="k")


@pytest.mark.parametrize(
    ("kind", "notice"),
    [
        ("payment_intent.succeeded", Notice("evt_1", "paid", "pi_1")),
        ("payment_intent.amount_capturable_updated", Notice("evt_1", "paid", "pi_1")),
        ("payment_intent.canceled", Notice("evt_1", "cancelled", "pi_1")),
        ("payment_intent.payment_failed", None),  # another card may do
        ("payment_intent.created", None),
    ],
)
def test_what_it_says_of_payments(server: Server, kind: str, notice: Notice | None) -> None:
    assert read(event(kind, {"id": "pi_1", "object": "payment_intent"})) == notice


def test_what_it_says_of_accounts(server: Server) -> None:
    said = {"id": "acct_1", "object": "account", "details_submitted": True}
    status = AccountStatus("acct_1", details_submitted=True, payouts_enabled=False)
    assert read(event("account.updated", said)) == Notice(
        "evt_1", "account", "acct_1", account=status
    )


@pytest.mark.parametrize(
    ("secret", "age", "spoil"), [("whsec_guess", 0, b""), (SECRET, 301, b""), (SECRET, 0, b" ")]
)
def test_what_is_forged_old_or_changed_is_not_stripes(
    server: Server, secret: str, age: int, spoil: bytes
) -> None:
    body = event("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"})
    with pytest.raises(ValueError, match="not Stripe's"):
        gateway().read(body + spoil, signed(body, secret, age), now=None)


@pytest.fixture
def ada(server: Server, db: None) -> User:
    Plan.objects.filter(key="growth").update(stripe_price="price_growth")
    Plan.objects.filter(key="scale").update(stripe_price="price_scale")
    person = user("ada@example.com", is_developer=True)
    services.subscribe(person, "free")
    return person


def tell(client: Client, kind: str, subject: Any, id_: str) -> int:
    body = event(kind, subject, id_)
    return client.post(
        "/v1/billing/webhooks/stripe",
        body,
        "application/json",
        headers={"Stripe-Signature": signed(body)},
    ).status_code


def standing(person: User) -> tuple[str, str, str]:
    now = Subscription.objects.get(user=person)
    return now.plan_id, now.status, now.subscription_reference


def test_a_subscription_is_bought_changed_owed_for_and_ended(
    server: Server, ada: User, client: Client
) -> None:
    server.answers["/v1/checkout/sessions"] = {"id": "cs_1", "url": "https://pay.example.com/1"}
    assert services.checkout(ada, "growth") == "https://pay.example.com/1"
    (asked,) = server.asked
    assert (asked.fields["line_items[0][price]"], asked.fields["client_reference_id"]) == (
        "price_growth",
        str(ada.pk),
    )
    ours = {"user": str(ada.pk), "plan": "growth"}
    bought = {
        "id": "cs_1",
        "mode": "subscription",
        "client_reference_id": str(ada.pk),
        "customer": "cus_1",
        "subscription": "sub_1",
        "metadata": ours,
    }
    assert tell(client, "checkout.session.completed", bought, "evt_1") == 200
    assert standing(ada) == ("growth", "active", "sub_1")

    def subscription(status: str, price: str, id_: str = "sub_1") -> dict[str, Any]:
        items = {"data": [{"price": {"id": price}}]}
        return {"id": id_, "status": status, "metadata": ours, "items": items}

    changed = "customer.subscription.updated"
    assert tell(client, changed, subscription("active", "price_scale"), "evt_2") == 200
    assert standing(ada) == ("scale", "active", "sub_1")
    assert tell(client, changed, subscription("past_due", "price_scale"), "evt_3") == 200
    assert standing(ada) == ("scale", "past_due", "sub_1")
    assert tell(client, changed, subscription("active", "price_scale"), "evt_2") == 200
    assert standing(ada) == ("scale", "past_due", "sub_1")  # said before
    old = subscription("canceled", "price_growth", "sub_0")
    assert tell(client, "customer.subscription.deleted", old, "evt_4") == 200
    assert standing(ada) == ("scale", "past_due", "sub_1")  # an earlier one's end

    server.answers["/v1/billing_portal/sessions"] = {"id": "bps_1", "url": "https://portal/1"}
    assert [services.checkout(ada, plan) for plan in ("free", "growth")] == ["https://portal/1"] * 2
    assert standing(ada) == ("scale", "past_due", "sub_1")  # nobody pays twice, or not at all

    ended = subscription("canceled", "price_scale")
    assert tell(client, "customer.subscription.deleted", ended, "evt_5") == 200
    assert standing(ada) == ("free", "active", "")


def test_subscriptions_of_others_at_the_same_account_are_let_pass(
    server: Server, ada: User, client: Client
) -> None:
    foreign: dict[str, Any] = {"id": "cs_9", "mode": "subscription", "metadata": None}
    assert tell(client, "checkout.session.completed", foreign, "evt_1") == 200
    foreign = {"id": "sub_9", "status": "active", "metadata": {}}
    assert tell(client, "customer.subscription.updated", foreign, "evt_2") == 200
    assert standing(ada) == ("free", "active", "")


def test_a_plan_without_a_price_is_not_sold(server: Server, ada: User) -> None:
    with pytest.raises(GatewayError, match="no price"):
        services.checkout(ada, "starter")
    with pytest.raises(GatewayError, match="subscribe first"):
        gateway().portal_url(ada)


def test_a_business_is_brought_to_stripe_once(server: Server, db: None) -> None:
    server.answers["/v1/accounts"] = {"id": "acct_1", "object": "account"}
    server.answers["/v1/account_links"] = {"object": "account_link", "url": "https://connect/1"}
    bistro = business("Bistro")
    assert [services.onboard(bistro) for _ in range(2)] == ["https://connect/1"] * 2
    assert [each.line for each in server.asked] == [
        "POST /v1/accounts",
        "POST /v1/account_links",
        "POST /v1/account_links",
    ]
    assert Account.objects.get().reference == "acct_1"


def test_a_sandbox_business_stays_in_the_sandbox(server: Server, db: None) -> None:
    services.onboard(business("Play", is_dev=True))
    assert (Account.objects.get().gateway, server.asked) == ("sandbox", [])


def test_an_account_at_the_sandbox_is_worth_nothing_once_money_is_real(
    server: Server, db: None
) -> None:
    server.answers["/v1/accounts"] = {"id": "acct_1", "object": "account"}
    server.answers["/v1/account_links"] = {"object": "account_link", "url": "https://connect/1"}
    bistro = business("Bistro")
    ready = {"details_submitted": True, "payouts_enabled": True}
    Account.objects.create(business=bistro, gateway="sandbox", reference="acct_0", **ready)
    assert not takes_deposits(bistro)
    services.onboard(bistro)
    account = Account.objects.get()
    assert (account.gateway, account.reference, account.payouts_enabled) == (
        "stripe",
        "acct_1",
        False,
    )
