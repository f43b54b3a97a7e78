"""Which of many slots could be booked now: one wide search, and the times looked up in it."""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Business
from bookings import offers as timetable
from bookings import rules
from bookings.api.google import tags
from bookings.api.google.catalogue import Offer, is_sold, uuid_in
from bookings.models import Session
from bookings.wishes import Search, Wish
from resources.models import Location

DAY = timedelta(days=1)
LARGEST = 20  # guests in one booking, as far as Google offers


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A slot by Google's words for it."""

    service_id: str
    start: int  # Unix seconds
    duration: int = 0  # seconds; 0: whatever is offered
    party_size: int = 0  # 0: not said
    staff_id: str = ""
    room_id: str = ""
    tag: str = ""

    @classmethod
    def of(cls, slot: Mapping[str, Any]) -> Asked:
        """From a Slot or a SlotTime."""
        who = slot.get("resources", slot.get("resource_ids", {}))
        return cls(
            slot.get("service_id", ""),
            slot.get("start_sec", 0),
            slot.get("duration_sec", 0),
            who.get("party_size", 0),
            who.get("staff_id", ""),
            who.get("room_id", ""),
            slot.get("availability_tag", ""),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Hit:
    """A slot that could be booked now: `session` for a place in a class."""

    place: Location
    offer: Offer
    starts_at: datetime
    ends_at: datetime
    party_size: int
    staff_id: uuid.UUID | None = None
    room_id: uuid.UUID | None = None
    session: Session | None = None
    left: int = 1

    def wish(self) -> Wish:
        """What has to be wished for to have it, by the same rules."""
        service, business = self.offer.service, self.place.business
        fields: dict[str, Any] = {
            "starts_at": self.starts_at,
            "party_size": self.party_size,
            "location_id": self.place.pk,
            "resource_id": self.staff_id or self.room_id,
            "among": frozenset({self.room_id}) if self.staff_id and self.room_id else None,
            "keeps_hours": True,
            "by_guest": True,
            "step": rules.step_of(business, service),
        }
        if service:
            return Wish.of(service, **fields)
        return Wish(business=business, duration=self.ends_at - self.starts_at, **fields)


def find(
    place: Location,
    known: Mapping[str, Offer],
    asked: Sequence[Asked],
    *,
    now: datetime | None,
) -> list[Hit | None]:
    """What is free of the slots asked for, in their order; None for what isn't.

    The number of queries grows with the services, rooms and sizes of party that are asked for, not
    with the slots or the days.
    """
    found: list[Hit | None] = [None] * len(asked)
    groups: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for number, each in enumerate(asked):
        groups[each.service_id, each.party_size, each.room_id].append(number)
    for (service_id, party_size, room_id), numbers in groups.items():
        offer = known.get(service_id)
        if offer is None or not is_sold(place, offer.service, now=now):
            continue
        if not 0 <= party_size <= LARGEST or (offer.is_dining and not party_size):
            continue
        for number, hit in _of_group(
            place,
            offer,
            {number: asked[number] for number in numbers},
            party_size=party_size or 1,
            room_id=room_id,
            now=now,
        ).items():
            found[number] = hit
    return found


def _of_group(
    place: Location,
    offer: Offer,
    asked: Mapping[int, Asked],
    *,
    party_size: int,
    room_id: str,
    now: datetime | None,
) -> dict[int, Hit]:
    """What is free of slots that differ in time and staff only."""
    moment = now or datetime.now(UTC)
    business, service = place.business, offer.service
    _, horizon = rules.notice_and_horizon(business, service, moment)
    near = {
        number: each
        for number, each in asked.items()
        if moment.timestamp() - 1 <= each.start <= horizon.timestamp() + 1
    }
    room = uuid_in(room_id)
    if not near or (room_id and room is None):
        return {}
    zone = ZoneInfo(place.zone)
    starts = [datetime.fromtimestamp(each.start, zone).date() for each in near.values()]
    search = Search(
        business=business,
        service=service,
        first_day=min(starts) - DAY if service and service.capacity else min(starts),
        last_day=max(starts) + DAY if service and service.capacity else max(starts),
        party_size=party_size,
        location_id=place.pk,
        resource_ids=frozenset({room}) if room else None,
    )
    if service and service.capacity:
        return _of_runs(place, offer, near, search, now=now)
    slots = {int(each.starts_at.timestamp()): each for each in timetable.slots(search, now=now)}
    # Nobody is asked for along with a room but by a search of its own: who serves there differs.
    pairs = {each.staff_id for each in near.values() if each.staff_id} if room else set()
    with_staff = {
        staff: {
            int(each.starts_at.timestamp())
            for each in timetable.slots(
                dataclasses.replace(search, resource_ids=frozenset({room, key})), now=now
            )
        }
        for staff in pairs
        if room and (key := uuid_in(staff))
    }
    hits: dict[int, Hit] = {}
    for number, each in near.items():
        slot = slots.get(each.start)
        staff = uuid_in(each.staff_id)
        if slot is None or (each.staff_id and (staff is None or staff not in slot.resource_ids)):
            continue
        if each.staff_id and room and each.start not in with_staff.get(each.staff_id, ()):
            continue
        if each.duration and each.duration != (slot.ends_at - slot.starts_at).total_seconds():
            continue
        hits[number] = Hit(
            place,
            offer,
            slot.starts_at,
            slot.ends_at,
            party_size,
            staff,
            room,
            left=max(1, len(slot.resource_ids)) if offer.is_dining else 1,
        )
    return hits


def _of_runs(
    place: Location,
    offer: Offer,
    asked: Mapping[int, Asked],
    search: Search,
    *,
    now: datetime | None,
) -> dict[int, Hit]:
    """The same of a class: its scheduled runs, by their tag where there are several at a time."""
    runs: dict[int, list[timetable.Place]] = defaultdict(list)
    for each in timetable.runs(search, now=now):
        runs[int(each.session.starts_at.timestamp())].append(each)
    hits: dict[int, Hit] = {}
    for number, wanted in asked.items():
        tagged = tags.run_of(wanted.tag)
        staff = uuid_in(wanted.staff_id)
        for run in sorted(runs.get(wanted.start, ()), key=lambda each: each.session.pk != tagged):
            session = run.session
            lasts = (session.ends_at - session.starts_at).total_seconds()
            if wanted.duration and wanted.duration != lasts:
                continue
            if wanted.staff_id and staff not in session.resource_ids:
                continue
            hits[number] = Hit(
                place,
                offer,
                session.starts_at,
                session.ends_at,
                search.party_size,
                session=session,
                left=run.places_left,
            )
            break
    return hits


def stays(business: Business, location_id: uuid.UUID, party_size: int) -> set[timedelta]:
    """How long such a party keeps a table there. One query."""
    minutes = business.default_duration_minutes
    return set(timetable.turn_times(minutes, {location_id}, party_size).values())
