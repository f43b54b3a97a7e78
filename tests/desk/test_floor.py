"""The floor: what is drawn and said of each table as the evening goes on."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Business
from bookings import services
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Resource
from tests.builders import HOUR, MARIA, MINUTE, NOW, resource, wish
from tests.desk.conftest import Browser

SEVEN = NOW + 6 * HOUR  # 19:00 in London


def spoken(host: Browser, now: datetime = SEVEN, **query: Any) -> list[str]:
    """What a screen reader says of each table, in its order."""
    host.now = now
    page = host.get("floor/board/", **query).content.decode()
    return re.findall(r'data-sheet data-status="\w+"><span class="only-read">([^<]*)<', page)


def table(bistro: Business, name: str = "Table 1") -> Resource:
    return Resource.objects.get(business=bistro, name=name)


def book(
    bistro: Business, at: datetime = SEVEN, name: str = "Table 1", *, size: int = 3
) -> Booking:
    asked = wish(bistro, at, party_size=size, resource_id=table(bistro, name).pk)
    return services.book(asked, guest=MARIA, by=SYSTEM, source="test", now=NOW)


def test_an_empty_room_is_free(host: Browser) -> None:
    assert spoken(host) == [f"Table {n}, seats 4, free" for n in range(1, 5)]


def test_a_table_is_what_it_is_from_its_booking_to_its_end(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    who = "Maria Garcia, party of 3"

    def says(at: datetime) -> str:
        return spoken(host, at)[0].removeprefix("Table 1, seats 4, ")

    assert says(SEVEN - HOUR) == f"free until 19:00, then {who}"
    assert says(SEVEN) == f"reserved from 19:00, {who}"
    assert says(SEVEN + 12 * MINUTE) == f"late by 12 minutes, {who}"
    services.check_in(made, by=SYSTEM, now=SEVEN + 13 * MINUTE)
    assert says(SEVEN + 48 * MINUTE) == f"seated 35 minutes, expected until 20:00, {who}"
    assert says(SEVEN + 74 * MINUTE) == f"seated 61 minutes, over their time since 20:00, {who}"
    services.complete(made, by=SYSTEM, now=SEVEN + 80 * MINUTE)
    assert says(SEVEN + 80 * MINUTE) == "free"


def test_what_is_held_counts_down_and_is_free_once_it_lapsed(
    host: Browser, bistro: Business
) -> None:
    asked = wish(bistro, SEVEN, resource_id=table(bistro).pk)
    services.hold(asked, by=SYSTEM, source="test", lasts=10 * MINUTE, now=SEVEN)
    assert spoken(host)[0] == "Table 1, seats 4, held, no name, party of 2"
    page = host.get("floor/board/").content.decode()
    until = (SEVEN + 10 * MINUTE).isoformat()
    assert f'data-counts="down" data-until="{until}">10:00<' in page
    assert spoken(host, SEVEN + 10 * MINUTE)[0] == "Table 1, seats 4, free"


def test_what_is_blocked_says_until_when_and_why(host: Browser, bistro: Business) -> None:
    services.block(
        table(bistro),
        starts_at=SEVEN - HOUR,
        ends_at=SEVEN + 30 * HOUR,
        by=SYSTEM,
        reason="<b>Leak</b>",
        now=NOW,
    )
    (said, *_) = spoken(host)
    assert said == "Table 1, seats 4, blocked, until Sun 01:00, &lt;b&gt;Leak&lt;/b&gt;"
    assert "<b>Leak" not in host.get("floor/").content.decode()


def test_a_pool_says_how_much_of_it_is_taken(host: Browser, bistro: Business) -> None:
    racks = resource(bistro, "Squat racks", kind="spot", units=6)
    asked = wish(bistro, SEVEN, party_size=2, resource_id=racks.pk)
    services.book(asked, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    assert spoken(host)[-1] == "Squat racks, for 6, 2 of 6 taken"


def test_later_is_shown_as_it_is_booked(host: Browser, bistro: Business) -> None:
    book(bistro, SEVEN)
    host.now = SEVEN - 3 * HOUR
    assert spoken(host, SEVEN - 3 * HOUR, at="19:30")[0] == (
        "Table 1, seats 4, reserved from 19:00, Maria Garcia, party of 3"
    )
    assert "As it is booked for 19:30." in host.get("floor/", at="19:30").content.decode()
    later = host.get("floor/board/", at="19:30").content.decode()
    assert re.findall(r"<dd>(\d+)</dd><dt>(\w+)", later)[:2] == [("3", "booked"), ("3", "free")]
    # What has gone by, and nonsense, is now.
    assert spoken(host, SEVEN + 4 * HOUR, at="19:30")[0] == "Table 1, seats 4, free"
    assert spoken(host, SEVEN + 4 * HOUR, at="25:99")[0] == "Table 1, seats 4, free"


def test_a_room_is_read_row_by_row_and_may_be_seen_alone(host: Browser, bistro: Business) -> None:
    terrace = resource(bistro, "Bench", section="Terrace", covers_max=2)
    resource(bistro, "Bar", section="Inside", covers_max=6)
    Resource.objects.filter(pk=table(bistro, "Table 4").pk).update(plan_y=300, plan_x=0)
    assert [each.split(",")[0] for each in spoken(host)] == [
        "Bar", "Bench", "Table 1", "Table 2", "Table 3", "Table 4",
    ]  # fmt: skip
    alone = spoken(host, section=str(terrace.section_id))
    assert alone == ["Bench, seats 2, free"]
    assert len(spoken(host, section="nonsense")) == 6


def test_the_plan_can_be_seen_larger_and_stays_so(host: Browser, bistro: Business) -> None:
    def look(**asked: Any) -> tuple[str, str, str]:
        page = host.get("floor/", **asked).content.decode()
        (size,) = re.findall(r'data-zoom="(\w*)"', page)
        (live,) = re.findall(r'data-live="([^"]*)"', page)
        (here,) = re.findall(r'(?s)room-zoom.*?aria-current="true">.*?<span>([^<]*)', page)
        return size, live.partition("board/")[2], here

    assert look() == ("", "", "Whole room")
    assert look(view="plan", zoom="large") == ("large", "?view=plan&amp;zoom=large", "Larger")
    assert look(zoom="9999")[0] == ""
    Resource.objects.filter(business=bistro).delete()
    assert "room-zoom" not in host.get("floor/").content.decode()


def test_people_and_what_is_gone_don_t_stand_in_the_room(host: Browser, bistro: Business) -> None:
    resource(bistro, "Ana", kind="staff")
    gone = table(bistro, "Table 2")
    gone.deleted_at = NOW
    gone.save()
    assert [each.split(",")[0] for each in spoken(host)] == ["Table 1", "Table 3", "Table 4"]


def test_who_is_expected_stands_beside_the_room_late_ones_first(
    host: Browser, bistro: Business
) -> None:
    book(bistro, SEVEN, "Table 1")
    book(bistro, SEVEN + HOUR, "Table 2", size=2)
    book(bistro, SEVEN + timedelta(days=1), "Table 3")  # tomorrow
    host.now = SEVEN + 20 * MINUTE
    page = host.get("floor/").content.decode()
    names = re.findall(r"<time>([\d:]+)</time>", page)
    assert names == ["19:00", "20:00"]
    assert ">20m late<" in page
    totals = re.findall(r"<dd>(\d+)</dd><dt>(\w[\w ]*)</dt>", page)
    assert totals == [("0", "seated"), ("3", "free"), ("5", "to come"), ("0", "waiting")]


def test_a_business_without_anything_says_what_to_do(host: Browser, bistro: Business) -> None:
    Resource.objects.filter(business=bistro).update(deleted_at=NOW)
    assert "Nothing stands here yet" in host.get("floor/").content.decode()


def test_where_a_table_stands_is_said_the_same_in_every_language(host: Browser) -> None:
    host.client.cookies["language"] = "de"
    host.client.post("/desk/language/", {"language": "de"})
    page = host.get("floor/").content.decode()
    assert 'lang="de"' in page
    styles = re.findall(r'style="([^"]*)"', page)
    assert [each for each in styles if "," in each] == []
    assert any("left:" in each for each in styles)


HOSTILE = GuestDetails("<script>alert(1)</script>", '"><img src=x>', "x@example.com", "")


def test_whatever_a_guest_calls_themselves_is_text(host: Browser, bistro: Business) -> None:
    Resource.objects.filter(pk=table(bistro).pk).update(name='<i onclick="x">1</i>')
    asked = wish(bistro, SEVEN, resource_id=Resource.objects.filter(covers_max=4).first().pk)  # type: ignore[union-attr]
    services.book(asked, guest=HOSTILE, by=SYSTEM, source="test", notes="<b>n</b>", now=NOW)
    host.now = SEVEN
    for rest in ("floor/", f"floor/{asked.resource_id}/"):
        page = host.get(rest).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<i onclick" not in page


@pytest.mark.parametrize("count, parties", [(3, 5), (40, 60)])
def test_the_board_asks_the_database_as_often_whatever_is_on_it(
    host: Browser,
    bistro: Business,
    count: int,
    parties: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(count):
        resource(bistro, f"More {n}", covers_max=4, section=f"Room {n % 3}")
    for n in range(parties):
        asked = wish(bistro, SEVEN + (n % 3) * HOUR, party_size=2)
        made = services.book(asked, guest=MARIA, by=SYSTEM, source="test", now=NOW)
        if n % 3 == 0:
            services.check_in(made, by=SYSTEM, now=SEVEN)
    host.now = SEVEN + 10 * MINUTE
    host.get("floor/board/")
    # The session and its user, membership and place; then the room, its names, who is booked and
    # when they came, what is taken, and who waits.
    with django_assert_num_queries(10):
        assert host.get("floor/board/").status_code == 200
