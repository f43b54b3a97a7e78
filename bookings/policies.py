"""What a guest may do with their own booking, and until when. Asks the database nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Conflict
from bookings.errors import NotByGuest, TooLate
from bookings.lifecycle import State
from bookings.models import Booking

OVER = {
    State.CANCELLED: gettext_lazy("This booking has been cancelled."),
    State.EXPIRED: gettext_lazy("This booking was not confirmed in time and has lapsed."),
    State.COMPLETED: gettext_lazy("This booking is over."),
    State.NO_SHOW: gettext_lazy("This booking is over."),
    State.CHECKED_IN: gettext_lazy("You have already been checked in."),
}


def free_until(booking: Booking) -> datetime:
    """The last moment at which a guest may move it, or cancel it and have the deposit back."""
    return booking.starts_at - timedelta(hours=booking.business.cancellation_window_hours)


def is_late(booking: Booking, now: datetime) -> bool:
    """Whether the cancellation window has begun: a guest's deposit is lost from here on."""
    return now > free_until(booking)


def against_moving(booking: Booking, now: datetime) -> Conflict | None:
    """Why a guest may not move it to another time; None when they may.

    Not inside the cancellation window, or whoever is too late to have their deposit back would
    move the booking first and cancel it then.
    """
    if over := _over(booking, now):
        return over
    if booking.state != State.CONFIRMED.value:
        return NotByGuest(_("This booking isn't confirmed yet, so it can't be moved."))
    if booking.session_id:
        return NotByGuest(_("A place in a class can't be moved. Cancel it and book another class."))
    if is_late(booking, now):
        hours = booking.business.cancellation_window_hours
        return TooLate(_("Bookings can be moved online until %d hours before they start.") % hours)
    return None


def against_cancelling(booking: Booking, now: datetime) -> Conflict | None:
    """Why a guest may not cancel it; None when they may, if late at the price of the deposit."""
    return _over(booking, now)


def _over(booking: Booking, now: datetime) -> Conflict | None:
    state = State(booking.state)
    if booking.expires_at and booking.expires_at <= now:
        state = State.EXPIRED  # lapsed, whether or not the sweep has come by
    if state in OVER:
        return NotByGuest(str(OVER[state]))
    if booking.starts_at <= now:
        return TooLate(_("This booking has already started."))
    return None
