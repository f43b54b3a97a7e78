"""Dynamic booking: any start time, no timetable; a place is free or it isn't.

`Availability` and `Bookings` are the documented surface. `resource_id`, `?expand=resources`, the
next free times and the holds are ours, and marked so in the documents.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from django.http import HttpRequest
from rest_framework import serializers

from accounts.errors import NotFound
from accounts.models import Business
from bookings import selectors, services
from bookings.api import bodies
from bookings.api.availengine import gate
from bookings.api.availengine.dialect import (
    Quick,
    attempt_quick,
    instant_at,
    invalid,
    keyed,
    stamp,
    wall,
)
from bookings.api.availengine.gate import Caller, Needs, Refusal
from bookings.api.availengine.render import booking_json
from bookings.api.availengine.serializers.fields import Customer, Text
from bookings.errors import InThePast
from bookings.models import Booking
from bookings.wishes import GuestDetails, Wish
from resources.selectors import resource_exists, section_names

T = TypeVar("T")

SOURCE = "availengine"
MINUTES = (5, 480)
DEFAULT_MINUTES = 60
MOST_GUESTS = 50
HORIZON = timedelta(days=365)
NEAR = timedelta(hours=24)  # how far ahead the next free times are looked for

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


class Span(serializers.Serializer[Any]):
    """When, for how long, for how many."""

    booking_date = serializers.RegexField(_DATE.pattern + r"\Z", help_text="YYYY-MM-DD")
    start_time = serializers.RegexField(
        f"^{_TIME.pattern}" + r"\Z", help_text="HH:MM, 24-hour, on the business's wall"
    )
    duration_minutes = serializers.IntegerField(
        required=False, default=DEFAULT_MINUTES, min_value=MINUTES[0], max_value=MINUTES[1]
    )

    def validate_booking_date(self, text: str) -> date:
        return read_date(text)

    def validate_start_time(self, text: str) -> time:
        return time.fromisoformat(text)


class Comer(Customer):
    """Who comes, and what they want to be known."""

    customer_notes = Text(required=False, allow_blank=True, max_length=1000, default="")


class BookingRequest(Span, Comer):
    """A dynamic booking; `resource_id` (ours) asks for that one resource."""

    business_id = serializers.UUIDField()
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_GUESTS)
    resource_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class HoldRequest(Span):
    """Time taken while the guest makes up their mind; ours."""

    business_id = serializers.UUIDField()
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_GUESTS)
    resource_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    hold_minutes = serializers.IntegerField(required=False, min_value=1, max_value=60)


def read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise serializers.ValidationError("There is no such date.") from None


class Query:
    """The query string of an availability request; read by hand, as the hottest path there is."""

    __slots__ = ("capacity", "day", "duration", "errors", "start")

    def __init__(self, params: Mapping[str, str]) -> None:
        self.errors: dict[str, str] = {}
        day, start = params.get("booking_date"), params.get("start_time")
        self.day = self._day(day)
        self.start = self._start(start)
        minutes = self._number(params, "duration_minutes", DEFAULT_MINUTES, *MINUTES)
        self.duration = timedelta(minutes=minutes)
        self.capacity = self._number(params, "capacity", 1, 1, MOST_GUESTS)
        if self.errors:
            raise invalid(**self.errors)

    def _day(self, text: str | None) -> date:
        if text is None:
            self.errors["booking_date"] = "This field is required."
        elif not _DATE.fullmatch(text):
            self.errors["booking_date"] = "A date is YYYY-MM-DD."
        else:
            try:
                return date.fromisoformat(text)
            except ValueError:
                self.errors["booking_date"] = "There is no such date."
        return date.min

    def _start(self, text: str | None) -> time:
        if text is None:
            self.errors["start_time"] = "This field is required."
        elif not _TIME.fullmatch(text):
            self.errors["start_time"] = "A time is HH:MM, 24-hour."
        else:
            return time.fromisoformat(text)
        return time.min

    def _number(
        self, params: Mapping[str, str], name: str, default: int, least: int, most: int
    ) -> int:
        text = params.get(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and least <= int(text[:9]) <= most:
            return int(text[:9])
        self.errors[name] = f"Must be a number from {least} to {most}."
        return default


def params_of(request: HttpRequest) -> dict[str, str]:
    """The query string; of what is said twice the last counts. Raises Refusal."""
    text = request.META.get("QUERY_STRING", "")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise Refusal(400, "bad_request", "Too many parameters.") from None


def business_for(
    caller: Caller, needs: Needs, wanted: uuid.UUID | None, read: Callable[[], T]
) -> tuple[Business, T]:
    """The business and what was asked, with the gates after authentication in their order:
    402 and 403, then 422 by `read`, then 404, then 400 while the mode is scheduled."""
    absent: Refusal | None = None
    business: Business | None = None
    try:
        if wanted is None:
            raise gate.absent()
        business = gate.business_of(caller, needs, wanted=wanted)
    except Refusal as refused:
        if refused.status != 404:
            raise
        absent = refused
    asked = read()
    if business is None:
        assert absent is not None
        raise absent
    if business.booking_mode != Business.Mode.DYNAMIC:
        raise Refusal(
            400, "dynamic_mode_disabled", "Dynamic booking is not enabled for this business."
        )
    return business, asked


def uuid_in(text: str) -> uuid.UUID | None:
    """A UUID in its usual form, or None."""
    try:
        return uuid.UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def is_on_sale(day: date, business: Business, now: datetime | None) -> bool:
    """Whether the day is from yesterday (the grace, other zones) to a year ahead."""
    today = wall(now or datetime.now(UTC), business).date()
    return today - timedelta(days=1) <= day <= today + HORIZON


class Availability(Quick):
    """GET /v1/dynamic/availability/{business_id}"""

    http_method_names = ["get"]
    needs = Needs(scope="read", dynamic=True)

    def get(self, request: HttpRequest, caller: Caller, **kwargs: Any) -> tuple[int, Any, bool]:
        params = params_of(request)
        business, asked = business_for(
            caller, self.needs, uuid_in(kwargs["business_id"]), lambda: Query(params)
        )
        now = gate.instant(request)
        found: list[selectors.Offered] = []
        if is_on_sale(asked.day, business, now):
            wish = Wish(
                business=business,
                starts_at=instant_at(asked.day, asked.start, business),
                duration=asked.duration,
                party_size=asked.capacity,
                keeps_closures=business.dynamic_respects_blackouts,
            )
            if not services.is_past(wish, now=now):
                found = selectors.free(wish, now=now, epoch=caller.epoch)
        body: dict[str, Any] = {
            "available": bool(found),
            "remaining_resources": len(found),
            "free_resources": [each.candidate.name for each in found],
        }
        if "resources" in params.get("expand", "").split(","):
            body["resources"] = expanded(found)
        return 200, body, False


def expanded(found: list[selectors.Offered]) -> list[dict[str, Any]]:
    """The free resources with what a floor plan needs to draw them."""
    sections = section_names({each.section_id for each in found if each.section_id})
    return [
        {
            "id": str(each.id),
            "name": each.candidate.name,
            "section": sections.get(each.section_id) if each.section_id else None,
            "capacity_min": each.candidate.covers_min,
            "capacity_max": min(MOST_GUESTS, each.candidate.covers_max * each.candidate.units),
        }
        for each in found
    ]


class Next(Quick):
    """GET /v1/dynamic/next/{business_id}: the soonest times from the one asked for; ours."""

    http_method_names = ["get"]
    needs = Needs(scope="read", dynamic=True)

    def get(self, request: HttpRequest, caller: Caller, **kwargs: Any) -> tuple[int, Any, bool]:
        def read() -> tuple[Query, int]:
            params = params_of(request)
            asked = Query(params)
            text = params.get("limit", "3")
            if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 20):
                raise invalid(limit="Must be a number from 1 to 20.")
            return asked, int(text)

        business, (asked, limit) = business_for(
            caller, self.needs, uuid_in(kwargs["business_id"]), read
        )
        now = gate.instant(request)
        times: list[tuple[datetime, int]] = []
        if is_on_sale(asked.day, business, now):
            starts_at = instant_at(asked.day, asked.start, business)
            wish = Wish(
                business=business,
                starts_at=max(starts_at, _next_minute(now)),
                duration=asked.duration,
                party_size=asked.capacity,
                keeps_closures=business.dynamic_respects_blackouts,
            )
            times = selectors.next_free(wish, within=NEAR, limit=limit, now=now)
        return (
            200,
            {
                "times": [
                    {
                        "booking_date": wall(at, business).date().isoformat(),
                        "start_time": wall(at, business).strftime("%H:%M"),
                        "remaining_resources": count,
                    }
                    for at, count in times
                ]
            },
            False,
        )


def _next_minute(now: datetime | None) -> datetime:
    moment = now or datetime.now(UTC)
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent; nothing is an empty one. Raises Refusal, and as `bodies`."""
    body = bodies.body_of(request) if request.body else {}
    if not isinstance(body, dict):
        raise invalid(body="Must be a JSON object.")
    return body


def validated(reader: serializers.Serializer[Any], body: dict[str, Any]) -> dict[str, Any]:
    """What was sent, in our words. The reader keeps nothing of it: making its fields anew for each
    request costs more than all they do."""
    found: dict[str, Any] = reader.run_validation(body)
    return found


READ_BOOKING, READ_HOLD, READ_COMER = BookingRequest(), HoldRequest(), Comer()


def wish_of(values: dict[str, Any], business: Business, now: datetime | None) -> Wish:
    """What was asked for, by the rules of this door. Raises InThePast, Refusal, NotFound."""
    day: date = values["booking_date"]
    if not is_on_sale(day, business, now):
        today = wall(now or datetime.now(UTC), business).date()
        if day < today:
            raise InThePast(fields={"booking_date": "This date is in the past."})
        raise invalid(booking_date=f"At most {HORIZON.days} days ahead.")
    chosen: uuid.UUID | None = values["resource_id"]
    if chosen and not resource_exists(business, chosen):
        raise NotFound(fields={"resource_id": "There is no such resource."})
    return Wish(
        business=business,
        starts_at=instant_at(day, values["start_time"], business),
        duration=timedelta(minutes=values["duration_minutes"]),
        party_size=values["capacity"],
        resource_id=chosen,
        joinable=False,
        keeps_closures=business.dynamic_respects_blackouts,
    )


def guest_of(values: dict[str, Any]) -> GuestDetails:
    return GuestDetails(
        first_name=values["first_name"],
        last_name=values["last_name"],
        email=values["email"],
        phone=values["phone"],
    )


class Bookings(Quick):
    """POST /v1/dynamic/bookings"""

    http_method_names = ["post"]
    needs = Needs(scope="write", dynamic=True)

    def post(self, request: HttpRequest, caller: Caller, **kwargs: Any) -> tuple[int, Any, bool]:
        body = body_of(request)
        now = gate.instant(request)
        business, values = business_for(
            caller,
            self.needs,
            uuid_in(str(body.get("business_id", ""))),
            lambda: validated(READ_BOOKING, body),
        )

        def act() -> tuple[int, Any]:
            booking = services.book(
                wish_of(values, business, now),
                guest=guest_of(values),
                by=caller.actor,
                source=SOURCE,
                channel=caller.channel,
                notes=values["customer_notes"],
                now=now,
            )
            return 201, {"booking": booking_json(booking, business, now=now)}

        # A place that was taken a moment ago may be free for a retry: that answer isn't kept.
        return keyed(
            request, caller, body, lambda: attempt_quick(act), forgets=lambda it: it.status == 409
        )


def hold_json(hold: Booking, business: Business, now: datetime | None) -> dict[str, Any]:
    """A booking's keys, but for the code that only a promise has, and until when it is kept."""
    shown = booking_json(hold, business, now=now)
    del shown["confirmation_code"]
    return shown | {"expires_at": stamp(hold.expires_at)}


class Holds(Quick):
    """POST /v1/holds: take a place for some minutes; ours."""

    http_method_names = ["post"]
    needs = Needs(scope="write", dynamic=True)

    def post(self, request: HttpRequest, caller: Caller, **kwargs: Any) -> tuple[int, Any, bool]:
        body = body_of(request)
        now = gate.instant(request)
        business, values = business_for(
            caller,
            self.needs,
            uuid_in(str(body.get("business_id", ""))),
            lambda: validated(READ_HOLD, body),
        )
        minutes = values.get("hold_minutes")

        def act() -> tuple[int, Any]:
            held = services.hold(
                wish_of(values, business, now),
                by=caller.actor,
                source=SOURCE,
                channel=caller.channel,
                lasts=timedelta(minutes=minutes) if minutes else None,
                now=now,
            )
            return 201, {"hold": hold_json(held, business, now)}

        return keyed(
            request, caller, body, lambda: attempt_quick(act), forgets=lambda it: it.status == 409
        )


class OneHold(Quick):
    """What is done with a hold: the parts `Confirm` and `Release` share."""

    needs = Needs(scope="write", dynamic=True)

    def hold_of(
        self, request: HttpRequest, caller: Caller, hold_id: str, read: Callable[[], T]
    ) -> tuple[Business, Booking, T]:
        header = request.META.get("HTTP_X_BUSINESS_ID", "")
        business = gate.business_of(caller, self.needs, header=header)
        business, asked = business_for(caller, self.needs, business.pk, read)
        key = uuid_in(hold_id)
        held = Booking.objects.filter(business=business, pk=key).first() if key else None
        if held is None:
            raise gate.absent()
        return business, held, asked


class Confirm(OneHold):
    """POST /v1/holds/{hold_id}/confirm: make it a booking, for this customer; ours."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, caller: Caller, **kwargs: Any) -> tuple[int, Any, bool]:
        body = body_of(request)
        business, held, values = self.hold_of(
            request, caller, kwargs["hold_id"], lambda: validated(READ_COMER, body)
        )

        def act() -> tuple[int, Any]:
            now = gate.instant(request)
            booking = services.confirm(
                held,
                by=caller.actor,
                guest=guest_of(values),
                notes=values["customer_notes"],
                now=now,
            )
            return 200, {"booking": booking_json(booking, business, now=now)}

        return keyed(request, caller, body, lambda: attempt_quick(act), forgets=lambda _: False)


class Release(OneHold):
    """POST /v1/holds/{hold_id}/release: give the place back; ours."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, caller: Caller, **kwargs: Any) -> tuple[int, Any, bool]:
        business, held, _ = self.hold_of(request, caller, kwargs["hold_id"], lambda: None)

        def act() -> tuple[int, Any]:
            now = gate.instant(request)
            released = services.release(held, by=caller.actor, now=now)
            return 200, {"hold": hold_json(released, business, now)}

        return keyed(request, caller, {}, lambda: attempt_quick(act), forgets=lambda _: False)
