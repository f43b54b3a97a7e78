"""The book in the back office: looked at here, changed by the services alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateTimeFilter

from accounts.backoffice import ReadOnly, TenantAdmin
from accounts.errors import DomainError
from accounts.models import User
from bookings import relay, selectors, services
from bookings.models import (
    Allocation,
    Block,
    Booking,
    Event,
    Guest,
    Outbox,
    Session,
    WaitlistEntry,
    WebhookDelivery,
    WebhookEndpoint,
)
from bookings.wishes import Actor


def actor(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return Actor.user(request.user)


def each_through(
    admin_: Any, request: HttpRequest, rows: QuerySet[Any], call: Callable[[Any], Any], done: str
) -> None:
    """Call a service for each row; say how many it worked for, and why not for the others."""
    count = 0
    for row in rows:
        try:
            call(row)
            count += 1
        except DomainError as error:
            admin_.message_user(request, f"{row}: {error}", messages.ERROR)
    if count:
        admin_.message_user(request, f"{count} {done}.", messages.SUCCESS)


class Shown(TabularInline):  # type: ignore[misc]
    """Rows of a booking that only services write."""

    extra = 0
    can_delete = False
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class Events(Shown):
    model = Event
    fields = ("at", "kind", "actor")
    readonly_fields = fields
    ordering = ("id",)


class Allocations(Shown):
    model = Allocation
    fields = ("resource", "unit", "starts_at", "ends_at", "expires_at")
    readonly_fields = fields


@admin.register(Booking)
class BookingAdmin(ReadOnly):
    list_display = ("reference", "starts", "guest", "party_size", "state", "resources", "business")
    list_filter = ("state", ("starts_at", RangeDateTimeFilter), "source")
    list_select_related = ("guest", "business", "service")
    search_fields = ("reference", "guest__last_name", "guest__first_name", "guest__email",
                     "guest__phone")  # fmt: skip
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "id")
    inlines = (Events, Allocations)
    actions = ("confirm", "check_in", "complete", "mark_no_show", "cancel")
    fieldsets = (
        (None, {"fields": ("reference", "state", "guest", "party_size", "notes")}),
        ("When", {"fields": ("starts", "ends", "expires_at")}),
        ("What", {"fields": ("business", "location", "service", "session", "resources")}),
        ("Whence", {"fields": ("source", "channel", "created_at", "updated_at")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for _, part in self.fieldsets for name in part["fields"]]

    @admin.display(description="starts", ordering="starts_at")
    def starts(self, booking: Booking) -> str:
        return local(booking.starts_at, booking)

    @admin.display(description="ends")
    def ends(self, booking: Booking) -> str:
        return local(booking.ends_at, booking)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The names of all resources on the page, in one query."""
        page = super().get_changelist_instance(request)
        ids = {pk for booking in page.result_list for pk in booking.resource_ids}
        request._names = selectors.names_of(ids)  # type: ignore[attr-defined]
        for booking in page.result_list:
            booking._names = request._names  # type: ignore[attr-defined]
        return page

    @admin.display(description="resources")
    def resources(self, booking: Booking) -> str:
        known = getattr(booking, "_names", None)
        if known is None:
            known = selectors.names_of(booking.resource_ids)
        return ", ".join(known.get(pk, "?") for pk in booking.resource_ids)

    def has_booking_permission(self, request: HttpRequest) -> bool:
        """Staff run the floor."""
        return self.has_view_permission(request)

    def _each(self, request: HttpRequest, rows: QuerySet[Booking], call: Any, done: str) -> None:
        by = actor(request)
        each_through(self, request, rows, lambda row: call(row, by=by), done)

    @admin.action(description="Confirm", permissions=["booking"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, services.confirm, "confirmed")

    @admin.action(description="Check in", permissions=["booking"])
    def check_in(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, services.check_in, "checked in")

    @admin.action(description="Complete", permissions=["booking"])
    def complete(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, services.complete, "completed")

    @admin.action(description="Mark as no-show", permissions=["booking"])
    def mark_no_show(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, services.mark_no_show, "marked as no-show")

    @admin.action(description="Cancel", permissions=["booking"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, services.cancel, "cancelled")


def local(moment: Any, booking: Booking) -> str:
    """A time by the clock of the business, with its zone named."""
    zone = booking.business.timezone
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M} {zone}"


@admin.register(Guest)
class GuestAdmin(TenantAdmin):
    changes = "staff"
    list_display = ("__str__", "email", "phone", "business", "created_at")
    list_select_related = ("business",)
    search_fields = ("first_name", "last_name", "email", "phone")
    fields = ("business", "first_name", "last_name", "email", "phone", "notes", "created_at")
    readonly_fields = ("business", "email", "phone", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(ReadOnly):
    list_display = ("service", "starts_at", "ends_at", "capacity", "state", "business")
    list_select_related = ("service", "business")
    list_filter = ("state",)
    search_fields = ("service__name",)
    date_hierarchy = "starts_at"
    actions = ("cancel",)

    def has_session_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "manager")

    @admin.action(description="Call off, with every booking", permissions=["session"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        by = actor(request)
        each_through(
            self,
            request,
            self.only_mine(request, rows, "manager"),
            lambda row: services.cancel_session(row, by=by),
            "called off",
        )


@admin.register(Block)
class BlockAdmin(TenantAdmin):
    """Added and taken back by the services, which look at what is booked."""

    changes = "staff"
    list_display = ("resource", "starts_at", "ends_at", "reason", "business")
    list_select_related = ("resource", "business")
    search_fields = ("resource__name", "reason")
    date_hierarchy = "starts_at"
    fields = ("resource", "starts_at", "ends_at", "reason")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        by = actor(request)

        class Checked(form):  # type: ignore[misc, valid-type]
            """Takes the time when the form is looked at, so that a refusal is an error in it."""

            def clean(self) -> Any:
                values = super().clean() or self.cleaned_data
                if self.instance.pk and self.instance._state.adding and not self.errors:
                    try:
                        self.made = services.block(**values, by=by)
                    except DomainError as error:
                        self.add_error(None, str(error))
                return values

        return Checked

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Block:
        made: Block = form.made
        form.save_m2m = lambda: None
        return made

    def save_model(self, request: HttpRequest, obj: Block, form: Any, change: bool) -> None:
        """The service has saved it."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The allocations of a block go with it, through the service; nobody deletes those."""
        return [str(each) for each in objs], {"blocks": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Block) -> None:
        services.unblock(obj, by=actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Block]) -> None:
        for each in queryset:
            services.unblock(each, by=actor(request))


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


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(TenantAdmin):
    changes = "staff"
    list_display = ("preferred_date", "guest", "party_size", "service", "state", "created_at")
    list_select_related = ("guest", "service")
    list_filter = ("state",)
    search_fields = ("guest__last_name", "guest__phone", "guest__email")
    autocomplete_fields = ("guest",)
    date_hierarchy = "preferred_date"


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
        for each in rows:
            relay.replay(each)
        self.message_user(request, "They will be sent again.", messages.SUCCESS)


@admin.register(Outbox)
class OutboxAdmin(ReadOnly):
    tenant = "event__business"
    sees = "owner"
    list_display = ("id", "topic", "event", "attempts", "due_at", "last_error")
    list_select_related = ("event",)
    list_filter = ("topic",)
    search_fields = ("last_error",)
