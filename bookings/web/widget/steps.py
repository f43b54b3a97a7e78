"""What, then when: the services, and the days and times that there is room on."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import Business
from bookings import cards, links
from bookings.models import Booking
from bookings.web.widget import choice as choices
from bookings.web.widget import room, words
from bookings.web.widget.choice import DAY, Choice
from bookings.web.widget.room import Free
from bookings.web.widget.visit import Visit, visit

CHIPS = 6  # party sizes that are a button each; larger ones are in a list
FEW = 3  # so few places in a class are worth a word


@require_safe
@visit
def start(asked: Visit) -> HttpResponse:
    """What is missing before a time can be chosen; nothing, for most."""
    choice = choices.read(asked)
    if choice.is_complete:
        return _when(choice)
    if choice.location is None and not choice.services:
        return _places(choice)
    if choice.service is None:
        return _menu(choice)
    return _places(choice)


@require_safe
@visit
def when(asked: Visit) -> HttpResponse:
    """The days of a month that have room, and the times of one of them."""
    choice = choices.read(asked)
    return _when(choice) if choice.is_complete else asked.go("start", **choice.query)


def _places(choice: Choice) -> HttpResponse:
    rows = [
        {
            "name": cards.line(each.name),
            "note": cards.line(each.address),
            "url": choice.url("start", location=each.pk),
        }
        for each in choice.locations
    ]
    return choice.visit.page(
        "what",
        title=_("Where would you like to come?"),
        groups=[("", rows)],
        picked=choice.what,
        back=choice.visit.url("start") if choice.service and len(choice.services) > 1 else "",
    )


def _menu(choice: Choice) -> HttpResponse:
    business = choice.visit.business
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in choice.services:
        heading = cards.line(each.category.name) if each.category else ""
        groups.setdefault(heading, []).append(
            {
                "name": cards.line(each.name),
                "note": cards.line(each.description, 300),
                "length": words.length(each.duration),
                "price": choices.price(each, business.currency),
                "url": choice.url("start", service=each.pk, party=None),
            }
        )
    if len(groups) > 1 and "" in groups:
        groups[_("Others")] = groups.pop("")
    return choice.visit.page(
        "what", title=_("What would you like to book?"), groups=list(groups.items())
    )


def _when(choice: Choice) -> HttpResponse:
    asked = choice.visit
    given = asked.request.GET
    first, last = room.limits(choice)
    held = room.held_by(choice)
    wanted = choices.instant(given.get("taken", ""))
    day = _day(given.get("day", ""))
    if wanted:
        day = wanted.astimezone(choice.zone).date()
    begin = (day or _month(given.get("month", "")) or first).replace(day=1)
    begin = min(max(begin, first.replace(day=1)), last.replace(day=1))
    found = _free_in(choice, begin, held)
    count = room.counted(found, choice)
    is_open = day is not None or bool(given.get("month"))
    if not count and not is_open and (following := _next(begin)) <= last:
        # Somebody who asked for no month has no use for one that is full.
        later = _free_in(choice, following, held)
        if room.counted(later, choice):
            begin, found = following, later
            count = room.counted(found, choice)
    day = min(max(day, first), last) if day else min(count, default=None)
    shown = [each for each in found if _local(each, choice) == day] if day else []
    return asked.page(
        "when",
        title=_title(choice),
        picked=_picked(choice),
        controls=_controls(choice, day),
        month=_calendar(choice, begin, day, count, first, last),
        day=words.day(day) if day else "",
        parts=_parts(choice, shown),
        is_class=choice.is_class,
        runs=_runs(choice, shown),
        has_times=bool(shown),
        has_room=bool(day and count[day]),
        nearby=_nearby(choice, day, count, begin, last),
        waitlist=_waitlist(choice, day),
        hold=choice.url("hold"),
        taken=_taken(choice, wanted, given.get("run", ""), found) if wanted else None,
        held=_held(choice, held),
        zone=words.zone(shown[0].starts_at if shown else asked.moment, choice.zone),
        zone_key=choice.zone.key,
        back=_back(choice),
        is_unserved=not choice.most,
    )


def _free_in(choice: Choice, begin: date, held: Booking | None) -> list[Free]:
    """What is free in a month, in the days that may be booked."""
    first, last = room.limits(choice)
    return room.free(choice, max(begin, first), min(_next(begin) - DAY, last), held)


def _title(choice: Choice) -> str:
    return _("Choose a class") if choice.is_class else _("When would you like to come?")


def _picked(choice: Choice) -> dict[str, str]:
    """What was chosen, for the side of the page."""
    assert choice.location is not None
    service = choice.service
    return {
        "what": choice.what,
        "note": cards.line(service.description, 300) if service else "",
        "length": words.length(service.duration) if service else "",
        "price": choices.price(service, choice.visit.business.currency) if service else "",
        "place": cards.line(choice.location.name) if len(choice.locations) > 1 else "",
        "address": cards.line(choice.location.address),
    }


def _back(choice: Choice) -> str:
    if choice.service and len(choice.services) > 1:
        return choice.visit.url("start")
    if len(choice.locations) > 1:
        return choice.visit.url("start")
    return ""


def _controls(choice: Choice, day: date | None) -> dict[str, Any]:
    """What else may be chosen beside the time, each a link that keeps the day."""
    kept = {"day": day.isoformat() if day else None}
    chips = range(1, min(choice.most, CHIPS) + 1) if choice.most > 1 else ()
    return {
        "party": [
            (n, words.people(n), choice.url("when", party=n, **kept), n == choice.party)
            for n in chips
        ],
        "more": [(n, words.people(n)) for n in range(CHIPS + 1, choice.most + 1)],
        "size": choice.party,
        "action": choice.url("when").partition("?")[0],
        "hidden": [
            (name, value)
            for name, value in {**choice.query, **kept, **choice.visit.carried}.items()
            if value is not None and name != "party"
        ],
        "staff": [
            (name, choice.url("when", staff=id_, **kept), id_ == choice.person)
            for id_, name in [(None, _("Anyone")), *choice.staff]
        ]
        if choice.staff
        else [],
        "asks": _("How many places?") if choice.is_class else _("How many people?"),
    }


def _calendar(
    choice: Choice, begin: date, day: date | None, count: Counter[date], first: date, last: date
) -> dict[str, Any]:
    length = calendar.monthrange(begin.year, begin.month)[1]
    cells: list[dict[str, Any] | None] = [None] * words.before_first(begin, choice.zone)
    for n in range(length):
        each = begin + n * DAY
        cells.append(
            {
                "number": each.day,
                "url": choice.url("when", day=each.isoformat()) if first <= each <= last else "",
                "label": _label(each, count[each], choice),
                "has_room": bool(count[each]),
                "is_chosen": each == day,
                "is_today": each == choice.visit.moment.astimezone(choice.zone).date(),
            }
        )
    cells += [None] * (-len(cells) % 7)
    earlier, later = begin - DAY, _next(begin)
    return {
        "name": words.month(begin),
        "weekdays": words.weekdays(choice.zone),
        "weeks": [cells[at : at + 7] for at in range(0, len(cells), 7)],
        "earlier": choice.url("when", month=f"{earlier:%Y-%m}") if begin > first else "",
        "later": choice.url("when", month=f"{later:%Y-%m}") if later <= last else "",
    }


def _label(day: date, count: int, choice: Choice) -> str:
    if not count:
        return _("%s, nothing free") % words.day(day)
    if choice.is_class:
        said = ngettext("%(day)s, %(n)d class", "%(day)s, %(n)d classes", count)
    else:
        said = ngettext("%(day)s, %(n)d time", "%(day)s, %(n)d times", count)
    return said % {"day": words.day(day), "n": count}


def _parts(choice: Choice, shown: Sequence[Free]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The times by the part of the day that they are in."""
    if choice.is_class:
        return []
    names = ((_("Morning"), 12), (_("Afternoon"), 17), (_("Evening"), 24))
    alike = Counter(_clock(each, choice) for each in shown)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name, _until in names}
    for each in shown:
        local = each.starts_at.astimezone(choice.zone)
        label = _clock(each, choice)
        if alike[label] > 1:  # an hour that the clock shows twice
            label = f"{label} {local:%Z}"
        name = next(name for name, until in names if local.hour < until)
        found[name].append(_time(choice, each, label))
    return [(name, times) for name, times in found.items() if times]


def _time(choice: Choice, each: Free, label: str) -> dict[str, Any]:
    at = choices.written(each.starts_at)
    return {
        "label": label,
        "at": at,
        "iso": each.starts_at.isoformat(),
        "url": choice.url("table", at=at) if has_plan(choice) and each.resource_ids else "",
        "is_held": each.is_held,
    }


def has_plan(choice: Choice) -> bool:
    """Whether guests choose among the tables themselves."""
    is_dynamic = choice.visit.business.booking_mode == Business.Mode.DYNAMIC
    return is_dynamic and choice.service is None


def _runs(choice: Choice, shown: Sequence[Free]) -> list[dict[str, Any]]:
    if not choice.is_class:
        return []
    staff = {
        each.pk: cards.line(each.name)
        for each in cards.resources_of({id_ for run in shown for id_ in run.resource_ids})
        if each.kind == "staff"
    }
    return [
        {
            **_time(choice, each, _clock(each, choice)),
            "until": words.clock(each.ends_at.astimezone(choice.zone)),
            "run": each.key,
            "with_whom": ", ".join(staff[id_] for id_ in each.resource_ids if id_ in staff),
            "left": each.left,
            "places": _left(each.left, choice.party),
            "is_few": each.left <= FEW,
            "has_room": room.has_room(each, choice),
            "waitlist": choice.url("waitlist", run=each.key) if choice.visit.look.waitlist else "",
        }
        for each in shown
    ]


def _left(left: int, party: int) -> str:
    if not left:
        return _("Full")
    if left < party:
        return ngettext("Only %d place left", "Only %d places left", left) % left
    if left == 1:
        return _("Last place")
    return ngettext("%d place left", "%d places left", left) % left


def _nearby(
    choice: Choice, day: date | None, count: Counter[date], begin: date, last: date
) -> list[tuple[str, str]]:
    """The days with room around one that has none."""
    if day and count[day]:
        return []
    around = sorted(count, key=lambda each: abs((each - (day or begin)).days))[: room.NEAREST]
    found = [
        (words.short_day(each), choice.url("when", day=each.isoformat())) for each in sorted(around)
    ]
    following = _next(begin)
    if not found and following <= last:
        found = [(words.month(following), choice.url("when", month=f"{following:%Y-%m}"))]
    return found


def _waitlist(choice: Choice, day: date | None) -> str:
    """Where to queue for a day; a class has a queue for each of its runs."""
    if not choice.visit.look.waitlist or day is None or choice.is_class or not choice.most:
        return ""
    return choice.url("waitlist", day=day.isoformat())


def _taken(choice: Choice, wanted: datetime, run: str, found: Sequence[Free]) -> dict[str, Any]:
    """That somebody was quicker, and what is nearest to it."""
    others = [each for each in room.nearest(found, choice, wanted) if each.key != run or not run]
    return {
        "at": words.clock(wanted.astimezone(choice.zone)),
        "day": words.day(wanted.astimezone(choice.zone).date()),
        "others": [
            {
                **_time(choice, each, _clock(each, choice)),
                "run": each.key,
                "day": words.short_day(_local(each, choice)),
                "is_other_day": _local(each, choice) != wanted.astimezone(choice.zone).date(),
            }
            for each in others
        ],
    }


def _held(choice: Choice, held: Booking | None) -> dict[str, str] | None:
    """What the guest holds already, to go on with."""
    if held is None or held.expires_at is None:
        return None
    zone = cards.zone_of(held.location)
    local = held.starts_at.astimezone(zone)
    return {
        "day": words.short_day(local.date()),
        "at": words.clock(local),
        "until": words.clock(held.expires_at.astimezone(zone)),
        "url": choice.visit.url("held", links.token(held)),
    }


def _clock(each: Free, choice: Choice) -> str:
    return words.clock(each.starts_at.astimezone(choice.zone))


def _local(each: Free, choice: Choice) -> date:
    return each.starts_at.astimezone(choice.zone).date()


def _next(begin: date) -> date:
    """The first of the month after."""
    return (begin.replace(day=1) + timedelta(days=32)).replace(day=1)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 < found.year < 9999 else None


def _month(text: str) -> date | None:
    return _day(f"{text}-01")
