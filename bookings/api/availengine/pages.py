"""Pages by keyset: what follows the last row seen, however many rows came or went since.

A cursor is the sort key of the last row of a page, so no page is slower than the first and none
repeats or skips a row that stayed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
T = TypeVar("T")

SIZE = 50
LARGEST = 100


class BadCursor(ValueError):
    """The cursor isn't one of ours, or is of another list."""


class BadLimit(ValueError):
    """The page size is out of range."""


def limit_of(params: Mapping[str, str]) -> int:
    """How many rows a page was asked to have. Raises BadLimit."""
    text = params.get("limit", str(SIZE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST):
        raise BadLimit
    return int(text)


def of_rows(
    rows: QuerySet[M], params: Mapping[str, str], ordering: Sequence[str]
) -> tuple[list[M], str | None]:
    """A page of rows in this order, and the cursor of what follows. One query.

    `ordering` ends in a unique field; none may be null. Raises BadCursor, BadLimit.
    """
    limit = limit_of(params)
    names = [each.removeprefix("-") for each in ordering]
    rows = rows.order_by(*ordering)
    if cursor := params.get("cursor"):
        rows = rows.filter(_after(rows, ordering, _decode(cursor, len(names))))
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], _encode(getattr(found[limit - 1], each) for each in names)


def of_sorted(
    found: Iterable[T],
    params: Mapping[str, str],
    *,
    values: Callable[[T], Sequence[Any]],
    rank: Callable[..., Any],
) -> tuple[list[T], str | None]:
    """As `of_rows`, of things at hand whose order only Python knows.

    `values` are what the cursor keeps of one, as JSON values; `rank` sorts by them.
    """
    limit = limit_of(params)
    ranked = sorted(((rank(*values(each)), each) for each in found), key=lambda pair: pair[0])
    if cursor := params.get("cursor"):
        try:
            last = rank(*_decode(cursor, None))
            ranked = [pair for pair in ranked if pair[0] > last]
        except (TypeError, ValueError, AttributeError):
            raise BadCursor from None
    page = [each for _, each in ranked[:limit]]
    return page, _encode(values(page[-1])) if len(ranked) > limit else None


def _after(rows: QuerySet[M], ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """What sorts after these values: (a, b) > (x, y), spelt out, as directions may differ."""
    wanted = Q()
    before = Q()
    for position, (field, text) in enumerate(zip(ordering, values, strict=True)):
        name = field.removeprefix("-")
        try:
            value = rows.model._meta.get_field(name).to_python(text)  # type: ignore[union-attr]
        except ValidationError:
            raise BadCursor from None
        if value is None:
            raise BadCursor
        way = "lt" if field.startswith("-") else "gt"
        if position == 0:  # said by itself too, as it lets the index start at the right place
            bound = Q(**{f"{name}__{way}e": value})
        wanted |= before & Q(**{f"{name}__{way}": value})
        before &= Q(**{name: value})
    return bound & wanted


def _encode(values: Iterable[Any]) -> str:
    text = json.dumps([str(each) if _is_special(each) else each for each in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _is_special(value: Any) -> bool:
    return not isinstance(value, str | int)


def _decode(cursor: str, length: int | None) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        json.dumps(values, ensure_ascii=False).encode()  # what isn't text can't be asked about
    except (ValueError, binascii.Error, UnicodeError, RecursionError):
        raise BadCursor from None
    if not isinstance(values, list) or length not in (None, len(values)):
        raise BadCursor
    if not all(isinstance(each, str | int) and "\0" not in str(each) for each in values):
        raise BadCursor
    return values
