"""Who is asking and whether they may: one key, all of one organisation.

403 unknown, 429 too often, 402 not paid for, 403 not allowed. What follows (400, 404, 409) is said
by the views, the dialect and the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest

from accounts.limits import Allowance, Tally, limiter
from accounts.models import Channel
from billing import selectors as billing

LONGEST = 256  # characters of a key that are looked at
SCOPES = {"read": {"read"}, "write": {"read", "write"}, "admin": {"read", "write", "admin"}}


class Refusal(Exception):
    """A request that this protocol turns away: status, message, headers to go with it."""

    def __init__(
        self, status: int, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, dict(headers or {})

    @property
    def body(self) -> dict[str, object]:
        """The error as it is sent."""
        reason = HTTPStatus(self.status).phrase
        return {"statusCode": self.status, "error": reason, "message": self.message}


def bad_request(message: str) -> Refusal:
    return Refusal(400, message)


def absent(what: str) -> Refusal:
    """There is no such thing, or it is another organisation's: nobody learns which."""
    return Refusal(404, f"There is no such {what}.")


def instant(request: HttpRequest) -> datetime | None:
    """The moment of a request when whoever calls us in-process says so, else None.

    Not a header: those arrive as HTTP_*, so nobody outside can set it.
    """
    now: datetime | None = request.META.get("openbook.now")
    return now


def enter(request: HttpRequest, scope: str) -> tuple[Channel, bytes | None]:
    """The channel whose key this is, if it may do what it asks for, and the epoch that the request
    heard. Raises Refusal."""
    key = request.META.get("HTTP_X_API_KEY", "")
    found = None
    if key and len(key) <= LONGEST:
        found = billing.channel_by_key(key, count=_count)
    if found is None or found[0].protocol != Channel.Protocol.APPOINTEDD:
        raise Refusal(403, "This needs a valid X-API-KEY.")
    channel, tally = found
    _slow_down(tally.against(channel.rate_limit_rpm))
    if billing.cover(channel.business).is_past_due:
        raise Refusal(402, "The subscription is past due.")
    if scope not in set().union(*(SCOPES[each] for each in channel.scopes)):
        raise Refusal(403, f"This key lacks the scope “{scope}”.")
    return channel, tally.epoch


def _count(channel: Channel) -> Tally:
    name = str(channel.pk)
    return limiter().count(f"channel:{name}", used=name, business=str(channel.business_id))


def _slow_down(allowance: Allowance) -> None:
    if allowance.is_over:
        raise Refusal(
            429,
            "Too many requests. Please slow down.",
            headers={"Retry-After": str(allowance.resets_in)},
        )
