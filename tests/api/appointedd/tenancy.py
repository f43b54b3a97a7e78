"""What an organisation asks of another one over Appointedd (see tests/api/tenants.py)."""

from bookings.api.appointedd import ids
from tests.api.tenants import FORMS, Tenant, foreign, own

SLASHES = False
FORMS["slot"] = lambda key: ids.written(key, ids.RESERVATION)
FORMS["participant"] = lambda key: ids.written(key, ids.PARTICIPANT)


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    return {
        "key": {"X-API-KEY": mine.desk_key},
        "nobody": {},
        "a key of another door": {"X-API-KEY": mine.key},
        "a person": {"Authorization": f"Bearer {mine.token}"},
    }


V1 = "/appointedd/v1"
RANGES = [{"start": "2026-06-22T00:00:00Z", "end": "2026-06-23T00:00:00Z"}]
THEIRS = {"service_id": "{theirs.service:hex24}"}
MINE = {"service_id": "{mine.service:hex24}"}
WHEN = {"start": "2026-06-22T10:00:00Z"}
EVE = {"customer": {"profile": {"firstname": "Eve", "lastname": "Intruder"}}}
MOVED = {"parts": [{"start": "2026-06-22T10:00:00Z", "end": "2026-06-22T11:00:00Z"}]}
SEARCH = f"POST {V1}/availability/intervals/search"
DAYS = f"POST {V1}/availability/days/search"
SLOTS = f"{V1}/availability/slots"
SEAT = f"{V1}/bookings/{{theirs.session:hex24}}/customers/{{theirs.seat:participant}}"
SOLO = f"{V1}/bookings/{{theirs.booking:hex24}}"

ASKS = [
    # What can be booked.
    own(f"GET {V1}/services"),
    own(f"GET {V1}/services?ids={{theirs.service:hex24}}"),
    foreign(f"GET {V1}/services?start={{theirs.service:hex24}}", says=(400,)),
    own(f"GET {V1}/services/categories"),
    own(f"GET {V1}/resources"),
    own(f"GET {V1}/resources?services={{theirs.service:hex24}}"),
    own(f"GET {V1}/resources/groups?ids={{theirs.section:hex24}}"),
    # When.
    foreign(SEARCH, {"ranges": RANGES, **THEIRS}),
    foreign(SEARCH, {"ranges": RANGES, **MINE, "resource_ids": ["{theirs.therapist:hex24}"]}),
    foreign(SEARCH, {"ranges": RANGES, **MINE, "resource_group_ids": ["{theirs.section:hex24}"]}),
    foreign(DAYS, {"ranges": ["2026-06-22"], **THEIRS}),
    own(DAYS, {"ranges": ["2026-06-22"], "duration": 60}),
    # Reservations.
    own(f"GET {SLOTS}"),
    foreign(f"GET {SLOTS}?end={{theirs.hold:slot}}", says=(400,)),
    foreign(f"GET {SLOTS}/{{theirs.hold:slot}}"),
    foreign(f"DELETE {SLOTS}/{{theirs.hold:slot}}"),
    foreign(f"POST {SLOTS}", {"data": {**WHEN, **THEIRS}}),
    foreign(f"POST {SLOTS}", {"data": {**WHEN, **MINE, "resource_id": "{theirs.therapist:hex24}"}}),
    # Bookings.
    own(f"GET {V1}/bookings"),
    own(f"GET {V1}/bookings?ids={{theirs.booking:hex24}},{{theirs.session:hex24}}"),
    own(f"GET {V1}/bookings?services={{theirs.service:hex24}}"),
    own(f"GET {V1}/bookings?resources={{theirs.table:hex24}}"),
    own(f"GET {V1}/bookings?customers={{theirs.guest:hex24}}"),
    own(f"GET {V1}/bookings?categories={{theirs.category:hex24}}"),
    foreign(f"GET {V1}/bookings?start={{theirs.booking:hex24}}", says=(400,)),
    foreign(f"POST {V1}/bookings", {"slot_id": "{theirs.hold:slot}", "data": {"customers": [EVE]}}),
    foreign(f"PUT {SOLO}", {"data": MOVED}),
    foreign(
        f"PUT {V1}/bookings/{{mine.session:hex24}}",
        {"data": {"resource_id": "{theirs.therapist:hex24}"}},
    ),
    foreign(
        f"PUT {V1}/bookings/{{mine.session:hex24}}",
        {"data": {"service_id": "{theirs.service:hex24}"}},
    ),
    foreign(f"POST {SOLO}/cancel"),
    foreign(f"POST {V1}/bookings/{{theirs.session:hex24}}/cancel"),
    foreign(f"PUT {SEAT}", {"data": {"notes": "Eve was here"}}),
    foreign(f"POST {SEAT}/cancel"),
    foreign(
        f"POST {V1}/bookings/{{mine.session:hex24}}/customers/{{theirs.seat:participant}}/cancel"
    ),
    # Who comes.
    own(f"GET {V1}/customers"),
    own(f"GET {V1}/customers?ids={{theirs.guest:hex24}}"),
    own(f"POST {V1}/customers", {"data": {**EVE["customer"]}}),
    own(
        f"POST {V1}/customers",
        {"profile": {"firstname": "Eve", "lastname": "I", "mobile": "{theirs.phone}"}},
    ),
    foreign(f"GET {V1}/customers/{{theirs.guest:hex24}}"),
    foreign(f"PUT {V1}/customers/{{theirs.guest:hex24}}", {"profile": {"firstname": "Eve"}}),
    # Who wants to hear of it.
    own(f"GET {V1}/webhooks"),
    own(
        f"POST {V1}/webhooks",
        {"data": {"url": "https://hooks.quillon.example/", "events": ["booking_created"]}},
    ),
    foreign(f"DELETE {V1}/webhooks/{{theirs.listener:hex24}}"),
    # The guests' links: with no token of ours they lead nowhere.
    foreign(
        "GET /appointedd/reschedule?token=0&participantId={theirs.booking:participant}",
        is_possible=False,
    ),
]
