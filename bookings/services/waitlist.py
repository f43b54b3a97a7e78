"""Guests who would come if there were room. Nobody is booked from here by itself."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts import clock
from accounts.contact import phone_key
from accounts.errors import Invalid
from accounts.models import Business
from accounts.transactions import lock, written
from bookings import allocations
from bookings.models import Guest, WaitlistEntry
from bookings.wishes import Actor, GuestDetails
from resources.models import Service


@written
def join(
    business: Business,
    *,
    guest: GuestDetails,
    preferred_date: date,
    by: Actor,
    party_size: int = 1,
    service: Service | None = None,
    notes: str = "",
    now: datetime | None = None,
) -> tuple[WaitlistEntry, int]:
    """Queue for a day; returns the entry and its place in that day's queue, from 1.

    A stranger who gives a known guest's phone is that guest and changes nothing about them. Raises
    Invalid for a day that has gone by.
    """
    moment = clock.read(now)
    if preferred_date < moment.astimezone(ZoneInfo(business.timezone)).date():
        raise Invalid(fields={"preferred_date": "This date is in the past."})
    lock([f"waitlist:{business.pk}:{preferred_date}"])  # so that no two hear the same place
    known = None
    if by.kind == "guest" and (phone := phone_key(guest.phone)):
        same = Guest.objects.filter(business=business, phone_key=phone)
        known = same.values_list("pk", flat=True).first()
    entry = WaitlistEntry.objects.create(
        business=business,
        guest_id=known or allocations.guest(business.pk, guest, now=now),
        service=service,
        preferred_date=preferred_date,
        party_size=party_size,
        notes=notes,
        created_at=moment,
    )
    ahead = WaitlistEntry.objects.filter(
        business=business, preferred_date=preferred_date, state=WaitlistEntry.State.WAITING
    )
    return entry, ahead.count()


@transaction.atomic
def leave(entry: WaitlistEntry) -> None:
    """Take an entry off the list. Repeating it does nothing."""
    WaitlistEntry.objects.filter(pk=entry.pk).update(state=WaitlistEntry.State.REMOVED)
