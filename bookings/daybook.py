"""What the desk reads of bookings and guests: one booking whole, a day's, a guest's.

Each read takes a number of queries that doesn't grow with the data.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, F, Max, Min, Q

from accounts.contact import phone_key
from accounts.errors import NotFound
from accounts.models import Business, Channel, User
from billing.models import Deposit
from bookings.lifecycle import State
from bookings.models import Booking, Event, Guest
from resources.models import Resource

CAME = (State.CHECKED_IN.value, State.COMPLETED.value)
EXPECTED = (State.PENDING.value, State.CONFIRMED.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened: `who` did it by name, empty for what has none; `data` as it was
    then, with the names of resources under `names`."""

    at: datetime
    kind: str
    by: str
    who: str
    data: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Visits:
    """How often a guest came, didn't, and called off; `party` is their usual size."""

    came: int = 0
    missed: int = 0
    cancelled: int = 0
    to_come: int = 0
    party: float | None = None
    first: datetime | None = None
    last: datetime | None = None
    next: datetime | None = None


def booking(business: Business, pk: uuid.UUID) -> Booking:
    """A booking of this business with its guest, service, class, place, door and leader. One query.
    Raises NotFound."""
    found = (
        Booking.objects.filter(business=business, pk=pk)
        .select_related(
            "guest", "service", "session__service", "location", "channel", "leader", "business"
        )
        .first()
    )
    if found is None:
        raise NotFound
    return found


def parts(of: Booking) -> list[Booking]:
    """The bookings of a visit of several services, in order; only itself where it is one. One
    query."""
    first = of.leader_id or of.pk
    rows = Booking.objects.filter(Q(pk=first) | Q(leader=first)).select_related("service")
    return list(rows.order_by("starts_at", "pk"))


def history(of: Booking) -> list[Happened]:
    """What happened to a booking, latest first. At most three queries."""
    events = list(Event.objects.filter(booking=of).order_by("-id")[:200])
    return _told(events)


def _told(events: Sequence[Event]) -> list[Happened]:
    ids: dict[str, set[str]] = {"user": set(), "channel": set()}
    for each in events:
        kind, _, pk = each.actor.partition(":")
        if pk and kind in ids:
            ids[kind].add(pk)
    names: dict[str, str] = {}
    if ids["user"]:
        for user in User.objects.filter(pk__in=ids["user"]):
            names[f"user:{user.pk}"] = user.get_full_name()
    if ids["channel"]:
        for channel in Channel.objects.filter(pk__in=ids["channel"]):
            names[f"channel:{channel.pk}"] = channel.name
    return [
        Happened(
            each.at,
            each.kind,
            each.actor.partition(":")[0],
            names.get(each.actor, ""),
            each.data,
        )
        for each in events
    ]


def resources_named(ids: Sequence[uuid.UUID] | set[uuid.UUID]) -> dict[uuid.UUID, Resource]:
    """Resources by id, deleted ones too, with their sections. One query."""
    found = Resource.objects.filter(pk__in=ids).select_related("section")
    return {each.pk: each for each in found}


def deposit(of: Booking) -> Deposit | None:
    """The latest deposit of a booking, whatever became of it. One query."""
    return (
        Deposit.objects.filter(booking_id=of.leader_id or of.pk, business_id=of.business_id)
        .order_by("-created_at")
        .first()
    )


def visits(guest: Guest, *, now: datetime) -> Visits:
    """What a guest's bookings come to; a visit of several services counts once. One query."""
    found = Booking.objects.filter(guest=guest, leader=None).aggregate(
        came=Count("pk", filter=Q(state__in=CAME)),
        missed=Count("pk", filter=Q(state=State.NO_SHOW.value)),
        cancelled=Count("pk", filter=Q(state=State.CANCELLED.value)),
        to_come=Count("pk", filter=Q(state__in=EXPECTED, starts_at__gt=now)),
        party=Avg("party_size", filter=Q(state__in=(*CAME, *EXPECTED))),
        first=Min("starts_at", filter=Q(state__in=CAME)),
        last=Max("starts_at", filter=Q(state__in=CAME)),
        next=Min("starts_at", filter=Q(state__in=EXPECTED, starts_at__gt=now)),
    )
    return Visits(**found)


# --- guests --------------------------------------------------------------------------------------


def guest(business: Business, pk: object) -> Guest | None:
    """A guest of this business by id, whatever was said for one. One query."""
    try:
        key = uuid.UUID(str(pk))
    except ValueError:
        return None
    return Guest.objects.filter(business=business, pk=key).first()


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A guest who may be meant, and how often they came."""

    guest: Guest
    came: int
    last: datetime | None


def guests_like(business: Business, text: str, *, most: int = 5) -> list[Known]:
    """The guests whose phone has these digits or whose names begin so, who came last first; for
    less than three digits or two letters nobody. One query.

    How a number begins is left out: at home people dial 020 for +44 20.
    """
    digits = phone_key(text).lstrip("+").lstrip("0")
    said = text.split()[:4]
    if digits.isdigit():
        if len(digits) < 3:
            return []
        rows = Guest.objects.filter(business=business, phone_key__contains=digits)
    elif len("".join(said)) < 2:
        return []
    else:
        rows = Guest.objects.filter(business=business)
        for word in said:
            rows = rows.filter(Q(first_name__istartswith=word) | Q(last_name__istartswith=word))
    counted = rows.annotate(
        came=Count("bookings", filter=Q(bookings__state__in=CAME, bookings__leader=None)),
        last=Max("bookings__starts_at", filter=Q(bookings__state__in=CAME)),
    ).order_by(F("last").desc(nulls_last=True), "last_name", "pk")
    return [Known(each, each.came, each.last) for each in counted[:most]]
