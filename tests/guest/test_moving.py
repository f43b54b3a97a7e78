"""A guest moves their booking: what is offered, what may be, and who else was quicker."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from availability.models import OpeningHours
from bookings import invariants, services
from bookings.models import Booking, Event
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Location, Service
from tests.builders import (
    EVENING,
    HOUR,
    MARIA,
    MINUTE,
    NOW,
    business,
    location,
    resource,
    service,
    tables,
    wish,
)
from tests.guest.conftest import LAST_CHANCE, Visitor, link
from tests.guest.test_pages import state, text, title
from tests.web import together

DAY = timedelta(days=1)


def at(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


def offered(reply: Any) -> list[str]:
    """The instants that the page leads to."""
    return re.findall(r"\?at=(\w+)", text(reply))


def begins(booking: Booking) -> datetime:
    booking.refresh_from_db()
    return booking.starts_at


def test_a_guest_moves_their_booking(booked: Booking, visitor: Visitor) -> None:
    assert link(booked, "move/") in text(visitor.get(link(booked)))
    chosen = visitor.get(link(booked, "move/"))
    assert (chosen.status_code, title(chosen)) == (200, "Choose another time")
    # 18:00 to 22:00 in London every half hour, but for now; two tables are free then.
    grid = [EVENING + n * 30 * MINUTE for n in range(-4, 5) if n]
    assert offered(chosen) == [at(each) for each in grid]
    assert '<a class="button" href' in text(chosen)
    asked = visitor.get(link(booked, "move/"), at=at(EVENING + HOUR))
    assert (title(asked), "21:00–22:00" in text(asked)) == ("Move your booking?", True)
    assert begins(booked) == EVENING  # looking changes nothing
    done = visitor.post(link(booked, "move/"), at=at(EVENING + HOUR))
    assert (done.status_code, done.headers["Location"]) == (303, link(booked))
    assert begins(booked) == EVENING + HOUR
    assert Event.objects.get(kind="booking.updated").actor == "guest"
    assert "21:00–22:00" in text(visitor.get(link(booked)))


def test_the_days_of_a_week_say_how_much_is_free(bistro: Business, visitor: Visitor) -> None:
    OpeningHours.objects.filter(weekday=7).delete()
    booked = services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="t", now=NOW)
    shown = text(visitor.get(link(booked, "move/")))
    assert "Saturday 20 June, 8 free times" in shown
    assert "Sunday 21 June, 0 free times" in shown
    closed = visitor.get(link(booked, "move/"), day="2026-06-21")
    assert (offered(closed), "Nothing is free on this day." in text(closed)) == ([], True)
    assert "The next free one is" in text(closed)
    later = visitor.get(link(booked, "move/"), day="2026-07-01")
    assert "June – July 2026" in text(later)
    assert len(offered(later)) == 9


def test_what_the_booking_takes_itself_is_free_to_it(bistro: Business, visitor: Visitor) -> None:
    bistro.resources.filter(name="Table 2").delete()
    booked = services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="t", now=NOW)
    assert at(EVENING + 30 * MINUTE) in offered(visitor.get(link(booked, "move/")))
    visitor.post(link(booked, "move/"), at=at(EVENING + 30 * MINUTE))
    assert begins(booked) == EVENING + 30 * MINUTE


def test_whoever_was_quicker_has_it(bistro: Business, booked: Booking, visitor: Visitor) -> None:
    for _ in range(2):
        services.book(wish(bistro, EVENING + HOUR), guest=None, by=SYSTEM, source="t", now=NOW)
    for reply in (
        visitor.get(link(booked, "move/"), at=at(EVENING + HOUR)),
        visitor.post(link(booked, "move/"), at=at(EVENING + HOUR)),
    ):
        assert (reply.status_code, title(reply)) == (409, "Choose another time")
        assert "That time has just been taken." in text(reply)
        assert at(EVENING + HOUR) not in offered(reply)
    assert begins(booked) == EVENING


@pytest.mark.parametrize(
    "wanted",
    [
        EVENING + 10 * MINUTE,  # off the grid
        EVENING + 3 * HOUR,  # until after it closes
        EVENING + 6 * HOUR,
        NOW - DAY,
        EVENING + 400 * DAY,
    ],
)
def test_what_is_not_offered_cannot_be_had(
    wanted: datetime, booked: Booking, visitor: Visitor
) -> None:
    for ask in (visitor.get, visitor.post):
        assert ask(link(booked, "move/"), at=at(wanted)).status_code == 409
    assert begins(booked) == EVENING


@pytest.mark.parametrize("nonsense", ["", "soon", "20260620T190000", "00010101T000000Z", "9" * 99])
def test_nonsense_moves_nothing(nonsense: str, booked: Booking, visitor: Visitor) -> None:
    assert visitor.post(link(booked, "move/"), at=nonsense).status_code == 422
    assert visitor.get(link(booked, "move/"), at=nonsense).status_code == 200
    assert visitor.get(link(booked, "move/"), day=nonsense).status_code == 200
    assert begins(booked) == EVENING


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ("0001-01-01", "Friday 19 June"),
        ("2026-06-01", "Friday 19 June"),
        ("9999-12-31", "Saturday 19 June"),  # in a year, as far as it may be booked
    ],
)
def test_days_that_cannot_be_booked_lead_to_the_nearest_that_can(
    day: str, shown: str, booked: Booking, visitor: Visitor
) -> None:
    reply = visitor.get(link(booked, "move/"), day=day)
    assert reply.status_code == 200
    assert f"<h2>{shown}</h2>" in text(reply)


def test_too_late_to_move(booked: Booking, visitor: Visitor) -> None:
    visitor.now = LAST_CHANCE
    assert visitor.get(link(booked, "move/")).status_code == 200
    visitor.now = LAST_CHANCE + timedelta(seconds=1)
    assert link(booked, "move/") not in text(visitor.get(link(booked)))
    for ask in (visitor.get, visitor.post):
        reply = ask(link(booked, "move/"), at=at(EVENING + DAY))
        assert (reply.status_code, title(reply)) == (409, "The time can't be changed")
        assert "until 24 hours before they start" in text(reply)
    assert begins(booked) == EVENING


def test_what_is_cancelled_stays_so(booked: Booking, visitor: Visitor) -> None:
    services.cancel(booked, by=SYSTEM, now=NOW)
    reply = visitor.post(link(booked, "move/"), at=at(EVENING + HOUR))
    assert (reply.status_code, "has been cancelled" in text(reply)) == (409, True)
    assert (begins(booked), state(booked)) == (EVENING, "cancelled")


def test_a_place_in_a_class_is_not_moved(bistro: Business, visitor: Visitor) -> None:
    spin = service(bistro, "Spin", capacity=4)
    session = services.schedule_session(spin, starts_at=EVENING, by=SYSTEM, now=NOW)
    placed = services.book_places(
        session, party_size=1, guest=MARIA, by=SYSTEM, source="t", now=NOW
    )
    assert "A place in a class can't be moved." in text(visitor.get(link(placed)))
    assert visitor.get(link(placed, "move/")).status_code == 409


def test_it_stays_at_its_location_and_by_its_clock(bistro: Business, visitor: Visitor) -> None:
    tokyo = Location.objects.create(business=bistro, name="Tokyo", timezone="Asia/Tokyo")
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=tokyo, weekday=weekday, opens=time(10), closes=time(12)
        )
    table = resource(bistro, "Tatami", location=tokyo, covers_max=4)
    ten = datetime.fromisoformat("2026-06-22T10:00+09:00")
    booked = services.book(
        wish(bistro, ten, resource_id=table.pk), guest=MARIA, by=SYSTEM, source="t", now=NOW
    )
    shown = text(visitor.get(link(booked, "move/")))
    assert "Monday 22 June 2026, 10:00–11:00" in shown
    assert "Tokyo time (JST)" in shown
    assert [each[-7:] for each in offered(visitor.get(link(booked, "move/")))] == [
        "013000Z", "020000Z",
    ]  # fmt: skip
    visitor.post(link(booked, "move/"), at="20260622T020000Z")
    booked.refresh_from_db()
    assert (booked.location_id, booked.resource_ids) == (tokyo.pk, [table.pk])


def test_both_hours_of_the_night_that_has_two_are_told_apart(
    bistro: Business, visitor: Visitor
) -> None:
    OpeningHours.objects.all().delete()
    OpeningHours.objects.create(location=location(bistro), weekday=7, opens=time(0), closes=time(5))
    night = datetime.fromisoformat("2026-10-25T04:00+00:00")
    booked = services.book(wish(bistro, night), guest=MARIA, by=SYSTEM, source="t", now=NOW)
    shown = text(visitor.get(link(booked, "move/")))
    found = re.findall(r'\?at=\w+">([^<]+)<', shown)
    assert found == [
        "00:00", "00:30", "01:00 BST", "01:30 BST", "01:00 GMT", "01:30 GMT", "02:00", "02:30",
        "03:00", "03:30",
    ]  # fmt: skip


@pytest.fixture
def massage(bistro: Business) -> Service:
    made = service(bistro, "Massage")
    made.requirements.create(kind="staff")
    for name in ("Ana", "Bruno", "Carla"):
        resource(bistro, name, kind="staff", is_online=name != "Carla")
    return made


def test_a_guest_stays_with_whom_they_chose_while_they_are_free(
    bistro: Business, massage: Service, visitor: Visitor
) -> None:
    staff = {each.name: each for each in bistro.resources.filter(kind="staff")}
    later = EVENING + HOUR
    booked = services.book(
        wish(bistro, service=massage, party_size=1, resource_id=staff["Bruno"].pk),
        guest=MARIA, by=SYSTEM, source="t", now=NOW,
    )  # fmt: skip
    assert "isn't free" not in text(visitor.get(link(booked, "move/"), at=at(later)))
    visitor.post(link(booked, "move/"), at=at(later))
    booked.refresh_from_db()
    assert booked.resource_ids == [staff["Bruno"].pk]
    other = services.book(
        wish(bistro, service=massage, party_size=1, resource_id=staff["Bruno"].pk),
        guest=GuestDetails("Tom"), by=SYSTEM, source="t", now=NOW,
    )  # fmt: skip
    asked = text(visitor.get(link(booked, "move/"), at=at(EVENING)))
    assert "Bruno isn't free then. You would be with Ana." in asked
    visitor.post(link(booked, "move/"), at=at(EVENING))
    booked.refresh_from_db()
    assert (booked.starts_at, booked.resource_ids) == (EVENING, [staff["Ana"].pk])
    # Carla is for staff to book, so with both others busy nothing is offered.
    services.reschedule(booked, starts_at=later, by=SYSTEM, now=NOW)
    services.cancel(other, by=SYSTEM, now=NOW)
    for name in ("Ana", "Bruno"):
        services.book(
            wish(bistro, service=massage, party_size=1, resource_id=staff[name].pk),
            guest=None, by=SYSTEM, source="t", now=NOW,
        )  # fmt: skip
    assert visitor.post(link(booked, "move/"), at=at(EVENING)).status_code == 409


def test_the_notice_and_the_horizon_are_kept(
    bistro: Business, booked: Booking, visitor: Visitor
) -> None:
    bistro.min_notice_minutes, bistro.max_advance_days = 24 * 60, 3
    bistro.cancellation_window_hours = 0
    bistro.save()
    first = visitor.get(link(booked, "move/"), day="2026-06-19")
    assert "Saturday 20 June" in text(first)
    assert "Later days" not in text(first)
    assert visitor.post(link(booked, "move/"), at=at(NOW + 7 * HOUR)).status_code == 409
    assert visitor.post(link(booked, "move/"), at=at(EVENING + 4 * DAY)).status_code == 409
    assert visitor.post(link(booked, "move/"), at=at(EVENING + DAY)).status_code == 303


def test_choosing_costs_the_same_whatever_is_booked(
    bistro: Business, booked: Booking, visitor: Visitor
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert visitor.get(link(booked, "move/")).status_code == 200
        return len(seen)

    first = cost()
    for hours in (24, 48, 72):
        services.book(
            wish(bistro, EVENING + hours * HOUR), guest=None, by=SYSTEM, source="t", now=NOW
        )
    assert cost() == first <= 9


def test_a_day_that_is_closed_by_now_leads_to_the_next_that_is_not(
    bistro: Business, booked: Booking, visitor: Visitor
) -> None:
    OpeningHours.objects.filter(weekday__in=(6, 7)).delete()
    assert "<h2>Monday 22 June</h2>" in text(visitor.get(link(booked, "move/")))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_guests_who_want_the_last_table_at_once_do_not_both_get_it() -> None:
    bistro = business("Bistro")
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(bistro), weekday=weekday, opens=time(18), closes=time(23)
        )
    tables(bistro, 2)
    both = [
        services.book(wish(bistro), guest=None, by=SYSTEM, source="t", now=NOW) for _ in range(2)
    ]
    later = EVENING + HOUR
    services.book(wish(bistro, later), guest=None, by=SYSTEM, source="t", now=NOW)

    def move(booking: Booking) -> Callable[[], Booking]:
        return lambda: services.move_own(booking, starts_at=later, now=NOW)

    results = together([move(each) for each in both])
    assert sorted(type(each).__name__ for each in results) == ["Booking", "SlotTaken"]
    assert sorted(begins(each) for each in both) == [EVENING, later]
    assert invariants.broken() == []
