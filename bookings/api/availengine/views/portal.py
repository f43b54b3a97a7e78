"""Developers: registering, logging in, their businesses, and what they pay for."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency, selectors, tokens
from accounts import services as accounts
from accounts.limits import limiter
from accounts.models import Business, User
from billing import selectors as billing
from billing import services as paying
from billing.gateways import GatewayError, gateway
from bookings.api.availengine.dialect import Endpoint, stamp
from bookings.api.availengine.gate import Needs, Refusal, slow_down, unknown
from bookings.api.availengine.serializers.portal import (
    Checkout,
    Credentials,
    NewBusiness,
    Registration,
)
from resources.services import open_business

LOGINS_RPM = 10  # for one e-mail, from wherever
ANYBODY = Needs(is_public=True)
SELF = Needs(people_only=True, pays_later=True)


class Register(Endpoint):
    """POST /v1/auth/developer/register"""

    tenant = False
    needs = {"POST": ANYBODY}

    def post(self, request: Request) -> Response:
        user = accounts.register_developer(**self.read(Registration))
        paying.subscribe(user, now=self.now)
        return Response(
            {"user_id": str(user.pk), "email": user.email, "role": "developer"}, status=201
        )


class Token(Endpoint):
    """POST /v1/auth/token: an access token for an e-mail and a password; ours."""

    tenant = False
    needs = {"POST": ANYBODY}

    def post(self, request: Request) -> Response:
        asked = self.read(Credentials)
        slow_down(limiter().count(f"login:{asked['email'].casefold()}").against(LOGINS_RPM))
        user = accounts.log_in(**asked)
        if user is None:
            raise unknown()
        return Response(
            {
                "access_token": tokens.issue(user, now=self.now),
                "token_type": "bearer",
                "expires_in": int(tokens.LASTS.total_seconds()),
            }
        )

    def forgets(self, answer: idempotency.Answer) -> bool:
        return True  # a token isn't kept


def own_business_json(business: Business) -> dict[str, Any]:
    return {
        "id": str(business.pk),
        "name": business.name,
        "slug": business.slug,
        "business_type": business.business_type,
        "subscription_status": billing.cover(business).status,
        "is_active": business.is_active,
        "is_dev": business.is_dev,
        "created_at": stamp(business.created_at),
    }


class Person(Endpoint):
    """Endpoints for people and not for programs; a key opens none of them."""

    tenant = False
    needs = {"GET": SELF, "POST": SELF}

    @property
    def user(self) -> User:
        user = self.caller.user
        assert user is not None, "a people_only endpoint let a program in"
        return user


class Me(Person):
    """GET /v1/developer/me"""

    def get(self, request: Request) -> Response:
        user = self.user
        subscription = billing.subscription_of(user) if user.is_developer else None
        return Response(
            {
                "user_id": str(user.pk),
                "email": user.email,
                "role": "developer" if user.is_developer else "owner",
                "subscription": {
                    "status": subscription.status,
                    "ends_at": stamp(subscription.ends_at),
                    "has_payment_method": subscription.has_payment_method,
                }
                if subscription
                else None,
                "businesses": [
                    own_business_json(each) for each in billing.covered(selectors.own(user))
                ],
            }
        )


class Businesses(Person):
    """GET and POST /v1/developer/businesses"""

    needs = {
        "GET": Needs(people_only=True, developers_only=True),
        "POST": Needs(people_only=True, developers_only=True),
    }

    def get(self, request: Request) -> Response:
        rows = Business.objects.filter(owner=self.user, is_active=True)
        return self.page(rows, own_business_json, ordering=("-created_at", "id"))

    def post(self, request: Request) -> Response:
        wanted = self.read(NewBusiness)
        at_most = billing.max_businesses(self.user)
        business, key = open_business(owner=self.user, at_most=at_most, **wanted)
        return Response(
            {
                "business_id": str(business.pk),
                "name": business.name,
                "slug": business.slug,
                "business_type": business.business_type,
                "is_dev": business.is_dev,
                "api_key": key,
            },
            status=201,
        )

    def forgets(self, answer: idempotency.Answer) -> bool:
        return answer.status == 201  # the key is nowhere stored, so it can't be said again


class BuyPlan(Person):
    """POST /v1/developer/billing/checkout"""

    def post(self, request: Request) -> Response:
        try:
            url = paying.checkout(self.user, self.read(Checkout)["plan"])
        except GatewayError as error:
            raise unreachable(error) from error
        return Response({"checkout_url": url})


class Portal(Person):
    """POST /v1/developer/billing/portal"""

    def post(self, request: Request) -> Response:
        try:
            return Response({"portal_url": gateway().portal_url(self.user)})
        except GatewayError as error:
            raise unreachable(error) from error


def unreachable(error: GatewayError) -> Refusal:
    return Refusal(503, "unavailable", str(error), headers={"Retry-After": "5"})


class Calendar(Person):
    """GET /integrations/google/connect and status: not configured here, where the plan allows."""

    needs = {"GET": Needs(people_only=True)}
    tenant = True

    def get(self, request: Request) -> Response:
        raise no_calendar(self.business)


class NoCalendar(Person):
    """DELETE /integrations/google/disconnect"""

    needs = {"DELETE": Needs(people_only=True)}
    tenant = True

    def delete(self, request: Request) -> Response:
        raise no_calendar(self.business)


def no_calendar(business: Business) -> Refusal:
    if not billing.cover(business).allows_calendar:
        return Refusal(402, "payment_required", "Calendar sync requires the Growth plan or higher.")
    return Refusal(501, "not_configured", "Google Calendar is not configured on this server.")
