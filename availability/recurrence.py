"""Recurrence rules (RFC 5545, 3.3.10) on the clock of a place. Pure; dateutil counts the days.

A rule says on which days; the time is the same on the wall on each of them, so ten o'clock stays
ten o'clock when the clocks change, and `calendar.resolve` says what a skipped time means. The start
date is where counting begins; it is an occurrence only when the rule names it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from availability import calendar

MOST: Final = 1000  # occurrences that COUNT may ask for, and the longest INTERVAL
LONGEST: Final = 500  # characters of a rule

_WEEKDAY = r"[+-]?(?:[1-9]|[1-4][0-9]|5[0-3])?(?:MO|TU|WE|TH|FR|SA|SU)"
_PARTS: Final = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9][0-9]{0,3}",
    "COUNT": r"[1-9][0-9]{0,3}",
    "UNTIL": r"[0-9]{8}(?:T[0-9]{6}Z?)?",
    "BYDAY": rf"{_WEEKDAY}(?:,{_WEEKDAY})*",
    "BYMONTH": r"(?:[1-9]|1[0-2])(?:,(?:[1-9]|1[0-2]))*",
    "BYMONTHDAY": r"-?(?:[1-9]|[12][0-9]|3[01])(?:,-?(?:[1-9]|[12][0-9]|3[01]))*",
    "BYYEARDAY": r"-?[1-9][0-9]{0,2}(?:,-?[1-9][0-9]{0,2})*",
    "BYWEEKNO": r"-?(?:[1-9]|[1-4][0-9]|5[0-3])(?:,-?(?:[1-9]|[1-4][0-9]|5[0-3]))*",
    "BYSETPOS": r"-?[1-9][0-9]{0,2}(?:,-?[1-9][0-9]{0,2})*",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
}
# What the RFC's table leaves out, and a position among the one day that a day has.
_NEVER: Final = {
    "DAILY": ("BYYEARDAY", "BYWEEKNO", "BYSETPOS"),
    "WEEKLY": ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"),
    "MONTHLY": ("BYYEARDAY", "BYWEEKNO"),
    "YEARLY": (),
}
_LENGTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class BadRule(ValueError):
    """A rule that can't be followed; the message says why, and may be shown."""


class Occurrence(NamedTuple):
    """One day of a rule by the calendar of the place, and the instant it starts at (UTC)."""

    day: date
    starts_at: datetime


def normalise(text: str) -> str:
    """The rule as it is kept: capitals, no `RRULE:` before it. Raises BadRule."""
    parts = _parts(text)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _parts(text: str) -> dict[str, str]:
    rule = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    if len(rule) > LONGEST:
        raise BadRule(f"A rule has {LONGEST} characters at most.")
    found: dict[str, str] = {}
    for part in rule.split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            raise BadRule("A rule is NAME=VALUE pairs with semicolons, as in FREQ=WEEKLY;BYDAY=MO.")
        if name in found:
            raise BadRule(f"{name} is there twice.")
        if name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            raise BadRule(f"{name} isn't said here: the time is the same on every day.")
        if name not in _PARTS:
            raise BadRule(f"A rule has no {name[:20]}.")
        if name == "FREQ" and value in ("HOURLY", "MINUTELY", "SECONDLY"):
            raise BadRule(f"FREQ={value} is too often: DAILY at most.")
        if not re.fullmatch(_PARTS[name], value):
            raise BadRule(f"{name} can't be “{value[:40]}”.")
        found[name] = value
    _hang_together(found)
    return found


def _hang_together(parts: dict[str, str]) -> None:
    """Hold the parts to what the RFC says of them together."""
    if "FREQ" not in parts:
        raise BadRule("A rule says FREQ: DAILY, WEEKLY, MONTHLY or YEARLY.")
    freq = parts["FREQ"]
    for name in _NEVER[freq]:
        if name in parts:
            raise BadRule(f"{name} doesn't go with FREQ={freq}.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadRule("A rule has COUNT or UNTIL, not both.")
    for name in ("COUNT", "INTERVAL"):
        if int(parts.get(name, 1)) > MOST:
            raise BadRule(f"{name} is {MOST} at most.")
    numbered = any(char.isdigit() for char in parts.get("BYDAY", ""))
    if numbered and (freq in ("DAILY", "WEEKLY") or "BYWEEKNO" in parts):
        raise BadRule("A numbered BYDAY goes with FREQ=MONTHLY or YEARLY, without BYWEEKNO.")
    if "BYSETPOS" in parts and not any(
        name.startswith("BY") and name != "BYSETPOS" for name in parts
    ):
        raise BadRule("BYSETPOS needs another BY… to choose from.")
    if any(abs(int(day)) > 366 for day in parts.get("BYYEARDAY", "1").split(",")):
        raise BadRule("BYYEARDAY is 366 at most.")
    if "BYMONTH" in parts and "BYMONTHDAY" in parts:
        longest = max(_LENGTHS[int(month) - 1] for month in parts["BYMONTH"].split(","))
        if min(abs(int(day)) for day in parts["BYMONTHDAY"].split(",")) > longest:
            raise BadRule("No such month has such a day.")
    if "UNTIL" in parts:
        _until(parts["UNTIL"], ZoneInfo("UTC"))


def _until(text: str, zone: ZoneInfo) -> datetime:
    """The last moment by the clock of the place: a date is that whole day."""
    try:
        if len(text) == 8:
            return datetime.combine(_date(text), time.max)
        shown = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - on the wall
    except ValueError:
        raise BadRule(f"UNTIL can't be “{text}”.") from None
    if not text.endswith("Z"):
        return shown
    return calendar.wall(shown.replace(tzinfo=UTC), zone).replace(tzinfo=None)


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def occurrences(
    rule: str,
    *,
    start: date,
    at: time,
    zone: ZoneInfo,
    first: date,
    last: date,
    until: date | None = None,
    but: Collection[date] = (),
) -> list[Occurrence]:
    """What a rule that starts on a date says for the days from `first` to `last`, both included.

    In order, one a day at most. `until` is the last day that counts, `but` the days left out; the
    rule's COUNT counts those too, as the RFC's EXDATE does. Raises BadRule.
    """
    end = min(last, until) if until else last
    begin = datetime.combine(max(first, start), time.min)
    if end < begin.date():
        return []
    every = _every(rule, start, at, zone)
    found = every.between(begin, datetime.combine(end, time.max), inc=True)
    return [
        Occurrence(each.date(), calendar.resolve(each.date(), at, zone))
        for each in found
        if each.date() not in but
    ]


def first_day(rule: str, *, start: date, at: time, zone: ZoneInfo) -> date | None:
    """The first day that a rule names, or None when it names none. Raises BadRule.

    To be asked before a rule is kept: one that names nothing is looked through to the end of time.
    """
    found: datetime | None = next(iter(_every(rule, start, at, zone)), None)
    return found.date() if found else None


def _every(rule: str, start: date, at: time, zone: ZoneInfo) -> rrule:
    parts = _parts(rule)
    if "UNTIL" in parts:
        # dateutil holds a naive start to a naive end, which is what both mean here.
        parts["UNTIL"] = f"{_until(parts['UNTIL'], zone):%Y%m%dT%H%M%S}"
    said = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        found: rrule = rrulestr(said, dtstart=datetime.combine(start, at.replace(microsecond=0)))
    except ValueError as error:
        raise BadRule(f"This rule can't be followed: {error}.") from None
    return found
