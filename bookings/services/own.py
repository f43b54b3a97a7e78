"""What guests do by themselves: hold a place, make it theirs, and by its link move or cancel it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F

from accounts import clock
from accounts.contact import email_key, phone_key
from accounts.errors import Conflict
from accounts.models import Business
from accounts.transactions import lock, written
from billing.models import Deposit
from bookings import policies, rules, selectors
from bookings.errors import SlotTaken
from bookings.models import Booking, Guest, Session
from bookings.services import visits
from bookings.services.classes import book_places
from bookings.services.deposits import confirm_with_deposit
from bookings.services.making import hold, lock_days, queue_for_quota
from bookings.services.moving import reschedule
from bookings.services.progress import cancel, release
from bookings.services.recording import locked
from bookings.services.sessions import locked_session
from bookings.wishes import GUEST, GuestDetails, Wish
from resources.models import Resource

WIDGET = "widget"  # where bookings come from, and what is said of them in `details`


@written
def hold_own(
    wish: Wish,
    *,
    visitor: str,
    run: Session | None = None,
    language: str = "",
    now: datetime | None = None,
) -> Booking:
    """Hold a place for somebody who looks around, in place of what they held before: one at a time,
    however often they go back. With a `run` places in that class.

    The same again is the hold that is there, and it ends when it would have. When the new place
    can't be had the old one stays. Raises as `hold` does.
    """
    lock([f"visitor:{wish.business.pk}:{visitor}"])
    held = selectors.held_by(wish.business, visitor, now=now)
    for earlier in held:
        if _is_same(earlier, wish, run):
            return earlier
    _queue(wish, [run.pk if run else None, *(each.session_id for each in held)])
    for earlier in held:
        release(earlier, by=GUEST, now=now)
    details = {WIDGET: {"visitor": visitor, "language": language}}
    if run is None:
        return hold(wish, by=GUEST, source=WIDGET, details=details, now=now)
    return book_places(
        run,
        party_size=wish.party_size,
        guest=None,
        by=GUEST,
        source=WIDGET,
        details=details,
        lasts=timedelta(minutes=wish.business.hold_minutes),
        now=now,
    )


def _queue(wish: Wish, run_ids: Collection[uuid.UUID | None]) -> None:
    """Take all locks in the order that everybody takes them in, before anything is let go of: two
    who change places wait for each other else."""
    queue_for_quota(wish.business)
    places = wish.business.locations.values_list("pk", flat=True)
    lock_days([wish.location_id] if wish.location_id else places, wish.takes_from, wish.takes_until)
    runs = Session.objects.select_for_update(no_key=True).filter(pk__in=filter(None, run_ids))
    list(runs.order_by("pk").values_list("pk", flat=True))


def _is_same(held: Booking, wish: Wish, run: Session | None) -> bool:
    asked = (wish.starts_at, wish.ends_at, wish.party_size, wish.service)
    if asked != (held.starts_at, held.ends_at, held.party_size, held.service):
        return False
    if run or held.session_id:
        return bool(run) and held.session_id == run.pk  # type: ignore[union-attr]
    if wish.resource_id is None:
        return wish.location_id in (None, held.location_id)
    return wish.resource_id in held.resource_ids


def confirm_own(
    booking: Booking, *, guest: GuestDetails, notes: str = "", now: datetime | None = None
) -> tuple[Booking, Deposit | None]:
    """Make what a guest holds theirs, or, with a deposit to pay, theirs once that is paid.

    Whoever gives a known guest's phone is that guest and changes nothing about them, as they may be
    somebody else: the booking alone remembers the name and the e-mail that they gave. Raises as
    `confirm_with_deposit` does.
    """
    who, said = recognised(booking.business, guest)
    known = dict(booking.details.get(WIDGET, {}))
    return confirm_with_deposit(
        booking,
        by=GUEST,
        guest=who,
        notes=notes,
        details={WIDGET: known | said},
        now=now,
    )


def recognised(
    business: Business, guest: GuestDetails
) -> tuple[GuestDetails | uuid.UUID, dict[str, str]]:
    """The guest whose phone it is, if we know it, and what was said that isn't known of them: for
    the booking's `details`, under the name of where it came from."""
    phone, email = phone_key(guest.phone), email_key(guest.email)
    mine = Guest.objects.filter(business=business)
    known = None
    if phone:
        known = mine.filter(phone_key=phone).first()
    elif email:
        known = mine.filter(email_key=email).order_by("created_at").first()
    if known is None:
        return guest, {}
    said: dict[str, str] = {}
    if (known.first_name, known.last_name) != (guest.first_name, guest.last_name):
        said |= {"first_name": guest.first_name, "last_name": guest.last_name}
    if email and known.email_key != email:
        said["email"] = guest.email
    return known.pk, said


@written
def move_own(booking: Booking, *, starts_at: datetime, now: datetime | None = None) -> Booking:
    """Move a guest's booking, or the visit that it is part of, to another start that is offered at
    its location.

    It stays with who was to serve the guest when they are free then, else others do. Raises TooLate
    or NotByGuest where the policy is against it, and what reschedule raises.
    """
    before = Booking.objects.select_related("business", "service").get(pk=booking.pk)
    moment = clock.read(now)
    if refused := policies.against_moving(before, moment):
        raise refused
    if starts_at == before.starts_at:
        return before
    if (parts := visits.parts_of(before.leader or before)) != [before]:
        for each in parts:  # what has begun, or soon does, isn't moved by its end
            if refused := policies.against_moving(each, moment):
                raise refused
        return _move_all(before, parts[0], starts_at, now)
    staff = Resource.objects.filter(pk__in=before.resource_ids, kind="staff").first()
    try:
        moved = _move(before, starts_at, staff.pk if staff else None, now)
    except SlotTaken:
        if staff is None:
            raise
        moved = _move(before, starts_at, None, now)
    _refuse_overtaken(before, moved)
    return moved


def _move_all(
    before: Booking, first: Booking, starts_at: datetime, now: datetime | None
) -> Booking:
    """The whole visit, when one of its bookings is to begin then."""
    visits.move_visit(
        before.leader or before,
        starts_at=first.starts_at + (starts_at - before.starts_at),
        step=rules.step_of(first.business, first.service),
        by=GUEST,
        now=now,
    )
    moved = locked(before)
    _refuse_overtaken(before, moved)
    return moved


def _refuse_overtaken(before: Booking, moved: Booking) -> None:
    """It was locked only after the policy was asked: what it was moved from must be what that
    looked at."""
    event = moved.events.order_by("-id")[0]
    if event.data["was"]["starts_at"] != before.starts_at.isoformat():
        raise Conflict("This booking has just been changed. Please look again.")


def _move(
    booking: Booking, starts_at: datetime, resource_id: uuid.UUID | None, now: datetime | None
) -> Booking:
    return reschedule(
        booking,
        starts_at=starts_at,
        resource_id=resource_id,
        step=rules.step_of(booking.business, booking.service),
        keeps_hours=True,
        keeps_people=True,
        by_guest=True,
        by=GUEST,
        now=now,
    )


@written
def cancel_own(booking: Booking, *, now: datetime | None = None) -> Booking:
    """Cancel a guest's booking, or the visit that it is part of. Too late for the deposit, it is
    kept.

    Raises TooLate or NotByGuest where the policy is against it.
    """
    locked_session(booking)  # before the booking, as everybody takes them
    current = locked(booking)
    moment = clock.read(now)
    if refused := policies.against_cancelling(current, moment):
        raise refused
    if current.leader_id or current.followers.exists():
        for each in visits.parts_of(current.leader or current):
            if refused := policies.against_cancelling(each, moment):
                raise refused
        visits.cancel_visit(current.leader or current, by=GUEST, now=now)
        return locked(current)
    return cancel(current, by=GUEST, now=now)


def renew_link(booking: Booking) -> Booking:
    """Revoke the links to a booking that were given out; the next one is new."""
    Booking.objects.filter(pk=booking.pk).update(link_version=F("link_version") + 1)
    booking.refresh_from_db(fields=["link_version"])
    return booking
