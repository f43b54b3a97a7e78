"""A13 and its like with real threads: what is left is sold once, and held runs are shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from bookings import invariants
from bookings.models import Booking, Session
from tests.api.appointedd.conftest import NOW, RESOURCE, Caller, Fixture, made
from tests.races.conftest import _no_deadlock  # noqa: F401 - watches over each of these too
from tests.web import together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def r() -> Any:
    fixture = made(Client())
    yield fixture
    assert invariants.broken() == []


def callers(fixture: Fixture, count: int) -> list[Caller]:
    return [Caller(Client(), fixture.api.key) for _ in range(count)]


def answer(found: Any) -> Any:
    assert not isinstance(found, BaseException), found
    return found


def statuses(found: list[Any]) -> Counter[int]:
    return Counter(answer(each).status_code for each in found)


def test_a13_the_last_space_has_one_taker(r: Fixture) -> None:
    assert [r.api.hold().status_code for _ in range(4)] == [201] * 4
    for _ in range(5):
        found = together([each.hold for each in callers(r, 2)])
        assert statuses(found) == {201: 1, 409: 1}
        (won,) = (answer(each) for each in found if answer(each).status_code == 201)
        r.api.delete(f"/availability/slots/{won.json()['data']['id']}")


def test_many_for_few_spaces(r: Fixture) -> None:
    found = together([each.hold for each in callers(r, 12)])
    assert statuses(found) == {201: 5, 409: 7}


def test_those_who_open_a_run_at_once_share_it(r: Fixture) -> None:
    r.service.only_groups = False
    r.service.save()
    start = "2022-05-27T15:00:00+01:00"
    found = together([partial(each.hold, start=start) for each in callers(r, 8)])
    assert statuses(found) == {201: 5, 409: 3}
    assert Session.objects.exclude(pk=r.session.pk).count() == 1


def test_a_reservation_is_turned_into_one_booking(r: Fixture) -> None:
    for _ in range(3):
        held = r.api.hold()
        found = together([partial(each.convert, held) for each in callers(r, 3)])
        assert statuses(found) == {201: 1, 404: 2}
    assert Booking.objects.filter(state="confirmed").count() == 3


def test_booking_the_last_space_against_holding_it(r: Fixture) -> None:
    """A conversion that wants more spaces than were held, against a hold for the last one."""
    four = r.api.hold(required_spaces=4)
    person = {"customer": {"profile": {"firstname": "Ada", "lastname": "L"}}, "spaces": 5}
    one, two = callers(r, 2)
    calls: list[Callable[[], Any]] = [partial(one.convert, four, person), two.hold]
    found = together(calls)
    assert statuses(found) == {201: 1, 409: 1}


def test_converting_at_the_last_moment_against_taking_the_time(r: Fixture) -> None:
    """A run that is only held is made to stay by one caller, or cleared away by another."""
    r.service.only_groups = False
    r.service.save()
    expiry = NOW + timedelta(minutes=20)
    for hour in range(5):
        start = f"2022-05-27T{10 + hour}:00:00+01:00"
        held = r.api.hold(start=start, resource_id=RESOURCE)
        one, two = callers(r, 2)
        last = partial(one.at(expiry - timedelta(milliseconds=1)).convert, held)
        late = partial(two.at(expiry).hold, start=start, required_spaces=5)
        calls: list[Callable[[], Any]] = [last, late]
        found = [answer(each).status_code for each in together(calls)]
        assert found in ([201, 409], [404, 201])
