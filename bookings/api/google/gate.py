"""Who is asking: HTTP Basic on every request, whose user name and password are one of our keys.

No rate limit stands here: Google counts a 429 against the business. Requests are counted all the
same, as a channel says when it was last used.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest

from accounts.limits import Tally, limiter
from accounts.models import Channel
from billing import selectors as billing

REALM = 'Basic realm="booking server", charset="UTF-8"'


class Refusal(Exception):
    """A request that is answered with an HTTP error, which Google counts against the business."""

    def __init__(
        self, code: int, status: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.status, self.message = code, status, message
        self.headers = dict(headers or {})


def invalid(message: str) -> Refusal:
    return Refusal(400, "INVALID_ARGUMENT", message)


def absent(message: str = "Not found.") -> Refusal:
    return Refusal(404, "NOT_FOUND", message)


def unknown() -> Refusal:
    return Refusal(
        401,
        "UNAUTHENTICATED",
        "The user name or password is missing or wrong.",
        headers={"WWW-Authenticate": REALM},
    )


def instant(request: HttpRequest) -> datetime | None:
    """The moment of a request when whoever calls us in-process says so, else None."""
    now: datetime | None = request.META.get("openbook.now")
    return now


def enter(request: HttpRequest) -> Channel:
    """The channel of these credentials, with its business. Raises Refusal."""
    found = billing.channel_by_key(_credentials(request), count=_count)
    if found is None or found[0].protocol != Channel.Protocol.GOOGLE:
        raise unknown()
    channel = found[0]
    if billing.cover(channel.business).is_past_due:
        raise Refusal(403, "PERMISSION_DENIED", "The subscription is past due.")
    return channel


def _credentials(request: HttpRequest) -> str:
    kind, _, coded = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "basic":
        raise unknown()
    try:
        return base64.b64decode(coded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise unknown() from None


def _count(channel: Channel) -> Tally:
    name = str(channel.pk)
    return limiter().count(f"channel:{name}", used=name, business=str(channel.business_id))
