"""A spa in Jakarta as its fixtures have it, and callers with tokens of staff and of customers."""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts import logins
from accounts.models import Business, User
from availability.models import OpeningHours, RosterEntry
from bookings import services
from bookings.api.myreserva import gate
from bookings.models import Guest
from bookings.wishes import GuestDetails
from resources.models import Location, Resource, Service
from resources.services import qualify
from tests.builders import business, user

EXAMPLES = Path(__file__).parent / "examples"
NOW = datetime(2025, 10, 13, 1, tzinfo=UTC)  # 08:00 in Jakarta
TODAY = date(2025, 10, 13)
SERVICE, OUTLET = "68e63f26241da4ebe30521c8", "68e4d035886b6f295471fd51"
STAFF, CUSTOMER = "68e61599f4ae9d40e4d8a614", "507f1f77bcf86cd799439011"
TENANT, NOBODY = "68e4cfe3886b6f295471fd4c", "0" * 24
MINUTE = timedelta(minutes=1)


def example(name: str) -> Any:
    """A wire example of the contract."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def key(hex24: str) -> uuid.UUID:
    """A key that these 24 digits name."""
    return uuid.UUID(hex24 + "00000000")


@dataclasses.dataclass
class Caller:
    """A client of the protocol: a token, and the moment it calls at."""

    client: Client
    token: str = ""
    now: datetime | None = NOW

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        extra: dict[str, Any] = {"openbook.now": self.now} if self.now else {}
        if self.token:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        extra |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        content = b"" if body is None else json.dumps(body)
        return self.client.generic(method, f"/api/v1/{path}", content, "application/json", **extra)

    def get(self, path: str, **query: Any) -> Any:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return self.send("GET", f"{path}?{asked}" if asked else path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self.send("PUT", path, body)

    def delete(self, path: str, body: Any = None) -> Any:
        return self.send("DELETE", path, body)


def said(answer: Any) -> tuple[int, Any]:
    """The whole answer."""
    return answer.status_code, answer.json()


@dataclasses.dataclass
class Spa:
    """The tenant, and who asks it."""

    business: Business
    outlet: Location
    service: Service
    staff: Resource
    guest: Guest
    admin: User
    public: Caller
    owner: Caller
    customer: Caller

    def at(self, now: datetime) -> Spa:
        """The same a while later; tokens are of then."""
        return dataclasses.replace(
            self,
            public=dataclasses.replace(self.public, now=now),
            owner=caller(self.public.client, gate.STAFF, self.admin.pk, self.business, now),
            customer=caller(self.public.client, gate.CUSTOMER, self.guest.pk, self.business, now),
        )

    def roster(
        self, day: str, *periods: str, kind: str = "working_hours", who: Resource | None = None
    ) -> list[RosterEntry]:
        """Rows of a schedule: `09:00-10:55`."""
        return [
            RosterEntry.objects.create(
                resource=who or self.staff,
                kind=kind,
                day=date.fromisoformat(day),
                starts=time.fromisoformat(each[:5]),
                ends=time.fromisoformat(each[6:]),
            )
            for each in periods
        ]

    def works(self, who: Resource | None = None) -> None:
        """Fixture H."""
        self.roster("2025-10-14", "09:00-17:00", who=who)
        self.roster("2025-10-14", "12:00-13:00", kind="break", who=who)

    def colleague(self, name: str = "Ani Putri", *, is_able: bool = True) -> Resource:
        """Another member of staff."""
        made = Resource.objects.create(
            business=self.business, location=self.outlet, kind="staff", name=name, is_rostered=True
        )
        if is_able:
            able = [self.staff.pk, made.pk]
            qualify(self.service, kind="staff", resource_ids=able)
        return made

    def caller(self, email: str, role: str) -> Caller:
        """Somebody else of the staff."""
        who = user(email, of=self.business, role=role)
        return caller(self.public.client, gate.STAFF, who.pk, self.business, NOW)


def caller(
    client: Client, door: str, subject: uuid.UUID, of: Business, now: datetime | None
) -> Caller:
    return Caller(client, logins.begin(door, subject, of, now=now).access, now)


@pytest.fixture
def spa(client: Client, db: None) -> Spa:
    """Fixture G without its schedule."""
    of = business(
        "Bliss", id=key(TENANT), timezone="Asia/Jakarta", currency="IDR",
        booking_mode=Business.Mode.SCHEDULED,
    )  # fmt: skip
    of.locations.all().delete()
    outlet = Location.objects.create(id=key(OUTLET), business=of, name="Downtown Beauty Spa")
    for weekday in (1, 2, 4, 6):
        OpeningHours.objects.create(
            location=outlet, weekday=weekday, opens=time(9), closes=time(17)
        )
    service = Service.objects.create(
        id=key(SERVICE),
        business=of,
        name="Premium Therapy Treatment",
        duration=90 * MINUTE,
        preparation=15 * MINUTE,
        cleanup=10 * MINUTE,
        price_cents=17_500_000,
    )
    staff = Resource.objects.create(
        id=key(STAFF), business=of, location=outlet, kind="staff", name="Jane Doe",
        is_rostered=True,
    )  # fmt: skip
    qualify(service, kind="staff", resource_ids=[staff.pk])
    guest = services.register_guest(
        of,
        GuestDetails("Siti", "Rahma", "siti@example.id", "+628110001111"),
        now=NOW,
    )
    Guest.objects.filter(pk=guest.pk).update(id=key(CUSTOMER))
    guest = Guest.objects.get(pk=key(CUSTOMER))
    services.set_guest_password(guest, "bunga-melati-9")
    admin = user("owner@bliss.example", of=of, first_name="Dewi", last_name="Lestari")
    public = Caller(client)
    return Spa(
        of,
        outlet,
        service,
        staff,
        guest,
        admin,
        public,
        caller(client, gate.STAFF, admin.pk, of, NOW),
        caller(client, gate.CUSTOMER, guest.pk, of, NOW),
    )
