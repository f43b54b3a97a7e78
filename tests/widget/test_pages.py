"""The pages as browsers get them: who may frame them, how large they are, what they cost."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from availability.models import OpeningHours
from bookings import mailing, relay, services
from bookings.models import Booking, Session
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Location, Requirement
from tests.builders import (
    EVENING,
    HOUR,
    MARIA,
    MINUTE,
    NOW,
    business,
    resource,
    service,
    tables,
    wish,
)
from tests.widget.conftest import AT, DAY, Guest, opened

pytestmark = pytest.mark.django_db
STATIC = Path(django_settings.BASE_DIR) / "static" / "widget"
SITE = "https://www.example.com"


# --- frames, cookies, caches ---------------------------------------------------------------------


def test_the_hosted_page_is_in_nobodys_frame_and_the_framed_one_in_those_allowed(
    bistro: Business,
) -> None:
    bistro.widget_origins = [SITE, "https://*.example.org"]
    bistro.save()
    hosted, framed = Guest(bistro).get().reply, Guest(bistro, framed=True).get().reply
    assert hosted["Content-Security-Policy"].endswith("; frame-ancestors 'none'")
    assert hosted["X-Frame-Options"] == "DENY"
    around = f"; frame-ancestors 'self' {SITE} https://*.example.org"
    assert framed["Content-Security-Policy"].endswith(around)
    assert "X-Frame-Options" not in framed
    for reply in (hosted, framed):
        assert reply["Cache-Control"] == "no-store"
        assert reply["Referrer-Policy"] == "no-referrer"
        assert "script-src 'self';" in reply["Content-Security-Policy"]
        assert not reply.cookies


def test_without_sites_only_our_own_pages_frame_it(bistro: Business) -> None:
    policy = Guest(bistro, framed=True).get().reply["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self'")


def test_every_step_in_a_frame_stays_in_it(bistro: Business) -> None:
    bistro.widget_origins = [SITE]
    bistro.save()
    looks = {"color": "aa3300", "radius": "4", "scheme": "dark", "host": SITE, "lang": "en"}
    guest = Guest(bistro, framed=True).get("when/", day=DAY, party=2, **looks)
    for go_on in (guest.choose, guest.say, None):
        assert f'data-host="{SITE}"' in guest.text
        assert "--accent-day:#aa3300;" in guest.text
        assert 'data-scheme="dark" data-framed' in guest.text
        assert guest.reply["Content-Security-Policy"].endswith(f"'self' {SITE}")
        ours = re.findall(r'(?:href|action)="(/[^"]*)"', guest.text)
        steps = [each for each in ours if not each.startswith(("/static/", "/booking/"))]
        assert [each for each in steps if not each.startswith(guest.base)] == []
        assert [each for each in steps if "v=" in each and "radius=4" not in each] == []
        if go_on:
            go_on()
    assert guest.step == "booked"
    assert re.search(r'href="/booking/[^"]*" target="_blank"', guest.text)


def test_only_a_site_that_may_frame_it_is_told_anything(bistro: Business) -> None:
    bistro.widget_origins = [SITE]
    bistro.save()
    told = {
        host: f'data-host="{host}"' in Guest(bistro, framed=True).get("", host=host).text
        for host in (SITE, "http://testserver", "https://evil.example", f"{SITE}.evil.example", "*")
    }
    assert told == dict.fromkeys(told, False) | {SITE: True, "http://testserver": True}
    assert "data-host" not in Guest(bistro).get("", host=SITE).text


@pytest.mark.parametrize(
    "query",
    [
        {"color": "red;}"},
        {"color": "12345"},
        {"radius": "999"},
        {"radius": "-1"},
        {"font": "x';background:url(//evil.example)"},
        {"scheme": "dim"},
    ],
)
def test_looks_that_are_none_are_left_out(bistro: Business, query: dict[str, str]) -> None:
    plain = Guest(bistro, framed=True).get()
    asked = Guest(bistro, framed=True).get("", **query)
    style = r'<html [^>]*style="([^"]*)"'
    assert re.findall(style, asked.text) == re.findall(style, plain.text)


def test_the_tag_is_always_at_its_address_and_kept(client: Any) -> None:
    reply = client.get("/widget/embed.js")
    assert reply["Content-Type"] == "text/javascript; charset=utf-8"
    assert reply["Cache-Control"] == "public, max-age=86400, stale-while-revalidate=604800"
    assert reply["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert reply.content == (STATIC / "embed.js").read_bytes()
    assert not reply.cookies
    again = client.get("/widget/embed.js", headers={"If-None-Match": reply["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


# --- size and cost -------------------------------------------------------------------------------


def test_all_of_our_own_script_and_style_is_small() -> None:
    """Even as it is written; over the wire it is packed."""
    own = [STATIC / name for name in ("widget.css", "widget.js", "embed.js")]
    assert sum(each.stat().st_size for each in own) < 60_000
    assert sum(len(gzip.compress(each.read_bytes())) for each in own) < 15_000


def test_a_page_asks_for_nothing_but_its_own_style_and_script(bistro: Business) -> None:
    asked = re.findall(r'(?:src|<link[^>]*href)="([^"]*)"', Guest(bistro).get().text)
    assert asked == [
        "/static/guest/icon.svg",
        "/static/widget/widget.css",
        "/static/widget/widget.js",
    ]
    assert len(Guest(bistro).get().reply.content) < 40_000


def queries(look: Callable[[], Any]) -> int:
    look()  # what is remembered by the process
    with CaptureQueriesContext(
        connection,
    ) as seen:
        look()
    return len(seen)


def test_no_step_asks_more_as_the_book_fills(bistro: Business) -> None:
    bistro.booking_mode = Business.Mode.DYNAMIC
    bistro.save()
    v = "v" * 16

    def steps() -> list[int]:
        guest = Guest(bistro)
        return [
            queries(lambda: guest.get("when/", day=DAY, party=2, v=v)),
            queries(lambda: guest.get("when/", month="2026-07", party=4, v=v)),
            queries(lambda: guest.get("table/", at=AT, party=2, v=v)),
            queries(lambda: guest.get("waitlist/", day=DAY, v=v)),
        ]

    few = steps()
    tables_more = [
        resource(bistro, f"More {n}", kind="table", covers_max=4, section=f"Room {n % 4}")
        for n in range(40)
    ]
    for n, each in enumerate(tables_more):
        services.book(
            wish(bistro, EVENING + (n % 5) * 30 * MINUTE, resource_id=each.pk),
            guest=GuestDetails("G", f"{n}", f"g{n}@example.com"),
            by=SYSTEM,
            source="test",
            now=NOW,
        )
    assert steps() == few
    assert max(few) <= 15


def test_nor_as_there_is_more_to_choose_from(spa: Business, spin: Session) -> None:
    guest, gym = Guest(spa), Guest(spin.business)
    massage = spa.services.get(name="Massage")

    def steps() -> list[int]:
        v = "v" * 16
        return [
            queries(lambda: guest.get("", v=v)),
            queries(lambda: guest.get("when/", service=massage.pk, day=DAY, v=v)),
            queries(lambda: gym.get("when/", day=DAY, v=v)),
        ]

    few = steps()
    for n in range(10):
        more = service(spa, f"Service {n}")
        person = resource(spa, f"Person {n}", kind="staff")
        Requirement.objects.create(service=more, kind="staff").resources.add(person)
        massage.requirements.get().resources.add(person)
        run = services.schedule_session(
            spin.service, starts_at=EVENING + n * HOUR / 4, by=SYSTEM, now=NOW
        )
        services.book_places(run, party_size=2, guest=MARIA, by=SYSTEM, source="t", now=NOW)
    assert steps() == few
    assert max(few) <= 15


def test_a_booking_costs_the_same_however_full_it_is(bistro: Business) -> None:
    def cost() -> int:
        guest = Guest(bistro).get("when/", day=DAY, party=2).choose()
        with CaptureQueriesContext(connection) as seen:
            guest.reply = guest.client.get(guest.at, **{"openbook.now": NOW})
        return len(seen)

    few = cost()
    tables(bistro, 0)
    for n in range(20):
        resource(bistro, f"More {n}", kind="table", covers_max=4)
    assert cost() == few <= 12


# --- languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("set_", "asked", "browser", "spoken"),
    [
        ("", "", "", "en"),
        ("", "", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "", "fr,es;q=0.8", "es"),
        ("", "", "fr", "en"),
        ("de", "", "es", "de"),
        ("de", "es", "en", "es"),
        ("", "xx", "de", "de"),
        ("", "../../etc", "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for(
    bistro: Business, set_: str, asked: str, browser: str, spoken: str
) -> None:
    bistro.widget = {"language": set_}
    bistro.save()
    guest = Guest(bistro, headers={"Accept-Language": browser} if browser else {})
    guest.get("", **({"lang": asked} if asked else {}))
    assert f'<html lang="{spoken}"' in guest.text
    assert (guest.reply["Content-Language"], guest.reply["Vary"]) == (spoken, "Accept-Language")


def test_a_booking_remembers_its_language(bistro: Business) -> None:
    Guest(bistro).get("when/", day=DAY, party=2, lang="de").choose()
    assert Booking.objects.get().details["widget"]["language"] == "de"


def test_dates_are_written_as_the_language_does(bistro: Business) -> None:
    assert "Samstag" in Guest(bistro).get("when/", day=DAY, lang="de").text
    assert "sábado" in Guest(bistro).get("when/", day=DAY, lang="es").text.casefold()


# --- what anybody may send -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        {"day": "2026-02-30"},
        {"day": "9999-12-31"},
        {"day": "0001-01-01"},
        {"month": "2026-13"},
        {"month": "nope"},
        {"party": "0"},
        {"party": "-3"},
        {"party": "999999999999"},
        {"party": "٣"},
        {"party": ["1", "2"]},
        {"service": "nope"},
        {"location": "'"},
        {"staff": "00000000-0000-0000-0000-000000000000"},
        {"taken": "20269999T190000Z"},
        {"taken": "99991231T235959Z"},
        {"taken": "19710101T000000Z"},
        {"v": "<script>"},
        {"v": "\x00"},
        {"lang": "\x00"},
    ],
)
def test_nonsense_is_a_page_all_the_same(bistro: Business, query: dict[str, Any]) -> None:
    guest = Guest(bistro)
    for part in ("", "when/", "table/", "waitlist/"):
        assert guest.get(part, **query).status == 200
        assert "<script>" not in guest.text


def test_a_time_that_is_not_offered_can_not_be_had(bistro: Business) -> None:
    guest = Guest(bistro).get("when/", day=DAY, party=2)
    hold = guest.action("/hold/")
    for at in ("20260620T191000Z", "20260620T030000Z", "20260101T190000Z", "20290620T190000Z", "x"):
        assert guest.post(hold, at=at).step == "when"
    assert not Booking.objects.exists()


def test_nobody_books_what_guests_may_not(bistro: Business) -> None:
    hidden = resource(bistro, "Office", kind="table", covers_max=4, is_online=False)
    guest = Guest(bistro).get("when/", day=DAY, party=2)
    guest.choose(table=hidden.pk)
    assert "has just been taken" in guest.text
    assert not Booking.objects.exists()


def test_another_business_is_another_world(bistro: Business, spa: Business) -> None:
    theirs = spa.resources.get(name="Ana")
    massage = spa.services.get(name="Massage")
    guest = Guest(bistro).get("when/", day=DAY, party=2, service=massage.pk, staff=theirs.pk)
    assert "Massage" not in guest.text
    guest.choose(table=theirs.pk)
    assert not Booking.objects.exists()


def test_a_business_that_is_closed_for_good_has_no_page(bistro: Business) -> None:
    Business.objects.update(is_active=False)
    for framed in (False, True):
        reply = Guest(bistro, framed=framed).get()
        assert (reply.status, reply.title) == (404, "This booking page doesn't exist")


def test_nobody_asks_too_often(bistro: Business) -> None:
    guest = Guest(bistro).get("when/", day=DAY, party=2)
    hold = guest.action("/hold/")
    answers = [guest.client.post(hold, {"at": "x"}).status_code for _ in range(41)]
    assert (answers[:40], answers[40]) == ([303] * 40, 429)
    assert guest.get().status == 200  # looking costs less


HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u202egnp.\u200f 🍷 " + "w" * 300
)


def test_whatever_is_typed_is_shown_as_text(bistro: Business) -> None:
    """On the pages, in the mail and in the calendar's file."""
    Business.objects.filter(pk=bistro.pk).update(name=HOSTILE[:100], widget={"welcome": HOSTILE})
    made = service(bistro, HOSTILE[:90], description=HOSTILE)
    service(bistro, "Another")
    Location.objects.update(name=HOSTILE[:80], address=HOSTILE[:290])
    guest = Guest(bistro)
    seen = [guest.get().reply, guest.get("when/", service=made.pk, day=DAY).reply]
    seen.append(guest.choose().reply)
    seen.append(guest.say(first_name=HOSTILE, last_name=HOSTILE, notes=HOSTILE * 4).reply)
    assert (guest.status, "At most 100 characters, please." in guest.text) == (422, True)
    seen.append(guest.say(first_name=HOSTILE[:90], last_name="x", notes=HOSTILE).reply)
    assert guest.step == "booked"
    booked = guest.reply
    seen.append(guest.get(guest.link("Change or cancel")).reply)
    for reply in seen:
        assert b"<script>alert" not in reply.content
        assert b"<img src=x" not in reply.content
        assert b"&lt;script&gt;alert" in reply.content
    guest.reply = booked
    file = guest.get(guest.link("Add to calendar")).reply.content.decode()
    assert [each for each in file.splitlines() if each.startswith(("<", "w" * 20))] == []
    assert file.count("BEGIN:VEVENT") == 1
    relay.deliver(now=NOW)
    mailing.send_due(now=NOW)
    (letter,) = mail.outbox
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    assert ("<script>alert" in html, "&lt;script&gt;alert" in html) == (False, True)
    assert "\n" not in letter.subject
    assert Booking.objects.get().notes == HOSTILE


def test_a_week_of_two_halls_and_a_plan(db: None) -> None:
    """Dynamic: the tables where they stand, those that aren't free as such."""
    made = opened(business("Bistro", timezone="Europe/London", booking_mode="dynamic"))
    for name, x in (("Table 1", 0), ("Table 2", 100)):
        resource(made, name, kind="table", covers_max=2, section="Hall", plan_x=x, plan_y=0)
    services.book(wish(made), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    guest = Guest(made).get("when/", day=DAY, party=2)
    guest.get(guest.link("20:00"))
    assert (guest.step, guest.title) == ("table", "Choose your table")
    assert ("Table 1: not free" in guest.text, "Table 2, for up to 2" in guest.text) == (True, True)
    free = made.resources.get(name="Table 2")
    guest.choose(table=free.pk)
    assert (guest.step, "Table 2" in guest.text) == ("details", True)
    assert Booking.objects.get(state="held").resource_ids == [free.pk]
    other = Guest(made).get("table/", at=AT, party=2)
    assert (other.step, "has just been taken" in other.text) == ("when", True)


def test_turned_tables_stand_within_their_room(db: None) -> None:
    made = opened(business("Bistro", timezone="Europe/London", booking_mode="dynamic"))
    for n, turn in enumerate((0, 90, 45, -90, 270)):
        resource(
            made,
            f"Table {n}",
            kind="table",
            covers_max=4,
            plan_x=100 * n,
            plan_y=0,
            plan_width=200,
            plan_height=50,
            plan_rotation=turn,
        )
    text = Guest(made).get("table/", at=AT, party=2).text
    found = re.findall(r"left:([-\d.]+)%;top:([-\d.]+)%;width:([\d.]+)%;height:([\d.]+)%", text)
    assert len(found) == 5
    for left, top, width, height in (map(float, each) for each in found):
        assert min(left, top, 100 - left - width, 100 - top - height) >= 0
    assert text.count("--turn:45deg") == 1
    assert text.count("--turn") == 1  # a quarter turn is drawn as it stands


def test_several_places_are_asked_about_first(bistro: Business) -> None:
    south = Location.objects.create(business=bistro, name="South", address="2 Side Street")
    OpeningHours.objects.create(location=south, weekday=6, opens="10:00", closes="12:00")
    resource(bistro, "Table S", kind="table", covers_max=6, location=south)
    guest = Guest(bistro).get()
    assert (guest.step, guest.title) == ("what", "Where would you like to come?")
    guest.get(guest.link("South"))
    assert guest.step == "when"
    guest.get(f"{guest.at}&day={DAY}")
    assert guest.times() == ["10:00", "10:30", "11:00"]
    guest.choose("20260620T090000Z").say()
    assert Booking.objects.get().location == south


def test_times_are_by_the_clock_of_the_place(bistro: Business) -> None:
    Location.objects.update(timezone="Asia/Tokyo")
    guest = Guest(bistro).get("when/", day=DAY, party=2)
    assert (guest.times()[0], "Times are Tokyo time (JST)." in guest.text) == ("18:00", True)
    guest.choose("20260620T090000Z")
    assert "18:00 – 19:00" in guest.text
