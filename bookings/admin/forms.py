"""The forms of the back office that change the book: each hands what was typed to one service."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import Q
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminTimeWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.errors import DomainError
from accounts.models import Business
from bookings import services
from bookings.admin.shared import Serving, WallClockField, actor, at, moment, now_of, wall
from bookings.errors import InThePast, NotOffered
from bookings.models import Block, Booking, Guest, Schedule, Session, WaitlistEntry
from bookings.wishes import GuestDetails, Wish
from resources.models import Location, Resource, Service

MINUTE = timedelta(minutes=1)
MOST_CLASSES = 100
SOURCE = "admin"
WHO = ("first_name", "last_name", "email", "phone")


@dataclasses.dataclass(frozen=True)
class Offer:
    """What can be chosen from at one business; what there is one of, or none, isn't asked for."""

    business: Business
    locations: Sequence[Location]
    services: Sequence[Service]
    sessions: Sequence[Session] = ()

    def asks(self, name: str) -> bool:
        """Whether there is anything to choose."""
        if name == "location":
            return len(self.locations) > 1
        return bool(getattr(self, f"{name}s", True))

    def zone(self, location: Location | None) -> str:
        """The clock on the wall of a location, or of the only one."""
        where = location or next(iter(self.locations), None)
        return (where and where.timezone) or self.business.timezone


def zone_of(row: Any) -> str:
    """The clock on the wall of where a row is."""
    zone: str = row.location.timezone or row.business.timezone
    return zone


def select(model: type[Any], label: str, empty: str, **more: Any) -> forms.ModelChoiceField[Any]:
    return forms.ModelChoiceField(
        model._default_manager.none(),
        label=label,
        required=more.pop("required", False),
        empty_label=empty,
        widget=UnfoldAdminSelectWidget(),
        **more,
    )


def whole(label: str, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1, widget=UnfoldAdminIntegerFieldWidget(), **more
    )


def text(label: str, most: int) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=False, widget=UnfoldAdminTextInputWidget()
    )


def email() -> forms.EmailField:
    return forms.EmailField(
        label="E-mail", required=False, max_length=254, widget=UnfoldAdminEmailInputWidget()
    )


def notes() -> forms.CharField:
    return forms.CharField(
        required=False, max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


def anyway() -> forms.BooleanField:
    return forms.BooleanField(
        label="Even outside the rules",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Opening hours, closures, notice and horizon are not asked. "
        "What is taken stays taken.",
    )


def within(field: Any, rows: Any, **looks: Any) -> None:
    """Let a field choose from these rows, if the form asks for it."""
    for name, value in (looks | {"queryset": rows}).items() if field else ():
        setattr(field, name, value)


class KeepingRules(Serving):
    """Keeps opening hours and the like unless told not to."""

    def said(self, error: DomainError) -> str:
        if isinstance(error, NotOffered) and not isinstance(error, InThePast):
            return f"{error} Choose “{self.fields['anyway'].label}” to do it all the same."
        return super().said(error)


class ChangeForm(KeepingRules):
    """Another time, place or party for a booking, and what is noted about it."""

    names: ClassVar = {"start_time": "starts"}

    starts = WallClockField()
    minutes = whole("Minutes", max_value=7 * 24 * 60)
    party_size = whole("Party", max_value=10_000)
    resource = select(
        Resource, "Move to", "Where it is, if it still fits", help_text="Else the best fit."
    )
    notes = notes()
    anyway = anyway()

    class Meta:
        model = Booking
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        booking = self.instance
        if booking.session_id:
            for name in ("starts", "minutes", "resource", "anyway"):
                del self.fields[name]
        shown = wall(booking.starts_at, zone_of(booking))
        self.initial = {
            **self.initial,
            "starts": shown.replace(second=0, microsecond=0),
            "minutes": (booking.ends_at - booking.starts_at) // MINUTE,
            "party_size": booking.party_size,
            "notes": booking.notes,
        }
        offered = Resource.objects.filter(
            business=booking.business_id, is_active=True, deleted_at=None
        )
        within(self.fields.get("resource"), offered)

    def serve(self, values: dict[str, Any]) -> Booking:
        booking, changed = self.instance, set(self.changed_data)
        starts = at(values["starts"], zone_of(booking)) if "starts" in changed else None
        lasts = values["minutes"] * MINUTE if "minutes" in changed else None
        chosen = values.get("resource")
        wanted = services.Changes(
            starts_at=starts,
            duration=lasts,
            party_size=values["party_size"],
            resource_id=chosen.pk if chosen else None,
            notes=values["notes"],
            keeps_hours=bool(starts or lasts) and not values.get("anyway"),
        )
        return services.change(booking, wanted, by=actor(self.request), now=now_of(self.request))


class AddForm(KeepingRules):
    """A booking by telephone or at the door: a time, or places in a class."""

    offer: ClassVar[Offer]
    names: ClassVar = {"start_time": "starts"}

    location = select(Location, "Where", "", required=True)
    session = select(Session, "Class", "No class: a time of its own")
    service = select(Service, "Service", "None: the place alone")
    starts = WallClockField(required=False)
    minutes = whole("Minutes", required=False, max_value=7 * 24 * 60)
    party_size = whole("Party", initial=2, max_value=10_000)
    resource = select(Resource, "Place", "The best fit")
    first_name = text("First name", 100)
    last_name = text("Last name", 100)
    phone = text("Phone", 40)
    email = email()
    notes = notes()
    only_hold = forms.BooleanField(
        label="Only hold it", required=False, widget=UnfoldBooleanSwitchWidget()
    )
    anyway = anyway()

    class Meta:
        model = Booking
        fields = ("guest",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer, fields = self.offer, self.fields
        for name in ("location", "service", "session"):
            if not offer.asks(name):
                del fields[name]
        places = Location.objects.filter(business=offer.business)
        within(fields.get("location"), places, empty_label=None)
        within(
            fields.get("service"),
            Service.objects.filter(pk__in=[each.pk for each in offer.services]),
        )
        within(
            fields.get("session"),
            Session.objects.select_related("service", "location", "business").filter(
                pk__in=[each.pk for each in offer.sessions]
            ),
            label_from_instance=class_label,
        )
        business = offer.business
        within(
            fields["resource"],
            Resource.objects.filter(business=business, is_active=True, deleted_at=None),
        )
        lasts = business.default_duration_minutes
        fields["minutes"].help_text = (
            f"Empty: as long as the service, or {lasts}." if offer.services else f"Empty: {lasts}."
        )
        fields["only_hold"].help_text = f"For {business.hold_minutes} minutes; nothing is promised."
        fields["guest"].required = False
        fields["guest"].label = "Known guest"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("session"):
            if values.get("starts") or values.get("resource") or values.get("service"):
                self.add_error("session", "A class has its own time, place and service.")
        elif not values.get("starts") and "starts" not in self.errors:
            self.add_error("starts", "Say when.")
        known = values.get("guest")
        if known and known.business_id != self.offer.business.pk:
            self.add_error("guest", "This is another business's guest.")
        elif known and not (known.phone or known.email):
            self.add_error("guest", "This guest has no phone or e-mail; write the name below.")
        elif known and any(values.get(name) for name in WHO):
            self.add_error("guest", "Choose a known guest or write a new one, not both.")
        return values

    def serve(self, values: dict[str, Any]) -> Booking:
        typed: dict[str, Any] = {
            "guest": self._guest(values),
            "by": actor(self.request),
            "source": SOURCE,
            "notes": values["notes"],
            "now": now_of(self.request),
        }
        lasts = timedelta(minutes=self.offer.business.hold_minutes) if values["only_hold"] else None
        if session := values.get("session"):
            return services.book_places(
                session, party_size=values["party_size"], lasts=lasts, **typed
            )
        wish = self._wish(values)
        if lasts:
            return services.hold(wish, lasts=lasts, **typed)
        return services.book(wish, **typed)

    def _wish(self, values: dict[str, Any]) -> Wish:
        offer, chosen = self.offer, values.get("resource")
        location = values.get("location")
        given: dict[str, Any] = {
            "starts_at": at(values["starts"], offer.zone(location)),
            "party_size": values["party_size"],
            "resource_id": chosen.pk if chosen else None,
            "location_id": location.pk if location else None,
            "keeps_hours": not values["anyway"],
        }
        if values.get("minutes"):
            given["duration"] = values["minutes"] * MINUTE
        if service := values.get("service"):
            return Wish.of(service, **given)
        given.setdefault("duration", offer.business.default_duration_minutes * MINUTE)
        return Wish(business=offer.business, **given)

    @staticmethod
    def _guest(values: dict[str, Any]) -> GuestDetails | None:
        source = values.get("guest")
        said = {name: getattr(source, name) if source else values[name] for name in WHO}
        return GuestDetails(**said) if any(said.values()) else None


def class_label(session: Session) -> str:
    return f"{session.service}, {moment(session.starts_at, zone_of(session))}"


class ScheduleForm(Serving):
    """One run of a class."""

    offer: ClassVar[Offer]
    names: ClassVar = {"start_time": "starts"}

    service = select(Service, "Class", "Choose a class", required=True)
    location = select(Location, "Where", "", required=True)
    starts = WallClockField()
    capacity = whole("Places", required=False, max_value=500, help_text="Empty: the class's own.")
    resources = forms.ModelMultipleChoiceField(
        Resource.objects.none(),
        label="Trainer, room",
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget(),
        help_text="Empty: whoever and whatever the class needs and is free.",
    )

    class Meta:
        model = Session
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer = self.offer
        within(self.fields["service"], Service.objects.filter(business=offer.business))
        if offer.asks("location"):
            places = Location.objects.filter(business=offer.business)
            within(self.fields["location"], places, empty_label=None)
        else:
            del self.fields["location"]
        within(
            self.fields["resources"],
            Resource.objects.filter(business=offer.business, is_active=True, deleted_at=None),
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        service = values.get("service")
        if service and not (service.capacity or values.get("capacity")):
            self.add_error("capacity", "Say how many places there are: the class doesn't.")
        if not self.offer.locations:
            raise forms.ValidationError("The business has no location yet.")
        return values

    def serve(self, values: dict[str, Any]) -> Session:
        location = values.get("location") or self.offer.locations[0]
        return services.schedule_session(
            values["service"],
            starts_at=at(values["starts"], self.offer.zone(location)),
            capacity=values["capacity"],
            resource_ids=[each.pk for each in values["resources"]],
            location_id=location.pk,
            by=actor(self.request),
            now=now_of(self.request),
        )


class RunForm(Serving):
    """Another time, other resources or another number of places for one run of a class."""

    names: ClassVar = {"start_time": "starts"}

    starts = WallClockField()
    capacity = whole("Places", max_value=500)
    resources = forms.ModelMultipleChoiceField(
        Resource.objects.none(),
        label="Trainer, room",
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget(),
    )

    class Meta:
        model = Session
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session = self.instance
        mine = Q(is_active=True, deleted_at=None) | Q(pk__in=session.resource_ids)
        within(self.fields["resources"], Resource.objects.filter(mine, business=session.business))
        self.initial = {
            **self.initial,
            "starts": wall(session.starts_at, zone_of(session)).replace(second=0, microsecond=0),
            "capacity": session.capacity,
            "resources": session.resource_ids,
        }

    def serve(self, values: dict[str, Any]) -> Session:
        session: Session = self.instance
        changed = set(self.changed_data)
        if not changed:
            return session
        starts = at(values["starts"], zone_of(session)) if "starts" in changed else None
        chosen = [each.pk for each in values["resources"]]
        return services.change_session(
            session,
            starts_at=starts,
            capacity=values["capacity"],
            resource_ids=chosen if "resources" in changed else None,
            by=actor(self.request),
            now=now_of(self.request),
        )


class BlockForm(Serving):
    """A resource out of use for a while, by the clock of where it is."""

    offer: ClassVar[Offer]

    resource = select(Resource, "What", "Choose what is out of use", required=True)
    starts = WallClockField(label="From")
    ends = WallClockField(label="Until")
    reason = text("Reason", 200)

    names: ClassVar = {"starts_at": "starts", "ends_at": "ends"}

    class Meta:
        model = Block
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        within(
            self.fields["resource"],
            Resource.objects.filter(business=self.offer.business, deleted_at=None).select_related(
                "location"
            ),
        )

    def serve(self, values: dict[str, Any]) -> Block:
        zone = self.offer.zone(values["resource"].location)
        request: HttpRequest = self.request
        return services.block(
            values["resource"],
            starts_at=at(values["starts"], zone),
            ends_at=at(values["ends"], zone),
            reason=values["reason"],
            by=actor(request),
            user=request.user,  # type: ignore[arg-type]
            now=now_of(request),
        )


class GuestForm(Serving):
    """What is known of a guest."""

    first_name = text("First name", 100)
    last_name = text("Last name", 100)
    phone = text("Phone", 40)
    email = email()
    notes = notes()

    class Meta:
        model = Guest
        fields = ("first_name", "last_name", "phone", "email", "notes")

    def serve(self, values: dict[str, Any]) -> Guest:
        return services.correct_guest(self.instance, **values, now=now_of(self.request))


class WaitForm(Serving):
    """Someone who would come if there were room: to a class, or on a day."""

    offer: ClassVar[Offer]

    session = select(Session, "Class", "No class: a day")
    preferred_date = forms.DateField(label="Day", required=False, widget=UnfoldAdminDateWidget())
    earliest = forms.TimeField(label="Not before", required=False, widget=UnfoldAdminTimeWidget())
    latest = forms.TimeField(label="Not after", required=False, widget=UnfoldAdminTimeWidget())
    party_size = whole("Party", initial=2, max_value=10_000)
    service = select(Service, "Service", "Any")
    first_name = text("First name", 100)
    last_name = text("Last name", 100)
    phone = text("Phone", 40)
    email = email()
    notes = notes()

    class Meta:
        model = WaitlistEntry
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.offer.asks("session"):
            rows = Session.objects.select_related("service", "location", "business")
            within(
                self.fields["session"],
                rows.filter(pk__in=[each.pk for each in self.offer.sessions]),
                label_from_instance=class_label,
            )
        else:
            del self.fields["session"]
        if self.offer.services:
            within(self.fields["service"], Service.objects.filter(business=self.offer.business))
        else:
            del self.fields["service"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not (values.get("phone") or values.get("email")):
            self.add_error("phone", "Give a phone number or an e-mail address.")
        return values

    def serve(self, values: dict[str, Any]) -> WaitlistEntry:
        return services.join_waitlist(
            self.offer.business,
            guest=GuestDetails(**{name: values[name] for name in WHO}),
            preferred_date=values["preferred_date"],
            party_size=values["party_size"],
            service=values.get("service"),
            session=values.get("session"),
            earliest=values["earliest"],
            latest=values["latest"],
            notes=values["notes"],
            by=actor(self.request),
            now=now_of(self.request),
        )[0]


WEEKLY = "FREQ=WEEKLY;BYDAY="
WEEKDAYS = [
    ("MO", "Monday"), ("TU", "Tuesday"), ("WE", "Wednesday"), ("TH", "Thursday"),
    ("FR", "Friday"), ("SA", "Saturday"), ("SU", "Sunday"),
]  # fmt: skip


def weekdays_of(rule: str) -> list[str]:
    """The weekdays that a rule names, if that is all it says."""
    days = rule.removeprefix(WEEKLY).split(",") if rule.startswith(WEEKLY) else []
    return days if days and set(days) <= dict(WEEKDAYS).keys() else []


class RepeatForm(Serving):
    """A class that comes again: written down, and its sessions put in the book ahead."""

    offer: ClassVar[Offer]
    changed: services.Changed | None = None

    service = select(Service, "Class", "Choose a class", required=True)
    location = select(Location, "Where", "", required=True)
    days = forms.MultipleChoiceField(
        label="Every",
        required=False,
        choices=WEEKDAYS,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    rule = forms.CharField(
        label="Or by a rule",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(),
        help_text="RFC 5545, as FREQ=MONTHLY;BYDAY=1MO for the first Monday of each month.",
    )
    at = forms.TimeField(widget=UnfoldAdminTimeWidget(format="%H:%M"))
    starts_on = forms.DateField(label="From", widget=UnfoldAdminDateWidget())
    until = forms.DateField(
        required=False,
        widget=UnfoldAdminDateWidget(),
        help_text="The last day; empty: no end.",
    )
    exceptions = SimpleArrayField(
        forms.DateField(),
        label="But not on",
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Dates with commas between them, as 2030-12-24,2030-12-25.",
    )
    capacity = whole("Places", required=False, max_value=500, help_text="Empty: the class's own.")
    resources = forms.ModelMultipleChoiceField(
        Resource.objects.none(),
        label="Trainer, room",
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget(),
        help_text="Empty: whoever and whatever the class needs and is free.",
    )
    is_active = forms.BooleanField(required=False, initial=True, widget=UnfoldBooleanSwitchWidget())

    class Meta:
        model = Schedule
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        business = self.offer.business
        within(self.fields["service"], Service.objects.filter(business=business))
        places = Location.objects.filter(business=business)
        within(self.fields["location"], places, empty_label=None)
        theirs = Resource.objects.filter(business=business, is_active=True, deleted_at=None)
        within(self.fields["resources"], theirs)
        if not self.instance._state.adding:
            written = self.instance
            days = weekdays_of(written.rule)
            names = ("service", "location", "at", "starts_on", "until", "exceptions", "capacity",
                     "is_active")  # fmt: skip
            self.initial = {
                **{name: getattr(written, name) for name in names},
                "days": days,
                "rule": "" if days else written.rule,
                "resources": list(written.resources.all()),
            }

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(values.get("days")) == bool(values.get("rule")):
            self.add_error("days", "Choose the days of the week, or write a rule.")
        return values

    def serve(self, values: dict[str, Any]) -> Schedule:
        days = values.pop("days")
        values["rule"] = values["rule"] or WEEKLY + ",".join(days)
        values["exceptions"] = values["exceptions"] or []
        by, now = actor(self.request), now_of(self.request)
        if self.instance._state.adding:
            return services.add_schedule(self.offer.business, now=now, **values)
        self.changed = services.change_schedule(self.instance, by=by, now=now, **values)
        return self.changed.schedule
