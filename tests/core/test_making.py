"""Taking time, and giving it back."""

import pytest

from accounts.models import Business
from billing.models import Plan, Subscription
from bookings import selectors, services
from bookings.errors import HoldExpired, QuotaUsedUp, SlotTaken
from bookings.models import Allocation, Booking
from bookings.wishes import SYSTEM, Wish
from resources import services as resources
from resources.models import Location, Requirement
from tests.builders import (
    EVENING,
    HOUR,
    MARIA,
    MINUTE,
    NOW,
    business,
    resource,
    service,
    tables,
    wish,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bistro() -> Business:
    made = business("Bistro")
    tables(made, 2)
    return made


def book(of: Business, **fields: object) -> Booking:
    return services.book(
        wish(of, **fields),  # type: ignore[arg-type]
        guest=MARIA,
        by=SYSTEM,
        source="test",
        now=NOW,
    )


def hold(of: Business, *, now: object = NOW, **fields: object) -> Booking:
    return services.hold(wish(of, **fields), by=SYSTEM, source="test", now=now)  # type: ignore[arg-type]


def names(of: Business, **fields: object) -> list[str]:
    return [each.candidate.name for each in selectors.free(wish(of, **fields), now=NOW)]  # type: ignore[arg-type]


def test_a_booked_table_is_not_offered_until_its_time_ends(bistro: Business) -> None:
    book(bistro)
    assert names(bistro) == ["Table 2"]
    assert names(bistro, starts_at=EVENING + 59 * MINUTE) == ["Table 2"]
    assert names(bistro, starts_at=EVENING + HOUR) == ["Table 1", "Table 2"]


@pytest.mark.parametrize("minutes", [1, 239, 240, 241, 24 * 60, 49 * 60])
def test_what_takes_long_is_seen_to_its_end(bistro: Business, minutes: int) -> None:
    took = minutes * MINUTE
    book(bistro, starts_at=EVENING, duration=took)
    for at in (EVENING - HOUR + MINUTE, EVENING, EVENING + took / 2, EVENING + took - MINUTE):
        assert names(bistro, starts_at=at) == ["Table 2"]
        assert selectors.look(wish(bistro, at), now=NOW).plan.takes[0] == (  # type: ignore[union-attr]
            bistro.resources.get(name="Table 2").pk,
            0,
        )
    for at in (EVENING - HOUR, EVENING + took):
        assert names(bistro, starts_at=at) == ["Table 1", "Table 2"]


def test_nobody_is_refused_while_a_table_is_free_and_then_everybody(bistro: Business) -> None:
    assert {book(bistro).resource_ids[0] for _ in range(2)} == {
        each.pk for each in bistro.resources.all()
    }
    with pytest.raises(SlotTaken):
        book(bistro)


def test_a_hold_takes_time_until_it_lapses_and_then_takes_none(bistro: Business) -> None:
    early = [hold(bistro), hold(bistro)]
    with pytest.raises(SlotTaken):
        hold(bistro, now=NOW + 19 * MINUTE)
    late = hold(bistro, now=NOW + 20 * MINUTE)
    states = [Booking.objects.get(pk=each.pk).state for each in (*early, late)]
    assert sorted(states[:2]) == ["expired", "held"]  # only the one in the way was cleared
    assert states[2] == "held"


def test_a_lapsed_hold_cannot_be_confirmed_even_before_any_sweep(bistro: Business) -> None:
    held = hold(bistro)
    with pytest.raises(HoldExpired):
        services.confirm(held, by=SYSTEM, now=NOW + 20 * MINUTE)
    assert services.confirm(held, by=SYSTEM, now=NOW + 19 * MINUTE).state == "confirmed"
    assert not Allocation.objects.filter(booking=held, expires_at__isnull=False).exists()


def test_what_was_only_held_and_let_go_of_is_no_booking_of_the_plan(bistro: Business) -> None:
    allowed(bistro, 1)
    services.release(hold(bistro), by=SYSTEM, now=NOW)
    hold(bistro, now=NOW - HOUR)  # has lapsed, and nobody has swept
    booking = book(bistro)
    services.cancel(booking, by=SYSTEM, now=NOW)
    with pytest.raises(QuotaUsedUp):  # one that was cancelled stays one
        book(bistro)


def test_a_visit_with_a_class_in_it_is_one_booking_of_the_plan() -> None:
    gym = allowed(business("Gym"), 1)
    resource(gym, "Ana", kind="staff")
    massage, spin = service(gym, "Massage"), service(gym, "Spin", capacity=5)
    Requirement.objects.create(service=massage, kind="staff")
    services.schedule_session(spin, starts_at=EVENING + HOUR, by=SYSTEM, now=NOW)
    guest, _ = services.welcome_guest(gym, MARIA, now=NOW)
    parts = [
        services.Part(Wish.of(massage, starts_at=EVENING), 5000),
        services.Part(Wish.of(spin, starts_at=EVENING + HOUR), 1000),
    ]
    services.book_visit(parts, guest_id=guest.pk, by=SYSTEM, source="test", now=NOW)
    assert Booking.objects.count() == 2


def test_nothing_is_to_be_had_at_a_place_that_was_given_up(bistro: Business) -> None:
    """Not even when what stands there fits best."""
    other = Location.objects.create(business=bistro, name="Annexe")
    resource(bistro, "Table 0", kind="table", covers_max=2, location=other)
    there = book(bistro)
    assert there.location == other
    resources.change_location(other, is_active=False)
    assert names(bistro, starts_at=EVENING + HOUR) == ["Table 1", "Table 2"]
    here = book(bistro, starts_at=EVENING + HOUR)
    assert here.location != other
    assert [each.booking for each in selectors.stranded(bistro, now=NOW)] == [there]


def allowed(of: Business, bookings: int) -> Business:
    """A business on a plan of so many bookings a month."""
    plan = Plan.objects.create(key="small", name="Small", max_bookings=bookings)
    Subscription.objects.filter(business=of).update(plan=plan)
    return of
