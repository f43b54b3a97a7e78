"""Which resources serve a party: best fit. Pure.

`free` (the offer) and `plan` (the sale) share `free_units`, so what is offered can be booked.
"""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

STAFF = "staff"


class Candidate(NamedTuple):
    """A resource in the window asked about. `load` is how long it is taken on that day."""

    id: uuid.UUID
    kind: str
    name: str
    units: int
    covers_min: int
    covers_max: int
    display_order: int
    taken_units: frozenset[int]
    load: timedelta = timedelta()


class Combined(NamedTuple):
    """A set of resources that may be taken together."""

    id: uuid.UUID
    name: str
    covers_min: int
    covers_max: int
    members: tuple[uuid.UUID, ...]
    display_order: int


class Plan(NamedTuple):
    """What to take, as (resource id, unit); and whose, in the order they were chosen."""

    takes: tuple[tuple[uuid.UUID, int], ...]
    resource_ids: tuple[uuid.UUID, ...]


def units_needed(
    candidate: Candidate, party_size: int, *, relax_minimum: bool = False
) -> int | None:
    """How many units a party needs: each seats up to `covers_max`. None when it doesn't fit."""
    if party_size < candidate.covers_min and not relax_minimum:
        return None
    needed = -(-party_size // candidate.covers_max)
    return needed if needed <= candidate.units else None


def free_units(
    candidate: Candidate, party_size: int, *, relax_minimum: bool = False
) -> tuple[int, ...] | None:
    """The lowest free units that would serve a party, or None when too few are free.

    Whoever has a unit beyond those that a resource has, as it had more, has one of those all the
    same: there are no others.
    """
    needed = units_needed(candidate, party_size, relax_minimum=relax_minimum)
    if needed is None:
        return None
    if not candidate.taken_units:
        return tuple(range(needed))
    left = [unit for unit in range(candidate.units) if unit not in candidate.taken_units]
    beyond = sum(unit >= candidate.units for unit in candidate.taken_units)
    return tuple(left[:needed]) if len(left) - beyond >= needed else None


@functools.lru_cache(maxsize=65_536)  # a request sorts the same names as the one before
def natural_key(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Sorts as people count: Table 2 before Table 10."""
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part.casefold())
        for part in re.split(r"([0-9]+)", name)
        if part
    )


def offer_order(candidate: Candidate) -> tuple[object, ...]:
    """The order in which free resources are shown."""
    return candidate.display_order, natural_key(candidate.name), candidate.id.int


def fits(candidate: Candidate, party_size: int, *, relax_minimum: bool = False) -> bool:
    """Whether a resource could serve a party alone now."""
    needed = units_needed(candidate, party_size, relax_minimum=relax_minimum)
    if needed is None:
        return False
    return candidate.units - len(candidate.taken_units) >= needed


def free(
    candidates: Iterable[Candidate], party_size: int, *, relax_minimum: bool = False
) -> list[Candidate]:
    """The resources that could each serve a party alone, in the order they are shown."""
    found = [each for each in candidates if fits(each, party_size, relax_minimum=relax_minimum)]
    found.sort(key=offer_order)
    return found


def plan(
    candidates: Sequence[Candidate],
    combinations: Sequence[Combined],
    party_size: int,
    *,
    choose: uuid.UUID | None = None,
    relax_minimum: bool = False,
) -> Plan | None:
    """What to take for a party, or None when nothing that fits is free.

    The fewest seats that are enough; among equals the member of staff with the least to do that
    day, then the order in which they are shown. A combination (fewest seats, then fewest members)
    only when no single resource fits. `choose` asks for that one resource.
    """
    best: tuple[object, ...] | None = None
    chosen: tuple[Candidate, tuple[int, ...]] | None = None
    for each in candidates:
        if choose is not None and each.id != choose:
            continue
        units = free_units(each, party_size, relax_minimum=relax_minimum)
        if units is None:
            continue
        seats = len(units) * each.covers_max
        if best is not None and seats > best[0]:  # type: ignore[operator]
            continue
        load = each.load if each.kind == STAFF else timedelta()
        rank = (seats, load, *offer_order(each))
        if best is None or rank < best:
            best, chosen = rank, (each, units)
    if chosen:
        candidate, units = chosen
        return Plan(tuple((candidate.id, unit) for unit in units), (candidate.id,))
    if choose is not None:
        return None
    return _combined(candidates, combinations, party_size, relax_minimum=relax_minimum)


def _combined(
    candidates: Sequence[Candidate],
    combinations: Sequence[Combined],
    party_size: int,
    *,
    relax_minimum: bool,
) -> Plan | None:
    untaken = {each.id: each for each in candidates if not each.taken_units}
    fitting = [
        each
        for each in combinations
        if party_size <= each.covers_max
        and (relax_minimum or party_size >= each.covers_min)
        and all(member in untaken for member in each.members)
    ]
    if not fitting:
        return None
    best = min(
        fitting,
        key=lambda each: (
            each.covers_max,
            len(each.members),
            each.display_order,
            natural_key(each.name),
            each.id.int,
        ),
    )
    takes = tuple(
        (member, unit) for member in best.members for unit in range(untaken[member].units)
    )
    return Plan(takes, best.members)
