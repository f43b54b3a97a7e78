"""Scheduled booking: what is free when, by the timetable, and booking one of its starts.

What is kept open to guests is said by `Timetable.search`, and a booking is made of the same search,
so what is offered can be booked. Works in either booking mode.
"""

from __future__ import annotations

import dataclasses
import uuid
from datetime import date, timedelta

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency
from accounts.models import Business
from bookings import offers, rules
from bookings.api.availengine import gate
from bookings.api.availengine.dialect import Endpoint, instant_at, wall
from bookings.api.availengine.render import booking_json
from bookings.api.availengine.serializers.scheduled import (
    ScheduledBooking,
    StaffTimetableQuery,
    TimetableQuery,
)
from bookings.api.availengine.views.bookings import STAFF, make_booking
from bookings.api.availengine.views.public import Public, service_of
from bookings.errors import NotOffered
from bookings.offers import Start
from bookings.wishes import GuestDetails, Search
from resources.selectors import resource_exists

DAY = timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """What is asked of a business's timetable on a day of its wall's clock."""

    business: Business
    day: date
    capacity: int
    service_id: uuid.UUID | None = None
    resource_id: uuid.UUID | None = None
    minutes: int | None = None

    def search(self) -> Search:
        """In our words, without tables joined: a booking is of one resource here. The days around
        are in it, as a location may have another clock. Raises Refusal."""
        of = self.business
        service = service_of(of, self.service_id)
        length = timedelta(minutes=self.minutes) if self.minutes else None
        if length is None and service is None:
            length = offers.usual_stay(of, self.capacity)
        return Search(
            business=of,
            service=service,
            first_day=self.day - DAY,
            last_day=self.day + DAY,
            party_size=self.capacity,
            resource_ids=frozenset({self.resource_id}) if self.resource_id else None,
            duration=length,
            buffers=rules.buffers(of, service),
            joinable=False,
        )

    def shown(self, starts: list[Start]) -> list[tuple[str, int]]:
        """The starts of the day by the wall, with what is left. Of two that the clock shows alike
        the first, as that is the one that is booked."""
        return [
            (f"{shown:%H:%M}", each.left)
            for each in starts
            if (shown := wall(each.starts_at, self.business)).date() == self.day and not shown.fold
        ]


class Availability(Public):
    """GET /v1/availability/{business_id}"""

    def named(self, business_id: str) -> Business:
        channel = self.caller.channel
        if channel and str(channel.business_id) == business_id:
            return channel.business
        return super().named(business_id)

    def get(self, request: Request, business_id: str) -> Response:
        asked = self.ask(TimetableQuery)
        wanted = Timetable(
            business=self.business,
            day=asked["date"],
            capacity=asked["capacity"],
            service_id=asked["service_id"],
            resource_id=asked["resource_id"],
            minutes=asked["duration_minutes"],
        )
        found = wanted.shown(offers.starts(wanted.search(), now=self.now))
        if not found and wanted.resource_id:
            exists_or_absent(self.business, wanted.resource_id)
        return Response(
            {
                "business_id": str(self.business.pk),
                "booking_date": wanted.day.isoformat(),
                "capacity": wanted.capacity,
                "slots": [
                    {"time": at, "available": left > 0, "remaining_resources": left}
                    for at, left in found
                ],
            }
        )


class ManagedAvailability(Endpoint):
    """GET /v1/manage/availability: as staff may book, at any notice and with whom guests may not
    book."""

    def get(self, request: Request) -> Response:
        asked = self.ask(StaffTimetableQuery)
        wanted = Timetable(
            business=self.business, day=asked["booking_date"], capacity=asked["capacity"]
        )
        search = dataclasses.replace(wanted.search(), by_guest=False, keeps_notice=False)
        found = wanted.shown(offers.starts(search, now=self.now))
        return Response({"slots": [{"time": at, "available": left > 0} for at, left in found]})


class Bookings(Endpoint):
    """POST /v1/bookings/"""

    tenant = False  # the body says which business
    needs = {"POST": STAFF}

    def post(self, request: Request) -> Response:
        asked = self.read(ScheduledBooking)
        of = gate.business_of(self.caller, STAFF, wanted=asked["business_id"])
        wanted = Timetable(
            business=of,
            day=asked["booking_date"],
            capacity=asked["capacity"],
            service_id=asked["service_id"],
            resource_id=asked["resource_id"],
            minutes=asked["duration_minutes"],
        )
        if wanted.resource_id:
            exists_or_absent(of, wanted.resource_id)
        starts_at = instant_at(wanted.day, asked["start_time"], of)
        wish = offers.wish_at(wanted.search(), starts_at)
        if wall(starts_at, of).time() != asked["start_time"]:
            raise NotOffered("The clock doesn't show this time on that day.")
        booking, more = make_booking(
            wish,
            guest=GuestDetails(
                asked["first_name"], asked["last_name"], asked["email"], asked["phone"]
            ),
            by=self.caller,
            notes=asked["customer_notes"],
            now=self.now,
        )
        return Response({"booking": booking_json(booking, of, now=self.now)} | more, 201)

    def forgets(self, answer: idempotency.Answer) -> bool:
        return answer.status == 409  # a retry may find a place


def exists_or_absent(business: Business, resource_id: uuid.UUID) -> None:
    """A 404 for a resource that the business doesn't have."""
    if not resource_exists(business, resource_id):
        raise gate.absent()
