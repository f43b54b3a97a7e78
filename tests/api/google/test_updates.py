"""Real-time updates: what Google is told, how often, and what happens when it doesn't listen."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bookings import relay, services, updates
from bookings.api.google import tasks, telling
from bookings.models import Booking, Outbox, Update
from bookings.wishes import SYSTEM
from tests.api.google.conftest import NOW, Google, at, salon_of, seconds, session_at
from tests.builders import HOUR, MINUTE, wish

pytestmark = pytest.mark.django_db

TOKEN = "/token"
REPLACE = "/v1alpha/inventory/partners/42/availability:replace"


@dataclasses.dataclass
class Call:
    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    bearer: str


class World:
    """Google's side: what it heard, and what it answers."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.status = 200
        self.url = ""

    def take(self) -> list[Call]:
        calls, self.calls = self.calls, []
        return calls


@pytest.fixture(scope="module")
def secret() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def world(secret: str, tmp_path: Path, settings: Any) -> Iterator[World]:
    """A server that gives out tokens and listens, and settings that lead to it."""
    found = World()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if parts.path == TOKEN:
                answer: Any = {"access_token": "t0k3n", "expires_in": 3600, "token_type": "Bearer"}
                status = 200
            else:
                bearer = self.headers.get("Authorization", "")
                found.calls.append(
                    Call(self.command, parts.path, parse_qs(parts.query), json.loads(raw), bearer)
                )
                answer, status = {}, found.status
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = _answer  # noqa: N815
        do_PATCH = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    account = tmp_path / "account.json"
    account.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": "us@example.com",
                "private_key": secret,
                "private_key_id": "1",
                "token_uri": found.url + TOKEN,
            }
        )
    )
    settings.GOOGLE_PARTNER_ID = "42"
    settings.GOOGLE_SERVICE_ACCOUNT = str(account)
    settings.GOOGLE_API_BASE = found.url
    yield found
    server.shutdown()
    server.server_close()


def tell(world: World, now: datetime = NOW + 5 * MINUTE) -> list[Call]:
    """What is told once the relay and the task have come by."""
    relay.deliver(now=now)
    telling.send_due(now=now + 3 * MINUTE / 60)
    return world.take()


def booked(of: Google, **changes: Any) -> str:
    return str(of.create(**changes).json()["booking"]["booking_id"])


def notices(calls: list[Call]) -> list[Call]:
    return [each for each in calls if each.method == "PATCH"]


def test_a_booking_that_the_business_cancelled_is_told(salon: Google, world: World) -> None:
    booking_id = booked(salon)
    made = tell(world)
    assert notices(made) == []  # it was Google that made it
    assert [each.path for each in made] == [REPLACE]
    services.cancel(Booking.objects.get(), by=SYSTEM, now=NOW)
    [said] = notices(tell(world))
    assert said == Call(
        "PATCH",
        f"/v1alpha/notification/partners/42/bookings/{booking_id}",
        {"updateMask": ["status"]},
        {
            "name": f"partners/42/bookings/{booking_id}",
            "merchantId": str(salon.place.pk),
            "serviceId": str(salon.service.pk),
            "status": "CANCELED",
        },
        "Bearer t0k3n",
    )
    assert not Update.objects.exists()


def test_what_google_does_itself_it_isnt_told(salon: Google, world: World) -> None:
    early = salon.when(NOW - 24 * HOUR)
    booking_id = booked(early)
    early.move(booking_id, start_sec=seconds(at(11)), duration_sec="4500")
    early.cancel(booking_id)
    calls = tell(world)
    assert [each.path for each in calls] == [REPLACE]  # three changes, told at once


def test_a_booking_that_was_moved_here_is_told_with_all_that_changed(
    salon: Google, world: World
) -> None:
    booked(salon)
    tell(world)
    made = Booking.objects.get()
    services.reschedule(made, starts_at=at(13), by=SYSTEM, now=NOW)
    services.mark_no_show(made, by=SYSTEM, now=NOW)
    [said] = notices(tell(world))
    assert said.query == {"updateMask": ["duration,partySize,startTime,status"]}
    assert {k: v for k, v in said.body.items() if k not in ("name", "merchantId", "serviceId")} == {
        "status": "NO_SHOW",
        "startTime": "2026-06-20T13:00:00Z",
        "duration": "4500s",
        "partySize": "1",
    }


@pytest.mark.parametrize(
    "decides, status", [("accepts", "CONFIRMED"), ("declines", "DECLINED_BY_MERCHANT")]
)
def test_what_the_business_decides_is_told(
    salon: Google, world: World, decides: str, status: str
) -> None:
    place = salon.place
    place.details = {"google": {"confirmation_mode": "CONFIRMATION_MODE_ASYNCHRONOUS"}}
    place.save()
    booked(salon)
    assert notices(tell(world)) == []
    made = Booking.objects.get()
    if decides == "accepts":
        services.confirm(made, by=SYSTEM, now=NOW)
    else:
        services.cancel(made, by=SYSTEM, now=NOW)
    [said] = notices(tell(world))
    assert (said.query, said.body["status"]) == ({"updateMask": ["status"]}, status)


def test_what_nobody_decided_has_failed(salon: Google, world: World) -> None:
    place = salon.place
    place.details = {"google": {"confirmation_mode": "CONFIRMATION_MODE_ASYNCHRONOUS"}}
    place.save()
    booked(salon)
    tell(world)
    services.expire_holds(now=at(9, 1))
    [said] = notices(tell(world, at(9, 1)))
    assert said.query == {"updateMask": ["status"], "bookingFailure.cause": ["SLOT_UNAVAILABLE"]}
    assert said.body["status"] == "FAILED"


def test_whoever_books_elsewhere_changes_what_is_free(salon: Google, world: World) -> None:
    booked(salon)
    Booking.objects.update(source="availengine")
    Update.objects.all().delete()
    calls = tell(world)
    [entry] = [
        each
        for call in calls
        for each in call.body["extendedServiceAvailability"]
        if each["startTimeRestrict"] == "2026-06-20T00:00:00Z"
    ]
    spots = entry.pop("availability")
    assert entry == {
        "merchantId": str(salon.place.pk),
        "serviceId": str(salon.service.pk),
        "startTimeRestrict": "2026-06-20T00:00:00Z",
        "endTimeRestrict": "2026-06-21T00:00:00Z",
    }
    assert spots[0] == {
        "startTime": "2026-06-20T09:00:00Z",
        "duration": "4500s",
        "spotsTotal": "1",
        "spotsOpen": "1",
        "resources": {"staffId": str(salon.staff("Bruno").pk), "staffName": "Bruno"},
        "confirmationMode": "CONFIRMATION_MODE_SYNCHRONOUS",
    }


def test_a_class_and_a_block_are_told_too(gym: Google, world: World) -> None:
    tell(world)
    services.cancel_session(session_at(gym, 9), by=SYSTEM, now=NOW)
    [call] = tell(world)
    open_ = [
        spot["startTime"]
        for each in call.body["extendedServiceAvailability"]
        for spot in each["availability"]
    ]
    assert open_ == ["2026-06-20T11:00:00Z"]


def test_many_changes_of_a_place_are_one_call(bistro: Google, world: World) -> None:
    for number in range(3):
        bistro.create("create_dining_request", at(19), token=f"t{number}", user=f"u{number}")
    assert Outbox.objects.count() >= 3
    relay.deliver(now=NOW)
    assert Update.objects.count() == 1
    assert telling.send_due(now=NOW + timedelta(seconds=1)) == 0  # it waits for more
    assert telling.send_due(now=NOW + timedelta(seconds=2)) == 1
    assert [each.path for each in world.take()] == [REPLACE]


def test_what_isnt_taken_is_said_again_later_and_later(
    salon: Google, world: World, caplog: Any
) -> None:
    booked(salon)
    relay.deliver(now=NOW)
    world.status = 429
    moment, waits = NOW + 5 * MINUTE, []
    for _ in range(6):
        assert telling.send_due(now=moment) == 0
        row = Update.objects.get()
        waits.append((row.due_at - moment).total_seconds())
        moment = row.due_at
    assert waits == [5, 10, 20, 40, 80, 160]
    assert "answered 429" in Update.objects.get().last_error
    assert "has not been told" in caplog.text
    world.status = 200
    assert telling.send_due(now=moment) == 1
    assert not Update.objects.exists()


def test_after_a_day_it_is_given_up(salon: Google, world: World, caplog: Any) -> None:
    booked(salon)
    relay.deliver(now=NOW)
    assert telling.send_due(now=NOW + 25 * HOUR) == 0
    assert not Update.objects.exists()
    assert "is no more" in caplog.text
    assert world.take() == []


def test_what_changes_while_it_is_told_is_told_again(salon: Google, world: World) -> None:
    booked(salon)
    relay.deliver(now=NOW)
    row = updates.claim("google", now=NOW + MINUTE)
    assert row is not None
    booked(salon, token="2", user="2", start=at(12))
    relay.deliver(now=NOW + MINUTE)
    updates.done(row, now=NOW + MINUTE)
    assert Update.objects.get().due_at == NOW + MINUTE


def test_a_booking_that_google_forgot_is_let_go(salon: Google, world: World) -> None:
    booked(salon)
    tell(world)
    services.cancel(Booking.objects.get(), by=SYSTEM, now=NOW)
    world.status = 404
    tell(world)
    assert not Update.objects.filter(booking__isnull=False).exists()


def test_nothing_is_owed_until_it_is_set_up(salon: Google) -> None:
    booked(salon)
    relay.deliver(now=NOW)
    assert not Update.objects.exists()
    assert tasks.send_updates() == 0


def test_bookings_alone_when_so_set(salon: Google, world: World, settings: Any) -> None:
    settings.GOOGLE_INVENTORY_UPDATES = False
    booked(salon)
    assert tell(world) == []
    services.cancel(Booking.objects.get(), by=SYSTEM, now=NOW)
    assert [each.method for each in tell(world)] == ["PATCH"]


def test_who_isnt_googles_is_none_of_its_business(salon: Google, world: World) -> None:
    other = salon_of("Other")
    services.book(wish(other, at(9), party_size=1), guest=None, by=SYSTEM, source="test", now=NOW)
    relay.deliver(now=NOW)
    assert not Update.objects.exists()
