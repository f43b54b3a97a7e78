"""Taking back what was written down by mistake: a check-in, or an end that came too early.

What has ended gave its time back, so it has to be free still. Where money was moved for the end, or
may have been, nothing is taken back: the guest was told of that, and it is theirs or isn't.
"""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime, timedelta

from accounts import clock
from accounts.errors import Conflict
from accounts.transactions import written
from billing.models import Deposit
from bookings import allocations, assignment, lifecycle, selectors
from bookings.errors import SlotTaken, WrongState
from bookings.lifecycle import State
from bookings.models import Booking, Event
from bookings.services.making import lock_days
from bookings.services.recording import locked, record
from bookings.wishes import Actor

A_WHILE = timedelta(minutes=15)  # in which a cancelling may have been a slip of the hand


@written
def undo_check_in(booking: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """The party isn't here: the booking is as it was before. Raises WrongState unless it was
    checked in and hasn't left."""
    booking = locked(booking)
    if booking.state != State.CHECKED_IN.value:
        raise WrongState(booking.state, "undone")
    came = booking.events.filter(kind=Event.Kind.CHECKED_IN).order_by("-id").first()
    before = State(came.data.get("before", State.CONFIRMED.value)) if came else State.CONFIRMED
    return _back(booking, before, by=by, now=now)


@written
def undo_complete(booking: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """The party is still here, and has its time back. Raises SlotTaken when somebody else was given
    it meanwhile, WrongState unless it was over."""
    booking = _taking_again(booking, State.COMPLETED, now=now)
    return _back(booking, State.CHECKED_IN, by=by, now=now)


@written
def undo_no_show(booking: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """The party comes after all, and has its time back. Raises SlotTaken when somebody else was
    given it meanwhile, Conflict when a deposit was kept, WrongState unless it was a no-show."""
    booking = _taking_again(booking, State.NO_SHOW, now=now)
    _refuse_more_than_time(booking)
    return _back(booking, State.CONFIRMED, by=by, now=now)


@written
def undo_cancel(booking: Booking, *, by: Actor, now: datetime | None = None) -> Booking:
    """A booking that was confirmed, and cancelled by mistake just now, stands again: it is
    confirmed anew, so a guest who gets mail is told so, whatever they were told in between.

    Raises SlotTaken when somebody else was given its time meanwhile, Conflict when a deposit was
    given back or it is too late, WrongState unless it was confirmed before.
    """
    booking = _taking_again(booking, State.CANCELLED, now=now)
    _refuse_more_than_time(booking)
    happened = booking.events.order_by("-id")
    end = happened.filter(kind=Event.Kind.CANCELLED).first()
    before = happened.filter(id__lt=end.pk).first() if end else None
    if end is None or before is None or before.data.get("state") != State.CONFIRMED.value:
        raise WrongState(booking.state, "undone")
    if end.at + A_WHILE < clock.read(now):
        raise Conflict("It is too late to take this back: book again.")
    return _back(booking, State.CONFIRMED, by=by, now=now, kind=Event.Kind.CONFIRMED)


def _refuse_more_than_time(booking: Booking) -> None:
    if Deposit.objects.filter(booking_id=booking.pk).exists():
        raise Conflict("Its deposit was settled with it: book again.")
    if booking.leader_id or booking.followers.exists():
        raise Conflict("This is part of a visit: book it again as a whole.")


def _taking_again(booking: Booking, state: State, *, now: datetime | None) -> Booking:
    """The booking, which must be in this state, with its time taken again; locked."""
    start, end = _when_it_took(booking)
    lock_days([booking.location_id], start, end)
    booking = locked(booking)
    if booking.state != state.value:
        raise WrongState(booking.state, "undone")
    if booking.session_id:
        raise Conflict("A place in a class can't be taken again; book another.")
    if not booking.overbooked:
        allocations.release_lapsed(booking.business_id, booking.resource_ids, (start, end), now=now)
        allocations.take(
            _what_it_took(booking, start, end, now=now),
            business_id=booking.business_id,
            booking_id=booking.pk,
            during=(start, end),
        )
    return booking


def _when_it_took(booking: Booking) -> tuple[datetime, datetime]:
    """From when until when it took what it had, buffers included: as was written down when it
    ended, else as its service says."""
    ended = booking.events.filter(kind=Event.Kind.COMPLETED).order_by("-id").first()
    if ended and (took := ended.data.get("took")):
        start, end = map(datetime.fromisoformat, took)
        if start <= booking.starts_at and booking.ends_at <= end:
            return start, end
    start, end = booking.starts_at, booking.ends_at
    if service := booking.service:
        start -= service.buffer_before
        end += service.preparation + service.cleanup + service.buffer_after
    return start, end


def _what_it_took(
    booking: Booking, start: datetime, end: datetime, *, now: datetime | None
) -> list[tuple[uuid.UUID, int]]:
    """The units that it had, or others as good of the same resources: all of those that were joined
    for the party, which are more of a kind than it needs. Raises SlotTaken."""
    seen = selectors.offered(booking.business_id, start, end, now=now)
    there = {each.id: each.candidate for each in seen}
    if not there.keys() >= set(booking.resource_ids):
        raise SlotTaken
    candidates = [there[id_] for id_ in booking.resource_ids]
    had = Counter(each.kind for each in candidates)
    needs = selectors.requirements(booking.service) if booking.service else ()
    needed = {need.kind: need.count for need in needs}
    takes: list[tuple[uuid.UUID, int]] = []
    for candidate in candidates:
        units: tuple[int, ...] | None
        if had[candidate.kind] > needed.get(candidate.kind, 1):
            units = None if candidate.taken_units else tuple(range(candidate.units))
        else:
            units = assignment.free_units(candidate, booking.party_size, relax_minimum=True)
        if units is None:
            raise SlotTaken
        takes.extend((candidate.id, unit) for unit in units)
    return takes


def _back(
    booking: Booking,
    state: State,
    *,
    by: Actor,
    now: datetime | None,
    kind: Event.Kind = Event.Kind.UPDATED,
) -> Booking:
    if state not in lifecycle.UNDOES[State(booking.state)]:
        raise WrongState(booking.state, state.value)
    undone = booking.state
    booking.state, booking.expires_at = state.value, None
    booking.updated_at = clock.read(now)
    booking.save(update_fields=["state", "expires_at", "updated_at"])
    record(booking, kind, by=by, now=now, undone=undone)
    return booking
