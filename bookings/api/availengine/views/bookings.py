"""The book, as staff see and change it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency
from bookings import figures, selectors, services
from bookings.api.availengine.dialect import Endpoint, instant_at, invalid, wall
from bookings.api.availengine.filters import BookingFilter
from bookings.api.availengine.gate import Caller, Needs, absent
from bookings.api.availengine.render import managed_booking_json
from bookings.api.availengine.serializers.bookings import (
    BookingChanges,
    StaffBooking,
    Stretch,
)
from bookings.api.availengine.views.public import service_of
from bookings.lifecycle import State
from bookings.models import Booking
from bookings.services import Changes
from bookings.wishes import GuestDetails, Wish
from resources.selectors import resource_exists

SOURCE = "availengine"
STAFF = Needs(scope="write", role="staff")


def make_booking(
    wish: Wish, *, guest: GuestDetails | None, by: Caller, notes: str, now: datetime | None
) -> tuple[Booking, dict[str, Any]]:
    """Make a booking for staff; with it, what the answer says besides (of a deposit, say)."""
    booking, deposit = services.book_with_deposit(
        wish,
        guest=guest,
        by=by.actor,
        source=SOURCE,
        channel=by.channel,
        notes=notes,
        now=now,
    )
    if deposit is None:
        return booking, {}
    return booking, {
        "stripe_client_secret": deposit.client_secret,
        "deposit_type": deposit.type,
    }


class Bookings(Endpoint):
    """/v1/manage/bookings: filtered, by start; and bookings at any time, hours or not."""

    needs = {"POST": STAFF}

    def get(self, request: Request) -> Response:
        rows = selectors.bookings(self.business)
        wanted = BookingFilter(request.query_params, rows, business=self.business, now=self.now)
        if not wanted.is_valid():
            raise invalid(
                **{name: " ".join(map(str, said)) for name, said in wanted.errors.items()}
            )
        return self.page(
            wanted.qs,
            lambda each: managed_booking_json(each, self.business, now=self.now),
            ordering=("starts_at", "id"),
        )

    def post(self, request: Request) -> Response:
        wanted = self.read(StaffBooking)
        details = GuestDetails(
            **{name: wanted.get(name, "") for name in ("first_name", "last_name", "email", "phone")}
        )
        booking, more = make_booking(
            self._wish(wanted),
            guest=details if details != GuestDetails() else None,
            by=self.caller,
            notes=wanted["customer_notes"],
            now=self.now,
        )
        shown = self.find(selectors.bookings(self.business), booking.pk)
        return Response(
            {"booking": managed_booking_json(shown, self.business, now=self.now)} | more, 201
        )

    def _wish(self, wanted: dict[str, Any]) -> Wish:
        of = self.business
        if wanted["resource_id"] and not resource_exists(of, wanted["resource_id"]):
            raise absent()
        asked: dict[str, Any] = {
            "business": of,
            "starts_at": instant_at(wanted["booking_date"], wanted["start_time"], of),
            "party_size": wanted["capacity"],
            "resource_id": wanted["resource_id"],
            "joinable": False,
        }
        if minutes := wanted.get("duration_minutes"):
            asked["duration"] = timedelta(minutes=minutes)
        if service := service_of(of, wanted["service_id"]):
            return Wish.of(service, **asked)
        return Wish(**({"duration": timedelta(minutes=of.default_duration_minutes)} | asked))

    def forgets(self, answer: idempotency.Answer) -> bool:
        return answer.status == 409  # a retry may find a place


class OneBooking(Endpoint):
    """/v1/manage/bookings/{booking_id}"""

    needs = {"PATCH": STAFF}

    def get(self, request: Request, booking_id: str) -> Response:
        found = self.find(selectors.bookings(self.business), booking_id)
        return Response({"booking": managed_booking_json(found, self.business, now=self.now)})

    def patch(self, request: Request, booking_id: str) -> Response:
        asked = self.read(BookingChanges, partial=True)
        found = self.find(selectors.bookings(self.business), booking_id)
        wanted = self._changes(found, asked)
        changed = services.change(found, wanted, by=self.caller.actor, now=self.now)
        return Response({"booking": managed_booking_json(changed, self.business, now=self.now)})

    def _changes(self, booking: Booking, wanted: dict[str, Any]) -> Changes:
        of = self.business
        before = wall(booking.starts_at, of)
        day = wanted.get("booking_date", before.date())
        at = wanted.get("start_time", before.time())
        is_moved = (day, at) != (before.date(), before.time())  # also where the clock repeats it
        resource_id: uuid.UUID | None = wanted.get("resource_id")
        is_new = resource_id not in booking.resource_ids
        if resource_id and is_new and not resource_exists(of, resource_id):
            raise absent()
        minutes = wanted.get("duration_minutes")
        return Changes(
            starts_at=instant_at(day, at, of) if is_moved else None,
            duration=timedelta(minutes=minutes) if minutes else None,
            party_size=wanted.get("capacity"),
            resource_id=resource_id,
            notes=wanted.get("customer_notes"),
            state=State(wanted["status"]) if "status" in wanted else None,
        )

    def forgets(self, answer: idempotency.Answer) -> bool:
        return answer.status == 409


class Summary(Endpoint):
    """GET /v1/manage/analytics/summary?from=&to=; ours."""

    needs = {"GET": Needs(role="manager")}

    def get(self, request: Request) -> Response:
        asked = self.ask(Stretch)
        found = figures.summary(self.business, asked["first"], asked["last"])
        counts = dict(found.counts)
        counts[State.CANCELLED.value] += counts.pop(State.EXPIRED.value)
        return Response(
            {
                "from": asked["first"].isoformat(),
                "to": asked["last"].isoformat(),
                "total": found.total,
                "by_status": counts,
                "guests": found.covers,
                "no_show_rate": found.no_show_rate,
                "utilisation": found.utilisation,
            }
        )
