"""Classes that come every week: written down, changed, ended, and why a day was left out."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import Invalid, NotFound
from bookings import rosters, services
from bookings.models import Schedule
from bookings.web import refusals
from bookings.web.desk.classforms import Repeating, in_words
from bookings.web.desk.inputs import DateInput
from bookings.web.desk.shell import MANAGER, Desk, desk
from resources.models import Location


@require_safe
@desk("classes")
def schedules(at: Desk) -> HttpResponse:
    """The classes of this place that come again."""
    rows = rosters.schedules(at.here(), moment=at.moment)
    today = at.today
    listed = [
        {"each": one, "rule": in_words(one.schedule.rule), "is_over": _is_over(one, today)}
        for one in rows
    ]
    return at.page("classes/schedules", rows=listed, zone=at.zone)


def _is_over(one: rosters.Weekly, today: Any) -> bool:
    until = one.schedule.until
    return not one.schedule.is_active or bool(until and until < today and not one.ahead)


def _schedule(at: Desk, pk: uuid.UUID) -> tuple[Schedule, Location]:
    found = rosters.schedule_of(at.business, pk)
    if found is None:
        raise NotFound
    place = found.location
    place.business = at.business
    at.place = place
    return found, place


@require_http_methods(["GET", "HEAD", "POST"])
@desk("classes", role=MANAGER)
def schedule_new(at: Desk) -> HttpResponse:
    """One more class that comes again."""
    place = at.here()
    form = Repeating(at.request.POST or None, place=place, initial={"starts_on": at.today})
    if form.is_valid():
        try:
            made = services.add_schedule(
                at.business, location=place, resources=form.resources, now=at.now, **form.values()
            )
        except Invalid as error:
            _show(form, error)
        else:
            return at.done(_laid_out(at, made), to=at.url("schedules"))
    return at.page("classes/schedule", 422 if form.errors else 200, form=form, schedule=None)


@require_http_methods(["GET", "HEAD", "POST"])
@desk("classes", role=MANAGER)
def schedule(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Change a class that comes again, from now on."""
    found, place = _schedule(at, pk)
    form = Repeating(at.request.POST or None, place=place, schedule=found)
    if form.is_valid():
        try:
            changed = services.change_schedule(
                found, by=at.actor, resources=form.resources, now=at.now, **form.values()
            )
        except Invalid as error:
            _show(form, error)
        else:
            text = " ".join(filter(None, (_left(changed), _laid_out(at, changed.schedule))))
            return at.done(
                text, to=at.url("schedules"), kind="warning" if changed.stranded else "success"
            )
    return at.page("classes/schedule", 422 if form.errors else 200, form=form, schedule=found)


class Ending(forms.Form):
    """From when on a class doesn't come any more."""

    last_day = forms.DateField(
        label=gettext_lazy("The last day on which it may come"), widget=DateInput()
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk("classes", role=MANAGER)
def schedule_end(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Let a class that comes again end, or give it up at once."""
    found, _place = _schedule(at, pk)
    form = Ending(
        at.request.POST or None, initial={"last_day": found.until or at.today + timedelta(weeks=1)}
    )
    if at.request.POST.get("do") == "remove":
        changed = services.remove_schedule(found, by=at.actor, now=at.now)
        return at.done(" ".join(filter(None, (_("Given up."), _left(changed)))), **_list(at))
    if form.is_valid():
        try:
            changed = services.end_schedule(
                found, last_day=form.cleaned_data["last_day"], by=at.actor, now=at.now
            )
        except Invalid as error:
            form.add_error("last_day", refusals.in_words(error))
        else:
            day = date_format(form.cleaned_data["last_day"], "SHORT_DATE_FORMAT")
            text = _("It ends on %(day)s.") % {"day": day}
            return at.done(" ".join(filter(None, (text, _left(changed)))), **_list(at))
    rows = {one.schedule.pk: one for one in rosters.schedules(at.here(), moment=at.moment)}
    return at.page(
        "classes/end",
        422 if form.errors else 200,
        form=form,
        schedule=found,
        rule=in_words(found.rule),
        ahead=rows[found.pk].ahead,
    )


def _list(at: Desk) -> dict[str, Any]:
    return {"to": at.url("schedules")}


def _show(form: Repeating, error: Invalid) -> None:
    """What was wrong, beside what it is about."""
    for name, words in error.fields.items():
        form.add_error(name if name in form.fields else None, refusals.said(words))
    if not error.fields:
        form.add_error(None, refusals.in_words(error))


def _laid_out(at: Desk, found: Schedule) -> str:
    """Put what is due in the book, and say how much that is."""
    laid = services.lay_out(found, by=at.actor, now=at.now)
    count = len(laid.made)
    text = ngettext("%(count)d class put in the book.", "%(count)d classes put in the book.", count)
    words = [text % {"count": count}]
    if count := len(laid.omitted):
        text = ngettext("%(count)d day is left out.", "%(count)d days are left out.", count)
        words.append(text % {"count": count})
    return " ".join(words)


def _left(changed: services.Changed) -> str:
    """What became of the classes that are in the book already."""
    words = []
    if count := changed.withdrawn:
        text = ngettext(
            "%(count)d class without bookings taken out.",
            "%(count)d classes without bookings taken out.",
            count,
        )
        words.append(text % {"count": count})
    if count := len(changed.stranded):
        text = ngettext(
            "%(count)d class is booked and stays: move it or call it off.",
            "%(count)d classes are booked and stay: move them or call them off.",
            count,
        )
        words.append(text % {"count": count})
    if count := len(changed.kept):
        text = ngettext(
            "%(count)d class was changed by hand and stays.",
            "%(count)d classes were changed by hand and stay.",
            count,
        )
        words.append(text % {"count": count})
    return " ".join(words)
