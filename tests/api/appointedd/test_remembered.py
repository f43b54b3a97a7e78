"""What a search remembers of a business, and that it is never out of date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.identifiers import hex24
from accounts.limits import limiter
from bookings import services
from bookings.wishes import SYSTEM
from resources import services as catalogue
from resources.models import Category, Requirement, Resource, Service
from tests.api.appointedd.conftest import NOW, START, Caller, caller, organisation
from tests.builders import resource, service

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

MINUTE = timedelta(minutes=1)


class Spa:
    """One who does massages of an hour, and who asks when between noon and two."""

    def __init__(self, client: Client) -> None:
        self.business = organisation("Spa")
        self.staff = resource(self.business, "Ada", kind="staff")
        self.massage = service(self.business, "Massage", duration=60 * MINUTE)
        self.massage.category = Category.objects.create(business=self.business, name="Body")
        self.massage.save()
        Requirement.objects.create(service=self.massage, kind="staff")
        self.api: Caller = caller(client, self.business)

    def search(self) -> Any:
        return self.api.search(
            ranges=[{"start": "2022-05-27T12:00:00Z", "end": "2022-05-27T12:30:00Z"}],
            service_id=hex24(self.massage.pk),
            resource_ids=[hex24(self.staff.pk)],
        )

    def hears(self) -> tuple[int, int]:
        answer = self.search()
        return answer.status_code, len(answer.json().get("data", []))


@pytest.fixture
def spa(client: Client) -> Spa:
    return Spa(client)


def test_a_search_costs_four_queries_once_the_business_was_asked_about(
    spa: Spa, django_assert_num_queries: Any
) -> None:
    for _ in range(2):
        spa.search()
    # Whether it ever was a class; who could serve, the timetables, what is taken.
    with django_assert_num_queries(4):
        assert spa.hears() == (200, 2)


def slower(spa: Spa) -> None:
    massage = Service.objects.get(pk=spa.massage.pk)
    massage.slot_interval = 30 * MINUTE
    massage.save()


def withdrawn(spa: Spa) -> None:
    Service.objects.get(pk=spa.massage.pk).delete()


def hidden(spa: Spa) -> None:
    massage = Service.objects.get(pk=spa.massage.pk)
    massage.is_active = False
    massage.save()


def gone(spa: Spa) -> None:
    catalogue.remove_resource(Resource.objects.get(pk=spa.staff.pk), now=NOW)


def booked(spa: Spa) -> None:
    start = START + timedelta(days=1, hours=1)
    answer = spa.api.hold(
        start=start.isoformat(), service_id=hex24(spa.massage.pk), resource_id=hex24(spa.staff.pk)
    )
    assert answer.status_code == 201


CHANGES: list[tuple[Callable[[Spa], None], tuple[int, int]]] = [
    (slower, (200, 1)),
    (withdrawn, (404, 0)),
    (hidden, (404, 0)),
    (gone, (404, 0)),
    (booked, (200, 0)),
]


@pytest.mark.parametrize(
    ("change", "said"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
def test_a_change_is_heard_by_the_very_next_search(
    spa: Spa, change: Callable[[Spa], None], said: tuple[int, int]
) -> None:
    for _ in range(3):
        assert spa.hears() == (200, 2)
    change(spa)
    assert spa.hears() == said
    assert spa.hears() == said


def test_a_category_that_goes_changes_its_services(spa: Spa) -> None:
    def epoch() -> bytes | None:
        return limiter().count("test", business=str(spa.business.pk)).epoch

    before = epoch()
    assert before == epoch()
    Category.objects.get().delete()
    assert before != epoch()


def test_what_was_a_class_still_shows_its_runs(spa: Spa) -> None:
    noon = START + timedelta(days=1, hours=1, minutes=30)
    spa.massage.capacity = 4
    spa.massage.save()
    services.schedule_session(spa.massage, starts_at=noon, by=SYSTEM, now=NOW)
    spa.massage.capacity = None
    spa.massage.save()
    (found,) = spa.search().json()["data"]
    assert [each["spaces"] for each in found["group_bookings"]] == [4]
