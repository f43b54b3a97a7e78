"""Who is asking and whether they may: the gates every AvailEngine request passes, in order.

401 unknown, 429 too often, 402 not paid for, 403 not allowed. What follows (422, 404, 400, 409) is
said by the views, the dialect and the core.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from accounts import tokens
from accounts.limits import Allowance, Tally, address_of, limiter
from accounts.models import Business, Channel, Membership, User
from billing import selectors as billing
from bookings.wishes import GUEST, Actor

JWT_RPM = 120
ANONYMOUS_RPM = 60
SCOPES = {"read": {"read"}, "write": {"read", "write"}, "admin": {"read", "write", "admin"}}
ROLES = {
    Membership.Role.STAFF.value: 1,
    Membership.Role.MANAGER.value: 2,
    Membership.Role.OWNER.value: 3,
}


class Refusal(Exception):
    """A request that this protocol turns away: status, code, message, what was wrong with what."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.errors, self.headers = dict(errors or {}), dict(headers or {})


@dataclasses.dataclass(slots=True)
class Caller:
    """Who asks: a program with its key, a user with a token, or nobody we know."""

    channel: Channel | None = None
    user: User | None = None
    allowance: Allowance | None = None
    epoch: bytes | None = None
    role: str = ""

    @property
    def is_anonymous(self) -> bool:
        return self.channel is None and self.user is None

    @property
    def actor(self) -> Actor:
        if self.channel:
            return Actor.channel(self.channel)
        return Actor.user(self.user) if self.user else GUEST

    def may(self, scope: str) -> bool:
        """Whether a key may do this, by itself or by what implies it."""
        return self.channel is not None and any(
            scope in SCOPES[each] for each in self.channel.scopes
        )

    @property
    def name(self) -> str:
        """Who counts against which limit, and whose idempotency keys are whose."""
        if self.channel:
            return f"channel:{self.channel.pk}"
        return f"user:{self.user.pk}" if self.user else "anonymous"


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """What an endpoint asks of its caller.

    `role` is the least a dashboard user must have; `pays_later` lets in a developer whose
    subscription is past due, so that they can mend it.
    """

    scope: str = "read"
    role: str = Membership.Role.STAFF.value
    is_public: bool = False
    people_only: bool = False
    developers_only: bool = False
    pays_later: bool = False
    dynamic: bool = False


def instant(request: HttpRequest) -> datetime | None:
    """The moment of a request when whoever calls us in-process says so, else None.

    Not a header: those arrive as HTTP_*, so nobody outside can set it.
    """
    now: datetime | None = request.META.get("openbook.now")
    return now


def enter(request: HttpRequest, needs: Needs) -> Caller:
    """Let a caller through the gates, or raise Refusal."""
    caller = _recognise(request, needs)
    _count(request, caller)
    _charge(caller, needs)
    _permit(caller, needs)
    return caller


def _recognise(request: HttpRequest, needs: Needs) -> Caller:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        if needs.is_public:
            return Caller()
        raise unknown()
    kind, _, credential = header.partition(" ")
    credential = credential.strip()
    if kind.lower() != "bearer" or not credential:
        raise unknown()
    if credential.startswith("avail_"):
        if needs.people_only:
            raise unknown()
        found = billing.channel_by_key(
            credential,
            quick=needs.dynamic,
            shared=needs.dynamic and request.method == "GET",
            count=_count_channel,
        )
        if found is None:
            raise unknown()
        channel, tally = found
        allowance = tally.against(channel.rate_limit_rpm)
        return Caller(channel=channel, allowance=allowance, epoch=tally.epoch)
    user_id = tokens.read(credential, now=instant(request))
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        raise unknown()
    return Caller(user=user)


def unknown() -> Refusal:
    return Refusal(
        401,
        "invalid_token",
        "Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _count_channel(channel: Channel) -> Tally:
    name = str(channel.pk)
    return limiter().count(f"channel:{name}", used=name, business=str(channel.business_id))


def _count(request: HttpRequest, caller: Caller) -> None:
    if caller.allowance is None:
        if caller.user:
            caller.allowance = limiter().count(caller.name).against(JWT_RPM)
        else:
            name = f"ip:{address_of(request.META)}"
            caller.allowance = limiter().count(name).against(ANONYMOUS_RPM)
    slow_down(caller.allowance)


def slow_down(allowance: Allowance) -> None:
    """Refuse what is more than is allowed in a minute."""
    if allowance.is_over:
        raise Refusal(
            429,
            "rate_limit_exceeded",
            "Too many requests. Please slow down.",
            headers={"Retry-After": str(allowance.resets_in), **_said(allowance)},
        )


def rate_headers(caller: Caller | None) -> dict[str, str]:
    """What is left of the caller's minute."""
    if caller is None or caller.allowance is None:
        return {}
    return _said(caller.allowance)


def _said(allowance: Allowance) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(allowance.limit),
        "X-RateLimit-Remaining": str(allowance.remaining),
        "X-RateLimit-Reset": str(allowance.resets_in),
    }


def _charge(caller: Caller, needs: Needs) -> None:
    if caller.channel:
        _charge_business(caller.channel.business, needs)
    elif caller.user and not needs.pays_later and billing.is_past_due(caller.user):
        raise past_due()


def _charge_business(business: Business, needs: Needs) -> None:
    cover = billing.cover(business)
    if cover.is_past_due:
        raise past_due()
    if needs.dynamic and not may_book_dynamically(business):
        raise Refusal(402, "payment_required", "Dynamic booking requires the Scale plan.")


def past_due() -> Refusal:
    return Refusal(402, "payment_required", "The subscription is past due.")


def may_book_dynamically(business: Business) -> bool:
    """Whether the plan, or the sandbox switch, opens the dynamic endpoints."""
    cover = billing.cover(business)
    in_sandbox = settings.SANDBOX_UNLOCKS_DYNAMIC and business.is_dev
    return in_sandbox or (cover.allows_dynamic and cover.status in ("active", "trial"))


def _permit(caller: Caller, needs: Needs) -> None:
    if caller.channel and not caller.may(needs.scope):
        raise Refusal(403, "missing_scope", f"This key lacks the scope “{needs.scope}”.")
    if needs.developers_only and not (caller.user and caller.user.is_developer):
        raise Refusal(403, "insufficient_permissions", "This is for developers.")


def business_of(
    caller: Caller, needs: Needs, *, wanted: uuid.UUID | None = None, header: str = ""
) -> Business:
    """The business a request is about: the key's, or the one a user says and belongs to.

    A user of several says which in the path or in X-Business-Id. Someone else's is as good as
    absent. Raises Refusal.
    """
    if caller.channel:
        if wanted is not None and wanted != caller.channel.business_id:
            raise absent()
        return caller.channel.business
    assert caller.user is not None
    wanted = wanted or _header_id(header)
    mine = Business.objects.filter(is_active=True, memberships__user=caller.user)
    found = list(mine.filter(pk=wanted)[:1] if wanted else mine[:2])
    if not found:
        raise absent()
    if len(found) > 1:
        raise Refusal(400, "bad_request", "Say which business in the header X-Business-Id.")
    business = found[0]
    role = caller.user.memberships.get(business=business).role
    _charge_business(business, needs)
    if ROLES[role] < ROLES[needs.role]:
        raise Refusal(403, "insufficient_permissions", f"This needs the role “{needs.role}”.")
    caller.role = role
    return business


def absent() -> Refusal:
    return Refusal(404, "not_found", "Not found.")


def _header_id(text: str) -> uuid.UUID | None:
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refusal(
            422,
            "validation_error",
            "The request is not valid.",
            errors={"X-Business-Id": "Must be a UUID."},
        ) from None
