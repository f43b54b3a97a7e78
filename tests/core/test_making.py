"""Taking time, and giving it back."""

import pytest

from accounts.models import Business
from bookings import selectors, services
from bookings.errors import HoldExpired, SlotTaken
from bookings.models import Allocation, Booking
from bookings.wishes import SYSTEM
from tests.builders import EVENING, HOUR, MARIA, MINUTE, NOW, business, tables, wish

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
