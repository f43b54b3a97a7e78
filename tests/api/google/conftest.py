"""A salon, a bistro and a gym as Google sees them, and Google as they see it."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from string import Template
from typing import Any

import pytest
from django.test import Client

from accounts import keys
from accounts.models import Business, Channel
from availability.models import OpeningHours
from bookings import services
from bookings.models import Session
from bookings.wishes import SYSTEM
from resources.models import Location, Requirement, Resource, Service
from tests.builders import MINUTE, business, location, resource, service

EXAMPLES = Path(__file__).parent / "examples"
NOW = datetime(2026, 6, 19, 12, 0, tzinfo=UTC)
DAY = date(2026, 6, 20)
UNAVAILABLE = {"booking_failure": {"cause": "SLOT_UNAVAILABLE"}}


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


NINE = at(9)


def seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def example(name: str, **values: object) -> Any:
    """A wire example of the contract, with ids of ours."""
    text = (EXAMPLES / f"{name}.json").read_text()
    return json.loads(Template(text).substitute({k: str(v) for k, v in values.items()}))


def credentials(key: str) -> str:
    return f"Basic {base64.b64encode(key.encode()).decode()}"


def cause(answer: Any) -> str:
    """Why a booking failed; fails itself when it didn't."""
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert set(body) == {"booking_failure"}, body
    assert set(body["booking_failure"]) <= {"cause", "description"}
    return str(body["booking_failure"]["cause"])


@dataclasses.dataclass
class Google:
    """Google, asking one business at a moment."""

    client: Client
    business: Business
    key: str
    now: datetime | None = NOW

    @property
    def place(self) -> Location:
        return location(self.business)

    @property
    def service(self) -> Service:
        found = Service.objects.get(business=self.business)
        found.business = self.business
        return found

    def staff(self, name: str = "Ana") -> Resource:
        return Resource.objects.get(business=self.business, name=name)

    def ask(self, method: str, body: Any = None, **headers: Any) -> Any:
        extra: dict[str, Any] = {"HTTP_AUTHORIZATION": credentials(self.key)} | headers
        if self.now:
            extra["openbook.now"] = self.now
        if body is None:
            return self.client.get(f"/google/v3/{method}", **extra)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(
            "POST", f"/google/v3/{method}", data, "application/json", **extra
        )

    def when(self, now: datetime) -> Google:
        return dataclasses.replace(self, now=now)

    def values(self, start: datetime = NINE, **more: object) -> dict[str, object]:
        """What the examples name."""
        found: dict[str, object] = {"merchant": self.place.pk, "start": seconds(start)}
        if Service.objects.filter(business=self.business).exists():
            found["service"] = self.service.pk
        if Resource.objects.filter(business=self.business, name="Ana").exists():
            found["ana"] = self.staff().pk
        return found | more

    def wanted(self, name: str = "create_request", start: datetime = NINE, **changes: Any) -> Any:
        """The example's request; `token`, `user` and parts of the slot may be others."""
        body = copy.deepcopy(example(name, **self.values(start)))
        if token := changes.pop("token", None):
            body["idempotency_token"] = token
        if user := changes.pop("user", None):
            body["user_information"]["user_id"] = user
        for field, value in changes.items():
            if value is None:
                body["slot"].pop(field, None)
            else:
                body["slot"][field] = value
        return body

    def create(self, *args: Any, **changes: Any) -> Any:
        return self.ask("CreateBooking", self.wanted(*args, **changes))

    def lookup(self, *times: dict[str, Any]) -> list[bool]:
        """Whether each of these slot times is free."""
        body = {"merchant_id": str(self.place.pk), "slot_time": list(times)}
        answer = self.ask("BatchAvailabilityLookup", body)
        assert answer.status_code == 200, answer.content
        return [each["available"] for each in answer.json()["slot_time_availability"]]

    def slot_time(self, start: datetime = NINE, **fields: Any) -> dict[str, Any]:
        known = Service.objects.filter(business=self.business).first()
        return {
            "service_id": str(known.pk) if known else "reservation",
            "start_sec": seconds(start),
            **fields,
        }

    def cancel(self, booking_id: str) -> Any:
        return self.ask("UpdateBooking", example("cancel_request", booking=booking_id))

    def move(self, booking_id: str, **slot: Any) -> Any:
        return self.ask("UpdateBooking", {"booking": {"booking_id": booking_id, "slot": slot}})


def opened(of: Business, opens: time = time(9), closes: time = time(21)) -> Business:
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(of), weekday=weekday, opens=opens, closes=closes
        )
    return of


def salon_of(name: str = "Salon") -> Business:
    """Ana and Bruno, rooms Lotus and Orchid; a massage of 75 minutes, every quarter of an hour."""
    made = opened(business(name, booking_mode="scheduled", cancellation_window_hours=24))
    massage = service(made, "Massage", duration=75 * MINUTE, slot_interval=15 * MINUTE)
    for kind, names in (("staff", ("Ana", "Bruno")), ("room", ("Lotus", "Orchid"))):
        need = Requirement.objects.create(service=massage, kind=kind)
        for each in names:
            need.resources.add(resource(made, each, kind=kind))
    return made


def bistro_of(name: str = "Bistro") -> Business:
    """Two tables for two and one for four, for half an hour."""
    made = opened(
        business(
            name, booking_mode="scheduled", slot_interval_minutes=15, default_duration_minutes=30
        )
    )
    for number, covers in ((1, 2), (2, 2), (3, 4)):
        resource(made, f"Table {number}", kind="table", covers_max=covers)
    return made


def gym_of(name: str = "Gym", *, capacity: int = 3, hours: tuple[int, ...] = (9, 11)) -> Business:
    """Spinning with three bikes, twice a day."""
    made = opened(business(name, booking_mode="scheduled"))
    spin = service(made, "Spin", duration=45 * MINUTE, capacity=capacity)
    for hour in hours:
        services.schedule_session(spin, starts_at=at(hour), by=SYSTEM, now=NOW)
    return made


def google_of(client: Client, of: Business) -> Google:
    _, key = keys.issue(
        of, name="Google", scopes=["read", "write"], protocol=Channel.Protocol.GOOGLE
    )
    return Google(client, of, key)


@pytest.fixture
def salon(client: Client, db: None) -> Google:
    return google_of(client, salon_of())


@pytest.fixture
def bistro(client: Client, db: None) -> Google:
    return google_of(client, bistro_of())


@pytest.fixture
def gym(client: Client, db: None) -> Google:
    return google_of(client, gym_of())


def session_at(of: Google, hour: int) -> Session:
    return Session.objects.get(business=of.business, starts_at=at(hour))


def tomorrow(days: int = 1) -> date:
    return DAY + timedelta(days=days)
