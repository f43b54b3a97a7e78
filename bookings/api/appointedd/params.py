"""Query strings, with every way that clients write an array."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from django.http import QueryDict

from bookings.api.appointedd.gate import bad_request

MOST = 200  # values of one array


def several(query: QueryDict, name: str) -> list[str]:
    """An array: `a`, `a` repeated, `a[]`, `a[0]`, a JSON array, or one value with commas."""
    indexed = re.compile(rf"{re.escape(name)}\[\d{{0,4}}\]")
    given = [
        text
        for key in query
        if key == name or indexed.fullmatch(key)
        for text in query.getlist(key)
    ]
    found = [each for text in given for each in _split(text, name)]
    if len(found) > MOST:
        raise bad_request(f"{name} has more than {MOST} values")
    return found


def _split(text: str, name: str) -> list[str]:
    if not text.startswith("["):
        return [each.strip() for each in text.split(",") if each.strip()]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_request(f"{name} is not a JSON array") from None
    if not (isinstance(found, list) and all(isinstance(each, str) for each in found)):
        raise bad_request(f"{name} must be an array of strings")
    return found


def one_of(query: QueryDict, name: str, choices: Sequence[str], default: str) -> str:
    """One of some words. Raises Refusal."""
    text = query.get(name, default)
    if text not in choices:
        raise bad_request(f"{name} must be one of {', '.join(choices)}")
    return text


DIRECTIONS = {"ascending": False, "asc": False, "descending": True, "desc": True}


def is_descending(query: QueryDict) -> bool:
    """The direction that `order_by` asks for; the newest first unless it says otherwise."""
    return DIRECTIONS[one_of(query, "order_by", list(DIRECTIONS), "descending")]
