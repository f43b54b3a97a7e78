"""What the settings write: weeks of a resource, special days, closures in part, members."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time

import pytest
from django.db import connection

from accounts import services as accounts
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Business, Membership
from availability import selectors
from availability import services as when
from availability.models import Break, Closure, OpeningHours, ServiceHours
from availability.services import Period, Start
from bookings import services as bookings
from bookings.wishes import SYSTEM
from resources import services as resources
from resources.models import Requirement, TurnTime
from tests.builders import MARIA, business, location, resource, service, tables, user, wish

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 19, 12, 0, tzinfo=UTC)
NOON = datetime(2026, 6, 20, 11, 0, tzinfo=UTC)  # Saturday, in London
SATURDAY = date(2026, 6, 20)
NIGHT = Period(6, time(20), time(2), time(1))


@pytest.fixture
def bistro() -> Business:
    of = business("Bistro", timezone="Europe/London")
    tables(of, 2)
    when.set_hours(location(of), [Period(day, time(12), time(22)) for day in range(1, 8)])
    return of


def test_a_resource_has_a_week_with_breaks_of_its_own(bistro: Business) -> None:
    ana = resource(bistro, "Ana", kind="staff")
    pause = Period(6, time(23), time(23, 30))
    when.set_hours(ana, [NIGHT], breaks=[pause])
    (hours,) = selectors.week(ana)
    assert (hours.opens, hours.closes, hours.last_start) == (time(20), time(2), time(1))
    assert selectors.with_own_hours(bistro) == {ana.pk}
    when.set_hours(ana, [])  # breaks that aren't said stay
    assert (selectors.week(ana), len(selectors.breaks(ana))) == ([], 1)
    for breaks in ([pause, pause], [Period(7, time(23), time(1)), Period(1, time(0, 30), time(2))]):
        with pytest.raises(Invalid):
            when.set_hours(ana, [NIGHT], breaks=breaks)
    assert (OpeningHours.objects.filter(resource=ana).count(), Break.objects.count()) == (0, 1)


def test_a_special_day_replaces_what_it_was(bistro: Business) -> None:
    place = location(bistro)
    when.set_special_day(place, SATURDAY, [(time(10), time(12)), (time(18), time(1))], note="Fair")
    when.set_special_day(place, SATURDAY, [(time(9), time(11))])
    assert [str(each) for each in selectors.special_days(place)] == ["2026-06-20 09:00-11:00"]
    with pytest.raises(Invalid):
        when.set_special_day(place, SATURDAY, [(time(9), time(11)), (time(10), time(12))])
    when.set_special_day(place, SATURDAY, [])
    assert selectors.special_days(place, on=SATURDAY) == []


def test_a_part_of_some_days_is_closed_and_changed(bistro: Business) -> None:
    place = location(bistro)
    shut = when.close(place, first_day=SATURDAY, last_day=SATURDAY, part=(time(9), time(11)))
    with pytest.raises(Invalid):
        when.change_closure(shut, part=(time(9), time(9)))
    kept = when.change_closure(shut, reason="Works")
    assert (kept.starts, kept.ends, kept.reason) == (time(9), time(11), "Works")
    whole = when.change_closure(shut, part=())
    assert (whole.starts, whole.ends) == (None, None)
    when.reopen(shut)
    when.reopen(shut)  # twice is once
    with pytest.raises(NotFound):
        when.change_closure(shut, reason="Gone")


def test_a_service_s_week_holds_its_times(bistro: Business) -> None:
    cut = service(bistro)
    week = [Start(1, time(10), time(12), (time(11), time(10, 30))), Start(2, time(22), time(1))]
    when.set_service_week(cut, week)
    assert [(each.weekday, each.starts) for each in selectors.starts_of(cut)] == [
        (1, [time(10, 30), time(11)]),
        (2, []),
    ]
    with pytest.raises(Invalid):
        when.set_service_week(cut, [Start(1, time(10), time(12), (time(12),))])
    when.set_service_week(cut, [])
    assert not ServiceHours.objects.exists()


def test_what_is_foreseen_is_taken_back(bistro: Business) -> None:
    booking = bookings.book(wish(bistro, NOON), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    place = location(bistro)

    def change() -> None:
        when.close(place, first_day=SATURDAY, last_day=SATURDAY)
        accounts.change_business(bistro, name="Other")

    found = bookings.foresee(bistro, change, now=NOW)
    assert [each.booking for each in found] == [booking]
    assert (Closure.objects.count(), bistro.name) == (0, "Bistro")
    made = bookings.change_promises(bistro, change, now=NOW)
    assert (list(made.ids), Closure.objects.count(), bistro.name) == ([booking.pk], 1, "Other")

    def refused() -> None:
        raise Invalid

    with pytest.raises(Invalid):
        bookings.foresee(bistro, refused, now=NOW)


def test_a_service_keeps_how_many_it_needs(bistro: Business) -> None:
    massage = resources.add_service(
        bistro, name="For two", needs={"staff": [], "room": []}, counts={"staff": 2}
    )
    counts = dict(Requirement.objects.filter(service=massage).values_list("kind", "count"))
    assert counts == {"staff": 2, "room": 1}


def test_turn_times_are_replaced_as_a_whole(bistro: Business) -> None:
    place, hour = location(bistro), wish(bistro).duration
    assert hour
    resources.set_turn_times(place, {2: hour, 4: 2 * hour})
    resources.set_turn_times(place, {6: hour})
    assert [each.covers_max for each in TurnTime.objects.all()] == [6]
    for wrong in ({2: hour - hour}, {-1: hour}):
        with pytest.raises(Invalid):
            resources.set_turn_times(place, wrong)
    assert TurnTime.objects.count() == 1


def test_an_invitation_makes_a_user_without_a_password(bistro: Business) -> None:
    made, is_new = accounts.invite(bistro, email=" New@Example.COM ", role="staff")
    assert (made.email, is_new, made.has_usable_password()) == ("new@example.com", True, False)
    with pytest.raises(Conflict):
        accounts.invite(bistro, email="NEW@example.com", role="owner")
    for email, role in (("nobody", "staff"), ("a@example.com", "king")):
        with pytest.raises(Invalid):
            accounts.invite(bistro, email=email, role=role)
    known = user("known@example.com")
    assert accounts.invite(bistro, email=known.email, role="staff") == (known, False)


def test_the_last_owner_stays_one(bistro: Business) -> None:
    owner = Membership.objects.get(user=user(of=bistro))
    for leave in (accounts.remove_member, lambda one: accounts.change_role(one, role="staff")):
        with pytest.raises(Conflict):
            leave(owner)
    second = Membership.objects.get(user=user(of=bistro))
    accounts.change_role(owner, role="staff")
    with pytest.raises(Conflict):
        accounts.remove_member(second)
    accounts.remove_member(owner)
    with pytest.raises(NotFound):
        accounts.remove_member(owner)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_owners_who_leave_at_once_don_t_both() -> None:
    of = business("Bistro")
    both = [Membership.objects.get(user=user(of=of)) for _ in range(2)]
    start, left = threading.Barrier(2), []

    def leave(each: Membership) -> None:
        start.wait(10)
        try:
            accounts.remove_member(each)
            left.append(each)
        except Conflict:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=[each]) for each in both]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert (len(left), Membership.objects.filter(business=of, role="owner").count()) == (1, 1)


def test_a_password_is_changed_by_whoever_knows_it() -> None:
    somebody = user()
    for old, new in (("wrong", "a long new one"), ("secret", "password"), ("secret", "")):
        with pytest.raises(Invalid):
            accounts.change_password(somebody, old=old, new=new)
    accounts.change_password(somebody, old="secret", new="a long new one")
    somebody.refresh_from_db()
    assert somebody.check_password("a long new one")
