"""What a tenant asks of another one over MyReserva (see tests/api/tenants.py)."""

from tests.api.tenants import Tenant, anybodys, foreign, own

SLASHES = True


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    return {
        "staff": {"Authorization": f"Bearer {mine.staff_token}"},
        "customer": {"Authorization": f"Bearer {mine.guest_token}"},
        "nobody": {},
    }


ANYBODY = ("nobody",)
OURS = ("staff",)
WHO = {"email": "{mine.email}", "password": "{mine.password}"}
GUEST = {"email": "{mine.guest_email}", "password": "{mine.guest_password}"}
NEWCOMER = {"first_name": "Eve", "email": "eve@intruder.example", "password": "a-long-passphrase"}
DAY = {"date": "2026-06-23", "start_time": "09:00", "end_time": "17:00"}
SHIFT = DAY | {"availability_type": "working_hours", "recurrence_type": "none"}
STRANGER = {"refresh_token": "{theirs.service}.secret"}

ORDER = {
    "outlet_id": "{mine.location:hex24}",
    "appointment_date": "2026-06-23",
    "start_time": "10:00",
    "services": [{"service_id": "{mine.service:hex24}"}],
}
STRANGE = {"service_id": "{theirs.service:hex24}"}
GRID = "start_date=2026-06-22&num_days=2"
VISIT = "/api/v1/appointments/{theirs.booking:hex24}"
OWN_VISIT = "/api/v1/customer/appointments/{theirs.booking:hex24}"
MOVE = {"new_date": "2026-06-24", "new_time": "19:00"}

ASKS = [
    # Who.
    own("POST /api/v1/auth/login", WHO, doors=ANYBODY),
    foreign("POST /api/v1/auth/login", WHO | {"email": "{theirs.email}"}, doors=ANYBODY),
    foreign("POST /api/v1/auth/login", WHO | {"tenant_slug": "{theirs.slug}"}, doors=ANYBODY),
    foreign(
        "POST /api/v1/auth/complete-login", WHO | {"tenant_slug": "{theirs.slug}"}, doors=ANYBODY
    ),
    foreign("POST /api/v1/auth/refresh", STRANGER, doors=ANYBODY, is_possible=False),
    own("POST /api/v1/auth/logout"),
    own("GET /api/v1/auth/me"),
    anybodys(
        "POST /api/v1/customer/auth/register",
        NEWCOMER | {"tenant_slug": "{theirs.slug}"},
        why="Whoever wants to book registers at a tenant's own page.",
    ),
    own("POST /api/v1/customer/auth/login", GUEST, doors=ANYBODY),
    foreign(
        "POST /api/v1/customer/auth/login",
        GUEST | {"tenant_slug": "{theirs.slug}"},
        doors=ANYBODY,
    ),
    foreign("POST /api/v1/customer/auth/refresh", STRANGER, doors=ANYBODY, is_possible=False),
    own("POST /api/v1/customer/auth/logout"),
    own("GET /api/v1/customer/auth/me"),
    own(
        "POST /api/v1/public/register",
        NEWCOMER | {"business_name": "Another"},
        doors=ANYBODY,
    ),
    # What, by whom and where.
    own("GET /api/v1/services?include_staff=true"),
    own("GET /api/v1/customer/services"),
    own("GET /api/v1/customer/outlets"),
    own("POST /api/v1/services", {"name": "More", "duration_minutes": 30}),
    foreign(
        "POST /api/v1/services",
        {"name": "More", "duration_minutes": 30, "staff_ids": ["{theirs.therapist:hex24}"]},
    ),
    foreign("GET /api/v1/services/{theirs.service:hex24}"),
    foreign("PUT /api/v1/services/{theirs.service:hex24}", {"name": "Other"}),
    foreign(
        "PUT /api/v1/services/{mine.service:hex24}",
        {"staff_ids": ["{theirs.therapist:hex24}"]},
    ),
    foreign("DELETE /api/v1/services/{theirs.service:hex24}"),
    foreign("POST /api/v1/services/{theirs.service:hex24}/pricing", {"base_price": "1.00"}),
    foreign(
        "POST /api/v1/services/{mine.service:hex24}/pricing",
        lambda mine, theirs: {"outlet_prices": {f"{theirs.location:hex24}": "1.00"}},
    ),
    own("GET /api/v1/staff"),
    foreign("GET /api/v1/staff?outlet_id={theirs.location:hex24}"),
    foreign("GET /api/v1/staff?service_id={theirs.service:hex24}"),
    own("POST /api/v1/staff", {"outlet_id": "{mine.location:hex24}", "first_name": "Eve"}),
    foreign("POST /api/v1/staff", {"outlet_id": "{theirs.location:hex24}", "first_name": "Eve"}),
    foreign("GET /api/v1/staff/{theirs.therapist:hex24}"),
    foreign("PUT /api/v1/staff/{theirs.therapist:hex24}", {"position": "Spy"}),
    foreign(
        "PUT /api/v1/staff/{mine.therapist:hex24}",
        {"skills": {"service_ids": ["{theirs.service:hex24}"]}},
    ),
    foreign("PUT /api/v1/staff/{mine.therapist:hex24}", {"outlet_id": "{theirs.location:hex24}"}),
    foreign("DELETE /api/v1/staff/{theirs.therapist:hex24}"),
    own("GET /api/v1/outlets"),
    own("POST /api/v1/outlets", {"name": "More"}),
    foreign("GET /api/v1/outlets/{theirs.location:hex24}"),
    foreign("PUT /api/v1/outlets/{theirs.location:hex24}", {"name": "Other"}),
    foreign("DELETE /api/v1/outlets/{theirs.location:hex24}"),
    own("GET /api/v1/customers?search={theirs.word}"),
    own("POST /api/v1/customers", NEWCOMER | {"phone": "{theirs.phone}"}),
    own("GET /api/v1/customers/statistics/summary"),
    foreign("GET /api/v1/customers/{theirs.guest:hex24}"),
    foreign("PUT /api/v1/customers/{theirs.guest:hex24}", {"first_name": "Eve"}),
    foreign("DELETE /api/v1/customers/{theirs.guest:hex24}"),
    foreign("PUT /api/v1/customers/{theirs.guest:hex24}/preferences", {"marketing_consent": True}),
    foreign(
        "PUT /api/v1/customers/{mine.guest:hex24}/preferences",
        {"preferred_outlet_id": "{theirs.location:hex24}"},
    ),
    # Schedules.
    own("GET /api/v1/availability?start_date=2026-06-01&end_date=2026-06-30"),
    foreign("GET /api/v1/availability?staff_id={theirs.therapist:hex24}"),
    foreign("GET /api/v1/availability?outlet_id={theirs.location:hex24}"),
    own("POST /api/v1/availability", SHIFT | {"staff_id": "{mine.therapist:hex24}"}),
    foreign("POST /api/v1/availability", SHIFT | {"staff_id": "{theirs.therapist:hex24}"}),
    foreign(
        "POST /api/v1/availability",
        SHIFT | {"staff_id": "{mine.therapist:hex24}", "service_ids": ["{theirs.service:hex24}"]},
    ),
    foreign(
        "POST /api/v1/availability/bulk",
        {"staff_id": "{theirs.therapist:hex24}", "availability_entries": [SHIFT]},
    ),
    foreign(
        "GET /api/v1/availability/staff/{theirs.therapist:hex24}"
        "?start_date=2026-06-01&end_date=2026-06-30"
    ),
    foreign("GET /api/v1/availability/{theirs.shift:hex24}"),
    foreign("PUT /api/v1/availability/{theirs.shift:hex24}", {"notes": "Other"}),
    foreign(
        "PUT /api/v1/availability/{mine.shift:hex24}",
        {"service_ids": ["{theirs.service:hex24}"]},
    ),
    foreign("DELETE /api/v1/availability/{theirs.shift:hex24}"),
    own(
        "GET /api/v1/availability/check?staff_id={mine.therapist:hex24}"
        "&date=2026-06-23&start_time=09:00&end_time=10:00"
    ),
    foreign(
        "GET /api/v1/availability/check?staff_id={theirs.therapist:hex24}"
        "&date=2026-06-23&start_time=09:00&end_time=10:00"
    ),
    foreign(
        "GET /api/v1/availability/check?staff_id={mine.therapist:hex24}&service_id="
        "{theirs.service:hex24}&date=2026-06-23&start_time=09:00&end_time=10:00"
    ),
    # The grid.
    anybodys(
        "GET /api/v1/public/availability/grid?service_id={theirs.service:hex24}"
        f"&outlet_id={{theirs.location:hex24}}&{GRID}",
        why="What a guest is shown before they book.",
    ),
    anybodys(
        "GET /api/v1/public/availability/grid?service_id={mine.service:hex24}"
        f"&outlet_id={{theirs.location:hex24}}&{GRID}",
        why="That an outlet is there is no secret; a service of another tenant isn't had in it.",
    ),
    foreign(
        "GET /api/v1/availability/availability-grid?service_id={theirs.service:hex24}"
        f"&outlet_id={{theirs.location:hex24}}&{GRID}",
    ),
    foreign(
        "GET /api/v1/availability/availability-grid?service_id={mine.service:hex24}"
        f"&outlet_id={{mine.location:hex24}}&staff_id={{theirs.therapist:hex24}}&{GRID}",
    ),
    foreign(
        "GET /api/v1/customer/availability/grid?service_id={theirs.service:hex24}"
        f"&outlet_id={{theirs.location:hex24}}&{GRID}",
    ),
    # Plans.
    own("GET /api/v1/subscriptions/current"),
    own("GET /api/v1/subscriptions/plans"),
    own("GET /api/v1/subscriptions/usage"),
    own("GET /api/v1/subscriptions/payments"),
    own("POST /api/v1/subscriptions/upgrade", {"plan": "PRO"}, says=(400,)),
    own("POST /api/v1/subscriptions/downgrade", {"plan": "FREE"}),
    own("POST /api/v1/subscriptions/cancel"),
    own("POST /api/v1/subscriptions/renew"),
    # The book.
    own("GET /api/v1/appointments"),
    foreign("GET /api/v1/appointments?customer_id={theirs.guest:hex24}"),
    foreign("GET /api/v1/appointments?staff_id={theirs.therapist:hex24}"),
    foreign("GET /api/v1/appointments?service_id={theirs.service:hex24}"),
    foreign("GET /api/v1/appointments?outlet_id={theirs.location:hex24}"),
    own("POST /api/v1/appointments", ORDER | {"customer_id": "{mine.guest:hex24}"}),
    foreign("POST /api/v1/appointments", ORDER | {"customer_id": "{theirs.guest:hex24}"}),
    foreign(
        "POST /api/v1/appointments",
        ORDER | {"customer_id": "{mine.guest:hex24}", "outlet_id": "{theirs.location:hex24}"},
    ),
    foreign(
        "POST /api/v1/appointments",
        ORDER | {"customer_id": "{mine.guest:hex24}", "services": [STRANGE]},
    ),
    foreign(f"GET {VISIT}"),
    foreign(f"PUT {VISIT}", {"notes": "Other"}),
    foreign(f"DELETE {VISIT}", {"cancellation_reason": "Other"}),
    foreign(f"POST {VISIT}/reschedule", MOVE),
    foreign(f"POST {VISIT}/confirm", is_possible=False),
    foreign(f"POST {VISIT}/complete"),
    foreign(f"POST {VISIT}/no-show"),
    foreign(
        f"POST {VISIT}/record-payment",
        {"amount": 1, "payment_method": "cash"},
        is_possible=False,
    ),
    foreign(f"POST {VISIT}/create-payment-link", is_possible=False),
    foreign(f"GET {VISIT}/payment-status"),
    foreign("GET /api/v1/customers/{theirs.guest:hex24}/appointments"),
    own("GET /api/v1/customer/appointments"),
    own("POST /api/v1/customer/appointments", ORDER),
    foreign("POST /api/v1/customer/appointments", ORDER | {"outlet_id": "{theirs.location:hex24}"}),
    foreign("POST /api/v1/customer/appointments", ORDER | {"services": [STRANGE]}),
    foreign(f"GET {OWN_VISIT}"),
    foreign(f"DELETE {OWN_VISIT}", {"cancellation_reason": "Other"}),
    foreign(f"POST {OWN_VISIT}/reschedule", MOVE),
]
