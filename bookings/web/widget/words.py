"""How dates, times and amounts are written to guests, in the language that is active."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from billing.money import Money

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def day(value: date) -> str:
    """Saturday 20 June"""
    return formats.date_format(value, pgettext("format of a day", "l j F"))


def short_day(value: date) -> str:
    """Sat 20 Jun"""
    return formats.date_format(value, pgettext("format of a short day", "D j M"))


def month(value: date) -> str:
    """June 2026"""
    return formats.date_format(value, pgettext("format of a month", "F Y"))


def clock(local: datetime) -> str:
    """19:30"""
    return formats.date_format(local, pgettext("format of a time", "H:i"))


def times(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """19:30 – 21:00"""
    return f"{clock(start.astimezone(zone))} – {clock(end.astimezone(zone))}"


def first_weekday(where: ZoneInfo) -> int:
    """The day that a week begins with, Sunday being 0, in the language that is active; English
    alone goes by where it is read."""
    if (get_language() or "").startswith("en") and not where.key.startswith(("America/", "US/")):
        return 1
    return int(formats.get_format("FIRST_DAY_OF_WEEK"))


def weekdays(where: ZoneInfo) -> list[tuple[str, str]]:
    """The days of a week in order, short and whole."""
    first = first_weekday(where)
    sunday = date(2023, 1, 1)
    found = [sunday + timedelta(days=(first + n) % 7) for n in range(7)]
    return [(formats.date_format(each, "D"), formats.date_format(each, "l")) for each in found]


def before_first(value: date, where: ZoneInfo) -> int:
    """How many days of its week are before a day."""
    return (value.isoweekday() - first_weekday(where)) % 7


def length(lasts: timedelta) -> str:
    """1 h 30 min"""
    hours, minutes = divmod(int(lasts.total_seconds()) // 60, 60)
    shown = []
    if hours:
        shown.append(pgettext("so many hours", "%d h") % hours)
    if minutes or not hours:
        shown.append(pgettext("so many minutes", "%d min") % minutes)
    return " ".join(shown)


def people(count: int) -> str:
    return ngettext("%d person", "%d people", count) % count


def money(amount: Money) -> str:
    """£12.50, and £12 without pence; other currencies by their letters."""
    major = amount.major
    whole, _dot, part = major.partition(".")
    number = whole if part and not int(part) else major
    number = number.replace(".", formats.get_format("DECIMAL_SEPARATOR"))
    sign = SIGNS.get(amount.currency)
    return f"{sign}{number}" if sign else f"{number} {amount.currency}"


def zone(instant: datetime, where: ZoneInfo) -> str:
    """Whose clock it is."""
    if where.key in ("UTC", "Etc/UTC"):
        return "UTC"
    letters = instant.astimezone(where).tzname() or ""
    city = where.key.rpartition("/")[2].replace("_", " ")
    named = _("%s time") % city
    return f"{named} ({letters})" if letters.isalpha() else named
