"""When there is room, and reservations: time or places held for a while."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.remembered import twin
from availability import calendar
from bookings import offers, promises, rules, services
from bookings.api.appointedd import ids, params, times
from bookings.api.appointedd import serializers as words
from bookings.api.appointedd.dialect import SOURCE, Endpoint
from bookings.api.appointedd.gate import bad_request
from bookings.api.appointedd.pages import Part
from bookings.api.appointedd.render import API, NAME, allows_groups, group_json, slot_json
from bookings.errors import SlotTaken
from bookings.models import Booking, Session
from bookings.wishes import Search, Wish
from resources import selectors as catalogue
from resources.models import Section, Service

LONGEST = timedelta(days=59)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

Range = tuple[datetime, datetime]


# --- what is asked -------------------------------------------------------------------------------


def read_range(said: dict[str, Any], here: ZoneInfo) -> Range:
    """A range as UTC instants. Raises Refusal."""
    start = times.read(said["start"], here, "ranges.start")
    end = times.read(said["end"], here, "ranges.end")
    if end <= start:
        raise bad_request("a range must end after it starts")
    return start, end


def refuse_long(ranges: Iterable[Range], here: ZoneInfo) -> None:
    """59 days in all, by the clock or by what has passed: a day may have 23 hours. Raises
    Refusal."""
    total = timedelta()
    for start, end in ranges:
        shown = end.astimezone(here).replace(tzinfo=None) - start.astimezone(here).replace(
            tzinfo=None
        )
        total += min(end - start, shown)
    if total > LONGEST:
        raise bad_request(f"ranges span more than {LONGEST.days} days")


def service_named(endpoint: Endpoint, service_id: str) -> Service:
    """The service of an id, if it is offered. Raises Refusal."""
    business = endpoint.business
    if endpoint.epoch:
        offered = catalogue.services_on_offer(business, epoch=endpoint.epoch)
        (key,) = ids.among(offered, [service_id], "service")
        found = twin(offered[key])
    else:
        rows = Service.objects.filter(business=business, is_active=True)
        found = ids.find(rows, service_id, "service")
    found.business = business
    return found


def resources_named(
    endpoint: Endpoint, resource_ids: list[str] | None, group_ids: list[str] | None
) -> frozenset[uuid.UUID] | None:
    """The resources that a request is limited to; None for all. Raises Refusal."""
    if resource_ids and group_ids:
        raise bad_request("Send resource_ids or resource_group_ids, not both")
    if resource_ids:
        known = catalogue.resource_ids(endpoint.business, epoch=endpoint.epoch)
        return frozenset(ids.among(known, resource_ids, "resource"))
    if group_ids:
        rows = catalogue.resources(endpoint.business)
        groups = Section.objects.filter(location__business=endpoint.business)
        wanted = ids.find_all(groups, group_ids, "resource group")
        return frozenset(rows.filter(section__in=wanted).values_list("pk", flat=True))
    return None


def opens(service: Service) -> bool:
    """Whether guests may start something new, and not only join what is scheduled."""
    return not service.only_groups and (service.capacity is None or service.allows_groups)


def is_joinable(run: Session) -> bool:
    """Whether a run is a group booking: of a service that has those, or with several spaces."""
    return allows_groups(run.service) or run.capacity > 1


def is_shared(service: Service) -> bool:
    """Whether what guests start is shared with others who want the same."""
    return service.allows_groups and (service.capacity or 1) > 1


# --- what is found -------------------------------------------------------------------------------


def found_in(
    ranges: list[Range], search: Search, *, spaces: int, now: datetime | None
) -> tuple[dict[datetime, list[uuid.UUID]], dict[datetime, list[offers.Place]]]:
    """By start: the resources free for a new booking, and the group bookings with room.

    A fixed number of queries for each stretch of days, whatever is booked.
    """
    free: dict[datetime, list[uuid.UUID]] = {}
    groups: dict[datetime, list[offers.Place]] = {}
    service = search.service
    is_group = service is not None and service.capacity is not None

    def within(moment: datetime) -> bool:
        return any(start <= moment < end for start, end in ranges)

    for first, last in _stretches(ranges):
        asked = _on(search, first, last)
        if service is None or opens(service):
            fits = not is_group or (service is not None and spaces <= (service.capacity or 1))
            one = _on(search, first, last, party_size=1 if is_group else spaces)
            for slot in offers.slots(one, now=now) if fits else ():
                if slot.resource_ids and within(slot.starts_at):
                    free.setdefault(slot.starts_at, []).extend(slot.resource_ids)
        if service is None:
            continue
        for place in offers.runs(asked, with_held=True, now=now):
            run = place.session
            if not within(run.starts_at):
                continue
            if not is_joinable(run):
                continue
            if run.state == run.State.SCHEDULED:
                groups.setdefault(run.starts_at, []).append(place)
            elif opens(service):  # nobody made it yet, but who holds it would share it
                free.setdefault(run.starts_at, []).extend(run.resource_ids[:1])
    return free, groups


def _on(search: Search, first: date, last: date, **more: Any) -> Search:
    values = {name: getattr(search, name) for name in Search.__slots__}
    return Search(**values | {"first_day": first, "last_day": last} | more)


def _stretches(ranges: Iterable[Range]) -> list[tuple[date, date]]:
    """The days that ranges touch by any clock, as stretches that don't touch each other."""
    found: list[tuple[date, date]] = []
    for start, end in sorted(ranges):
        first, last = start.date() - DAY, end.date() + DAY
        if found and first <= found[-1][1] + DAY:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


class Intervals(Endpoint):
    """POST /v1/availability/intervals/search: the start times in some ranges."""

    only_reads = True

    def post(self, request: Request) -> Response:
        said = self.read(words.IntervalsRequest)
        here = times.zone(said.get("timezone") or "Europe/London")
        ranges = [read_range(each, here) for each in said["ranges"]]
        refuse_long(ranges, here)
        spaces = said.get("spaces") or 1
        search = self._search(said, spaces)
        free, groups = found_in(ranges, search, spaces=spaces, now=self.now)
        named = functools.cache(ids.written)  # the same few are free at hundreds of starts
        return self.said(
            [
                {
                    "start": times.local(start, here),
                    "resource_ids": [named(each) for each in dict.fromkeys(free.get(start, ()))],
                    "group_bookings": [
                        group_json(each.session, each.places_left, here, self.business)
                        for each in groups.get(start, ())
                    ],
                    "group_slots": [],
                }
                for start in sorted({*free, *groups})
            ]
        )

    def _search(self, said: dict[str, Any], spaces: int) -> Search:
        around = said.get("buffers")
        minutes = said.get("duration")
        if parts := said.get("parts"):  # the gaps are kept too
            minutes = sum(each.get("block") or each.get("free") for each in parts)
        return Search(
            business=self.business,
            service=service_named(self, said["service_id"]),
            first_day=date.min,
            last_day=date.min,
            party_size=spaces,
            resource_ids=resources_named(
                self, said.get("resource_ids"), said.get("resource_group_ids")
            ),
            duration=minutes * MINUTE if minutes else None,
            buffers=(around["before"] * MINUTE, around["after"] * MINUTE) if around else None,
            keeps_notice=not (
                said.get("ignore_notice_restriction") or said.get("ignore_current_time")
            ),
            keeps_now=not said.get("ignore_current_time"),
            keeps_windows=not said.get("ignore_service_schedule"),
            keeps_breaks=True,
            joinable=False,
        )


class Days(Endpoint):
    """POST /v1/availability/days/search: the days on which there is room."""

    only_reads = True

    def post(self, request: Request) -> Response:
        said = self.read(words.DaysRequest)
        here = times.zone(said.get("timezone") or "Europe/London")
        ranges = [self._range(each, here) for each in said["ranges"]]
        refuse_long(ranges, here)
        if not (said.get("service_id") or said.get("duration")):
            raise bad_request("Send service_id or duration")
        spaces = said.get("spaces") or 1
        minutes = said.get("duration")
        named = said.get("service_id")
        search = Search(
            business=self.business,
            service=service_named(self, named) if named else None,
            first_day=date.min,
            last_day=date.min,
            party_size=spaces,
            resource_ids=resources_named(
                self, said.get("resource_ids"), said.get("resource_group_ids")
            ),
            duration=minutes * MINUTE if minutes else None,
            keeps_notice=not said.get("ignore_notice_restriction"),
            keeps_windows=not said.get("ignore_service_schedule"),
            keeps_breaks=True,
            joinable=False,
        )
        free, groups = found_in(ranges, search, spaces=spaces, now=self.now)
        days: dict[date, dict[uuid.UUID, None]] = {}
        for start in sorted({*free, *groups}):
            whose = days.setdefault(start.astimezone(here).date(), {})
            whose.update(dict.fromkeys(free.get(start, ())))
            for place in groups.get(start, ()):
                whose.update(dict.fromkeys(place.session.resource_ids))
        return self.said(
            [
                {"date": day.isoformat(), "resource_ids": [ids.written(each) for each in whose]}
                for day, whose in days.items()
            ]
        )

    def _range(self, said: Any, here: ZoneInfo) -> Range:
        if not isinstance(said, str):
            return read_range(said, here)
        try:
            day = date.fromisoformat(said)
        except ValueError:
            raise bad_request("ranges: A date is YYYY-MM-DD.") from None
        if day.year not in times.YEARS:
            raise bad_request("ranges: out of range")
        whole = calendar.local_day(day, here)
        return whole.start, whole.end


# --- reservations --------------------------------------------------------------------------------


class Slots(Endpoint):
    """GET and POST /v1/availability/slots"""

    def get(self, request: Request) -> Response:
        known = promises.holds(self.business, now=self.now)
        return self.page(
            [Part(known, known, ids.RESERVATION)],
            lambda found: shown(found, now=self.now),
            descending=params.is_descending(self.query),
        )

    def post(self, request: Request) -> Response:
        body = self.read(words.SlotRequest)
        said = body["data"]
        here = times.zone(said.get("timezone") or body.get("timezone") or "UTC")
        start = times.read(said["start"], here)
        service = service_named(self, said["service_id"])
        resource = said.get("resource_id")
        only = resources_named(
            self, [resource] if resource else None, said.get("resource_group_ids")
        )
        held = self._held(service, start, said, only)
        fresh = promises.holds(self.business, now=self.now).get(pk=held.pk)
        return self.said(shown([fresh], now=self.now)[0], 201)

    def _held(
        self,
        service: Service,
        start: datetime,
        said: dict[str, Any],
        only: frozenset[uuid.UUID] | None,
    ) -> Booking:
        """Places in a group booking that starts then if there is one with room, else time."""
        spaces = said.get("required_spaces") or 1
        minutes = said.get("expires_after") or self.business.hold_minutes
        how: dict[str, Any] = {
            "by": self.actor,
            "source": SOURCE,
            "channel": self.channel,
            "lasts": minutes * MINUTE,
            "now": self.now,
        }
        for run in services.joinable(service, start, resource_ids=only, now=self.now):
            run.service = service
            if run.state != run.State.SCHEDULED or not is_joinable(run):
                continue
            run.business = self.business
            try:
                return services.book_places(run, party_size=spaces, guest=None, **how)
            except SlotTaken:
                continue
        if not opens(service):
            raise SlotTaken("There is no group booking with so many free spaces at this time.")
        duration = said.get("duration")
        wish = Wish.of(
            service,
            starts_at=start,
            keeps_hours=True,
            keeps_notice=not said.get("ignore_notice_restriction"),
            keeps_windows=not said.get("ignore_service_schedule"),
            keeps_breaks=True,
            step=rules.step_of(self.business, service),
            by_guest=True,
            joinable=False,
            party_size=spaces,
            **({"duration": duration * MINUTE} if duration else {}),
        )
        return self._opened(wish, spaces, only, how)

    def _opened(
        self, wish: Wish, spaces: int, only: frozenset[uuid.UUID] | None, how: dict[str, Any]
    ) -> Booking:
        service = wish.service
        assert service is not None
        if service.capacity is not None and spaces > service.capacity:
            raise SlotTaken("There are not enough places.")
        refused = SlotTaken()
        for choice in self._choices(wish, only):
            try:
                if is_shared(service):
                    one = dataclasses.replace(choice, party_size=1)
                    details = {NAME: {"created_source": API}}
                    return services.hold_run(one, spaces=spaces, details=details, **how)
                return services.hold(choice, **how)
            except SlotTaken as error:
                refused = error
        raise refused

    def _choices(self, wish: Wish, only: frozenset[uuid.UUID] | None) -> list[Wish]:
        """The same wish for each resource that it may be served by; as it is for any."""
        if only is None:
            return [wish]
        if len(only) > 1:  # in the order offered
            day = wish.starts_at.date()
            search = Search(
                business=self.business,
                service=wish.service,
                first_day=day - DAY,
                last_day=day + DAY,
                party_size=1 if is_shared(wish.service) else wish.party_size,  # type: ignore[arg-type]
                resource_ids=only,
                duration=wish.duration,
                keeps_notice=wish.keeps_notice,
                keeps_windows=wish.keeps_windows,
                keeps_breaks=True,
                joinable=False,
            )
            found = offers.slots(search, now=self.now)
            ranked = [
                each
                for slot in found
                if slot.starts_at == wish.starts_at
                for each in slot.resource_ids
            ]
        else:
            ranked = list(only)
        return [dataclasses.replace(wish, resource_id=each) for each in ranked]


class OneSlot(Endpoint):
    """GET and DELETE /v1/availability/slots/{reservation_id}; letting go of one is ours."""

    def _found(self, reservation_id: str) -> Booking:
        rows = promises.holds(self.business, now=self.now)
        return ids.find(rows, reservation_id, "reservation", ids.RESERVATION)

    def get(self, request: Request, reservation_id: str) -> Response:
        name = self.query.get("timezone")
        here = times.zone(name) if name else None
        return self.said(shown([self._found(reservation_id)], now=self.now, here=here)[0])

    def delete(self, request: Request, reservation_id: str) -> Response:
        services.release(self._found(reservation_id), by=self.actor, now=self.now)
        return Response(status=204)


def shown(
    found: list[Booking], *, now: datetime | None, here: ZoneInfo | None = None
) -> list[dict[str, Any]]:
    """Reservations as they are sent: in UTC with a Z, or in the zone that was asked for. One query
    for all."""
    taken = promises.places_taken([each.session_id for each in found], now=now)

    def clock(moment: datetime) -> str:
        return times.local(moment, here) if here else times.zulu(moment)

    return [slot_json(each, taken, clock) for each in found]
