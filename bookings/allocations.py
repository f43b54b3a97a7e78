"""The only module that takes time and gives it back. Every statement is one round trip.

Never a plain insert: thirty callers for one place deadlock on the exclusion constraint. With
`ON CONFLICT DO NOTHING` a writer waits for the other and then leaves the row out, so fewer rows
than asked for means that somebody was quicker.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts import clock
from accounts.contact import email_key, phone_key
from accounts.errors import NotFound
from accounts.transactions import LostRace
from bookings.models import Booking, Event, Guest
from bookings.wishes import SYSTEM, Actor, GuestDetails, pieces

Takes = Iterable[tuple[uuid.UUID, int]]

GUEST = """
    INSERT INTO bookings_guest (id, business_id, first_name, last_name, email, phone, email_key,
                                phone_key, notes, created_at, updated_at)
    VALUES (%(guest)s, %(business)s, %(first_name)s, %(last_name)s, %(email)s, %(phone)s,
            %(email_key)s, %(phone_key)s, '', {now}, {now})
"""
GUEST_BY_PHONE = (
    GUEST
    + """
    ON CONFLICT (business_id, phone_key) WHERE NOT phone_key = ''
    DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
                  phone = excluded.phone, updated_at = excluded.updated_at,
                  email = CASE WHEN excluded.email = '' THEN bookings_guest.email
                               ELSE excluded.email END,
                  email_key = CASE WHEN excluded.email = '' THEN bookings_guest.email_key
                                   ELSE excluded.email_key END
    RETURNING id
"""
)
GUEST_NEW = GUEST + " RETURNING id"
GUEST_NOBODY = "SELECT %(guest)s::uuid AS id"
# Kept, so that nobody makes one of two guests or forgets this one before the booking is theirs.
GUEST_AS_IT_IS = "SELECT id FROM bookings_guest WHERE id = %(guest)s FOR KEY SHARE"

BOOK = """
WITH guest AS ({guest}),
booking AS (
    INSERT INTO bookings_booking (id, business_id, location_id, service_id, session_id, guest_id,
        channel_id, source, reference, key, state, starts_at, ends_at, party_size, resource_ids,
        notes, overbooked, details, expires_at, created_at, updated_at)
    SELECT %(id)s, %(business)s, %(location)s, %(service)s, %(session)s, guest.id, %(channel)s,
        %(source)s, %(reference)s, %(key)s, %(state)s, %(starts_at)s, %(ends_at)s, %(party_size)s,
        %(resource_ids)s, %(notes)s, %(overbooked)s, %(details)s::jsonb, {now} + %(waits)s, {now},
        {now}
      FROM guest
    RETURNING id, guest_id, expires_at, created_at
), taken AS (
    INSERT INTO bookings_allocation (business_id, booking_id, session_id, resource_id, unit,
        starts_at, ends_at, expires_at)
    SELECT %(business)s, booking.id, %(session)s, take.resource_id, take.unit, take.starts_at,
        take.ends_at, booking.expires_at
      FROM booking, unnest(%(resources)s::uuid[], %(units)s::smallint[], %(from)s::timestamptz[],
        %(until)s::timestamptz[]) AS take (resource_id, unit, starts_at, ends_at)
    ON CONFLICT DO NOTHING
    RETURNING 1
), event AS (
    INSERT INTO bookings_event (business_id, booking_id, kind, at, actor, data)
    SELECT %(business)s, booking.id, %(kind)s, {now}, %(actor)s, %(data)s FROM booking
    RETURNING id
), outbox AS (
    INSERT INTO bookings_outbox (topic, event_id, attempts, due_at, last_error)
    SELECT 'event', event.id, 0, {now}, '' FROM event
)
SELECT booking.guest_id, booking.expires_at, booking.created_at, (SELECT count(*) FROM taken)
  FROM booking
"""

TAKE = """
INSERT INTO bookings_allocation (business_id, booking_id, session_id, block_id, resource_id, unit,
    starts_at, ends_at, expires_at)
SELECT %(business)s, %(booking)s, %(session)s, %(block)s, take.resource_id, take.unit,
    take.starts_at, take.ends_at, %(expires_at)s
  FROM unnest(%(resources)s::uuid[], %(units)s::smallint[], %(from)s::timestamptz[],
    %(until)s::timestamptz[]) AS take (resource_id, unit, starts_at, ends_at)
ON CONFLICT DO NOTHING
"""

# What waits is locked in one order by all who clear it, so that they queue and never deadlock; the
# condition is asked again of a row that had to be waited for, so a confirmed one is left alone.
EXPIRE = """
WITH lapsed AS (
    SELECT id, business_id FROM bookings_booking
     WHERE state IN ('held', 'pending') AND expires_at <= {now} AND {which}
     ORDER BY id {limit} FOR NO KEY UPDATE {skip}
), freed AS (
    DELETE FROM bookings_allocation USING lapsed WHERE booking_id = lapsed.id
), booking AS (
    UPDATE bookings_booking AS b
       SET state = 'expired', expires_at = NULL, updated_at = {now}
      FROM lapsed WHERE b.id = lapsed.id
    RETURNING b.id, b.business_id
), event AS (
    INSERT INTO bookings_event (business_id, booking_id, kind, at, actor, data)
    SELECT business_id, id, 'booking.expired', {now}, %(actor)s, '{{}}' FROM booking
    RETURNING id
), outbox AS (
    INSERT INTO bookings_outbox (topic, event_id, attempts, due_at, last_error)
    SELECT 'event', id, 0, {now}, '' FROM event
), refund AS (
    INSERT INTO bookings_outbox (topic, deposit_id, attempts, due_at, last_error)
    SELECT 'release', d.id, 0, {now}, ''
      FROM billing_deposit AS d JOIN booking ON d.booking_id = booking.id
     WHERE d.status IN ('pending', 'held')
)
SELECT id FROM booking
"""

# A class that is only held lapses with the last of its holds. Its row is locked before theirs, the
# order that everybody takes them in.
EXPIRE_RUNS = """
WITH lapsed AS (
    SELECT id FROM bookings_session
     WHERE state = 'held' AND expires_at <= {now} AND {which}
     ORDER BY id {limit} FOR NO KEY UPDATE {skip}
), freed AS (
    DELETE FROM bookings_allocation USING lapsed
     WHERE session_id = lapsed.id AND booking_id IS NULL
)
UPDATE bookings_session AS s SET state = 'expired', expires_at = NULL, updated_at = {now}
  FROM lapsed WHERE s.id = lapsed.id
RETURNING s.id
"""
IN_THE_WAY = """id IN (
    SELECT booking_id FROM bookings_allocation
     WHERE business_id = %(business)s AND resource_id = ANY(%(resources)s::uuid[])
       AND starts_at > %(from)s - interval '1 day' AND starts_at < %(until)s
       AND ends_at > %(from)s AND expires_at <= {now}
)"""
RUN_IN_THE_WAY = """id IN (
    SELECT session_id FROM bookings_allocation
     WHERE business_id = %(business)s AND resource_id = ANY(%(resources)s::uuid[])
       AND starts_at > %(from)s - interval '1 day' AND starts_at < %(until)s
       AND ends_at > %(from)s AND expires_at <= {now} AND session_id IS NOT NULL
)"""
IN_RUNS = "session_id = ANY(%(runs)s::uuid[])"
IN_THE_SESSION = """id IN (
    SELECT booking_id FROM bookings_allocation
     WHERE session_id = %(session)s AND booking_id IS NOT NULL AND expires_at <= {now}
)"""


def _columns(takes: Takes, start: datetime, end: datetime) -> dict[str, list[Any]]:
    rows = [(*take, *piece) for take in sorted(takes) for piece in pieces(start, end)]
    resources, units, starts, ends = map(list, zip(*rows, strict=True)) if rows else ([],) * 4
    return {"resources": resources, "units": units, "from": starts, "until": ends}


def book(
    booking: Booking,
    *,
    takes: Takes,
    during: tuple[datetime, datetime],
    guest: GuestDetails | uuid.UUID | None,
    kind: Event.Kind,
    by: Actor,
    data: dict[str, Any],
    waits: Any,
    now: datetime | None,
) -> None:
    """Write a new booking, its guest, allocations, event and outbox row: all or LostRace.

    `during` is the time taken, buffers included; `waits` a timedelta for what has yet to be
    confirmed. Fills in the guest and the times that the database decided. Raises NotFound for a
    guest who isn't known any more.
    """
    columns = _columns(takes, *during)
    values: dict[str, Any] = {
        "id": booking.pk,
        "business": booking.business_id,
        "location": booking.location_id,
        "service": booking.service_id,
        "session": booking.session_id,
        "channel": booking.channel_id,
        "source": booking.source,
        "reference": booking.reference,
        "key": booking.key,
        "state": booking.state,
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
        "party_size": booking.party_size,
        "resource_ids": booking.resource_ids,
        "notes": booking.notes,
        "overbooked": booking.overbooked,
        "details": json.dumps(booking.details),
        "waits": waits,
        "kind": kind.value,
        "actor": str(by),
        "data": json.dumps(data),
        "now": now,
        **columns,
    }
    sql_guest, who = _guest(booking.business_id, guest)
    values |= who
    moment = clock.sql(now)
    with connection.cursor() as cursor:
        cursor.execute(BOOK.format(guest=sql_guest.format(now=moment), now=moment), values)
        made = cursor.fetchone()
    if made is None:
        raise _gone(guest)
    booking.guest_id, booking.expires_at, booking.created_at, rows = made
    booking.updated_at = booking.created_at
    booking._state.adding = False
    if rows < len(columns["resources"]):
        raise LostRace


def _guest(
    business_id: uuid.UUID, guest: GuestDetails | uuid.UUID | None
) -> tuple[str, dict[str, Any]]:
    """The SQL that finds or adds a guest, and its values."""
    if not isinstance(guest, GuestDetails):
        return GUEST_AS_IT_IS if guest else GUEST_NOBODY, {"guest": guest}
    values = dataclasses.asdict(guest) | {
        "guest": uuid.uuid4(),
        "email_key": email_key(guest.email),
        "phone_key": phone_key(guest.phone),
    }
    if values["phone_key"]:
        return GUEST_BY_PHONE, values
    if values["email_key"]:
        # Somebody known by phone too is still the same person.
        same = Guest.objects.filter(business_id=business_id, email_key=values["email_key"])
        if known := same.order_by("created_at").values_list("pk", flat=True).first():
            return GUEST_AS_IT_IS, {"guest": known}
    return GUEST_NEW, values


def guest(business_id: uuid.UUID, details: GuestDetails, *, now: datetime | None) -> uuid.UUID:
    """Find the guest by phone or e-mail, bring their name up to date, or add them."""
    statement, values = _guest(business_id, details)
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(now=clock.sql(now)),
            values | {"business": business_id, "now": now},
        )
        row: tuple[uuid.UUID] | None = cursor.fetchone()
    if row is None:
        raise _gone(details)
    return row[0]


def _gone(guest: GuestDetails | uuid.UUID | None) -> Exception:
    """Why there is no such guest: whoever was named was merged or forgotten at this moment. Whoever
    was described is looked for once more."""
    if isinstance(guest, GuestDetails):
        return LostRace()
    return NotFound("There is no such guest.")


def take(
    takes: Takes,
    *,
    business_id: uuid.UUID,
    during: tuple[datetime, datetime],
    booking_id: uuid.UUID | None = None,
    session_id: uuid.UUID | None = None,
    block_id: uuid.UUID | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Take time for what is there already: a moved booking, a session, a block; all or LostRace."""
    columns = _columns(takes, *during)
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE,
            {
                "business": business_id,
                "booking": booking_id,
                "session": session_id,
                "block": block_id,
                "expires_at": expires_at,
                **columns,
            },
        )
        if cursor.rowcount < len(columns["resources"]):
            raise LostRace


def release_lapsed(
    business_id: uuid.UUID,
    resources: Collection[uuid.UUID],
    during: tuple[datetime, datetime],
    *,
    now: datetime | None,
) -> Sequence[uuid.UUID]:
    """Expire the lapsed holds and held classes in the way of taking these resources."""
    values = {
        "business": business_id,
        "resources": list(resources),
        "from": during[0],
        "until": during[1],
    }
    runs = _expire_runs(RUN_IN_THE_WAY, values, now=now)
    places = _expire(IN_RUNS, {"runs": runs}, now=now) if runs else []
    return [*places, *_expire(IN_THE_WAY, values, now=now)]


def release_lapsed_places(session_id: uuid.UUID, *, now: datetime | None) -> Sequence[uuid.UUID]:
    """Expire the lapsed holds on places of a session."""
    return _expire(IN_THE_SESSION, {"session": session_id}, now=now)


def expire_batch(*, limit: int, now: datetime | None) -> Sequence[uuid.UUID]:
    """Expire lapsed holds, any business's, leaving those that somebody is busy with."""
    how = {"limit": f"LIMIT {limit:d}", "skip": "SKIP LOCKED"}
    _expire_runs("true", {}, now=now, **how)
    return _expire("true", {}, now=now, **how)


def _expire(
    which: str, values: dict[str, Any], *, now: datetime | None, limit: str = "", skip: str = ""
) -> Sequence[uuid.UUID]:
    moment = clock.sql(now)
    sql = EXPIRE.format(which=which.format(now=moment), now=moment, limit=limit, skip=skip)
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"now": now, "actor": str(SYSTEM)})
        return [row[0] for row in cursor.fetchall()]


def _expire_runs(
    which: str, values: dict[str, Any], *, now: datetime | None, limit: str = "", skip: str = ""
) -> list[uuid.UUID]:
    moment = clock.sql(now)
    sql = EXPIRE_RUNS.format(which=which.format(now=moment), now=moment, limit=limit, skip=skip)
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"now": now})
        return [row[0] for row in cursor.fetchall()]
