"""A deposit between us and its gateway, where either may be slow, away or ahead of the other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Business
from billing.gateways import GatewayError, Notice
from billing.gateways.sandbox import Sandbox
from billing.models import Account, Deposit, Payment, SandboxIntent
from bookings import relay, services
from bookings.errors import NotOffered, OutsideHours, PaymentUnavailable, SlotTaken
from bookings.models import Booking, Event, Outbox
from bookings.wishes import GUEST, SYSTEM, Wish
from resources.models import Service
from tests.builders import EVENING, MARIA, MINUTE, NOW, business, service, tables, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def bistro(db: None) -> Business:
    made = business(
        deposit_enabled=True, deposit_amount_cents=2500, deposit_type="authorization_hold"
    )
    tables(made, 2)
    ready = {"details_submitted": True, "payouts_enabled": True}
    Account.objects.create(business=made, gateway="sandbox", reference="acct_1", **ready)
    return made


def book(of: Business) -> tuple[Booking, Deposit]:
    booking, deposit = services.book_with_deposit(
        wish(of), guest=MARIA, by=SYSTEM, source="test", now=NOW
    )
    assert deposit is not None
    return booking, deposit


def paid(of: Business) -> tuple[Booking, Deposit]:
    booking, deposit = book(of)
    Sandbox().pay(deposit.payment_intent_id, deposit.client_secret)
    said(deposit, "paid")
    booking.refresh_from_db()
    deposit.refresh_from_db()
    return booking, deposit


def said(deposit: Deposit, kind: str, id_: str = "") -> None:
    notice = Notice(id_ or f"evt_{kind}", kind, deposit.payment_intent_id)
    services.heed("sandbox", notice, now=NOW)


def status(deposit: Deposit) -> str:
    deposit.refresh_from_db()
    return deposit.status


def told(deposit: Deposit) -> list[str]:
    events = Event.objects.filter(booking=deposit.booking_id, kind__startswith="deposit.")
    return list(events.order_by("id").values_list("kind", flat=True))


def test_a_gateway_that_is_away_is_asked_again(
    bistro: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking, deposit = paid(bistro)
    services.cancel(booking, by=SYSTEM, now=NOW)

    def refuse(*_: Any, **__: Any) -> None:
        raise GatewayError("away")

    with monkeypatch.context() as broken:
        broken.setattr(Sandbox, "release", refuse)
        relay.deliver(now=NOW)
        relay.deliver(now=NOW)  # not due yet
    row = Outbox.objects.get(deposit_id=deposit.pk)
    assert (row.attempts, row.due_at, row.last_error) == (1, NOW + MINUTE, "away")
    assert status(deposit) == "held"
    relay.deliver(now=NOW + MINUTE)
    assert (status(deposit), told(deposit)) == ("released", ["deposit.paid", "deposit.released"])
    assert not Outbox.objects.exists()


def test_whoever_dies_between_the_gateway_and_our_books_ends_up_the_same(bistro: Business) -> None:
    booking, deposit = paid(bistro)
    services.cancel(booking, by=SYSTEM, now=NOW)
    Sandbox().release(deposit.payment_intent_id, key=f"{deposit.pk}:release")  # and then is gone
    relay.deliver(now=NOW)
    assert (status(deposit), told(deposit)) == ("released", ["deposit.paid", "deposit.released"])


def test_what_was_given_back_is_not_taken_by_a_later_no_show(bistro: Business) -> None:
    booking, deposit = paid(bistro)
    services.mark_no_show(booking, by=SYSTEM, now=booking.starts_at)
    services.release_deposit(deposit, by=SYSTEM, now=NOW)  # before the relay gets to it
    relay.deliver(now=booking.starts_at)
    assert (status(deposit), told(deposit)) == ("released", ["deposit.paid", "deposit.released"])
    assert SandboxIntent.objects.get().state == "cancelled"


def test_cancelled_again_a_deposit_stays_where_it_went(bistro: Business) -> None:
    booking, deposit = paid(bistro)
    late = EVENING - 10 * MINUTE
    services.cancel(booking, by=GUEST, now=late)
    relay.deliver(now=late)
    assert status(deposit) == "captured"
    services.cancel(booking, by=SYSTEM, now=late)  # a program that didn't hear the answer
    relay.deliver(now=late)
    assert status(deposit) == "captured"


def test_what_was_charged_when_it_was_paid_is_not_counted_again(bistro: Business) -> None:
    bistro.deposit_type = "charge"
    bistro.save()
    booking, deposit = paid(bistro)
    services.mark_no_show(booking, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    services.settle_deposit(deposit.pk, captures=True, now=NOW)  # whoever died with it in hand
    assert list(Payment.objects.values_list("kind", "amount_cents")) == [("captured", 2500)]
    assert [each for each in told(deposit) if each.startswith("deposit")] == [
        "deposit.paid",
        "deposit.captured",
    ]


def test_a_hold_that_the_bank_lets_go_of_is_released(bistro: Business) -> None:
    _, deposit = paid(bistro)
    for id_ in ("evt_1", "evt_2"):
        said(deposit, "cancelled", id_)
    assert (status(deposit), told(deposit)) == ("released", ["deposit.paid", "deposit.released"])
    kinds = Payment.objects.order_by("at").values_list("kind", flat=True)
    assert sorted(kinds) == ["authorised", "released"]


def test_an_intent_that_will_never_be_paid_fails_and_its_booking_lapses(bistro: Business) -> None:
    booking, deposit = book(bistro)
    said(deposit, "cancelled")
    assert (status(deposit), told(deposit)) == ("failed", [])
    late = NOW + timedelta(minutes=bistro.deposit_expiry_minutes)
    services.expire_holds(now=late)
    relay.deliver(now=late)
    booking.refresh_from_db()
    assert (booking.state, status(deposit)) == ("expired", "failed")


def test_no_gateway_no_booking(bistro: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise GatewayError("away")

    monkeypatch.setattr(Sandbox, "create_intent", refuse)
    with pytest.raises(PaymentUnavailable):
        book(bistro)
    assert not Booking.objects.exists()


@pytest.fixture
def spin(bistro: Business) -> Service:
    made = service(bistro, "Spin", capacity=3)
    services.schedule_session(made, starts_at=EVENING, by=SYSTEM, now=NOW)
    return made


def book_class(
    of: Service, size: int, *, at: datetime = EVENING, now: datetime = NOW
) -> tuple[Booking, Deposit | None]:
    asked = Wish.of(of, starts_at=at, party_size=size)
    return services.book_with_deposit(asked, guest=MARIA, by=SYSTEM, source="test", now=now)


def test_places_in_a_class_wait_for_their_deposit_and_lapse_without(spin: Service) -> None:
    booking, deposit = book_class(spin, 2)
    assert deposit is not None
    assert (booking.state, booking.expires_at) == ("pending", NOW + 30 * MINUTE)
    assert (booking.session_id, deposit.status) == (spin.sessions.get().pk, "pending")
    with pytest.raises(SlotTaken):
        book_class(spin, 2)
    assert SandboxIntent.objects.filter(state="unpaid").count() == 1
    later, _ = book_class(spin, 2, now=NOW + 30 * MINUTE)
    booking.refresh_from_db()
    assert (booking.state, later.state) == ("expired", "pending")


def test_places_in_a_class_are_confirmed_once_paid(spin: Service) -> None:
    booking, deposit = book_class(spin, 2)
    assert deposit is not None
    Sandbox().pay(deposit.payment_intent_id, deposit.client_secret)
    said(deposit, "paid")
    booking.refresh_from_db()
    assert (booking.state, booking.expires_at, status(deposit)) == ("confirmed", None, "held")
    assert booking.allocations.filter(expires_at=None).count() == 2


def test_a_class_is_booked_when_it_runs(spin: Service) -> None:
    spin.business.deposit_enabled = False
    with pytest.raises(NotOffered):
        book_class(spin, 1, at=EVENING + MINUTE)
    assert book_class(spin, 3)[0].state == "confirmed"
    with pytest.raises(SlotTaken):
        book_class(spin, 1)


def test_nothing_is_to_be_paid_where_nothing_is_offered(bistro: Business) -> None:
    with pytest.raises(OutsideHours):
        services.book_with_deposit(
            wish(bistro, keeps_hours=True), guest=MARIA, by=SYSTEM, source="test", now=NOW
        )
    assert not SandboxIntent.objects.exists()
