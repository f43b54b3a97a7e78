"""The plan of a place: its rooms, what stands in them and where, and what may be put together.

It is read and written as a whole. Whoever writes says which plan they changed (`version`), so two
who draw at once never undo each other's work unseen.
"""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts import clock
from accounts.errors import Conflict, Invalid
from accounts.transactions import lock
from resources.models import Combination, Location, Resource, Section
from resources.services import PLACE, checked, once

LARGEST = 5000.0  # how far from the corner anything may stand
SMALLEST, WIDEST = 20.0, 1500.0
MOST = 500  # things on one plan


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """A section. `key` is its id, or for a new one whatever names it in this plan."""

    key: str
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Something on the plan: its corner and size before it is turned, in units of the plan. What
    nobody has placed has no corner. `key` as of a room."""

    key: str
    name: str
    room: str = ""
    kind: str = "table"
    covers_min: int = 1
    covers_max: int = 2
    units: int = 1
    shape: str = "square"
    x: float | None = None
    y: float | None = None
    width: float = 100.0
    height: float = 80.0
    rotation: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Joined:
    """What may be taken together, by the keys of its members."""

    key: str
    name: str
    members: tuple[str, ...]
    covers_min: int
    covers_max: int


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A plan; rooms in their order. When it is written, what isn't on it any more is removed; how
    many units something has is said when it is added, and isn't changed by a plan."""

    rooms: Sequence[Room]
    standing: Sequence[Standing]
    joined: Sequence[Joined]

    @property
    def version(self) -> str:
        """The same for the same plan."""
        rooms = [dataclasses.astuple(each) for each in self.rooms]
        standing = sorted(dataclasses.astuple(each) for each in self.standing)
        joined = sorted(
            dataclasses.astuple(dataclasses.replace(each, members=tuple(sorted(each.members))))
            for each in self.joined
        )
        return hashlib.sha256(repr((rooms, standing, joined)).encode()).hexdigest()[:32]


def furniture(place: Location) -> list[Resource]:
    """What stands on the plan of a place: all but people, and the places that a service without
    any has."""
    rows = Resource.objects.filter(location=place, is_active=True, deleted_at=None)
    return list(rows.exclude(kind="staff").exclude(kind__startswith=f"{PLACE} "))


def drawn(place: Location) -> Plan:
    """The plan as it is. Four queries."""
    return Plan(
        rooms=[Room(str(each.pk), each.name) for each in Section.objects.filter(location=place)],
        standing=[
            Standing(
                key=str(each.pk),
                name=each.name,
                room=str(each.section_id or ""),
                kind=each.kind,
                covers_min=each.covers_min,
                covers_max=each.covers_max,
                units=each.units,
                shape=each.shape,
                x=each.plan_x,
                y=each.plan_y,
                width=each.plan_width or 100.0,
                height=each.plan_height or 80.0,
                rotation=each.plan_rotation,
            )
            for each in furniture(place)
        ],
        joined=[
            Joined(
                key=str(each.pk),
                name=each.name,
                members=tuple(str(member.pk) for member in each.members.all()),
                covers_min=each.covers_min,
                covers_max=each.covers_max,
            )
            for each in Combination.objects.filter(location=place, is_active=True).prefetch_related(
                "members"
            )
        ],
    )


@transaction.atomic
def redraw(
    place: Location, plan: Plan, *, version: str, now: datetime | None = None
) -> list[Resource]:
    """Make a place's plan this one: all of it, or nothing. Returns what was taken off it, whose
    bookings stay for staff to move.

    Raises Conflict when `version` isn't the plan's any more, or for a name that is there twice;
    Invalid for what can't stand so.
    """
    lock([f"plan:{place.pk}"])
    before = drawn(place)
    if before.version != version:
        raise Conflict("Somebody else has changed the plan meanwhile.")
    _refuse_nonsense(plan, before)
    rooms = _rooms(place, plan.rooms)
    rows = {str(each.pk): each for each in furniture(place)}
    kept = {each.key for each in plan.standing}
    gone = [each for key, each in rows.items() if key not in kept]
    for each in gone:
        each.deleted_at = clock.read(now)
        each.save(update_fields=["deleted_at"])
    _part(rows[key] for key in kept & rows.keys())
    order = {each.key: n for n, each in enumerate(plan.standing)}
    made = {
        each.key: _stand(place, rows.get(each.key), each, rooms, order[each.key])
        for each in plan.standing
    }
    _join(place, plan.joined, made)
    empty = Section.objects.filter(location=place).exclude(
        pk__in=[each.pk for each in rooms.values()]
    )
    if still := empty.filter(resources__deleted_at=None).distinct().first():
        raise Invalid(f"Somebody or something still belongs to “{still.name}”.")
    empty.delete()
    return gone


def _refuse_nonsense(plan: Plan, before: Plan) -> None:
    if len(plan.standing) > MOST:
        raise Invalid(f"A plan has room for {MOST} things.")
    known = {each.key for each in before.rooms} | {each.key for each in before.standing}
    known |= {each.key for each in before.joined}
    for part in (plan.rooms, plan.standing, plan.joined):
        keys = [each.key for each in part]
        if len(set(keys)) < len(keys):
            raise Invalid("The same thing is there twice.")
        # What looks like an id is one of this plan's; what is new is named otherwise.
        if any(_is_id(key) and key not in known for key in keys):
            raise Conflict("Somebody else has changed the plan meanwhile.")
    rooms = {each.key for each in plan.rooms}
    for each in plan.standing:
        numbers = (each.width, each.height)
        corner = (each.x or 0.0, each.y or 0.0)
        if not all(0 <= number <= LARGEST for number in corner):
            raise Invalid(f"“{each.name}” stands too far away.")
        if not all(SMALLEST <= number <= WIDEST for number in numbers):
            raise Invalid(f"“{each.name}” is too small or too large.")
        if each.room and each.room not in rooms:
            raise Invalid(f"There is no such room for “{each.name}”.")
        if not 1 <= each.covers_min <= each.covers_max * each.units:
            raise Invalid(f"The smallest party of “{each.name}” is larger than the largest.")


def _is_id(key: str) -> bool:
    try:
        return bool(uuid.UUID(key))
    except ValueError:
        return False


def _rooms(place: Location, wanted: Sequence[Room]) -> dict[str, Section]:
    """The sections by key, named and in the order as they are wanted."""
    rows = {str(each.pk): each for each in Section.objects.filter(location=place)}
    # Two may have changed names.
    for key, row in rows.items():
        Section.objects.filter(pk=row.pk).update(name=f"~ {key}")
    found = {}
    for n, each in enumerate(wanted):
        row = rows.get(each.key) or Section(location=place)
        row.name, row.display_order = each.name.strip(), n
        try:
            checked(row, ["name"])
        except Invalid:
            raise Invalid("Every room needs a name.") from None
        with once(section_name_once=f"There are two rooms called “{row.name}”."):
            row.save()
        found[each.key] = row
    for key, row in rows.items():
        if key not in found:
            Section.objects.filter(pk=row.pk).update(name=row.name)
    return found


def _part(rows: Iterable[Resource]) -> None:
    """Take the names of what stays out of each other's way, as two may have changed theirs."""
    for each in rows:
        Resource.objects.filter(pk=each.pk).update(name=f"~ {each.pk}")


def _stand(
    place: Location, row: Resource | None, wanted: Standing, rooms: dict[str, Section], order: int
) -> Resource:
    made = row or Resource(business_id=place.business_id, location=place, kind=wanted.kind)
    made.name = wanted.name.strip()
    made.section = rooms.get(wanted.room)
    made.covers_min, made.covers_max = wanted.covers_min, wanted.covers_max
    made.shape = wanted.shape
    made.plan_x, made.plan_y = wanted.x, wanted.y
    made.plan_width, made.plan_height = wanted.width, wanted.height
    made.plan_rotation = wanted.rotation % 360
    if row is None:
        made.units, made.display_order = wanted.units, order
    try:
        made.clean_fields(exclude=["section", "location", "business", "user"])
    except ValidationError as error:
        said = "; ".join(f"{name}: {' '.join(words)}" for name, words in error.message_dict.items())
        raise Invalid(f"“{made.name or '?'}” — {said}") from None
    room = f" in “{made.section.name}”" if made.section else ""
    with once(resource_name_once=f"There are two called “{made.name}”{room}."):
        made.save()
    return made


def _join(place: Location, wanted: Sequence[Joined], made: dict[str, Resource]) -> None:
    rows = {
        str(each.pk): each for each in Combination.objects.filter(location=place, is_active=True)
    }
    kept = {each.key for each in wanted}
    Combination.objects.filter(
        Q(pk__in=[each.pk for key, each in rows.items() if key not in kept])
    ).delete()
    for key in kept & rows.keys():
        Combination.objects.filter(pk=rows[key].pk).update(name=f"~ {key}")
    for n, each in enumerate(wanted):
        members = [made[key] for key in dict.fromkeys(each.members) if key in made]
        if len(members) < max(2, len(set(each.members))):
            raise Invalid(f"“{each.name}” needs two or more that are there.")
        if not 1 <= each.covers_min <= each.covers_max:
            raise Invalid(f"The smallest party of “{each.name}” is larger than the largest.")
        row = rows.get(each.key) or Combination(location=place, display_order=n)
        row.name = each.name.strip()
        row.covers_min, row.covers_max = each.covers_min, each.covers_max
        checked(row, ["name", "covers_min", "covers_max"])
        with once(combination_name_once=f"There are two combinations called “{row.name}”."):
            row.save()
        row.members.set(members)
