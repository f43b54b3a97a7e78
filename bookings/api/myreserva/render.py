"""Our rows in this protocol's words."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.utils.text import slugify

from accounts.models import Business, User
from availability.models import OpeningHours, RosterEntry
from billing.models import Receipt
from bookings.api.myreserva.dialect import PROTOCOL, amount, id_of, said, stamp, text_of
from bookings.lifecycle import State
from bookings.models import Booking, Guest
from resources.models import Location, Requirement, Resource, Service

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def decimal(price: int | None, currency: str) -> str | None:
    """A price as the catalogue has it: a decimal string."""
    return None if price is None else str(amount(price, currency))


# --- services ------------------------------------------------------------------------------------


def needs_of(rows: Iterable[Service]) -> dict[uuid.UUID, list[Requirement]]:
    """What each of these services needs, with who qualifies. Two queries."""
    found: dict[uuid.UUID, list[Requirement]] = defaultdict(list)
    for each in Requirement.objects.filter(service__in=list(rows)).prefetch_related("resources"):
        found[each.service_id].append(each)
    return found


def staff_need(needs: Iterable[Requirement]) -> Requirement | None:
    """The requirement that says how many of which staff a service needs, if it does."""
    return next((each for each in needs if each.kind == "staff"), None)


def service_json(
    service: Service,
    business: Business,
    needs: Collection[Requirement],
    *,
    staff: Collection[uuid.UUID] | None = None,
) -> dict[str, Any]:
    """`staff`, everybody of the business, adds who qualifies."""
    own = said(service)
    need = staff_need(needs)
    notice = service.min_notice
    if notice is None:
        notice = business.min_notice_minutes * MINUTE
    ahead = service.max_advance or business.max_advance_days * DAY
    pricing = own.get("pricing", {})
    found = {
        "id": id_of(service),
        "_id": id_of(service),
        "tenant_id": id_of(business),
        "name": service.name,
        "slug": own.get("slug") or slugify(service.name),
        "description": service.description,
        "category": service.category.name if service.category else None,
        "duration_minutes": service.duration // MINUTE,
        "preparation_minutes": service.preparation // MINUTE,
        "cleanup_minutes": service.cleanup // MINUTE,
        "max_advance_booking_days": ahead // DAY,
        "min_advance_booking_hours": -(-notice // HOUR),
        "requires_staff": need is not None,
        "required_staff_count": need.count if need else 0,
        "allow_parallel_bookings": service.allows_groups,
        "max_parallel_bookings": own.get("max_parallel_bookings") or service.capacity or 1,
        "pricing": {
            "base_price": decimal(service.price_cents, business.currency),
            "currency": business.currency,
            "outlet_prices": {
                outlet: decimal(price, business.currency)
                for outlet, price in pricing.get("outlets", {}).items()
            },
            "promotional_price": decimal(pricing.get("promotional"), business.currency),
            "promotional_valid_until": pricing.get("until"),
        },
        "tags": own.get("tags", []),
        "image_url": own.get("image_url") or None,
        "is_active": service.is_active,
        "status": "active" if service.is_active else "inactive",
        "created_at": stamp(service.created_at),
    }
    if staff is not None:
        able = {each.pk for each in need.resources.all()} if need else set()
        if need and need.is_anybody:
            able = set(staff)
        qualified = sorted(id_of(each) for each in able if each in staff)
        found |= {"staff_ids": qualified, "staff_count": len(qualified)}
    return found


def services_json(
    rows: list[Service], business: Business, *, with_staff: bool = False
) -> list[dict[str, Any]]:
    """Several at once, in a number of queries that doesn't grow."""
    needs = needs_of(rows)
    staff = (
        set(
            Resource.objects.filter(business=business, kind="staff", deleted_at=None).values_list(
                "pk", flat=True
            )
        )
        if with_staff
        else None
    )
    return [service_json(each, business, needs[each.pk], staff=staff) for each in rows]


# --- staff ---------------------------------------------------------------------------------------


def skills_of(rows: Collection[Resource], business: Business) -> dict[uuid.UUID, list[str]]:
    """The services that each of these people can perform. Two queries."""
    found: dict[uuid.UUID, list[str]] = defaultdict(list)
    needs = Requirement.objects.filter(service__business=business, kind="staff")
    for need in needs.order_by("service__name").prefetch_related("resources"):
        for each in rows:
            if need.admits(each.pk):
                found[each.pk].append(id_of(need.service_id))
    return found


def name_of(resource: Resource) -> tuple[str, str]:
    """First and last name; of somebody who came through another door, what their name says."""
    own = said(resource)
    if "first_name" in own:
        return own["first_name"], own.get("last_name", "")
    first, _, last = resource.name.partition(" ")
    return first, last


def staff_json(resource: Resource, business: Business, services: list[str]) -> dict[str, Any]:
    own = said(resource)
    first, last = name_of(resource)
    is_on = resource.is_active
    return {
        "id": id_of(resource),
        "_id": id_of(resource),
        "tenant_id": id_of(business),
        "outlet_id": id_of(resource.location_id),
        "first_name": first,
        "last_name": last,
        "display_name": resource.name,
        "email": own.get("email") or None,
        "phone": own.get("phone") or None,
        "position": own.get("position") or None,
        "employment_type": own.get("employment_type", "full_time"),
        "hire_date": own.get("hire_date"),
        "is_bookable": is_on or bool(own.get("is_bookable", True)),
        "accepts_online_booking": resource.is_online,
        "max_advance_booking_days": own.get("max_advance_booking_days", 30),
        "is_active": is_on or bool(own.get("is_active", False)),
        "status": "active" if is_on else own.get("status", "inactive"),
        "skills": {
            "service_ids": services,
            "specialties": own.get("specialties", []),
            "certifications": own.get("certifications", []),
            "years_experience": own.get("years_experience"),
        },
        "created_at": stamp(resource.created_at),
    }


# --- outlets -------------------------------------------------------------------------------------

DEFAULTS: Mapping[str, Any] = {
    "accepts_online_booking": True,
    "requires_appointment": True,
    "walk_ins_allowed": True,
    "advance_booking_days": 30,
    "auto_confirm_bookings": False,
    "payment_required_upfront": False,
    "default_service_buffer_minutes": 0,
    "accepts_online_payment": False,
    "accepts_cash_payment": True,
    "payment_on_arrival": True,
    "pending_expires_minutes": None,
}


def settings_of(location: Location, business: Business) -> dict[str, Any]:
    """An outlet's settings, with what is usual where nothing was said."""
    own = said(location).get("settings", {})
    return {
        **DEFAULTS,
        "cancellation_hours": business.cancellation_window_hours,
        **own,
        "timezone": location.timezone or business.timezone,
    }


def outlet_json(
    location: Location, business: Business, hours: Iterable[OpeningHours]
) -> dict[str, Any]:
    own = said(location)
    week: dict[int, list[OpeningHours]] = defaultdict(list)
    for each in hours:
        week[each.weekday - 1].append(each)
    address = own.get("address") or {"street": location.address}
    parts = ("street", "city", "state", "postal_code", "country")
    return {
        "id": id_of(location),
        "_id": id_of(location),
        "tenant_id": id_of(business),
        "name": location.name,
        "slug": own.get("slug") or slugify(location.name),
        "status": "active" if location.is_active else "inactive",
        "address": {name: address.get(name) or "" for name in parts},
        "contact": {
            name: own.get("contact", {}).get(name) or "" for name in ("phone", "email", "website")
        },
        "business_hours": [_day_json(day, week[day]) for day in range(7)],
        "settings": settings_of(location, business),
    }


def _day_json(day: int, periods: list[OpeningHours]) -> dict[str, Any]:
    if not periods:
        return {"day": day, "is_open": False}
    periods.sort(key=lambda each: each.opens)
    return {
        "day": day,
        "is_open": True,
        "open_time": f"{periods[0].opens:%H:%M}",
        "close_time": f"{periods[-1].closes:%H:%M}",
    }


def outlets_json(rows: list[Location], business: Business) -> list[dict[str, Any]]:
    """Several at once, in one more query."""
    hours: dict[uuid.UUID | None, list[OpeningHours]] = defaultdict(list)
    for each in OpeningHours.objects.filter(location__in=rows):
        hours[each.location_id].append(each)
    return [outlet_json(each, business, hours[each.pk]) for each in rows]


# --- people --------------------------------------------------------------------------------------


def customer_json(guest: Guest, appointments: int) -> dict[str, Any]:
    own = said(guest)
    return {
        "id": id_of(guest),
        "_id": id_of(guest),
        "tenant_id": id_of(guest.business_id),
        "email": guest.email or None,
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "phone": guest.phone or None,
        "gender": own.get("gender") or None,
        "notes": guest.notes,
        "email_verified": False,
        "is_active": own.get("is_active", True),
        "loyalty_points": own.get("loyalty_points", 0),
        "preferences": {"marketing_consent": False, "preferred_outlet_id": None}
        | own.get("preferences", {}),
        "total_appointments": appointments,
        "created_at": stamp(guest.created_at),
    }


def customers_json(rows: list[Guest]) -> list[dict[str, Any]]:
    """Several at once, in one more query."""
    counts = dict(
        Booking.objects.filter(guest__in=rows, leader=None)
        .values_list("guest")
        .annotate(Count("pk"))
    )
    return [customer_json(each, counts.get(each.pk, 0)) for each in rows]


def tenant_json(business: Business) -> dict[str, Any]:
    own = said(business)
    return {
        "id": id_of(business),
        "name": business.name,
        "slug": business.slug,
        "logo_url": own.get("logo_url"),
        "theme_color": own.get("theme_color"),
    }


def user_json(user: User, role: str) -> dict[str, Any]:
    return {
        "id": id_of(user),
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": role,
        "avatar_url": None,
        "last_login": stamp(user.last_login),
    }


# --- schedules -----------------------------------------------------------------------------------


def entry_json(entry: RosterEntry) -> dict[str, Any]:
    own = entry.details.get(PROTOCOL, {})
    services = sorted(id_of(each) for each in entry.services.all())
    return {
        "id": id_of(entry),
        "_id": id_of(entry),
        "tenant_id": id_of(entry.resource.business_id),
        "outlet_id": id_of(entry.resource.location_id),
        "staff_id": id_of(entry.resource_id),
        "date": text_of(entry.day),
        "start_time": f"{entry.starts:%H:%M:%S}",
        "end_time": f"{entry.ends:%H:%M:%S}",
        "availability_type": entry.kind,
        "recurrence_type": own.get("recurrence_type", "none"),
        "recurrence_end_date": own.get("recurrence_end_date"),
        "recurrence_days": own.get("recurrence_days"),
        "is_available": entry.kind == RosterEntry.Kind.WORKING_HOURS,
        "notes": entry.notes,
        "service_ids": services or None,
        "created_at": stamp(entry.created_at),
        "updated_at": stamp(entry.updated_at),
    }


# --- the book ------------------------------------------------------------------------------------

STATES = {
    State.HELD.value: "pending",
    State.PENDING.value: "pending",
    State.CONFIRMED.value: "confirmed",
    State.CHECKED_IN.value: "in_progress",
    State.COMPLETED.value: "completed",
    State.CANCELLED.value: "cancelled",
    State.EXPIRED.value: "cancelled",
    State.NO_SHOW.value: "no_show",
}


def parts_of(booking: Booking, now: datetime) -> list[Booking]:
    """The services of an appointment, in order; without what was cancelled at another door, unless
    all was."""
    rows = [booking, *booking.followers.all()]
    gone = (State.CANCELLED, State.EXPIRED)
    return [each for each in rows if each.standing(now) not in gone] or rows


def status_of(booking: Booking, now: datetime) -> str:
    """Where an appointment stands."""
    return STATES[parts_of(booking, now)[0].standing(now).value]


def payment_status(total: int, paid: int, own: Mapping[str, Any]) -> str:
    """Where the money of an appointment stands; what staff said of it goes first."""
    if known := own.get("payment_status"):
        return str(known)
    if total == 0:
        return "not_required"
    if paid >= total:
        return "paid"
    return "partially_paid" if paid else "pending"


def appointments_json(
    rows: list[Booking], now: datetime, *, with_payments: bool = False
) -> list[dict[str, Any]]:
    """Several at once as they are now, in two more queries."""
    ids = {
        each for row in rows for part in (row, *row.followers.all()) for each in part.resource_ids
    }
    staff = {
        each.pk: each.name
        for each in Resource.objects.filter(pk__in=ids, kind="staff").only("name")
    }
    receipts: dict[uuid.UUID, list[Receipt]] = defaultdict(list)
    for each in Receipt.objects.filter(booking_id__in=[row.pk for row in rows]):
        receipts[each.booking_id].append(each)
    return [
        appointment_json(row, staff, receipts[row.pk], now, with_payments=with_payments)
        for row in rows
    ]


def appointment_json(
    booking: Booking,
    staff: Mapping[uuid.UUID, str],
    receipts: list[Receipt],
    now: datetime,
    *,
    with_payments: bool = False,
) -> dict[str, Any]:
    own = said(booking)
    zone = ZoneInfo(booking.location.timezone or booking.business.timezone)
    parts = parts_of(booking, now)
    total = sum(each.price_cents or 0 for each in parts)
    paid = sum(each.amount_cents for each in receipts)
    start, end = parts[0].starts_at.astimezone(zone), parts[-1].ends_at.astimezone(zone)
    found: dict[str, Any] = {
        "id": id_of(booking),
        "_id": id_of(booking),
        "tenant_id": id_of(booking.business_id),
        "customer_id": id_of(booking.guest_id) if booking.guest_id else None,
        "outlet_id": id_of(booking.location_id),
        "appointment_date": start.date().isoformat(),
        "start_time": f"{start:%H:%M}",
        "end_time": f"{end:%H:%M}",
        "status": status_of(booking, now),
        "payment_status": payment_status(total, paid, own),
        "appointment_type": own.get("appointment_type", "online"),
        "services": [
            _part_json(each, staff, zone, booking.business.currency)
            for each in parts
            if each.service
        ],
        "total_price": amount(total, booking.business.currency),
        "notes": booking.notes,
        "credit_redeemed": False,
        "cancellation_reason": own.get("cancellation_reason"),
        "completion_notes": own.get("completion_notes"),
        "rescheduled_from": own.get("rescheduled_from"),
        "rescheduled_to": own.get("rescheduled_to"),
        "rescheduled_at": own.get("rescheduled_at"),
        "confirmed_at": own.get("confirmed_at"),
        "created_at": stamp(booking.created_at),
        "updated_at": stamp(booking.updated_at),
    }
    if with_payments:
        found["payment_details"] = payments_json(total, receipts, booking.business.currency)
    return found


def _part_json(
    booking: Booking, staff: Mapping[uuid.UUID, str], zone: ZoneInfo, currency: str
) -> dict[str, Any]:
    assert booking.service is not None
    able = next((each for each in booking.resource_ids if each in staff), None)
    return {
        "service_id": id_of(booking.service),
        "service_name": booking.service.name,
        "staff_id": id_of(able) if able else None,
        "staff_name": staff[able] if able else None,
        "price": amount(booking.price_cents or 0, currency),
        "duration_minutes": (booking.ends_at - booking.starts_at) // MINUTE,
        "start_time": f"{booking.starts_at.astimezone(zone):%H:%M}",
        "end_time": f"{booking.ends_at.astimezone(zone):%H:%M}",
    }


def payments_json(total: int, receipts: Iterable[Receipt], currency: str) -> dict[str, Any]:
    rows = list(receipts)
    paid = sum(each.amount_cents for each in rows)
    return {
        "total_amount": amount(total, currency),
        "paid_amount": amount(paid, currency),
        "remaining_balance": amount(max(0, total - paid), currency),
        "payment_history": [payment_json(each) for each in rows],
    }


def payment_json(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": id_of(receipt),
        "amount": amount(receipt.amount_cents, receipt.currency),
        "currency": receipt.currency,
        "payment_method": receipt.method,
        "notes": receipt.notes,
        "receipt_number": receipt.number or None,
        "recorded_at": stamp(receipt.at),
    }
