"""What Google's questions cost: round trips that don't grow with the slots that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from bookings.models import Block
from tests.api.google.conftest import NOW, Google, at, tomorrow
from tests.builders import MINUTE

pytestmark = pytest.mark.django_db


def page(salon: Google, count: int) -> dict[str, Any]:
    """So many slots over a fortnight, of both therapists."""
    staff = [str(salon.staff(each).pk) for each in ("Ana", "Bruno")]
    return {
        "merchant_id": str(salon.place.pk),
        "slot_time": [
            salon.slot_time(
                at(9, day=tomorrow(number % 14)) + 15 * MINUTE * (number // 28),
                duration_sec="4500",
                resource_ids={"staff_id": staff[number % 2]},
            )
            for number in range(count)
        ],
    }


@pytest.mark.parametrize("count", [1, 200])
def test_a_page_of_slots_is_six_queries(
    salon: Google, count: int, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    body = page(salon, count)
    with django_assert_max_num_queries(6):
        answer = salon.ask("BatchAvailabilityLookup", body)
    found = [each["available"] for each in answer.json()["slot_time_availability"]]
    assert found == [True] * count


def test_a_page_of_slots_costs_the_same_in_a_full_book(
    salon: Google, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    """With 100,000 bookings ahead, most of them further ahead than Google asks."""
    ana = salon.staff().pk
    until = NOW + timedelta(days=2) + 75 * MINUTE * 100_000
    block = Block.objects.create(
        business=salon.business,
        resource_id=ana,
        starts_at=NOW + timedelta(days=2),
        ends_at=until,
    )
    with connection.cursor() as cursor:  # one statement: what is measured is the reading
        cursor.execute(
            """
            INSERT INTO bookings_allocation (business_id, block_id, resource_id, unit, starts_at,
                                             ends_at)
            SELECT %s, %s, %s, 0, t, t + interval '75 minutes'
              FROM generate_series(%s::timestamptz, %s, interval '75 minutes') AS t
            """,
            [
                salon.business.pk, block.pk, ana, block.starts_at, until - 75 * MINUTE,
            ],
        )  # fmt: skip
        cursor.execute("ANALYZE bookings_allocation")
    body = page(salon, 200)
    with django_assert_max_num_queries(6):
        answer = salon.ask("BatchAvailabilityLookup", body)
    free = [each["available"] for each in answer.json()["slot_time_availability"]]
    assert free.count(True) > 100  # Bruno's, and Ana's before she is away
