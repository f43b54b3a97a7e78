"""Each protocol is known wherever one has to be: a folder that a place forgot is named here."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from django.urls import URLResolver

from accounts.models import Channel
from bookings import relay
from config.routing import Beginning
from config.urls import urlpatterns
from tests.api.doors import DOORS

ROOT = Path(__file__).resolve().parent.parent.parent
PROTOCOLS = sorted(each.parent.name for each in (ROOT / "bookings" / "api").glob("*/urls.py"))
LOGINS = {"myreserva"}  # who comes in with a password and not with a key


def independent() -> set[str]:
    """The folders that the import contract keeps apart."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = config["tool"]["importlinter"]["contracts"]
    (found,) = (each for each in contracts if each["type"] == "independence")
    return {each.rpartition(".")[2] for each in found["modules"]}


def routed() -> set[str]:
    """The protocols that paths lead to."""
    return {
        each.urlconf_name.split(".")[2]
        for each in urlpatterns
        if isinstance(each, URLResolver)
        and isinstance(each.pattern, Beginning)
        and isinstance(each.urlconf_name, str)
    }


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_known_wherever_one_has_to_be(name: str) -> None:
    known = {
        "config/urls.py": name in routed(),
        "the import contract": name in independent(),
        "Channel.Protocol": name in {*Channel.Protocol.values, *LOGINS},
        "relay.VOICES": name in relay.VOICES or not has(name, "notices.py"),
        "tests/api/doors.py": name in {each.name for each in DOORS},
        "tenancy.py": (ROOT / "tests" / "api" / name / "tenancy.py").exists(),
        "its page": (ROOT / "docs" / "protocols" / f"{name}.md").exists(),
        "README.md": f"docs/protocols/{name}.md" in (ROOT / "README.md").read_text(),
        "docs/README.md": f"protocols/{name}.md" in (ROOT / "docs" / "README.md").read_text(),
    }
    assert [place for place, is_known in known.items() if not is_known] == []


def has(name: str, file: str) -> bool:
    return (ROOT / "bookings" / "api" / name / file).exists()


def test_nothing_is_known_that_isn_t_there() -> None:
    assert independent() == routed() == set(PROTOCOLS)
    assert {each.name for each in DOORS} == set(PROTOCOLS)
    assert {*Channel.Protocol.values, *LOGINS} == set(PROTOCOLS)
    assert set(relay.VOICES) <= set(PROTOCOLS)
