"""What the pages of the book share: times by the clock on the wall, colours, and forms that act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from accounts import looks
from accounts.backoffice import TenantAdmin
from accounts.errors import DomainError
from accounts.models import User
from availability import calendar
from bookings.lifecycle import State
from bookings.wishes import Actor

COLOURS = {
    State.HELD.value: "warning",
    State.PENDING.value: "warning",
    State.CONFIRMED.value: "info",
    State.CHECKED_IN.value: "primary",
    State.COMPLETED.value: "success",
    State.NO_SHOW.value: "danger",
}


def actor(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    return Actor.user(request.user)


def now_of(request: HttpRequest) -> datetime | None:
    """The moment a test asks at; None in service, when the database's clock decides."""
    now: datetime | None = request.META.get("openbook.now")
    return now


# --- how things look -----------------------------------------------------------------------------


def state_badge(row: Any, colours: Mapping[str, str] = COLOURS) -> SafeString:
    """The label of where a booking stands; of another row with its colours."""
    return looks.state_badge(row, colours)


def day_of(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%a %d %b %Y}"


def time_of(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%H:%M}"


def moment(instant: datetime | None, zone: str) -> str:
    """A time by the clock on a wall; its zone is said beside it."""
    return f"{day_of(instant, zone)}, {time_of(instant, zone)}" if instant else "-"


def stretch(start: datetime, end: datetime, zone: str) -> str:
    """From when until when, by the clock on a wall; the day once where it is one."""
    if day_of(start, zone) == day_of(end, zone):
        return f"{moment(start, zone)}–{time_of(end, zone)}"
    return f"{moment(start, zone)} – {moment(end, zone)}"


def in_full(start: datetime, end: datetime, zone: str) -> str:
    """The same, with the zone named."""
    return f"{stretch(start, end, zone)}, {zone}"


def wall(instant: datetime, zone: str) -> datetime:
    """What a form shows for an instant: the wall's clock, without its zone."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def at(shown: datetime, zone: str) -> datetime:
    """The instant meant by what was typed, by the wall's clock."""
    return calendar.resolve(shown.date(), shown.time(), ZoneInfo(zone))


# --- forms and actions that call a service -------------------------------------------------------


class WallClockField(forms.SplitDateTimeField):
    """A date and a time by the clock of the place that is booked; naive."""

    widget = UnfoldAdminSplitDateTimeWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.widgets[1].format = "%H:%M"

    def compress(self, data_list: Any) -> datetime | None:
        if super().compress(data_list) is None:  # it raises for what is half filled in
            return None
        day, shown = data_list
        return datetime.combine(day, shown)


class Serving(forms.ModelForm):  # type: ignore[type-arg]
    """Hands what was typed to a service while it is looked at, so that a refusal is an error in it.

    `made` is what the service returned. Nothing is written by the form itself.
    """

    backoffice: ClassVar[TenantAdmin]
    request: ClassVar[HttpRequest]
    names: ClassVar[Mapping[str, str]] = {}  # of a service's fields in this form
    made: Any = None

    def serve(self, values: dict[str, Any]) -> Any:
        """Call the service. Every form says which; none has this one's."""
        raise NotImplementedError

    def said(self, error: DomainError) -> str:
        """The words for a refusal."""
        return str(error)

    def _post_clean(self) -> None:
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.made = self.serve(self.cleaned_data)
        except DomainError as error:
            for name, message in error.fields.items():
                known = self.names.get(name, name)
                self.add_error(known if known in self.fields else None, message)
            if not error.fields:
                self.add_error(None, self.said(error))


class ServedAdmin(TenantAdmin):
    """Added and changed through the service that the form calls."""

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        form.save_m2m = lambda: None
        return form.made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has saved it."""


def each_through(
    admin_: Any, request: HttpRequest, rows: Iterable[Any], call: Callable[[Any], Any], done: str
) -> int:
    """Call a service for each row; say how many it worked for, and why not for the others."""
    count = 0
    for row in rows:
        try:
            call(row)
            count += 1
        except DomainError as error:
            admin_.message_user(request, f"{row}: {error}", messages.ERROR)
    if count:
        admin_.message_user(request, f"{count} {done}.", messages.SUCCESS)
    return count


class Shown(TabularInline):  # type: ignore[misc]
    """Rows of another that only services write."""

    extra = 0
    can_delete = False
    tab = True
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True
