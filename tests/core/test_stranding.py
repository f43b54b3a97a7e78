"""Bookings that changed hours leave behind: listed, and never touched."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from availability import services as when
from availability import timetables
from availability.intervals import Interval
from availability.models import Break, Closure, OpeningHours, RosterEntry, SpecialDay
from availability.services import Period
from bookings import selectors, services
from bookings.models import Booking, Event
from bookings.wishes import SYSTEM, Wish
from resources import services as resources
from tests.builders import HOUR, MARIA, business, location, resource, service, tables, wish

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 19, 12, 0, tzinfo=UTC)
NOON = datetime(2026, 6, 20, 11, 0, tzinfo=UTC)  # Saturday, in London
SATURDAY = date(2026, 6, 20)


@pytest.fixture
def bistro() -> Business:
    of = business("Bistro", timezone="Europe/London")
    tables(of, 3)
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(of), weekday=weekday, opens=time(12), closes=time(22)
        )
    return of


def book(of: Business, at: datetime = NOON, **fields: object) -> Booking:
    return services.book(
        wish(of, at, **fields),  # type: ignore[arg-type]
        guest=MARIA,
        by=SYSTEM,
        source="test",
        now=NOW,
    )


def said(of: Business, now: datetime = NOW) -> list[tuple[str, str]]:
    return [(each.booking.reference, each.why) for each in selectors.stranded(of, now=now)]


def test_what_is_open_strands_nothing(bistro: Business) -> None:
    book(bistro)
    assert said(bistro) == []
    assert said(business("Empty")) == []


def test_closing_a_day_lists_what_it_strands_and_deletes_nothing(bistro: Business) -> None:
    noon, night = book(bistro), book(bistro, NOON + 9 * HOUR)
    book(bistro, NOON + 24 * HOUR)
    with selectors.watching(bistro, now=NOW) as change:
        when.close(location(bistro), first_day=SATURDAY, last_day=SATURDAY, reason="Works")
    assert [(each.booking.pk, each.why) for each in change.stranded] == [
        (noon.pk, "Closed: Works"),
        (night.pk, "Closed: Works"),
    ]
    assert set(Booking.objects.values_list("state", flat=True)) == {"confirmed"}
    assert Event.objects.count() == 3  # nothing but their making
    with selectors.watching(bistro, now=NOW) as again:
        when.close(location(bistro), first_day=SATURDAY, last_day=SATURDAY, reason="Holiday")
    assert list(again.stranded) == []  # they were already


def test_shorter_hours_list_what_is_outside_them_now(bistro: Business) -> None:
    noon = book(bistro)
    book(bistro, NOON + HOUR)
    with selectors.watching(bistro, now=NOW) as change:
        when.set_hours(location(bistro), [Period(6, time(13), time(22))])
    assert [each.booking.pk for each in change.stranded] == [noon.pk]
    assert change.stranded[0].why == "Outside the opening hours."
    services.reschedule(noon, starts_at=NOON + 2 * HOUR, by=SYSTEM, now=NOW)
    assert said(bistro) == []


def test_ten_is_ten_on_both_sides_of_a_change_of_the_clocks(bistro: Business) -> None:
    """The same hours in summer and winter: half past twelve is open on either day."""
    sunday = datetime(2026, 10, 25, 12, 30, tzinfo=UTC)  # the clocks went back that night
    saturday = datetime(2026, 10, 24, 11, 30, tzinfo=UTC)
    for at in (saturday, sunday):
        book(bistro, at)
    assert said(bistro) == []
    early = book(bistro, sunday - HOUR)  # 11:30 by the new clock
    assert said(bistro) == [(early.reference, "Outside the opening hours.")]


def test_a_break_and_a_table_out_of_use(bistro: Business) -> None:
    first, second = book(bistro), book(bistro)
    table = bistro.resources.get(pk=first.resource_ids[0])
    with selectors.watching(bistro, now=NOW) as change:
        resources.change_resource(table, is_active=False)
    assert [(each.booking.pk, each.why) for each in change.stranded] == [
        (first.pk, "Table 1: no longer offered.")
    ]
    Break.objects.create(location=location(bistro), weekday=6, starts=time(12, 30), ends=time(13))
    assert said(bistro) == sorted(
        [
            (first.reference, "Table 1: no longer offered."),
            (second.reference, "Outside the opening hours."),
        ],
        key=lambda each: Booking.objects.get(reference=each[0]).pk.hex,
    )


def test_a_table_that_was_removed(bistro: Business) -> None:
    booking = book(bistro)
    resources.remove_resource(bistro.resources.get(pk=booking.resource_ids[0]), now=NOW)
    assert said(bistro) == [(booking.reference, "Table 1: no longer offered.")]


def test_what_is_over_lapsed_or_cancelled_is_nobodys_worry(bistro: Business) -> None:
    services.cancel(book(bistro), by=SYSTEM, now=NOW)
    services.hold(wish(bistro, NOON), by=SYSTEM, source="test", now=NOW)
    begun = book(bistro, NOW + HOUR)
    OpeningHours.objects.all().delete()
    when.close(location(bistro), first_day=date(2026, 6, 19), last_day=SATURDAY)
    later = NOW + 2 * HOUR
    assert begun.starts_at < later
    assert said(bistro, later) == []


def test_a_place_without_hours_strands_nothing_by_them(bistro: Business) -> None:
    booking = book(bistro)
    OpeningHours.objects.all().delete()
    assert said(bistro) == []
    Closure.objects.create(location=location(bistro), first_day=SATURDAY, last_day=SATURDAY)
    assert said(bistro) == [(booking.reference, "Closed.")]


def test_staff_who_will_be_away() -> None:
    spa = business("Spa", timezone="Europe/London")
    OpeningHours.objects.create(location=location(spa), weekday=6, opens=time(9), closes=time(18))
    ana = resource(spa, "Ana", kind="staff")
    massage = service(spa, duration=HOUR)
    massage.requirements.create(kind="staff")
    booking = services.book(
        Wish.of(massage, starts_at=NOON), guest=MARIA, by=SYSTEM, source="test", now=NOW
    )
    assert said(spa) == []
    RosterEntry.objects.create(
        resource=ana, kind="vacation", day=SATURDAY, starts=time(0), ends=time(0)
    )
    assert said(spa) == [(booking.reference, "Closed.")]


def test_a_class_may_be_outside_the_hours_but_not_on_a_closed_day(bistro: Business) -> None:
    yoga = service(bistro, "Yoga", capacity=5)
    run = services.schedule_session(yoga, starts_at=NOON - 4 * HOUR, by=SYSTEM, now=NOW)
    booking = services.book_places(
        run, party_size=1, guest=MARIA, by=SYSTEM, source="test", now=NOW
    )
    assert said(bistro) == []
    when.close(location(bistro), first_day=SATURDAY, last_day=SATURDAY)
    assert said(bistro) == [(booking.reference, "Closed.")]


def test_many_are_asked_as_one_would_be(bistro: Business) -> None:
    """What looks at all days at once finds what asking each booking finds."""
    dice, place = random.Random(3), location(bistro)
    one, two, _ = bistro.resources.order_by("name")
    OpeningHours.objects.filter(weekday=7).update(last_start=time(23))
    OpeningHours.objects.create(location=place, weekday=5, opens=time(23), closes=time(2))
    Break.objects.create(location=place, weekday=3, starts=time(15), ends=time(16))
    SpecialDay.objects.create(location=place, day=date(2026, 10, 25), opens=time(0), closes=time(6))
    OpeningHours.objects.create(resource=two, weekday=4, opens=time(13), closes=time(21))
    first = datetime(2026, 10, 20, tzinfo=UTC)  # the clocks go back on the 25th
    for owner in ({"location": place}, {"resource": one}):
        Closure.objects.create(
            first_day=date(2026, 10, 28), last_day=date(2026, 10, 29), starts=time(19),
            ends=time(1), reason="Works", **owner,
        )  # fmt: skip
    for n in range(400):
        at = first + dice.randrange(14 * 24 * 4) * timedelta(minutes=15)
        Booking.objects.create(
            business=bistro, location=place, source="test", reference=f"R{n}", state="confirmed",
            party_size=2, starts_at=at, ends_at=at + dice.choice((1, 2, 3)) * HOUR,
            resource_ids=[dice.choice((one, two)).pk],
        )  # fmt: skip
    promises = timetables.load(bistro)
    expected = {}
    for each in Booking.objects.order_by("starts_at", "pk"):
        during = Interval(each.starts_at, each.ends_at)
        (used,) = each.resource_ids
        for asked in (None, used):
            if reason := promises.closed(place.pk, during, resource_id=asked):
                expected[each.reference] = reason
                break
    assert 50 < len(expected) < 350
    assert {"Closed: Works", "Outside the opening hours."} == set(expected.values())
    assert dict(said(bistro)) == expected


def test_four_queries_whatever_is_booked(bistro: Business) -> None:
    counts = []
    for n in range(2):
        for hour in range(-2, 8):
            book(bistro, NOON + n * timedelta(days=1) + hour * HOUR)
        with CaptureQueriesContext(connection) as queries:
            selectors.stranded(bistro, now=NOW)
        counts.append(len(queries))
    assert counts == [4, 4]


def test_looking_before_and_after_reads_no_rows_until_somebody_looks_at_them(
    bistro: Business, django_assert_num_queries: Any
) -> None:
    booked, place = [book(bistro, NOON + hour * HOUR) for hour in range(4)], location(bistro)
    with django_assert_num_queries(7):  # three before, three after, and the change
        with selectors.watching(bistro, now=NOW) as change:
            Closure.objects.create(location=place, first_day=SATURDAY, last_day=SATURDAY)
        assert (len(change.stranded), bool(change.stranded)) == (4, True)
        assert list(change.stranded.ids) == [each.pk for each in booked]
        assert set(change.stranded.why.values()) == {"Closed."}
    with django_assert_num_queries(1):
        assert [each.booking for each in change.stranded[:2]] == booked[:2]
    with django_assert_num_queries(1):
        assert change.stranded[-1].booking.guest.first_name == "Maria"  # type: ignore[union-attr]
    with django_assert_num_queries(1):
        assert [each.booking for each in change.stranded] == booked


def test_a_closure_counts_from_the_instant_it_begins_to_the_one_it_ends(bistro: Business) -> None:
    noon = book(bistro, NOON)
    for starts, ends in ((time(11), time(12)), (time(13), time(14))):
        Closure.objects.create(
            location=location(bistro), first_day=SATURDAY, last_day=SATURDAY, starts=starts,
            ends=ends,
        )  # fmt: skip
    assert said(bistro) == []
    Closure.objects.create(
        location=location(bistro), first_day=SATURDAY, last_day=SATURDAY, starts=time(12, 59),
        ends=time(13), reason="Works",
    )  # fmt: skip
    assert said(bistro) == [(noon.reference, "Closed: Works")]
