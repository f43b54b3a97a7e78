"""What of the book's events Google has to hear: bookings that it made and others changed, and time
that is free or taken now."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.models import Channel
from bookings.api.google.catalogue import NAME
from bookings.models import Event, Session
from bookings.updates import Change
from resources.models import Location, Resource

Kind = Event.Kind

STATUS = frozenset(("status",))
SLOT = frozenset(("startTime", "duration", "partySize"))
FIELDS = {
    Kind.CREATED: STATUS,  # one that waited for the business, and was accepted
    Kind.CONFIRMED: STATUS,
    Kind.CANCELLED: STATUS,
    Kind.NO_SHOW: STATUS,
    Kind.EXPIRED: STATUS,
    Kind.UPDATED: SLOT,
}
TAKES = frozenset(FIELDS) | {
    Kind.HELD,
    Kind.COMPLETED,
    Kind.BLOCKED,
    Kind.UNBLOCKED,
    Kind.SESSION_SCHEDULED,
    Kind.SESSION_CHANGED,
    Kind.SESSION_CANCELLED,
}


def is_configured() -> bool:
    return bool(settings.GOOGLE_PARTNER_ID and settings.GOOGLE_SERVICE_ACCOUNT)


def heard(events: Sequence[Event]) -> Iterator[Change]:
    """What these events changed of what Google knows. Two queries, and some for classes."""
    if not is_configured():
        return
    channels = Channel.objects.filter(
        business__in={event.business_id for event in events},
        business__is_active=True,
        business__is_dev=settings.GOOGLE_SANDBOX,
        protocol=NAME,
    )
    known = list(channels.values_list("pk", "business_id", "is_active"))
    businesses = {business_id for _, business_id, is_active in known if is_active}
    ours = {f"channel:{pk}" for pk, _, _ in known}
    for event in events:
        if event.business_id in businesses and event.kind in TAKES:
            yield from _of_booking(event, ours)
            if settings.GOOGLE_INVENTORY_UPDATES:
                yield from _of_time(event)


def _of_booking(event: Event, ours: set[str]) -> Iterator[Change]:
    """A booking of Google's that somebody else changed."""
    booking = event.booking
    fields = FIELDS.get(Kind(event.kind))
    if booking is None or booking.source != NAME or fields is None or event.actor in ours:
        return
    yield Change(
        event.business_id,
        booking.location_id,
        booking.starts_at,
        booking.ends_at,
        booking_id=booking.pk,
        fields=fields,
    )


def _of_time(event: Event) -> Iterator[Change]:
    """The stretch that an event took or gave back; of one that was moved both."""
    said: dict[str, Any] = event.data
    stretches = [each for each in (said, said.get("was")) if each and "starts_at" in each]
    if stretches:
        start = min(datetime.fromisoformat(each["starts_at"]) for each in stretches)
        end = max(datetime.fromisoformat(each["ends_at"]) for each in stretches)
    elif event.booking:
        start, end = event.booking.starts_at, event.booking.ends_at
    else:
        return
    if event.kind == Kind.SESSION_CHANGED:  # where it was isn't said
        start = min(start, datetime.now(UTC))
        end = max(end, datetime.now(UTC) + timedelta(days=settings.GOOGLE_FEED_DAYS))
    for place in _places(event):
        yield Change(event.business_id, place, start, end)


def _places(event: Event) -> set[uuid.UUID]:
    """Where it happened; everywhere in the business if that can't be said."""
    if event.booking:
        return {event.booking.location_id}
    if session := event.data.get("session"):
        rows = Session.objects.filter(business=event.business_id, pk=session)
    else:
        rows = Resource.objects.filter(
            business=event.business_id, pk__in=event.data.get("resource_ids", [])
        )  # type: ignore[assignment]
    found = set(rows.values_list("location_id", flat=True))
    return found or set(
        Location.objects.filter(business=event.business_id).values_list("pk", flat=True)
    )
