"""Hours, special days and closures: what changes is shown before it holds."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import Business
from availability.models import Break, Closure, OpeningHours, SpecialDay
from bookings import services
from bookings.models import Booking
from bookings.wishes import SYSTEM
from resources.models import Resource
from tests.builders import EVENING, MARIA, NOW, business, location, wish
from tests.desk.conftest import Browser, said

HOSTILE = '<script>alert("1")</script>'


def week(**days: Any) -> dict[str, Any]:
    """The form of a week, noon to 23:00 every day but for what is said: `d3=[("12:00", "15:00")]`,
    `b3=[...]` for breaks."""
    form: dict[str, Any] = {"keeps": "own", "seatings": "yes"}
    for n in range(1, 8):
        lines = days.get(f"d{n}", [("12:00", "23:00", "")])
        form[f"opens{n}"] = [each[0] for each in lines]
        form[f"closes{n}"] = [each[1] for each in lines]
        form[f"last{n}"] = [each[2] if len(each) > 2 else "" for each in lines]
        form[f"pauses{n}"] = [each[0] for each in days.get(f"b{n}", [])]
        form[f"resumes{n}"] = [each[1] for each in days.get(f"b{n}", [])]
    return form


def hidden(reply: Any) -> Any:
    """What a page carries on from one form to the next."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)">', reply.content.decode()
    ):
        found.setdefault(html.unescape(name), []).append(html.unescape(value))
    return found


def text(reply: Any) -> str:
    """What can be read on a page."""
    words = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", reply.content.decode(), flags=re.S)
    return " ".join(html.unescape(words).split())


def book(of: Business, at: datetime = EVENING) -> Booking:
    return services.book(wish(of, at), guest=MARIA, by=SYSTEM, source="test", now=NOW)


def hours(of: Any) -> list[str]:
    return [str(each) for each in OpeningHours.objects.filter(**of)]


def test_the_index_leads_to_the_hours(manager: Browser, host: Browser) -> None:
    shown = manager.get("settings/").content.decode()
    assert 'href="/desk/bistro/settings/hours/"' in shown
    assert host.get("settings/").status_code == 403
    assert host.get("settings/hours/").status_code == 403


def test_a_change_is_shown_in_words_with_what_it_strands_and_then_made(
    manager: Browser, bistro: Business
) -> None:
    booking = book(bistro)  # Saturday at 20:00 in London
    place = location(bistro)
    form = week(
        d6=[("12:00", "15:00"), ("21:00", "02:00", "23:30")], b6=[("13:00", "13:30")], d7=[]
    )
    shown = manager.post("settings/hours/", **form)
    assert shown.status_code == 200
    said = text(shown)
    assert (
        "Saturday before: 12:00–23:00 from now on: 12:00–15:00, 21:00–02:00 the next day"
        " (last seating 23:30); break 13:00–13:30" in said
    )
    assert "Sunday before: 12:00–23:00 from now on: closed" in said
    assert "Monday" not in said
    assert "1 booking can’t be kept as it is" in said
    assert "Sat 20 Jun, 20:00 Maria Garcia · 2 guests Outside the opening hours." in said
    assert booking.reference in said
    assert len(hours({"location": place})) == 7  # nothing was done yet
    kept = manager.post("settings/hours/", **hidden(shown), do="save")
    assert (kept.status_code, kept.headers["Location"]) == (
        303,
        f"/desk/bistro/settings/hours/{place.pk}/",
    )
    assert hours({"location": place})[4:] == [
        "Friday 12:00-23:00",
        "Saturday 12:00-15:00",
        "Saturday 21:00-02:00",
    ]
    assert [str(each) for each in Break.objects.all()] == ["Saturday 13:00-13:30"]
    assert OpeningHours.objects.get(opens=time(21)).last_start == time(23, 30)
    booking.refresh_from_db()
    assert booking.state == "confirmed"


def test_what_was_booked_meanwhile_is_shown_before_anything_is_saved(
    manager: Browser, bistro: Business
) -> None:
    shown = manager.post("settings/hours/", **week(d6=[]))
    assert "Every booking in the book can be kept" in text(shown)
    book(bistro)
    again = manager.post("settings/hours/", **hidden(shown), do="save")
    assert (again.status_code, OpeningHours.objects.count()) == (200, 7)
    assert "Something changed in the meantime" in text(again)
    assert "1 booking can’t be kept" in text(again)
    assert manager.post("settings/hours/", **hidden(again), do="save").status_code == 303
    assert OpeningHours.objects.count() == 6


def test_going_back_loses_nothing(manager: Browser) -> None:
    shown = manager.post("settings/hours/", **week(d1=[("10:00", "11:00")]))
    back = manager.post("settings/hours/", **hidden(shown), do="edit")
    assert 'name="opens1" value="10:00"' in back.content.decode()
    assert OpeningHours.objects.filter(weekday=1, opens=time(12)).exists()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"d1": [("12:00", "")]}, "Say from when until when."),
        ({"d1": [("noon", "15:00")]}, "Say from when until when."),
        ({"d1": [(HOSTILE, "15:00")]}, "Say from when until when."),
        ({"d1": [("12:00", "15:00"), ("14:00", "18:00")]}, "These hours overlap."),
        ({"d7": [("20:00", "13:00")]}, "These hours overlap."),
        ({"d1": [("12:00", "15:00", "16:00")]}, "The last seating lies within the hours."),
        ({"b1": [("08:00", "09:00")]}, "A break lies within the hours."),
    ],
)
def test_what_can_t_be_kept_is_said_beside_it(
    wrong: dict[str, Any], words: str, manager: Browser
) -> None:
    reply = manager.post("settings/hours/", **week(d2=[("10:00", "11:00")], **wrong))
    assert (reply.status_code, words in text(reply)) == (422, True)
    assert 'name="opens2" value="10:00"' in reply.content.decode()  # nothing typed is lost
    assert HOSTILE not in reply.content.decode()
    assert OpeningHours.objects.filter(opens=time(12)).count() == 7


def test_the_editor_s_buttons_work_without_scripts(manager: Browser) -> None:
    form = week(d1=[("10:00", "11:00")], d2=[]) | {"to1": ["2", "3", "9", "x"]}
    for what, times in (
        ("copy:1", ["10:00", "10:00", "10:00"]),
        ("drop:1:0", []),
        ("add:2", ["10:00", ""]),
        ("add:9", ["10:00"]),
        ("drop:1:7", ["10:00"]),
        ("nonsense:1", ["10:00"]),
    ):
        shown = manager.post("settings/hours/", **form, do=what)
        assert shown.status_code == 200
        found = re.findall(r'name="opens[123]" value="([^"]*)"', shown.content.decode())
        kept = times if what == "copy:1" else [*times, "12:00"]
        assert found == kept, what
    shown = manager.post("settings/hours/", **form, do="pause:1")
    assert 'name="pauses1"' in shown.content.decode()
    form |= {"pauses1": ["10:15"], "resumes1": ["10:30"]}
    shown = manager.post("settings/hours/", **form, do="resume:1:0")
    assert 'name="pauses1"' not in shown.content.decode()


def test_a_resource_may_have_hours_of_its_own_and_give_them_up(
    manager: Browser, bistro: Business
) -> None:
    table = Resource.objects.get(name="Table 1")
    page = f"settings/hours/{table.pk}/"
    nothing = manager.post(page, keeps="own")
    assert (nothing.status_code, "Say when" in text(nothing)) == (422, True)
    shown = manager.post(page, **week(d1=[("12:00", "14:00")]))
    assert "Monday before: as its location from now on: 12:00–14:00" in text(shown)
    assert manager.post(page, **hidden(shown), do="save").status_code == 303
    assert len(hours({"resource": table})) == 7
    assert "Own hours" in text(manager.get(page))
    shown = manager.post(page, **week() | {"keeps": "location"})
    assert "Monday before: 12:00–14:00 from now on: as its location" in text(shown)
    assert manager.post(page, **hidden(shown), do="save").status_code == 303
    assert hours({"resource": table}) == []
    assert len(hours({"location": location(bistro)})) == 7


def test_nothing_changed_is_said(manager: Browser) -> None:
    reply = manager.post("settings/hours/", script=True, **week())
    assert (reply.status_code, said(reply)) == (204, "Nothing was changed.")


# --- special days and closures -------------------------------------------------------------------


def test_a_special_day_is_added_changed_and_taken_away(manager: Browser, bistro: Business) -> None:
    place = location(bistro)
    book(bistro)
    pages = f"settings/hours/{place.pk}/days/"
    form: Any = {"day": "2026-06-20", "opens0": "10:00", "closes0": "14:00", "note": HOSTILE}
    shown = manager.post(pages, script=True, **form)
    assert "Sat 20 June 2026 before: as every week from now on: 10:00–14:00" in text(shown)
    assert "1 booking can’t be kept" in text(shown)
    kept = manager.post(pages, script=True, **hidden(shown), do="save")
    assert (kept.status_code, said(kept)) == (204, "Saved.")
    page = manager.get("settings/hours/").content.decode()
    assert (HOSTILE in page, "&lt;script&gt;" in page) == (False, True)
    day = f"{pages}2026-06-20/"
    assert 'value="10:00"' in manager.get(day).content.decode()
    moved = manager.post(day, **form | {"day": "2026-06-21", "opens1": "18:00", "closes1": "01:00"})
    assert manager.post(day, **hidden(moved), do="save").status_code == 303
    assert [str(each) for each in SpecialDay.objects.all()] == [
        "2026-06-21 10:00-14:00",
        "2026-06-21 18:00-01:00",
    ]
    assert manager.get(day).status_code == 404
    gone = manager.post(f"{pages}2026-06-21/", remove="yes")
    assert manager.post(f"{pages}2026-06-21/", **hidden(gone), do="save").status_code == 303
    assert not SpecialDay.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"day": "2026-06-20"},
        {"day": "nonsense", "opens0": "10:00", "closes0": "14:00"},
        {"day": "2026-06-20", "opens0": "10:00", "closes0": "14:00", "opens1": "13:00"},
        {"day": "2026-06-20", "opens0": "10:00", "closes0": "14:00", "opens1": "13:00",
         "closes1": "15:00"},
    ],
)  # fmt: skip
def test_a_special_day_that_makes_no_sense_is_refused(
    form: Any, manager: Browser, bistro: Business
) -> None:
    reply = manager.post(f"settings/hours/{location(bistro).pk}/days/", **form)
    assert (reply.status_code, SpecialDay.objects.count()) == (422, 0)


def test_days_are_closed_and_opened_again(manager: Browser, bistro: Business) -> None:
    place = location(bistro)
    book(bistro)
    pages = f"settings/hours/{place.pk}/closures/"
    form: Any = {"first_day": "2026-06-20", "last_day": "2026-06-22", "reason": "Works"}
    shown = manager.post(pages, **form)
    assert "Sat 20 June – Mon 22 June 2026 before: open from now on: closed all day" in text(shown)
    assert "1 booking can’t be kept" in text(shown)
    assert "Closed: Works" in text(shown)
    assert manager.post(pages, **hidden(shown), do="save").status_code == 303
    (there,) = Closure.objects.all()
    page = f"{pages}{there.pk}/"
    shown = manager.post(page, **form | {"starts": "09:00", "ends": "11:00", "last_day": ""})
    assert "closed 09:00–11:00" in text(shown)
    assert manager.post(page, **hidden(shown), do="save").status_code == 303
    there.refresh_from_db()
    assert (there.first_day, there.last_day, there.starts, there.ends) == (
        date(2026, 6, 20),
        date(2026, 6, 20),
        time(9),
        time(11),
    )
    shown = manager.post(page, remove="yes")
    assert "open again" in text(shown)
    assert manager.post(page, **hidden(shown), do="save").status_code == 303
    assert not Closure.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_day": ""},
        {"last_day": "2026-06-01"},
        {"starts": "10:00"},
        {"starts": "10:00", "ends": "10:00"},
    ],
)
def test_a_closure_that_makes_no_sense_is_refused(
    wrong: Any, manager: Browser, bistro: Business
) -> None:
    form: Any = {"first_day": "2026-06-20", "reason": "Works"} | wrong
    reply = manager.post(f"settings/hours/{location(bistro).pk}/closures/", **form)
    assert (reply.status_code, Closure.objects.count()) == (422, 0)
    assert 'value="Works"' in reply.content.decode()


def test_somebody_is_away(manager: Browser, bistro: Business) -> None:
    table = Resource.objects.get(name="Table 1")
    pages = f"settings/hours/{table.pk}/closures/"
    shown = manager.post(pages, first_day="2026-06-20")
    assert manager.post(pages, **hidden(shown), do="save").status_code == 303
    assert Closure.objects.get().resource == table


def test_another_s_hours_are_not_there(manager: Browser) -> None:
    other = business("Other")
    place = location(other)
    shut = Closure.objects.create(
        location=place, first_day=NOW.date(), last_day=NOW.date() + timedelta(1)
    )
    mine = location(manager.business)
    for page in (
        f"settings/hours/{place.pk}/",
        f"settings/hours/{place.pk}/days/",
        f"settings/hours/{place.pk}/closures/",
        f"settings/hours/{place.pk}/closures/{shut.pk}/",
        f"settings/hours/{mine.pk}/closures/{shut.pk}/",
        f"settings/hours/{mine.pk}/days/nonsense/",
    ):
        assert manager.get(page).status_code == 404, page
        assert manager.post(page, remove="yes", do="save").status_code == 404, page
    assert Closure.objects.count() == 1
