"""Classes that come again: what is put in the book, what isn't, and what a change leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import Conflict, Invalid
from accounts.models import Business
from availability.models import Closure
from bookings import invariants, selectors, services
from bookings.errors import SlotTaken
from bookings.models import Allocation, Booking, Event, Omission, Schedule, Session
from bookings.wishes import SYSTEM
from resources.models import Resource, Service
from tests.builders import HOUR, MARIA, MINUTE, business, location, resource, service

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


@pytest.fixture
def gym() -> Business:
    made = business("Gym", timezone="Europe/London", schedule_weeks=4)
    resource(made, "Sam", kind="staff")
    resource(made, "Studio", kind="room")
    return made


@pytest.fixture
def spin(gym: Business) -> Service:
    return service(gym, "Spin", capacity=3)


def both(of: Business) -> list[Resource]:
    return list(of.resources.all())


def schedule(of: Service, rule: str = "FREQ=WEEKLY;BYDAY=MO", **fields: Any) -> Schedule:
    values: dict[str, Any] = {
        "service": of, "location": location(of.business), "rule": rule, "starts_on": MONDAY,
        "at": time(10), "resources": both(of.business), "now": NOW,
    }  # fmt: skip
    return services.add_schedule(of.business, **(values | fields))


def lay(made: Schedule, now: datetime = NOW) -> list[str]:
    """The days put in the book."""
    return [str(each.occurs_on) for each in services.lay_out(made, now=now).made]


def book(session: Session, n: int = 1, now: datetime = NOW) -> Booking:
    return services.book_places(
        session, party_size=n, guest=MARIA, by=SYSTEM, source="test", now=now
    )


def starts(of: Schedule) -> list[str]:
    rows = Session.objects.filter(schedule=of, state="scheduled")
    return [f"{each.starts_at:%m-%d %H:%M}" for each in rows]


def test_sessions_are_put_in_the_book_as_far_ahead_as_the_business_wants(spin: Service) -> None:
    made = schedule(spin)
    assert lay(made) == ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]
    # Ten o'clock stays ten o'clock: the last one is after the clocks went forward.
    assert starts(made) == ["03-02 10:00", "03-09 10:00", "03-16 10:00", "03-23 10:00",
                            "03-30 09:00"]  # fmt: skip
    assert Allocation.objects.count() == 10
    assert {each.capacity for each in made.sessions.all()} == {3}
    assert lay(made) == []
    assert lay(made, NOW + WEEK) == ["2026-04-06"]
    assert invariants.broken() == []


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("America/New_York", "2026-03-07T12:00", ["15:00", "14:00", "14:00"]),
        ("Europe/London", "2026-10-24T00:00", ["09:00", "10:00", "10:00"]),
        ("Australia/Lord_Howe", "2026-04-03T15:00", ["23:00", "23:30", "23:30"]),
        ("Africa/Cairo", "2026-04-23T00:00", ["08:00", "07:00", "07:00"]),
    ],
)
def test_ten_stays_ten_across_a_change(zone: str, now: str, expected: list[str]) -> None:
    of = business("Gym", timezone=zone, schedule_weeks=1)
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    today = moment.astimezone(ZoneInfo(zone)).date()
    made = schedule(
        service(of, "Spin", capacity=3), "FREQ=DAILY;COUNT=3", starts_on=today, now=moment
    )
    services.lay_out(made, now=moment)
    found = list(made.sessions.order_by("starts_at"))
    assert [f"{each.starts_at:%H:%M}" for each in found] == expected
    assert {f"{each.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for each in found} == {"10:00"}


def test_what_has_begun_is_not_put_in(spin: Service) -> None:
    made = schedule(spin)
    assert lay(made, NOW + HOUR)[0] == "2026-03-09"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"rule": "FREQ=HOURLY"}, "rule"),
        ({"rule": "every monday"}, "rule"),
        ({"rule": "FREQ=DAILY;INTERVAL=7;BYDAY=TU"}, "rule"),
        ({"rule": "FREQ=YEARLY", "until": MONDAY - DAY}, "until"),
        ({"rule": "FREQ=WEEKLY;BYDAY=FR", "until": MONDAY}, "rule"),
        ({"capacity": 0}, "capacity"),
        ({"exceptions": [MONDAY + n * DAY for n in range(400)]}, "exceptions"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(
    spin: Service, fields: dict[str, Any], where: str
) -> None:
    with pytest.raises(Invalid) as refused:
        schedule(spin, **fields)
    assert list(refused.value.fields) == [where]
    assert not Schedule.objects.exists()


def test_a_schedule_of_another_business_is_refused(spin: Service) -> None:
    other = business("Other")
    for fields, where in (
        ({"location": location(other)}, "location"),
        ({"resources": [resource(other, "Max")]}, "resources"),
    ):
        with pytest.raises(Invalid) as refused:
            schedule(spin, **fields)
        assert list(refused.value.fields) == [where]


def test_what_was_cancelled_or_moved_by_hand_is_not_made_again(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    first, second, *_ = made.sessions.all()
    services.cancel_session(first, by=SYSTEM, now=NOW)
    services.change_session(second, starts_at=second.starts_at + DAY, by=SYSTEM, now=NOW)
    assert lay(made) == []
    assert starts(made) == ["03-10 10:00", "03-16 10:00", "03-23 10:00", "03-30 09:00"]
    changed = services.change_schedule(made, at=time(11), by=SYSTEM, now=NOW)
    assert [each.pk for each in changed.kept] == [second.pk]
    assert lay(made) == ["2026-03-16", "2026-03-23", "2026-03-30"]
    assert starts(made)[:2] == ["03-10 10:00", "03-16 11:00"]


def test_a_day_that_is_closed_is_left_out_and_said(gym: Business, spin: Service) -> None:
    Closure.objects.create(
        location=location(gym), first_day=MONDAY + WEEK, last_day=MONDAY + WEEK, reason="Works"
    )
    Closure.objects.create(
        resource=gym.resources.get(name="Sam"),
        first_day=MONDAY + 2 * WEEK, last_day=MONDAY + 2 * WEEK, reason="Holiday",
    )  # fmt: skip
    made = schedule(spin)
    assert lay(made) == ["2026-03-02", "2026-03-23", "2026-03-30"]
    assert list(made.omissions.values_list("day", "kind", "reason")) == [
        (MONDAY + WEEK, "closed", "Closed: Works"),
        (MONDAY + 2 * WEEK, "closed", "Closed: Holiday"),
    ]
    Closure.objects.all().delete()
    assert lay(made) == ["2026-03-09", "2026-03-16"]
    assert not Omission.objects.exists()


def test_closing_a_day_takes_out_what_nobody_has_booked(gym: Business, spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    _, empty, booked, mine, _ = made.sessions.all()
    book(booked)
    services.change_session(mine, capacity=9, by=SYSTEM, now=NOW)
    assert lay(made) == []
    closure = Closure.objects.create(
        location=location(gym), first_day=MONDAY + DAY, last_day=MONDAY + 3 * WEEK, reason="Works"
    )
    laid = services.lay_out(made, now=NOW)
    assert [(str(each.day), each.reason) for each in laid.omitted] == [
        ("2026-03-09", "Closed: Works")
    ]
    assert starts(made) == ["03-02 10:00", "03-16 10:00", "03-23 10:00", "03-30 09:00"]
    assert [each.booking.session for each in selectors.stranded(gym, now=NOW)] == [booked]
    assert not Session.objects.filter(pk=empty.pk).exists()
    closure.delete()
    assert lay(made) == ["2026-03-09"]


def test_what_was_left_out_long_ago_is_forgotten(spin: Service) -> None:
    made = schedule(spin)
    for days in (31, 30):
        Omission.objects.create(schedule=made, day=NOW.date() - days * DAY, kind="clash")
    services.lay_out_all(now=NOW)
    assert [each.day for each in Omission.objects.all()] == [NOW.date() - 30 * DAY]


def test_a_clash_is_written_down_and_mended_when_the_room_is_free(
    gym: Business, spin: Service
) -> None:
    studio = gym.resources.get(name="Studio")
    at = NOW + WEEK + HOUR
    block = services.block(studio, starts_at=at, ends_at=at + HOUR, by=SYSTEM, now=NOW)
    made = schedule(spin)
    laid = services.lay_out(made, now=NOW)
    assert len(laid.made) == 4
    assert [(each.day, each.kind, each.reason) for each in laid.omitted] == [
        (MONDAY + WEEK, "clash", "Studio: taken at this time.")
    ]
    assert len(services.lay_out(made, now=NOW).omitted) == 1
    assert Omission.objects.count() == 1
    services.unblock(block, by=SYSTEM, now=NOW)
    assert lay(made) == ["2026-03-09"]
    assert not Omission.objects.exists()


def test_a_resource_that_is_gone_is_a_clash_too(gym: Business, spin: Service) -> None:
    made = schedule(spin)
    gym.resources.filter(name="Sam").update(is_active=False)
    laid = services.lay_out(made, now=NOW)
    assert (len(laid.made), {each.kind for each in laid.omitted}) == (0, {"clash"})


def test_a_change_leaves_what_is_booked_and_says_so(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    booked = made.sessions.all()[2]
    book(booked)
    changed = services.change_schedule(made, at=time(18), by=SYSTEM, now=NOW)
    assert (changed.withdrawn, [each.pk for each in changed.stranded]) == (4, [booked.pk])
    assert len(lay(made)) == 4
    assert starts(made) == ["03-02 18:00", "03-09 18:00", "03-16 10:00", "03-23 18:00",
                            "03-30 17:00"]  # fmt: skip
    assert invariants.broken() == []


def test_what_was_stranded_makes_way_once_nobody_comes(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    booking = book(made.sessions.all()[2])
    services.change_schedule(made, at=time(18), by=SYSTEM, now=NOW)
    assert "2026-03-16" not in lay(made)
    services.cancel(booking, by=SYSTEM, now=NOW)
    assert lay(made) == ["2026-03-16"]
    assert starts(made)[2] == "03-16 18:00"


def test_a_change_that_changes_nothing_leaves_everything(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    before = set(made.sessions.values_list("pk", flat=True))
    changed = services.change_schedule(made, rule="freq=weekly;byday=mo", by=SYSTEM, now=NOW)
    assert (changed.withdrawn, changed.stranded, changed.kept) == (0, [], [])
    assert set(made.sessions.values_list("pk", flat=True)) == before


def test_days_are_added_and_taken_out_again(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    services.change_schedule(made, rule="FREQ=WEEKLY;BYDAY=MO,TH", by=SYSTEM, now=NOW)
    assert lay(made) == ["2026-03-05", "2026-03-12", "2026-03-19", "2026-03-26"]
    changed = services.change_schedule(made, exceptions=[MONDAY + WEEK], by=SYSTEM, now=NOW)
    assert changed.withdrawn == 1
    assert lay(made) == []


def test_an_end_takes_out_what_comes_after_it_and_lists_what_is_booked(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    book(made.sessions.all()[3])
    changed = services.end_schedule(made, last_day=MONDAY + WEEK, by=SYSTEM, now=NOW)
    assert [str(each.occurs_on) for each in changed.stranded] == ["2026-03-23"]
    assert starts(made) == ["03-02 10:00", "03-09 10:00", "03-23 10:00"]
    assert lay(made) == []


def test_removing_a_schedule_leaves_booked_sessions_on_their_own(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    booking = book(made.sessions.all()[1])
    changed = services.remove_schedule(made, by=SYSTEM, now=NOW)
    (left,) = Session.objects.all()
    assert [each.pk for each in changed.stranded] == [left.pk]
    assert (left.schedule, left.state) == (None, "scheduled")
    assert Booking.objects.get(pk=booking.pk).state == "confirmed"


def test_a_session_whose_bookings_are_all_over_makes_way_and_keeps_its_history(
    spin: Service,
) -> None:
    made = schedule(spin)
    lay(made)
    first = made.sessions.all()[1]
    services.cancel(book(first), by=SYSTEM, now=NOW)
    services.book_places(
        first, party_size=1, guest=MARIA, by=SYSTEM, source="test", lasts=MINUTE, now=NOW
    )
    later = NOW + 2 * MINUTE  # that hold has lapsed, and nobody swept
    changed = services.change_schedule(made, at=time(11), by=SYSTEM, now=later)
    assert (changed.withdrawn, changed.stranded) == (5, [])
    first.refresh_from_db()
    assert (first.state, first.schedule, first.bookings.count()) == ("cancelled", None, 2)
    assert "2026-03-09" in lay(made, later)
    assert invariants.broken() == []


def test_a_moved_class_takes_its_bookings_along(gym: Business, spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    run = made.sessions.all()[0]
    booking = book(run, 2)
    other = resource(gym, "Big studio", kind="room")
    services.change_session(
        run, starts_at=run.starts_at + 2 * HOUR, resource_ids=[other.pk], by=SYSTEM, now=NOW
    )
    booking.refresh_from_db()
    assert (booking.starts_at, booking.resource_ids) == (NOW + 3 * HOUR, [other.pk])
    assert booking.events.first().kind == "booking.updated"  # type: ignore[union-attr]
    assert Event.objects.first().kind == "session.changed"  # type: ignore[union-attr]
    assert invariants.broken() == []
    taken = made.sessions.all()[1]
    with pytest.raises(SlotTaken):
        services.change_session(
            run, starts_at=taken.starts_at, resource_ids=taken.resource_ids, by=SYSTEM, now=NOW
        )


def test_places_can_be_added_and_taken_away_down_to_what_is_taken(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    run = made.sessions.all()[0]
    first, _ = book(run, 1), book(run, 2)
    with pytest.raises(Conflict, match="3 places"):
        services.change_session(run, capacity=2, by=SYSTEM, now=NOW)
    services.cancel(first, by=SYSTEM, now=NOW)
    services.change_session(run, capacity=2, by=SYSTEM, now=NOW)
    assert invariants.broken() == []
    services.change_session(run, capacity=5, by=SYSTEM, now=NOW)
    book(run, 3)
    assert invariants.broken() == []


def test_a_class_taken_out_of_the_book_meanwhile_is_no_longer_sold(spin: Service) -> None:
    made = schedule(spin)
    lay(made)
    seen = made.sessions.all()[1]
    services.remove_schedule(made, by=SYSTEM, now=NOW)
    with pytest.raises(SlotTaken):
        book(seen)


def test_looking_again_costs_the_same_whatever_is_there(spin: Service) -> None:
    made = schedule(spin, "FREQ=DAILY")
    lay(made)
    with CaptureQueriesContext(
        connection,
    ) as few:
        lay(made)
    Business.objects.update(schedule_weeks=30)
    lay(made)
    with CaptureQueriesContext(connection) as many:
        lay(made)
    assert len(few) == len(many) == 4


def test_a_schedule_that_sleeps_makes_nothing_and_withdraws_what_is_unbooked(
    spin: Service,
) -> None:
    made = schedule(spin)
    lay(made)
    booking = book(made.sessions.all()[1])
    assert services.change_schedule(made, is_active=False, by=SYSTEM, now=NOW).withdrawn == 4
    assert lay(made) == []
    services.cancel(booking, by=SYSTEM, now=NOW)
    services.lay_out_all(now=NOW)
    assert starts(made) == []
    services.change_schedule(made, is_active=True, by=SYSTEM, now=NOW)
    assert len(lay(made)) == 5


def test_one_schedule_that_cannot_be_followed_keeps_no_other_waiting(
    spin: Service, caplog: pytest.LogCaptureFixture
) -> None:
    good = schedule(spin)
    for hour in range(11, 19):  # whichever of them is laid out first
        broken = schedule(spin, at=time(hour))
        Schedule.objects.filter(pk=broken.pk).update(rule="FREQ=NEVER")
    laid = services.lay_out_all(now=NOW)
    assert {each.schedule for each in laid.made} == {good}
    assert "can't be laid out" in caplog.text


def test_a_schedule_that_was_just_given_up_is_not_laid_out(spin: Service) -> None:
    gone = schedule(spin)
    services.remove_schedule(gone, by=SYSTEM, now=NOW)
    assert services.lay_out(gone, now=NOW) == services.Laid()
