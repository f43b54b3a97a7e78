"""The protocol's OpenAPI document: one table of operations (`bookings.api.documents`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from bookings.api.documents import (
    DATE,
    FLAG,
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

UUID: Json = {"type": "string", "format": "uuid"}
RATE: Json = {"type": ["number", "null"]}


def page_of(schema: Json) -> Json:
    return object_of(items=several(schema), next_cursor=maybe(TEXT), has_more=FLAG)


NINE = {
    "id": UUID,
    "status": TEXT,
    "booking_date": DATE,
    "start_time": TEXT,
    "end_time": TEXT,
    "duration_minutes": WHOLE,
    "capacity": WHOLE,
    "resource_id": maybe(UUID),
    "confirmation_code": TEXT,
}
CUSTOMER = {"id": UUID, "first_name": TEXT, "last_name": TEXT, "email": TEXT, "phone": TEXT}
BOOKING = object_of(booking=object_of(**NINE))
SCHEDULED = object_of(
    "stripe_client_secret",
    "deposit_type",
    booking=object_of(**NINE),
    stripe_client_secret=TEXT,
    deposit_type={"type": "string", "enum": ["charge", "authorization_hold"]},
)
HOLD = object_of(
    hold=object_of(
        **{name: each for name, each in NINE.items() if name != "confirmation_code"},
        expires_at=maybe(STAMP),
    )
)
MANAGED = object_of(
    **NINE,
    resource_ids=several(UUID),
    service_id=maybe(UUID),
    customer=maybe(object_of(**CUSTOMER)),
    customer_notes=TEXT,
    source=TEXT,
    created_at=STAMP,
)
ONE_MANAGED = object_of(
    "stripe_client_secret",
    "deposit_type",
    booking=MANAGED,
    stripe_client_secret=TEXT,
    deposit_type=TEXT,
)
FREE = object_of(
    "resources",
    available=FLAG,
    remaining_resources=WHOLE,
    free_resources=several(TEXT),
    resources=several(
        object_of(id=UUID, name=TEXT, section=maybe(TEXT), capacity_min=WHOLE, capacity_max=WHOLE)
    ),
)
TIMETABLE = object_of(
    business_id=UUID,
    booking_date=DATE,
    capacity=WHOLE,
    slots=several(object_of(time=TEXT, available=FLAG, remaining_resources=WHOLE)),
)
STAFF_TIMETABLE = object_of(slots=several(object_of(time=TEXT, available=FLAG)))
NEXT = object_of(
    times=several(object_of(booking_date=DATE, start_time=TEXT, remaining_resources=WHOLE))
)
BUSINESS = object_of(id=UUID, name=TEXT, slug=TEXT)
PUBLIC_BUSINESS = object_of(id=UUID, name=TEXT, slug=TEXT, timezone=TEXT)
RESOURCE = object_of(
    "units",
    id=UUID,
    name=TEXT,
    resource_type=TEXT,
    capacity_min=WHOLE,
    capacity_max=WHOLE,
    section=maybe(TEXT),
    display_order=WHOLE,
    is_active=FLAG,
    units=WHOLE,
)
BLOCK = object_of(
    id=UUID, resource_id=UUID, starts_at=STAMP, ends_at=STAMP, reason=TEXT, created_at=STAMP
)
SERVICE = {
    "id": UUID,
    "name": TEXT,
    "description": TEXT,
    "duration_minutes": WHOLE,
    "price_cents": WHOLE,
    "currency": TEXT,
}
MANAGED_SERVICE = object_of(
    **SERVICE,
    buffer_before_minutes=WHOLE,
    buffer_after_minutes=WHOLE,
    deposit_amount_cents=maybe(WHOLE),
    capacity=maybe(WHOLE),
    display_order=WHOLE,
    is_active=FLAG,
    requirements=several(
        object_of(resource_type=TEXT, resource_ids=several(UUID), only_named=FLAG)
    ),
)
HOURS = several(
    object_of("open_time", "close_time", day_of_week=WHOLE, is_open=FLAG, open_time=TEXT,
              close_time=TEXT)
)  # fmt: skip
CLOSURE = {"start_date": DATE, "end_date": DATE, "reason": maybe(TEXT)}
MANAGED_CLOSURE = object_of(id=UUID, **CLOSURE, is_full_day=FLAG, created_at=STAMP)
KEY = {
    "id": UUID,
    "name": TEXT,
    "prefix": TEXT,
    "scopes": several(TEXT),
    "rate_limit_rpm": WHOLE,
    "is_active": FLAG,
    "created_at": STAMP,
}
KNOWN_CUSTOMER = object_of(**CUSTOMER, notes=TEXT, created_at=STAMP)
WAITING = object_of(
    id=UUID,
    customer=object_of(**CUSTOMER),
    preferred_date=DATE,
    service_id=maybe(UUID),
    capacity=WHOLE,
    notes=TEXT,
    created_at=STAMP,
)
SUBSCRIPTION = object_of(
    subscription_status=TEXT,
    subscription_plan_id=TEXT,
    trial_ends_at=maybe(STAMP),
    trial_days_remaining=maybe(WHOLE),
    resource_count=WHOLE,
    deposits_enabled=FLAG,
)
SUMMARY: Json = {
    "type": "object",
    "properties": {
        "from": DATE,
        "to": DATE,
        "total": WHOLE,
        "by_status": {"type": "object", "additionalProperties": WHOLE},
        "guests": WHOLE,
        "no_show_rate": RATE,
        "utilisation": RATE,
    },
    "required": ["from", "to", "total", "by_status", "guests", "no_show_rate", "utilisation"],
    "additionalProperties": False,
}
OWN_BUSINESS = object_of(
    id=UUID,
    name=TEXT,
    slug=TEXT,
    business_type=TEXT,
    subscription_status=TEXT,
    is_active=FLAG,
    is_dev=FLAG,
    created_at=STAMP,
)
ME = object_of(
    user_id=UUID,
    email=TEXT,
    role=TEXT,
    subscription=maybe(object_of(status=TEXT, ends_at=maybe(STAMP), has_payment_method=FLAG)),
    businesses=several(OWN_BUSINESS),
)
NEW_BUSINESS = object_of(
    business_id=UUID, name=TEXT, slug=TEXT, business_type=TEXT, is_dev=FLAG, api_key=TEXT
)
DEPOSIT = object_of(
    id=UUID,
    booking_id=UUID,
    amount_cents=WHOLE,
    currency=TEXT,
    type=TEXT,
    status=TEXT,
    stripe_payment_intent_id=TEXT,
    created_at=STAMP,
)
WEBHOOK = {"id": UUID, "url": TEXT, "events": several(TEXT), "is_active": FLAG}
DELIVERY = object_of(
    id=UUID,
    event=TEXT,
    status=TEXT,
    attempts=WHOLE,
    last_status=maybe(WHOLE),
    last_error=TEXT,
    created_at=STAMP,
    next_attempt_at=maybe(STAMP),
    delivered_at=maybe(STAMP),
)
CONNECT = object_of(
    connected=FLAG, details_submitted=FLAG, payouts_enabled=FLAG, connect_id=maybe(TEXT)
)
ERROR = object_of(
    "detail",
    error=object_of(
        "errors",
        code=TEXT,
        message=TEXT,
        errors=several(object_of(field=TEXT, message=TEXT)),
    ),
    detail=TEXT,
)
NO_RESOURCE = object_of(detail=TEXT)
ERRORS = {
    400: "The request can't be read, or dynamic booking is off.",
    401: "The credential is missing, unknown, expired or revoked.",
    402: "The plan, its quota or an unpaid subscription doesn't allow it.",
    403: "The key lacks the scope, or the user the role.",
    404: "Not there, or another business's.",
    405: "The method is not there.",
    406: "This API answers in JSON.",
    409: "It contradicts what is there: a taken place, a used name, a wrong state, a reused key.",
    422: "A field is missing or out of range; `errors` says which.",
    429: "Too many requests this minute; Retry-After says how long to wait.",
    501: "Not configured on this server.",
    503: "Busy for the moment; Retry-After says when to ask again.",
}

LIMIT = OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50})
CURSOR = OpenApiParameter("cursor", str, description="`next_cursor` of the page before")
BUSINESS_HEADER = OpenApiParameter(
    "X-Business-Id",
    str,
    OpenApiParameter.HEADER,
    description="Which business, for a user of several. A key knows its own.",
)
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Asked twice with the same key and body, done once and answered the same.",
)
DATE = {"type": "string", "format": "date"}
TIME = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
GUESTS = {"type": "integer", "minimum": 1, "maximum": 50}
SPAN = (
    OpenApiParameter("booking_date", DATE, required=True),
    OpenApiParameter("start_time", TIME, required=True, description="HH:MM, on the wall"),
    OpenApiParameter(
        "duration_minutes", {"type": "integer", "minimum": 5, "maximum": 480, "default": 60}
    ),
    OpenApiParameter("capacity", GUESTS | {"default": 1}),
)


def operations() -> dict[tuple[str, str], Op]:
    """What there is to say of each route, by (name of its view, method)."""
    from bookings.api.availengine.serializers import bookings as b
    from bookings.api.availengine.serializers import business as c
    from bookings.api.availengine.serializers import catalogue as k
    from bookings.api.availengine.serializers import portal as p
    from bookings.api.availengine.serializers import scheduled as s
    from bookings.api.availengine.views import dynamic as d

    pages = (LIMIT, CURSOR)
    week: Json = {
        "type": "array",
        "maxItems": 100,
        "items": {
            "type": "object",
            "properties": {
                "day_of_week": {"type": "integer", "minimum": 0, "maximum": 6},
                "is_open": FLAG,
                "open_time": TIME,
                "close_time": TIME,
            },
            "required": ["day_of_week", "is_open"],
        },
    }
    url = {"onboarding_url": TEXT}
    return {
        ("dynamic.Availability", "GET"): Op(
            "What is free at a time",
            FREE,
            query=(*SPAN, OpenApiParameter("expand", {"type": "string", "enum": ["resources"]})),
        ),
        ("dynamic.Next", "GET"): Op(
            "The next free times",
            NEXT,
            query=(
                *SPAN,
                OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 20}),
            ),
            ours=True,
        ),
        ("dynamic.Bookings", "POST"): Op("Book at once", BOOKING, 201, d.BookingRequest),
        ("dynamic.Holds", "POST"): Op("Hold a place", HOLD, 201, d.HoldRequest, ours=True),
        ("dynamic.Confirm", "POST"): Op("Make a hold a booking", BOOKING, 200, d.Comer, ours=True),
        ("dynamic.Release", "POST"): Op("Let go of a hold", HOLD, ours=True),
        ("scheduled.Availability", "GET"): Op(
            "The timetable of a day, and what is left of it",
            TIMETABLE,
            query=(
                OpenApiParameter("date", DATE, required=True),
                OpenApiParameter("capacity", GUESTS | {"default": 1}),
                OpenApiParameter("service_id", UUID),
                OpenApiParameter("resource_id", UUID),
                OpenApiParameter(
                    "duration_minutes", {"type": "integer", "minimum": 5, "maximum": 480}
                ),
            ),
        ),
        ("scheduled.Bookings", "POST"): Op(
            "Book a start of the timetable", SCHEDULED, 201, s.ScheduledBooking
        ),
        ("scheduled.ManagedAvailability", "GET"): Op(
            "The timetable of a day, as staff may book it",
            STAFF_TIMETABLE,
            query=(
                OpenApiParameter("booking_date", DATE, required=True),
                OpenApiParameter("capacity", GUESTS, required=True),
            ),
        ),
        ("public.PublicBusiness", "GET"): Op("A business by its slug", PUBLIC_BUSINESS),
        ("public.PublicHours", "GET"): Op("Opening hours", HOURS),
        ("public.PublicServices", "GET"): Op("Services", several(object_of(**SERVICE))),
        ("public.PublicBlackouts", "GET"): Op("Closures to come", several(object_of(**CLOSURE))),
        ("public.JoinWaitlist", "POST"): Op(
            "Join the waitlist",
            object_of(waitlist_id=UUID, position=WHOLE),
            201,
            b.WaitlistRequest,
        ),
        ("business.TheBusiness", "GET"): Op("The business", BUSINESS),
        ("business.TheBusiness", "PATCH"): Op(
            "Change the business", BUSINESS, reads=c.BusinessRequest, ours=True
        ),
        ("business.TheSettings", "GET"): Op("Settings", {"type": "object"}),
        ("business.TheSettings", "PATCH"): Op(
            "Change settings", {"type": "object"}, reads=c.Settings
        ),
        ("business.TheSubscription", "GET"): Op("The subscription", SUBSCRIPTION),
        ("business.Hours", "GET"): Op("Opening hours", HOURS, ours=True),
        ("business.Hours", "PUT"): Op("Replace the week", HOURS, reads=week, ours=True),
        ("business.Blackouts", "GET"): Op("Closures", page_of(MANAGED_CLOSURE), query=pages),
        ("business.Blackouts", "POST"): Op("Close days", MANAGED_CLOSURE, 201, c.BlackoutRequest),
        ("business.Blackout", "GET"): Op("A closure", MANAGED_CLOSURE, ours=True),
        ("business.Blackout", "PATCH"): Op(
            "Change a closure", MANAGED_CLOSURE, reads=c.BlackoutRequest
        ),
        ("business.Blackout", "DELETE"): Op("Take a closure back", status=204),
        ("keys.Keys", "GET"): Op(
            "API keys", page_of(object_of(**KEY, last_used_at=maybe(STAMP))), query=pages
        ),
        ("keys.Keys", "POST"): Op(
            "Make an API key, shown once", object_of(**KEY, key=TEXT), 201, c.KeyRequest
        ),
        ("keys.OneKey", "DELETE"): Op("Revoke an API key", status=204),
        ("catalogue.Resources", "GET"): Op("Resources", page_of(RESOURCE), query=pages),
        ("catalogue.Resources", "POST"): Op("Add a resource", RESOURCE, 201, k.ResourceRequest),
        ("catalogue.OneResource", "GET"): Op("A resource", RESOURCE, ours=True),
        ("catalogue.OneResource", "PATCH"): Op(
            "Change a resource", RESOURCE, reads=k.ResourceRequest
        ),
        ("catalogue.OneResource", "DELETE"): Op("Remove a resource", status=204),
        ("catalogue.Blocks", "GET"): Op("Blocks", page_of(BLOCK), query=pages, ours=True),
        ("catalogue.Blocks", "POST"): Op("Take out of use", BLOCK, 201, k.BlockRequest, ours=True),
        ("catalogue.OneBlock", "DELETE"): Op("Give back", status=204, ours=True),
        ("catalogue.Services", "GET"): Op(
            "Services", page_of(MANAGED_SERVICE), query=pages, ours=True
        ),
        ("catalogue.Services", "POST"): Op(
            "Add a service", MANAGED_SERVICE, 201, k.ServiceRequest, ours=True
        ),
        ("catalogue.OneService", "GET"): Op("A service", MANAGED_SERVICE, ours=True),
        ("catalogue.OneService", "PATCH"): Op(
            "Change a service", MANAGED_SERVICE, reads=k.ServiceRequest, ours=True
        ),
        ("catalogue.OneService", "DELETE"): Op("Remove a service", status=204, ours=True),
        ("bookings.Bookings", "GET"): Op(
            "Bookings, by start",
            page_of(MANAGED),
            query=(
                *pages,
                *(OpenApiParameter(name, DATE) for name in ("date", "date_from", "date_to")),
                OpenApiParameter("status", {"type": "string", "enum": b.STATUSES}),
                *(
                    OpenApiParameter(name, UUID)
                    for name in ("resource_id", "service_id", "customer_id")
                ),
                OpenApiParameter("q", {"type": "string", "maxLength": 100}),
            ),
        ),
        ("bookings.Bookings", "POST"): Op("Book for a guest", ONE_MANAGED, 201, b.StaffBooking),
        ("bookings.OneBooking", "GET"): Op("A booking", object_of(booking=MANAGED)),
        ("bookings.OneBooking", "PATCH"): Op(
            "Move, change or close a booking", object_of(booking=MANAGED), reads=b.BookingChanges
        ),
        ("bookings.Summary", "GET"): Op(
            "Counts and rates",
            SUMMARY,
            query=(
                OpenApiParameter("from", DATE, required=True),
                OpenApiParameter("to", DATE, required=True),
            ),
            ours=True,
        ),
        ("customers.Customers", "GET"): Op(
            "Customers",
            page_of(KNOWN_CUSTOMER),
            query=(*pages, OpenApiParameter("q", {"type": "string", "maxLength": 100})),
            ours=True,
        ),
        ("customers.Customers", "POST"): Op(
            "Add a customer; 200 for one known by phone",
            KNOWN_CUSTOMER,
            201,
            b.CustomerRequest,
            ours=True,
        ),
        ("customers.OneCustomer", "GET"): Op("A customer", KNOWN_CUSTOMER, ours=True),
        ("customers.OneCustomer", "PATCH"): Op(
            "Change a customer", KNOWN_CUSTOMER, reads=b.CustomerRequest, ours=True
        ),
        ("customers.OneCustomer", "DELETE"): Op("Erase a customer", status=204, ours=True),
        ("customers.Waitlist", "GET"): Op("The waitlist", page_of(WAITING), query=pages),
        ("customers.OneEntry", "DELETE"): Op("Take off the waitlist", status=204),
        ("portal.Register", "POST"): Op(
            "Register as a developer",
            object_of(user_id=UUID, email=TEXT, role=TEXT),
            201,
            p.Registration,
        ),
        ("portal.Token", "POST"): Op(
            "Log in",
            object_of(access_token=TEXT, token_type=TEXT, expires_in=WHOLE),
            reads=p.Credentials,
            ours=True,
        ),
        ("portal.Me", "GET"): Op("Who I am", ME),
        ("portal.Businesses", "GET"): Op("My businesses", page_of(OWN_BUSINESS), query=pages),
        ("portal.Businesses", "POST"): Op("Add a business", NEW_BUSINESS, 201, p.NewBusiness),
        ("portal.BuyPlan", "POST"): Op("Subscribe", object_of(checkout_url=TEXT), reads=p.Checkout),
        ("portal.Portal", "POST"): Op("Manage payment", object_of(portal_url=TEXT)),
        ("portal.Calendar", "GET"): Op("Calendar sync", also=(501,)),
        ("portal.NoCalendar", "DELETE"): Op("End calendar sync", also=(501,)),
        ("money.Onboard", "POST"): Op("Start to receive deposits", object_of(**url)),
        ("money.ConnectStatus", "GET"): Op("Whether deposits can be received", CONNECT),
        ("money.Deposits", "GET"): Op("Deposits", page_of(DEPOSIT), query=pages, ours=True),
        ("money.CaptureDeposit", "POST"): Op(
            "Capture a deposit", object_of(deposit=DEPOSIT), ours=True
        ),
        ("money.ReleaseDeposit", "POST"): Op(
            "Release a deposit", object_of(deposit=DEPOSIT), ours=True
        ),
        ("money.PaySandbox", "POST"): Op(
            "Pay, at the sandbox gateway",
            object_of(payment_intent=TEXT, status=TEXT),
            reads=p.SandboxPayment,
            ours=True,
        ),
        ("webhooks.Webhooks", "GET"): Op("Webhooks", page_of(object_of(**WEBHOOK)), query=pages),
        ("webhooks.Webhooks", "POST"): Op(
            "Add a webhook; its secret is shown once",
            object_of(**WEBHOOK, secret=TEXT),
            201,
            p.NewWebhook,
        ),
        ("webhooks.OneWebhook", "DELETE"): Op("Remove a webhook", status=204),
        ("webhooks.Deliveries", "GET"): Op("Deliveries", page_of(DELIVERY), query=pages, ours=True),
        ("webhooks.Replay", "POST"): Op(
            "Send a delivery again", object_of(delivery=DELIVERY), 202, ours=True
        ),
    }


class Schema(Tabled):
    """Shows the table above."""

    operations = staticmethod(operations)
    sections: ClassVar = {
        "dynamic": "Dynamic booking",
        "scheduled": "Scheduled booking",
        "public": "Public",
        "business": "Business",
        "keys": "API keys",
        "catalogue": "Resources and services",
        "bookings": "Bookings",
        "customers": "Customers and waitlist",
        "portal": "Developers",
        "money": "Money",
        "webhooks": "Webhooks",
    }
    unsaid = ("v1",)
    extension = "An extension: not part of AvailEngine."

    def get_auth(self) -> list[Json]:
        return [{}] if self._needs().is_public else [{"bearer": []}]

    def _needs(self) -> Any:
        asks: Callable[[str], Any] | None = getattr(self.view, "asks", None)
        return asks(self.method) if asks else getattr(self.view, "needs")  # noqa: B009

    def get_override_parameters(self) -> list[Any]:
        found = super().get_override_parameters()
        if getattr(self.view, "tenant", False) and self._needs().is_public is False:
            found.append(BUSINESS_HEADER)
        if self.method in ("POST", "PATCH", "PUT", "DELETE"):
            found.append(IDEMPOTENCY)
        return found

    def get_response_serializers(self) -> Any:
        op = self.op
        answers: dict[int, OpenApiResponse] = {}
        if op.answer is not None or op.status == 204:
            answers[op.status] = OpenApiResponse(op.answer, description=op.summary)
        if self.key == "customers.Customers" and self.method == "POST":
            answers[200] = OpenApiResponse(op.answer, description="Known by phone already")
        is_hot = self.key.startswith("dynamic.")
        for status in (400, 401, 402, 403, 404, 405, 406, 409, 422, 429, 503, *op.also):
            taken = is_hot and status == 409
            body = {"anyOf": [NO_RESOURCE, ERROR]} if taken else ERROR
            answers[status] = OpenApiResponse(body, description=ERRORS[status])
        return answers


def without_gateways(
    endpoints: list[tuple[str, str, str, Any]],
) -> list[tuple[str, str, str, Any]]:
    """The calls that gateways make to us are theirs to know."""
    return [each for each in endpoints if "/webhooks/{name}" not in each[0]]
