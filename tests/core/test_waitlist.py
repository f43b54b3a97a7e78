"""Who waits is offered what becomes free, one after another, and never booked by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import Invalid
from accounts.models import Business
from availability.models import OpeningHours
from bookings import invariants, selectors, services
from bookings.errors import HoldExpired, SlotTaken
from bookings.models import Booking, Event, Guest, Outbox, Session, WaitlistEntry
from bookings.wishes import GUEST, SYSTEM, GuestDetails, Wish
from resources.models import Location
from resources.services import remove_service
from tests.builders import (
    HOUR,
    MARIA,
    MINUTE,
    business,
    location,
    resource,
    service,
    tables,
    wish,
)  # fmt: skip

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 19, 12, 0, tzinfo=UTC)
SIX = datetime(2026, 6, 20, 17, 0, tzinfo=UTC)  # six in London
NOON = datetime(2026, 6, 20, 11, 0, tzinfo=UTC)
SATURDAY = date(2026, 6, 20)


@pytest.fixture
def gym() -> Business:
    return business(
        "Gym", timezone="Europe/London", waitlist_promotes=True, waitlist_offer_minutes=15
    )


@pytest.fixture
def run(gym: Business) -> Session:
    """A class of three that is full: a party of two and one more."""
    made = services.schedule_session(
        service(gym, "Spin", capacity=3), starts_at=SIX, by=SYSTEM, now=NOW
    )
    for n in (2, 1):
        book(made, n)
    return made


def book(run: Session, n: int = 1, **more: Any) -> Booking:
    values: dict[str, Any] = {"guest": MARIA, "by": SYSTEM, "source": "test", "now": NOW}
    return services.book_places(run, party_size=n, **(values | more))


def somebody(n: int) -> GuestDetails:
    return GuestDetails(f"Guest {n}", "", f"guest{n}@example.com", f"+44 20 7946 010{n}")


def wait(run: Session, n: int, party_size: int = 1, **more: Any) -> WaitlistEntry:
    """Somebody queues, at `n` minutes past."""
    values: dict[str, Any] = {"session": run, "now": NOW + n * MINUTE, "by": GUEST}
    return services.join_waitlist(
        run.business, guest=somebody(n), party_size=party_size, **(values | more)
    )[0]


def promote(at: datetime = NOW) -> list[str]:
    """Who has an offer now that had none before."""
    return [each.guest.first_name for each in services.promote_waitlist(now=at)]


def state(entry: WaitlistEntry) -> str:
    return WaitlistEntry.objects.get(pk=entry.pk).state


def single(run: Session) -> Booking:
    return run.bookings.get(party_size=1)


def pair(run: Session) -> Booking:
    return run.bookings.get(party_size=2)


def test_nothing_is_offered_while_nothing_is_free(run: Session) -> None:
    wait(run, 1)
    assert promote() == []


def test_a_place_that_is_cancelled_is_held_for_whoever_waits_longest(run: Session) -> None:
    late, early = wait(run, 2), wait(run, 1)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    assert promote() == ["Guest 1"]
    early.refresh_from_db()
    held = early.booking
    assert held is not None
    assert (held.state, held.party_size, held.source) == ("held", 1, "waitlist")
    assert (held.guest, held.expires_at) == (early.guest, NOW + 15 * MINUTE)
    assert (early.state, state(late)) == ("offered", "waiting")
    assert promote() == []  # there was one place
    with pytest.raises(SlotTaken):
        book(run)
    assert invariants.broken() == []


def test_an_offer_is_told_with_what_is_needed_to_accept_it(run: Session) -> None:
    entry = wait(run, 1)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    promote()
    event = Event.objects.get(kind="waitlist.offered")
    entry.refresh_from_db()
    assert event.booking_id == entry.booking_id
    assert event.data["waitlist"] == str(entry.pk)
    assert event.data["expires_at"] == (NOW + 15 * MINUTE).isoformat()
    assert Outbox.objects.filter(event=event).exists()


def test_confirming_the_hold_accepts_the_offer(run: Session) -> None:
    entry = wait(run, 1)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    promote()
    entry.refresh_from_db()
    assert entry.booking is not None
    services.confirm(entry.booking, by=GUEST, now=NOW + 14 * MINUTE)
    promote(NOW + 20 * MINUTE)
    assert state(entry) == "accepted"
    entry.booking.refresh_from_db()
    assert entry.booking.state == "confirmed"


def test_accepting_and_declining_by_name(run: Session) -> None:
    first, second, third = (wait(run, n) for n in (1, 2, 3))
    services.cancel(single(run), by=SYSTEM, now=NOW)
    promote()
    services.decline_offer(first, by=GUEST, now=NOW)
    assert promote() == ["Guest 2"]
    assert services.accept_offer(second, by=GUEST, now=NOW).state == "confirmed"
    assert services.accept_offer(second, by=GUEST, now=NOW).state == "confirmed"  # a retry
    services.decline_offer(second, by=GUEST, now=NOW)  # too late: it is theirs
    assert [state(each) for each in (first, second, third)] == ["declined", "accepted", "waiting"]
    with pytest.raises(HoldExpired):
        services.accept_offer(third, by=GUEST, now=NOW)
    assert invariants.broken() == []


def test_an_offer_lapses_by_the_clock_and_then_it_is_the_next_ones(run: Session) -> None:
    first, second = wait(run, 1), wait(run, 2)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    assert promote() == ["Guest 1"]
    assert promote(NOW + 14 * MINUTE) == []
    first.refresh_from_db()
    with pytest.raises(HoldExpired):  # whether or not anybody has swept
        services.accept_offer(first, by=GUEST, now=NOW + 15 * MINUTE)
    assert promote(NOW + 15 * MINUTE) == ["Guest 2"]
    assert promote(NOW + 30 * MINUTE) == []
    assert (state(first), state(second)) == ("lapsed", "lapsed")
    book(run, now=NOW + 30 * MINUTE)


def test_an_offer_given_back_is_the_next_ones(run: Session) -> None:
    first, _ = wait(run, 1), wait(run, 2)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    promote()
    first.refresh_from_db()
    assert first.booking is not None
    services.release(first.booking, by=GUEST, now=NOW)
    assert promote() == ["Guest 2"]
    assert state(first) == "declined"


def test_leaving_gives_an_offer_back(run: Session) -> None:
    first, _ = wait(run, 1), wait(run, 2)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    promote()
    services.leave_waitlist(first, now=NOW)
    services.leave_waitlist(first, now=NOW)
    assert (state(first), promote()) == ("removed", ["Guest 2"])


def test_the_first_whom_it_fits(run: Session) -> None:
    """Places for one don't wait for a party of two to need another."""
    two, one = wait(run, 1, 2), wait(run, 2, 1)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    assert promote() == ["Guest 2"]
    services.cancel(pair(run), by=SYSTEM, now=NOW)
    assert promote() == ["Guest 1"]
    assert (state(two), state(one)) == ("offered", "offered")


@pytest.mark.parametrize("how", ["cancelled", "smaller", "lapsed", "more places", "moved"])
def test_however_a_place_becomes_free(run: Session, how: str) -> None:
    entry = wait(run, 1)
    at = NOW
    match how:
        case "cancelled":
            services.cancel(single(run), by=SYSTEM, now=NOW)
        case "smaller":
            services.change_party_size(pair(run), party_size=1, by=SYSTEM, now=NOW)
        case "more places":
            services.change_session(run, capacity=4, by=SYSTEM, now=NOW)
        case "lapsed":
            services.cancel(single(run), by=SYSTEM, now=NOW)
            book(run, lasts=5 * MINUTE)
            assert promote() == []
            at = NOW + 5 * MINUTE
        case "moved":
            services.change_session(run, capacity=4, starts_at=SIX + HOUR, by=SYSTEM, now=NOW)
    assert promote(at) == ["Guest 1"]
    assert state(entry) == "offered"
    assert invariants.broken() == []


def test_a_class_that_has_begun_or_was_called_off_is_not_offered(run: Session) -> None:
    wait(run, 1)
    single_ = single(run)
    services.check_in(single_, by=SYSTEM, now=SIX)
    services.mark_no_show(pair(run), by=SYSTEM, now=SIX)
    assert promote(SIX) == []
    services.cancel_session(run, by=SYSTEM, now=SIX)
    assert promote(SIX) == []


def test_an_offer_never_outlasts_the_start(run: Session) -> None:
    entry = wait(run, 1)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    promote(SIX - 4 * MINUTE)
    entry.refresh_from_db()
    assert entry.booking is not None
    assert entry.booking.expires_at == SIX


@pytest.mark.parametrize(
    "settings",
    [{"waitlist_promotes": False}, {"waitlist_offer_minutes": 0}, {"is_active": False}],
)
def test_only_where_the_business_wants_so(run: Session, settings: dict[str, Any]) -> None:
    wait(run, 1)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    Business.objects.update(**settings)
    assert promote() == []


def test_a_business_promotes_only_when_it_was_switched_on() -> None:
    assert not business("Plain").waitlist_promotes


def test_a_class_of_that_day_will_do_for_who_asked_for_the_day(gym: Business, run: Session) -> None:
    on_saturday: dict[str, Any] = {
        "session": None, "service": run.service, "preferred_date": SATURDAY,
    }  # fmt: skip
    wait(run, 1, **(on_saturday | {"preferred_date": date(2026, 6, 21)}))
    wait(run, 2, earliest=time(19), **on_saturday)
    entry = wait(run, 3, latest=time(18), **on_saturday)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    assert promote() == ["Guest 3"]
    entry.refresh_from_db()
    assert entry.booking is not None
    assert entry.booking.session == run


@pytest.fixture
def bistro() -> Business:
    """One table, open from noon to three, an hour a party: full on Saturday."""
    of = business(
        "Bistro", timezone="Europe/London", waitlist_promotes=True, slot_interval_minutes=30
    )
    tables(of, 1)
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(of), weekday=weekday, opens=time(12), closes=time(15)
        )
    for hour in range(3):
        services.book(wish(of, NOON + hour * HOUR), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    return of


def queue(of: Business, n: int, party_size: int = 2, **more: Any) -> WaitlistEntry:
    values: dict[str, Any] = {"preferred_date": SATURDAY, "now": NOW + n * MINUTE, "by": GUEST}
    return services.join_waitlist(of, guest=somebody(n), party_size=party_size, **(values | more))[
        0
    ]


def test_a_table_that_becomes_free_that_day(bistro: Business) -> None:
    queue(bistro, 1, 9)
    queue(bistro, 2, preferred_date=date(2026, 6, 19))
    queue(bistro, 3, earliest=time(14))
    entry, second = queue(bistro, 4), queue(bistro, 5)
    evening = NOW + 3 * HOUR  # Friday's table too has had its day
    assert promote(evening) == []
    services.cancel(bistro.bookings.get(starts_at=NOON + HOUR), by=SYSTEM, now=evening)
    assert promote(evening) == ["Guest 4"]
    entry.refresh_from_db()
    assert entry.booking is not None
    assert (entry.booking.starts_at, entry.booking.ends_at) == (NOON + HOUR, NOON + 2 * HOUR)
    assert promote(evening + 15 * MINUTE) == ["Guest 5"]
    services.decline_offer(second, by=GUEST, now=evening)
    assert promote(evening) == []
    assert invariants.broken() == []


def test_only_what_guests_could_book_themselves(bistro: Business) -> None:
    queue(bistro, 1)
    services.cancel(bistro.bookings.get(starts_at=NOON), by=SYSTEM, now=NOW)
    bistro.resources.update(is_online=False)
    assert promote() == []
    bistro.resources.update(is_online=True)
    Business.objects.update(min_notice_minutes=7 * 24 * 60)
    assert promote() == []
    Business.objects.update(min_notice_minutes=0)
    OpeningHours.objects.update(opens=time(13))
    assert promote() == []
    OpeningHours.objects.update(opens=time(12))
    assert promote() == ["Guest 1"]


def test_a_treatment_with_all_that_it_needs() -> None:
    spa = business("Spa", timezone="Europe/London", waitlist_promotes=True)
    OpeningHours.objects.create(location=location(spa), weekday=6, opens=time(12), closes=time(14))
    massage = service(spa, duration=HOUR, cleanup=30 * MINUTE)
    for kind in ("staff", "room"):
        resource(spa, kind.title(), kind=kind)
        massage.requirements.create(kind=kind)
    asked = Wish.of(massage, starts_at=NOON, keeps_hours=True)
    booked = services.book(asked, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    entry = queue(spa, 1, 1, service=massage)
    assert promote() == []
    services.cancel(booked, by=SYSTEM, now=NOW)
    assert promote() == ["Guest 1"]
    entry.refresh_from_db()
    assert entry.booking is not None
    assert (entry.booking.starts_at, len(entry.booking.resource_ids)) == (NOON, 2)
    assert invariants.broken() == []


def test_a_guest_is_offered_as_they_are_known(run: Session) -> None:
    guests = Guest.objects.count()
    entry = wait(run, 1)
    services.cancel(single(run), by=SYSTEM, now=NOW)
    promote()
    entry.refresh_from_db()
    assert Guest.objects.count() == guests + 1
    assert entry.booking is not None
    assert entry.booking.guest_id == entry.guest_id


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"party_size": 4}, "party_size"),
        ({"now": SIX}, "session"),
        ({"session": None}, "preferred_date"),
        ({"session": None, "preferred_date": date(2026, 6, 18)}, "preferred_date"),
        ({"earliest": time(19), "latest": time(18)}, "latest"),
    ],
)
def test_what_cannot_be_waited_for(run: Session, fields: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        wait(run, 1, **fields)
    assert list(refused.value.fields) == [where]


def test_the_queue_of_a_class_is_its_own(gym: Business, run: Session) -> None:
    other = services.schedule_session(run.service, starts_at=SIX + HOUR, by=SYSTEM, now=NOW)
    wait(other, 1)
    wait(run, 2)
    _, position = services.join_waitlist(gym, guest=MARIA, session=run, by=GUEST, now=NOW)
    assert position == 2
    assert selectors.waitlist(gym).count() == 3


def test_a_class_taken_out_of_the_book_leaves_a_wish_for_its_day(run: Session) -> None:
    empty = services.schedule_session(run.service, starts_at=SIX + HOUR, by=SYSTEM, now=NOW)
    entry = wait(empty, 1)
    empty.delete()
    entry.refresh_from_db()
    assert (entry.session, entry.service, entry.preferred_date) == (None, run.service, SATURDAY)


def test_looking_costs_the_same_however_many_wait_for_the_same(run: Session) -> None:
    counts = []
    for queued in (range(1, 3), range(3, 10)):
        for n in queued:
            wait(run, n)
        with CaptureQueriesContext(connection) as queries:
            assert promote() == []
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] < 16
    Business.objects.update(waitlist_promotes=False)
    with CaptureQueriesContext(connection) as queries:
        promote()
    assert len(queries) == 2


def test_what_is_offered_to_nobody_any_more_is_not_offered_to_who_waits(bistro: Business) -> None:
    dinner = service(bistro, "Dinner", duration=HOUR)
    queue(bistro, 1, service=dinner)
    dinner.is_active = False
    dinner.save()
    services.cancel(bistro.bookings.get(starts_at=NOON), by=SYSTEM, now=NOW)
    assert promote() == []


def test_a_day_is_over_when_it_is_over_at_every_place(bistro: Business) -> None:
    midnight = datetime(2026, 6, 20, 23, 30, tzinfo=UTC)  # of Saturday, in London
    with pytest.raises(Invalid):
        queue(bistro, 1, now=midnight)
    Location.objects.create(business=bistro, name="Annexe", timezone="America/New_York")
    assert queue(bistro, 1, now=midnight).preferred_date == SATURDAY


def test_one_business_that_cannot_be_looked_at_keeps_no_other_waiting(
    bistro: Business, caplog: pytest.LogCaptureFixture
) -> None:
    queue(bistro, 1)
    services.cancel(bistro.bookings.get(starts_at=NOON), by=SYSTEM, now=NOW)
    for _ in range(8):  # whichever of them is looked at first
        broken = business("Broken", waitlist_promotes=True)
        queue(broken, 2)
        Location.objects.filter(business=broken).update(timezone="Mars/Olympus")
    assert promote() == ["Guest 1"]
    assert "can't be looked at" in caplog.text


def test_who_waited_for_a_day_that_is_over_everywhere_waits_no_more(bistro: Business) -> None:
    early, late = queue(bistro, 1), queue(bistro, 2, preferred_date=date(2026, 6, 21))
    monday = datetime(2026, 6, 22, 1, 0, tzinfo=UTC)  # it is still Sunday in the west
    assert services.close_waitlist(now=monday) == 1
    assert (state(early), state(late)) == ("lapsed", "waiting")
    assert list(selectors.waitlist(bistro)) == [late]


def test_who_queued_twice_has_one_offer_at_a_time(run: Session) -> None:
    first, second = wait(run, 1), wait(run, 1, now=NOW + 2 * MINUTE)
    other = wait(run, 3)
    services.cancel(pair(run), by=SYSTEM, now=NOW)  # two places
    assert promote() == ["Guest 1", "Guest 3"]
    assert (state(first), state(second), state(other)) == ("offered", "waiting", "offered")
    services.decline_offer(first, by=SYSTEM, now=NOW)
    assert promote() == ["Guest 1"]
    assert state(second) == "offered"


def test_who_waited_for_a_service_that_is_no_more_does_not_wait_for_anything(
    bistro: Business,
) -> None:
    brunch = service(bistro, "Brunch", duration=HOUR)
    entry = queue(bistro, 1, service=brunch)
    remove_service(brunch)
    assert state(entry) == "removed"
    services.cancel(bistro.bookings.get(starts_at=NOON), by=SYSTEM, now=NOW)
    assert promote() == []
