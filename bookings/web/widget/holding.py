"""A place is chosen and held: the floor plan, the hold itself, and what becomes of it."""

from __future__ import annotations

import dataclasses
import math
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError, Unavailable
from bookings import cards, links, offers, services
from bookings.errors import QuotaUsedUp
from bookings.models import Session
from bookings.web.widget import choice as choices
from bookings.web.widget import room, steps, words
from bookings.web.widget.choice import Choice
from bookings.web.widget.room import Free
from bookings.web.widget.visit import Visit, visit
from resources import selectors as resources
from resources.models import Resource

MARGIN = 16  # around what stands in a section, on its plan
SIZE = 60  # of what has none
LARGE = 0.9  # pixels for each of the plan's own units, at most
WIDE = 420  # a plan isn't drawn narrower than this, or a lone table would fill the page


@require_safe
@visit
def table(asked: Visit) -> HttpResponse:
    """The room as it is at that time: choose a table, or leave it to the house."""
    choice = choices.read(asked)
    at = choices.instant(asked.request.GET.get("at", ""))
    if not choice.is_complete or at is None or not steps.has_plan(choice):
        return asked.go("when", **choice.query)
    day = at.astimezone(choice.zone).date()
    held = room.held_by(choice)
    found = next((e for e in room.free(choice, day, day, held) if e.starts_at == at), None)
    if found is None:
        return asked.go("when", **choice.query, taken=choices.written(at))
    assert choice.location is not None
    mine = set(held.resource_ids) if held and found.is_held else set()
    return asked.page(
        "table",
        title=_("Choose your table"),
        picked=_picked(choice, found),
        at=choices.written(at),
        hold=choice.url("hold"),
        sections=_sections(resources.plan(choice.location.pk), found, mine),
        back=choice.url("when", day=day.isoformat()),
        zone=words.zone(at, choice.zone),
    )


def _picked(choice: Choice, found: Free) -> dict[str, str]:
    assert choice.location is not None
    return {
        "day": words.day(found.starts_at.astimezone(choice.zone).date()),
        "times": words.times(found.starts_at, found.ends_at, choice.zone),
        "iso": found.starts_at.isoformat(),
        "party": words.people(choice.party),
        "place": cards.line(choice.location.name) if len(choice.locations) > 1 else "",
        "address": cards.line(choice.location.address),
    }


@dataclasses.dataclass(frozen=True)
class Spot:
    """A table on the plan; its place in hundredths of the plan's width and height."""

    id: uuid.UUID
    name: str
    short: str
    seats: int
    is_free: bool
    is_mine: bool
    is_round: bool
    style: str


@dataclasses.dataclass(frozen=True)
class Room:
    """A section: on a plan where all in it have a place, else in a row."""

    name: str
    frame: str
    spots: list[Spot]


def _sections(stands: Sequence[Resource], found: Free, mine: set[uuid.UUID]) -> list[Room]:
    by_section: dict[str, list[Resource]] = {}
    for each in stands:
        by_section.setdefault(cards.line(each.section.name) if each.section else "", []).append(
            each
        )
    return [_room(name, rows, found, mine) for name, rows in by_section.items()]


@dataclasses.dataclass(frozen=True)
class Shape:
    """Where a table stands: its middle, its sides, and how it is turned; a quarter turn is none,
    with its sides changed over."""

    x: float
    y: float
    width: float
    height: float
    turn: int

    @classmethod
    def of(cls, each: Resource) -> Shape:
        width, height = each.plan_width or SIZE, each.plan_height or SIZE
        x, y = (each.plan_x or 0) + width / 2, (each.plan_y or 0) + height / 2
        turn = each.plan_rotation % 180
        if turn == 90:
            return cls(x, y, height, width, 0)
        return cls(x, y, width, height, turn)

    @property
    def reach(self) -> tuple[float, float]:
        """How far it reaches from its middle, to the side and up."""
        angle = math.radians(self.turn)
        cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
        return (
            (self.width * cos + self.height * sin) / 2,
            (self.width * sin + self.height * cos) / 2,
        )


def _room(name: str, rows: list[Resource], found: Free, mine: set[uuid.UUID]) -> Room:
    placed = all(each.plan_x is not None and each.plan_y is not None for each in rows)
    shapes = [Shape.of(each) for each in rows]
    left = min(each.x - each.reach[0] for each in shapes) - MARGIN
    top = min(each.y - each.reach[1] for each in shapes) - MARGIN
    wide = max(max(each.x + each.reach[0] for each in shapes) + MARGIN - left, WIDE)
    high = max(each.y + each.reach[1] for each in shapes) + MARGIN - top

    def style(each: Shape) -> str:
        return (
            f"left:{(each.x - each.width / 2 - left) / wide:.2%};"
            f"top:{(each.y - each.height / 2 - top) / high:.2%};"
            f"width:{each.width / wide:.2%};height:{each.height / high:.2%}"
            + (f";--turn:{each.turn}deg" if each.turn else "")
        )

    spots = [
        Spot(
            id=each.pk,
            name=cards.line(each.name),
            short=_short(cards.line(each.name)),
            seats=each.covers_max * each.units,
            is_free=each.pk in found.resource_ids,
            is_mine=each.pk in mine,
            is_round=each.shape == Resource.Shape.ROUND,
            style=style(shape) if placed else "",
        )
        for each, shape in zip(rows, shapes, strict=True)
    ]
    frame = f"aspect-ratio:{wide:.0f} / {high:.0f};max-width:{wide * LARGE:.0f}px"
    return Room(name, frame if placed else "", spots)


def _short(name: str) -> str:
    """What fits on a table: its number, if it has one."""
    last = name.rpartition(" ")[2]
    return last if last.isdecimal() else name[:4]


@require_POST
@visit
def hold(asked: Visit) -> HttpResponse:
    """Hold what was chosen, in place of what was held before; then ask who comes."""
    choice = choices.read(asked)
    sent = asked.request.POST
    at = choices.instant(sent.get("at", ""))
    if not choice.is_complete or at is None:
        return asked.go("when", **choice.query)
    run = _run(choice, at, sent.get("run", "")) if choice.is_class else None
    taken = {"taken": choices.written(at), "run": sent.get("run")}
    if choice.is_class and run is None:
        return asked.go("when", **choice.query, **taken)
    try:
        held = _hold(choice, at, run, _uuid(sent.get("table", "")))
    except Unavailable:
        raise
    except QuotaUsedUp:
        return asked.page(
            "notice",
            409,
            title=_("Nothing more can be booked here"),
            text=_("No further bookings are taken online this month. Please get in touch with us."),
        )
    except DomainError:
        return asked.go("when", **choice.query, **taken)
    return asked.go("held", links.token(held), staff=choice.person)


def _hold(choice: Choice, at: datetime, run: Session | None, table: uuid.UUID | None) -> Any:
    day = at.astimezone(choice.zone).date()
    search = choice.search(day, day, table=table)
    if run:
        search = dataclasses.replace(search, duration=run.ends_at - run.starts_at)
    else:
        search = dataclasses.replace(search, duration=choices.lasts(choice))
    return services.hold_own(
        offers.wish_at(search, at),
        visitor=choice.visit.visitor,
        run=run,
        language=choice.visit.language,
        now=choice.visit.now,
    )


def _run(choice: Choice, at: datetime, key: str) -> Session | None:
    day = at.astimezone(choice.zone).date()
    found = room.free(choice, day, day, None)
    return next((each.run for each in found if each.key == key and each.starts_at == at), None)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
