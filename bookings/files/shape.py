"""What a business file may say: the serializers that read each part of it."""

from __future__ import annotations

import re
from datetime import time
from difflib import get_close_matches
from typing import Any

from rest_framework import serializers

from accounts.models import Business, Channel, Membership
from availability import recurrence
from availability.models import RosterEntry

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SETTINGS = (
    "slot_interval_minutes", "buffer_minutes", "default_duration_minutes", "min_notice_minutes",
    "max_advance_days", "hold_minutes", "cancellation_window_hours", "deposit_enabled",
    "deposit_type", "deposit_amount_cents", "deposit_expiry_minutes", "dynamic_respects_blackouts",
    "relax_minimum_covers", "schedule_weeks", "waitlist_promotes", "waitlist_offer_minutes",
    "sends_mail", "reminder_hours",
)  # fmt: skip
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_PERIOD = re.compile(f"({_TIME})-({_TIME})")
_OPENING = re.compile(f"({_TIME})-({_TIME})(?: last ({_TIME}))?")


class Period(serializers.CharField):
    """`18:00-23:00`; an end at or before the start is on the next day."""

    def to_internal_value(self, data: Any) -> Any:
        found = _PERIOD.fullmatch(data) if isinstance(data, str) else None
        if found is None:
            raise serializers.ValidationError("A period is HH:MM-HH:MM, in quotes.")
        return tuple(map(time.fromisoformat, found.groups()))


class Opening(serializers.CharField):
    """`18:00-23:00`, or `18:00-23:00 last 21:30`: opens, closes, and the last seating or None."""

    def to_internal_value(self, data: Any) -> Any:
        found = _OPENING.fullmatch(data) if isinstance(data, str) else None
        if found is None:
            raise serializers.ValidationError(
                "A period is HH:MM-HH:MM, or HH:MM-HH:MM last HH:MM, in quotes."
            )
        return tuple(time.fromisoformat(each) if each else None for each in found.groups())


class Part(serializers.Serializer[Any]):
    """A part of the file; says so when it is told something it doesn't know."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = {}
            for name in data:
                if name not in self.fields:
                    near = get_close_matches(str(name), list(self.fields), 1)
                    hint = f" Did you mean “{near[0]}”?" if near else ""
                    unknown[str(name)] = [f"This is not known here.{hint}"]
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class Week(Part):
    """Periods by weekday."""

    def get_fields(self) -> Any:
        return {day: serializers.ListField(child=Period(), required=False) for day in DAYS}


class Openings(Part):
    """Opening hours by weekday."""

    def get_fields(self) -> Any:
        return {day: serializers.ListField(child=Opening(), required=False) for day in DAYS}


class ClosurePart(Part):
    def get_fields(self) -> Any:
        return {
            "from": serializers.DateField(),
            "to": serializers.DateField(),
            "time": Period(required=False),
            "reason": serializers.CharField(max_length=200, required=False, default=""),
        }

    def validate(self, attrs: Any) -> Any:
        if attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": "Must not be before “from”."})
        return attrs


class SpecialPart(Part):
    day = serializers.DateField()
    time = Period()
    note = serializers.CharField(max_length=200, required=False, default="")


class RosterPart(Part):
    day = serializers.DateField()
    time = Period()
    kind = serializers.ChoiceField(
        RosterEntry.Kind.values, required=False, default=RosterEntry.Kind.WORKING_HOURS
    )
    services = serializers.ListField(child=serializers.CharField(), required=False)
    notes = serializers.CharField(max_length=500, required=False, default="")


class Promises(Part):
    hours = Openings(required=False)
    breaks = Week(required=False)
    closures = ClosurePart(many=True, required=False)
    special_days = SpecialPart(many=True, required=False)


class Covers(serializers.ListField):
    """The smallest and the largest party."""

    child = serializers.IntegerField(min_value=1, max_value=1000)

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if len(found) != 2:
            raise serializers.ValidationError("Say two: the smallest party and the largest.")
        if found[0] > found[1]:
            raise serializers.ValidationError("The smallest party comes first.")
        return found


class PlanPart(Part):
    x = serializers.FloatField()
    y = serializers.FloatField()
    width = serializers.FloatField(required=False, default=None)
    height = serializers.FloatField(required=False, default=None)
    rotation = serializers.IntegerField(required=False, default=0)
    shape = serializers.ChoiceField(["square", "round"], required=False, default="square")


class ResourcePart(Promises):
    name = serializers.CharField(max_length=100)
    kind = serializers.CharField(max_length=50, required=False, default="table")
    section = serializers.CharField(max_length=100, required=False, default="")
    units = serializers.IntegerField(min_value=1, max_value=500, required=False, default=1)
    covers = Covers(required=False, default=lambda: [1, 1])
    order = serializers.IntegerField(required=False, default=0)
    active = serializers.BooleanField(required=False, default=True)
    online = serializers.BooleanField(required=False, default=True)
    rostered = serializers.BooleanField(required=False, default=False)
    roster = RosterPart(many=True, required=False)
    plan = PlanPart(required=False)


class CombinationPart(Part):
    name = serializers.CharField(max_length=100)
    members = serializers.ListField(child=serializers.CharField(), min_length=2)
    covers = Covers()
    active = serializers.BooleanField(required=False, default=True)


class PacingPart(Part):
    minutes = serializers.IntegerField(min_value=5, max_value=1440, required=False, default=15)
    covers = serializers.IntegerField(min_value=0, required=False, default=None)
    parties = serializers.IntegerField(min_value=0, required=False, default=None)


class TurnPart(Part):
    up_to = serializers.IntegerField(min_value=1, max_value=1000)
    minutes = serializers.IntegerField(min_value=1, max_value=1440)


class LocationPart(Promises):
    name = serializers.CharField(max_length=100)
    address = serializers.CharField(max_length=300, required=False, default="")
    timezone = serializers.CharField(max_length=64, required=False, default="")
    sections = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    resources = ResourcePart(many=True, required=False)
    combinations = CombinationPart(many=True, required=False)
    pacing = PacingPart(required=False)
    turn_times = TurnPart(many=True, required=False)


class NeedPart(Part):
    def get_fields(self) -> Any:
        return {
            "kind": serializers.CharField(max_length=50),
            "count": serializers.IntegerField(min_value=1, max_value=50, required=False, default=1),
            "of": serializers.ListField(child=serializers.CharField(), required=False),
            "only": serializers.BooleanField(required=False, default=False),
        }


class ServicePart(Part):
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(required=False, default="")
    minutes = serializers.IntegerField(min_value=1, max_value=1440, required=False, default=60)
    buffer_before = serializers.IntegerField(min_value=0, max_value=480, required=False, default=0)
    buffer_after = serializers.IntegerField(min_value=0, max_value=480, required=False, default=0)
    preparation = serializers.IntegerField(min_value=0, max_value=480, required=False, default=0)
    cleanup = serializers.IntegerField(min_value=0, max_value=480, required=False, default=0)
    interval = serializers.IntegerField(min_value=1, max_value=1440, required=False, default=None)
    notice = serializers.IntegerField(min_value=0, required=False, default=None)
    days_ahead = serializers.IntegerField(min_value=0, required=False, default=None)
    category = serializers.CharField(max_length=100, required=False, default="")
    groups = serializers.ChoiceField(["no", "yes", "only"], required=False, default="no")
    price_cents = serializers.IntegerField(min_value=0, required=False, default=0)
    deposit_cents = serializers.IntegerField(min_value=0, required=False, default=None)
    capacity = serializers.IntegerField(min_value=1, max_value=500, required=False, default=None)
    active = serializers.BooleanField(required=False, default=True)
    needs = NeedPart(many=True, required=False)


class SchedulePart(Part):
    """A class that comes again."""

    def get_fields(self) -> Any:
        dates = serializers.ListField(child=serializers.DateField(), required=False)
        names = serializers.ListField(child=serializers.CharField(), required=False)
        return {
            "service": serializers.CharField(),
            "location": serializers.CharField(required=False, default=""),
            "rule": RuleField(),
            "at": serializers.TimeField(input_formats=["%H:%M"]),
            "from": serializers.DateField(),
            "until": serializers.DateField(required=False, default=None),
            "but_not": dates,
            "places": serializers.IntegerField(
                min_value=1, max_value=500, required=False, default=None
            ),
            "with": names,
            "active": serializers.BooleanField(required=False, default=True),
        }


class RuleField(serializers.CharField):
    """A recurrence rule of RFC 5545."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return recurrence.normalise(super().to_internal_value(data))
        except recurrence.BadRule as error:
            raise serializers.ValidationError(str(error)) from None


class SettingsPart(serializers.ModelSerializer[Business]):
    class Meta:
        model = Business
        fields = SETTINGS
        extra_kwargs = {name: {"required": False} for name in SETTINGS}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := [n for n in data if n not in SETTINGS]):
            raise serializers.ValidationError({n: ["There is no such setting."] for n in unknown})
        return super().to_internal_value(data)


class BusinessPart(Part):
    def get_fields(self) -> Any:
        return {
            "slug": serializers.SlugField(max_length=120),
            "name": serializers.CharField(min_length=2, max_length=100),
            "type": serializers.CharField(max_length=50, required=False, default="service"),
            "timezone": serializers.CharField(max_length=64, required=False, default="UTC"),
            "currency": serializers.RegexField(r"^[A-Z]{3}\Z", required=False, default="EUR"),
            "mode": serializers.ChoiceField(
                Business.Mode.values, required=False, default="scheduled"
            ),
            "plan": serializers.CharField(required=False, default=""),
            "settings": SettingsPart(required=False),
        }


class MemberPart(Part):
    email = serializers.EmailField()
    role = serializers.ChoiceField(Membership.Role.values)


class KeyPart(Part):
    name = serializers.CharField(max_length=100)
    protocol = serializers.ChoiceField(
        Channel.Protocol.values, required=False, default=Channel.Protocol.AVAILENGINE
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Channel.Scope.values), allow_empty=False
    )
    requests_a_minute = serializers.IntegerField(min_value=1, required=False, default=60)


class FilePart(Part):
    """The whole file."""

    business = BusinessPart()
    locations = LocationPart(many=True)
    services = ServicePart(many=True, required=False)
    schedules = SchedulePart(many=True, required=False)
    members = MemberPart(many=True, required=False)
    keys = KeyPart(many=True, required=False)
