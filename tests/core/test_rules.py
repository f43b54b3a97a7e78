"""What a wish must keep besides finding a place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import Business
from availability.models import Break, Closure, OpeningHours, SpecialDay
from bookings import selectors, services
from bookings.errors import NotOffered, OutsideHours, SlotTaken
from bookings.wishes import SYSTEM, Wish
from tests.builders import HOUR, NOW, business, location, resource, wish

SATURDAY = date(2026, 6, 20)


@pytest.fixture
def salon(db: None) -> Business:
    """Open Saturdays from nine to five in Vienna (two hours ahead), with a break at noon."""
    made = business("Salon", timezone="Europe/Vienna")
    place = location(made)
    OpeningHours.objects.create(location=place, weekday=6, opens=time(9), closes=time(17))
    Break.objects.create(location=place, weekday=6, starts=time(12), ends=time(12, 30))
    for name in ("Ana", "Bruno"):
        resource(made, name, kind="staff")
    return made


def at(hour: int, minute: int = 0, day: date = SATURDAY) -> datetime:
    """A time by the clock in Vienna."""
    return datetime.combine(day, time(hour, minute), UTC) - 2 * HOUR


def asks(of: Business, starts_at: datetime, **fields: Any) -> Wish:
    return wish(of, starts_at, party_size=1, **({"keeps_hours": True} | fields))


def book(of: Business, starts_at: datetime, **fields: Any) -> Any:
    return services.book(
        asks(of, starts_at, **fields), guest=None, by=SYSTEM, source="test", now=NOW
    )


def names(of: Business, starts_at: datetime, **fields: Any) -> list[str]:
    asked = asks(of, starts_at, **fields)
    return [each.candidate.name for each in selectors.free(asked, now=NOW)]


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"),
    [(8, 59, False), (9, 0, True), (11, 0, True), (11, 1, False), (12, 29, False), (12, 30, True),
     (16, 0, True), (16, 1, False)],
)  # fmt: skip
def test_opening_hours_and_breaks(salon: Business, hour: int, minute: int, is_open: bool) -> None:
    assert names(salon, at(hour, minute)) == (["Ana", "Bruno"] if is_open else [])
    if is_open:
        assert book(salon, at(hour, minute)).state == "confirmed"
    else:
        with pytest.raises(OutsideHours):
            book(salon, at(hour, minute))


def test_whoever_keeps_no_hours_is_asked_nothing(
    salon: Business, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):  # the look, and how busy the staff are
        found = selectors.look(asks(salon, at(3), keeps_hours=False), now=NOW)
    assert found.plan is not None


def test_timetables_are_one_query_whatever_they_hold(
    salon: Business, django_assert_num_queries: Any
) -> None:
    for n in range(20):
        Closure.objects.create(
            location=location(salon),
            first_day=SATURDAY + timedelta(days=n + 1),
            last_day=SATURDAY + timedelta(days=n + 1),
        )
    with django_assert_num_queries(2):
        selectors.free(asks(salon, at(10)), now=NOW)


def test_a_closure_closes_the_place_and_time_off_one_person(salon: Business) -> None:
    Closure.objects.create(
        resource=salon.resources.get(name="Ana"),
        first_day=SATURDAY,
        last_day=SATURDAY,
        starts=time(9),
        ends=time(11),
    )
    assert names(salon, at(10)) == ["Bruno"]
    assert names(salon, at(11)) == ["Ana", "Bruno"]
    book(salon, at(10))
    with pytest.raises(SlotTaken):
        book(salon, at(10))
    Closure.objects.create(
        location=location(salon), first_day=SATURDAY, last_day=SATURDAY, reason="Holiday"
    )
    with pytest.raises(OutsideHours, match="Closed: Holiday"):
        book(salon, at(14))


def test_a_special_day_has_hours_of_its_own(salon: Business) -> None:
    SpecialDay.objects.create(
        location=location(salon), day=SATURDAY, opens=time(18), closes=time(22)
    )
    assert names(salon, at(10)) == []
    assert names(salon, at(19)) == ["Ana", "Bruno"]


def test_a_shift_is_the_hours_of_one_person(salon: Business) -> None:
    OpeningHours.objects.create(
        resource=salon.resources.get(name="Ana"), weekday=6, opens=time(14), closes=time(20)
    )
    assert names(salon, at(10)) == ["Bruno"]
    assert names(salon, at(15)) == ["Ana", "Bruno"]
    assert names(salon, at(18)) == []  # the salon is closed by then


def test_notice_and_horizon(salon: Business) -> None:
    Business.objects.update(min_notice_minutes=120, max_advance_days=30)
    salon.refresh_from_db()
    friday = NOW.date()
    OpeningHours.objects.create(location=location(salon), weekday=5, opens=time(9), closes=time(23))
    with pytest.raises(NotOffered, match="120 minutes"):
        book(salon, NOW + timedelta(minutes=119))
    assert book(salon, NOW + timedelta(minutes=120)).state == "confirmed"
    with pytest.raises(NotOffered, match="30 days"):
        book(salon, at(10, day=friday + timedelta(days=36)))


def test_dynamic_bookings_may_respect_closures_and_nothing_else(salon: Business) -> None:
    Closure.objects.create(location=location(salon), first_day=SATURDAY, last_day=SATURDAY)
    only_closures = {"keeps_hours": False, "keeps_closures": True}
    assert names(salon, at(3), **only_closures) == []
    assert names(salon, at(3, day=SATURDAY + timedelta(days=1)), **only_closures) == [
        "Ana",
        "Bruno",
    ]
    found = selectors.next_free(
        asks(salon, at(22), **only_closures), within=12 * HOUR, limit=1, now=NOW
    )
    assert found == []


def test_a_place_without_hours_is_closed_to_whoever_keeps_them(db: None) -> None:
    made = business("Quiet")
    resource(made, "Desk")
    with pytest.raises(OutsideHours):
        book(made, at(10))
