"""Which events a guest is told of, and when to remind them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Q

from accounts import clock
from accounts.models import Business
from bookings import cards
from bookings.lifecycle import State
from bookings.models import Booking, Event, Mail
from resources.models import Resource

Kind = Event.Kind
BATCH = 5000  # reminders that one statement plans
PROMISED = (Kind.CREATED.value, Kind.CONFIRMED.value)

# A reminder follows its booking: it is there while the booking is confirmed and the time to remind
# is yet to come. Of a visit of several services there is one, for the first that stands. One that
# is due already is left to whoever sends it; one that was sent is due anew when the booking moved.
REMINDED = """
  FROM bookings_booking b
  JOIN accounts_business t ON t.id = b.business_id
  LEFT JOIN bookings_guest g ON g.id = b.guest_id
 WHERE {which}
   AND b.state = 'confirmed'
   AND (g.email <> '' OR b.details->b.source->>'email' <> '')
   AND t.sends_mail AND t.is_active AND NOT t.is_dev AND t.reminder_hours > 0
   AND NOT EXISTS (
       SELECT 1 FROM bookings_booking o
        WHERE (o.id = b.leader_id OR o.leader_id = b.id OR o.leader_id = b.leader_id)
          AND o.state = 'confirmed' AND (o.starts_at, o.id) < (b.starts_at, b.id)
   )
"""
PLAN = """
INSERT INTO bookings_mail (id, business_id, booking_id, kind, state, attempts, due_at, last_error,
                           created_at)
SELECT gen_random_uuid(), b.business_id, b.id, 'reminder', 'due', 0,
       b.starts_at - make_interval(hours => t.reminder_hours), '', {now}
{reminded}
   AND b.starts_at - make_interval(hours => t.reminder_hours) > {now}
   AND NOT EXISTS (
       SELECT 1 FROM bookings_mail m
        WHERE m.booking_id = b.id AND m.kind = 'reminder' AND m.state = 'due'
          AND m.due_at = b.starts_at - make_interval(hours => t.reminder_hours)
   )
 ORDER BY b.id LIMIT %(most)s
ON CONFLICT (booking_id) WHERE kind = 'reminder'
DO UPDATE SET due_at = excluded.due_at, state = 'due', attempts = 0, last_error = '',
              sent_at = NULL
"""
DROP = """
DELETE FROM bookings_mail m
 WHERE m.kind = 'reminder' AND m.state = 'due' AND m.booking_id = ANY(%(bookings)s::uuid[])
   AND NOT EXISTS (
       SELECT 1 {reminded} AND b.id = m.booking_id
          AND (m.attempts > 0 OR m.due_at = b.starts_at - make_interval(hours => t.reminder_hours))
   )
"""
THESE = "b.id = ANY(%(bookings)s::uuid[])"
ALL = "b.starts_at > {now}"


def writes_to_guests(business: Business) -> bool:
    """Whether a business's guests get mail. A sandbox's never do."""
    return (
        settings.SENDS_MAIL and business.sends_mail and business.is_active and not business.is_dev
    )


def owe(events: Sequence[Event], *, now: datetime | None) -> None:
    """Owe each event's mail to its guest, once however often it is said, and move the reminders.

    What happens to several services of one visit is one mail, which tells of the whole visit; as it
    says what is so when it is sent, one that is due already says it too. The events come with their
    business, booking and guest.
    """
    mine = [each for each in events if each.booking and writes_to_guests(each.business)]
    if not mine:
        return
    told, staff = _told(mine), _staff(mine)
    visits = _visits(mine)
    moment = clock.read(now)
    owed: list[Mail] = []
    firsts = {visit.first for visit in visits.values()}
    said = _said(firsts)
    # What happened to the first service of a visit says best what happened to it.
    for event in sorted(mine, key=lambda each: each.booking_id not in firsts):
        kind = _kind(event, told, staff)
        if event.booking is None or not event.booking.email or kind is None:
            continue
        mail = Mail(
            business_id=event.business_id,
            booking_id=event.booking.pk,
            event=event,
            kind=kind,
            due_at=moment,
            created_at=moment,
        )
        if visit := visits.get(event.booking.pk):
            if kind == Mail.Kind.CANCELLATION and visit.stands:
                mail.kind = Mail.Kind.CHANGE  # it goes on without that service
            mail.booking_id = visit.first
            if (visit.first, mail.kind) in said:
                continue
            said.add((visit.first, mail.kind))
        owed.append(mail)
    Mail.objects.bulk_create(owed, ignore_conflicts=True)
    plan_reminders({each.booking_id for each in mine if each.booking_id} | set(visits), now=now)


class _Visit(NamedTuple):
    """Of several services: the first that stands, or the one that leads when none does any more."""

    first: uuid.UUID
    stands: bool


def _visits(events: Sequence[Event]) -> dict[uuid.UUID, _Visit]:
    """The visits that these bookings are part of, by each of their bookings. One query."""
    leaders = {each.booking.leader_id or each.booking.pk for each in events if each.booking}
    parts: dict[uuid.UUID, list[tuple[uuid.UUID, str]]] = defaultdict(list)
    rows = Booking.objects.filter(Q(pk__in=leaders) | Q(leader__in=leaders))
    for pk, leader, state in rows.order_by("starts_at", "pk").values_list(
        "pk", "leader_id", "state"
    ):
        parts[leader or pk].append((pk, state))
    found: dict[uuid.UUID, _Visit] = {}
    for leader, rows_of in parts.items():
        if len(rows_of) > 1:
            standing = [pk for pk, state in rows_of if state not in cards.OFF]
            visit = _Visit(standing[0] if standing else leader, bool(standing))
            found |= {pk: visit for pk, _ in rows_of}
    return found


def _said(firsts: Collection[uuid.UUID]) -> set[tuple[uuid.UUID, str]]:
    """What these visits are about to be told. No query for none."""
    if not firsts:
        return set()
    due = Mail.objects.filter(booking__in=firsts, state=Mail.State.DUE)
    return set(due.exclude(kind=Mail.Kind.REMINDER).values_list("booking_id", "kind"))


def _kind(event: Event, told: Collection[uuid.UUID], staff: Collection[str]) -> Mail.Kind | None:
    """The mail that an event is worth; None for what is no news to the guest."""
    is_promise = event.data.get("state") == State.CONFIRMED.value
    if event.kind in PROMISED and is_promise:
        return Mail.Kind.CONFIRMATION
    if event.kind == Kind.UPDATED.value and is_promise and _matters(event, staff):
        return Mail.Kind.CHANGE
    if event.kind == Kind.CANCELLED.value and event.booking_id in told:
        return Mail.Kind.CANCELLATION
    if event.kind == Kind.OFFERED.value:
        return Mail.Kind.OFFER
    return None


def _matters(event: Event, staff: Collection[str]) -> bool:
    """Whether the guest would want to know: another time or party, or other people to meet."""
    data, was = event.data, event.data.get("was")
    if not was:
        return False
    if any(was[name] != data[name] for name in ("starts_at", "ends_at", "party_size")):
        return True
    before, after = set(was["resource_ids"]), set(data["resource_ids"])
    return not (before ^ after).isdisjoint(staff)


def _told(events: Sequence[Event]) -> set[uuid.UUID]:
    """The bookings that were promised to somebody before they were cancelled; a hold wasn't."""
    cancelled = [each for each in events if each.kind == Kind.CANCELLED.value]
    ended = {each.booking_id for each in cancelled if each.booking_id}
    if not ended:
        return set()
    promised = Event.objects.filter(
        booking_id__in=ended, kind__in=PROMISED, data__state=State.CONFIRMED.value
    )
    return {pk for pk in promised.values_list("booking_id", flat=True) if pk}


def _staff(events: Sequence[Event]) -> set[str]:
    """Those among what bookings moved between who are people."""
    moved = {
        pk
        for each in events
        if (was := each.data.get("was"))
        for pk in {*was["resource_ids"]} ^ {*each.data["resource_ids"]}
    }
    if not moved:
        return set()
    found = Resource.objects.filter(pk__in=moved, kind="staff").values_list("pk", flat=True)
    return {str(each) for each in found}


def plan_reminders(
    bookings: Collection[uuid.UUID] | None = None, *, now: datetime | None = None
) -> int:
    """Bring the reminders of these bookings up to date, or of all that are to come (after a
    business changed its mind about when to remind); how many were made or moved."""
    if not settings.SENDS_MAIL:
        return 0
    moment = clock.sql(now)
    which = ALL.format(now=moment) if bookings is None else THESE
    reminded = REMINDED.format(which=which)
    most = BATCH if bookings is None else None
    values: dict[str, Any] = {"now": now, "bookings": list(bookings or ()), "most": most}
    count: int = 0
    with connection.cursor() as cursor:
        while True:  # all that are to come are too many for one statement
            cursor.execute(PLAN.format(now=moment, reminded=reminded), values)
            count += cursor.rowcount
            if bookings is not None or cursor.rowcount < BATCH:
                break
        if bookings is not None:
            cursor.execute(DROP.format(reminded=reminded), values)
    return count
