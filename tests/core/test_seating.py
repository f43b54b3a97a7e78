"""At the door: walking in, waiting, sitting down elsewhere, and being squeezed in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Business
from bookings import invariants, selectors, services
from bookings.errors import InThePast, SlotTaken, WrongState
from bookings.models import Allocation, Block, Booking, Event, WaitlistEntry
from bookings.wishes import SYSTEM, Actor
from tests.builders import EVENING, HOUR, MARIA, MINUTE, NOW, business, location, tables, user, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def bistro() -> Business:
    made = business("Bistro")
    tables(made, 2)
    return made


@pytest.fixture
def host(bistro: Business) -> Actor:
    return Actor.user(user(of=bistro, role="staff"))


def well() -> bool:
    return invariants.broken() == []


def test_who_walks_in_is_booked_and_here_in_one_go(bistro: Business, host: Actor) -> None:
    made = services.seat_walk_in(wish(bistro), by=host, now=EVENING)
    assert (made.state, made.guest, made.source) == ("checked_in", None, "walk-in")
    kinds = list(made.events.order_by("id").values_list("kind", flat=True))
    assert kinds == [Event.Kind.CREATED, Event.Kind.CHECKED_IN]
    assert well()


def test_who_can_t_be_seated_leaves_nothing_behind(bistro: Business, host: Actor) -> None:
    for _ in range(2):
        services.seat_walk_in(wish(bistro), by=host, now=EVENING)
    with pytest.raises(SlotTaken):
        services.seat_walk_in(wish(bistro), by=host, guest=MARIA, now=EVENING)
    assert (Booking.objects.count(), bistro.guests.count()) == (2, 0)


def test_who_waited_sits_down_once(bistro: Business, host: Actor) -> None:
    entry, _ = services.join_waitlist(
        bistro,
        guest=MARIA,
        preferred_date=EVENING.date(),
        party_size=2,
        quoted_for=EVENING + 20 * MINUTE,
        by=host,
        now=EVENING,
    )
    later = EVENING + 15 * MINUTE
    made = services.seat_waiting(entry, wish(bistro, later), by=host, now=later)
    entry.refresh_from_db()
    assert (entry.state, entry.booking, made.guest) == ("accepted", made, entry.guest)
    with pytest.raises(Conflict):
        services.seat_waiting(entry, wish(bistro, later), by=host, now=later)
    assert Booking.objects.count() == 1
    assert well()


def test_who_waits_at_the_door_is_offered_nothing(bistro: Business, host: Actor) -> None:
    bistro.waitlist_promotes = True
    bistro.save()
    services.join_waitlist(
        bistro,
        guest=MARIA,
        preferred_date=EVENING.date(),
        quoted_for=EVENING,
        by=host,
        now=EVENING,
    )
    assert services.promote_waitlist(bistro, now=EVENING) == []
    assert WaitlistEntry.objects.get().state == "waiting"


def test_a_party_sits_down_where_it_was_given_or_elsewhere(bistro: Business, host: Actor) -> None:
    first, second = bistro.resources.order_by("name")
    here = services.book(wish(bistro), guest=MARIA, by=host, source="test", now=EVENING - HOUR)
    seated = services.seat(here, resource_id=second.pk, by=host, now=EVENING)
    assert (seated.state, seated.resource_ids) == ("checked_in", [second.pk])
    other = services.book(wish(bistro), guest=MARIA, by=host, source="test", now=EVENING - HOUR)
    with pytest.raises(SlotTaken):
        services.seat(other, resource_id=second.pk, by=host, now=EVENING)
    other.refresh_from_db()
    assert (other.state, other.resource_ids) == ("confirmed", [first.pk])
    assert services.seat(other, by=host, now=EVENING).state == "checked_in"
    assert well()


# --- overbooking ---------------------------------------------------------------------------------


def squeezed_in(of: Business, host: Actor, reason: str = "The mayor.") -> Booking:
    return services.overbook(
        wish(of), location(of), reason=reason, guest=MARIA, by=host, now=EVENING - HOUR
    )


def test_overbooking_takes_nothing_and_says_why(bistro: Business, host: Actor) -> None:
    made = squeezed_in(bistro, host)
    assert (made.state, made.resource_ids, made.overbooked) == ("confirmed", [], "The mayor.")
    assert Allocation.objects.count() == 0
    (event,) = made.events.all()
    assert (event.actor, event.data["overbooked"]) == (str(host), "The mayor.")
    # Two tables are still to be had, and the third party is still refused.
    assert len(selectors.free(wish(bistro), now=EVENING - HOUR)) == 2
    for _ in range(2):
        services.book(wish(bistro), guest=MARIA, by=host, source="test", now=EVENING - HOUR)
    with pytest.raises(SlotTaken):
        services.book(wish(bistro), guest=MARIA, by=host, source="test", now=EVENING - HOUR)
    assert well()


def test_nobody_overbooks_by_accident(bistro: Business, host: Actor) -> None:
    for reason in ("", "   "):
        with pytest.raises(Invalid):
            squeezed_in(bistro, host, reason)
    for actor in (SYSTEM, Actor("guest"), Actor("channel", bistro.pk)):
        with pytest.raises(NotAllowed):
            squeezed_in(bistro, actor)
    with pytest.raises(Invalid):
        services.overbook(wish(bistro), location(business("Other")), reason="x", by=host)
    with pytest.raises(InThePast):
        services.overbook(wish(bistro), location(bistro), reason="x", by=host, now=EVENING + HOUR)
    assert Booking.objects.count() == 0


def test_what_is_overbooked_is_ordinary_once_it_has_a_table(bistro: Business, host: Actor) -> None:
    first, _ = bistro.resources.order_by("name")
    made = squeezed_in(bistro, host)
    moved = services.reschedule(made, resource_id=first.pk, by=host, now=EVENING - HOUR)
    assert (moved.overbooked, moved.resource_ids) == ("", [first.pk])
    assert well()


def test_what_is_overbooked_stays_so_when_nothing_is_free(bistro: Business, host: Actor) -> None:
    made = squeezed_in(bistro, host)
    for _ in range(2):
        services.book(wish(bistro), guest=MARIA, by=host, source="test", now=EVENING - HOUR)
    with pytest.raises(SlotTaken):
        services.change_party_size(made, party_size=3, by=host, now=EVENING - HOUR)
    made.refresh_from_db()
    assert (made.overbooked, made.party_size) == ("The mayor.", 2)


def test_what_is_overbooked_lives_as_any_other(bistro: Business, host: Actor) -> None:
    made = squeezed_in(bistro, host)
    made = services.check_in(made, by=host, now=EVENING)
    made = services.complete(made, by=host, now=EVENING + HOUR)
    assert well()
    made = services.undo_complete(made, by=host, now=EVENING + HOUR)
    assert (made.state, made.overbooked) == ("checked_in", "The mayor.")
    made = services.undo_check_in(made, by=host, now=EVENING + HOUR)
    made = services.cancel(made, by=host, now=EVENING + HOUR)
    with pytest.raises(WrongState):
        services.check_in(made, by=host, now=EVENING + HOUR)
    assert well()


def test_out_of_use_for_a_year_at_most() -> None:
    bistro = business("Bistro")
    (table,) = tables(bistro, 1)
    century = NOW + timedelta(days=36_500)
    with pytest.raises(Invalid):
        services.block(table, starts_at=NOW, ends_at=century, by=SYSTEM, now=NOW)
    assert not Block.objects.exists()
