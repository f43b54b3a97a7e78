"""Logging in: staff of a tenant, and its customers."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import logins
from accounts import services as accounts
from accounts.errors import NotFound
from accounts.logins import ACCESS, BadCredentials, Pair
from accounts.models import Business, User
from billing import selectors as billing
from bookings import services
from bookings.api.myreserva import gate
from bookings.api.myreserva.dialect import Endpoint, ForCustomers, Public, id_of, saying
from bookings.api.myreserva.gate import Refusal
from bookings.api.myreserva.render import customers_json, outlets_json, tenant_json, user_json
from bookings.api.myreserva.serializers import (
    CustomerLogin,
    NewTenant,
    Refresh,
    Registration,
    StaffLogin,
)
from bookings.models import Guest
from bookings.wishes import GuestDetails
from resources.services import open_business

ALL_READ = ("tenant", "outlets", "services", "staff", "customers", "appointments", "availability")
WRITES = {
    "staff": ("customers", "appointments", "availability"),
    "outlet_manager": (
        "services", "staff", "outlets", "customers", "appointments", "availability",
    ),
    "tenant_admin": (*ALL_READ, "subscriptions"),
    "super_admin": (*ALL_READ, "subscriptions"),
}  # fmt: skip


def permissions(role: str) -> list[str]:
    """What a role may do, as clients show it; the server asks the role itself."""
    return [f"read:{each}" for each in ALL_READ] + [f"write:{each}" for each in WRITES[role]]


def session_json(
    user: User, business: Business, role: str, pair: Pair, *, outlets: bool = True
) -> dict[str, Any]:
    """What somebody of the staff gets who logged in."""
    places = list(business.locations.filter(is_active=True)) if outlets else []
    return {
        "access_token": pair.access,
        "token_type": "bearer",
        "token_type_identifier": "user",
        "expires_in": int(ACCESS.total_seconds()),
        "refresh_token": pair.refresh,
        "user": user_json(user, role),
        "tenant": tenant_json(business),
        "outlets": outlets_json(places, business),
        "access_type": "single",
        "permissions": permissions(role),
        "subscription_status": billing.cover(business).status,
    }


class Login(Public):
    """POST /api/v1/auth/login"""

    needs_slug = False

    def post(self, request: Request) -> Response:
        asked = self.read(StaffLogin)
        email, slug = asked["email"], asked.get("tenant_slug", "")
        if self.needs_slug and not slug:
            raise Refusal(400, "tenant_slug is required")
        user = logins.attempt(
            f"{gate.STAFF} {email}",
            lambda: accounts.log_in(email=email, password=asked["password"]),
            now=self.now,
        )
        mine = Business.objects.filter(is_active=True)
        if not user.is_superuser:
            mine = mine.filter(memberships__user=user)
        if slug:
            mine = mine.filter(slug=slug)
        found = list(mine.order_by("name", "pk")[:50])
        if not found:
            raise BadCredentials
        if len(found) > 1:
            return Response(choice(found))
        role = gate.rank_of(user, found[0])
        assert role is not None
        accounts.note_login(user, now=self.now)
        pair = logins.begin(gate.STAFF, user.pk, found[0], now=self.now)
        return Response(session_json(user, found[0], role[0], pair))


class CompleteLogin(Login):
    """POST /api/v1/auth/complete-login: the tenant was chosen."""

    needs_slug = True


def choice(found: list[Business]) -> dict[str, Any]:
    """Several tenants and none named: which of them?"""
    return {
        "requires_tenant_selection": True,
        "available_tenants": [tenant_json(each) for each in found],
        "auth_token": None,
        "message": "Please select a tenant and log in with its tenant_slug.",
    }


class RefreshLogin(Public):
    """POST /api/v1/auth/refresh"""

    def post(self, request: Request) -> Response:
        asked = self.read(Refresh)
        login, pair = logins.renew(gate.STAFF, asked["refresh_token"], now=self.now)
        caller = gate.staff(login)
        if caller is None or caller.user is None:
            raise BadCredentials
        return Response(session_json(caller.user, login.business, caller.role, pair))


class Logout(Endpoint):
    """POST /api/v1/auth/logout"""

    def post(self, request: Request) -> Response:
        logins.end(self.caller.login, now=self.now)
        return Response({"message": "Successfully logged out"})


class Me(Endpoint):
    """GET /api/v1/auth/me"""

    def get(self, request: Request) -> Response:
        assert self.caller.user is not None
        return Response(
            {
                "user": user_json(self.caller.user, self.caller.role),
                "tenant": tenant_json(self.business),
                "permissions": permissions(self.caller.role),
            }
        )


# --- customers -----------------------------------------------------------------------------------


def guest_json(guest: Guest, pair: Pair) -> dict[str, Any]:
    """What a customer gets who logged in."""
    return {
        "access_token": pair.access,
        "token_type": "bearer",
        "token_type_identifier": "customer",
        "expires_in": int(ACCESS.total_seconds()),
        "refresh_token": pair.refresh,
        "customer": customers_json([guest])[0],
        "tenant": tenant_json(guest.business),
    }


class Register(Public):
    """POST /api/v1/customer/auth/register"""

    def post(self, request: Request) -> Response:
        asked = self.read(Registration)
        business = Business.objects.filter(slug=asked["tenant_slug"], is_active=True).first()
        if business is None:
            raise NotFound("Tenant not found")
        consent = {"marketing_consent": asked.get("marketing_consent", False)}
        guest = services.register_guest(
            business,
            GuestDetails(
                asked["first_name"],
                asked.get("last_name", ""),
                asked.get("email") or "",
                asked.get("phone") or "",
            ),
            password=asked["password"],
            details=saying(None, preferences=consent),
            now=self.now,
        )
        pair = logins.begin(gate.CUSTOMER, guest.pk, business, now=self.now)
        return Response(guest_json(guest, pair), 201)


class CustomerLogsIn(Public):
    """POST /api/v1/customer/auth/login"""

    def post(self, request: Request) -> Response:
        asked = self.read(CustomerLogin)
        slug = asked.get("tenant_slug", "")
        business = None
        if slug and not (business := Business.objects.filter(slug=slug, is_active=True).first()):
            raise BadCredentials
        email, phone = asked.get("email", ""), asked.get("phone", "")
        found = logins.attempt(
            f"{gate.CUSTOMER} {slug} {email or phone}",
            lambda: (
                services.known_by(
                    email=email, phone=phone, password=asked["password"], business=business
                )
                or None
            ),
            now=self.now,
        )
        if len(found) > 1:
            return Response(choice([each.business for each in found]))
        guest = found[0]
        if not guest.details.get("myreserva", {}).get("is_active", True):
            raise BadCredentials
        pair = logins.begin(gate.CUSTOMER, guest.pk, guest.business, now=self.now)
        return Response(guest_json(guest, pair))


class CustomerRefresh(Public):
    """POST /api/v1/customer/auth/refresh"""

    def post(self, request: Request) -> Response:
        asked = self.read(Refresh)
        login, pair = logins.renew(gate.CUSTOMER, asked["refresh_token"], now=self.now)
        caller = gate.customer(login)
        if caller is None or caller.guest is None:
            raise BadCredentials
        caller.guest.business = login.business
        return Response(guest_json(caller.guest, pair))


class CustomerLogout(ForCustomers):
    """POST /api/v1/customer/auth/logout"""

    def post(self, request: Request) -> Response:
        logins.end(self.caller.login, now=self.now)
        return Response({"message": "Successfully logged out"})


class CustomerMe(ForCustomers):
    """GET /api/v1/customer/auth/me"""

    def get(self, request: Request) -> Response:
        assert self.caller.guest is not None
        return Response(
            {
                "customer": customers_json([self.caller.guest])[0],
                "tenant": tenant_json(self.business),
            }
        )


# --- tenants -------------------------------------------------------------------------------------


class RegisterTenant(Public):
    """POST /api/v1/public/register: a new tenant with its first administrator and outlet."""

    def post(self, request: Request) -> Response:
        asked = self.read(NewTenant)
        with transaction.atomic():
            user = accounts.register_user(
                email=asked["email"],
                password=asked["password"],
                first_name=asked["first_name"],
                last_name=asked.get("last_name", ""),
            )
            business, _ = open_business(
                name=asked["business_name"],
                timezone=asked.get("timezone") or "Asia/Jakarta",
                currency="IDR",
            )
            accounts.join(user, business, role="owner")
        return Response(
            {
                "message": "Tenant registered successfully",
                "tenant": tenant_json(business),
                "user": user_json(user, "tenant_admin"),
                "outlet_id": id_of(business.locations.get()),
            },
            201,
        )
