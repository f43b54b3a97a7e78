"""Who comes: added, corrected, and forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from accounts import clock, idempotency
from accounts.contact import email_key, phone_key
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Business
from accounts.transactions import written
from bookings import allocations
from bookings.models import (
    Booking,
    Event,
    Guest,
    GuestPassword,
    WaitlistEntry,
    WebhookDelivery,
)
from bookings.services.recording import owe
from bookings.wishes import SYSTEM, Actor, GuestDetails

MOST_TAGS, LONGEST_TAG = 20, 40


@written
def welcome(
    business: Business,
    details: GuestDetails,
    *,
    notes: str | None = None,
    now: datetime | None = None,
) -> tuple[Guest, bool]:
    """The guest of that phone (or e-mail, where no phone is given), brought up to date, or a new
    one; and whether it is new. Raises Invalid when neither is given."""
    if not (details.phone or details.email):
        raise Invalid(fields={"phone": "Give a phone number or an e-mail address."})
    if phone := phone_key(details.phone):
        known = Guest.objects.filter(business=business, phone_key=phone)
    else:
        known = Guest.objects.filter(business=business, email_key=email_key(details.email))
    is_new = not known.exists()
    found = Guest.objects.get(pk=allocations.guest(business.pk, details, now=now))
    if is_new:
        record_guest(found, Event.Kind.GUEST_CREATED, by=SYSTEM, now=now)
    if notes is not None and notes != found.notes:
        found.notes = notes
        found.save(update_fields=["notes"])
    return found, is_new


@written
def meet(
    business: Business,
    who: GuestDetails,
    *,
    by: Actor,
    details: Mapping[str, Mapping[str, Any]] | None = None,
    now: datetime | None = None,
) -> Guest:
    """The guest of that phone, that e-mail, or of that name where neither is given; or a new one.

    What is said of them is brought up to date; `details` is added to what protocols say.
    """
    known = _known(business, who)
    if known is None or (who.phone and known.phone_key == phone_key(who.phone)):
        pk = allocations.guest(business.pk, who, now=now)
    else:
        pk = known.pk
    found = Guest.objects.get(pk=pk)
    if details:
        for protocol, said in details.items():
            found.details[protocol] = found.details.get(protocol, {}) | dict(said)
        found.save(update_fields=["details"])
    if known is None:
        record_guest(found, Event.Kind.GUEST_CREATED, by=by, now=now)
    return found


def _known(business: Business, who: GuestDetails) -> Guest | None:
    ours = Guest.objects.filter(business=business).order_by("created_at", "pk")
    phone, email = phone_key(who.phone), email_key(who.email)
    if phone and (found := ours.filter(phone_key=phone).first()):
        return found
    if email:
        return ours.filter(email_key=email).first()
    if phone:
        return None
    return ours.filter(first_name__iexact=who.first_name, last_name__iexact=who.last_name).first()


@transaction.atomic
def describe(guest: Guest, details: Mapping[str, Any]) -> Guest:
    """Remember what protocols say of a guest, besides what they said before."""
    found = _existing(guest)
    for name, said in details.items():
        found.details[name] = {**found.details.get(name, {}), **said}
    found.save(update_fields=["details"])
    return found


@transaction.atomic
def correct(
    guest: Guest,
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    notes: str | None = None,
    tags: Iterable[str] | None = None,
    details: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
    now: datetime | None = None,
) -> Guest:
    """Change what is known of a guest; what isn't given stays.

    Tags are kept once each, whatever their case. Raises Conflict when the new phone or e-mail is
    another guest's, Invalid when nothing is left.
    """
    found = _existing(guest)
    given = {
        "first_name": first_name,
        "last_name": last_name,
        "email": email,
        "phone": phone,
        "notes": notes,
        "tags": None if tags is None else _tidied(tags),
        "details": details,
    }
    for name, value in given.items():
        if value is not None:
            setattr(found, name, value)
    if not (found.first_name or found.last_name or found.email or found.phone):
        raise Invalid(fields={"first_name": "A customer has a name, a phone or an e-mail."})
    found.email_key, found.phone_key = email_key(found.email), phone_key(found.phone)
    found.updated_at = clock.read(now)
    try:
        with transaction.atomic():
            found.save()
    except IntegrityError:
        raise Conflict("There is another customer with this phone or e-mail.") from None
    record_guest(found, Event.Kind.GUEST_UPDATED, by=by, now=now)
    return found


def _tidied(tags: Iterable[str]) -> list[str]:
    """Raises Invalid for too many, or one that is too long."""
    kept: dict[str, str] = {}
    for each in tags:
        if word := " ".join(each.split()):
            kept.setdefault(word.casefold(), word)
    if len(kept) > MOST_TAGS or any(len(each) > LONGEST_TAG for each in kept.values()):
        raise Invalid(
            fields={"tags": f"At most {MOST_TAGS} tags of {LONGEST_TAG} characters each."}
        )
    return list(kept.values())


@written
def merge(keep: Guest, other: Guest, *, by: Actor, now: datetime | None = None) -> Guest:
    """Make one guest of two who are the same person. What is known of `keep` wins; where it has
    nothing, what was known of the other fills in; notes and tags are those of both.

    Bookings and places in the waitlist of the other are then those of `keep`. Their password isn't
    taken over, as it was given to somebody who may see less. Raises NotFound for guests of two
    businesses or one who is gone, Invalid for one and the same.
    """
    if keep.pk == other.pk:
        raise Invalid("A guest can't be merged with themselves.")
    pair = [keep.pk, other.pk]
    _keep_all_of(other)
    mine = Booking.objects.filter(guest=other.pk)
    rows = {
        each.pk: each
        for each in Guest.objects.select_for_update()
        .filter(pk__in=pair, business_id=keep.business_id)
        .order_by("pk")
    }
    if len(rows) < 2:
        raise NotFound
    found, gone = rows[keep.pk], rows[other.pk]
    moment = clock.read(now)
    mine.update(guest=found, updated_at=moment)
    gone.waitlist.update(guest=found)
    record_guest(gone, Event.Kind.GUEST_DELETED, by=by, now=now, merged_into=str(found.pk))
    gone.delete()
    if not (found.first_name or found.last_name):
        found.first_name, found.last_name = gone.first_name, gone.last_name
    found.phone, found.email = found.phone or gone.phone, found.email or gone.email
    found.email_key, found.phone_key = email_key(found.email), phone_key(found.phone)
    found.notes = "\n".join(dict.fromkeys(filter(None, (found.notes, gone.notes))))
    found.tags = _tidied((*found.tags, *gone.tags)[:MOST_TAGS])
    found.details = {**gone.details, **found.details}
    found.created_at = min(found.created_at, gone.created_at)
    found.updated_at = moment
    found.save()
    record_guest(found, Event.Kind.GUEST_UPDATED, by=by, now=now, merged=str(other.pk))
    return found


@written
def forget(guest: Guest, *, by: Actor = SYSTEM, now: datetime | None = None) -> None:
    """Erase a guest: deleted when never booked, else nothing personal is left of them.

    Bookings stay in the book, without a name, notes or what protocols said of them; so do figures
    and the history, which never held personal data. What listeners were told can't be taken back,
    our copy of it goes, as do the answers kept for idempotency keys; what they are still to be told
    is written anew, without a name, when it is sent.
    """
    _keep_all_of(guest)
    found = _existing(guest)
    record_guest(found, Event.Kind.GUEST_DELETED, by=by, now=now)
    bookings = Booking.objects.filter(guest=found)
    idempotency.erase([found.pk, *bookings.values_list("pk", flat=True)])
    found.waitlist.all().delete()
    _erase_told(found)
    if not bookings.exists():
        found.delete()
        return
    bookings.exclude(notes="").update(notes="")
    bookings.exclude(details={}).update(details={})  # what a protocol says may be about a person
    bookings.update(link_version=F("link_version") + 1)  # whoever has their link has it no more
    for name in ("first_name", "last_name", "email", "phone", "email_key", "phone_key", "notes"):
        setattr(found, name, "")
    found.details, found.tags = {}, []
    GuestPassword.objects.filter(guest=found).delete()
    found.updated_at = clock.read(now)
    found.save()


def _keep_all_of(guest: Guest) -> None:
    """Keep what is a guest's from others, in the order that everybody takes it in: places in the
    waitlist before bookings, and these before whoever they are for."""
    for rows in (WaitlistEntry.objects.filter(guest=guest), Booking.objects.filter(guest=guest)):
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _erase_told(guest: Guest) -> None:
    """Erase our copies of what listeners were told, or are to be told, of a guest: of them, their
    bookings, and the classes that they are in, as some protocols tell who else is there."""
    runs = Booking.objects.filter(guest=guest).exclude(session=None)
    ids = list(runs.values_list("session_id", flat=True))
    about = (
        Q(event__data__guest=str(guest.pk))
        | Q(event__booking__guest=guest)
        | Q(event__booking__session__in=ids)
        | Q(event__data__session__in=[str(each) for each in ids])
    )
    told = WebhookDelivery.objects.filter(endpoint__business=guest.business_id)
    told.filter(about).exclude(body="").update(body="")


def record_guest(
    guest: Guest, kind: Event.Kind, *, by: Actor, now: datetime | None, **more: str
) -> None:
    """Add an event about a guest and what is owed to the world for it; it names nobody, as events
    are never changed."""
    event = Event.objects.create(
        business_id=guest.business_id,
        kind=kind,
        at=clock.moment(now),
        actor=str(by),
        data={"guest": str(guest.pk)} | more,
    )
    owe(now=now, event=event)


def _existing(guest: Guest) -> Guest:
    found = (
        Guest.objects.select_for_update(no_key=True)
        .filter(pk=guest.pk, business_id=guest.business_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found
