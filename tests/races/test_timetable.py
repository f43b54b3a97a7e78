"""Everybody wants the same start of the timetable, over HTTP."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from accounts.models import Business
from availability.models import OpeningHours
from bookings import invariants, services
from bookings.models import Allocation, Booking
from bookings.wishes import SYSTEM
from tests.api.availengine.conftest import example
from tests.builders import HOUR, MINUTE, business, key, location, service, tables
from tests.web import Answer, Web, together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TAKEN = example("slot_unavailable")
SOON = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=30)


def bistro(**settings: Any) -> Business:
    made = business("Bistro", slot_interval_minutes=60, **settings)
    OpeningHours.objects.bulk_create(
        OpeningHours(location=location(made), weekday=weekday, opens=time(9), closes=time(17))
        for weekday in range(1, 8)
    )
    return made


def body(of: Business, number: int, **changes: Any) -> dict[str, Any]:
    """Another guest each."""
    asked: dict[str, Any] = example("scheduled_booking_request") | {
        "business_id": str(of.pk),
        "booking_date": SOON.date().isoformat(),
        "phone": f"+1234567{number:03}",
    }
    return asked | changes


def rush(
    web: Web, of: Business, bodies: list[dict[str, Any]], *, path: str = "/v1/bookings/"
) -> list[Answer]:
    credential = key(of, rpm=100_000)
    found = together(
        [
            lambda b=b: web.call("POST", b.pop("door", path), credential, b)  # type: ignore[misc]
            for b in bodies
        ]
    )
    for each in found:
        assert isinstance(each, Answer), each
    return found  # type: ignore[return-value]


def left(web: Web, of: Business, start: str, **query: str) -> int:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    answer = web.call("GET", f"/v1/availability/{of.pk}?date={SOON.date()}{more}")
    (found,) = [each for each in answer.body["slots"] if each["time"] == start]
    return int(found["remaining_resources"])


def test_two_callers_for_the_last_table(web: Web) -> None:
    of = bistro()
    tables(of, 1)
    for hour in range(9, 17):
        start = f"{hour:02}:00"
        assert left(web, of, start) == 1
        answers = rush(web, of, [body(of, n, start_time=start) for n in range(2)])
        assert Counter(each.status for each in answers) == {201: 1, 409: 1}
        assert [each.body for each in answers if each.status == 409] == [TAKEN]
        assert left(web, of, start) == 0
    assert Booking.objects.count() == Allocation.objects.count() == 8


def test_48_callers_for_10_tables_at_two_doors(web: Web) -> None:
    of = bistro()
    tables(of, 10)
    bodies = [body(of, n, duration_minutes=60) for n in range(48)]
    for each in bodies[::2]:
        each["door"] = "/v1/dynamic/bookings"
    answers = rush(web, of, bodies)
    assert Counter(each.status for each in answers) == {201: 10, 409: 38}
    assert Allocation.objects.count() == 10
    assert left(web, of, "10:00") == 0


def test_the_gap_between_bookings_is_kept_in_a_rush(web: Web) -> None:
    of = bistro(buffer_minutes=30)
    tables(of, 1)
    starts = [f"{hour:02}:00" for hour in range(9, 15)]
    bodies = [body(of, n, start_time=starts[n % 6]) for n in range(24)]
    rush(web, of, bodies)
    made = sorted(Booking.objects.values_list("starts_at", "ends_at"))
    assert made
    for (_, end), (start, _) in itertools.pairwise(made):
        assert start - end >= 30 * MINUTE
    assert invariants.broken() == []


def test_the_places_of_a_class_are_all_sold_and_none_twice(web: Web) -> None:
    of = bistro()
    spin = service(of, "Spin", capacity=12, duration=HOUR)
    services.schedule_session(spin, starts_at=SOON + 9 * HOUR, by=SYSTEM)
    wanted = {"start_time": "18:00", "service_id": str(spin.pk)}
    parties = [n % 3 + 1 for n in range(36)]
    answers = rush(web, of, [body(of, n, **wanted, capacity=n % 3 + 1) for n in range(36)])
    assert {each.status for each in answers} == {201, 409}
    sold = sum(size for size, each in zip(parties, answers, strict=True) if each.status == 201)
    assert sold == Allocation.objects.filter(booking__isnull=False).count() == 12
    assert left(web, of, "18:00", service_id=str(spin.pk)) == 0
