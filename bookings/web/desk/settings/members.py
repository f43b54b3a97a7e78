"""The account: what is paid for and used, who may do what, and one's own name and password."""

from __future__ import annotations

import dataclasses
import logging
import uuid
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db.models import Count
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.formats import date_format
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as accounts
from accounts.errors import DomainError, NotFound
from accounts.models import Membership, User
from billing import selectors as billing
from billing import services as paying
from billing.gateways import GatewayError
from billing.models import Plan
from bookings import cards, selectors
from bookings.web.desk.settings.shared import REFUSALS, Form, note, page, saved, setting
from bookings.web.desk.shell import OWNER, Desk
from resources.models import Location, Resource, Service

log = logging.getLogger(__name__)

# --- plan and usage ------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Meter:
    """How much of something is used, of how much the plan allows; None for any."""

    name: str
    used: int
    most: int | None

    @property
    def share(self) -> int:
        """In hundredths, for the bar."""
        if not self.most:
            return 0
        return min(100, round(100 * self.used / self.most))

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.used >= self.most


@setting(OWNER, reaches_out=True)
def plan(at: Desk) -> HttpResponse:
    """What is paid for, and how much of it is used. A fixed number of queries."""
    business = at.business
    if at.request.method == "POST":
        return _change_plan(at, at.request.POST.get("plan", ""))
    cover, limits = billing.cover(business), billing.limits(business)
    begins, ends = billing.month_of(business, at.moment)
    staff = (
        Resource.objects.filter(business=business, kind="staff", deleted_at=None, is_active=True)
        .values("location")
        .annotate(n=Count("pk"))
        .order_by("-n")
        .first()
    )
    meters = [
        Meter(
            _("Bookings this month"),
            selectors.bookings_this_month(business, now=at.now),
            None if business.is_dev else limits.max_bookings,
        ),
        Meter(
            _("Locations"),
            Location.objects.filter(business=business, is_active=True).count(),
            limits.max_locations,
        ),
        Meter(_("Staff at a location"), staff["n"] if staff else 0, limits.max_staff),
        Meter(
            _("Services"),
            Service.objects.filter(business=business).count(),
            limits.max_services,
        ),
    ]
    return page(
        at,
        "plan",
        here="plan",
        plan=limits,
        standing=cover.status,
        is_sandbox=business.is_dev,
        meters=meters,
        begins=date_format(begins, _("j F")),
        ends=date_format(ends - timedelta(days=1), _("j F Y")),
        trial_ends=date_format(cover.trial_ends_at, _("j F Y")) if cover.trial_ends_at else "",
        plans=_choices(at, limits),
    )


def _choices(at: Desk, current: Plan) -> list[tuple[Plan, bool]]:
    """The plans that may be chosen, where it is this owner's to choose."""
    if not _may_choose(at):
        return []
    rows = Plan.objects.filter(is_public=True, family=current.family)
    return [(each, each.pk == current.pk) for each in rows]


def _may_choose(at: Desk) -> bool:
    """A developer who owns the business pays for all of theirs; else it has a plan of its own."""
    return at.business.owner_id in (None, at.user.pk)


def _change_plan(at: Desk, key: str) -> HttpResponse:
    known = {each.pk: each for each, _current in _choices(at, billing.limits(at.business))}
    wanted = known.get(key)
    if wanted is None:
        raise NotFound
    if at.request.POST.get("sure") != "yes":
        now = billing.limits(at.business)
        return page(at, "plan_sure", here="plan", wanted=wanted, plan=now)
    if at.business.owner_id:
        try:
            url = paying.checkout(at.user, wanted.key)
        except GatewayError as error:
            raise DomainError(_("The payment gateway doesn’t answer. Please try again.")) from error
        if not url.startswith(settings.PUBLIC_URL):
            return page(at, "leave", here="plan", url=url, title=_("Plan and usage"))
    else:
        paying.change_plan(at.business, wanted, now=at.now)
    words = _("You are on the plan “%(name)s” now.") % {"name": wanted}
    return saved(at, at.url("plan"), words, of=str(wanted))


# --- team ----------------------------------------------------------------------------------------

ROLES = (
    ("staff", gettext_lazy("Staff: the floor, the book, the guests")),
    ("manager", gettext_lazy("Manager: reports and settings too")),
    ("owner", gettext_lazy("Owner: everything, with keys, plan and team")),
)


class InviteForm(Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=ROLES, initial="staff", widget=forms.RadioSelect
    )
    wide = ("email",)


class RoleForm(Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES, widget=forms.RadioSelect)


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team as the list shows them."""

    user: User
    name: str
    role: str
    is_you: bool
    is_invited: bool
    url: str


@setting(OWNER)
def team(at: Desk) -> HttpResponse:
    """Who may do what. A fixed number of queries."""
    rows = Membership.objects.filter(business=at.business).select_related("user")
    names = {"owner": _("Owner"), "manager": _("Manager"), "staff": _("Staff")}
    order = list(names)
    shown = [
        Member(
            user=each.user,
            name=f"{each.user.first_name} {each.user.last_name}".strip(),
            role=names[each.role],
            is_you=each.user_id == at.user.pk,
            is_invited=not each.user.has_usable_password(),
            url=at.url("member", each.pk),
        )
        for each in sorted(rows, key=lambda one: (order.index(one.role), one.user.email))
    ]
    return page(at, "team", here="team", members=shown)


@setting(OWNER, reaches_out=True)
def invite(at: Desk) -> HttpResponse:
    """Give somebody a role by their e-mail; who is new gets a link to choose a password."""
    form = InviteForm(at.request.POST or None)
    if at.request.method == "POST" and form.is_valid():
        try:
            user, _is_new = accounts.invite(at.business, **form.cleaned_data)
        except REFUSALS as error:
            form.refuse(error)
        else:
            note(at, str(user), how="added")
            return _invited(at, user)
    status = 422 if form.errors else 200
    return page(
        at, "form", status, here="team", title=_("Invite somebody"), form=form, button=_("Invite")
    )


def _invited(at: Desk, user: User) -> HttpResponse:
    if _write(at, user):
        words = _("An invitation is on its way to %(to)s.") % {"to": user}
        return at.done(words, to=at.url("team"))
    words = _("They are a member now, but the mail couldn’t be sent. Open them to send it again.")
    return at.done(words, to=at.url("team"), kind="error")


def _write(at: Desk, user: User) -> bool:
    """Tell somebody that they belong here now, and where they come in; whether it was sent."""
    if user.has_usable_password():
        path = reverse("desk:home", args=[at.business.slug])
    else:
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        path = reverse("desk:password-new", args=[uid, default_token_generator.make_token(user)])
    context = {
        "business": cards.line(at.business.name),
        "by": cards.line(at.user.get_full_name()),
        "link": f"{settings.PUBLIC_URL}{path}",
        "is_new": not user.has_usable_password(),
    }
    subject = render_to_string("email/invitation_subject.txt", context)
    body = render_to_string("email/invitation.txt", context).strip()
    letter = EmailMessage(" ".join(subject.split()), f"{body}\n", to=[user.email])
    try:
        return bool(letter.send())
    except (OSError, SMTPException):
        log.warning("An invitation couldn't be sent", exc_info=True)
        return False


@setting(OWNER, reaches_out=True)
def member(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Somebody of the team: another role, out of it, or the invitation again."""
    found = Membership.objects.filter(business=at.business, pk=pk).select_related("user").first()
    if found is None:
        raise NotFound
    what = at.request.POST.get("do", "")
    form = RoleForm(at.request.POST if what == "role" else None, initial={"role": found.role})
    sure = what == "remove?"
    if at.request.method == "POST" and not sure:
        try:
            if what == "again" and not found.user.has_usable_password():
                return _invited(at, found.user)
            if what == "remove":
                accounts.remove_member(found)
                note(at, str(found.user), how="deleted")
                return _changed(at, found, _("%(who)s isn’t a member any more."))
            if what == "role" and form.is_valid():
                accounts.change_role(found, role=form.cleaned_data["role"])
                note(at, str(found.user), form=form)
                return _changed(at, found, _("%(who)s has another role now."))
        except REFUSALS as error:
            form = RoleForm({"role": found.role})
            form.is_valid()
            form.refuse(error)
    return page(
        at,
        "member",
        422 if form.errors else 200,
        here="team",
        member=found,
        title=f"{found.user.first_name} {found.user.last_name}".strip() or found.user.email,
        is_you=found.user_id == at.user.pk,
        is_invited=not found.user.has_usable_password(),
        form=form,
        sure=sure,
    )


def _changed(at: Desk, found: Membership, words: str) -> HttpResponse:
    """Back to the team; whoever gave up their own role, to where they may still be."""
    is_me = found.user_id == at.user.pk
    still = Membership.objects.filter(
        business=at.business, user=at.user, role=Membership.Role.OWNER
    ).exists()
    if is_me and not still and not at.user.is_superuser:
        to = reverse("desk:start")
        if at.by_script:
            return HttpResponse(status=204, headers={"HX-Redirect": to})
        return HttpResponse(status=303, headers={"Location": to})
    return at.done(words % {"who": found.user}, to=at.url("team"))


# --- one's own -----------------------------------------------------------------------------------


class NameForm(Form):
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=100, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=100, required=False)


class PasswordForm(Form):
    old = forms.CharField(
        label=gettext_lazy("Your password now"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Eight characters at least, and no common word."),
    )
    again = forms.CharField(
        label=gettext_lazy("New password again"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    wide = ("old",)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("new") and values.get("again") and values["new"] != values["again"]:
            self.add_error("again", _("The two aren’t the same."))
        return values


@setting()
def account(at: Desk) -> HttpResponse:
    """One's own name and password, whatever the business."""
    user, what = at.user, at.request.POST.get("do", "")
    initial = {"first_name": user.first_name, "last_name": user.last_name}
    name = NameForm(at.request.POST if what == "name" else None, initial=initial)
    password = PasswordForm(at.request.POST if what == "password" else None)
    if what == "name" and name.is_valid():
        accounts.change_user(user, **name.cleaned_data)
        return at.done(_("Saved."), to=at.url("account"))
    if what == "password" and password.is_valid():
        values = password.cleaned_data
        try:
            changed = accounts.change_password(user, old=values["old"], new=values["new"])
        except REFUSALS as error:
            password.refuse(error)
        else:
            update_session_auth_hash(at.request, changed)  # here one stays signed in
            words = _("Your password was changed. Elsewhere you are signed out.")
            return at.done(words, to=at.url("account"))
    status = 422 if name.errors or password.errors else 200
    return page(at, "account", status, here="account", of_name=name, password=password)
