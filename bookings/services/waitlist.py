"""Guests who would come if there were room: their queue, and what they are offered from it.

Nobody is booked from here by itself. A business that wants so has what becomes free held for
whoever waited longest, one after another; the hold is a hold like any other, so it lapses by the
clock, and confirming it is all there is to accepting. The queue and the book say together who is
next whenever somebody looks, so whoever dies at it loses nothing.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef

from accounts import clock
from accounts.contact import phone_key
from accounts.errors import Conflict, DomainError, Invalid
from accounts.models import Business
from accounts.transactions import lock, written
from availability.calendar import local_day, wall
from bookings import allocations, offers, selectors
from bookings.errors import HoldExpired, SlotTaken
from bookings.lifecycle import State
from bookings.models import Booking, Event, Guest, Outbox, Session, WaitlistEntry
from bookings.services.classes import book_places
from bookings.services.making import confirm, hold
from bookings.services.progress import release
from bookings.services.recording import record
from bookings.wishes import GUEST, SYSTEM, Actor, GuestDetails, Search, Wish
from resources.models import Service

log = logging.getLogger(__name__)

SOURCE = "waitlist"
TRIES = 3  # starts that are tried for an entry, should others be quicker
DAY = timedelta(days=1)
WAITING, OFFERED = WaitlistEntry.State.WAITING, WaitlistEntry.State.OFFERED


# --- the queue -----------------------------------------------------------------------------------


@written
def join(
    business: Business,
    *,
    guest: GuestDetails,
    by: Actor,
    preferred_date: date | None = None,
    party_size: int = 1,
    service: Service | None = None,
    session: Session | None = None,
    earliest: time | None = None,
    latest: time | None = None,
    notes: str = "",
    quoted_for: datetime | None = None,
    now: datetime | None = None,
) -> tuple[WaitlistEntry, int]:
    """Queue for a day, or for one class; returns the entry and its place in that queue, from 1.
    Who waits at the door has been told a time, `quoted_for`.

    A stranger who gives a known guest's phone is that guest and changes nothing about them. Raises
    Invalid for a day that has gone by and for a class that isn't to come.
    """
    moment = clock.read(now)
    if session:
        service, preferred_date = _class_to_come(session, business, party_size, moment)
    elif preferred_date is None:
        raise Invalid(fields={"preferred_date": "Say a day, or a class."})
    elif _is_over(preferred_date, business, moment):
        raise Invalid(fields={"preferred_date": "This date is in the past."})
    if earliest and latest and latest < earliest:
        raise Invalid(fields={"latest": "Must not be before the earliest."})
    lock([f"waitlist:{business.pk}:{preferred_date}"])  # so that no two hear the same place
    known = None
    if by.kind == "guest" and (phone := phone_key(guest.phone)):
        same = Guest.objects.filter(business=business, phone_key=phone)
        known = same.values_list("pk", flat=True).first()
    entry = WaitlistEntry.objects.create(
        business=business,
        guest_id=known or allocations.guest(business.pk, guest, now=now),
        service=service,
        session=session,
        preferred_date=preferred_date,
        earliest=earliest,
        latest=latest,
        party_size=party_size,
        notes=notes,
        quoted_for=quoted_for,
        created_at=moment,
    )
    ahead = WaitlistEntry.objects.filter(
        business=business, preferred_date=preferred_date, state=WAITING
    )
    if session:
        ahead = ahead.filter(session=session)
    return entry, ahead.count()


def _is_over(day: date, business: Business, moment: datetime) -> bool:
    """Whether a day has gone by on the clock of the business and of all its places."""
    if day >= wall(moment, ZoneInfo(business.timezone)).date():
        return False
    zones = set(business.locations.filter(is_active=True).values_list("timezone", flat=True))
    return all(day < wall(moment, ZoneInfo(zone)).date() for zone in zones - {""})


def _class_to_come(
    session: Session, business: Business, party_size: int, moment: datetime
) -> tuple[Service, date]:
    if session.business_id != business.pk:
        raise Invalid(fields={"session": "There is no such class."})
    if session.state != Session.State.SCHEDULED or session.starts_at <= moment:
        raise Invalid(fields={"session": "This class isn't to come."})
    if party_size > session.capacity:
        raise Invalid(fields={"party_size": f"The class has {session.capacity} places."})
    zone = ZoneInfo(session.location.timezone or business.timezone)
    return session.service, wall(session.starts_at, zone).date()


@written
def leave(entry: WaitlistEntry, *, by: Actor = GUEST, now: datetime | None = None) -> None:
    """Take an entry off the list; what is held for it is free again. Repeating it does nothing,
    and neither does it for what was accepted."""
    found = _locked(entry)
    if found is None or found.state not in (WAITING, OFFERED):
        return
    if found.booking and found.booking.state == State.HELD.value:
        release(found.booking, by=by, now=now)
    found.state = WaitlistEntry.State.REMOVED
    found.save(update_fields=["state"])


@written
def accept(entry: WaitlistEntry, *, by: Actor, now: datetime | None = None) -> Booking:
    """Take what is offered: the hold is confirmed. Confirming the hold itself does the same.

    Raises HoldExpired when the offer has lapsed or there is none, and as `confirm` does.
    """
    found = _locked(entry)
    if found is None or found.booking is None:
        raise HoldExpired("There is no offer.")
    booking = confirm(found.booking, by=by, now=now)
    found.state = WaitlistEntry.State.ACCEPTED
    found.save(update_fields=["state"])
    return booking


@written
def decline(entry: WaitlistEntry, *, by: Actor, now: datetime | None = None) -> None:
    """Say no to what is offered: it is the next one's. Does nothing when there is no offer."""
    found = _locked(entry)
    if found is None or found.state != OFFERED or found.booking is None:
        return
    if found.booking.state == State.HELD.value:
        release(found.booking, by=by, now=now)
    found.state = WaitlistEntry.State.DECLINED
    found.save(update_fields=["state"])


@written
def book_waiting(
    entry: WaitlistEntry, session: Session, *, by: Actor, source: str, now: datetime | None = None
) -> Booking:
    """Book somebody who waits into a class that has room, whoever waits longer: staff have asked
    them. What is offered to them is taken. Raises SlotTaken when there are too few places, Conflict
    for who doesn't wait any more."""
    found = _waits_for(entry, session)
    if found.state == OFFERED and found.booking and found.booking.session_id == session.pk:
        return accept(found, by=by, now=now)
    if found.state == OFFERED:
        decline(found, by=by, now=now)
    booking = book_places(
        session,
        party_size=found.party_size,
        guest=found.guest_id,
        by=by,
        source=source,
        notes=found.notes,
        now=now,
    )
    found.state, found.booking = WaitlistEntry.State.ACCEPTED, booking
    found.save(update_fields=["state", "booking"])
    return booking


@written
def offer_place(
    entry: WaitlistEntry, session: Session, *, by: Actor, now: datetime | None = None
) -> WaitlistEntry:
    """Hold places in a class for somebody who waits, whoever waits longer, as `promote` would: for
    `waitlist_offer_minutes`, but never past the start. Raises as `book_waiting` does, Conflict too
    where offers stand for no time and for who has one already."""
    found = _waits_for(entry, session)
    moment = clock.read(now)
    lasts = _lasts(session.business, session.starts_at, moment)
    if found.state == OFFERED:
        raise Conflict("This guest has an offer already.")
    if lasts <= timedelta():
        raise Conflict("There is no time left for an offer: book the guest instead.")
    booking = book_places(
        session,
        party_size=found.party_size,
        guest=found.guest_id,
        by=by,
        source=SOURCE,
        notes=found.notes,
        lasts=lasts,
        now=now,
    )
    _offered(found, booking, by=by, now=now)
    return found


def _waits_for(entry: WaitlistEntry, session: Session) -> WaitlistEntry:
    found = _locked(entry)
    if found is None or found.state not in (WAITING, OFFERED):
        raise Conflict("This guest doesn't wait any more.")
    if found.business_id != session.business_id or (
        found.session_id != session.pk
        if found.session_id
        else found.service_id != session.service_id
    ):
        raise Invalid("This guest waits for another class.")
    return found


def _offered(entry: WaitlistEntry, booking: Booking, *, by: Actor, now: datetime | None) -> None:
    entry.state, entry.booking = OFFERED, booking
    entry.save(update_fields=["state", "booking"])
    assert booking.expires_at is not None
    record(
        booking,
        Event.Kind.OFFERED,
        by=by,
        now=now,
        waitlist=str(entry.pk),
        expires_at=booking.expires_at.isoformat(),
    )


def _locked(entry: WaitlistEntry) -> WaitlistEntry | None:
    """The entry as it is now, kept from others; whoever needs its booking too takes that after."""
    return (
        WaitlistEntry.objects.select_for_update(no_key=True, of=("self",))
        .select_related("booking")
        .filter(pk=entry.pk)
        .first()
    )


# --- offers --------------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """What an entry waits for. Of two that want the same, the second has no better prospects."""

    session_id: uuid.UUID | None
    service_id: uuid.UUID | None
    day: date
    party_size: int
    earliest: time | None
    latest: time | None

    @classmethod
    def of(cls, entry: WaitlistEntry) -> Wanted:
        return cls(
            entry.session_id,
            entry.service_id,
            entry.preferred_date,
            entry.party_size,
            entry.earliest,
            entry.latest,
        )


def promote(
    business: Business | None = None, *, only_news: bool = False, now: datetime | None = None
) -> list[WaitlistEntry]:
    """Offer what is free to those who wait, longest first, in the businesses that want so.

    The first whom it fits has it held for `waitlist_offer_minutes`, or until it starts if that is
    sooner. With `only_news` only where something has just happened. Safe to run anywhere, any
    number at once; a transaction an offer. Of many businesses one that can't be looked at keeps no
    other waiting.
    """
    _settle(now=now)
    offered: list[WaitlistEntry] = []
    for each in _promoting(business, only_news=only_news):
        hopeless: set[Wanted] = set()
        try:
            while entry := _offer_next(each, hopeless, now=now):
                offered.append(entry)
        except OperationalError:
            raise
        except Exception:
            log.exception("The waitlist of %s can't be looked at", each.pk)
    return offered


def _promoting(business: Business | None, *, only_news: bool) -> Iterator[Business]:
    waiting = WaitlistEntry.objects.filter(business=OuterRef("pk"), state=WAITING)
    found = Business.objects.filter(
        Exists(waiting), is_active=True, waitlist_promotes=True, waitlist_offer_minutes__gt=0
    )
    if only_news:
        found = found.filter(Exists(Outbox.objects.filter(event__business=OuterRef("pk"))))
    if business:
        found = found.filter(pk=business.pk)
    return iter(found.order_by("pk"))


def _settle(*, now: datetime | None) -> None:
    """Bring entries up to what became of their offers: confirmed, given back, or lapsed."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE bookings_waitlistentry AS e
               SET state = CASE WHEN b.state = 'cancelled' THEN 'declined'
                                WHEN b.state IN ('held', 'expired') THEN 'lapsed'
                                ELSE 'accepted' END
              FROM bookings_booking AS b
             WHERE e.state = 'offered' AND b.id = e.booking_id
               AND (b.state <> 'held' OR b.expires_at <= {clock.sql(now)})
            """,  # noqa: S608 - the clock is one of two constants
            {"now": now},
        )


def close_days(*, now: datetime | None = None) -> int:
    """Whoever waited for a day that is over everywhere waits no more; how many did."""
    yesterday = clock.read(now).date() - DAY
    gone = WaitlistEntry.objects.filter(state=WAITING, preferred_date__lt=yesterday)
    return gone.update(state=WaitlistEntry.State.LAPSED)


@written
def _offer_next(
    business: Business, hopeless: set[Wanted], *, now: datetime | None
) -> WaitlistEntry | None:
    """Make one offer to the first in the queue whom something free fits; None when there is none.

    One at a time for each business, so that two who look at once never pass anybody over.
    """
    lock([f"promote:{business.pk}"])
    moment = clock.read(now)
    yesterday = moment.date() - DAY  # somewhere it may still be the day before
    queue = WaitlistEntry.objects.filter(
        business=business, state=WAITING, preferred_date__gte=yesterday, quoted_for=None
    ).exclude(service__is_active=False)  # it isn't offered to anybody any more
    # Who queued twice thinks about one offer at a time.
    has_one = WaitlistEntry.objects.filter(
        guest=OuterRef("guest"), preferred_date=OuterRef("preferred_date"), state=OFFERED
    )
    queue = queue.exclude(Exists(has_one))
    for entry in queue.order_by("created_at", "pk"):
        if Wanted.of(entry) in hopeless:
            continue
        found = _locked(entry)
        if found is None or found.state != WAITING:
            continue  # they left meanwhile
        booking = _held_for(entry, business, moment, now=now)
        if booking is None:
            hopeless.add(Wanted.of(entry))
            continue
        _offered(entry, booking, by=SYSTEM, now=now)
        return entry
    return None


def _held_for(
    entry: WaitlistEntry, business: Business, moment: datetime, *, now: datetime | None
) -> Booking | None:
    """Hold what fits an entry, soonest first; None when nothing does."""
    if entry.session_id or (entry.service and entry.service.capacity):
        return _places_for(entry, business, moment, now=now)
    return _time_for(entry, business, moment, now=now)


def _lasts(business: Business, starts_at: datetime, moment: datetime) -> timedelta:
    """How long an offer stands: never past the start of what is offered."""
    return min(timedelta(minutes=business.waitlist_offer_minutes), starts_at - moment)


def _places_for(
    entry: WaitlistEntry, business: Business, moment: datetime, *, now: datetime | None
) -> Booking | None:
    runs = Session.objects.filter(
        business=business, state=Session.State.SCHEDULED, starts_at__gt=moment
    )
    if entry.session_id:
        runs = runs.filter(pk=entry.session_id)
    else:
        around = (entry.preferred_date - DAY, entry.preferred_date + 2 * DAY)
        runs = runs.filter(service=entry.service, starts_at__date__range=around)
    suits = [each for each in runs.select_related("location") if _suits(entry, each, business)]
    left = selectors.places_left([each.pk for each in suits], now=now)
    for run in suits:
        if left.get(run.pk, 0) < entry.party_size:
            continue
        try:
            with transaction.atomic():
                return book_places(
                    run,
                    party_size=entry.party_size,
                    guest=entry.guest_id,
                    by=SYSTEM,
                    source=SOURCE,
                    notes=entry.notes,
                    lasts=_lasts(business, run.starts_at, moment),
                    now=now,
                )
        except SlotTaken:
            continue
        except DomainError:
            return None
    return None


def _time_for(
    entry: WaitlistEntry, business: Business, moment: datetime, *, now: datetime | None
) -> Booking | None:
    """The soonest start of the day that guests could book themselves, held."""
    search = Search(
        business=business,
        service=entry.service,
        first_day=entry.preferred_date,
        last_day=entry.preferred_date,
        party_size=entry.party_size,
    )
    free = [each for each in offers.slots(search, now=now) if each.starts_at > moment]
    zones = {
        each.pk: ZoneInfo(each.timezone or business.timezone) for each in business.locations.all()
    }
    suits = [
        each
        for each in free
        if _in_time(entry, wall(each.starts_at, zones[each.location_id]).time())
    ]
    for slot in suits[:TRIES]:
        asked: dict[str, Any] = {
            "starts_at": slot.starts_at,
            "party_size": entry.party_size,
            "location_id": slot.location_id,
            "keeps_hours": True,
            "by_guest": True,
        }
        lasts = slot.ends_at - slot.starts_at  # without a service as long as such a party stays
        wish = (
            Wish.of(entry.service, **asked)
            if entry.service
            else Wish(business=business, duration=lasts, **asked)
        )
        try:
            with transaction.atomic():
                return hold(
                    wish,
                    guest=entry.guest_id,
                    by=SYSTEM,
                    source=SOURCE,
                    notes=entry.notes,
                    lasts=_lasts(business, slot.starts_at, moment),
                    now=now,
                )
        except SlotTaken:
            continue  # someone was quicker, and the next start may still be free
        except DomainError:
            return None
    return None


def _suits(entry: WaitlistEntry, run: Session, business: Business) -> bool:
    if entry.session_id:
        return True
    zone = ZoneInfo(run.location.timezone or business.timezone)
    start, end = local_day(entry.preferred_date, zone)
    return start <= run.starts_at < end and _in_time(entry, wall(run.starts_at, zone).time())


def _in_time(entry: WaitlistEntry, shown: time) -> bool:
    """Whether a start is when the guest could come."""
    return (entry.earliest or time.min) <= shown <= (entry.latest or time.max)
