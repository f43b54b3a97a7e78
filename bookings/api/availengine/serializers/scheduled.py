"""What is asked of the timetable."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from bookings.api.availengine.serializers.fields import (
    MINUTES,
    MOST_GUESTS,
    NOTES,
    Customer,
    Day,
    Text,
    WallTime,
)

MOST_MINUTES: dict[str, Any] = {"min_value": MINUTES[0], "max_value": MINUTES[1]}
GUESTS: dict[str, Any] = {"min_value": 1, "max_value": MOST_GUESTS}


class TimetableQuery(serializers.Serializer[Any]):
    """Which day, for how many, and what of."""

    date = Day()
    capacity = serializers.IntegerField(required=False, default=1, **GUESTS)
    service_id = serializers.UUIDField(required=False, default=None)
    resource_id = serializers.UUIDField(required=False, default=None)
    duration_minutes = serializers.IntegerField(required=False, default=None, **MOST_MINUTES)


class StaffTimetableQuery(serializers.Serializer[Any]):
    """The same as staff ask."""

    booking_date = Day()
    capacity = serializers.IntegerField(**GUESTS)


class ScheduledBooking(Customer):
    """A booking from the timetable; without a service or a length, as long as is usual."""

    business_id = serializers.UUIDField()
    booking_date = Day()
    start_time = WallTime()
    capacity = serializers.IntegerField(required=False, default=1, **GUESTS)
    service_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    resource_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    duration_minutes = serializers.IntegerField(
        required=False, allow_null=True, default=None, **MOST_MINUTES
    )
    customer_notes = Text(required=False, allow_blank=True, max_length=NOTES, default="")
