"""Rooms and the tables in them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Business
from bookings import offers
from bookings.api.octotable.catalogue import refuse_while_booked, service_of
from bookings.api.octotable.dialect import Endpoint, data, instant_at
from bookings.api.octotable.floor import Floor, Room, Table, together
from bookings.api.octotable.gate import Refusal, bad
from bookings.api.octotable.render import room_json, table_json
from bookings.api.octotable.serializers import RoomRequest, TableRequest, TablesQuery
from bookings.wishes import Search
from resources.models import Combination, Resource
from resources.services import (
    add_combination,
    add_resource,
    add_section,
    change_combination,
    change_location,
    change_resource,
    change_section,
    first_location,
    remove_combination,
    remove_resource,
    remove_section,
)

NOW = timedelta(minutes=1)


class Rooms(Endpoint):
    """GET, POST /rooms"""

    def get(self, request: Request) -> Response:
        floor = Floor(self.business)
        free = floor.free(self.moment, self.moment + NOW, now=self.now)
        return data(
            *(
                room_json(each, self.business, floor.inside(each), free)
                for each in floor.rooms.values()
            )
        )

    def post(self, request: Request) -> Response:
        sent = self.read(RoomRequest)
        made = add_section(
            first_location(self.business),
            name=sent["name"],
            is_online=sent.get("bookable", True),
        )
        room = Floor(self.business).rooms[made.pk]
        return data(room_json(room, self.business, []), status=201)


class OneRoom(Endpoint):
    """GET, PUT, DELETE /rooms/{room_id}"""

    def get(self, request: Request, room_id: int) -> Response:
        return self._shown(room_id)

    def put(self, request: Request, room_id: int) -> Response:
        sent = self.read(RoomRequest, partial=True)
        room = Floor(self.business).room(room_id)
        if not sent:
            raise bad("name: This field is required.")
        if room.section is not None:
            values = {"name": sent.get("name"), "is_online": sent.get("bookable")}
            change_section(
                room.section, **{name: each for name, each in values.items() if each is not None}
            )
        elif "name" in sent:
            change_location(room.location, name=sent["name"])
        return self._shown(room_id)

    def delete(self, request: Request, room_id: int) -> Response:
        floor = Floor(self.business)
        room = floor.room(room_id)
        if room.section is None:
            raise Refusal(409, "ConflictException", "What stands in no room is not in one to go.")
        inside = {one for each in floor.inside(room) for one in each.takes}
        refuse_while_booked(self.business, self.moment, resource_ids=inside)
        remove_section(room.section, now=self.now)
        return data(room_id)

    def _shown(self, room_id: int) -> Response:
        floor = Floor(self.business)
        room = floor.room(room_id)
        free = floor.free(self.moment, self.moment + NOW, now=self.now)
        return data(room_json(room, self.business, floor.inside(room), free))


class Tables(Endpoint):
    """GET /tables"""

    def get(self, request: Request) -> Response:
        floor = Floor(self.business)
        return self.listed(floor, floor.tables)

    def listed(self, floor: Floor, tables: list[Table]) -> Response:
        """Tables, free now; or those that fit what is asked, free then."""
        asked = self.ask(TablesQuery)
        if pax := asked.get("pax"):
            tables = [each for each in tables if each.seats(pax)]
        if "start_date" in asked and "service_id" in asked:
            free = self._free_for(asked, floor)
        else:
            free = floor.free(self.moment, self.moment + NOW, now=self.now)
        return data(*(table_json(each, free) for each in tables))

    def _free_for(self, asked: dict[str, Any], floor: Floor) -> set[uuid.UUID]:
        """The tables that could be had at a start of a service, or at one of a day."""
        service = service_of(self.business, asked["service_id"])
        day, pax = asked["start_date"], asked.get("pax", 1)
        search = Search(
            business=self.business,
            service=service,
            first_day=day,
            last_day=day,
            party_size=pax,
            by_guest=False,
        )
        found: set[uuid.UUID] = set()
        hour = asked.get("start_hour")
        zones = {each.location.pk: each.location.zone for each in floor.rooms.values()}
        for slot in offers.slots(search, now=self.now):
            zone = zones.get(slot.location_id)
            if zone is None or (hour and instant_at(day, hour, zone) != slot.starts_at):
                continue
            there = set(slot.resource_ids)
            found |= there | {
                each.pk for each in floor.tables if each.members and there.issuperset(each.members)
            }
            if hour:
                found |= {
                    pk
                    for pk in floor.free(slot.takes_from, slot.takes_until, now=self.now)
                    if pk not in {each.pk for each in floor.tables if not each.members}
                }
        return found


class RoomTables(Tables):
    """GET /room/{room_id}/tables"""

    def get(self, request: Request, room_id: int) -> Response:  # type: ignore[override]
        floor = Floor(self.business)
        return self.listed(floor, floor.inside(floor.room(room_id)))


class TablesOfRoom(RoomTables):
    """GET, POST /rooms/{room_id}/tables: the same under another name."""

    def post(self, request: Request, room_id: int) -> Response:
        return added(self, room_id)


class NewTable(Endpoint):
    """POST /room/{room_id}/table"""

    def post(self, request: Request, room_id: int) -> Response:
        return added(self, room_id)


def added(view: Endpoint, room_id: int) -> Response:
    """A new table or group of a room."""
    sent = view.read(TableRequest)
    floor = Floor(view.business)
    room = floor.room(room_id)
    made = _joined(sent, floor, room) if sent.get("group") else _single(view.business, sent, room)
    table = next(each for each in Floor(view.business).tables if each.pk == made.pk)
    return data(table_json(table, {table.pk}), status=201)


def _single(business: Business, sent: dict[str, Any], room: Room) -> Resource:
    if "guests_max" not in sent:
        raise bad("guests_max: This field is required.")
    least = sent.get("guests_min", 1)
    refuse_disorder(least, sent["guests_max"])
    return add_resource(
        business,
        location=room.location,
        section=room.section.name if room.section else "",
        kind="table",
        name=sent["name"],
        covers_min=least,
        covers_max=sent["guests_max"],
        is_online=sent.get("bookable", True),
    )


def _joined(sent: dict[str, Any], floor: Floor, room: Room) -> Combination:
    members = members_of(sent.get("table_ids", ()), floor, room)
    least = sent.get("guests_min", sum(each.guests_min for each in members))
    most = sent.get("guests_max", sum(each.guests_max for each in members))
    refuse_disorder(least, most)
    return add_combination(
        room.location,
        together(members),
        name=sent["name"],
        covers_min=least,
        covers_max=most,
        is_active=sent.get("bookable", True),
    )


def members_of(numbers: Any, floor: Floor, room: Room) -> list[Table]:
    """The stand-alone tables of a group. Raises Refusal."""
    members = [floor.table(each, room) for each in numbers]
    if len(members) < 2 or any(each.members for each in members):
        raise bad("table_ids: A group is of two stand-alone tables of the room, or more.")
    return members


def refuse_disorder(least: int, most: int) -> None:
    if least > most:
        raise bad("guests_min: Must not be more than guests_max.")


class OneTable(Endpoint):
    """GET, PUT, DELETE /room/{room_id}/table/{table_id}"""

    def get(self, request: Request, room_id: int, table_id: int) -> Response:
        return self._shown(room_id, table_id)

    def put(self, request: Request, room_id: int, table_id: int) -> Response:
        sent = self.read(TableRequest, partial=True)
        floor = Floor(self.business)
        room = floor.room(room_id)
        table = floor.table(table_id, room)
        if sent.get("group", bool(table.members)) != bool(table.members):
            raise Refusal(409, "ConflictException", "A table stays one, and so does a group.")
        least = sent.get("guests_min", table.guests_min)
        most = sent.get("guests_max", table.guests_max)
        refuse_disorder(least, most)
        values: dict[str, Any] = {"covers_min": least, "covers_max": most}
        if "name" in sent:
            values["name"] = sent["name"]
        if isinstance(table.row, Combination):
            if "bookable" in sent:
                values["is_active"] = sent["bookable"]
            if "table_ids" in sent:
                values["members"] = together(members_of(sent["table_ids"], floor, room))
            change_combination(table.row, **values)
        else:
            if "bookable" in sent:
                values["is_online"] = sent["bookable"]
            if table.row.units > 1 and "guests_max" not in sent:
                del values["covers_max"]  # of each of them, and they are several
            change_resource(table.row, **values)
        return self._shown(room_id, table_id)

    def delete(self, request: Request, room_id: int, table_id: int) -> Response:
        floor = Floor(self.business)
        table = floor.table(table_id, floor.room(room_id))
        if isinstance(table.row, Combination):
            remove_combination(table.row)
        else:
            refuse_while_booked(self.business, self.moment, resource_ids={table.pk})
            with transaction.atomic():
                for each in floor.tables:
                    if isinstance(each.row, Combination) and table.pk in each.members:
                        remove_combination(each.row)
                remove_resource(table.row, now=self.now)
        return data(table_id)

    def _shown(self, room_id: int, table_id: int) -> Response:
        floor = Floor(self.business)
        table = floor.table(table_id, floor.room(room_id))
        free = floor.free(self.moment, self.moment + NOW, now=self.now)
        return data(table_json(table, free))
