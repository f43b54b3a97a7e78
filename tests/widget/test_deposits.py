"""A deposit is asked for: the place is kept while it is paid, and nobody else's word counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Business
from billing.gateways import GatewayError, Notice
from billing.gateways.sandbox import Sandbox
from billing.models import Account, Deposit, SandboxIntent, SandboxNotice
from bookings import invariants, services
from bookings.models import Booking, Session
from tests.builders import MINUTE, NOW
from tests.widget.conftest import DAY, Guest

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(bistro: Business) -> Guest:
    """A guest with a table held, at a business that wants twelve pounds fifty."""
    asks_deposit(bistro)
    return Guest(bistro).get("when/", day=DAY, party=2).choose()


def asks_deposit(of: Business) -> None:
    of.deposit_enabled, of.deposit_amount_cents = True, 1250
    of.save()
    ready = {"details_submitted": True, "payouts_enabled": True}
    Account.objects.create(business=of, gateway="sandbox", reference="acct_1", **ready)


def told_paid() -> None:
    """The gateway's own call, which is all that counts."""
    intent = SandboxIntent.objects.get(state="charged")
    services.heed("sandbox", Notice("evt_1", "paid", intent.id), now=NOW)


def test_a_guest_pays_and_has_it(guest: Guest) -> None:
    assert "A deposit of <b>£12.50</b> makes it yours." in guest.text
    guest.say()
    assert (guest.step, guest.title) == ("pay", "Pay the deposit")
    booking = Booking.objects.get()
    assert (booking.state, booking.expires_at) == ("pending", NOW + 30 * MINUTE)
    assert "Held for you until <b>13:30</b>" in guest.text
    here = guest.at
    guest.post(guest.action("/pay/"))
    assert (guest.step, "We are waiting for the payment" in guest.text) == ("pay", True)
    booking.refresh_from_db()
    assert (booking.state, SandboxNotice.objects.count()) == ("pending", 1)  # until it calls back
    told_paid()
    guest.get(here)
    assert (guest.step, "We have your deposit of £12.50." in guest.text) == ("booked", True)
    assert invariants.broken() == []


def test_unpaid_it_lapses(guest: Guest) -> None:
    guest.say()
    guest.now = NOW + 30 * MINUTE
    assert guest.get(guest.at).title == "The hold has lapsed"
    guest.post(guest.at.replace("?", "pay/?"))
    assert SandboxIntent.objects.get().state == "unpaid"


def test_asked_for_twice_it_is_one_deposit(guest: Guest) -> None:
    form = guest.at
    for _ in range(2):
        guest.post(form, first_name="Maria", last_name="Garcia", email="maria@example.com")
    assert (Deposit.objects.count(), SandboxIntent.objects.count()) == (1, 1)


def test_a_guest_who_will_not_pay_lets_go(guest: Guest) -> None:
    guest.say()
    guest.post(guest.action("/release/"))
    assert (guest.step, Booking.objects.get().state) == ("when", "cancelled")


def test_a_gateway_that_is_away_keeps_the_hold_and_what_was_typed(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise GatewayError("away")

    monkeypatch.setattr(Sandbox, "create_intent", refuse)
    guest.say()
    assert (guest.status, guest.step) == (503, "details")
    assert "The payment could not be prepared." in guest.text
    assert 'value="Maria"' in guest.text
    assert Booking.objects.get().state == "held"


def test_too_late_to_have_it_back_is_said_before(bistro: Business) -> None:
    asks_deposit(bistro)
    guest = Guest(bistro)
    guest.now = NOW + timedelta(hours=20)
    guest.get("when/", day=DAY, party=2).choose()
    assert "It is kept if you cancel, as it starts so soon." in guest.text


def test_places_in_a_class_wait_for_it_too(spin: Session) -> None:
    asks_deposit(spin.business)
    guest = Guest(spin.business).get("when/", day=DAY, party=3).choose(run=spin.pk).say()
    assert (guest.step, Booking.objects.get().state) == ("pay", "pending")
    guest.post(guest.action("/pay/"))
    told_paid()
    assert Booking.objects.get().state == "confirmed"
    assert "Full" in Guest(spin.business).get("when/", day=DAY).text
    assert invariants.broken() == []


def test_with_stripe_its_form_comes_from_stripe_and_from_nowhere_else(
    guest: Guest, settings: object
) -> None:
    settings.STRIPE_PUBLISHABLE_KEY = "pk_test_1"  # type: ignore[attr-defined]
    guest.say()
    assert "js.stripe.com" not in guest.reply["Content-Security-Policy"]
    Deposit.objects.update(gateway="stripe", client_secret="pi_1_secret_2")
    guest.get(guest.at)
    policy = guest.reply["Content-Security-Policy"]
    assert "script-src 'self' https://js.stripe.com;" in policy
    assert 'data-stripe="pk_test_1" data-secret="pi_1_secret_2"' in guest.text
    guest.post(guest.at.replace("?", "pay/?"))  # nothing that we could pay for them
    assert SandboxIntent.objects.get().state == "unpaid"
