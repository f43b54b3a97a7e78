"""What the desk reads of bookings and guests: one booking whole, a day's, a guest's.

Each read takes a number of queries that doesn't grow with the data.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Avg, Count, F, Max, Min, Q, QuerySet

from accounts.contact import email_key, phone_key
from accounts.errors import NotFound
from accounts.models import Business, Channel, User
from billing.models import Deposit, Receipt
from bookings.assignment import natural_key
from bookings.lifecycle import State
from bookings.models import Booking, Event, Guest, Mail, WaitlistEntry, WebhookDelivery
from bookings.references import normalise
from resources.models import Location, Resource

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


def like_guest(text: str) -> Q | None:
    """The condition for guests whose phone has these digits, whose names begin so or whose e-mail
    does; None for less than three digits or two letters.

    How a number begins is left out: at home people dial 020 for +44 20.
    """
    digits = phone_key(text).lstrip("+").lstrip("0")
    if digits.isdigit():
        return Q(phone_key__contains=digits) if len(digits) >= 3 else None
    said = text.split()[:4]
    if len("".join(said)) < 2:
        return None
    if len(said) == 1 and "@" in text:
        return Q(email_key__startswith=email_key(text))
    found = Q()
    for word in said:
        found &= Q(first_name__icontains=word) | Q(last_name__icontains=word)
    return found


def guests_like(business: Business, text: str, *, most: int = 5) -> list[Known]:
    """The guests like this, who came last first. One query at most."""
    like = like_guest(text)
    if like is None:
        return []
    counted = (
        Guest.objects.filter(like, business=business)
        .annotate(
            came=Count("bookings", filter=Q(bookings__state__in=CAME, bookings__leader=None)),
            last=Max("bookings__starts_at", filter=Q(bookings__state__in=CAME)),
        )
        .order_by(F("last").desc(nulls_last=True), "last_name", "pk")
    )
    return [Known(each, each.came, each.last) for each in counted[:most]]


# --- a day ---------------------------------------------------------------------------------------

# What somebody at the desk tells apart, and the states that it is.
GROUPS = {
    "waiting": (State.HELD.value, State.PENDING.value),
    "expected": (State.CONFIRMED.value,),
    "here": (State.CHECKED_IN.value,),
    "done": (State.COMPLETED.value,),
    "missed": (State.NO_SHOW.value,),
    "off": (State.CANCELLED.value, State.EXPIRED.value),
}
COUNTED = frozenset(
    each for group in ("waiting", "expected", "here", "done") for each in GROUPS[group]
)
MOST_FOUND = 50  # each way in time


class Row(NamedTuple):
    """A booking as a line of the list."""

    id: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    state: str
    expires_at: datetime | None
    party_size: int
    reference: str
    source: str
    notes: str
    resource_ids: list[uuid.UUID]
    session_id: uuid.UUID | None
    leader_id: uuid.UUID | None
    service: str | None
    guest_id: uuid.UUID | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    email: str | None
    guest_notes: str | None
    tags: list[str] | None
    overbooked: str = ""


COLUMNS = (
    "id", "starts_at", "ends_at", "state", "expires_at", "party_size", "reference", "source",
    "notes", "resource_ids", "session_id", "leader_id", "service__name", "guest_id",
    "guest__first_name", "guest__last_name", "guest__phone", "guest__email", "guest__notes",
    "guest__tags", "overbooked",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Totals:
    """What a day comes to: bookings by group, and the covers and bookings that are still to come,
    here or gone, with the covers by the hour in which they begin (of the local day, from 0)."""

    by_group: Mapping[str, int]
    bookings: int
    covers: int
    by_hour: Mapping[int, int]


def of_day(place: Location, start: datetime, end: datetime) -> QuerySet[Booking]:
    """The bookings of a location that start in a window, in order."""
    return Booking.objects.filter(
        business=place.business_id, location=place, starts_at__gte=start, starts_at__lt=end
    ).order_by("starts_at", "guest__last_name", "id")


def rows(found: QuerySet[Booking], *, most: int | None = None) -> list[Row]:
    """Bookings as lines. One query."""
    return [Row(*each) for each in found.values_list(*COLUMNS)[:most]]


def search(
    place: Location, text: str, *, now: datetime
) -> tuple[QuerySet[Booking], QuerySet[Booking]]:
    """The bookings of this code or for a guest like this, on any day: those to come, soonest first,
    and those before, latest first."""
    mine = Booking.objects.filter(business=place.business_id, location=place)
    like = like_guest(text)
    found = Q(reference=normalise(text))
    if like is not None:
        guests = Guest.objects.filter(like, business=place.business_id)
        found |= Q(guest__in=guests.values("pk"))
    mine = mine.filter(found)
    since = now - timedelta(hours=3)
    return (
        mine.filter(starts_at__gte=since).order_by("starts_at", "id"),
        mine.filter(starts_at__lt=since).order_by("-starts_at", "id"),
    )


def totals(found: QuerySet[Booking], *, zone: ZoneInfo, now: datetime) -> Totals:
    """One query."""
    groups = {each: group for group, states in GROUPS.items() for each in states}
    by_group: dict[str, int] = dict.fromkeys(GROUPS, 0)
    by_hour: dict[int, int] = defaultdict(int)
    bookings = covers = 0
    for state, starts_at, expires_at, size in found.order_by().values_list(
        "state", "starts_at", "expires_at", "party_size"
    ):
        if expires_at and expires_at <= now:
            state = State.EXPIRED.value
        by_group[groups[state]] += 1
        if state in COUNTED:
            bookings += 1
            covers += size
            by_hour[starts_at.astimezone(zone).hour] += size
    return Totals(by_group, bookings, covers, dict(by_hour))


def places(place: Location) -> list[Resource]:
    """What a location has or had that bookings name, with sections, in the order shown. One
    query."""
    found = Resource.objects.filter(location=place).select_related("section")
    return sorted(found, key=lambda each: (each.display_order, natural_key(each.name)))


# --- guests of a business ------------------------------------------------------------------------

KNOWN = ~Q(first_name="", last_name="", phone="", email="")  # others are forgotten
SORTS = {
    "last": (F("last").desc(nulls_last=True), "last_name", "first_name", "pk"),
    "name": ("last_name", "first_name", "pk"),
    "visits": (F("came").desc(), F("last").desc(nulls_last=True), "pk"),
}


def guests(
    business: Business, *, text: str = "", tag: str = "", sort: str = "last", now: datetime
) -> QuerySet[Guest]:
    """The guests of a business, each with how often they `came` and `missed`, and when they were
    here `last` and come `next`; those like `text` and with this tag. What finds nobody by itself
    (two letters are the least) finds all who are called just so."""
    found = Guest.objects.filter(KNOWN, business=business)
    if text:
        like = like_guest(text)
        found = found.filter(Q(first_name__iexact=text) if like is None else like)
    if tag:
        found = found.filter(tags__contains=[tag])
    visits = Q(bookings__leader=None)
    return found.annotate(
        came=Count("bookings", filter=visits & Q(bookings__state__in=CAME)),
        missed=Count("bookings", filter=visits & Q(bookings__state=State.NO_SHOW.value)),
        last=Max("bookings__starts_at", filter=Q(bookings__state__in=CAME)),
        next=Min(
            "bookings__starts_at",
            filter=Q(bookings__state__in=EXPECTED, bookings__starts_at__gt=now),
        ),
    ).order_by(*SORTS.get(sort, SORTS["last"]))


def tags_of(business: Business, *, most: int = 30) -> list[tuple[str, int]]:
    """The tags in use with how many guests have each, the commonest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT tag, count(*) FROM bookings_guest, unnest(tags) AS tag
             WHERE business_id = %s GROUP BY tag ORDER BY count(*) DESC, tag LIMIT %s
            """,
            [business.pk, most],
        )
        return list(cursor.fetchall())


def stays(guest: Guest, *, most: int = 200) -> list[Booking]:
    """A guest's bookings with services, latest first. One query."""
    rows = Booking.objects.filter(guest=guest).select_related("service", "location")
    return list(rows.order_by("-starts_at", "pk")[:most])


def waits(guest: Guest) -> list[WaitlistEntry]:
    """Where a guest waits or waited, latest first. One query."""
    return list(
        guest.waitlist.select_related("service", "session__service").order_by("-created_at")[:50]
    )


def guest_events(guest: Guest) -> list[Happened]:
    """What happened to what is known of a guest, latest first. At most three queries."""
    rows = Event.objects.filter(
        business=guest.business_id, kind__startswith="guest.", data__guest=str(guest.pk)
    )
    return _told(list(rows.order_by("-id")[:100]))


def alike(guest: Guest, *, most: int = 8) -> list[Guest]:
    """Other guests who may be the same person: of the same e-mail, the end of the same number, or
    the same name. One query."""
    same = Q()
    if guest.email_key:
        same |= Q(email_key=guest.email_key)
    digits = guest.phone_key.lstrip("+")
    if len(digits) >= 7:
        same |= Q(phone_key__endswith=digits[-7:])
    if guest.first_name and guest.last_name:
        same |= Q(first_name__iexact=guest.first_name, last_name__iexact=guest.last_name)
    elif str(guest):
        same |= Q(first_name__iexact=guest.first_name, last_name__iexact=guest.last_name) & KNOWN
    if not same:
        return []
    rows = Guest.objects.filter(KNOWN, same, business=guest.business_id).exclude(pk=guest.pk)
    return list(rows.order_by("last_name", "first_name", "pk")[:most])


def everything(guest: Guest) -> dict[str, Any]:
    """All that is known of a guest, for them to have (GDPR, articles 15 and 20), as plain values
    that JSON can say. A number of queries that doesn't grow with it."""
    bookings = list(
        Booking.objects.filter(guest=guest)
        .select_related("service", "location", "channel")
        .order_by("starts_at", "pk")
    )
    ids = [each.pk for each in bookings]
    named = resources_named({pk for each in bookings for pk in each.resource_ids})
    about = Q(booking__in=ids) | Q(kind__startswith="guest.", data__guest=str(guest.pk))
    events = Event.objects.filter(about, business=guest.business_id).order_by("id")
    told = (
        WebhookDelivery.objects.filter(event__in=events.values("pk"))
        .select_related("event", "endpoint")
        .order_by("created_at", "pk")
    )
    return {
        "guest": {
            "id": str(guest.pk),
            "first_name": guest.first_name,
            "last_name": guest.last_name,
            "email": guest.email,
            "phone": guest.phone,
            "notes": guest.notes,
            "tags": guest.tags,
            "details": guest.details,
            "has_password": hasattr(guest, "credentials"),
            "created_at": guest.created_at.isoformat(),
            "updated_at": guest.updated_at.isoformat(),
        },
        "bookings": [
            {
                "id": str(each.pk),
                "code": each.reference,
                "state": each.state,
                "starts_at": each.starts_at.isoformat(),
                "ends_at": each.ends_at.isoformat(),
                "guests": each.party_size,
                "location": each.location.name,
                "service": each.service.name if each.service else None,
                "places": [named[pk].name for pk in each.resource_ids if pk in named],
                "price_cents": each.price_cents,
                "notes": each.notes,
                "details": each.details,
                "source": each.source,
                "channel": each.channel.name if each.channel else None,
                "created_at": each.created_at.isoformat(),
            }
            for each in bookings
        ],
        "deposits": [
            {
                "booking": str(each.booking_id),
                "amount": str(each.amount),
                "status": each.status,
                "at": each.created_at.isoformat(),
            }
            for each in Deposit.objects.filter(booking_id__in=ids).order_by("created_at", "pk")
        ],
        "receipts": [
            {
                "booking": str(each.booking_id),
                "amount_cents": each.amount_cents,
                "currency": each.currency,
                "method": each.method,
                "number": each.number,
                "notes": each.notes,
                "at": each.at.isoformat(),
            }
            for each in Receipt.objects.filter(booking_id__in=ids)
        ],
        "waitlist": [
            {
                "day": each.preferred_date.isoformat(),
                "earliest": each.earliest.isoformat() if each.earliest else None,
                "latest": each.latest.isoformat() if each.latest else None,
                "service": each.service.name if each.service else None,
                "guests": each.party_size,
                "state": each.state,
                "notes": each.notes,
                "created_at": each.created_at.isoformat(),
            }
            for each in guest.waitlist.select_related("service").order_by("created_at", "pk")
        ],
        "mails": [
            {
                "booking": str(each.booking_id),
                "kind": each.kind,
                "state": each.state,
                "sent_at": each.sent_at.isoformat() if each.sent_at else None,
            }
            for each in Mail.objects.filter(booking__in=ids).order_by("created_at", "pk")
        ],
        "history": [
            {
                "kind": each.kind,
                "at": each.at.isoformat(),
                "by": each.actor.partition(":")[0],
                "booking": str(each.booking_id) if each.booking_id else None,
                "data": each.data,
            }
            for each in events
        ],
        "passed_on": [
            {
                "to": each.endpoint.url,
                "kind": each.event.kind,
                "state": each.state,
                "at": each.created_at.isoformat(),
            }
            for each in told
        ],
    }
