"""This protocol's words: what is sent, read into ours. No rule is kept here."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

from rest_framework import serializers

STATUSES = (
    "WAITING", "ACCEPTED", "CANCELLED", "CONFIRMED", "EXPIRED", "PREPAY", "OUTOFORDER", "REJECTED",
)  # fmt: skip
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
NAME = 100
LARGEST = 1 << 48


class Day(serializers.Field[Any, Any, Any, Any]):
    """A date, or the date of a date-time."""

    def to_internal_value(self, data: Any) -> date:
        try:
            if isinstance(data, str) and re.match(r"\d{4}-\d\d-\d\d(T|$)", data):
                found = datetime.fromisoformat(data).date()
                if 1970 <= found.year < 2200:
                    return found
        except ValueError:
            pass
        raise serializers.ValidationError("A date is YYYY-MM-DD.")

    def to_representation(self, value: Any) -> str:
        return str(value)


class WallTime(serializers.Field[Any, Any, Any, Any]):
    """HH:mm or HH:mm:ss, or the time of a date-time."""

    def to_internal_value(self, data: Any) -> time:
        text = data.partition("T")[2] if isinstance(data, str) and "T" in data else data
        if isinstance(text, str):
            text = re.sub(r"(\.\d+)?(Z|[+-]\d\d:?\d\d)?\Z", "", text) if "T" in data else text
            if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", text, re.ASCII):
                return time.fromisoformat(text)
        raise serializers.ValidationError("A time is HH:mm:ss.")

    def to_representation(self, value: Any) -> str:
        return str(value)


class Flag(serializers.Field[Any, Any, Any, Any]):
    """true or false; in a query also 1 and 0, in any case."""

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, bool):
            return data
        found = {"true": True, "1": True, "false": False, "0": False}.get(str(data).lower())
        if found is None:
            raise serializers.ValidationError("Must be true or false.")
        return found

    def to_representation(self, value: Any) -> bool:
        return bool(value)


class Weekday(serializers.Field[Any, Any, Any, Any]):
    """A day of the week by its name or the first letters of it; WEN is one of theirs. ISO: 1 is
    Monday."""

    def to_internal_value(self, data: Any) -> int:
        text = "WED" if str(data).upper() == "WEN" else str(data).upper()
        if len(text) >= 3:
            for number, name in enumerate(WEEKDAYS, 1):
                if text in (name, name[:3]):
                    return number
        raise serializers.ValidationError(f"Not a day of the week: {str(data)[:20]}.")

    def to_representation(self, value: Any) -> str:
        return WEEKDAYS[value - 1]


class Text(serializers.CharField):
    """A text that may be missing, null or empty."""

    def __init__(self, most: int = NAME, **how: Any) -> None:
        super().__init__(
            max_length=most, **({"required": False, "allow_blank": True, "allow_null": True} | how)
        )

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).replace("\x00", "")

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation("" if data is None else data)


def whole(least: int, most: int, **how: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=least, max_value=most, **({"required": False} | how))


def an_id(**how: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=-LARGEST, max_value=LARGEST, **({"required": False} | how)
    )


def ids(**how: Any) -> serializers.ListField:
    return serializers.ListField(child=an_id(), max_length=200, **({"required": False} | how))


class Name(serializers.CharField):
    """What something is called."""

    def __init__(self, **how: Any) -> None:
        super().__init__(max_length=NAME, **how)


# --- clients and properties ----------------------------------------------------------------------


class ClientRequest(serializers.Serializer[Any]):
    """What is wrong with an address, a phone or a password is said in classes of its own."""

    redirect_uri = serializers.CharField(max_length=500)
    name = Name()
    username = serializers.CharField(max_length=NAME)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    email = serializers.CharField(max_length=254)
    description = Text(2000)
    website = Text(300)
    phone = Text(40)
    position = serializers.DictField(required=False, allow_null=True)


class PropertyRequest(serializers.Serializer[Any]):
    name = Name()
    description = Text(2000)
    phone = Text(40)
    email = Text(254)
    website = Text(300)
    city = Text()
    cap = Text(20)
    address = Text(300)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = serializers.FloatField(
        min_value=-180, max_value=180, required=False, allow_null=True
    )
    timezone = serializers.CharField(max_length=64, required=False)


# --- rooms, tables, services ---------------------------------------------------------------------


class RoomRequest(serializers.Serializer[Any]):
    name = Name()
    bookable = Flag(required=False)


class TableRequest(serializers.Serializer[Any]):
    name = Name()
    bookable = Flag(required=False)
    free = Flag(required=False)
    group = Flag(required=False)
    guests_min = whole(1, 1000)
    guests_max = whole(1, 1000)
    table_ids = ids()


class OrdersSection(serializers.Serializer[Any]):
    order_enabled = Flag(required=False)
    required_fields = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=20
    )
    send_order_enabled = Flag(required=False)


class ServiceRequest(serializers.Serializer[Any]):
    name = Name()
    title = Text()
    bookable = Flag(required=False)
    online = Flag(required=False)
    advance_min = whole(0, 525600)
    max_advance = whole(0, 3650)
    average_stay = whole(1, 1440, required=True)
    days_of_week = serializers.ListField(child=Weekday(), allow_empty=False, max_length=14)
    start_time = WallTime()
    end_time = WallTime()
    slots = serializers.ListField(child=WallTime(), required=False, max_length=288)
    confirmation_mode = serializers.ChoiceField(["CONFIRMED", "WAITING_LIST"], required=False)
    card_guarantee = Flag(required=False)
    show_rooms = Flag(required=False)
    orders_section = OrdersSection(required=False)


# --- reservations --------------------------------------------------------------------------------


class CustomerPart(serializers.Serializer[Any]):
    id = an_id()
    first_name = Text(NAME)
    last_name = Text(NAME)
    email = Text(254)
    phone = Text(40)


class ReservationRequest(serializers.Serializer[Any]):
    start_date = Day(required=False)
    start_day = Day(required=False)
    start_hour = WallTime()
    pax = whole(1, 1000, required=True)
    channel = serializers.CharField(max_length=NAME)
    customer = CustomerPart()
    service_id = an_id(required=True)
    room_id = an_id(required=True)
    table_ids = ids()
    waiting_list = Flag(required=False)
    notes = Text(2000)
    special_request = Text(2000)

    def validate(self, attrs: Any) -> Any:
        day = attrs.pop("start_day", None)
        attrs.setdefault("start_date", day)
        if attrs["start_date"] is None:
            del attrs["start_date"]
            if not self.partial:
                raise serializers.ValidationError({"start_date": "This field is required."})
        return attrs


class StatusRequest(serializers.Serializer[Any]):
    status = serializers.ChoiceField(STATUSES)


class UndoQuery(serializers.Serializer[Any]):
    undo = Flag(default=False)


class ReservationQuery(serializers.Serializer[Any]):
    LISTS = ("status", "service_ids", "room_ids")

    next_cursor = serializers.CharField(max_length=200, required=False)
    limit = whole(1, 200, default=50)
    start_date = Day(required=False)
    start_hour = WallTime(required=False)
    end_date = Day(required=False)
    status = serializers.ListField(child=serializers.ChoiceField(STATUSES), required=False)
    text_search = Text(200)
    service_ids = ids()
    room_ids = ids()
    incoming = Flag(default=False)
    arrived = Flag(default=False)
    departed = Flag(default=False)


class GoogleRequest(serializers.Serializer[Any]):
    enable_google_engine = Flag()


# --- what is offered -----------------------------------------------------------------------------


class SlotsQuery(serializers.Serializer[Any]):
    start_date = Day(required=False)
    end_date = Day(required=False)
    pax = whole(1, 1000, default=1)
    service_id = an_id()
    out_of_order = Flag(default=False)
    out_of_service = Flag(default=False)


class RoomsQuery(serializers.Serializer[Any]):
    start_date = Day()
    start_hour = WallTime()
    pax = whole(1, 1000, required=True)
    service_id = an_id(required=True)


class TablesQuery(serializers.Serializer[Any]):
    start_date = Day(required=False)
    start_hour = WallTime(required=False)
    pax = whole(1, 1000)
    service_id = an_id()


# --- webhooks and orders -------------------------------------------------------------------------


class SubscriptionRequest(serializers.Serializer[Any]):
    endpoint = serializers.CharField(max_length=500)
    webhook_type = serializers.ChoiceField(
        ["RESERVATION_CREATED", "RESERVATION_UPDATED", "RESERVATION_DELETED"]
    )


class PageQuery(serializers.Serializer[Any]):
    next_cursor = serializers.CharField(max_length=200, required=False)
    limit = whole(1, 200, default=50)


class OrdersQuery(serializers.Serializer[Any]):
    LISTS = ("status", "service_ids", "room_ids")

    start_date = Day(required=False)
    end_date = Day(required=False)
    status = serializers.ListField(
        child=serializers.ChoiceField(["UNREAD", "WAITING", "PREPARING", "READY", "DELIVERED"]),
        required=False,
    )
    delivery_mode = serializers.ChoiceField(["ROOM", "TAKEAWAY", "DELIVERY"], required=False)
    service_ids = ids()
    room_ids = ids()
    text_search = Text(200)


class TokenRequest(serializers.Serializer[Any]):
    grant_type = serializers.CharField(max_length=100)
    client_id = serializers.CharField(max_length=200)
    client_secret = serializers.CharField(max_length=200)
