"""Several changes to one booking at once: all of them, or none."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.contact import email_key, phone_key
from accounts.errors import Conflict
from accounts.transactions import written
from bookings.errors import DepositDue, WrongState
from bookings.lifecycle import State
from bookings.models import Booking, Guest
from bookings.services.guests import correct
from bookings.services.making import confirm
from bookings.services.moving import amend, reschedule
from bookings.services.progress import cancel, check_in, complete, mark_no_show
from bookings.services.recording import locked
from bookings.services.sessions import locked_session
from bookings.wishes import Actor, GuestDetails
from resources.models import Service


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """What is wanted of a booking; None leaves it as it is. The rest as in `reschedule`."""

    starts_at: datetime | None = None
    duration: timedelta | None = None
    party_size: int | None = None
    resource_id: uuid.UUID | None = None
    notes: str | None = None
    state: State | None = None
    keeps_hours: bool = False
    keeps_notice: bool = True
    keeps_windows: bool = True
    service: Service | None = None
    details: Mapping[str, Any] | None = None
    any_resource: bool = False

    def moves(self, booking: Booking) -> bool:
        """Whether this changes what the booking takes."""
        return (
            self.starts_at not in (None, booking.starts_at)
            or self.duration not in (None, booking.ends_at - booking.starts_at)
            or self.party_size not in (None, booking.party_size)
            or self.resource_id not in (None, *booking.resource_ids)
            or (self.service is not None and self.service.pk != booking.service_id)
        )


@written
def change(booking: Booking, wanted: Changes, *, by: Actor, now: datetime | None = None) -> Booking:
    """Move a booking, write about it and bring it into a state, in that order.

    What is as wanted already is left alone, so a retry is a retry. Raises what reschedule, amend
    and the changes of state raise, and then nothing has changed.
    """
    if wanted.moves(booking):
        booking = reschedule(
            booking,
            starts_at=wanted.starts_at,
            duration=wanted.duration,
            party_size=wanted.party_size,
            resource_id=wanted.resource_id,
            service=wanted.service,
            keeps_hours=wanted.keeps_hours,
            keeps_notice=wanted.keeps_notice,
            keeps_windows=wanted.keeps_windows,
            any_resource=wanted.any_resource,
            by=by,
            now=now,
        )
    if wanted.notes not in (None, booking.notes) or wanted.details is not None:
        booking = amend(booking, notes=wanted.notes, details=wanted.details, by=by, now=now)
    if wanted.state is not None:
        booking = _bring(booking, wanted.state, by=by, now=now)
    return locked(booking)


def _bring(booking: Booking, state: State, *, by: Actor, now: datetime | None) -> Booking:
    match state:
        case State.CONFIRMED:
            return _confirmed(booking, by=by, now=now)
        case State.CHECKED_IN:
            return check_in(booking, by=by, now=now)
        case State.COMPLETED:
            return complete(booking, by=by, now=now)
        case State.NO_SHOW:
            return mark_no_show(booking, by=by, now=now)
        case State.CANCELLED:
            return _cancelled(booking, by=by, now=now)
    if locked(booking).state != state.value:
        raise WrongState(booking.state, state.value)
    return booking


def _confirmed(booking: Booking, *, by: Actor, now: datetime | None) -> Booking:
    locked_session(booking)  # before the booking, as everybody takes them
    current = locked(booking)
    if current.state == State.CHECKED_IN.value:  # `confirm` takes it for a retry; here it isn't
        raise WrongState(current.state, State.CONFIRMED.value)
    try:
        return confirm(current, by=by, now=now)
    except DepositDue:
        raise Conflict(
            f"A booking that is {current.state} can't become confirmed before its deposit is paid."
        ) from None


def _cancelled(booking: Booking, *, by: Actor, now: datetime | None) -> Booking:
    try:
        return cancel(booking, by=by, now=now)
    except WrongState as error:
        if error.now != State.EXPIRED.value:
            raise
        return booking  # lapsed: its time is free already


@written
def rewrite(
    booking: Booking,
    *,
    by: Actor,
    party_size: int | None = None,
    guest: GuestDetails | None = None,
    notes: str | None = None,
    now: datetime | None = None,
) -> Booking:
    """Change how many come, who they are and what is to be remembered: all of it, or nothing.

    The guest of the booking is corrected as long as the phone stays theirs (or they had none);
    with another number, or one or an e-mail that somebody else is known by, it is that guest's
    booking. Raises as `reschedule` does.
    """
    if party_size is not None:
        booking = reschedule(booking, party_size=party_size, by=by, now=now)
    if guest is None and notes is None:
        return locked(booking)
    known = locked(booking).guest
    if known and guest and _is_same(known, guest):
        try:
            correct(
                known,
                first_name=guest.first_name,
                last_name=guest.last_name,
                email=guest.email,
                phone=guest.phone,
                now=now,
            )
            guest = None
        except Conflict:  # somebody else is known by it, and it is them
            pass
    return amend(booking, guest=guest, notes=notes, by=by, now=now)


def _is_same(known: Guest, said: GuestDetails) -> bool:
    """Whether what was said corrects this guest, and doesn't name another."""
    phone, email = phone_key(said.phone), email_key(said.email)
    if known.phone_key:
        return phone in ("", known.phone_key)
    return not known.email_key or email in ("", known.email_key)
