"""The booking page: its looks, what it asks, which sites may show it, and the code for them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts import services as accounts
from accounts import widget
from bookings.web import refusals
from bookings.web.desk.settings.shared import REFUSALS, Form, page, saved, setting
from bookings.web.desk.shell import Desk

FONTS = (
    ("", gettext_lazy("The device’s own")),
    ("Georgia", "Georgia"),
    ("Helvetica Neue", "Helvetica Neue"),
    ("Palatino", "Palatino"),
    ("Trebuchet MS", "Trebuchet MS"),
    ("Verdana", "Verdana"),
)
HOW = (
    ("required", gettext_lazy("must be given")),
    ("optional", gettext_lazy("may be given")),
    ("hidden", gettext_lazy("isn’t asked")),
)
ASKED = (
    ("last_name", gettext_lazy("Last name")),
    ("email", gettext_lazy("E-mail")),
    ("phone", gettext_lazy("Phone")),
    ("notes", gettext_lazy("Wishes")),
)


class LookForm(Form):
    """How the booking page looks and what it asks."""

    color = forms.CharField(
        label=gettext_lazy("Colour"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
    )
    font = forms.CharField(
        label=gettext_lazy("Font"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("One that guests’ devices have; empty: the device’s own."),
        widget=forms.TextInput(attrs={"list": "fonts", "autocomplete": "off"}),
    )
    radius = forms.IntegerField(
        label=gettext_lazy("Roundness of corners"),
        min_value=0,
        max_value=widget.RADIUS,
        widget=forms.NumberInput(attrs={"type": "range", "max": widget.RADIUS, "min": 0}),
    )
    scheme = forms.ChoiceField(
        label=gettext_lazy("Light or dark"),
        choices=[
            ("auto", gettext_lazy("As the guest prefers")),
            ("light", gettext_lazy("Light")),
            ("dark", gettext_lazy("Dark")),
        ],
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    button = forms.CharField(
        label=gettext_lazy("The embedded button says"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Empty: “Book now”, in the guest’s language."),
    )
    welcome = forms.CharField(
        label=gettext_lazy("Welcome"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("A sentence above the choices; shown once it is saved."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    waitlist = forms.BooleanField(
        label=gettext_lazy("Guests may queue for a full day or class"), required=False
    )
    origins = forms.CharField(
        label=gettext_lazy("Sites that may show it"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy(
            "One a line: https://www.example.com, or https://*.example.com for all below."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    layout = (
        (
            gettext_lazy("Look"),
            ("color", "font", "radius", "scheme", "language", "button", "welcome"),
        ),
        (gettext_lazy("What guests are asked"), tuple(f"ask_{name}" for name, _label in ASKED)),
        (gettext_lazy("When it is full"), ("waitlist",)),
        (gettext_lazy("Where it is embedded"), ("origins",)),
    )
    wide = ("waitlist", "origins")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [("", _("The guest’s own")), *settings.LANGUAGES]
        for name, label in ASKED:
            self.fields[f"ask_{name}"] = forms.ChoiceField(label=label, choices=HOW)
            self.fields[f"ask_{name}"].is_wide = False  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("ask_email") == values.get("ask_phone") == "hidden":
            words = _("Ask for an e-mail or a phone number, so that guests can be told.")
            self.add_error("ask_phone", words)
        for name in ("color", "font", "radius"):
            check, why = widget.CHECKS[name]
            if name in values and not check(values[name]):
                self.add_error(name, refusals.said(why))
        lines = values.get("origins", "").split()
        values["origins"] = list(dict.fromkeys(each.rstrip("/") for each in lines))
        for each in values["origins"]:
            try:
                widget.validate_origin(each)
            except forms.ValidationError as error:
                self.add_error(
                    "origins", f"{each[:60]}: {' '.join(map(refusals.said, error.messages))}"
                )
                break
        return values

    @property
    def look(self) -> dict[str, Any]:
        """As it is kept."""
        values = self.cleaned_data
        names = ("color", "font", "radius", "scheme", "language", "button", "welcome", "waitlist")
        look = {name: values[name] for name in names}
        return look | {"ask": {name: values[f"ask_{name}"] for name, _label in ASKED}}


def _initial(at: Desk) -> dict[str, Any]:
    look = widget.Look.of(at.business.widget)
    names = ("color", "font", "radius", "scheme", "language", "button", "welcome", "waitlist")
    values = {name: getattr(look, name) for name in names}
    values |= {f"ask_{name}": look.ask[name] for name, _label in ASKED}
    return values | {"origins": "\n".join(at.business.widget_origins)}


@setting()
def look(at: Desk) -> HttpResponse:
    """The form, with the booking page beside it as it would look."""
    form = LookForm(at.request.POST or None, initial=_initial(at))
    status = 200
    if at.request.method == "POST":
        if form.is_valid():
            change = partial(
                accounts.change_business,
                at.business,
                widget=form.look,
                widget_origins=form.cleaned_data["origins"],
            )
            try:
                change()
            except REFUSALS as error:
                form.refuse(error, widget_origins="origins")
            else:
                return saved(at, at.url("widget"), form=form)
        status = 422
    slug = at.business.slug
    hosted = f"{settings.PUBLIC_URL}{reverse('book:start', args=[slug])}"
    return page(
        at,
        "widget",
        status,
        here="widget",
        title=_("Booking page and widget"),
        form=form,
        button=_("Save"),
        fonts=FONTS,
        hosted=hosted,
        preview=f"{reverse('widget:start', args=[slug])}?lang={get_language() or ''}",
        codes=_codes(slug, widget.Look.of(at.business.widget)),
    )


def _codes(slug: str, look: widget.Look) -> list[tuple[str, str, str]]:
    """What goes into another site: what it does, and the code. The button is drawn before anything
    of the page is fetched, so its colour and its words stand in the code."""
    tag = f'<script src="{settings.PUBLIC_URL}{reverse("embed")}" data-business="{slug}"'
    label = f' data-label="{escape(look.button)}"' if look.button else ""
    button = f'{tag} data-mode="button" data-color="{look.color}"{label} async></script>'
    return [
        ("inline", _("On the page, where this stands"), f"{tag} async></script>"),
        ("button", _("A button that opens it"), button),
    ]
