"""What is asked about a business, its settings, hours, closures and keys."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.models import Business, Channel
from bookings.api.availengine.serializers.fields import NAME, TEXT, Day, Slug, Text, WallTime


class BusinessRequest(serializers.Serializer[Any]):
    """What a business is called; ours."""

    name = Text(min_length=2, max_length=NAME, required=False)
    slug = Slug(max_length=120, required=False)
    business_type = Text(max_length=50, required=False)


class Settings(serializers.ModelSerializer[Business]):
    """The settings: these names, in this order. The last two are ours."""

    class Meta:
        model = Business
        fields: ClassVar[list[str]] = [
            "booking_mode", "slot_interval_minutes", "buffer_minutes", "timezone",
            "default_duration_minutes", "deposit_enabled", "deposit_type", "deposit_amount_cents",
            "currency", "cancellation_window_hours", "deposit_expiry_minutes",
            "min_notice_minutes", "max_advance_days", "dynamic_respects_blackouts",
            "hold_minutes", "relax_minimum_covers",
        ]  # fmt: skip


class HoursRow(serializers.Serializer[Any]):
    """One period of a weekday, or that it is closed. 0 is Sunday."""

    day_of_week = serializers.IntegerField(min_value=0, max_value=6)
    is_open = serializers.BooleanField()
    open_time = WallTime(required=False, allow_null=True)
    close_time = WallTime(
        required=False, allow_null=True, help_text="At or before open_time: on the next day."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["is_open"]:
            if missing := [name for name in ("open_time", "close_time") if not _given(attrs, name)]:
                raise serializers.ValidationError(
                    dict.fromkeys(missing, "Required when is_open is true.")
                )
        elif given := [name for name in ("open_time", "close_time") if _given(attrs, name)]:
            raise serializers.ValidationError(
                dict.fromkeys(given, "Not allowed when is_open is false.")
            )
        return attrs


def _given(attrs: dict[str, Any], name: str) -> bool:
    return attrs.get(name) is not None


class BlackoutRequest(serializers.Serializer[Any]):
    """Days on which the business is closed, both included."""

    start_date = Day(source="first_day")
    end_date = Day(source="last_day")
    reason = Text(required=False, allow_blank=True, allow_null=True, max_length=TEXT)

    def validate_reason(self, reason: str | None) -> str:
        return reason or ""


class KeyRequest(serializers.Serializer[Any]):
    """A key for a program."""

    name = Text(max_length=NAME)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Channel.Scope.choices), allow_empty=False, max_length=10
    )
    rate_limit_rpm = serializers.IntegerField(
        min_value=1, max_value=100_000, required=False, default=60
    )
