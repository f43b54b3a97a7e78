"""Classes at the desk: the week, check-in, the waitlist, and what becomes of a class."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from availability.models import Closure
from bookings import invariants, services
from bookings.models import Booking, Event, Guest, Schedule, Session, WaitlistEntry
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Requirement, Resource, Service
from tests.builders import HOUR, MARIA, MINUTE, NOW, business, location, resource, service
from tests.desk.conftest import Browser, said, works_at

TONIGHT = datetime(2026, 6, 19, 18, 0, tzinfo=UTC)  # a Friday; 19:00 by London's clock
HOSTILE = "<script>alert(1)</script>"


def text_of(reply: Any) -> str:
    """What a page says, in one line."""
    words = re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", reply.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(words).split())


@pytest.fixture
def gym(db: None) -> Business:
    """A class of four places, Spin, with a trainer and a studio; by London's clock."""
    made = business("Gym", timezone="Europe/London", currency="GBP", sends_mail=True)
    sam = resource(made, "Sam", kind="staff")
    resource(made, "Mia", kind="staff")
    studio = resource(made, "Studio", kind="room", covers_max=20)
    spin = service(made, "Spin", capacity=4, duration=timedelta(minutes=45))
    for kind, one in (("staff", sam), ("room", studio)):
        Requirement.objects.create(service=spin, kind=kind).resources.add(one)
    return made


@pytest.fixture
def desk(gym: Business) -> Browser:
    return works_at(gym, "staff")


@pytest.fixture
def boss(gym: Business) -> Browser:
    return works_at(gym, "manager")


@pytest.fixture
def spin(gym: Business) -> Session:
    return services.schedule_session(
        Service.objects.get(business=gym), starts_at=TONIGHT, by=SYSTEM, now=NOW
    )


def comes(session: Session, name: str, places: int = 1, **fields: Any) -> Booking:
    return services.book_places(
        session,
        party_size=places,
        guest=GuestDetails(name, email=f"{name.lower()}@example.com"),
        by=SYSTEM,
        source="test",
        now=NOW,
        **fields,
    )


def states(session: Session) -> dict[str, str]:
    rows = session.bookings.order_by("guest__first_name")
    return {each.guest.first_name: each.state for each in rows if each.guest}


# --- the week ------------------------------------------------------------------------------------


def test_a_week_shows_each_class_with_its_places_people_and_state(
    desk: Browser, spin: Session
) -> None:
    for name in ("Ana", "Bo"):
        comes(spin, name)
    comes(spin, "Cy", 2)
    services.join_waitlist(desk.business, guest=MARIA, session=spin, by=SYSTEM, now=NOW)
    kind = spin.service
    off = services.schedule_session(kind, starts_at=TONIGHT + HOUR, by=SYSTEM, now=NOW)
    services.cancel_session(off, by=SYSTEM, now=NOW)
    shown = text_of(desk.get("classes/"))
    for words in (
        "15 Jun – 21 Jun 2026",
        "Fri 19 Jun Today 19:00 –19:45 Spin Sam, Studio 4 of 4 taken Full 1 waits"
        " 20:00 –20:45 Spin Sam, Studio Cancelled Sat 20",
    ):
        assert words in shown


def test_a_week_is_local_and_one_steps_through_them(desk: Browser, gym: Business) -> None:
    kind = Service.objects.get(business=gym)
    late = datetime(2026, 6, 21, 23, 30, tzinfo=UTC)  # Monday, half past midnight in London
    services.schedule_session(kind, starts_at=late, by=SYSTEM, now=NOW)
    assert "No classes this week" in text_of(desk.get("classes/"))
    assert "Mon 22 Jun 00:30 –01:15" in text_of(desk.get("classes/", day="2026-06-25"))
    page = desk.get("classes/", day="2026-06-25").content.decode()
    assert ("day=2026-06-15" in page, "day=2026-06-29" in page) == (True, True)
    assert desk.get("classes/", day="soon", service="x", trainer="1").status_code == 200


def test_a_week_is_filtered_by_class_and_by_trainer(desk: Browser, gym: Business) -> None:
    kind = Service.objects.get(business=gym)
    mia = Resource.objects.get(name="Mia")
    yoga = service(gym, "Yoga", capacity=8)
    made = services.schedule_session(kind, starts_at=TONIGHT, by=SYSTEM, now=NOW)
    services.schedule_session(yoga, starts_at=TONIGHT, resource_ids=[mia.pk], by=SYSTEM, now=NOW)

    def shown(**query: Any) -> list[str]:
        page = desk.get("classes/week/", day="2026-06-15", **query).content.decode()
        return re.findall(r'run-what"><b>(\w+)', page)

    assert shown() == ["Spin", "Yoga"]
    assert shown(service=yoga.pk) == ["Yoga"]
    assert shown(trainer=made.resource_ids[0]) == ["Spin"]
    assert "No such class" in text_of(desk.get("classes/", service=kind.pk, trainer=mia.pk))


def test_a_week_asks_no_more_as_it_fills(desk: Browser, gym: Business) -> None:
    kind = Service.objects.get(business=gym)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            desk.get("classes/")
        return len(asked)

    first = services.schedule_session(kind, starts_at=TONIGHT, by=SYSTEM, now=NOW)
    comes(first, "Ana")
    before = queries()
    for n in range(1, 12):
        one = services.schedule_session(kind, starts_at=TONIGHT + n * HOUR, by=SYSTEM, now=NOW)
        comes(one, f"Guest{n}")
        services.join_waitlist(gym, guest=MARIA, session=one, by=SYSTEM, now=NOW)
    assert queries() == before


# --- check-in ------------------------------------------------------------------------------------


def test_a_guest_is_checked_in_with_one_tap_and_the_next_one_is_ready(
    desk: Browser, spin: Session
) -> None:
    ana, bo = comes(spin, "Ana"), comes(spin, "Bo")
    reply = desk.post(f"classes/{spin.pk}/act/", script=True, do="check_in", booking=ana.pk)
    assert (reply.status_code, said(reply)) == (200, "Ana is here.")
    page = reply.content.decode()
    assert f'id="come-{bo.pk}" autofocus' in page
    assert "2 of 4 taken , 1 here" in text_of(reply)
    assert states(spin) == {"Ana": "checked_in", "Bo": "confirmed"}
    undo = json.loads(reply.headers["HX-Trigger"])["say"]["undo"].removeprefix(desk.url(""))
    undone = desk.post(undo, script=True)
    assert said(undone) == "Ana isn’t here after all."
    assert states(spin) == {"Ana": "confirmed", "Bo": "confirmed"}


def test_everybody_is_checked_in_at_once(desk: Browser, spin: Session) -> None:
    for name in ("Ana", "Bo"):
        comes(spin, name)
    comes(spin, "Held", lasts=timedelta(minutes=10))
    reply = desk.post(f"classes/{spin.pk}/act/", script=True, do="all")
    assert said(reply) == "2 guests checked in."
    assert states(spin) == {"Ana": "checked_in", "Bo": "checked_in", "Held": "held"}


def test_who_is_missing_can_be_marked_once_the_class_has_begun(
    desk: Browser, spin: Session
) -> None:
    ana = comes(spin, "Ana")
    assert "Didn’t come" not in text_of(desk.get(f"classes/{spin.pk}/"))
    desk.now = TONIGHT + 5 * MINUTE
    assert "Didn’t come" in text_of(desk.get(f"classes/{spin.pk}/"))
    desk.post(f"classes/{spin.pk}/act/", do="no_show", booking=ana.pk)
    assert states(spin) == {"Ana": "no_show"}
    assert "Ana Missing" in text_of(desk.get(f"classes/{spin.pk}/"))


def test_without_scripts_one_comes_back_to_the_class(desk: Browser, spin: Session) -> None:
    ana = comes(spin, "Ana")
    reply = desk.post(f"classes/{spin.pk}/act/", do="cancel", booking=ana.pk)
    assert (reply.status_code, reply.headers["Location"]) == (303, desk.url(f"classes/{spin.pk}/"))
    assert "The place of Ana is cancelled." in text_of(desk.get(f"classes/{spin.pk}/"))
    assert invariants.broken() == []


# --- somebody more -------------------------------------------------------------------------------


def test_a_guest_who_is_known_is_found_and_added(desk: Browser, spin: Session) -> None:
    comes(spin, "Ana")
    maria, _ = services.welcome_guest(desk.business, MARIA, now=NOW)
    found = text_of(desk.get(f"classes/{spin.pk}/find/", q="gar", script=True))
    assert "Maria Garcia +1234567890 · maria@example.com" in found
    reply = desk.post(f"classes/{spin.pk}/add/", script=True, guest=maria.pk, places=2)
    assert said(reply) == "Maria Garcia is in."
    assert spin.bookings.get(guest=maria).party_size == 2


def test_somebody_new_is_added_by_name_and_phone(desk: Browser, spin: Session) -> None:
    asked = desk.get(f"classes/{spin.pk}/find/", q="Jo Smith", script=True).content.decode()
    assert 'value="Jo Smith"' in asked
    form = {"name": "Jo Smith", "phone": "020 7946 0123", "places": 1}
    desk.post(f"classes/{spin.pk}/add/", script=True, **form)
    (made,) = spin.bookings.all()
    assert made.guest
    assert (str(made.guest), made.guest.phone, made.source) == (
        "Jo Smith",
        "020 7946 0123",
        "desk",
    )
    wrong = desk.post(f"classes/{spin.pk}/add/", script=True, name="", places=0)
    assert (wrong.status_code, "required" in text_of(wrong)) == (422, True)


def test_a_class_that_is_full_says_so_and_lets_one_wait(desk: Browser, spin: Session) -> None:
    comes(spin, "Ana", 4)
    refused = desk.post(f"classes/{spin.pk}/add/", script=True, name="Bo", places=1)
    assert (refused.status_code, said(refused)) == (
        409,
        "There are not enough places left in this class.",
    )
    waits = desk.post(f"classes/{spin.pk}/queue/", script=True, name="Bo", places=1)
    assert said(waits) == "Bo waits, as number 1."
    assert "Waitlist 1 Bo" in text_of(waits)
    assert "No room yet" in text_of(waits)


# --- who waits -----------------------------------------------------------------------------------


def waiting(session: Session, name: str, places: int = 1) -> WaitlistEntry:
    return services.join_waitlist(
        session.business,
        guest=GuestDetails(name, email=f"{name.lower()}@example.com"),
        session=session,
        party_size=places,
        by=SYSTEM,
        now=NOW,
    )[0]


def test_who_waits_is_booked_when_there_is_room(desk: Browser, spin: Session) -> None:
    comes(spin, "Ana", 3)
    pair, one = waiting(spin, "Pair", 2), waiting(spin, "Solo")
    refused = desk.post(f"classes/{spin.pk}/wait/", script=True, entry=pair.pk, do="book")
    assert (refused.status_code, states(spin)) == (409, {"Ana": "confirmed"})
    reply = desk.post(f"classes/{spin.pk}/wait/", script=True, entry=one.pk, do="book")
    assert said(reply) == "Solo is in."
    one.refresh_from_db()
    assert (one.state, one.booking and one.booking.state) == ("accepted", "confirmed")
    again = desk.post(f"classes/{spin.pk}/wait/", script=True, entry=one.pk, do="book")
    assert said(again) == "This guest doesn't wait any more."
    assert invariants.broken() == []


def test_who_waits_is_offered_a_place_and_told(desk: Browser, spin: Session) -> None:
    one = waiting(spin, "Solo")
    reply = desk.post(f"classes/{spin.pk}/wait/", script=True, entry=one.pk, do="offer")
    assert said(reply) == "A place is held for Solo, who is told by mail."
    one.refresh_from_db()
    assert one.booking
    assert (one.state, one.booking.expires_at) == ("offered", NOW + timedelta(minutes=15))
    assert Event.objects.filter(kind=Event.Kind.OFFERED, booking=one.booking).count() == 1
    desk.post(f"classes/{spin.pk}/wait/", script=True, entry=one.pk, do="book")
    one.refresh_from_db()
    assert (one.state, one.booking.state, states(spin)) == (
        "accepted",
        "confirmed",
        {"Solo": "confirmed"},
    )


def test_who_waits_for_another_class_isn_t_booked_into_this_one(
    desk: Browser, spin: Session
) -> None:
    other = service(desk.business, "Yoga", capacity=3)
    yoga = services.schedule_session(other, starts_at=TONIGHT, by=SYSTEM, now=NOW)
    entry = waiting(yoga, "Solo")
    reply = desk.post(f"classes/{spin.pk}/wait/", script=True, entry=entry.pk, do="book")
    assert (reply.status_code, said(reply)) == (409, "This guest waits for another class.")
    desk.post(f"classes/{yoga.pk}/wait/", script=True, entry=entry.pk, do="remove")
    entry.refresh_from_db()
    assert entry.state == "removed"


def test_who_waits_for_the_day_is_shown_with_each_of_its_classes(
    desk: Browser, spin: Session
) -> None:
    services.join_waitlist(
        desk.business,
        guest=MARIA,
        service=spin.service,
        preferred_date=date(2026, 6, 19),
        by=SYSTEM,
        now=NOW,
    )
    assert "Maria Garcia any class of this day" in text_of(desk.get(f"classes/{spin.pk}/"))
    assert "1 waits" in text_of(desk.get("classes/"))


# --- what becomes of a class ---------------------------------------------------------------------


def change(session: Session, **fields: Any) -> dict[str, Any]:
    chosen = {str(n): each for n, each in enumerate(session.resource_ids)}
    by_kind = Resource.objects.in_bulk(list(session.resource_ids))
    staff = next(str(k) for k, v in by_kind.items() if v.kind == "staff")
    room = next(str(k) for k, v in by_kind.items() if v.kind == "room")
    assert chosen
    return {
        "day": "2026-06-19",
        "at": "19:00",
        "minutes": 45,
        "capacity": 4,
        "takes_0": staff,
        "takes_1": room,
    } | fields


def test_a_class_is_moved_with_its_guests(desk: Browser, spin: Session) -> None:
    comes(spin, "Ana")
    shown = text_of(desk.get(f"classes/{spin.pk}/change/"))
    assert "1 guest gets a mail" in shown
    mia = Resource.objects.get(name="Mia")
    reply = desk.post(
        f"classes/{spin.pk}/change/",
        script=True,
        **change(spin, at="20:15", minutes=60, capacity=6, takes_0=mia.pk),
    )
    assert said(reply) == "The class is changed."
    spin.refresh_from_db()
    assert (spin.starts_at, spin.ends_at, spin.capacity, mia.pk in spin.resource_ids) == (
        datetime(2026, 6, 19, 19, 15, tzinfo=UTC),
        datetime(2026, 6, 19, 20, 15, tzinfo=UTC),
        6,
        True,
    )
    assert spin.bookings.get().starts_at == spin.starts_at
    assert invariants.broken() == []


def test_a_change_that_can_t_be_says_why_and_keeps_what_was_typed(
    desk: Browser, spin: Session
) -> None:
    comes(spin, "Ana", 3)
    fewer = desk.post(f"classes/{spin.pk}/change/", script=True, **change(spin, capacity=2))
    assert (fewer.status_code, "3 places are taken already." in text_of(fewer)) == (422, True)
    assert 'value="2"' in fewer.content.decode()
    services.schedule_session(spin.service, starts_at=TONIGHT + HOUR, by=SYSTEM, now=NOW)
    taken = desk.post(f"classes/{spin.pk}/change/", script=True, **change(spin, at="19:30"))
    assert (taken.status_code, "taken at this time" in text_of(taken)) == (422, True)
    spin.refresh_from_db()
    assert (spin.starts_at, spin.capacity, spin.was_changed) == (TONIGHT, 4, False)


def test_calling_a_class_off_says_first_what_that_means(desk: Browser, spin: Session) -> None:
    ana = comes(spin, "Ana")
    comes(spin, "Bo", 2)
    waiting(spin, "Solo")
    services.check_in(ana, by=SYSTEM, now=NOW)
    shown = text_of(desk.get(f"classes/{spin.pk}/cancel/"))
    for words in (
        "2 bookings are cancelled. 1 of them is here already.",
        "2 guests are told by mail.",
        "1 party waits",
    ):
        assert words in shown
    reply = desk.post(f"classes/{spin.pk}/cancel/", script=True)
    assert said(reply) == "The class is called off."
    spin.refresh_from_db()
    assert (spin.state, states(spin)) == ("cancelled", {"Ana": "cancelled", "Bo": "cancelled"})
    assert invariants.broken() == []


def test_a_class_that_is_over_took_place(desk: Browser, spin: Session) -> None:
    services.check_in(comes(spin, "Ana"), by=SYSTEM, now=NOW)
    desk.now = TONIGHT + HOUR
    assert "Call off" not in text_of(desk.get(f"classes/{spin.pk}/"))
    reply = desk.post(f"classes/{spin.pk}/cancel/", script=True)
    assert (reply.status_code, said(reply)) == (409, "This class is over.")
    assert states(spin) == {"Ana": "checked_in"}


def test_who_was_missing_stays_so_when_a_class_is_called_off(spin: Session) -> None:
    missing = comes(spin, "Ana")
    services.mark_no_show(missing, by=SYSTEM, now=TONIGHT)
    services.cancel_session(spin, by=SYSTEM, now=TONIGHT + MINUTE)
    assert states(spin) == {"Ana": "no_show"}


def test_one_more_class_is_put_in_the_book(desk: Browser, gym: Business) -> None:
    kind = Service.objects.get(business=gym)
    form: dict[str, Any] = {"service": kind.pk, "day": "2026-06-20", "at": "10:00", "capacity": 9}
    reply = desk.post("classes/new/", script=True, **form)
    assert said(reply) == "Spin on 06/20/2026 10 a.m. is in the book."
    made = Session.objects.get()
    names = {each.name for each in Resource.objects.filter(pk__in=made.resource_ids)}
    assert (made.starts_at, made.capacity, names) == (
        datetime(2026, 6, 20, 9, 0, tzinfo=UTC),
        9,
        {"Sam", "Studio"},
    )
    clash = desk.post("classes/new/", script=True, **form)
    assert (clash.status_code, "Nothing that fits is free" in text_of(clash)) == (422, True)
    past = desk.post("classes/new/", script=True, **form | {"day": "2026-06-18"})
    assert (past.status_code, "gone by" in text_of(past)) == (422, True)


def test_a_trainer_may_be_named_and_the_room_left_to_us(desk: Browser, gym: Business) -> None:
    yoga = service(gym, "Yoga", capacity=5)
    for kind in ("staff", "room"):
        Requirement.objects.create(service=yoga, kind=kind)
    mia = Resource.objects.get(name="Mia")
    form = {"service": yoga.pk, "day": "2026-06-20", "at": "10:00", "takes_0": mia.pk}
    desk.post("classes/new/", script=True, **form)
    made = Session.objects.get()
    names = {each.name for each in Resource.objects.filter(pk__in=made.resource_ids)}
    assert names == {"Mia", "Studio"}


# --- every week ----------------------------------------------------------------------------------


def test_a_weekly_class_is_written_down_and_put_in_the_book(boss: Browser, gym: Business) -> None:
    kind = Service.objects.get(business=gym)
    Closure.objects.create(
        location=location(gym),
        first_day=date(2026, 6, 25),
        last_day=date(2026, 6, 25),
        reason="New floor",
    )
    form: dict[str, Any] = {
        "service": kind.pk,
        "days": ["TU", "TH"],
        "every": 1,
        "at": "07:00",
        "starts_on": "2026-06-22",
        "until": "2026-07-05",
    }
    reply = boss.post("classes/weekly/new/", script=True, **form)
    assert said(reply) == "3 classes put in the book. 1 day is left out."
    shown = text_of(boss.get("classes/weekly/"))
    assert "Spin Every Tuesday, Thursday, 07:00" in shown
    assert "3 to come, next Tue 23 Jun, 07:00" in shown
    assert "1 day left out Thu 25 Jun : Closed: New floor" in shown


@pytest.fixture
def weekly(gym: Business) -> Schedule:
    made = services.add_schedule(
        gym,
        service=Service.objects.get(business=gym),
        location=location(gym),
        rule="FREQ=WEEKLY;BYDAY=MO",
        starts_on=date(2026, 6, 19),
        at=time(18),
        now=NOW,
    )
    services.lay_out(made, now=NOW)
    return made


def test_a_weekly_class_is_changed_and_what_is_booked_stays(
    boss: Browser, weekly: Schedule
) -> None:
    booked = weekly.sessions.earliest("starts_at")
    comes(booked, "Ana")
    form: dict[str, Any] = {
        "service": weekly.service_id,
        "days": ["MO"],
        "every": 2,
        "at": "18:30",
        "starts_on": "2026-06-19",
    }
    page = boss.get(f"classes/weekly/{weekly.pk}/").content.decode()
    assert re.search(r'value="MO"[^>]*checked', page)
    reply = boss.post(f"classes/weekly/{weekly.pk}/", script=True, **form)
    words = said(reply)
    assert "7 classes without bookings taken out." in words
    assert "1 class is booked and stays: move it or call it off." in words
    weekly.refresh_from_db()
    assert weekly.rule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"
    assert "Every 2 weeks on Monday" in text_of(boss.get("classes/weekly/"))


def test_a_rule_that_can_t_be_followed_is_refused_beside_it(boss: Browser, gym: Business) -> None:
    kind = Service.objects.get(business=gym)
    form: dict[str, Any] = {
        "service": kind.pk,
        "every": 1,
        "at": "07:00",
        "starts_on": "2026-06-22",
    }
    neither = boss.post("classes/weekly/new/", script=True, **form)
    assert (neither.status_code, "Choose the days" in text_of(neither)) == (422, True)
    hourly = boss.post("classes/weekly/new/", script=True, rule="FREQ=HOURLY", **form)
    assert (hourly.status_code, "too often" in text_of(hourly)) == (422, True)
    dates = boss.post("classes/weekly/new/", script=True, exceptions="soon", **form)
    assert dates.status_code == 422
    assert not Schedule.objects.exists()


def test_a_weekly_class_ends_or_is_given_up(boss: Browser, weekly: Schedule) -> None:
    reply = boss.post(f"classes/weekly/{weekly.pk}/end/", script=True, last_day="2026-06-30")
    assert said(reply) == "It ends on 06/30/2026. 6 classes without bookings taken out."
    comes(weekly.sessions.earliest("starts_at"), "Ana")
    given_up = boss.post(f"classes/weekly/{weekly.pk}/end/", script=True, do="remove")
    assert said(given_up) == (
        "Given up. 1 class without bookings taken out."
        " 1 class is booked and stays: move it or call it off."
    )
    assert (Schedule.objects.count(), Session.objects.count()) == (0, 1)


def test_only_managers_change_what_comes_every_week(desk: Browser, weekly: Schedule) -> None:
    for rest in ("new/", f"{weekly.pk}/", f"{weekly.pk}/end/"):
        assert desk.get(f"classes/weekly/{rest}").status_code == 403
    shown = text_of(desk.get("classes/weekly/"))
    assert ("Every Monday" in shown, "Change…" in shown) == (True, False)


# --- what people typed ---------------------------------------------------------------------------


def test_whatever_was_typed_is_shown_as_text(desk: Browser, spin: Session) -> None:
    Service.objects.update(name=HOSTILE)
    Resource.objects.filter(name="Sam").update(name=HOSTILE)
    guest = GuestDetails(HOSTILE, HOSTILE, phone="1")
    services.book_places(
        spin, party_size=1, guest=guest, notes=HOSTILE, by=SYSTEM, source="t", now=NOW
    )
    services.join_waitlist(
        desk.business, guest=GuestDetails(HOSTILE, phone="2"), notes=HOSTILE,
        session=spin, by=SYSTEM, now=NOW,
    )  # fmt: skip
    Guest.objects.update(notes=HOSTILE)
    for rest in ("", f"{spin.pk}/", f"{spin.pk}/change/", f"{spin.pk}/cancel/", "new/", "weekly/",
                 f"{spin.pk}/find/?q=script"):  # fmt: skip
        page = desk.get(f"classes/{rest}").content.decode()
        assert "<script>alert" not in page, rest
        assert HOSTILE in html.unescape(page) or rest == "weekly/", rest


def test_another_business_s_classes_are_not_there(desk: Browser) -> None:
    theirs = business("Other")
    kind = service(theirs, "Boxing", capacity=3)
    session = services.schedule_session(kind, starts_at=TONIGHT, by=SYSTEM, now=NOW)
    place = comes(session, "Ana")
    for rest in ("", "roster/", "find/", "change/", "cancel/"):
        assert desk.get(f"classes/{session.pk}/{rest}").status_code == 404
    act: dict[str, Any] = {"do": "check_in", "booking": place.pk}
    assert desk.post(f"classes/{session.pk}/act/", **act).status_code == 404
    own = services.schedule_session(
        Service.objects.get(business=desk.business), starts_at=TONIGHT, by=SYSTEM, now=NOW
    )
    assert desk.post(f"classes/{own.pk}/act/", **act).status_code == 404
    assert desk.post(f"classes/{own.pk}/add/", guest=place.guest_id).status_code == 404
    assert "Boxing" not in text_of(desk.get("classes/"))
