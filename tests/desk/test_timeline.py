"""The timeline at the desk: what is drawn where, and what is dragged."""

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
from availability.models import Break, Closure, OpeningHours
from bookings import invariants, services, timeline
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails, Wish
from resources.models import Combination, Location, Requirement, Resource, Service
from tests.builders import HOUR, MINUTE, NOW, business, location, resource, service, tables, wish
from tests.desk.conftest import Browser, said, works_at

SEVEN = datetime(2026, 6, 19, 18, 0, tzinfo=UTC)  # a Friday; 19:00 by London's clock
TODAY = date(2026, 6, 19)
HOSTILE = "<script>alert(1)</script>"


def books(of: Business, table: Resource, starts: datetime = SEVEN, **fields: Any) -> Booking:
    """A party at a table, Ana unless said."""
    name = fields.pop("name", "Ana")
    return services.book(
        wish(of, starts, resource_id=table.pk, **fields),
        guest=GuestDetails(name, email=f"{name[:3].lower()}@example.com"),
        by=SYSTEM,
        source="test",
        now=NOW,
    )


def table(of: Business, number: int) -> Resource:
    return Resource.objects.get(business=of, name=f"Table {number}")


def day_of(of: Business, on: date = TODAY, **more: Any) -> timeline.Day:
    place = location(of)
    place.business = of
    return timeline.day(place, on, timeline.resources_at(place), moment=NOW, **more)


def lines(day: timeline.Day) -> list[str]:
    """A day as text: each row with what is in it, in minutes from its start."""
    return [
        f"{row.resource}: "
        + ", ".join(
            f"{bar.name} {day.minute(bar.starts_at)}-{day.minute(bar.ends_at)}"
            + (f" lane {bar.lane}" if row.lanes > 1 else "")
            for bar in row.bars
        )
        for group in day.groups
        for row in group.rows
    ]


# --- what is drawn -------------------------------------------------------------------------------


def test_a_day_has_each_resource_with_what_takes_it(bistro: Business) -> None:
    books(bistro, table(bistro, 1))
    books(bistro, table(bistro, 2), SEVEN + HOUR, name="Bo")
    services.cancel(books(bistro, table(bistro, 3), name="Cy"), by=SYSTEM, now=NOW)
    services.block(
        table(bistro, 4), starts_at=SEVEN, ends_at=SEVEN + HOUR, by=SYSTEM, reason="Lamp", now=NOW
    )
    day = day_of(bistro)
    assert (day.start.hour, day.end.hour, day.minutes) == (11, 22, 660)  # noon to 23:00 in London
    assert lines(day) == [
        "Table 1: Ana 420-480",
        "Table 2: Bo 480-540",
        "Table 3: ",
        "Table 4: Lamp 420-480",
    ]
    assert (day.bookings, day.covers) == (2, 4)


def test_a_day_reaches_as_far_as_what_is_open_or_booked(bistro: Business) -> None:
    OpeningHours.objects.update(closes=time(2))
    early = datetime(2026, 6, 19, 9, 20, tzinfo=UTC)
    services.book(
        wish(bistro, early, resource_id=table(bistro, 1).pk),
        guest=None, by=SYSTEM, source="test", now=NOW - timedelta(days=1),
    )  # fmt: skip
    day = day_of(bistro)
    assert (day.start, day.end) == (
        datetime(2026, 6, 19, 9, 0, tzinfo=UTC),
        datetime(2026, 6, 20, 1, 0, tzinfo=UTC),
    )
    (closed,) = day.groups[0].rows[0].closed
    assert tuple(closed) == (day.start, datetime(2026, 6, 19, 11, 0, tzinfo=UTC))
    night = SEVEN + 6 * HOUR  # one in the morning, of the same evening
    services.book(
        wish(bistro, night, resource_id=table(bistro, 2).pk),
        guest=GuestDetails("Bo"), by=SYSTEM, source="test", now=NOW,
    )  # fmt: skip
    assert lines(day_of(bistro))[1] == "Table 2: Bo 900-960"
    tomorrow = day_of(bistro, TODAY + timedelta(days=1))
    assert (tomorrow.start.hour, lines(tomorrow)[1]) == (11, "Table 2: ")


@pytest.mark.parametrize(
    "on, minutes, last",
    [
        (date(2026, 3, 29), 23 * 60, "23:00"),  # the clock is put forward
        (date(2026, 10, 25), 25 * 60, "23:00"),  # and back
    ],
)
def test_a_day_on_which_the_clock_changes_is_as_long_as_it_is(
    bistro: Business, host: Browser, on: date, minutes: int, last: str
) -> None:
    OpeningHours.objects.update(opens=time(0), closes=time(0))
    assert day_of(bistro, on).minutes == minutes
    page = host.get("timeline/", day=on).content.decode()
    hours = re.findall(r'<li style="--from:(\d+)">(\d\d:\d\d)</li>', page)
    assert (hours[0], hours[-1], len(hours)) == (
        ("0", "00:00"),
        (str(minutes - 60), last),
        minutes // 60,
    )


def test_breaks_closures_and_own_hours_are_closed(bistro: Business) -> None:
    place = location(bistro)
    Break.objects.create(location=place, weekday=5, starts=time(16), ends=time(17))
    OpeningHours.objects.create(
        resource=table(bistro, 2), weekday=5, opens=time(18), closes=time(20)
    )
    day = day_of(bistro)

    def closed(number: int) -> list[tuple[int, int]]:
        row = day.groups[0].rows[number - 1]
        return [(day.minute(each.start), day.minute(each.end)) for each in row.closed]

    assert closed(1) == [(240, 300)]
    assert closed(2) == [(0, 360), (480, 660)]
    Closure.objects.create(location=place, first_day=TODAY, last_day=TODAY, reason="Works")
    day = day_of(bistro)
    assert (closed(1), day.reason) == ([(0, day.minutes)], "Works")


def test_buffers_stand_beside_a_booking(db: None) -> None:
    spa = business("Spa")
    ana = resource(spa, "Ana", kind="staff")
    massage = service(spa, buffer_before=timedelta(minutes=10), buffer_after=timedelta(minutes=20))
    Requirement.objects.create(service=massage, kind="staff").resources.add(ana)
    services.book(Wish.of(massage, starts_at=SEVEN), guest=None, by=SYSTEM, source="test", now=NOW)
    (bar,) = day_of(spa).groups[0].rows[0].bars
    assert (bar.starts_at - bar.takes_from, bar.takes_until - bar.ends_at) == (
        timedelta(minutes=10),
        timedelta(minutes=20),
    )


def test_what_overlaps_in_a_pool_lies_side_by_side(db: None) -> None:
    gym = business("Gym")
    bikes = resource(gym, "Bikes", kind="spot", units=3)
    for n, name in enumerate(("Ana", "Bo", "Cy")):
        books(gym, bikes, SEVEN + n * 45 * MINUTE, name=name, party_size=1)
    assert lines(day_of(gym)) == [
        "Bikes: Ana 0-60 lane 0, Bo 45-105 lane 1, Cy 90-150 lane 0",
    ]


def test_a_booking_without_a_place_isn_t_lost(bistro: Business) -> None:
    made = books(bistro, table(bistro, 1))
    Resource.objects.filter(pk=made.resource_ids[0]).update(is_active=False)
    day = day_of(bistro)
    assert day.loose
    assert [bar.name for bar in day.loose.bars] == ["Ana"]


def test_what_is_overbooked_says_so_and_is_given_a_place(host: Browser, bistro: Business) -> None:
    made = books(bistro, table(bistro, 1))
    made.allocations.all().delete()
    Booking.objects.filter(pk=made.pk).update(resource_ids=[], overbooked="Regulars")
    resource(bistro, "Ana", kind="staff")
    page = html.unescape(host.get("timeline/", kind="table").content.decode())
    assert "Ana, 19:00–20:00, party of 2, Without a place, overbooked, confirmed" in page
    two = table(bistro, 2)
    assert said(drags(host, made, resource=two.pk)) == "Ana: 19:00–20:00, Table 2"
    made.refresh_from_db()
    assert (made.resource_ids, made.overbooked) == ([two.pk], "")


def test_the_page_says_each_booking_in_words(host: Browser, bistro: Business) -> None:
    books(bistro, table(bistro, 1))
    page = html.unescape(host.get("timeline/").content.decode())
    assert "Ana, 19:00–20:00, party of 2, Table 1, confirmed" in page
    host.now = SEVEN + 20 * MINUTE
    page = html.unescape(host.get("timeline/").content.decode())
    assert "Ana, 19:00–20:00, party of 2, Table 1, late" in page
    assert "--now:440" in page


def test_staff_stand_in_columns_and_tables_in_rows(host: Browser, bistro: Business) -> None:
    assert "tl--rows" in host.get("timeline/").content.decode()
    resource(bistro, "Ana", kind="staff")
    assert "tl--rows" in host.get("timeline/").content.decode()
    shown = host.get("timeline/", kind="staff").content.decode()
    assert ("tl--columns" in shown, "Table 1" in shown) == (True, False)
    odd = host.get("timeline/", kind="?", view="?", zoom="7", day="?").content.decode()
    assert ("tl--rows" in odd, 'data-pixels="2"' in odd) == (True, True)


def test_a_day_asks_no_more_as_it_fills(host: Browser, bistro: Business) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            host.get("timeline/")
        return len(asked)

    books(bistro, table(bistro, 1))
    before = queries()
    for n in range(2, 5):
        books(bistro, table(bistro, n), name=f"Guest{n}")
    assert queries() == before
    assert before <= 10


# --- what is dragged -----------------------------------------------------------------------------


def drags(browser: Browser, booking: Booking, **fields: Any) -> Any:
    return browser.post("timeline/move/", script=True, booking=booking.pk, **fields)


def test_a_booking_is_dragged_to_another_time_and_table_and_back(
    host: Browser, bistro: Business
) -> None:
    one, two = table(bistro, 1), table(bistro, 2)
    made = books(bistro, one)
    reply = drags(
        host, made, starts="2026-06-19T19:30:00.000Z", lasts=60, resource=two.pk, instead_of=one.pk
    )
    assert (reply.status_code, said(reply)) == (204, "Ana: 20:30–21:30, Table 2")
    made.refresh_from_db()
    assert (made.starts_at, made.resource_ids) == (SEVEN + 90 * MINUTE, [two.pk])
    undo = json.loads(reply.headers["HX-Trigger"])["say"]["undo"]
    back = host.post(html.unescape(undo).removeprefix(host.url("")), script=True)
    assert said(back) == "Ana: 19:00–20:00, Table 1"
    made.refresh_from_db()
    assert (made.starts_at, made.resource_ids) == (SEVEN, [one.pk])
    assert invariants.broken() == []


def test_an_end_is_dragged(host: Browser, bistro: Business) -> None:
    made = books(bistro, table(bistro, 1))
    assert said(drags(host, made, lasts=105)) == "Ana: 19:00–20:45, Table 1"
    services.check_in(made, by=SYSTEM, now=SEVEN)
    host.now = SEVEN + HOUR
    assert said(drags(host, made, lasts=240)) == "Ana: 19:00–23:00, Table 1"
    assert said(drags(host, made, lasts=300)) == "Ana: 19:00–00:00, Table 1"  # past closing


def test_a_refusal_says_why(host: Browser, bistro: Business) -> None:
    one, two, three = (table(bistro, n) for n in (1, 2, 3))
    made = books(bistro, one, party_size=3)
    books(bistro, two, name="Bo")
    Resource.objects.filter(pk=three.pk).update(covers_max=2)
    services.block(
        table(bistro, 4), starts_at=SEVEN, ends_at=SEVEN + HOUR, by=SYSTEM, reason="Lamp", now=NOW
    )
    answers: dict[str, dict[str, Any]] = {
        "Table 2 is taken: Bo, 19:00–20:00.": {"resource": two.pk},
        "Table 3 seats 2 at most.": {"resource": three.pk},
        "Table 4 is taken: Lamp, 19:00–20:00.": {"resource": table(bistro, 4).pk},
        "Outside the opening hours.": {"starts": "2026-06-20T09:00:00Z"},
        "This time is in the past.": {"starts": "2026-06-19T11:00:00Z"},
        "This is no time.": {"starts": "soon"},
    }
    for words, fields in answers.items():
        asked: dict[str, Any] = {"instead_of": one.pk} | fields
        reply = drags(host, made, **asked)
        assert (reply.status_code, said(reply)) == (409, words)
    made.refresh_from_db()
    assert (made.starts_at, made.resource_ids) == (SEVEN, [one.pk])


@pytest.fixture
def spa(db: None) -> Business:
    """Ana and Bruno do massages, each in one of two cabins; Carla doesn't."""
    made = business("Spa", timezone="Europe/London")
    OpeningHours.objects.bulk_create(
        OpeningHours(location=location(made), weekday=n, opens=time(8), closes=time(22))
        for n in range(1, 8)
    )
    ana, bruno, _ = (resource(made, name, kind="staff") for name in ("Ana", "Bruno", "Carla"))
    cabins = [resource(made, f"Cabin {n}", kind="room") for n in (1, 2)]
    massage = service(made, "Massage")
    Requirement.objects.create(service=massage, kind="staff").resources.set([ana, bruno])
    Requirement.objects.create(service=massage, kind="room").resources.set(cabins)
    return made


def massage(of: Business, *names: str, starts: datetime = SEVEN) -> Booking:
    """A massage by and in these."""
    chosen = Resource.objects.filter(business=of, name__in=names).values_list("pk", flat=True)
    return services.book(
        Wish.of(Service.objects.get(business=of), starts_at=starts, among=frozenset(chosen)),
        guest=GuestDetails("Maria"), by=SYSTEM, source="test", now=NOW,
    )  # fmt: skip


def has(booking: Booking) -> set[str]:
    booking.refresh_from_db()
    rows = Resource.objects.filter(pk__in=booking.resource_ids)
    return set(rows.values_list("name", flat=True))


def test_who_serves_and_where_stay_with_what_is_dragged(spa: Business) -> None:
    desk = works_at(spa, "staff")
    made = massage(spa, "Bruno", "Cabin 2")
    drags(desk, made, starts="2026-06-19T19:00:00Z")
    assert has(made) == {"Bruno", "Cabin 2"}
    ana, bruno = (Resource.objects.get(name=name) for name in ("Ana", "Bruno"))
    drags(desk, made, resource=ana.pk, instead_of=bruno.pk)
    assert has(made) == {"Ana", "Cabin 2"}


def test_another_room_is_taken_where_one_s_own_isn_t_free_but_never_other_staff(
    spa: Business,
) -> None:
    desk = works_at(spa, "staff")
    later = SEVEN + 2 * HOUR
    massage(spa, "Ana", "Cabin 2", starts=later)
    made = massage(spa, "Bruno", "Cabin 2")
    reply = drags(desk, made, starts=later.isoformat())
    assert (said(reply), has(made)) == ("Maria: 21:00–22:00, Bruno, Cabin 1", {"Bruno", "Cabin 1"})
    third = massage(spa, "Ana", "Cabin 2")
    reply = drags(desk, third, starts=later.isoformat())
    assert (reply.status_code, said(reply)) == (
        409,
        "Ana is taken: Maria, 21:00–22:00.",
    )
    assert has(third) == {"Ana", "Cabin 2"}


def test_nobody_is_given_what_they_don_t_do(spa: Business) -> None:
    desk = works_at(spa, "staff")
    made = massage(spa, "Ana", "Cabin 1")
    ana, carla, cabin = (Resource.objects.get(name=each) for each in ("Ana", "Carla", "Cabin 2"))
    reply = drags(desk, made, resource=carla.pk, instead_of=ana.pk)
    assert (reply.status_code, said(reply)) == (409, "Carla doesn’t do Massage.")
    reply = drags(desk, made, resource=cabin.pk, instead_of=ana.pk)
    assert said(reply) == "One kind of resource can't take the place of another."
    assert has(made) == {"Ana", "Cabin 1"}


def test_tables_that_are_joined_stay_so_in_time_and_leave_for_one_that_fits(
    bistro: Business, host: Browser
) -> None:
    joined = Combination.objects.create(
        location=location(bistro), name="1 and 2", covers_min=5, covers_max=8
    )
    one, two, three = (table(bistro, n) for n in (1, 2, 3))
    joined.members.set([one, two])
    made = services.book(
        wish(bistro, SEVEN, party_size=6),
        guest=GuestDetails("Ana"), by=SYSTEM, source="test", now=NOW,
    )  # fmt: skip
    assert said(drags(host, made, starts="2026-06-19T19:00Z")) == (
        "Ana: 20:00–21:00, Table 1, Table 2"
    )
    reply = drags(host, made, resource=three.pk, instead_of=one.pk)
    assert said(reply) == "Table 3 seats 4 at most."
    Resource.objects.filter(pk=three.pk).update(covers_max=8)
    reply = drags(host, made, resource=three.pk, instead_of=one.pk)
    assert said(reply) == "Ana: 20:00–21:00, Table 3"
    assert invariants.broken() == []


def test_what_is_over_isn_t_moved(host: Browser, bistro: Business) -> None:
    made = services.cancel(books(bistro, table(bistro, 1)), by=SYSTEM, now=NOW)
    reply = drags(host, made, lasts=90)
    assert (reply.status_code, said(reply)) == (409, "It is cancelled, so this can’t be done.")


def test_another_business_s_bookings_are_not_moved(host: Browser, bistro: Business) -> None:
    theirs = business("Other")
    (there,) = tables(theirs, 1)
    foreign = books(theirs, there)
    mine = books(bistro, table(bistro, 1))
    assert drags(host, foreign, lasts=90).status_code == 404
    assert drags(host, mine, resource=there.pk).status_code == 404
    assert "Other" not in host.get("timeline/").content.decode()


def test_whatever_was_typed_is_shown_as_text(host: Browser, bistro: Business) -> None:
    Resource.objects.filter(pk=table(bistro, 1).pk).update(name=HOSTILE)
    Location.objects.update(name=HOSTILE)
    one = Resource.objects.get(name=HOSTILE)
    made = books(bistro, one, name=HOSTILE)
    services.block(
        table(bistro, 2), starts_at=SEVEN, ends_at=SEVEN + HOUR, by=SYSTEM, reason=HOSTILE, now=NOW
    )
    page = host.get("timeline/").content.decode()
    assert ("<script>alert" in page, HOSTILE in html.unescape(page)) == (False, True)
    reply = drags(host, made, resource=table(bistro, 2).pk, instead_of=one.pk)
    assert "<script>" in said(reply)  # as JSON, for textContent
