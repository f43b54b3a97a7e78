"""What a tenant asks of another one over OctoTable (see tests/api/tenants.py)."""

from typing import Any

from accounts.identifiers import int48
from tests.api.tenants import Ask, Tenant, anybodys, foreign, own

SLASHES = True
PMS = "/octotable-pms/api/v2"
AUTH = "/octotable-auth/api/v2"


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    token = {"Authorization": f"Bearer {mine.reserved}"}
    return {
        "client": token | {"Property": str(int48(mine.business))},
        "another's property": token | {"Property": str(int48(theirs.business))},
        "nobody": {},
    }


NOBODYS = ("nobody",)
WHERE = {"service_id": "{mine.service:int48}", "room_id": "{mine.location:int48}"}
RESERVATION = WHERE | {
    "start_date": "2026-06-24",
    "start_hour": "10:00:00",
    "pax": 1,
    "channel": "OCTOTABLE_ADMIN",
    "customer": {"first_name": "Eve", "email": "eve@intruder.example"},
}
SERVICE = {
    "name": "Brunch",
    "average_stay": 60,
    "days_of_week": ["SUN"],
    "start_time": "10:00:00",
    "end_time": "12:00:00",
    "max_advance": 60,
}
SANDBOX = {
    "redirect_uri": "http://localhost:8183/",
    "name": "Another",
    "username": "another.client",
    "password": "aLong-passphrase1",
    "email": "eve@intruder.example",
}
TOKEN = {
    "grant_type": "client_credentials",
    "client_id": "public_1",
    "client_secret": "{theirs.business}",
}
HOOK = {"endpoint": "https://hooks.intruder.example/", "webhook_type": "RESERVATION_CREATED"}


def about(**changes: Any) -> dict[str, Any]:
    return RESERVATION | changes


def _tables(rooms: str, table: str) -> list[Ask]:
    """A table by both of its names."""
    of = f"{PMS}/{rooms}/{{theirs.section:int48}}/{table}/{{theirs.table:int48}}"
    spare = f"{PMS}/{rooms}/{{theirs.section:int48}}/{table}/{{theirs.spare:int48}}"
    mine = f"{PMS}/{rooms}/{{mine.section:int48}}/{table}/{{theirs.table:int48}}"
    return [
        foreign(f"GET {of}"),
        foreign(f"GET {mine}", is_possible=False),
        foreign(f"PUT {of}", {"name": "Other"}),
        foreign(f"PUT {mine}", {"name": "Other"}, is_possible=False),
        foreign(f"DELETE {spare}"),
    ]


ASKS = [
    # Who.
    *(
        own(f"POST {each}/api-account/oauth2/client", SANDBOX, doors=NOBODYS)
        for each in (PMS, AUTH)
    ),
    *(
        foreign(f"POST {each}/oauth2/token", TOKEN, doors=NOBODYS, is_possible=False)
        for each in (PMS, AUTH)
    ),
    own(f"GET {PMS}/properties"),
    own(f"POST {PMS}/properties", {"name": "More"}),
    foreign(f"GET {PMS}/properties/{{theirs.business:int48}}"),
    foreign(f"PUT {PMS}/properties/{{theirs.business:int48}}", {"city": "Elsewhere"}),
    foreign(f"DELETE {PMS}/properties/{{theirs.business:int48}}", is_possible=False),
    # Where and what.
    own(f"GET {PMS}/rooms"),
    own(f"POST {PMS}/rooms", {"name": "More"}),
    foreign(f"GET {PMS}/rooms/{{theirs.section:int48}}"),
    foreign(f"GET {PMS}/rooms/{{theirs.location:int48}}"),
    foreign(f"PUT {PMS}/rooms/{{theirs.section:int48}}", {"name": "Other"}),
    foreign(f"DELETE {PMS}/rooms/{{theirs.section:int48}}", is_possible=False),
    own(f"GET {PMS}/tables"),
    foreign(f"GET {PMS}/tables?start_date=2026-06-24&service_id={{theirs.service:int48}}"),
    foreign(f"GET {PMS}/room/{{theirs.section:int48}}/tables"),
    foreign(f"GET {PMS}/rooms/{{theirs.section:int48}}/tables"),
    foreign(f"POST {PMS}/room/{{theirs.section:int48}}/table", {"name": "Other", "guests_max": 4}),
    foreign(
        f"POST {PMS}/rooms/{{theirs.section:int48}}/tables", {"name": "Other", "guests_max": 4}
    ),
    foreign(
        f"POST {PMS}/room/{{mine.section:int48}}/table",
        {
            "name": "Both",
            "group": True,
            "table_ids": ["{mine.other:int48}", "{theirs.table:int48}"],
        },
        is_possible=False,
    ),
    *_tables("room", "table"),
    *_tables("rooms", "tables"),
    own(f"GET {PMS}/services"),
    own(f"POST {PMS}/services", SERVICE),
    foreign(f"GET {PMS}/services/{{theirs.service:int48}}"),
    foreign(f"PUT {PMS}/services/{{theirs.service:int48}}", {"name": "Other"}),
    foreign(f"DELETE {PMS}/services/{{theirs.service:int48}}"),
    # When.
    own(f"GET {PMS}/bookings/slots?start_date=2026-06-24&pax=1"),
    foreign(f"GET {PMS}/bookings/slots?service_id={{theirs.service:int48}}"),
    foreign(
        f"GET {PMS}/bookings/rooms?start_date=2026-06-24&start_hour=10:00:00&pax=1"
        "&service_id={theirs.service:int48}"
    ),
    own(f"GET {PMS}/bookings/list"),
    # Reservations.
    own(f"GET {PMS}/reservations?text_search={{theirs.word}}"),
    own(f"GET {PMS}/reservations?room_ids[]={{theirs.section:int48}}"),
    own(f"GET {PMS}/reservations?service_ids[]={{theirs.service:int48}}"),
    own(f"POST {PMS}/reservations", RESERVATION),
    foreign(f"POST {PMS}/reservations", about(service_id="{theirs.service:int48}")),
    foreign(f"POST {PMS}/reservations", about(room_id="{theirs.location:int48}")),
    foreign(
        f"POST {PMS}/reservations",
        about(room_id="{mine.section:int48}", table_ids=["{theirs.table:int48}"]),
        is_possible=False,
    ),
    foreign(f"GET {PMS}/reservations/{{theirs.booking:int48}}"),
    foreign(f"PUT {PMS}/reservations/{{theirs.booking:int48}}", {"notes": "Other"}),
    foreign(
        f"PUT {PMS}/reservations/{{mine.booking:int48}}",
        {"customer": {"id": "{theirs.guest:int48}"}},
    ),
    foreign(
        f"PUT {PMS}/reservations/{{mine.booking:int48}}",
        {"service_id": "{theirs.service:int48}", "room_id": "{mine.location:int48}"},
        is_possible=False,
    ),
    foreign(
        f"PATCH {PMS}/reservations/{{theirs.promised:int48}}?status=CONFIRMED", is_possible=True
    ),
    foreign(f"DELETE {PMS}/reservations/{{theirs.booking:int48}}"),
    foreign(f"PATCH {PMS}/reservations/{{theirs.booking:int48}}/checkin"),
    foreign(f"PATCH {PMS}/reservations/{{theirs.booking:int48}}/checkout"),
    own(f"POST {PMS}/reservations/google", {"enable_google_engine": True}),
    # Who listens.
    own(f"GET {PMS}/webhooks/subscriptions"),
    own(f"POST {PMS}/webhooks/subscription", HOOK),
    foreign(f"GET {PMS}/webhooks/subscription/{{theirs.subscription:int48}}"),
    foreign(f"DELETE {PMS}/webhooks/subscription/{{theirs.subscription:int48}}"),
    own(f"GET {PMS}/orders"),
    # Pages for guests.
    *(
        anybodys(
            f"{method} /restaurant/{{theirs.business:int48}}/{name}",
            why="Whoever wants to eat somewhere looks at its page, and books there.",
        )
        for method, name in (
            ("GET", "welcome"),
            ("GET", "booking/home"),
            ("GET", "booking/new"),
            ("POST", "booking/new"),
        )
    ),
]
