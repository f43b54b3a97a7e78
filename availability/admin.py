import uuid
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.backoffice import EVERYWHERE, TenantAdmin
from availability.models import Break, Closure, OpeningHours, RosterEntry, SpecialDay


class OwnedAdmin(TenantAdmin):
    """Of a location, or of one resource of it."""

    list_select_related = ("location", "resource")
    search_fields = ("location__name", "resource__name")

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
    list_display = ("weekday", "opens", "closes", "location", "resource")
    list_filter = ("weekday",)


@admin.register(Break)
class BreakAdmin(OwnedAdmin):
    list_display = ("weekday", "starts", "ends", "location", "resource")
    list_filter = ("weekday",)


@admin.register(Closure)
class ClosureAdmin(OwnedAdmin):
    list_display = ("first_day", "last_day", "reason", "location", "resource")
    date_hierarchy = "first_day"


@admin.register(SpecialDay)
class SpecialDayAdmin(OwnedAdmin):
    list_display = ("day", "opens", "closes", "note", "location", "resource")
    date_hierarchy = "day"


@admin.register(RosterEntry)
class RosterEntryAdmin(TenantAdmin):
    tenant = "resource__business"
    list_display = ("day", "starts", "ends", "kind", "resource")
    list_select_related = ("resource",)
    list_filter = ("kind",)
    search_fields = ("resource__name", "notes")
    date_hierarchy = "day"
    filter_horizontal = ("services",)
