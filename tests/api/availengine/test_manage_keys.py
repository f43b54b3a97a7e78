"""API keys over the wire (T51, T52)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.keys import digest
from accounts.models import Channel, Idempotency
from tests.api.availengine.conftest import Contract
from tests.api.availengine.words import NOT_FOUND, invalid, person, refused, stranger
from tests.builders import business, channel, key

KEYS = "/v1/manage/api-keys"
WIDGET = {"name": "Widget", "scopes": ["read", "write"], "rate_limit_rpm": 120}


def shown(row: Channel, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "rate_limit_rpm": row.rate_limit_rpm,
        "is_active": True,
        "created_at": f"{row.created_at:%Y-%m-%dT%H:%M:%SZ}",
    } | changes


def test_t51_a_key_is_shown_once(contract: Contract) -> None:
    response = contract.api.post(KEYS, WIDGET)
    made = Channel.objects.get(name="Widget")
    plain = response.json()["key"]
    assert (response.status_code, response.json()) == (201, shown(made, key=plain))
    assert re.fullmatch(r"avail_live_[A-Za-z0-9_-]{32,}", plain)
    assert (made.key_hash, made.prefix) == (digest(plain), plain[:16])
    own = Channel.objects.get(name="Test")
    listed = contract.api.get(KEYS)
    assert (listed.status_code, listed.json()) == (
        200,
        {
            "items": [shown(made, last_used_at=None), shown(own, last_used_at=None)],
            "next_cursor": None,
            "has_more": False,
        },
    )
    assert plain not in listed.content.decode()
    assert contract.caller(plain).get("/v1/manage/business").status_code == 200


def test_t52_a_deleted_key_opens_nothing(contract: Contract) -> None:
    made = contract.api.post(KEYS, WIDGET).json()
    assert contract.api.delete(f"{KEYS}/{made['id']}").status_code == 204
    response = contract.caller(made["key"]).get("/v1/manage/business")
    assert (response.status_code, response.json()) == (
        401,
        refused("invalid_token", "Could not validate credentials"),
    )
    assert [each["name"] for each in contract.api.get(KEYS).json()["items"]] == ["Test"]
    response = contract.api.delete(f"{KEYS}/{made['id']}")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_a_sandbox_has_test_keys(contract: Contract) -> None:
    sandbox = contract.caller(key(business("Sandbox", is_dev=True)))
    assert sandbox.post(KEYS, WIDGET).json()["key"].startswith("avail_test_")


def test_a_key_grants_no_more_than_it_holds(contract: Contract) -> None:
    response = contract.api.post(KEYS, WIDGET | {"scopes": ["read", "admin"]})
    assert (response.status_code, response.json()) == (
        403,
        refused("missing_scope", "This key lacks the scope “admin” itself."),
    )
    admin = contract.caller(key(contract.business, "admin"))
    assert admin.post(KEYS, WIDGET | {"scopes": ["admin"]}).status_code == 201
    owner = person(contract, "owner")
    assert owner.post(KEYS, WIDGET | {"scopes": ["admin"]}).status_code == 201


def test_a_key_is_nowhere_kept_not_even_for_a_retry(contract: Contract) -> None:
    sent = {"Idempotency-Key": "one"}
    plain = contract.api.post(KEYS, WIDGET, **sent).json()["key"]
    assert not Idempotency.objects.filter(body__icontains=plain).exists()
    assert not Channel.objects.filter(key_hash=plain).exists()


def test_sixty_requests_a_minute_unless_said(contract: Contract) -> None:
    made = contract.api.post(KEYS, {"name": "Plain", "scopes": ["read"]}).json()
    assert (made["rate_limit_rpm"], made["scopes"]) == (60, ["read"])


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": ""}, {"name": "This field may not be blank."}),
        ({"scopes": []}, {"scopes": "This list may not be empty."}),
        ({"scopes": ["all"]}, {"scopes.0": '"all" is not a valid choice.'}),
        ({"scopes": "read"}, {"scopes": 'Expected a list of items but got type "str".'}),
        ({"rate_limit_rpm": 0},
         {"rate_limit_rpm": "Ensure this value is greater than or equal to 1."}),
        ({"rate_limit_rpm": 100_001},
         {"rate_limit_rpm": "Ensure this value is less than or equal to 100000."}),
    ],
)  # fmt: skip
def test_a_key_that_is_not_valid(
    contract: Contract, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.post(KEYS, WIDGET | changes)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


def test_reading_keys_is_for_owners_and_writers(contract: Contract) -> None:
    made, _ = channel(contract.business)
    for role in ("staff", "manager"):
        caller = person(contract, role)
        for response in (
            caller.get(KEYS),
            caller.post(KEYS, WIDGET),
            caller.delete(f"{KEYS}/{made.pk}"),
        ):
            assert (response.status_code, response.json()) == (
                403,
                refused("insufficient_permissions", "This needs the role “owner”."),
            )
    reader = contract.caller(key(contract.business, "read"))
    for response in (
        reader.get(KEYS),
        reader.send("HEAD", KEYS),
        reader.post(KEYS, WIDGET),
        reader.delete(f"{KEYS}/{made.pk}"),
    ):
        assert response.status_code == 403
        if response.content:  # a HEAD has none
            assert response.json() == refused("missing_scope", "This key lacks the scope “write”.")
    assert person(contract, "owner").get(KEYS).status_code == 200


def test_another_business_s_keys_are_not_there(contract: Contract) -> None:
    made, _ = channel(contract.business)
    other = stranger(contract)
    response = other.delete(f"{KEYS}/{made.pk}")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert len(other.get(KEYS).json()["items"]) == 1  # its own
