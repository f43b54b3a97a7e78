from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.backoffice import TenantAdmin
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


@admin.register(Location)
class LocationAdmin(TenantAdmin):
    list_display = ("name", "business", "timezone", "is_active")
    list_select_related = ("business",)
    list_filter = ("is_active",)
    search_fields = ("name", "business__name")


@admin.register(Section)
class SectionAdmin(TenantAdmin):
    tenant = "location__business"
    list_display = ("name", "location", "display_order")
    list_select_related = ("location",)
    search_fields = ("name",)


@admin.register(Resource)
class ResourceAdmin(TenantAdmin):
    list_display = ("name", "kind", "section", "units", "covers_min", "covers_max", "is_active")
    list_select_related = ("section", "business")
    list_filter = ("is_active", "kind")
    search_fields = ("name", "business__name")
    autocomplete_fields = ("user",)
    actions = ("activate", "deactivate")
    fieldsets = (
        (None, {"fields": ("business", "location", "section", "kind", "name", "is_active")}),
        ("Seats", {"fields": ("units", "covers_min", "covers_max", "display_order")}),
        (
            "On the floor plan",
            {
                "fields": (
                    "shape", "plan_x", "plan_y", "plan_width", "plan_height", "plan_rotation",
                ),
                "classes": ("collapse",),
            },
        ),
        ("Who it is", {"fields": ("user",), "classes": ("collapse",)}),
    )  # fmt: skip

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
    list_display = ("name", "location", "covers_min", "covers_max", "is_active")
    list_select_related = ("location",)
    list_filter = ("is_active",)
    search_fields = ("name",)
    filter_horizontal = ("members",)


@admin.register(Service)
class ServiceAdmin(TenantAdmin):
    list_display = ("name", "business", "duration", "price_cents", "capacity", "is_active")
    list_select_related = ("business",)
    list_filter = ("is_active",)
    search_fields = ("name", "business__name")


@admin.register(Requirement)
class RequirementAdmin(TenantAdmin):
    tenant = "service__business"
    list_display = ("service", "kind")
    list_select_related = ("service",)
    search_fields = ("service__name", "kind")
    filter_horizontal = ("resources",)


@admin.register(Category)
class CategoryAdmin(TenantAdmin):
    list_display = ("name", "business", "display_order")
    list_select_related = ("business",)
    search_fields = ("name", "business__name")


@admin.register(TurnTime)
class TurnTimeAdmin(TenantAdmin):
    tenant = "location__business"
    list_display = ("location", "covers_max", "duration")
    list_select_related = ("location",)
    search_fields = ("location__name",)
