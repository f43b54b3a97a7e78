"""What could be booked: the times of a day, the rooms and tables at one of them, and where."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from bookings import offers
from bookings.api.octotable.catalogue import is_on_offer, service_of, services_of
from bookings.api.octotable.dialect import Endpoint, data, id_of, instant_at, said, wall
from bookings.api.octotable.floor import Floor
from bookings.api.octotable.gate import bad
from bookings.api.octotable.render import room_json
from bookings.api.octotable.serializers import RoomsQuery, SlotsQuery
from bookings.wishes import Search
from resources.models import Location, Service

DAY = timedelta(days=1)
MOST_DAYS = 31
LINKS = (
    ("BOOKING_ENGINE_PAGE", "booking/new"),
    ("SERVICES_PAGE", "booking/home"),
    ("WELCOME_PAGE", "welcome"),
)
Times = dict[date, list[str]]


class Slots(Endpoint):
    """GET /bookings/slots"""

    def get(self, request: Request) -> Response:
        asked = self.ask(SlotsQuery)
        zone = self.business.timezone
        first = asked.get("start_date", wall(self.moment, zone).date())
        last = asked.get("end_date", first)
        if not 0 <= (last - first).days < MOST_DAYS:
            raise bad(f"end_date: From start_date on, {MOST_DAYS} days at most.")
        if "service_id" in asked:
            rows = [service_of(self.business, asked["service_id"])]
        else:
            rows = list(services_of(self.business))
        rows = [each for each in rows if is_on_offer(each)]
        zones = {
            each.pk: each.timezone or zone
            for each in Location.objects.filter(business=self.business)
        }
        minds_closures = asked["out_of_order"] or asked["out_of_service"]
        days: dict[date, list[tuple[str, dict[str, Any]]]] = {}
        for service in rows:
            service.business = self.business
            every = self._times(service, first, last, asked["pax"], zones, closures=False)
            left = every
            if minds_closures:
                left = self._times(service, first, last, asked["pax"], zones, closures=True)
            for day, times in every.items():
                still = left.get(day, [])
                shown: dict[str, Any] = {
                    "id": id_of(service),
                    "title": said(service).get("title") or service.name,
                    "available_slots": still,
                }
                if minds_closures:
                    shown["slots"] = [
                        {"time": each, "disabled": each not in still} for each in times
                    ]
                days.setdefault(day, []).append((times[0], shown))
        return data(
            *(
                {
                    "day": day.isoformat(),
                    "available_services": [
                        shown for _, shown in sorted(days[day], key=lambda each: each[0])
                    ],
                }
                for day in sorted(days)
            )
        )

    def _times(
        self,
        service: Service,
        first: date,
        last: date,
        pax: int,
        zones: dict[uuid.UUID, str],
        *,
        closures: bool,
    ) -> Times:
        search = Search(
            business=self.business,
            service=service,
            first_day=first,
            last_day=last,
            party_size=pax,
            keeps_closures=closures,
        )
        found: dict[date, set[str]] = {}
        for slot in offers.slots(search, now=self.now):
            at = wall(slot.starts_at, zones[slot.location_id])
            found.setdefault(at.date(), set()).add(f"{at:%H:%M:%S}")
        return {day: sorted(times) for day, times in found.items()}


class Rooms(Endpoint):
    """GET /bookings/rooms"""

    def get(self, request: Request) -> Response:
        asked = self.ask(RoomsQuery)
        service = service_of(self.business, asked["service_id"])
        floor = Floor(self.business)
        free = self._free(floor, service, asked) if is_on_offer(service) else set()
        rooms = []
        for room in floor.rooms.values():
            tables = [
                each
                for each in floor.inside(room)
                if each.pk in free and each.bookable and each.seats(asked["pax"])
            ]
            if room.bookable and tables:
                rooms.append(room_json(room, self.business, tables, free))
        return data(rooms)

    def _free(self, floor: Floor, service: Service, asked: dict[str, Any]) -> set[uuid.UUID]:
        """The tables that guests could have at that time, and the groups."""
        search = Search(
            business=self.business,
            service=service,
            first_day=asked["start_date"],
            last_day=asked["start_date"],
            party_size=asked["pax"],
        )
        zones = {each.location.pk: each.location.zone for each in floor.rooms.values()}
        found: set[uuid.UUID] = set()
        for slot in offers.slots(search, now=self.now):
            zone = zones.get(slot.location_id)
            if zone is None or slot.starts_at != self._start(asked, zone):
                continue
            found |= set(slot.resource_ids)
            if not service.requirements.exists():
                taken_none = floor.free(slot.takes_from, slot.takes_until, now=self.now)
                found |= {each.pk for each in floor.tables if each.members} & taken_none
        return found

    def _start(self, asked: dict[str, Any], zone: str) -> datetime:
        return instant_at(asked["start_date"], asked["start_hour"], zone)


class Links(Endpoint):
    """GET /bookings/list"""

    def get(self, request: Request) -> Response:
        base = f"{settings.PUBLIC_URL}/restaurant/{id_of(self.business)}"
        return data(*({"name": name, "link": f"{base}/{path}"} for name, path in LINKS))
