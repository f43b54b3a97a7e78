"""Bookings in Google's words. What Google said of a booking is kept with it, and said again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Channel
from bookings import policies
from bookings.api.google.catalogue import NAME, RESERVATION
from bookings.lifecycle import State
from bookings.models import Booking, Event

Json = dict[str, Any]

STATUSES = {
    State.HELD: "PENDING_MERCHANT_CONFIRMATION",
    State.PENDING: "PENDING_MERCHANT_CONFIRMATION",
    State.CONFIRMED: "CONFIRMED",
    State.CHECKED_IN: "CONFIRMED",
    State.COMPLETED: "CONFIRMED",
    State.CANCELLED: "CANCELED",
    State.NO_SHOW: "NO_SHOW",
    State.EXPIRED: "FAILED",
}


def said(booking: Booking) -> Json:
    """What Google said when it made the booking; nothing once its guest was forgotten."""
    found: Json = booking.details.get(NAME, {})
    return found


def status(booking: Booking, *, now: datetime | None) -> str:
    """Where a booking stands. What lapsed has failed, swept or not; what the business refused
    before it stood was declined."""
    state = State(booking.state)
    if booking.expires_at and now and booking.expires_at <= now:
        state = State.EXPIRED
    if state is State.CANCELLED and was_asked_for(booking) and not was_cancelled_here(booking):
        return "DECLINED_BY_MERCHANT"
    return STATUSES[state]


def was_asked_for(booking: Booking) -> bool:
    """Whether it waited for the business and never stood. One query."""
    kinds = set(booking.events.values_list("kind", flat=True))
    return Event.Kind.HELD in kinds and not kinds & {Event.Kind.CREATED, Event.Kind.CONFIRMED}


def was_cancelled_here(booking: Booking) -> bool:
    """Whether it was Google that cancelled it, with whichever credentials. Two queries."""
    event = booking.events.filter(kind=Event.Kind.CANCELLED).order_by("-id").first()
    kind, _, key = event.actor.partition(":") if event else ("", "", "")
    return kind == "channel" and Channel.objects.filter(pk=key, protocol=NAME).exists()


def slot(booking: Booking) -> Json:
    """The slot that a booking has now, with what Google asked for of staff and rooms."""
    asked = said(booking).get("slot", {})
    has = {
        "merchant_id": str(booking.location_id),
        "service_id": str(booking.service_id) if booking.service_id else RESERVATION,
        "start_sec": int(booking.starts_at.timestamp()),
        "duration_sec": int((booking.ends_at - booking.starts_at).total_seconds()),
    }
    kept = {name: asked[name] for name in ("resources", "confirmation_mode") if name in asked}
    if "party_size" in kept.get("resources", {}):
        kept["resources"] = kept["resources"] | {"party_size": booking.party_size}
    if "availability_tag" in asked and asked.get("start_sec") == has["start_sec"]:
        kept["availability_tag"] = asked["availability_tag"]
    return has | kept


def booking_json(booking: Booking, *, now: datetime | None) -> Json:
    """A booking as it is now."""
    words = said(booking)
    return {
        "booking_id": str(booking.pk),
        "slot": slot(booking),
        "status": status(booking, now=now),
        "user_information": words.get("user_information"),
        "payment_information": words.get("payment_information"),
    }


def as_made(booking: Booking) -> Json:
    """A booking as it was when it was made, whatever became of it: the answer to a replay."""
    words = said(booking)
    return {
        "booking_id": str(booking.pk),
        "slot": words.get("slot") or slot(booking),
        "status": words.get("status", "CONFIRMED"),
        "user_information": words.get("user_information"),
        "payment_information": words.get("payment_information"),
    }


def is_late(booking: Booking, now: datetime) -> bool:
    """Whether its guest may no longer cancel it; at the last second they still may."""
    return policies.is_late(booking, now) or now >= booking.starts_at
