"""A guest's own pages: see a booking, move it, cancel it, take it along in a calendar.

The token in the path is the credential, and the only one: no cookie is read or set, so no other
site can make a guest's browser do anything it couldn't do itself, and the forms need no second
token. Nothing is done by GET, as mail programs follow links before people do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts import clock
from accounts.errors import Conflict, DomainError, Unavailable
from accounts.limits import Allowance, limiter
from bookings import calendars, cards, links, policies, selectors, services
from bookings.errors import LinkExpired, LinkRevoked, LinkUnknown
from bookings.lifecycle import State
from bookings.models import Booking
from bookings.web import refusals
from bookings.wishes import GUEST

A_MINUTE = 60  # how often one link may be used
View = Callable[..., HttpResponse]
PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}
LOST = {
    LinkUnknown: (
        404,
        gettext_lazy("This link doesn't work"),
        gettext_lazy("Please open the link in your latest mail again."),
    ),
    LinkRevoked: (
        410,
        gettext_lazy("This link was replaced"),
        gettext_lazy("Please use the link in your latest mail."),
    ),
    LinkExpired: (
        410,
        gettext_lazy("This link has expired"),
        gettext_lazy("The booking was over some time ago."),
    ),
}


def now_of(request: HttpRequest) -> datetime | None:
    """The moment a test asks at; None in service, when the database's clock decides."""
    now: datetime | None = request.META.get("openbook.now")
    return now


def page(name: str, status: int = 200, **context: Any) -> HttpResponse:
    """One of the pages, and no more than it is given: nothing of the request is in it."""
    return HttpResponse(render_to_string(f"guest/{name}.html", context), status=status)


def spoken(request: HttpRequest, *wanted: str) -> str:
    """The first of these languages that is spoken here, else the first that the browser names."""
    known = dict(settings.LANGUAGES)
    named = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    for each in (*wanted, *(name.partition("-")[0] for name, _weight in named)):
        if each in known:
            return each
    return settings.LANGUAGE_CODE


def own(view: View) -> View:
    """A page about the booking that the link leads to, in the language that it was booked in; says
    so when it leads nowhere."""

    @functools.wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        with translation.override(spoken(request)):
            reply = _answer(view, request, token)
        for header, value in PRIVATE.items():
            reply[header] = value
        return reply

    return csrf_exempt(answer)


def _answer(view: View, request: HttpRequest, token: str) -> HttpResponse:
    try:
        moment = clock.read(now_of(request))
        booking = links.follow(token, now=moment)
        left = limiter().count(f"guest:{booking.pk}").against(A_MINUTE)
        with translation.override(spoken(request, booking.said.get("language", ""))):
            return _too_often(left) if left.is_over else view(request, booking, moment)
    except (LinkUnknown, LinkRevoked, LinkExpired) as error:
        status, title, advice = LOST[type(error)]
        return page("problem", status, title=title, advice=advice)
    except Unavailable:
        busy = _("We are busy. Please try again.")
        reply = page("problem", 503, title=_("Just a moment"), advice=busy)
        reply["Retry-After"] = "1"
        return reply


def _too_often(left: Allowance) -> HttpResponse:
    reply = page(
        "problem", 429, title=_("Just a moment"), advice=_("Please wait a minute, then go on.")
    )
    reply["Retry-After"] = str(left.resets_in)
    return reply


def address(name: str, booking: Booking) -> str:
    return reverse(f"guest:{name}", args=[links.token(booking)])


def told(booking: Booking) -> dict[str, Any]:
    """What every page about a booking shows: its card, and where the other pages are."""
    resources = cards.resources_of(booking.resource_ids)
    return {
        "card": cards.card(booking, resources, cards.deposit_of(booking)),
        "here": address("booking", booking),
    }


def denied(shown: dict[str, Any], error: DomainError, title: str) -> HttpResponse:
    """A page that says why not, and shows the booking as it stays."""
    return page("problem", 409, title=title, advice=refusals.in_words(error), **shown)


@own
@require_safe
def see(request: HttpRequest, booking: Booking, now: datetime) -> HttpResponse:
    state = State(booking.state)
    moving = policies.against_moving(booking, now)
    cancelling = policies.against_cancelling(booking, now)
    if state == State.HELD and not cancelling and selectors.offer_of(booking):
        return page(
            "offer", **told(booking), until=_until(booking), offer=address("offer", booking)
        )
    return page(
        "booking",
        **told(booking),
        is_sure=state in (State.CONFIRMED, State.CHECKED_IN, State.COMPLETED),
        is_off=state in (State.CANCELLED, State.EXPIRED, State.NO_SHOW),
        is_past=booking.ends_at <= now,
        is_late=policies.is_late(booking, now),
        move="" if moving else address("move", booking),
        cancel="" if cancelling else address("cancel", booking),
        why_not=str(cancelling or moving or ""),
        calendar=address("calendar", booking),
    )


def _until(booking: Booking) -> str:
    """Until when it is held, by the clock on the wall."""
    assert booking.expires_at is not None
    return cards.moment(booking.expires_at, cards.zone_of(booking.location))


@own
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, booking: Booking, now: datetime) -> HttpResponse:
    """Take what the waitlist offers, or leave it to the next. Only POST answers."""
    entry = selectors.offer_of(booking)
    if request.method == "POST" and entry:
        try:
            if request.POST.get("answer") == "take":
                services.accept_offer(entry, by=GUEST, now=now_of(request))
            else:
                services.decline_offer(entry, by=GUEST, now=now_of(request))
        except Unavailable:
            raise
        except DomainError as error:
            return denied(told(booking), error, _("This is no longer free"))
    return HttpResponseRedirect(address("booking", booking), status=303)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, booking: Booking, now: datetime) -> HttpResponse:
    """Ask whether it is meant, and what it costs; then cancel."""
    shown = told(booking)
    if refused := policies.against_cancelling(booking, now):
        return denied(shown, refused, _("This booking can't be cancelled"))
    if request.method != "POST":
        return page("cancel", **shown, is_late=policies.is_late(booking, now))
    try:
        services.cancel_own(booking, now=now_of(request))
    except Conflict as error:
        return denied(shown, error, _("This booking can't be cancelled"))
    return HttpResponseRedirect(shown["here"], status=303)


@own
@require_safe
def calendar(request: HttpRequest, booking: Booking, now: datetime) -> HttpResponse:
    """The booking as a file that calendars take."""
    body = calendars.ics(
        booking,
        told(booking)["card"],
        link=links.url(booking),
        version=selectors.version_of(booking),
    )
    name = f"booking-{booking.reference}.ics"
    return HttpResponse(
        body,
        content_type="text/calendar; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
