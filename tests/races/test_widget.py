"""Guests at the booking page, many at once: one holds one place, and one place has one holder."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import Business
from availability.models import OpeningHours
from billing.models import Plan, Subscription
from bookings import invariants, services
from bookings.errors import SlotTaken
from bookings.models import Booking, Session
from bookings.services import own, progress
from bookings.wishes import SYSTEM, GuestDetails, Wish
from tests.builders import HOUR, MINUTE, business, location, service, tables
from tests.web import together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOON = datetime.combine(datetime.now(UTC).date() + timedelta(days=2), time(12), UTC)


@pytest.fixture
def bistro() -> Business:
    made = business("Bistro", timezone="UTC")
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(made), weekday=weekday, opens=time(0), closes=time(0)
        )
    tables(made, 2)
    return made


@pytest.fixture
def gym() -> Business:
    """A class on each of two days, with more places than come."""
    made = business("Gym", timezone="UTC")
    spin = service(made, "Spin", capacity=20)
    for days in (0, 1):
        services.schedule_session(spin, starts_at=NOON + days * 24 * HOUR, by=SYSTEM)
    return made


def wanting(of: Business, after: timedelta, visitor: str) -> Callable[[], Booking]:
    wish = Wish(
        business=of,
        starts_at=NOON + after,
        duration=HOUR,
        party_size=2,
        location_id=location(of).pk,
        keeps_hours=True,
        by_guest=True,
    )
    return lambda: services.hold_own(wish, visitor=visitor)


def test_who_presses_everything_at_once_holds_one_place(bistro: Business) -> None:
    calls = [wanting(bistro, n * 30 * MINUTE, "me") for n in range(4)] * 2
    found = together(calls)
    assert [each for each in found if isinstance(each, BaseException)] == []
    assert Booking.objects.filter(state="held").count() == 1
    assert invariants.broken() == []


def test_nobody_is_refused_while_a_table_is_free(bistro: Business) -> None:
    """Each of six holds something else already and lets it go for the same two tables."""
    for n in range(6):
        wanting(bistro, (n + 2) * 2 * HOUR, f"guest {n}")()
    found = together([wanting(bistro, timedelta(), f"guest {n}") for n in range(6)])
    won = Counter(type(each).__name__ for each in found)
    assert won == {"Booking": 2, "SlotTaken": 4}
    assert all(isinstance(each, (Booking, SlotTaken)) for each in found)
    # Whoever was refused still holds what they held.
    assert Booking.objects.filter(state="held").count() == 6
    assert invariants.broken() == []


def test_two_who_change_places_in_classes_do_not_wait_for_each_other(
    gym: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = Session.objects.all()
    let_go = progress.release

    def slowly(held: Booking, **how: Any) -> Booking:
        found = let_go(held, **how)
        threading.Event().wait(0.2)  # time enough for the other to let go as well
        return found

    def wants(run: Session, visitor: str) -> Callable[[], Booking]:
        wish = Wish.of(run.service, starts_at=run.starts_at, location_id=run.location_id)
        return lambda: services.hold_own(wish, visitor=visitor, run=run)

    wants(one, "me")(), wants(two, "you")()
    monkeypatch.setattr(own, "release", slowly)
    found = together([wants(two, "me"), wants(one, "you")])
    assert [each for each in found if isinstance(each, BaseException)] == []
    assert invariants.broken() == []


def test_where_bookings_are_counted_those_who_hold_and_those_who_book_go_in_turn(
    bistro: Business,
) -> None:
    plan = Plan.objects.create(key="small", name="Small", allows_dynamic=True, max_bookings=1000)
    Subscription.objects.filter(business=bistro).update(plan=plan)
    for round_ in range(6):
        at = NOON + round_ * HOUR
        wish = Wish(business=bistro, starts_at=at, duration=HOUR, party_size=2)

        def book(wish: Wish = wish) -> Booking:
            return services.book(wish, guest=None, by=SYSTEM, source="test")

        holds = [wanting(bistro, round_ * HOUR, f"guest {n}") for n in range(8)]
        found = together([*holds, *[book] * 8])
        assert Counter(type(each).__name__ for each in found) == {"Booking": 2, "SlotTaken": 14}
    assert invariants.broken() == []


def test_a_hold_is_confirmed_or_let_go_and_never_both(bistro: Business) -> None:
    held = wanting(bistro, timedelta(), "me")()
    maria = GuestDetails("Maria", "Garcia", "maria@example.com", "")
    again = wanting(bistro, 30 * MINUTE, "me")
    found = together([lambda: services.confirm_own(held, guest=maria), again] * 3)
    held.refresh_from_db()
    confirmed = [each for each in found if isinstance(each, tuple)]
    assert (held.state == "confirmed") == bool(confirmed)
    assert held.state in ("confirmed", "cancelled")
    assert invariants.broken() == []


def test_sent_twice_at_once_it_is_booked_once(bistro: Business) -> None:
    service(bistro, "Dinner")
    held = wanting(bistro, timedelta(), "me")()
    maria = GuestDetails("Maria", "Garcia", "maria@example.com", "")
    found = together([lambda: services.confirm_own(held, guest=maria)] * 4)
    assert [each for each in found if isinstance(each, BaseException)] == []
    assert Booking.objects.get().state == "confirmed"
    kinds = held.events.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["booking.held", "booking.created"]
