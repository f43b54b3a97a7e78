"""What the pages of the settings share: the list beside them, and looking before leaping.

A change of when or what can be booked is shown before it is made: in words, and with the bookings
that it would leave behind (`review`). What is made is what was shown: when the book or the settings
changed in the meantime, it is shown again.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import time, timedelta
from typing import Any, ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.urls import NoReverseMatch
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override
from django.views.decorators.http import require_http_methods

from accounts import services as accounts
from accounts.errors import Conflict, DomainError, Invalid
from billing.money import Money
from bookings import services
from bookings.models import Booking
from bookings.stranding import LeftBehind, Stranded
from bookings.web import refusals
from bookings.web.desk.shell import MANAGER, OWNER, Desk, P, View, desk

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
        gettext_lazy("Business"),
        (
            Entry(
                "business",
                gettext_lazy("Name and place"),
                gettext_lazy("What it is called, its clock and its money"),
                "store",
            ),
            Entry(
                "locations",
                gettext_lazy("Locations and sections"),
                gettext_lazy("Places, their rooms, tables taken together"),
                "map-pin",
            ),
            Entry(
                "hours",
                gettext_lazy("Hours and closures"),
                gettext_lazy("Opening hours, breaks, special days, holidays"),
                "clock",
            ),
        ),
    ),
    (
        gettext_lazy("What can be booked"),
        (
            Entry(
                "services",
                gettext_lazy("Services"),
                gettext_lazy("What guests book: how long, for how much, with whom"),
                "list-checks",
            ),
            Entry(
                "resources",
                gettext_lazy("Tables, rooms and spots"),
                gettext_lazy("What can be taken, and how many fit"),
                "armchair",
            ),
            Entry(
                "staff",
                gettext_lazy("Staff and skills"),
                gettext_lazy("Who works here, what they do and when"),
                "users",
            ),
        ),
    ),
    (
        gettext_lazy("Rules"),
        (
            Entry(
                "rules",
                gettext_lazy("Booking rules"),
                gettext_lazy("Mode, notice, how far ahead, intervals, holds"),
                "sliders-horizontal",
            ),
            Entry(
                "pacing",
                gettext_lazy("Pacing and turn times"),
                gettext_lazy("How many may start at once, how long tables are kept"),
                "gauge",
            ),
            Entry(
                "deposits",
                gettext_lazy("Deposits and cancelling"),
                gettext_lazy("What guests put down, until when they may cancel"),
                "hand-coins",
            ),
            Entry(
                "mails",
                gettext_lazy("Mails and waitlist"),
                gettext_lazy("Confirmations, reminders, offers to those who wait"),
                "mail",
            ),
        ),
    ),
    (
        gettext_lazy("Online booking"),
        (
            Entry(
                "widget",
                gettext_lazy("Booking page and widget"),
                gettext_lazy("How it looks, what it asks, where it is embedded"),
                "palette",
            ),
        ),
    ),
    (
        gettext_lazy("Integrations"),
        (
            Entry(
                "keys",
                gettext_lazy("API keys"),
                gettext_lazy("Programs that book for this business"),
                "key-round",
                OWNER,
            ),
            Entry(
                "webhooks",
                gettext_lazy("Webhooks"),
                gettext_lazy("Who is told of what happens, and what came of it"),
                "webhook",
                OWNER,
            ),
            Entry(
                "protocols",
                gettext_lazy("Protocols"),
                gettext_lazy("Google, Appointedd, OctoTable and others"),
                "plug",
                OWNER,
            ),
        ),
    ),
    (
        gettext_lazy("Account"),
        (
            Entry(
                "plan",
                gettext_lazy("Plan and usage"),
                gettext_lazy("What is paid for, and how much of it is used"),
                "credit-card",
                OWNER,
            ),
            Entry(
                "team",
                gettext_lazy("Team and roles"),
                gettext_lazy("Who may do what here"),
                "user-cog",
                OWNER,
            ),
            Entry(
                "account",
                gettext_lazy("Your account"),
                gettext_lazy("Your name and your password"),
                "circle-user-round",
            ),
        ),
    ),
)


PAGES = {each.name: each for _title, entries in GROUPS for each in entries}
ELSEWHERE = {"categories": "services", "roster": "staff"}  # pages that belong to another
How = Literal["added", "changed", "deleted"]


def setting(
    role: int = MANAGER, *, reaches_out: bool = False
) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """A page of the settings: shown by GET, changed by POST.

    A change and the line in the history that says so are one transaction, but on a page that
    `reaches_out` to another server, which nobody else is to wait for.
    """

    def wrap(view: View[P]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def whole(at: Desk, /, *args: P.args, **rest: P.kwargs) -> HttpResponse:
            if reaches_out or at.request.method != "POST":
                return view(at, *args, **rest)
            with transaction.atomic():
                return view(at, *args, **rest)

        methods: Any = require_http_methods(["GET", "HEAD", "POST"])
        answer: Callable[..., HttpResponse] = methods(desk("settings", role=role)(whole))
        return answer

    return wrap


def page(at: Desk, name: str, status: int = 200, *, here: str, **context: Any) -> HttpResponse:
    """A page of the settings, with the list of them beside it; `here` is which one is open."""
    return at.page(f"settings/{name}", status, groups=groups(at), here=here, **context)


def groups(at: Desk) -> list[tuple[Text, list[tuple[Entry, str]]]]:
    """The pages that this role sees, with their addresses."""
    seen = [
        (
            title,
            [(each, at.url(each.name)) for each in entries if at.rank >= each.rank],
        )
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
    is_dangerous: bool = False,
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
        is_dangerous=is_dangerous,
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
    """A form whose fields stand in sections; `wide` fields take a whole line."""

    required_css_class = "is-required"
    layout: ClassVar[Sequence[tuple[Text, Sequence[str]]]] = ()
    wide: ClassVar[Sequence[str]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            long = isinstance(field.widget, (forms.Textarea, forms.RadioSelect))
            field.is_wide = long or name in self.wide  # type: ignore[attr-defined]

    @property
    def sections(self) -> list[tuple[Text, list[forms.BoundField]]]:
        """The fields as they are shown: title and fields of each section."""
        if not self.layout:
            return [("", [self[name] for name in self.fields])]
        shown = [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in self.layout
        ]
        return [(title, fields) for title, fields in shown if fields]

    def refuse(self, error: DomainError, **names: str) -> None:
        """Show why not: beside the field, as far as the error names one (by `names`, if it is
        called otherwise here)."""
        if not error.fields:
            self.add_error(None, refusals.in_words(error))
        for name, words in error.fields.items():
            field = names.get(name, name)
            self.add_error(field if field in self.fields else None, refusals.said(words))


UNITS = (
    (1, gettext_lazy("minutes")),
    (60, gettext_lazy("hours")),
    (1440, gettext_lazy("days")),
)


class SpanInput(forms.MultiWidget):
    """A number and its unit."""

    use_fieldset = True

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 0, "aria-label": gettext_lazy("Number")})
        unit = forms.Select(choices=UNITS, attrs={"aria-label": gettext_lazy("Unit")})
        super().__init__(widgets=[number, unit])

    def decompress(self, value: timedelta | None) -> list[int | None]:
        if value is None:
            return [None, 1]
        minutes = int(value.total_seconds()) // 60
        unit = next((each for each, _name in reversed(UNITS) if minutes % each == 0), 1)
        return [minutes // unit, unit if minutes else 1]


class SpanField(forms.MultiValueField):
    """A stretch of time as people say it: 90 minutes, 2 hours, 60 days."""

    widget = SpanInput

    def __init__(
        self, *, least: int = 0, most: int = 3650 * 1440, required: bool = True, **options: Any
    ) -> None:
        self.least, self.most = least, most
        fields = (
            forms.IntegerField(
                min_value=0,
                max_value=5_256_000,
                required=required,
                error_messages={"incomplete": gettext_lazy("Say how long.")},
            ),
            forms.TypedChoiceField(choices=UNITS, coerce=int, required=False, empty_value="1"),
        )
        super().__init__(fields=fields, required=required, require_all_fields=False, **options)

    def compress(self, data_list: Sequence[Any]) -> timedelta | None:
        if not data_list or data_list[0] is None:
            return None
        minutes = int(data_list[0]) * int(data_list[1] or 1)
        if not self.least <= minutes <= self.most:
            raise forms.ValidationError(
                _("From %(least)s to %(most)s.")
                % {"least": lasting(self.least), "most": lasting(self.most)}
            )
        return timedelta(minutes=minutes)


def lasting(minutes: int) -> str:
    """So many minutes in words."""
    if minutes and minutes % 1440 == 0:
        days = minutes // 1440
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if minutes and minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    if minutes > 60:
        return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def minutes_of(span: timedelta | None) -> int:
    return int(span.total_seconds()) // 60 if span else 0


class MoneyField(forms.CharField):
    """An amount of a currency, as people write it; whole smallest units inside."""

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=20, widget=forms.TextInput(attrs=attrs), **options)
        self.currency = "EUR"

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).strip().replace(",", ".")
        if not text:
            return None
        try:
            minor = Money.read(text, self.currency).minor
        except ValueError:
            raise forms.ValidationError(
                _("Write an amount like %(example)s.")
                % {"example": Money(2500, self.currency).major}
            ) from None
        if not 0 <= minor <= 2_000_000_000:
            raise forms.ValidationError(_("This amount is out of bounds."))
        return minor

    def prepare_value(self, value: Any) -> Any:
        return Money(value, self.currency).major if isinstance(value, int) else value


class OrderField(forms.IntegerField):
    """Where it stands in a list; nothing typed is the middle."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=gettext_lazy("Place in the list"),
            min_value=-9999,
            max_value=9999,
            required=False,
            initial=0,
            help_text=gettext_lazy("Small numbers first."),
            **options,
        )

    def clean(self, value: Any) -> int:
        return super().clean(value) or 0


REFUSALS = (Invalid, Conflict)


def clock(at: time) -> str:
    """A time by the clock on the wall."""
    return f"{at:%H:%M}"


def saved(
    at: Desk,
    to: str,
    text: str = "",
    *,
    form: Form | None = None,
    of: str = "",
    how: How = "changed",
) -> HttpResponse:
    """A setting was changed: noted, and said."""
    note(at, of, how=how, form=form)
    return at.done(text or _("Saved."), to=to)


def note(at: Desk, of: str = "", *, how: How = "changed", form: Form | None = None) -> None:
    """Add to the history of the settings that the page which is open was changed, or one thing
    `of` it; a `form` says which fields, and where it says none nothing was."""
    if how == "changed" and form and not form.has_changed():
        return
    name = at.request.path.removeprefix(at.url("settings")).partition("/")[0]
    entry = PAGES[ELSEWHERE.get(name, name)]
    with override("en"):
        title, fields = str(entry.title), list(_changed(form) if form else ())
    accounts.note_change(
        at.business,
        by=at.user,
        page=entry.name,
        title=title,
        what=of,
        how=how,
        fields=fields if how == "changed" else (),
    )


def _changed(form: Form) -> Iterator[str]:
    """What the changed fields are called, without what a form adds to that."""
    for name in form.changed_data:
        field = type(form).base_fields.get(name) or form.fields[name]
        yield str(field.label or name)
