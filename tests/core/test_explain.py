"""Why a time is or isn't free; and that the reasons never contradict the book."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from accounts.models import Business
from availability.models import OpeningHours
from bookings import explain, selectors, services
from bookings.wishes import SYSTEM, Wish
from resources.models import Combination
from tests.builders import EVENING, HOUR, NOW, business, location, resource, service, tables, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def bistro() -> Business:
    """A table for each reason."""
    of = business("Bistro")
    one, two, three, four, five, six = tables(of, 6)
    book(of, one)
    services.hold(wish(of, resource_id=two.pk), by=SYSTEM, source="test", now=NOW, lasts=30 * HOUR)
    services.block(
        three, starts_at=EVENING, ends_at=EVENING + HOUR, by=SYSTEM, reason="Paint", now=NOW
    )
    of.resources.filter(pk=four.pk).update(is_active=False)
    of.resources.filter(pk=five.pk).update(covers_min=3)
    of.resources.filter(pk=six.pk).update(covers_max=1)
    resource(of, "Bar", units=3, covers_max=1, display_order=1)
    services.book(
        wish(of, party_size=2, resource_id=of.resources.get(name="Bar").pk),
        guest=None, by=SYSTEM, source="test", now=NOW,
    )  # fmt: skip
    both = Combination.objects.create(
        location=location(of), name="1 and 3", covers_min=2, covers_max=8
    )
    both.members.set([one, three])
    return of


def book(of: Business, at: Any, **fields: Any) -> Any:
    asked = wish(of, resource_id=at.pk, **fields)
    return services.book(asked, guest=None, by=SYSTEM, source="test", now=NOW)


def test_a_reason_for_each_resource(bistro: Business) -> None:
    booked = bistro.bookings.get(resource_ids__contains=[bistro.resources.get(name="Table 1").pk])
    held = bistro.bookings.get(state="held")
    found = explain.explain(bistro, EVENING, HOUR, 2, now=NOW)
    assert [(each.name, each.why.value, each.words) for each in found.reasons] == [
        ("Table 1", "booked", f"Booked by {booked.reference} from 19:00 to 20:00."),
        (
            "Table 2",
            "held",
            f"Held by {held.reference} from 19:00 to 20:00, kept until 18:00.",
        ),
        ("Table 3", "blocked", "Blocked until 20:00: Paint"),
        ("Table 4", "inactive", "It is not offered at present."),
        ("Table 5", "minimum_not_reached", "It takes parties of 3 or more."),
        ("Table 6", "too_small", "It seats 1 at most."),
        ("Bar", "units_left", "1 of 3 left."),
    ]
    assert [(each.name, each.why.value, each.words) for each in found.combinations] == [
        ("1 and 3", "booked", f"Table 1: Booked by {booked.reference} from 19:00 to 20:00.")
    ]
    assert (found.is_available, found.would_get, found.refusal) == (False, (), "")


def test_a_time_that_is_free_says_who_would_serve_it(bistro: Business) -> None:
    found = explain.explain(bistro, EVENING + HOUR, HOUR, 2, now=NOW)
    assert (found.is_available, found.would_get) == (True, ("Bar",))


def test_buffers_hours_skills_and_the_past() -> None:
    spa = business("Spa")
    ana, bruno = (resource(spa, name, kind="staff") for name in ("Ana", "Bruno"))
    massage = service(spa, buffer_after=timedelta(minutes=15))
    massage.requirements.create(kind="staff").resources.add(ana)
    asked = Wish.of(massage, starts_at=EVENING)
    made = services.book(asked, guest=None, by=SYSTEM, source="test", now=NOW)
    found = explain.explain(spa, EVENING + HOUR, HOUR, service=massage, now=NOW)
    assert [(each.name, each.why.value, each.words) for each in found.reasons] == [
        ("Ana", "buffer", f"In the buffer of {made.reference}, 19:00."),
        ("Bruno", "not_qualified", "It doesn't serve “Massage”."),
    ]
    OpeningHours.objects.create(location=location(spa), weekday=1, opens=time(9), closes=time(10))
    shut = explain.explain(spa, EVENING, HOUR, keeps_hours=True, now=NOW)
    assert shut.refusal == "Outside the opening hours."
    assert {each.why.value for each in shut.reasons} == {"closed"}
    assert explain.explain(spa, NOW - HOUR, HOUR, now=NOW).refusal == "This time is in the past."
    assert bruno.name in {each.name for each in shut.reasons}


def test_it_never_contradicts_the_book(bistro: Business) -> None:
    for quarter in range(-8, 12):
        for party in (1, 2, 3, 4, 8):
            start = EVENING + quarter * timedelta(minutes=15)
            found = explain.explain(bistro, start, HOUR, party, now=NOW)
            plan = selectors.look(wish(bistro, start, party_size=party), now=NOW).plan
            assert found.is_available == (plan is not None), (quarter, party)
            says_free = any(
                each.why is explain.Why.FREE for each in (*found.reasons, *found.combinations)
            )
            assert found.is_available == says_free, (quarter, party, found)


def test_a_fixed_number_of_queries(bistro: Business, django_assert_max_num_queries: Any) -> None:
    for n in range(20):
        resource(bistro, f"More {n}")
    with django_assert_max_num_queries(7):
        explain.explain(bistro, EVENING, HOUR, 2, now=NOW)
