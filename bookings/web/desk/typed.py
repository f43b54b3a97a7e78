"""Days and times as people say them on the phone: `7`, `730`, `19.30`; `fri`, `tomorrow`, `24.12`.

What may mean two times of day is given as both, the one before noon first: which of them is open
decides. Four digits mean what they say. Names of days and months are understood in English and in
the language that is spoken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time, timedelta

from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import override

CLOCK = re.compile(r"(\d{1,2})(?:\s*[:.h,]\s*(\d{2}))?\s*(?:h|uhr)?\s*(am|pm|a|p)?")
DIGITS = re.compile(r"(\d{1,2})(\d{2})\s*(am|pm|a|p)?")
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
NUMBERS = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})(?:\s*[./-]\s*(\d{2}|\d{4})?)?")
NAMED = re.compile(
    r"(\d{1,2})(?:\.|st|nd|rd|th)?\s*(?:de\s+)?([^\W\d]+)\.?(?:\s+(?:de\s+)?(\d{4}))?"
)
MONTH_FIRST = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?")
LATER = re.compile(r"\+\s*(\d{1,3})")


def times(text: str, *, now: time | None = None) -> tuple[time, ...]:
    """The times of day that this may mean; none for what is no time. `now` is understood too."""
    said = " ".join(text.casefold().split())
    if now and said in ("now", _("now").casefold()):
        return (now.replace(second=0, microsecond=0),)
    found = CLOCK.fullmatch(said) or DIGITS.fullmatch(said)
    if found is None:
        return ()
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "")[:1]
    if minute > 59 or hour > 24:
        return ()
    if half:
        if not 1 <= hour <= 12:
            return ()
        return (time(hour % 12 + (12 if half == "p" else 0), minute),)
    hour %= 24
    in_full = len(found[1]) == 2 and found[2] is not None  # 10:30, 0730
    if in_full or found[1].startswith("0") or hour > 12 or hour == 0:
        return (time(hour, minute),)
    return (time(hour, minute), time((hour + 12) % 24, minute))


def day(text: str, today: date) -> date | None:
    """The day that this means, the next one where it may mean several; None for no day."""
    said = " ".join(text.casefold().replace(",", " ").split())
    if not said:
        return None
    words = {
        "today": 0, "tod": 0, "tonight": 0, "now": 0, "tomorrow": 1, "tom": 1, "tmr": 1,
        "yesterday": -1,
        _("today").casefold(): 0, _("tonight").casefold(): 0, _("tomorrow").casefold(): 1,
        _("yesterday").casefold(): -1,
    }  # fmt: skip
    if said in words:
        return today + timedelta(words[said])
    if later := LATER.fullmatch(said):
        return today + timedelta(int(later[1]))
    return _weekday(said, today) or _dated(said, today)


def spoken(of: date, today: date) -> str:
    """A day as it would be said, which `day` understands as the same."""
    ahead = (of - today).days
    if ahead in (0, 1):
        return _("today") if ahead == 0 else _("tomorrow")
    if 1 < ahead < 7:
        return str(WEEKDAYS[of.weekday()])
    month = str(MONTHS_3[of.month]).rstrip(".").capitalize()
    year = "" if ahead > 0 and of.year == today.year else f" {of.year}"
    return f"{of.day} {month}{year}"


def _weekday(said: str, today: date) -> date | None:
    ahead = 0
    for prefix in {"next ", _("next") + " "}:
        if said.startswith(prefix.casefold()):
            said, ahead = said[len(prefix) :], 7
    number = _numbered(said, _names(WEEKDAYS, WEEKDAYS_ABBR))
    if number is None:
        return None
    return today + timedelta((number - today.weekday()) % 7 + ahead)


def _dated(said: str, today: date) -> date | None:
    if found := ISO.fullmatch(said):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := NUMBERS.fullmatch(said):
        first, second, year = int(found[1]), int(found[2]), found[3]
        number, month = (second, first) if second > 12 else (first, second)
        return _coming(month, number, year, today)
    months = _names(MONTHS, MONTHS_3)
    if (found := NAMED.fullmatch(said)) and (named := _numbered(found[2], months)):
        return _coming(named, int(found[1]), found[3], today)
    if (found := MONTH_FIRST.fullmatch(said)) and (named := _numbered(found[1], months)):
        return _coming(named, int(found[2]), found[3], today)
    if re.fullmatch(r"\d{1,2}(?:\.|st|nd|rd|th)?", said):
        return _of_month(int(re.sub(r"\D", "", said)), today)
    return None


def _names(*named: Mapping[int, object]) -> dict[str, int]:
    """Names in English and in the language that is spoken, with their numbers."""
    found: dict[str, int] = {}
    for language in ("en", None):
        for names in named:
            if language:
                with override(language):
                    found |= {str(name).casefold().rstrip("."): n for n, name in names.items()}
            else:
                found |= {str(name).casefold().rstrip("."): n for n, name in names.items()}
    return found


def _numbered(said: str, names: Mapping[str, int]) -> int | None:
    """The number of what begins like this, if that is only one of them."""
    said = said.rstrip(".")
    if said in names:
        return names[said]
    like = {n for name, n in names.items() if len(said) >= 2 and name.startswith(said)}
    return like.pop() if len(like) == 1 else None


def _coming(month: int, number: int, year: str | None, today: date) -> date | None:
    if year:
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, number)
    found = _date(today.year, month, number)
    if found is None or found < today:
        later = _date(today.year + 1, month, number)
        return later or found
    return found


def _of_month(number: int, today: date) -> date | None:
    for ahead in range(4):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        found = _date(year, month + 1, number)
        if found and found >= today:
            return found
    return None


def _date(year: int, month: int, number: int) -> date | None:
    try:
        found = date(year, month, number)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None
