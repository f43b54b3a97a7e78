"""Pages by keyset with inclusive cursors: the id of the first object wanted, or of the last.

A list may be made of several tables, each in the same order; what they hold is told apart by key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from bookings.api.appointedd import ids
from bookings.api.appointedd.gate import bad_request

SIZE = 10
LARGEST = 100


@dataclasses.dataclass(frozen=True)
class Part:
    """The rows of one table that are listed, and those that a cursor may name: it may have stopped
    matching the filters meanwhile. `turn` as in `ids`."""

    rows: QuerySet[Any]
    known: QuerySet[Any]
    turn: int = ids.PLAIN


class Page(NamedTuple):
    """Rows in the order asked for, how many match, and the neighbours' ids."""

    rows: list[Any]
    total: int
    prev: str | None
    next: str | None


class _Found(NamedTuple):
    key: tuple[Any, ...]
    part: Part
    row: Model

    @property
    def id(self) -> str:
        return ids.written(self.row.pk, self.part.turn)


def read(
    parts: Sequence[Part], query: QueryDict, fields: tuple[str, ...], *, descending: bool
) -> Page:
    """One page, sorted by these fields, the last of them unique. Raises Refusal.

    Four queries a table at most: how many, the cursor, the page, its neighbour.
    """
    limit = _limit(query)
    start, end = query.get("start"), query.get("end")
    if start and end:
        raise bad_request("Send start or end, not both")
    total = sum(part.rows.count() for part in parts)
    if end:
        last = _cursor(parts, end, fields)
        found = _take(parts, fields, last, limit + 1, descending=not descending)
        page = found[:limit][::-1]
        after = _take(parts, fields, last, 1, descending=descending, but=True)
        prev = found[limit].id if len(found) > limit else None
        return Page([each.row for each in page], total, prev, after[0].id if after else None)
    first = _cursor(parts, start, fields) if start else None
    found = _take(parts, fields, first, limit + 1, descending=descending)
    prev = None
    if first is not None:
        key = found[0].key if found else first
        before = _take(parts, fields, key, 1, descending=not descending, but=True)
        prev = before[0].id if before else None
    following = found[limit].id if len(found) > limit else None
    return Page([each.row for each in found[:limit]], total, prev, following)


def _limit(query: QueryDict) -> int:
    text = query.get("limit", str(SIZE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST):
        raise bad_request(f"limit must be a number from 1 to {LARGEST}")
    return int(text)


def _cursor(parts: Sequence[Part], text: str, fields: tuple[str, ...]) -> tuple[Any, ...]:
    for part in parts:
        row = part.known.filter(pk__range=ids.span(text, part.turn)).first()
        if row is not None:
            return _key(row, fields)
    raise bad_request("There is nothing with the id of start or end")


def _key(row: Any, fields: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, each) for each in fields)


def _take(
    parts: Sequence[Part],
    fields: tuple[str, ...],
    key: tuple[Any, ...] | None,
    count: int,
    *,
    descending: bool,
    but: bool = False,
) -> list[_Found]:
    """So many rows from a key on, or from the one after it with `but`."""
    found: list[_Found] = []
    for part in parts:
        rows = part.rows.order_by(*(f"-{each}" if descending else each for each in fields))
        if key is not None:
            rows = rows.filter(_beyond(fields, key, descending=descending, but=but))
        found += [_Found(_key(row, fields), part, row) for row in rows[:count]]
    found.sort(key=lambda each: each.key, reverse=descending)
    return found[:count]


def _beyond(fields: tuple[str, ...], key: tuple[Any, ...], *, descending: bool, but: bool) -> Q:
    """What sorts at or after a key. Said of the first field alone too, as an index begins there."""
    way = "lt" if descending else "gt"
    wanted, same = Q(), Q()
    for name, value in zip(fields, key, strict=True):
        wanted |= same & Q(**{f"{name}__{way}": value})
        same &= Q(**{name: value})
    if not but:
        wanted |= same
    return Q(**{f"{fields[0]}__{way}e": key[0]}) & wanted
