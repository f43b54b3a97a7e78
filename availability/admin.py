from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.backoffice import TenantAdmin, businesses_of
from availability.models import Break, Closure, OpeningHours, SpecialDay


class OwnedAdmin(TenantAdmin):
    """Of a location, or of one resource of it."""

    list_select_related = ("location", "resource")
    search_fields = ("location__name", "resource__name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        if request.user.is_superuser:
            return rows
        mine = businesses_of(request.user, self.sees)
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
