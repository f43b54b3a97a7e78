"""Inclusive keyset pages, over one table and over two, and what lists filter by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bookings import services
from bookings.models import Booking, Session
from bookings.wishes import SYSTEM, GuestDetails, Wish
from resources.models import Category, Requirement
from tests.api.appointedd.conftest import BOOKING, HOUR, NOW, RESOURCE, SERVICE, START, Fixture
from tests.builders import MINUTE, resource, service


@pytest.fixture
def many(f: Fixture) -> list[str]:
    """Runs and bookings of a time of their own, by turns; their ids, the newest first."""
    room = resource(f.business, "Room", kind="room", units=50)
    walk = service(f.business, "Walk", buffer_before=15 * MINUTE, buffer_after=30 * MINUTE)
    walk.category = Category.objects.create(business=f.business, name="Outside")
    walk.save()
    Requirement.objects.create(service=walk, kind="room").resources.add(room)
    made = [BOOKING]
    for n in range(1, 6):
        at = NOW + n * MINUTE
        if n % 2:
            row: Any = services.book(
                Wish.of(walk, starts_at=START + n * HOUR),
                guest=GuestDetails("Guest", str(n)),
                by=SYSTEM,
                source="admin",
                now=at,
            )
        else:
            row = services.schedule_session(
                f.service, starts_at=START + n * HOUR, by=SYSTEM, now=at
            )
        made.insert(0, row.pk.hex[:24])
    return made


def page(f: Fixture, query: str) -> tuple[list[str], int, str | None, str | None]:
    body = f.api.get("/bookings", query).json()
    return [each["id"] for each in body["data"]], body["total"], body["prev"], body["next"]


def test_pages_forward_and_back(f: Fixture, many: list[str]) -> None:
    assert page(f, "") == (many, 6, None, None)
    assert page(f, "limit=2") == (many[:2], 6, None, many[2])
    assert page(f, f"limit=2&start={many[2]}") == (many[2:4], 6, many[1], many[4])
    assert page(f, f"limit=2&end={many[1]}") == (many[:2], 6, None, many[2])
    assert page(f, f"limit=2&end={many[3]}") == (many[2:4], 6, many[1], many[4])
    assert page(f, f"limit=4&end={many[1]}") == (many[:2], 6, None, many[2])
    assert page(f, f"limit=2&start={many[5]}") == (many[5:], 6, many[4], None)
    assert page(f, "limit=2&order_by=ascending") == (many[::-1][:2], 6, None, many[3])
    assert page(f, f"limit=2&order_by=asc&start={many[3]}") == (
        [many[3], many[2]], 6, many[4], many[1],
    )  # fmt: skip


def test_a_client_that_follows_next_sees_each_once(f: Fixture, many: list[str]) -> None:
    seen: list[str] = []
    start = ""
    while True:
        ids, total, _, following = page(f, f"limit=1{start}")
        seen += ids
        if following is None:
            break
        start = f"&start={following}"
    assert (seen, total) == (many, 6)


@pytest.mark.parametrize(
    "query",
    ["start={0}&end={0}", "start=000000000000000000000000", "start=x", "limit=0", "limit=-1",
     "sort_by=price", "order_by=up", "statuses=eaten", "ids=x", "ids=[1]", "ids=[", "after=soon",
     "timezone=Mars", "services=x"],
)  # fmt: skip
def test_what_is_no_list(f: Fixture, query: str) -> None:
    reply = f.api.get("/bookings", query.format(BOOKING))
    assert (reply.status_code, reply.json()["error"]) == (400, "Bad Request")


def test_a_cursor_that_stopped_matching_still_says_where(f: Fixture, many: list[str]) -> None:
    f.api.post(f"/bookings/{many[2]}/cancel")
    found = page(f, f"statuses=confirmed&limit=2&start={many[2]}")
    assert found == (many[3:5], 5, many[1], many[5])


def test_filters(f: Fixture, many: list[str]) -> None:
    odd = [many[0], many[2], many[4]]
    walk = service_id(f)
    customer = Booking.objects.exclude(guest=None).earliest("created_at").guest_id
    category = Category.objects.get().pk.hex[:24]
    for query, expected in {
        f"services={walk}": odd,
        f"services[]={walk}&services[]={SERVICE}": many,
        f"services=%5B%22{SERVICE}%22%5D": [each for each in many if each not in odd],
        f"resources={RESOURCE}": [each for each in many if each not in odd],
        f"categories={category}": odd,
        f"customers={customer.hex[:24] if customer else ''}": [many[4]],
        "services=000000000000000000000000": [],
        "statuses=cancelled": [],
        "statuses=confirmed,cancelled": many,
        # With what is taken around them: the walk at 11:30 takes from 11:15 until 13:00.
        "after=2022-05-26T11:15:00Z": many[:5],
        "after=2022-05-26T11:15:00.001Z": many[:4],
        "before=2022-05-26T13:00:00Z": many[4:],
        "before=2022-05-26T12:59:59.999Z": many[5:],
        "created_after=2022-05-26T10:14:38.186Z": many[:5],
        "created_before=2022-05-26T10:14:38.186Z": many[4:],
        "created_before=2022-05-26T11:14:38.186&timezone=Europe/London": many[4:],
        "updated_after=2022-05-26T10:15:00Z&updated_before=2022-05-26T10:17:00Z": many[2:4],
    }.items():
        assert page(f, query)[0] == expected, query


def service_id(f: Fixture) -> str:
    return f.business.services.get(name="Walk").pk.hex[:24]


def test_a_shown_instant_finds_what_it_was_shown_of(f: Fixture) -> None:
    """Three digits are shown and six are kept, so an upper bound counts the whole millisecond."""
    Session.objects.update(updated_at=NOW + timedelta(microseconds=999))
    shown = f.api.booking()["updated"].replace("+", "%2B")
    assert page(f, f"updated_before={shown}&updated_after={shown}")[0] == [BOOKING]


def test_sorted_by_change(f: Fixture, many: list[str]) -> None:
    later = f.api.at(NOW + HOUR)
    later.put(f"/bookings/{many[5]}", {"data": {"label": "New"}})
    later.at(NOW + 2 * HOUR).put(f"/bookings/{many[4]}", {"data": {"label": "Newer"}})
    assert page(f, "sort_by=updated&limit=3")[0] == [many[4], many[5], many[0]]
    assert page(f, "sort_by=created")[0] == many


def test_the_answer_in_another_zone(f: Fixture) -> None:
    (found,) = f.api.get("/bookings", "timezone=Europe/London").json()["data"]
    assert found["start"] == "2022-05-26T11:30:00.000+01:00"


def test_pages_of_the_rest(f: Fixture) -> None:
    f.service.only_groups = False
    f.service.save()
    held = [f.api.at(NOW + n * MINUTE).hold().json()["data"] for n in range(3)]
    body = f.api.get("/availability/slots", "limit=2").json()
    assert [each["id"] for each in body["data"]] == [held[2]["id"], held[1]["id"]]
    assert (body["total"], body["prev"], body["next"]) == (3, None, held[0]["id"])
    body = f.api.get("/availability/slots", f"start={held[0]['id']}").json()
    assert ([each["id"] for each in body["data"]], body["prev"]) == (
        [held[0]["id"]], held[1]["id"],
    )  # fmt: skip
    one = f.api.get(f"/availability/slots/{held[0]['id']}", "timezone=Europe/London").json()
    assert one["data"]["start"] == "2022-05-26T11:30:00.000+01:00"
    assert one["data"]["max_spaces"] == 3
