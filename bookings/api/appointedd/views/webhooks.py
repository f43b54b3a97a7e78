"""Where an organisation wants to hear of events; ours, as Appointedd has a page for it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from bookings import services
from bookings.api.appointedd import ids, params, times
from bookings.api.appointedd import serializers as words
from bookings.api.appointedd.dialect import Endpoint
from bookings.api.appointedd.pages import Part
from bookings.api.appointedd.render import NAME, UTC
from bookings.models import WebhookEndpoint


def webhook_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """An address; of the headers that are sent along only the names, as they may be secrets."""
    return {
        "id": ids.written(endpoint.pk),
        "url": endpoint.url,
        "events": endpoint.events,
        "headers": sorted(endpoint.headers),
        "is_active": endpoint.is_active,
        "created": times.local(endpoint.created_at, UTC),
    }


def headers_of(said: Mapping[str, Any]) -> dict[str, str]:
    """The headers that a listener wants."""
    found = {}
    if header := said.get("header"):
        found[header["name"]] = header["value"]
    if auth := said.get("basic_auth"):
        pair = f"{auth['username']}:{auth['password']}".encode()
        found["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return found


class Webhooks(Endpoint):
    """GET and POST /v1/webhooks"""

    def get(self, request: Request) -> Response:
        rows = self.business.webhook_endpoints.filter(protocol=NAME)
        return self.page(
            [Part(rows, rows)],
            lambda found: [webhook_json(each) for each in found],
            descending=params.is_descending(self.query),
        )

    def post(self, request: Request) -> Response:
        said = self.read(words.WebhookRequest)["data"]
        made = services.add_webhook(
            self.business,
            url=said["url"],
            events=said["events"],
            protocol=NAME,
            headers=headers_of(said),
        )
        return self.said(webhook_json(made), 201)


class OneWebhook(Endpoint):
    """DELETE /v1/webhooks/{webhook_id}"""

    def delete(self, request: Request, webhook_id: str) -> Response:
        rows = self.business.webhook_endpoints.filter(protocol=NAME)
        services.remove_webhook(ids.find(rows, webhook_id, "webhook"))
        return Response(status=204)
