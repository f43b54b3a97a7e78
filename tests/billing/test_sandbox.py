"""The sandbox gateway refuses what the real one would, and calls back until it is heard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts import signing
from billing import services
from billing.gateways import GatewayError, Intent
from billing.gateways.sandbox import Sandbox, send_notices
from billing.models import GatewayNotice, SandboxIntent, SandboxNotice
from billing.money import Money
from tests.builders import NOW
from tests.hooks import receiver

pytestmark = pytest.mark.django_db


def intent(*, holds: bool = True, key: str = "k") -> Intent:
    return Sandbox().create_intent(Money(2500, "EUR"), holds=holds, account="acct_1", key=key)


def test_the_same_key_is_the_same_payment() -> None:
    assert intent() == intent()
    assert intent(key="other") != intent()


def test_what_is_done_twice_is_done_once() -> None:
    made = intent()
    for _ in range(2):
        Sandbox().pay(made.id, made.client_secret)
    for _ in range(2):
        Sandbox().capture(made.id, key="c")
    for _ in range(2):
        Sandbox().refund(made.id, key="r")
    assert SandboxIntent.objects.get().state == "refunded"
    assert SandboxNotice.objects.count() == 1


def test_what_cannot_be() -> None:
    made = intent()
    with pytest.raises(GatewayError):
        Sandbox().capture(made.id, key="c")  # not paid
    with pytest.raises(GatewayError):
        Sandbox().pay(made.id, "pi_1_secret_guess")
    Sandbox().release(made.id, key="r")
    with pytest.raises(GatewayError):
        Sandbox().pay(made.id, made.client_secret)


def test_it_calls_back_signed_until_it_is_heard(settings: Any) -> None:
    made = intent(holds=False)
    Sandbox().pay(made.id, made.client_secret)
    with receiver(500, 200) as hooks:
        settings.PUBLIC_URL = hooks.url.removesuffix("/hook")
        assert [send_notices(now=NOW) for _ in range(3)] == [0, 1, 0]
    first, second = hooks.received
    assert first.path == "/v1/billing/webhooks/sandbox"
    assert first.body == second.body
    assert signing.is_signed(Sandbox().secret, first.body, first.headers["Sandbox-Signature"], NOW)
    notice = Sandbox().read(first.body, first.headers["Sandbox-Signature"], now=NOW)
    assert notice is not None
    assert (notice.kind, notice.subject) == ("paid", made.id)


def test_nobody_there_to_be_called_back(settings: Any) -> None:
    made = intent()
    Sandbox().pay(made.id, made.client_secret)
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    assert send_notices(now=NOW) == 0
    assert SandboxNotice.objects.get().sent_at is None


def test_callbacks_are_not_remembered_for_ever() -> None:
    GatewayNotice.objects.create(id="stripe:evt_1", received_at=NOW)
    services.forget(now=NOW + services.KEPT - timedelta(seconds=1))
    assert GatewayNotice.objects.count() == 1
    services.forget(now=NOW + services.KEPT)
    assert GatewayNotice.objects.count() == 0
