"""When it is open: the week with its breaks, days with hours of their own, closures; of a location,
and of whoever or whatever has hours of its own."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from functools import partial
from itertools import groupby, zip_longest
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import NotFound
from availability import selectors
from availability import services as when
from availability.models import Closure, SpecialDay
from availability.services import Period
from bookings.web import refusals
from bookings.web.desk.inputs import DateInput, TimeInput
from bookings.web.desk.settings.shared import (
    REFUSALS,
    Difference,
    Form,
    clock,
    make,
    page,
    review,
    saved,
    setting,
    wants_to_edit,
)
from bookings.web.desk.shell import Desk
from resources import services as resources
from resources.models import Location, Resource

HERE = "hours"
DAY = timedelta(days=1)
MOST = 8  # periods, and breaks, of a day
Owner = Location | Resource


# --- the week as it is typed ---------------------------------------------------------------------


@dataclasses.dataclass
class Line:
    """One period or break as it was typed, and what is wrong with it."""

    opens: str = ""
    closes: str = ""
    last: str = ""
    error: str = ""
    is_new: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.opens or self.closes or self.last)


@dataclasses.dataclass
class Day:
    """A weekday (ISO: 1 is Monday) of the form."""

    weekday: int
    name: str
    periods: list[Line] = dataclasses.field(default_factory=list)
    breaks: list[Line] = dataclasses.field(default_factory=list)
    error: str = ""

    @property
    def has_room(self) -> bool:
        return len(self.periods) < MOST


class Week:
    """Seven days of periods and breaks, as typed; `check` says what is wrong with each."""

    def __init__(self) -> None:
        self.days = [Day(n, str(WEEKDAYS[n - 1])) for n in range(1, 8)]
        self.keeps_own = True
        self.has_seatings = False

    @classmethod
    def of(cls, owner: Owner) -> Week:
        """As it is kept. Two queries."""
        week = cls()
        for period in selectors.week(owner):
            last = clock(period.last_start) if period.last_start else ""
            line = Line(clock(period.opens), clock(period.closes), last)
            week.days[period.weekday - 1].periods.append(line)
            week.has_seatings = week.has_seatings or bool(last)
        for pause in selectors.breaks(owner):
            line = Line(clock(pause.starts), clock(pause.ends))
            week.days[pause.weekday - 1].breaks.append(line)
        if isinstance(owner, Resource):
            week.keeps_own = owner.is_rostered or any(each.periods for each in week.days)
        return week

    @classmethod
    def typed(cls, form: QueryDict) -> Week:
        """As it was sent. What is more than anybody types isn't read."""
        week = cls()
        week.keeps_own = form.get("keeps", "own") == "own"
        week.has_seatings = "seatings" in form
        for day in week.days:
            n = day.weekday
            day.periods = _lines(form, n, "opens", "closes", "last")
            if not week.has_seatings:
                for line in day.periods:
                    line.last = ""
            day.breaks = _lines(form, n, "pauses", "resumes")
        return week

    def edit(self, what: str, form: QueryDict) -> None:
        """Do what a button of the editor says: `add:1`, `pause:1`, `drop:1:0`, `resume:1:0`, or
        `copy:1` to the days that are ticked."""
        verb, _colon, rest = what.partition(":")
        numbers = [int(each) for each in rest.split(":") if each.isdecimal() and len(each) < 3]
        if not numbers or not 1 <= numbers[0] <= 7:
            return
        day = self.days[numbers[0] - 1]
        place = numbers[1] if len(numbers) > 1 else MOST
        match verb:
            case "add" if len(day.periods) < MOST:
                day.periods.append(Line(is_new=True))
            case "pause" if len(day.breaks) < MOST:
                day.breaks.append(Line(is_new=True))
            case "drop" if place < len(day.periods):
                del day.periods[place]
            case "resume" if place < len(day.breaks):
                del day.breaks[place]
            case "copy":
                for to in form.getlist(f"to{day.weekday}"):
                    if to.isdecimal() and 1 <= int(to[:1]) <= 7:
                        other = self.days[int(to[:1]) - 1]
                        other.periods = [dataclasses.replace(each) for each in day.periods]
                        other.breaks = [dataclasses.replace(each) for each in day.breaks]

    def check(self, *, may_be_empty: bool) -> bool:
        """Whether it can be kept; what can't is told beside it. Empty lines are none."""
        for day in self.days:
            day.periods = [each for each in day.periods if not each.is_empty]
            day.breaks = [each for each in day.breaks if not each.is_empty]
            for line in (*day.periods, *day.breaks):
                if not (_time(line.opens) and _time(line.closes)):
                    line.error = _("Say from when until when.")
                elif line.last and not _time(line.last):
                    line.error = _("The last seating is a time.")
        if self.is_wrong:
            return False
        for of in (self.periods, self.breaks):
            if twice := when.overlap(of):
                self.days[twice.weekday - 1].error = _("These hours overlap.")
        for period in self.periods:
            if period.last_start and not _is_within(period.last_start, period):
                self._line(period).error = _("The last seating lies within the hours.")
        for pause in self.breaks:
            if not any(_holds(each, pause) for each in self.periods):
                self.days[pause.weekday - 1].error = _("A break lies within the hours.")
        if not may_be_empty and not self.periods and not self.is_wrong:
            self.days[0].error = _("Say when, for one day at least.")
        return not self.is_wrong

    def _line(self, period: Period) -> Line:
        day = self.days[period.weekday - 1]
        return next(each for each in day.periods if _time(each.opens) == period.opens)

    @property
    def is_wrong(self) -> bool:
        return any(
            day.error or any(each.error for each in (*day.periods, *day.breaks))
            for day in self.days
        )

    @property
    def periods(self) -> list[Period]:
        return [
            Period(day.weekday, opens, closes, _time(line.last))
            for day in self.days
            for line in day.periods
            if (opens := _time(line.opens)) is not None
            and (closes := _time(line.closes)) is not None
        ]

    @property
    def breaks(self) -> list[Period]:
        return [
            Period(day.weekday, opens, closes)
            for day in self.days
            for line in day.breaks
            if (opens := _time(line.opens)) is not None
            and (closes := _time(line.closes)) is not None
        ]

    def words(self) -> list[str]:
        """Each day in words, Monday first."""
        return [_in_words(day) for day in self.days]


def _lines(form: QueryDict, weekday: int, *names: str) -> list[Line]:
    """What was typed of a day, line by line, from fields of the same name."""
    columns = [form.getlist(f"{name}{weekday}")[:MOST] for name in names]
    rows = zip_longest(*columns, fillvalue="")
    return [Line(row[0][:5], row[1][:5], row[2][:5] if len(row) > 2 else "") for row in rows]


def _in_words(day: Day) -> str:
    hours = [span(each.opens, each.closes, each.last) for each in sorted(day.periods, key=_opens)]
    rests = [span(each.opens, each.closes) for each in sorted(day.breaks, key=_opens)]
    if not hours:
        return _("closed")
    if rests:
        return _("%(hours)s; break %(breaks)s") % {
            "hours": ", ".join(hours),
            "breaks": ", ".join(rests),
        }
    return ", ".join(hours)


def span(opens: str, closes: str, last: str = "") -> str:
    """From when until when, in words; past midnight is said."""
    if opens == closes:
        return _("all day")
    said = f"{opens}–{closes}"
    if closes < opens and closes != "00:00":
        said = _("%(hours)s the next day") % {"hours": said}
    return _("%(hours)s (last seating %(last)s)") % {"hours": said, "last": last} if last else said


def _opens(line: Line) -> str:
    return line.opens


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text) if len(text) == 5 else None
    except ValueError:
        return None


def _is_within(at: time, period: Period) -> bool:
    start, end = period.minutes
    minute = (period.weekday - 1) * 1440 + at.hour * 60 + at.minute
    return start <= minute <= end or start <= minute + 1440 <= end


def _holds(period: Period, pause: Period) -> bool:
    start, end = period.minutes
    first, last = pause.minutes
    week = when.WEEK
    return any(start <= first + n and last + n <= end for n in (-week, 0, week))


# --- pages ---------------------------------------------------------------------------------------


def owner_of(at: Desk, key: uuid.UUID | None) -> Owner:
    """A location, or something that can be booked, of this business. Raises NotFound."""
    if key is None:
        return at.here()
    places = Location.objects.filter(business=at.business, pk=key)
    if place := places.first():
        place.business = at.business
        return place
    found = (
        Resource.objects.filter(business=at.business, pk=key, deleted_at=None)
        .select_related("location")
        .first()
    )
    if found is None:
        raise NotFound
    return found


def address(at: Desk, owner: Owner) -> str:
    return at.url("hours-of", owner.pk)


@setting()
def hours(at: Desk, of: uuid.UUID | None = None) -> HttpResponse:
    """The week, edited as a whole: looked at before it is saved."""
    owner = owner_of(at, of)
    if at.request.method != "POST":
        return _editor(at, owner, Week.of(owner))
    week = Week.typed(at.request.POST)
    what = at.request.POST.get("do", "")
    if ":" in what:
        week.edit(what, at.request.POST)
        return _editor(at, owner, week)
    if wants_to_edit(at):
        return _editor(at, owner, week)
    follows = isinstance(owner, Resource) and not week.keeps_own
    if follows:
        wanted = Week()
        wanted.keeps_own = False
    elif week.check(may_be_empty=isinstance(owner, Location) or owner.is_rostered):
        wanted = week
    else:
        return _editor(at, owner, week, status=422)
    before = Week.of(owner)
    differences = _differences(owner, before, wanted)
    if not differences:
        return at.done(_("Nothing was changed."), to=address(at, owner), kind="info")
    change = partial(_keep, owner, wanted)
    try:
        if shown := review(
            at,
            change,
            title=_("Hours of %(name)s") % {"name": owner.name},
            here=HERE,
            differences=differences,
        ):
            return shown
        make(at, change)
    except REFUSALS as error:
        week.days[0].error = refusals.in_words(error)
        return _editor(at, owner, week, status=422)
    return saved(at, address(at, owner), _("The new hours hold from now on."), of=owner.name)


def _keep(owner: Owner, week: Week) -> None:
    when.set_hours(owner, week.periods, breaks=week.breaks)
    if isinstance(owner, Resource) and owner.is_rostered and not week.keeps_own:
        resources.change_resource(owner, is_rostered=False)


def _differences(owner: Owner, before: Week, after: Week) -> list[Difference]:
    follows = _("as its location")
    told = []
    for day, old, new in zip(before.days, before.words(), after.words(), strict=True):
        was, will = (
            (old if before.keeps_own else follows),
            (new if after.keeps_own else follows),
        )
        if was != will:
            told.append(Difference(day.name, was, will))
    return told


def _editor(at: Desk, owner: Owner, week: Week, status: int = 200) -> HttpResponse:
    return page(
        at,
        "hours",
        status,
        here=HERE,
        owner=owner,
        is_resource=isinstance(owner, Resource),
        week=week,
        weekdays=[(n, str(WEEKDAYS[n - 1])) for n in range(1, 8)],
        choices=_choices(at, owner),
        days=_special_days(at, owner),
        closures=_closures(at, owner),
        zone=(owner if isinstance(owner, Location) else owner.location).timezone
        or at.business.timezone,
    )


def _choices(at: Desk, owner: Owner) -> list[tuple[str, list[tuple[Owner, bool]]]]:
    """Whose hours can be looked at: the places, and who works there."""
    own = selectors.with_own_hours(at.business)
    people = Resource.objects.filter(business=at.business, deleted_at=None, is_active=True)
    shown = [
        each
        for each in people.order_by("kind", "display_order", "name")
        if each.kind == "staff" or each.pk in own or each.is_rostered or each.pk == owner.pk
    ]
    found: list[tuple[str, list[tuple[Owner, bool]]]] = [
        (_("Locations"), [(each, each.pk == owner.pk) for each in at.places])
    ]
    if shown:
        found.append((_("Staff and resources"), [(each, each.pk == owner.pk) for each in shown]))
    return found


# --- special days --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Special:
    """A date with hours of its own."""

    day: date
    title: str
    hours: str
    note: str
    url: str


def _special_days(at: Desk, owner: Owner) -> list[Special]:
    rows = selectors.special_days(owner, since=at.today)
    return [
        Special(
            day=day,
            title=date_format(day, _("D j F Y")),
            hours=", ".join(span(clock(each.opens), clock(each.closes)) for each in same),
            note=same[0].note,
            url=at.url("special-day", owner.pk, day.isoformat()),
        )
        for day, same in ((key, list(group)) for key, group in groupby(rows, _day_of))
    ]


def _day_of(row: SpecialDay) -> date:
    return row.day


class SpecialForm(Form):
    """A date's own hours: up to three periods."""

    day = forms.DateField(label=gettext_lazy("Date"), widget=DateInput())
    note = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Christmas Eve, a concert, …"),
    )

    PERIODS = 3

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in range(self.PERIODS):
            for name, label in (("opens", _("Opens")), ("closes", _("Closes"))):
                self.fields[f"{name}{n}"] = forms.TimeField(
                    label=label if n == 0 else f"{label} ({n + 1})",
                    widget=TimeInput(),
                    required=n == 0,
                )

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        return [(self[f"opens{n}"], self[f"closes{n}"]) for n in range(self.PERIODS)]

    @property
    def spans(self) -> list[tuple[time, time]]:
        values = self.cleaned_data
        pairs = [(values.get(f"opens{n}"), values.get(f"closes{n}")) for n in range(self.PERIODS)]
        return [(opens, closes) for opens, closes in pairs if opens and closes]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        for n in range(self.PERIODS):
            pair = values.get(f"opens{n}"), values.get(f"closes{n}")
            if (pair[0] is None) != (pair[1] is None):
                name = f"closes{n}" if pair[1] is None else f"opens{n}"
                if name not in self.errors:
                    self.add_error(name, _("Say from when until when."))
        return values


@setting()
def special_day(at: Desk, of: uuid.UUID, day: str = "") -> HttpResponse:
    """A date that has hours of its own; a new one, or one that is there."""
    owner = owner_of(at, of)
    there = selectors.special_days(owner, on=_date(day)) if day else []
    if day and not there:
        raise NotFound
    if at.request.method != "POST":
        return _special_page(at, owner, SpecialForm(initial=_initial(at, there)), there)
    form = SpecialForm(at.request.POST)
    removes = bool(there) and at.request.POST.get("remove") == "yes"
    if wants_to_edit(at):
        return _special_page(at, owner, SpecialForm(initial=at.request.POST.dict()), there)
    if not removes and not form.is_valid():
        return _special_page(at, owner, form, there, status=422)
    wanted = there[0].day if removes else form.cleaned_data["day"]
    spans = [] if removes else form.spans
    note = "" if removes else form.cleaned_data["note"]

    def change() -> None:
        if there and there[0].day != wanted:
            when.set_special_day(owner, there[0].day, [])
        when.set_special_day(owner, wanted, spans, note=note)

    try:
        before = _words(there) if there else _("as every week")
        after = ", ".join(span(clock(a), clock(b)) for a, b in spans) or _("as every week")
        told = [Difference(date_format(wanted, _("D j F Y")), before, after)]
        if shown := review(at, change, title=_("Special day"), here=HERE, differences=told):
            return shown
        make(at, change)
    except REFUSALS as error:
        form.refuse(error)
        return _special_page(at, owner, form, there, status=422)
    return saved(at, address(at, owner), of=owner.name)


def _words(rows: Sequence[SpecialDay]) -> str:
    return ", ".join(span(clock(each.opens), clock(each.closes)) for each in rows)


def _initial(at: Desk, rows: Sequence[SpecialDay]) -> Mapping[str, Any]:
    values: dict[str, Any] = {"day": rows[0].day, "note": rows[0].note} if rows else {}
    for n, row in enumerate(rows):
        values[f"opens{n}"], values[f"closes{n}"] = row.opens, row.closes
    return values


def _special_page(
    at: Desk, owner: Owner, form: SpecialForm, there: Sequence[SpecialDay], status: int = 200
) -> HttpResponse:
    return page(at, "special_day", status, here=HERE, owner=owner, form=form, is_there=bool(there))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


# --- closures ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Closed:
    """A closure, in words."""

    title: str
    part: str
    reason: str
    url: str


def _closures(at: Desk, owner: Owner) -> list[Closed]:
    return [
        Closed(
            title=days(each.first_day, each.last_day),
            part=_part_of(each),
            reason=each.reason,
            url=at.url("closure", owner.pk, each.pk),
        )
        for each in selectors.closed_days(owner, since=at.today)
    ]


def days(first: date, last: date) -> str:
    """One day or several, both included, in words."""
    if first == last:
        return date_format(first, _("D j F Y"))
    return f"{date_format(first, 'D j F')} – {date_format(last, 'D j F Y')}"


def _part_of(closure: Closure) -> str:
    if closure.starts and closure.ends:
        return span(clock(closure.starts), clock(closure.ends))
    return _("all day")


class ClosureForm(Form):
    """Some days, whole or a part of each."""

    first_day = forms.DateField(label=gettext_lazy("First day"), widget=DateInput())
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DateInput(),
        required=False,
        help_text=gettext_lazy("Empty: only the first."),
    )
    starts = forms.TimeField(label=gettext_lazy("From"), widget=TimeInput(), required=False)
    ends = forms.TimeField(
        label=gettext_lazy("Until"),
        widget=TimeInput(),
        required=False,
        help_text=gettext_lazy("Both empty: the whole day."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Guests may see it."),
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        first, last = values.get("first_day"), values.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day is before the first."))
        if (values.get("starts") is None) != (values.get("ends") is None):
            self.add_error("ends", _("Say from when until when, or neither."))
        elif values.get("starts") and values.get("starts") == values.get("ends"):
            self.add_error("ends", _("This is no time at all."))
        return values


@setting()
def closure(at: Desk, of: uuid.UUID, key: uuid.UUID | None = None) -> HttpResponse:
    """Days when nothing can be had: a holiday, a repair, somebody's vacation."""
    owner = owner_of(at, of)
    there = next((each for each in selectors.closed_days(owner, key=key)), None) if key else None
    if key and there is None:
        raise NotFound
    form = ClosureForm(at.request.POST or None, initial=_as_typed(there))
    removes = there is not None and at.request.POST.get("remove") == "yes"
    if at.request.method != "POST":
        return _closure_page(at, owner, form, there)
    if wants_to_edit(at):
        return _closure_page(at, owner, ClosureForm(initial=at.request.POST.dict()), there)
    if not removes and not form.is_valid():
        return _closure_page(at, owner, form, there, status=422)
    change, told = _closing(owner, there, None if removes else form.cleaned_data)
    try:
        if shown := review(at, change, title=_("Closure"), here=HERE, differences=[told]):
            return shown
        make(at, change)
    except REFUSALS as error:
        form.refuse(error, end_date="last_day", end_time="ends")
        return _closure_page(at, owner, form, there, status=422)
    return saved(at, address(at, owner), of=owner.name)


def _closing(
    owner: Owner, there: Closure | None, values: Mapping[str, Any] | None
) -> tuple[Any, Difference]:
    """What to do, and what it does in words."""
    if values is None:
        assert there is not None
        told = Difference(
            days(there.first_day, there.last_day), _part_words(there), _("open again")
        )
        return partial(when.reopen, there), told
    first, last = values["first_day"], values["last_day"] or values["first_day"]
    part = (values["starts"], values["ends"]) if values["starts"] else None
    after = _("closed %(hours)s") % {"hours": span(*map(clock, part)) if part else _("all day")}
    told = Difference(days(first, last), _part_words(there) if there else _("open"), after)
    wanted = {"first_day": first, "last_day": last, "reason": values["reason"]}
    if there:
        return partial(when.change_closure, there, part=part or (), **wanted), told
    return partial(when.close, owner, part=part, **wanted), told


def _part_words(there: Closure) -> str:
    return _("closed %(days)s, %(hours)s") % {
        "days": days(there.first_day, there.last_day),
        "hours": _part_of(there),
    }


def _as_typed(there: Closure | None) -> dict[str, Any]:
    names = ("first_day", "last_day", "starts", "ends", "reason")
    return {name: getattr(there, name) for name in names} if there else {}


def _closure_page(
    at: Desk, owner: Owner, form: ClosureForm, there: Closure | None, status: int = 200
) -> HttpResponse:
    return page(at, "closure", status, here=HERE, owner=owner, form=form, is_there=bool(there))
