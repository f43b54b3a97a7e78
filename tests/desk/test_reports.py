"""Reports: every table beside a slow and obvious recount, and what is shown and sent of them."""

from __future__ import annotations

import csv
import html
import io
import random
import re
import uuid
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from availability.models import Break, Closure, OpeningHours
from billing.models import Deposit
from bookings import reports
from bookings.lifecycle import State
from bookings.models import Booking, Guest, Session
from bookings.reports import Figures, Use
from bookings.web.desk.charts import chart, nice
from resources.models import Location, Resource
from tests.builders import business, location, resource, service
from tests.desk.conftest import Browser, works_at

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HOSTILE = '=cmd|"/c calc"!A1'
LATER = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
SPRING = (date(2026, 3, 23), date(2026, 4, 5))  # London's clock goes forward on 29 March
AUTUMN = (date(2026, 10, 20), date(2026, 10, 31))  # and back on 25 October


# --- a book at random ----------------------------------------------------------------------------


def filled(seed: int, first: date, last: date) -> Location:
    """A place with all there can be in its book, around these days and at their edges."""
    dice = random.Random(seed)
    of = business(f"Mixed {seed}", timezone="Europe/London", currency="GBP")
    place = location(of)
    place.business = of
    for weekday in range(1, 7):  # closed on Sundays
        OpeningHours.objects.create(
            location=place, weekday=weekday, opens=time(9, 30), closes=time(1, 15)
        )
    Break.objects.create(location=place, weekday=3, starts=time(13), ends=time(13, 45))
    Closure.objects.create(location=place, first_day=first + 2 * DAY, last_day=first + 3 * DAY)
    things = [
        resource(of, "Table", kind="table", covers_max=4),
        resource(of, "Bikes", kind="table", units=3, covers_max=2),
        resource(of, "Night owl", kind="table"),
        resource(of, "Gone", kind="table", is_active=False),
        resource(of, "Ana", kind="staff"),
    ]
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            resource=things[2], weekday=weekday, opens=time(20), closes=time(4)
        )
    spin = service(of, "Spin", price_cents=900, capacity=9)
    offered = [service(of, "Cut", price_cents=2500), spin, None]
    start = datetime.combine(first, time(), ZoneInfo("Europe/London")) - 3 * DAY
    minutes = ((last - first).days + 6) * 24 * 60
    runs = []
    for _ in range(12):
        at = (start + dice.randrange(minutes) * MINUTE).astimezone(UTC)
        runs.append(
            Session.objects.create(
                business=of,
                location=place,
                service=spin,
                starts_at=at,
                ends_at=at + dice.choice((45, 60, 95)) * MINUTE,
                capacity=9,
                state=dice.choice(("scheduled", "scheduled", "cancelled")),
                resource_ids=[dice.choice(things).pk],
            )
        )
    leader = None
    for n in range(220):
        run = dice.choice([None, None, None, *runs])
        at = run.starts_at if run else (start + dice.randrange(minutes) * MINUTE).astimezone(UTC)
        state = dice.choice(list(State)).value
        waits = state in ("held", "pending")
        known = dice.choice(offered)
        made = Booking.objects.create(
            business=of,
            location=place,
            service=run.service if run else known,
            session=run,
            source=dice.choice(("desk", "widget", "google")),
            reference=f"R{seed}-{n}",
            state=state,
            starts_at=at,
            ends_at=run.ends_at if run else at + dice.choice((15, 40, 90, 200)) * MINUTE,
            party_size=dice.randint(1, 6),
            resource_ids=[each.pk for each in dice.sample(things, dice.randint(0, 2))],
            leader=leader if dice.random() < 0.15 else None,
            price_cents=dice.choice((None, None, 1234)),
            created_at=at - dice.choice((-3, 0, 14, 15, 119, 4000, 9000, 99999)) * MINUTE,
            expires_at=LATER + dice.choice((-1, 1)) * DAY if waits else None,
        )
        if made.leader_id is None:
            leader = made
        if dice.random() < 0.3:
            Deposit.objects.create(
                business=of,
                booking_id=made.pk,
                amount_cents=dice.choice((500, 2000)),
                currency=dice.choice(("GBP", "GBP", "EUR")),
                status=dice.choice(Deposit.Status.values),
                payment_intent_id=f"pi_{seed}_{n}",
            )
    elsewhere = Location.objects.create(business=of, name="Elsewhere")
    Booking.objects.filter(reference=f"R{seed}-3").update(location=elsewhere)
    return place


# --- the recount ---------------------------------------------------------------------------------


def figures_of(rows: list[Booking]) -> Figures:
    kept = {
        each.booking_id: each.amount_cents
        for each in Deposit.objects.filter(status="captured", currency="GBP")
    }
    here = ("checked_in", "completed")
    leads = [each for each in rows if each.leader_id is None]

    def price(each: Booking) -> int:
        if each.price_cents is not None:
            return each.price_cents
        places = each.party_size if each.session_id else 1
        return each.service.price_cents * places if each.service else 0

    return Figures(
        bookings=sum(each.state != "cancelled" for each in leads),
        covers=sum(each.party_size for each in leads if each.state in ("confirmed", *here)),
        cancelled=sum(each.state == "cancelled" for each in leads),
        missed=sum(each.state == "no_show" for each in leads),
        came=sum(each.state in here for each in leads),
        parts=sum(each.state != "cancelled" for each in rows),
        value_cents=sum(price(each) for each in rows if each.state in here),
        kept_cents=sum(kept.get(each.pk, 0) for each in rows),
    )


def local(instant: datetime) -> datetime:
    return instant.astimezone(ZoneInfo("Europe/London"))


def counted(place: Location, first: date, last: date) -> list[Booking]:
    return [
        each
        for each in Booking.objects.filter(location=place).select_related("service")
        if first <= local(each.starts_at).date() <= last
        and each.state not in ("held", "expired")
        and not (each.state == "pending" and each.expires_at and each.expires_at <= LATER)
    ]


def grouped(rows: list[Booking], key: Any) -> dict[Any, Figures]:
    found: dict[Any, list[Booking]] = defaultdict(list)
    for each in rows:
        found[key(each)].append(each)
    return {name: figures_of(those) for name, those in found.items()}


def lead(booking: Booking) -> int:
    before = (booking.starts_at - booking.created_at) / MINUTE
    return sum(before >= each for each in reports.LEADS)


def minutes_booked(place: Location, first: date, last: date, kind: str) -> Counter[Any]:
    """Minute by minute: how many units of what were booked, at which hour of the wall."""
    found: Counter[Any] = Counter()
    known = {each.pk: each for each in Resource.objects.filter(kind=kind)}
    takes: list[tuple[datetime, datetime, uuid.UUID, int]] = []
    for each in counted(place, first, last):
        if each.session_id is None and each.state in ("confirmed", "checked_in", "completed"):
            for id_ in each.resource_ids:
                if one := known.get(id_):
                    units = -(-each.party_size // one.covers_max) if one.units > 1 else 1
                    takes.append((each.starts_at, each.ends_at, id_, min(units, one.units)))
    for run in Session.objects.filter(location=place, state="scheduled"):
        if first <= local(run.starts_at).date() <= last:
            takes += [
                (run.starts_at, run.ends_at, id_, known[id_].units)
                for id_ in run.resource_ids
                if id_ in known
            ]
    for start, end, id_, units in takes:
        at = start
        while at < end:
            shown = local(at)
            found[shown.isoweekday(), shown.hour] += units
            found[id_] += units
            at += MINUTE
    return found


def minutes_offered(first: date, last: date) -> Counter[Any]:
    """The same of what was on offer, by the hours that `filled` writes down."""
    found: Counter[Any] = Counter()
    begins, ends = (
        datetime.combine(day, time(), ZoneInfo("Europe/London")).astimezone(UTC)
        for day in (first, last + DAY)
    )
    closed = (first + 2 * DAY, first + 3 * DAY)
    at = begins
    while at < ends:
        shown = local(at)
        day, clock = shown.date(), shown.time().replace(tzinfo=None)
        opened = day if clock >= time(9, 30) else day - DAY if clock < time(1, 15) else None
        is_open = (
            opened is not None
            and opened.isoweekday() != 7
            and not closed[0] <= day <= closed[1]
            and not (day.isoweekday() == 3 and time(13) <= clock < time(13, 45))
        )
        if is_open:
            hour = (shown.isoweekday(), shown.hour)
            for name, units in (("Table", 1), ("Bikes", 3), ("Night owl", 1)):
                if name != "Night owl" or clock >= time(20) or clock < time(4):
                    found[hour] += units
                    found[name] += units
        at += MINUTE
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("seed, days", [(1, SPRING), (2, AUTUMN), (3, AUTUMN), (4, SPRING)])
def test_every_table_is_what_counting_by_hand_gives(seed: int, days: tuple[date, date]) -> None:
    first, last = days
    place = filled(seed, first, last)
    found = reports.report(place, first, last, kinds=["table"], moment=LATER)
    rows = counted(place, first, last)
    length = (last - first).days + 1
    by_day = grouped(rows, lambda each: local(each.starts_at).date())
    by_lead = grouped(rows, lead)

    assert found.total == figures_of(rows)
    assert found.before == figures_of(counted(place, first - length * DAY, first - DAY))
    assert list(found.days) == [
        (day, by_day.get(day, Figures())) for day in (first + n * DAY for n in range(length))
    ]
    assert dict(found.sources) == grouped(rows, lambda each: each.source)
    assert dict(found.services) == grouped(
        rows, lambda each: each.service.name if each.service else ""
    )
    assert list(found.leads) == [by_lead.get(n, Figures()) for n in range(8)]

    booked, offered = minutes_booked(place, first, last, "table"), minutes_offered(first, last)

    def use(key: Any, name: Any = None) -> Use:
        return Use(round(booked[key] / 60, 6), round(offered[name or key] / 60, 6))

    def rounded(each: Use) -> Use:
        return Use(round(each.booked, 6), round(each.offered, 6))

    hours = {key for key in {*booked, *offered} if isinstance(key, tuple)}
    assert {key: rounded(each) for key, each in found.heat.items()} == {
        key: use(key) for key in hours
    }
    assert {each.name: rounded(use_) for each, use_, _ in found.resources} == {
        each.name: use(each.pk, each.name)
        for each in Resource.objects.filter(location=place, kind="table")
        if booked[each.pk] or offered[each.name]
    }


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture
def boss(bistro: Business) -> Browser:
    browser = works_at(bistro, "manager")
    browser.now = LATER
    return browser


def booked(of: Business, on: date, **fields: Any) -> Booking:
    starts = datetime.combine(on, time(19), ZoneInfo("Europe/London")).astimezone(UTC)
    values: dict[str, Any] = {
        "source": "desk",
        "reference": uuid.uuid4().hex[:12],
        "state": "completed",
        "starts_at": starts,
        "ends_at": starts + 90 * MINUTE,
        "party_size": 2,
        "created_at": starts - 3 * DAY,
    }
    return Booking.objects.create(business=of, location=location(of), **(values | fields))


def text_of(reply: Any) -> str:
    words = re.sub(r"<style.*?</style>|<[^>]+>", " ", reply.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(words).split())


def test_the_page_begins_with_the_figures_beside_those_before(
    boss: Browser, bistro: Business
) -> None:
    table = Resource.objects.filter(business=bistro)[0]
    for on, state in ((29, "completed"), (29, "no_show"), (30, "cancelled"), (30, "confirmed")):
        booked(bistro, date(2026, 11, on), state=state, resource_ids=[table.pk])
    booked(bistro, date(2026, 10, 20), party_size=7)
    shown = text_of(boss.get("reports/"))
    assert "2 Nov 2026 – 1 Dec 2026 beside 3 Oct – 1 Nov" in shown
    for words in (
        "Bookings 3 before: 1",
        "Guests 4 before: 7",
        "Didn’t come 50.0 % before: 0.0 %",
        "Cancelled 25.0 % before: 0.0 %",
        "4 guests in 3 bookings; most on Sun 29 Nov: 2.",
        "Most often: 3–7 days, 4 of 4.",
    ):
        assert words in shown
    page = boss.get("reports/", period="7").content.decode()
    assert "<title>Sun 29 Nov: 2 guests, 2 bookings</title>" in page


@pytest.mark.parametrize(
    "query, period",
    [
        ({"period": "7"}, "25 Nov 2026 – 1 Dec 2026"),
        ({"period": "month"}, "1 Dec 2026 – 1 Dec 2026"),
        ({"period": "last"}, "1 Nov 2026 – 30 Nov 2026"),
        ({"period": "custom", "from": "2026-01-05", "until": "2026-02-01"}, "5 Jan 2026 – 1 Feb"),
        ({"period": "custom", "from": "2020-01-01", "until": "2026-02-01"}, "– 31 Dec 2020"),
        ({"period": "custom", "from": "2026-02-01", "until": "2026-01-01"}, "2 Nov 2026 – 1 Dec"),
        ({"period": "9", "kind": "x"}, "2 Nov 2026 – 1 Dec 2026"),
    ],
)
def test_a_period_is_chosen_and_nonsense_is_the_usual_one(
    boss: Browser, query: dict[str, Any], period: str
) -> None:
    reply = boss.get("reports/", **query)
    assert (reply.status_code, period in text_of(reply)) == (200, True)
    assert "Nothing was booked in these days" in text_of(reply)


def test_a_table_is_a_file_in_which_nothing_is_a_formula(boss: Browser, bistro: Business) -> None:
    kind = service(bistro, HOSTILE, price_cents=2500)
    booked(bistro, date(2026, 11, 29), service=kind)
    reply = boss.get("reports/services.csv")
    assert reply.headers["Content-Disposition"] == (
        'attachment; filename="services-bistro-2026-11-02-2026-12-01.csv"'
    )
    text = reply.content.decode()
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) == [
        ["Service", "Booked", "Cancelled", "Value of visits", "Deposits kept"],
        ["'" + HOSTILE, "1", "0", "25.00", "0.00"],
    ]
    for key in ("days", "utilisation", "rates", "lead-times", "sources", "resources"):
        assert boss.get(f"reports/{key}.csv", period="90").status_code == 200
    assert boss.get("reports/nothing.csv").status_code == 404


def test_reports_are_the_managers(host: Browser) -> None:
    assert host.get("reports/").status_code == 403
    assert host.get("reports/days.csv").status_code == 403


def test_whatever_was_typed_is_shown_as_text(boss: Browser, bistro: Business) -> None:
    evil = "<script>alert(1)</script>"
    one = Resource.objects.filter(business=bistro)[0]
    Resource.objects.filter(pk=one.pk).update(name=evil)
    kind = service(bistro, evil)
    booked(bistro, date(2026, 11, 29), service=kind, source="<b>x", resource_ids=[one.pk])
    page = boss.get("reports/").content.decode()
    assert ("<script>alert" in page, page.count(html.escape(evil)) >= 2) == (False, True)
    assert "<b>x" not in page.lower()


def test_a_report_asks_no_more_as_the_book_fills(boss: Browser, bistro: Business) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            boss.get("reports/")
        return len(asked)

    booked(bistro, date(2026, 11, 29), service=service(bistro, "Cut"))
    before = queries()
    for n in range(8):
        booked(
            bistro,
            date(2026, 11, 10 + n),
            source=f"s{n}",
            service=service(bistro, f"S{n}"),
            guest=Guest.objects.create(business=bistro, first_name="G"),
        )
    assert queries() == before
    assert before <= 11


def test_a_scale_has_steps_that_are_easily_read() -> None:
    assert {most: nice(most)[1:] for most in (0, 1, 3, 7, 44, 130)} == {
        0: [1.0, 2.0, 3.0, 4.0, 5.0],
        1: [1.0],
        3: [1.0, 2.0, 3.0],
        7: [2.0, 4.0, 6.0, 8.0],
        44: [10.0, 20.0, 30.0, 40.0, 50.0],
        130: [50.0, 100.0, 150.0],
    }
    assert nice(2.8, whole=False) == [0.0, 1.0, 2.0, 3.0]
    drawn = chart("Guests", "Three", [("Mon", [(3, "3")]), ("Tue", [(0, "0")])])
    assert [each for _, each in drawn.ticks] == ["0", "1", "2", "3"]
    assert [(bar.x, bar.width, bar.y, bar.height) for bar in drawn.bars] == [
        (5.5, 39.0, 0.0, 160.0),
        (55.5, 39.0, 160.0, 0.0),
    ]
