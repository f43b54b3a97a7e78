"""What is asked about resources, their blocks, and services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from bookings.api.availengine.serializers.fields import MOST_GUESTS, NAME, NOTES, TEXT, Text

ORDER: dict[str, Any] = {"min_value": -1_000_000, "max_value": 1_000_000}
CENTS: dict[str, Any] = {"min_value": 0, "max_value": 100_000_000}
LONGEST_BLOCK = timedelta(days=366)


class ResourceRequest(serializers.Serializer[Any]):
    """Something that can be booked. `units` is ours: how many can be taken separately; the
    capacities are of the whole."""

    name = Text(max_length=NAME)
    resource_type = Text(max_length=50, required=False, source="kind")
    capacity_min = serializers.IntegerField(
        min_value=1, max_value=MOST_GUESTS, required=False, source="covers_min"
    )
    capacity_max = serializers.IntegerField(min_value=1, max_value=MOST_GUESTS, required=False)
    section = Text(max_length=NAME, required=False, allow_null=True, allow_blank=True)
    display_order = serializers.IntegerField(required=False, **ORDER)
    is_active = serializers.BooleanField(required=False)
    units = serializers.IntegerField(min_value=1, max_value=500, required=False)

    def validate_section(self, name: str | None) -> str:
        return name or ""


class BlockRequest(serializers.Serializer[Any]):
    """A stretch when a resource is out of use; ours."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = Text(required=False, allow_blank=True, max_length=TEXT, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["ends_at"] - attrs["starts_at"] > LONGEST_BLOCK:
            raise serializers.ValidationError({"ends_at": "At most a year after starts_at."})
        return attrs


class Minutes(serializers.IntegerField):
    """Whole minutes outside, a timedelta inside."""

    def to_internal_value(self, data: Any) -> timedelta:  # type: ignore[override]
        number = super().to_internal_value(data)
        return timedelta(minutes=min(max(number, -1), 1_000_000))  # bounds are checked below

    def run_validators(self, value: Any) -> None:
        super().run_validators(value // timedelta(minutes=1))


class RequirementRequest(serializers.Serializer[Any]):
    """One type of resource that a service needs one of; none named means all of the type, or with
    `only_named` none of it."""

    resource_type = Text(max_length=50)
    resource_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=500
    )
    only_named = serializers.BooleanField(required=False, default=False)


class ServiceRequest(serializers.Serializer[Any]):
    """What a guest books; ours, as is what it needs."""

    name = Text(max_length=NAME)
    description = Text(max_length=NOTES, required=False, allow_blank=True)
    duration_minutes = Minutes(min_value=5, max_value=1440, required=False, source="duration")
    buffer_before_minutes = Minutes(
        min_value=0, max_value=480, required=False, source="buffer_before"
    )
    buffer_after_minutes = Minutes(
        min_value=0, max_value=480, required=False, source="buffer_after"
    )
    price_cents = serializers.IntegerField(required=False, **CENTS)
    deposit_amount_cents = serializers.IntegerField(required=False, allow_null=True, **CENTS)
    capacity = serializers.IntegerField(min_value=1, max_value=500, required=False, allow_null=True)
    display_order = serializers.IntegerField(required=False, **ORDER)
    is_active = serializers.BooleanField(required=False)
    requirements = RequirementRequest(many=True, required=False, source="needs")

    def validate_requirements(
        self, rows: list[dict[str, Any]]
    ) -> tuple[dict[str, list[Any]], set[str]]:
        # A partial change of the service is no partial requirement: each is said whole.
        if any("resource_type" not in row for row in rows):
            raise serializers.ValidationError("Each needs a resource_type.")
        needs = {row["resource_type"]: row.get("resource_ids", []) for row in rows}
        if len(needs) < len(rows):
            raise serializers.ValidationError("Name each resource_type once.")
        return needs, {row["resource_type"] for row in rows if row.get("only_named")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "needs" in attrs:
            attrs["needs"], attrs["only_named"] = attrs["needs"]
        return attrs
