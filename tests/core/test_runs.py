"""Runs that guests open themselves: held together, admitted one by one, changed as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.errors import Conflict
from accounts.models import Business
from billing.gateways import Notice
from billing.gateways.sandbox import Sandbox
from billing.models import Account
from bookings import invariants, services
from bookings.errors import HoldExpired, SlotTaken, WrongState
from bookings.models import Allocation, Booking, Event, Session
from bookings.services import Comer
from bookings.wishes import GUEST, SYSTEM, GuestDetails, Wish
from resources.models import Requirement, Resource, Service
from tests.builders import EVENING, HOUR, MARIA, MINUTE, NOW, business, resource, service

pytestmark = pytest.mark.django_db

TEN = timedelta(minutes=10)
LATER = NOW + TEN


@dataclasses.dataclass
class Studio:
    business: Business
    yoga: Service
    teachers: list[Resource]

    def hold(self, spaces: int = 1, *, now: datetime = NOW, **fields: Any) -> Booking:
        wish = Wish.of(self.yoga, starts_at=fields.pop("starts_at", EVENING), **fields)
        return services.hold_run(wish, spaces=spaces, lasts=TEN, by=SYSTEM, source="test", now=now)

    def admit(self, hold: Booking, *sizes: int | None, now: datetime = NOW) -> Session:
        comers = [Comer(GuestDetails("Ada", "Lovelace"), size) for size in sizes]
        found = services.admit(hold, comers, by=SYSTEM, source="test", now=now)
        assert isinstance(found, Session)
        return found

    def taken(self) -> list[tuple[str, datetime | None]]:
        """What the teachers are taken for."""
        rows = Allocation.objects.filter(booking=None).order_by("resource__name", "starts_at")
        return list(rows.values_list("resource__name", "expires_at"))


@pytest.fixture
def studio() -> Iterator[Studio]:
    of = business("Studio")
    yoga = service(of, "Yoga", capacity=5, allows_groups=True)
    teachers = [resource(of, name, kind="staff") for name in ("Ana", "Ben")]
    Requirement.objects.create(service=yoga, kind="staff").resources.add(*teachers)
    yield Studio(of, yoga, teachers)
    assert invariants.broken() == []


def states() -> list[str]:
    return list(Session.objects.order_by("created_at", "pk").values_list("state", flat=True))


def test_those_who_want_the_same_start_share_one_run(studio: Studio) -> None:
    one, two = studio.hold(3), studio.hold(2, now=NOW + MINUTE)
    assert one.session_id == two.session_id
    assert studio.taken() == [("Ana", NOW + MINUTE + TEN)]
    three = studio.hold(1)
    assert three.session_id != one.session_id
    with pytest.raises(SlotTaken):
        studio.hold(5)
    with pytest.raises(SlotTaken):
        studio.hold(6, starts_at=EVENING + 2 * HOUR)


def test_the_first_to_come_for_sure_makes_it_stay(studio: Studio) -> None:
    one, two = studio.hold(), studio.hold()
    run = studio.admit(two, None)
    assert (run.state, run.expires_at, studio.taken()) == ("scheduled", None, [("Ana", None)])
    assert Event.objects.filter(kind="session.scheduled").count() == 1
    with pytest.raises(HoldExpired):
        studio.admit(one, None, now=LATER)
    assert services.room(run, now=LATER) == 4


def test_a_run_that_nobody_came_for_is_nothing_from_its_expiry_on(studio: Studio) -> None:
    one = studio.hold(5, resource_id=studio.teachers[0].pk)
    with pytest.raises(SlotTaken):
        studio.hold(5, resource_id=studio.teachers[0].pk, now=LATER - timedelta.resolution)
    two = studio.hold(5, resource_id=studio.teachers[0].pk, now=LATER)
    assert two.session_id != one.session_id
    assert states() == ["expired", "held"]
    one.refresh_from_db()
    assert one.state == "expired"
    with pytest.raises(HoldExpired):
        studio.admit(one, None, now=LATER)


def test_the_sweep_clears_it_away(studio: Studio) -> None:
    studio.hold(2)
    assert len(services.expire_holds(now=LATER)) == 1
    assert (states(), Allocation.objects.count()) == (["expired"], 0)


def test_letting_go_of_the_last_hold_frees_the_time(studio: Studio) -> None:
    one, two = studio.hold(), studio.hold(now=NOW + MINUTE)
    services.release(two, by=SYSTEM, now=NOW)
    assert studio.taken() == [("Ana", NOW + TEN)]
    services.release(one, by=SYSTEM, now=NOW)
    assert (states(), studio.taken()) == (["expired"], [])


@pytest.mark.parametrize(
    "held, sizes, left",
    [(3, [None], 2), (3, [1], 4), (3, [1, 2], 2), (1, [2, 3], 0), (2, [], 5), (1, [5], 0)],
)
def test_who_comes_takes_what_they_need(
    studio: Studio, held: int, sizes: list[int | None], left: int
) -> None:
    run = studio.admit(studio.hold(held), *sizes)
    came = run.bookings.filter(state="confirmed").values_list("party_size", flat=True)
    assert sorted(came) == sorted(size or held for size in sizes)
    assert services.room(run, now=NOW) == left


def test_there_is_not_room_for_all(studio: Studio) -> None:
    hold = studio.hold(2)
    studio.hold(2)
    with pytest.raises(SlotTaken):
        studio.admit(hold, 2, 2)
    hold.refresh_from_db()
    assert (hold.state, states()) == ("held", ["held"])


def test_a_hold_is_good_once(studio: Studio) -> None:
    hold = studio.hold()
    studio.admit(hold, None)
    with pytest.raises(WrongState):
        studio.admit(hold, None)


def test_a_class_called_off_or_moved_is_told_when_they_come(studio: Studio) -> None:
    run = studio.admit(studio.hold(), None)
    off = studio.hold()
    services.cancel_session(run, by=SYSTEM, now=NOW)
    with pytest.raises(SlotTaken):
        studio.admit(off, None)
    other = studio.admit(studio.hold(), None)
    moved = studio.hold()
    services.change_session(other, starts_at=EVENING + HOUR, by=SYSTEM, now=NOW)
    with pytest.raises(SlotTaken):
        studio.admit(moved, None)
    off.refresh_from_db()
    assert (off.state, off.expires_at) == ("held", LATER)


def test_a_run_stays_for_who_has_yet_to_pay_when_the_others_let_go(studio: Studio) -> None:
    of = studio.business
    of.deposit_enabled, of.deposit_amount_cents = True, 2500
    of.save()
    ready = {"details_submitted": True, "payouts_enabled": True}
    Account.objects.create(business=of, gateway="sandbox", reference="acct_1", **ready)
    stays, goes = studio.hold(), studio.hold()
    stays, deposit = services.confirm_with_deposit(stays, by=GUEST, guest=MARIA, now=NOW)
    assert deposit is not None
    services.release(goes, by=GUEST, now=NOW)
    assert states() == ["held"]
    assert studio.taken() == [("Ana", stays.expires_at)]
    Sandbox().pay(deposit.payment_intent_id, deposit.client_secret)
    services.heed("sandbox", Notice("evt_1", "paid", deposit.payment_intent_id), now=NOW)
    assert states() == ["scheduled"]
    assert studio.taken() == [("Ana", None)]


@pytest.mark.parametrize("how", ["called off", "moved"])
def test_no_more_places_are_held_in_a_class_called_off_or_moved(studio: Studio, how: str) -> None:
    run = services.schedule_session(studio.yoga, starts_at=EVENING, by=SYSTEM, now=NOW)
    held = services.book_places(
        run, party_size=1, guest=None, by=SYSTEM, source="test", lasts=TEN, now=NOW
    )
    if how == "moved":
        services.change_session(run, starts_at=EVENING + 3 * HOUR, by=SYSTEM, now=NOW)
    else:
        services.cancel_session(run, by=SYSTEM, now=NOW)
    with pytest.raises(SlotTaken):
        services.reschedule(held, party_size=2, by=SYSTEM, now=NOW)


def test_a_run_moves_with_everybody_in_it(studio: Studio) -> None:
    run = studio.admit(studio.hold(2), 1, 1)
    ben = studio.teachers[1]
    services.change_session(
        run, starts_at=EVENING + HOUR, resource_ids=[ben.pk], by=SYSTEM, now=NOW
    )
    assert set(run.bookings.values_list("starts_at", "ends_at")) == {
        (EVENING + HOUR, EVENING + 2 * HOUR)
    }
    assert studio.taken() == [("Ben", None)]
    kinds = Event.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-3:] == ["booking.updated", "booking.updated", "session.changed"]


def test_a_run_does_not_move_onto_another(studio: Studio) -> None:
    run = studio.admit(studio.hold(), None)
    studio.hold(5, starts_at=EVENING + HOUR, resource_id=studio.teachers[0].pk)
    with pytest.raises(SlotTaken):
        services.change_session(run, starts_at=EVENING + HOUR, by=SYSTEM, now=NOW)
    run.refresh_from_db()
    assert run.starts_at == EVENING


def test_more_places_or_fewer(studio: Studio) -> None:
    run = studio.admit(studio.hold(3), 1, 1, 1)
    first = run.bookings.order_by("created_at").first()
    assert first is not None
    services.cancel(first, by=SYSTEM, now=NOW)
    run = services.change_session(run, capacity=2, by=SYSTEM, now=NOW)
    assert services.room(run, now=NOW) == 0
    with pytest.raises(Conflict):
        services.change_session(run, capacity=1, by=SYSTEM, now=NOW)


def test_a_booking_becomes_a_run_and_keeps_its_id(studio: Studio) -> None:
    booking = services.book(
        Wish.of(studio.yoga, starts_at=EVENING), guest=MARIA, by=SYSTEM, source="test", now=NOW
    )
    run = services.open_run(booking, by=SYSTEM, now=NOW)
    booking.refresh_from_db()
    assert (run.pk, booking.session_id, run.capacity) == (booking.pk, run.pk, 1)
    services.cancel(booking, by=SYSTEM, now=NOW)
    assert studio.taken() == [("Ana", None)]
    assert services.room(run, now=NOW) == 1


def test_several_come_with_one_hold_of_a_time_of_its_own(studio: Studio) -> None:
    wish = Wish.of(studio.yoga, starts_at=EVENING)
    hold = services.hold(wish, by=SYSTEM, source="test", lasts=TEN, now=NOW)
    with pytest.raises(SlotTaken):
        studio.admit(hold, 1, 1)
    run = studio.admit(hold)
    assert (run.state, run.capacity, studio.taken()) == ("scheduled", 1, [("Ana", None)])


def test_one_comes_alone_with_fewer(studio: Studio) -> None:
    bikes = resource(studio.business, "Bikes", kind="bike", units=4)
    ride = service(studio.business, "Ride")
    Requirement.objects.create(service=ride, kind="bike").resources.add(bikes)
    hold = services.hold(
        Wish.of(ride, starts_at=EVENING, party_size=3), by=SYSTEM, source="test", lasts=TEN, now=NOW
    )
    booking = services.admit(hold, [Comer(MARIA, 2)], by=SYSTEM, source="test", now=NOW)
    assert isinstance(booking, Booking)
    assert (booking.state, booking.party_size, booking.guest is not None) == ("confirmed", 2, True)
    assert Allocation.objects.filter(booking=booking, expires_at=None).count() == 2


def test_a_run_knows_when_it_last_changed(studio: Studio) -> None:
    run = services.schedule_session(studio.yoga, starts_at=EVENING, by=SYSTEM, now=NOW)
    guest = GuestDetails("Ada")
    made = services.book_places(
        run, party_size=1, guest=guest, by=SYSTEM, source="test", now=NOW + MINUTE
    )
    run.refresh_from_db()
    assert (run.created_at, run.updated_at) == (NOW, NOW + MINUTE)
    services.book_places(
        run, party_size=1, guest=guest, by=SYSTEM, source="test", lasts=TEN, now=NOW + 2 * MINUTE
    )
    run.refresh_from_db()
    assert run.updated_at == NOW + MINUTE
    services.amend(made, notes="A mat, please", by=SYSTEM, now=NOW + 3 * MINUTE)
    services.cancel(made, by=SYSTEM, now=NOW + 4 * MINUTE)
    run.refresh_from_db()
    assert run.updated_at == NOW + 4 * MINUTE


def test_a_guest_is_known_by_phone_then_address_then_name(studio: Studio) -> None:
    def meet(*who: str) -> Any:
        return services.meet_guest(studio.business, GuestDetails(*who), by=SYSTEM, now=NOW).pk

    ada = meet("Ada", "Lovelace")
    assert meet("ada", "LOVELACE") == ada
    byron = meet("Ada", "Lovelace", "ada@example.org", "")
    assert byron != ada
    assert meet("A.", "L.", "Ada@Example.org", "") == byron
    alan = meet("Alan", "Turing", "", "+44 20 7946 0777")
    assert meet("A. M.", "Turing", "alan@example.org", "+442079460777") == alan
    assert Event.objects.filter(kind="guest.created").count() == 3


def test_a_booking_becomes_one_of_another_service(studio: Studio) -> None:
    booking = services.book(
        Wish.of(studio.yoga, starts_at=EVENING), guest=MARIA, by=SYSTEM, source="test", now=NOW
    )
    tai_chi = service(studio.business, "Tai chi", buffer_after=MINUTE)
    changes = services.Changes(service=tai_chi, details={"test": {"label": "Outside"}})
    booking = services.change(booking, changes, by=SYSTEM, now=NOW)
    assert (booking.service, booking.details) == (tai_chi, {"test": {"label": "Outside"}})
    assert Allocation.objects.get().ends_at == booking.ends_at + MINUTE
