"""The waitlist under load: nobody is offered anything twice, nobody is passed over."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.errors import DomainError
from bookings import invariants, services
from bookings.models import Allocation, Booking, Session, WaitlistEntry
from bookings.services import waitlist
from bookings.wishes import GUEST, SYSTEM, GuestDetails
from tests.builders import business, service
from tests.faults.test_kills import killed_before_its_commit
from tests.web import together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TOMORROW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)


def full(places: int) -> Session:
    of = business("Gym", waitlist_promotes=True)
    run = services.schedule_session(
        service(of, "Spin", capacity=places), starts_at=TOMORROW, by=SYSTEM
    )
    for _ in range(places):
        services.book_places(run, party_size=1, guest=None, by=SYSTEM, source="test")
    return run


def wait(run: Session, n: int) -> WaitlistEntry:
    who = GuestDetails(f"Guest {n}", "", f"g{n}@example.com", f"+44 20 7946 01{n:02}")
    return services.join_waitlist(run.business, guest=who, session=run, by=GUEST)[0]


def bookings(run: Session) -> list[Booking]:
    return list(run.bookings.filter(state="confirmed"))


def offered() -> list[str]:
    rows = WaitlistEntry.objects.filter(state="offered").order_by("created_at")
    return [each.guest.first_name for each in rows]


def outcome(call: Any) -> Any:
    def run() -> str:
        try:
            call()
        except DomainError as error:
            return type(error).__name__
        return "done"

    return run


def test_many_that_look_at_once_offer_each_place_once_and_in_order() -> None:
    run = full(6)
    for n in range(6):
        wait(run, n)
    for booking in bookings(run)[:4]:
        services.cancel(booking, by=SYSTEM)
    found = together([services.promote_waitlist] * 8)
    assert [each for each in found if isinstance(each, BaseException)] == []
    assert offered() == ["Guest 0", "Guest 1", "Guest 2", "Guest 3"]
    assert sum(len(each) for each in found if isinstance(each, list)) == 4
    assert Booking.objects.filter(state="held").count() == 4
    assert invariants.broken() == []


def test_offers_against_strangers_and_cancellations() -> None:
    """Places are sold to strangers or offered to who waits: each to one."""
    run = full(8)
    for n in range(8):
        wait(run, n)
    calls: list[Any] = [lambda b=b: services.cancel(b, by=SYSTEM) for b in bookings(run)]
    calls += [services.promote_waitlist] * 4
    calls += [
        lambda: services.book_places(run, party_size=1, guest=None, by=SYSTEM, source="test")
    ] * 6
    found = together([outcome(each) for each in calls])
    assert set(map(str, found)) <= {"done", "SlotTaken", "Unavailable"}
    services.promote_waitlist()
    assert Allocation.objects.filter(session=run, booking__isnull=False).count() == 8
    names = offered()
    assert names == [f"Guest {n}" for n in range(len(names))]
    assert invariants.broken() == []


def test_accepting_declining_leaving_and_looking_at_once() -> None:
    run = full(1)
    entries = [wait(run, n) for n in range(6)]
    services.cancel(bookings(run)[0], by=SYSTEM)
    for n, entry in enumerate(entries[:5]):
        services.promote_waitlist()
        assert offered() == [f"Guest {n}"]
        entry.refresh_from_db()
        ends: list[Any] = [
            lambda e=entry: services.decline_offer(e, by=GUEST),
            lambda e=entry: services.leave_waitlist(e),
            lambda e=entry: services.release(e.booking, by=GUEST),
        ]
        together([outcome(each) for each in (*ends, services.promote_waitlist)])
        assert Allocation.objects.filter(booking=entry.booking).count() == 0
    services.promote_waitlist()
    last = WaitlistEntry.objects.get(pk=entries[5].pk)
    assert last.booking is not None
    calls = [
        outcome(lambda: services.accept_offer(last, by=GUEST)),
        outcome(lambda: services.confirm(last.booking, by=GUEST)),
        outcome(services.promote_waitlist),
    ]
    assert together(calls) == ["done"] * 3
    services.promote_waitlist()
    assert WaitlistEntry.objects.get(pk=last.pk).state == "accepted"
    assert len(bookings(run)) == 1
    assert invariants.broken() == []


def test_accepting_at_the_edge_is_never_two_peoples() -> None:
    run = full(1)
    services.cancel(bookings(run)[0], by=SYSTEM)
    entries = [wait(run, n) for n in range(6)]
    for entry in entries:
        services.promote_waitlist()
        Booking.objects.filter(waitlist_entry=entry).update(
            expires_at=datetime.now(UTC) + timedelta(milliseconds=30)
        )
        Allocation.objects.filter(booking__waitlist_entry=entry).update(
            expires_at=Booking.objects.get(waitlist_entry=entry).expires_at
        )
        together(
            [
                outcome(lambda e=entry: services.accept_offer(e, by=GUEST)),
                outcome(services.promote_waitlist),
                outcome(services.expire_holds),
            ]
        )
        if bookings(run):
            break
    live = Booking.objects.filter(session=run, state__in=("confirmed", "held"))
    assert live.count() <= 1
    assert invariants.broken() == []


def test_a_worker_killed_with_an_offer_in_hand_loses_nothing() -> None:
    run = full(1)
    wait(run, 0)
    services.cancel(bookings(run)[0], by=SYSTEM)
    killed_before_its_commit("promote_waitlist")
    assert offered() == []
    assert WaitlistEntry.objects.get().state == "waiting"
    assert [each.guest.first_name for each in services.promote_waitlist()] == ["Guest 0"]
    assert invariants.broken() == []


def test_the_control_without_its_locks_one_guest_has_two_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the races above prove nothing."""
    run = full(3)
    for n in range(2):
        wait(run, n)
    for booking in bookings(run)[:2]:
        services.cancel(booking, by=SYSTEM)
    both_have_looked = threading.Barrier(2)

    def seen(entry: WaitlistEntry) -> WaitlistEntry | None:
        found = WaitlistEntry.objects.select_related("booking").filter(pk=entry.pk).first()
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_looked.wait(timeout=3)
        return found

    monkeypatch.setattr(waitlist, "lock", lambda names: None)
    monkeypatch.setattr(waitlist, "_locked", seen)
    together([services.promote_waitlist] * 2)
    first = WaitlistEntry.objects.order_by("created_at")[0]
    assert Booking.objects.filter(guest=first.guest, state="held").count() == 2
