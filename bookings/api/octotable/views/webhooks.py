"""Who wants to hear of reservations; and orders, of which there are none."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors as accounts
from accounts.models import Channel
from bookings import services
from bookings.api.octotable import gate
from bookings.api.octotable.dialect import Endpoint, by_id, data, id_of
from bookings.api.octotable.gate import bad
from bookings.api.octotable.render import subscription
from bookings.api.octotable.serializers import OrdersQuery, PageQuery, SubscriptionRequest
from bookings.models import WebhookEndpoint


class Subscribing(Endpoint):
    """The property may be left out: then all that the client reaches are meant, and its own."""

    needs_property = False

    def rows(self) -> QuerySet[WebhookEndpoint]:
        rows = WebhookEndpoint.objects.filter(protocol=Channel.Protocol.OCTOTABLE)
        if header := self.request._request.META.get("HTTP_PROPERTY", ""):
            return rows.filter(business=gate.property_of(self.caller, header))
        return rows.filter(business__in=accounts.reached_by(self.caller.channel))


class Subscriptions(Subscribing):
    """GET /webhooks/subscriptions"""

    def get(self, request: Request) -> Response:
        asked = self.ask(PageQuery)
        rows = self.rows().order_by("pk")
        if cursor := asked.get("next_cursor"):
            last = (
                by_id(self.rows(), int(cursor)) if cursor.isascii() and cursor.isdigit() else None
            )
            if last is None:
                raise bad("next_cursor: This is not one of ours.")
            rows = rows.filter(pk__gt=last.pk)
        limit = asked["limit"]
        found = list(rows[: limit + 1])
        answer: dict[str, Any] = {"data": [subscription(each) for each in found[:limit]]}
        if len(found) > limit:
            answer["next_cursor"] = str(id_of(found[limit - 1]))
        return Response(answer)


class NewSubscription(Subscribing):
    """POST /webhooks/subscription"""

    def post(self, request: Request) -> Response:
        sent = self.read(SubscriptionRequest)
        business = self.caller.channel.business
        if header := request._request.META.get("HTTP_PROPERTY", ""):
            business = gate.property_of(self.caller, header)
        made = services.add_webhook(
            business,
            url=sent["endpoint"],
            events=[sent["webhook_type"]],
            protocol=Channel.Protocol.OCTOTABLE,
        )
        return data(subscription(made) | {"secret": made.secret}, status=201)


class OneSubscription(Subscribing):
    """GET, DELETE /webhooks/subscription/{id}"""

    def get(self, request: Request, number: int) -> Response:
        return data(subscription(self.find(self.rows(), number, "subscription")))

    def delete(self, request: Request, number: int) -> Response:
        services.remove_webhook(self.find(self.rows(), number, "subscription"))
        return data(number)


class Orders(Endpoint):
    """GET /orders"""

    def get(self, request: Request) -> Response:
        self.ask(OrdersQuery)
        return data()
