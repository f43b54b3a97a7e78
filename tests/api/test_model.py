"""Random steps through random doors against a naive book: each door offers what the book says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.limits import limiter
from bookings import invariants
from bookings.models import Booking
from tests.api.doors import DOORS, STAY, Refused, Salon, at

pytestmark = pytest.mark.django_db

doors = st.sampled_from(range(len(DOORS)))
starts = st.integers(0, 14).map(lambda n: at(9 + n // 2, n % 2 * 30))


class Book(RuleBasedStateMachine):
    """The model is a list of hours for each person; who serves is for the core to choose."""

    made = Bundle("made")

    @initialize(staff=st.integers(1, 2))
    def open(self, staff: int) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        limiter().forget()
        self.salon = Salon(staff)
        self.doors = [kind(self.salon) for kind in DOORS]
        self.taken: dict[Any, tuple[Any, datetime]] = {}  # by booking: who, and from when

    def free(self, start: datetime, *, but: Any = None) -> set[Any]:
        """Who has nothing in the hour from a start."""
        busy = {
            who
            for booking, (who, since) in self.taken.items()
            if booking != but and since < start + STAY and start < since + STAY
        }
        return {each.pk for each in self.salon.staff} - busy

    @rule(target=made, door=doors, start=starts)
    def book(self, door: int, start: datetime) -> Any:
        free = self.free(start)
        try:
            id_ = self.doors[door].book(start)
        except Refused:
            assert not free
            return multiple()
        on = Booking.objects.filter(business=self.salon.business, state="confirmed")
        (row,) = on.exclude(pk__in=self.taken)
        assert row.resource_ids[0] in free
        self.taken[row.pk] = (row.resource_ids[0], row.starts_at)
        return (door, id_, row.pk)

    @rule(booking=made, start=starts)
    def move(self, booking: Any, start: datetime) -> None:
        door, id_, pk = booking
        if pk not in self.taken:
            return
        was = self.taken[pk]
        try:
            self.doors[door].move(id_, start)
        except Refused:
            # A door may keep who serves: it refuses when that one is busy.
            assert was[0] not in self.free(start, but=pk)
            return
        row = Booking.objects.get(pk=pk)
        assert row.starts_at == start
        assert row.resource_ids[0] in self.free(start, but=pk)
        self.taken[pk] = (row.resource_ids[0], start)

    @rule(booking=consumes(made))
    def cancel(self, booking: Any) -> None:
        door, id_, pk = booking
        self.doors[door].cancel(id_)
        self.taken.pop(pk, None)

    @invariant()
    def every_door_offers_what_the_book_says(self) -> None:
        if not hasattr(self, "salon"):
            return
        expected = [each for each in self.salon.all_starts() if self.free(each)]
        for each in self.doors:
            assert each.starts() == expected, each.name

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            assert invariants.broken() == []
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)


def test_every_door_shows_the_one_book() -> None:
    run_state_machine_as_test(
        Book,
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
