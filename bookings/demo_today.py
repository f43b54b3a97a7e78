"""What goes on at the demo's businesses around the moment that they are loaded: parties at tables,
one that is late, one that waits, and what the two weeks before were like.

All of it is done through the services, each at its own time, so that history and figures are as
they would be had somebody worked there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from accounts.errors import DomainError
from accounts.models import Business
from bookings import services
from bookings.lifecycle import State
from bookings.models import Booking
from bookings.wishes import SYSTEM, GuestDetails, Wish
from resources.models import Resource, Service

SOURCE = "demo"
DAY = timedelta(days=1)
STAYS = {1: 60, 2: 90, 4: 105, 6: 120, 12: 150}  # minutes, by the largest party


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


class Visit(NamedTuple):
    """A booking of today: `at` and the rest in minutes from now; where, how many, and what became
    of it (`came` when they sat down, `left` when they went)."""

    at: int
    where: str
    size: int
    who: int | None
    came: int | None = None
    left: int | None = None
    end: str = ""
    notes: str = ""


BISTRO = (
    Visit(-235, "Table 5", 4, 8, came=-233, left=-140),
    Visit(-180, "Table 12", 3, 9, came=-181, left=-84),
    Visit(-165, "Table 2", 2, 10, came=-160, left=-70),
    Visit(-150, "Table 9", 2, 11, end="no_show"),
    Visit(-125, "Table 5", 4, 3, came=-122, notes="Anniversary: a candle with dessert, please."),
    Visit(-80, "Table 3", 3, 0, came=-78, notes="Nut allergy (Maria)."),
    Visit(-55, "Table 1", 2, 1, came=-52),
    Visit(-40, "Table 14", 7, 6, came=-33, notes="High chair for a one-year-old."),
    Visit(-20, "Table 7", 1, None, came=-20),
    Visit(-17, "Table 4", 4, 2, notes="Prefers a quiet corner."),
    Visit(0, "Table 10", 2, 11),
    Visit(20, "Table 6", 5, 4, notes="Birthday of Chloé: bringing a cake."),
    Visit(35, "Table 9", 2, 5),
    Visit(60, "Table 13", 4, 7, notes="Two vegans."),
    Visit(75, "Table 7", 2, 8),
    Visit(90, "Table 2", 2, 9),
    Visit(105, "Table 11", 3, 10),
    Visit(120, "Table 1", 2, 0),
    Visit(135, "Table 5", 4, 1),
    Visit(150, "Table 14", 8, 3, notes="Separate bills."),
)
GYM = (
    Visit(-45, "Treadmill 2", 1, 0, came=-44),
    Visit(-25, "Treadmill 3", 1, 1, came=-25),
    Visit(-10, "Treadmill 6", 1, 2),
    Visit(-15, "Squat racks", 2, 3, came=-14),
    Visit(-5, "Squat racks", 1, 4, came=-5),
    Visit(15, "Treadmill 1", 1, 5),
    Visit(30, "Treadmill 4", 1, 6),
    Visit(45, "Squat racks", 1, 7),
    Visit(60, "Treadmill 2", 1, 8),
)
ABOUT = {
    0: "Regular. Likes table 3. Severe nut allergy.",
    1: "Vegetarian.",
    4: "Comes every year for her birthday.",
    6: "Needs space for a wheelchair.",
}


def liven(business: Business, guests: list[GuestDetails], *, now: datetime) -> None:
    """See to it that something goes on; does nothing where something does already."""
    start = now.replace(second=0, microsecond=0)
    start -= _minutes(start.minute % 5)
    mine = Booking.objects.filter(business=business, source=SOURCE)
    if mine.filter(starts_at__gt=now - _minutes(150), starts_at__lt=now + _minutes(30)).exists():
        return
    for left_over in mine.filter(state=State.CHECKED_IN.value):
        services.complete(left_over, by=SYSTEM, now=now)
    if business.business_type == "restaurant":
        _history(business, guests, before=start)
        _day(business, BISTRO, guests, start)
        _bistro_besides(business, guests, start)
    elif business.business_type == "gym":
        _day(business, GYM, guests, start)
    else:
        _treatments(business, guests, start)
    for number, notes in ABOUT.items():
        for guest in business.guests.filter(email=guests[number].email, notes=""):
            services.correct_guest(guest, notes=notes, now=now)


def stay(size: int) -> timedelta:
    """How long a party of a size is expected to keep its table."""
    return _minutes(next(lasts for most, lasts in STAYS.items() if size <= most))


def _day(
    business: Business, visits: tuple[Visit, ...], guests: list[GuestDetails], start: datetime
) -> None:
    named = {each.name: each for each in Resource.objects.filter(business=business)}
    lasts = {each.name: _minutes(60) for each in named.values() if each.kind != "table"}
    booked = []
    for each in visits:
        at = start + _minutes(each.at)
        wish = Wish(
            business=business,
            starts_at=at,
            duration=lasts.get(each.where) or stay(each.size),
            party_size=each.size,
            resource_id=named[each.where].pk,
            keeps_hours=True,
            keeps_notice=False,
        )
        made = _book(wish, None if each.who is None else guests[each.who], at, each.notes)
        if made:
            booked.append((each, made))
    for each, made in booked:
        if each.came is not None:
            services.check_in(made, by=SYSTEM, now=start + _minutes(each.came))
        if each.left is not None:
            services.complete(made, by=SYSTEM, now=start + _minutes(each.left))
        if each.end == State.NO_SHOW:
            services.mark_no_show(made, by=SYSTEM, now=start + _minutes(each.at + 30))


def _book(
    wish: Wish, guest: GuestDetails | None, starts_at: datetime, notes: str = ""
) -> Booking | None:
    """Booked some days before, or as they came; None when it is closed or somebody was quicker."""
    ahead = _minutes(0) if guest is None else 2 * DAY
    try:
        return services.book(
            wish, guest=guest, by=SYSTEM, source=SOURCE, notes=notes, now=starts_at - ahead
        )
    except DomainError:
        return None


def _bistro_besides(business: Business, guests: list[GuestDetails], start: datetime) -> None:
    named = {each.name: each for each in Resource.objects.filter(business=business)}
    try:
        services.hold(
            Wish(
                business=business,
                starts_at=start,
                duration=_minutes(90),
                party_size=2,
                resource_id=named["Table 8"].pk,
            ),
            by=SYSTEM,
            source=SOURCE,
            lasts=_minutes(40),
            now=start,
        )
        services.block(
            named["Table 12"],
            starts_at=start - _minutes(30),
            ends_at=start + _minutes(240),
            by=SYSTEM,
            reason="Wobbly, being mended",
            now=start - _minutes(30),
        )
    except DomainError:
        pass  # on an evening that was filled already
    services.join_waitlist(
        business,
        guest=guests[5],
        preferred_date=start.astimezone(ZoneInfo(business.timezone)).date(),
        party_size=4,
        notes="Would sit at the bar.",
        quoted_for=start + _minutes(13),
        by=SYSTEM,
        now=start - _minutes(12),
    )


def _history(business: Business, guests: list[GuestDetails], *, before: datetime) -> None:
    """Two weeks of evenings, with how long everybody stayed."""
    zone = ZoneInfo(business.timezone)
    dice = random.Random(business.slug)
    today = before.astimezone(zone).date()
    for day in (today - n * DAY for n in range(14, 0, -1)):
        for hour in sorted(dice.sample((12, 13, 18, 18, 19, 19, 20, 20, 21), 5)):
            size = dice.choice((1, 2, 2, 2, 3, 4, 4, 5))
            at = datetime.combine(day, time(hour, dice.choice((0, 15, 30))), zone).astimezone(UTC)
            wish = Wish(business=business, starts_at=at, duration=stay(size), party_size=size)
            made = _book(wish, dice.choice(guests), at)
            stayed = stay(size) * dice.uniform(0.65, 1.05)
            if made is None:
                continue
            if dice.random() < 0.08:
                services.mark_no_show(made, by=SYSTEM, now=at + _minutes(30))
                continue
            came = at + _minutes(dice.randint(-5, 12))
            services.check_in(made, by=SYSTEM, now=came)
            services.complete(made, by=SYSTEM, now=came + stayed)


def _treatments(business: Business, guests: list[GuestDetails], start: datetime) -> None:
    """Who is being treated at the spa, and who comes next."""
    dice = random.Random(business.slug)
    for service, minutes in _programme(business):
        at = start + _minutes(minutes)
        wish = Wish.of(service, starts_at=at, keeps_hours=True, keeps_notice=False)
        made = _book(wish, dice.choice(guests), at)
        if made and minutes < -10:
            services.check_in(made, by=SYSTEM, now=at)
            if made.ends_at < start:
                services.complete(made, by=SYSTEM, now=made.ends_at)


def _programme(business: Business) -> Iterator[tuple[Service, int]]:
    offered = {each.name: each for each in business.services.all()}
    for name, minutes in (
        ("Massage", -140), ("Facial", -120), ("Facial", -35), ("Massage", -20), ("Massage", 30),
        ("Facial", 70), ("Massage", 110), ("Massage", 190),
    ):  # fmt: skip
        yield offered[name], minutes
