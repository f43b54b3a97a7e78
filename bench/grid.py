"""The search for slots: weeks of them, for many staff, in a full book."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.figures import BATCHES, Figure, milliseconds
from bench.load import Asked, body, run

QUARTER, HALF = timedelta(minutes=15), timedelta(minutes=30)
FULL = 100_000


def figures(fill: Callable[[Any, list[Any], int], None]) -> list[Figure]:
    """Server time of one search, and how it grows; `fill` puts so many allocations in the book."""
    from bookings import offers
    from bookings.wishes import Search

    first = (datetime.now(UTC) + timedelta(days=3)).date()
    business, service, staff = spa("grid-20", 20)
    many, service_50, staff_50 = spa("grid-50", 50)

    def search(
        of: Any, what: Any, days: int, step: timedelta, only: list[Any] | None = None
    ) -> Callable[[], object]:
        asked = Search(
            business=of,
            service=what,
            first_day=first,
            last_day=first + timedelta(days=days - 1),
            step=step,
            resource_ids=frozenset(only) if only else None,
        )
        return lambda: offers.slots(asked)

    fill(business, staff, 1_000)
    few = milliseconds(search(business, service, 14, HALF))
    fill(business, staff, FULL)
    grid = milliseconds(search(business, service, 14, HALF))
    longer = milliseconds(search(business, service, 28, HALF))
    intervals = milliseconds(search(business, service, 59, QUARTER))
    one = milliseconds(search(business, service, 14, QUARTER, staff[:1]))
    fill(many, staff_50, FULL)
    wide = milliseconds(search(many, service_50, 30, HALF))
    fewer_staff = milliseconds(search(many, service_50, 30, HALF, staff_50[:25]))

    def within(name: str, took: float, most: float) -> Figure:
        return Figure(name, f"{took:.1f} ms", f"under {most:.0f} ms", took < most, f"{FULL:,} rows")

    def growth(name: str, more: float, less: float, most: float) -> Figure:
        return Figure(
            name,
            f"{more / less:.2f}",
            f"at most {most}",
            more / less <= most,
            f"{less:.1f} ms and {more:.1f} ms",
        )

    return [
        within("grid: 20 staff, 14 days by 30 minutes", grid, 15),
        within("grid: 20 staff, 59 days by 15 minutes", intervals, 60),
        within("grid: 1 of them, 14 days by 15 minutes", one, 10),
        within("grid: 50 staff, 30 days by 30 minutes", wide, 150),
        growth("grid: twice the days", longer, grid, 2.5),
        growth("grid: twice the staff", wide, fewer_staff, 2.5),
        # The book is fuller in those days too: there is more to read and to leave out.
        growth(f"grid: {FULL:,} bookings / 1,000", grid, few, 4),
    ]


def over_http(port: int, fill: Callable[[Any, list[Any], int], None]) -> list[Figure]:
    """The same over HTTP, one caller at a time: the intervals of Appointedd, by a quarter."""
    from accounts import keys
    from accounts.identifiers import hex24

    first = (datetime.now(UTC) + timedelta(days=3)).date()

    def ask(of: Any, what: Any, staff: list[Any], days: int) -> float:
        _, key = keys.issue(
            of, name="b", scopes=["read"], protocol="appointedd", rate_limit_rpm=100_000_000
        )
        span = {"start": f"{first}T00:00:00Z", "end": f"{first + timedelta(days=days)}T00:00:00Z"}
        asked = body(
            ranges=[span], service_id=hex24(what.pk), resource_ids=[hex24(each) for each in staff]
        )

        def one(n: int) -> Asked:
            return "POST", "/appointedd/v1/availability/intervals/search", asked

        run(port, key, one, 0.5, processes=1, connections=1)
        found = [run(port, key, one, 0.7, processes=1, connections=1) for _ in range(BATCHES)]
        if failures := sum(each.failures for each in found):
            raise AssertionError(f"{failures} searches were refused")
        return min(each.p50 for each in found)

    of, what, staff = spa("http-20", 20)
    many, what_50, staff_50 = spa("http-50", 50)
    fill(of, staff, 100)
    few = ask(of, what, staff[:1], 14)
    fill(of, staff, FULL)
    full = ask(of, what, staff[:1], 14)
    fill(many, staff_50, FULL)
    wide = ask(many, what_50, staff_50, 30)
    return [
        Figure(
            "HTTP: 1 of 20 staff, 14 days by 15 minutes",
            f"{full:.1f} ms",
            "at most 10 ms",
            full <= 10,
            f"p50, {FULL:,} rows; {few:.1f} ms with 100",
        ),
        Figure(
            "HTTP: 50 staff, 30 days by 15 minutes",
            f"{wide:.1f} ms",
            "at most 150 ms",
            wide <= 150,
            f"p50, {FULL:,} rows",
        ),
    ]


def spa(slug: str, staff: int) -> tuple[Any, Any, list[Any]]:
    """So many staff with hours of their own, nine to five with a break, and a half-hour service."""
    from accounts.models import Business
    from availability.models import Break, OpeningHours
    from resources.models import Location, Requirement, Resource, Service

    business = Business.objects.create(
        slug=slug, name=slug, booking_mode="scheduled", timezone="Europe/Paris"
    )
    place = Location.objects.create(business=business, name="Main")
    people = Resource.objects.bulk_create(
        Resource(business=business, location=place, name=f"Person {n}", kind="staff")
        for n in range(staff)
    )
    week = range(1, 8)
    nine, five, noon, one = (dt.time(hour) for hour in (9, 17, 12, 13))
    OpeningHours.objects.bulk_create(
        OpeningHours(weekday=day, opens=nine, closes=dt.time(18), location=place) for day in week
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(weekday=day, opens=nine, closes=five, resource=each)
        for day in week
        for each in people
    )
    Break.objects.bulk_create(
        Break(weekday=day, starts=noon, ends=one, location=place) for day in week
    )
    service = Service.objects.create(
        business=business, name="Treatment", duration=timedelta(minutes=30)
    )
    Requirement.objects.create(service=service, kind="staff")
    return business, service, [each.pk for each in people]
