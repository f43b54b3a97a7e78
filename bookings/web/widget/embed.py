"""`/widget/embed.js`: the one tag that another site has. Its address never changes, so browsers
keep it for a day and ask whether it did."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

HEADERS = {
    "Cache-Control": "public, max-age=86400, stale-while-revalidate=604800",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


@functools.cache
def _file() -> tuple[bytes, str]:
    body = (Path(settings.BASE_DIR) / "static" / "widget" / "embed.js").read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:20]}"'


@require_safe
def loader(request: HttpRequest) -> HttpResponseBase:
    body, tag = _file()
    same = tag in request.headers.get("If-None-Match", "")
    reply = (
        HttpResponseNotModified()
        if same
        else HttpResponse(body, content_type="text/javascript; charset=utf-8")
    )
    for name, value in HEADERS.items():
        reply[name] = value
    reply["ETag"] = tag
    return reply
