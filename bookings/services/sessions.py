"""The rows of classes' runs: locked, extended and let go of, and what is told of them.

Locks are taken in one order by all: the location's days, the session's row, its bookings' rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max
from django.db.models.functions import Greatest

from accounts import clock
from bookings.models import WAITING, Allocation, Booking, Event, Session
from bookings.services.recording import owe
from bookings.wishes import Actor


def locked_session(booking: Booking) -> Session | None:
    """The run that a booking is in, kept from others until the transaction ends; None without."""
    if booking.session_id is None:
        return None
    return (
        Session.objects.select_for_update(no_key=True, of=("self",))
        .select_related("business")
        .get(pk=booking.session_id)
    )


def touch(session: Session | None, at: datetime) -> None:
    """Remember when a run last changed: it, or who is in it."""
    if session is not None:
        session.updated_at = at
        Session.objects.filter(pk=session.pk).update(updated_at=at)


def schedule_held(session: Session, *, by: Actor, now: datetime | None) -> None:
    """Make a held run one that stays, as somebody comes for sure. It is as old as that."""
    if session.state != Session.State.HELD:
        return
    session.state, session.expires_at = Session.State.SCHEDULED, None
    session.created_at = session.updated_at = clock.read(now)
    session.save(update_fields=["state", "expires_at", "created_at", "updated_at"])
    Allocation.objects.filter(session=session, booking=None).update(expires_at=None)
    record_session(session, Event.Kind.SESSION_SCHEDULED, by=by, now=now)


def extend(session: Session, until: datetime) -> None:
    """Keep a held run as long as the last who holds a place in it."""
    if session.expires_at is None or session.expires_at >= until:
        return
    session.expires_at = until
    session.save(update_fields=["expires_at"])
    Allocation.objects.filter(session=session, booking=None).update(
        expires_at=Greatest("expires_at", until)
    )


def let_go(session: Session | None, *, at: datetime) -> None:
    """Keep a held run no longer than those who are left in it and have yet to confirm or to pay;
    without any it is over."""
    if session is None or session.state != Session.State.HELD:
        return
    left: datetime | None = session.bookings.filter(state__in=WAITING).aggregate(
        last=Max("expires_at")
    )["last"]
    own = Allocation.objects.filter(session=session, booking=None)
    if left is None or left <= at:
        session.state, session.expires_at, session.updated_at = Session.State.EXPIRED, None, at
        own.delete()
    else:
        session.expires_at = left
        own.update(expires_at=left)
    session.save(update_fields=["state", "expires_at", "updated_at"])


def record_session(
    session: Session, kind: Event.Kind, *, by: Actor, now: datetime | None, **more: Any
) -> None:
    """Add an event about a run and what is owed to the world for it."""
    event = Event.objects.create(
        business_id=session.business_id,
        kind=kind,
        at=clock.moment(now),
        actor=str(by),
        data={
            "session": str(session.pk),
            "starts_at": session.starts_at.isoformat(),
            "ends_at": session.ends_at.isoformat(),
            "resource_ids": [str(each) for each in session.resource_ids],
        }
        | more,
    )
    owe(now=now, event=event)
