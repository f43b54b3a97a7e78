"""What stands behind the book: time taken, what happened, and what the world is told of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.backoffice import ReadOnly
from accounts.looks import link, state_badge, two_lines
from bookings import relay
from bookings.admin.book import said_by, told, with_who
from bookings.admin.shared import each_through, moment, stretch
from bookings.models import (
    Allocation,
    Event,
    GuestPassword,
    Mail,
    Outbox,
    Update,
    WebhookDelivery,
    WebhookEndpoint,
)

COLOURS = {"due": "warning", "delivered": "success", "sent": "success", "failed": "danger"}


@admin.register(Allocation)
class AllocationAdmin(ReadOnly):
    list_display = ("what", "unit", "during", "until", "taker", "business")
    list_select_related = (
        "resource", "booking", "session__service", "block__resource", "business",
        "resource__location", "session__location",
    )  # fmt: skip
    list_filter = (("starts_at", RangeDateFilter),)
    search_fields = ("resource__name", "booking__reference", "business__name")
    search_help_text = "A resource, a booking's reference or a business"
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-id")

    @admin.display(description="what", ordering="resource__name")
    def what(self, row: Allocation) -> str:
        return str(row.resource or row.session)

    @admin.display(description="from, until", ordering="starts_at")
    def during(self, row: Allocation) -> SafeString:
        return two_lines(stretch(row.starts_at, row.ends_at, zone_of(row)), zone_of(row))

    @admin.display(description="held until", ordering="expires_at")
    def until(self, row: Allocation) -> str:
        return moment(row.expires_at, zone_of(row))

    @admin.display(description="for")
    def taker(self, row: Allocation) -> SafeString:
        return link(row.booking or row.block or row.session)


def zone_of(row: Allocation) -> str:
    """The clock on the wall of what is taken."""
    place = row.resource.location if row.resource else row.session and row.session.location
    return (place and place.timezone) or row.business.timezone


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("when", "kind", "about", "details", "by", "business")
    list_select_related = ("booking", "business")
    list_filter = (("kind", ChoicesDropdownFilter), ("at", RangeDateFilter))
    search_fields = ("booking__reference", "actor")
    search_help_text = "A booking's reference"
    date_hierarchy = "at"
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": (("kind", "when"), ("about", "by"), ("business", "details"), "data")}),
    )
    readonly_fields = ("when", "about", "by", "details")
    has_more = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return with_who(super().get_queryset(request))

    @admin.display(description="when", ordering="id")
    def when(self, event: Event) -> str:
        return moment(event.at, event.business.timezone)

    @admin.display(description="about")
    def about(self, event: Event) -> Any:
        return link(event.booking) if event.booking else "-"

    @admin.display(description="details")
    def details(self, event: Event) -> str:
        return told(event, event.business.timezone)

    @admin.display(description="by", ordering="actor")
    def by(self, event: Event) -> str:
        return said_by(event)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly):
    sees = "owner"
    list_display = ("host", "business", "is_active", "failing_since")
    list_select_related = ("business",)
    list_filter = ("is_active",)
    search_fields = ("url", "business__name")
    search_help_text = "An address or a business"
    exclude = ("secret", "headers")

    @admin.display(description="to", ordering="url")
    def host(self, endpoint: WebhookEndpoint) -> SafeString:
        return shortened(endpoint.url)


def shortened(url: str) -> SafeString:
    """The host, and below it as much of the rest as fits a list."""
    parts = urlsplit(url)
    rest = url.partition(parts.netloc)[2]
    return two_lines(parts.netloc, rest if len(rest) <= 40 else f"{rest[:39]}…")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    tenant = "endpoint__business"
    sees = "owner"
    list_display = ("made", "to", "what", "status", "attempts", "answer", "business")
    list_select_related = ("endpoint__business", "event__booking")
    list_filter = (("state", ChoicesDropdownFilter), ("created_at", RangeDateFilter))
    search_fields = ("endpoint__url", "event__booking__reference", "endpoint__business__name")
    search_help_text = "An address, a booking's reference or a business"
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description="made", ordering="created_at")
    def made(self, delivery: WebhookDelivery) -> str:
        return moment(delivery.created_at, delivery.endpoint.business.timezone)

    @admin.display(description="to", ordering="endpoint__url")
    def to(self, delivery: WebhookDelivery) -> SafeString:
        return shortened(delivery.endpoint.url)

    @admin.display(description="what")
    def what(self, delivery: WebhookDelivery) -> SafeString:
        event = delivery.event
        return two_lines(event.get_kind_display(), event.booking and link(event.booking))

    @admin.display(description="status", ordering="state")
    def status(self, delivery: WebhookDelivery) -> SafeString:
        return state_badge(delivery, COLOURS)

    @admin.display(description="answer", ordering="last_status")
    def answer(self, delivery: WebhookDelivery) -> SafeString:
        return two_lines(delivery.last_status or "-", delivery.last_error[:60])

    @admin.display(description="business", ordering="endpoint__business__name")
    def business(self, delivery: WebhookDelivery) -> str:
        return delivery.endpoint.business.name

    @admin.action(description="Send again", permissions=["replay"])
    def replay(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        each_through(self, request, rows.select_related("endpoint"), relay.replay, "to send again")


@admin.register(Mail)
class MailAdmin(ReadOnly):
    sees = "manager"
    list_display = ("due", "what", "about", "status", "attempts", "sent", "business")
    list_select_related = ("business", "booking")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("due_at", RangeDateFilter),
    )
    search_fields = ("booking__reference", "business__name")
    search_help_text = "A booking's reference or a business"
    ordering = ("-due_at", "id")

    @admin.display(description="due", ordering="due_at")
    def due(self, mail: Mail) -> str:
        return moment(mail.due_at, mail.business.timezone)

    @admin.display(description="what", ordering="kind")
    def what(self, mail: Mail) -> str:
        return mail.get_kind_display()

    @admin.display(description="about")
    def about(self, mail: Mail) -> SafeString:
        return link(mail.booking)

    @admin.display(description="status", ordering="state")
    def status(self, mail: Mail) -> SafeString:
        return two_lines(state_badge(mail, COLOURS), mail.last_error[:60])

    @admin.display(description="sent", ordering="sent_at")
    def sent(self, mail: Mail) -> str:
        return moment(mail.sent_at, mail.business.timezone)


@admin.register(Outbox)
class OutboxAdmin(ReadOnly):
    tenant = "event__business"
    sees = "owner"
    list_display = ("id", "topic", "event", "attempts", "due_at", "last_error")
    list_select_related = ("event",)
    list_filter = (("topic", ChoicesDropdownFilter),)
    search_fields = ("last_error",)


@admin.register(Update)
class UpdateAdmin(ReadOnly):
    sees = "owner"
    list_display = ("protocol", "location", "booking", "since", "attempts", "due_at", "last_error")
    list_select_related = ("location", "booking")
    list_filter = ("protocol",)
    search_fields = ("last_error", "booking__reference")


@admin.register(GuestPassword)
class GuestPasswordAdmin(ReadOnly):
    tenant = "guest__business"
    sees = "manager"
    list_display = ("guest", "created_at")
    list_select_related = ("guest",)
    search_fields = ("guest__last_name", "guest__email")
