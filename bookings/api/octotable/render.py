"""What is there, in this protocol's words. Keys that say nothing are left out."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.models import Business
from availability import timetables
from billing.models import Deposit
from bookings import rules
from bookings.api.octotable.dialect import id_of, said, wall
from bookings.api.octotable.floor import Floor, Room, Table
from bookings.api.octotable.serializers import WEEKDAYS
from bookings.lifecycle import TAKING, State
from bookings.models import Block, Booking, Event, Guest, WebhookEndpoint
from resources.models import Location, Service

DAY = timedelta(days=1)
PROPERTY = (
    "description", "phone", "email", "website", "city", "cap", "address", "latitude", "longitude",
)  # fmt: skip
BOOK, ADMIN = "OCTOTABLE_BOOK", "OCTOTABLE_ADMIN"
OVER = {
    State.CANCELLED.value: "CANCELLED",
    State.NO_SHOW.value: "CANCELLED",
    State.EXPIRED.value: "EXPIRED",
}


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is unset."""
    return {name: each for name, each in values.items() if each not in (None, "")}


def property_json(business: Business) -> dict[str, Any]:
    kept = said(business)
    return {"id": id_of(business), "name": business.name} | filled(
        {name: kept.get(name) for name in PROPERTY}
        | {"enabled": business.is_active, "sandbox": business.is_dev}
    )


def table_json(table: Table, free: Collection[uuid.UUID]) -> dict[str, Any]:
    return {
        "id": table.id,
        "name": table.name,
        "bookable": table.bookable,
        "free": table.pk in free,
        "group": bool(table.members),
        "guests_min": table.guests_min,
        "guests_max": table.guests_max,
        "room_id": table.room.id,
    }


def room_json(
    room: Room,
    business: Business,
    tables: Iterable[Table] | None = None,
    free: Collection[uuid.UUID] = (),
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": room.id,
        "property_id": id_of(business),
        "name": room.name,
        "bookable": room.bookable,
    }
    if tables is not None:
        shown["tables"] = [table_json(each, free) for each in tables]
    return shown


# --- services ------------------------------------------------------------------------------------


def services_json(business: Business, rows: Sequence[Service], today: date) -> list[dict[str, Any]]:
    """Services with their days and starts; those without hours of their own have the property's."""
    return [_service_json(business, each, today) for each in rows]


def _service_json(business: Business, service: Service, today: date) -> dict[str, Any]:
    kept = said(service)
    days, first, last, starts = _hours(business, service, today)
    notice = service.min_notice
    horizon = service.max_advance
    minutes = business.min_notice_minutes if notice is None else notice // timedelta(minutes=1)
    return {
        "id": id_of(service),
        "name": service.name,
        "bookable": service.is_active,
        "advance_min": minutes,
        "average_stay": service.duration // timedelta(minutes=1),
        "card_guarantee": bool(kept.get("card_guarantee")),
        "confirmation_mode": kept.get("confirmation_mode", "CONFIRMED"),
        "days_of_week": [WEEKDAYS[each - 1] for each in days],
        "end_time": last,
        "max_advance": business.max_advance_days if horizon is None else horizon.days,
        "online": kept.get("online", True),
        "show_rooms": kept.get("show_rooms", True),
        "slots": starts,
        "start_time": first,
    } | filled({"orders_section": kept.get("orders_section")})


def _hours(
    business: Business, service: Service, today: date
) -> tuple[list[int], str, str, list[str]]:
    """The weekdays (ISO) of a service, from when until when, and its starts in a plain week."""
    promises = timetables.load(
        business, days=(today, today + 6 * DAY), service_id=service.pk, closures=False
    )
    periods = [(each.weekday, each.period) for each in promises.windows]
    if not periods:
        periods = [each for place in promises.locations.values() for each in place.weekly]
    if not periods:
        return [], "00:00:00", "00:00:00", []
    step = rules.step_of(business, service)
    named = {each for window in promises.windows for each in window.starts}
    starts = {f"{each:%H:%M:%S}" for each in named}
    stay = timedelta() if promises.windows else service.duration - timedelta.resolution
    for _, period in () if named else periods:
        opens = datetime.combine(today, period.opens)
        closes = datetime.combine(today, period.closes)
        if closes <= opens:
            closes += DAY
        latest = closes - stay
        while opens < latest:
            starts.add(f"{opens:%H:%M:%S}")
            opens += step
    first = min(period.opens for _, period in periods)
    last = max(period.closes for _, period in periods)
    in_order = sorted(starts, key=lambda each: (each < f"{first:%H:%M:%S}", each))
    days = sorted({weekday for weekday, _ in periods})
    return days, f"{first:%H:%M:%S}", f"{last:%H:%M:%S}", in_order


# --- reservations --------------------------------------------------------------------------------


def customer_json(guest: Guest) -> dict[str, Any]:
    return {
        "id": id_of(guest),
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "email": guest.email,
        "phone": guest.phone,
    }


def status_of(booking: Booking, *, owes: bool, before: str, moment: datetime) -> str:
    """Where a reservation stands; somebody who came before anybody said yes is still waiting for
    it, and what has lapsed is over, whether or not the sweep has come by."""
    if booking.state == State.CANCELLED.value and said(booking).get("status") == "REJECTED":
        return "REJECTED"
    if booking.state in OVER:
        return OVER[booking.state]
    if booking.state in (State.PENDING.value, State.HELD.value):
        if booking.expires_at and booking.expires_at <= moment:
            return "EXPIRED"
        if owes or booking.state == State.HELD.value:
            return "PREPAY"
        return "ACCEPTED" if said(booking).get("status") == "ACCEPTED" else "WAITING"
    if before == State.PENDING.value:
        return "ACCEPTED" if said(booking).get("status") == "ACCEPTED" else "WAITING"
    return "CONFIRMED"


def _held(table: Table, *, is_free: bool) -> dict[str, Any]:
    """A table as it stands in a reservation."""
    return {
        "id": table.id,
        "name": table.name,
        "bookable": table.bookable,
        "online": table.bookable,
        "free": is_free,
        "group": bool(table.members),
        "room_id": table.room.id,
    }


class Book:
    """What is needed to show bookings: a number of queries that doesn't grow with them."""

    def __init__(
        self, business: Business, bookings: Sequence[Booking], *, now: datetime | None
    ) -> None:
        self.business = business
        self.moment = now or datetime.now(UTC)
        self.floor = Floor(business, gone=True)
        here = [each.pk for each in bookings if each.state in ("checked_in", "completed")]
        waiting = [each.pk for each in bookings if each.state == State.PENDING.value]
        self.came: dict[uuid.UUID, Event] = {}
        self.left: dict[uuid.UUID, Event] = {}
        if here:
            kinds = (Event.Kind.CHECKED_IN, Event.Kind.COMPLETED)
            for event in Event.objects.filter(booking__in=here, kind__in=kinds).order_by("id"):
                seen = self.came if event.kind == Event.Kind.CHECKED_IN else self.left
                if event.booking_id:
                    seen[event.booking_id] = event
        self.owing: set[uuid.UUID] = set()
        if waiting:
            self.owing = set(
                Deposit.objects.filter(booking_id__in=waiting, status="pending").values_list(
                    "booking_id", flat=True
                )
            )

    def json(self, booking: Booking) -> dict[str, Any]:
        """One reservation."""
        zone = self._location(booking).zone
        kept = said(booking)
        start = wall(booking.starts_at, zone)
        came = self.came.get(booking.pk)
        left = self.left.get(booking.pk) if booking.state == State.COMPLETED.value else None
        status = status_of(
            booking,
            owes=booking.pk in self.owing,
            before=came.data.get("before", "") if came else "",
            moment=self.moment,
        )
        tables = self.floor.of(booking.resource_ids)
        room = tables[0].room if tables else self.floor.rooms.get(booking.location_id)
        day = start.date().isoformat()
        shown: dict[str, Any] = {
            "id": id_of(booking),
            "pax": booking.party_size,
            "status": status,
            "channel": kept.get("channel", BOOK),
            "start_date": day,
            "start_day": day,
            "start_hour": f"{start:%H:%M:%S}",
            "end_date": f"{wall(booking.ends_at, zone):%Y-%m-%dT%H:%M:%S}",
            "last_status_change": f"{wall(booking.updated_at, zone):%Y-%m-%dT%H:%M:%S}",
            "waiting_list": bool(kept.get("waiting_list")),
            "tables": [_held(each, is_free=State(booking.state) not in TAKING) for each in tables],
        }
        if booking.guest:
            shown["customer"] = customer_json(booking.guest)
        if booking.service:
            shown["service"] = {"id": id_of(booking.service), "name": booking.service.name}
        if room:
            shown["room"] = {"id": room.id, "name": room.name}
        if status in ("ACCEPTED", "PREPAY") and booking.expires_at:
            shown["expiration_date"] = f"{wall(booking.expires_at, zone):%Y-%m-%dT%H:%M:%S}"
        if came:
            shown["checkin_date"] = _to_the_millisecond(wall(came.at, zone))
        if left:
            shown["checkout_date"] = _to_the_millisecond(wall(left.at, zone))
        return shown | filled(
            {"notes": booking.notes, "special_request": kept.get("special_request")}
        )

    def closed(self, block: Block) -> dict[str, Any]:
        """A table out of use, as a reservation of nobody."""
        zone = self._zone(block.resource.location_id) or self.business.timezone
        start = wall(block.starts_at, zone)
        day = start.date().isoformat()
        tables = self.floor.of([block.resource_id])
        shown: dict[str, Any] = {
            "id": id_of(block),
            "pax": 0,
            "status": "OUTOFORDER",
            "channel": ADMIN,
            "start_date": day,
            "start_day": day,
            "start_hour": f"{start:%H:%M:%S}",
            "end_date": f"{wall(block.ends_at, zone):%Y-%m-%dT%H:%M:%S}",
            "last_status_change": f"{wall(block.created_at, zone):%Y-%m-%dT%H:%M:%S}",
            "waiting_list": False,
            "tables": [_held(each, is_free=False) for each in tables],
        }
        if tables:
            shown["room"] = {"id": tables[0].room.id, "name": tables[0].room.name}
        return shown | filled({"notes": block.reason})

    def _zone(self, location_id: uuid.UUID) -> str:
        found = (each.location for each in self.floor.rooms.values())
        return next((each.zone for each in found if each.pk == location_id), "")

    def _location(self, booking: Booking) -> Location:
        room = self.floor.rooms.get(booking.location_id)
        if room:
            return room.location
        return booking.location


def reservations(
    business: Business, bookings: Sequence[Booking], *, now: datetime | None
) -> list[dict[str, Any]]:
    """Bookings as reservations, in the same order."""
    book = Book(business, bookings, now=now)
    return [book.json(each) for each in bookings]


def _to_the_millisecond(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def subscription(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "endpoint": endpoint.url,
        "id": id_of(endpoint),
        "webhook_type": endpoint.events[0] if endpoint.events else "",
    }
