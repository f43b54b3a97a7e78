"""A gateway without money: everything Stripe does for us, on our own tables.

Whoever holds an intent's client secret "pays" it; that is told back to us later by a signed call to
our own endpoint, just as Stripe would.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

import httpcore
from django.conf import settings
from django.db import transaction

from accounts import clock, signing
from accounts.models import Business, User
from billing.gateways import AccountStatus, GatewayError, Intent, Notice
from billing.models import Plan, SandboxIntent, SandboxNotice
from billing.money import Money

State = SandboxIntent.State


class Sandbox:
    """Behaves like the real thing, down to what it refuses."""

    name = "sandbox"

    @property
    def secret(self) -> str:
        """What callbacks are signed with; only we send them."""
        return f"whsec_sandbox_{settings.SECRET_KEY}"

    def create_intent(self, amount: Money, *, holds: bool, account: str, key: str) -> Intent:
        known = SandboxIntent.objects.filter(key=key).first()
        if known is None:
            id_ = f"pi_{secrets.token_hex(12)}"
            known = SandboxIntent.objects.create(
                id=id_,
                client_secret=f"{id_}_secret_{secrets.token_hex(12)}",
                amount_cents=amount.minor,
                currency=amount.currency,
                holds=holds,
                account=account,
                key=key,
            )
        return Intent(known.id, known.client_secret)

    def capture(self, intent: str, *, key: str) -> None:
        _move(intent, {State.AUTHORISED}, State.CHARGED)

    def release(self, intent: str, *, key: str) -> None:
        _move(intent, {State.UNPAID, State.AUTHORISED}, State.CANCELLED)

    def refund(self, intent: str, *, key: str) -> None:
        _move(intent, {State.CHARGED}, State.REFUNDED)

    def checkout_url(self, user: User, plan: Plan) -> str:
        token = secrets.token_hex(8)
        notice = {"kind": "subscribed", "subject": str(user.pk), "plan": plan.key}
        self.call_back(notice | {"customer": f"cus_{token}", "subscription": f"sub_{token}"})
        return f"{settings.PUBLIC_URL}/developer?subscription=success"

    def portal_url(self, user: User) -> str:
        return f"{settings.PUBLIC_URL}/developer?portal=sandbox"

    def onboard(self, business: Business, reference: str) -> tuple[str, str]:
        reference = reference or f"acct_{secrets.token_hex(8)}"
        self.call_back({"kind": "account", "subject": reference})
        return reference, f"{settings.PUBLIC_URL}/dashboard?stripe=connected"

    def account(self, reference: str) -> AccountStatus:
        return AccountStatus(reference, details_submitted=True, payouts_enabled=True)

    def read(self, body: bytes, signature: str, *, now: datetime | None) -> Notice | None:
        if not signing.is_signed(self.secret, body, signature, clock.read(now)):
            raise ValueError("The callback is not the sandbox's.")
        said: dict[str, Any] = json.loads(body)
        if said["kind"] == "account":
            said["account"] = self.account(said["subject"])
        return Notice(**said)

    @transaction.atomic
    def pay(self, intent: str, client_secret: str) -> SandboxIntent:
        """What a guest's browser does with a card: charged, or authorised. Raises GatewayError."""
        found = (
            SandboxIntent.objects.select_for_update()
            .filter(id=intent, client_secret=client_secret)
            .first()
        )
        if found is None:
            raise GatewayError("There is no such payment.")
        if found.state == State.UNPAID:
            found.state = State.AUTHORISED if found.holds else State.CHARGED
            found.save(update_fields=["state"])
            self.call_back({"kind": "paid", "subject": found.id})
        elif found.state not in (State.AUTHORISED, State.CHARGED):
            raise GatewayError("This payment was cancelled.")
        return found

    def call_back(self, notice: dict[str, str]) -> None:
        """Owe ourselves a callback, sent by `send_notices`."""
        id_ = f"evt_{secrets.token_hex(12)}"
        body = json.dumps({"id": id_, **notice})
        SandboxNotice.objects.create(id=id_, body=body)


def _move(intent: str, before: set[SandboxIntent.State], after: SandboxIntent.State) -> None:
    """Change an intent's state; already there is fine, as a call may be repeated."""
    moved = SandboxIntent.objects.filter(id=intent, state__in=before).update(state=after)
    if not moved and not SandboxIntent.objects.filter(id=intent, state=after).exists():
        raise GatewayError(f"The payment can't be {after.label.lower()}.")


def send_notices(*, now: datetime | None = None) -> int:
    """Make the callbacks that are owed, over HTTP; how many were taken."""
    taken = 0
    for notice in SandboxNotice.objects.filter(sent_at=None).order_by("created_at")[:100]:
        body = notice.body.encode()
        moment = clock.read(now)
        header = signing.sign(Sandbox().secret, body, moment)
        try:
            reply = httpcore.request(
                "POST",
                f"{settings.PUBLIC_URL}/v1/billing/webhooks/sandbox",
                headers={"Content-Type": "application/json", "Sandbox-Signature": header},
                content=body,
                extensions={"timeout": {"connect": 2, "read": 10, "write": 2, "pool": 2}},
            )
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
            continue
        if reply.status == 200:
            SandboxNotice.objects.filter(pk=notice.pk).update(sent_at=moment)
            taken += 1
    return taken
