"""What stands behind the book: time taken, what happened, and what the world is told of it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.backoffice import ReadOnly
from bookings import relay
from bookings.admin.shared import each_through
from bookings.models import Allocation, Event, Outbox, WebhookDelivery, WebhookEndpoint


@admin.register(Allocation)
class AllocationAdmin(ReadOnly):
    list_display = ("resource", "unit", "starts_at", "ends_at", "expires_at", "booking", "block")
    list_select_related = ("resource", "booking", "block__resource")
    search_fields = ("resource__name", "booking__reference")
    date_hierarchy = "starts_at"


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("at", "kind", "booking", "actor", "business")
    list_select_related = ("booking", "business")
    list_filter = ("kind",)
    search_fields = ("booking__reference", "actor")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly):
    sees = "owner"
    list_display = ("url", "business", "is_active", "failing_since")
    list_select_related = ("business",)
    list_filter = ("is_active",)
    search_fields = ("url",)
    exclude = ("secret",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    tenant = "endpoint__business"
    sees = "owner"
    list_display = ("created_at", "endpoint", "event", "state", "attempts", "last_status")
    list_select_related = ("endpoint", "event")
    list_filter = ("state",)
    search_fields = ("endpoint__url",)
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Send again", permissions=["replay"])
    def replay(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        each_through(self, request, rows.select_related("endpoint"), relay.replay, "to send again")


@admin.register(Outbox)
class OutboxAdmin(ReadOnly):
    tenant = "event__business"
    sees = "owner"
    list_display = ("id", "topic", "event", "attempts", "due_at", "last_error")
    list_select_related = ("event",)
    list_filter = ("topic",)
    search_fields = ("last_error",)
