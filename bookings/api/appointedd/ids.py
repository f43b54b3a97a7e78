"""Ids of 24 hex digits, as this protocol writes them: the beginning of the row's own key.

A booking here is a reservation first, then a booking, and a participant of itself; clients file
the three apart, so each has an id of its own. Those of reservations and participants are the same
beginning with its bits turned by a constant, found by the same range of the primary key.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from accounts.identifiers import hex24, hex24_range
from bookings.api.appointedd.gate import absent, bad_request

M = TypeVar("M", bound=Model)

WRITTEN = r"^[0-9a-fA-F]{24}\Z"

PLAIN = 0
RESERVATION = 0x5B1E6F0C92D3A84719F6E2C5
PARTICIPANT = 0xA47C39E1056BD82FE3901D7A


def written(key: uuid.UUID, turn: int = PLAIN) -> str:
    """A row's id; `turn` says as what."""
    return f"{int(hex24(key), 16) ^ turn:024x}" if turn else hex24(key)


def span(text: object, turn: int = PLAIN) -> tuple[uuid.UUID, uuid.UUID]:
    """The keys that an id may stand for. Raises Refusal for what is no id."""
    try:
        low, high = hex24_range(str(text))
    except ValueError:
        raise bad_request("An id is 24 hexadecimal digits.") from None
    bits = turn << 32
    return uuid.UUID(int=low.int ^ bits), uuid.UUID(int=high.int ^ bits)


def find(rows: QuerySet[M], text: object, what: str, turn: int = PLAIN) -> M:
    """The row of an id. Raises Refusal: 400 for what is no id, 404 when there is none."""
    found = rows.filter(pk__range=span(text, turn)).first()
    if found is None:
        raise absent(what)
    return found


def find_all(rows: QuerySet[M], texts: list[str], what: str) -> list[M]:
    """The rows of all these ids, in one query. Raises Refusal as `find` does, for any of them."""
    found = {written(row.pk): row for row in rows.filter(any_of(texts))}
    if not found.keys() >= {text.lower() for text in texts}:
        raise absent(what)
    return list(found.values())


def among(keys: Iterable[uuid.UUID], texts: Iterable[str], what: str) -> list[uuid.UUID]:
    """Those of the keys that have these ids. Raises Refusal as `find` does, for any of them."""
    known = {written(key): key for key in keys}
    found = []
    for text in texts:
        span(text)
        key = known.get(text.lower())
        if key is None:
            raise absent(what)
        found.append(key)
    return found


def any_of(texts: list[str], field: str = "pk") -> Q:
    """Rows of one of these ids. Raises Refusal for what is no id."""
    wanted = Q(pk__in=[])
    for text in texts:
        wanted |= Q(**{f"{field}__range": span(text)})
    return wanted
