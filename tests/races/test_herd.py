"""Everybody at once, over HTTP: as many win as there is room, and the rest are told so."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Business
from bookings.models import Allocation, Booking
from tests.api.availengine.conftest import example
from tests.builders import business, key, resource, tables
from tests.web import Answer, Web, together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TAKEN = example("dynamic_booking_conflict")
DAY = {"booking_date": "2027-01-15", "start_time": "19:00", "duration_minutes": 60}


@pytest.fixture(autouse=True)
def _a_year_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's clock is the real one, so the day is one that is always near."""
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    monkeypatch.setitem(DAY, "booking_date", day.isoformat())


def body(of: Business, number: int, **changes: Any) -> dict[str, Any]:
    """Another guest each, as everywhere."""
    asked: dict[str, Any] = example("dynamic_booking_request") | DAY
    return asked | {"business_id": str(of.pk), "phone": f"+1234567{number:03}"} | changes


def rush(web: Web, of: Business, bodies: list[dict[str, Any]]) -> list[Answer]:
    credential = key(of, rpm=100_000)
    found = together(
        [
            lambda b=b: web.call("POST", "/v1/dynamic/bookings", credential, b)  # type: ignore[misc]
            for b in bodies
        ]
    )
    for each in found:
        assert isinstance(each, Answer), each
    return found  # type: ignore[return-value]


def test_64_callers_for_10_tables(web: Web) -> None:
    bistro = business("Bistro")
    tables(bistro, 10)
    answers = rush(web, bistro, [body(bistro, n) for n in range(64)])
    assert Counter(each.status for each in answers) == {201: 10, 409: 54}
    assert all(each.body == TAKEN for each in answers if each.status == 409)
    taken = {each.body["booking"]["resource_id"] for each in answers if each.status == 201}
    assert taken == {str(pk) for pk in bistro.resources.values_list("pk", flat=True)}
    assert Allocation.objects.count() == Booking.objects.count() == 10


@pytest.mark.parametrize("callers", [32, 64])
@pytest.mark.parametrize("chosen", [True, False])
def test_everybody_wants_the_one_table(web: Web, callers: int, chosen: bool) -> None:
    bistro = business("Bistro")
    (table,) = tables(bistro, 1)
    more = {"resource_id": str(table.pk)} if chosen else {}
    answers = rush(web, bistro, [body(bistro, n, **more) for n in range(callers)])
    assert Counter(each.status for each in answers) == {201: 1, 409: callers - 1}
    assert Booking.objects.count() == 1


def test_parties_of_1_to_4_for_20_spots_sell_them_all(web: Web) -> None:
    gym = business("Gym")
    resource(gym, "Spots", kind="spot", units=20, covers_max=1)
    parties = [n % 4 + 1 for n in range(64)]
    answers = rush(web, gym, [body(gym, n, capacity=size) for n, size in enumerate(parties)])
    assert {each.status for each in answers} == {201, 409}
    sold = sum(size for size, each in zip(parties, answers, strict=True) if each.status == 201)
    assert sold == Allocation.objects.count() == 20
    units = Allocation.objects.values_list("unit", flat=True)
    assert sorted(units) == list(range(20))


def test_the_same_phone_everywhere_is_one_guest(web: Web) -> None:
    bistro = business("Bistro")
    tables(bistro, 32)
    answers = rush(web, bistro, [body(bistro, 1) for _ in range(32)])
    assert Counter(each.status for each in answers) == {201: 32}
    assert bistro.guests.count() == 1


def test_one_key_many_times_is_one_booking(web: Web) -> None:
    bistro = business("Bistro")
    tables(bistro, 10)
    credential = key(bistro, rpm=100_000)
    wanted = body(bistro, 1)
    answers = together(
        [
            lambda: web.call(
                "POST", "/v1/dynamic/bookings", credential, wanted, {"Idempotency-Key": "k"}
            )
        ]
        * 32
    )
    statuses = Counter(each.status for each in answers if isinstance(each, Answer))
    assert set(statuses) <= {201, 409}
    assert Booking.objects.count() == 1
    assert {
        each.body["error"]["code"]
        for each in answers
        if isinstance(each, Answer) and each.status == 409
    } <= {"conflict"}
    again = web.call("POST", "/v1/dynamic/bookings", credential, wanted, {"Idempotency-Key": "k"})
    assert again.body["booking"]["id"] == str(Booking.objects.get().pk)
