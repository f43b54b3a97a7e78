"""A guest's visit to a booking page: whose it is, how it looks, and what it knows of the guest.

The address carries it all from step to step: `v`, a random word that says which holds are this
guest's, the language, and in a frame the site around it and the looks that it asked for. Whoever
comes without a `v` is sent on with one, so that the first page too knows them when they go back to
it. Nothing of it is a credential of anybody's browser, as no cookie is read or set; so no other
site can make a browser do here what it couldn't do itself, and the forms need no second token.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts import clock, widget
from accounts.errors import Unavailable
from accounts.limits import Allowance, address_of, limiter
from accounts.models import Business
from accounts.selectors import business_at
from bookings import cards
from bookings.web.guest import now_of, spoken
from bookings.web.widget import colours

LOOKS = 300  # how often a minute one address may look, and do something
DEEDS = 40
VISITOR = re.compile(r"[A-Za-z0-9_-]{16}\Z")
FRAMED = "widget"  # the namespace of pages in a frame
View = Callable[..., HttpResponse]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
}


@dataclasses.dataclass(frozen=True)
class Visit:
    """What every step knows. `now` is None in service, `moment` is when the request came."""

    request: HttpRequest
    business: Business
    look: widget.Look
    space: str
    visitor: str
    language: str
    host: str
    now: datetime | None
    moment: datetime

    @property
    def is_framed(self) -> bool:
        return self.space == FRAMED

    @property
    def carried(self) -> dict[str, str]:
        """What goes along from step to step."""
        given = self.request.GET
        kept = {"v": self.visitor}
        if given.get("lang"):
            kept["lang"] = self.language
        if self.is_framed:
            kept |= {"host": self.host} if self.host else {}
            kept |= {name: given[name] for name in ("color", "font", "radius", "scheme")
                     if given.get(name)}  # fmt: skip
        return kept

    def url(self, name: str, *args: str, **query: Any) -> str:
        """Where a step is, with what was chosen so far."""
        chosen = {key: str(value) for key, value in query.items() if value not in (None, "")}
        path = reverse(f"{self.space}:{name}", args=[self.business.slug, *args])
        return f"{path}?{urlencode(chosen | self.carried)}"

    def page(self, name: str, status: int = 200, **context: Any) -> HttpResponse:
        """One of the pages."""
        return HttpResponse(
            render_to_string(f"widget/{name}.html", self._shell() | context), status=status
        )

    def go(self, name: str, *args: str, **query: Any) -> HttpResponse:
        return HttpResponseRedirect(self.url(name, *args, **query), status=303)

    def _shell(self) -> dict[str, Any]:
        return {
            "lang": self.language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            "is_framed": self.is_framed,
            "host": self.host,
            "scheme": self.look.scheme,
            "style": style(self.look),
            "business": cards.line(self.business.name),
            "welcome": cards.line(self.look.welcome, 300),
            "home": self.url("start"),
            "languages": [
                (code, name, self._in(code), code == self.language)
                for code, name in settings.LANGUAGES
            ],
        }

    def _in(self, language: str) -> str:
        """This page in another language; a page that only a form leads to, from the start."""
        query = {**self.request.GET.dict(), "lang": language, "v": self.visitor}
        if self.request.method in ("GET", "HEAD"):
            return f"{self.request.path}?{urlencode(query)}"
        return f"{self.url('start')}&lang={language}"


def visit(view: View) -> View:
    """A step of somebody's booking page."""

    @functools.wraps(view)
    def answer(request: HttpRequest, slug: str, **rest: Any) -> HttpResponse:
        space = request.resolver_match.namespace if request.resolver_match else "book"
        found = business_at(slug)
        look = _look(request, found, framed=space == FRAMED)
        language = _language(request, look)
        with translation.override(language):
            reply = _refused(request)
            if reply is None and found is None:
                reply = problem(404, _("This booking page doesn't exist"), _("Look for a typo."))
            if reply is None and found is not None:
                reply = _sent_on(request)
            if reply is None and found is not None:
                try:
                    asked = _visit(request, found, look, space, language)
                    reply = view(asked, **rest)
                except Unavailable:
                    reply = problem(503, _("Just a moment"), _("We are busy. Please try again."))
                    reply["Retry-After"] = "1"
        assert reply is not None
        return _sealed(reply, found, language, framed=space == FRAMED)

    return csrf_exempt(answer)


def _sent_on(request: HttpRequest) -> HttpResponse | None:
    """To the same page with a word for this guest, where they have none yet."""
    if request.method not in ("GET", "HEAD") or VISITOR.match(request.GET.get("v", "")):
        return None
    query = request.GET.copy()
    query["v"] = secrets.token_urlsafe(12)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")


def _visit(
    request: HttpRequest, business: Business, look: widget.Look, space: str, language: str
) -> Visit:
    given = request.GET.get("v", "")
    now = now_of(request)
    return Visit(
        request=request,
        business=business,
        look=look,
        space=space,
        visitor=given if VISITOR.match(given) else secrets.token_urlsafe(12),
        language=language,
        host=_host(request, business) if space == FRAMED else "",
        now=now,
        moment=clock.read(now),
    )


def _look(request: HttpRequest, business: Business | None, *, framed: bool) -> widget.Look:
    """The looks that are set, and in a frame those that the site around it asked for."""
    look = widget.Look.of(business.widget if business else {})
    if not framed:
        return look
    given: Mapping[str, str] = request.GET.dict()
    radius = given.get("radius", "")
    asked = {
        "color": f"#{given.get('color', '').lstrip('#')}",
        "font": given.get("font", ""),
        "radius": int(radius) if radius.isascii() and radius.isdecimal() else None,
        "scheme": given.get("scheme", ""),
    }
    good = {
        name: value
        for name, value in asked.items()
        if value not in ("", None) and widget.CHECKS[name][0](value)
    }
    return dataclasses.replace(look, **good)  # type: ignore[arg-type]


def _language(request: HttpRequest, look: widget.Look) -> str:
    """The language asked for, else the business's, else the first that the browser names."""
    return spoken(request, request.GET.get("lang", ""), look.language)


def _host(request: HttpRequest, business: Business) -> str:
    """The site around the frame, if it may have it: whom the page tells how tall it is."""
    given = request.GET.get("host", "")
    own = f"{request.scheme}://{request.get_host()}"
    return given if given == own or widget.may_embed(business.widget_origins, given) else ""


def _refused(request: HttpRequest) -> HttpResponse | None:
    address = address_of(request.META)
    left = limiter().count(f"widget:{address}").against(LOOKS)
    if request.method == "POST" and not left.is_over:
        left = limiter().count(f"widget-post:{address}").against(DEEDS)
    return _too_often(left) if left.is_over else None


def _too_often(left: Allowance) -> HttpResponse:
    reply = problem(429, _("Just a moment"), _("Please wait a minute, then go on."))
    reply["Retry-After"] = str(left.resets_in)
    return reply


def problem(status: int, title: str, advice: str) -> HttpResponse:
    """A page that says why there is none."""
    context = {
        "title": title,
        "advice": advice,
        "lang": translation.get_language(),
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "scheme": "auto",
        "style": style(widget.Look()),
    }
    return HttpResponse(render_to_string("widget/problem.html", context), status=status)


def _sealed(
    reply: HttpResponse, business: Business | None, language: str, *, framed: bool
) -> HttpResponse:
    """Who may show it in a frame, and nobody may keep it."""
    for name, value in HEADERS.items():
        reply[name] = value
    reply["Content-Language"] = language
    around = "'none'"
    if framed:
        around = " ".join(["'self'", *(business.widget_origins if business else ())])
        reply.xframe_options_exempt = True
    reply["Content-Security-Policy"] = (
        f"{getattr(reply, 'policy', POLICY)} frame-ancestors {around}"
    )
    return reply


def style(look: widget.Look) -> str:
    """What the style sheet leaves open, as one style attribute. All of it has been checked."""
    values = colours.palette(look.color) | {"--radius": f"{look.radius}px"}
    if look.font:
        values["--font"] = f"'{look.font}'"
    return ";".join(f"{name}:{value}" for name, value in values.items())
