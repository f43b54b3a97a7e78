"""Availability entries: the dated rows of a member of staff's schedule."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from availability import services as availability
from availability.calendar import resolve
from availability.models import RosterEntry
from availability.services import MOST_ENTRIES, Entry, occurrences
from bookings import rules, selectors
from bookings.api.myreserva import gate
from bookings.api.myreserva.dialect import PROTOCOL, Planning, all_by_id, id_of, text_of
from bookings.api.myreserva.gate import Refusal
from bookings.api.myreserva.render import entry_json
from bookings.api.myreserva.serializers import (
    BulkRequest,
    CheckQuery,
    EntryChanges,
    EntryQuery,
    EntryRequest,
    RosterQuery,
)
from bookings.api.myreserva.views.catalogue import (
    NO_OUTLET,
    NO_SERVICE,
    NO_STAFF,
    outlets_of,
    services_of,
    staff_of,
)
from bookings.models import Allocation
from bookings.wishes import Wish
from resources.models import Resource

MISSING = "Availability not found"


class Scheduling(Planning):
    """What the endpoints of schedules share: whose they are, and how they are said."""

    def staff(self, text: str, *, changes: bool = False) -> Resource:
        """A member of staff; with `changes` one whose schedule the caller may write."""
        found = self.one(staff_of(self.business), text, NO_STAFF)
        if changes:
            self.may_change(found)
        return found

    def may_change(self, staff: Resource) -> None:
        assert self.caller.user is not None
        if self.caller.rank < gate.ADMIN and staff.user_id != self.caller.user.pk:
            raise Refusal(403, "Staff users can only create their own availability")

    def entries(self) -> QuerySet[RosterEntry]:
        return (
            RosterEntry.objects.filter(
                resource__business=self.business, resource__kind="staff", resource__deleted_at=None
            )
            .select_related("resource")
            .prefetch_related("services")
            .order_by("day", "starts", "id")
        )

    def planned(self, asked: Mapping[str, Any]) -> list[Entry]:
        """The rows that one entry, with its recurrence, stands for."""
        how, until = asked["recurrence_type"], asked.get("recurrence_end_date")
        first: date = asked["date"]
        services = all_by_id(services_of(self.business), asked.get("service_ids") or (), NO_SERVICE)
        if how == "none":
            days = [first]
        else:
            if until is None:
                raise Refusal(422, f"recurrence_end_date is required for recurrence_type '{how}'")
            if until < first:
                raise Refusal(422, "recurrence_end_date must not be before date")
            if (until - first).days > 40 * MOST_ENTRIES:
                raise too_many()
            weekdays = asked.get("recurrence_days") or ()
            days = occurrences(first, until, every=how, weekdays=weekdays)
        if len(days) > MOST_ENTRIES:
            raise too_many()
        if not days:
            raise Refusal(422, "No date matches this recurrence")
        return [
            Entry(
                asked["availability_type"],
                day,
                asked["start_time"],
                asked["end_time"],
                frozenset(each.pk for each in services),
                asked.get("notes", ""),
                {
                    PROTOCOL: {
                        "recurrence_type": how,
                        "recurrence_end_date": text_of(until) if how != "none" else None,
                        "recurrence_days": asked.get("recurrence_days"),
                    }
                },
            )
            for day in days
        ]

    def summary(self, made: list[RosterEntry]) -> dict[str, Any]:
        days = sorted(each.day for each in made)
        kinds: dict[str, int] = {}
        for each in made:
            kinds[each.kind] = kinds.get(each.kind, 0) + 1
        sample = self.entries().get(pk=made[0].pk)
        return {
            "message": f"Successfully created {len(made)} availability entries",
            "summary": {
                "total_entries_created": len(made),
                "date_range": {"start": text_of(days[0]), "end": text_of(days[-1])},
                "entries_by_type": kinds,
            },
            "sample_entry": entry_json(sample),
        }


def too_many() -> Refusal:
    return Refusal(422, f"A recurrence may create at most {MOST_ENTRIES} entries")


class Entries(Scheduling):
    """GET, POST /api/v1/availability"""

    def get(self, request: Request) -> Response:
        asked = self.ask(EntryQuery)
        today = self.moment.astimezone(ZoneInfo(self.business.timezone)).date()
        first = asked.get("start_date") or today.replace(day=1)
        default = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        rows = self.entries().filter(day__gte=first, day__lte=asked.get("end_date") or default)
        if "staff_id" in asked:
            rows = rows.filter(resource=self.staff(asked["staff_id"]))
        if "outlet_id" in asked:
            outlet = self.one(outlets_of(self.business), asked["outlet_id"], NO_OUTLET)
            rows = rows.filter(resource__location=outlet)
        if "availability_type" in asked:
            rows = rows.filter(kind=asked["availability_type"])
        return self.listed(rows, lambda page: [entry_json(each) for each in page])

    def post(self, request: Request) -> Response:
        asked = self.read(EntryRequest)
        staff = self.staff(asked["staff_id"], changes=True)
        with self.changing() as change:
            made = availability.add_entries(staff, self.planned(asked))
        if asked["recurrence_type"] == "none":
            return self.told(entry_json(self.entries().get(pk=made[0].pk)), change, 201)
        return self.told(self.summary(made), change, 201)


class BulkEntries(Scheduling):
    """POST /api/v1/availability/bulk: all or nothing."""

    def post(self, request: Request) -> Response:
        asked = self.read(BulkRequest)
        staff = self.staff(asked["staff_id"], changes=True)
        wanted = [row for each in asked["availability_entries"] for row in self.planned(each)]
        if len(wanted) > MOST_ENTRIES:
            raise too_many()
        with self.changing() as change:
            made = availability.add_entries(staff, wanted)
        return self.told(self.summary(made), change, 201)


class OneEntry(Scheduling):
    """GET, PUT, DELETE /api/v1/availability/{id}"""

    def get(self, request: Request, entry_id: str) -> Response:
        return Response(entry_json(self._found(entry_id)))

    def put(self, request: Request, entry_id: str) -> Response:
        found = self._found(entry_id)
        self.may_change(found.resource)
        asked = self.read(EntryChanges)
        columns = {
            ours: asked[theirs]
            for ours, theirs in (
                ("day", "date"),
                ("starts", "start_time"),
                ("ends", "end_time"),
                ("kind", "availability_type"),
                ("notes", "notes"),
            )
            if theirs in asked
        }
        services = None
        if "service_ids" in asked:
            wanted = asked["service_ids"] or ()
            chosen = all_by_id(services_of(self.business), wanted, NO_SERVICE)
            services = [each.pk for each in chosen]
        with self.changing() as change:
            availability.change_entry(found, service_ids=services, **columns)
        return self.told(entry_json(self._found(entry_id)), change)

    def delete(self, request: Request, entry_id: str) -> Response:
        found = self._found(entry_id)
        self.may_change(found.resource)
        with self.changing() as change:
            availability.remove_entry(found)
        message = "Availability entry has been deleted successfully"
        return self.told({"message": message}, change)

    def _found(self, entry_id: str) -> RosterEntry:
        return self.find(self.entries(), entry_id, MISSING, name="availability_id")


class StaffEntries(Scheduling):
    """GET /api/v1/availability/staff/{staff_id}: a bare array."""

    def get(self, request: Request, staff_id: str) -> Response:
        staff = self.find(staff_of(self.business), staff_id, NO_STAFF, name="staff_id")
        asked = self.ask(RosterQuery)
        if asked["end_date"] - asked["start_date"] > timedelta(days=366):
            raise Refusal(422, "At most a year at a time")
        rows = self.entries().filter(
            resource=staff, day__gte=asked["start_date"], day__lte=asked["end_date"]
        )
        if not asked["include_breaks"]:
            rows = rows.exclude(kind=RosterEntry.Kind.BREAK)
        return Response([entry_json(each) for each in rows])


class Check(Scheduling):
    """GET /api/v1/availability/check: 200 whether free or not. With a service its preparation and
    cleanup are added to the end, as clients leave them out."""

    def get(self, request: Request) -> Response:
        asked = self.ask(CheckQuery)
        staff = self.staff(asked["staff_id"])
        if asked["end_time"] <= asked["start_time"]:
            raise Refusal(422, "end_time must be after start_time")
        service = None
        if "service_id" in asked:
            service = self.one(services_of(self.business), asked["service_id"], NO_SERVICE)
        zone = ZoneInfo(staff.location.zone)
        start, end = (resolve(asked["date"], asked[n], zone) for n in ("start_time", "end_time"))
        wish = Wish(
            business=self.business,
            starts_at=start,
            duration=end - start,
            overhead=service.preparation + service.cleanup if service else timedelta(),
            service=service,
            resource_id=staff.pk,
            location_id=staff.location_id,
            keeps_hours=True,
        )
        promises = rules.promises_for(wish)
        assert promises is not None
        works = staff.is_active and not rules.closed(wish, promises, staff.location_id, staff.pk)
        taken = selectors.takers(staff, start, wish.takes_until, now=self.now) if works else []
        reason, message = None, "Slot available"
        if not works:
            reason, message = "staff_not_working", "Staff not working during this time"
        elif taken:
            reason, message = "booking_conflict", "Conflict detected"
        return Response(
            {
                "available": reason is None,
                "message": message,
                "reason": reason,
                "working_hours": self._hours(staff, asked["date"]),
                "conflicts": [conflict_json(each, zone) for each in taken],
            }
        )

    def _hours(self, staff: Resource, day: date) -> dict[str, Any] | None:
        """What the schedule says of a day."""
        rows = list(RosterEntry.objects.filter(resource=staff, day=day).order_by("starts"))
        hours = [each for each in rows if each.kind == RosterEntry.Kind.WORKING_HOURS]
        if not hours:
            return None
        return {
            "start_time": f"{hours[0].starts:%H:%M:%S}",
            "end_time": f"{max(each.ends for each in hours):%H:%M:%S}",
            "breaks": [
                {"start": f"{each.starts:%H:%M:%S}", "end": f"{each.ends:%H:%M:%S}"}
                for each in rows
                if each.kind == RosterEntry.Kind.BREAK
            ],
        }


def conflict_json(taken: Allocation, zone: ZoneInfo) -> dict[str, Any]:
    """What is in the way."""
    owner = taken.booking or taken.session or taken.block
    return {
        "id": id_of(owner),
        "type": "blocked" if taken.block else "appointment",
        "start_time": f"{taken.starts_at.astimezone(zone):%H:%M:%S}",
        "end_time": f"{taken.ends_at.astimezone(zone):%H:%M:%S}",
        "notes": taken.booking.notes if taken.booking else "",
    }
