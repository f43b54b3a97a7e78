"""Where a business wants to hear of events, and what became of telling it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency
from accounts.models import Business
from bookings import relay, services
from bookings.api.availengine.dialect import Endpoint, stamp
from bookings.api.availengine.gate import Needs
from bookings.api.availengine.notices import NAMES
from bookings.api.availengine.serializers.portal import NewWebhook
from bookings.models import WebhookDelivery, WebhookEndpoint

OWNER = Needs(scope="write", role="owner")


def listeners(business: Business) -> QuerySet[WebhookEndpoint]:
    """Who is told in the words of this protocol."""
    return business.webhook_endpoints.filter(protocol="availengine")


def endpoint_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """An endpoint without its secret, which is shown once."""
    return {
        "id": str(endpoint.pk),
        "url": endpoint.url,
        "events": endpoint.events,
        "is_active": endpoint.is_active,
    }


def delivery_json(delivery: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": str(delivery.pk),
        "event": NAMES.get(delivery.event.kind, delivery.event.kind),
        "status": delivery.state,
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "created_at": stamp(delivery.created_at),
        "next_attempt_at": stamp(delivery.due_at) if delivery.state == "due" else None,
        "delivered_at": stamp(delivery.delivered_at),
    }


class Webhooks(Endpoint):
    """GET and POST /v1/manage/webhooks"""

    needs = {"GET": OWNER, "POST": OWNER}

    def get(self, request: Request) -> Response:
        rows = listeners(self.business)
        return self.page(rows, endpoint_json, ordering=("-created_at", "id"))

    def post(self, request: Request) -> Response:
        made = services.add_webhook(self.business, protocol="availengine", **self.read(NewWebhook))
        shown = endpoint_json(made)
        return Response(
            {"id": shown["id"], "url": shown["url"], "secret": made.secret}
            | {"events": shown["events"], "is_active": True},
            status=201,
        )

    def forgets(self, answer: idempotency.Answer) -> bool:
        return answer.status == 201  # a secret isn't kept where answers are


class OneWebhook(Endpoint):
    """DELETE /v1/manage/webhooks/{endpoint_id}"""

    needs = {"DELETE": OWNER}

    def delete(self, request: Request, endpoint_id: str) -> Response:
        services.remove_webhook(self.find(listeners(self.business), endpoint_id))
        return Response(status=204)


class Deliveries(Endpoint):
    """GET /v1/manage/webhooks/{endpoint_id}/deliveries; ours."""

    needs = {"GET": OWNER}

    def get(self, request: Request, endpoint_id: str) -> Response:
        endpoint = self.find(listeners(self.business), endpoint_id)
        rows = endpoint.deliveries.select_related("event")
        return self.page(rows, delivery_json, ordering=("-created_at", "id"))


class Replay(Endpoint):
    """POST /v1/manage/webhooks/{endpoint_id}/deliveries/{delivery_id}/replay; ours."""

    needs = {"POST": OWNER}

    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        endpoint = self.find(listeners(self.business), endpoint_id)
        delivery = self.find(endpoint.deliveries.select_related("event"), delivery_id)
        relay.replay(delivery, now=self.now)
        delivery.refresh_from_db()
        return Response({"delivery": delivery_json(delivery)}, status=202)
