"""The demo's bistro has a site of its own, which takes bookings by one tag. There in the demo
alone."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from bookings.demo import BISTRO

MODES = ("inline", "button", "modal")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@require_safe
def site(request: HttpRequest) -> HttpResponse:
    """The site, with the tag in one of its modes."""
    if not settings.DEMO:
        raise Http404
    mode = request.GET.get("mode", "")
    mode = mode if mode in MODES else MODES[0]
    how = "" if mode == MODES[0] else f' data-mode="{mode}"'
    source = f"{settings.PUBLIC_URL}/widget/embed.js"
    tag = f'<script src="{source}" data-business="{BISTRO}"{how} async></script>'
    context = {"mode": mode, "modes": MODES, "slug": BISTRO, "tag": tag}
    reply = HttpResponse(render_to_string("demo/site.html", context))
    reply["Content-Security-Policy"] = POLICY
    return reply
