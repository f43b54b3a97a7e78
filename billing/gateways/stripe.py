"""Stripe, by its own library. Amounts are in the smallest unit, nearly always the one of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import stripe
from django.conf import settings

from accounts.models import Business, User
from billing.gateways import AccountStatus, GatewayError, Intent, Notice
from billing.models import Plan, Subscription
from billing.money import Money, decimals

T = TypeVar("T")

TIMEOUT = 4  # seconds: a guest waits for it


class Stripe:
    """The account of this installation; a business's own account is paid through Connect."""

    name = "stripe"

    def __init__(self, secret_key: str, webhook_secret: str, *, base: str = "") -> None:
        self._secret = webhook_secret
        options: dict[str, Any] = {"base_addresses": {"api": base}} if base else {}
        self._client = stripe.StripeClient(
            secret_key or "sk_none",
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            max_network_retries=0,
            **options,
        )

    def create_intent(self, amount: Money, *, holds: bool, account: str, key: str) -> Intent:
        counted = as_counted(amount)
        made = _asked(
            lambda: self._client.v1.payment_intents.create(
                {
                    "amount": counted,
                    "currency": amount.currency.lower(),
                    "capture_method": "manual" if holds else "automatic",
                    "automatic_payment_methods": {"enabled": True},
                    "transfer_data": {"destination": account},
                },
                {"idempotency_key": key},
            )
        )
        return Intent(made.id, made.client_secret or "")

    def capture(self, intent: str, *, key: str) -> None:
        _asked(
            lambda: self._client.v1.payment_intents.capture(intent, {}, {"idempotency_key": key})
        )

    def release(self, intent: str, *, key: str) -> None:
        _asked(lambda: self._client.v1.payment_intents.cancel(intent, {}, {"idempotency_key": key}))

    def refund(self, intent: str, *, key: str) -> None:
        _asked(
            lambda: self._client.v1.refunds.create(
                {"payment_intent": intent, "reverse_transfer": True}, {"idempotency_key": key}
            )
        )

    def checkout_url(self, user: User, plan: Plan) -> str:
        if Subscription.objects.filter(user=user).exclude(subscription_reference="").exists():
            return self.portal_url(user)  # changed there; a second one would be paid for as well
        if not plan.stripe_price:
            raise GatewayError(f"The plan “{plan.key}” has no price at Stripe.")
        made = _asked(
            lambda: self._client.v1.checkout.sessions.create(
                {
                    "mode": "subscription",
                    "line_items": [{"price": plan.stripe_price, "quantity": 1}],
                    "client_reference_id": str(user.pk),
                    "customer_email": user.email,
                    "metadata": {"user": str(user.pk), "plan": plan.key},
                    "subscription_data": {"metadata": {"user": str(user.pk), "plan": plan.key}},
                    "success_url": f"{settings.PUBLIC_URL}/developer?subscription=success",
                    "cancel_url": f"{settings.PUBLIC_URL}/developer",
                }
            )
        )
        return made.url or ""

    def portal_url(self, user: User) -> str:
        known = Subscription.objects.filter(user=user).first()
        if known is None or not known.customer_reference:
            raise GatewayError("There is nothing to manage yet; subscribe first.")
        made = _asked(
            lambda: self._client.v1.billing_portal.sessions.create(
                {
                    "customer": known.customer_reference,
                    "return_url": f"{settings.PUBLIC_URL}/developer",
                }
            )
        )
        return made.url

    def onboard(self, business: Business, reference: str) -> tuple[str, str]:
        if not reference:
            account = _asked(
                lambda: self._client.v1.accounts.create(
                    {"type": "standard", "metadata": {"business": str(business.pk)}}
                )
            )
            reference = account.id
        link = _asked(
            lambda: self._client.v1.account_links.create(
                {
                    "account": reference,
                    "type": "account_onboarding",
                    "refresh_url": f"{settings.PUBLIC_URL}/dashboard?stripe=again",
                    "return_url": f"{settings.PUBLIC_URL}/dashboard?stripe=connected",
                }
            )
        )
        return reference, link.url

    def account(self, reference: str) -> AccountStatus:
        found = _asked(lambda: self._client.v1.accounts.retrieve(reference))
        return AccountStatus(found.id, bool(found.details_submitted), bool(found.payouts_enabled))

    def read(self, body: bytes, signature: str, *, now: datetime | None) -> Notice | None:
        try:
            self._client.construct_event(body, signature, self._secret)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise ValueError("The callback is not Stripe's.") from error
        event = json.loads(body)  # as plain values; the library's objects are no mappings
        subject: Mapping[str, Any] = event["data"]["object"]
        ours: Mapping[str, str] = subject.get("metadata") or {}
        kind: str = event["type"]
        if kind in ("payment_intent.succeeded", "payment_intent.amount_capturable_updated"):
            return Notice(event["id"], "paid", subject["id"])
        if kind == "payment_intent.canceled":
            return Notice(event["id"], "cancelled", subject["id"])
        if kind == "account.updated":
            account = AccountStatus(
                subject["id"],
                bool(subject.get("details_submitted")),
                bool(subject.get("payouts_enabled")),
            )
            return Notice(event["id"], "account", subject["id"], account=account)
        if kind == "checkout.session.completed" and subject.get("mode") == "subscription":
            return Notice(
                event["id"],
                "subscribed",
                subject.get("client_reference_id") or "",
                plan=ours.get("plan", ""),
                customer=subject.get("customer") or "",
                subscription=subject.get("subscription") or "",
            )
        if kind in ("customer.subscription.updated", "customer.subscription.deleted"):
            ended = kind.endswith("deleted")
            outcome = "unsubscribed" if ended else OUTCOMES.get(subject.get("status", ""), "")
            if outcome and "user" in ours:
                return Notice(
                    event["id"],
                    outcome,
                    ours["user"],
                    plan=_plan(subject) or ours.get("plan", ""),
                    subscription=subject["id"],
                )
        return None


# What a subscription's status there means here; the others change nothing.
OUTCOMES = {
    "active": "subscribed",
    "trialing": "subscribed",
    "past_due": "past_due",
    "unpaid": "past_due",
    "canceled": "unsubscribed",
}


def _plan(subscription: Mapping[str, Any]) -> str:
    """The plan that is paid for now, by its price, as that is what Stripe's portal changes."""
    items = (subscription.get("items") or {}).get("data") or []
    prices = [each["price"]["id"] for each in items if each.get("price")]
    plan = Plan.objects.filter(stripe_price__in=prices).exclude(stripe_price="").first()
    return plan.key if plan else ""


# Where Stripe counts in other units than ISO 4217 does (stripe.com/docs/currencies, special cases).
DECIMALS = {"ISK": 2, "MGA": 0, "UGX": 2}


def as_counted(amount: Money) -> int:
    """An amount in the unit that Stripe counts it in. Raises GatewayError for one it can't take:
    it has no hundredths of what has none, and of thousandths only whole tens."""
    theirs = DECIMALS.get(amount.currency, decimals(amount.currency))
    counted = Decimal(amount.minor).scaleb(theirs - decimals(amount.currency))
    if counted != int(counted) or (theirs == 3 and int(counted) % 10):
        raise GatewayError(f"Stripe takes no amount such as {amount}.")
    return int(counted)


def _asked(call: Callable[[], T]) -> T:
    try:
        return call()
    except stripe.StripeError as error:
        raise GatewayError(f"Stripe: {type(error).__name__}") from error
