"""In which language a page speaks: for pages alone, as the APIs speak what their protocols say."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

COOKIE = settings.LANGUAGE_COOKIE_NAME


def chosen(request: HttpRequest) -> str:
    """Asked for by `?lang=`, else chosen here before, else what the browser likes best."""
    known = dict(settings.LANGUAGES)
    for wanted in (request.GET.get("lang", ""), request.COOKIES.get(COOKIE, "")):
        if wanted in known:
            return wanted
    return translation.get_language_from_request(request)


def spoken(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page in the language of who looks at it."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **rest: Any) -> HttpResponse:
        language = chosen(request)
        with translation.override(language):
            reply = view(request, *args, **rest)
        reply["Content-Language"] = language
        # Whoever keeps copies of pages keeps one a language.
        reply["Vary"] = ", ".join(filter(None, (reply.get("Vary", ""), "Accept-Language")))
        return reply

    return answer
