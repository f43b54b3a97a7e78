"""Coming in and going out: sign in, sign out, a forgotten password, a choice of language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import logins
from accounts.models import Business, User
from bookings.web.desk.shell import Desk, desk, guarded, to_sign_in
from bookings.web.languages import COOKIE, spoken

A_YEAR = 365 * 24 * 3600


class SignIn(forms.Form):
    """Who it is."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@spoken
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password; five wrong ones lock the name for a quarter of an hour."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    wanted = wanted if is_ours else reverse("desk:start")
    if request.user.is_authenticated and request.method != "POST":
        return HttpResponseRedirect(wanted)
    form = SignIn(request.POST or None)
    if form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        try:
            user = logins.attempt(
                f"desk {email}",
                lambda: authenticate(request, username=email, password=password),
            )
        except logins.LockedOut:
            form.add_error(None, _("Too many wrong passwords. Please wait a quarter of an hour."))
        except logins.BadCredentials:
            form.add_error(None, _("We don’t know this e-mail with this password."))
        else:
            login(request, user)
            return HttpResponseRedirect(wanted, status=303)
    status = 422 if form.errors else 200
    context = {"form": form, "next": wanted}
    return guarded(render(request, "desk/sign_in.html", context, status=status))


@spoken
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect(reverse("desk:sign-in"), status=303)


@spoken
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the only business there is, or a choice of them."""
    if not isinstance(request.user, User):
        return to_sign_in(request)
    rows = Business.objects.order_by("name")
    if not request.user.is_superuser:
        rows = rows.filter(memberships__user=request.user, is_active=True)
    mine = list(rows[:200])
    if len(mine) == 1:
        return HttpResponseRedirect(reverse("desk:home", args=[mine[0].slug]))
    return guarded(render(request, "desk/choose.html", {"businesses": mine}))


@require_safe
@desk()
def home(at: Desk) -> HttpResponse:
    """The page that this kind of business works on."""
    on_plan = any(True for _ in at.business.resources.filter(plan_x__isnull=False)[:1])
    return HttpResponseRedirect(at.url("floor" if on_plan else "timeline"))


@spoken
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember a language in this browser."""
    back = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    reply = HttpResponseRedirect(back if is_ours else reverse("desk:start"), status=303)
    reply.set_cookie(COOKIE, request.POST.get("language", "")[:10], A_YEAR, samesite="Lax")
    return reply


def dressed(view: type[Any], **options: Any) -> Callable[..., HttpResponse]:
    """A page of Django's own about passwords, in our clothes."""
    shown = view.as_view(template_name="desk/password.html", **options)

    def answer(request: HttpRequest, **rest: Any) -> HttpResponse:
        reply: Any = shown(request, **rest)
        if hasattr(reply, "render"):
            reply.render()  # now, while its language is the one chosen
        return guarded(reply)

    return spoken(answer)


class AskAgain(auth.PasswordResetConfirmView):
    """Says so when the link is no longer good."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        spent = _("This link was used already or is too old. Ask for another.")
        gone = {} if self.validlink else {"form": None, "advice": spent}
        return super().get_context_data(**kwargs) | gone


password_reset = dressed(
    auth.PasswordResetView,
    title=_("Choose a new password"),
    extra_context={
        "advice": _("Type your e-mail, and we send you a link."),
        "button": _("Send me a link"),
    },
    email_template_name="email/password.txt",
    subject_template_name="email/password_subject.txt",
    success_url=reverse_lazy("desk:password-sent"),
)
password_sent = dressed(
    auth.PasswordResetDoneView,
    title=_("Look into your mail"),
    extra_context={
        "advice": _("If we know this e-mail, a link is on its way. It is good for three days."),
    },
)
password_new = dressed(
    AskAgain,
    title=_("Choose a new password"),
    extra_context={"button": pgettext_lazy("of a password", "Keep it")},
    success_url=reverse_lazy("desk:password-changed"),
)
password_changed = dressed(
    auth.PasswordResetCompleteView,
    title=_("Your password was changed"),
    extra_context={"advice": _("You can sign in with it now.")},
)
