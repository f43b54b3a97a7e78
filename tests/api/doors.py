"""One way to use every protocol: what it offers on a day, and a booking made, moved, cancelled.

A door is a client of its protocol, over HTTP and nothing else. Whatever it says is turned into the
same words, so that a story can be told at one door and looked at through another.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.test import Client

from accounts import keys, logins
from accounts.identifiers import hex24, int48
from accounts.models import Business, Channel
from availability.models import OpeningHours
from bookings import services
from bookings.api.myreserva import gate as myreserva
from bookings.wishes import GuestDetails
from resources.models import Location, Resource, Service
from resources.services import qualify
from tests.builders import HOUR, MINUTE, business, location, resource, service, user

NOW = datetime(2026, 6, 19, 8, tzinfo=UTC)
DAY = date(2026, 6, 22)
ZONE = ZoneInfo("Europe/Paris")
STEP = 30 * MINUTE
STAY = HOUR


class Salon:
    """Open from nine to five, with so many members of staff for one service of an hour."""

    def __init__(self, staff: int = 1, now: datetime | None = NOW) -> None:
        self.now = now
        self.business: Business = business(
            "Salon", timezone=ZONE.key, booking_mode="scheduled", slot_interval_minutes=30
        )
        self.place: Location = location(self.business)
        OpeningHours.objects.bulk_create(
            OpeningHours(location=self.place, weekday=day, opens=time(9), closes=time(17))
            for day in range(1, 8)
        )
        self.staff: list[Resource] = [
            resource(self.business, f"Person {n}", kind="staff") for n in range(1, staff + 1)
        ]
        self.service: Service = service(
            self.business, "Cut", duration=STAY, slot_interval=STEP, price_cents=4500
        )
        qualify(self.service, kind="staff", resource_ids=[each.pk for each in self.staff])
        self.guest = services.register_guest(
            self.business,
            GuestDetails("Maria", "Garcia", "maria@example.com", "+33612345678"),
            now=now,
        )

    def all_starts(self) -> list[datetime]:
        """Every start of the day when nothing is taken."""
        first = at(9)
        return [first + n * STEP for n in range(15)]


def at(hour: int, minute: int = 0) -> datetime:
    """A time of the day by the salon's clock, as an instant."""
    return datetime.combine(DAY, time(hour, minute), ZONE).astimezone(UTC)


class Refused(Exception):
    """The door said no: its status and its words."""


class Door(Protocol):
    """A client of one protocol at one salon."""

    name: str

    def starts(self) -> list[datetime]:
        """What it offers on the day, as instants."""

    def book(self, start: datetime) -> str:
        """Make a booking; its id at this door. Raises Refused."""

    def move(self, id_: str, start: datetime) -> None:
        """Move it. Raises Refused."""

    def cancel(self, id_: str) -> None:
        """Cancel it."""

    def knows(self, id_: str) -> bool:
        """Whether the booking is still on."""


Send = Callable[[str, str, Any, dict[str, str]], "tuple[int, Any]"]


def in_process(now: datetime | None = NOW) -> Send:
    """Ask the views of this process, at a moment."""
    client = Client()

    def send(method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        extra: dict[str, Any] = {"openbook.now": now} if now else {}
        answer = client.generic(
            method,
            path,
            b"" if body is None else json.dumps(body),
            "application/json",
            headers=headers,
            **extra,
        )
        return answer.status_code, answer.json() if answer.content else None

    return send


class _Door:
    name = ""

    def __init__(self, salon: Salon, send: Send | None = None) -> None:
        self.salon = salon
        self._send = send or in_process(salon.now)
        self.headers = self.credentials()

    def credentials(self) -> dict[str, str]:
        raise AssertionError("every door has a key")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What was answered to a request that succeeded. Raises Refused."""
        status, answer = self._send(method, path, body, self.headers)
        if status >= 400:
            raise Refused(status, answer)
        return answer


def wall(start: datetime) -> tuple[str, str]:
    local = start.astimezone(ZONE)
    return local.date().isoformat(), f"{local:%H:%M}"


def instant(day: str, clock: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), ZONE).astimezone(
        UTC
    )


class AvailEngine(_Door):
    name = "availengine"

    def credentials(self) -> dict[str, str]:
        _, key = keys.issue(
            self.salon.business, name="Door", scopes=["read", "write"], rate_limit_rpm=1_000_000
        )
        return {"Authorization": f"Bearer {key}"}

    def starts(self) -> list[datetime]:
        of, what = self.salon.business.pk, self.salon.service.pk
        found = self.ask("GET", f"/v1/availability/{of}?date={DAY}&service_id={what}")
        return [
            instant(found["booking_date"], each["time"])
            for each in found["slots"]
            if each["available"]
        ]

    def book(self, start: datetime) -> str:
        day, clock = wall(start)
        made = self.ask(
            "POST",
            "/v1/bookings/",
            {
                "business_id": str(self.salon.business.pk),
                "service_id": str(self.salon.service.pk),
                "booking_date": day,
                "start_time": clock,
                "first_name": "Maria",
                "last_name": "Garcia",
                "email": "maria@example.com",
                "phone": "+33612345678",
            },
        )
        return str(made["booking"]["id"])

    def move(self, id_: str, start: datetime) -> None:
        day, clock = wall(start)
        self.ask("PATCH", f"/v1/manage/bookings/{id_}", {"booking_date": day, "start_time": clock})

    def cancel(self, id_: str) -> None:
        self.ask("PATCH", f"/v1/manage/bookings/{id_}", {"status": "cancelled"})

    def knows(self, id_: str) -> bool:
        found = self.ask("GET", f"/v1/manage/bookings/{id_}")
        return bool(found["booking"]["status"] == "confirmed")


class MyReserva(_Door):
    name = "myreserva"

    def credentials(self) -> dict[str, str]:
        owner = user(of=self.salon.business)
        pair = logins.begin(myreserva.STAFF, owner.pk, self.salon.business, now=self.salon.now)
        return {"Authorization": f"Bearer {pair.access}"}

    @property
    def _ids(self) -> tuple[str, str]:
        return hex24(self.salon.place.pk), hex24(self.salon.service.pk)

    def starts(self) -> list[datetime]:
        outlet, what = self._ids
        found = self.ask(
            "GET",
            "/api/v1/public/availability/grid"
            f"?service_id={what}&outlet_id={outlet}&start_date={DAY}&num_days=1",
        )
        return [
            instant(day, each["start_time"])
            for day, slots in found["availability_grid"].items()
            for each in slots
        ]

    def book(self, start: datetime) -> str:
        outlet, what = self._ids
        day, clock = wall(start)
        made = self.ask(
            "POST",
            "/api/v1/appointments",
            {
                "customer_id": hex24(self.salon.guest.pk),
                "outlet_id": outlet,
                "appointment_date": day,
                "start_time": clock,
                "services": [{"service_id": what, "staff_id": None}],
            },
        )
        return str(made["id"])

    def move(self, id_: str, start: datetime) -> None:
        day, clock = wall(start)
        self.ask(
            "POST",
            f"/api/v1/appointments/{id_}/reschedule",
            {"new_date": day, "new_time": clock},
        )

    def cancel(self, id_: str) -> None:
        self.ask("DELETE", f"/api/v1/appointments/{id_}", {"cancellation_reason": "Ill"})

    def knows(self, id_: str) -> bool:
        return bool(self.ask("GET", f"/api/v1/appointments/{id_}")["status"] == "confirmed")


class Appointedd(_Door):
    name = "appointedd"

    def credentials(self) -> dict[str, str]:
        _, key = keys.issue(
            self.salon.business,
            name="Door",
            scopes=["read", "write", "admin"],
            protocol=Channel.Protocol.APPOINTEDD,
            rate_limit_rpm=1_000_000,
        )
        return {"X-API-KEY": key}

    def starts(self) -> list[datetime]:
        first = datetime.combine(DAY, time(), ZONE)
        span = {"start": first.isoformat(), "end": (first + timedelta(days=1)).isoformat()}
        found = self.ask(
            "POST",
            "/appointedd/v1/availability/intervals/search",
            {"ranges": [span], "service_id": hex24(self.salon.service.pk), "timezone": "UTC"},
        )
        return [datetime.fromisoformat(each["start"]) for each in found["data"]]

    def book(self, start: datetime) -> str:
        held = self.ask(
            "POST",
            "/appointedd/v1/availability/slots",
            {"data": {"service_id": hex24(self.salon.service.pk), "start": start.isoformat()}},
        )
        profile = {"firstname": "Maria", "lastname": "Garcia"}
        made = self.ask(
            "POST",
            "/appointedd/v1/bookings",
            {
                "slot_id": held["data"]["id"],
                "data": {"customers": [{"customer": {"profile": profile}}]},
            },
        )
        return str(made["data"]["id"])

    def move(self, id_: str, start: datetime) -> None:
        part = {"start": start.isoformat(), "end": (start + STAY).isoformat()}
        self.ask("PUT", f"/appointedd/v1/bookings/{id_}", {"data": {"parts": [part]}})

    def cancel(self, id_: str) -> None:
        self.ask("POST", f"/appointedd/v1/bookings/{id_}/cancel")

    def knows(self, id_: str) -> bool:
        (found,) = self.ask("GET", f"/appointedd/v1/bookings?ids={id_}")["data"]
        return bool(found["status"] == "confirmed")


class Google(_Door):
    name = "google"

    def credentials(self) -> dict[str, str]:
        _, key = keys.issue(
            self.salon.business,
            name="Door",
            scopes=["read", "write"],
            protocol=Channel.Protocol.GOOGLE,
        )
        return {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}

    def _slot(self, start: datetime) -> dict[str, str]:
        return {
            "service_id": str(self.salon.service.pk),
            "start_sec": str(int(start.timestamp())),
            "duration_sec": str(int(STAY.total_seconds())),
        }

    def _ask(self, method: str, body: Any) -> Any:
        """A "no" of business is answered with 200."""
        answer = self.ask("POST", f"/google/v3/{method}", body)
        if "booking_failure" in answer:
            raise Refused(200, answer)
        return answer

    def starts(self) -> list[datetime]:
        day = [at(0) + n * MINUTE * 15 for n in range(96)]
        place = str(self.salon.place.pk)
        found = self._ask(
            "BatchAvailabilityLookup",
            {"merchant_id": place, "slot_time": [self._slot(each) for each in day]},
        )
        free = [each["available"] for each in found["slot_time_availability"]]
        return [start for start, is_free in zip(day, free, strict=True) if is_free]

    def book(self, start: datetime) -> str:
        made = self._ask(
            "CreateBooking",
            {
                "idempotency_token": uuid.uuid4().hex,
                "slot": {"merchant_id": str(self.salon.place.pk)} | self._slot(start),
                "user_information": {
                    "user_id": uuid.uuid4().hex,
                    "given_name": "Maria",
                    "family_name": "Garcia",
                    "telephone": "+33612345678",
                    "email": "maria@example.com",
                },
            },
        )
        return str(made["booking"]["booking_id"])

    def move(self, id_: str, start: datetime) -> None:
        slot = self._slot(start)
        del slot["service_id"]
        self._ask("UpdateBooking", {"booking": {"booking_id": id_, "slot": slot}})

    def cancel(self, id_: str) -> None:
        self._ask("UpdateBooking", {"booking": {"booking_id": id_, "status": "CANCELED"}})

    def knows(self, id_: str) -> bool:
        found = self._ask("GetBookingStatus", {"booking_id": id_})
        return bool(found["booking_status"] == "CONFIRMED")


class OctoTable(_Door):
    name = "octotable"

    def credentials(self) -> dict[str, str]:
        _, key = keys.issue(
            self.salon.business,
            name="Door",
            scopes=["read", "write"],
            protocol=Channel.Protocol.OCTOTABLE,
            rate_limit_rpm=1_000_000,
        )
        client_id, _, secret = key.partition(":")
        asked = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        _, answer = self._send("POST", "/octotable-pms/api/v2/oauth2/token", asked, {})
        return {
            "Authorization": f"Bearer {answer['access_token']}",
            "Property": str(int48(self.salon.business.pk)),
        }

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return self.ask(method, f"/octotable-pms/api/v2/{path}", body)["data"]

    def starts(self) -> list[datetime]:
        what = int48(self.salon.service.pk)
        return [
            instant(day["day"], clock)
            for day in self._ask("GET", f"bookings/slots?start_date={DAY}&service_id={what}")
            for found in day["available_services"]
            for clock in found["available_slots"]
        ]

    def book(self, start: datetime) -> str:
        day, clock = wall(start)
        (made,) = self._ask(
            "POST",
            "reservations",
            {
                "start_date": day,
                "start_hour": clock,
                "pax": 1,
                "channel": "OCTOTABLE_BOOK",
                "customer": {"first_name": "Maria", "phone": "+33612345678"},
                "service_id": int48(self.salon.service.pk),
                "room_id": int48(self.salon.place.pk),
            },
        )
        return str(made["id"])

    def move(self, id_: str, start: datetime) -> None:
        day, clock = wall(start)
        self._ask("PUT", f"reservations/{id_}", {"start_date": day, "start_hour": clock})

    def cancel(self, id_: str) -> None:
        self._ask("DELETE", f"reservations/{id_}")

    def knows(self, id_: str) -> bool:
        (found,) = self._ask("GET", f"reservations/{id_}")
        return bool(found["status"] == "CONFIRMED")


DOORS: list[Any] = [AvailEngine, MyReserva, Appointedd, Google, OctoTable]
