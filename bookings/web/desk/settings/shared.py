"""What the pages of the settings share: the list beside them, and looking before leaping.

A change of when or what can be booked is shown before it is made: in words, and with the bookings
that it would leave behind (`review`). What is made is what was shown: when the book or the settings
changed in the meantime, it is shown again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse
from django.urls import NoReverseMatch
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.errors import Conflict, DomainError, Invalid
from bookings import services
from bookings.models import Booking
from bookings.stranding import LeftBehind, Stranded
from bookings.web.desk.shell import MANAGER, Desk, P, View, desk

Text = str | Promise
SHOWN = 50  # of what a change leaves behind; all are counted


class Entry(NamedTuple):
    """A page of the settings: its URL's name, its title, what is found there."""

    name: str
    title: Text
    about: Text
    icon: str
    rank: int = MANAGER


GROUPS: Sequence[tuple[Text, Sequence[Entry]]] = (
    (
        gettext_lazy("When"),
        (
            Entry(
                "hours",
                gettext_lazy("Hours and closures"),
                gettext_lazy("Opening hours, breaks, special days, holidays"),
                "clock",
            ),
        ),
    ),
)


def setting(
    role: int = MANAGER,
) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """A page of the settings: shown by GET, changed by POST."""

    def wrap(view: View[P]) -> Callable[..., HttpResponse]:
        methods: Any = require_http_methods(["GET", "HEAD", "POST"])
        answer: Callable[..., HttpResponse] = methods(desk("settings", role=role)(view))
        return answer

    return wrap


def page(at: Desk, name: str, status: int = 200, *, here: str, **context: Any) -> HttpResponse:
    """A page of the settings, with the list of them beside it; `here` is which one is open."""
    return at.page(f"settings/{name}", status, groups=groups(at), here=here, **context)


def groups(at: Desk) -> list[tuple[Text, list[tuple[Entry, str]]]]:
    """The pages that this role sees, with their addresses."""
    seen = [
        (title, [(each, at.url(each.name)) for each in entries if at.rank >= each.rank])
        for title, entries in GROUPS
    ]
    return [(title, entries) for title, entries in seen if entries]


# --- looking before leaping ----------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """What changes, in words: of a day, or of a resource."""

    what: str
    before: str
    after: str


def review(
    at: Desk,
    change: Callable[[], object],
    *,
    title: str,
    here: str,
    differences: Sequence[Difference] = (),
    unless_harmless: bool = False,
    button: str = "",
) -> HttpResponse | None:
    """The page that shows what a change does, with all that was typed kept in it; None once that
    was seen and agreed to, or with `unless_harmless` where it leaves no booking behind.

    Raises what the change raises.
    """
    stranded = services.foresee(at.business, change, now=at.now)
    seen = _fingerprint(differences, stranded)
    form = at.request.POST
    if form.get("seen") == seen or (unless_harmless and not stranded):
        return None
    return page(
        at,
        "review",
        here=here,
        title=title,
        differences=differences,
        count=len(stranded),
        stranded=[_left(at, each) for each in stranded[:SHOWN]],
        more=max(0, len(stranded) - SHOWN),
        kept=[
            (name, value)
            for name, values in form.lists()
            if name not in ("csrfmiddlewaretoken", "seen", "do")
            for value in values
        ],
        seen=seen,
        is_again="seen" in form and form.get("do") == "save",
        button=button or _("Save"),
    )


def _fingerprint(differences: Sequence[Difference], stranded: LeftBehind) -> str:
    told = [dataclasses.astuple(each) for each in differences]
    left = sorted(map(str, stranded.ids))
    return hashlib.sha256(json.dumps([told, left]).encode()).hexdigest()[:32]


def make(at: Desk, change: Callable[[], object]) -> LeftBehind:
    """Make a change that was looked at."""
    return services.change_promises(at.business, change, now=at.now)


def wants_to_edit(at: Desk) -> bool:
    """Whether somebody saw what a change does, and goes back to what they typed."""
    return at.request.POST.get("do") == "edit"


class Left(NamedTuple):
    """A booking that is left behind, and where it can be moved."""

    booking: Booking
    why: str
    when: str
    url: str


def _left(at: Desk, stranded: Stranded) -> Left:
    booking = stranded.booking
    starts = booking.starts_at.astimezone(ZoneInfo(booking.location.timezone or at.zone.key))
    when = f"{date_format(starts, 'D j M')}, {starts:%H:%M}"
    try:
        url = at.url("booking", booking.pk)
    except NoReverseMatch:
        url = ""
    return Left(booking, stranded.why, when, url)


# --- forms ---------------------------------------------------------------------------------------


class Form(forms.Form):
    """A form whose fields say to a screen reader what is wrong with them."""

    required_css_class = "is-required"

    def refuse(self, error: DomainError, **names: str) -> None:
        """Show why not: beside the field, as far as the error names one (by `names`, if it is
        called otherwise here)."""
        if not error.fields:
            self.add_error(None, str(error))
        for name, words in error.fields.items():
            field = names.get(name, name)
            self.add_error(field if field in self.fields else None, words)


REFUSALS = (Invalid, Conflict)


class TimeInput(forms.TimeInput):
    """A time by the clock, as every browser lets it be typed."""

    input_type = "time"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%H:%M")


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


def clock(at: time) -> str:
    """A time by the clock on the wall."""
    return f"{at:%H:%M}"


def saved(at: Desk, to: str, text: str = "") -> HttpResponse:
    return at.done(text or _("Saved."), to=to)
