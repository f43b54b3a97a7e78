"""A property as this protocol sees it: rooms, and the tables in them, single and joined.

A room is a section; what stands in none is in a room that is its location. A table is whatever can
be booked, or a combination: a group.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from accounts.identifiers import int48
from accounts.models import Business
from bookings import selectors
from bookings.api.octotable.gate import absent, bad
from bookings.selectors import Offered
from resources.models import Combination, Location, Resource, Section


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """A section, or a location's tables in none."""

    pk: uuid.UUID
    name: str
    bookable: bool
    location: Location
    section: Section | None

    @property
    def id(self) -> int:
        return int48(self.pk)


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A resource, or with `members` a combination."""

    pk: uuid.UUID
    name: str
    bookable: bool
    guests_min: int
    guests_max: int
    room: Room
    row: Resource | Combination
    members: tuple[uuid.UUID, ...] = ()
    is_gone: bool = False

    @property
    def id(self) -> int:
        return int48(self.pk)

    @property
    def takes(self) -> tuple[uuid.UUID, ...]:
        """The resources that are taken with it."""
        return self.members or (self.pk,)

    def seats(self, pax: int) -> bool:
        return self.guests_min <= pax <= self.guests_max


class Floor:
    """The rooms and tables of a property, read in five queries; with `gone` also those that it no
    longer has, for bookings that were in them."""

    def __init__(self, business: Business, *, gone: bool = False) -> None:
        self.business = business
        places = {
            each.pk: each for each in Location.objects.filter(business=business, is_active=True)
        }
        for place in places.values():
            place.business = business
        sections = list(Section.objects.filter(location__in=places))
        resources = Resource.objects.filter(business=business, location__in=places)
        if not gone:
            resources = resources.filter(deleted_at=None, is_active=True)
        rows = list(resources.order_by("display_order", "name", "id"))
        loose = {each.location_id for each in rows if each.section_id is None}
        of_places = [
            Room(each.pk, each.name, True, each, None)
            for each in places.values()
            if each.pk in loose or gone
        ]
        of_sections = [
            Room(each.pk, each.name, each.is_online, places[each.location_id], each)
            for each in sections
        ]
        self.rooms: dict[uuid.UUID, Room] = {each.pk: each for each in of_sections + of_places}
        self.tables: list[Table] = [
            Table(
                each.pk,
                each.name,
                each.is_online,
                each.covers_min,
                each.covers_max * each.units,
                self.rooms[each.section_id or each.location_id],
                each,
                is_gone=each.deleted_at is not None or not each.is_active,
            )
            for each in rows
        ]
        single = {each.pk: each for each in self.tables}
        for joined in Combination.objects.filter(location__in=places).prefetch_related("members"):
            members = tuple(each.pk for each in joined.members.all())
            known = [single[each] for each in members if each in single]
            if len(known) < len(members) or not known:
                continue
            self.tables.append(
                Table(
                    joined.pk,
                    joined.name,
                    joined.is_active and all(each.bookable for each in known),
                    joined.covers_min,
                    joined.covers_max,
                    known[0].room,
                    joined,
                    members,
                    is_gone=any(each.is_gone for each in known),
                )
            )

    def room(self, number: int) -> Room:
        """The room of this number. Raises Refusal."""
        found = next((each for each in self.rooms.values() if each.id == number), None)
        if found is None:
            raise absent("room")
        return found

    def table(self, number: int, room: Room | None = None) -> Table:
        """The table of this number, in this room if one is said. Raises Refusal."""
        for each in self.tables:
            if each.id == number and (room is None or each.room.pk == room.pk):
                return each
        raise absent("table")

    def inside(self, room: Room) -> list[Table]:
        return [each for each in self.tables if each.room.pk == room.pk]

    def of(self, resource_ids: Collection[uuid.UUID]) -> list[Table]:
        """The tables that these resources are: a group where all of them are one."""
        wanted = set(resource_ids)
        if len(wanted) > 1:
            for each in self.tables:
                if each.members and set(each.members) == wanted:
                    return [each]
        single = {each.pk: each for each in self.tables if not each.members}
        return [single[each] for each in resource_ids if each in single]

    def free(
        self, start: datetime, end: datetime, *, now: datetime | None = None
    ) -> set[uuid.UUID]:
        """The tables and groups of which nothing is taken in a stretch. One query."""
        seen = selectors.offered(self.business.pk, start, end, now=now)
        return free_among(self.tables, {each.id: each for each in seen})


def free_among(tables: Iterable[Table], seen: Mapping[uuid.UUID, Offered]) -> set[uuid.UUID]:
    """The tables of which there is a unit left, and the groups that are free as a whole."""
    found = set()
    for table in tables:
        there = [seen.get(each) for each in table.takes]
        if table.members:
            is_free = all(each and not each.candidate.taken_units for each in there)
        else:
            only = there[0]
            is_free = bool(only and len(only.candidate.taken_units) < only.candidate.units)
        if is_free:
            found.add(table.pk)
    return found


def together(tables: Collection[Table]) -> tuple[uuid.UUID, ...]:
    """The resources of several tables. Raises Refusal when one is named twice."""
    every = [each for table in tables for each in table.takes]
    if len(set(every)) < len(every):
        raise bad("table_ids: A table is named twice.")
    return tuple(every)
