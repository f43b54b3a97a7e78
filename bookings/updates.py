"""What other systems keep a copy of, and have yet to be told: one row a thing, however often it
changed.

Where a listener hears of every event, a follower wants to know how things stand. So what is owed is
a place and a stretch of time, or a booking, and what is said is read when it is sent. Rows are
written in the transaction that takes the events out of the outbox, and go once what they say was
taken and nothing changed meanwhile.
"""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Protocol

from django.db import transaction

from accounts import clock
from bookings.models import Event, Update

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
GATHERS = timedelta(
    seconds=2
)  # how long changes of a place are waited for, to tell of them at once
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(minutes=10)  # between two attempts
GIVES_UP = timedelta(hours=24)
LATE = timedelta(minutes=2)

# Who follows, by protocol. By path, so that the core never imports a protocol.
FOLLOWERS = {"google": "bookings.api.google.following"}


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A place's time that isn't as it was, or a booking of which `fields` aren't."""

    business_id: uuid.UUID
    location_id: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    booking_id: uuid.UUID | None = None
    fields: frozenset[str] = frozenset()


class Follower(Protocol):
    """What a protocol's module has that follows."""

    def heard(self, events: Sequence[Event]) -> Iterable[Change]:
        """What these events changed of what is told."""
        ...


def owe(events: Sequence[Event], *, now: datetime | None = None) -> None:
    """Owe every follower what these events changed. One that can't say keeps no other waiting."""
    for protocol, path in FOLLOWERS.items():
        try:
            with transaction.atomic():
                follower: Follower = import_module(path)
                for change in follower.heard(events):
                    _add(protocol, change, now=now)
        except Exception:
            log.exception("What %s follows can't be said", protocol)


def _add(protocol: str, change: Change, *, now: datetime | None) -> None:
    moment = clock.read(now)
    rows = Update.objects.filter(protocol=protocol, location_id=change.location_id)
    same = (
        rows.filter(booking_id=change.booking_id)
        if change.booking_id
        else rows.filter(booking=None)
    )
    row, is_new = same.select_for_update().get_or_create(
        defaults={
            "protocol": protocol,
            "location_id": change.location_id,
            "booking_id": change.booking_id,
            "business_id": change.business_id,
            "starts_at": change.starts_at,
            "ends_at": change.ends_at,
            "fields": sorted(change.fields),
            "since": moment,
            "due_at": moment if change.booking_id else moment + GATHERS,
        },
    )
    if is_new:
        return
    row.starts_at = min(row.starts_at, change.starts_at)
    row.ends_at = max(row.ends_at, change.ends_at)
    row.fields = sorted({*row.fields, *change.fields})
    row.changes += 1
    row.save(update_fields=["starts_at", "ends_at", "fields", "changes"])


@transaction.atomic
def claim(protocol: str, *, now: datetime | None = None) -> Update | None:
    """Take what is due and waits longest, for a while; it comes back by itself when we die with
    it. What has waited for a day is dropped, and said."""
    moment = clock.read(now)
    rows = Update.objects.filter(protocol=protocol)
    for gone in rows.filter(since__lte=moment - GIVES_UP):
        log.error("%s was not told for a day, and is no more: %s", protocol, gone.last_error)
        gone.delete()
    row = (
        rows.select_for_update(skip_locked=True, of=("self",))
        .select_related("location", "booking", "business")
        .filter(due_at__lte=moment)
        .order_by("since", "id")
        .first()
    )
    if row:
        if row.since <= moment - LATE:
            log.error("%s has not been told for %s", protocol, moment - row.since)
        row.attempts += 1
        row.due_at = moment + LEASE
        row.save(update_fields=["attempts", "due_at"])
    return row


def done(row: Update, *, now: datetime | None = None) -> None:
    """It was taken. What changed meanwhile is due at once."""
    same = Update.objects.filter(pk=row.pk)
    if not same.filter(changes=row.changes).delete()[0]:
        moment = clock.read(now)
        same.update(due_at=moment, since=moment, attempts=0, last_error="")


def put_off(row: Update, problem: str, *, now: datetime | None = None) -> None:
    """Try again later, and later still each time."""
    wait = min(LONGEST, SHORTEST * 2 ** min(row.attempts - 1, 10))
    Update.objects.filter(pk=row.pk).update(due_at=clock.read(now) + wait, last_error=problem[:300])
