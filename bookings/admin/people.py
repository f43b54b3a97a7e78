"""Who comes, and who would if there were room."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.looks import link, two_lines
from bookings import services
from bookings.admin.choosing import AddedToOne
from bookings.admin.forms import GuestForm, WaitForm, zone_of
from bookings.admin.shared import (
    ServedAdmin,
    Shown,
    actor,
    day_of,
    each_through,
    now_of,
    state_badge,
    stretch,
    time_of,
)
from bookings.models import Booking, Guest, WaitlistEntry

COLOURS = {"waiting": "warning", "offered": "info", "accepted": "success"}


class Bookings(Shown):
    """Latest first, a page at a time."""

    model = Booking
    fields: tuple[str, ...] = ("code", "time", "party_size", "status", "place")
    readonly_fields = fields
    ordering = ("-starts_at", "id")
    per_page: Any = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return super().get_queryset(request).select_related("location", "business", "guest")

    @admin.display(description="reference")
    def code(self, booking: Booking) -> SafeString:
        return link(booking, booking.reference)

    @admin.display(description="when")
    def time(self, booking: Booking) -> str:
        return stretch(booking.starts_at, booking.ends_at, zone_of(booking))

    @admin.display(description="status")
    def status(self, booking: Booking) -> SafeString:
        return state_badge(booking)

    @admin.display(description="at")
    def place(self, booking: Booking) -> str:
        return booking.location.name


def _is_key(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@admin.register(Guest)
class GuestAdmin(ServedAdmin):
    changes = "staff"
    list_display = ("name", "phone", "email", "business", "since")
    list_select_related = ("business",)
    search_fields = ("first_name", "last_name", "email", "phone")
    search_help_text = "A name, a phone number or an e-mail"
    form = GuestForm
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("first_name", "last_name"), ("phone", "email"), "notes", ("business", "since"),
                )
            },
        ),
    )  # fmt: skip
    readonly_fields = ("business", "since")
    inlines = (Bookings,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Guest]:
        """Without those who were forgotten."""
        forgotten = Q(first_name="", last_name="", phone="", email="")
        return super().get_queryset(request).exclude(forgotten)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Guest], search_term: str
    ) -> tuple[QuerySet[Guest], bool]:
        """Where a form looks for the guests of one business, only those."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        match, business = request.resolver_match, request.GET.get("business", "")
        if match and match.url_name == "autocomplete" and business:
            found = found.filter(business=business) if _is_key(business) else found.none()
        return found, may_repeat

    @admin.display(description="name", ordering="last_name")
    def name(self, guest: Guest) -> str:
        return str(guest)

    @admin.display(description="known since", ordering="created_at")
    def since(self, guest: Guest) -> str:
        return day_of(guest.created_at, guest.business.timezone)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # they are added with what they book

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "manager", obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Bookings stay in the book, without a name; that is the service's to see to."""
        refused = {str(each) for each in objs if not self.has_delete_permission(request, each)}
        said = [f"{each}: all that is known of them; bookings stay, nameless" for each in objs]
        return said, {"guests": len(objs)}, refused, []

    def delete_model(self, request: HttpRequest, obj: Guest) -> None:
        services.forget_guest(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Guest]) -> None:
        for each in queryset:
            services.forget_guest(each)


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(AddedToOne):
    changes = "staff"
    list_display = ("preferred_date", "who", "party_size", "what", "status", "asked", "book")
    list_select_related = (
        "guest", "service", "business", "booking", "session__service", "session__location",
        "session__business",
    )  # fmt: skip
    list_filter = (("state", ChoicesDropdownFilter), ("preferred_date", RangeDateFilter))
    search_fields = ("guest__first_name", "guest__last_name", "guest__phone", "guest__email")
    date_hierarchy = "preferred_date"
    actions = ("leave",)
    form = WaitForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_leave_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.changes)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            told = ("guest", "business"), ("preferred_date", "party_size"), ("service", "session")
            more = ("earliest", "latest"), ("status", "booking"), "notes", ("asked", "book")
            return ((None, {"fields": (*told, *more)}),)
        offer = self.offer(request)
        what: Any = ("session",) if offer.asks("session") else ()
        what = (*what, ("preferred_date", "party_size"), ("earliest", "latest"))
        if offer.services:
            what = (*what, "service")
        who = ("first_name", "last_name"), ("phone", "email"), "notes"
        return (
            ("What", {"fields": what, "description": self.told(request)}),
            ("Guest", {"fields": who}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("status", "asked", "book") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj:
            return super().get_form(request, obj, **kwargs | {"form": ServedAdmin.form})
        form: Any = super().get_form(request, obj, **kwargs)
        form.offer = self.offer(request)
        return form

    @admin.display(description="guest", ordering="guest__last_name")
    def who(self, entry: WaitlistEntry) -> SafeString:
        return two_lines(link(entry.guest), entry.guest.phone or entry.guest.email)

    @admin.display(description="for", ordering="service__name")
    def what(self, entry: WaitlistEntry) -> Any:
        run = entry.session
        if run is None:
            return entry.service or "-"
        return link(run, f"{run.service}, {time_of(run.starts_at, zone_of(run))}")

    @admin.display(description="status", ordering="state")
    def status(self, entry: WaitlistEntry) -> SafeString:
        badge = state_badge(entry, COLOURS)
        return two_lines(badge, entry.booking and link(entry.booking, entry.booking.reference))

    @admin.display(description="asked on", ordering="created_at")
    def asked(self, entry: WaitlistEntry) -> str:
        return day_of(entry.created_at, entry.business.timezone)

    @admin.display(description="")
    def book(self, entry: WaitlistEntry) -> Any:
        if entry.state != WaitlistEntry.State.WAITING:
            return ""
        return format_html(
            '<a class="text-link" href="{}?business={}&amp;guest={}">Book</a>',
            reverse("admin:bookings_booking_add"),
            entry.business_id,
            entry.guest_id,
        )

    @admin.action(description="Take off the list", permissions=["leave"])
    def leave(self, request: HttpRequest, rows: QuerySet[WaitlistEntry]) -> None:
        mine = self.only_mine(request, rows, self.changes)
        by, now = actor(request), now_of(request)
        each_through(
            self,
            request,
            mine,
            lambda row: services.leave_waitlist(row, by=by, now=now),
            "taken off the list",
        )
