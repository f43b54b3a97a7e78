"""MyReserva's requests in our words. Unknown fields are ignored, as the platform does."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.models import validate_zone
from billing.models import Receipt

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)  # days outside are slips of the keyboard
NAME, NOTES, REASON = 100, 1000, 500
STATUSES = ("pending", "confirmed", "in_progress", "completed", "cancelled", "no_show")
PAYMENTS = ("pending", "paid", "partially_paid", "refunded", "not_required")
KINDS = ("working_hours", "break", "blocked", "vacation")

_ID = re.compile(r"[0-9a-fA-F]{24}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::00)?")


class Id(serializers.Field[str, str, str, Any]):
    """24 hex digits; upper case is read, lower case written."""

    default_error_messages = {"invalid": "Invalid ObjectId format: {value}"}

    def to_internal_value(self, data: Any) -> str:
        if not (isinstance(data, str) and _ID.fullmatch(data)):
            self.fail("invalid", value=str(data)[:60])
        return data.lower()

    def to_representation(self, value: str) -> str:
        return value


class Day(serializers.DateField):
    """A date as YYYY-MM-DD, in the years that people book."""

    first, last = FIRST, LAST

    def to_internal_value(self, value: Any) -> date:
        if not (isinstance(value, str) and _DATE.fullmatch(value)):
            raise serializers.ValidationError("Input should be a valid date: YYYY-MM-DD")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise serializers.ValidationError("There is no such date") from None
        if not self.first <= day <= self.last:
            raise serializers.ValidationError(f"Input should be from {self.first} to {self.last}")
        return day


class WallTime(serializers.TimeField):
    """A time as HH:MM, 24-hour, on the outlet's wall; whole seconds may be said as :00."""

    def to_internal_value(self, value: Any) -> time:
        if not (isinstance(value, str) and _TIME.fullmatch(value)):
            raise serializers.ValidationError("Input should be a valid time: HH:MM")
        return time.fromisoformat(value)


class Steps(WallTime):
    """A time in steps of five minutes; 23:59 stands for the end of the day."""

    def to_internal_value(self, value: Any) -> time:
        at = super().to_internal_value(value)
        if at.minute % 5 and at != time(23, 59):
            raise serializers.ValidationError("Time must be in 5-minute intervals")
        return at


class String(serializers.CharField):
    """Text; a number isn't one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Input should be a valid string")
        return super().to_internal_value(data)


class Text(String):
    """Text that may be empty or null, which is the same."""

    def __init__(self, most: int = NAME, **kwargs: Any) -> None:
        super().__init__(
            max_length=most,
            **({"required": False, "allow_blank": True, "allow_null": True} | kwargs),
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        found = super().run_validation(data)
        return "" if found is None else found


class Money(serializers.DecimalField):
    """A price as a number or a decimal string, in whole units of the tenant's currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=15, decimal_places=4, min_value=Decimal(0), **kwargs)


def words(**kwargs: Any) -> serializers.ListField:
    """A list of short texts."""
    child = String(max_length=NAME)
    return serializers.ListField(child=child, max_length=50, **({"required": False} | kwargs))


def ids(**kwargs: Any) -> serializers.ListField:
    """A list of ids."""
    return serializers.ListField(child=Id(), max_length=500, **({"required": False} | kwargs))


def flag(**kwargs: Any) -> serializers.BooleanField:
    return serializers.BooleanField(**({"required": False} | kwargs))


def whole(least: int, most: int, **kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=least, max_value=most, **({"required": False} | kwargs)
    )


# --- who -----------------------------------------------------------------------------------------


class StaffLogin(serializers.Serializer[Any]):
    email = String(max_length=254)
    password = String(max_length=128, trim_whitespace=False)
    tenant_slug = Text(120)


class Refresh(serializers.Serializer[Any]):
    refresh_token = String(max_length=200)


class Registration(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254, required=False, allow_null=True)
    password = String(max_length=128, trim_whitespace=False)
    first_name = String(max_length=NAME)
    last_name = Text()
    phone = String(min_length=7, max_length=20, required=False, allow_null=True, allow_blank=True)
    tenant_slug = String(max_length=120)
    marketing_consent = flag()

    def validate(self, attrs: Any) -> Any:
        if not (attrs.get("email") or attrs.get("phone")):
            raise serializers.ValidationError("Either email or phone is required")
        return attrs


class CustomerLogin(serializers.Serializer[Any]):
    email = Text(254)
    phone = Text(20)
    password = String(max_length=128, trim_whitespace=False)
    tenant_slug = Text(120)

    def validate(self, attrs: Any) -> Any:
        if not (attrs.get("email") or attrs.get("phone")):
            raise serializers.ValidationError("Either email or phone is required")
        return attrs


class NewTenant(serializers.Serializer[Any]):
    business_name = String(min_length=2, max_length=NAME)
    email = serializers.EmailField(max_length=254)
    password = String(max_length=128, trim_whitespace=False)
    first_name = String(max_length=NAME)
    last_name = Text()
    timezone = Text(64)

    def validate_timezone(self, value: str) -> str:
        return zone(value)


def zone(value: str) -> str:
    """An IANA zone, or nothing."""
    if value:
        try:
            validate_zone(value)
        except Exception as error:
            raise serializers.ValidationError("Unknown time zone") from error
    return value


# --- the catalogue -------------------------------------------------------------------------------


class Pricing(serializers.Serializer[Any]):
    base_price = Money(required=False)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False)
    outlet_prices = serializers.DictField(child=Money(), required=False)
    promotional_price = Money(required=False, allow_null=True)
    promotional_valid_until = serializers.DateTimeField(required=False, allow_null=True)

    def validate_outlet_prices(self, value: dict[str, Decimal]) -> dict[str, Decimal]:
        for each in value:
            if not _ID.fullmatch(each):
                raise serializers.ValidationError(f"Invalid ObjectId format: {each[:60]}")
        return {each.lower(): price for each, price in value.items()}


class ServiceRequest(serializers.Serializer[Any]):
    name = String(min_length=1, max_length=NAME)
    slug = Text(120)
    description = Text(5000)
    category = Text()
    duration_minutes = whole(1, 480, required=True)
    preparation_minutes = whole(0, 240)
    cleanup_minutes = whole(0, 240)
    max_advance_booking_days = whole(1, 365)
    min_advance_booking_hours = whole(0, 24 * 90)
    requires_staff = flag()
    required_staff_count = whole(1, 20)
    allow_parallel_bookings = flag()
    max_parallel_bookings = whole(1, 100)
    pricing = Pricing(required=False)
    tags = words()
    image_url = Text(500)
    is_active = flag()
    staff_ids = ids(allow_null=True)


class SkillsPart(serializers.Serializer[Any]):
    service_ids = ids()
    specialties = words()
    certifications = words()
    years_experience = whole(0, 80, allow_null=True)


class StaffRequest(serializers.Serializer[Any]):
    outlet_id = Id()
    first_name = String(max_length=50)
    last_name = Text(49)
    display_name = Text()
    email = serializers.EmailField(
        max_length=254, required=False, allow_blank=True, allow_null=True
    )
    phone = Text(20)
    position = Text()
    employment_type = serializers.ChoiceField(
        ["full_time", "part_time", "contract", "freelance", "intern"], required=False
    )
    hire_date = Day(required=False, allow_null=True)
    is_bookable = flag()
    accepts_online_booking = flag()
    max_advance_booking_days = whole(1, 365)
    is_active = flag()
    status = serializers.ChoiceField(
        ["active", "inactive", "terminated", "on_leave"], required=False
    )
    skills = SkillsPart(required=False)


class AddressPart(serializers.Serializer[Any]):
    street = Text(120)
    city = Text(50)
    state = Text(50)
    postal_code = Text(20)
    country = Text(50)


class ContactPart(serializers.Serializer[Any]):
    phone = Text(20)
    email = Text(254)
    website = Text(300)


class DayHours(serializers.Serializer[Any]):
    day = whole(0, 6, required=True)
    is_open = flag(required=True)
    open_time = WallTime(required=False, allow_null=True)
    close_time = WallTime(required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        # A partial change of the outlet is no partial day: each is said whole.
        if missing := [name for name in ("day", "is_open") if name not in attrs]:
            required = serializers.ErrorDetail("This field is required.", code="required")
            raise serializers.ValidationError(dict.fromkeys(missing, required))
        if attrs["is_open"] and not (attrs.get("open_time") and attrs.get("close_time")):
            raise serializers.ValidationError("open_time and close_time are required when open")
        return attrs


class OutletSettings(serializers.Serializer[Any]):
    accepts_online_booking = flag()
    requires_appointment = flag()
    walk_ins_allowed = flag()
    advance_booking_days = whole(1, 365)
    cancellation_hours = whole(0, 720)
    auto_confirm_bookings = flag()
    payment_required_upfront = flag()
    timezone = Text(64)
    default_service_buffer_minutes = whole(0, 240)
    accepts_online_payment = flag()
    accepts_cash_payment = flag()
    payment_on_arrival = flag()
    pending_expires_minutes = whole(1, 10080, allow_null=True)

    def validate_timezone(self, value: str) -> str:
        return zone(value)


class OutletRequest(serializers.Serializer[Any]):
    name = String(min_length=1, max_length=NAME)
    slug = Text(120)
    status = serializers.ChoiceField(["active", "inactive"], required=False)
    address = AddressPart(required=False)
    contact = ContactPart(required=False)
    business_hours = DayHours(many=True, required=False, max_length=7)  # type: ignore[call-arg]
    settings = OutletSettings(required=False)

    def validate_business_hours(self, value: list[Any]) -> list[Any]:
        if len({each["day"] for each in value}) < len(value):
            raise serializers.ValidationError("A day may be said once")
        return value


class Preferences(serializers.Serializer[Any]):
    marketing_consent = flag()
    preferred_outlet_id = Id(required=False, allow_null=True)
    preferred_staff_id = Id(required=False, allow_null=True)
    language = Text(20)
    notes = Text(NOTES)


class CustomerRequest(serializers.Serializer[Any]):
    email = serializers.EmailField(
        max_length=254, required=False, allow_blank=True, allow_null=True
    )
    phone = String(min_length=7, max_length=20, required=False, allow_blank=True, allow_null=True)
    first_name = String(max_length=NAME)
    last_name = Text()
    gender = Text(20)
    notes = Text(NOTES)
    is_active = flag()
    password = String(max_length=128, trim_whitespace=False, required=False)
    preferences = Preferences(required=False)


# --- schedules -----------------------------------------------------------------------------------


class EntryPart(serializers.Serializer[Any]):
    date = Day()
    start_time = Steps()
    end_time = Steps()
    availability_type = serializers.ChoiceField(KINDS)
    recurrence_type = serializers.ChoiceField(
        ["none", "daily", "weekly", "monthly"], default="none"
    )
    recurrence_end_date = Day(required=False, allow_null=True)
    recurrence_days = serializers.ListField(
        child=whole(0, 6), required=False, allow_null=True, max_length=7
    )
    is_available = flag()
    notes = Text(REASON)
    service_ids = ids(allow_null=True)


class EntryRequest(EntryPart):
    staff_id = Id()
    recurrence_type = serializers.ChoiceField(["none", "daily", "weekly", "monthly"])


class BulkRequest(serializers.Serializer[Any]):
    staff_id = Id()
    availability_entries = EntryPart(many=True, allow_empty=False, max_length=50)  # type: ignore[call-arg]


class EntryChanges(serializers.Serializer[Any]):
    date = Day(required=False)
    start_time = Steps(required=False)
    end_time = Steps(required=False)
    availability_type = serializers.ChoiceField(KINDS, required=False)
    notes = Text(REASON)
    service_ids = ids(allow_null=True)


class EntryQuery(serializers.Serializer[Any]):
    start_date = Day(required=False)
    end_date = Day(required=False)
    staff_id = Id(required=False)
    outlet_id = Id(required=False)
    availability_type = serializers.ChoiceField(KINDS, required=False)


class RosterQuery(serializers.Serializer[Any]):
    start_date = Day()
    end_date = Day()
    include_breaks = flag(default=True)


class CheckQuery(serializers.Serializer[Any]):
    staff_id = Id()
    date = Day()
    start_time = WallTime()
    end_time = WallTime()
    service_id = Id(required=False)


# --- the grid and the book -----------------------------------------------------------------------


class AnyDay(Day):
    """A date of any year: whether it may be asked for is said later, in words of its own."""

    first, last = date.min, date.max


class GridQuery(serializers.Serializer[Any]):
    """What is said of the values themselves is checked later, in the order of the contract."""

    service_id = String(max_length=100, allow_blank=True)
    outlet_id = String(max_length=100, allow_blank=True)
    start_date = AnyDay()
    num_days = whole(1, 14, default=7)
    slot_interval_minutes = serializers.IntegerField(
        default=30, min_value=-1_000_000, max_value=1_000_000
    )


class WideGridQuery(serializers.Serializer[Any]):
    service_id = String(max_length=100, allow_blank=True)
    outlet_id = String(max_length=100, allow_blank=True)
    start_date = AnyDay()
    num_days = whole(1, 30, default=7)
    slot_interval_minutes = serializers.IntegerField(default=30, min_value=5, max_value=120)
    staff_id = Id(required=False)

    def validate_slot_interval_minutes(self, value: int) -> int:
        if value % 5:
            raise serializers.ValidationError("Input should be a multiple of 5")
        return value


class CustomerGridQuery(WideGridQuery):
    def validate_slot_interval_minutes(self, value: int) -> int:
        if value not in (30, 60):
            raise serializers.ValidationError("Input should be 30 or 60")
        return value


class WantedService(serializers.Serializer[Any]):
    """Price and duration may be sent, and are the catalogue's whatever is sent."""

    service_id = Id()
    staff_id = Id(required=False, allow_null=True)
    price = serializers.FloatField(required=False, allow_null=True)
    duration_minutes = serializers.IntegerField(required=False, allow_null=True)


class AppointmentRequest(serializers.Serializer[Any]):
    outlet_id = Id()
    appointment_date = Day()
    start_time = WallTime()
    services = WantedService(many=True, allow_empty=False, max_length=50)  # type: ignore[call-arg]
    notes = Text(NOTES)
    credit_redeemed = flag()
    customer_package_id = Id(required=False, allow_null=True)


class StaffAppointmentRequest(AppointmentRequest):
    customer_id = Id()
    appointment_type = serializers.ChoiceField(["walk_in", "scheduled", "online"], required=False)


class AppointmentChanges(serializers.Serializer[Any]):
    status = serializers.ChoiceField(STATUSES, required=False)
    payment_status = serializers.ChoiceField(PAYMENTS, required=False)
    notes = Text(NOTES)
    appointment_date = Day(required=False)
    start_time = WallTime(required=False)


class AppointmentQuery(serializers.Serializer[Any]):
    date_from = Day(required=False)
    date_to = Day(required=False)
    status = serializers.ChoiceField(STATUSES, required=False)
    appointment_type = serializers.ChoiceField(["walk_in", "scheduled", "online"], required=False)
    payment_status = serializers.ChoiceField(PAYMENTS, required=False)
    customer_id = Id(required=False)
    staff_id = Id(required=False)
    outlet_id = Id(required=False)
    service_id = Id(required=False)
    completion_notes_search = Text(200)
    sort_by = serializers.ChoiceField(
        ["appointment_date", "start_time", "created_at", "status", "total_price"],
        default="appointment_date",
    )
    sort_direction = serializers.ChoiceField(["asc", "desc"], default="asc")


class Cancellation(serializers.Serializer[Any]):
    cancellation_reason = String(min_length=1, max_length=REASON)


class Rescheduling(serializers.Serializer[Any]):
    new_date = Day()
    new_time = WallTime()
    reason = Text(REASON)


class Completion(serializers.Serializer[Any]):
    completion_notes = Text(1000)


class Absence(serializers.Serializer[Any]):
    reason = Text(REASON)


class PaymentRequest(serializers.Serializer[Any]):
    amount = Money()
    payment_method = serializers.ChoiceField(Receipt.Method.values)
    notes = Text(REASON)
    receipt_number = Text(100)

    def validate_amount(self, value: Decimal) -> Decimal:
        if value <= 0:
            raise serializers.ValidationError("Input should be greater than 0")
        return value


class LinkRequest(serializers.Serializer[Any]):
    send_email = flag()
    send_whatsapp = flag()
    send_sms = flag()
    notes = Text(REASON)
    due_date = Day(required=False, allow_null=True)


# --- plans ---------------------------------------------------------------------------------------


class PlanRequest(serializers.Serializer[Any]):
    plan = String(max_length=30)
    billing_period = serializers.ChoiceField(["monthly"], default="monthly")


class Ending(serializers.Serializer[Any]):
    reason = Text(REASON)
