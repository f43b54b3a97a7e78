"""A time that is asked for on the phone or to move to: what is understood, whether it is free, who
would serve it, and the nearest others. The new-booking form and the move share it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from bookings import daybook, explain, offers, selectors
from bookings.models import Booking
from bookings.offers import Slot
from bookings.web.desk import typed, words
from bookings.web.desk.shell import Desk
from bookings.wishes import Search, Wish
from resources.models import Service
from resources.selectors import on_offer

MOST_CHIPS = 15
MOST_OTHERS = 4
DAYS_AHEAD = 14
LARGEST = 500  # guests; what a unit of a resource may count at most


@dataclasses.dataclass
class Asked:
    """What was said so far, and what is wrong with it, by field."""

    party: int
    day: date
    clocks: tuple[time, ...]
    service: Service | None = None
    resource_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    lasts: timedelta | None = None
    anyway: bool = False
    moving: Booking | None = None
    errors: dict[str, str] = dataclasses.field(default_factory=dict)
    starts_at: datetime | None = None
    duration: timedelta = timedelta()

    @property
    def ends_at(self) -> datetime | None:
        return self.starts_at + self.duration if self.starts_at else None


@dataclasses.dataclass(frozen=True, slots=True)
class Chip:
    """A time that may be chosen; `day` only where it is another."""

    time: str
    label: str
    day: str = ""
    session: str = ""
    is_chosen: bool = False
    is_free: bool = True
    note: str = ""


@dataclasses.dataclass
class Answer:
    """What is to be said to it."""

    asked: Asked
    day: str = ""
    times: str = ""
    lasts: str = ""
    place: str = ""
    refusal: str = ""
    why: Sequence[Any] = ()
    chips: Sequence[Chip] = ()
    others: Sequence[Chip] = ()
    resources: Sequence[tuple[str, str, bool]] = ()
    chosen: str = ""
    is_class: bool = False
    may_anyway: bool = False
    may_wait: bool = False
    may_overbook: bool = False

    @property
    def is_free(self) -> bool:
        return bool(self.asked.starts_at) and not self.refusal and not self.asked.errors


def said(at: Desk) -> dict[str, str]:
    """What was typed, with the time that was picked instead where one was."""
    sent = at.request.POST if at.request.method == "POST" else at.request.GET
    data = {name: str(value) for name, value in sent.items()}
    if picked := data.pop("pick", ""):
        day, clock, session = [*picked.split("|"), "", ""][:3]
        data |= {"time": clock, "session": session} | ({"day": day} if day else {})
    return data


def read(at: Desk, data: Mapping[str, Any], *, moving: Booking | None = None) -> Asked:
    """What is asked for, as typed; what isn't said is as it was, or today: at tables for two, else
    for one. Two queries."""
    errors: dict[str, str] = {}
    today = at.today
    seats = moving is None and at_tables(at)
    day, party = today, 2 if seats else 1
    if moving:
        day, party = moving.starts_at.astimezone(at.zone).date(), moving.party_size
    if said := str(data.get("day", "")).strip():
        found = typed.day(said, today)
        if found is None:
            errors["day"] = _("Say it like “fri”, “tomorrow” or “24.12.”.")
        day = found or day
    if said := str(data.get("party", "")).strip():
        if said.isdecimal() and 1 <= int(said[:4]) <= LARGEST:
            party = int(said)
        else:
            errors["party"] = _("How many are they?")
    clocks: tuple[time, ...] = ()
    if said := str(data.get("time", "")).strip():
        clocks = typed.times(said, now=at.moment.astimezone(at.zone).time())
        if not clocks:
            errors["time"] = _("Say it like “7”, “730” or “19:30”.")
    services = on_offer(at.business)
    service_id = uuid_in(data.get("service"))
    service = next((each for each in services if each.pk == service_id), None)
    if moving:
        service = moving.service
    elif service is None and "service" not in data and not seats:
        service = next(iter(services), None)
    if service:
        service.business = at.business
    lasts = None
    if (said := str(data.get("lasts", "")).strip()) and said.isdecimal():
        lasts = timedelta(minutes=min(int(said[:5]), 1440)) or None
    return Asked(
        party=party,
        day=day,
        clocks=clocks,
        service=service,
        resource_id=uuid_in(data.get("resource")),
        session_id=uuid_in(data.get("session")),
        lasts=lasts or (moving.ends_at - moving.starts_at if moving else None),
        anyway=bool(data.get("anyway")),
        moving=moving,
        errors=errors,
    )


def at_tables(at: Desk) -> bool:
    """Whether guests here may come without a service: there is a table to sit at. One query."""
    return at.here().resources.filter(kind="table", is_active=True, deleted_at=None).exists()


def uuid_in(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def answer(at: Desk, asked: Asked) -> Answer:
    """Look what there is. A number of queries that doesn't grow with the book."""
    if asked.service and asked.service.capacity and not asked.moving:
        return _of_class(at, asked)
    return _of_time(at, asked)


def wish(at: Desk, asked: Asked) -> Wish:
    """What is asked for, as the services take it; staff need give no notice."""
    assert asked.starts_at is not None
    fields: dict[str, Any] = {
        "starts_at": asked.starts_at,
        "duration": asked.duration,
        "party_size": asked.party,
        "resource_id": asked.resource_id,
        "location_id": at.here().pk,
        "keeps_hours": not asked.anyway,
        "keeps_notice": False,
    }
    if asked.service:
        return Wish.of(asked.service, **fields)
    return Wish(business=at.business, **fields)


# --- a time --------------------------------------------------------------------------------------


def _search(at: Desk, asked: Asked, **more: Any) -> Search:
    values: dict[str, Any] = {
        "business": at.business,
        "first_day": asked.day,
        "last_day": asked.day,
        "service": asked.service,
        "party_size": asked.party,
        "location_id": at.here().pk,
        "duration": asked.duration,
        "by_guest": False,
        "keeps_notice": False,
        "moving": asked.moving.pk if asked.moving else None,
    }
    return Search(**(values | more))


def resolve(at: Desk, asked: Asked) -> list[offers.Start]:
    """Settle how long it lasts and which of the times is meant: the one the timetable has. Returns
    the timetable of the day."""
    place = at.here().pk
    if asked.lasts:
        asked.duration = asked.lasts
    elif asked.service:
        asked.duration = asked.service.duration
    else:
        minutes = at.business.default_duration_minutes
        asked.duration = offers.turn_times(minutes, {place}, asked.party)[place]
    grid = offers.starts(_search(at, asked), now=at.now)
    asked.starts_at = _meant(at, asked, [each.starts_at for each in grid])
    return grid


def _meant(at: Desk, asked: Asked, grid: Sequence[datetime]) -> datetime | None:
    """The instant that is meant. After midnight may be the end of the evening before."""
    zone = at.zone
    step = timedelta(minutes=at.business.slot_interval_minutes)
    meant = [
        datetime.combine(asked.day + timedelta(days), clock, zone).astimezone(UTC)
        for days in (0, 1)
        for clock in asked.clocks
    ]
    on_day = meant[: len(asked.clocks)]
    if not on_day:
        return None
    # Whoever says seven means the evening where both are open, and at tables ten too.
    until = 7 if asked.service else 11
    order = on_day if on_day[0].astimezone(zone).hour >= until else on_day[::-1]
    if grid:
        hours = [each for each in (*order, *meant) if grid[0] - step < each < grid[-1] + step]
        still = [each for each in hours if each >= at.moment - step]
        if still or hours:
            return (still or hours)[0]
    return order[0]


def _of_time(at: Desk, asked: Asked) -> Answer:
    grid = resolve(at, asked)
    said = Answer(asked, day=words.day(asked.day, at.today))
    said.chips = _chips(at, asked, grid)
    if asked.errors or asked.starts_at is None:
        return said
    assert asked.ends_at is not None
    local = asked.starts_at.astimezone(at.zone)
    said.day = words.day(local.date(), at.today)
    said.times = words.times(asked.starts_at, asked.ends_at, at.zone)
    said.lasts = words.lasting(asked.duration)
    step = timedelta(minutes=5 if local.minute % 5 == 0 else 1)
    day = [
        each
        for each in offers.slots(_search(at, asked, step=step), now=at.now)
        if each.starts_at == asked.starts_at
    ]
    free = list(day[0].resource_ids) if day else []
    _places(at, asked, said, free, bool(day))
    has_it = bool(day) and (asked.resource_id is None or asked.resource_id in free)
    if not has_it:
        refuse(at, asked, said)
    return said


def refuse(at: Desk, asked: Asked, said: Answer, error: DomainError | None = None) -> Answer:
    """Say why not, and what there is instead."""
    assert asked.starts_at is not None
    explained = explain.explain(
        at.business,
        asked.starts_at,
        asked.duration,
        asked.party,
        service=asked.service,
        location_id=at.here().pk,
        keeps_hours=not asked.anyway,
        keeps_notice=False,
        moving=asked.moving.pk if asked.moving else None,
        now=at.now,
    )
    own = next((e for e in explained.reasons if e.resource_id == asked.resource_id), None)
    if own and own.why != explain.Why.FREE:
        said.refusal = f"{own.name}: {own.words}"
    elif error:
        said.refusal = words.refusal(error)
    else:
        said.refusal = explained.refusal or _("Nothing that fits is free then.")
    said.why = [each for each in explained.reasons if each.why != explain.Why.FREE]
    said.others = _others(at, asked)
    is_shut = bool(explained.refusal) and asked.starts_at >= at.moment - timedelta(minutes=5)
    said.may_anyway = is_shut and not asked.anyway
    is_to_come = asked.starts_at >= at.moment - timedelta(minutes=5)
    said.may_wait = said.may_overbook = is_to_come and asked.moving is None
    return said


def _places(at: Desk, asked: Asked, said: Answer, free: Sequence[uuid.UUID], is_free: bool) -> None:
    """Who or what would serve it, and the others that are free."""
    plan = None
    if is_free and asked.moving is None:
        plan = selectors.look(wish(at, asked), now=at.now).plan
    if asked.moving and set(asked.moving.resource_ids) <= set(free):
        chosen = list(asked.moving.resource_ids)
    else:
        chosen = list(plan.resource_ids) if plan else list(free[:1])
    wanted = {asked.resource_id} if asked.resource_id else set()
    known = daybook.resources_named({*free, *chosen, *wanted})
    names = {pk: each.name for pk, each in known.items() if each.business_id == at.business.pk}
    said.place = words.listed(names[pk] for pk in chosen if pk in names)
    said.chosen = str(asked.resource_id) if asked.resource_id in names else ""
    if asked.resource_id in names:
        said.place = names[asked.resource_id]
    options = list(free)
    if asked.resource_id in names and asked.resource_id not in options:
        options.insert(0, asked.resource_id)
    said.resources = [(str(pk), _labelled(known[pk]), pk in free) for pk in options if pk in names]


def _labelled(resource: Any) -> str:
    """With how many it seats, where that is of use, and where it stands."""
    parts = [resource.name]
    if resource.kind == "table":
        count = resource.covers_max
        parts.append(ngettext("seats %(count)d", "seats %(count)d", count) % {"count": count})
    if resource.section:
        parts.append(resource.section.name)
    return " · ".join(parts)


def _chips(at: Desk, asked: Asked, grid: Sequence[offers.Start]) -> list[Chip]:
    """The free times around the one that is asked for, else from now on."""
    free = [each.starts_at for each in grid if each.left]
    if asked.starts_at is not None:
        wanted = asked.starts_at
        near = sorted(free, key=lambda each: abs(each - wanted))[:MOST_CHIPS]
        free = sorted(near)
    return [_chip(at, each, asked.starts_at) for each in free[:40]]


def _chip(at: Desk, start: datetime, chosen: datetime | None, today: date | None = None) -> Chip:
    local = start.astimezone(at.zone)
    clock = f"{local:%H:%M}"
    other = today is not None and local.date() != today
    label = f"{words.day(local.date(), at.today)} {clock}" if other else clock
    day = typed.spoken(local.date(), at.today) if other else ""
    return Chip(clock, label, day, is_chosen=start == chosen)


def _others(at: Desk, asked: Asked) -> list[Chip]:
    """The nearest free times: of the day, else about that time on the next days."""
    assert asked.starts_at is not None
    wanted = asked.starts_at
    only = frozenset({asked.resource_id}) if asked.resource_id else None
    found = offers.slots(_search(at, asked, resource_ids=only), now=at.now)
    near = _nearest(found, wanted)
    if len(near) < MOST_OTHERS:
        later = offers.slots(
            _search(
                at,
                asked,
                resource_ids=only,
                first_day=asked.day + timedelta(1),
                last_day=asked.day + timedelta(DAYS_AHEAD),
            ),
            now=at.now,
        )
        by_day: dict[date, list[Slot]] = {}
        for each in later:
            by_day.setdefault(each.starts_at.astimezone(at.zone).date(), []).append(each)
        local = wanted.astimezone(at.zone)
        for day, its in sorted(by_day.items()):
            same = datetime.combine(day, local.time(), at.zone).astimezone(UTC)
            near += _nearest(its, same)[:1]
            if len(near) >= MOST_OTHERS:
                break
    ordered = sorted(near[:MOST_OTHERS])
    return [_chip(at, each, None, asked.day) for each in ordered]


def _nearest(found: Sequence[Slot], wanted: datetime) -> list[datetime]:
    starts = {each.starts_at for each in found} - {wanted}
    return sorted(starts, key=lambda each: (abs(each - wanted), each))[:MOST_OTHERS]


# --- a class -------------------------------------------------------------------------------------


def _of_class(at: Desk, asked: Asked) -> Answer:
    """The runs of the day; the next ones where there are none."""
    assert asked.service is not None
    asked.duration = asked.service.duration
    said = Answer(asked, day=words.day(asked.day, at.today), is_class=True)
    search = _search(at, asked, party_size=1, duration=None)
    places = offers.runs(search, now=at.now)
    if not places:
        search = dataclasses.replace(
            search,
            first_day=asked.day + timedelta(1),
            last_day=asked.day + timedelta(DAYS_AHEAD),
        )
        said.others = [_run(at, asked, each) for each in offers.runs(search, now=at.now)[:8]]
        if not asked.errors:
            said.refusal = (
                _("This class has no run with room on that day.")
                if said.others
                else _("This class has no run with room in the two weeks from then.")
            )
        return said
    if asked.session_id is None and asked.clocks:
        asked.session_id = next(
            (
                each.session.pk
                for each in places
                if each.session.starts_at.astimezone(at.zone).time() in asked.clocks
            ),
            None,
        )
    if len(places) == 1 and not asked.clocks:
        asked.session_id = places[0].session.pk
    said.chips = [_run(at, asked, each) for each in places]
    chosen = next((each for each in places if each.session.pk == asked.session_id), None)
    if chosen is None:
        if asked.clocks and not asked.errors:
            said.refusal = _("No run of this class starts then.")
        asked.session_id = None
        return said
    run = chosen.session
    asked.starts_at, asked.duration = run.starts_at, run.ends_at - run.starts_at
    said.times = words.times(run.starts_at, run.ends_at, at.zone)
    said.lasts = words.lasting(asked.duration)
    said.place = words.people(chosen.places_left)
    if chosen.places_left < asked.party:
        said.refusal = _("No place is left.")
        if count := chosen.places_left:
            text = ngettext(
                "Only %(count)d place is left.", "Only %(count)d places are left.", count
            )
            said.refusal = text % {"count": count}
        said.may_wait = run.starts_at > at.moment
    return said


def _run(at: Desk, asked: Asked, place: offers.Place) -> Chip:
    local = place.session.starts_at.astimezone(at.zone)
    other = local.date() != asked.day
    clock = f"{local:%H:%M}"
    return Chip(
        clock,
        f"{words.day(local.date(), at.today)} {clock}" if other else clock,
        typed.spoken(local.date(), at.today) if other else "",
        session=str(place.session.pk),
        is_chosen=place.session.pk == asked.session_id,
        is_free=place.places_left >= asked.party,
        note=_("%(count)d left") % {"count": place.places_left},
    )
