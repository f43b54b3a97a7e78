"""Deposits, the account they go to, and the calls that a payment gateway makes to us."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response

from billing import selectors as billing
from billing import services as paying
from billing.gateways import GatewayError, gateway, is_known
from billing.gateways.sandbox import Sandbox
from billing.models import Deposit
from bookings import services
from bookings.api.availengine import gate
from bookings.api.availengine.dialect import Endpoint, envelope, stamp
from bookings.api.availengine.gate import Needs, Refusal, absent
from bookings.api.availengine.serializers.portal import SandboxPayment
from bookings.api.availengine.views.portal import unreachable

OWNER = Needs(scope="write", role="owner")
MANAGER = Needs(scope="write", role="manager")


class Onboard(Endpoint):
    """POST /v1/billing/connect/onboard"""

    needs = {"POST": OWNER}

    def post(self, request: Request) -> Response:
        try:
            return Response({"onboarding_url": paying.onboard(self.business)})
        except GatewayError as error:
            raise unreachable(error) from error


class ConnectStatus(Endpoint):
    """GET /v1/billing/connect/status"""

    needs = {"GET": OWNER}

    def get(self, request: Request) -> Response:
        known = billing.account_of(self.business)
        return Response(
            {
                "connected": known is not None and known.details_submitted,
                "details_submitted": known is not None and known.details_submitted,
                "payouts_enabled": known is not None and known.payouts_enabled,
                "connect_id": known.reference if known else None,
            }
        )


def deposit_json(deposit: Deposit) -> dict[str, Any]:
    return {
        "id": str(deposit.pk),
        "booking_id": str(deposit.booking_id),
        "amount_cents": deposit.amount_cents,
        "currency": deposit.currency,
        "type": deposit.type,
        "status": deposit.status,
        "stripe_payment_intent_id": deposit.payment_intent_id,
        "created_at": stamp(deposit.created_at),
    }


class Deposits(Endpoint):
    """GET /v1/manage/deposits; ours."""

    def get(self, request: Request) -> Response:
        return self.page(self.business.deposits.all(), deposit_json, ordering=("-created_at", "id"))


class CaptureDeposit(Endpoint):
    """POST /v1/manage/deposits/{deposit_id}/capture; ours."""

    needs = {"POST": MANAGER}

    def post(self, request: Request, deposit_id: str) -> Response:
        deposit = self.find(self.business.deposits.all(), deposit_id)
        done = services.capture_deposit(deposit, by=self.caller.actor, now=self.now)
        return Response({"deposit": deposit_json(done)})


class ReleaseDeposit(Endpoint):
    """POST /v1/manage/deposits/{deposit_id}/release; ours."""

    needs = {"POST": MANAGER}

    def post(self, request: Request, deposit_id: str) -> Response:
        deposit = self.find(self.business.deposits.all(), deposit_id)
        done = services.release_deposit(deposit, by=self.caller.actor, now=self.now)
        return Response({"deposit": deposit_json(done)})


@method_decorator(csrf_exempt, name="dispatch")
class Callback(View):
    """POST /v1/billing/webhooks/{gateway}: proven by its signature, acted on once."""

    HEADERS = {"stripe": "HTTP_STRIPE_SIGNATURE", "sandbox": "HTTP_SANDBOX_SIGNATURE"}

    def http_method_not_allowed(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        refused = Refusal(405, "method_not_allowed", f"Method “{request.method}” not allowed.")
        return JsonResponse(envelope(refused), status=405, headers={"Allow": "POST"})

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        try:
            if not is_known(name):
                raise absent()
            signature = request.META.get(self.HEADERS[name], "")
            now = gate.instant(request)
            try:
                notice = gateway(name).read(request.body, signature, now=now)
            except ValueError as error:
                raise Refusal(400, "bad_request", str(error)) from error
            if notice:
                services.heed(name, notice, now=now)
        except Refusal as refused:
            return JsonResponse(envelope(refused), status=refused.status)
        return JsonResponse({"received": True})


class PaySandbox(Endpoint):
    """POST /v1/sandbox/payments/{intent}/confirm: what a guest's browser does with a card at a
    real gateway. Sandbox businesses have such payments beside a real gateway too."""

    tenant = False
    needs = {"POST": Needs(is_public=True)}

    def post(self, request: Request, intent: str) -> Response:
        secret = self.read(SandboxPayment)["client_secret"]
        try:
            paid = Sandbox().pay(intent, secret)
        except GatewayError as error:
            raise Refusal(409, "conflict", str(error)) from error
        return Response({"payment_intent": paid.id, "status": paid.state})
