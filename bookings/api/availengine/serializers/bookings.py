"""What is asked about bookings, customers and the waitlist by staff."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from bookings.api.availengine.serializers.fields import (
    MOST_GUESTS,
    NOTES,
    Customer,
    Day,
    KnownCustomer,
    Text,
    WallTime,
)
from bookings.lifecycle import State

STATUSES = [state.value for state in State if state is not State.EXPIRED]
LONGEST = 1440  # staff may book a day; guests at the dynamic door eight hours


class StaffBooking(KnownCustomer):
    """A booking taken by staff: at any time, for whoever they know to come."""

    booking_date = Day()
    start_time = WallTime()
    duration_minutes = serializers.IntegerField(
        min_value=5, max_value=LONGEST, required=False, help_text="Else the service's, else ours."
    )
    capacity = serializers.IntegerField(
        min_value=1, max_value=MOST_GUESTS, required=False, default=1
    )
    service_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    resource_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    customer_notes = Text(required=False, allow_blank=True, max_length=NOTES, default="")


class BookingChanges(serializers.Serializer[Any]):
    """What is to be different about a booking; what isn't sent stays."""

    status = serializers.ChoiceField(STATUSES, required=False)
    booking_date = Day(required=False)
    start_time = WallTime(required=False)
    duration_minutes = serializers.IntegerField(min_value=5, max_value=LONGEST, required=False)
    resource_id = serializers.UUIDField(required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_GUESTS, required=False)
    customer_notes = Text(required=False, allow_blank=True, max_length=NOTES)


class CustomerRequest(KnownCustomer):
    """What is known of a customer; ours."""

    notes = Text(required=False, allow_blank=True, max_length=NOTES)


class CustomerQuery(serializers.Serializer[Any]):
    """Which customers to list."""

    q = Text(required=False, allow_blank=True, max_length=100, default="")


class WaitlistRequest(serializers.Serializer[Any]):
    """A customer who would come on that day if there were room."""

    customer = Customer()
    preferred_date = Day()
    service_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    capacity = serializers.IntegerField(
        min_value=1, max_value=MOST_GUESTS, required=False, default=1
    )
    notes = Text(required=False, allow_blank=True, allow_null=True, max_length=NOTES, default="")


class Stretch(serializers.Serializer[Any]):
    """From which day to which, both included."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": Day(source="first"), "to": Day(source="last")}  # `from` is a keyword

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not 0 <= (attrs["last"] - attrs["first"]).days <= 366:
            raise serializers.ValidationError(
                {"to": "Must be from the day of `from` to a year later."}
            )
        return attrs
