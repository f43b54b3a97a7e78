"""Who counts against which limit when nobody says who they are."""

from __future__ import annotations

from typing import Any

import pytest

from bookings.api.availengine.gate import ANONYMOUS_RPM
from tests.api.availengine.conftest import Contract

pytestmark = pytest.mark.django_db


def left(contract: Contract, forwarded: str = "") -> int:
    """What is left of the minute of whoever asks from there."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    contract.api.credential = ""
    reply = contract.api.get(f"/v1/public/hours/{contract.business.pk}", headers=headers)
    return int(reply.headers["X-RateLimit-Remaining"])


@pytest.mark.parametrize(
    "proxies, asked, remain",
    [
        (0, ["203.0.113.1", "203.0.113.2", ""], [59, 58, 57]),  # anybody could have written them
        (1, ["203.0.113.1", "203.0.113.2", "203.0.113.1"], [59, 59, 58]),
        (1, ["198.51.100.1, 203.0.113.1", "198.51.100.2, 203.0.113.1"], [59, 58]),  # one liar
        (2, ["203.0.113.1, 10.0.0.1", "203.0.113.2, 10.0.0.1", "203.0.113.1"], [59, 59, 59]),
        (2, ["", ""], [59, 58]),
    ],
)
def test_an_anonymous_caller_is_known_by_address(
    contract: Contract, settings: Any, proxies: int, asked: list[str], remain: list[int]
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert ANONYMOUS_RPM == 60
    assert [left(contract, each) for each in asked] == remain
