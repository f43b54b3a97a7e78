"""Reading what was sent, for every protocol: JSON that can't be kept or said again is refused here,
before any rule looks at it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import HttpRequest, UnreadablePostError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST = 100  # levels of one value in another; no request has ten
NOT_JSON = "The body is not valid JSON."


def json_in(raw: bytes) -> Any:
    """The value that was sent. Raises ValueError for what isn't JSON, is nested too deeply, or has
    half a surrogate pair in it: that is no text, so it could be neither kept nor answered."""
    try:
        found = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("Nested too deeply.") from None
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _depth(found) > DEEPEST:
        raise ValueError("Nested too deeply.")
    if b"\\u" in raw:
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


def _depth(found: Any) -> int:
    """How many levels of one value in another there are."""
    depth, level = 0, [found]
    while level:
        depth += 1
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def body_of(request: HttpRequest) -> Any:
    """The value that was sent. Raises one of UNREADABLE."""
    try:
        return json_in(request.body)
    except ValueError:
        raise ParseError(NOT_JSON) from None


class Json(JSONParser):
    """The same, for views of REST framework."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return body_of(parser_context["request"]._request)


UNREADABLE = (ParseError, SuspiciousOperation, UnreadablePostError)


def why(error: Exception) -> str:
    """What is said of a request that couldn't be read."""
    match error:
        case ParseError():
            return str(error.detail)
        case RequestDataTooBig():
            return "The body is too large."
        case TooManyFieldsSent():
            return "There are too many parameters."
        case SuspiciousOperation():
            return "The request can't be read."
        case _:
            return "The body broke off."
