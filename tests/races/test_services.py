"""Races between different wishes, and the control that shows what keeps them apart."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import transactions
from accounts.errors import NotFound
from accounts.models import Business
from availability.models import Closure, OpeningHours
from billing.models import Account
from bookings import allocations, selectors, services
from bookings.errors import DepositDue, HoldExpired, NotByGuest, NotOffered, SlotTaken
from bookings.models import Allocation, Booking, Guest, Session
from bookings.services import making
from bookings.wishes import SYSTEM, GuestDetails, Wish
from resources.models import Combination, Resource
from tests.builders import HOUR, MARIA, business, location, resource, service, tables, wish
from tests.web import together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SEVEN = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0) + timedelta(days=30)
OVERLAPPING = """
SELECT count(*) FROM bookings_allocation a JOIN bookings_allocation b
    ON a.resource_id = b.resource_id AND a.unit = b.unit AND a.id < b.id
   AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""


def sold_twice() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPPING)
        return int(cursor.fetchone()[0])


def asks(of: Business, **fields: Any) -> Wish:
    return wish(of, **({"starts_at": SEVEN} | fields))


def book(of: Business, **fields: Any) -> Booking:
    return services.book(asks(of, **fields), guest=None, by=SYSTEM, source="test")


def outcome(call: Any) -> Any:
    """What a caller is told."""

    def run() -> str:
        try:
            call()
        except (SlotTaken, HoldExpired) as error:
            return type(error).__name__
        return "done"

    return run


def test_holds_against_bookings() -> None:
    bistro = business("Bistro")
    tables(bistro, 10)
    hold = outcome(lambda: services.hold(asks(bistro), by=SYSTEM, source="test"))
    found = together([hold, outcome(lambda: book(bistro))] * 24)
    assert Counter(map(str, found)) == {"done": 10, "SlotTaken": 38}
    assert Allocation.objects.count() == 10


def test_moving_against_booking() -> None:
    bistro = business("Bistro")
    (table,) = tables(bistro, 1)
    moved = [book(bistro, starts_at=SEVEN + (n + 2) * HOUR) for n in range(8)]
    move = [outcome(lambda b=b: services.reschedule(b, by=SYSTEM, starts_at=SEVEN)) for b in moved]
    found = together([*move, *[outcome(lambda: book(bistro))] * 8])
    assert Counter(map(str, found)) == {"done": 1, "SlotTaken": 15}
    assert Allocation.objects.filter(resource=table, starts_at=SEVEN).count() == 1
    assert Allocation.objects.count() == Booking.objects.count()  # whoever lost is where they were


def test_two_that_want_each_others_place_are_both_answered() -> None:
    bistro = business("Bistro")
    one, two = tables(bistro, 2)
    first, second = book(bistro, resource_id=one.pk), book(bistro, resource_id=two.pk)
    for _ in range(10):
        found = together(
            [
                outcome(lambda: services.reschedule(first, by=SYSTEM, resource_id=two.pk)),
                outcome(lambda: services.reschedule(second, by=SYSTEM, resource_id=one.pk)),
            ]
        )
        assert found == ["SlotTaken", "SlotTaken"]
    assert sold_twice() == 0


def test_a_combination_against_its_members() -> None:
    bistro = business("Bistro")
    one, two = tables(bistro, 2)
    both = Combination.objects.create(
        location=location(bistro), name="Both", covers_min=5, covers_max=8
    )
    both.members.set([one, two])
    for n in range(6):
        start = SEVEN + 2 * n * HOUR
        calls = [outcome(lambda s=start: book(bistro, starts_at=s, party_size=6))] * 6
        calls += [outcome(lambda s=start: book(bistro, starts_at=s))] * 6
        together(calls)
        sizes = sorted(Booking.objects.filter(starts_at=start).values_list("party_size", flat=True))
        assert sizes in ([6], [2, 2])
    assert sold_twice() == 0


def test_staff_and_room_come_together_or_not_at_all() -> None:
    spa = business("Spa")
    for n in range(4):
        resource(spa, f"Therapist {n}", kind="staff")
    for n in range(3):
        resource(spa, f"Cabin {n}", kind="room")
    massage = service(spa)
    for kind in ("staff", "room"):
        massage.requirements.create(kind=kind)
    asked = Wish.of(massage, starts_at=SEVEN)
    call = outcome(lambda: services.book(asked, guest=None, by=SYSTEM, source="test"))
    found = together([call] * 16)
    assert Counter(map(str, found)) == {"done": 3, "SlotTaken": 13}
    assert Allocation.objects.count() == 6


def test_places_of_a_class_are_all_sold_and_none_twice() -> None:
    gym = business("Gym")
    run = services.schedule_session(service(gym, "Spin", capacity=20), starts_at=SEVEN, by=SYSTEM)
    parties = [n % 4 + 1 for n in range(64)]
    found = together(
        [
            outcome(
                lambda n=n: services.book_places(
                    run, party_size=n, guest=None, by=SYSTEM, source="test"
                )
            )
            for n in parties
        ]
    )
    assert set(map(str, found)) == {"done", "SlotTaken"}
    sold = sum(n for n, said in zip(parties, found, strict=True) if said == "done")
    assert sold == Allocation.objects.filter(session=run, booking__isnull=False).count() == 20


def test_confirming_at_the_edge_never_both() -> None:
    """A hold is confirmed, or its place is someone else's: in no race both."""
    bistro = business("Bistro")
    tables(bistro, 1)
    for n in range(12):
        start = SEVEN + 2 * n * HOUR
        held = services.hold(
            asks(bistro, starts_at=start),
            by=SYSTEM,
            source="test",
            lasts=timedelta(milliseconds=60),
        )
        threading.Event().wait(0.045 + 0.003 * (n % 8))
        found = together(
            [
                outcome(lambda h=held: services.confirm(h, by=SYSTEM)),
                outcome(lambda s=start: book(bistro, starts_at=s)),
                outcome(services.expire_holds),
            ]
        )
        assert list(map(str, found))[:2].count("done") <= 1
        live = Booking.objects.filter(starts_at=start, state="confirmed")
        assert live.count() == Allocation.objects.filter(starts_at=start, expires_at=None).count()
        assert live.count() <= 1


def test_a_hold_that_begins_to_wait_for_its_deposit_is_not_confirmed_without() -> None:
    """Whoever confirms it at that moment at another door looked before there was a deposit."""
    bistro = business("Bistro", deposit_enabled=True, deposit_amount_cents=2500)
    tables(bistro, 1)
    ready = {"details_submitted": True, "payouts_enabled": True}
    Account.objects.create(business=bistro, gateway="sandbox", reference="acct_1", **ready)
    held = services.hold(asks(bistro), by=SYSTEM, source="test")
    asked = threading.Event()

    def ask() -> str:
        with transaction.atomic():
            services.confirm_with_deposit(held, by=SYSTEM)
            asked.set()
            threading.Event().wait(0.3)
        return "asked"

    def confirm() -> str:
        asked.wait(timeout=10)
        try:
            return services.confirm(held, by=SYSTEM).state
        except DepositDue:
            return "due"

    assert together([ask, confirm]) == ["asked", "due"]
    assert Booking.objects.get().state == "pending"


def test_a_class_that_was_just_moved_is_not_moved_back_by_who_changes_who_gives_it() -> None:
    """They looked at it before, and get to it after."""
    gym = business("Gym")
    for name in ("Ana", "Ben"):
        resource(gym, name, kind="staff")
    ana, ben = Resource.objects.order_by("name")
    run = services.schedule_session(
        service(gym, "Spin", capacity=5), starts_at=SEVEN, resource_ids=[ana.pk], by=SYSTEM
    )
    moved = threading.Event()

    def move() -> None:
        with transaction.atomic():
            services.change_session(run, starts_at=SEVEN + 2 * HOUR, by=SYSTEM)
            moved.set()
            threading.Event().wait(0.3)

    def hand_over() -> None:
        moved.wait(timeout=10)
        services.change_session(run, resource_ids=[ben.pk], by=SYSTEM)

    assert together([move, hand_over]) == [None, None]
    run.refresh_from_db()
    assert (run.starts_at, run.resource_ids) == (SEVEN + 2 * HOUR, [ben.pk])
    assert list(run.allocations.values_list("starts_at", flat=True)) == [SEVEN + 2 * HOUR]


def test_a_booking_that_was_just_moved_is_held_to_the_hours_of_where_it_is() -> None:
    """Who asks for more people at that moment asks for them on the new day."""
    bistro = business("Bistro")
    tables(bistro, 1)
    next_day = SEVEN + timedelta(days=1)
    booking = book(bistro)
    Closure.objects.create(
        location=location(bistro), first_day=next_day.date(), last_day=next_day.date()
    )
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(bistro), weekday=weekday, opens=time(0), closes=time(0)
        )
    moved = threading.Event()

    def move() -> str:
        with transaction.atomic():
            services.reschedule(booking, starts_at=next_day, by=SYSTEM)
            moved.set()
            threading.Event().wait(0.3)
        return "moved"

    def enlarge() -> str:
        moved.wait(timeout=10)
        try:
            services.reschedule(booking, party_size=3, keeps_hours=True, by=SYSTEM)
        except NotOffered:
            return "closed"
        return "done"

    assert together([move, enlarge]) == ["moved", "closed"]


def test_a_guest_who_cancels_while_the_class_is_called_off_waits_for_that() -> None:
    gym = business("Gym")
    run = services.schedule_session(service(gym, "Spin", capacity=5), starts_at=SEVEN, by=SYSTEM)
    booking = services.book_places(run, party_size=1, guest=MARIA, by=SYSTEM, source="test")
    begun = threading.Event()

    def call_off() -> None:
        with transaction.atomic():
            Session.objects.select_for_update(no_key=True).get()
            begun.set()
            threading.Event().wait(0.3)
            services.cancel_session(run, by=SYSTEM)

    def cancel() -> str:
        begun.wait(timeout=10)
        try:
            services.cancel_own(booking)
        except NotByGuest:
            return "cancelled already"
        return "cancelled"

    assert together([call_off, cancel]) == [None, "cancelled already"]


@pytest.mark.parametrize("what", ["merged", "forgotten"])
def test_a_guest_is_merged_or_forgotten_after_what_they_are_just_doing(what: str) -> None:
    """They leave the waitlist and change a booking, and each is locked before the guest is."""
    bistro = business("Bistro")
    tables(bistro, 1)
    booking = services.book(asks(bistro), guest=MARIA, by=SYSTEM, source="test")
    maria, other = booking.guest, Guest.objects.create(business=bistro, first_name="Mary")
    assert maria is not None
    entry, _ = services.join_waitlist(bistro, guest=MARIA, by=SYSTEM, preferred_date=SEVEN.date())
    begun = threading.Event()

    def change() -> None:
        with transaction.atomic():
            services.leave_waitlist(entry)
            begun.set()
            threading.Event().wait(0.3)
            services.amend(booking, guest=MARIA, by=SYSTEM)

    def lose() -> None:
        begun.wait(timeout=10)
        if what == "merged":
            services.merge_guests(other, maria, by=SYSTEM)
        else:
            services.forget_guest(maria)

    assert together([change, lose]) == [None, None]
    booking.refresh_from_db()
    assert booking.guest == (other if what == "merged" else maria)


@pytest.mark.parametrize("who", ["known", "described"])
def test_a_guest_who_is_being_booked_is_merged_once_they_are(who: str) -> None:
    bistro = business("Bistro")
    tables(bistro, 1)
    details = GuestDetails("Ann", "", "ann@example.com", "")
    ann, _ = services.welcome_guest(bistro, details)
    anna, _ = services.welcome_guest(bistro, MARIA)
    guest = ann.pk if who == "known" else details
    begun = threading.Event()

    def book_her() -> None:
        with transaction.atomic():
            services.book(asks(bistro), guest=guest, by=SYSTEM, source="test")
            begun.set()
            threading.Event().wait(0.3)

    def merge() -> None:
        begun.wait(timeout=10)
        services.merge_guests(anna, ann, by=SYSTEM)

    assert together([book_her, merge]) == [None, None]
    assert Booking.objects.get().guest == anna
    with pytest.raises(NotFound):
        services.hold(asks(bistro, starts_at=SEVEN + HOUR), guest=ann.pk, by=SYSTEM, source="test")


@pytest.fixture
def no_constraint(transactional_db: None) -> Iterator[None]:
    """The exclusion constraint taken away, and put back."""
    table = Allocation._meta.db_table
    (guard,) = (c for c in Allocation._meta.constraints if c.name == "one_taker_per_unit")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Allocation, guard)
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    with connection.schema_editor() as editor:
        editor.add_constraint(Allocation, guard)


def everybody_looks_before_anybody_leaps(monkeypatch: pytest.MonkeyPatch, callers: int) -> None:
    """Take the lock away, and let all see the same free table before the first takes it."""
    all_have_looked = threading.Barrier(callers)
    look = selectors.look

    def slow_look(*args: Any, **kwargs: Any) -> selectors.Look:
        found = look(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            all_have_looked.wait(timeout=5)
        return found

    monkeypatch.setattr(selectors, "look", slow_look)
    monkeypatch.setattr(making, "lock_days", lambda *_: None)
    monkeypatch.setattr(transactions, "ATTEMPTS", 1)


def test_the_control_with_the_guards_off_it_oversells(
    no_constraint: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the races above prove nothing."""
    bistro = business("Bistro")
    tables(bistro, 1)
    everybody_looks_before_anybody_leaps(monkeypatch, 8)
    found = together([outcome(lambda: book(bistro))] * 8)
    assert found.count("done") == 8
    assert sold_twice() == 28  # every pair of the eight


def test_the_constraint_alone_never_oversells(monkeypatch: pytest.MonkeyPatch) -> None:
    bistro = business("Bistro")
    tables(bistro, 1)
    everybody_looks_before_anybody_leaps(monkeypatch, 8)
    found = together([outcome(lambda: book(bistro))] * 8)
    assert found.count("done") == 1
    assert (Allocation.objects.count(), sold_twice()) == (1, 0)


def test_lapsed_holds_in_the_way_of_a_herd() -> None:
    bistro = business("Bistro")
    tables(bistro, 4)
    for _ in range(4):
        services.hold(asks(bistro), by=SYSTEM, source="test", lasts=timedelta(milliseconds=1))
    threading.Event().wait(0.01)
    found = together([outcome(lambda: book(bistro))] * 32)
    assert Counter(map(str, found)) == {"done": 4, "SlotTaken": 28}
    assert allocations.expire_batch(limit=10, now=None) == []
