"""A booking as its guest is told of it, on their page and in mails: plain words, no markup.

Times are by the clock on the location's wall. Whatever somebody typed has lost its control
characters and line breaks here, so that nothing of it can end a header or a line elsewhere.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from billing.models import Deposit
from bookings import daybook, policies
from bookings.lifecycle import State
from bookings.models import Booking
from resources.models import Location, Resource

STATES = {
    State.HELD: gettext_lazy("On hold"),
    State.PENDING: gettext_lazy("Waiting for the deposit"),
    State.CONFIRMED: gettext_lazy("Confirmed"),
    State.CHECKED_IN: gettext_lazy("Checked in"),
    State.COMPLETED: gettext_lazy("Completed"),
    State.CANCELLED: gettext_lazy("Cancelled"),
    State.NO_SHOW: gettext_lazy("Missed"),
    State.EXPIRED: gettext_lazy("Lapsed"),
}
OFF = (State.CANCELLED.value, State.EXPIRED.value)
# A name is what is read out at the door. What looks like an address isn't greeted with: anybody may
# book with anybody's e-mail, and would have us write to them whatever stands in the name.
NO_NAME = re.compile(r"[/@:<>\\]|www|\.\w{2}|\d{4}", re.IGNORECASE)
INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))
JOINERS = "\u200c\u200d"  # which letters and pictures are written with


@dataclasses.dataclass(frozen=True)
class Card:
    """What a guest is told of a booking."""

    business: str
    greeting: str
    reference: str
    state: str
    what: str
    party: str
    day: str
    times: str
    zone: str
    lasts: str
    with_whom: str
    place: str
    address: str
    deposit: str
    free_until: str
    free_hours: int
    starts_at: datetime
    ends_at: datetime
    parts: tuple[str, ...] = ()  # of a visit of several services, each with its times and people


def line(text: str, most: int = 200) -> str:
    """What somebody typed, as one line without anything invisible."""
    shown = "".join(
        " " if unicodedata.category(each) in INVISIBLE and each not in JOINERS else each
        for each in text
    )
    shown = " ".join(shown.split())
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"


def greeting(first_name: str) -> str:
    """The name to greet with; empty for what is no name."""
    name = line(first_name)
    return "" if len(name) > 40 or NO_NAME.search(name) else name


def day(instant: datetime, zone: ZoneInfo) -> str:
    return date_format(instant.astimezone(zone), pgettext("format of a day in a year", "l j F Y"))


def times(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date() or last - first < timedelta(hours=12):
        return f"{clock(first)}–{clock(last)}"
    short = date_format(last, pgettext("format of a short day", "D j M"))
    return f"{clock(first)} – {short} {clock(last)}"


def clock(local: datetime) -> str:
    return date_format(local, pgettext("format of a time", "H:i"))


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """A day and a time of it."""
    said = {"day": day(instant, zone), "time": clock(instant.astimezone(zone))}
    return _("%(day)s at %(time)s") % said


def zone_name(instant: datetime, zone: ZoneInfo) -> str:
    """Whose clock it is: `London time (BST)`. The letters tell apart an hour that comes twice."""
    if zone.key in ("UTC", "Etc/UTC"):
        return "UTC"
    letters = instant.astimezone(zone).tzname() or ""
    city = zone.key.rpartition("/")[2].replace("_", " ")
    named = _("%s time") % city
    return f"{named} ({letters})" if letters.isalpha() else named


def length(lasts: timedelta) -> str:
    """`1 h 30 min`."""
    hours, minutes = divmod(int(lasts.total_seconds()) // 60, 60)
    shown = []
    if hours:
        shown.append(pgettext("so many hours", "%d h") % hours)
    if minutes:
        shown.append(pgettext("so many minutes", "%d min") % minutes)
    return " ".join(shown)


def people(count: int) -> str:
    return ngettext("%d person", "%d people", count) % count


def zone_of(location: Location) -> ZoneInfo:
    return ZoneInfo(location.zone)


def resources_of(ids: Collection[uuid.UUID]) -> list[Resource]:
    """Who and what was assigned, deleted ones too."""
    return list(Resource.objects.filter(pk__in=ids).only("id", "name", "kind"))


def deposit_of(booking: Booking) -> Deposit | None:
    """The deposit that the guest has put down, as long as it is neither kept nor given back."""
    down = (Deposit.Status.HELD, Deposit.Status.CAPTURED)
    return Deposit.objects.filter(
        booking_id=booking.pk, business_id=booking.business_id, status__in=down
    ).first()


def _first_name(booking: Booking) -> str:
    """Whoever booked, which may be somebody else than the guest we know by their phone."""
    if said := booking.said.get("first_name"):
        return said
    return booking.guest.first_name if booking.guest else ""


def visit(booking: Booking) -> list[Booking]:
    """What a guest comes for: all that stands of the visit that a booking is part of, in order, or
    all of it when nothing does; itself where it is alone. One query."""
    parts = daybook.parts(booking)
    if len(parts) == 1:
        return [booking]
    return [each for each in parts if each.state not in OFF] or parts


def _part(booking: Booking, staff: Sequence[Resource], zone: ZoneInfo) -> str:
    """`10:00–10:45 Haircut with Ana`."""
    what = line(booking.service.name) if booking.service else _("Booking")
    names = ", ".join(line(each.name) for each in staff if each.pk in booking.resource_ids)
    shown = f"{times(booking.starts_at, booking.ends_at, zone)} {what}"
    return _("%(what)s with %(names)s") % {"what": shown, "names": names} if names else shown


def card(booking: Booking, resources: Sequence[Resource], deposit: Deposit | None = None) -> Card:
    """A booking in words, with all of the visit that it is part of; `booking` comes with its
    business, location, service and guest."""
    zone = zone_of(booking.location)
    parts = visit(booking)
    if len(parts) > 1:
        resources = resources_of({id_ for each in parts for id_ in each.resource_ids})
    starts_at = parts[0].starts_at
    ends_at = max(each.ends_at for each in parts)
    people_there = [each for each in resources if each.kind == "staff"]
    things = [each.kind for each in resources if each.kind != "staff"]
    names = list(dict.fromkeys(each.service.name for each in parts if each.service))
    what = ", ".join(map(line, names)) or (things[0].capitalize() if things else "")
    place = line(booking.location.name)
    return Card(
        business=line(booking.business.name),
        greeting=greeting(_first_name(booking)),
        reference=booking.reference,
        state=str(STATES[State(booking.state)]),
        what=line(what) or _("Booking"),
        party=people(booking.party_size),
        day=day(starts_at, zone),
        times=times(starts_at, ends_at, zone),
        zone=zone_name(starts_at, zone),
        lasts=length(ends_at - starts_at),
        with_whom=", ".join(line(each.name) for each in people_there),
        place=place if place != "Main" else "",
        address=line(booking.location.address),
        deposit=str(deposit.amount) if deposit else "",
        free_until=moment(policies.free_until(booking), zone),
        free_hours=booking.business.cancellation_window_hours,
        starts_at=starts_at,
        ends_at=ends_at,
        parts=tuple(_part(each, people_there, zone) for each in parts) if len(parts) > 1 else (),
    )
