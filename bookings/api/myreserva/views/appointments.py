"""Appointments: made by staff or by customers, and what becomes of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Business
from availability.calendar import resolve
from billing import selectors as billing
from billing.models import Receipt
from bookings import selectors, services
from bookings.api.myreserva import gate
from bookings.api.myreserva.dialect import (
    GONE,
    Endpoint,
    all_by_id,
    by_id,
    id_of,
    invalid,
    minor,
    said,
    saying,
    stamp,
)
from bookings.api.myreserva.gate import Refusal
from bookings.api.myreserva.render import (
    DAY,
    HOUR,
    MINUTE,
    STATES,
    appointments_json,
    parts_of,
    payment_json,
    settings_of,
    status_of,
)
from bookings.api.myreserva.serializers import (
    Absence,
    AppointmentChanges,
    AppointmentQuery,
    AppointmentRequest,
    Cancellation,
    Completion,
    LinkRequest,
    PaymentRequest,
    Rescheduling,
    StaffAppointmentRequest,
)
from bookings.api.myreserva.views.catalogue import NO_SERVICE, NO_STAFF, services_of, staff_of
from bookings.api.myreserva.views.customers import NO_CUSTOMER, found_by
from bookings.api.myreserva.views.grid import (
    NO_OUTLET,
    PRIVATE_DAYS,
    PRIVATE_FAR,
    outlet_open_to,
    today,
)
from bookings.errors import WrongState
from bookings.lifecycle import State
from bookings.models import Booking, Guest
from bookings.services import Part
from bookings.wishes import Wish
from resources.models import Location, Service

MISSING = "Appointment not found"
PAST = "Cannot book appointments in the past"
FREE_SERVICES = 20  # in one appointment, on the plan FREE
CUSTOMER_STEP = 30 * MINUTE  # what the grid would offer


# --- making --------------------------------------------------------------------------------------


def price_of(service: Service, outlet: Location, now: datetime) -> int:
    """The promotional price while it holds, else the outlet's, else the base price."""
    pricing = said(service).get("pricing", {})
    until = parse_datetime(pricing.get("until") or "")
    promotional = pricing.get("promotional")
    if promotional is not None and until is not None and now < until:
        return int(promotional)
    return int(pricing.get("outlets", {}).get(id_of(outlet), service.price_cents))


def wall_start(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A start by the outlet's clock; a time that the clock skips is never offered."""
    start = resolve(day, at, zone)
    if start.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, at):
        raise Refusal(409, GONE)
    return start


def refuse_day(day: date, now: datetime, zone: str) -> None:
    """A day that is over, or too far ahead."""
    earliest, latest = today(now, zone)
    if day < earliest:
        raise Refusal(400, PAST)
    if day > latest + PRIVATE_DAYS * DAY:
        raise Refusal(400, PRIVATE_FAR)


@dataclasses.dataclass(slots=True)
class Order:
    """What is to be booked, looked up."""

    outlet: Location
    parts: list[Part]
    settings: Mapping[str, Any]


def order(view: Endpoint, asked: Mapping[str, Any], *, by_guest: bool) -> Order:
    """Look up what an appointment names. Several services follow one another, each with its own
    preparation and cleanup. Raises Refusal."""
    rows = Location.objects.filter(business=view.business).select_related("business")
    outlet = by_id(rows, asked["outlet_id"])
    if outlet is None or not outlet_open_to(outlet, by_guest=by_guest):
        raise Refusal(404, NO_OUTLET)
    zone = ZoneInfo(outlet.zone)
    refuse_day(asked["appointment_date"], view.moment, outlet.zone)
    at: time = asked["start_time"]
    if at.minute % 5:
        raise invalid({"start_time": ["Time must be in 5-minute intervals"]})
    wanted = asked["services"]
    if billing.cover(view.business).plan == "myreserva-free" and len(wanted) > FREE_SERVICES:
        raise Refusal(403, f"Your plan allows {FREE_SERVICES} services in one appointment.")
    offered = services_of(view.business).filter(is_active=True)
    known = {
        id_of(each): each
        for each in all_by_id(offered, [each["service_id"] for each in wanted], NO_SERVICE)
    }
    people = {
        id_of(each): each
        for each in all_by_id(
            staff_of(view.business),
            [each["staff_id"] for each in wanted if each.get("staff_id")],
            NO_STAFF,
        )
    }
    if asked.get("customer_package_id"):
        raise Refusal(404, "Customer package not found or does not belong to customer")
    start = wall_start(asked["appointment_date"], at, zone)
    parts: list[Part] = []
    for each in wanted:
        service = known[each["service_id"]]
        service.business = view.business
        if asked.get("credit_redeemed"):
            raise Refusal(
                400,
                f"No available credits for service '{service.name}'. Customer has no valid, "
                "unexpired credits for this service.",
            )
        staff = people[each["staff_id"]] if each.get("staff_id") else None
        wish = Wish.of(
            service,
            starts_at=start,
            location_id=outlet.pk,
            resource_id=staff.pk if staff else None,
            joinable=False,
            keeps_hours=True,
            keeps_notice=by_guest,
            by_guest=by_guest,
            step=CUSTOMER_STEP if by_guest and not parts else None,
        )
        parts.append(Part(wish, price_of(service, outlet, view.moment)))
        start = wish.inside_until
    return Order(outlet, parts, settings_of(outlet, view.business))


def make(
    view: Endpoint, asked: Mapping[str, Any], guest: Guest, *, by_guest: bool, kind: str
) -> Booking:
    """Book an appointment: pending for a customer, unless the outlet confirms by itself."""
    ordered = order(view, asked, by_guest=by_guest)
    settings = ordered.settings
    confirms = settings["auto_confirm_bookings"] and not settings["payment_required_upfront"]
    is_pending = by_guest and not confirms
    first = ordered.parts[0]
    more: dict[str, Any] = {"appointment_type": kind}
    if not is_pending:
        more["confirmed_at"] = stamp(view.moment)
    ordered.parts[0] = dataclasses.replace(first, details=saying(None, **more))
    waits = settings["pending_expires_minutes"]
    made = services.book_visit(
        ordered.parts,
        guest_id=guest.pk,
        by=view.caller.actor,
        source="myreserva",
        is_pending=is_pending,
        lasts=timedelta(minutes=waits) if waits else None,
        notes=asked.get("notes", ""),
        now=view.now,
    )
    return again(made)


def again(booking: Booking) -> Booking:
    """A visit with all that its answer says."""
    return selectors.visits(booking.business).get(pk=booking.pk)


def booked(view: Endpoint, booking: Booking) -> Response:
    """An appointment that was just made."""
    return Response(appointments_json([booking], view.moment)[0], 201)


def shown(view: Endpoint, booking: Booking, status: int = 200) -> Response:
    """One appointment, with its payments."""
    return Response(appointments_json([again(booking)], view.moment, with_payments=True)[0], status)


# --- staff ---------------------------------------------------------------------------------------


class Appointments(Endpoint):
    """GET, POST /api/v1/appointments"""

    def get(self, request: Request) -> Response:
        asked = self.ask(AppointmentQuery)
        rows = chosen(self, selectors.visits(self.business), asked)
        return self.listed(rows, lambda page: appointments_json(page, self.moment))

    def post(self, request: Request) -> Response:
        asked = self.read(StaffAppointmentRequest)
        guest = self.one(selectors.guests(self.business), asked["customer_id"], NO_CUSTOMER)
        kind = asked.get("appointment_type", "scheduled")
        return self.once(lambda: booked(self, make(self, asked, guest, by_guest=False, kind=kind)))


ORDERS = {
    "appointment_date": "starts_at",
    "start_time": "starts_at",
    "created_at": "created_at",
    "status": "state",
    "total_price": "total",
}


def chosen(view: Endpoint, rows: QuerySet[Booking], asked: Mapping[str, Any]) -> QuerySet[Booking]:
    """The appointments that a list is asked for, in its order."""
    if asked.keys() & {"date_from", "date_to"}:
        rows = rows.filter(on_days(view.business, asked.get("date_from"), asked.get("date_to")))
    if status := asked.get("status"):
        states = [ours for ours, each in STATES.items() if each == status]
        gone = selectors.lapsed(view.now)
        is_over = State.EXPIRED.value in states
        rows = rows.filter(Q(state__in=states) | gone if is_over else Q(state__in=states) & ~gone)
    if kind := asked.get("appointment_type"):
        typed = Q(details__myreserva__appointment_type=kind)
        if kind == "online":
            typed |= Q(details__myreserva__appointment_type__isnull=True)
        rows = rows.filter(typed)
    if text := asked.get("completion_notes_search"):
        rows = rows.filter(details__myreserva__completion_notes__icontains=text)
    if id_ := asked.get("customer_id"):
        rows = rows.filter(guest=view.one(selectors.guests(view.business), id_, NO_CUSTOMER))
    if id_ := asked.get("outlet_id"):
        outlets = Location.objects.filter(business=view.business)
        rows = rows.filter(location=view.one(outlets, id_, "Outlet not found"))
    parts = Booking.objects.filter(Q(leader=OuterRef("pk")) | Q(pk=OuterRef("pk")))
    if id_ := asked.get("staff_id"):
        staff = view.one(staff_of(view.business), id_, NO_STAFF)
        rows = rows.filter(Exists(parts.filter(resource_ids__contains=[staff.pk])))
    if id_ := asked.get("service_id"):
        service = view.one(services_of(view.business), id_, NO_SERVICE)
        rows = rows.filter(Exists(parts.filter(service=service)))
    if asked.get("payment_status") or asked["sort_by"] == "total_price":
        rows = with_money(rows)
    if status := asked.get("payment_status"):
        rows = rows.filter(money_stands(status))
    name = ORDERS[asked["sort_by"]]
    sign = "-" if asked["sort_direction"] == "desc" else ""
    return rows.order_by(f"{sign}{name}", f"{sign}id")


def on_days(business: Business, first: date | None, last: date | None) -> Q:
    """What starts on these days, both included, by the clock of each outlet, as it is shown."""
    zones = {
        each or business.timezone for each in business.locations.values_list("timezone", flat=True)
    }
    wanted = Q(pk=None)
    for name in zones:
        zone, span = ZoneInfo(name), Q()
        if len(zones) > 1:
            span &= Q(location__timezone__in=[name, ""] if name == business.timezone else [name])
        if first:
            span &= Q(starts_at__gte=resolve(first, time(), zone))
        if last:
            span &= Q(starts_at__lt=resolve(last + DAY, time(), zone))
        wanted |= span
    return wanted


def with_money(rows: QuerySet[Booking]) -> QuerySet[Booking]:
    """Each with what it costs and what was paid."""
    parts = Booking.objects.filter(leader=OuterRef("pk")).order_by().values("leader")
    receipts = Receipt.objects.filter(booking_id=OuterRef("pk")).order_by().values("booking_id")
    nothing = Value(0)
    return rows.annotate(
        total=Coalesce(F("price_cents"), nothing)
        + Coalesce(Subquery(parts.annotate(sum=Sum("price_cents")).values("sum")), nothing),
        paid=Coalesce(Subquery(receipts.annotate(sum=Sum("amount_cents")).values("sum")), nothing),
    )


def money_stands(status: str) -> Q:
    """As `payment_status` says it of one appointment."""
    own = "details__myreserva__payment_status"
    computed = {
        "not_required": Q(total=0),
        "paid": Q(total__gt=0, paid__gte=F("total")),
        "partially_paid": Q(total__gt=0, paid__gt=0, paid__lt=F("total")),
        "pending": Q(total__gt=0, paid=0),
    }.get(status, Q(pk=None))
    return Q(**{own: status}) | (Q(**{f"{own}__isnull": True}) & computed)


class AppointmentsOfCustomer(Endpoint):
    """GET /api/v1/customers/{id}/appointments"""

    def get(self, request: Request, customer_id: str) -> Response:
        guest = found_by(self, customer_id)
        rows = selectors.visits(self.business).filter(guest=guest).order_by("-starts_at", "id")
        return self.listed(rows, lambda page: appointments_json(page, self.moment))


class Managing(Endpoint):
    """What the endpoints about one appointment share."""

    def found(self, appointment_id: str) -> Booking:
        rows = selectors.visits(self.business)
        return self.find(rows, appointment_id, MISSING, name="appointment_id")

    def refuse(self, booking: Booking, wanted: str, *allowed: str) -> None:
        """Only from these can it become what is wanted."""
        status = status_of(booking, self.moment)
        if status not in allowed:
            raise Refusal(400, f"Cannot change appointment from '{status}' to '{wanted}'")

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, WrongState):
            now, wanted = (STATES.get(each, each) for each in (exc.now, exc.wanted))
            exc = Refusal(400, f"Cannot change appointment from '{now}' to '{wanted}'")
        return super().handle_exception(exc)

    by_guest = False

    def move(self, booking: Booking, day: date, at: time, reason: str = "") -> Booking:
        """To another day or time, held to the rules of a new one."""
        status = status_of(booking, self.moment)
        if status not in ("pending", "confirmed"):
            raise Refusal(400, f"Cannot reschedule an appointment that is '{status}'")
        zone = ZoneInfo(booking.location.timezone or booking.business.timezone)
        refuse_day(day, self.moment, zone.key)
        if at.minute % 5:
            raise invalid({"new_time": ["Time must be in 5-minute intervals"]})
        was = appointments_json([booking], self.moment)[0]
        start = wall_start(day, at, zone)
        parts = parts_of(booking, self.moment)
        shift = start - parts[0].starts_at
        end = (parts[-1].ends_at + shift).astimezone(zone)
        to = {
            "date": day.isoformat(), "start_time": f"{at:%H:%M}", "end_time": f"{end:%H:%M}",
        }  # fmt: skip
        details = saying(
            booking,
            rescheduled_from={
                "date": was["appointment_date"],
                "start_time": was["start_time"],
                "end_time": was["end_time"],
            },
            rescheduled_to=to,
            rescheduled_at=stamp(self.moment),
            reschedule_reason=reason,
        )
        return services.move_visit(
            booking,
            starts_at=start,
            by=self.caller.actor,
            step=CUSTOMER_STEP if self.by_guest else None,
            keeps_notice=self.by_guest,
            details=details,
            now=self.now,
        )

    def cancel(self, booking: Booking) -> Response:
        """The reason is in the body, or in the query where a proxy dropped the body."""
        reason = self.request.query_params.get("cancellation_reason")
        if reason and not self.request.data:
            reader = Cancellation(data={"cancellation_reason": reason})
            reader.is_valid(raise_exception=True)
            asked = dict(reader.validated_data)
        else:
            asked = self.read(Cancellation)
        why = asked["cancellation_reason"]
        self.refuse(booking, "cancelled", "pending", "confirmed")
        details = saying(booking, cancellation_reason=why, cancelled_at=stamp(self.moment))
        by = self.caller.actor
        return shown(
            self, services.cancel_visit(booking, by=by, reason=why, details=details, now=self.now)
        )


class OneAppointment(Managing):
    """GET, PUT, DELETE /api/v1/appointments/{id}"""

    def get(self, request: Request, appointment_id: str) -> Response:
        return shown(self, self.found(appointment_id))

    @transaction.atomic
    def put(self, request: Request, appointment_id: str) -> Response:
        booking = self.found(appointment_id)
        asked = self.read(AppointmentChanges)
        zone = ZoneInfo(booking.location.timezone or booking.business.timezone)
        local = booking.starts_at.astimezone(zone)
        day = asked.get("appointment_date", local.date())
        at = asked.get("start_time", local.time().replace(tzinfo=None))
        if (day, at) != (local.date(), local.time()):
            self.move(booking, day, at)
            booking = self.found(appointment_id)
        if "notes" in asked:
            services.describe_visit(booking, notes=asked["notes"], now=self.now)
        if "payment_status" in asked:
            self._pay(booking, asked["payment_status"])
            booking = self.found(appointment_id)
        if "status" in asked:
            self._bring(booking, asked["status"])
        return shown(self, self.found(appointment_id))

    def delete(self, request: Request, appointment_id: str) -> Response:
        return self.cancel(self.found(appointment_id))

    def _pay(self, booking: Booking, wanted: str) -> None:
        """Paid is what was left, in cash; refunded and not required are what staff say."""
        current = appointments_json([booking], self.moment)[0]["payment_status"]
        if wanted == current:
            return
        left = services.balance(booking)
        if wanted == "paid" and left:
            services.take_payment(
                booking, amount_cents=left, method="cash", by=self.caller.actor, now=self.now
            )
        elif wanted == "not_required" and current == "pending":
            pass
        elif wanted != "refunded" or current not in ("paid", "partially_paid"):
            raise Refusal(400, f"Cannot change payment status from '{current}' to '{wanted}'")
        own = None if wanted == "paid" else wanted
        details = saying(booking, payment_status=own)
        services.describe_visit(booking, details=details, now=self.now)

    def _bring(self, booking: Booking, wanted: str) -> None:
        if wanted == status_of(booking, self.moment):
            return
        by, now = self.caller.actor, self.now
        if wanted == "confirmed":
            confirmed(self, booking)
        elif wanted == "in_progress":
            self.refuse(booking, wanted, "confirmed")
            services.begin_visit(booking, by=by, now=now)
        elif wanted == "completed":
            finished(self, booking)
        elif wanted == "no_show":
            self.refuse(booking, wanted, "confirmed")
            services.miss_visit(booking, by=by, now=now)
        elif wanted == "cancelled":
            self.refuse(booking, wanted, "pending", "confirmed")
            services.cancel_visit(booking, by=by, now=now)
        else:
            self.refuse(booking, wanted)


def confirmed(view: Managing, booking: Booking) -> Booking:
    view.refuse(booking, "confirmed", "pending")
    done = services.confirm_visit(booking, by=view.caller.actor, now=view.now)
    details = saying(booking, confirmed_at=stamp(view.moment))
    return services.describe_visit(done, details=details, now=view.now)


def finished(view: Managing, booking: Booking, notes: str = "") -> Booking:
    view.refuse(booking, "completed", "confirmed", "in_progress")
    details = saying(booking, completion_notes=notes or None, completed_at=stamp(view.moment))
    is_free = said(booking).get("payment_status") in ("not_required", "refunded")
    return services.complete_visit(
        booking, by=view.caller.actor, details=details, is_paid=is_free, now=view.now
    )


class Reschedule(Managing):
    """POST /api/v1/appointments/{id}/reschedule"""

    def post(self, request: Request, appointment_id: str) -> Response:
        booking = self.found(appointment_id)
        asked = self.read(Rescheduling)
        return shown(
            self, self.move(booking, asked["new_date"], asked["new_time"], asked.get("reason", ""))
        )


class Confirm(Managing):
    """POST /api/v1/appointments/{id}/confirm"""

    def post(self, request: Request, appointment_id: str) -> Response:
        return shown(self, confirmed(self, self.found(appointment_id)))


class Complete(Managing):
    """POST /api/v1/appointments/{id}/complete"""

    def post(self, request: Request, appointment_id: str) -> Response:
        booking = self.found(appointment_id)
        asked = self.read_if_any(Completion)
        return shown(self, finished(self, booking, asked.get("completion_notes", "")))


class NoShow(Managing):
    """POST /api/v1/appointments/{id}/no-show"""

    def post(self, request: Request, appointment_id: str) -> Response:
        booking = self.found(appointment_id)
        asked = self.read_if_any(Absence)
        self.refuse(booking, "no_show", "confirmed")
        details = saying(booking, no_show_reason=asked.get("reason") or None)
        by = self.caller.actor
        return shown(self, services.miss_visit(booking, by=by, details=details, now=self.now))


class RecordPayment(Managing):
    """POST /api/v1/appointments/{id}/record-payment"""

    def post(self, request: Request, appointment_id: str) -> Response:
        booking = self.found(appointment_id)
        asked = self.read(PaymentRequest)
        made = services.take_payment(
            booking,
            amount_cents=minor(asked["amount"], self.business.currency, "amount"),
            method=asked["payment_method"],
            number=asked.get("receipt_number", ""),
            notes=asked.get("notes", ""),
            by=self.caller.actor,
            now=self.now,
        )
        told = appointments_json([again(booking)], self.moment, with_payments=True)[0]
        return Response(
            {
                "status": "success",
                "message": "Payment recorded successfully",
                "payment": payment_json(made),
                "appointment": {
                    "id": told["id"],
                    "payment_status": told["payment_status"],
                    "paid_amount": told["payment_details"]["paid_amount"],
                    "remaining_balance": told["payment_details"]["remaining_balance"],
                },
            }
        )


class PaymentLink(Managing):
    """POST /api/v1/appointments/{id}/create-payment-link: there is no page to pay at here."""

    def post(self, request: Request, appointment_id: str) -> Response:
        self.found(appointment_id)
        self.read_if_any(LinkRequest)
        raise Refusal(400, "Online payment is not configured for this tenant")


class PaymentStatus(Managing):
    """GET /api/v1/appointments/{id}/payment-status"""

    def get(self, request: Request, appointment_id: str) -> Response:
        told = appointments_json([self.found(appointment_id)], self.moment, with_payments=True)[0]
        return Response(
            {
                "appointment_id": told["id"],
                "payment_status": told["payment_status"],
                "payment_link": None,
                **told["payment_details"],
            }
        )


# --- customers -----------------------------------------------------------------------------------


class Own(Managing):
    """A customer's own; anybody else's is nowhere."""

    door = gate.CUSTOMER
    by_guest = True

    @property
    def guest(self) -> Guest:
        assert self.caller.guest is not None
        return self.caller.guest

    def rows(self) -> QuerySet[Booking]:
        return selectors.visits(self.business).filter(guest=self.guest)

    def found(self, appointment_id: str) -> Booking:
        return self.find(self.rows(), appointment_id, MISSING, name="appointment_id")

    def refuse_late(self, booking: Booking) -> None:
        """Up to so many hours before, as the outlet says."""
        hours = int(settings_of(booking.location, self.business)["cancellation_hours"])
        if self.moment > booking.starts_at - hours * HOUR:
            raise Refusal(
                400,
                f"Appointments can be changed or cancelled up to {hours} hours before the start",
            )


class OwnAppointments(Own):
    """GET, POST /api/v1/customer/appointments"""

    def get(self, request: Request) -> Response:
        return self.listed(
            self.rows().order_by("-starts_at", "id"),
            lambda page: appointments_json(page, self.moment),
        )

    def post(self, request: Request) -> Response:
        asked = self.read(AppointmentRequest)
        return self.once(
            lambda: booked(self, make(self, asked, self.guest, by_guest=True, kind="online"))
        )


class OwnAppointment(Own):
    """GET, DELETE /api/v1/customer/appointments/{id}"""

    def get(self, request: Request, appointment_id: str) -> Response:
        return shown(self, self.found(appointment_id))

    def delete(self, request: Request, appointment_id: str) -> Response:
        booking = self.found(appointment_id)
        self.refuse_late(booking)
        return self.cancel(booking)


class OwnReschedule(Own):
    """POST /api/v1/customer/appointments/{id}/reschedule"""

    def post(self, request: Request, appointment_id: str) -> Response:
        booking = self.found(appointment_id)
        asked = self.read(Rescheduling)
        self.refuse_late(booking)
        return shown(
            self, self.move(booking, asked["new_date"], asked["new_time"], asked.get("reason", ""))
        )
