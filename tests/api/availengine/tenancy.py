"""What a tenant asks of another one over AvailEngine (see tests/api/tenants.py)."""

from tests.api.tenants import Tenant, anybodys, foreign, own

SLASHES = True


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    person = {"Authorization": f"Bearer {mine.token}"}
    return {
        "key": {"Authorization": f"Bearer {mine.key}"},
        "person": person,
        "person in their name": person | {"X-Business-Id": str(theirs.business)},
        "nobody": {},
    }


WHEN = {"booking_date": "2026-06-22", "start_time": "19:00", "duration_minutes": 60}
GUEST = {
    "first_name": "Eve",
    "last_name": "Intruder",
    "email": "eve@intruder.example",
    "phone": "+4915100000001",
}
PLACE = {**WHEN, "capacity": 2}
STRETCH = {"starts_at": "2026-06-23T09:00:00Z", "ends_at": "2026-06-23T10:00:00Z"}
QUERY = "booking_date=2026-06-22&start_time=19:00"
DAY = "date=2026-06-22"
HOURS = [{"day_of_week": 1, "is_open": True, "open_time": "09:00", "close_time": "17:00"}]
PUBLIC = "What a guest is shown before they book."

ASKS = [
    # Dynamic booking.
    foreign(f"GET /v1/dynamic/availability/{{theirs.business}}?{QUERY}"),
    own(f"GET /v1/dynamic/availability/{{mine.business}}?{QUERY}&expand=resources"),
    foreign(f"GET /v1/dynamic/next/{{theirs.business}}?{QUERY}"),
    foreign("POST /v1/dynamic/bookings", PLACE | GUEST | {"business_id": "{theirs.business}"}),
    foreign(
        "POST /v1/dynamic/bookings",
        PLACE | GUEST | {"business_id": "{mine.business}", "resource_id": "{theirs.table}"},
    ),
    foreign("POST /v1/holds", PLACE | {"business_id": "{theirs.business}"}),
    foreign(
        "POST /v1/holds",
        PLACE | {"business_id": "{mine.business}", "resource_id": "{theirs.table}"},
    ),
    foreign("POST /v1/holds/{theirs.hold}/confirm", GUEST),
    foreign("POST /v1/holds/{theirs.hold}/release"),
    # Scheduled booking.
    anybodys(f"GET /v1/availability/{{theirs.business}}?{DAY}", why=PUBLIC),
    own(f"GET /v1/availability/{{mine.business}}?{DAY}&service_id={{mine.spin}}"),
    foreign(f"GET /v1/availability/{{mine.business}}?{DAY}&service_id={{theirs.service}}"),
    foreign(f"GET /v1/availability/{{mine.business}}?{DAY}&resource_id={{theirs.table}}"),
    own("GET /v1/manage/availability?booking_date=2026-06-22&capacity=2"),
    foreign("POST /v1/bookings", PLACE | GUEST | {"business_id": "{theirs.business}"}),
    foreign(
        "POST /v1/bookings",
        PLACE | GUEST | {"business_id": "{mine.business}", "resource_id": "{theirs.table}"},
    ),
    foreign(
        "POST /v1/bookings",
        WHEN
        | GUEST
        | {"business_id": "{mine.business}", "service_id": "{theirs.service}", "capacity": 1},
    ),
    # What anybody may know.
    anybodys("GET /v1/public/business/{theirs.slug}", why=PUBLIC),
    anybodys("GET /v1/public/hours/{theirs.business}", why=PUBLIC),
    anybodys("GET /v1/public/services/{theirs.business}", why=PUBLIC),
    anybodys("GET /v1/public/blackout-dates/{theirs.business}", why=PUBLIC),
    anybodys(
        "POST /v1/waitlist/{theirs.business}",
        {"customer": GUEST, "preferred_date": "2026-06-22"},
        why="A guest puts themselves on the list, from the business's own page.",
        doors=("nobody", "person"),
    ),
    foreign(
        "POST /v1/waitlist/{theirs.business}",
        {"customer": GUEST, "preferred_date": "2026-06-22"},
        doors=("key",),
    ),
    foreign(
        "POST /v1/waitlist/{mine.business}",
        {"customer": GUEST, "preferred_date": "2026-06-22", "service_id": "{theirs.service}"},
    ),
    # The business.
    own("GET /v1/manage/business"),
    own("PATCH /v1/manage/business", {"name": "Renamed"}),
    anybodys(
        "PATCH /v1/manage/business",
        {"slug": "{theirs.slug}"},
        why="Slugs are public; one that is taken stays whose it is.",
    ),
    own("GET /v1/manage/restaurant"),
    own("PATCH /v1/manage/restaurant", {"name": "Renamed"}),
    own("GET /v1/manage/settings"),
    own("PATCH /v1/manage/settings", {"buffer_minutes": 15}),
    own("GET /v1/manage/subscription"),
    own("GET /v1/manage/hours"),
    own("PUT /v1/manage/hours", HOURS),
    own("GET /v1/manage/blackout-dates"),
    own("POST /v1/manage/blackout-dates", {"start_date": "2026-07-01", "end_date": "2026-07-02"}),
    foreign("GET /v1/manage/blackout-dates/{theirs.closure}"),
    foreign("PATCH /v1/manage/blackout-dates/{theirs.closure}", {"reason": "Other"}),
    foreign("DELETE /v1/manage/blackout-dates/{theirs.closure}"),
    own("GET /v1/manage/api-keys"),
    own("POST /v1/manage/api-keys", {"name": "More", "scopes": ["read"]}),
    foreign("DELETE /v1/manage/api-keys/{theirs.idle}"),
    # What can be booked.
    own("GET /v1/manage/resources"),
    own("POST /v1/manage/resources", {"name": "Table 9"}),
    foreign("GET /v1/manage/resources/{theirs.table}"),
    foreign("PATCH /v1/manage/resources/{theirs.table}", {"is_active": False}),
    foreign("DELETE /v1/manage/resources/{theirs.spare}"),
    foreign("GET /v1/manage/resources/{theirs.other}/blocks"),
    foreign("POST /v1/manage/resources/{theirs.other}/blocks", STRETCH),
    foreign("DELETE /v1/manage/resources/{theirs.other}/blocks/{theirs.block}"),
    foreign("DELETE /v1/manage/resources/{mine.other}/blocks/{theirs.block}"),
    own("GET /v1/manage/services"),
    own("POST /v1/manage/services", {"name": "More"}),
    foreign(
        "POST /v1/manage/services",
        {
            "name": "More",
            "requirements": [{"resource_type": "staff", "resource_ids": ["{theirs.therapist}"]}],
        },
    ),
    foreign("GET /v1/manage/services/{theirs.service}"),
    foreign("PATCH /v1/manage/services/{theirs.service}", {"price_cents": 1}),
    foreign(
        "PATCH /v1/manage/services/{mine.service}",
        {"requirements": [{"resource_type": "staff", "resource_ids": ["{theirs.therapist}"]}]},
    ),
    foreign("DELETE /v1/manage/services/{theirs.service}"),
    # The book.
    own("GET /v1/manage/bookings"),
    own("GET /v1/manage/bookings?resource_id={theirs.table}"),
    own("GET /v1/manage/bookings?service_id={theirs.service}"),
    own("GET /v1/manage/bookings?customer_id={theirs.guest}"),
    own("GET /v1/manage/bookings?q={theirs.reference}"),
    own("POST /v1/manage/bookings", PLACE | GUEST),
    foreign("POST /v1/manage/bookings", PLACE | GUEST | {"resource_id": "{theirs.table}"}),
    foreign("POST /v1/manage/bookings", GUEST | WHEN | {"service_id": "{theirs.service}"}),
    foreign("GET /v1/manage/bookings/{theirs.booking}"),
    foreign("PATCH /v1/manage/bookings/{theirs.booking}", {"capacity": 3}),
    foreign("PATCH /v1/manage/bookings/{theirs.booking}", {"status": "cancelled"}),
    foreign("PATCH /v1/manage/bookings/{mine.booking}", {"resource_id": "{theirs.spare}"}),
    own("GET /v1/manage/customers"),
    own("GET /v1/manage/customers?q={theirs.word}"),
    own("POST /v1/manage/customers", GUEST),
    own("POST /v1/manage/customers", GUEST | {"phone": "{theirs.phone}"}),
    foreign("GET /v1/manage/customers/{theirs.guest}"),
    foreign("PATCH /v1/manage/customers/{theirs.guest}", {"first_name": "Eve"}),
    foreign("DELETE /v1/manage/customers/{theirs.guest}"),
    own("GET /v1/manage/waitlist"),
    foreign("DELETE /v1/manage/waitlist/{theirs.entry}"),
    own("GET /v1/manage/analytics/summary?from=2026-06-01&to=2026-06-30"),
    # Developers.
    anybodys(
        "POST /v1/auth/developer/register",
        GUEST | {"email": "{theirs.email}", "password": "a-long-passphrase"},
        why="Anybody may register; not in somebody's name.",
    ),
    foreign("POST /v1/auth/token", {"email": "{theirs.email}", "password": "{mine.password}"}),
    own("GET /v1/developer/me"),
    own("GET /v1/developer/businesses"),
    own("POST /v1/developer/businesses", {"name": "Another"}),
    own("POST /v1/developer/billing/checkout", {"plan": "growth"}),
    own("POST /v1/developer/billing/portal"),
    # Money.
    own("POST /v1/billing/connect/onboard"),
    own("GET /v1/billing/connect/status"),
    foreign(
        "POST /v1/billing/webhooks/sandbox",
        {"id": "evt_forged", "kind": "cancelled", "subject": "{theirs.intent}"},
        headers={"Sandbox-Signature": "t=1781870400,v1=00"},
        says=(400,),
        is_possible=False,  # only the gateway can sign
    ),
    foreign(
        "POST /v1/sandbox/payments/{theirs.intent}/confirm",
        {"client_secret": "{mine.intent_secret}"},
        says=(409,),
    ),
    own("GET /v1/manage/deposits"),
    foreign("POST /v1/manage/deposits/{theirs.deposit}/capture"),
    foreign("POST /v1/manage/deposits/{theirs.deposit}/release"),
    # Who wants to hear of it.
    own("GET /v1/manage/webhooks"),
    own(
        "POST /v1/manage/webhooks",
        {"url": "https://hooks.quillon.example/", "events": ["booking.created"]},
    ),
    foreign("DELETE /v1/manage/webhooks/{theirs.endpoint}"),
    foreign("GET /v1/manage/webhooks/{theirs.endpoint}/deliveries"),
    foreign("POST /v1/manage/webhooks/{theirs.endpoint}/deliveries/{theirs.delivery}/replay"),
    foreign("POST /v1/manage/webhooks/{mine.endpoint}/deliveries/{theirs.delivery}/replay"),
    # The calendar.
    own("GET /integrations/google/connect", says=(501,)),
    own("GET /integrations/google/status", says=(501,)),
    own("DELETE /integrations/google/disconnect", says=(501,)),
]
