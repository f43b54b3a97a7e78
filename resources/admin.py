import uuid
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.backoffice import SeenFilter, TenantAdmin
from accounts.looks import length, two_lines
from resources import services
from resources.models import (
    Category,
    Combination,
    Location,
    Requirement,
    Resource,
    Section,
    Service,
    TurnTime,
)


def of_its_own(form: Any, name: str, business_id: uuid.UUID) -> None:
    """Let a field choose among resources of one business."""
    if field := form.base_fields.get(name):
        field.queryset = field.queryset.filter(business=business_id)


@admin.register(Location)
class LocationAdmin(TenantAdmin):
    list_display = ("name", "business", "clock", "address", "is_active")
    list_select_related = ("business",)
    list_filter = ("is_active",)
    search_fields = ("name", "business__name")
    search_help_text = "A location or a business"
    fieldsets = (
        (None, {"fields": (("business", "name"), ("address", "timezone"), "is_active")}),
        ("Pacing", {"fields": (("pacing_covers", "pacing_parties"), "pacing_minutes")}),
    )

    @admin.display(description="clock")
    def clock(self, location: Location) -> str:
        return location.zone


@admin.register(Section)
class SectionAdmin(TenantAdmin):
    tenant = "location__business"
    list_display = ("name", "location", "business", "display_order")
    list_select_related = ("location__business",)
    search_fields = ("name", "location__name", "location__business__name")
    search_help_text = "A section, a location or a business"

    @admin.display(description="business", ordering="location__business__name")
    def business(self, section: Section) -> str:
        return section.location.business.name


@admin.register(Resource)
class ResourceAdmin(TenantAdmin):
    list_display = ("name", "kind", "where", "seats", "is_active", "business")
    list_select_related = ("section", "business", "location")
    list_filter = ("is_active", "kind", ("location", SeenFilter))
    search_fields = ("name", "section__name", "business__name")
    search_help_text = "A resource, a section or a business"
    autocomplete_fields = ("user",)
    actions = ("activate", "deactivate")
    fieldsets = (
        (None, {"fields": (("business", "location"), ("name", "kind"), ("section", "is_active"))}),
        ("Who fits", {"fields": (("covers_min", "covers_max"), ("units", "display_order"))}),
        (
            "On the floor plan",
            {
                "fields": (
                    ("shape", "plan_rotation"), ("plan_x", "plan_y"), ("plan_width", "plan_height"),
                ),
                "classes": ("collapse",),
            },
        ),
        ("Who it is", {"fields": ("user",), "classes": ("collapse",)}),
    )  # fmt: skip

    @admin.display(description="where", ordering="section__name")
    def where(self, resource: Resource) -> SafeString:
        return two_lines(
            resource.section or resource.location, resource.section and resource.location
        )

    @admin.display(description="for")
    def seats(self, resource: Resource) -> str:
        least, most = resource.covers_min, resource.covers_max
        covers = f"{least}–{most}" if least < most else str(most)
        return f"{resource.units} × {covers}" if resource.units > 1 else covers

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resource]:
        return super().get_queryset(request).filter(deleted_at=None)

    @admin.action(description="Offer again", permissions=["change"])
    def activate(self, request: HttpRequest, rows: QuerySet[Resource]) -> None:
        for each in self.only_mine(request, rows, self.changes):
            services.change_resource(each, is_active=True)

    @admin.action(description="Offer no longer", permissions=["change"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[Resource]) -> None:
        for each in self.only_mine(request, rows, self.changes):
            services.change_resource(each, is_active=False)

    def delete_model(self, request: HttpRequest, obj: Resource) -> None:
        services.remove_resource(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Resource]) -> None:
        for each in queryset:
            services.remove_resource(each)


@admin.register(Combination)
class CombinationAdmin(TenantAdmin):
    tenant = "location__business"
    list_display = ("name", "tables", "seats", "location", "is_active")
    list_select_related = ("location",)
    list_filter = ("is_active",)
    search_fields = ("name", "members__name", "location__name", "location__business__name")
    search_help_text = "A combination, a member, a location or a business"
    filter_horizontal = ("members",)
    fieldsets = (
        (None, {"fields": (("location", "name"), ("covers_min", "covers_max"), "members")}),
        ("Offer", {"fields": (("is_active", "display_order"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Combination]:
        return super().get_queryset(request).prefetch_related("members")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if obj:
            of_its_own(form, "members", obj.location.business_id)
        return form

    @admin.display(description="of")
    def tables(self, combination: Combination) -> str:
        return ", ".join(each.name for each in combination.members.all()) or "-"

    @admin.display(description="for", ordering="covers_max")
    def seats(self, combination: Combination) -> str:
        return f"{combination.covers_min}–{combination.covers_max}"


@admin.register(Service)
class ServiceAdmin(TenantAdmin):
    list_display: tuple[str, ...] = (
        "name",
        "lasts",
        "capacity",
        "category",
        "is_active",
        "business",
    )
    list_select_related = ("business", "category")
    list_filter = ("is_active", ("category", SeenFilter))
    search_fields = ("name", "category__name", "business__name")
    search_help_text = "A service, a category or a business"
    fieldsets = (
        (None, {"fields": (("business", "name"), ("category", "is_active"), "description")}),
        (
            "How long",
            {
                "fields": (
                    ("duration", "slot_interval"),
                    ("buffer_before", "buffer_after"),
                    ("preparation", "cleanup"),
                )
            },
        ),
        ("Money", {"fields": (("price_cents", "deposit_amount_cents"),)}),
        ("Classes and groups", {"fields": (("capacity", "allows_groups"), "only_groups")}),
    )

    @admin.display(description="lasts", ordering="duration")
    def lasts(self, service: Service) -> str:
        return length(service.duration)


@admin.register(Requirement)
class RequirementAdmin(TenantAdmin):
    tenant = "service__business"
    list_display = ("service", "kind", "qualified", "business")
    list_select_related = ("service__business",)
    search_fields = ("service__name", "kind", "resources__name", "service__business__name")
    search_help_text = "A service, a kind, a resource or a business"
    autocomplete_fields = ("service",)
    filter_horizontal = ("resources",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Requirement]:
        return super().get_queryset(request).prefetch_related("resources")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if obj:
            of_its_own(form, "resources", obj.service.business_id)
        return form

    @admin.display(description="one of")
    def qualified(self, requirement: Requirement) -> str:
        if requirement.is_anybody:
            return "all of the kind"
        return ", ".join(each.name for each in requirement.resources.all()) or "nobody yet"

    @admin.display(description="business", ordering="service__business__name")
    def business(self, requirement: Requirement) -> str:
        return requirement.service.business.name


@admin.register(Category)
class CategoryAdmin(TenantAdmin):
    list_display = ("name", "business", "display_order")
    list_select_related = ("business",)
    search_fields = ("name", "business__name")


@admin.register(TurnTime)
class TurnTimeAdmin(TenantAdmin):
    tenant = "location__business"
    list_display = ("location", "covers_max", "lasts", "business")
    list_select_related = ("location__business",)
    search_fields = ("location__name", "location__business__name")
    search_help_text = "A location or a business"

    @admin.display(description="lasts", ordering="duration")
    def lasts(self, turn: TurnTime) -> str:
        return length(turn.duration)

    @admin.display(description="business", ordering="location__business__name")
    def business(self, turn: TurnTime) -> str:
        return turn.location.business.name
