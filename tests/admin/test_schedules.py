"""Recurring classes, and who waits for them, from the back office."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Business
from availability.models import Closure
from bookings import services
from bookings.models import Booking, Schedule, Session, WaitlistEntry
from bookings.wishes import GUEST, SYSTEM
from resources.models import Service
from tests.admin.pages import added, listed, logged_in, shown, typed
from tests.builders import HOUR, MARIA, business, location, resource, service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
AT: Any = {"openbook.now": NOW}
MONDAYS = "FREQ=WEEKLY;BYDAY=MO"


@pytest.fixture
def gym(client: Client) -> Business:
    made = business("Gym", timezone="Europe/London", schedule_weeks=2)
    resource(made, "Studio", kind="room")
    logged_in(client, of=made, role="manager")
    return made


@pytest.fixture
def spin(gym: Business) -> Service:
    return service(gym, "Spin", capacity=2)


def send(client: Client, url: str, **changes: Any) -> str:
    """What the page says once the form at an address was sent; None leaves a field out."""
    form = {
        name: value for name, value in (typed(client, url) | changes).items() if value is not None
    }
    return str(client.post(url, form, follow=True, **AT).content.decode())


def add(client: Client, of: Service, **changes: Any) -> str:
    form = {
        "service": of.pk,
        "location": location(of.business).pk,
        "rule": MONDAYS,
        "at": "10:00",
        "starts_on": "2026-03-02",
        "resources": [each.pk for each in of.business.resources.all()],
    }
    return send(client, added(Schedule), **(form | changes))


def schedule(of: Service) -> Schedule:
    made = services.add_schedule(
        of.business, service=of, location=location(of.business), rule=MONDAYS,
        starts_on=NOW.date(), at=time(10), resources=of.business.resources.all(), now=NOW,
    )  # fmt: skip
    services.lay_out(made, now=NOW)
    return made


def test_a_class_that_comes_again_is_added_and_put_in_the_book(
    client: Client, spin: Service
) -> None:
    page = add(client, spin, exceptions="2026-03-09")
    made = Schedule.objects.get()
    assert (made.rule, made.exceptions, made.resources.count()) == (
        MONDAYS, [datetime(2026, 3, 9).date()], 1,
    )  # fmt: skip
    assert "2 sessions put in the book." in page
    assert [f"{each.starts_at:%m-%d %H:%M}" for each in Session.objects.all()] == [
        "03-02 10:00", "03-16 10:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rule": "FREQ=HOURLY"}, "too often"),
        ({"rule": "mondays"}, "NAME=VALUE"),
        ({"until": "2026-03-01"}, "Must not be before the first day."),
        ({"exceptions": "soon"}, "Enter a valid date."),
        ({"days": ["MO"]}, "Choose the days of the week, or write a rule."),
    ],
)
def test_a_refusal_is_an_error_in_the_form(
    client: Client, spin: Service, fields: dict[str, Any], said: str
) -> None:
    assert said in add(client, spin, **fields)
    assert not Schedule.objects.exists()


def test_what_is_left_out_is_said(client: Client, spin: Service) -> None:
    day = datetime(2026, 3, 9).date()
    Closure.objects.create(
        location=location(spin.business), first_day=day, last_day=day, reason="Works"
    )
    assert "1 days left out:" in add(client, spin)
    page = client.get(shown(Schedule.objects.get())).content.decode()
    assert page.count("Closed: Works") == 1


def test_a_change_says_what_it_leaves_behind(client: Client, spin: Service) -> None:
    made = schedule(spin)
    first, second, third = made.sessions.all()
    services.book_places(second, party_size=1, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    services.change_session(third, capacity=9, by=SYSTEM, now=NOW)
    page = send(client, shown(made), at="11:00")
    assert "Booked and no longer as the schedule says" in page
    assert "Changed by hand before" in page
    assert "1 sessions put in the book." in page
    assert not Session.objects.filter(pk=first.pk).exists()
    assert Session.objects.filter(schedule=made).count() == 3


def test_giving_one_up(client: Client, spin: Service) -> None:
    made = schedule(spin)
    booked = made.sessions.all()[1]
    services.book_places(booked, party_size=1, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    url = shown(made).replace("/change/", "/delete/")
    assert "without bookings go" in client.get(url).content.decode()
    page = client.post(url, {"post": "yes"}, follow=True, **AT).content.decode()
    assert "Booked and no longer as the schedule says" in page
    assert not Schedule.objects.exists()
    assert [each.pk for each in Session.objects.filter(state="scheduled")] == [booked.pk]


def test_staff_see_them_and_change_nothing(client: Client, spin: Service) -> None:
    made = schedule(spin)
    logged_in(client, of=spin.business, role="staff")
    assert client.get(shown(made)).status_code == 200
    assert client.get(added(Schedule)).status_code == 403
    assert client.post(shown(made), {"at": "11:00"}).status_code == 403


def test_one_run_is_moved_and_given_more_places(client: Client, spin: Service) -> None:
    run = schedule(spin).sessions.all()[0]
    booking = services.book_places(
        run, party_size=2, guest=MARIA, by=SYSTEM, source="test", now=NOW
    )
    assert "2 places are taken already." in send(client, shown(run), capacity=1)
    send(client, shown(run), capacity=5, starts_1="13:30")
    run.refresh_from_db()
    booking.refresh_from_db()
    assert (run.capacity, run.starts_at, run.was_changed) == (5, NOW + 4.5 * HOUR, True)
    assert booking.starts_at == run.starts_at
    services.cancel_session(run, by=SYSTEM, now=NOW)
    assert client.post(shown(run), {"capacity": 2}, **AT).status_code == 403


def test_waiting_for_a_class(client: Client, spin: Service) -> None:
    run = schedule(spin).sessions.all()[0]
    Session.objects.filter(pk=run.pk).update(  # the form offers what is to come by the real clock
        starts_at=datetime.now(UTC) + timedelta(days=1),
        ends_at=datetime.now(UTC) + timedelta(days=1, hours=1),
    )
    url = added(WaitlistEntry)
    form = typed(client, url) | {"session": str(run.pk), "party_size": 1, "phone": "+1 555 0100"}
    page = client.post(url, form, follow=True).content.decode()
    entry = WaitlistEntry.objects.get()
    assert (entry.session, entry.service) == (run, spin)
    assert "Spin" in page


def test_an_offer_is_shown_with_its_hold(client: Client, gym: Business, spin: Service) -> None:
    Business.objects.update(waitlist_promotes=True)
    run = schedule(spin).sessions.all()[1]
    entry, _ = services.join_waitlist(gym, guest=MARIA, session=run, by=GUEST, now=NOW)
    services.promote_waitlist(now=NOW)
    booking = Booking.objects.get()
    page = client.get(listed(WaitlistEntry)).content.decode()
    assert booking.reference in page
    client.post(
        listed(WaitlistEntry),
        {"action": "leave", "_selected_action": [str(entry.pk)]},
        **AT,
    )
    booking.refresh_from_db()
    assert booking.state == "cancelled"
