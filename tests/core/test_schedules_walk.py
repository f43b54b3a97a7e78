"""Schedules at random: whatever is done in whatever order, the book says what it should."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.errors import DomainError
from accounts.models import Business
from availability.models import Closure
from bookings import invariants, services
from bookings.models import Booking, Schedule, Session
from bookings.wishes import SYSTEM
from tests.builders import HOUR, business, location, resource, service

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)  # two weeks before London's clocks go forward
ZONE = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
RULES = {
    "FREQ=DAILY": range(7),
    "FREQ=WEEKLY;BYDAY=MO,WE,FR": (0, 2, 4),
    "FREQ=WEEKLY;BYDAY=SA,SU": (5, 6),
}
TIMES = (time(7), time(1, 30), time(18))


class Walk:
    """A gym with one schedule, and the moves that staff, guests and the beat make."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = NOW
        self.gym: Business = business("Gym", timezone=ZONE.key, schedule_weeks=3)
        self.studio = resource(self.gym, "Studio", kind="room")
        self.schedule: Schedule = services.add_schedule(
            self.gym, service=service(self.gym, "Spin", capacity=3), location=location(self.gym),
            resources=[self.studio], rule="FREQ=DAILY", starts_on=NOW.date(), at=time(7), now=NOW,
        )  # fmt: skip
        self.by_hand: dict[Any, tuple[datetime, str]] = {}

    def step(self) -> None:
        moves = (self.lay, self.lay, self.change, self.book, self.leave, self.cancel, self.move,
                 self.close, self.open, self.wait)  # fmt: skip
        with contextlib.suppress(DomainError):
            self.dice.choice(moves)()

    def lay(self) -> None:
        services.lay_out(self.schedule, now=self.now)

    def change(self) -> None:
        wanted: dict[str, Any] = self.dice.choice(
            [
                {"rule": self.dice.choice(list(RULES))},
                {"at": self.dice.choice(TIMES)},
                {"exceptions": [self.day()]},
                {"capacity": self.dice.choice((2, 3, 4))},
                {"is_active": self.dice.random() < 0.7},
            ]
        )
        services.change_schedule(self.schedule, by=SYSTEM, now=self.now, **wanted)

    def book(self) -> None:
        lasts = self.dice.choice((None, HOUR))
        services.book_places(
            self.run(), party_size=self.dice.choice((1, 2)), guest=None, by=SYSTEM, source="test",
            lasts=lasts, now=self.now,
        )  # fmt: skip

    def leave(self) -> None:
        for booking in Booking.objects.filter(state="confirmed").order_by("?")[:1]:
            services.cancel(booking, by=SYSTEM, now=self.now)

    def cancel(self) -> None:
        run = self.run()
        services.cancel_session(run, by=SYSTEM, now=self.now)
        self.by_hand[run.occurs_on] = (run.starts_at, "cancelled")

    def move(self) -> None:
        run = self.run()
        moved = services.change_session(
            run, starts_at=run.starts_at + self.dice.choice((2, 3)) * HOUR, by=SYSTEM, now=self.now
        )
        self.by_hand[run.occurs_on] = (moved.starts_at, "scheduled")

    def close(self) -> None:
        day = self.day()
        Closure.objects.create(location=self.schedule.location, first_day=day, last_day=day)

    def open(self) -> None:
        Closure.objects.all().delete()

    def wait(self) -> None:
        self.now += self.dice.choice((HOUR, 5 * HOUR))

    def day(self) -> date:
        return self.now.date() + self.dice.randint(1, 21) * DAY

    def run(self) -> Session:
        ahead = list(Session.objects.filter(starts_at__gt=self.now, state="scheduled"))
        if not ahead:
            raise DomainError
        return self.dice.choice(ahead)

    # --- what is true after each step ------------------------------------------------------------

    def look(self) -> None:
        assert invariants.broken() == []
        self.schedule.refresh_from_db()
        days = Counter(Session.objects.filter(schedule=self.schedule).values_list("occurs_on"))
        assert not days or max(days.values()) == 1
        for day, (at, state) in self.by_hand.items():
            (left,) = Session.objects.filter(schedule=self.schedule, occurs_on=day)
            assert state == "scheduled" or (left.starts_at, left.state) == (at, state)

    def settled(self) -> None:
        """Once the beat has been: every day that the rule names and only those, at its time."""
        services.lay_out(self.schedule, now=self.now)
        self.schedule.refresh_from_db()
        shut = set(Closure.objects.values_list("first_day", flat=True))
        today = self.now.astimezone(ZONE).date()
        expected = set()
        for n in range(22 if self.schedule.is_active else 0):
            day = today + n * DAY
            at = datetime.combine(day, self.schedule.at, ZONE).astimezone(UTC)
            named = day.weekday() in RULES[self.schedule.rule]
            if named and day not in self.schedule.exceptions and at > self.now:
                expected.add((day, at))
        theirs = Session.objects.filter(schedule=self.schedule)
        kept = {each.occurs_on for each in theirs if each.was_changed or each.state == "cancelled"}
        booked = {each.occurs_on for each in theirs if self.is_booked(each)}
        for each in theirs.filter(starts_at__gt=self.now):
            if each.occurs_on not in kept | booked:
                assert (each.occurs_on, each.starts_at) in expected
                assert each.occurs_on not in shut
                assert each.capacity == (self.schedule.capacity or 3)
        there = set(theirs.values_list("occurs_on", flat=True))
        clashes = set(self.schedule.omissions.filter(kind="clash").values_list("day", flat=True))
        assert {day for day, _ in expected} - shut - clashes <= there

    def is_booked(self, run: Session) -> bool:
        live = run.bookings.filter(state__in=("held", "confirmed"))
        return live.exclude(expires_at__lte=self.now).exists()


@pytest.mark.parametrize("seed", range(12))
def test_a_walk(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(25):
        walk.step()
        walk.look()
    walk.settled()
