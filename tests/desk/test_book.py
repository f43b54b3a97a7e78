"""The book: the list of a day, its filters and totals, what a search finds, and the file of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from bookings import services
from bookings.lifecycle import State
from bookings.models import Booking, Guest
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Resource, Section
from tests.builders import HOUR, MARIA, MINUTE, NOW, location, tables, wish
from tests.desk.conftest import Browser
from tests.desk.test_booking import NASTY, SEVEN, book, text


def names(reply: Any) -> list[tuple[str, str]]:
    """When and who, line by line."""
    page = reply.content.decode()
    found = re.findall(
        r'class="book-time"><a[^>]*><strong>([^<]*)</strong>.*?'
        r'class="line-who book-who"><p><a[^>]*>([^<]*)',
        page,
        re.S,
    )
    return [(when, who) for when, who in found]


@pytest.fixture
def evening(bistro: Business) -> list[Booking]:
    """Four parties: at six, twice at seven, at nine; and one tomorrow."""
    ada = GuestDetails("Ada", "Lovelace", "", "+44 20 7946 0100")
    return [
        book(bistro, SEVEN - HOUR, guest=ada, party_size=4),
        book(bistro, SEVEN),
        book(bistro, SEVEN, guest=GuestDetails("Zoë", "Young"), notes="Window"),
        book(bistro, SEVEN + 2 * HOUR, guest=GuestDetails("Bo", "Li"), party_size=3),
        book(bistro, SEVEN + timedelta(days=1), guest=ada),
    ]


def test_the_day_is_listed_by_the_hour_with_its_totals(
    host: Browser, evening: list[Booking]
) -> None:
    shown = host.get("book/")
    assert names(shown) == [
        ("18:00", "Ada Lovelace"), ("19:00", "Maria Garcia"), ("19:00", "Zoë Young"),
        ("21:00", "Bo Li"),
    ]  # fmt: skip
    words = text(shown)
    assert "11 guests in 4 bookings" in words
    assert "All 4 Expected 4" in words
    assert re.findall(r'book-count">(\d*)<', shown.content.decode()) == ["4", "4", "", "3"]
    assert "Window" in words
    tomorrow = host.get("book/", day="2026-06-20")
    assert names(tomorrow) == [("19:00", "Ada Lovelace")]
    assert "Take a booking" in text(host.get("book/", day="2026-07-01"))
    assert names(host.get("book/board/", script=True)) == names(shown)


def test_a_party_is_seated_from_the_list_and_leaves_from_it(
    host: Browser, evening: list[Booking]
) -> None:
    host.now = SEVEN
    page = host.get("book/").content.decode()
    (url,) = set(re.findall(rf'formaction="([^"]*{evening[1].pk}[^"]*)"', page))
    host.client.post(url, {"do": "seat"}, **{"openbook.now": SEVEN})  # type: ignore[arg-type]
    assert "Expected 3 Here 1" in text(host.get("book/"))
    assert "Late" in text(host.get("book/"))  # who was to come at six


def test_filters_narrow_the_list_and_the_counts(
    host: Browser, bistro: Business, evening: list[Booking]
) -> None:
    services.cancel(evening[3], by=SYSTEM, now=NOW)
    assert names(host.get("book/", state="off")) == [("21:00", "Bo Li")]
    assert "Cancelled 1" in text(host.get("book/", state="expected"))
    terrace = Section.objects.create(location=location(bistro), name="Terrace")
    Resource.objects.filter(pk__in=evening[2].resource_ids).update(section=terrace)
    assert ("19:00", "Zoë Young") in names(host.get("book/", where=terrace.pk))
    assert ("19:00", "Maria Garcia") not in names(host.get("book/", where=terrace.pk))
    assert names(host.get("book/", where=evening[1].pk)) == []  # no such place
    assert names(host.get("book/", source="google")) == []
    assert len(names(host.get("book/", source="test"))) == 4
    for nonsense in ("state", "service", "where"):
        assert names(host.get(f"book/?{nonsense}=x")) == []


def test_a_search_looks_at_every_day(host: Browser, evening: list[Booking]) -> None:
    both = [("Today 18:00", "Ada Lovelace"), ("Tomorrow 19:00", "Ada Lovelace")]
    for asked in ("ada", "love ada", "020 7946", "+44 20 7946 0100"):
        assert names(host.get("book/", q=asked)) == both
    code = evening[3].reference
    for asked in (code, f" {code[:4].lower()}-{code[4:].lower()} "):
        assert names(host.get("book/", q=asked)) == [("Today 21:00", "Bo Li")]
    assert "Nothing found" in text(host.get("book/", q="nobody"))
    assert "Nothing found" in text(host.get("book/", q="x"))
    host.now = SEVEN + timedelta(days=4)
    assert [when for when, _ in names(host.get("book/", q="ada"))] == [
        "Saturday, June 20 19:00", "Friday, June 19 18:00",
    ]  # fmt: skip


def test_a_lapsed_hold_reads_as_lapsed(host: Browser, bistro: Business) -> None:
    services.hold(
        wish(bistro, SEVEN), guest=MARIA, by=SYSTEM, source="test", lasts=5 * MINUTE, now=NOW
    )
    host.now = NOW + 6 * MINUTE
    assert "Lapsed" in text(host.get("book/"))
    assert "0 guests" in text(host.get("book/"))


def test_hostile_text_is_text_in_the_list_and_no_formula_in_the_file(
    host: Browser, bistro: Business
) -> None:
    made = book(bistro, guest=GuestDetails(NASTY, "", "", "+44 1"), notes="=1+1")
    Guest.objects.update(notes="@SUM(A1)", tags=[NASTY[:40]])
    for page in ("book/", "book/?q=script", f"book/?q={NASTY}", "book/board/"):
        assert b"<script>alert" not in host.get(page).content
    file = host.get("book/day.csv", day="2026-06-19")
    assert file.headers["Content-Disposition"] == (
        f'attachment; filename="book-{bistro.slug}-2026-06-19.csv"'
    )
    head, row = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    told = dict(zip(head, row, strict=True))
    assert (told["Name"], told["Phone"], told["Notes"], told["Notes of the guest"]) == (
        NASTY, "'+44 1", "'=1+1", "'@SUM(A1)",
    )  # fmt: skip
    assert told["Code"] == made.reference


def crowd(of: Business, count: int) -> None:
    """So many bookings on the day, written past the rules."""
    places = list(Resource.objects.filter(business=of))
    guests = Guest.objects.bulk_create(
        Guest(business=of, first_name=f"Guest {n}", last_name="Long-Lastname", notes="Regular")
        for n in range(count)
    )
    Booking.objects.bulk_create(
        Booking(
            business=of,
            location=location(of),
            guest=guest,
            source="test",
            reference=f"R{n:07}",
            state=(State.CONFIRMED, State.CHECKED_IN, State.COMPLETED)[n % 3].value,
            starts_at=SEVEN + (n % 20 - 10) * 15 * MINUTE,
            ends_at=SEVEN + (n % 20 - 4) * 15 * MINUTE,
            party_size=n % 6 + 1,
            resource_ids=[places[n % len(places)].pk],
            notes="Birthday" if n % 4 == 0 else "",
        )
        for n, guest in enumerate(guests)
    )


@pytest.mark.parametrize("page", ["book/", "book/?q=guest", "book/day.csv", "book/?state=here"])
def test_the_list_makes_the_same_queries_whatever_the_day_has(
    page: str, host: Browser, bistro: Business
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert host.get(page).status_code == 200
        return len(seen)

    crowd(bistro, 3)
    few = queries()
    Booking.objects.all().delete()
    Guest.objects.all().delete()
    crowd(bistro, 120)
    assert queries() == few <= 16


def test_a_full_day_is_drawn_whole(
    host: Browser, bistro: Business, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    Resource.objects.all().delete()
    tables(bistro, 200)
    crowd(bistro, 500)
    with django_assert_max_num_queries(16):
        drawn = host.get("book/")
    assert len(names(drawn)) == 500
