"""Who is asking: nobody in particular, a member of staff, or a customer of one tenant.

A token names the door it opens (its audience), so that a customer's never opens a staff endpoint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts import logins
from accounts.limits import address_of, limiter
from accounts.models import Business, Login, Membership, User
from bookings.models import Guest
from bookings.wishes import GUEST, Actor

STAFF = "myreserva:user"
CUSTOMER = "myreserva:customer"
PUBLIC_RPM = 60  # from one address
PRIVATE_RPM = 300  # of one person
ROLES = {
    Membership.Role.STAFF.value: ("staff", 1),
    Membership.Role.MANAGER.value: ("outlet_manager", 2),
    Membership.Role.OWNER.value: ("tenant_admin", 3),
}
SUPER_ADMIN = ("super_admin", 4)
ANY_STAFF, MANAGER, ADMIN = 1, 2, 3


class Refusal(Exception):
    """A request that this protocol turns away: `detail`, and what stands beside it."""

    def __init__(
        self,
        status: int,
        detail: Any,
        *,
        headers: Mapping[str, str] | None = None,
        **beside: Any,
    ) -> None:
        super().__init__(str(detail))
        self.status, self.detail = status, detail
        self.beside, self.headers = beside, dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        return {"detail": self.detail, **self.beside}


@dataclasses.dataclass(slots=True)
class Caller:
    """Who asks, and for which tenant."""

    business: Business
    login: Login
    user: User | None = None
    guest: Guest | None = None
    role: str = ""
    rank: int = 0

    @property
    def actor(self) -> Actor:
        return Actor.user(self.user) if self.user else GUEST


def instant(request: HttpRequest) -> datetime | None:
    """The moment of a request when whoever calls us in-process says so, else None.

    Not a header: those arrive as HTTP_*, so nobody outside can set it.
    """
    now: datetime | None = request.META.get("openbook.now")
    return now


def slow_down(name: str, rpm: int) -> None:
    """Count a request, and refuse what is more than is allowed in a minute."""
    allowance = limiter().count(name).against(rpm)
    if allowance.is_over:
        raise Refusal(
            429,
            "Too many requests. Please slow down.",
            headers={"Retry-After": str(allowance.resets_in)},
        )


def let_in(request: HttpRequest) -> None:
    """Count somebody who needs no token."""
    slow_down(f"myreserva:{address_of(request.META)}", PUBLIC_RPM)


def enter(request: HttpRequest, door: str, *, rank: int = ANY_STAFF) -> Caller:
    """Whoever's token opens this door. Raises Refusal."""
    kind, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer":
        raise unknown()
    login = logins.recognise(token.strip(), {STAFF, CUSTOMER}, now=instant(request))
    if login is None:
        raise unknown()
    slow_down(f"myreserva:{login.subject}", PRIVATE_RPM)
    caller = staff(login) if login.audience == STAFF else customer(login)
    if caller is None:
        raise unknown()
    if login.audience != door or (door == STAFF and caller.rank < rank):
        raise forbidden()
    return caller


def staff(login: Login) -> Caller | None:
    """The member of staff who logged in, while they are one."""
    found = User.objects.filter(pk=login.subject, is_active=True).first()
    if found is None:
        return None
    role = rank_of(found, login.business)
    return Caller(login.business, login, user=found, role=role[0], rank=role[1]) if role else None


def rank_of(user: User, business: Business) -> tuple[str, int] | None:
    """Somebody's role at a tenant in this protocol's words; None for a stranger."""
    if user.is_superuser:
        return SUPER_ADMIN
    mine = Membership.objects.filter(user=user, business=business).first()
    return ROLES[mine.role] if mine else None


def customer(login: Login) -> Caller | None:
    """The customer who logged in, while there is one."""
    found = Guest.objects.filter(
        pk=login.subject, business=login.business, credentials__isnull=False
    ).first()
    return Caller(login.business, login, guest=found) if found else None


def unknown() -> Refusal:
    return Refusal(401, "Not authenticated", headers={"WWW-Authenticate": "Bearer"})


def forbidden() -> Refusal:
    return Refusal(403, "Not enough permissions")
