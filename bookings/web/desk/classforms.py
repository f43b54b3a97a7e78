"""What staff fill in about classes."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from availability import calendar
from bookings.models import Schedule, Session
from bookings.web.desk.inputs import DateInput, TimeInput
from resources.models import Location, Resource, Service

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KINDS = {"staff": gettext_lazy("Trainer"), "room": gettext_lazy("Room")}
MOST = 500


def kind_name(kind: str) -> str:
    """What a kind of resource is called here."""
    return str(KINDS.get(kind) or kind.replace("_", " ").capitalize())


class Taking(forms.Form):
    """A form that says who and what is taken: a choice for each kind that classes take."""

    nobody: tuple[Any, Any] = (gettext_lazy("Whoever is free"), gettext_lazy("Whichever is free"))

    def choose(
        self,
        place: Location,
        services: Collection[Service],
        chosen: Sequence[uuid.UUID] = (),
    ) -> None:
        """Add the choices; three queries."""
        by_kind: dict[str, list[Resource]] = defaultdict(list)
        self.known = {
            each.pk: each
            for each in Resource.objects.filter(location=place, is_active=True, deleted_at=None)
        }
        for each in self.known.values():
            by_kind[each.kind].append(each)
        wanted: dict[str, int] = {}
        for service in services:
            for need in service.requirements.all():
                wanted[need.kind] = max(wanted.get(need.kind, 0), need.count)
        now: dict[str, list[uuid.UUID]] = defaultdict(list)
        for kind, rows in by_kind.items():
            now[kind] = [each.pk for each in rows if each.pk in chosen]
            wanted[kind] = max(wanted.get(kind, int(kind in KINDS)), len(now[kind]))
        self.takers: list[str] = []
        for kind in sorted(wanted, key=lambda each: (each != "staff", each)):
            for n in range(wanted[kind] if by_kind[kind] else 0):
                self._add(kind, n, by_kind[kind], now[kind][n : n + 1])

    def _add(self, kind: str, n: int, rows: Iterable[Resource], now: list[uuid.UUID]) -> None:
        name = f"takes_{len(self.takers)}"
        label = kind_name(kind)
        self.fields[name] = forms.TypedChoiceField(
            label=f"{label} {n + 1}" if n else label,
            choices=[
                ("", self.nobody[kind != "staff"]),
                *((str(each.pk), each.name) for each in rows),
            ],
            coerce=uuid.UUID,
            empty_value=None,
            required=False,
            initial=str(now[0]) if now else "",
        )
        self.takers.append(name)

    @property
    def taking(self) -> list[Any]:
        """The fields of who and what is taken."""
        return [self[name] for name in self.takers]

    @property
    def resources(self) -> list[Resource]:
        """Who and what was chosen, each once."""
        said = (self.cleaned_data.get(name) for name in self.takers)
        return [self.known[each] for each in dict.fromkeys(said) if each]

    @property
    def chosen(self) -> list[uuid.UUID]:
        return [each.pk for each in self.resources]


class When(Taking):
    """A day and a time on the wall."""

    day = forms.DateField(label=gettext_lazy("Day"), widget=DateInput())
    at = forms.TimeField(label=gettext_lazy("Starts"), widget=TimeInput())

    def instant(self, zone: ZoneInfo) -> datetime:
        return calendar.resolve(self.cleaned_data["day"], self.cleaned_data["at"], zone)


class OneOff(When):
    """One more run of a class."""

    service = forms.ModelChoiceField(
        Service.objects.none(), label=gettext_lazy("Class"), empty_label=None
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=1,
        max_value=MOST,
        required=False,
        help_text=gettext_lazy("Empty: as many as the class has."),
    )
    field_order = ("service", "day", "at", "capacity")

    def __init__(self, *args: Any, place: Location, **rest: Any) -> None:
        super().__init__(*args, **rest)
        offered = classes(place)
        field: Any = self.fields["service"]
        field.queryset = offered
        self.choose(place, offered)


def classes(place: Location) -> Any:
    """The classes of a business that are on offer, with what each needs."""
    return Service.objects.filter(
        business_id=place.business_id, is_active=True, capacity__isnull=False
    ).prefetch_related("requirements")


class Changing(When):
    """Another time, other people or another number of places for one run of a class."""

    nobody = (gettext_lazy("Nobody"), gettext_lazy("None"))
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=1, max_value=24 * 60)
    capacity = forms.IntegerField(label=gettext_lazy("Places"), min_value=1, max_value=MOST)

    def __init__(self, *args: Any, session: Session, place: Location, **rest: Any) -> None:
        zone = ZoneInfo(place.timezone or place.business.timezone)
        local = session.starts_at.astimezone(zone)
        lasts = session.ends_at - session.starts_at
        rest["initial"] = {
            "day": local.date(),
            "at": local.time(),
            "minutes": int(lasts.total_seconds()) // 60,
            "capacity": session.capacity,
        } | rest.get("initial", {})
        super().__init__(*args, **rest)
        self.choose(place, [session.service], session.resource_ids)


class Newcomer(forms.Form):
    """Somebody who isn't known yet, and how many come with them."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    places = forms.IntegerField(
        label=gettext_lazy("Places"), min_value=1, max_value=MOST, initial=1
    )


class Repeating(Taking):
    """A class that comes again."""

    service = forms.ModelChoiceField(
        Service.objects.none(), label=gettext_lazy("Class"), empty_label=None
    )
    days = forms.MultipleChoiceField(
        label=gettext_lazy("Every"), required=False, widget=forms.CheckboxSelectMultiple
    )
    every = forms.IntegerField(
        label=gettext_lazy("Weeks from one to the next"), min_value=1, max_value=52, initial=1
    )
    rule = forms.CharField(
        label=gettext_lazy("Or by a rule"),
        required=False,
        max_length=500,
        help_text=gettext_lazy(
            "As calendars write it: FREQ=MONTHLY;BYDAY=1SA is the first Saturday of each month."
        ),
    )
    at = forms.TimeField(label=gettext_lazy("Starts"), widget=TimeInput())
    capacity = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=1,
        max_value=MOST,
        required=False,
        help_text=gettext_lazy("Empty: as many as the class has."),
    )
    starts_on = forms.DateField(label=gettext_lazy("From"), widget=DateInput())
    until = forms.DateField(
        label=gettext_lazy("Until"),
        widget=DateInput(),
        required=False,
        help_text=gettext_lazy("The last day; empty: no end."),
    )
    exceptions = forms.CharField(
        label=gettext_lazy("But not on"),
        required=False,
        help_text=gettext_lazy("Dates with commas between them, as 2030-12-24, 2030-12-25."),
    )

    def __init__(
        self, *args: Any, place: Location, schedule: Schedule | None = None, **rest: Any
    ) -> None:
        chosen: list[uuid.UUID] = []
        if schedule:
            days, every = weekly(schedule.rule)
            chosen = [each.pk for each in schedule.resources.all()]
            rest["initial"] = {
                "service": schedule.service_id,
                "days": days,
                "every": every,
                "rule": "" if days else schedule.rule,
                "at": schedule.at,
                "capacity": schedule.capacity,
                "starts_on": schedule.starts_on,
                "until": schedule.until,
                "exceptions": ", ".join(f"{each:%Y-%m-%d}" for each in schedule.exceptions),
            } | rest.get("initial", {})
        super().__init__(*args, **rest)
        offered = classes(place)
        if schedule:
            offered = offered | Service.objects.filter(pk=schedule.service_id).prefetch_related(
                "requirements"
            )
        field: Any = self.fields["service"]
        field.queryset = offered
        names: Any = self.fields["days"]
        names.choices = [(code, WEEKDAYS[n]) for n, code in enumerate(CODES)]
        self.choose(place, offered, chosen)

    def clean_exceptions(self) -> list[Any]:
        field = forms.DateField(input_formats=["%Y-%m-%d"])
        words = (self.cleaned_data["exceptions"] or "").replace(",", " ").split()
        return [field.clean(each) for each in words]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(values.get("days")) == bool(values.get("rule")):
            self.add_error("days", _("Choose the days of the week, or write a rule."))
        return values

    def values(self) -> dict[str, Any]:
        """What services want to know."""
        said = self.cleaned_data
        every = f";INTERVAL={said['every']}" if said["every"] > 1 else ""
        rule = said["rule"] or f"FREQ=WEEKLY{every};BYDAY={','.join(said['days'])}"
        names = ("service", "at", "capacity", "starts_on", "until", "exceptions")
        return {name: said[name] for name in names} | {"rule": rule}


def weekly(rule: str) -> tuple[list[str], int]:
    """The weekdays of a rule and the weeks between, if that is all it says; else no days."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    days = parts.get("BYDAY", "").split(",")
    if parts.get("FREQ") != "WEEKLY" or not parts.keys() <= {"FREQ", "INTERVAL", "BYDAY"}:
        return [], 1
    return (days if set(days) <= set(CODES) else []), int(parts.get("INTERVAL", "1"))


def in_words(rule: str) -> str:
    """A rule as people say it; one that is rarer, as it is written."""
    days, every = weekly(rule)
    if rule == "FREQ=DAILY" or (len(days) == len(CODES) and every == 1):
        return _("Every day")
    if not days:
        return _monthly(rule) or rule
    names = ", ".join(str(WEEKDAYS[CODES.index(each)]) for each in sorted(days, key=CODES.index))
    if every == 1:
        return _("Every %(days)s") % {"days": names}
    return _("Every %(weeks)d weeks on %(days)s") % {"weeks": every, "days": names}


ORDINALS = {
    "1": gettext_lazy("first"),
    "2": gettext_lazy("second"),
    "3": gettext_lazy("third"),
    "4": gettext_lazy("fourth"),
    "5": gettext_lazy("fifth"),
    "-1": gettext_lazy("last"),
}


def _monthly(rule: str) -> str:
    """The first and third Saturday of a month; empty for what is rarer."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    days = parts.get("BYDAY", "").split(",")
    known = all(each[:-2] in ORDINALS and each[-2:] in CODES for each in days)
    if parts.get("FREQ") != "MONTHLY" or parts.keys() != {"FREQ", "BYDAY"} or not known:
        return ""
    names = ", ".join(f"{ORDINALS[each[:-2]]} {WEEKDAYS[CODES.index(each[-2:])]}" for each in days)
    return _("Each month on the %(days)s") % {"days": names}
