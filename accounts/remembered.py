"""What a process remembers of a business, for as long as nobody changed it.

Every request of a program counts itself in Redis and hears there the epoch of its business. What
was read from the database while an epoch stood is good while it still stands: no round trip is
added, and no process answers from something older than the last change that Redis heard of. Should
Redis miss one (it was away just then), what is remembered is still forgotten after `KEEPS` seconds.
While Redis is away nothing is remembered at all, nor is anything inside a transaction, which may
see what is never committed. Only who asks and what there is may be remembered so, never what is
taken; and whoever takes something looks in the database.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection, models, transaction
from django.db.models.base import ModelState
from django.db.models.signals import post_delete, post_save

from accounts.limits import limiter

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)

KEEPS = 30.0  # seconds
MOST = 10_000


class Kept(NamedTuple, Generic[T]):
    value: T
    epoch: bytes
    until: float

    def is_current(self, epoch: bytes | None) -> bool:
        """Whether this still stands, by the epoch that the request heard."""
        return self.epoch == epoch and time.monotonic() < self.until


class Remembered(Generic[T]):
    """Values by key, each with the epoch in which it was read."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Kept[T]] = {}

    def get(self, key: Hashable) -> Kept[T] | None:
        """What was read last, which may be out of date: ask it `is_current`."""
        return None if connection.in_atomic_block else self._kept.get(key)

    def keep(self, key: Hashable, value: T, epoch: bytes | None) -> None:
        """Remember a value; `epoch` was heard before it was read, as a change in between begins
        another."""
        if epoch is None or connection.in_atomic_block:
            return
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = Kept(value, epoch, time.monotonic() + KEEPS)


def twin(row: M) -> M:
    """A row of its own with the same values, for one request to use as it likes: what it reads of
    relations and changes stays with it. Making one by `from_db` costs four times as much."""
    made = row.__class__.__new__(row.__class__)
    made.__dict__.update(row.__dict__)
    made._state = ModelState()
    made._state.db, made._state.adding = row._state.db, row._state.adding
    return made


def changed(business_ids: Iterable[uuid.UUID] | None) -> None:
    """Begin another epoch for these businesses, None for all, once what is open is committed."""
    names = None if business_ids is None else [str(each) for each in business_ids]
    transaction.on_commit(lambda: limiter().begin_epoch(names))


def watch(
    kind: type[models.Model], businesses: Callable[[Any], Iterable[uuid.UUID] | None]
) -> None:
    """Begin another epoch for a row's businesses whenever one of this kind is saved or deleted.

    `QuerySet.update` sends no signal; whoever uses it on one of these calls `changed`.
    """

    def tell(instance: Any, **_: object) -> None:
        changed(businesses(instance))

    for signal in (post_save, post_delete):
        signal.connect(
            tell, sender=kind, weak=False, dispatch_uid=f"remembered {kind.__name__} {signal}"
        )
