"""The protocol's OpenAPI document, made of the tables that messages are read and written by."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from bookings.api.google import codec
from bookings.api.google.messages import ERROR

ERRORS = {
    400: "Malformed, or about what never was",
    401: "The user name or password is missing or wrong",
    403: "Known, and refused",
    404: "Not found",
    405: "Asked another way",
    501: "Not enabled",
    503: "Busy; try again",
}
SETTINGS = {
    "TITLE": "Openbook: Google Actions Center",
    "DESCRIPTION": "The booking server API, version 3. A “no” of business is HTTP 200 with a"
    " `booking_failure`. Every path works with and without a slash at its end.",
    "PREPROCESSING_HOOKS": ["bookings.api.google.schema.without_slash"],
    "SECURITY": [{"basic": []}],
    "APPEND_COMPONENTS": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
}

# What each message must have, where that can be said.
REQUIRED = {
    "BatchAvailabilityLookup": ("merchant_id",),
    "CreateBooking": ("slot", "user_information", "idempotency_token"),
    "UpdateBooking": ("booking",),
    "GetBookingStatus": ("booking_id",),
    "ListBookings": ("user_id",),
    "CheckAvailability": ("slot",),
    "SetMarketingPreference": ("user_information",),
}


class Schema(AutoSchema):
    """Describes a method by what it takes and gives."""

    def get_operation_id(self) -> str:
        return type(self.view).__name__

    def get_summary(self) -> str:
        return (type(self.view).__doc__ or "").partition("\n")[0]

    def get_description(self) -> str:  # type: ignore[override]
        return ""

    def get_tags(self) -> list[str]:
        return ["Booking server"]

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"basic": []}]

    def get_request_serializer(self) -> Any:
        if self.method != "POST":
            return None
        required = list(REQUIRED[type(self.view).__name__])
        taken = codec.schema(getattr(self.view, "takes"), reads=True)  # noqa: B009
        return {"application/json": taken | {"required": required}}

    def get_response_serializers(self) -> Any:
        gives = codec.schema(getattr(self.view, "gives"), reads=False)  # noqa: B009
        return {200: OpenApiResponse(gives, description="Answered")} | {
            code: OpenApiResponse(codec.schema(ERROR, reads=False), description=text)
            for code, text in ERRORS.items()
        }


def without_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Each path is documented once."""
    return [each for each in endpoints if not each[0].endswith(("/", "}"))]
