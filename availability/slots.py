"""Timetable and taken time -> the starts to offer, or what would serve one start. Pure.

Instants are whole seconds since 1970 (UTC), as comparing numbers is what a grid of weeks costs.
`fits` is the definition; `search` finds the same for many starts in one sweep: for each free
stretch of each resource, the starts that it can take are consecutive, so a bit mask over all starts
is filled with one shift, and "all of these", "any of these" are `&` and `|`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from itertools import compress, repeat
from typing import Generic, NamedTuple, TypeVar

Id = TypeVar("Id", bound=Hashable)
T = TypeVar("T")

Stretch = tuple[int, int]
Stretches = Sequence[Stretch]  # sorted, none touching the next

_DIGITS = bytes.maketrans(b"01", bytes((0, 1)))


class Stay(NamedTuple):
    """What one booking takes, in seconds: `inside` opening hours, `before` and `after` around."""

    inside: int
    before: int = 0
    after: int = 0


class Bookable(NamedTuple, Generic[Id]):
    """A resource as the search sees it.

    `needed` of its `units` would serve the party. `open` is when it may be used; `taken` what is
    taken, by unit, sorted and overlapping only between units. A unit beyond `units` that is taken,
    as there were more once, is one less to be had.
    """

    id: Id
    open: Stretches
    taken: dict[int, list[Stretch]]
    units: int = 1
    needed: int = 1


class Joined(NamedTuple, Generic[Id]):
    """Resources that would serve the party only together."""

    id: Id
    members: tuple[Id, ...]


class Need(NamedTuple, Generic[Id]):
    """So many of these at the same time; what is joined counts as one."""

    bookables: Sequence[Bookable[Id]]
    joined: Sequence[Joined[Id]] = ()
    number: int = 1


class Offer(NamedTuple, Generic[Id]):
    """A start, and for each need what could serve it, in the order given."""

    start: int
    choices: tuple[tuple[Id, ...], ...]


def seconds(moment: datetime) -> int:
    """An instant as whole seconds; a fraction is dropped."""
    return int(moment.timestamp())


def fits(bookable: Bookable[Id], start: int, stay: Stay) -> bool:
    """Whether a resource could serve a stay from `start` on: open throughout, and enough units
    free before, throughout and after."""
    if not any(since <= start and start + stay.inside <= until for since, until in bookable.open):
        return False
    low, high = start - stay.before, start + stay.inside + stay.after
    free = sum(
        all(until <= low or high <= since for since, until in bookable.taken.get(unit, ()))
        for unit in range(bookable.units)
    )
    beyond = sum(
        any(low < until and since < high for since, until in run)
        for unit, run in bookable.taken.items()
        if unit >= bookable.units
    )
    return free - beyond >= bookable.needed


def plan(needs: Sequence[Need[Id]], start: int, stay: Stay) -> Offer[Id] | None:
    """What could serve one start, or None when one of the needs can't be met."""
    choices = []
    for need in needs:
        found = [each.id for each in need.bookables if fits(each, start, stay)]
        whole = {each.id for each in need.bookables if fits(_whole(each), start, stay)}
        found += [each.id for each in need.joined if whole.issuperset(each.members)]
        if len(found) < need.number:
            return None
        choices.append(tuple(found))
    return Offer(start, tuple(choices))


def _whole(bookable: Bookable[Id]) -> Bookable[Id]:
    return bookable._replace(needed=bookable.units)


def within(run: Stretches, starts: Sequence[int], stay: Stay) -> list[int]:
    """Those of the starts (sorted) from which one stretch is open for as long as a stay lasts."""
    mask = _mask_of(run, starts, 0, stay.inside)
    return list(compress(starts, _flags(mask, len(starts))))


def search(needs: Sequence[Need[Id]], starts: Sequence[int], stay: Stay) -> list[Offer[Id]]:
    """Every one of the starts (sorted) at which all needs can be met, as `plan` would say."""
    everything = (1 << len(starts)) - 1
    possible = everything
    ids: list[list[Id]] = []  # for each need
    fits_at: list[Iterable[tuple[int, ...]]] = []  # for each need, at each start: 1 if it fits
    for need in needs:
        alone = [(each.id, _mask(each, starts, stay)) for each in need.bookables]
        if need.joined:
            whole = {each.id: _mask(_whole(each), starts, stay) for each in need.bookables}
            for joined in need.joined:
                together = everything
                for member in joined.members:
                    together &= whole.get(member, 0)
                alone.append((joined.id, together))
        possible &= _at_least(need.number, [mask for _, mask in alone])
        if not possible:
            return []
        fitting = [(id_, mask) for id_, mask in alone if mask]
        ids.append([id_ for id_, _ in fitting])
        fits_at.append(_columns([_flags(mask, len(starts)) for _, mask in fitting]))
    offered = zip(starts, _flags(possible, len(starts)), _columns(fits_at), strict=False)
    return [
        Offer(start, tuple(map(tuple, map(compress, ids, fits))))
        for start, is_offered, fits in offered
        if is_offered
    ]


def _mask(bookable: Bookable[Id], starts: Sequence[int], stay: Stay) -> int:
    """A bit for each start that a resource could serve alone."""
    opened = _mask_of(bookable.open, starts, 0, stay.inside)
    if not opened or not bookable.taken:
        return opened if bookable.units >= bookable.needed else 0
    beyond = [unit for unit in bookable.taken if unit >= bookable.units]
    free = [
        opened & ~_touched(bookable.taken.get(unit, ()), starts, stay)
        for unit in (*range(bookable.units), *beyond)
    ]
    return _at_least(bookable.needed + len(beyond), free)


def _mask_of(run: Iterable[Stretch], starts: Sequence[int], before: int, after: int) -> int:
    """The starts whose stay lies within one of the stretches."""
    mask = 0
    for since, until in run:
        low, high = bisect_left(starts, since + before), bisect_right(starts, until - after)
        if low < high:
            mask |= ((1 << (high - low)) - 1) << low
    return mask


def _touched(run: Iterable[Stretch], starts: Sequence[int], stay: Stay) -> int:
    """The starts whose stay, with what is around it, overlaps one of the stretches (sorted)."""
    mask = 0
    before, reach, last = stay.before, stay.inside + stay.after, len(starts)
    low = 0
    for since, until in run:
        low = bisect_right(starts, since - reach, low)
        if low == last:
            break
        if starts[low] < until + before:  # else it lies in a gap of the grid, as of a night
            high = bisect_left(starts, until + before, low)
            mask |= ((1 << (high - low)) - 1) << low
    return mask


def _at_least(count: int, masks: Sequence[int]) -> int:
    """The bits that are set in so many of the masks or more."""
    reached = [-1] + [0] * count  # reached[n]: bits seen in at least n masks so far
    for mask in masks:
        for n in range(count, 0, -1):
            reached[n] |= reached[n - 1] & mask
    return reached[count]


def _columns(rows: Sequence[Iterable[T]]) -> Iterable[tuple[T, ...]]:
    """The first of each row, then the second of each...; of no rows nothing, without an end."""
    return zip(*rows, strict=False) if rows else repeat(())


def _flags(mask: int, size: int) -> bytes:
    """The bits of a mask as zeros and ones, the first start's first."""
    return f"{mask:0{size}b}"[::-1].encode().translate(_DIGITS) if size else b""


def paced(
    starts: Iterable[int],
    begun: Iterable[tuple[int, int]],
    *,
    bucket: Callable[[int], Hashable],
    party_size: int,
    covers: int | None,
    parties: int | None,
) -> list[int]:
    """The starts at which a party may still begin: `begun` are (start, guests) of those that do.

    No more than so many guests, and so many parties, begin in one bucket of time.
    """
    guests: dict[Hashable, int] = {}
    count: dict[Hashable, int] = {}
    for start, size in begun:
        name = bucket(start)
        guests[name] = guests.get(name, 0) + size
        count[name] = count.get(name, 0) + 1
    return [
        start
        for start in starts
        if (covers is None or guests.get(bucket(start), 0) + party_size <= covers)
        and (parties is None or count.get(bucket(start), 0) < parties)
    ]
