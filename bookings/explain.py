"""Why a time is or isn't free, resource by resource."""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import clock
from accounts.models import Business
from bookings import assignment, rules, selectors, services
from bookings.errors import NotOffered
from bookings.models import Allocation
from bookings.wishes import DAY, Wish
from resources.models import Requirement, Resource, Service


class Why(StrEnum):
    """One word for each reason."""

    FREE = "free"
    INACTIVE = "inactive"
    NOT_QUALIFIED = "not_qualified"
    TOO_SMALL = "too_small"
    MINIMUM = "minimum_not_reached"
    CLOSED = "closed"
    HELD = "held"
    BOOKED = "booked"
    BUFFER = "buffer"
    CLASS = "class"
    BLOCKED = "blocked"
    UNITS = "units_left"


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """What a resource (or a combination) says to a wish; `words` for people to read."""

    resource_id: uuid.UUID
    name: str
    why: Why
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """Whether the time can be had, by whom it would be served, and what each resource says.

    `refusal` is why nothing is offered at all (past, closed, too far), else empty.
    """

    is_available: bool
    would_get: tuple[str, ...]
    refusal: str
    reasons: tuple[Reason, ...]
    combinations: tuple[Reason, ...]


def explain(
    business: Business,
    starts_at: datetime,
    duration: timedelta,
    party_size: int = 1,
    *,
    service: Service | None = None,
    resource_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    keeps_hours: bool = False,
    keeps_notice: bool = True,
    moving: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Explanation:
    """Ask every resource of a business. A fixed number of queries, whatever it has.

    What the booking that is `moving` takes itself is no reason.
    """
    wish = Wish(
        business=business,
        starts_at=starts_at,
        duration=duration,
        party_size=party_size,
        service=service,
        resource_id=resource_id,
        location_id=location_id,
        keeps_hours=keeps_hours,
        keeps_notice=keeps_notice,
        moving=moving,
        buffer_before=service.buffer_before if service else timedelta(),
        buffer_after=service.buffer_after if service else timedelta(),
        overhead=service.preparation + service.cleanup if service else timedelta(),
    )
    refusal, places = _refusal(wish, now)
    look = selectors.look(wish, now=now, places=places)
    rows = Resource.objects.filter(business=business, deleted_at=None).select_related("location")
    if location_id:
        rows = rows.filter(location=location_id)
    everything = sorted(
        rows, key=lambda each: (each.display_order, assignment.natural_key(each.name))
    )
    takers = _takers(wish, now)
    needs = {each.kind: each for each in selectors.requirements(service)} if service else {}
    promises = rules.promises_for(wish)
    reasons = []
    for each in everything:
        closed = promises and rules.closed(wish, promises, each.location_id, each.pk)
        reasons.append(_reason(each, wish, takers[each.pk], needs, closed or ""))
    names = {each.pk: each.name for each in everything}
    plan = None if refusal else look.plan
    return Explanation(
        is_available=plan is not None,
        would_get=tuple(names.get(each, "?") for each in plan.resource_ids) if plan else (),
        refusal=refusal,
        reasons=tuple(reasons),
        combinations=tuple(_combined(wish, reasons, takers)),
    )


def _refusal(wish: Wish, now: datetime | None) -> tuple[str, set[uuid.UUID] | None]:
    """Why nothing is offered at all, and the places that the rules leave."""
    if services.is_past(wish, now=now):
        return _("This time is in the past."), None
    try:
        return "", rules.refuse_outside(wish, now=now)
    except NotOffered as error:
        return str(error), None


def _takers(wish: Wish, now: datetime | None) -> dict[uuid.UUID, list[Allocation]]:
    """What takes the resources in the window; a lapsed hold doesn't. One query."""
    found: dict[uuid.UUID, list[Allocation]] = defaultdict(list)
    others = ~Q(booking=wish.moving) | Q(booking=None) if wish.moving else Q()
    for each in (
        Allocation.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=clock.moment(now)),
            others,
            business=wish.business,
            resource__isnull=False,
            starts_at__gt=wish.takes_from - DAY,
            starts_at__lt=wish.takes_until,
            ends_at__gt=wish.takes_from,
        )
        .select_related("booking", "session__service", "block")
        .order_by("starts_at", "unit")
    ):
        if each.resource_id:
            found[each.resource_id].append(each)
    return found


def _reason(
    resource: Resource,
    wish: Wish,
    takers: list[Allocation],
    needs: Mapping[str, Requirement],
    closed: str,
) -> Reason:
    def say(why: Why, words: str) -> Reason:
        return Reason(resource.pk, resource.name, why, words)

    if not (resource.is_active and resource.location.is_active):
        return say(Why.INACTIVE, _("It is not offered at present."))
    if needs:
        need = needs.get(resource.kind)
        if need is None or not need.admits(resource.pk):
            return say(
                Why.NOT_QUALIFIED, _("It doesn't serve “%(service)s”.") % {"service": wish.service}
            )
    if closed:
        return say(Why.CLOSED, closed)
    party = wish.party_size
    if party > resource.covers_max * resource.units:
        return say(
            Why.TOO_SMALL,
            _("It seats %(most)d at most.") % {"most": resource.covers_max * resource.units},
        )
    if party < resource.covers_min and not wish.business.relax_minimum_covers:
        return say(
            Why.MINIMUM,
            _("It takes parties of %(least)d or more.") % {"least": resource.covers_min},
        )
    candidate = assignment.Candidate(
        id=resource.pk,
        kind=resource.kind,
        name=resource.name,
        units=resource.units,
        covers_min=resource.covers_min,
        covers_max=resource.covers_max,
        display_order=resource.display_order,
        taken_units=frozenset(each.unit for each in takers),
    )
    relax = wish.business.relax_minimum_covers
    if assignment.free_units(candidate, party, relax_minimum=relax) is not None:
        return say(Why.FREE, _("Free."))
    if resource.units > 1:
        left = resource.units - len(candidate.taken_units)
        return say(
            Why.UNITS, _("%(left)d of %(units)d left.") % {"left": left, "units": resource.units}
        )
    why, words = _taken_by(takers[0], wish)
    return say(why, words)


def _taken_by(taker: Allocation, wish: Wish) -> tuple[Why, str]:
    zone = ZoneInfo(wish.business.timezone)

    def at(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%H:%M}"

    if taker.block:
        return Why.BLOCKED, _("Blocked until %(time)s: %(reason)s") % {
            "time": at(taker.block.ends_at),
            "reason": taker.block.reason or "-",
        }
    if taker.session:
        return Why.CLASS, _("In the class “%(service)s” until %(time)s.") % {
            "service": taker.session.service,
            "time": at(taker.ends_at),
        }
    booking = taker.booking
    if booking is None:
        raise AssertionError("a database constraint gives every allocation a taker")
    if booking.starts_at >= wish.ends_at or booking.ends_at <= wish.starts_at:
        return Why.BUFFER, _("In the buffer of %(code)s, %(time)s.") % {
            "code": booking.reference,
            "time": at(booking.starts_at),
        }
    said = {
        "code": booking.reference,
        "since": at(booking.starts_at),
        "until": at(booking.ends_at),
    }
    if booking.expires_at:
        return (
            Why.HELD,
            _("Held by %(code)s from %(since)s to %(until)s, kept until %(kept)s.")
            % (said | {"kept": at(booking.expires_at)}),
        )
    return Why.BOOKED, _("Booked by %(code)s from %(since)s to %(until)s.") % said


def _combined(
    wish: Wish, reasons: list[Reason], takers: dict[uuid.UUID, list[Allocation]]
) -> list[Reason]:
    names = {each.resource_id: each for each in reasons}
    found = []
    for location_id, each in selectors.combinations(wish.business):
        if wish.location_id and location_id != wish.location_id:
            continue
        members = [names[member] for member in each.members if member in names]
        stopped = next(
            (m for m in members if m.why in (Why.INACTIVE, Why.CLOSED) or takers[m.resource_id]),
            None,
        )
        if not each.covers_min <= wish.party_size <= each.covers_max:
            why, words = (
                Why.TOO_SMALL,
                _("It takes %(least)d to %(most)d.")
                % {
                    "least": each.covers_min,
                    "most": each.covers_max,
                },
            )
            if wish.party_size < each.covers_min:
                why = Why.MINIMUM
        elif stopped:
            why, words = stopped.why, f"{stopped.name}: {stopped.words}"
            if stopped.why not in (Why.INACTIVE, Why.CLOSED):
                why, words = _taken_by(takers[stopped.resource_id][0], wish)
                words = f"{stopped.name}: {words}"
        else:
            why, words = Why.FREE, _("Free.")
        found.append(Reason(each.id, each.name, why, words))
    return found


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Plain values."""
    return {
        "available": explanation.is_available,
        "would_get": list(explanation.would_get),
        "refusal": explanation.refusal,
        **{
            part: [
                {"id": str(e.resource_id), "name": e.name, "why": e.why.value, "words": e.words}
                for e in getattr(explanation, part)
            ]
            for part in ("reasons", "combinations")
        },
    }
