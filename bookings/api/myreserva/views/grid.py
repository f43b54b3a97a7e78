"""The grid: which starts of some days could be booked, for anybody, for customers, for staff."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework.request import Request
from rest_framework.response import Response

from bookings import offers
from bookings.api.myreserva.dialect import (
    OBJECT_ID,
    Endpoint,
    ForCustomers,
    Public,
    by_id,
    id_of,
    said,
    translate,
)
from bookings.api.myreserva.gate import Refusal
from bookings.api.myreserva.render import DAY, MINUTE, settings_of
from bookings.api.myreserva.serializers import CustomerGridQuery, GridQuery, WideGridQuery
from bookings.api.myreserva.views.catalogue import NO_SERVICE, NO_STAFF, staff_of
from bookings.wishes import Search
from resources.models import Location, Resource, Service

log = logging.getLogger(__name__)

NO_OUTLET = "Outlet not found or inactive"
PUBLIC_DAYS, PRIVATE_DAYS = 14, 30
PAST = "Cannot check availability for past dates"
PUBLIC_FAR = "Public API limited to 14 days in advance"
PRIVATE_FAR = "Availability limited to 30 days in advance"
PUBLIC_STEPS = "Public API only supports 30 or 60 minute intervals"


def today(now: datetime, zone: str) -> tuple[date, date]:
    """The earlier and the later of the two dates that are today: UTC's, which clients send, and the
    outlet's own."""
    both = (now.astimezone(UTC).date(), now.astimezone(ZoneInfo(zone)).date())
    return min(both), max(both)


def refuse_form(asked: Mapping[str, Any]) -> None:
    """The form of both ids, before anything is looked up."""
    for name, what in (("service_id", "service"), ("outlet_id", "outlet")):
        if not OBJECT_ID.fullmatch(asked[name]):
            raise Refusal(400, f"Invalid {what} ID format")


def refuse_window(first: date, now: datetime, zone: str, *, days: int, far: str) -> None:
    """A start in the past, or too far ahead."""
    earliest, latest = today(now, zone)
    if first < earliest:
        raise Refusal(400, PAST)
    if first > latest + days * DAY:
        raise Refusal(400, far)


def outlet_open_to(outlet: Location | None, *, by_guest: bool) -> bool:
    """Whether an outlet can be booked at all, and by guests themselves."""
    if outlet is None or not outlet.is_active or not outlet.business.is_active:
        return False
    return not by_guest or bool(settings_of(outlet, outlet.business)["accepts_online_booking"])


def grid_json(
    service: Service,
    outlet: Location,
    asked: Mapping[str, Any],
    *,
    now: datetime | None,
    days: int,
    by_guest: bool,
    staff: Resource | None = None,
) -> dict[str, Any]:
    """The answer: one key for each date of the range, in order."""
    first: date = asked["start_date"]
    count: int = asked["num_days"]
    step: int = asked["slot_interval_minutes"]
    service.business = outlet.business
    zone = ZoneInfo(outlet.zone)
    _, latest = today(now or datetime.now(UTC), outlet.zone)
    span = [first + n * DAY for n in range(count)]
    search = Search(
        business=outlet.business,
        service=service,
        location_id=outlet.pk,
        first_day=first,
        last_day=min(span[-1], latest + days * DAY),
        step=step * MINUTE,
        resource_ids=frozenset({staff.pk}) if staff else None,
        by_guest=by_guest,
        keeps_notice=by_guest,
        joinable=False,
    )
    grid: dict[str, list[dict[str, Any]]] = {each.isoformat(): [] for each in span}
    overhead = service.preparation + service.cleanup
    for start, capacity in _starts(search, service, now=now).items():
        day = start.astimezone(zone).date().isoformat()
        if day not in grid:
            continue
        end = start + service.duration + overhead
        slot: dict[str, Any] = {
            "start_time": f"{start.astimezone(zone):%H:%M}",
            "end_time": f"{end.astimezone(zone):%H:%M}",
            "is_available": True,
        }
        if service.allows_groups and not by_guest:
            most = service.capacity or int(said(service).get("max_parallel_bookings") or 1)
            slot |= {"available_capacity": capacity, "max_capacity": most}
        grid[day].append(slot)
    return {
        "start_date": first.isoformat(),
        "end_date": span[-1].isoformat(),
        "num_days": count,
        "slot_interval_minutes": step,
        "availability_grid": grid,
        "metadata": {
            "service_id": id_of(service),
            "service_name": service.name,
            "outlet_id": id_of(outlet),
            "outlet_name": outlet.name,
            "total_available_slots": sum(len(each) for each in grid.values()),
            "service_duration_minutes": service.duration // MINUTE,
        },
    }


def _starts(search: Search, service: Service, *, now: datetime | None) -> dict[datetime, int]:
    """The starts that are offered, in order, with how many more could come then. A run that
    others share already is offered at its own start while there is room; a class only so."""
    if search.last_day < search.first_day:
        return {}
    found: Counter[datetime] = Counter()
    is_class = service.capacity is not None and not service.allows_groups
    if is_class or service.allows_groups:
        for run in offers.runs(search, now=now):
            found[run.session.starts_at] += run.places_left
    if is_class:
        return dict(found)
    places = service.capacity or 1 if service.allows_groups else 1
    for slot in offers.slots(search, now=now):
        found[slot.starts_at] += places * max(1, len(slot.resource_ids))
    return dict(sorted(found.items()))


class PublicGrid(Public):
    """GET /api/v1/public/availability/grid"""

    def get(self, request: Request) -> Response:
        asked = self.ask(GridQuery)
        refuse_form(asked)
        outlet = by_id(Location.objects.select_related("business"), asked["outlet_id"])
        zone = outlet.zone if outlet else "UTC"
        refuse_window(asked["start_date"], self.moment, zone, days=PUBLIC_DAYS, far=PUBLIC_FAR)
        if asked["slot_interval_minutes"] not in (30, 60):
            raise Refusal(400, PUBLIC_STEPS)
        service = by_id(Service.objects.filter(is_active=True), asked["service_id"])
        if service is None:
            raise Refusal(404, NO_SERVICE)
        if outlet is None or not outlet_open_to(outlet, by_guest=True):
            raise Refusal(404, NO_OUTLET)
        if service.business_id != outlet.business_id:
            raise Refusal(404, NO_SERVICE)
        return Response(
            grid_json(service, outlet, asked, now=self.now, days=PUBLIC_DAYS, by_guest=True)
        )

    def handle_exception(self, exc: Exception) -> Response:
        refused = translate(exc)
        if refused is None or refused.status >= 500:
            log.exception("A grid failed")
            reason = "temporarily unavailable" if refused else "internal error"
            refused = Refusal(500, f"Failed to generate availability grid: {reason}")
        return Response(refused.body, refused.status, headers=refused.headers)


class StaffGrid(Endpoint):
    """GET /api/v1/availability/availability-grid"""

    by_guest = False
    query: Any = WideGridQuery

    def get(self, request: Request) -> Response:
        asked = self.ask(self.query)
        refuse_form(asked)
        rows = Location.objects.filter(business=self.business).select_related("business")
        outlet = by_id(rows, asked["outlet_id"])
        refuse_window(
            asked["start_date"],
            self.moment,
            outlet.zone if outlet else self.business.timezone,
            days=PRIVATE_DAYS,
            far=PRIVATE_FAR,
        )
        services = Service.objects.filter(business=self.business, is_active=True)
        service = by_id(services, asked["service_id"])
        if service is None:
            raise Refusal(404, NO_SERVICE)
        if outlet is None or not outlet_open_to(outlet, by_guest=self.by_guest):
            raise Refusal(404, NO_OUTLET)
        staff = None
        if "staff_id" in asked:
            staff = self.one(staff_of(self.business), asked["staff_id"], NO_STAFF)
        return Response(
            grid_json(
                service,
                outlet,
                asked,
                now=self.now,
                days=PRIVATE_DAYS,
                by_guest=self.by_guest,
                staff=staff,
            )
        )


class CustomerGrid(StaffGrid):
    """GET /api/v1/customer/availability/grid: the starts that customers may book."""

    door = ForCustomers.door
    by_guest = True
    query = CustomerGridQuery
