"""Callers at every door at once, for the same few hours: the capacity is sold and no more."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bookings import invariants
from bookings.models import Booking
from tests.api.doors import DOORS, ZONE, Refused, Salon
from tests.web import Web, together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

CALLERS = 64
STAFF = 5


def test_64_callers_at_all_doors_for_five_people(web: Web) -> None:
    salon = Salon(STAFF, now=None)  # the server's clock is the real one
    day = (datetime.now(ZONE) + timedelta(days=5)).date()
    start = datetime.combine(day, time(10), ZONE).astimezone(UTC)

    def send(method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        answer = web.call(method, path, body=body, headers=headers)
        return answer.status, answer.body

    doors = [kind(salon, send) for kind in DOORS]
    results = together(
        [lambda n=n: doors[n % len(doors)].book(start) for n in range(CALLERS)]  # type: ignore[misc]
    )
    refused = [each for each in results if isinstance(each, Refused)]
    made = [each for each in results if isinstance(each, str)]
    assert len(made) + len(refused) == CALLERS, results
    # Google is told of a booking that can't be made with a 200, OctoTable with a 400.
    assert {each.args[0] for each in refused} <= {200, 400, 409}
    assert (len(made), len(refused)) == (STAFF, CALLERS - STAFF)
    rows = Booking.objects.filter(state="confirmed")
    assert {row.resource_ids[0] for row in rows} == {each.pk for each in salon.staff}
    assert invariants.broken() == []
