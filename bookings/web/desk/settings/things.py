"""What can be taken, and who works here: tables, rooms, spots; staff with skills and rosters."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import NotFound
from accounts.models import User
from availability import selectors as availability
from availability import services as when
from availability.models import RosterEntry
from availability.services import Entry
from bookings.web.desk.inputs import DateInput, TimeInput
from bookings.web.desk.settings.hours import span
from bookings.web.desk.settings.offered import KINDS, kind_name
from bookings.web.desk.settings.shared import (
    REFUSALS,
    Difference,
    Form,
    How,
    OrderField,
    clock,
    make,
    page,
    review,
    saved,
    setting,
    wants_to_edit,
)
from bookings.web.desk.shell import Desk
from resources import services
from resources.models import Location, Requirement, Resource, Section, Service
from resources.services import PLACE

STAFF = "staff"
ROSTERED = 200  # rows of a roster that are shown


def _all(at: Desk) -> QuerySet[Resource]:
    return (
        Resource.objects.filter(business=at.business, deleted_at=None)
        .exclude(kind__startswith=f"{PLACE} ")
        .select_related("location", "section", "user")
    )


def _find(at: Desk, pk: uuid.UUID) -> Resource:
    found = _all(at).filter(pk=pk).first()
    if found is None:
        raise NotFound
    found.location.business = at.business
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A resource as the lists show it."""

    resource: Resource
    fits: str
    does: str
    url: str


def natural(name: str) -> list[tuple[int, int, str]]:
    """Puts names in the order that people count in: numbers by their value."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(each), "") if each.isdecimal() else (1, 0, each) for each in parts]


def _fits(resource: Resource) -> str:
    least, most = resource.covers_min, resource.covers_max
    covers = f"{least}–{most}" if least < most else str(most)
    return f"{resource.units} × {covers}" if resource.units > 1 else covers


# --- tables, rooms and spots ---------------------------------------------------------------------


@setting()
def listed(at: Desk) -> HttpResponse:
    """All that can be taken but people, by kind and section. A fixed number of queries."""
    rows = _all(at).exclude(kind=STAFF)
    ordered = sorted(
        rows,
        key=lambda each: (
            each.kind,
            each.location.display_order,
            each.location.name,
            (each.section.display_order, each.section.name) if each.section else (0, ""),
            each.display_order,
            natural(each.name),  # table 9 stands before table 10
        ),
    )
    several = len(at.places) > 1

    def heading(each: Resource) -> tuple[str, str]:
        where = [each.location.name] if several else []
        where += [each.section.name] if each.section else []
        return kind_name(each.kind), " · ".join(where)

    shown = [
        (key, [Row(each, _fits(each), "", at.url("thing", each.pk)) for each in same])
        for key, same in groupby(ordered, heading)
    ]
    return page(at, "resources", here="resources", groups_of=shown)


class ThingForm(Form):
    """A table, a room, a spot."""

    kind = forms.CharField(
        label=gettext_lazy("Kind"),
        max_length=50,
        help_text=gettext_lazy("table, room, spot, court, equipment, …"),
        widget=forms.TextInput(attrs={"list": "kinds", "autocomplete": "off"}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    location = forms.ModelChoiceField(
        Location.objects.none(), label=gettext_lazy("Location"), empty_label=None
    )
    section = forms.CharField(
        label=gettext_lazy("Section"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("A room or area; a new name makes one."),
        widget=forms.TextInput(attrs={"list": "sections", "autocomplete": "off"}),
    )
    covers_min = forms.IntegerField(
        label=gettext_lazy("For at least"), min_value=1, max_value=32767, initial=1
    )
    covers_max = forms.IntegerField(
        label=gettext_lazy("For at most"), min_value=1, max_value=32767, initial=1
    )
    units = forms.IntegerField(
        label=gettext_lazy("How many of it"),
        min_value=1,
        max_value=500,
        initial=1,
        help_text=gettext_lazy("12 bikes that are taken one by one are 12."),
    )
    display_order = OrderField()
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    is_online = forms.BooleanField(
        label=gettext_lazy("Guests may book it themselves"), required=False, initial=True
    )
    layout = (
        (gettext_lazy("What it is"), ("kind", "name", "location", "section", "display_order")),
        (gettext_lazy("Who fits"), ("covers_min", "covers_max", "units")),
        (gettext_lazy("Who may book it"), ("is_active", "is_online")),
    )

    def __init__(self, *args: Any, at: Desk, there: Resource | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["location"]
        assert isinstance(field, forms.ModelChoiceField)
        places = Location.objects.filter(business=at.business)
        field.queryset = places.filter(Q(is_active=True) | Q(pk=there and there.location_id))
        if there or len(at.places) == 1:
            # Where it is stays: what is booked is booked there.
            del self.fields["location"]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        least, most, units = (values.get(each) for each in ("covers_min", "covers_max", "units"))
        if least and most and units and least > most * units:
            self.add_error("covers_min", _("More than fit."))
        return values


NAMES = {"capacity_min": "covers_min", "capacity_max": "covers_max"}


@setting()
def thing(at: Desk, pk: uuid.UUID | None = None) -> HttpResponse:
    """A table, a room, a spot; new or there."""
    there = _find(at, pk) if pk else None
    if there and there.kind == STAFF:
        raise NotFound
    form = ThingForm(
        at.request.POST or None, initial=_initial(there, ThingForm), at=at, there=there
    )
    title = there.name if there else _("New table, room or spot")
    up = (_("Tables, rooms and spots"), at.url("resources"))

    return _edited(at, there, form, "thing", here="resources", title=title, up=up)


def _initial(there: Resource | None, form: type[Form]) -> dict[str, Any]:
    if there is None:
        return {"kind": "table"}
    values = {
        name: getattr(there, name)
        for name in form.base_fields
        if name not in ("skills", "section", "user")
    }
    return values | {"section": there.section.name if there.section else "", "user": there.user_id}


def _edited(
    at: Desk,
    there: Resource | None,
    form: Form,
    template: str,
    *,
    here: str,
    title: str,
    up: tuple[str, str],
) -> HttpResponse:
    """What comes of a form about a resource: the form again, a page that asks, or all is saved."""

    def shown(status: int) -> HttpResponse:
        sections = Section.objects.filter(location__business=at.business)
        return page(
            at,
            template,
            status,
            here=here,
            title=title,
            up=up,
            form=form,
            there=there,
            button=_("Save"),
            remove=_("Remove") if there else "",
            kinds=[each for each in KINDS if each != STAFF],
            sections=sorted(set(sections.values_list("name", flat=True))),
        )

    if at.request.method != "POST":
        return shown(200)
    if there and at.request.POST.get("remove") == "yes":
        return _remove(at, there, here)
    if wants_to_edit(at) or not form.is_valid():
        return shown(200 if wants_to_edit(at) else 422)
    values = dict(form.cleaned_data)
    try:
        if seen := _keep(at, there, values, title, here):
            return seen
    except REFUSALS as error:
        form.refuse(error, **NAMES)
        return shown(422)
    how: How = "changed" if there else "added"
    words = _("“%(name)s” was saved.") % {"name": values["name"]}
    return saved(at, at.url(here), words, form=form, of=values["name"], how=how)


def _keep(
    at: Desk, there: Resource | None, values: dict[str, Any], title: str, here: str
) -> HttpResponse | None:
    """Add or change a resource; first a page that tells what that leaves behind, if anything."""
    skills: Iterable[Service] | None = values.pop("skills", None)
    if there is None and skills is not None:
        values |= {"kind": STAFF}

    def change() -> None:
        with transaction.atomic():
            if there:
                made = services.change_resource(there, **values)
            else:
                place = values.pop("location", None) or at.here()
                made = services.add_resource(at.business, location=place, **values)
            if skills is not None:
                services.set_skills(made, [each.pk for each in skills])

    if there is None:
        make(at, change)
        return None
    told = [
        Difference(
            name,
            _("yes") if getattr(there, field) else _("no"),
            _("yes") if values[field] else _("no"),
        )
        for field, name in (("is_active", _("In use")),)
        if getattr(there, field) != values[field]
    ]
    if seen := review(at, change, title=title, here=here, differences=told, unless_harmless=True):
        return seen
    make(at, change)
    return None


def _remove(at: Desk, there: Resource, back: str) -> HttpResponse:
    change = partial(services.remove_resource, there, now=at.now)
    told = [Difference(there.name, _("here"), _("gone, for good"))]
    if seen := review(
        at,
        change,
        title=_("Remove “%(name)s”?") % {"name": there.name},
        here=back,
        differences=told,
        button=_("Remove"),
        is_dangerous=True,
    ):
        return seen
    make(at, change)
    words = _("“%(name)s” was removed.") % {"name": there.name}
    return saved(at, at.url(back), words, of=there.name, how="deleted")


# --- staff ---------------------------------------------------------------------------------------


@setting()
def people(at: Desk) -> HttpResponse:
    """Who works here, with what they do. A fixed number of queries."""
    rows = list(_all(at).filter(kind=STAFF).order_by("display_order", "name", "id"))
    needs = list(
        Requirement.objects.filter(service__business=at.business, kind=STAFF)
        .select_related("service")
        .prefetch_related("resources")
        .order_by("service__display_order", "service__name")
    )
    own = availability.with_own_hours(at.business)
    shown = []
    for each in rows:
        does = [need.service.name for need in needs if need.admits(each.pk)]
        hours = _("own hours") if each.pk in own or each.is_rostered else _("location’s hours")
        url = at.url("person", each.pk)
        shown.append((Row(each, "", ", ".join(does), url), hours))
    return page(at, "staff", here="staff", rows=shown)


class PersonForm(Form):
    """Somebody who works here, and what they do."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    location = forms.ModelChoiceField(
        Location.objects.none(), label=gettext_lazy("Location"), empty_label=None
    )
    section = forms.CharField(
        label=gettext_lazy("Group"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Like “Seniors”; a new name makes one."),
        widget=forms.TextInput(attrs={"list": "sections", "autocomplete": "off"}),
    )
    user = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Signs in as"),
        required=False,
        empty_label=gettext_lazy("doesn’t sign in"),
        help_text=gettext_lazy("Members are invited under Team and roles."),
    )
    covers_max = forms.IntegerField(
        label=gettext_lazy("Guests at a time"), min_value=1, max_value=32767, initial=1
    )
    display_order = OrderField()
    is_active = forms.BooleanField(label=gettext_lazy("Works here"), required=False, initial=True)
    is_online = forms.BooleanField(
        label=gettext_lazy("Guests may choose them"), required=False, initial=True
    )
    skills = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label=gettext_lazy("What they do"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    layout = (
        (
            gettext_lazy("Who it is"),
            ("name", "user", "location", "section", "covers_max", "display_order"),
        ),
        (gettext_lazy("What they do"), ("skills",)),
        (gettext_lazy("Who may book them"), ("is_active", "is_online")),
    )
    wide = ("skills",)

    def __init__(self, *args: Any, at: Desk, there: Resource | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, QuerySet[Any]] = {
            "location": Location.objects.filter(business=at.business, is_active=True),
            "user": User.objects.filter(memberships__business=at.business).order_by("email"),
            "skills": Service.objects.filter(business=at.business),
        }
        for name, rows in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        if there or len(at.places) == 1:
            del self.fields["location"]


@setting()
def person(at: Desk, pk: uuid.UUID | None = None) -> HttpResponse:
    """Somebody who works here; new or there."""
    there = _find(at, pk) if pk else None
    if there and there.kind != STAFF:
        raise NotFound
    initial = _initial(there, PersonForm) | {"skills": _skills(at, there)}
    form = PersonForm(at.request.POST or None, initial=initial, at=at, there=there)
    title = there.name if there else _("New member of staff")
    up = (_("Staff and skills"), at.url("staff"))

    return _edited(at, there, form, "person", here="staff", title=title, up=up)


def _skills(at: Desk, there: Resource | None) -> list[uuid.UUID]:
    if there is None:
        return []
    needs = Requirement.objects.filter(service__business=at.business, kind=STAFF)
    return [
        each.service_id for each in needs.prefetch_related("resources") if each.admits(there.pk)
    ]


# --- rosters -------------------------------------------------------------------------------------


class RosterForm(Form):
    """When somebody works on some dates, or doesn't."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[
            ("working_hours", gettext_lazy("Works")),
            ("break", gettext_lazy("Break")),
            ("blocked", gettext_lazy("Not bookable")),
            ("vacation", gettext_lazy("Vacation")),
        ],
    )
    day = forms.DateField(label=gettext_lazy("Date"), widget=DateInput())
    starts = forms.TimeField(label=gettext_lazy("From"), widget=TimeInput())
    ends = forms.TimeField(label=gettext_lazy("Until"), widget=TimeInput())
    until = forms.DateField(
        label=gettext_lazy("Again until"),
        widget=DateInput(),
        required=False,
        help_text=gettext_lazy("Empty: only on that date."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On these weekdays"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(n, WEEKDAYS_ABBR[n]) for n in range(7)],
        help_text=gettext_lazy("None: every day."),
    )
    notes = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)
    wide = ("weekdays", "notes")

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        first, last = values.get("day"), values.get("until")
        if first and last and not 0 <= (last - first).days <= when.MOST_ENTRIES:
            self.add_error("until", _("From the first date to a year later."))
        if values.get("starts") and values.get("ends") and values["ends"] <= values["starts"]:
            self.add_error("ends", _("Until is after from; a night is two rows."))
        return values

    @property
    def entries(self) -> list[Entry]:
        values = self.cleaned_data
        days: Sequence[date] = when.occurrences(
            values["day"],
            values["until"] or values["day"],
            every="weekly",
            weekdays=values["weekdays"],
        )
        notes = values["notes"]
        return [
            Entry(values["kind"], day, values["starts"], values["ends"], notes=notes)
            for day in days
        ]


KIND_NAMES = dict(RosterForm.base_fields["kind"].choices)  # type: ignore[attr-defined]


@setting()
def roster(at: Desk, of: uuid.UUID) -> HttpResponse:
    """What stands in somebody's roster from today on."""
    there = _find(at, of)
    rows = availability.roster(there, since=at.today, most=ROSTERED)
    shown = [
        (
            date_format(day, _("D j F Y")),
            [
                (each, str(KIND_NAMES[each.kind]), _stretch(each), _entry_url(at, each))
                for each in same
            ],
        )
        for day, same in groupby(rows, lambda each: each.day)
    ]
    up = (there.name, at.url("person" if there.kind == STAFF else "thing", there.pk))
    return page(at, "roster", here="staff", there=there, days=shown, up=up)


def _stretch(entry: RosterEntry) -> str:
    return span(clock(entry.starts), clock(entry.ends))


def _entry_url(at: Desk, entry: RosterEntry) -> str:
    return at.url("roster-entry", entry.resource_id, entry.pk)


@setting()
def roster_new(at: Desk, of: uuid.UUID) -> HttpResponse:
    """Put dates into somebody's roster: one, or several that come again."""
    there = _find(at, of)
    initial = {"day": at.today}
    if wants_to_edit(at):
        form = RosterForm(initial=_again(at))
    else:
        form = RosterForm(at.request.POST or None, initial=initial)
    title = _("Add to the roster")
    if not wants_to_edit(at) and at.request.method == "POST" and form.is_valid():
        entries = form.entries
        change = partial(when.add_entries, there, entries)
        try:
            if not entries:
                form.add_error("weekdays", _("There is no such day between the two dates."))
            else:
                if seen := review(at, change, title=title, here="staff", unless_harmless=True):
                    return seen
                make(at, change)
                return saved(at, at.url("roster", there.pk), of=there.name)
        except REFUSALS as error:
            form.refuse(error, end_time="ends", start_time="starts")
    status = 422 if form.errors else 200
    return page(
        at, "form", status, here="staff", title=title, form=form, button=_("Add"), lead=there.name
    )


def _again(at: Desk) -> dict[str, Any]:
    return at.request.POST.dict() | {"weekdays": at.request.POST.getlist("weekdays")}


@setting()
def roster_entry(at: Desk, of: uuid.UUID, pk: uuid.UUID) -> HttpResponse:
    """One row of a roster: look at it, or take it out."""
    there = _find(at, of)
    entry = availability.roster_entry(there, pk)
    if entry is None:
        raise NotFound
    title = f"{date_format(entry.day, 'D j F Y')}, {_stretch(entry)}"
    if at.request.method == "POST" and not wants_to_edit(at):
        change = partial(when.remove_entry, entry)
        if seen := review(at, change, title=title, here="staff", unless_harmless=True):
            return seen
        make(at, change)
        return saved(at, at.url("roster", there.pk), of=there.name)
    kind = str(KIND_NAMES[entry.kind])
    return page(at, "roster_entry", here="staff", title=title, entry=entry, kind=kind)
