"""Who is asking: a client by its token, for the property that a header names."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from accounts import keys, selectors, tokens
from accounts.identifiers import int48_range
from accounts.limits import address_of, limiter
from accounts.models import Business, Channel
from bookings.wishes import Actor

AUDIENCE = "octotable"
LASTS = timedelta(minutes=1440)
PUBLIC_RPM = 60  # from one address, by those who have no token yet
LONGEST = 200  # characters of a credential that are looked at


class Refusal(Exception):
    """A request that this protocol turns away: its status, class and words."""

    def __init__(
        self,
        status: int,
        class_name: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.class_name, self.message = status, class_name, message
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """The error as it is sent."""
        return {
            "success": False,
            "error": {
                "code": code(self.class_name),
                "message": self.message,
                "class_name": self.class_name,
            },
        }


def code(class_name: str) -> str:
    """RESOURCE_NOT_FOUND for ResourceNotFoundException."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name.removesuffix("Exception")).upper()


def bad(message: str, class_name: str = "InvalidParameterException") -> Refusal:
    return Refusal(400, class_name, message)


def absent(what: str) -> Refusal:
    """There is none, or it is another property's: nobody learns which."""
    return Refusal(404, "ResourceNotFoundException", f"The specified {what} ID does not exist.")


def unknown(message: str = "A valid token is needed.") -> Refusal:
    return Refusal(401, "UnauthorizedException", message, headers={"WWW-Authenticate": "Bearer"})


def forbidden(message: str) -> Refusal:
    return Refusal(403, "ForbiddenException", message)


@dataclasses.dataclass(slots=True)
class Caller:
    """The client that asks."""

    channel: Channel

    @property
    def actor(self) -> Actor:
        return Actor.channel(self.channel)


def instant(request: HttpRequest) -> datetime | None:
    """The moment of a request when whoever calls us in-process says so, else None.

    Not a header: those arrive as HTTP_*, so nobody outside can set it.
    """
    now: datetime | None = request.META.get("openbook.now")
    return now


def let_in(request: HttpRequest) -> None:
    """Count somebody who needs no token."""
    _slow_down(f"octotable:{address_of(request.META)}", PUBLIC_RPM)


def issue(client_id: str, client_secret: str, *, now: datetime | None) -> str:
    """A token for a client that proves who it is. Raises Refusal."""
    key = f"{client_id}:{client_secret}"
    channel = None
    if len(key) <= LONGEST:
        channel = Channel.objects.filter(
            key_hash=keys.digest(key),
            protocol=Channel.Protocol.OCTOTABLE,
            is_active=True,
            business__is_active=True,
        ).first()
    if channel is None:
        raise unknown("invalid_client: the client is not known, or its secret is another.")
    return tokens.sign({"sub": str(channel.pk), "aud": AUDIENCE}, lasts=LASTS, now=now)


def enter(request: HttpRequest) -> Caller:
    """The client whose token this is. Raises Refusal."""
    kind, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    claims = None
    if kind.lower() == "bearer":
        claims = tokens.verify(token.strip(), audiences={AUDIENCE}, now=instant(request))
    if claims is None:
        raise unknown()
    channel = (
        Channel.objects.select_related("business")
        .filter(pk=uuid.UUID(str(claims["sub"])), is_active=True)
        .first()
    )
    if channel is None:
        raise unknown()
    name = str(channel.pk)
    _slow_down(f"channel:{name}", channel.rate_limit_rpm, used=name)
    writes = request.method in ("POST", "PUT", "PATCH", "DELETE")
    if writes and not {"write", "admin"} & set(channel.scopes):
        raise forbidden("This client may only read.")
    return Caller(channel)


def property_of(caller: Caller, header: str) -> Business:
    """The property that a header names, if the client may ask about it. Raises Refusal."""
    if not header:
        raise bad("The header Property is missing.")
    found = None
    if re.fullmatch(r"[0-9]{1,15}", header) and int(header) < 1 << 48:
        found = (
            selectors.reached_by(caller.channel).filter(pk__range=int48_range(int(header))).first()
        )
    if found is None:
        raise forbidden("The client has no such property.")
    return found


def _slow_down(name: str, rpm: int, used: str = "") -> None:
    allowance = limiter().count(name, used=used).against(rpm)
    if allowance.is_over:
        raise Refusal(
            429,
            "TooManyRequestsException",
            "Too many requests. Please slow down.",
            headers={"Retry-After": str(allowance.resets_in)},
        )
