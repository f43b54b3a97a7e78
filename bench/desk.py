"""The pages of the desk on a full evening: two hundred tables, five hundred bookings."""

from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.figures import Figure, milliseconds

TABLES, BOOKINGS = 200, 500
HOUR = timedelta(hours=1)
NAMES = {
    "floor/": ("the floor", 100),
    "floor/board/": ("the floor, looked at again", 100),
    "book/": ("the book", 100),
    "timeline/": ("the timeline", None),
}


def figures() -> list[Figure]:
    """Server time of each page, from request to bytes, middleware and templates included."""
    from django.test import Client

    from accounts.models import Membership, User

    evening = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0)
    business = bistro(evening)
    user = User.objects.create_user("host@bench.example", "correct horse battery")
    Membership.objects.create(user=user, business=business, role="manager")
    client = Client()
    client.force_login(user)
    found = []
    for path, (name, most) in NAMES.items():

        def look(path: str = path) -> None:
            extra: dict[str, Any] = {"openbook.now": evening}
            reply = client.get(f"/desk/{business.slug}/{path}", **extra)
            if reply.status_code != 200:
                raise AssertionError(f"{path} answered {reply.status_code}")

        took = milliseconds(look, times=8)
        found.append(
            Figure(
                f"desk: {name}",
                f"{took:.0f} ms",
                f"under {most} ms" if most else "told only",
                most is None or took < most,
                f"{TABLES} tables, {BOOKINGS} bookings that day",
            )
        )
    return found


def bistro(evening: datetime) -> Any:
    """On a plan of rows, each table with two or three parties one after the other."""
    from accounts.models import Business
    from availability.models import OpeningHours
    from bookings.lifecycle import State
    from bookings.models import Allocation, Booking, Guest
    from resources.models import Location, Resource, Section

    business = Business.objects.create(slug="bench-desk", name="Bench", timezone="UTC")
    place = Location.objects.create(business=business, name="Main")
    rooms = [Section.objects.create(location=place, name=f"Room {n}") for n in range(4)]
    OpeningHours.objects.bulk_create(
        OpeningHours(weekday=day, opens=dt.time(12), closes=dt.time(23, 30), location=place)
        for day in range(1, 8)
    )
    tables = Resource.objects.bulk_create(
        Resource(
            business=business,
            location=place,
            section=rooms[n % 4],
            name=f"Table {n + 1}",
            kind="table",
            covers_max=n % 6 + 1,
            plan_x=60 * (n // 4 % 10),
            plan_y=60 * (n // 40),
            plan_width=48,
            plan_height=48,
        )
        for n in range(TABLES)
    )
    guests = Guest.objects.bulk_create(
        Guest(
            business=business,
            first_name=f"Guest {n}",
            last_name="Featherstonehaugh",
            phone=f"+44207946{n:04}",
            notes="Regular" if n % 5 == 0 else "",
        )
        for n in range(BOOKINGS)
    )
    bookings = []
    for n, guest in enumerate(guests):
        starts_at = evening + (n // TABLES - 1) * 2 * HOUR + n % 4 * HOUR / 4 - HOUR
        ends_at = starts_at + 1.75 * HOUR
        state = State.COMPLETED if ends_at < evening else State.CONFIRMED
        bookings.append(
            Booking(
                business=business,
                location=place,
                guest=guest,
                source="desk",
                reference=f"B{n:07}",
                state=(State.CHECKED_IN if starts_at <= evening <= ends_at else state).value,
                starts_at=starts_at,
                ends_at=ends_at,
                party_size=n % 6 + 1,
                resource_ids=[tables[n % TABLES].pk],
                notes="Birthday" if n % 4 == 0 else "",
            )
        )
    Booking.objects.bulk_create(bookings)
    Allocation.objects.bulk_create(
        Allocation(
            business=business,
            booking=each,
            resource_id=each.resource_ids[0],
            unit=0,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
        )
        for each in bookings
    )
    return business
