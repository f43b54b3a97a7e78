"""Bodies that can't be read, at every door: refused in its own words, with nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Business
from bookings.models import Booking
from tests.api.tenants import Tenant, tenant
from tests.builders import NOW

BODIES = {
    "arrays in arrays": b"[" * 100_000,
    "objects in objects": b'{"a":' * 20_000,
    "deep and well-formed": b'{"a":' * 150 + b"1" + b"}" * 150,
    "half a surrogate pair": rb'{"status": "\ud800", "scopes": ["\udfff"]}',
    "not Unicode": b'{"first_name": "\xff"}',
    "not a number": b'{"capacity": NaN}',
    "more than we read": b'{"notes": "' + b"x" * 3_000_000 + b'"}',
}
AT: dict[str, Any] = {"openbook.now": NOW}
NOT_JSON = "The body is not valid JSON."
TOO_LARGE = "more than we read"


def bad(text: str) -> dict[str, Any]:
    return {"error": {"code": "bad_request", "message": text}}


def both(text: str) -> dict[str, Any]:
    return bad(text) | {"detail": text}


def listed(text: str) -> dict[str, Any]:
    told = "JSON decode error" if text == NOT_JSON else text
    return {"detail": [{"loc": ["body"], "msg": told, "type": "value_error"}]}


def named(text: str) -> dict[str, Any]:
    return {"statusCode": 400, "error": "Bad Request", "message": text}


def octotable(text: str) -> dict[str, Any]:
    error = {
        "code": "INVALID_PARAMETER",
        "message": text,
        "class_name": "InvalidParameterException",
    }
    return {"success": False, "error": error}


def google(text: str) -> dict[str, Any]:
    return {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": text}}


DOORS = {
    "POST /v1/dynamic/bookings": (both, 400),
    "POST /v1/holds": (both, 400),
    "POST /v1/bookings/": (bad, 400),
    "PATCH /v1/manage/bookings/{mine.booking}": (bad, 400),
    "POST /v1/manage/api-keys": (bad, 400),
    "POST /api/v1/appointments": (listed, 422),
    "PUT /api/v1/appointments/{mine.booking:hex24}": (listed, 422),
    "POST /appointedd/v1/bookings": (named, 400),
    "POST /appointedd/v1/availability/intervals/search": (named, 400),
    "POST /octotable-pms/api/v2/reservations": (octotable, 400),
    "POST /google/v3/CreateBooking": (google, 400),
}


@pytest.fixture
def mine(db: None) -> Tenant:
    return tenant("Quillon", "+447700900456")


def headers(line: str, mine: Tenant) -> dict[str, str]:
    path = line.partition(" ")[2]
    if path.startswith("/v1"):
        return {"Authorization": f"Bearer {mine.key}"}
    if path.startswith("/api"):
        return {"Authorization": f"Bearer {mine.staff_token}"}
    if path.startswith("/appointedd"):
        return {"X-API-KEY": mine.desk_key}
    if path.startswith("/google"):
        return {"Authorization": mine.google_door}
    return {"Authorization": f"Bearer {mine.reserved}", "Property": f"{mine.business:int48}"}


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize("line", DOORS)
def test_what_cant_be_read_is_refused(line: str, what: str, client: Client, mine: Tenant) -> None:
    before = (Booking.objects.count(), Business.objects.count())
    method, _, path = line.partition(" ")
    answer = client.generic(
        method,
        path.format(mine=mine),
        BODIES[what],
        "application/json",
        headers=headers(line, mine),
        **AT,
    )
    text = "The body is too large." if what == TOO_LARGE else NOT_JSON
    envelope, status = DOORS[line]
    assert (answer.status_code, answer.json()) == (status, envelope(text))
    assert (Booking.objects.count(), Business.objects.count()) == before


LISTS = {
    "/v1/manage/bookings": (bad, 400),
    "/v1/availability/{mine.business}": (bad, 400),
    "/api/v1/appointments": (listed, 422),
    "/appointedd/v1/bookings": (named, 400),
    "/octotable-pms/api/v2/reservations": (octotable, 400),
}


@pytest.mark.parametrize("path", LISTS)
def test_a_thousand_parameters_are_too_many(path: str, client: Client, mine: Tenant) -> None:
    query = "&".join(["a=1"] * 1001)
    answer = client.get(
        f"{path.format(mine=mine)}?{query}", headers=headers(f"GET {path}", mine), **AT
    )
    envelope, status = LISTS[path]
    told = "There are too many parameters."
    assert (answer.status_code, answer.json()) == (status, envelope(told))


def test_what_is_deep_enough_for_any_request_is_read(client: Client, mine: Tenant) -> None:
    body = b'{"unknown": ' + b"[" * 20 + b"]" * 20 + b', "status": "nothing"}'
    answer = client.patch(
        f"/v1/manage/bookings/{mine.booking}",
        body,
        "application/json",
        headers={"Authorization": f"Bearer {mine.key}"},
        **AT,
    )
    assert (answer.status_code, answer.json()["error"]["errors"]) == (
        422,
        [{"field": "status", "message": '"nothing" is not a valid choice.'}],
    )
