"""Classes: when they run, and how full they are."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounts.backoffice import ReadOnly, SeenFilter
from accounts.looks import link, linked_list, two_lines
from bookings import lifecycle, selectors, services
from bookings.admin.book import WhenFilter, when
from bookings.admin.choosing import AddedToOne
from bookings.admin.forms import (
    WEEKDAYS,
    RepeatForm,
    RunForm,
    ScheduleForm,
    weekdays_of,
    zone_of,
)
from bookings.admin.people import Bookings
from bookings.admin.shared import (
    Shown,
    actor,
    each_through,
    in_full,
    moment,
    now_of,
    state_badge,
    stretch,
)
from bookings.models import Booking, Omission, Schedule, Session

SHOWN = 10
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
        is_on = not isinstance(obj, Session) or obj.state == Session.State.SCHEDULED
        return is_on and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_session_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.changes, obj)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        soonest_first = when(request) in ("today", "upcoming")
        return ("starts_at" if soonest_first else "-starts_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        # A run that guests held together and nobody confirmed never was one.
        rows = super().get_queryset(request).exclude(state=Session.State.EXPIRED)
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
                ("with_whom", "scheduled"), ("schedule", "was_changed"),
            )  # fmt: skip
            if not self.has_change_permission(request, obj):
                return ((None, {"fields": shown}),)
            about = f"Bookings go with it. By the clock of {zone_of(obj)}."
            named = (("starts", "capacity"), "resources")
            return (
                (None, {"fields": shown}),
                ("Move or resize", {"fields": named, "description": about}),
            )
        where = ("location",) if self.offer(request).asks("location") else ()
        named = ("service", *where, ("starts", "capacity"), "resources")
        return ((None, {"fields": named, "description": self.told(request)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        told = ("status", "period", "taken", "with_whom", "scheduled")
        return (*told, "service", "business", "location", "schedule", "was_changed")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj and self.has_change_permission(request, obj):
            return super().get_form(request, obj, **kwargs | {"form": RunForm})
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


class Sessions(Shown):
    """What is in the book of a schedule, latest first."""

    model = Session
    fields = ("day", "status", "capacity", "was_changed")
    readonly_fields = fields
    ordering = ("-starts_at", "id")
    per_page: Any = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return super().get_queryset(request).select_related("location", "business", "service")

    @admin.display(description="when")
    def day(self, session: Session) -> SafeString:
        return link(session, stretch(session.starts_at, session.ends_at, zone_of(session)))

    @admin.display(description="status")
    def status(self, session: Session) -> SafeString:
        return state_badge(session, COLOURS)


class Omissions(Shown):
    model = Omission
    fields = ("day", "kind", "reason")
    readonly_fields = fields
    verbose_name_plural = "days left out"


@admin.register(Schedule)
class ScheduleAdmin(AddedToOne):
    """Classes that come again. What is saved is put in the book at once, as far as is laid out."""

    changes = "manager"
    list_display = ("service", "days", "at", "starts_on", "until", "left_out", "is_active", "where")
    list_select_related = ("service", "business", "location")
    list_filter = ("is_active", ("service", SeenFilter))
    search_fields = ("service__name", "location__name", "business__name")
    search_help_text = "A class, a location or a business"
    form = RepeatForm
    inlines = (Sessions, Omissions)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        found: QuerySet[Schedule] = super().get_queryset(request)
        return found.annotate(left_out_days=Count("omissions"))

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    def chosen(self, request: HttpRequest) -> Any:
        known = getattr(request, "_openbook_schedule", None)
        return known.business if known else super().chosen(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and not self.has_change_permission(request, obj):
            told = ("service", "location"), ("days", "at"), ("starts_on", "until"), "is_active"
            return ((None, {"fields": told}),)
        request._openbook_schedule = obj  # type: ignore[attr-defined]
        when = ("days", "rule", "at", ("starts_on", "until"), "exceptions")
        what = (("service", "location"), ("capacity", "is_active"), "resources")
        return (
            ("What", {"fields": what}),
            ("When", {"fields": when, "description": self.told(request)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None or self.has_change_permission(request, obj) else ("days",)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, **kwargs | {"form": AddedToOne.form})
        form: Any = super().get_form(request, obj, **kwargs)
        form.offer = self.offer(request)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has saved it; once that is so for good, its sessions are put in the book."""
        if form.changed:
            self._tell(request, form.changed)
        transaction.on_commit(lambda: self._lay_out(request, obj), robust=True)

    def _lay_out(self, request: HttpRequest, schedule: Schedule) -> None:
        """Put in the book what is due, a transaction a day, and say what couldn't be."""
        laid = services.lay_out(schedule, by=actor(request), now=now_of(request))
        said = f"{len(laid.made)} sessions put in the book."
        self.message_user(request, said, messages.SUCCESS)
        if laid.omitted:
            self._list(request, f"{len(laid.omitted)} days left out:", laid.omitted)

    def _tell(self, request: HttpRequest, changed: services.Changed) -> None:
        """Say what became of the sessions to come, and which are left to staff."""
        if changed.withdrawn:
            said = f"{changed.withdrawn} without bookings taken out."
            self.message_user(request, said, messages.SUCCESS)
        if changed.stranded:
            words = "booked and no longer as the schedule says: move them or call them off."
            self._list(request, words, [link(each, self._when(each)) for each in changed.stranded])
        if changed.kept:
            words = "changed by hand before, and left as they are."
            self._list(request, words, [link(each, self._when(each)) for each in changed.kept])

    def _when(self, session: Session) -> str:
        return moment(session.starts_at, zone_of(session))

    def _list(self, request: HttpRequest, words: str, rows: Sequence[Any]) -> None:
        shown = format_html_join("", "<li>{}</li>", ((each,) for each in rows[:SHOWN]))
        said = format_html("{}<ul>{}</ul>", words.capitalize(), shown)
        self.message_user(request, said, messages.WARNING)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Sessions without bookings go with it, through the service; the others stay."""
        refused = {str(each) for each in objs if not self.has_delete_permission(request, each)}
        said = [f"{each}: sessions to come without bookings go, others stay" for each in objs]
        return said, {"schedules": len(objs)}, refused, []

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        by, now = actor(request), now_of(request)
        self._tell(request, services.remove_schedule(obj, by=by, now=now))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        for each in queryset:
            self.delete_model(request, each)

    @admin.display(description="every")
    def days(self, schedule: Schedule) -> str:
        days = weekdays_of(schedule.rule)
        return ", ".join(dict(WEEKDAYS)[day] for day in days) or schedule.rule

    @admin.display(description="days left out", ordering="left_out_days")
    def left_out(self, schedule: Schedule) -> int:
        count: int = schedule.left_out_days  # type: ignore[attr-defined]
        return count

    @admin.display(description="at", ordering="business__name")
    def where(self, schedule: Schedule) -> SafeString:
        return two_lines(schedule.business, schedule.location)


@admin.register(Omission)
class OmissionAdmin(ReadOnly):
    tenant = "schedule__business"
    list_display = ("day", "schedule", "kind", "reason", "business")
    list_select_related = ("schedule__service", "schedule__business")
    list_filter = (("kind", ChoicesDropdownFilter), ("day", RangeDateFilter))
    search_fields = ("schedule__service__name", "reason", "schedule__business__name")
    search_help_text = "A class, a reason or a business"
    date_hierarchy = "day"
    ordering = ("-day", "id")

    @admin.display(description="business", ordering="schedule__business__name")
    def business(self, omission: Omission) -> str:
        return omission.schedule.business.name
