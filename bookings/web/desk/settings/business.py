"""What holds for the whole business: what it is called, its rules, its deposits, its mails."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import services as accounts
from accounts.errors import NotAllowed
from accounts.models import Business
from billing import selectors as billing
from billing import services as paying
from billing.gateways import GatewayError
from billing.money import Money
from bookings.web.desk.settings.shared import (
    REFUSALS,
    Difference,
    Form,
    MoneyField,
    SpanField,
    make,
    minutes_of,
    page,
    review,
    saved,
    setting,
    wants_to_edit,
)
from bookings.web.desk.shell import OWNER, Desk


class OfBusiness(Form):
    """Some fields of a business. Spans are kept as whole `minutes` or `hours`, or `days`."""

    spans: ClassVar[Mapping[str, int]] = {}  # by field: how many minutes its unit has

    @classmethod
    def of(cls, at: Desk) -> OfBusiness:
        """As it is, or as it was typed."""
        found = cls(at.request.POST or None, initial=cls.kept(at.business))
        found.prepare(at)
        return found

    def prepare(self, at: Desk) -> None:
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = at.business.currency

    @classmethod
    def kept(cls, business: Business) -> dict[str, Any]:
        """What is kept, as the form shows it."""
        values = {name: getattr(business, name) for name in cls.base_fields}
        for name, unit in cls.spans.items():
            values[name] = timedelta(minutes=values[name] * unit)
        return values

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, as it is kept."""
        values = dict(self.cleaned_data)
        for name, unit in self.spans.items():
            values[name] = minutes_of(values[name]) // unit
        return values


def _answer(
    at: Desk, form: OfBusiness, template: str, here: str, title: str, **context: Any
) -> HttpResponse:
    """Show the form, say what is wrong with it, or keep it."""
    shown = partial(
        page, at, template, here=here, title=title, form=form, button=_("Save"), **context
    )
    if at.request.method != "POST":
        return shown()
    if wants_to_edit(at) or not form.is_valid():
        return shown(status=200 if wants_to_edit(at) else 422)
    change = partial(accounts.change_business, at.business, **form.values)
    differences = [
        Difference(str(form[name].label), str(before), str(form.cleaned_data[name]))
        for name, before in type(form).kept(at.business).items()
        if name == "timezone" and before != form.cleaned_data[name]
    ]
    try:
        if seen := review(
            at, change, title=title, here=here, differences=differences, unless_harmless=True
        ):
            return seen
        make(at, change)
    except REFUSALS as error:
        form.refuse(error)
        return shown(status=422)
    at.business.refresh_from_db()
    return saved(at, at.url(here), form=form)


# --- what it is ----------------------------------------------------------------------------------


class DetailsForm(OfBusiness):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    business_type = forms.CharField(
        label=gettext_lazy("Kind of business"),
        max_length=50,
        help_text=gettext_lazy("restaurant, gym, spa, …"),
    )
    slug = forms.SlugField(
        label=gettext_lazy("Address of its pages"),
        max_length=120,
        help_text=gettext_lazy(
            "Links that guests and staff have kept lead nowhere once it changes."
        ),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Clock"),
        help_text=gettext_lazy("Opening hours mean the clock on this wall."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        min_length=3,
        max_length=3,
        help_text=gettext_lazy("Three letters: EUR, GBP, USD."),
    )
    layout = (
        (gettext_lazy("What it is"), ("name", "business_type", "slug")),
        (gettext_lazy("Clock and money"), ("timezone", "currency")),
    )

    def prepare(self, at: Desk) -> None:
        super().prepare(at)
        field = self.fields["timezone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = zones(at.business.timezone)

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if not (currency.isascii() and currency.isalpha()):
            raise forms.ValidationError(_("A currency is three letters, like EUR."))
        return currency


def zones(*known: str) -> list[tuple[str, str]]:
    """The clocks of the world, and those that are set already."""
    names = {
        each
        for each in zoneinfo.available_timezones()
        if "/" in each and not each.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    }
    return [
        (each, each.replace("_", " ")) for each in sorted({*names, "UTC", *filter(None, known)})
    ]


@setting()
def details(at: Desk) -> HttpResponse:
    form = DetailsForm.of(at)
    return _answer(at, form, "form", "business", _("Name and place"))


# --- rules ---------------------------------------------------------------------------------------


class RulesForm(OfBusiness):
    booking_mode = forms.ChoiceField(
        label=gettext_lazy("How guests book"),
        widget=forms.RadioSelect,
        choices=[
            (Business.Mode.SCHEDULED, gettext_lazy("Scheduled")),
            (Business.Mode.DYNAMIC, gettext_lazy("Dynamic")),
        ],
    )
    dynamic_respects_blackouts = forms.BooleanField(
        label=gettext_lazy("Keep closures in dynamic mode"),
        required=False,
        help_text=gettext_lazy("Nothing can be taken on days that are closed."),
    )
    min_notice_minutes = SpanField(
        label=gettext_lazy("Notice"),
        help_text=gettext_lazy("How long before the start guests book at the latest; 0 for none."),
    )
    max_advance_days = SpanField(
        label=gettext_lazy("How far ahead"),
        least=1440,
        most=32767 * 1440,
        help_text=gettext_lazy("Guests see no further than this; whole days."),
    )
    slot_interval_minutes = SpanField(
        label=gettext_lazy("Interval"),
        least=5,
        most=1440,
        help_text=gettext_lazy("From one start that is offered to the next."),
    )
    default_duration_minutes = SpanField(
        label=gettext_lazy("Usual length"),
        least=5,
        most=480,
        help_text=gettext_lazy("Of a booking without a service or a turn time."),
    )
    buffer_minutes = SpanField(
        label=gettext_lazy("Gap between bookings"),
        most=480,
        help_text=gettext_lazy("Kept free after each, where its service says nothing else."),
    )
    hold_minutes = SpanField(
        label=gettext_lazy("Holds last"),
        least=1,
        most=1440,
        help_text=gettext_lazy("How long a place is kept for a guest who types their name."),
    )
    relax_minimum_covers = forms.BooleanField(
        label=gettext_lazy("Small parties may take large tables"),
        required=False,
        help_text=gettext_lazy("Even where the table says it is for more."),
    )
    schedule_weeks = forms.IntegerField(
        label=gettext_lazy("Weeks of classes ahead"),
        min_value=1,
        max_value=53,
        help_text=gettext_lazy("How far ahead recurring classes are put in the book."),
    )
    layout = (
        (gettext_lazy("When guests may book"), ("min_notice_minutes", "max_advance_days")),
        (
            gettext_lazy("Times"),
            (
                "slot_interval_minutes",
                "default_duration_minutes",
                "buffer_minutes",
                "hold_minutes",
            ),
        ),
        (gettext_lazy("Tables and classes"), ("relax_minimum_covers", "schedule_weeks")),
    )
    spans = {
        "min_notice_minutes": 1,
        "max_advance_days": 1440,
        "slot_interval_minutes": 1,
        "default_duration_minutes": 1,
        "buffer_minutes": 1,
        "hold_minutes": 1,
    }

    def prepare(self, at: Desk) -> None:
        super().prepare(at)
        self.may_be_dynamic = may_be_dynamic(at.business)
        self.was_dynamic = at.business.booking_mode == Business.Mode.DYNAMIC

    def clean_booking_mode(self) -> str:
        mode: str = self.cleaned_data["booking_mode"]
        if mode == Business.Mode.DYNAMIC and not (self.may_be_dynamic or self.was_dynamic):
            raise forms.ValidationError(_("Your plan doesn’t include dynamic booking."))
        return mode


def may_be_dynamic(business: Business) -> bool:
    """Whether the plan allows booking at any time on the spot."""
    in_sandbox = settings.SANDBOX_UNLOCKS_DYNAMIC and business.is_dev
    return bool(in_sandbox or billing.cover(business).allows_dynamic)


@setting()
def rules(at: Desk) -> HttpResponse:
    form = RulesForm.of(at)
    allowed = may_be_dynamic(at.business)
    return _answer(at, form, "rules", "rules", _("Booking rules"), may_be_dynamic=allowed)


# --- mails and the waitlist ----------------------------------------------------------------------


class MailsForm(OfBusiness):
    sends_mail = forms.BooleanField(
        label=gettext_lazy("Write to guests"),
        required=False,
        help_text=gettext_lazy("Confirmations, changes, cancellations and reminders."),
    )
    reminder_hours = SpanField(
        label=gettext_lazy("Reminder"),
        most=720 * 60,
        help_text=gettext_lazy("How long before the start, in whole hours; 0 for none."),
    )
    waitlist_promotes = forms.BooleanField(
        label=gettext_lazy("Offer what becomes free to those who wait"),
        required=False,
        help_text=gettext_lazy("One after another, by mail. Otherwise staff promote by hand."),
    )
    waitlist_offer_minutes = SpanField(
        label=gettext_lazy("An offer is kept for"),
        most=1440,
        help_text=gettext_lazy("Then the next in line is asked; 0 offers nothing."),
    )
    layout = (
        (gettext_lazy("Mails to guests"), ("sends_mail", "reminder_hours")),
        (gettext_lazy("Waitlist"), ("waitlist_promotes", "waitlist_offer_minutes")),
    )
    wide = ("sends_mail", "waitlist_promotes")
    spans = {"reminder_hours": 60, "waitlist_offer_minutes": 1}


@setting()
def mails(at: Desk) -> HttpResponse:
    return _answer(at, MailsForm.of(at), "form", "mails", _("Mails and waitlist"))


# --- deposits and cancelling ---------------------------------------------------------------------


class DepositsForm(OfBusiness):
    cancellation_window_hours = SpanField(
        label=gettext_lazy("Free of charge until"),
        most=32767 * 60,
        help_text=gettext_lazy(
            "Before the start, in whole hours. Until then guests may also move it."
        ),
    )
    deposit_enabled = forms.BooleanField(
        label=gettext_lazy("Ask guests for a deposit"), required=False
    )
    deposit_amount_cents = MoneyField(
        label=gettext_lazy("Amount"),
        required=False,
        help_text=gettext_lazy("A booking; a service may have one of its own."),
    )
    deposit_type = forms.ChoiceField(
        label=gettext_lazy("How"),
        widget=forms.RadioSelect,
        choices=[
            (Business.DepositType.CHARGE, gettext_lazy("Charge it now, and refund it")),
            (
                Business.DepositType.AUTHORIZATION_HOLD,
                gettext_lazy("Hold it on the card, and charge only no-shows"),
            ),
        ],
    )
    deposit_expiry_minutes = SpanField(
        label=gettext_lazy("Time to pay"),
        least=1,
        most=10080,
        help_text=gettext_lazy("Then the place is free again."),
    )
    layout = (
        (gettext_lazy("Cancelling"), ("cancellation_window_hours",)),
        (
            gettext_lazy("Deposits"),
            ("deposit_enabled", "deposit_amount_cents", "deposit_expiry_minutes", "deposit_type"),
        ),
    )
    wide = ("deposit_enabled",)
    spans = {"cancellation_window_hours": 60, "deposit_expiry_minutes": 1}

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        amount = values.get("deposit_amount_cents")
        if "deposit_amount_cents" in values:
            values["deposit_amount_cents"] = amount or 0
            if values.get("deposit_enabled") and not amount:
                self.add_error("deposit_amount_cents", _("Say how much."))
        return values


def policy(form: DepositsForm, currency: str) -> list[str]:
    """What guests may do, in plain words; nothing while the form makes no sense."""
    if form.is_bound and not form.is_valid():
        return []
    values = form.values if form.is_bound else None
    get = values.get if values else lambda name: _as_kept(form, name)
    hours = int(get("cancellation_window_hours") or 0)
    free = (
        _("Guests may cancel free of charge, or move it, until %(time)s before the start.")
        % {"time": in_hours(hours)}
        if hours
        else _("Guests may cancel free of charge, or move it, until it starts.")
    )
    if not get("deposit_enabled"):
        return [free, _("They put nothing down.")]
    amount = Money(int(get("deposit_amount_cents") or 0), currency)
    time = minutes_in_words(int(get("deposit_expiry_minutes") or 0))
    if get("deposit_type") == Business.DepositType.CHARGE:
        return [
            free,
            _("They pay %(amount)s within %(time)s, or the place is free again.")
            % {"amount": amount, "time": time},
            _("It is paid back when they cancel in time, and kept if they are late or don’t come."),
        ]
    return [
        free,
        _("%(amount)s is held on their card within %(time)s, or the place is free again.")
        % {"amount": amount, "time": time},
        _("It is charged only when they cancel late or don’t come."),
    ]


def _as_kept(form: DepositsForm, name: str) -> Any:
    value = form.initial[name]
    unit = form.spans.get(name)
    return minutes_of(value) // unit if unit else value


def in_hours(hours: int) -> str:
    if hours % 24 == 0 and hours > 24:
        return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def minutes_in_words(minutes: int) -> str:
    if minutes % 60 == 0 and minutes:
        return in_hours(minutes // 60)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


@setting()
def deposits(at: Desk) -> HttpResponse:
    form = DepositsForm.of(at)
    assert isinstance(form, DepositsForm)
    context: dict[str, Any] = {
        "policy": policy(form, at.business.currency),
        "takes_deposits": billing.takes_deposits(at.business),
        "currency": at.business.currency,
    }
    if at.request.method == "POST" and at.request.POST.get("do") == "preview":
        return page(
            at, "deposits", here="deposits", title=_("Deposits and cancelling"), form=form,
            button=_("Save"), **context,
        )  # fmt: skip
    title = _("Deposits and cancelling")
    return _answer(at, form, "deposits", "deposits", title, **context)


@setting(OWNER, reaches_out=True)
def onboard(at: Desk) -> HttpResponse:
    """Where deposits go: at the payment gateway, who asks for the rest."""
    if at.request.method != "POST":
        return HttpResponseRedirect(at.url("deposits"))
    try:
        url = paying.onboard(at.business)
    except GatewayError as error:
        raise NotAllowed(_("The payment gateway doesn’t answer. Please try again.")) from error
    # A link and no redirect: our forms lead to no other site.
    return page(at, "leave", here="deposits", url=url)
