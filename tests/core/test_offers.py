"""What is offered can be booked, and what isn't can't."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Business
from availability.models import (
    Break,
    Closure,
    OpeningHours,
    RosterEntry,
    SpecialDay,
)
from bookings import offers, rules, services
from bookings.errors import NotOffered, SlotTaken
from bookings.models import Booking, Session
from bookings.wishes import SYSTEM, Search, Wish
from resources.models import Combination, Location, Requirement, Resource, Service, TurnTime
from resources.services import change_resource
from tests.builders import HOUR, MINUTE, business, location, resource, service, tables

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 20)  # a Saturday
NEXT = timedelta(days=1)
NOW = datetime(2026, 6, 19, 12, 0, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def opened(of: Location | Resource, opens: time, closes: time, **fields: Any) -> None:
    owner = {"location": of} if isinstance(of, Location) else {"resource": of}
    OpeningHours.objects.bulk_create(
        OpeningHours(weekday=weekday, opens=opens, closes=closes, **owner, **fields)
        for weekday in range(1, 8)
    )


@pytest.fixture
def spa() -> Business:
    """Ana and Bruno, two rooms, open from nine to five; a massage of an hour and a half hour."""
    made = business("Spa", booking_mode="scheduled")
    opened(location(made), time(9), time(17))
    for name in ("Ana", "Bruno"):
        resource(made, name, kind="staff")
    for name in ("Lotus", "Orchid"):
        resource(made, name, kind="room")
    massage = service(made, "Massage", duration=HOUR, slot_interval=HOUR / 2)
    for kind in ("staff", "room"):
        Requirement.objects.create(service=massage, kind=kind)
    return made


def massage(of: Business) -> Service:
    return Service.objects.get(business=of, name="Massage")


def found(of: Business, now: datetime = NOW, **fields: Any) -> dict[str, list[str]]:
    """The starts of the day by the wall, each with the names of who could serve it."""
    names = dict(Resource.objects.filter(business=of).values_list("pk", "name"))
    asked: dict[str, Any] = {
        "business": of,
        "service": Service.objects.filter(business=of).order_by("created_at").first(),
        "first_day": DAY,
        "last_day": DAY,
    }
    return {
        each.starts_at.strftime("%H:%M"): [names[id_] for id_ in each.resource_ids]
        for each in offers.slots(Search(**(asked | fields)), now=now)
    }


def book(of: Business, start: datetime, now: datetime = NOW, **fields: Any) -> Any:
    asked = Wish.of(massage(of), starts_at=start, keeps_hours=True, **fields)
    return services.book(asked, guest=None, by=SYSTEM, source="test", now=now)


def test_a_day_of_a_spa(spa: Business) -> None:
    book(spa, at(10), resource_id=Resource.objects.get(name="Ana").pk)
    assert found(spa, step=HOUR) == {
        "09:00": ["Ana", "Bruno"],
        "10:00": ["Bruno"],
        "11:00": ["Ana", "Bruno"],
        "12:00": ["Ana", "Bruno"],
        "13:00": ["Ana", "Bruno"],
        "14:00": ["Ana", "Bruno"],
        "15:00": ["Ana", "Bruno"],
        "16:00": ["Ana", "Bruno"],
    }


def test_three_queries_however_long_and_however_full(
    spa: Business, django_assert_num_queries: Any
) -> None:
    search = Search(business=spa, service=massage(spa), first_day=DAY, last_day=DAY + 60 * NEXT)
    with django_assert_num_queries(3):
        few = offers.slots(search, now=NOW)
    for hour in range(9, 16):
        book(spa, at(hour))
        RosterEntry.objects.create(
            resource=Resource.objects.get(name="Ana"),
            kind="break",
            day=DAY + hour * NEXT,
            starts=time(9),
            ends=time(10),
        )
    with django_assert_num_queries(3):
        assert offers.slots(search, now=NOW) != few


def test_no_room_no_massage(spa: Business) -> None:
    Resource.objects.filter(kind="room").update(is_active=False)
    assert found(spa) == {}


def test_people_and_rooms_are_of_one_place(spa: Business) -> None:
    other = Location.objects.create(business=spa, name="Annex")
    opened(other, time(9), time(17))
    Resource.objects.filter(kind="room").update(location=other)
    assert found(spa) == {}
    with pytest.raises(SlotTaken):
        book(spa, at(10))
    Resource.objects.filter(name="Bruno").update(location=other)
    assert found(spa, step=4 * HOUR) == {"09:00": ["Bruno"], "13:00": ["Bruno"]}
    made = book(spa, at(10))
    assert made.location == other
    assert set(Resource.objects.filter(pk__in=made.resource_ids).values_list("location")) == {
        (other.pk,)
    }


def test_only_who_is_asked_for(spa: Business) -> None:
    ana = Resource.objects.get(name="Ana")
    book(spa, at(10), resource_id=ana.pk)
    assert found(spa, step=2 * HOUR, resource_ids=frozenset({ana.pk})) == {
        "09:00": ["Ana"],
        "11:00": ["Ana"],
        "13:00": ["Ana"],
        "15:00": ["Ana"],
    }
    assert found(spa, resource_ids=frozenset({spa.pk})) == {}


def test_who_only_staff_may_book_is_not_offered_to_guests(spa: Business) -> None:
    Resource.objects.filter(name="Ana").update(is_online=False)
    assert found(spa, step=4 * HOUR) == {"09:00": ["Bruno"], "13:00": ["Bruno"]}
    assert found(spa, step=4 * HOUR, by_guest=False) == {
        "09:00": ["Ana", "Bruno"],
        "13:00": ["Ana", "Bruno"],
    }


def test_two_people_for_one_guest(spa: Business) -> None:
    Requirement.objects.filter(kind="staff").update(count=2)
    book(spa, at(10))
    assert Resource.objects.filter(allocations__starts_at=at(10)).count() == 3
    assert "10:00" not in found(spa, step=HOUR)
    with pytest.raises(SlotTaken):
        book(spa, at(10))


def test_preparation_and_cleanup_are_within_hours_and_buffers_are_not(spa: Business) -> None:
    Service.objects.update(preparation=15 * MINUTE, cleanup=10 * MINUTE, buffer_after=30 * MINUTE)
    Resource.objects.filter(name__in=("Bruno", "Orchid")).update(is_active=False)
    assert list(found(spa))[-1] == "15:30"  # until 16:55
    made = book(spa, at(12))
    (taken,) = set(made.allocations.values_list("starts_at", "ends_at"))
    assert taken == (at(12), at(13, 55))
    # From 10:35 the work would run into 12:00, and from 10:05 its buffer; 13:30 is in the buffer.
    assert [each for each in found(spa) if "10:00" <= each <= "14:30"] == [
        "10:00",
        "14:00",
        "14:30",
    ]


def test_notice_horizon_and_what_has_gone_by(spa: Business) -> None:
    assert list(found(spa, now=at(14, 10))) == ["14:30", "15:00", "15:30", "16:00"]
    Service.objects.update(min_notice=HOUR)
    assert list(found(spa, now=at(14, 10))) == ["15:30", "16:00"]
    assert next(iter(found(spa, now=at(14, 10), keeps_notice=False))) == "14:30"
    Service.objects.update(max_advance=timedelta(hours=24))
    assert list(found(spa, now=NOW, step=HOUR)) == ["09:00", "10:00", "11:00", "12:00"]


def test_rosters(spa: Business) -> None:
    ana = Resource.objects.get(name="Ana")
    Resource.objects.filter(pk=ana.pk).update(is_rostered=True)
    only_ana: dict[str, Any] = {"step": HOUR, "resource_ids": frozenset({ana.pk})}
    assert found(spa, **only_ana) == {}

    def entry(kind: str, starts: time, ends: time) -> RosterEntry:
        return RosterEntry.objects.create(
            resource=ana, kind=kind, day=DAY, starts=starts, ends=ends
        )

    shift = entry("working_hours", time(10), time(15))
    assert list(found(spa, **only_ana)) == ["10:00", "11:00", "12:00", "13:00", "14:00"]
    entry("break", time(12), time(13))
    assert list(found(spa, **only_ana)) == ["10:00", "11:00", "13:00", "14:00"]
    shift.services.add(service(spa, "Facial"))
    assert found(spa, **only_ana) == {}
    shift.services.add(massage(spa))
    entry("vacation", time(0), time(23, 59))
    assert found(spa, **only_ana) == {}


def test_a_roster_of_one_day_leaves_the_others_as_they_are(spa: Business) -> None:
    RosterEntry.objects.create(
        resource=Resource.objects.get(name="Ana"),
        kind="working_hours",
        day=DAY,
        starts=time(10),
        ends=time(11),
    )
    every: dict[str, Any] = {"first_day": DAY, "last_day": DAY, "step": 4 * HOUR}
    assert found(spa, **every) == {"09:00": ["Bruno"], "13:00": ["Bruno"]}
    tomorrow: dict[str, Any] = {"first_day": DAY + NEXT, "last_day": DAY + NEXT, "step": 4 * HOUR}
    assert found(spa, **tomorrow) == {"09:00": ["Ana", "Bruno"], "13:00": ["Ana", "Bruno"]}


@pytest.fixture
def bistro() -> Business:
    made = business("Bistro", booking_mode="scheduled")
    opened(location(made), time(18), time(23), last_start=time(21, 30))
    tables(made, 2, covers=2)
    return made


def test_an_evening_of_a_bistro(bistro: Business) -> None:
    TurnTime.objects.create(location=location(bistro), covers_max=2, duration=90 * MINUTE)
    TurnTime.objects.create(location=location(bistro), covers_max=4, duration=150 * MINUTE)
    one, two = Resource.objects.order_by("name")
    joined = Combination.objects.create(
        location=location(bistro), name="1+2", covers_min=3, covers_max=4
    )
    joined.members.set([one, two])
    asked: dict[str, Any] = {"business": bistro, "service": None, "step": HOUR}
    assert found(bistro, **asked, party_size=2) == {
        "18:00": ["Table 1", "Table 2"],
        "19:00": ["Table 1", "Table 2"],
        "20:00": ["Table 1", "Table 2"],
        "21:00": ["Table 1", "Table 2"],
    }
    wish = Wish(
        business=bistro,
        starts_at=at(20),
        duration=90 * MINUTE,
        resource_id=two.pk,
        keeps_hours=True,
    )
    services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)
    assert found(bistro, **asked, party_size=4) == {}  # two and a half hours for all the tables
    assert found(bistro, **asked, party_size=4, duration=HOUR) == {
        "18:00": [],
        "19:00": [],
    }
    late = {**asked, "step": 30 * MINUTE}
    assert list(found(bistro, **late, party_size=4)) == ["21:30"]
    assert found(bistro, **asked, party_size=5) == {}


def test_tables_are_joined_for_a_service_that_needs_one(bistro: Business) -> None:
    """As for who books none; with a waiter asked for by name too, and not where it needs two."""
    one, two = Resource.objects.order_by("name")
    ann = resource(bistro, "Ann", kind="staff", covers_max=8)
    joined = Combination.objects.create(
        location=location(bistro), name="1+2", covers_min=3, covers_max=4
    )
    joined.members.set([one, two])
    dinner = service(bistro, "Dinner", duration=HOUR, slot_interval=HOUR)
    needs = [Requirement.objects.create(service=dinner, kind=kind) for kind in ("staff", "table")]
    search = Search(business=bistro, service=dinner, first_day=DAY, last_day=DAY, party_size=4)
    assert offers.serving(search).most == 4

    def offered(**fields: Any) -> list[str]:
        slots = offers.slots(dataclasses.replace(search, **fields), now=NOW)
        return [f"{each.starts_at:%H:%M}" for each in slots]

    def dine(start: datetime, **fields: Any) -> list[str]:
        wish = Wish.of(dinner, starts_at=start, party_size=4, keeps_hours=True, **fields)
        booked = services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)
        return sorted(each.name for each in Resource.objects.filter(pk__in=booked.resource_ids))

    hours = ["18:00", "19:00", "20:00", "21:00"]
    assert offered() == offered(resource_ids=frozenset({ann.pk})) == hours
    assert offered(joinable=False) == []
    assert dine(at(19), resource_id=ann.pk) == ["Ann", "Table 1", "Table 2"]
    assert offered() == ["18:00", "20:00", "21:00"]
    needs[1].count = 2
    needs[1].save()
    assert offered() == []
    with pytest.raises(SlotTaken):
        dine(at(20))


def test_pacing(bistro: Business) -> None:
    asked: dict[str, Any] = {"business": bistro, "service": None, "step": 15 * MINUTE}
    place = location(bistro)
    place.pacing_minutes, place.pacing_covers = 30, 3
    place.save()

    def seat(start: datetime) -> None:
        wish = Wish(business=bistro, starts_at=start, duration=HOUR, party_size=2, keeps_hours=True)
        services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)

    seat(at(19, 15))
    shown = found(bistro, **asked, party_size=2)
    assert [each for each in shown if "18:45" <= each <= "19:45"] == ["18:45", "19:30", "19:45"]
    with pytest.raises(NotOffered):
        seat(at(19))
    assert "19:00" in found(bistro, **asked, party_size=1)
    place.pacing_covers, place.pacing_parties = None, 1
    place.save()
    assert "19:00" not in found(bistro, **asked, party_size=1)


def test_where_one_place_takes_no_more_parties_another_does(bistro: Business) -> None:
    """What is offered there is booked there, also by who asks for no place."""
    place = location(bistro)
    place.pacing_parties = 1
    place.save()
    annexe = Location.objects.create(business=bistro, name="Annexe")
    opened(annexe, time(18), time(23))
    resource(bistro, "Large", kind="table", covers_max=8, location=annexe)

    def seat() -> str:
        wish = Wish(
            business=bistro, starts_at=at(19), duration=HOUR, party_size=2, keeps_hours=True
        )
        booked = services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)
        return booked.location.name

    asked: dict[str, Any] = {"business": bistro, "service": None, "step": HOUR, "party_size": 2}
    assert seat() == "Main"
    assert found(bistro, **asked)["19:00"] == ["Large"]
    assert seat() == "Annexe"
    with pytest.raises(SlotTaken):
        seat()


def left(search: Search, now: datetime = NOW) -> dict[str, int]:
    """Every start of the day, with how many could still begin there."""
    return {f"{each.starts_at:%H:%M}": each.left for each in offers.starts(search, now=now)}


def test_every_start_of_a_day_with_what_is_left_of_it(spa: Business) -> None:
    book(spa, at(10), resource_id=Resource.objects.get(name="Ana").pk)
    book(spa, at(12))
    book(spa, at(12))
    search = Search(
        business=spa, service=massage(spa), first_day=DAY, last_day=DAY, step=HOUR, joinable=False
    )
    nine_to_four = {"09:00": 2, "10:00": 1, "11:00": 2, "12:00": 0, "13:00": 2, "14:00": 2}
    assert left(search) == nine_to_four | {"15:00": 2, "16:00": 2}
    gone = dict.fromkeys(("09:00", "10:00", "11:00", "12:00", "13:00"), 0)
    assert left(search, now=at(13, 5)) == gone | {"14:00": 2, "15:00": 2, "16:00": 2}
    Break.objects.create(location=location(spa), weekday=6, starts=time(13), ends=time(14))
    assert "13:00" not in left(search)
    Resource.objects.filter(name="Lotus").update(is_active=False)
    assert left(search)["09:00"] == 1  # two people, one room


def test_a_start_of_a_search_as_a_wish_is_what_was_offered(spa: Business) -> None:
    spa.buffer_minutes = 15
    search = Search(
        business=spa,
        service=massage(spa),
        first_day=DAY,
        last_day=DAY,
        buffers=rules.buffers(spa, massage(spa)),
    )
    for each in [start.starts_at for start in offers.starts(search, now=NOW) if start.left]:
        with transaction.atomic():
            services.book(
                offers.wish_at(search, each), guest=None, by=SYSTEM, source="test", now=NOW
            )
            assert Resource.objects.filter(allocations__ends_at=each + HOUR + 15 * MINUTE).exists()
            transaction.set_rollback(True)
    for start in (at(9, 10), at(8, 30), at(16, 30)):
        with pytest.raises(NotOffered):
            services.book(
                offers.wish_at(search, start), guest=None, by=SYSTEM, source="test", now=NOW
            )


def test_a_service_with_buffers_of_its_own_needs_none_of_the_business(spa: Business) -> None:
    spa.buffer_minutes = 15
    assert rules.buffers(spa, None) == (timedelta(), 15 * MINUTE)
    assert rules.buffers(spa, massage(spa)) == (timedelta(), 15 * MINUTE)
    own = service(spa, "Facial", buffer_before=5 * MINUTE)
    assert rules.buffers(spa, own) == (5 * MINUTE, timedelta())


def test_a_party_may_move_within_its_own_stretch_and_into_no_full_one(bistro: Business) -> None:
    place = location(bistro)
    place.pacing_minutes, place.pacing_parties = 30, 1
    place.save()

    def seat(start: datetime) -> Any:
        wish = Wish(business=bistro, starts_at=start, duration=HOUR, party_size=2, keeps_hours=True)
        return services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)

    early, late = seat(at(19)), seat(at(20))

    def move(booking: Any, start: datetime) -> Any:
        return services.reschedule(booking, starts_at=start, by=SYSTEM, keeps_hours=True, now=NOW)

    assert move(early, at(19, 15)).starts_at == at(19, 15)
    with pytest.raises(NotOffered):
        move(late, at(19))


def test_a_booking_that_moves_stays_at_its_place(spa: Business) -> None:
    booked = book(spa, at(10))
    other = Location.objects.create(business=spa, name="Annex")
    opened(other, time(9), time(17))
    for name, kind in (("Carla", "staff"), ("Iris", "room")):
        resource(spa, name, kind=kind, location=other)
    book(spa, at(12), location_id=booked.location_id)
    book(spa, at(12), location_id=booked.location_id)
    with pytest.raises(SlotTaken):
        services.reschedule(booked, starts_at=at(12), by=SYSTEM, now=NOW)


def test_runs_of_a_class() -> None:
    gym = business("Gym", booking_mode="scheduled")
    spin = service(gym, "Spin", capacity=3, only_groups=True)
    early, late = (
        services.schedule_session(spin, starts_at=at(hour), by=SYSTEM, now=NOW) for hour in (9, 18)
    )
    services.schedule_session(spin, starts_at=at(9, day=DAY + NEXT), by=SYSTEM, now=NOW)
    services.book_places(early, party_size=2, guest=None, by=SYSTEM, source="test", now=NOW)
    services.book_places(
        late, party_size=2, guest=None, by=SYSTEM, source="test", lasts=HOUR, now=NOW - 2 * HOUR
    )
    search = Search(business=gym, service=spin, first_day=DAY, last_day=DAY)
    assert offers.slots(search, now=NOW) == []

    def places(**fields: Any) -> list[tuple[Session, int]]:
        asked = Search(business=gym, service=spin, first_day=DAY, last_day=DAY, **fields)
        return [tuple(each) for each in offers.runs(asked, now=NOW)]  # type: ignore[misc]

    assert places() == [(early, 1), (late, 3)]  # the hold has lapsed
    assert places(party_size=2) == [(late, 3)]
    assert left(search) == {"09:00": 1, "18:00": 3}
    assert left(dataclasses.replace(search, party_size=2)) == {"09:00": 0, "18:00": 3}
    assert left(search, now=at(9, 1)) == {"09:00": 0, "18:00": 3}
    assert offers.runs_at(Wish.of(spin, starts_at=at(9)), now=NOW) == [(early, 1)]
    assert offers.runs_at(Wish.of(spin, starts_at=at(10)), now=NOW) == []


PERIODS = st.tuples(st.integers(0, 23), st.sampled_from([0, 30]), st.integers(1, 10)).map(
    lambda each: (time(each[0], each[1]), time((each[0] + each[2]) % 24, each[1]))
)
SHORT = st.sampled_from([0, 10, 15, 30]).map(lambda each: each * MINUTE)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_is_offered_can_be_booked_and_what_is_not_cannot(db: None, data: Any) -> None:
    """Invented businesses: every half hour of two days is asked both ways."""
    zone = data.draw(st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]))
    with transaction.atomic():
        made = business("Invented", booking_mode="scheduled", timezone=zone)
        place = location(made)
        for opens, closes in data.draw(st.lists(PERIODS, min_size=1, max_size=2)):
            opened(place, opens, closes)
        staff = [resource(made, f"P{n}", kind="staff") for n in range(data.draw(st.integers(1, 2)))]
        rooms = [resource(made, "Room", kind="room")]
        offered = service(
            made,
            duration=data.draw(st.sampled_from([30, 60, 90])) * MINUTE,
            buffer_before=data.draw(SHORT),
            buffer_after=data.draw(SHORT),
            preparation=data.draw(SHORT),
            cleanup=data.draw(SHORT),
            slot_interval=30 * MINUTE,
        )
        Requirement.objects.create(service=offered, kind="staff")
        if data.draw(st.booleans()):
            Requirement.objects.create(service=offered, kind="room")
        for kind in data.draw(st.lists(st.sampled_from(["break", "special", "closure", "roster"]))):
            starts, ends = data.draw(PERIODS)
            who = data.draw(st.sampled_from([*staff, *rooms]))
            match kind:
                case "break":
                    Break.objects.create(resource=who, weekday=6, starts=starts, ends=ends)
                case "special":
                    SpecialDay.objects.create(resource=who, day=DAY, opens=starts, closes=ends)
                case "closure":
                    Closure.objects.create(
                        location=place, first_day=DAY, last_day=DAY, starts=starts, ends=ends
                    )
                case "roster":
                    RosterEntry.objects.create(
                        resource=who, kind="working_hours", day=DAY, starts=starts, ends=ends
                    )

        def book(start: datetime) -> bool:
            wish = Wish.of(offered, starts_at=start, keeps_hours=True, step=30 * MINUTE)
            try:
                with transaction.atomic():
                    services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)
                    if start in kept:
                        return True
                    transaction.set_rollback(True)
            except (NotOffered, SlotTaken):
                return False
            return True

        kept = {at(0) + n * 30 * MINUTE for n in data.draw(st.sets(st.integers(0, 95), max_size=6))}
        for start in sorted(kept):
            book(start)
        kept = set()
        search = Search(
            business=made, service=offered, first_day=DAY - NEXT, last_day=DAY + 2 * NEXT
        )
        shown = {each.starts_at for each in offers.slots(search, now=NOW)}
        for start in data.draw(
            st.lists(st.integers(0, 95).map(lambda n: at(0) + n * 30 * MINUTE), max_size=12)
        ):
            assert (start in shown) == book(start), start
        for start in sorted(shown)[:: max(1, len(shown) // 8)]:
            assert book(start), start
        transaction.set_rollback(True)


def test_what_was_booked_by_the_fraction_of_a_second(bistro: Business) -> None:
    """A start that is offered can be booked, whatever the clock of another door said."""
    table = Resource.objects.get(name="Table 1")
    Resource.objects.filter(name="Table 2").delete()

    def book(start: datetime) -> None:
        wish = Wish(business=bistro, starts_at=start, duration=HOUR, party_size=2)
        services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)

    book(at(19) + timedelta(milliseconds=400))
    asked: dict[str, Any] = {"business": bistro, "service": None, "step": HOUR, "duration": HOUR}
    assert found(bistro, **asked, party_size=2) == {"18:00": [table.name], "21:00": [table.name]}
    with pytest.raises(SlotTaken):
        book(at(20))
    book(at(18))


def test_units_that_there_are_no_more_are_not_sold_again(bistro: Business) -> None:
    bikes = resource(bistro, "Bikes", kind="bike", units=4)
    asked: dict[str, Any] = {"business": bistro, "service": None, "step": HOUR, "duration": HOUR}

    def ride(size: int) -> Booking:
        wish = Wish(
            business=bistro,
            starts_at=at(19),
            duration=HOUR,
            party_size=size,
            resource_id=bikes.pk,
            keeps_hours=True,
        )
        return services.book(wish, guest=None, by=SYSTEM, source="test", now=NOW)

    two, one, _ = ride(2), ride(1), ride(1)
    services.cancel(two, by=SYSTEM, now=NOW)  # whose units are the first two
    change_resource(bikes, units=2)
    assert "Bikes" not in found(bistro, **asked, party_size=1)["19:00"]
    with pytest.raises(SlotTaken):
        ride(1)
    services.cancel(one, by=SYSTEM, now=NOW)
    assert "Bikes" in found(bistro, **asked, party_size=1)["19:00"]
    ride(1)
    with pytest.raises(SlotTaken):
        ride(1)


def test_pacing_where_the_clock_is_put_back() -> None:
    """The second half past two is not the first."""
    club = business("Club", timezone="Europe/Berlin")
    opened(location(club), time(0), time(6))
    tables(club, 3)
    Location.objects.update(pacing_parties=1)
    october = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    before = october - 2 * NEXT
    for start in (october, october + HOUR):
        search = Search(
            business=club,
            first_day=october.date(),
            last_day=october.date(),
            party_size=2,
            duration=HOUR,
        )
        assert start in {each.starts_at for each in offers.slots(search, now=before)}
        wish = Wish(business=club, starts_at=start, duration=HOUR, party_size=2, keeps_hours=True)
        services.book(wish, guest=None, by=SYSTEM, source="test", now=before)
        assert start not in {each.starts_at for each in offers.slots(search, now=before)}


def test_a_class_is_on_the_day_of_its_place() -> None:
    gym = business("Gym", timezone="Europe/Berlin")
    Location.objects.filter(business=gym).update(timezone="America/New_York")
    spin = service(gym, "Spin", capacity=3, only_groups=True)
    evening = datetime(2026, 6, 21, 0, 0, tzinfo=UTC)  # eight in New York, two in Berlin
    run = services.schedule_session(spin, starts_at=evening, by=SYSTEM, now=NOW)
    for day, there in ((DAY, [run]), (DAY + NEXT, [])):
        search = Search(business=gym, service=spin, first_day=day, last_day=day)
        assert [each.session for each in offers.runs(search, now=NOW)] == there
        assert [each.starts_at for each in offers.starts(search, now=NOW)] == [
            each.starts_at for each in there
        ]
