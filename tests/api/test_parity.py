"""One book behind every door: what is done at one is seen at all others, and at no other place."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from bookings import invariants
from bookings.models import Allocation, Booking
from tests.api.doors import DOORS, Refused, Salon, at

pytestmark = pytest.mark.django_db

PAIRS = [
    pytest.param(one, other, id=f"{one.name}-{other.name}")
    for one, other in itertools.product(DOORS, DOORS)
]


@pytest.mark.parametrize("kind", DOORS, ids=lambda kind: kind.name)
def test_every_door_offers_the_same_day(kind: Any) -> None:
    salon = Salon()
    assert kind(salon).starts() == salon.all_starts()


@pytest.mark.parametrize(("writes", "reads"), PAIRS)
def test_a_story_told_at_one_door_and_heard_at_another(writes: Any, reads: Any) -> None:
    salon = Salon()
    writer, reader = writes(salon), reads(salon)
    everything = salon.all_starts()

    def left(*taken: Any) -> list[Any]:
        """The starts whose hour touches no taken hour."""
        return [
            each
            for each in everything
            if all(abs((each - start).total_seconds()) >= 3600 for start in taken)
        ]

    assert reader.starts() == everything
    made = writer.book(at(10))
    assert reader.starts() == left(at(10))
    with pytest.raises(Refused):
        reader.book(at(10, 30))
    other = reader.book(at(14))
    assert writer.starts() == left(at(10), at(14))
    with pytest.raises(Refused):
        writer.move(made, at(13, 30))
    assert reader.starts() == left(at(10), at(14))  # nothing was lost by asking
    writer.move(made, at(12))
    assert reader.starts() == left(at(12), at(14))
    rows = Booking.objects.filter(state="confirmed").order_by("starts_at")
    assert list(rows.values_list("starts_at", "source")) == [
        (at(12), writer.name),
        (at(14), reader.name),
    ]
    assert writer.knows(made)
    writer.cancel(made)
    assert not writer.knows(made)
    assert reader.starts() == left(at(14))
    reader.cancel(other)
    assert writer.starts() == everything
    assert not Allocation.objects.exists()
    assert invariants.broken() == []


@pytest.mark.parametrize(("writes", "reads"), PAIRS)
def test_the_last_of_two_people_ends_an_hour_at_every_door(writes: Any, reads: Any) -> None:
    salon = Salon(staff=2)
    writer, reader = writes(salon), reads(salon)
    writer.book(at(10))
    assert reader.starts() == salon.all_starts()
    reader.book(at(10))
    assert at(10) not in writer.starts()
    with pytest.raises(Refused):
        writer.book(at(10))
