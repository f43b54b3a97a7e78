"""What the desk calls things, in the language of who looks: states, sources, times, refusals."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.errors import DomainError
from bookings import errors
from bookings.lifecycle import State
from bookings.web import refusals

STATES: dict[str, str | Promise] = {
    State.HELD: gettext_lazy("On hold"),
    State.PENDING: gettext_lazy("Waiting"),
    State.CONFIRMED: gettext_lazy("Confirmed"),
    State.CHECKED_IN: gettext_lazy("Checked in"),
    State.COMPLETED: gettext_lazy("Completed"),
    State.CANCELLED: gettext_lazy("Cancelled"),
    State.NO_SHOW: gettext_lazy("No-show"),
    State.EXPIRED: gettext_lazy("Lapsed"),
}
# Doors whose name isn't simply written with a capital.
SOURCES: dict[str, str | Promise] = {
    "desk": gettext_lazy("Desk"),
    "walk-in": gettext_lazy("Walk-in"),
    "widget": gettext_lazy("Booking page"),
    "admin": gettext_lazy("Back office"),
    "availengine": gettext_lazy("API"),
    "appointedd": "Appointedd",
    "google": "Google",
    "myreserva": "MyReserva",
    "octotable": "OctoTable",
    "waitlist": gettext_lazy("Waitlist"),
    "demo": gettext_lazy("Demo"),
}
REFUSALS: dict[type[DomainError], str | Promise] = {
    errors.OutsideHours: gettext_lazy("That is outside the opening hours."),
    errors.InThePast: gettext_lazy("That time has gone by."),
    errors.NotOffered: gettext_lazy("That time isn’t offered."),
    errors.SlotTaken: gettext_lazy("Nothing that fits is free then."),
    errors.HoldExpired: gettext_lazy("This hold has lapsed."),
    errors.DepositDue: gettext_lazy("The deposit hasn’t been paid yet."),
    errors.QuotaUsedUp: gettext_lazy("The plan’s bookings for this month are used up."),
}


def state(of: str, *, seats: bool = False) -> str:
    """A booking's state; who takes a table is seated."""
    return _("Seated") if seats and of == State.CHECKED_IN else str(STATES[State(of)])


def nobody(state: str) -> str:
    """What to call a booking that has no name."""
    if state in (State.CHECKED_IN, State.COMPLETED):
        return _("Walk-in")
    return _("No name yet") if state in (State.HELD, State.PENDING) else _("No name")


def source(of: str) -> str:
    return str(SOURCES.get(of, of.replace("_", " ").capitalize()))


def refusal(error: DomainError) -> str:
    """Why not. What the core says in more words than the class is kept."""
    if error.fields:
        return refusals.in_words(error)
    if isinstance(error, errors.WrongState):
        return _("It is %(state)s, so this can’t be done.") % {
            "state": str(STATES.get(error.now, error.now)).lower()
        }
    said = str(error)
    if said == type(error).message:
        return str(REFUSALS.get(type(error), refusals.said(said)))
    return refusals.said(said)


def clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"


def times(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    return f"{clock(start, zone)}–{clock(end, zone)}"


def day(of: date, today: date) -> str:
    """`Today`, `Tomorrow`, else `Friday 20 June`, with the year where it is another."""
    if of == today:
        return _("Today")
    if of == today + timedelta(1):
        return _("Tomorrow")
    if of == today - timedelta(1):
        return _("Yesterday")
    return whole_day(of, today)


def whole_day(of: date, today: date) -> str:
    name = date_format(of, "l")
    rest = date_format(of, "MONTH_DAY_FORMAT" if of.year == today.year else "DATE_FORMAT")
    return f"{name}, {rest}"


def people(count: int) -> str:
    return ngettext("%(count)d guest", "%(count)d guests", count) % {"count": count}


def lasting(stay: timedelta) -> str:
    """`1 h 30 min`."""
    hours, minutes = divmod(int(stay.total_seconds()) // 60, 60)
    parts = []
    if hours:
        parts.append(_("%(count)d h") % {"count": hours})
    if minutes or not hours:
        parts.append(_("%(count)d min") % {"count": minutes})
    return " ".join(parts)


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def seats(kinds: Collection[str]) -> bool:
    """Whether what was assigned is sat at."""
    return "table" in kinds
