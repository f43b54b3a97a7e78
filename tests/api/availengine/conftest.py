"""The contract's fixture: tables 1-5 on the main floor, two of them booked from 08:00 to 09:30."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Business
from bookings import services
from bookings.wishes import SYSTEM
from resources.models import Resource
from tests.builders import MARIA, NOW, business, key, tables, wish

EXAMPLES = Path(__file__).parent / "examples"


def example(name: str) -> Any:
    """A wire example of the contract."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


@dataclasses.dataclass
class Caller:
    """A client of the protocol: a credential, and the moment it calls at."""

    client: Client
    credential: str = ""
    now: datetime | None = NOW
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def _extra(self, headers: dict[str, str]) -> dict[str, Any]:
        sent = {
            f"HTTP_{k.upper().replace('-', '_')}": v for k, v in (self.headers | headers).items()
        }
        if self.credential:
            sent["HTTP_AUTHORIZATION"] = f"Bearer {self.credential}"
        return sent | ({"openbook.now": self.now} if self.now else {})

    def get(self, path: str, headers: Any = None, **query: Any) -> Any:
        return self.client.get(path, query, **self._extra(headers or {}))

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        return self.client.generic(
            method,
            path,
            b"" if body is None else json.dumps(body),
            "application/json",
            **self._extra(headers or {}),
        )

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PUT", path, body, headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, None, headers)


@dataclasses.dataclass
class Contract:
    """Business B, its tables, and a caller with key K (read and write)."""

    business: Business
    tables: list[Resource]
    api: Caller

    def available(self, **query: Any) -> Any:
        """A(...) of the contract."""
        return self.api.get(f"/v1/dynamic/availability/{self.business.pk}", **query)

    def create(self, *without: str, headers: Any = None, **changes: Any) -> Any:
        """C(...) of the contract: its request body, changed."""
        body = example("dynamic_booking_request") | {"business_id": str(self.business.pk)} | changes
        for name in without:
            del body[name]
        return self.api.post("/v1/dynamic/bookings", body, **(headers or {}))

    def caller(self, credential: str, **headers: str) -> Caller:
        return dataclasses.replace(self.api, credential=credential, headers=headers)


@pytest.fixture
def contract(client: Client, db: None) -> Contract:
    of = business("Contract")
    rows = tables(of, 5, section="Main floor")
    for table in (rows[1], rows[3]):
        services.book(
            wish(
                of,
                datetime(2026, 6, 20, 8, tzinfo=UTC),
                duration=timedelta(minutes=90),
                resource_id=table.pk,
            ),
            guest=MARIA,
            by=SYSTEM,
            source="test",
            now=NOW,
        )
    return Contract(of, rows, Caller(client, key(of)))
