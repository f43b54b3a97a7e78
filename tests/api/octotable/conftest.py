"""A restaurant as the protocol's examples have it, and a client with a token."""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts import keys, tokens
from accounts.models import Business, Channel
from availability.services import Period, set_hours, set_service_hours
from bookings.api.octotable import gate
from resources.models import Location, Resource, Section, Service

EXAMPLES = Path(__file__).parent / "examples"
NOW = datetime(2024, 11, 18, 9, tzinfo=UTC)
PMS = "/octotable-pms/api/v2"
PROPERTY, ROOM, TABLE = 999643, 21344, 172246
LUNCH, DINNER = 30601, 30602


def example(name: str) -> Any:
    """A wire example of the contract."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def key(number: int) -> uuid.UUID:
    """A key that this number names."""
    return uuid.UUID(int=number << 80)


@dataclasses.dataclass
class Caller:
    """A client of the protocol: its token, the property it asks about, and when."""

    client: Client
    token: str = ""
    property: int | str = ""
    now: datetime | None = NOW

    def send(
        self, method: str, path: str, body: Any = None, *, prefix: str = PMS, **headers: str
    ) -> Any:
        extra: dict[str, Any] = {"openbook.now": self.now} if self.now else {}
        if self.token:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        if self.property:
            extra["HTTP_PROPERTY"] = str(self.property)
        extra |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        content = b"" if body is None else json.dumps(body)
        return self.client.generic(method, f"{prefix}/{path}", content, "application/json", **extra)

    def get(self, path: str, **query: Any) -> Any:
        return self.send("GET", f"{path}?{urlencode(query, doseq=True)}" if query else path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any = None) -> Any:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any = None) -> Any:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path)


def said(answer: Any) -> tuple[int, Any]:
    """The whole answer."""
    return answer.status_code, answer.json()


def refused(answer: Any) -> tuple[int, str]:
    """The status and the class of an error in the full envelope."""
    body = answer.json()
    assert set(body) == {"success", "error"}
    assert body["success"] is False
    assert set(body["error"]) == {"code", "message", "class_name"}
    assert body["error"]["message"]
    assert body["error"]["code"] == gate.code(body["error"]["class_name"])
    return answer.status_code, body["error"]["class_name"]


@dataclasses.dataclass
class House:
    """The property of the examples, and who asks about it."""

    business: Business
    place: Location
    api: Caller

    def room(self, name: str = "Main dining room", *, id_: int) -> Section:
        return Section.objects.create(pk=key(id_), location=self.place, name=name)

    def table(
        self, room: Section | None, name: str = "T8", *, id_: int, least: int = 1, most: int = 10
    ) -> Resource:
        return Resource.objects.create(
            pk=key(id_),
            business=self.business,
            location=self.place,
            section=room,
            name=name,
            covers_min=least,
            covers_max=most,
        )

    def service(
        self,
        name: str,
        *,
        id_: int,
        opens: time,
        closes: time,
        days: Any = range(1, 8),
        starts: Any = (),
        minutes: int = 60,
        **said_of_it: Any,
    ) -> Service:
        made = Service.objects.create(
            pk=key(id_),
            business=self.business,
            name=name,
            duration=timedelta(minutes=minutes),
            slot_interval=timedelta(minutes=30),
            min_notice=timedelta(),
            max_advance=timedelta(days=120),
            details={"octotable": said_of_it},
        )
        set_service_hours(made, days, opens=opens, closes=closes, starts=starts)
        return made

    def at(self, now: datetime) -> Caller:
        """The same client a while later, with a token of then."""
        channel = Channel.objects.get(business=self.business)
        return dataclasses.replace(self.api, now=now, token=token_of(channel, now))


def token_of(channel: Channel, now: datetime | None = NOW) -> str:
    claims = {"sub": str(channel.pk), "aud": gate.AUDIENCE}
    token: str = tokens.sign(claims, lasts=gate.LASTS, now=now)
    return token


def house(client: Client, number: int = PROPERTY, name: str = "Trattoria") -> House:
    """A property that is open round the clock, with neither room nor service."""
    business = Business.objects.create(
        pk=key(number), name=name, slug=f"house-{number}", booking_mode="scheduled"
    )
    place = Location.objects.create(business=business, name="Main")
    set_hours(place, [Period(each, time(), time()) for each in range(1, 8)])
    channel, _ = keys.issue(
        business,
        name="Client",
        scopes=["read", "write"],
        rate_limit_rpm=1_000_000,
        protocol=Channel.Protocol.OCTOTABLE,
    )
    return House(business, place, Caller(client, token_of(channel), number))


@pytest.fixture
def bare(client: Client, db: None) -> House:
    return house(client)


@pytest.fixture
def trattoria(bare: House) -> House:
    """Fixture A: one room, one table for up to ten, lunch and dinner at their times."""
    room = bare.room("Secondary dining room", id_=ROOM)
    bare.table(room, id_=TABLE)
    half_hours = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
    bare.service(
        "Lunch",
        id_=LUNCH,
        opens=time(12),
        closes=time(14, 30),
        starts=[each for each in half_hours if time(12) <= each <= time(14)],
    )
    bare.service(
        "Dinner",
        id_=DINNER,
        opens=time(19),
        closes=time(22, 30),
        starts=[each for each in half_hours if time(19) <= each <= time(22)],
    )
    return bare


RESERVATION: dict[str, Any] = {
    "start_date": "2024-11-19",
    "start_hour": "12:30:00",
    "pax": 2,
    "channel": "OCTOTABLE_BOOK",
    "customer": {
        "first_name": "Adam",
        "last_name": "Devis",
        "email": "adam.devis@email.com",
        "phone": "3332211456",
    },
    "service_id": LUNCH,
    "room_id": ROOM,
}


def reservation(**changes: Any) -> dict[str, Any]:
    """A body that makes a reservation at the trattoria."""
    return RESERVATION | changes
