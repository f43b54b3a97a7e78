"""The protocol's OpenAPI document: one table of operations (`bookings.api.documents`)."""

from __future__ import annotations

from typing import Any, ClassVar

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
READ_ID: Json = {"type": "string", "pattern": "^[0-9a-fA-F]{24}$"}
CLOCK: Json = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
SECONDS: Json = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"}
ANY: Json = {"type": "object"}


def page_of(schema: Json) -> Json:
    return object_of(items=several(schema), total=WHOLE, page=WHOLE, size=WHOLE, pages=WHOLE)


MESSAGE = object_of(message=TEXT)
STRANDED = several(object_of(id=ID, appointment_date=DATE, start_time=CLOCK, reason=TEXT))


def planning(schema: Json) -> Json:
    """An answer that may tell what a change left stranded; ours."""
    properties = schema["properties"] | {"stranded_appointments": STRANDED}
    return schema | {"properties": properties}


TENANT = object_of(id=ID, name=TEXT, slug=TEXT, logo_url=maybe(TEXT), theme_color=maybe(TEXT))
USER = object_of(
    id=ID, email=TEXT, first_name=TEXT, last_name=TEXT, role=TEXT, avatar_url=maybe(TEXT),
    last_login=maybe(STAMP),
)  # fmt: skip
CUSTOMER = object_of(
    id=ID, _id=ID, tenant_id=ID, email=maybe(TEXT), first_name=TEXT, last_name=TEXT,
    phone=maybe(TEXT), gender=maybe(TEXT), notes=TEXT, email_verified=FLAG, is_active=FLAG,
    loyalty_points=WHOLE, preferences=ANY, total_appointments=WHOLE, created_at=STAMP,
)  # fmt: skip
OUTLET = object_of(
    id=ID, _id=ID, tenant_id=ID, name=TEXT, slug=TEXT, status=TEXT, address=ANY, contact=ANY,
    business_hours=several(
        object_of(
            "open_time", "close_time", day=WHOLE, is_open=FLAG, open_time=CLOCK, close_time=CLOCK
        )
    ),
    settings=ANY,
)  # fmt: skip
TOKENS = {
    "access_token": TEXT, "token_type": TEXT, "token_type_identifier": TEXT, "expires_in": WHOLE,
    "refresh_token": TEXT,
}  # fmt: skip
CHOICE = object_of(
    requires_tenant_selection=FLAG, available_tenants=several(TENANT), auth_token=maybe(TEXT),
    message=TEXT,
)  # fmt: skip
SESSION = object_of(
    **TOKENS, user=USER, tenant=TENANT, outlets=several(OUTLET), access_type=TEXT,
    permissions=several(TEXT), subscription_status=maybe(TEXT),
)  # fmt: skip
GUEST_SESSION = object_of(**TOKENS, customer=CUSTOMER, tenant=TENANT)
SERVICE = object_of(
    "staff_ids", "staff_count", id=ID, _id=ID, tenant_id=ID, name=TEXT, slug=TEXT,
    description=TEXT, category=maybe(TEXT), duration_minutes=WHOLE, preparation_minutes=WHOLE,
    cleanup_minutes=WHOLE, max_advance_booking_days=WHOLE, min_advance_booking_hours=WHOLE,
    requires_staff=FLAG, required_staff_count=WHOLE, allow_parallel_bookings=FLAG,
    max_parallel_bookings=WHOLE,
    pricing=object_of(
        base_price=TEXT, currency=TEXT,
        outlet_prices={"type": "object", "additionalProperties": TEXT},
        promotional_price=maybe(TEXT), promotional_valid_until=maybe(STAMP),
    ),
    tags=several(TEXT), image_url=maybe(TEXT), is_active=FLAG, status=TEXT, created_at=STAMP,
    staff_ids=several(ID), staff_count=WHOLE,
)  # fmt: skip
STAFF = object_of(
    id=ID, _id=ID, tenant_id=ID, outlet_id=ID, first_name=TEXT, last_name=TEXT, display_name=TEXT,
    email=maybe(TEXT), phone=maybe(TEXT), position=maybe(TEXT), employment_type=TEXT,
    hire_date=maybe(DATE), is_bookable=FLAG, accepts_online_booking=FLAG,
    max_advance_booking_days=WHOLE, is_active=FLAG, status=TEXT,
    skills=object_of(
        service_ids=several(ID), specialties=several(TEXT), certifications=several(TEXT),
        years_experience=maybe(WHOLE),
    ),
    created_at=STAMP,
)  # fmt: skip
STATISTICS = object_of(
    **dict.fromkeys(
        ("total_customers", "active_customers", "inactive_customers", "new_customers_this_month",
         "customers_with_appointments", "returning_customers", "total_appointments"), WHOLE
    ),
    tenant_id=ID,
)  # fmt: skip
ENTRY = object_of(
    id=ID, _id=ID, tenant_id=ID, outlet_id=ID, staff_id=ID, date=DATE, start_time=SECONDS,
    end_time=SECONDS, availability_type=TEXT, recurrence_type=TEXT,
    recurrence_end_date=maybe(DATE), recurrence_days=maybe(several(WHOLE)), is_available=FLAG,
    notes=TEXT, service_ids=maybe(several(ID)), created_at=STAMP, updated_at=STAMP,
)  # fmt: skip
SUMMARY = object_of(
    message=TEXT,
    summary=object_of(
        total_entries_created=WHOLE, date_range=object_of(start=DATE, end=DATE),
        entries_by_type={"type": "object", "additionalProperties": WHOLE},
    ),
    sample_entry=ENTRY,
)  # fmt: skip
CHECK = object_of(
    available=FLAG, message=TEXT, reason=maybe(TEXT),
    working_hours=maybe(
        object_of(
            start_time=SECONDS, end_time=SECONDS,
            breaks=several(object_of(start=SECONDS, end=SECONDS)),
        )
    ),
    conflicts=several(
        object_of(id=ID, type=TEXT, start_time=SECONDS, end_time=SECONDS, notes=TEXT)
    ),
)  # fmt: skip
GRID = object_of(
    start_date=DATE, end_date=DATE, num_days=WHOLE, slot_interval_minutes=WHOLE,
    availability_grid={
        "type": "object",
        "additionalProperties": several(
            object_of(
                "available_capacity", "max_capacity", start_time=CLOCK, end_time=CLOCK,
                is_available=FLAG, available_capacity=WHOLE, max_capacity=WHOLE,
            )
        ),
    },
    metadata=object_of(
        service_id=ID, service_name=TEXT, outlet_id=ID, outlet_name=TEXT,
        total_available_slots=WHOLE, service_duration_minutes=WHOLE,
    ),
)  # fmt: skip
PAYMENT = object_of(
    id=ID, amount=NUMBER, currency=TEXT, payment_method=TEXT, notes=TEXT,
    receipt_number=maybe(TEXT), recorded_at=STAMP,
)  # fmt: skip
PAYMENTS = {
    "total_amount": NUMBER, "paid_amount": NUMBER, "remaining_balance": NUMBER,
    "payment_history": several(PAYMENT),
}  # fmt: skip
MOMENT = maybe(object_of(date=DATE, start_time=CLOCK, end_time=CLOCK))
APPOINTMENT = object_of(
    "payment_details", id=ID, _id=ID, tenant_id=ID, customer_id=maybe(ID), outlet_id=ID,
    appointment_date=DATE, start_time=CLOCK, end_time=CLOCK, status=TEXT, payment_status=TEXT,
    appointment_type=TEXT,
    services=several(
        object_of(
            service_id=ID, service_name=TEXT, staff_id=maybe(ID), staff_name=maybe(TEXT),
            price=NUMBER, duration_minutes=WHOLE, start_time=CLOCK, end_time=CLOCK,
        )
    ),
    total_price=NUMBER, notes=TEXT, credit_redeemed=FLAG, cancellation_reason=maybe(TEXT),
    completion_notes=maybe(TEXT), rescheduled_from=MOMENT, rescheduled_to=MOMENT,
    rescheduled_at=maybe(STAMP), confirmed_at=maybe(STAMP), created_at=STAMP, updated_at=STAMP,
    payment_details=object_of(**PAYMENTS),
)  # fmt: skip
LIMITS = object_of(
    max_outlets=WHOLE, max_staff_per_outlet=WHOLE, max_appointments_per_month=WHOLE,
    max_services=WHOLE,
)  # fmt: skip
PLAN = object_of(
    plan_type=TEXT, display_name=TEXT, description=TEXT,
    price=object_of(monthly=NUMBER, quarterly=NUMBER, yearly=NUMBER, currency=TEXT),
    limits=LIMITS, features=several(TEXT),
)  # fmt: skip
PERIOD = {
    "tenant_id": ID, "plan": TEXT, "billing_period": TEXT, "current_period_start": STAMP,
    "current_period_end": STAMP,
}  # fmt: skip
CURRENT = object_of(
    **PERIOD, id=ID, status=TEXT, cancel_at_period_end=FLAG, cancelled_at=maybe(STAMP),
    trial_end=maybe(STAMP), features=LIMITS, usage=ANY, created_at=STAMP, updated_at=STAMP,
)  # fmt: skip
USAGE = object_of(
    **PERIOD, subscription_id=ID,
    usage_summary={
        "type": "object",
        "additionalProperties": object_of(used=WHOLE, limit=WHOLE, percentage=NUMBER),
    },
    approaching_limits=several(TEXT), upgrade_recommended=FLAG,
)  # fmt: skip
CHANGED = object_of(message=TEXT, subscription=CURRENT)

ISSUE = object_of(loc=several({"type": ["string", "integer"]}), msg=TEXT, type=TEXT)
ERROR: Json = {
    "type": "object",
    "properties": {"detail": {"oneOf": [TEXT, several(ISSUE)]}},
    "required": ["detail"],
}
ERRORS = {
    400: "It can't be done so: a wrong form, a date out of the window, a state it can't follow.",
    401: "Not authenticated.",
    402: "The plan allows no more of it.",
    403: "Not enough permissions, or the month's appointments are used up.",
    404: "Not there, or another tenant's.",
    405: "The method is not there.",
    406: "This API answers in JSON.",
    409: "The slot is no longer available, or it contradicts what is there.",
    415: "This API reads JSON.",
    422: "A field is missing or out of range; the list says which.",
    423: "Locked after repeated failed logins.",
    429: "Too many requests this minute; Retry-After says how long to wait.",
    500: "The grid could not be generated.",
    503: "Busy for the moment; Retry-After says when to ask again.",
}

SEARCH = OpenApiParameter("search", {"type": "string", "maxLength": 100})
ACTIVE = OpenApiParameter("is_active", {"type": "string", "enum": ["true", "false"]})
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Asked twice with the same key and body, done once and answered the same. Ours.",
)
PAGES = (
    OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}),
    OpenApiParameter("size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
)


def operations() -> dict[tuple[str, str], Op]:
    """What there is to say of each route, by (name of its view, method)."""
    from bookings.api.myreserva import serializers as s

    def removes(what: str) -> Op:
        return Op(f"Delete {what}", planning(MESSAGE))

    return {
        ("grid.PublicGrid", "GET"): Op("What is free, for anybody", GRID, asks=s.GridQuery),
        ("grid.StaffGrid", "GET"): Op("What is free, for staff", GRID, asks=s.WideGridQuery),
        ("grid.CustomerGrid", "GET"): Op(
            "What is free, for customers", GRID, asks=s.CustomerGridQuery, ours=True
        ),
        ("appointments.Appointments", "GET"): Op(
            "Appointments", page_of(APPOINTMENT), asks=s.AppointmentQuery, query=PAGES
        ),
        ("appointments.Appointments", "POST"): Op(
            "Book for a customer", APPOINTMENT, 201, s.StaffAppointmentRequest
        ),
        ("appointments.OneAppointment", "GET"): Op("An appointment", APPOINTMENT),
        ("appointments.OneAppointment", "PUT"): Op(
            "Change what is said", APPOINTMENT, reads=s.AppointmentChanges
        ),
        ("appointments.OneAppointment", "DELETE"): Op("Cancel", APPOINTMENT, reads=s.Cancellation),
        ("appointments.Reschedule", "POST"): Op("Move", APPOINTMENT, reads=s.Rescheduling),
        ("appointments.Confirm", "POST"): Op("Confirm", APPOINTMENT),
        ("appointments.Complete", "POST"): Op("Complete", APPOINTMENT, reads=s.Completion),
        ("appointments.NoShow", "POST"): Op("Nobody came", APPOINTMENT, reads=s.Absence),
        ("appointments.RecordPayment", "POST"): Op(
            "Record a payment",
            object_of(
                status=TEXT,
                message=TEXT,
                payment=PAYMENT,
                appointment=object_of(
                    id=ID, payment_status=TEXT, paid_amount=NUMBER, remaining_balance=NUMBER
                ),
            ),
            reads=s.PaymentRequest,
        ),
        ("appointments.PaymentLink", "POST"): Op(
            "Send a payment link, where there is a provider", ANY, reads=s.LinkRequest
        ),
        ("appointments.PaymentStatus", "GET"): Op(
            "What was paid",
            object_of(appointment_id=ID, payment_status=TEXT, payment_link=maybe(TEXT), **PAYMENTS),
        ),
        ("appointments.AppointmentsOfCustomer", "GET"): Op(
            "Appointments of a customer", page_of(APPOINTMENT), query=PAGES
        ),
        ("appointments.OwnAppointments", "GET"): Op(
            "My appointments", page_of(APPOINTMENT), query=PAGES, ours=True
        ),
        ("appointments.OwnAppointments", "POST"): Op(
            "Book", APPOINTMENT, 201, s.AppointmentRequest
        ),
        ("appointments.OwnAppointment", "GET"): Op("My appointment", APPOINTMENT, ours=True),
        ("appointments.OwnAppointment", "DELETE"): Op(
            "Cancel my appointment", APPOINTMENT, reads=s.Cancellation, ours=True
        ),
        ("appointments.OwnReschedule", "POST"): Op(
            "Move my appointment", APPOINTMENT, reads=s.Rescheduling, ours=True
        ),
        ("schedules.Entries", "GET"): Op(
            "Availability entries", page_of(ENTRY), asks=s.EntryQuery, query=PAGES
        ),
        ("schedules.Entries", "POST"): Op(
            "Add an availability entry",
            {"oneOf": [planning(ENTRY), planning(SUMMARY)]},
            201,
            s.EntryRequest,
        ),
        ("schedules.BulkEntries", "POST"): Op("Add several", planning(SUMMARY), 201, s.BulkRequest),
        ("schedules.StaffEntries", "GET"): Op(
            "Entries of one person", several(ENTRY), asks=s.RosterQuery
        ),
        ("schedules.Check", "GET"): Op("Whether somebody is free", CHECK, asks=s.CheckQuery),
        ("schedules.OneEntry", "GET"): Op("An availability entry", ENTRY),
        ("schedules.OneEntry", "PUT"): Op("Change an entry", planning(ENTRY), reads=s.EntryChanges),
        ("schedules.OneEntry", "DELETE"): removes("an entry"),
        ("catalogue.Services", "GET"): Op(
            "Services",
            page_of(SERVICE),
            query=(
                *PAGES,
                SEARCH,
                ACTIVE,
                OpenApiParameter("category", str),
                OpenApiParameter("include_staff", {"type": "string", "enum": ["true", "false"]}),
            ),
        ),
        ("catalogue.Services", "POST"): Op("Add a service", SERVICE, 201, s.ServiceRequest),
        ("catalogue.OneService", "GET"): Op("A service", SERVICE),
        ("catalogue.OneService", "PUT"): Op("Change a service", SERVICE, reads=s.ServiceRequest),
        ("catalogue.OneService", "DELETE"): removes("a service"),
        ("catalogue.Prices", "POST"): Op("Set prices", SERVICE, reads=s.Pricing),
        ("catalogue.CustomerServices", "GET"): Op(
            "Services on offer", page_of(SERVICE), query=PAGES
        ),
        ("catalogue.CustomerOutlets", "GET"): Op(
            "Outlets", page_of(OUTLET), query=PAGES, ours=True
        ),
        ("catalogue.Staff", "GET"): Op(
            "Staff",
            page_of(STAFF),
            query=(
                *PAGES,
                SEARCH,
                ACTIVE,
                *(OpenApiParameter(name, READ_ID) for name in ("outlet_id", "service_id")),
            ),
        ),
        ("catalogue.Staff", "POST"): Op("Add staff", STAFF, 201, s.StaffRequest),
        ("catalogue.OneStaff", "GET"): Op("One of the staff", STAFF),
        ("catalogue.OneStaff", "PUT"): Op("Change staff", planning(STAFF), reads=s.StaffRequest),
        ("catalogue.OneStaff", "DELETE"): removes("staff"),
        ("catalogue.Outlets", "GET"): Op(
            "Outlets",
            page_of(OUTLET),
            query=(
                *PAGES,
                OpenApiParameter("status", {"type": "string", "enum": ["active", "inactive"]}),
            ),
        ),
        ("catalogue.Outlets", "POST"): Op("Add an outlet", OUTLET, 201, s.OutletRequest),
        ("catalogue.OneOutlet", "GET"): Op("An outlet", OUTLET),
        ("catalogue.OneOutlet", "PUT"): Op(
            "Change an outlet", planning(OUTLET), reads=s.OutletRequest
        ),
        ("catalogue.OneOutlet", "DELETE"): removes("an outlet"),
        ("customers.Customers", "GET"): Op(
            "Customers", page_of(CUSTOMER), query=(*PAGES, SEARCH, ACTIVE)
        ),
        ("customers.Customers", "POST"): Op("Add a customer", CUSTOMER, 201, s.CustomerRequest),
        ("customers.CustomerStatistics", "GET"): Op("Customers in numbers", STATISTICS),
        ("customers.OneCustomer", "GET"): Op("A customer", CUSTOMER),
        ("customers.OneCustomer", "PUT"): Op(
            "Change a customer", CUSTOMER, reads=s.CustomerRequest
        ),
        ("customers.OneCustomer", "DELETE"): removes("a customer"),
        ("customers.CustomerPreferences", "PUT"): Op(
            "Change preferences", CUSTOMER, reads=s.Preferences
        ),
        ("auth.Login", "POST"): Op(
            "Log in, staff", {"oneOf": [SESSION, CHOICE]}, reads=s.StaffLogin
        ),
        ("auth.CompleteLogin", "POST"): Op(
            "Log in to a tenant", {"oneOf": [SESSION, CHOICE]}, reads=s.StaffLogin
        ),
        ("auth.RefreshLogin", "POST"): Op("Renew", SESSION, reads=s.Refresh, ours=True),
        ("auth.Logout", "POST"): Op("Log out", MESSAGE, ours=True),
        ("auth.Me", "GET"): Op(
            "Who I am", object_of(user=USER, tenant=TENANT, permissions=several(TEXT)), ours=True
        ),
        ("auth.Register", "POST"): Op("Register as a customer", GUEST_SESSION, 201, s.Registration),
        ("auth.CustomerLogsIn", "POST"): Op(
            "Log in, customers", {"oneOf": [GUEST_SESSION, CHOICE]}, reads=s.CustomerLogin
        ),
        ("auth.CustomerRefresh", "POST"): Op(
            "Renew, customers", GUEST_SESSION, reads=s.Refresh, ours=True
        ),
        ("auth.CustomerLogout", "POST"): Op("Log out, customers", MESSAGE, ours=True),
        ("auth.CustomerMe", "GET"): Op(
            "Who I am, customers", object_of(customer=CUSTOMER, tenant=TENANT), ours=True
        ),
        ("auth.RegisterTenant", "POST"): Op(
            "Register a tenant",
            object_of(message=TEXT, tenant=TENANT, user=USER, outlet_id=ID),
            201,
            s.NewTenant,
            ours=True,
        ),
        ("plans.Current", "GET"): Op("The plan", CURRENT),
        ("plans.Plans", "GET"): Op("Plans there are", object_of(plans=several(PLAN))),
        ("plans.Usage", "GET"): Op("How much is used", USAGE),
        ("plans.Payments", "GET"): Op("Payments for plans", page_of(ANY), query=PAGES),
        ("plans.Upgrade", "POST"): Op("Upgrade", CHANGED, reads=s.PlanRequest),
        ("plans.Downgrade", "POST"): Op("Downgrade", CHANGED, reads=s.PlanRequest),
        ("plans.Cancel", "POST"): Op("Cancel the plan", CHANGED, reads=s.Ending),
        ("plans.Renew", "POST"): Op("Keep the plan", CHANGED),
    }


class Schema(Tabled):
    """Shows the table above."""

    operations = staticmethod(operations)
    sections: ClassVar = {
        "grid": "Grid",
        "appointments": "Appointments",
        "schedules": "Schedules",
        "catalogue": "Services, staff and outlets",
        "customers": "Customers",
        "auth": "Logging in",
        "plans": "Plans",
    }
    unsaid = ("api", "v1")
    extension = "An extension: MyReserva says nothing of it."
    error = ERROR
    errors = ERRORS

    def get_auth(self) -> list[Json]:
        door = getattr(self.view, "door", "")
        return [{"customer" if "customer" in door else "staff": []}] if door else [{}]

    def get_override_parameters(self) -> list[Any]:
        keyed = [IDEMPOTENCY] if self.op.answer is APPOINTMENT and self.op.status == 201 else []
        return [*super().get_override_parameters(), *keyed]


SETTINGS: Json = {
    "TITLE": "Openbook: MyReserva",
    "DESCRIPTION": "Bookings over the MyReserva protocol. Every path works with and without a slash"
    " at its end. Errors are `{detail}`, a text or for what can't be read a list.",
    "PREPROCESSING_HOOKS": ["bookings.api.documents.without_slash"],
    "SECURITY": [],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "staff": {"type": "http", "scheme": "bearer", "description": "A token of staff."},
            "customer": {"type": "http", "scheme": "bearer", "description": "A customer's."},
        }
    },
}
