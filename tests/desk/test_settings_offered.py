"""Setting up what can be booked: services, resources, staff, places, and the rules for them."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from availability.models import RosterEntry, ServiceHours
from bookings import services as booking
from bookings.models import Booking
from bookings.wishes import SYSTEM
from resources.models import (
    Category,
    Combination,
    Location,
    Requirement,
    Resource,
    Section,
    Service,
    TurnTime,
)
from resources.services import provide_places
from tests.builders import EVENING, MARIA, NOW, location, resource, wish
from tests.builders import service as offered
from tests.desk.conftest import Browser, said
from tests.desk.test_settings_hours import HOSTILE, hidden, text

MINUTES = timedelta(minutes=1)


@pytest.fixture
def salon(bistro: Business) -> Business:
    """The bistro with two who cut hair, and a chair."""
    resource(bistro, "Ana", kind="staff")
    resource(bistro, "Bruno", kind="staff")
    resource(bistro, "Chair", kind="room")
    return bistro


def cut(**changes: Any) -> dict[str, Any]:
    """The form of a haircut."""
    form: Any = {
        "name": "Haircut",
        "category": "Hair",
        "description": HOSTILE,
        "is_active": "on",
        "duration_0": "1",
        "duration_1": "60",
        "cleanup_0": "10",
        "cleanup_1": "1",
        "price_cents": "45,50",
        "min_notice_0": "2",
        "min_notice_1": "60",
        "need:staff": "any",
        "count:staff": "1",
    }
    return {**form, **changes}


# --- services ------------------------------------------------------------------------------------


def test_a_service_is_added_with_what_it_needs_and_when_it_may_start(
    manager: Browser, salon: Business
) -> None:
    ana = Resource.objects.get(name="Ana")
    own = {"days0": ["1", "3"], "from0": "10:00", "until0": "12:00", "at0": "10:30, 11:00"}
    named = {"need:staff": "named", "who:staff": [str(ana.pk)], "need:room": "any"}
    made = manager.post(
        "settings/services/new/", **cut(**named, **own, **{"count:room": "1", "capacity": "6"})
    )
    assert (made.status_code, made.headers["Location"]) == (303, "/desk/bistro/settings/services/")
    service = Service.objects.get()
    assert (service.name, service.duration, service.cleanup, service.price_cents) == (
        "Haircut",
        60 * MINUTES,
        10 * MINUTES,
        4550,
    )
    assert (service.min_notice, service.max_advance, service.deposit_amount_cents) == (
        120 * MINUTES,
        None,
        None,
    )
    assert (service.category and service.category.name, service.capacity) == ("Hair", 6)
    needs = {
        each.kind: (each.only_named, [one.name for one in each.resources.all()])
        for each in Requirement.objects.all()
    }
    assert needs == {"staff": (True, ["Ana"]), "room": (False, [])}
    assert [(each.weekday, each.opens, each.starts) for each in ServiceHours.objects.all()] == [
        (1, time(10), [time(10, 30), time(11)]),
        (3, time(10), [time(10, 30), time(11)]),
    ]
    page = manager.get(f"settings/services/{service.pk}/").content.decode()
    assert (HOSTILE in page, "&lt;script&gt;alert" in page) == (False, True)
    assert re.search(rf'name="who:staff" value="{ana.pk}" checked', page)
    assert 'name="from0" value="10:00"' in page
    assert 'value="45.50"' in page
    shown = text(manager.get("settings/services/"))
    assert "Hair Haircut 1 hour · room, staff · 6 places 45.50 GBP" in shown


def test_a_service_is_changed_and_what_others_keep_of_it_stays(
    manager: Browser, salon: Business
) -> None:
    service = offered(salon, "Colour")
    provide_places(service, units=3)
    Requirement.objects.create(service=service, kind="staff", count=2)
    page = f"settings/services/{service.pk}/"
    assert 'name="count:staff" value="2"' in manager.get(page).content.decode()
    form = cut(name="Colour", category="", **{"count:staff": "2"})
    assert manager.post(page, **form).status_code == 303
    kinds = {each.kind: each.count for each in service.requirements.all()}
    assert kinds == {"staff": 2, f"place {service.pk.hex[:24]}": 1}
    retired = {name: value for name, value in form.items() if name != "is_active"}
    assert manager.post(page, **retired).status_code == 303
    service.refresh_from_db()
    assert service.is_active is False
    assert "Not offered" in text(manager.get("settings/services/"))


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Taken"}, "There is already a service called “Taken”."),
        ({"duration_0": ""}, "Say how long."),
        ({"duration_0": "0"}, "From 1 minute to 7 days."),
        ({"price_cents": "cheap"}, "Write an amount like 25.00."),
        ({"price_cents": "1.005"}, "Write an amount like 25.00."),
        ({"price_cents": "99999999999"}, "This amount is out of bounds."),
        ({"count:staff": "none"}, "Say how many, from 1 to 99."),
        ({"from0": "10:00", "until0": "11:00"}, "Choose the days."),
        ({"days0": "1", "from0": "10:00"}, "Say from when until when."),
        (
            {"days0": "1", "from0": "10:00", "until0": "11:00", "at0": "tea time"},
            "Write times like 10:30, 14:00.",
        ),
        (
            {"days0": "1", "from0": "10:00", "until0": "11:00", "at0": "12:00"},
            "These times aren’t within the hours.",
        ),
    ],
)
def test_a_service_that_makes_no_sense_is_refused_and_nothing_typed_is_lost(
    wrong: dict[str, Any], words: str, manager: Browser, salon: Business
) -> None:
    offered(salon, "Taken")
    reply = manager.post("settings/services/new/", **cut(**wrong))
    assert (reply.status_code, words.replace("’", "'") in text(reply).replace("’", "'")) == (
        422,
        True,
    )
    assert Service.objects.count() == 1
    assert 'name="cleanup_0" value="10"' in reply.content.decode()


def test_a_service_is_deleted_unless_it_was_booked(manager: Browser, salon: Business) -> None:
    service = offered(salon, "Colour")
    page = f"settings/services/{service.pk}/"
    asked = manager.post(page, remove="yes")
    assert "Delete “Colour”?" in text(asked)
    assert manager.post(page, **hidden(asked), do="save").status_code == 303
    assert not Service.objects.exists()
    booked = offered(salon, "Cut")
    Booking.objects.create(
        business=salon,
        location=location(salon),
        service=booked,
        starts_at=EVENING,
        ends_at=EVENING + 60 * MINUTES,
        party_size=1,
        state="confirmed",
        source="test",
    )
    refused = manager.post(f"settings/services/{booked.pk}/", script=True, remove="yes")
    assert (refused.status_code, "so it stays" in said(refused)) == (409, True)


def test_a_heading_is_renamed_and_taken_away(manager: Browser, salon: Business) -> None:
    hair = Category.objects.create(business=salon, name="Hair")
    Category.objects.create(business=salon, name="Nails")
    service = offered(salon, "Cut", category=hair)
    page = f"settings/categories/{hair.pk}/"
    twice = manager.post(page, name="Nails", display_order="0")
    assert (twice.status_code, "already a category" in text(twice)) == (422, True)
    assert manager.post(page, name="Head", display_order="1").status_code == 303
    assert "Head" in text(manager.get("settings/services/"))
    assert manager.post(page, remove="yes").status_code == 303
    service.refresh_from_db()
    assert service.category is None


@pytest.mark.parametrize("page", ["services/", "resources/", "staff/", "locations/", "team/"])
def test_lists_ask_the_same_number_of_queries_whatever_there_is(
    page: str, owner: Browser, salon: Business
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert owner.get(f"settings/{page}").status_code == 200
        return len(seen)

    owner.get(f"settings/{page}")

    def more(n: int) -> None:
        heading = Category.objects.create(business=salon, name=f"Heading {n}")
        service = offered(salon, f"Service {n}", category=heading)
        person = resource(salon, f"Person {n}", kind="staff", section=f"Group {n}")
        Requirement.objects.create(service=service, kind="staff").resources.add(person)
        together = Combination.objects.create(
            location=location(salon), name=f"Both {n}", covers_max=8
        )
        together.members.set(Resource.objects.filter(kind="table"))

    more(0)
    few = asked()
    for n in range(1, 6):
        more(n)
    assert asked() == few


# --- resources and staff -------------------------------------------------------------------------


def thing(**changes: Any) -> dict[str, Any]:
    form: Any = {
        "kind": "table", "name": "Table 10", "section": "Terrace", "covers_min": "2",
        "covers_max": "6", "units": "1", "display_order": "3", "is_active": "on", "is_online": "on",
    }  # fmt: skip
    return {**form, **changes}


def test_a_table_is_added_changed_and_removed(manager: Browser, bistro: Business) -> None:
    assert manager.post("settings/resources/new/", **thing()).status_code == 303
    table = Resource.objects.get(name="Table 10")
    assert (table.covers_min, table.covers_max, table.section and table.section.name) == (
        2,
        6,
        "Terrace",
    )
    page = f"settings/resources/{table.pk}/"
    assert manager.post(page, **thing(name=HOSTILE, section="")).status_code == 303
    table.refresh_from_db()
    assert (table.name, table.section) == (HOSTILE, None)
    assert HOSTILE not in manager.get("settings/resources/").content.decode()
    asked = manager.post(page, remove="yes")
    assert manager.post(page, **hidden(asked), do="save").status_code == 303
    assert manager.get(page).status_code == 404


def test_taking_a_booked_table_out_of_use_says_whom_it_strands(
    manager: Browser, bistro: Business
) -> None:
    table = Resource.objects.get(name="Table 1")
    booking.book(wish(bistro, resource_id=table.pk), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    page = f"settings/resources/{table.pk}/"
    form = thing(name="Table 1", section="", covers_min="1", covers_max="4")
    del form["is_active"]
    shown = manager.post(page, **form)
    assert "1 booking can’t be kept as it is" in text(shown)
    assert "Table 1: no longer offered." in text(shown)
    back = manager.post(page, **hidden(shown), do="edit")
    assert (back.status_code, 'value="Table 1"' in back.content.decode()) == (200, True)
    assert manager.post(page, **hidden(shown), do="save").status_code == 303
    table.refresh_from_db()
    assert table.is_active is False
    assert "Out of use" in text(manager.get("settings/resources/"))


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"covers_min": "9"}, "More than fit."),
        ({"name": "Table 1", "section": ""}, "already has a resource called"),
        ({"units": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_table_that_can_t_be_is_refused(
    wrong: dict[str, str], words: str, manager: Browser
) -> None:
    reply = manager.post("settings/resources/new/", **thing(**wrong))
    assert (reply.status_code, words in text(reply)) == (422, True)
    assert Resource.objects.count() == 4


def test_somebody_is_added_with_what_they_do(manager: Browser, salon: Business) -> None:
    cut, colour = offered(salon, "Cut"), offered(salon, "Colour")
    Requirement.objects.create(service=cut, kind="staff")  # all of them
    form: Any = {"name": "Carla", "covers_max": "1", "is_active": "on", "is_online": "on"}
    made = manager.post("settings/staff/new/", **form, skills=[str(cut.pk), str(colour.pk)])
    assert made.status_code == 303
    carla = Resource.objects.get(name="Carla")
    shown = text(manager.get("settings/staff/"))
    assert "Carla Colour, Cut · location’s hours" in shown
    assert "Ana Cut · location’s hours" in shown
    page = f"settings/staff/{carla.pk}/"
    assert manager.post(page, **form, skills=[str(colour.pk)]).status_code == 303
    assert "Carla Colour ·" in text(manager.get("settings/staff/"))
    assert [each.name for each in cut.requirements.get().resources.all()] == ["Ana", "Bruno"]
    # A login is one of the team's.
    stranger = manager.post(page, **form, user=str(salon.pk))
    assert stranger.status_code == 422
    assert manager.post(page, **form, user=str(manager.user.pk)).status_code == 303
    assert Resource.objects.get(name="Carla").user == manager.user


def test_a_roster_is_filled_for_weeks_and_emptied(manager: Browser, salon: Business) -> None:
    ana = Resource.objects.get(name="Ana")
    page = f"settings/roster/{ana.pk}/"
    form: Any = {"kind": "working_hours", "day": "2026-06-22", "starts": "09:00", "ends": "17:00"}
    weeks: Any = form | {"until": "2026-07-05", "weekdays": ["0", "2"], "notes": HOSTILE}
    assert manager.post(f"{page}new/", script=True, **weeks).status_code == 204
    assert [each.day for each in RosterEntry.objects.all()] == [
        date(2026, 6, 22),
        date(2026, 6, 24),
        date(2026, 6, 29),
        date(2026, 7, 1),
    ]
    shown = manager.get(page)
    assert HOSTILE not in shown.content.decode()
    assert "Mon 22 June 2026 09:00–17:00" in text(shown)
    again = manager.post(f"{page}new/", **form)
    assert (again.status_code, "conflicts" in text(again)) == (422, True)
    for wrong in (
        {"ends": "08:00"},
        {"until": "2026-06-01"},
        {"until": "2026-06-23", "weekdays": ["6"]},
    ):
        assert manager.post(f"{page}new/", **form | wrong).status_code == 422
    first = RosterEntry.objects.first()
    assert first
    assert "Works" in text(manager.get(f"{page}{first.pk}/"))
    assert manager.post(f"{page}{first.pk}/").status_code == 303
    assert RosterEntry.objects.count() == 3


# --- places --------------------------------------------------------------------------------------


def test_places_sections_and_combinations_are_kept(manager: Browser, bistro: Business) -> None:
    form: Any = {"name": "Annexe", "address": "2 High Street", "timezone": "Europe/Paris"}
    assert manager.post("settings/locations/new/", **form, is_active="on").status_code == 303
    annexe = Location.objects.get(name="Annexe")
    twice = manager.post("settings/locations/new/", **form)
    assert (twice.status_code, "already a location" in text(twice)) == (422, True)
    sections = f"settings/locations/{location_named('Main').pk}/sections/"
    assert manager.post(sections, name="Terrace", display_order="1").status_code == 303
    assert manager.post(sections, name="Terrace", display_order="1").status_code == 422
    terrace = Section.objects.get()
    assert terrace.is_online is False
    page = f"{sections}{terrace.pk}/"
    assert manager.post(page, name="Garden", display_order="1").status_code == 303
    both = [str(each.pk) for each in Resource.objects.filter(name__in=("Table 1", "Table 2"))]
    combinations = f"settings/locations/{location_named('Main').pk}/combinations/"
    joined: Any = {"name": "1 and 2", "covers_min": "5", "covers_max": "8", "is_active": "on"}
    assert manager.post(combinations, **joined, members=both[:1]).status_code == 422
    assert manager.post(combinations, **joined | {"covers_min": "9"}, members=both).status_code == (
        422
    )
    assert manager.post(combinations, **joined, members=both).status_code == 303
    shown = text(manager.get("settings/locations/"))
    assert "Garden Staff only" in shown
    assert "1 and 2 Table 1, Table 2 5–8" in shown
    assert "2 High Street · Europe/Paris" in shown
    one = Combination.objects.get()
    assert manager.post(f"{combinations}{one.pk}/", remove="yes").status_code == 303
    asked = manager.post(page, remove="yes")
    assert "gone, with all in it" in text(asked)
    assert manager.post(page, **hidden(asked), do="save").status_code == 303
    assert not Section.objects.exists()
    assert manager.get(f"settings/locations/{annexe.pk}/").status_code == 200


def location_named(name: str) -> Location:
    return Location.objects.get(name=name)


def test_another_clock_is_shown_with_what_it_strands(manager: Browser, bistro: Business) -> None:
    booking.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)  # at 20:00
    place = location(bistro)
    page = f"settings/locations/{place.pk}/"
    form: Any = {"name": "Main", "timezone": "Asia/Tokyo", "is_active": "on"}
    shown = manager.post(page, **form)
    assert "Clock before: Europe/London from now on: Asia/Tokyo" in text(shown)
    assert "1 booking can’t be kept" in text(shown)
    assert manager.post(page, **hidden(shown), do="save").status_code == 303
    place.refresh_from_db()
    assert place.timezone == "Asia/Tokyo"


def test_pacing_and_turn_times_are_kept(manager: Browser, bistro: Business) -> None:
    place = location(bistro)
    page = f"settings/pacing/{place.pk}/"
    form: Any = {
        "pacing_covers": "20", "pacing_parties": "", "pacing_minutes": "15",
        "covers": ["2", "4", "", ""], "minutes": ["75", "105", "", ""],
    }  # fmt: skip
    assert manager.post(page, **form).status_code == 303
    place.refresh_from_db()
    assert (place.pacing_covers, place.pacing_parties) == (20, None)
    turns = [(each.covers_max, each.duration) for each in TurnTime.objects.all()]
    assert turns == [(2, 75 * MINUTES), (4, 105 * MINUTES)]
    assert 'value="105"' in manager.get("settings/pacing/").content.decode()
    for wrong, words in (
        ({"covers": ["2", "2"], "minutes": ["75", "80"]}, "twice"),
        ({"covers": ["few"], "minutes": ["75"]}, "for how many guests"),
        ({"covers": ["2"], "minutes": ["0"]}, "how many minutes"),
        ({"pacing_minutes": "1"}, "greater than or equal to 5"),
    ):
        reply = manager.post(page, **form | wrong)
        assert (reply.status_code, words in text(reply)) == (422, True)
    assert manager.post(page, **form | {"covers": [], "minutes": []}).status_code == 303
    assert not TurnTime.objects.exists()
