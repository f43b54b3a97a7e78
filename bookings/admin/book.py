"""Bookings: the list of who comes, one of them in full, and what can be done with it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import (
    Case,
    CharField,
    OuterRef,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Substr, Trim
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RadioFilter,
    RangeDateFilter,
)

from accounts.backoffice import SeenFilter
from accounts.errors import DomainError
from accounts.looks import badge, link, linked_list, two_lines
from accounts.models import Business, Channel, User
from billing.models import Deposit
from bookings import lifecycle, links, selectors, services
from bookings.admin.choosing import AddedToOne
from bookings.admin.forms import AddForm, ChangeForm, zone_of
from bookings.admin.shared import (
    Shown,
    actor,
    each_through,
    in_full,
    moment,
    now_of,
    state_badge,
    stretch,
    time_of,
)
from bookings.lifecycle import State
from bookings.models import Allocation, Booking, Event


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a booking's life, as a button."""

    title: str
    icon: str
    leads_to: State
    call: Callable[..., Booking]
    done: str


STEPS = {
    "confirm": Step("Confirm", "check", State.CONFIRMED, services.confirm, "confirmed"),
    "check-in": Step("Check in", "login", State.CHECKED_IN, services.check_in, "checked in"),
    "complete": Step("Complete", "done_all", State.COMPLETED, services.complete, "completed"),
    "no-show": Step(
        "No-show", "person_off", State.NO_SHOW, services.mark_no_show, "marked as no-show"
    ),
}


SAME_LIST = {PAGE_VAR, ORDER_VAR, ALL_VAR, ERROR_FLAG}


class WhenFilter(RadioFilter):  # type: ignore[misc]
    """By the clock of each location. What is to come, unless anything else is asked for."""

    title = "when"
    parameter_name = "when"

    def __init__(self, request: HttpRequest, *rest: Any) -> None:
        self.part = when(request)
        super().__init__(request, *rest)

    def value(self) -> str:
        """What is shown, said or not."""
        return self.part

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "Today"), ("upcoming", "From today on"), ("past", "Before today")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        match when(request):
            case "today":
                return selectors.today(rows, now=now_of(request))
            case "upcoming":
                return selectors.from_today(rows, now=now_of(request))
            case "past":
                return selectors.before_today(rows, now=now_of(request))
        return rows


class StrandedFilter(RadioFilter):  # type: ignore[misc]
    """What can't be kept since the hours, a closure or a resource changed."""

    title = "can it be kept"
    parameter_name = "stranded"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.mine = model_admin.businesses(request, "staff").filter(is_active=True)
        return [("yes", "Stranded: closed by now, or no longer offered")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Booking]) -> QuerySet[Booking]:
        if self.value() != "yes":
            return rows
        now = now_of(request)
        found = [pk for of in self.mine for pk in selectors.left_behind(of, now=now).ids]
        return rows.filter(pk__in=found)


def when(request: HttpRequest) -> str:
    """The part of time a list shows: a search, or any other filter, is about all of it; another
    page or order of the same list is about the same."""
    said = request.GET.get("when")
    if said is not None:
        return said
    return "" if set(request.GET) - SAME_LIST else "upcoming"


def with_who(rows: QuerySet[Event]) -> QuerySet[Event]:
    """Events with the name of who did each as `who`, in the same query: `user:<id>` and
    `channel:<id>` are looked up."""
    key = Case(
        When(actor__startswith="user:", then=Cast(Substr("actor", 6), UUIDField())),
        When(actor__startswith="channel:", then=Cast(Substr("actor", 9), UUIDField())),
        output_field=UUIDField(),
    )
    full = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
    users = User.objects.filter(pk=OuterRef("_key")).values(
        name=Coalesce(full, "email", output_field=CharField())
    )
    channels = Channel.objects.filter(pk=OuterRef("_key")).values("name")
    return rows.alias(_key=key).annotate(
        who=Case(
            When(actor__startswith="user:", then=Subquery(users[:1])),
            When(actor__startswith="channel:", then=Subquery(channels[:1])),
            output_field=CharField(),
        )
    )


def said_by(event: Any) -> str:
    """The name of who did it; what they were where they are gone."""
    name: str = event.who or event.actor.partition(":")[0]
    return name


class Events(Shown):
    model = Event
    verbose_name_plural = "history"
    fields = ("moment", "what", "details", "by")
    readonly_fields = fields
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        rows = super().get_queryset(request)
        return with_who(rows).select_related("booking__location", "booking__business")

    @admin.display(description="when")
    def moment(self, event: Event) -> str:
        return moment(event.at, zone_of(event.booking))

    @admin.display(description="what")
    def what(self, event: Event) -> str:
        return event.get_kind_display()

    @admin.display(description="details")
    def details(self, event: Event) -> str:
        return told(event, zone_of(event.booking))

    @admin.display(description="by")
    def by(self, event: Event) -> str:
        return said_by(event)


def told(event: Event, zone: str) -> str:
    """What an event changed, in words."""
    data, was = event.data, event.data.get("was")
    said = [data["reason"]] if data.get("reason") else []
    if was:
        for name in ("starts_at", "ends_at"):
            old, new = (datetime.fromisoformat(each[name]) for each in (was, data))
            if old != new:
                word = "from" if name == "starts_at" else "until"
                said.append(f"{word} {moment(old, zone)} to {moment(new, zone)}")
        if was["party_size"] != data["party_size"]:
            said.append(f"party of {was['party_size']} to {data['party_size']}")
        if was["resource_ids"] != data["resource_ids"]:
            said.append("moved to another place")
    return "; ".join(said) or "-"


class Allocations(Shown):
    model = Allocation
    verbose_name_plural = "time taken"
    fields = ("what", "unit", "during", "until")
    readonly_fields = fields
    ordering = ("starts_at", "resource__display_order", "unit")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        rows = super().get_queryset(request)
        return rows.select_related(
            "resource", "session__service", "booking__location", "booking__business"
        )

    @admin.display(description="what")
    def what(self, row: Allocation) -> SafeString:
        return link(row.resource or row.session)

    @admin.display(description="from, until (buffers included)")
    def during(self, row: Allocation) -> str:
        return stretch(row.starts_at, row.ends_at, zone_of(row.booking))

    @admin.display(description="held until")
    def until(self, row: Allocation) -> str:
        return moment(row.expires_at, zone_of(row.booking))


class GuestSelect(AutocompleteSelect):
    """Finds the guests of one business."""

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        self.business = business

    def get_url(self) -> str:
        return f"{super().get_url()}?business={self.business.pk}"


@admin.register(Booking)
class BookingAdmin(AddedToOne):
    changes = "staff"
    list_display = ("code", "time", "who", "party", "status", "places", "where")
    list_display_links = ("code",)
    list_filter = (
        WhenFilter,
        ("state", ChoicesDropdownFilter),
        ("starts_at", RangeDateFilter),
        ("service", SeenFilter),
        StrandedFilter,
    )
    list_select_related = ("guest", "business", "location", "service")
    search_fields = (
        "reference", "guest__last_name", "guest__first_name", "guest__email", "guest__phone",
    )  # fmt: skip
    search_help_text = "A reference, or a guest's name, phone or e-mail"
    date_hierarchy = "starts_at"
    autocomplete_fields = ("guest",)
    inlines = (Events, Allocations)
    actions = ("confirm", "check_in", "complete", "mark_no_show", "cancel")
    change_form_outer_before_template: Any = "admin/bookings/steps.html"
    change_form_show_cancel_button = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_over = isinstance(obj, Booking) and State(obj.state) not in lifecycle.TAKING
        return not is_over and super().has_change_permission(request, obj)

    def has_booking_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff run the floor."""
        return self._may(request, "staff", obj)

    # --- the list --------------------------------------------------------------------------------

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Who comes next is first; of what is over, the last."""
        soonest_first = when(request) in ("today", "upcoming")
        return ("starts_at" if soonest_first else "-starts_at", "id")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The names of all resources on the page, in one query."""
        page = super().get_changelist_instance(request)
        ids = {pk for booking in page.result_list for pk in booking.resource_ids}
        known = selectors.names_of(ids)
        for booking in page.result_list:
            booking._names = known  # type: ignore[attr-defined]
        return page

    @admin.display(description="reference", ordering="reference")
    def code(self, booking: Booking) -> str:
        return booking.reference

    @admin.display(description="when", ordering="starts_at")
    def time(self, booking: Booking) -> SafeString:
        zone = zone_of(booking)
        return two_lines(stretch(booking.starts_at, booking.ends_at, zone), zone)

    @admin.display(description="guest", ordering="guest__last_name")
    def who(self, booking: Booking) -> SafeString:
        guest = booking.guest
        if guest is None:
            return two_lines("-", "")
        reach = guest.phone or guest.email
        return two_lines(link(guest), reach if reach != str(guest) else "")

    @admin.display(description="party", ordering="party_size")
    def party(self, booking: Booking) -> int:
        return booking.party_size

    @admin.display(description="status", ordering="state")
    def status(self, booking: Booking) -> SafeString:
        if booking.expires_at and booking.expires_at <= timezone.now():
            return badge("Lapsed")
        return state_badge(booking)

    @admin.display(description="place")
    def places(self, booking: Booking) -> str:
        known = getattr(booking, "_names", None)
        if known is None:
            known = selectors.names_of(booking.resource_ids)
        return ", ".join(known.get(pk, "?") for pk in booking.resource_ids) or "-"

    @admin.display(description="at", ordering="business__name")
    def where(self, booking: Booking) -> SafeString:
        return two_lines(booking.business, booking.service or booking.location)

    # --- one of them -----------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self._add_fieldsets(request)
        told = (
            None,
            {
                "fields": (
                    ("code", "status"),
                    ("guest_page", "reach"),
                    ("placed", "service_page"),
                    ("business_page", "location_page"),
                )
                + ((("deposit_page", "expires"),) if obj.expires_at or self._deposit(obj) else ())
            },
        )
        if not self.has_change_permission(request, obj):
            change: Any = ("period", "party_size"), "notes"
        elif obj.session_id:
            change = "period", ("party_size", "notes")
        else:
            change = (
                "starts", "clock", ("minutes", "party_size"), ("resource", "anyway"), "notes",
            )  # fmt: skip
        whence = {
            "fields": (("source", "channel"), ("created", "updated"), "guests_link"),
            "classes": ("collapse",),
        }
        return told, ("Time and party", {"fields": change}), ("Whence", whence)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        typed = ("party_size", "notes")
        return (
            "code", "status", "guest_page", "reach", "placed", "service_page", "business_page",
            "location_page", "deposit_page", "expires", "period", "clock", "source", "channel",
            "created", "updated", "guests_link",
        ) + (() if self.has_change_permission(request, obj) else typed)  # fmt: skip

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found._names = selectors.names_of(found.resource_ids)
        return found

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            form: Any = super().get_form(request, obj, **kwargs | {"form": AddForm})
            form.offer = self.offer(request)
            return form
        if self.has_change_permission(request, obj):
            kwargs |= {"form": ChangeForm}
        return super().get_form(request, obj, **kwargs)

    def _deposit(self, booking: Booking) -> Deposit | None:
        if not hasattr(booking, "_deposit"):
            booking._deposit = Deposit.objects.filter(  # type: ignore[attr-defined]
                booking_id=booking.pk, business_id=booking.business_id
            ).first()
        found: Deposit | None = booking._deposit  # type: ignore[attr-defined]
        return found

    @admin.display(description="guest")
    def guest_page(self, booking: Booking) -> Any:
        return link(booking.guest) if booking.guest else "-"

    @admin.display(description="phone, e-mail")
    def reach(self, booking: Booking) -> str:
        guest = booking.guest
        return ", ".join(filter(None, (guest.phone, guest.email))) if guest else "-"

    @admin.display(description="place")
    def placed(self, booking: Booking) -> SafeString:
        known = booking._names  # type: ignore[attr-defined]
        return linked_list(
            (reverse("admin:resources_resource_change", args=[pk]), known.get(pk, "?"))
            for pk in booking.resource_ids
        )

    @admin.display(description="service")
    def service_page(self, booking: Booking) -> Any:
        if booking.session:
            return link(booking.session, booking.service)
        return link(booking.service) if booking.service else "-"

    @admin.display(description="business")
    def business_page(self, booking: Booking) -> SafeString:
        return link(booking.business)

    @admin.display(description="location")
    def location_page(self, booking: Booking) -> SafeString:
        return link(booking.location)

    @admin.display(description="deposit")
    def deposit_page(self, booking: Booking) -> Any:
        found = self._deposit(booking)
        return link(found, found) if found else "-"

    @admin.display(description="held until")
    def expires(self, booking: Booking) -> str:
        return moment(booking.expires_at, zone_of(booking))

    @admin.display(description="clock")
    def clock(self, booking: Booking) -> str:
        zone = zone_of(booking)
        now = time_of(now_of(self.request) or timezone.now(), zone) if self.request else ""
        return f"Times are those of {zone}, where it is {now} now."

    @admin.display(description="when")
    def period(self, booking: Booking) -> str:
        return in_full(booking.starts_at, booking.ends_at, zone_of(booking))

    @admin.display(description="guest's link")
    def guests_link(self, booking: Booking) -> SafeString:
        """What the guest has in their mails; whoever has it may move and cancel the booking."""
        url = links.url(booking)
        return format_html(
            '<a href="{}" class="text-link break-all" rel="noreferrer">{}</a>', url, url
        )

    @admin.display(description="made")
    def created(self, booking: Booking) -> str:
        return moment(booking.created_at, zone_of(booking))

    @admin.display(description="last changed")
    def updated(self, booking: Booking) -> str:
        return moment(booking.updated_at, zone_of(booking))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        booking = self.get_object(request, object_id)
        context = {
            "steps": self._steps(request, booking),
            "show_save_and_add_another": False,
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Guests are looked for at the business that is added to."""
        if db_field.name == "guest" and (business := self.chosen(request)):
            kwargs["widget"] = GuestSelect(db_field, self.admin_site, business=business)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    # --- adding one ------------------------------------------------------------------------------

    def _add_fieldsets(self, request: HttpRequest) -> Any:
        offer = self.offer(request)
        what = tuple(name for name in ("location", "session", "service") if offer.asks(name))
        when: Any = ("starts", ("minutes", "party_size"), "resource")
        who = ("guest", ("first_name", "last_name"), ("phone", "email"), "notes")
        what_part = (("What", {"fields": what}),) if what else ()
        return (
            *what_part,
            ("Time and party", {"fields": when, "description": self.told(request)}),
            ("Guest", {"fields": who}),
            ("How", {"fields": ("only_hold", "anyway")}),
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = super().get_changeform_initial_data(request)
        return {name: given[name] for name in ("session", "service", "guest") if name in given}

    # --- what can be done with them --------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        step = self.admin_site.admin_view(require_POST(self.step_view))
        cancel = self.admin_site.admin_view(self.cancel_view)
        renew = self.admin_site.admin_view(require_POST(self.renew_view))
        return [
            path("<uuid:pk>/step/<slug:name>/", step, name="bookings_booking_step"),
            path("<uuid:pk>/renew-link/", renew, name="bookings_booking_renew_link"),
            path("<uuid:pk>/cancel/", cancel, name="bookings_booking_cancel"),
            *super().get_urls(),
        ]

    def _steps(self, request: HttpRequest, booking: Booking | None) -> list[dict[str, Any]]:
        """The steps that this booking may take now."""
        if booking is None or not self.has_booking_permission(request, booking):
            return []
        state = State(booking.state)
        steps = [
            {
                "title": step.title,
                "icon": step.icon,
                "url": reverse("admin:bookings_booking_step", args=[booking.pk, name]),
                "variant": "default" if name == "no-show" else "primary",
                "posts": True,
            }
            for name, step in STEPS.items()
            if lifecycle.allowed(state, step.leads_to)
        ]
        if lifecycle.allowed(state, State.CANCELLED):
            cancel = reverse("admin:bookings_booking_cancel", args=[booking.pk])
            steps.append({"title": "Cancel…", "icon": "event_busy", "url": cancel,
                          "variant": "default", "posts": False})  # fmt: skip
            renew = reverse("admin:bookings_booking_renew_link", args=[booking.pk])
            steps.append({"title": "Replace guest's link", "icon": "link_off", "url": renew,
                          "variant": "default", "posts": True})  # fmt: skip
        return steps

    def _mine(self, request: HttpRequest, pk: uuid.UUID) -> Booking:
        """A booking that the user may act on. Raises Http404: nobody learns of others'."""
        booking: Booking | None = self.get_object(request, str(pk))
        if booking is None or not self.has_booking_permission(request, booking):
            raise Http404
        return booking

    def step_view(self, request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
        booking, step = self._mine(request, pk), STEPS.get(name)
        if step is None:
            raise Http404
        try:
            step.call(booking, by=actor(request), now=now_of(request))
            self.message_user(request, f"{booking.reference} is {step.done}.", messages.SUCCESS)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        return redirect("admin:bookings_booking_change", booking.pk)

    def renew_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """For a link that came into the wrong hands."""
        booking = services.renew_link(self._mine(request, pk))
        self.message_user(
            request,
            f"The links that were sent for {booking.reference} open nothing from now on. This one"
            f" does: {links.url(booking)}",
            messages.SUCCESS,
        )
        return redirect("admin:bookings_booking_change", booking.pk)

    def cancel_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Ask for the reason, then cancel."""
        booking = self._mine(request, pk)
        if request.method != "POST":
            return self._ask_why(request, [booking], posts_action=False)
        try:
            self._cancel(request, booking)
            self.message_user(request, f"{booking.reference} is cancelled.", messages.SUCCESS)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        return redirect("admin:bookings_booking_change", booking.pk)

    def _cancel(self, request: HttpRequest, booking: Booking) -> Booking:
        reason = request.POST.get("reason", "").strip()[:200]
        return services.cancel(booking, by=actor(request), reason=reason, now=now_of(request))

    def _ask_why(self, request: HttpRequest, rows: Any, *, posts_action: bool) -> TemplateResponse:
        which = "This booking" if len(rows) == 1 else f"These {len(rows)} bookings"
        context = {
            "sentence": f"{which} will be cancelled, and the time is free at once.",
            "asks_reason": True,
            "button": "Cancel it" if len(rows) == 1 else "Cancel them",
            **self.admin_site.each_context(request),
            "title": "Cancel bookings" if posts_action else f"Cancel {rows[0].reference}",
            "opts": self.opts,
            "rows": [(link(row, row.reference), self.time(row), self.who(row),
                      f"for {row.party_size}") for row in rows],
            "pks": [row.pk for row in rows],
            "posts_action": posts_action,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:bookings_booking_changelist") if posts_action
            else reverse("admin:bookings_booking_change", args=[rows[0].pk]),
        }  # fmt: skip
        return TemplateResponse(request, "admin/bookings/confirm.html", context)

    def _each(self, request: HttpRequest, rows: QuerySet[Booking], step: Step) -> None:
        by, now = actor(request), now_of(request)
        mine = self.only_mine(request, rows, self.changes)
        each_through(self, request, mine, lambda row: step.call(row, by=by, now=now), step.done)

    @admin.action(description="Confirm", permissions=["booking"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, STEPS["confirm"])

    @admin.action(description="Check in", permissions=["booking"])
    def check_in(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, STEPS["check-in"])

    @admin.action(description="Complete", permissions=["booking"])
    def complete(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, STEPS["complete"])

    @admin.action(description="Mark as no-show", permissions=["booking"])
    def mark_no_show(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._each(request, rows, STEPS["no-show"])

    @admin.action(description="Cancel…", permissions=["booking"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Booking]) -> HttpResponse | None:
        """Asks for the reason first."""
        mine = self.only_mine(request, rows, self.changes)
        if "reason" not in request.POST:
            return self._ask_why(request, mine, posts_action=True)
        each_through(self, request, mine, lambda row: self._cancel(request, row), "cancelled")
        return None
