"""Classes: when they run, and how full they are."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.backoffice import SeenFilter
from accounts.looks import link, linked_list, two_lines
from bookings import lifecycle, selectors, services
from bookings.admin.book import WhenFilter, when
from bookings.admin.choosing import AddedToOne
from bookings.admin.forms import ScheduleForm, zone_of
from bookings.admin.people import Bookings
from bookings.admin.shared import actor, each_through, in_full, moment, now_of, state_badge, stretch
from bookings.models import Booking, Session

TAKING = [state.value for state in lifecycle.TAKING]
COLOURS = {Session.State.SCHEDULED.value: "info"}


class Places(Bookings):
    """Who has places in the class."""

    fields = ("code", "who", "party_size", "status")
    readonly_fields = fields
    verbose_name_plural = "bookings"

    @admin.display(description="guest")
    def who(self, booking: Booking) -> Any:
        return link(booking.guest) if booking.guest else "-"


@admin.register(Session)
class SessionAdmin(AddedToOne):
    changes = "manager"
    list_display = ("service", "time", "taken", "status", "with_whom", "where")
    list_select_related = ("service", "business", "location")
    list_filter = (
        WhenFilter, ("state", ChoicesDropdownFilter), ("service", SeenFilter),
    )  # fmt: skip
    search_fields = ("service__name", "location__name", "business__name")
    search_help_text = "A class, a location or a business"
    date_hierarchy = "starts_at"
    actions = ("cancel",)
    form = ScheduleForm
    inlines = (Places,)
    change_form_outer_before_template: Any = "admin/bookings/steps.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_session_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.changes, obj)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        soonest_first = when(request) in ("today", "upcoming")
        return ("starts_at" if soonest_first else "-starts_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        rows = super().get_queryset(request)
        places = Count("allocations", filter=Q(allocations__booking__isnull=False))
        found: QuerySet[Session] = rows.annotate(places_taken=places)
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The names of all resources on the page, in one query."""
        page = super().get_changelist_instance(request)
        known = selectors.names_of({pk for each in page.result_list for pk in each.resource_ids})
        for each in page.result_list:
            each._names = known  # type: ignore[attr-defined]
        return page

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            shown = (
                ("service", "status"), ("period", "taken"), ("business", "location"),
                ("with_whom", "scheduled"),
            )  # fmt: skip
            return ((None, {"fields": shown}),)
        where = ("location",) if self.offer(request).asks("location") else ()
        named = ("service", *where, ("starts", "capacity"), "resources")
        return ((None, {"fields": named, "description": self.told(request)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("status", "period", "taken", "with_whom", "scheduled") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj:
            return super().get_form(request, obj, **kwargs | {"form": AddedToOne.form})
        form: Any = super().get_form(request, obj, **kwargs)
        form.offer = self.offer(request)
        return form

    @admin.display(description="when", ordering="starts_at")
    def time(self, session: Session) -> SafeString:
        zone = zone_of(session)
        return two_lines(stretch(session.starts_at, session.ends_at, zone), zone)

    @admin.display(description="when")
    def period(self, session: Session) -> str:
        return in_full(session.starts_at, session.ends_at, zone_of(session))

    @admin.display(description="places taken", ordering="places_taken")
    def taken(self, session: Session) -> str:
        return f"{session.places_taken} of {session.capacity}"  # type: ignore[attr-defined]

    @admin.display(description="status", ordering="state")
    def status(self, session: Session) -> SafeString:
        return state_badge(session, COLOURS)

    @admin.display(description="trainer, room")
    def with_whom(self, session: Session) -> SafeString:
        known = getattr(session, "_names", None)
        if known is None:
            known = selectors.names_of(session.resource_ids)
        return linked_list(
            (reverse("admin:resources_resource_change", args=[pk]), known.get(pk, "?"))
            for pk in session.resource_ids
        )

    @admin.display(description="at", ordering="business__name")
    def where(self, session: Session) -> SafeString:
        return two_lines(link(session.business), session.location)

    @admin.display(description="put in the book")
    def scheduled(self, session: Session) -> str:
        return moment(session.created_at, zone_of(session))

    # --- what can be done with them --------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        call_off = self.admin_site.admin_view(self.call_off_view)
        return [
            path("<uuid:pk>/call-off/", call_off, name="bookings_session_call_off"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        session = self.get_object(request, object_id)
        context = {"steps": self._steps(request, session)}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def _steps(self, request: HttpRequest, session: Session | None) -> list[dict[str, Any]]:
        if session is None or session.state != Session.State.SCHEDULED:
            return []
        add = reverse("admin:bookings_booking_add")
        steps: list[dict[str, Any]] = [
            {"title": "Book places", "icon": "person_add", "variant": "primary", "posts": False,
             "url": f"{add}?business={session.business_id}&session={session.pk}"}
        ]  # fmt: skip
        if self.has_session_permission(request, session):
            url = reverse("admin:bookings_session_call_off", args=[session.pk])
            steps.append(
                {"title": "Call off…", "icon": "event_busy", "variant": "default", "posts": False,
                 "url": url}
            )  # fmt: skip
        return steps

    def call_off_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        session = self.get_object(request, str(pk))
        if session is None or not self.has_session_permission(request, session):
            raise Http404
        if request.method != "POST":
            return self._ask(request, session)
        services.cancel_session(session, by=actor(request), now=now_of(request))
        self.message_user(request, "The class is called off.", messages.SUCCESS)
        return redirect("admin:bookings_session_change", session.pk)

    def _ask(self, request: HttpRequest, session: Session) -> TemplateResponse:
        booked = session.bookings.filter(state__in=TAKING).select_related("guest")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Call off {session.service}",
            "opts": self.opts,
            "sentence": "This class and these bookings of it will be cancelled.",
            "rows": [
                (link(row, row.reference), row.guest or "-", f"for {row.party_size}")
                for row in booked
            ],
            "button": "Call it off",
            "back": reverse("admin:bookings_session_change", args=[session.pk]),
        }
        return TemplateResponse(request, "admin/bookings/confirm.html", context)

    @admin.action(description="Call off, with every booking", permissions=["session"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Session]) -> None:
        by, now = actor(request), now_of(request)
        mine = self.only_mine(request, rows, self.changes)
        each_through(
            self,
            request,
            mine,
            lambda row: services.cancel_session(row, by=by, now=now),
            "called off",
        )
