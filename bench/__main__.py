"""`python -m bench`: every figure in one run, on servers of its own."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.figures import BATCHES, Figure, milliseconds
from bench.load import Asked, Load, body, run
from tools import servers

ROUNDS = 9
SECONDS = 1.0
TABLES = 200


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rows", type=int, default=1_000_000, help="future allocations at most")
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="openbook-bench-"))
    try:
        with servers.postgres(folder / "postgres") as postgres:
            servers.create_database(postgres, "openbook")
            valkey = servers.start_valkey()
            os.environ |= {
                "DATABASE_URL": servers.database_url(postgres, "openbook"),
                "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
                "OPENBOOK_ENV": "development",
                "DEBUG": "0",
                "DJANGO_SETTINGS_MODULE": "bench.settings",
            }
            figures = measure(options.rows)
            from django.db import connection

            connection.close_pool()  # type: ignore[attr-defined]
            valkey.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps([each._asdict() for each in figures], indent=2))
    else:
        show(figures)
    return 0 if all(each.holds for each in figures) else 1


def show(figures: list[Figure]) -> None:
    rows = [("figure", "measured", "target", "", "")]
    rows += [(f.name, f.value, f.target, "ok" if f.holds else "MISSED", f.detail) for f in figures]
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    for row in rows:
        print(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]
        )


def say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


def measure(most: int) -> list[Figure]:
    import django

    django.setup()
    from django.core.management import call_command

    from bench import desk, grid
    from bench.server import serving
    from bookings import selectors
    from bookings.wishes import Wish

    say("migrating")
    call_command("migrate", verbosity=0)
    business, key, resources = cast()
    small, small_key, _ = cast("small", tables=20)
    start = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    floor_of, _, floor_tables = cast("floor", tables=20)
    location = str(floor_of.locations.get().pk)
    dice = random.Random(1)

    def read(of: Any, *, full: bool = False) -> Callable[[int], Asked]:
        """Any hour of the year; or one of those that the first thousand allocations fill."""

        def ask(n: int) -> Asked:
            day = (start + timedelta(days=1 if full else 10 + n % 300)).date()
            hour = n % 6 + 1 if full else n % 12 + 8
            query = f"booking_date={day}&start_time={hour:02}:15&duration_minutes=45&capacity=2"
            return "GET", f"/v1/dynamic/availability/{of.pk}?{query}", None

        return ask

    def floor(n: int) -> Asked:
        return "GET", "/floor/read", None

    def framework(n: int) -> Asked:
        return "GET", "/floor/framework", None

    def book(n: int) -> Asked:
        day = (start + timedelta(days=1 + n * 7919 % 360)).date()
        asked = body(
            business_id=str(small.pk),
            booking_date=day.isoformat(),
            start_time=f"{dice.randrange(24):02}:{dice.randrange(12) * 5:02}",
            duration_minutes=5,
            capacity=2,
            first_name="Maria",
            last_name="Garcia",
            email="maria@example.com",
            phone=f"+{n}"[:20].ljust(8, "0"),
        )
        return "POST", "/v1/dynamic/bookings", asked

    def write_floor(n: int) -> Asked:
        asked = body(
            business_id=str(floor_of.pk),
            location_id=location,
            resource_id=str(floor_tables[n % len(floor_tables)]),
        )
        return "POST", "/floor/write", asked

    figures: list[Figure] = []
    with serving() as port:
        say("availability against its floor")
        reads = rounds(
            port, small_key, {"floor": floor, "read": read(small), "framework": framework}
        )
        figures.append(ratio("availability throughput", reads["read"], reads["floor"], 0.6))
        name = "availability, to a view of REST framework"
        figures.append(ratio(name, reads["read"], reads["framework"]))
        say("booking against its floor")
        writes = rounds(port, small_key, {"floor": write_floor, "book": book})
        figures.append(ratio("booking throughput", writes["book"], writes["floor"], 0.5))

        say("1,000 future allocations")
        fill(business, resources, 1_000, like=most)
        run(port, key, read(business), 1)
        empty = calmest(port, key, read(business))
        few = calmest(port, key, read(business, full=True))
        say(f"{most:,} future allocations")
        fill(business, resources, most)
        run(port, key, read(business), 1)
        many = calmest(port, key, read(business))
        say("grids over HTTP")
        over_http = grid.over_http(port, fill)
    growth = many / few
    figures.append(
        Figure(
            f"availability p50, {most:,} rows / 1,000",
            f"{growth:.2f}",
            "at most 1.5",
            growth <= 1.5,
            f"{few:.2f} ms and {many:.2f} ms with 8 callers, {TABLES} resources, hours as full",
        )
    )
    figures.append(
        Figure(
            "availability p50, a full hour / an empty one",
            f"{many / empty:.2f}",
            "told only",
            True,
            f"{empty:.2f} ms and {many:.2f} ms",
        )
    )
    numbers = itertools.count()

    def answer() -> None:
        n = next(numbers)
        selectors.free(
            Wish(
                business=business,
                starts_at=start + timedelta(days=10 + n % 300, hours=n % 10),
                duration=timedelta(minutes=45),
                party_size=2,
            )
        )

    one = milliseconds(answer, times=40)
    figures.append(
        Figure(
            f"one answer, {TABLES} resources, {most:,} rows",
            f"{one:.2f} ms",
            "under 5 ms",
            one < 5,
            "query, assignment and order",
        )
    )
    say("grids")
    figures += grid.figures(fill) + over_http
    say("pages of the desk")
    return figures + desk.figures()


def ratio(name: str, ours: list[Load], floor: list[Load], least: float | None = None) -> Figure:
    """Ours against the floor: the median of the rounds, in each of which both were measured."""
    shares = sorted(
        each.per_second / most.per_second for each, most in zip(ours, floor, strict=True)
    )
    share = statistics.median(shares)
    got, most = (statistics.median(each.per_second for each in found) for found in (ours, floor))
    p50, p99 = (statistics.median(each[n] for each in ours) for n in (1, 2))
    failures = sum(each.failures for each in ours)
    return Figure(
        name,
        f"{share:.2f} of the floor",
        f"at least {least}" if least else "told only",
        least is None or share >= least,
        f"{got:.0f}/s and {most:.0f}/s; p50 {p50:.1f} ms, p99 {p99:.1f} ms; {failures} refused;"
        f" {shares[0]:.2f} to {shares[-1]:.2f} in {len(shares)} rounds",
    )


def rounds(port: int, key: str, asks: dict[str, Callable[[int], Asked]]) -> dict[str, list[Load]]:
    """Each in turn, several times over and for a short while, after a warm-up: what else the
    machine does then slows them alike."""
    for ask in asks.values():
        run(port, key, ask, 1)
    found: dict[str, list[Load]] = {name: [] for name in asks}

    def further(ask: Callable[[int], Asked], base: int) -> Callable[[int], Asked]:
        return lambda n: ask(n + base)

    for number in range(ROUNDS):
        in_turn = list(asks.items())
        for name, ask in in_turn if number % 2 else reversed(in_turn):
            base = (number + 1) * 100_000
            found[name].append(run(port, key, further(ask, base), SECONDS))
    return found


def calmest(port: int, key: str, ask: Callable[[int], Asked]) -> float:
    """The p50 in milliseconds of the least disturbed of some rounds."""
    return min(run(port, key, ask, SECONDS).p50 for _ in range(BATCHES))


def cast(slug: str = "bench", tables: int = TABLES) -> tuple[Any, str, list[Any]]:
    """A business with so many tables for 1-4, and a key."""
    from accounts import keys
    from accounts.models import Business
    from resources.models import Location, Resource

    business = Business.objects.create(slug=slug, name=slug.title(), booking_mode="dynamic")
    place = Location.objects.create(business=business, name="Main")
    made = Resource.objects.bulk_create(
        [
            Resource(
                business=business, location=place, name=f"Table {n}", covers_max=4, kind="table"
            )
            for n in range(1, tables + 1)
        ]
    )
    _, key = keys.issue(business, name="b", scopes=["read", "write"], rate_limit_rpm=100_000_000)
    return business, key, [each.pk for each in made]


def fill(business: Any, resources: list[Any], rows: int, *, like: int = 0) -> None:
    """So many allocations in all, evenly over the tables and the coming year, as blocks of one; or
    as close to each other as `like` so many would be, for as long as they last.

    What a running book gets from autovacuum and checkpoints as time goes by is done at once:
    otherwise it would be done, and paid for, while something else is measured.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bookings_allocation WHERE business_id = %s", [business.pk])
        cursor.execute(
            "INSERT INTO bookings_block (id, business_id, resource_id, starts_at, ends_at, reason,"
            " created_at) SELECT gen_random_uuid(), %s, %s, now(), now() + interval '1 day', '',"
            " now() WHERE NOT EXISTS (SELECT 1 FROM bookings_block WHERE business_id = %s)",
            [business.pk, resources[0], business.pk],
        )
        each = rows // len(resources)
        step = 365 * 24 * 60 // ((like or rows) // len(resources))
        cursor.execute(
            "INSERT INTO bookings_allocation (business_id, block_id, resource_id, unit, starts_at,"
            " ends_at) SELECT %(business)s,"
            " (SELECT id FROM bookings_block WHERE business_id = %(business)s LIMIT 1), r, 0, s,"
            " s + least(interval '60 minutes', make_interval(mins => %(step)s))"
            "  FROM unnest(%(resources)s::uuid[]) AS r, generate_series("
            "       date_trunc('day', now()) + interval '1 day',"
            "       date_trunc('day', now()) + interval '1 day'"
            "       + make_interval(mins => %(step)s * (%(each)s - 1)),"
            "       make_interval(mins => %(step)s)) AS s",
            {"business": business.pk, "resources": resources, "step": step, "each": each},
        )
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


if __name__ == "__main__":
    sys.exit(main())
