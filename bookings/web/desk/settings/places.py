"""Where it is: locations, their sections, and tables that are taken together; how fast each fills
and how long its tables are kept."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import NotFound
from bookings.web.desk.settings.business import zones
from bookings.web.desk.settings.shared import (
    REFUSALS,
    Difference,
    Form,
    How,
    OrderField,
    lasting,
    make,
    page,
    review,
    saved,
    setting,
    wants_to_edit,
)
from bookings.web.desk.shell import Desk
from resources import services
from resources.models import Combination, Location, Resource, Section, TurnTime

HERE = "locations"


def _find(at: Desk, pk: uuid.UUID) -> Location:
    found = Location.objects.filter(business=at.business, pk=pk).first()
    if found is None:
        raise NotFound
    found.business = at.business
    return found


@setting()
def listed(at: Desk) -> HttpResponse:
    """All places with their sections and combinations. A fixed number of queries."""
    members = Prefetch("members", Resource.objects.only("id", "name"))
    together = Combination.objects.prefetch_related(members)
    rows = Location.objects.filter(business=at.business).prefetch_related(
        "sections", Prefetch("combinations", together)
    )
    shown = []
    for each in rows:
        each.business = at.business
        shown.append(each)
    return page(at, "locations", here=HERE, places=shown)


class LocationForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=300, required=False)
    timezone = forms.ChoiceField(label=gettext_lazy("Clock"), required=False)
    display_order = OrderField()
    is_active = forms.BooleanField(
        label=gettext_lazy("Open for business"), required=False, initial=True
    )
    wide = ("address", "is_active")

    def __init__(self, *args: Any, at: Desk, known: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = _("As the business: %(zone)s") % {"zone": at.business.timezone}
        field = self.fields["timezone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", usual), *zones(known)]


@setting()
def location(at: Desk, pk: uuid.UUID | None = None) -> HttpResponse:
    """A place, new or there."""
    there = _find(at, pk) if pk else None
    initial = _values(there, LocationForm)
    form = LocationForm(
        at.request.POST or None, initial=initial, at=at, known=there.timezone if there else ""
    )
    title = there.name if there else _("New location")
    status = 200
    if at.request.method == "POST" and not wants_to_edit(at):
        if form.is_valid():
            try:
                if seen := _keep(at, there, form, title):
                    return seen
                return _saved(at, there, form)
            except REFUSALS as error:
                form.refuse(error)
        status = 422
    return page(at, "form", status, here=HERE, title=title, form=form, button=_("Save"))


def _saved(at: Desk, there: object | None, form: Form) -> HttpResponse:
    how: How = "changed" if there else "added"
    return saved(at, at.url(HERE), form=form, of=form.cleaned_data["name"], how=how)


def _keep(at: Desk, there: Location | None, form: LocationForm, title: str) -> HttpResponse | None:
    values = form.cleaned_data
    if there is None:
        make(at, partial(services.add_location, at.business, **values))
        return None
    change = partial(services.change_location, there, **values)
    told = []
    if there.timezone != values["timezone"]:
        new = values["timezone"] or at.business.timezone
        told.append(Difference(_("Clock"), there.zone, new))
    if there.is_active != values["is_active"]:
        words = {True: _("open for business"), False: _("closed down")}
        told.append(Difference(there.name, words[there.is_active], words[values["is_active"]]))
    if seen := review(at, change, title=title, here=HERE, differences=told, unless_harmless=True):
        return seen
    make(at, change)
    return None


def _values(there: Any, form: type[Form]) -> dict[str, Any]:
    return {name: getattr(there, name) for name in form.base_fields} if there else {}


# --- sections ------------------------------------------------------------------------------------


class SectionForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    display_order = OrderField()
    is_online = forms.BooleanField(
        label=gettext_lazy("Guests may book what is in it themselves"), required=False, initial=True
    )
    wide = ("is_online",)


@setting()
def section(at: Desk, of: uuid.UUID, pk: uuid.UUID | None = None) -> HttpResponse:
    """A room or area of a place, new or there."""
    place = _find(at, of)
    there = Section.objects.filter(location=place, pk=pk).first() if pk else None
    if pk and there is None:
        raise NotFound
    form = SectionForm(at.request.POST or None, initial=_values(there, SectionForm))
    title = there.name if there else _("New section")
    status = 200
    if there and at.request.method == "POST" and at.request.POST.get("remove") == "yes":
        if not wants_to_edit(at):
            return _remove_section(at, there)
        form = SectionForm(initial=_values(there, SectionForm))
    elif at.request.method == "POST":
        if form.is_valid():
            try:
                if there:
                    services.change_section(there, **form.cleaned_data)
                else:
                    services.add_section(place, **form.cleaned_data)
                return _saved(at, there, form)
            except REFUSALS as error:
                form.refuse(error)
        status = 422
    return page(
        at, "form", status, here=HERE, title=title, lead=place.name, form=form, button=_("Save"),
        remove=_("Remove") if there else "",
    )  # fmt: skip


def _remove_section(at: Desk, there: Section) -> HttpResponse:
    count = Resource.objects.filter(section=there, deleted_at=None).count()
    told = [Difference(there.name, _("%(n)d in it") % {"n": count}, _("gone, with all in it"))]

    def change() -> None:
        services.remove_section(Section.objects.get(pk=there.pk), now=at.now)

    if seen := review(
        at, change, title=_("Remove “%(name)s”?") % {"name": there.name}, here=HERE,
        differences=told, button=_("Remove"), is_dangerous=True,
    ):  # fmt: skip
        return seen
    make(at, change)
    return _removed(at, there.name)


def _removed(at: Desk, name: str) -> HttpResponse:
    words = _("“%(name)s” was removed.") % {"name": name}
    return saved(at, at.url(HERE), words, of=name, how="deleted")


# --- combinations --------------------------------------------------------------------------------


class CombinationForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    members = forms.ModelMultipleChoiceField(
        Resource.objects.none(),
        label=gettext_lazy("Taken together"),
        widget=forms.CheckboxSelectMultiple,
    )
    covers_min = forms.IntegerField(
        label=gettext_lazy("For at least"), min_value=1, max_value=32767, initial=1
    )
    covers_max = forms.IntegerField(label=gettext_lazy("For at most"), min_value=1, max_value=32767)
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    wide = ("members", "name")

    def __init__(self, *args: Any, place: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["members"]
        assert isinstance(field, forms.ModelChoiceField)
        tables = Resource.objects.filter(location=place, deleted_at=None, kind="table")
        others = Resource.objects.filter(location=place, deleted_at=None).exclude(kind="staff")
        field.queryset = tables if tables.exists() else others

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        least, most = values.get("covers_min"), values.get("covers_max")
        if least and most and least > most:
            self.add_error("covers_min", _("More than fit."))
        if "members" in values and len(values["members"]) < 2:
            self.add_error("members", _("Choose two at least."))
        return values


@setting()
def combination(at: Desk, of: uuid.UUID, pk: uuid.UUID | None = None) -> HttpResponse:
    """Tables that may be taken together, new or there."""
    place = _find(at, of)
    there = Combination.objects.filter(location=place, pk=pk).first() if pk else None
    if pk and there is None:
        raise NotFound
    initial = _values(there, CombinationForm)
    if there:
        initial["members"] = list(there.members.values_list("pk", flat=True))
    form = CombinationForm(at.request.POST or None, initial=initial, place=place)
    title = there.name if there else _("New combination")
    status = 200
    if there and at.request.method == "POST" and at.request.POST.get("remove") == "yes":
        services.remove_combination(there)
        return _removed(at, there.name)
    if at.request.method == "POST":
        if form.is_valid():
            values = dict(form.cleaned_data)
            members = [each.pk for each in values.pop("members")]
            try:
                if there:
                    services.change_combination(there, members=members, **values)
                else:
                    services.add_combination(place, members, **values)
                return _saved(at, there, form)
            except REFUSALS as error:
                form.refuse(error)
        status = 422
    return page(
        at, "form", status, here=HERE, title=title, lead=place.name, form=form, button=_("Save"),
        remove=_("Remove") if there else "",
    )  # fmt: skip


# --- pacing and turn times -----------------------------------------------------------------------


class PacingForm(Form):
    """How many may start in a stretch; empty for any number."""

    pacing_covers = forms.IntegerField(
        label=gettext_lazy("Most guests"),
        min_value=0,
        max_value=32767,
        required=False,
        help_text=gettext_lazy("Empty: any number."),
    )
    pacing_parties = forms.IntegerField(
        label=gettext_lazy("Most parties"),
        min_value=0,
        max_value=32767,
        required=False,
        help_text=gettext_lazy("Empty: any number."),
    )
    pacing_minutes = forms.IntegerField(
        label=gettext_lazy("in each stretch of minutes"), min_value=5, max_value=1440
    )


@dataclasses.dataclass
class Turn:
    """How long parties up to a size stay, as typed."""

    covers: str = ""
    minutes: str = ""
    error: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.covers or self.minutes)


SPARE = 2  # empty lines to type in


@setting()
def pacing(at: Desk, of: uuid.UUID | None = None) -> HttpResponse:
    """How fast a place fills, and how long its tables are kept."""
    place = _find(at, of) if of else at.here()
    form = PacingForm(at.request.POST or None, initial=_values(place, PacingForm))
    turns = _turns(at, place)
    status = 200
    if at.request.method == "POST":
        is_fine = _check(turns)
        if form.is_valid() and is_fine:
            try:
                with transaction.atomic():
                    services.change_location(place, **form.cleaned_data)
                    wanted = {
                        int(each.covers): timedelta(minutes=int(each.minutes))
                        for each in turns
                        if not each.is_empty
                    }
                    services.set_turn_times(place, wanted)
                told = form if form.has_changed() else None  # turn times are beside the form
                return saved(at, at.url("pacing-of", place.pk), form=told, of=place.name)
            except REFUSALS as error:
                form.refuse(error)
        status = 422
    return page(
        at,
        "pacing",
        status,
        here="pacing",
        title=_("Pacing and turn times"),
        form=form,
        turns=turns,
        place=place,
        places=at.places,
        usual=lasting(at.business.default_duration_minutes),
        button=_("Save"),
    )


def _turns(at: Desk, place: Location) -> list[Turn]:
    if at.request.method == "POST":
        covers, minutes = (at.request.POST.getlist(name)[:40] for name in ("covers", "minutes"))
        return [Turn(a.strip()[:6], b.strip()[:6]) for a, b in zip(covers, minutes, strict=False)]
    rows = TurnTime.objects.filter(location=place)
    there = [Turn(str(each.covers_max), _minutes(each.duration)) for each in rows]
    return there + [Turn() for _each in range(SPARE if there else 4)]


def _minutes(span: timedelta) -> str:
    return str(int(span.total_seconds()) // 60)


def _check(turns: Sequence[Turn]) -> bool:
    seen: set[str] = set()
    for turn in turns:
        if turn.is_empty:
            continue
        if not (turn.covers.isdecimal() and 1 <= int(turn.covers) <= 32767):
            turn.error = _("Say for how many guests, in a whole number.")
        elif not (turn.minutes.isdecimal() and 1 <= int(turn.minutes) <= 1440):
            turn.error = _("Say how many minutes, up to a day.")
        elif str(int(turn.covers)) in seen:
            turn.error = _("This size stands here twice.")
        seen.add(str(int(turn.covers)) if turn.covers.isdecimal() else "")
    return not any(each.error for each in turns)
