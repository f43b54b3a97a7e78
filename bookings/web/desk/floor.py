"""The floor: the room as it is, drawn; and the sheet of whatever is tapped in it.

The board is a fragment of the page, fetched again whenever the book has changed. What it says of
each table is put into words here; what is so is read in `bookings.floor`.
"""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import cos, radians, sin
from typing import Any

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.errors import NotFound
from bookings import floor as reads
from bookings.floor import Floor, Party, Spot, Status
from bookings.web.desk import drawing
from bookings.web.desk.shell import Desk, desk
from resources.models import Resource

PAD = 34.0  # around the room, for chairs
MOST_ARRIVALS = 12
HALF_HOUR = timedelta(minutes=30)
SHORT = re.compile(r"^\S+ ([0-9]{1,3}[A-Za-z]?|[A-Za-z][0-9]{0,2})$")
WITH_CHAIRS = ("table", "desk", "booth")


@dataclasses.dataclass(frozen=True, slots=True)
class Tile:
    """A spot as it is drawn: lengths in percent of the room, words in the reader's language."""

    id: uuid.UUID
    url: str
    name: str
    short: str
    status: str
    state: str
    who: str
    spoken: str
    left: float
    top: float
    width: float
    height: float
    turn: int
    shape_width: float
    shape_height: float
    picture: str
    seats: int
    since: str = ""
    until: str = ""
    counts: str = ""
    start: str = ""
    end: str = ""
    progress: int = -1
    section: str = ""
    note: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who is to come: a line of the list beside the room."""

    party: Party
    at: str
    name: str
    more: str
    is_late: bool
    late: str
    url: str = ""
    seat: str = ""
    choose: str = ""


# --- the page ------------------------------------------------------------------------------------


@require_safe
@desk("floor")
def floor(desk: Desk) -> HttpResponse:
    """The room with all that is beside it."""
    return desk.page("floor/page", **_board(desk))


@require_safe
@desk("floor")
def board(desk: Desk) -> HttpResponse:
    """What of the page changes with the book."""
    return desk.page("floor/_board", **_board(desk))


def _board(desk: Desk) -> dict[str, Any]:
    place = desk.here()
    at = asked_time(desk)
    found = reads.floor(place, now=desk.moment, at=at)
    chosen = desk.request.GET.get("section", "")
    sections = [(str(each.pk), each.name) for each in found.sections]
    if chosen not in [pk for pk, _ in sections]:
        chosen = ""
    view = desk.request.GET.get("view", "")
    view = view if view in ("plan", "list") else ""
    kept = {"section": chosen, "view": view, "at": desk.request.GET.get("at", "") if at else ""}
    shown = [each for each in found.spots if chosen in ("", str(each.resource.section_id))]
    tiles, rooms, size = draw(desk, found, shown)

    def url(**change: str) -> str:
        return desk.url("floor", **(kept | change))

    return {
        "floor": found,
        "tiles": tiles,
        "rooms": rooms if not chosen else [],
        "size": size,
        "tabs": [
            {"name": name, "url": url(section=pk), "is_here": pk == chosen}
            for pk, name in [("", _("All")), *sections]
        ]
        if len(sections) > 1
        else [],
        "view": view,
        "views": {name: url(view=name) for name in ("plan", "list")},
        "live": desk.url("floor-board", **kept),
        "times": _times(desk, at),
        "at": f"{at.astimezone(desk.zone):%H:%M}" if at else "",
        "now_url": url(at=""),
        "kept": kept,
        "legend": LEGEND,
        "late_words": _("%s late"),
        "coming": sum(each.size for each in found.arrivals),
        "arrivals": [_arrival(desk, found, each) for each in found.arrivals[:MOST_ARRIVALS]],
        "more_arrivals": max(len(found.arrivals) - MOST_ARRIVALS, 0),
    }


LEGEND = (
    (Status.FREE.value, gettext_lazy("Free")),
    (Status.SOON.value, gettext_lazy("Free, reserved soon")),
    (Status.HELD.value, gettext_lazy("On hold")),
    (Status.DUE.value, gettext_lazy("Reserved now")),
    (Status.LATE.value, gettext_lazy("Late")),
    (Status.SEATED.value, gettext_lazy("Seated")),
    (Status.OVER.value, gettext_lazy("Over their time")),
    (Status.BLOCKED.value, gettext_lazy("Blocked")),
)


def asked_time(desk: Desk) -> datetime | None:
    """A time of today that is asked for (`?at=20:30`) and hasn't gone by; else None, which is
    now."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", desk.request.GET.get("at", ""))
    if not found:
        return None
    local = desk.moment.astimezone(desk.zone)
    asked = local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    return asked if asked > local else None


def _times(desk: Desk, at: datetime | None) -> list[tuple[str, bool]]:
    """The half hours of the rest of the day."""
    local = desk.moment.astimezone(desk.zone)
    first = local.replace(minute=0, second=0, microsecond=0)
    chosen = f"{at.astimezone(desk.zone):%H:%M}" if at else ""
    times = [
        f"{each:%H:%M}"
        for n in range(48)
        if (each := first + n * HALF_HOUR) > local and each.date() == local.date()
    ]
    if chosen and chosen not in times:
        times = sorted([*times, chosen])
    return [(each, each == chosen) for each in times]


# --- drawing -------------------------------------------------------------------------------------


def draw(
    desk: Desk, found: Floor, shown: Sequence[Spot]
) -> tuple[list[Tile], list[dict[str, Any]], dict[str, float]]:
    """The spots that are shown, the rooms around them, and how large the whole is."""
    if not shown:
        return [], [], {"width": 100, "height": 60}
    boxes = {each.id: _box(each) for each in shown}
    left = min(x for x, _, _, _ in boxes.values()) - PAD
    top = min(y for _, y, _, _ in boxes.values()) - PAD
    width = max(x + w for x, _, w, _ in boxes.values()) + PAD - left
    height = max(y + h for _, y, _, h in boxes.values()) + PAD - top
    names = {each.pk: each.name for each in found.sections}
    prefix = desk.url("floor")
    tiles = []
    for each in shown:
        x, y, w, h = boxes[each.id]
        tiles.append(
            _tile(
                desk, found, each,
                url=f"{prefix}{each.id}/",
                left=round((x - left) / width * 100, 3),
                top=round((y - top) / height * 100, 3),
                width=round(w / width * 100, 3),
                height=round(h / height * 100, 3),
                box=(w, h),
                section=names.get(each.resource.section_id, ""),  # type: ignore[arg-type]
            )
        )  # fmt: skip
    rooms = []
    for pk, name in names.items():
        inside = [boxes[each.id] for each in shown if each.resource.section_id == pk]
        if not inside:
            continue
        x, y = min(b[0] for b in inside) - 22, min(b[1] for b in inside) - 22
        right, below = max(b[0] + b[2] for b in inside) + 22, max(b[1] + b[3] for b in inside) + 22
        rooms.append(
            {
                "name": name,
                "left": round((x - left) / width * 100, 3),
                "top": round((y - top) / height * 100, 3),
                "width": round((right - x) / width * 100, 3),
                "height": round((below - y) / height * 100, 3),
            }
        )
    return tiles, rooms, {"width": round(width), "height": round(height)}


def _box(spot: Spot) -> tuple[float, float, float, float]:
    """The upright box around a spot, turned as it is."""
    turn = radians(spot.resource.plan_rotation)
    width = abs(spot.width * cos(turn)) + abs(spot.height * sin(turn))
    height = abs(spot.width * sin(turn)) + abs(spot.height * cos(turn))
    x, y = spot.x + (spot.width - width) / 2, spot.y + (spot.height - height) / 2
    return x, y, width, height


def picture(resource: Resource, width: float, height: float, taken: int) -> tuple[str, float]:
    """A resource from above, and how much wider than it the picture is on each side."""
    chairs = resource.covers_max if resource.kind in WITH_CHAIRS and resource.units == 1 else 0
    is_round = resource.shape == Resource.Shape.ROUND
    drawn = drawing.table(width, height, is_round=is_round, chairs=chairs, taken=taken)
    return drawn, drawing.MARGIN if chairs else 0.0


def _tile(
    desk: Desk,
    found: Floor,
    spot: Spot,
    *,
    box: tuple[float, float],
    **where: Any,
) -> Tile:
    said = words(desk, spot, found.at)
    party = spot.party
    is_here = spot.status in (Status.SEATED, Status.OVER)
    drawn, edge = picture(
        spot.resource, spot.width, spot.height, party.size if party and is_here else 0
    )
    short = SHORT.match(spot.resource.name)
    return Tile(
        id=spot.id,
        name=spot.resource.name,
        short=short[1] if short else spot.resource.name,
        status=spot.status.value,
        turn=spot.resource.plan_rotation,
        shape_width=round((spot.width + 2 * edge) / box[0] * 100, 2),
        shape_height=round((spot.height + 2 * edge) / box[1] * 100, 2),
        picture=drawn,
        seats=spot.seats,
        note=bool(party and (party.notes or party.about)),
        **said,
        **where,
    )


def words(desk: Desk, spot: Spot, at: datetime) -> dict[str, Any]:
    """What a spot is, for the eye (`state`, `who`), the ear (`spoken`) and the clock in the
    page."""

    def clock(moment: datetime) -> str:
        local = moment.astimezone(desk.zone)
        if local.date() == at.astimezone(desk.zone).date():
            return f"{local:%H:%M}"
        return date_format(local, "D H:i")

    party, until = spot.party, spot.until
    who = f"{surname(party.name)} {party.size}" if party else ""
    about = [_party(party)] if party else []
    more: dict[str, Any] = {}
    match spot.status:
        case Status.FREE | Status.SOON if spot.next and until:
            who = f"{surname(spot.next.name)} {spot.next.size}"
            state = _("until %(time)s") % {"time": clock(until)}
            about = [
                _("free until %(time)s") % {"time": clock(until)},
                _("then %(party)s") % {"party": _party(spot.next)},
            ]
            if spot.status is Status.FREE:
                who = ""
        case Status.FREE | Status.SOON:
            state = _("until %(time)s") % {"time": clock(until)} if until else _("Free")
            about = [_("free until %(time)s") % {"time": clock(until)} if until else _("free")]
        case Status.HELD:
            left = max(int((until - at).total_seconds()), 0) if until else 0
            state = _("Held")
            if party and party.expires_at and until:
                more = {"counts": "down", "until": until.isoformat()}
                state = f"{left // 60}:{left % 60:02}"
            about = [_("held"), *about]
        case Status.DUE:
            state = clock(party.starts_at) if party else ""
            about = [_("reserved from %(time)s") % {"time": state}, *about]
        case Status.LATE:
            minutes = _minutes(at - party.starts_at) if party else 0
            state = _("%s late") % duration(minutes)
            more = {"counts": "late", "since": party.starts_at.isoformat()} if party else {}
            about = [_lasting(minutes, _("late by %s")), *about]
        case Status.SEATED | Status.OVER if party:
            since = party.seated_at or party.starts_at
            minutes = _minutes(at - since)
            state = duration(minutes)
            more = {
                "counts": "up",
                "since": since.isoformat(),
                "start": since.isoformat(),
                "end": party.ends_at.isoformat(),
                "progress": _progress(at, since, party.ends_at),
            }
            about = [
                _lasting(minutes, _("seated %s")),
                _("over their time since %(time)s") % {"time": clock(party.ends_at)}
                if spot.status is Status.OVER
                else _("expected until %(time)s") % {"time": clock(party.ends_at)},
                *about,
            ]
        case Status.BLOCKED:
            state = _("until %(time)s") % {"time": clock(until)} if until else _("Blocked")
            who = spot.words
            about = [_("blocked"), state, *([spot.words] if spot.words else [])]
        case Status.CLASS:
            state = _("until %(time)s") % {"time": clock(until)} if until else ""
            who = spot.words
            about = [spot.words, state]
        case _:
            state = _("%(taken)s of %(all)s") % {"taken": spot.taken, "all": spot.resource.units}
            who = ""
            about = [
                _("%(taken)s of %(all)s taken") % {"taken": spot.taken, "all": spot.resource.units}
            ]
    has_chairs = spot.resource.kind in WITH_CHAIRS
    seats = (_("seats %s") if has_chairs else _("for %s")) % spot.seats
    return {
        "state": state,
        "who": who,
        "spoken": ", ".join([spot.resource.name, seats, *about]),
        **more,
    }


def _party(party: Party) -> str:
    size = ngettext("party of %s", "party of %s", party.size) % party.size
    return ", ".join(filter(None, [party.name or _("no name"), size]))


def surname(name: str) -> str:
    """What a host calls a party: the last of their names."""
    return name.split()[-1] if name.split() else _("Guest")


def duration(minutes: int) -> str:
    """`35m`, `1h 05`."""
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02}"


def _minutes(lasts: timedelta) -> int:
    return max(int(lasts.total_seconds() // 60), 0)


def _lasting(minutes: int, words: str) -> str:
    return words % (ngettext("%s minute", "%s minutes", minutes) % minutes)


def _progress(at: datetime, start: datetime, end: datetime) -> int:
    """How much of the time has gone by, in percent."""
    whole = max((end - start).total_seconds(), 1)
    return round(min(max((at - start).total_seconds() / whole, 0), 1) * 100)


def _arrival(desk: Desk, found: Floor, party: Party) -> Arrival:
    names = [found.names[each] for each in party.resource_ids if each in found.names]
    size = ngettext("%s guest", "%s guests", party.size) % party.size
    late = _("%s late") % duration(_minutes(desk.moment - party.starts_at))
    return Arrival(
        party=party,
        at=f"{party.starts_at.astimezone(desk.zone):%H:%M}",
        name=party.name or _("No name"),
        more=" · ".join([size, *names]),
        is_late=party.is_late(desk.moment),
        late=late,
    )


# --- one of them ---------------------------------------------------------------------------------


@require_safe
@desk("floor")
def resource(desk: Desk, pk: uuid.UUID) -> HttpResponse:
    """What is tapped: who is there, who comes next, and what can be done."""
    found = reads.floor(desk.here(), now=desk.moment)
    spot = found.spot(pk)
    if spot is None:
        raise NotFound
    return desk.page(
        "floor/resource", spot=spot, floor=found, said=words(desk, spot, found.at), zone=desk.zone
    )
