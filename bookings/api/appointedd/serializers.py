"""What this protocol's requests say; read here, understood by the views."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from bookings.api.appointedd.ids import WRITTEN

TEXT, LONG = 100, 1000
MOST = 200  # of anything in one list
SPACES = 500
DAY = 24 * 60  # minutes


class Id(serializers.RegexField):
    """24 hexadecimal digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(WRITTEN, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Not a valid string.")
        return str(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A whole number; JSON has those, so no text will do."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | str):
            raise serializers.ValidationError("A valid integer is required.")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Must be true or false.")
        return data


class Text(serializers.CharField):
    """Text, which a number isn't."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": TEXT} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Not a valid string.")
        return str(super().to_internal_value(data))


def maybe(kind: type[serializers.Field[Any, Any, Any, Any]], **how: Any) -> Any:
    """A field that may be left out or null."""
    return kind(**{"required": False, "allow_null": True} | how)


def ids(**how: Any) -> Any:
    return serializers.ListField(
        child=Id(), required=False, allow_null=True, max_length=MOST, **how
    )


class Stretch(serializers.Serializer[Any]):
    """From a time to another, ISO 8601."""

    start = Text()
    end = Text()


class Buffers(serializers.Serializer[Any]):
    """Minutes around a booking that must hold nothing else."""

    before = Whole(min_value=0, max_value=DAY, default=0)
    after = Whole(min_value=0, max_value=DAY, default=0)


class Piece(serializers.Serializer[Any]):
    """A piece of a booking in minutes: booked, or a gap."""

    block = maybe(Whole, min_value=1, max_value=DAY)
    free = maybe(Whole, min_value=1, max_value=DAY)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("block")) == bool(attrs.get("free")):
            raise serializers.ValidationError("A part is a block or free.")
        return attrs


class Ignoring(serializers.Serializer[Any]):
    """What is left out of the rules."""

    ignore_service_schedule = maybe(Flag)
    ignore_notice_restriction = maybe(Flag)


class IntervalsRequest(Ignoring):
    """A search for start times."""

    ranges = serializers.ListField(child=Stretch(), min_length=1, max_length=MOST)
    service_id = Id()
    spaces = maybe(Whole, min_value=1, max_value=SPACES)
    timezone = maybe(Text)
    resource_ids = ids()
    resource_group_ids = ids()
    buffers = maybe(Buffers)
    duration = maybe(Whole, min_value=1, max_value=DAY)
    parts = serializers.ListField(
        child=Piece(), required=False, allow_null=True, min_length=1, max_length=MOST
    )
    ignore_current_time = maybe(Flag)


class DayOrStretch(serializers.Field[Any, Any, Any, Any]):
    """A date as YYYY-MM-DD, or from a time to another."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return data
        return Stretch().run_validation(data)


class DaysRequest(Ignoring):
    """A search for days on which anything is available."""

    ranges = serializers.ListField(child=DayOrStretch(), min_length=1, max_length=MOST)
    service_id = maybe(Id)
    duration = maybe(Whole, min_value=1, max_value=DAY)
    spaces = maybe(Whole, min_value=1, max_value=SPACES)
    timezone = maybe(Text)
    resource_ids = ids()
    resource_group_ids = ids()


class SlotData(Ignoring):
    """What is to be held."""

    service_id = Id()
    start = Text()
    resource_id = maybe(Id)
    required_spaces = maybe(Whole, min_value=1, max_value=SPACES)
    timezone = maybe(Text)
    duration = maybe(Whole, min_value=1, max_value=DAY)
    expires_after = maybe(Whole, min_value=1, max_value=DAY)
    resource_group_ids = ids()


class SlotRequest(serializers.Serializer[Any]):
    """A reservation; the time zone may stand at either level."""

    data = SlotData()  # type: ignore[assignment]
    timezone = maybe(Text)


class Profile(serializers.Serializer[Any]):
    """Who somebody is."""

    firstname = Text()
    lastname = Text()
    email = maybe(serializers.EmailField, max_length=254, allow_blank=True)
    mobile = maybe(Text, max_length=40, allow_blank=True)
    phone = maybe(Text, max_length=40, allow_blank=True)


class CustomerOf(serializers.Serializer[Any]):
    """A customer, by who they are."""

    profile = Profile()


class Question(serializers.Serializer[Any]):
    """A question that was answered."""

    id = maybe(Text, allow_blank=True)
    label = maybe(Text, max_length=LONG, allow_blank=True)
    value = maybe(Text, max_length=LONG, allow_blank=True)


class Participant(serializers.Serializer[Any]):
    """Somebody who comes, and with how many."""

    customer = CustomerOf()
    spaces = maybe(Whole, min_value=1, max_value=SPACES)
    notes = maybe(Text, max_length=LONG, allow_blank=True)
    locale = maybe(Text, max_length=10)
    timezone = maybe(Text)
    questions = serializers.ListField(
        child=Question(), required=False, allow_null=True, max_length=50
    )


class NewBookingData(serializers.Serializer[Any]):
    """Who comes to a booking, and its label."""

    customers = serializers.ListField(child=Participant(), max_length=100)
    label = maybe(Text, max_length=200, allow_blank=True)
    timezone = maybe(Text)


class BookingRequest(serializers.Serializer[Any]):
    """A reservation becomes a booking."""

    slot_id = Id()
    timezone = maybe(Text)
    send_payment_request = maybe(Flag)
    data = NewBookingData()  # type: ignore[assignment]


class BookingData(serializers.Serializer[Any]):
    """What is to be changed about a booking; what isn't given stays."""

    service_id = maybe(Id)
    resource_id = maybe(Id)
    label = maybe(Text, max_length=200, allow_blank=True)
    total_spaces = maybe(Whole, min_value=1, max_value=SPACES)
    parts = serializers.ListField(
        child=Stretch(), required=False, allow_null=True, min_length=1, max_length=1
    )
    timezone = maybe(Text)


class ChangeRequest(serializers.Serializer[Any]):
    """A booking is changed or moved."""

    timezone = maybe(Text)
    send_notifications = maybe(Flag)
    ignore_service_schedule = maybe(Flag)
    ignore_resource_services = maybe(Flag)
    data = BookingData()  # type: ignore[assignment]


class CancelRequest(serializers.Serializer[Any]):
    """A booking is cancelled; nothing has to be said."""

    source = maybe(Text, allow_blank=True)
    timezone = maybe(Text)


STATUSES = ("No Status", "Arrived", "Complete", "No Show")


class ParticipantData(serializers.Serializer[Any]):
    """What became of somebody who comes, and what is noted of them."""

    status = maybe(serializers.ChoiceField, choices=STATUSES)
    notes = maybe(Text, max_length=LONG, allow_blank=True)


class ParticipantRequest(serializers.Serializer[Any]):
    """A participant is changed; the body may also be the data itself."""

    timezone = maybe(Text)
    data = ParticipantData()  # type: ignore[assignment]


class NewCustomerData(serializers.Serializer[Any]):
    """A customer to add."""

    profile = Profile()
    tags = serializers.ListField(child=Text(), required=False, allow_null=True, max_length=50)
    marketing_opt_in = maybe(Flag)


class NewCustomer(serializers.Serializer[Any]):
    """A customer to add; the body may also be the data itself."""

    data = NewCustomerData()  # type: ignore[assignment]


class ProfileChange(serializers.Serializer[Any]):
    """What is to be changed about who somebody is."""

    firstname = maybe(Text)
    lastname = maybe(Text)
    email = maybe(serializers.EmailField, max_length=254, allow_blank=True)
    mobile = maybe(Text, max_length=40, allow_blank=True)
    phone = maybe(Text, max_length=40, allow_blank=True)


class CustomerData(serializers.Serializer[Any]):
    """What is to be changed about a customer."""

    profile = maybe(ProfileChange)
    tags = serializers.ListField(child=Text(), required=False, allow_null=True, max_length=50)
    marketing_opt_in = maybe(Flag)


class CustomerRequest(serializers.Serializer[Any]):
    """A customer is changed; the body may also be the data itself."""

    data = CustomerData()  # type: ignore[assignment]


EVENTS = (
    "booking_created",
    "booking_updated",
    "booking_cancelled",
    "customer_created",
    "customer_updated",
    "customer_deleted",
)


class BasicAuth(serializers.Serializer[Any]):
    """What a listener wants to be sent along."""

    username = Text()
    password = Text(max_length=200)


class Header(serializers.Serializer[Any]):
    """A header that a listener wants to be sent along."""

    name = Text(max_length=64)
    value = Text(max_length=LONG)


class WebhookData(serializers.Serializer[Any]):
    """Where an organisation wants to hear of events."""

    url = serializers.URLField(max_length=500)
    events = serializers.ListField(
        child=serializers.ChoiceField(EVENTS), min_length=1, max_length=len(EVENTS)
    )
    basic_auth = maybe(BasicAuth)
    header = maybe(Header)


class WebhookRequest(serializers.Serializer[Any]):
    """An address to tell."""

    data = WebhookData()  # type: ignore[assignment]
