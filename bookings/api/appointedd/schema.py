"""The protocol's OpenAPI document: one table of operations (`bookings.api.documents`)."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter

from bookings.api.documents import (
    DATE,
    FLAG,
    NUMBER,
    STAMP,
    TEXT,
    WHOLE,
    Json,
    Op,
    Tabled,
    maybe,
    object_of,
    several,
)

ID: Json = {"type": "string", "pattern": "^[0-9a-f]{24}$"}


def one(schema: Json) -> Json:
    return object_of(data=schema)


def page_of(schema: Json) -> Json:
    return object_of(data=several(schema), total=WHOLE, prev=maybe(ID), next=maybe(ID))


NOTHING = several(TEXT)
PART = object_of(start=STAMP, end=STAMP)
SPAN = {"start": STAMP, "start_buffer": STAMP, "end": STAMP, "end_buffer": STAMP}
SERVICE = object_of(
    id=ID,
    category_id=maybe(ID),
    name=TEXT,
    booking=object_of(
        occupancy=WHOLE,
        type=TEXT,
        buffers=object_of(before=WHOLE, after=WHOLE),
        durations=several(object_of(default=FLAG, minutes=WHOLE, price=NUMBER, old_price=NUMBER)),
        tiers=NOTHING,
        allow_group=FLAG,
    ),
    description=TEXT,
)
NAMED = object_of(id=ID, name=TEXT)
RESOURCE = object_of(
    id=ID,
    profile=object_of(
        name=TEXT,
        email=TEXT,
        phone=TEXT,
        address=object_of(house_no=TEXT, address_1=TEXT, address_2=TEXT, city=TEXT, postcode=TEXT),
    ),
    services=several(ID),
    resource_group_ids=several(ID),
)
CUSTOMER = object_of(
    id=ID,
    tags=several(TEXT),
    profile=object_of(firstname=TEXT, lastname=TEXT, mobile=TEXT, phone=TEXT, email=TEXT),
    marketing_opt_in=FLAG,
    created=STAMP,
    updated=STAMP,
)
GROUP = object_of(
    id=ID,
    resource_id=maybe(ID),
    service_id=maybe(ID),
    **SPAN,
    parts=several(PART),
    spaces=WHOLE,
    price=NUMBER,
    resources=several(object_of(id=ID)),
)
INTERVAL = object_of(
    start=STAMP, resource_ids=several(ID), group_bookings=several(GROUP), group_slots=NOTHING
)
SLOT = object_of(
    id=ID,
    resource_id=maybe(ID),
    service_id=maybe(ID),
    resources=several(object_of(id=ID)),
    booking_id=maybe(ID),
    **SPAN,
    parts=several(PART),
    expiry=maybe(STAMP),
    max_spaces=WHOLE,
    reserved_spaces=WHOLE,
    allow_additional_spaces=FLAG,
    created=STAMP,
    updated=STAMP,
)
PARTICIPANT = {
    "customer_id": ID,
    "customer_booking_id": ID,
    "booking_source": TEXT,
    "status": TEXT,
    "locale": TEXT,
    "spaces": WHOLE,
    "total_spaces": WHOLE,
    "timezone": TEXT,
    "total_price": NUMBER,
    "price_points": several(
        object_of(price_per_quantity=NUMBER, spaces_per_quantity=WHOLE, quantity=WHOLE)
    ),
    "reschedule_url": TEXT,
}
LISTED = object_of(
    id=ID,
    service=maybe(ID),
    resource=maybe(ID),
    customers=several(
        object_of(
            **PARTICIPANT,
            id=ID,
            paid=FLAG,
            created=STAMP,
            added=STAMP,
            questions=several(object_of(label=TEXT, value=TEXT, id=TEXT)),
        )
    ),
    **SPAN,
    price=NUMBER,
    total_spaces=WHOLE,
    status=TEXT,
    updated=STAMP,
    created=STAMP,
    created_source=TEXT,
)
BOOKING = object_of(
    id=ID,
    service_id=maybe(ID),
    resource_id=maybe(ID),
    allow_external_customers=FLAG,
    customers=several(
        object_of(**PARTICIPANT, payment_ids=NOTHING, tier={"type": "object"}, created=WHOLE)
    ),
    created_source=TEXT,
    created=STAMP,
    updated=STAMP,
    label=maybe(TEXT),
    location={"type": "null"},
    **SPAN,
    buffers=object_of(before=TEXT, after=TEXT),
    parts=several(object_of(start=STAMP, end=STAMP, label={"type": "null"})),
    status=TEXT,
    price=NUMBER,
    total_spaces=WHOLE,
    resources=several(object_of(_id=ID)),
)
HOOK = object_of(
    id=ID, url=TEXT, events=several(TEXT), headers=several(TEXT), is_active=FLAG, created=STAMP
)
ERROR = object_of(statusCode=WHOLE, error=TEXT, message=TEXT)
ERRORS = {
    400: "What was sent can't be read, or breaks a rule.",
    402: "The subscription is past due, or the plan's bookings are used up.",
    403: "No key, an unknown one, or one that may not do this.",
    404: "There is no such thing here; a reservation that expired or was used is none.",
    405: "Not by this method.",
    409: "The time or the spaces aren't free, or the state is another.",
    429: "Too many requests; Retry-After says when to go on.",
    503: "Too busy; try again shortly.",
}


def ask(name: str, schema: Json, description: str = "") -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=description)


def words(*choices: str) -> Json:
    return {"type": "string", "enum": list(choices)}


PAGES = (
    ask("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}),
    ask("start", ID, "The first object of the page; the `next` of the page before."),
    ask("end", ID, "The last object of the page; the `prev` of the page after."),
    ask("order_by", words("ascending", "descending", "asc", "desc")),
)
IDS = ask("ids", several(ID), "Also as ids[], with commas, or as a JSON array.")
NATURAL = ask("sort_by", words("natural"))
ZONE = ask("timezone", TEXT, "IANA name of the answer's zone.")
SPANS = tuple(
    ask(name, STAMP)
    for name in (
        "before", "after", "created_before", "created_after", "updated_before", "updated_after",
    )
)  # fmt: skip
WHICH = tuple(
    ask(name, several(ID)) for name in ("services", "resources", "customers", "categories")
)


def operations() -> dict[tuple[str, str], Op]:
    """Every operation, by its view and method."""
    from bookings.api.appointedd import serializers as s  # they are read when the views are there

    return {
        ("catalogue.Services", "GET"): Op(
            "Services", page_of(SERVICE), query=(*PAGES, IDS, NATURAL)
        ),
        ("catalogue.Categories", "GET"): Op(
            "Service categories", page_of(NAMED), query=(*PAGES, IDS, NATURAL)
        ),
        ("catalogue.Resources", "GET"): Op(
            "Resources", page_of(RESOURCE), query=(*PAGES, IDS, NATURAL, WHICH[0])
        ),
        ("catalogue.Groups", "GET"): Op(
            "Resource groups", page_of(NAMED), query=(*PAGES, IDS, NATURAL)
        ),
        ("availability.Intervals", "POST"): Op(
            "Find start times", one(several(INTERVAL)), reads=s.IntervalsRequest
        ),
        ("availability.Days", "POST"): Op(
            "Find days with availability",
            one(several(object_of(date=DATE, resource_ids=several(ID)))),
            reads=s.DaysRequest,
        ),
        ("availability.Slots", "GET"): Op("Reservations", page_of(SLOT), query=PAGES),
        ("availability.Slots", "POST"): Op("Reserve time or spaces", one(SLOT), 201, s.SlotRequest),
        ("availability.OneSlot", "GET"): Op("A reservation", one(SLOT), query=(ZONE,)),
        ("availability.OneSlot", "DELETE"): Op("Let a reservation go", status=204, ours=True),
        ("bookings.Bookings", "GET"): Op(
            "Bookings",
            page_of(LISTED),
            query=(
                *PAGES,
                IDS,
                ask("sort_by", words("natural", "created", "updated")),
                *SPANS,
                *WHICH,
                ask("statuses", several(words("confirmed", "cancelled", "pending"))),
                ZONE,
            ),
        ),
        ("bookings.Bookings", "POST"): Op(
            "Make a booking of a reservation, or join one", one(BOOKING), 201, s.BookingRequest
        ),
        ("bookings.OneBooking", "PUT"): Op(
            "Change or move a booking", one(BOOKING), reads=s.ChangeRequest
        ),
        ("bookings.CancelBooking", "POST"): Op(
            "Cancel a booking and all its participants", one(BOOKING), reads=s.CancelRequest
        ),
        ("bookings.OneParticipant", "PUT"): Op(
            "Set a participant's status or notes", one(BOOKING), reads=s.ParticipantRequest
        ),
        ("bookings.CancelParticipant", "POST"): Op(
            "Cancel one participant", one(BOOKING), reads=s.CancelRequest
        ),
        ("customers.Customers", "GET"): Op(
            "Customers",
            page_of(CUSTOMER),
            query=(*PAGES, IDS, ask("sort_by", words("natural", "created"))),
        ),
        ("customers.Customers", "POST"): Op(
            "Add a customer; one who is known already stays one", one(CUSTOMER), 201, s.NewCustomer
        ),
        ("customers.OneCustomer", "GET"): Op("A customer", one(CUSTOMER)),
        ("customers.OneCustomer", "PUT"): Op(
            "Change a customer", one(CUSTOMER), reads=s.CustomerRequest
        ),
        ("webhooks.Webhooks", "GET"): Op("Webhooks", page_of(HOOK), query=PAGES, ours=True),
        ("webhooks.Webhooks", "POST"): Op(
            "Add a webhook", one(HOOK), 201, s.WebhookRequest, ours=True
        ),
        ("webhooks.OneWebhook", "DELETE"): Op("Remove a webhook", status=204, ours=True),
    }


class Schema(Tabled):
    """Shows the table above."""

    operations = staticmethod(operations)
    sections: ClassVar = {
        "catalogue": "Services and resources",
        "availability": "Availability and reservations",
        "bookings": "Bookings",
        "customers": "Customers",
        "webhooks": "Webhooks",
    }
    unsaid = ("appointedd", "v1")
    extension = "An extension: not part of Appointedd."
    error = ERROR
    errors = ERRORS

    def get_auth(self) -> list[Json]:
        return [{"key": []}]


SETTINGS: Json = {
    "TITLE": "Openbook: Appointedd",
    "DESCRIPTION": "Bookings over version 1 of the Appointedd API. Errors are"
    " `{statusCode, error, message}`.",
    "PREPROCESSING_HOOKS": [],
    "SECURITY": [{"key": []}],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {
                "type": "apiKey",
                "in": "header",
                "name": "X-API-KEY",
                "description": "One key opens all of one organisation.",
            }
        }
    },
}
