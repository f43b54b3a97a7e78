"""No hot path reads a whole table: the plans, on a book with a year of bookings in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import selectors, services
from bookings.models import Booking
from bookings.wishes import SYSTEM
from tests.builders import EVENING, HOUR, MARIA, NOW, business, channel, tables, wish

pytestmark = pytest.mark.django_db

LARGE = ("bookings_allocation", "bookings_booking", "bookings_event", "bookings_guest")
ROWS = 20_000
TABLES = 20


@pytest.fixture
def year() -> Any:
    """A business with bookings on every table, each hour of the coming weeks."""
    bistro = business("Bistro")
    made = tables(bistro, TABLES)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH guest AS (
                INSERT INTO bookings_guest (id, business_id, first_name, last_name, email, phone,
                    email_key, phone_key, notes, created_at, updated_at)
                SELECT gen_random_uuid(), %(business)s, 'Guest', n::text, '', n::text, '', n::text,
                    '', now(), now() FROM generate_series(1, 5000) AS n
            ), booking AS (
                INSERT INTO bookings_booking (id, business_id, location_id, source, reference, key,
                    state, starts_at, ends_at, party_size, resource_ids, notes, created_at,
                    updated_at)
                SELECT gen_random_uuid(), %(business)s, %(location)s, 'test',
                    'R' || r.number || '-' || n, '', 'confirmed', %(start)s + n * interval '1 hour',
                    %(start)s + (n + 1) * interval '1 hour', 2, ARRAY[r.id], '', now(), now()
                  FROM unnest(%(tables)s::uuid[]) WITH ORDINALITY AS r (id, number),
                       generate_series(0, %(each)s - 1) AS n
                RETURNING id, resource_ids[1] AS resource_id, starts_at, ends_at
            ), event AS (
                INSERT INTO bookings_event (business_id, booking_id, kind, at, actor, data)
                SELECT %(business)s, id, 'booking.created', now(), 'test', '{}' FROM booking
            )
            INSERT INTO bookings_allocation (business_id, booking_id, resource_id, unit, starts_at,
                ends_at)
            SELECT %(business)s, id, resource_id, 0, starts_at, ends_at FROM booking
            """,
            {
                "business": bistro.pk,
                "location": bistro.locations.get().pk,
                "tables": [each.pk for each in made],
                "start": EVENING + timedelta(days=1),
                "each": ROWS // TABLES,
            },
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ANALYZE")
    return bistro


def scans(plan: Any) -> list[str]:
    """The tables that a plan reads from end to end."""
    found = [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" else []
    for each in plan.get("Plans", []):
        found += scans(each)
    return found


def read_whole(act: Callable[[], object]) -> list[tuple[str, str]]:
    """The large tables that the statements of an act read from end to end, with the statement."""
    with CaptureQueriesContext(connection) as seen:
        act()
    found = []
    for query in seen.captured_queries:
        sql = query["sql"]
        if not re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)", sql):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}", [])
            row = cursor.fetchone()
        plans = row[0] if isinstance(row[0], list) else json.loads(row[0])
        found += [(table, sql) for table in scans(plans[0]["Plan"]) if table in LARGE]
    return found


def test_nothing_hot_reads_a_large_table_whole(year: Any) -> None:
    later = EVENING + timedelta(days=10)
    caller, _ = channel(year)
    booked = Booking.objects.filter(business=year).latest("starts_at")

    def free() -> object:
        return selectors.free(wish(year, later))

    def free_remembered() -> object:
        selectors.free(wish(year, later), epoch=b"now")
        return selectors.free(wish(year, later), epoch=b"now")

    def next_free() -> object:
        return selectors.next_free(wish(year, later), within=24 * HOUR, limit=3)

    def book() -> object:
        return services.book(
            wish(year), guest=MARIA, by=SYSTEM, source="test", channel=caller, key="k", now=NOW
        )

    def move() -> object:
        return services.reschedule(booked, starts_at=EVENING, by=SYSTEM, now=NOW)

    def cancel() -> object:
        return services.cancel(booked, by=SYSTEM, now=NOW)

    def expire() -> object:
        return services.expire_holds(now=NOW)

    def by_reference() -> object:
        return Booking.objects.filter(business=year, reference="R1-1").first()

    def the_day() -> object:
        return list(
            selectors.bookings(year).filter(
                starts_at__gte=later, starts_at__lt=later + timedelta(days=1)
            )[:50]
        )

    def by_guest() -> object:
        return list(
            selectors.bookings(year).filter(guest__phone_key="77", starts_at__gte=later)[:50]
        )

    for act in (
        free, free_remembered, next_free, book, move, cancel, expire, by_reference, the_day,
        by_guest,
    ):  # fmt: skip
        assert (act.__name__, read_whole(act)) == (act.__name__, [])


def indexes(plan: Any) -> set[str]:
    """The indexes that a plan reads."""
    found = {plan["Index Name"]} if "Index Name" in plan else set()
    return found.union(*(indexes(each) for each in plan.get("Plans", [])))


def rows_read(plan: Any) -> int:
    """The rows that a plan reads, whether it keeps them or not."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    inner = plan.get("Plans", [])
    return round(sum(rows_read(each) for each in inner) if inner else own)


def test_a_full_book_looks_back_a_day_only_for_what_is_long(year: Any) -> None:
    later = EVENING + timedelta(days=10)
    asked = {"business": year.pk, "from": later, "until": later + HOUR}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {selectors.TAKEN_NOW}", asked)
        (plan,) = (each["Plan"] for each in cursor.fetchone()[0])
    assert indexes(plan) == {"allocation_by_start", "allocation_long"}
    assert rows_read(plan) == 4 * TABLES  # began in the hour, or less than four before


def test_the_plan_for_any_window_expects_little_and_so_is_kept(year: Any) -> None:
    """A plan for any values is kept when it looks no worse than one for these; of as many rows as a
    window of unknown length may have, it would never be."""
    names = ("business", "from", "until")
    read = selectors.TAKEN_NOW % {name: f"${n}" for n, name in enumerate(names, start=1)}
    asked = ", ".join(f"'{each}'" for each in (year.pk, EVENING, EVENING + HOUR))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE taken (uuid, timestamptz, timestamptz) AS {read}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE taken ({asked})")
        (plan,) = (each["Plan"] for each in cursor.fetchone()[0])
        cursor.execute("DEALLOCATE taken")
    assert indexes(plan) == {"allocation_by_start", "allocation_long"}
    assert plan["Plan Rows"] <= 5


def test_the_check_sees_a_whole_read(year: Any) -> None:
    found = read_whole(lambda: list(Booking.objects.filter(notes="nowhere")[:1]))
    assert [table for table, _ in found] == ["bookings_booking"]
