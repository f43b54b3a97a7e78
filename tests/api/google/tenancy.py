"""What a tenant asks of another one as Google would (see tests/api/tenants.py)."""

from tests.api.tenants import Tenant, anybodys, foreign, own

SLASHES = True
REFUSALS = {400, 401, 404}
START = "1782327600"  # 19:00 UTC, five days after the clock of the tests


def doors(mine: Tenant, theirs: Tenant) -> dict[str, dict[str, str]]:
    return {
        "credentials": {"Authorization": mine.google_door},
        "a key of another protocol": {"Authorization": f"Bearer {mine.key}"},
        "nobody": {},
    }


KEYS = ("credentials",)
BASE = "/google/v3"
USER = {
    "user_id": "7",
    "given_name": "Eve",
    "family_name": "Intruder",
    "telephone": "+4915100000001",
    "email": "eve@intruder.example",
}


def slot(merchant: str, service: str, **resources: str) -> dict[str, object]:
    return {
        "merchant_id": f"{{{merchant}.location}}",
        "service_id": f"{{{service}.service}}",
        "start_sec": START,
        "duration_sec": "3600",
        "resources": resources,
    }


def lookup(merchant: str, service: str, **resources: str) -> dict[str, object]:
    asked = slot(merchant, service, **resources)
    del asked["merchant_id"]
    return {"merchant_id": f"{{{merchant}.location}}", "slot_time": [asked]}


def creation(merchant: str, service: str, **resources: str) -> dict[str, object]:
    return {
        "slot": slot(merchant, service, **resources),
        "user_information": USER,
        "idempotency_token": "1",
    }


THERAPIST = {"staff_id": "{theirs.therapist}"}

ASKS = [
    own(f"GET {BASE}/HealthCheck", doors=KEYS),
    own(f"GET {BASE}/healthcheck", doors=KEYS),
    own(f"POST {BASE}/BatchAvailabilityLookup", lookup("mine", "mine"), doors=KEYS),
    foreign(f"POST {BASE}/BatchAvailabilityLookup", lookup("theirs", "theirs")),
    # Whatever isn't there is not free, whoever else has it.
    foreign(f"POST {BASE}/BatchAvailabilityLookup", lookup("mine", "theirs"), says=(200,)),
    foreign(
        f"POST {BASE}/BatchAvailabilityLookup", lookup("mine", "mine", **THERAPIST), says=(200,)
    ),
    foreign(f"POST {BASE}/batchavailabilitylookup", lookup("theirs", "theirs")),
    foreign(f"POST {BASE}/CreateBooking", creation("theirs", "theirs")),
    foreign(f"POST {BASE}/CreateBooking", creation("mine", "theirs")),
    foreign(f"POST {BASE}/CreateBooking", creation("mine", "mine", **THERAPIST), says=(200,)),
    foreign(
        f"POST {BASE}/UpdateBooking",
        {"booking": {"booking_id": "{theirs.googled}", "status": "CANCELED"}},
    ),
    foreign(
        f"POST {BASE}/UpdateBooking",
        {"booking": {"booking_id": "{theirs.googled}", "slot": {"start_sec": START}}},
    ),
    foreign(
        f"POST {BASE}/UpdateBooking",
        {"booking": {"booking_id": "{theirs.booking}", "status": "CANCELED"}},
        is_possible=False,  # it was made through another door
    ),
    foreign(f"POST {BASE}/GetBookingStatus", {"booking_id": "{theirs.googled}"}),
    own(f"POST {BASE}/ListBookings", {"user_id": "{theirs.word}-user"}, doors=KEYS),
    anybodys(
        f"POST {BASE}/CheckAvailability",
        {"slot": slot("theirs", "theirs")},
        why="Switched off, so it says the same to all.",
        says=(501,),
    ),
    own(
        f"POST {BASE}/SetMarketingPreference",
        {"user_information": USER | {"user_id": "{theirs.word}-user"}},
        doors=KEYS,
    ),
]
