"""What the tests of this protocol say again and again: who asks, and how they are refused."""

from __future__ import annotations

from typing import Any

from accounts import tokens
from tests.api.availengine.conftest import Caller, Contract
from tests.builders import NOW, business, key, user

NOT_FOUND = {"error": {"code": "not_found", "message": "Not found."}}


def person(contract: Contract, role: str) -> Caller:
    """Somebody of the business in this role."""
    return contract.caller(tokens.issue(user(of=contract.business, role=role), now=NOW))


def stranger(contract: Contract) -> Caller:
    """A program of another business."""
    return contract.caller(key(business("Other")))


def refused(code: str, message: str, **fields: str) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if fields:
        error["errors"] = [{"field": name, "message": said} for name, said in fields.items()]
    return {"error": error}


def invalid(**fields: str) -> dict[str, Any]:
    return refused("validation_error", "The request is not valid.", **fields)
