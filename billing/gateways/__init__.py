"""Who moves the money: Stripe when its keys are set, else a sandbox that behaves like it.

A gateway never says at once that a guest has paid: it calls back later, signed, and the callback
may come twice or not in order.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Protocol

from django.conf import settings

from accounts.models import Business, User
from billing.models import Plan
from billing.money import Money


class GatewayError(Exception):
    """The gateway did not do it; asking again later may help."""


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """A payment that a guest may make; `client_secret` lets their browser make it."""

    id: str
    client_secret: str


@dataclasses.dataclass(frozen=True, slots=True)
class AccountStatus:
    """How far a business has come in being able to receive money."""

    reference: str
    details_submitted: bool
    payouts_enabled: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """What a gateway calls back about. `kind` is one of:

    paid (an intent was charged or authorised), cancelled (it never will be, or no longer is),
    account (of a business changed), subscribed, past_due, unsubscribed (of a developer). `subject`
    is the intent, the account, or the user's id; `plan` the key of what was subscribed to.
    """

    id: str
    kind: str
    subject: str
    plan: str = ""
    account: AccountStatus | None = None
    customer: str = ""
    subscription: str = ""


class Gateway(Protocol):
    """What Openbook asks of whoever moves the money. A `key` makes a repeated call one call."""

    name: str

    def create_intent(self, amount: Money, *, holds: bool, account: str, key: str) -> Intent:
        """A payment to be made: charged at once, or with `holds` authorised for later."""
        ...

    def capture(self, intent: str, *, key: str) -> None:
        """Take what was authorised."""
        ...

    def release(self, intent: str, *, key: str) -> None:
        """Let go of what was authorised, or of an intent nobody paid."""
        ...

    def refund(self, intent: str, *, key: str) -> None:
        """Give back what was charged."""
        ...

    def checkout_url(self, user: User, plan: Plan) -> str:
        """Where a developer subscribes to a plan."""
        ...

    def portal_url(self, user: User) -> str:
        """Where a developer changes how they pay."""
        ...

    def onboard(self, business: Business, reference: str) -> tuple[str, str]:
        """Start (or go on with) receiving money: the account's reference, and where to go."""
        ...

    def account(self, reference: str) -> AccountStatus:
        """How far an account has come."""
        ...

    def read(self, body: bytes, signature: str, *, now: datetime | None) -> Notice | None:
        """A callback, or None for one that says nothing to us. Raises ValueError when forged."""
        ...


def gateway(name: str = "") -> Gateway:
    """The gateway of that name, else the one new payments go through."""
    from billing.gateways.sandbox import Sandbox
    from billing.gateways.stripe import Stripe

    if name == Stripe.name or (not name and settings.STRIPE_SECRET_KEY):
        return Stripe(
            settings.STRIPE_SECRET_KEY,
            settings.STRIPE_WEBHOOK_SECRET,
            base=settings.STRIPE_API_BASE,
        )
    return Sandbox()


def gateway_for(business: Business) -> Gateway:
    """The gateway that a business receives money through; a sandbox business none with money."""
    return gateway("sandbox" if business.is_dev else "")


def is_known(name: str) -> bool:
    """Whether callbacks of this gateway are listened to: Stripe's only when its keys are set."""
    return name == "sandbox" or (name == "stripe" and bool(settings.STRIPE_SECRET_KEY))
