"""What a request costs in round trips, and that what is remembered is never out of date."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import time
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts.limits import Limiter, limiter
from accounts.models import Business, Channel
from accounts.services import change_business, revoke_key
from availability.models import OpeningHours
from billing.models import Plan, Subscription
from bookings import selectors, services
from bookings.wishes import SYSTEM, Wish
from resources.models import Requirement, Resource, Service
from resources.services import change_location
from tests.builders import (
    EVENING,
    HOUR,
    NOW,
    business,
    channel,
    location,
    resource,
    service,
    tables,
    wish,
)

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

EVENING_HERE = {"booking_date": "2026-06-20", "start_time": "19:00", "duration_minutes": "60"}


@pytest.fixture
def bistro() -> Business:
    made = business("Bistro")
    tables(made, 3)
    return made


class Program:
    """A program with a key, that asks what is free this evening."""

    def __init__(self, of: Business) -> None:
        self.business = of
        self.channel, self.key = channel(of)

    def asks(self) -> Any:
        return Client().get(
            f"/v1/dynamic/availability/{self.business.pk}",
            EVENING_HERE,
            headers={"Authorization": f"Bearer {self.key}"},
            **{"openbook.now": NOW},  # type: ignore[arg-type]
        )

    def hears(self) -> tuple[int, list[str]]:
        answer = self.asks()
        return answer.status_code, answer.json().get("free_resources", [])


@pytest.fixture
def program(bistro: Business) -> Program:
    return Program(bistro)


@contextlib.contextmanager
def redis_commands() -> Iterator[list[str]]:
    """What is asked of this test's part of Redis meanwhile, but for what scripts do themselves."""
    redis = limiter()._redis
    ours = redis.connection_pool.connection_kwargs["db"]
    found: list[str] = []
    with redis.monitor() as monitor:
        yield found
        redis.echo("that was all")
        for each in monitor.listen():
            if each["db"] != ours or each["client_type"] == "lua":
                continue
            name = each["command"].split()[0].upper()
            if name == "ECHO":
                return
            if name not in ("HELLO", "CLIENT", "SELECT"):  # a new connection's greeting
                found.append(name)


def test_availability_costs_two_queries_at_first_and_one_from_then_on(
    program: Program, django_assert_num_queries: Any
) -> None:
    limiter().count("somebody")  # Redis learns the script
    with redis_commands() as asked:
        with django_assert_num_queries(2):  # who asks; the tables, with what is taken of them
            program.asks()
        with django_assert_num_queries(2):  # who asks, now that the epoch was heard; what is taken
            program.asks()
        with django_assert_num_queries(1):  # what is taken
            assert program.hears() == (200, ["Table 1", "Table 2", "Table 3"])
    assert asked == ["EVALSHA"] * 3


def test_a_booking_costs_what_it_must(program: Program, django_assert_num_queries: Any) -> None:
    of = program.business

    def books(start: str) -> int:
        asked = {
            "business_id": str(of.pk),
            "booking_date": "2026-06-20",
            "start_time": start,
            "duration_minutes": 60,
            "capacity": 2,
            "first_name": "Maria",
            "last_name": "Garcia",
            "email": "maria@example.com",
            "phone": "+1234567890",
        }
        return (
            Client()
            .post(
                "/v1/dynamic/bookings",
                asked,
                content_type="application/json",
                headers={"Authorization": f"Bearer {program.key}"},
                **{"openbook.now": NOW},  # type: ignore[arg-type]
            )
            .status_code
        )

    # Who asks; then begin, a look, the lock, another look, all rows at once, commit.
    with django_assert_num_queries(7):
        assert books("12:00") == 201
    books("14:00")
    with django_assert_num_queries(6):
        assert books("16:00") == 201


def renamed(program: Program) -> None:
    table = Resource.objects.get(name="Table 2")
    table.name = "Window"
    table.save()


def closed(program: Program) -> None:
    table = Resource.objects.get(name="Table 2")
    table.is_active = False
    table.save()


def added(program: Program) -> None:
    resource(program.business, "Table 4", covers_max=4)


def dropped(program: Program) -> None:
    Resource.objects.get(name="Table 2").delete()


def taken(program: Program) -> None:
    services.book(
        wish(program.business, resource_id=Resource.objects.get(name="Table 2").pk),
        guest=None,
        by=SYSTEM,
        source="test",
        now=NOW,
    )


def given_up(program: Program) -> None:
    change_location(program.business.locations.get(), is_active=False)


def scheduled(program: Program) -> None:
    change_business(program.business, booking_mode=Business.Mode.SCHEDULED)


def revoked(program: Program) -> None:
    revoke_key(Channel.objects.get(pk=program.channel.pk))


def unpaid(program: Program) -> None:
    subscription = Subscription.objects.get(business=program.business)
    subscription.status = Subscription.Status.PAST_DUE
    subscription.save()


def poorer(program: Program) -> None:
    plan = Plan.objects.get(pk="scale")
    plan.allows_dynamic = False
    plan.save()


CHANGES: list[tuple[Callable[[Program], None], tuple[int, list[str]]]] = [
    (renamed, (200, ["Table 1", "Table 3", "Window"])),
    (closed, (200, ["Table 1", "Table 3"])),
    (added, (200, ["Table 1", "Table 2", "Table 3", "Table 4"])),
    (dropped, (200, ["Table 1", "Table 3"])),
    (taken, (200, ["Table 1", "Table 3"])),
    (given_up, (200, [])),
    (scheduled, (400, [])),
    (revoked, (401, [])),
    (unpaid, (402, [])),
    (poorer, (402, [])),
]


@pytest.mark.parametrize(
    ("change", "said"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
def test_a_change_is_heard_by_the_very_next_request(
    program: Program, change: Callable[[Program], None], said: tuple[int, list[str]]
) -> None:
    for _ in range(3):
        assert program.hears() == (200, ["Table 1", "Table 2", "Table 3"])
    change(program)
    assert program.hears() == said
    assert program.hears() == said


def test_what_is_remembered_is_free_as_what_is_read(bistro: Business) -> None:
    bikes = resource(bistro, "Bikes", kind="spot", units=3, covers_max=1)

    def free(size: int, epoch: bytes | None) -> list[tuple[str, frozenset[int]]]:
        found = selectors.free(wish(bistro, party_size=size), now=NOW, epoch=epoch)
        return [(each.candidate.name, each.candidate.taken_units) for each in found]

    free(1, b"now")  # remembered from here on
    for count in range(4):
        for size in (1, 2, 3):
            assert free(size, b"now") == free(size, None)
        assert ("Bikes" in dict(free(1, b"now"))) == (count < 3)
        if count < 3:
            services.book(
                wish(bistro, party_size=1, resource_id=bikes.pk),
                guest=None, by=SYSTEM, source="test", now=NOW,
            )  # fmt: skip
    services.book(wish(bistro), guest=None, by=SYSTEM, source="test", now=NOW)
    assert free(2, b"now") == free(2, None) == [("Table 2", frozenset()), ("Table 3", frozenset())]


def test_a_change_that_is_taken_back_was_never_heard(program: Program) -> None:
    for _ in range(3):
        program.asks()
    with transaction.atomic():
        renamed(program)
        transaction.set_rollback(True)
    assert program.hears() == (200, ["Table 1", "Table 2", "Table 3"])


def test_what_is_seen_inside_a_transaction_is_not_remembered(program: Program) -> None:
    for _ in range(3):
        program.asks()
    with transaction.atomic():
        renamed(program)
        assert program.hears() == (200, ["Table 1", "Table 3", "Window"])
        transaction.set_rollback(True)
    assert program.hears() == (200, ["Table 1", "Table 2", "Table 3"])


def test_another_business_is_not_disturbed(
    program: Program, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        program.asks()
    resource(business("Elsewhere"), "Table 1")
    Subscription.objects.all()  # the builder's subscription began an epoch for all
    program.asks()
    resource(Business.objects.get(name="Elsewhere"), "Table 2")
    with django_assert_num_queries(1):
        program.asks()


def test_without_redis_nothing_is_remembered(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        program.asks()
    nowhere = Limiter("redis://127.0.0.1:1/0")
    monkeypatch.setattr("bookings.api.availengine.gate.limiter", lambda: nowhere)
    monkeypatch.setattr("accounts.remembered.limiter", lambda: nowhere)
    renamed(program)  # Redis doesn't hear of it
    assert program.hears() == (200, ["Table 1", "Table 3", "Window"])


def test_the_limiter_asks_again_after_redis_forgot_its_script_or_hung_up() -> None:
    mine = Limiter(settings.REDIS_URL)
    assert [mine.count("x").asked, mine.count("x").asked] == [1, 2]
    mine._redis.script_flush()
    assert mine.count("x").asked == 3
    mine._redis.client_kill_filter(skipme=True)
    assert mine.count("x").asked == 4


def test_a_held_table_is_free_again_when_the_hold_lapses(program: Program) -> None:
    for _ in range(3):
        program.asks()
    services.hold(wish(program.business), by=SYSTEM, source="test", lasts=HOUR, now=NOW - HOUR)
    assert program.hears() == (200, ["Table 1", "Table 2", "Table 3"])
    services.hold(
        wish(program.business, starts_at=EVENING), by=SYSTEM, source="test", lasts=HOUR, now=NOW
    )
    assert program.hears() == (200, ["Table 2", "Table 3"])


@pytest.fixture
def salon() -> Service:
    """A service by one of five people, and the hours of the place."""
    made = business("Salon", booking_mode="scheduled")
    OpeningHours.objects.bulk_create(
        OpeningHours(location=location(made), weekday=weekday, opens=time(9), closes=time(17))
        for weekday in range(1, 8)
    )
    for n in range(5):
        resource(made, f"Person {n}", kind="staff")
    cut = service(made, "Cut", duration=HOUR)
    Requirement.objects.create(service=cut, kind="staff")
    return cut


def test_a_day_of_the_timetable_costs_five_queries_however_full(
    salon: Service, django_assert_num_queries: Any
) -> None:
    of = salon.business
    _, secret = channel(of)

    def asks(*, with_key: bool = False, **query: Any) -> int:
        headers = {"Authorization": f"Bearer {secret}"} if with_key else {}
        answer = Client().get(
            f"/v1/availability/{of.pk}",
            {"date": "2026-06-20"} | query,
            headers=headers,
            **{"openbook.now": NOW},  # type: ignore[arg-type]
        )
        assert answer.status_code == 200
        return sum(each["remaining_resources"] for each in answer.json()["slots"])

    # The business (or who asks), the usual length (or the service), who could serve, the
    # timetables, what is taken.
    with django_assert_num_queries(5):
        assert asks() == 75
    with django_assert_num_queries(5):
        assert asks(service_id=salon.pk) == 75
    for hour in range(4):
        for _ in range(5):
            services.book(
                Wish.of(salon, starts_at=EVENING - (4 + hour) * HOUR),
                guest=None,
                by=SYSTEM,
                source="test",
                now=NOW,
            )
    with django_assert_num_queries(5):
        assert asks(service_id=salon.pk, with_key=True) == 30
