"""When a service may start, where that isn't all the time its location is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from accounts.models import Business
from availability.models import Closure
from availability.services import Period, set_hours, set_service_hours
from bookings import offers, services
from bookings.errors import NotOffered, OutsideHours
from bookings.wishes import SYSTEM, Search, Wish
from resources.models import Section, Service
from tests.builders import HOUR, MINUTE, business, location, service, tables

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 6, 22)
NOW = datetime(2026, 6, 19, 12, tzinfo=UTC)


@pytest.fixture
def bistro() -> Business:
    made = business("Bistro", slot_interval_minutes=30)
    tables(made, 1, section="Main room")
    set_hours(location(made), [Period(day, time(), time()) for day in range(1, 8)])
    return made


@pytest.fixture
def lunch(bistro: Business) -> Service:
    return service(bistro, "Lunch", duration=HOUR)


def starts(of: Service, day: date = MONDAY, **how: bool) -> list[str]:
    search = Search(business=of.business, service=of, first_day=day, last_day=day, **how)  # type: ignore[arg-type]
    return [f"{each.starts_at:%H:%M}" for each in offers.slots(search, now=NOW)]


def book(of: Service, at: str, **how: object) -> None:
    moment = datetime.combine(MONDAY, time.fromisoformat(at), UTC)
    wish = Wish.of(of, starts_at=moment, party_size=2, keeps_hours=True, **how)
    services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)


def test_it_starts_by_the_interval_from_its_own_beginning_on(lunch: Service) -> None:
    set_service_hours(lunch, [1, 3], opens=time(12, 15), closes=time(14))
    assert starts(lunch) == ["12:15", "12:45", "13:15", "13:45"]
    assert starts(lunch, MONDAY + timedelta(1)) == []
    assert starts(lunch, MONDAY + timedelta(2)) == ["12:15", "12:45", "13:15", "13:45"]


def test_it_starts_at_the_times_that_are_named_and_no_others(lunch: Service) -> None:
    set_service_hours(lunch, [1], opens=time(9), closes=time(11), starts=[time(10, 30), time(9, 5)])
    assert starts(lunch) == ["09:05", "10:30"]
    book(lunch, "10:30", step=30 * MINUTE)
    with pytest.raises(NotOffered):
        book(lunch, "09:00", step=30 * MINUTE)
    book(lunch, "09:25")  # without a grid any minute inside will do


def test_nobody_books_it_at_another_time(lunch: Service) -> None:
    set_service_hours(lunch, [1], opens=time(12), closes=time(14))
    for at in ("11:30", "14:00"):
        with pytest.raises(OutsideHours):
            book(lunch, at)
    book(lunch, "13:30", step=30 * MINUTE)  # and lasts until half past two


def test_over_midnight(lunch: Service) -> None:
    set_service_hours(lunch, [7], opens=time(23), closes=time(1))
    assert starts(lunch) == ["00:00", "00:30"]


def test_without_any_it_starts_whenever_it_is_open(lunch: Service) -> None:
    set_service_hours(lunch, [1], opens=time(12), closes=time(13))
    set_service_hours(lunch, [], opens=time(12), closes=time(13))
    assert len(starts(lunch)) == 48


def test_what_is_closed_may_be_shown_all_the_same(lunch: Service) -> None:
    set_service_hours(lunch, [1], opens=time(12), closes=time(13))
    Closure.objects.create(
        location=location(lunch.business), first_day=MONDAY, last_day=MONDAY, reason="Holiday"
    )
    assert starts(lunch) == []
    assert starts(lunch, keeps_closures=False) == ["12:00", "12:30"]
    with pytest.raises(NotOffered):
        book(lunch, "12:00")


def test_what_is_in_a_section_that_is_not_online_is_for_staff(lunch: Service) -> None:
    set_service_hours(lunch, [1], opens=time(12), closes=time(13))
    Section.objects.update(is_online=False)
    assert starts(lunch) == []
    assert starts(lunch, by_guest=False) == ["12:00", "12:30"]
