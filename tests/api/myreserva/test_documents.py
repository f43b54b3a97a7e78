"""The examples of the protocol's page, run in its order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.myreserva.conftest import Caller, Spa

PAGE = Path(__file__).resolve().parents[3] / "docs" / "protocols" / "myreserva.md"
BLOCK = re.compile(
    r"```http\n(?P<method>[A-Z]+) (?P<path>\S+)\n(?P<body>.*?)\n?\n"
    r"(?P<status>\d{3})\n(?P<answer>.*?)```",
    re.DOTALL,
)
ANY = "…"


def compare(shown: Any, given: Any, known: dict[str, str], at: str = "") -> None:
    """What the page shows is what is given; `<name>` is learnt the first time."""
    if isinstance(shown, dict):
        assert isinstance(given, dict), at
        wanted = {name: each for name, each in shown.items() if name != ANY}
        missing = set(wanted) - set(given)
        assert not missing, (at, missing)
        assert ANY in shown or set(given) == set(wanted), (at, set(given) ^ set(wanted))
        for name, each in wanted.items():
            compare(each, given[name], known, f"{at}.{name}")
    elif isinstance(shown, list):
        assert len(shown) == len(given), at
        for number, each in enumerate(shown):
            compare(each, given[number], known, f"{at}.{number}")
    elif isinstance(shown, str) and re.fullmatch("<[a-z]+>", shown):
        assert known.setdefault(shown, given) == given, at
    elif shown != ANY:
        assert shown == given, at


def caller_for(path: str, spa: Spa) -> Caller:
    if path.startswith(("/api/v1/public/", "/api/v1/auth/", "/api/v1/customer/auth/")):
        return spa.public
    return spa.customer if path.startswith("/api/v1/customer/") else spa.owner


def test_every_example_is_true(spa: Spa) -> None:
    spa.business.slug = "bliss"
    spa.business.save()
    spa.works()
    known: dict[str, str] = {}
    examples = list(BLOCK.finditer(PAGE.read_text()))
    assert len(examples) == PAGE.read_text().count("```http")
    for each in examples:
        path = each["path"]
        for name, value in known.items():
            path = path.replace(name, value)
        body = json.loads(each["body"]) if each["body"].strip() else None
        answer = caller_for(path, spa).send(each["method"], path.removeprefix("/api/v1/"), body)
        where = f"{each['method']} {path}: {answer.content.decode()}"
        assert answer.status_code == int(each["status"]), where
        compare(json.loads(each["answer"]), answer.json(), known, path)


def test_the_limit_is_shown_as_it_is() -> None:
    shown = re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown
    limit = json.loads((Path(__file__).parent / "examples" / "limit_reply.json").read_text())
    assert json.loads(shown[1]) == limit


@pytest.mark.parametrize("wrong", [{"a": 2}, {"a": 1, "b": 2}, {}])
def test_an_untrue_example_is_noticed(wrong: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        compare({"a": 1}, wrong, {})
