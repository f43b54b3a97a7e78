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
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, npgettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError, NotFound
from availability.calendar import local_day
from bookings import floor as reads
from bookings import services
from bookings.floor import Floor, Party, Spot, Status
from bookings.lifecycle import State
from bookings.models import WaitlistEntry
from bookings.web.desk import drawing
from bookings.web.desk.shell import Desk, desk
from bookings.web.desk.words import lasting, people, times
from bookings.web.desk.words import refusal as refusal_words
from resources.models import Resource

SMALL = 100.0  # too narrow for a name of two words
PAD = 34.0  # around the room, for chairs
MOST_ARRIVALS = 8
SIZES = tuple(range(1, 9))
AN_HOUR = timedelta(hours=1)
HALF_HOUR = timedelta(minutes=30)
SHORT = re.compile(r"^\S+ ([0-9]{1,3}[A-Za-z]?|[A-Za-z][0-9]{0,2})$")
WITH_CHAIRS = ("table", "desk", "booth")


@dataclasses.dataclass(frozen=True, slots=True)
class Tile:
    """A spot as it is drawn, words in the reader's language.

    `where` and `shape` are styles, `clock` and `progress` attributes: written here, as a template
    would write their numbers in the reader's language too.
    """

    id: uuid.UUID
    url: str
    name: str
    short: str
    status: str
    state: str
    who: str
    spoken: str
    where: SafeString
    shape: SafeString
    picture: str
    seats: str
    clock: str = ""
    progress: str = ""
    section: str = ""
    label: str | Promise = ""
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
    overbooked: str = ""
    url: str = ""
    seat: str = ""
    choose: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody who waits for a table: a line of the list."""

    id: uuid.UUID
    name: str
    size: str
    more: str
    since: str
    waits: str
    is_late: bool
    notes: str
    seat: str
    leave: str


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
    zoom = "large" if desk.request.GET.get("zoom") == "large" else ""
    kept = {
        "section": chosen,
        "view": view,
        "zoom": zoom,
        "at": desk.request.GET.get("at", "") if at else "",
    }
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
        "zoom": zoom,
        "zooms": [
            (_("Whole room"), "maximize", url(view="plan", zoom=""), not zoom),
            (_("Larger"), "zoom-in", url(view="plan", zoom="large"), bool(zoom)),
        ],
        "live": desk.url("floor-board", **kept),
        "times": _times(desk, at),
        "at": f"{at.astimezone(desk.zone):%H:%M}" if at else "",
        "now_url": url(at=""),
        "kept": kept,
        "legend": LEGEND,
        "plan_url": desk.url("plan") if desk.is_manager else "",
        "late_words": _("%s late"),
        "over_words": _("%s over"),
        "patterns": _patterns(),
        "walk_in": [
            (f"{size}+" if size == SIZES[-1] else str(size), desk.url("walk-in", party=size))
            for size in SIZES
        ]
        if not at and any(reads.is_seating(each) for each in found.spots)
        else [],
        "has_tables": any(each.resource.kind in WITH_CHAIRS for each in found.spots),
        "waiting": [_waiting(desk, each) for each in found.waiting],
        "loose": [
            _arrival(desk, found, each)
            for each in found.seated
            if not at and not any(pk in found.names for pk in each.resource_ids)
        ],
        "coming": sum(each.size for each in found.arrivals),
        "arrivals": [_arrival(desk, found, each) for each in found.arrivals[:MOST_ARRIVALS]],
        "more_arrivals": max(len(found.arrivals) - MOST_ARRIVALS, 0),
    }


LEGEND = (
    (Status.FREE.value, gettext_lazy("Free")),
    (Status.SOON.value, gettext_lazy("Reserved soon")),
    (Status.HELD.value, gettext_lazy("On hold")),
    (Status.DUE.value, gettext_lazy("Reserved now")),
    (Status.LATE.value, gettext_lazy("Late")),
    (Status.SEATED.value, gettext_lazy("Seated")),
    (Status.OVER.value, gettext_lazy("Over their time")),
    (Status.BLOCKED.value, gettext_lazy("Blocked")),
)


LABELS = {
    **dict(LEGEND),
    Status.CLASS.value: gettext_lazy("In a class"),
    Status.PARTLY.value: gettext_lazy("Partly taken"),
    Status.FULL.value: gettext_lazy("All taken"),
}


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
                where=_style(
                    left=(x - left) / width,
                    top=(y - top) / height,
                    width=w / width,
                    height=h / height,
                ),
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
                "where": _style(
                    left=(x - left) / width,
                    top=(y - top) / height,
                    width=(right - x) / width,
                    height=(below - y) / height,
                ),
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


def _style(*, turn: int = 0, **parts: float) -> SafeString:
    """Lengths, as shares of what is around, for a style."""
    said = ";".join(f"{name}:{share * 100:.2f}%" for name, share in parts.items())
    return mark_safe(f"{said};--turn:{turn:d}deg" if turn else said)  # noqa: S308 - numbers


def _clock(**said: str) -> SafeString:
    """What the page's clock reads: attributes of figures and times."""
    return format_html_join("", ' data-{}="{}"', said.items())


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
    del said["about"]
    party = spot.party
    is_here = spot.status in (Status.SEATED, Status.OVER)
    drawn, edge = picture(
        spot.resource, spot.width, spot.height, party.size if party and is_here else 0
    )
    is_small = spot.resource.kind in WITH_CHAIRS or box[0] < SMALL
    short = SHORT.match(spot.resource.name) if is_small else None
    return Tile(
        id=spot.id,
        name=spot.resource.name,
        short=short[1] if short else spot.resource.name,
        status=spot.status.value,
        shape=_style(
            width=(spot.width + 2 * edge) / box[0],
            height=(spot.height + 2 * edge) / box[1],
            turn=spot.resource.plan_rotation,
        ),
        picture=drawn,
        label=LABELS[spot.status.value],
        note=bool(party and (party.notes or party.about)),
        **said,
        **where,
    )


def words(desk: Desk, spot: Spot, at: datetime) -> dict[str, Any]:
    """What a spot is: for the eye (`state`, `who`), the ear (`spoken`), in a list (`about`), and
    for the clock in the page."""

    def clock(moment: datetime) -> str:
        local = moment.astimezone(desk.zone)
        if local.date() == at.astimezone(desk.zone).date():
            return f"{local:%H:%M}"
        return date_format(local, "D H:i")

    party, until = spot.party, spot.until
    who = called(party) if party else ""
    about = [_party(party)] if party else []
    more: dict[str, Any] = {}
    match spot.status:
        case Status.FREE | Status.SOON if spot.next and until:
            who = called(spot.next)
            state = _("to %(time)s") % {"time": clock(until)}
            about = [
                _("free until %(time)s") % {"time": clock(until)},
                _("then %(party)s") % {"party": _party(spot.next)},
            ]
            if spot.status is Status.FREE:
                who = ""
        case Status.FREE | Status.SOON:
            state = _("to %(time)s") % {"time": clock(until)} if until else _("Free")
            about = [_("free until %(time)s") % {"time": clock(until)} if until else _("free")]
        case Status.HELD:
            left = max(int((until - at).total_seconds()), 0) if until else 0
            state = _("Held")
            if party and party.expires_at and until:
                more = {"clock": _clock(counts="down", until=until.isoformat())}
                state = f"{left // 60}:{left % 60:02}"
            about = [_("held"), *about]
        case Status.DUE:
            state = clock(party.starts_at) if party else ""
            about = [_("reserved from %(time)s") % {"time": state}, *about]
        case Status.LATE:
            minutes = _minutes(at - party.starts_at) if party else 0
            state = _("%s late") % duration(minutes)
            if party:
                more = {"clock": _clock(counts="late", since=party.starts_at.isoformat())}
            about = [_lasting(minutes, _("late by %s")), *about]
        case Status.SEATED | Status.OVER if party:
            since = party.seated_at or party.starts_at
            minutes = _minutes(at - since)
            state = duration(minutes)
            done = _progress(at, since, party.ends_at)
            more = {
                "clock": _clock(counts="up", since=since.isoformat()),
                "progress": _clock(start=since.isoformat(), end=party.ends_at.isoformat())
                + format_html(' style="--done:{}%"', done),
            }
            if spot.status is Status.OVER:
                state = _("%s over") % duration(_minutes(at - party.ends_at))
                more["clock"] = _clock(counts="over", since=party.ends_at.isoformat())
            about = [
                _lasting(minutes, _("seated %s")),
                _("over their time since %(time)s") % {"time": clock(party.ends_at)}
                if spot.status is Status.OVER
                else _("expected until %(time)s") % {"time": clock(party.ends_at)},
                *about,
            ]
        case Status.BLOCKED:
            state = _("to %(time)s") % {"time": clock(until)} if until else _("Blocked")
            who = spot.words
            ends = _("until %(time)s") % {"time": clock(until)} if until else ""
            about = [each for each in (_("blocked"), ends, spot.words) if each]
        case Status.CLASS:
            state = _("to %(time)s") % {"time": clock(until)} if until else ""
            who = spot.words
            about = [who, _("until %(time)s") % {"time": clock(until)} if until else ""]
        case _:
            state = _("%(taken)s of %(all)s") % {"taken": spot.taken, "all": spot.resource.units}
            who = ""
            about = [
                _("%(taken)s of %(all)s taken") % {"taken": spot.taken, "all": spot.resource.units}
            ]
    has_chairs = spot.resource.kind in WITH_CHAIRS
    seats = (_("seats %s") if has_chairs else _("for %s")) % spot.seats
    return {
        "seats": seats,
        "state": state,
        "who": who,
        "about": ", ".join(about),
        "spoken": ", ".join([spot.resource.name, seats, *about]),
        **more,
    }


def _party(party: Party) -> str:
    size = ngettext("party of %s", "party of %s", party.size) % party.size
    return ", ".join(filter(None, [party.name or _("no name"), size]))


def called(party: Party) -> str:
    """What a host calls a party: the last of their names, and how many they are."""
    names = party.name.split()
    if names:
        return f"{names[-1]} {party.size}"
    count = party.size
    return npgettext("on the plan", "%(count)d guest", "%(count)d guests", count) % {"count": count}


def duration(minutes: int) -> str:
    """`35m`, `1h 05`: as short as the language has it, for there is little room on a table."""
    briefly, at_length = _patterns()
    if minutes < 60:
        return briefly % {"minutes": minutes}
    return at_length % {"hours": minutes // 60, "minutes": f"{minutes % 60:02}"}


def _patterns() -> tuple[str, str]:
    """How minutes are written on the plan, and how hours and minutes are."""
    return (
        pgettext("on the plan", "%(minutes)sm"),
        pgettext("on the plan", "%(hours)sh %(minutes)s"),
    )


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
    spots = [spot for each in party.resource_ids if (spot := found.spot(each))]
    is_soon = party.starts_at <= desk.moment + AN_HOUR and not party.is_here
    is_clear = bool(spots) and all(_is_clear(each, party) for each in spots)
    return Arrival(
        party=party,
        url=desk.url("booking", party.id),
        seat=desk.url("act", party.id, do="seat") if is_soon and is_clear else "",
        choose=desk.url("seat", party.id) if is_soon and not is_clear else "",
        at=f"{party.starts_at.astimezone(desk.zone):%H:%M}",
        name=party.name or _("No name"),
        more=" · ".join([size, *names]),
        is_late=party.is_late(desk.moment),
        late=late,
        overbooked=party.overbooked,
    )


def _is_clear(spot: Spot, party: Party) -> bool:
    """Whether a party could sit down where it was given."""
    if spot.resource.units > 1:
        return spot.taken < spot.resource.units
    return spot.is_free or (spot.party is not None and spot.party.id == party.id)


def _waiting(desk: Desk, entry: WaitlistEntry) -> Waiter:
    told = entry.quoted_for
    waits = _minutes(desk.moment - entry.created_at)
    if told:
        more = _("told %(time)s") % {"time": f"{told.astimezone(desk.zone):%H:%M}"}
    else:
        more = _("for today")
    return Waiter(
        id=entry.pk,
        name=str(entry.guest) or _("No name"),
        size=ngettext("%s guest", "%s guests", entry.party_size) % entry.party_size,
        more=more,
        since=entry.created_at.isoformat() if told else "",
        waits=duration(waits),
        is_late=told is not None and told <= desk.moment,
        notes=entry.notes,
        seat=desk.url("walk-in", entry=entry.pk),
        leave=desk.url("stop-waiting", entry.pk),
    )


# --- one of them ---------------------------------------------------------------------------------


@require_safe
@desk("floor")
def resource(desk: Desk, pk: uuid.UUID) -> HttpResponse:
    """What is tapped: who is there, who comes next, and what can be done."""
    return _sheet(desk, pk)


def _sheet(desk: Desk, pk: uuid.UUID, *, refusal: str = "") -> HttpResponse:
    found = reads.floor(desk.here(), now=desk.moment)
    spot = found.spot(pk)
    if spot is None:
        raise NotFound
    said = words(desk, spot, found.at)
    here = [spot.party] if spot.party and spot.resource.units == 1 else []
    if spot.resource.units > 1:
        now = {each.booking_id for each in spot.takings if each.starts_at <= found.at}
        here = [each for each in spot.parties if each.is_here or each.id in now]
    shown = {each.id for each in here}
    local = desk.moment.astimezone(desk.zone)
    return desk.page(
        "floor/resource",
        422 if refusal else 200,
        spot=spot,
        said=said,
        refusal=refusal,
        looks=spot.status.value,
        seats=said["seats"],
        section=spot.resource.section.name if spot.resource.section else "",
        here=[_card(desk, found, spot, each) for each in here],
        following=[
            {
                "party": each,
                "name": each.name or _("No name"),
                "times": times(each.starts_at, each.ends_at, desk.zone),
                "size": people(each.size),
                "url": desk.url("booking", each.id),
            }
            for each in spot.parties
            if each.id not in shown
        ],
        walk_in=[
            (size, desk.url("walk-in", party=size, at=spot.id))
            for size in range(spot.resource.covers_min, min(spot.seats, 12) + 1)
        ]
        if spot.is_free and reads.is_seating(spot)
        else [],
        new_url=desk.url(
            "new", day=desk.today.isoformat(), time=f"{local:%H:%M}", resource=spot.id
        ),
        block_url=desk.url("block", spot.id),
        unblock_url=desk.url("unblock", spot.block_id) if spot.block_id else "",
        ends=[
            (minutes, _("%(lasting)s, until %(time)s") % {
                "lasting": lasting(timedelta(minutes=minutes)),
                "time": f"{local + timedelta(minutes=minutes):%H:%M}",
            })
            for minutes in (30, 60, 120, 240)
        ],
    )  # fmt: skip


def _card(desk: Desk, found: Floor, spot: Spot, party: Party) -> dict[str, Any]:
    """Somebody who is at a place now, or should be; with what can be done."""
    act = desk.url("act", party.id)
    seats = spot.resource.kind in WITH_CHAIRS
    held = party.state is State.HELD
    acts: list[tuple[str, str, str]] = []
    if party.is_here:
        acts = [("complete", _("Party has left") if seats else _("Complete"), "primary")]
    elif party.state is State.CONFIRMED:
        acts = [("seat", _("Seat") if seats else _("Check in"), "primary")]
        if party.starts_at <= found.at:
            acts.append(("no_show", _("No-show"), ""))
    elif held:
        acts = [("confirm", _("Confirm"), "primary"), ("release", _("Let it go"), "")]
    since = party.seated_at or party.starts_at
    return {
        "party": party,
        "name": party.name or (_("On hold") if held else _("No name")),
        "size": people(party.size),
        "times": times(party.starts_at, party.ends_at, desk.zone),
        "is_late": party.is_late(found.at),
        "late": _("%s late") % duration(_minutes(found.at - party.starts_at)),
        "is_over": party.is_over(found.at),
        "over": _("%s over") % duration(_minutes(found.at - party.ends_at)),
        "since": since.isoformat(),
        "sits": duration(_minutes(found.at - since)),
        "progress": _progress(found.at, since, party.ends_at),
        "act": act,
        "acts": acts,
        "extend": [15, 30] if party.is_here else [],
        "url": desk.url("booking", party.id),
        "move": ""
        if party.is_class
        else desk.url("seat", party.id)
        if not party.is_here
        else desk.url("move", party.id),
        "cancel": "" if party.is_here or held else desk.url("cancel", party.id),
    }


# --- taking one out of use -----------------------------------------------------------------------


@require_POST
@desk("floor")
def block(desk: Desk, pk: uuid.UUID) -> HttpResponse:
    """Take it out of use from now on, for so long, and say why."""
    found = reads.resource(desk.here(), pk)
    if found is None:
        raise NotFound
    now = desk.moment.replace(second=0, microsecond=0)
    asked = desk.request.POST.get("minutes", "")
    tonight = local_day(desk.today, desk.zone)[1]
    try:
        until = tonight if asked == "day" else now + timedelta(minutes=min(int(asked), 7 * 1440))
        made = services.block(
            found,
            starts_at=now,
            ends_at=until,
            reason=desk.request.POST.get("reason", "").strip()[:200],
            user=desk.user,
            by=desk.actor,
            now=desk.now,
        )
    except ValueError:
        return _sheet(desk, pk, refusal=_("Say for how long."))
    except DomainError as error:
        return _sheet(desk, pk, refusal=refusal_words(error))
    text = _("%(name)s is blocked until %(time)s.") % {
        "name": found.name,
        "time": f"{until.astimezone(desk.zone):%H:%M}",
    }
    return desk.done(text, to=desk.url("floor"), undo=desk.url("unblock", made.pk))


@require_POST
@desk("floor")
def unblock(desk: Desk, pk: uuid.UUID) -> HttpResponse:
    """Give it back."""
    made = reads.block(desk.business.pk, pk)
    if made is None:
        raise NotFound
    services.unblock(made, by=desk.actor, now=desk.now)
    text = _("%s can be used again.") % made.resource.name
    return desk.done(text, to=desk.url("floor"))
