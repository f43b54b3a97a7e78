"""Our rows in this protocol's words, as plain JSON values. One booking has three shapes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import Business
from billing.money import decimals
from bookings.api.appointedd import ids, times
from bookings.lifecycle import State
from bookings.models import Booking, Guest, Session
from bookings.promises import COMES
from resources.models import Category, Resource, Section, Service

Json = dict[str, Any]
Clock = Callable[[datetime], str]

NAME = "appointedd"
SCREEN, API = "appointment_screen", "api"
STATUSES = {
    State.CONFIRMED.value: "No Status",
    State.CHECKED_IN.value: "Arrived",
    State.COMPLETED.value: "Complete",
    State.NO_SHOW.value: "No Show",
    State.CANCELLED.value: "Cancelled",
    State.PENDING.value: "No Status",
}
UTC = ZoneInfo("UTC")


def noted(row: Any) -> Json:
    """What this protocol keeps of a row."""
    found: Json = row.details.get(NAME, {})
    return found


def money(minor: int, business: Business) -> int | float:
    """An amount in whole currency units, as a number."""
    units: int = 10 ** decimals(business.currency)
    return minor // units if minor % units == 0 else minor / units


# --- the catalogue -------------------------------------------------------------------------------


def buffers(service: Service | None) -> tuple[timedelta, timedelta]:
    """What is taken before and after; preparation and cleanup count as after."""
    if service is None:
        return timedelta(), timedelta()
    return service.buffer_before, service.preparation + service.cleanup + service.buffer_after


def allows_groups(service: Service) -> bool:
    return service.allows_groups or service.only_groups or service.capacity is not None


def service_json(service: Service, business: Business) -> Json:
    before, after = buffers(service)
    price = money(service.price_cents, business)
    return {
        "id": ids.written(service.pk),
        "category_id": ids.written(service.category_id) if service.category_id else None,
        "name": service.name,
        "booking": {
            "occupancy": service.capacity or 1,
            "type": "ONLINE_BOOKING",
            "buffers": {"before": times.minutes(before), "after": times.minutes(after)},
            "durations": [
                {
                    "default": True,
                    "minutes": times.minutes(service.duration),
                    "price": price,
                    "old_price": price,
                }
            ],
            "tiers": [],
            "allow_group": allows_groups(service),
        },
        "description": service.description,
    }


def named_json(row: Category | Section) -> Json:
    """A service category, or a group of resources."""
    return {"id": ids.written(row.pk), "name": row.name}


def resource_json(resource: Resource, services: Sequence[Service]) -> Json:
    """A resource, and which of the services (with their requirements) it may serve."""
    kept = noted(resource)
    address = kept.get("address", {})
    return {
        "id": ids.written(resource.pk),
        "profile": {
            "name": resource.name,
            "email": kept.get("email") or (resource.user.email if resource.user else ""),
            "phone": kept.get("phone", ""),
            "address": {
                "house_no": address.get("house_no", ""),
                "address_1": address.get("address_1", resource.location.address),
                "address_2": address.get("address_2", ""),
                "city": address.get("city", ""),
                "postcode": address.get("postcode", ""),
            },
        },
        "services": [ids.written(each.pk) for each in services if may_serve(resource, each)],
        "resource_group_ids": [ids.written(resource.section_id)] if resource.section_id else [],
    }


def may_serve(resource: Resource, service: Service) -> bool:
    """Whether a service may be served by a resource: named, of a kind that is needed, or any."""
    needs = list(service.requirements.all())
    if not needs:
        return True
    return any(need.kind == resource.kind and need.admits(resource.pk) for need in needs)


def customer_json(guest: Guest) -> Json:
    kept = noted(guest)
    phone = kept.get("phone", "")
    return {
        "id": ids.written(guest.pk),
        "tags": kept.get("tags", []),
        "profile": {
            "firstname": guest.first_name,
            "lastname": guest.last_name,
            "mobile": "" if guest.phone == phone else guest.phone,
            "phone": phone,
            "email": guest.email,
        },
        "marketing_opt_in": bool(kept.get("marketing_opt_in", False)),
        "created": times.local(guest.created_at, UTC),
        "updated": times.local(guest.updated_at, UTC),
    }


# --- a booking, whatever it is made of -----------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """A run with those who come to it, or a booking of a time of its own with its one guest."""

    row: Session | Booking
    business: Business
    people: list[Booking]
    total_spaces: int
    status: str
    is_group: bool

    @classmethod
    def of(cls, row: Session | Booking, business: Business) -> Shown:
        if isinstance(row, Booking):
            status = {State.CANCELLED.value: "cancelled", State.PENDING.value: "pending"}
            return cls(
                row,
                business,
                [row] if row.guest_id else [],
                row.party_size,
                status.get(row.state, "confirmed"),
                is_group=False,
            )
        is_off = row.state == Session.State.CANCELLED
        people: list[Booking] = getattr(row, "people", [])
        return cls(
            row,
            business,
            [each for each in people if is_off or each.state in COMES],
            row.capacity,
            "cancelled" if is_off else "confirmed",
            is_group=True,
        )

    @property
    def id(self) -> str:
        return ids.written(self.row.pk)

    @property
    def service_id(self) -> str | None:
        return ids.written(self.row.service_id) if self.row.service_id else None

    @property
    def resource_ids(self) -> list[str]:
        return [ids.written(each) for each in self.row.resource_ids]

    @property
    def price(self) -> int | float:
        return money(self.row.service.price_cents, self.business) if self.row.service else 0

    @property
    def created_source(self) -> str:
        if isinstance(self.row, Booking):
            return source_of(self.row)
        kept: str = noted(self.row).get("created_source", SCREEN)
        return kept

    def span(self, clock: Clock) -> Json:
        return span_json(self.row, clock)


def span_json(row: Session | Booking, clock: Clock) -> Json:
    """When, and when it is taken."""
    before, after = buffers(row.service)
    return {
        "start": clock(row.starts_at),
        "start_buffer": clock(row.starts_at - before),
        "end": clock(row.ends_at),
        "end_buffer": clock(row.ends_at + after),
    }


def source_of(booking: Booking) -> str:
    """How a booking came about: by a program, or by somebody at a screen."""
    return API if booking.source == NAME or booking.channel_id else SCREEN


def group_json(run: Session, places_left: int, here: ZoneInfo, business: Business) -> Json:
    """The first shape: a group booking in a search."""

    def clock(moment: datetime) -> str:
        return times.local(moment, here)

    shown = Shown.of(run, business)
    when = shown.span(clock)
    return {
        "id": shown.id,
        "resource_id": _first(shown.resource_ids),
        "service_id": shown.service_id,
        **when,
        "parts": [{"start": when["start"], "end": when["end"]}],
        "spaces": places_left,
        "price": shown.price,
        "resources": [{"id": each} for each in shown.resource_ids],
    }


def listed_json(row: Session | Booking, here: ZoneInfo, business: Business) -> Json:
    """The second shape: a booking in a list."""

    def clock(moment: datetime) -> str:
        return times.local(moment, here)

    shown = Shown.of(row, business)
    return {
        "id": shown.id,
        "service": shown.service_id,
        "resource": _first(shown.resource_ids),
        "customers": [_listed_customer(each, shown, clock) for each in shown.people],
        **shown.span(clock),
        "price": shown.price,
        "total_spaces": shown.total_spaces,
        "status": shown.status,
        "updated": clock(row.updated_at),
        "created": clock(row.created_at),
        "created_source": shown.created_source,
    }


def booking_json(row: Session | Booking, here: ZoneInfo, business: Business) -> Json:
    """The third shape: the whole of a booking that was made or changed."""

    def clock(moment: datetime) -> str:
        return times.local(moment, here)

    shown = Shown.of(row, business)
    before, after = buffers(row.service)
    when = shown.span(clock)
    return {
        "id": shown.id,
        "service_id": shown.service_id,
        "resource_id": _first(shown.resource_ids),
        "allow_external_customers": shown.is_group,
        "customers": [_made_customer(each, shown) for each in shown.people],
        "created_source": shown.created_source,
        "created": clock(row.created_at),
        "updated": clock(row.updated_at),
        "label": noted(row).get("label"),
        "location": None,
        **when,
        "buffers": {"before": str(times.minutes(before)), "after": str(times.minutes(after))},
        "parts": [{"start": when["start"], "end": when["end"], "label": None}],
        "status": shown.status,
        "price": shown.price,
        "total_spaces": shown.total_spaces,
        "resources": [{"_id": each} for each in shown.resource_ids],
    }


def _first(found: list[str]) -> str | None:
    return found[0] if found else None


# --- who comes -----------------------------------------------------------------------------------


def participant_json(booking: Booking, shown: Shown) -> Json:
    """What both shapes say of somebody who comes."""
    kept = noted(booking)
    spaces = booking.party_size
    assert booking.guest_id is not None
    return {
        "customer_id": ids.written(booking.guest_id),
        "customer_booking_id": ids.written(booking.pk, ids.PARTICIPANT),
        "booking_source": source_of(booking),
        "status": STATUSES[booking.state],
        "locale": kept.get("locale", "en"),
        "spaces": spaces,
        "total_spaces": spaces,
        "timezone": kept.get("timezone", shown.business.timezone),
        "total_price": shown.price * spaces,
        "price_points": price_points(shown.price, spaces),
        "reschedule_url": reschedule_url(booking, shown.id),
    }


def price_points(price: int | float, spaces: int) -> list[Json]:
    return [{"price_per_quantity": price, "spaces_per_quantity": 1, "quantity": spaces}]


def _listed_customer(booking: Booking, shown: Shown, clock: Clock) -> Json:
    created = clock(booking.created_at)
    told = participant_json(booking, shown)
    return {
        **told,
        "id": told["customer_id"],
        "paid": False,
        "created": created,
        "added": created,
        "questions": noted(booking).get("questions", []),
    }


def _made_customer(booking: Booking, shown: Shown) -> Json:
    return {
        **participant_json(booking, shown),
        "payment_ids": [],
        "tier": {},
        "created": times.unix(booking.created_at),
    }


def token(booking: Booking) -> str:
    """What opens a guest's page: 64 hex digits, others once the booking was moved."""
    said = f"{booking.pk}:{booking.link_version}:{booking.starts_at.timestamp()}"
    return salted_hmac("bookings.api.appointedd", said, algorithm="sha256").hexdigest()


def reschedule_url(booking: Booking, booking_id: str) -> str:
    """Where a guest may move their booking by themselves."""
    query = {
        "token": token(booking),
        "bookingId": booking_id,
        "participantId": ids.written(booking.pk, ids.PARTICIPANT),
    }
    return f"{settings.PUBLIC_URL}/appointedd/reschedule?{urlencode(query)}"


# --- reservations --------------------------------------------------------------------------------


def slot_json(hold: Booking, taken: Mapping[Any, int], clock: Clock) -> Json:
    """A reservation; `taken` says how many places of which run are."""
    session = hold.session
    left = max(0, session.capacity - taken.get(session.pk, 0)) if session else 0
    resources = [ids.written(each) for each in hold.resource_ids]
    when = span_json(hold, clock)
    is_new = session is None or session.state == Session.State.HELD
    return {
        "id": ids.written(hold.pk, ids.RESERVATION),
        "resource_id": _first(resources),
        "service_id": ids.written(hold.service_id) if hold.service_id else None,
        "resources": [{"id": each} for each in resources],
        "booking_id": None if is_new or session is None else ids.written(session.pk),
        **when,
        "parts": [{"start": when["start"], "end": when["end"]}],
        "expiry": clock(hold.expires_at) if hold.expires_at else None,
        "max_spaces": left + hold.party_size,
        "reserved_spaces": hold.party_size,
        "allow_additional_spaces": left > 0,
        "created": clock(hold.created_at),
        "updated": clock(hold.updated_at),
    }
