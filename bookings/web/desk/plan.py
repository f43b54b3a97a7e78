"""Drawing the room: where everything stands, how large it is, what may be put together.

The page edits a copy and sends it whole; `resources.plans` takes all of it or nothing, and nothing
when somebody else has changed the plan meanwhile.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.errors import Conflict, DomainError
from bookings import floor as reads
from bookings.web import refusals
from bookings.web.desk.shell import MANAGER, Desk, desk
from resources import plans
from resources.plans import Joined, Plan, Room, Standing

LONGEST = 2_000_000  # bytes of a plan


@require_http_methods(["GET", "HEAD", "POST"])
@desk("floor", role=MANAGER)
def plan(desk: Desk) -> HttpResponse:
    """The plan to draw in; by POST, as JSON, it becomes this."""
    place = desk.here()
    if desk.request.method == "POST":
        return _save(desk)
    found = plans.drawn(place)
    # What nobody has placed yet is drawn where the floor shows it.
    stands = {str(each.id): each for each in reads.spots_of(reads.furniture(place))}
    standing = [
        dataclasses.replace(each, x=round(max(spot.x, 0)), y=round(max(spot.y, 0)))
        if each.x is None and (spot := stands.get(each.key))
        else each
        for each in found.standing
    ]
    drawn = dataclasses.asdict(dataclasses.replace(found, standing=standing))
    return desk.page(
        "floor/plan",
        plan=drawn | {"version": found.version},
        words=_words(),
        back=desk.url("floor"),
    )


def _save(desk: Desk) -> HttpResponse:
    try:
        said = json.loads(desk.request.body[:LONGEST])
        wanted, version = read(said), str(said["version"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"error": _("That is no plan.")}, status=422)
    try:
        gone = plans.redraw(desk.here(), wanted, version=version, now=desk.now)
    except Conflict as error:
        is_stale = plans.drawn(desk.here()).version != version
        return JsonResponse({"error": refusals.in_words(error), "stale": is_stale}, status=409)
    except DomainError as error:
        return JsonResponse({"error": refusals.in_words(error)}, status=422)
    stranded = reads.promised_at([each.pk for each in gone], now=desk.moment) if gone else 0
    text = _("The plan is saved.")
    if stranded:
        text += (
            " "
            + ngettext(
                "%s booking is at a table that is gone: give it another.",
                "%s bookings are at tables that are gone: give them others.",
                stranded,
            )
            % stranded
        )
    done = desk.done(text, to=desk.url("floor"), kind="warning" if stranded else "success")
    return JsonResponse({"url": done.headers.get("Location", desk.url("floor"))})


def read(said: Mapping[str, Any]) -> Plan:
    """A plan as the page sends it. Raises ValueError, KeyError or TypeError for what is none."""
    return Plan(
        rooms=[Room(_text(each["key"]), _text(each["name"])) for each in said["rooms"]],
        standing=[
            Standing(
                key=_text(each["key"]),
                name=_text(each["name"]),
                room=_text(each.get("room") or ""),
                kind=_text(each.get("kind") or "table", 50),
                covers_min=_count(each["covers_min"]),
                covers_max=_count(each["covers_max"]),
                units=_count(each.get("units", 1), 500),
                shape="round" if each.get("shape") == "round" else "square",
                x=float(each["x"]),
                y=float(each["y"]),
                width=float(each["width"]),
                height=float(each["height"]),
                rotation=int(each.get("rotation", 0)) % 360,
            )
            for each in said["standing"]
        ],
        joined=[
            Joined(
                key=_text(each["key"]),
                name=_text(each["name"]),
                members=tuple(_text(key) for key in each["members"]),
                covers_min=_count(each["covers_min"]),
                covers_max=_count(each["covers_max"]),
            )
            for each in said["joined"]
        ],
    )


def _text(value: Any, most: int = 200) -> str:
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise ValueError
    return value


def _count(value: Any, most: int = 1000) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise ValueError
    return number


def _words() -> dict[str, str]:
    """What the page says by itself."""
    return {
        "seats": _("%(name)s, for %(least)s to %(most)s"),
        "table": _("Table %s"),
        "room": _("Room %s"),
        "joined": _("%s together"),
        "several": _("%s chosen"),
        "none": _("Choose something in the plan, or add a table."),
        "saved": _("The plan is saved."),
        "failed": _("That didn’t reach the server. Nothing was saved yet; please try again."),
        "gone": _("%s is taken off the plan."),
        "at": _("%(name)s, %(x)s right, %(y)s down"),
        "remove": _("Remove %s"),
        "up": _("Move %s up"),
        "down": _("Move %s down"),
        "call": _("Name of the room"),
        "call_joined": _("Name of the combination"),
        "least": _("Smallest party"),
        "most": _("Largest party"),
        "nowhere": _("No room"),
    }
