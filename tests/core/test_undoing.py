"""Check-ins and ends taken back, parties let in that nobody had said yes to, tables by name."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Conflict
from accounts.models import Business
from billing.models import Deposit
from bookings import invariants, selectors, services
from bookings.errors import SlotTaken, WrongState
from bookings.models import Booking
from bookings.wishes import SYSTEM, Wish
from resources.models import Combination, Requirement, Resource
from tests.builders import (
    EVENING,
    HOUR,
    MINUTE,
    NOW,
    business,
    location,
    resource,
    service,
    tables,
    wish,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bistro() -> Business:
    made = business("Bistro")
    tables(made, 3, covers=2)
    return made


@pytest.fixture
def one(bistro: Business) -> Resource:
    return Resource.objects.get(name="Table 1")


def pending(of: Business, **how: Any) -> Booking:
    return services.make(
        wish(of, **how), guest=None, by=SYSTEM, source="test", is_pending=True, now=NOW
    )


def confirmed(of: Business, **how: Any) -> Booking:
    return services.make(wish(of, **how), guest=None, by=SYSTEM, source="test", now=NOW)


def free(of: Business) -> list[str]:
    return [each.candidate.name for each in selectors.free(wish(of), now=NOW)]


def kept() -> None:
    assert invariants.broken() == []


def test_who_was_checked_in_by_mistake_is_expected_again(bistro: Business) -> None:
    booking = services.check_in(confirmed(bistro), by=SYSTEM, now=NOW)
    booking = services.undo_check_in(booking, by=SYSTEM, now=NOW)
    assert booking.state == "confirmed"
    with pytest.raises(WrongState):
        services.undo_check_in(booking, by=SYSTEM, now=NOW)
    kept()


def test_who_waits_for_a_yes_is_let_in_only_when_asked_for(bistro: Business) -> None:
    booking = pending(bistro)
    with pytest.raises(WrongState):
        services.check_in(booking, by=SYSTEM, now=NOW)
    booking = services.check_in(booking, by=SYSTEM, is_unasked=True, now=NOW)
    assert booking.state == "checked_in"
    booking = services.undo_check_in(booking, by=SYSTEM, now=NOW)
    assert booking.state == "pending"
    kept()


def test_who_left_too_early_has_the_table_back(bistro: Business, one: Resource) -> None:
    booking = services.check_in(confirmed(bistro, resource_id=one.pk), by=SYSTEM, now=NOW)
    booking = services.complete(booking, by=SYSTEM, now=NOW)
    assert "Table 1" in free(bistro)
    booking = services.undo_complete(booking, by=SYSTEM, now=NOW)
    assert booking.state == "checked_in"
    assert "Table 1" not in free(bistro)
    kept()


def test_unless_somebody_sits_there(bistro: Business, one: Resource) -> None:
    booking = services.check_in(confirmed(bistro, resource_id=one.pk), by=SYSTEM, now=NOW)
    booking = services.complete(booking, by=SYSTEM, now=NOW)
    confirmed(bistro, resource_id=one.pk)
    with pytest.raises(SlotTaken):
        services.undo_complete(booking, by=SYSTEM, now=NOW)
    kept()


def test_a_no_show_who_comes_after_all_has_the_table_back(bistro: Business, one: Resource) -> None:
    booking = confirmed(bistro, resource_id=one.pk)
    booking = services.mark_no_show(booking, by=SYSTEM, now=NOW)
    assert "Table 1" in free(bistro)
    booking = services.undo_no_show(booking, by=SYSTEM, now=NOW)
    assert (booking.state, "Table 1" in free(bistro)) == ("confirmed", False)
    with pytest.raises(WrongState):
        services.undo_no_show(booking, by=SYSTEM, now=NOW)
    kept()


def test_what_was_cancelled_by_mistake_is_confirmed_anew(bistro: Business, one: Resource) -> None:
    booking = confirmed(bistro, resource_id=one.pk)
    booking = services.cancel(booking, by=SYSTEM, now=NOW)
    booking = services.undo_cancel(booking, by=SYSTEM, now=NOW + 15 * MINUTE)
    assert (booking.state, "Table 1" in free(bistro)) == ("confirmed", False)
    last = booking.events.latest("id")
    assert (last.kind, last.data["undone"]) == ("booking.confirmed", "cancelled")
    kept()


@pytest.mark.parametrize("of_service", [False, True])
def test_joined_tables_are_joined_again(bistro: Business, of_service: bool) -> None:
    joined = Combination.objects.create(
        location=location(bistro), name="1+2", covers_min=3, covers_max=4
    )
    joined.members.set(Resource.objects.filter(name__in=("Table 1", "Table 2")))
    party = wish(bistro, party_size=4)
    if of_service:
        resource(bistro, "Ann", kind="staff", covers_max=8)
        dinner = service(bistro, "Dinner", duration=HOUR)
        for kind in ("staff", "table"):
            Requirement.objects.create(service=dinner, kind=kind)
        party = Wish.of(dinner, starts_at=EVENING, party_size=4)
    booking = services.make(party, guest=None, by=SYSTEM, source="test", now=NOW)
    had = set(booking.allocations.values_list("resource_id", "unit"))
    booking = services.cancel(booking, by=SYSTEM, now=NOW)
    booking = services.undo_cancel(booking, by=SYSTEM, now=NOW)
    assert set(booking.allocations.values_list("resource_id", "unit")) == had
    assert len(had) == 2 + of_service
    kept()


@pytest.mark.parametrize("end", ["mark_no_show", "cancel"])
def test_an_end_stays_where_somebody_else_has_the_place(
    bistro: Business, one: Resource, end: str
) -> None:
    booking = confirmed(bistro, resource_id=one.pk)
    booking = getattr(services, end)(booking, by=SYSTEM, now=NOW)
    confirmed(bistro, resource_id=one.pk)
    undo = {"mark_no_show": services.undo_no_show, "cancel": services.undo_cancel}[end]
    with pytest.raises(SlotTaken):
        undo(booking, by=SYSTEM, now=NOW)
    booking.refresh_from_db()
    assert booking.state == {"mark_no_show": "no_show", "cancel": "cancelled"}[end]
    kept()


def test_a_cancelling_stands_once_a_while_has_passed(bistro: Business) -> None:
    booking = services.cancel(confirmed(bistro), by=SYSTEM, now=NOW)
    with pytest.raises(Conflict, match="too late"):
        services.undo_cancel(booking, by=SYSTEM, now=NOW + 16 * MINUTE)
    kept()


def test_what_was_never_confirmed_is_not_confirmed_by_an_undo(bistro: Business) -> None:
    booking = services.cancel(pending(bistro), by=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        services.undo_cancel(booking, by=SYSTEM, now=NOW)
    held = services.hold(wish(bistro), by=SYSTEM, source="test", now=NOW)
    with pytest.raises(WrongState):
        services.undo_cancel(services.release(held, by=SYSTEM, now=NOW), by=SYSTEM, now=NOW)
    kept()


@pytest.mark.parametrize("status", ["released", "captured"])
def test_an_end_that_moved_money_is_not_taken_back(bistro: Business, status: str) -> None:
    ends = (
        (services.mark_no_show, services.undo_no_show),
        (services.cancel, services.undo_cancel),
    )
    for end, undo in ends:
        booking = confirmed(bistro)
        Deposit.objects.create(
            business=bistro, booking_id=booking.pk, amount_cents=1000, currency="EUR",
            status=status, gateway="manual", payment_intent_id=end.__name__,
        )  # fmt: skip
        booking = end(booking, by=SYSTEM, now=NOW)
        with pytest.raises(Conflict, match="deposit"):
            undo(booking, by=SYSTEM, now=NOW)


def test_what_is_accepted_is_kept_until_then(bistro: Business, one: Resource) -> None:
    booking = pending(bistro, resource_id=one.pk)
    booking = services.accept(booking, until=NOW + HOUR, by=SYSTEM, now=NOW)
    assert "Table 1" not in free(bistro)
    assert services.confirm(booking, by=SYSTEM, now=NOW).expires_at is None
    other = services.accept(pending(bistro), until=NOW + HOUR, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        services.accept(other, until=NOW + 3 * HOUR, by=SYSTEM, now=NOW + 2 * HOUR)
    services.expire_holds(now=NOW + HOUR + MINUTE)
    other.refresh_from_db()
    assert other.state == "expired"
    kept()


def test_several_tables_by_name(bistro: Business) -> None:
    first, second, third = Resource.objects.order_by("name")
    both = confirmed(bistro, party_size=4, together=(first.pk, second.pk))
    assert both.resource_ids == [first.pk, second.pk]
    with pytest.raises(SlotTaken):  # one of them is taken
        confirmed(bistro, party_size=4, together=(second.pk, third.pk))
    with pytest.raises(SlotTaken):  # too few seats
        confirmed(bistro, starts_at=EVENING + 5 * HOUR, party_size=5, together=(first.pk, third.pk))
    joined = Combination.objects.create(location=location(bistro), name="1+2", covers_max=6)
    joined.members.set([first, second])
    late = wish(bistro, EVENING + 5 * HOUR, party_size=5, together=(first.pk, second.pk))
    services.make(late, guest=None, by=SYSTEM, source="test", now=NOW)
    moved = services.reschedule(both, together=(second.pk, third.pk), by=SYSTEM, now=NOW)
    assert moved.resource_ids == [second.pk, third.pk]
    kept()


def test_the_best_among_some(bistro: Business) -> None:
    _, second, third = Resource.objects.order_by("name")
    some = frozenset({second.pk, third.pk})
    assert confirmed(bistro, among=some).resource_ids == [second.pk]
    assert confirmed(bistro, among=some).resource_ids == [third.pk]
    with pytest.raises(SlotTaken):
        confirmed(bistro, among=some)
    assert free(bistro) == ["Table 1"]


def test_who_is_still_here_has_the_gap_after_them_back_too(bistro: Business, one: Resource) -> None:
    """A door that keeps a gap of the business's took it with the booking."""
    booking = confirmed(bistro, resource_id=one.pk, buffer_after=15 * MINUTE)
    services.complete(services.check_in(booking, by=SYSTEM, now=NOW), by=SYSTEM, now=NOW)
    services.undo_complete(booking, by=SYSTEM, now=NOW)
    with pytest.raises(SlotTaken):
        confirmed(bistro, starts_at=EVENING + HOUR, resource_id=one.pk)
    confirmed(bistro, starts_at=EVENING + HOUR + 15 * MINUTE, resource_id=one.pk)
    kept()
