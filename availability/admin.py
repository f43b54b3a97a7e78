"""When, in the back office: on pages of its own, and on those of the location or the resource."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.backoffice import EVERYWHERE, OfOneBusiness, Part, TenantAdmin
from availability.models import (
    Break,
    Closure,
    OpeningHours,
    RosterEntry,
    ServiceHours,
    SpecialDay,
)
from resources.admin import LocationAdmin, ResourceAdmin, ServiceAdmin
from resources.models import Location, Resource, Service


class OwnedForm(OfOneBusiness):
    """Of a location or of a resource, and told so in words."""

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors and bool(values.get("location")) == bool(values.get("resource")):
            raise forms.ValidationError("Choose a location or a resource: one of the two.")
        return values


class OwnedAdmin(TenantAdmin):
    """Of a location, or of one resource of it."""

    form = OwnedForm
    list_select_related = ("location__business", "resource__business")
    search_fields: tuple[str, ...] = (
        "location__name", "resource__name", "location__business__name", "resource__business__name",
    )  # fmt: skip
    search_help_text = "A location, a resource or a business"
    autocomplete_fields = ("location", "resource")

    @admin.display(description="of")
    def whose(self, row: Any) -> str:
        return str(row.resource or row.location)

    @admin.display(description="business")
    def business(self, row: Any) -> str:
        name: str = (row.location or row.resource).business.name
        return name

    def business_of(self, row: Any) -> uuid.UUID:
        owner = row.location or row.resource
        key: uuid.UUID = owner.business_id
        return key

    def only_mine(self, request: HttpRequest, rows: QuerySet[Any], role: str) -> QuerySet[Any]:
        if self.rank(request) == EVERYWHERE:
            return rows
        mine = self.businesses(request, role)
        return rows.filter(Q(location__business__in=mine) | Q(resource__business__in=mine))


@admin.register(OpeningHours)
class OpeningHoursAdmin(OwnedAdmin):
    list_display = ("weekday", "opens", "closes", "last_start", "whose", "business")
    list_filter = (("weekday", ChoicesDropdownFilter),)


@admin.register(Break)
class BreakAdmin(OwnedAdmin):
    list_display = ("weekday", "starts", "ends", "whose", "business")
    list_filter = (("weekday", ChoicesDropdownFilter),)


@admin.register(Closure)
class ClosureAdmin(OwnedAdmin):
    list_display = ("first_day", "last_day", "starts", "ends", "reason", "whose", "business")
    list_filter = (("first_day", RangeDateFilter),)
    search_fields = (*OwnedAdmin.search_fields, "reason")
    date_hierarchy = "first_day"
    ordering = ("-first_day", "id")


@admin.register(SpecialDay)
class SpecialDayAdmin(OwnedAdmin):
    list_display = ("day", "opens", "closes", "note", "whose", "business")
    list_filter = (("day", RangeDateFilter),)
    search_fields = (*OwnedAdmin.search_fields, "note")
    date_hierarchy = "day"
    ordering = ("-day", "opens")


@admin.register(RosterEntry)
class RosterEntryAdmin(TenantAdmin):
    tenant = "resource__business"
    list_display = ("day", "starts", "ends", "kind", "resource", "business")
    list_select_related = ("resource__business",)
    list_filter = (("kind", ChoicesDropdownFilter), ("day", RangeDateFilter))
    search_fields = ("resource__name", "notes", "resource__business__name")
    search_help_text = "A resource, a note or a business"
    autocomplete_fields = ("resource",)
    date_hierarchy = "day"
    filter_horizontal = ("services",)

    @admin.display(description="business", ordering="resource__business__name")
    def business(self, entry: RosterEntry) -> str:
        return entry.resource.business.name


class Hours(Part):
    model = OpeningHours
    fields = ("weekday", "opens", "closes", "last_start")


class Breaks(Part):
    model = Break
    fields = ("weekday", "starts", "ends")


class Closures(Part):
    model = Closure
    fields = ("first_day", "last_day", "starts", "ends", "reason")
    ordering = ("-first_day", "id")
    per_page: Any = 30


class SpecialDays(Part):
    model = SpecialDay
    fields = ("day", "opens", "closes", "note")
    ordering = ("-day", "opens")
    per_page: Any = 30


class Starts(Part):
    model = ServiceHours
    fields = ("weekday", "opens", "closes", "starts")


WHEN = (Hours, Breaks, SpecialDays, Closures)

admin.site.unregister([Location, Resource, Service])


@admin.register(Location)
class LocationWithHours(LocationAdmin):
    """With when it is open, as those who know the location know that too."""

    inlines = WHEN


@admin.register(Resource)
class ResourceWithHours(ResourceAdmin):
    """With its shifts and time off."""

    inlines = WHEN


@admin.register(Service)
class ServiceWithHours(ServiceAdmin):
    """With when it may start."""

    inlines = (*ServiceAdmin.inlines, Starts)


@admin.register(ServiceHours)
class ServiceHoursAdmin(TenantAdmin):
    tenant = "service__business"
    list_display = ("weekday", "opens", "closes", "service", "business")
    list_select_related = ("service__business",)
    list_filter = (("weekday", ChoicesDropdownFilter),)
    search_fields = ("service__name", "service__business__name")
    search_help_text = "A service or a business"
    autocomplete_fields = ("service",)

    @admin.display(description="business", ordering="service__business__name")
    def business(self, row: ServiceHours) -> str:
        return row.service.business.name
