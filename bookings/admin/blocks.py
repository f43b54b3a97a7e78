"""Resources out of use: put so and taken back by the services, which look at what is booked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter

from accounts.looks import link, two_lines
from bookings import services
from bookings.admin.choosing import AddedToOne
from bookings.admin.forms import BlockForm
from bookings.admin.shared import actor, in_full, now_of, stretch
from bookings.models import Block


@admin.register(Block)
class BlockAdmin(AddedToOne):
    changes = "staff"
    list_display = ("what", "time", "reason", "by", "business")
    list_select_related = ("resource__location", "business", "created_by")
    list_filter = (("starts_at", RangeDateFilter),)
    search_fields = ("resource__name", "reason", "business__name")
    search_help_text = "A resource, a reason or a business"
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "id")
    form = BlockForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.changes, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            return ((None, {"fields": ("resource_page", "period", "reason", "by")}),)
        asked = ("resource", "starts", "ends", "reason")
        return ((None, {"fields": asked, "description": self.told(request)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("resource_page", "period", "by") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj:
            return super().get_form(request, obj, **kwargs | {"form": AddedToOne.form})
        form: Any = super().get_form(request, obj, **kwargs)
        form.offer = self.offer(request)
        return form

    @admin.display(description="out of use", ordering="resource__name")
    def what(self, block: Block) -> str:
        return block.resource.name

    @admin.display(description="out of use")
    def resource_page(self, block: Block) -> SafeString:
        return link(block.resource)

    @admin.display(description="when", ordering="starts_at")
    def time(self, block: Block) -> SafeString:
        zone = block.resource.location.timezone or block.business.timezone
        return two_lines(stretch(block.starts_at, block.ends_at, zone), zone)

    @admin.display(description="when")
    def period(self, block: Block) -> str:
        zone = block.resource.location.timezone or block.business.timezone
        return in_full(block.starts_at, block.ends_at, zone)

    @admin.display(description="by", ordering="created_by__last_name")
    def by(self, block: Block) -> str:
        return block.created_by.get_full_name() if block.created_by else "-"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The allocations of a block go with it, through the service; nobody deletes those."""
        refused = {str(each) for each in objs if not self.has_delete_permission(request, each)}
        return [str(each) for each in objs], {"blocks": len(objs)}, refused, []

    def delete_model(self, request: HttpRequest, obj: Block) -> None:
        services.unblock(obj, by=actor(request), now=now_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Block]) -> None:
        for each in queryset:
            services.unblock(each, by=actor(request), now=now_of(request))
