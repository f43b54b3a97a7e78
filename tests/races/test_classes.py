"""Recurring classes put in the book, changed and booked by many at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import Business
from bookings import invariants, services
from bookings.errors import SlotTaken
from bookings.models import Allocation, Booking, Schedule, Session
from bookings.wishes import SYSTEM
from tests.builders import HOUR, business, location, resource, service
from tests.faults.test_kills import killed_before_its_commit
from tests.web import together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TODAY = datetime.now(UTC).date()


def schedule(of: Business, at: time = time(10), **fields: Any) -> Schedule:
    made = of.services.filter(name="Spin").first() or service(of, "Spin", capacity=4)
    return services.add_schedule(
        of,
        service=made, location=location(of), rule="FREQ=DAILY", starts_on=TODAY, at=at,
        resources=list(of.resources.all()), **fields,
    )  # fmt: skip


def gym() -> Business:
    made = business("Gym", schedule_weeks=1)
    resource(made, "Studio", kind="room")
    return made


def test_many_at_once_put_each_session_in_once() -> None:
    of = gym()
    made = schedule(of)
    found = together([lambda: services.lay_out(made)] * 6)
    assert [each for each in found if isinstance(each, BaseException)] == []
    made_by = [len(each.made) for each in found if isinstance(each, services.Laid)]
    assert sum(made_by) == Session.objects.count()
    assert Session.objects.count() == Allocation.objects.count() in (7, 8)
    assert Session.objects.values("occurs_on").distinct().count() == Session.objects.count()


def test_two_schedules_that_want_one_room_share_the_days_between_them() -> None:
    of = gym()
    one, two = schedule(of), schedule(of, time(10, 30))
    together([lambda: services.lay_out(one), lambda: services.lay_out(two)] * 3)
    assert Session.objects.count() in (7, 8, 9)
    clashes = one.omissions.count() + two.omissions.count()
    assert Session.objects.count() + clashes in (14, 15, 16)
    assert invariants.broken() == []


def test_a_change_while_sessions_are_put_in_leaves_none_of_the_old_time() -> None:
    of = gym()
    made = schedule(of)

    def move() -> None:
        services.change_schedule(made, at=time(15), by=SYSTEM)
        services.lay_out(made)

    found = together([lambda: services.lay_out(made), lambda: services.lay_out(made), move])
    assert [each for each in found if isinstance(each, BaseException)] == []
    assert {each.starts_at.hour for each in Session.objects.all()} == {15}
    assert invariants.broken() == []


def test_booking_while_the_schedule_is_changed_is_kept_or_refused() -> None:
    """Whoever is told "booked" has a place in a class that is there."""
    of = gym()
    made = schedule(of)
    services.lay_out(made)
    later = [each for each in Session.objects.all() if each.starts_at > datetime.now(UTC) + HOUR]

    def book(session: Session) -> str:
        try:
            services.book_places(session, party_size=1, guest=None, by=SYSTEM, source="test")
        except SlotTaken:
            return "refused"
        return "booked"

    calls: list[Any] = [lambda s=s: book(s) for s in later for _ in range(3)]
    calls.append(lambda: services.change_schedule(made, at=time(15), by=SYSTEM))
    *found, changed = together(calls)
    assert not isinstance(changed, BaseException)
    said = Counter(map(str, found))
    assert set(said) <= {"booked", "refused"}
    assert Booking.objects.filter(state="confirmed").count() == said["booked"]
    for booking in Booking.objects.filter(state="confirmed").select_related("session"):
        assert booking.session is not None
        assert booking.session.state == "scheduled"
    assert invariants.broken() == []


def test_moving_a_class_against_booking_and_calling_it_off() -> None:
    of = gym()
    made = schedule(of)
    services.lay_out(made)
    (run, *_) = Session.objects.filter(starts_at__gt=datetime.now(UTC) + timedelta(days=2))
    booking = services.book_places(run, party_size=1, guest=None, by=SYSTEM, source="test")

    def book() -> object:
        return services.book_places(run, party_size=1, guest=None, by=SYSTEM, source="test")

    calls: list[Any] = [
        book,
        lambda: services.change_session(run, starts_at=run.starts_at + HOUR, by=SYSTEM),
        lambda: services.change_party_size(booking, party_size=2, by=SYSTEM),
        lambda: services.change_session(run, capacity=6, by=SYSTEM),
        lambda: services.cancel_session(run, by=SYSTEM),
        book,
    ]
    together(calls)
    assert Session.objects.get(pk=run.pk).state == "cancelled"
    assert not Booking.objects.filter(session=run, state="confirmed").exists()
    assert invariants.broken() == []


def test_a_worker_killed_while_it_lays_out_loses_nothing() -> None:
    of = gym()
    made = schedule(of)
    killed_before_its_commit("materialise_schedules")
    count = len(services.lay_out(made).made)
    assert count == Session.objects.count() == Allocation.objects.count()
    assert count in (7, 8)
    assert invariants.broken() == []
