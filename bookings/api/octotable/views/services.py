"""Services: when what is to be had, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from availability.services import set_service_hours
from bookings.api.octotable.catalogue import refuse_while_booked, service_of, services_of
from bookings.api.octotable.dialect import Endpoint, data, saying
from bookings.api.octotable.gate import bad
from bookings.api.octotable.render import services_json
from bookings.api.octotable.serializers import ServiceRequest
from resources.models import Service
from resources.services import add_service, change_service, remove_service

MINUTE = timedelta(minutes=1)
KEPT = ("title", "online", "confirmation_mode", "card_guarantee", "show_rooms", "orders_section")
STEP = timedelta(minutes=30)


def fields_of(sent: dict[str, Any], service: Service | None) -> dict[str, Any]:
    """What is said of a service in our words."""
    values: dict[str, Any] = {}
    if "name" in sent:
        values["name"] = sent["name"]
    if "average_stay" in sent:
        values["duration"] = sent["average_stay"] * MINUTE
    if "advance_min" in sent:
        values["min_notice"] = sent["advance_min"] * MINUTE
    if "max_advance" in sent:
        values["max_advance"] = timedelta(days=sent["max_advance"])
    if "bookable" in sent:
        values["is_active"] = sent["bookable"]
    kept = {name: sent[name] for name in KEPT if name in sent}
    if kept:
        values["details"] = saying(service, **kept)
    return values


class Services(Endpoint):
    """GET, POST /services"""

    def get(self, request: Request) -> Response:
        rows = list(services_of(self.business).order_by("display_order", "created_at", "id"))
        return data(*services_json(self.business, rows, self.moment.date()))

    def post(self, request: Request) -> Response:
        sent = self.read(ServiceRequest)
        with transaction.atomic():
            made = add_service(self.business, slot_interval=STEP, **fields_of(sent, None))
            set_service_hours(
                made,
                sent["days_of_week"],
                opens=sent["start_time"],
                closes=sent["end_time"],
                starts=sent.get("slots", ()),
            )
        return data(*services_json(self.business, [made], self.moment.date()), status=201)


class OneService(Endpoint):
    """GET, PUT, DELETE /services/{service_id}"""

    def get(self, request: Request, service_id: int) -> Response:
        found = service_of(self.business, service_id)
        return data(*services_json(self.business, [found], self.moment.date()))

    def put(self, request: Request, service_id: int) -> Response:
        found = service_of(self.business, service_id)
        sent = self.read(ServiceRequest, partial=True)
        with transaction.atomic():
            changed = change_service(found, **fields_of(sent, found))
            if {"days_of_week", "start_time", "end_time", "slots"} & set(sent):
                self._move(changed, sent)
        return data(*services_json(self.business, [changed], self.moment.date()))

    def _move(self, service: Service, sent: dict[str, Any]) -> None:
        """Change its hours; what isn't sent stays. Raises Refusal."""
        rows = list(service.hours.all())
        first = rows[0] if rows else None
        days = sent.get("days_of_week") or [each.weekday for each in rows]
        opens = sent.get("start_time", first.opens if first else None)
        closes = sent.get("end_time", first.closes if first else None)
        if not days or opens is None or closes is None:
            raise bad("days_of_week: Send days_of_week, start_time and end_time together.")
        starts = sent.get("slots")
        if starts is None:
            is_moved = {"start_time", "end_time"} & set(sent)
            starts = first.starts if first and not is_moved else ()
        set_service_hours(service, days, opens=opens, closes=closes, starts=starts)

    def delete(self, request: Request, service_id: int) -> Response:
        found = service_of(self.business, service_id)
        refuse_while_booked(self.business, self.moment, service=found)
        if found.bookings.exists() or found.sessions.exists():
            name = f"{found.name[:80]} ({service_id})"  # its name is free for another
            change_service(found, name=name, is_active=False, details=saying(found, deleted=True))
        else:
            remove_service(found)
        return data(service_id)
