"""What can be booked, by whom and where: services, staff, outlets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Conflict
from accounts.models import Business
from availability.services import Period, set_hours
from billing import selectors as billing
from bookings.api.myreserva import gate
from bookings.api.myreserva.dialect import (
    Endpoint,
    ForCustomers,
    Planning,
    all_by_id,
    id_of,
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
    needs_of,
    outlets_json,
    services_json,
    skills_of,
    staff_json,
    staff_need,
)
from bookings.api.myreserva.serializers import (
    OutletRequest,
    Pricing,
    ServiceRequest,
    StaffRequest,
)
from resources import services as resources
from resources.models import Location, Resource, Service

NO_SERVICE = "Service not found"
NO_STAFF = "Staff not found"
NO_OUTLET = "Outlet not found"
CHANGES = {"POST": gate.MANAGER, "PUT": gate.MANAGER, "DELETE": gate.MANAGER}


def is_true(text: str) -> bool:
    return text.lower() in ("1", "true", "yes", "on")


def refuse_above(business: Business, what: str, count: int, limit: int | None) -> None:
    """A plan's other limits are refused with 402, and in their own form."""
    if limit is not None and count >= limit:
        message = f"Your plan allows {limit} {what}. Please upgrade your plan to add more."
        raise Refusal(
            402,
            message,
            error="subscription_limit_reached",
            message=message,
            upgrade_required=True,
        )


# --- services ------------------------------------------------------------------------------------


def services_of(business: Business) -> QuerySet[Service]:
    return Service.objects.filter(business=business).select_related("category")


class Services(Endpoint):
    """GET, POST /api/v1/services"""

    ranks = CHANGES

    def get(self, request: Request) -> Response:
        asked = request.query_params
        rows = services_of(self.business).order_by("display_order", "name", "id")
        if "is_active" in asked:
            rows = rows.filter(is_active=is_true(asked["is_active"]))
        if text := asked.get("search"):
            rows = rows.filter(name__icontains=text.replace("\x00", ""))
        if text := asked.get("category"):
            rows = rows.filter(category__name=text.replace("\x00", ""))
        with_staff = is_true(asked.get("include_staff", ""))
        return self.listed(
            rows, lambda page: services_json(page, self.business, with_staff=with_staff)
        )

    def post(self, request: Request) -> Response:
        asked = self.read(ServiceRequest)
        plan = billing.limits(self.business)
        count = Service.objects.filter(business=self.business).count()
        refuse_above(self.business, "services", count, plan.max_services)
        made = save_service(self.business, None, asked)
        return Response(services_json([made], self.business, with_staff=True)[0], 201)


class OneService(Endpoint):
    """GET, PUT, DELETE /api/v1/services/{id}"""

    ranks = CHANGES

    def get(self, request: Request, service_id: str) -> Response:
        found = self.find(services_of(self.business), service_id, NO_SERVICE, name="service_id")
        with_staff = is_true(request.query_params.get("include_staff", "true"))
        return Response(services_json([found], self.business, with_staff=with_staff)[0])

    def put(self, request: Request, service_id: str) -> Response:
        found = self.find(services_of(self.business), service_id, NO_SERVICE, name="service_id")
        made = save_service(self.business, found, self.read(ServiceRequest, partial=True))
        return Response(services_json([made], self.business, with_staff=True)[0])

    def delete(self, request: Request, service_id: str) -> Response:
        found = self.find(services_of(self.business), service_id, NO_SERVICE, name="service_id")
        try:
            resources.remove_service(found)
        except Conflict:  # it was booked, so it is kept and no longer offered
            resources.change_service(found, is_active=False)
        return Response({"message": "Service deleted successfully"})


class Prices(Endpoint):
    """POST /api/v1/services/{id}/pricing: what isn't given stays."""

    ranks = CHANGES

    def post(self, request: Request, service_id: str) -> Response:
        found = self.find(services_of(self.business), service_id, NO_SERVICE, name="service_id")
        made = save_service(self.business, found, {"pricing": self.read(Pricing)})
        return Response(services_json([made], self.business)[0])


class CustomerServices(ForCustomers):
    """GET /api/v1/customer/services: what is offered."""

    def get(self, request: Request) -> Response:
        rows = services_of(self.business).filter(is_active=True)
        return self.listed(
            rows.order_by("display_order", "name", "id"),
            lambda page: services_json(page, self.business),
        )


class CustomerOutlets(ForCustomers):
    """GET /api/v1/customer/outlets: where; an extension, as the grid wants an outlet's id."""

    def get(self, request: Request) -> Response:
        rows = outlets_of(self.business).filter(is_active=True)
        return self.listed(rows, lambda page: outlets_json(page, self.business))


@transaction.atomic
def save_service(business: Business, service: Service | None, asked: Mapping[str, Any]) -> Service:
    """Add a service, or change the one given by what was said."""
    pricing = dict(asked.get("pricing", {}))
    if (currency := pricing.get("currency")) and currency != business.currency:
        raise Refusal(400, f"Prices of this tenant are in {business.currency}")
    columns: dict[str, Any] = {
        ours: asked[theirs]
        for ours, theirs in (("name", "name"), ("description", "description"),
                             ("is_active", "is_active"))
        if theirs in asked
    }  # fmt: skip
    for ours, theirs, unit in (
        ("duration", "duration_minutes", MINUTE),
        ("preparation", "preparation_minutes", MINUTE),
        ("cleanup", "cleanup_minutes", MINUTE),
        ("max_advance", "max_advance_booking_days", DAY),
        ("min_notice", "min_advance_booking_hours", HOUR),
    ):
        if theirs in asked:
            columns[ours] = asked[theirs] * unit
    if service is None:
        columns = {"max_advance": 30 * DAY, "min_notice": HOUR} | columns
    if "category" in asked:
        columns["category"] = resources.heading(business, asked["category"])
    if "base_price" in pricing:
        columns["price_cents"] = minor(pricing["base_price"], business.currency, "base_price")
    more = {name: asked[name] for name in ("slug", "tags", "image_url") if name in asked}
    if pricing:
        more["pricing"] = said(service).get("pricing", {}) if service else {}
        more["pricing"] = more["pricing"] | _prices(business, pricing)
    parallel = asked.get("allow_parallel_bookings")
    if parallel is not None:
        columns["allows_groups"] = parallel
    if "max_parallel_bookings" in asked:
        more["max_parallel_bookings"] = asked["max_parallel_bookings"]
    if parallel is not None or "max_parallel_bookings" in asked:
        own = (said(service) if service else {}) | more
        shares = service.allows_groups if service and parallel is None else parallel
        columns["capacity"] = int(own.get("max_parallel_bookings") or 1) if shares else None
    columns["details"] = saying(service, **more)
    is_new = service is None
    if service is None:
        service = resources.add_service(business, **columns)
    else:
        service = resources.change_service(service, **columns)
    _staff_of(business, service, asked, is_new=is_new)
    return services_of(business).get(pk=service.pk)


def _prices(business: Business, pricing: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of prices besides the base price."""
    found: dict[str, Any] = {}
    if "outlet_prices" in pricing:
        all_by_id(outlets_of(business), pricing["outlet_prices"], NO_OUTLET)
        found["outlets"] = {
            outlet: minor(price, business.currency, "outlet_prices")
            for outlet, price in pricing["outlet_prices"].items()
        }
    if "promotional_price" in pricing:
        price = pricing["promotional_price"]
        found["promotional"] = (
            None if price is None else minor(price, business.currency, "promotional_price")
        )
    if "promotional_valid_until" in pricing:
        found["until"] = stamp(pricing["promotional_valid_until"])
    return found


def _staff_of(
    business: Business, service: Service, asked: Mapping[str, Any], *, is_new: bool
) -> None:
    """Who performs a service, and how many of them at a time."""
    need = staff_need(needs_of([service])[service.pk])
    said_now = {"staff_ids", "required_staff_count", "requires_staff"} & set(asked)
    places = need is None and "max_parallel_bookings" in asked
    if not (is_new or said_now or places):
        return
    usual = is_new or need is not None or asked.get("staff_ids") is not None
    if not asked.get("requires_staff", usual):
        resources.release_from(service, kind="staff")
        units = int(said(service).get("max_parallel_bookings") or 1)
        resources.provide_places(service, units=units)
        return
    resources.withdraw_places(service)
    if asked.get("staff_ids") is not None:
        able = [each.pk for each in all_by_id(staff_of(business), asked["staff_ids"], NO_STAFF)]
    else:
        able = [each.pk for each in need.resources.all()] if need else []
        if need and need.is_anybody:
            return  # anybody, as was said at another door
    count = asked.get("required_staff_count", need.count if need else 1)
    resources.qualify(service, kind="staff", resource_ids=able, count=count)


# --- staff ---------------------------------------------------------------------------------------


def staff_of(business: Business) -> QuerySet[Resource]:
    return Resource.objects.filter(business=business, kind="staff", deleted_at=None)


class Staff(Endpoint):
    """GET, POST /api/v1/staff"""

    ranks = CHANGES

    def get(self, request: Request) -> Response:
        asked = request.query_params
        rows = staff_of(self.business).order_by("display_order", "name", "id")
        if outlet := asked.get("outlet_id"):
            rows = rows.filter(location=self.one(outlets_of(self.business), outlet, NO_OUTLET))
        if service := asked.get("service_id"):
            chosen = self.one(services_of(self.business), service, NO_SERVICE)
            able = Q(requirements__service=chosen)
            need = staff_need(needs_of([chosen])[chosen.pk])
            if not (need and need.is_anybody):
                rows = rows.filter(able).distinct()
        if "is_active" in asked:
            rows = rows.filter(is_active=is_true(asked["is_active"]))
        if text := asked.get("search"):
            rows = rows.filter(name__icontains=text.replace("\x00", ""))
        return self.listed(rows, lambda page: all_staff_json(page, self.business))

    def post(self, request: Request) -> Response:
        asked = self.read(StaffRequest)
        outlet = self.one(outlets_of(self.business), asked["outlet_id"], NO_OUTLET)
        plan = billing.limits(self.business)
        there = staff_of(self.business).filter(location=outlet).count()
        refuse_above(self.business, "staff in an outlet", there, plan.max_staff)
        made = save_staff(self.business, None, asked, outlet)
        return Response(all_staff_json([made], self.business)[0], 201)


class OneStaff(Planning):
    """GET, PUT, DELETE /api/v1/staff/{id}"""

    ranks = CHANGES

    def get(self, request: Request, staff_id: str) -> Response:
        found = self.find(staff_of(self.business), staff_id, NO_STAFF, name="staff_id")
        return Response(all_staff_json([found], self.business)[0])

    def put(self, request: Request, staff_id: str) -> Response:
        found = self.find(staff_of(self.business), staff_id, NO_STAFF, name="staff_id")
        asked = self.read(StaffRequest, partial=True)
        outlet = None
        if "outlet_id" in asked:
            outlet = self.one(outlets_of(self.business), asked["outlet_id"], NO_OUTLET)
        with self.changing() as change:
            made = save_staff(self.business, found, asked, outlet)
        return self.told(all_staff_json([made], self.business)[0], change)

    def delete(self, request: Request, staff_id: str) -> Response:
        found = self.find(staff_of(self.business), staff_id, NO_STAFF, name="staff_id")
        with self.changing() as change:
            resources.remove_resource(found, now=self.now)
        return self.told({"message": "Staff deleted successfully"}, change)


def all_staff_json(rows: list[Resource], business: Business) -> list[dict[str, Any]]:
    skills = skills_of(rows, business)
    return [staff_json(each, business, skills[each.pk]) for each in rows]


@transaction.atomic
def save_staff(
    business: Business, staff: Resource | None, asked: Mapping[str, Any], outlet: Location | None
) -> Resource:
    """Add a member of staff, or change the one given by what was said.

    They work when their schedule says so; they can be booked while they are active and bookable.
    """
    skills = asked.get("skills", {})
    own = said(staff) if staff else {}
    more = {
        name: asked[name]
        for name in (
            "first_name", "last_name", "email", "phone", "position", "employment_type",
            "max_advance_booking_days", "is_bookable", "is_active", "status",
        )
        if name in asked
    } | {
        name: skills[name]
        for name in ("specialties", "certifications", "years_experience")
        if name in skills
    }  # fmt: skip
    if "hire_date" in asked:
        more["hire_date"] = asked["hire_date"].isoformat() if asked["hire_date"] else None
    columns: dict[str, Any] = {}
    if staff is None or {"display_name", "first_name", "last_name"} & set(asked):
        now = own | more
        whole = f"{now.get('first_name', '')} {now.get('last_name', '')}".strip()
        shown = asked.get("display_name")
        if shown or whole:
            columns["name"] = shown or whole
    if {"is_active", "is_bookable", "status"} & set(asked) or staff is None:
        now = {"is_active": True, "is_bookable": True, "status": "active"} | own | more
        columns["is_active"] = bool(
            now["is_active"] and now["is_bookable"] and now["status"] == "active"
        )
    if "accepts_online_booking" in asked:
        columns["is_online"] = asked["accepts_online_booking"]
    columns["details"] = saying(staff, **more)
    if staff is None:
        staff = resources.add_resource(
            business, location=outlet, kind="staff", is_rostered=True, **columns
        )
    else:
        if outlet is not None and outlet.pk != staff.location_id:
            columns |= {"location": outlet, "section": ""}
        staff = resources.change_resource(staff, **columns)
    if "service_ids" in skills:
        chosen = all_by_id(services_of(business), skills["service_ids"], NO_SERVICE)
        resources.set_skills(staff, [each.pk for each in chosen])
    return staff_of(business).get(pk=staff.pk)


# --- outlets -------------------------------------------------------------------------------------


def outlets_of(business: Business) -> QuerySet[Location]:
    """The outlets of a tenant; what was deleted is kept for its appointments, and not shown."""
    return Location.objects.filter(business=business, details__myreserva__deleted_at__isnull=True)


class Outlets(Endpoint):
    """GET, POST /api/v1/outlets"""

    ranks = {"POST": gate.ADMIN}

    def get(self, request: Request) -> Response:
        rows = outlets_of(self.business).order_by("display_order", "name", "id")
        if status := request.query_params.get("status"):
            rows = rows.filter(is_active=status == "active")
        return self.listed(rows, lambda page: outlets_json(page, self.business))

    def post(self, request: Request) -> Response:
        asked = self.read(OutletRequest)
        plan = billing.limits(self.business)
        count = Location.objects.filter(business=self.business).count()  # deleted ones too
        refuse_above(self.business, "outlets", count, plan.max_locations)
        made = save_outlet(self.business, None, asked)
        return Response(outlets_json([made], self.business)[0], 201)


class OneOutlet(Planning):
    """GET, PUT, DELETE /api/v1/outlets/{id}"""

    ranks = CHANGES | {"DELETE": gate.ADMIN}

    def get(self, request: Request, outlet_id: str) -> Response:
        found = self.find(outlets_of(self.business), outlet_id, NO_OUTLET, name="outlet_id")
        return Response(outlets_json([found], self.business)[0])

    def put(self, request: Request, outlet_id: str) -> Response:
        found = self.find(outlets_of(self.business), outlet_id, NO_OUTLET, name="outlet_id")
        asked = self.read(OutletRequest, partial=True)
        with self.changing() as change:
            made = save_outlet(self.business, found, asked)
        return self.told(outlets_json([made], self.business)[0], change)

    def delete(self, request: Request, outlet_id: str) -> Response:
        found = self.find(outlets_of(self.business), outlet_id, NO_OUTLET, name="outlet_id")
        gone = saying(found, deleted_at=stamp(self.moment))
        name = f"{found.name[:70]} (deleted {id_of(found)})"
        resources.change_location(found, is_active=False, details=gone, name=name)
        return Response({"message": "Outlet deleted successfully"})


@transaction.atomic
def save_outlet(business: Business, outlet: Location | None, asked: Mapping[str, Any]) -> Location:
    """Add an outlet, or change the one given by what was said."""
    own = said(outlet) if outlet else {}
    settings = dict(asked.get("settings", {}))
    columns: dict[str, Any] = {}
    if "name" in asked:
        columns["name"] = asked["name"]
    if "status" in asked:
        columns["is_active"] = asked["status"] == "active"
    if "timezone" in settings:
        columns["timezone"] = settings.pop("timezone")
    more: dict[str, Any] = {}
    if "slug" in asked:
        more["slug"] = asked["slug"]
    for part in ("address", "contact"):
        if part in asked:
            more[part] = {**own.get(part, {}), **asked[part]}
    if "address" in more:
        columns["address"] = ", ".join(
            more["address"][name]
            for name in ("street", "city", "state", "postal_code", "country")
            if more["address"].get(name)
        )
    if settings:
        more["settings"] = {**own.get("settings", {}), **settings}
    columns["details"] = saying(outlet, **more)
    if outlet is None:
        outlet = resources.add_location(business, **columns)
    else:
        outlet = resources.change_location(outlet, **columns)
    if "business_hours" in asked:
        set_hours(
            outlet,
            [
                Period(each["day"] + 1, each["open_time"], each["close_time"])
                for each in asked["business_hours"]
                if each["is_open"]
            ],
        )
    return outlet
