"""A plan's limits, asked for by many at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from accounts.errors import Conflict, PlanLimit
from accounts.models import Business, User
from resources.services import open_business
from tests.builders import user

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def together(owner: User, count: int, **wanted: Any) -> list[str]:
    """Open a business in so many threads at once; how each ended."""
    ends: list[str] = []
    barrier = threading.Barrier(count)

    def work() -> None:
        barrier.wait()
        try:
            open_business(name="Bistro", owner=owner, **wanted)
            ends.append("opened")
        except (Conflict, PlanLimit) as error:
            ends.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sorted(ends)


def test_a_plan_of_one_business_sells_one() -> None:
    assert together(user(), 6, at_most=1) == ["PlanLimit"] * 5 + ["opened"]


def test_there_is_one_sandbox() -> None:
    assert together(user(), 6, is_dev=True) == ["Conflict"] * 5 + ["opened"]


def test_those_of_one_name_get_a_slug_each() -> None:
    assert together(user(), 4) == ["opened"] * 4
    slugs = Business.objects.order_by("slug").values_list("slug", flat=True)
    assert list(slugs) == ["bistro", "bistro-2", "bistro-3", "bistro-4"]
