"""Customers of a tenant, as its staff see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Business
from bookings import selectors, services
from bookings.api.myreserva import gate
from bookings.api.myreserva.dialect import Endpoint, id_of, said, saying
from bookings.api.myreserva.render import customers_json
from bookings.api.myreserva.serializers import CustomerRequest, Preferences
from bookings.api.myreserva.views.catalogue import NO_OUTLET, is_true, outlets_of
from bookings.models import Booking, Guest
from bookings.wishes import GuestDetails

NO_CUSTOMER = "Customer not found"


def detail_of(guest: Guest | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What only this protocol says of a customer."""
    more = {name: asked[name] for name in ("gender", "is_active") if name in asked}
    if "preferences" in asked:
        kept = said(guest).get("preferences", {}) if guest else {}
        more["preferences"] = {**kept, **asked["preferences"]}
    return saying(guest, **more)


def check(view: Endpoint, asked: Mapping[str, Any]) -> None:
    """An outlet that is preferred is one of ours."""
    if outlet := asked.get("preferences", {}).get("preferred_outlet_id"):
        view.one(outlets_of(view.business), outlet, NO_OUTLET)


def found_by(view: Endpoint, customer_id: str) -> Guest:
    """The customer that the path names."""
    return view.find(selectors.guests(view.business), customer_id, NO_CUSTOMER, name="customer_id")


class Customers(Endpoint):
    """GET, POST /api/v1/customers"""

    def get(self, request: Request) -> Response:
        asked = request.query_params
        like = asked.get("search", "").replace("\x00", "")
        rows = selectors.guests(self.business, like=like).order_by("last_name", "first_name", "id")
        if "is_active" in asked:
            off = Q(details__myreserva__is_active=False)
            on = Q(details__myreserva__is_active__isnull=True) | Q(
                details__myreserva__is_active=True
            )
            rows = rows.filter(on if is_true(asked["is_active"]) else off)
        return self.listed(rows, customers_json)

    def post(self, request: Request) -> Response:
        asked = self.read(CustomerRequest)
        check(self, asked)
        made = services.register_guest(
            self.business,
            GuestDetails(
                asked["first_name"],
                asked.get("last_name", ""),
                asked.get("email") or "",
                asked.get("phone") or "",
            ),
            password=asked.get("password"),
            notes=asked.get("notes", ""),
            details=detail_of(None, asked),
            now=self.now,
        )
        return Response(customers_json([made])[0], 201)


class OneCustomer(Endpoint):
    """GET, PUT, DELETE /api/v1/customers/{id}"""

    ranks = {"DELETE": gate.MANAGER}

    def get(self, request: Request, customer_id: str) -> Response:
        return Response(customers_json([found_by(self, customer_id)])[0])

    @transaction.atomic
    def put(self, request: Request, customer_id: str) -> Response:
        found = found_by(self, customer_id)
        asked = self.read(CustomerRequest, partial=True)
        check(self, asked)
        services.refuse_known(
            self.business,
            email=asked.get("email") or "",
            phone=asked.get("phone") or "",
            but=found,
        )
        said: dict[str, Any] = {
            name: asked[name] or ""
            for name in ("first_name", "last_name", "email", "phone", "notes")
            if name in asked
        }
        made = services.correct_guest(
            found,
            **said,
            details=detail_of(found, asked),
            now=self.now,
        )
        if "password" in asked:
            services.set_guest_password(made, asked["password"])
        return Response(customers_json([made])[0])

    def delete(self, request: Request, customer_id: str) -> Response:
        services.forget_guest(found_by(self, customer_id), now=self.now)
        return Response({"message": "Customer deleted successfully"})


class CustomerPreferences(Endpoint):
    """PUT /api/v1/customers/{id}/preferences: what isn't given stays."""

    def put(self, request: Request, customer_id: str) -> Response:
        found = found_by(self, customer_id)
        asked = {"preferences": self.read(Preferences)}
        check(self, asked)
        made = services.correct_guest(found, details=detail_of(found, asked), now=self.now)
        return Response(customers_json([made])[0])


class CustomerStatistics(Endpoint):
    """GET /api/v1/customers/statistics/summary"""

    def get(self, request: Request) -> Response:
        rows = selectors.guests(self.business)
        since = month_of(self.business, self.moment)
        visits = (
            Booking.objects.filter(business=self.business, leader=None, guest__isnull=False)
            .values("guest")
            .annotate(count=Count("pk"))
        )
        counts = [each["count"] for each in visits]
        total = rows.count()
        inactive = rows.filter(details__myreserva__is_active=False).count()
        return Response(
            {
                "total_customers": total,
                "active_customers": total - inactive,
                "inactive_customers": inactive,
                "new_customers_this_month": rows.filter(created_at__gte=since).count(),
                "customers_with_appointments": len(counts),
                "returning_customers": sum(count > 1 for count in counts),
                "total_appointments": sum(counts),
                "tenant_id": id_of(self.business),
            }
        )


def month_of(business: Business, now: datetime) -> datetime:
    """When this month began on the tenant's wall."""
    local = now.astimezone(ZoneInfo(business.timezone))
    return datetime.combine(local.date().replace(day=1), time(), local.tzinfo)
