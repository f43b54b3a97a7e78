"""Changing hours, closures, rosters or resources says which bookings that leaves stranded."""

from __future__ import annotations

import functools
import uuid
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from accounts.backoffice import TenantAdmin
from accounts.looks import link
from accounts.models import Business
from availability import admin as availability
from availability.models import Break, Closure, OpeningHours, RosterEntry, SpecialDay
from bookings import selectors, services
from bookings.admin.forms import zone_of
from bookings.admin.shared import moment, now_of
from bookings.stranding import LeftBehind
from resources.models import Location, Resource

SHOWN = 10


class Tells(TenantAdmin):
    """Looks at the book before and after a change, and says what was left behind."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.look(request, {self.business_of(obj)})
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self.tell(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.look(request, {self.business_of(obj)})
        super().delete_model(request, obj)
        self.tell(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self.look(request, {self.business_of(each) for each in queryset})
        super().delete_queryset(request, queryset)
        self.tell(request)

    def look(self, request: HttpRequest, businesses: set[uuid.UUID]) -> None:
        """Remember what is stranded already."""
        before = {
            of: set(selectors.left_behind(of, now=now_of(request)).ids)
            for of in Business.objects.filter(pk__in=businesses)
        }
        request._openbook_before = before  # type: ignore[attr-defined]

    def tell(self, request: HttpRequest) -> None:
        """Say what is stranded since."""
        before: dict[Business, set[uuid.UUID]] = request._openbook_before  # type: ignore[attr-defined]
        for business, known in before.items():
            # Classes come again where it is open now, and not where it is closed.
            transaction.on_commit(functools.partial(services.lay_out_all, business), robust=True)
            every = selectors.left_behind(business, now=now_of(request)).why
            found = LeftBehind({pk: why for pk, why in every.items() if pk not in known})
            if not found:
                continue
            rows = format_html_join(
                "",
                "<li>{}, {}, {}: {}</li>",
                (
                    (
                        link(each.booking, each.booking.reference),
                        moment(each.booking.starts_at, zone_of(each.booking)),
                        each.booking.guest or "no name",
                        each.why,
                    )
                    for each in found[:SHOWN]
                ),
            )
            said = format_html(
                "{} can’t be kept as it is now: they stand, move or call them.<ul>{}</ul>"
                '<a class="text-link" href="{}?stranded=yes">All that are stranded</a>',
                "1 booking" if len(found) == 1 else f"{len(found)} bookings",
                rows,
                reverse("admin:bookings_booking_changelist"),
            )
            self.message_user(request, said, messages.WARNING)


admin.site.unregister([OpeningHours, Break, Closure, SpecialDay, RosterEntry, Location, Resource])


@admin.register(OpeningHours)
class TellingHours(Tells, availability.OpeningHoursAdmin):
    """The weekly hours."""


@admin.register(Break)
class TellingBreaks(Tells, availability.BreakAdmin):
    """The weekly breaks."""


@admin.register(Closure)
class TellingClosures(Tells, availability.ClosureAdmin):
    """The closures."""


@admin.register(SpecialDay)
class TellingSpecialDays(Tells, availability.SpecialDayAdmin):
    """The days with hours of their own."""


@admin.register(RosterEntry)
class TellingRosters(Tells, availability.RosterEntryAdmin):
    """The rosters."""


@admin.register(Location)
class TellingLocations(Tells, availability.LocationWithHours):
    """The locations, with their hours and clock."""


@admin.register(Resource)
class TellingResources(Tells, availability.ResourceWithHours):
    """The resources, with their shifts and whether they are offered."""

    @admin.action(description="Offer no longer", permissions=["change"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[Resource]) -> None:
        mine = self.only_mine(request, rows, self.changes)
        self.look(request, set(mine.values_list("business", flat=True)))
        super().deactivate(request, rows)
        self.tell(request)
