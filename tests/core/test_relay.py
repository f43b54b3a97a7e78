"""What the outbox owes reaches the world, however often somebody dies on the way."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.errors import Conflict
from accounts.models import Business
from bookings import relay, services
from bookings.api.availengine import notices
from bookings.models import Booking, Event, Guest, Outbox, WebhookDelivery, WebhookEndpoint
from bookings.wishes import SYSTEM, GuestDetails
from tests.builders import EVENING, MARIA, MINUTE, NOW, business, service, tables, wish
from tests.hooks import receiver


@pytest.fixture
def bistro(db: None, settings: Any) -> Business:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    made = business("Bistro", sends_mail=False)
    tables(made, 3)
    return made


def listen(of: Business, url: str, *events: str) -> WebhookEndpoint:
    return services.add_webhook(
        of, url=url, events=events or ["booking.created"], protocol="availengine"
    )


def book(of: Business) -> Booking:
    return services.book(wish(of), guest=MARIA, by=SYSTEM, source="test", now=NOW)


def delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def test_an_event_is_told_once_and_taken_out_of_the_outbox(bistro: Business) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url)
        book(bistro)
        first, second = relay.deliver(now=NOW), relay.deliver(now=NOW)
    assert (first, second) == (relay.Tally(events=1, delivered=1), relay.Tally())
    assert (len(hooks.received), Outbox.objects.count()) == (1, 0)
    assert (delivery().state, delivery().attempts, delivery().last_status) == ("delivered", 1, 200)


def test_only_what_is_listened_to_is_told(bistro: Business) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url, "booking.cancelled")
        services.hold(wish(bistro), by=SYSTEM, source="test", now=NOW)
        booked = book(bistro)
        services.cancel(booked, by=SYSTEM, now=NOW)
        other = business("Other")
        tables(other, 1)
        book(other)
        relay.deliver(now=NOW)
    assert [b'"event":"booking.cancelled"' in each.body for each in hooks.received] == [True]


def test_the_end_of_a_hold_that_nobody_heard_of_is_no_news(bistro: Business) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url, "booking.cancelled", "booking.created")
        held = services.hold(wish(bistro), by=SYSTEM, source="test", now=NOW)
        services.release(held, by=SYSTEM, now=NOW)
        services.hold(wish(bistro), by=SYSTEM, source="test", now=NOW)
        services.expire_holds(now=NOW + 11 * MINUTE)
        relay.deliver(now=NOW + 11 * MINUTE)
    assert hooks.received == []


def test_a_failure_is_tried_again_later_and_in_the_end_given_up(bistro: Business) -> None:
    waits = [1, 5, 30, 120, 360, 1440]
    moment = NOW
    with receiver(500) as hooks:
        listen(bistro, hooks.url)
        book(bistro)
        for count, minutes in enumerate(waits, start=1):
            assert relay.deliver(now=moment).failed == 1
            assert (delivery().state, delivery().attempts) == ("due", count)
            assert delivery().due_at == moment + minutes * MINUTE
            assert relay.deliver(now=moment + minutes * MINUTE - MINUTE).failed == 0
            moment += minutes * MINUTE
        relay.deliver(now=moment)
        assert (delivery().state, delivery().attempts) == ("failed", 7)
        relay.deliver(now=moment + timedelta(days=3))
    assert len(hooks.received) == 7
    bodies = {each.body for each in hooks.received}
    ids = {each.headers["X-AvailEngine-Delivery"] for each in hooks.received}
    signatures = {each.headers["X-AvailEngine-Signature"] for each in hooks.received}
    assert (len(bodies), len(ids), len(signatures)) == (1, 1, 7)


def test_a_redirect_is_not_followed(bistro: Business) -> None:
    with receiver(302) as hooks:
        listen(bistro, hooks.url)
        book(bistro)
        relay.deliver(now=NOW)
    assert [each.path for each in hooks.received] == ["/hook"]
    assert delivery().last_error == "answered 302"


def test_nobody_there(bistro: Business) -> None:
    with receiver() as hooks:
        url = hooks.url
    listen(bistro, url)
    book(bistro)
    assert relay.deliver(now=NOW).failed == 1
    assert "ConnectError" in delivery().last_error


def test_an_endpoint_that_fails_for_a_week_is_switched_off(bistro: Business) -> None:
    with receiver(500) as hooks:
        endpoint = listen(bistro, hooks.url)
        book(bistro)
        relay.deliver(now=NOW)
        book(bistro)
        relay.deliver(now=NOW + timedelta(days=7))
        endpoint.refresh_from_db()
        assert not endpoint.is_active
        book(bistro)
        relay.deliver(now=NOW + timedelta(days=8))
    # The first and the second twice would be four, but the switch was thrown by the first.
    assert len(hooks.received) == 2


def test_what_was_on_its_way_to_it_is_given_up_and_not_sent_again(bistro: Business) -> None:
    with receiver(500) as hooks:
        listen(bistro, hooks.url)
        for _ in range(2):
            book(bistro)
        relay.deliver(now=NOW)
        relay.deliver(now=NOW + timedelta(days=7))
    assert {each.state for each in WebhookDelivery.objects.all()} == {"failed"}
    with pytest.raises(Conflict):
        relay.replay(WebhookDelivery.objects.all()[0], now=NOW)


def test_an_endpoint_that_fails_costs_the_others_one_attempt_a_run(bistro: Business) -> None:
    with receiver(500) as down, receiver() as up:
        listen(bistro, down.url)
        listen(bistro, up.url)
        for _ in range(3):
            book(bistro)
        assert relay.deliver(now=NOW) == relay.Tally(events=3, delivered=3, failed=1)
        assert relay.deliver(now=NOW).failed == 1
    assert (len(down.received), len(up.received)) == (2, 3)


def test_an_event_that_cannot_be_written_keeps_no_other_waiting(
    bistro: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url)
        spoilt, sound = book(bistro), book(bistro)
        write = notices.write

        def stumble(event: Event) -> tuple[str, str] | None:
            if event.booking_id == spoilt.pk:
                raise ValueError("unreadable")
            return write(event)

        monkeypatch.setattr(notices, "write", stumble)
        relay.deliver(now=NOW)
        assert str(sound.pk).encode() in hooks.received[0].body
        assert [each.due_at for each in Outbox.objects.all()] == [NOW + MINUTE]
        monkeypatch.undo()
        relay.deliver(now=NOW + MINUTE)
    assert (len(hooks.received), Outbox.objects.count()) == (2, 0)


def test_a_success_forgives_earlier_failures(bistro: Business) -> None:
    with receiver(500, 200) as hooks:
        endpoint = listen(bistro, hooks.url)
        book(bistro)
        relay.deliver(now=NOW)
        relay.deliver(now=NOW + MINUTE)
        endpoint.refresh_from_db()
    assert (endpoint.failing_since, delivery().state) == (None, "delivered")


def test_whoever_dies_with_a_delivery_in_hand_loses_nothing(bistro: Business) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url)
        book(bistro)
        relay._spread(now=NOW)
        assert relay._claim_delivery(now=NOW) is not None  # and then the process is gone
        assert relay.deliver(now=NOW).delivered == 0
        assert relay.deliver(now=NOW + relay.LEASE).delivered == 1
    assert len(hooks.received) == 1


def test_a_delivery_is_sent_again_on_demand(bistro: Business) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url)
        book(bistro)
        relay.deliver(now=NOW)
        relay.replay(delivery(), now=NOW)
        relay.deliver(now=NOW)
    assert len(hooks.received) == 2


def test_what_was_erased_with_its_guest_is_not_sent_again(bistro: Business) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url)
        guest = book(bistro).guest
        assert guest
        relay.deliver(now=NOW)
        services.forget_guest(guest, now=NOW)
        with pytest.raises(Conflict, match="erased"):
            relay.replay(delivery(), now=NOW)
        relay.deliver(now=NOW)
    assert len(hooks.received) == 1


def test_what_is_still_due_is_told_without_the_guest_who_was_erased(bistro: Business) -> None:
    with receiver(500, 200) as hooks:
        listen(bistro, hooks.url)
        booked = book(bistro)
        relay.deliver(now=NOW)
        assert booked.guest
        services.forget_guest(booked.guest, now=NOW)
        assert "Maria" not in delivery().body
        relay.deliver(now=NOW + MINUTE)
    before, after = (json.loads(each.body) for each in hooks.received)
    nobody = {"first_name": "", "last_name": "", "email": ""}
    assert after == before | {"data": before["data"] | {"customer": nobody}}
    assert "maria" not in delivery().body.lower()
    assert {each.headers["X-AvailEngine-Delivery"] for each in hooks.received} == {
        str(delivery().pk)
    }


def test_who_is_erased_is_erased_from_what_is_told_of_their_class_and_of_themselves(
    bistro: Business,
) -> None:
    events = ("booking_updated", "customer_created")
    spin = service(bistro, "Spin", capacity=4)
    run = services.schedule_session(spin, starts_at=EVENING, by=SYSTEM, now=NOW)
    ada = GuestDetails("Ada", "Lovelace", "ada@example.com", "+442079460999")
    with receiver(*[500] * 3, 200) as hooks:
        services.add_webhook(bistro, url=hooks.url, events=events, protocol="appointedd")
        for each in (MARIA, ada):
            services.book_places(run, party_size=1, guest=each, by=SYSTEM, source="test", now=NOW)
        hopper = GuestDetails("Grace", "Hopper", phone="+15550001111")
        grace = services.meet_guest(bistro, hopper, by=SYSTEM, now=NOW)
        for n in range(3):
            relay.deliver(now=NOW + n * MINUTE / 10)
        told = WebhookDelivery.objects.all()
        assert (told.filter(body__contains="Maria").exists(), len(told)) == (True, 3)
        for guest in (Guest.objects.get(first_name="Maria"), grace):
            services.forget_guest(guest, now=NOW)
        assert set(told.values_list("body", flat=True)) == {""}
        for n in range(4):
            relay.deliver(now=NOW + (10 + n) * MINUTE)
    assert set(told.values_list("state", flat=True)) == {"delivered"}
    bodies = " ".join(each.body.decode() for each in hooks.received[3:])
    said = [name in bodies for name in ("Ada", "Maria", "maria@example.com", "Grace", "Hopper")]
    assert said == [True, False, False, False, False]


def test_what_can_not_be_said_without_the_guest_is_not_sent(
    bistro: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver(500, 200) as hooks:
        listen(bistro, hooks.url)
        booked = book(bistro)
        relay.deliver(now=NOW)
        assert booked.guest
        services.forget_guest(booked.guest, now=NOW)
        monkeypatch.setattr(notices, "write", lambda event: None)
        assert relay.deliver(now=NOW + MINUTE) == relay.Tally(events=1)  # that they are gone
    assert len(hooks.received) == 1
    assert (delivery().state, delivery().last_error) == ("failed", "What it said was erased.")


def test_old_deliveries_are_forgotten(bistro: Business) -> None:
    with receiver() as hooks:
        listen(bistro, hooks.url)
        book(bistro)
        relay.deliver(now=NOW)
    assert relay.forget(now=NOW + relay.KEPT - MINUTE) == 0
    assert relay.forget(now=NOW + relay.KEPT) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_relays_at_once_tell_everything_once(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    made = business("Bistro", sends_mail=False)
    tables(made, 8)
    with receiver() as hooks:
        listen(made, hooks.url)
        for _ in range(8):
            book(made)
        together = threading.Barrier(3)

        def work() -> None:
            together.wait()
            relay.deliver(now=NOW)
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        relay.deliver(now=NOW)
    told = [each.headers["X-AvailEngine-Delivery"] for each in hooks.received]
    assert (len(told), len(set(told))) == (8, 8)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_booking_that_is_rolled_back_owes_nothing() -> None:
    made = business("Bistro", sends_mail=False)
    tables(made, 1)

    def book_and_fail() -> None:
        with transaction.atomic():
            book(made)
            raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError):
        book_and_fail()
    assert (Booking.objects.count(), Event.objects.count(), Outbox.objects.count()) == (0, 0, 0)
