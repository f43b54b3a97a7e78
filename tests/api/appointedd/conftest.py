"""The contract's fixture F: one group booking of five spaces, and nobody in it yet."""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts import keys
from accounts.models import Business, Channel
from availability.models import OpeningHours
from bookings import invariants
from bookings.models import Allocation, Session
from resources.models import Requirement, Resource, Service
from tests.builders import business, location, resource, service

EXAMPLES = Path(__file__).parent / "examples"
NOW = datetime(2022, 5, 26, 10, 13, 38, 186_000, tzinfo=UTC)
MADE = datetime(2022, 5, 26, 9, 33, 8, 9_000, tzinfo=UTC)
START = datetime(2022, 5, 26, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)

SERVICE, RESOURCE = "5e53af1e95cff00acb3976b1", "6058b50f3b5d2716e16e5db3"
BOOKING = "628f4954645194000e770abd"


def example(name: str) -> Any:
    """A wire example of the contract."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def key_of(id_: str) -> uuid.UUID:
    """A key that begins with an id of this protocol."""
    return uuid.UUID(f"{id_}{'0' * 8}")


@dataclasses.dataclass
class Caller:
    """A client of the protocol: its key, and the moment it calls at."""

    client: Client
    key: str
    now: datetime | None = NOW

    def send(self, method: str, path: str, body: Any = None, query: str = "") -> Any:
        extra: dict[str, Any] = {"openbook.now": self.now} if self.now else {}
        if self.key:
            extra["HTTP_X_API_KEY"] = self.key
        return self.client.generic(
            method,
            f"/appointedd/v1{path}",
            b"" if body is None else json.dumps(body),
            "application/json",
            QUERY_STRING=query,
            **extra,
        )

    def get(self, path: str, query: str = "") -> Any:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self.send("PUT", path, body)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path)

    def at(self, now: datetime) -> Caller:
        return dataclasses.replace(self, now=now)

    # The calls of the contract's tests.

    def search(self, **changes: Any) -> Any:
        """A1, changed; None takes a field away."""
        body = example("intervals_request") | changes
        sent = {name: value for name, value in body.items() if value is not None}
        return self.post("/availability/intervals/search", sent)

    def hold(self, **changes: Any) -> Any:
        """A7, changed."""
        data = example("slot_request")["data"] | changes
        sent = {name: value for name, value in data.items() if value is not None}
        return self.post("/availability/slots", {"data": sent})

    def convert(self, slot: Any, *customers: Any, **changes: Any) -> Any:
        """A9, of the reservation that was answered."""
        body = example("booking_request") | {"slot_id": slot.json()["data"]["id"]}
        if customers:
            body["data"] = {"customers": list(customers)}
        return self.post("/bookings", body | changes)

    def booking(self, id_: str = BOOKING) -> Any:
        """One booking, as it is listed."""
        (found,) = self.get("/bookings", f"ids={id_}").json()["data"]
        return found


def person(first: str = "Ada", last: str = "Lovelace", **more: Any) -> dict[str, Any]:
    """Somebody who comes."""
    profile = {"firstname": first, "lastname": last}
    profile |= {name: more.pop(name) for name in ("email", "mobile", "phone") if name in more}
    return {"customer": {"profile": profile}, **more}


@dataclasses.dataclass
class Fixture:
    business: Business
    service: Service
    resource: Resource
    session: Session
    api: Caller


def caller(client: Client, of: Business) -> Caller:
    return Caller(client, issue(of))


def issue(of: Business, *scopes: str, rpm: int = 100_000) -> str:
    _, key = keys.issue(
        of,
        name="Test",
        scopes=scopes or ("read", "write"),
        rate_limit_rpm=rpm,
        protocol=Channel.Protocol.APPOINTEDD,
    )
    return key


def organisation(name: str = "Organisation", **fields: Any) -> Business:
    """One that is open day and night and offers a start every quarter of an hour."""
    usual: dict[str, Any] = {
        "timezone": "Europe/London",
        "slot_interval_minutes": 15,
    }
    of = business(name, **usual | fields)
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(of), weekday=weekday, opens="00:00", closes="00:00"
        )
    return of


def made(client: Client) -> Fixture:
    of = organisation()
    group = service(
        of,
        "Group class",
        pk=key_of(SERVICE),
        capacity=5,
        allows_groups=True,
        only_groups=True,
    )
    teacher = resource(of, "Teacher", pk=key_of(RESOURCE), kind="staff")
    Requirement.objects.create(service=group, kind="staff").resources.add(teacher)
    session = Session.objects.create(
        pk=key_of(BOOKING),
        business=of,
        location=location(of),
        service=group,
        starts_at=START,
        ends_at=START + HOUR,
        capacity=5,
        resource_ids=[teacher.pk],
        details={"appointedd": {"label": "Test Basic Basic"}},
        created_at=MADE,
        updated_at=MADE,
    )
    Allocation.objects.create(
        business=of,
        session=session,
        resource=teacher,
        unit=0,
        starts_at=START,
        ends_at=START + HOUR,
    )
    return Fixture(of, group, teacher, session, caller(client, of))


@pytest.fixture
def f(client: Client, db: None) -> Any:
    fixture = made(client)
    yield fixture
    assert invariants.broken() == []
