"""Three businesses to try Openbook on: a bistro, a gym and a spa.

Loading them again changes nothing that is there. The key is kept beside the data, as it can't be
read back.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts import keys
from accounts.identifiers import hex24
from accounts.models import Business, Channel, Membership, User
from availability.models import Break, Closure, OpeningHours, RosterEntry
from billing.models import Account, Plan, Subscription
from bookings import demo_today, services
from bookings.errors import NotOffered, SlotTaken
from bookings.models import Session
from bookings.wishes import SYSTEM, GuestDetails, Wish
from resources.models import (
    Category,
    Combination,
    Location,
    Requirement,
    Resource,
    Section,
    Service,
    TurnTime,
)

PASSWORD = "openbook-demo"  # noqa: S105 - it is printed on every start
OWNER = "owner@demo.example"
STAFF = "staff@demo.example"
ADMIN = "admin@demo.example"
BISTRO, GYM, SPA = "demo-bistro", "demo-gym", "demo-spa"

GUESTS = [
    GuestDetails(first, last, f"{first}.{last}@guest.example".lower(), f"+44 20 7946 0{number}")
    for number, (first, last) in enumerate(
        [
            ("Maria", "Garcia"), ("Tomasz", "Nowak"), ("Aisha", "Khan"), ("Liam", "O'Connor"),
            ("Chloé", "Dubois"), ("Kenji", "Sato"), ("Priya", "Sharma"), ("Noah", "Schmidt"),
            ("Fatima", "Al-Sayed"), ("Lucas", "Silva"), ("Ingrid", "Lindqvist"), ("Omar", "Haddad"),
        ],
        start=100,
    )
]  # fmt: skip


def load(kept: Path, *, now: datetime | None = None) -> dict[str, Any]:
    """Make what is missing, in one transaction; returns logins, keys and ids to try it with."""
    with transaction.atomic():
        people = {
            email: _user(email, is_superuser=email == ADMIN, is_developer=email == OWNER)
            for email in (ADMIN, OWNER, STAFF)
        }
        made: list[Callable[[], None]] = []
        for slug, name, kind, mode, build in (
            (BISTRO, "Bistro Verde", "restaurant", Business.Mode.DYNAMIC, _bistro),
            (GYM, "Pulse Gym", "gym", Business.Mode.SCHEDULED, _gym),
            (SPA, "Stillwater Spa", "spa", Business.Mode.SCHEDULED, _spa),
        ):
            business, is_new = Business.objects.get_or_create(
                slug=slug,
                defaults={
                    "name": name,
                    "business_type": kind,
                    "timezone": "Europe/London",
                    "currency": "GBP",
                    "booking_mode": mode,
                    "owner": people[OWNER],
                },
            )
            if is_new:
                made.append(build(business))
            for email, role in ((OWNER, Membership.Role.OWNER), (STAFF, Membership.Role.STAFF)):
                Membership.objects.get_or_create(
                    user=people[email], business=business, defaults={"role": role}
                )
        Subscription.objects.get_or_create(
            user=people[OWNER], defaults={"plan": Plan.objects.get(key="scale")}
        )
        bistro = Business.objects.get(slug=BISTRO)
        gym, spa = (Business.objects.get(slug=slug) for slug in (GYM, SPA))
        opened = _keys(
            kept,
            {
                "api_key": (bistro, Channel.Protocol.AVAILENGINE),
                "appointedd_key": (gym, Channel.Protocol.APPOINTEDD),
                "google_key": (spa, Channel.Protocol.GOOGLE),
                "octotable_key": (bistro, Channel.Protocol.OCTOTABLE),
            },
        )
    for fill in made:
        fill()
    for each in (bistro, gym, spa):
        demo_today.liven(each, GUESTS, now=now or datetime.now(UTC))
    return {
        "logins": [
            {"email": ADMIN, "password": PASSWORD, "role": "admin"},
            {"email": OWNER, "password": PASSWORD, "role": "owner"},
            {"email": STAFF, "password": PASSWORD, "role": "staff"},
        ],
        **opened,
        "business_id": str(bistro.pk),
        "zone": bistro.timezone,
        "spa": {
            "business_id": str(spa.pk),
            "location_id": str(spa.locations.get().pk),
            "service_id": str(spa.services.get(name="Massage").pk),
        },
        "gym": {"service_id": hex24(gym.services.get(name="Spin").pk)},
    }


def _user(email: str, **flags: bool) -> User:
    known = User.objects.filter(email=email).first()
    if known:
        return known
    name = email.partition("@")[0].capitalize()
    return User.objects.create_user(
        email, PASSWORD, first_name=name, last_name="Demo", is_staff=True, **flags
    )


def _keys(kept: Path, wanted: dict[str, tuple[Business, str]]) -> dict[str, str]:
    """A key for each: the one kept from an earlier start while it still opens, else a new one."""
    known: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    found: dict[str, str] = {}
    for name, (business, protocol) in wanted.items():
        key = known.get(name, "")
        if not Channel.objects.filter(key_hash=keys.digest(key), is_active=True).exists():
            Channel.objects.filter(business=business, name="Demo", protocol=protocol).delete()
            _, key = keys.issue(
                business,
                name="Demo",
                scopes=["read", "write"],
                protocol=protocol,
                rate_limit_rpm=600,
            )
        found[name] = key
    if found != known:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(0o600)
        kept.write_text(json.dumps(found))
    return found


def _place(business: Business, *periods: tuple[range, str, str]) -> Location:
    place = Location.objects.create(business=business, name="Main", address="1 Demo Street")
    for weekdays, opens, closes in periods:
        for weekday in weekdays:
            OpeningHours.objects.create(
                location=place,
                weekday=weekday,
                opens=time.fromisoformat(opens),
                closes=time.fromisoformat(closes),
            )
    return place


def _open(business: Business) -> tuple[str, str]:
    """Hours in which something goes on now: the day and the evening, or around the clock for
    whoever looks at night."""
    hour = datetime.now(ZoneInfo(business.timezone)).hour
    return ("08:00", "00:00") if 11 <= hour < 20 else ("00:00", "00:00")


def _resource(place: Location, section: Section | None, name: str, **fields: Any) -> Resource:
    return Resource.objects.create(
        business=place.business, location=place, section=section, name=name, **fields
    )


def _bistro(business: Business) -> Callable[[], None]:
    place = _place(business, (range(1, 8), *_open(business)))
    for most, lasts in demo_today.STAYS.items():
        TurnTime.objects.create(location=place, covers_max=most, duration=timedelta(minutes=lasts))
    today = datetime.now(ZoneInfo(business.timezone)).date()
    Closure.objects.create(
        location=place,
        first_day=today + timedelta(days=40),
        last_day=today + timedelta(days=41),
        reason="Kitchen renovation",
    )
    plan = {
        "Main room": [(1, 2, 0, 0), (2, 2, 160, 0), (6, 6, 330, 0),
                      (3, 4, 0, 170), (4, 4, 180, 170), (5, 4, 380, 170)],
        "Window": [(7, 2, 0, 380), (8, 2, 150, 380), (9, 2, 300, 380), (10, 2, 450, 380)],
        "Terrace": [(11, 4, 660, 0), (12, 4, 660, 170), (13, 4, 660, 350), (14, 8, 800, 170)],
    }  # fmt: skip
    tables: dict[int, Resource] = {}
    for order, (name, rows) in enumerate(plan.items()):
        section = Section.objects.create(location=place, name=name, display_order=order)
        for number, covers, x, y in rows:
            width = {2: 90, 4: 120, 6: 180, 8: 220}[covers]
            tables[number] = _resource(
                place,
                section,
                f"Table {number}",
                kind="table",
                covers_max=covers,
                covers_min=2 if covers > 4 else 1,
                shape=Resource.Shape.ROUND if covers == 2 else Resource.Shape.SQUARE,
                plan_x=x,
                plan_y=y,
                plan_width=width,
                plan_height=90,
                plan_rotation=90 if covers == 8 else 0,
            )
    for name, numbers, least, most in (
        ("Tables 3 and 4", (3, 4), 5, 8),
        ("Tables 11 to 13", (11, 12, 13), 9, 12),
    ):
        joined = Combination.objects.create(
            location=place, name=name, covers_min=least, covers_max=most
        )
        joined.members.set([tables[number] for number in numbers])

    business.widget = {"welcome": "We hold your table for fifteen minutes.", "color": "#6d2f2a"}
    business.save(update_fields=["widget"])
    return lambda: _fill(business, hours=(12, 13, 18, 19, 20, 21), lasts=90, count=60)


def _gym(business: Business) -> Callable[[], None]:
    opens, closes = _open(business)
    early = "06:00" if opens > "06:00" else opens
    place = _place(business, (range(1, 6), early, closes), (range(6, 8), opens, closes))
    floor = Section.objects.create(location=place, name="Floor")
    for number in range(1, 9):
        _resource(
            place,
            floor,
            f"Treadmill {number}",
            kind="treadmill",
            plan_x=110 * (number - 1),
            plan_y=0,
            plan_width=80,
            plan_height=130,
        )
    standing = {"plan_y": 190, "plan_height": 140}
    _resource(
        place, floor, "Squat racks", kind="spot", units=6, plan_x=0, plan_width=350, **standing
    )
    studio = _resource(
        place, None, "Studio", kind="room", covers_max=20, plan_x=440, plan_width=410, **standing
    )
    sam, mia = (_resource(place, None, name, kind="staff") for name in ("Sam", "Mia"))
    business.schedule_weeks, business.waitlist_promotes = 4, True
    business.widget = {"color": "#c2410c", "ask": {"last_name": "optional"}}
    business.save(update_fields=["schedule_weeks", "waitlist_promotes", "widget"])
    today = datetime.now(ZoneInfo(business.timezone)).date()
    works = today + timedelta(days=12)
    Closure.objects.create(location=place, first_day=works, last_day=works, reason="New floor")
    for name, minutes, capacity, price, trainer, rule, at in (
        ("Spin", 45, 12, 900, sam, "FREQ=DAILY", time(18)),
        ("Yoga", 60, 8, 1100, mia, "FREQ=WEEKLY;BYDAY=TU,TH", time(7)),
        # One that can't be on some of its days: the studio is Spin's then, and the admin says so.
        ("Open studio", 90, 20, 0, mia, "FREQ=MONTHLY;BYDAY=1SA,3SA", time(17, 30)),
    ):
        made = Service.objects.create(
            business=business,
            name=name,
            duration=timedelta(minutes=minutes),
            capacity=capacity,
            allows_groups=True,
            only_groups=True,
            price_cents=price,
        )
        for kind, resource in (("staff", trainer), ("room", studio)):
            Requirement.objects.create(service=made, kind=kind).resources.add(resource)
        services.add_schedule(
            business,
            service=made,
            location=place,
            resources=[trainer, studio],
            rule=rule,
            starts_on=today,
            at=at,
        )

    def fill() -> None:
        for schedule in business.schedules.order_by("-at"):  # Spin first
            services.lay_out(schedule)
        dice = random.Random(7)
        later = datetime.now(UTC) + timedelta(hours=6)
        spins = business.sessions.filter(service__name="Spin", starts_at__gt=later)
        full, *others = spins.order_by("starts_at")[:7]
        for guest in GUESTS[:10]:
            _places(full, guest, 1)
        _places(full, GUESTS[10], 2)
        for guest in (GUESTS[11], GUESTS[0]):  # the first has an offer once a place is free
            services.join_waitlist(business, guest=guest, session=full, by=SYSTEM)
        for session in others:
            for guest in dice.sample(GUESTS, 4):
                _places(session, guest, dice.choice([1, 1, 2]))
        for guest in GUESTS[1:8]:
            _places(about_to_begin, guest, 1)

    # One on the gym's floor that begins as somebody looks, so that there is whom to check in.
    lea = _resource(place, None, "Lea", kind="staff")
    circuit = Service.objects.create(
        business=business,
        name="Circuit",
        duration=timedelta(minutes=30),
        capacity=10,
        allows_groups=True,
        only_groups=True,
        price_cents=700,
    )
    Requirement.objects.create(service=circuit, kind="staff").resources.add(lea)
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=15)
    soon -= timedelta(minutes=soon.minute % 5)
    about_to_begin = services.schedule_session(circuit, starts_at=soon, by=SYSTEM)

    return fill


def _places(session: Session, guest: GuestDetails, count: int) -> None:
    services.book_places(session, party_size=count, guest=guest, by=SYSTEM, source="demo")


def _spa(business: Business) -> Callable[[], None]:
    place = _place(business, (range(1, 8), "08:00", "22:00"))
    for weekday in range(1, 8):
        Break.objects.create(location=place, weekday=weekday, starts=time(13), ends=time(13, 30))
    seniors = Section.objects.create(location=place, name="Senior therapists")
    rooms = Section.objects.create(location=place, name="Rooms", display_order=1)
    therapists = [
        _resource(place, seniors, name, kind="staff") for name in ("Ana", "Bruno", "Carla")
    ]
    cabins = [_resource(place, rooms, f"Cabin {n}", kind="room", covers_max=2) for n in (1, 2)]
    carla = therapists[2]
    Resource.objects.filter(pk=carla.pk).update(is_rostered=True)
    today = datetime.now(ZoneInfo(business.timezone)).date()
    for n in range(28):  # late shifts, and a week off after two
        RosterEntry.objects.create(
            resource=carla,
            day=today + timedelta(days=n),
            kind="vacation" if 14 <= n < 21 else "working_hours",
            starts=time(12),
            ends=time(20),
        )
    body, face = (
        Category.objects.create(business=business, name=name, display_order=n)
        for n, name in enumerate(("Body", "Face"))
    )
    for name, minutes, price, staff, category in (
        ("Massage", 60, 6500, therapists, body),
        ("Facial", 45, 5500, therapists[:2], face),
        ("Hot stones", 90, 9500, therapists[2:], body),
    ):
        service = Service.objects.create(
            business=business,
            name=name,
            duration=timedelta(minutes=minutes),
            cleanup=timedelta(minutes=15),
            min_notice=timedelta(hours=1),
            max_advance=timedelta(days=60),
            category=category,
            price_cents=price,
        )
        Requirement.objects.create(service=service, kind="staff").resources.set(staff)
        Requirement.objects.create(service=service, kind="room").resources.set(cabins)
    # A deposit for one service, paid at the sandbox gateway.
    business.services.filter(name="Hot stones").update(deposit_amount_cents=2000)
    business.deposit_enabled = True
    business.widget = {"color": "#2f6f8f", "radius": 18}
    business.save(update_fields=["deposit_enabled", "widget"])
    ready = {"details_submitted": True, "payouts_enabled": True}
    Account.objects.create(business=business, gateway="sandbox", reference="acct_demo", **ready)

    def fill() -> None:
        offered = list(business.services.all())
        _fill(business, hours=(9, 10, 11, 14, 15, 16), lasts=60, count=25, offered=offered)

    return fill


def _fill(
    business: Business,
    *,
    hours: tuple[int, ...],
    lasts: int,
    count: int,
    offered: list[Service] | None = None,
) -> None:
    """Bookings over the coming week; a full or closed hour is passed over. Tomorrow at seven keeps
    room."""
    zone = ZoneInfo(business.timezone)
    today = datetime.now(zone).date()
    dice = random.Random(business.slug)
    for _ in range(count):
        day = today + timedelta(days=dice.randint(1, 6))
        hour, minute = dice.choice(hours), dice.choice((0, 15, 30))
        starts = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
        if offered:
            wish = Wish.of(dice.choice(offered), starts_at=starts, keeps_hours=True)
        else:
            wish = Wish(
                business=business,
                starts_at=starts,
                duration=timedelta(minutes=lasts),
                party_size=dice.choice((1, 2, 2, 2, 3, 4, 4, 5, 6)),
            )
        try:
            services.book(wish, guest=dice.choice(GUESTS), by=SYSTEM, source="demo")
        except (SlotTaken, NotOffered):
            continue
