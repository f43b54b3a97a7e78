"""Whatever is sent to the management surface, it has an answer of its own."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.limits import limiter
from bookings.api.availengine.urls import urlpatterns
from tests.api.availengine.conftest import Contract, example

FIELDS = [
    "name", "slug", "business_type", "booking_mode", "slot_interval_minutes", "buffer_minutes",
    "timezone", "currency", "deposit_enabled", "deposit_amount_cents", "max_advance_days",
    "day_of_week", "is_open", "open_time", "close_time", "start_date", "end_date", "reason",
    "scopes", "rate_limit_rpm", "resource_type", "capacity_min", "capacity_max", "section", "units",
    "display_order", "is_active", "starts_at", "ends_at", "duration_minutes", "price_cents",
    "requirements", "resource_ids", "capacity", "booking_date", "start_time", "status",
    "resource_id", "service_id", "customer_notes", "first_name", "email", "phone", "notes",
    "customer", "preferred_date", "url", "events", "plan", "password", "client_secret",
    "business_id", "hold_minutes", "is_dev", "date", "q", "cursor", "limit", "from", "to",
]  # fmt: skip
TEXTS = st.sampled_from(
    ["2026-06-20", "19:00", "2026-06-20T19:00:00Z", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-12:00", "9999-12-31", "confirmed", "Europe/Vienna", "read", "table",
     "+1234567890", "a@example.com", "\0", "\ud800", "", str(uuid.UUID(int=4))]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
    ),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=12) | VALUES
ROUTES = [
    str(each.pattern)
    for each in urlpatterns
    if str(each.pattern).startswith("v1/") and not str(each.pattern).endswith("/")
]


def paths(contract: Contract) -> list[str]:
    """Every route, its ids those of something that is there where that is a resource."""
    table = str(contract.tables[0].pk)
    made = contract.business.bookings.all()[0]
    ids = {
        "business_id": contract.business.pk,
        "slug": contract.business.slug,
        "resource_id": table,
        "booking_id": made.pk,
        "customer_id": made.guest_id,
    }
    found = []
    for route in ROUTES:
        path = re.sub(r"<str:(\w+)>", lambda m: str(ids.get(m[1], uuid.UUID(int=4))), route)
        found.append(f"/{path}")
    return found


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT"])
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=BODIES)
def test_nothing_that_is_sent_makes_it_fail(contract: Contract, method: str, body: Any) -> None:
    limiter().forget()  # whatever is answered, it isn't that this is too often
    for path in paths(contract):
        if method == "GET":
            query = body if isinstance(body, dict) else {"q": body, "cursor": body, "limit": body}
            response = contract.api.get(
                path, **{k: str(v).encode(errors="replace") for k, v in query.items()}
            )
        else:
            response = contract.api.send(method, path, body)
        assert response.status_code < 500, (path, body, response.content)
        if response.status_code >= 400:
            assert response.json()["error"].keys() >= {"code", "message"}


def test_every_route_is_there_in_both_forms() -> None:
    known = {str(each.pattern) for each in urlpatterns}
    assert {f"{route}/" for route in ROUTES} <= known


@pytest.mark.parametrize(
    "method, path, body, wrong",
    [
        ("PATCH", "/v1/manage/bookings/{id}", {"capacity": 0}, "capacity"),
        ("PATCH", "/v1/manage/resources/{id}", {"capacity_max": 0}, "capacity_max"),
        ("POST", "/v1/manage/resources/{id}/blocks", {"starts_at": "now"}, "starts_at"),
        ("PATCH", "/v1/manage/services/{id}", {"duration_minutes": 0}, "duration_minutes"),
        ("PATCH", "/v1/manage/blackout-dates/{id}", {"start_date": "soon"}, "start_date"),
        ("PATCH", "/v1/manage/customers/{id}", {"email": "nobody"}, "email"),
        ("POST", "/v1/waitlist/{id}", {"preferred_date": "soon"}, "preferred_date"),
        ("GET", "/v1/availability/{id}?date=soon", None, "date"),
    ],
)
def test_what_is_wrong_is_said_before_what_is_not_there(
    method: str, path: str, body: Any, wrong: str, contract: Contract
) -> None:
    answer = contract.api.send(method, path.format(id=uuid.UUID(int=7)), body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "validation_error")
    assert wrong in [each["field"] for each in error["errors"]]


@pytest.mark.parametrize(
    "method, path, body, field",
    [
        ("POST", "/v1/dynamic/bookings", {}, "first_name"),
        ("POST", "/v1/dynamic/bookings", {}, "phone"),
        ("POST", "/v1/dynamic/bookings", {}, "customer_notes"),
        ("POST", "/v1/bookings/", {}, "last_name"),
        ("POST", "/v1/manage/resources", {}, "name"),
        ("POST", "/v1/manage/resources", {"name": "Table 9"}, "section"),
        ("PATCH", "/v1/manage/business", {}, "slug"),
        ("POST", "/v1/manage/customers", {}, "phone"),
        ("POST", "/v1/auth/developer/register", {}, "password"),
    ],
)
def test_a_number_is_no_text(
    method: str, path: str, body: dict[str, Any], field: str, contract: Contract
) -> None:
    if "bookings" in path:
        body = example("dynamic_booking_request") | {"business_id": str(contract.business.pk)}
    for wrong in (12345678, 1.5, True, ["text"], {"text": 1}):
        answer = contract.api.send(method, path, body | {field: wrong})
        assert answer.status_code == 422, answer.content
        assert field in [each["field"] for each in answer.json()["error"]["errors"]]
    assert contract.business.bookings.count() == 2
