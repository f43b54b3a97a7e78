"""The timeline: resources by time for a day, and what is dragged in it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import Invalid, NotFound
from bookings import selectors, services, timeline
from bookings.assignment import natural_key
from bookings.errors import SlotTaken
from bookings.lifecycle import State
from bookings.models import Allocation, Booking
from bookings.timeline import Bar, Day, Row
from bookings.web.desk.shell import Desk, asked_day, desk, uuid_of
from resources.models import Location, Resource

ZOOMS = {15: 4, 30: 2, 60: 1}  # minutes a step: pixels a minute
STAFF = "staff"
KINDS = {
    "table": gettext_lazy("Tables"),
    "staff": gettext_lazy("Staff"),
    "room": gettext_lazy("Rooms"),
    "spot": gettext_lazy("Spots"),
    "court": gettext_lazy("Courts"),
    "equipment": gettext_lazy("Equipment"),
    "desk": gettext_lazy("Desks"),
    "treadmill": gettext_lazy("Treadmills"),
}
STATES = {
    State.HELD: gettext_lazy("on hold"),
    State.PENDING: gettext_lazy("waiting"),
    State.CONFIRMED: gettext_lazy("confirmed"),
    State.CHECKED_IN: gettext_lazy("here"),
    State.COMPLETED: gettext_lazy("left"),
    State.NO_SHOW: gettext_lazy("didn’t come"),
}
QUIET = (State.CONFIRMED.value, State.COMPLETED.value)  # go without saying
LATE = timedelta(minutes=5)


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """How the timeline is looked at: what the address says, or what suits the place."""

    columns: bool
    zoom: int
    kind: str
    kinds: Sequence[str]

    @property
    def view(self) -> str:
        return "columns" if self.columns else "rows"


def kind_name(kind: str) -> str:
    """What several of a kind are called."""
    return str(KINDS.get(kind) or kind.replace("_", " ").capitalize())


@require_safe
@desk("timeline")
def page(at: Desk) -> HttpResponse:
    """A day of a place."""
    place = at.here()
    day = asked_day(at)
    everything = timeline.resources_at(place)
    look = looked_at(at, everything)

    def address(name: str = "timeline", **other: Any) -> str:
        asked = {"day": day, "view": look.view, "zoom": look.zoom, "kind": look.kind or "all"}
        return at.url(name, **asked | other)

    return at.page(
        "timeline/page",
        **drawn(at, place, everything, look),
        before=address(day=day - timedelta(days=1)),
        after=address(day=day + timedelta(days=1)),
        now_day=address(day=at.today),
        views=[
            ("rows", _("Rows"), "rows-3", address(view="rows"), not look.columns),
            ("columns", _("Columns"), "columns-3", address(view="columns"), look.columns),
        ],
        zooms=[(each, address(zoom=each), each == look.zoom) for each in ZOOMS],
        kinds=[(kind_name(each), address(kind=each), each == look.kind) for each in look.kinds]
        + [(_("All"), address(kind="all"), not look.kind)],
        live=address("timeline-board"),
        pixels=ZOOMS[look.zoom],
        new=at.url("new"),
    )


@require_safe
@desk("timeline")
def board(at: Desk) -> HttpResponse:
    """What is drawn alone, for whoever looks again."""
    place = at.here()
    everything = timeline.resources_at(place)
    return at.page("timeline/_board", **drawn(at, place, everything, looked_at(at, everything)))


def looked_at(at: Desk, everything: Sequence[Resource]) -> Look:
    """What the address asks for; staff in columns where there are any and no tables."""
    kinds = sorted({each.kind for each in everything}, key=lambda each: (each != STAFF, each))
    usual = next((each for each in ("table", STAFF) if each in kinds), "")
    asked = at.request.GET.get("kind", usual)
    kind = asked if asked in kinds else "" if asked == "all" else usual
    view = at.request.GET.get("view", "")
    zoom = at.request.GET.get("zoom", "")
    return Look(
        columns=view == "columns" if view in ("rows", "columns") else kind == STAFF,
        zoom=int(zoom) if zoom.isdecimal() and int(zoom) in ZOOMS else 30,
        kind=kind if len(kinds) > 1 else "",
        kinds=kinds if len(kinds) > 1 else (),
    )


def drawn(at: Desk, place: Location, everything: Sequence[Resource], look: Look) -> dict[str, Any]:
    shown = [each for each in everything if not look.kind or each.kind == look.kind]
    on = asked_day(at)
    day = timeline.day(place, on, shown, moment=at.moment, all_of_it=len(shown) == len(everything))
    summary = ", ".join(
        (
            ngettext("%(count)d booking", "%(count)d bookings", day.bookings)
            % {"count": day.bookings},
            ngettext("%(count)d guest", "%(count)d guests", day.covers) % {"count": day.covers},
        )
    )
    pen = Pen(at, day)
    return {
        "day": day,
        "on": on,
        "is_today": on == at.today,
        "look": look,
        "summary": summary,
        "groups": [
            {
                "name": each.name or kind_name(each.kind),
                "rows": [pen.row(row) for row in each.rows],
            }
            for each in day.groups
        ],
        "loose": pen.row(day.loose) if day.loose else None,
        "hours": _hours(at, day),
        "now": day.minute(at.moment) if day.start <= at.moment < day.end else None,
        "is_empty": not shown,
    }


def _hours(at: Desk, day: Day) -> list[tuple[int, str]]:
    """The whole hours of the day by the clock on the wall, with their minute."""
    return [
        (minute, f"{(day.start + timedelta(minutes=minute)).astimezone(at.zone):%H:%M}")
        for minute in range(0, day.minutes, 60)
    ]


class Pen:
    """Draws bars. What is the same for all of them is looked up once, as a day has many."""

    def __init__(self, at: Desk, day: Day) -> None:
        self.at, self.day, self.zone = at, day, at.zone
        nobody = uuid.UUID(int=0)
        self.booking_url = at.url("booking", nobody).replace(str(nobody), "%s")
        self.session_url = at.url("session", nobody).replace(str(nobody), "%s")
        self.states = {each.value: str(name) for each, name in STATES.items()}
        self.booking = _("%(name)s, %(times)s, party of %(size)d, %(where)s, %(state)s")
        self.class_ = _("Class %(name)s, %(times)s, %(size)d of %(capacity)d taken, %(where)s")
        self.block = _("%(where)s is blocked, %(times)s: %(name)s")
        self.late, self.nowhere, self.blocked = _("late"), _("Without a place"), _("Blocked")
        self.overbooked = _("overbooked")

    def row(self, row: Row) -> dict[str, Any]:
        resource = row.resource
        where = resource.name if resource else self.nowhere
        return {
            "id": resource.pk if resource else "",
            "name": where,
            "seats": row.seats if resource and resource.kind != STAFF else 0,
            "lanes": row.lanes,
            "closed": [self.stretch(each.start, each.end) for each in row.closed],
            "bars": [self.bar(bar, where) for bar in row.bars],
        }

    def stretch(self, start: datetime, end: datetime) -> str:
        since = self.day.minute(start)
        return f"--from:{since};--lasts:{self.day.minute(end) - since}"

    def bar(self, bar: Bar, where: str) -> dict[str, Any]:
        """A bar as it is drawn: where, and in words."""
        day = self.day
        since, until = day.minute(bar.starts_at), day.minute(bar.ends_at)
        before, after = since - day.minute(bar.takes_from), day.minute(bar.takes_until) - until
        start, end = bar.starts_at.astimezone(self.zone), bar.ends_at.astimezone(self.zone)
        times = f"{start.hour:02}:{start.minute:02}–{end.hour:02}:{end.minute:02}"
        drawn: dict[str, Any] = {
            "id": bar.id,
            "style": f"--from:{since};--lasts:{max(until - since, 5)};--lane:{bar.lane}"
            f";--before:{before};--after:{after}",
            "about": f"{times} · {bar.about}" if bar.about else times,
            "moves": bar.moves,
            "has_notes": bar.has_notes,
            "before": before,
            "after": after,
        }
        if bar.kind == "booking":
            return drawn | self._booking(bar, where, times)
        if bar.kind == "class":
            return drawn | {
                "state": "class",
                "name": bar.name,
                "short": f"{bar.size}/{bar.capacity}",
                "url": self.session_url % bar.id,
                "words": self.class_
                % {
                    "name": bar.name, "times": times, "size": bar.size,
                    "capacity": bar.capacity, "where": where,
                },
            }  # fmt: skip
        name = bar.name or self.blocked
        words = self.block % {"name": name, "times": times, "where": where}
        return drawn | {"state": "blocked", "name": name, "words": words}

    def _booking(self, bar: Bar, where: str, times: str) -> dict[str, Any]:
        state, said = bar.state, self.states[bar.state]
        if state == State.CONFIRMED.value and bar.starts_at + LATE <= self.at.moment < bar.ends_at:
            state, said = "late", self.late
        if bar.is_overbooked:
            said = f"{self.overbooked}, {said}"
        is_usual = bar.state in QUIET and state == bar.state and not bar.is_overbooked
        name = bar.name or bar.reference
        return {
            "state": state,
            "said": "" if is_usual else said,
            "name": name,
            "short": bar.size if bar.size > 1 or not bar.about else "",
            "url": self.booking_url % bar.id,
            "words": self.booking
            % {"name": name, "times": times, "size": bar.size, "where": where, "state": said},
            "starts": bar.starts_at.strftime("%Y-%m-%dT%H:%MZ"),
            "lasts": int((bar.ends_at - bar.starts_at).total_seconds()) // 60,
        }


# --- what is dragged -----------------------------------------------------------------------------


@require_POST
@desk("timeline")
def move(at: Desk) -> HttpResponse:
    """Move a booking to where it was dragged, or say why not."""
    said = at.request.GET.dict() | at.request.POST.dict()  # an undo says it in its address
    booking = (
        Booking.objects.filter(business=at.business, pk=uuid_of(said.get("booking", "")))
        .select_related("guest", "service", "location")
        .first()
    )
    if booking is None:
        raise NotFound
    booking.business = at.business
    was = (booking.starts_at, booking.ends_at - booking.starts_at, list(booking.resource_ids))
    starts, lasts = _wanted(said, booking)
    to = _resource(at, said.get("resource", ""))
    gives = uuid_of(said["instead_of"]) if said.get("instead_of") else None
    if to and to.pk in booking.resource_ids:
        to = None
    try:
        moved = services.drag(
            booking,
            by=at.actor,
            starts_at=starts,
            duration=lasts if lasts != was[1] else None,
            resource_id=to.pk if to else None,
            instead_of=gives,
            now=at.now,
        )
    except SlotTaken as error:
        raise SlotTaken(_why(at, booking, to, starts, lasts)) from error
    return at.done(
        _moved(at, moved, was[2]),
        to=at.url("timeline", day=starts.astimezone(at.zone).date()),
        undo=_back(at, moved, *was),
        stays=False,
    )


def _wanted(said: dict[str, str], booking: Booking) -> tuple[datetime, timedelta]:
    try:
        starts = datetime.fromisoformat(said["starts"]) if said.get("starts") else booking.starts_at
        minutes = int(said["lasts"]) if said.get("lasts") else 0
    except ValueError:
        raise Invalid(_("This is no time.")) from None
    if starts.tzinfo is None or not 0 <= minutes <= 24 * 60:
        raise Invalid(_("This is no time."))
    lasts = timedelta(minutes=minutes) if minutes else booking.ends_at - booking.starts_at
    return starts.astimezone(UTC), lasts


def _resource(at: Desk, text: str) -> Resource | None:
    if not text:
        return None
    found = Resource.objects.filter(business=at.business, deleted_at=None, pk=uuid_of(text)).first()
    if found is None:
        raise NotFound
    return found


def _moved(at: Desk, booking: Booking, before: Sequence[uuid.UUID]) -> str:
    """Where a booking is now; also what else came with it, as that may not be in sight."""
    names = selectors.names_of(booking.resource_ids)
    time = f"{booking.starts_at.astimezone(at.zone):%H:%M}"
    end = f"{booking.ends_at.astimezone(at.zone):%H:%M}"
    where = ", ".join(
        sorted((names.get(each, "?") for each in booking.resource_ids), key=natural_key)
    )
    name = str(booking.guest) if booking.guest else booking.reference
    return _("%(name)s: %(time)s–%(end)s, %(where)s") % {
        "name": name, "time": time, "end": end, "where": where,
    }  # fmt: skip


def _back(
    at: Desk, moved: Booking, starts: datetime, lasts: timedelta, before: Sequence[uuid.UUID]
) -> str:
    """The address that moves it back."""
    gone = [each for each in before if each not in moved.resource_ids]
    come = [each for each in moved.resource_ids if each not in before]
    return at.url(
        "timeline-move",
        booking=moved.pk,
        starts=starts.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lasts=int(lasts.total_seconds()) // 60,
        resource=gone[0] if gone else "",
        instead_of=come[0] if come else "",
    )


def _why(
    at: Desk, booking: Booking, to: Resource | None, starts: datetime, lasts: timedelta
) -> str:
    """Why it can't be there: the first thing in its way. Empty when that has gone by now."""
    wanted = [to] if to else list(Resource.objects.filter(pk__in=booking.resource_ids))
    service = booking.service
    before = service.buffer_before if service else timedelta()
    after = service.preparation + service.cleanup + service.buffer_after if service else timedelta()
    for each in wanted:
        if each.deleted_at or not each.is_active:
            return _("%(name)s is not in use.") % {"name": each.name}
        if not service and len(wanted) == 1 and booking.party_size > each.covers_max * each.units:
            return _("%(name)s seats %(seats)d at most.") % {
                "name": each.name, "seats": each.covers_max * each.units,
            }  # fmt: skip
        if service and to and not _serves(service, each):
            return _("%(name)s doesn’t do %(service)s.") % {
                "name": each.name, "service": service.name,
            }  # fmt: skip
        in_the_way = [
            one
            for one in selectors.takers(each, starts - before, starts + lasts + after, now=at.now)
            if one.booking_id != booking.pk
        ]
        if in_the_way and (each.units == 1 or len({one.unit for one in in_the_way}) == each.units):
            return _taken(at, each, in_the_way[0])
        if not service and booking.party_size < each.covers_min:
            return _("%(name)s takes parties of %(least)d or more.") % {
                "name": each.name, "least": each.covers_min,
            }  # fmt: skip
    return ""


def _serves(service: Any, resource: Resource) -> bool:
    needs = [each for each in selectors.requirements(service) if each.kind == resource.kind]
    return not needs or any(each.admits(resource.pk) for each in needs)


def _taken(at: Desk, resource: Resource, taker: Allocation) -> str:
    def time(moment: datetime) -> str:
        return f"{moment.astimezone(at.zone):%H:%M}"

    if taker.block:
        what = taker.block.reason or _("a block")
        since, until = taker.block.starts_at, taker.block.ends_at
    elif taker.session:
        what = taker.session.service.name
        since, until = taker.session.starts_at, taker.session.ends_at
    else:
        assert taker.booking
        what = str(taker.booking.guest or taker.booking.reference)
        since, until = taker.booking.starts_at, taker.booking.ends_at
    return _("%(name)s is taken: %(what)s, %(since)s–%(until)s.") % {
        "name": resource.name, "what": what, "since": time(since), "until": time(until),
    }  # fmt: skip
