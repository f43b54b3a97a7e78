"""How long a party at the door will wait. Pure.

Everybody who waits already is seated first, in thought, at the soonest place that fits them; then
the party. So two who are told a time are never told the same table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

FIVE = timedelta(minutes=5)


@dataclasses.dataclass(slots=True)
class Place:
    """Somewhere to sit: which parties fit, and when it is taken."""

    least: int
    most: int
    taken: list[tuple[datetime, datetime]]

    def free_from(self, since: datetime, lasts: timedelta) -> datetime:
        """The soonest moment from which it is free for so long."""
        start = since
        for begins, ends in sorted(self.taken):
            if begins < start + lasts and start < ends:
                start = ends
        return start


def soonest(
    places: Sequence[Place],
    party: tuple[int, timedelta],
    *,
    before: Iterable[tuple[int, timedelta]],
    now: datetime,
    within: timedelta,
) -> datetime | None:
    """When a party (its size and how long it stays) can sit down after all those `before` it have;
    None when that isn't to be seen."""
    kept = [Place(each.least, each.most, list(each.taken)) for each in places]
    for size, lasts in before:
        _sit(kept, size, lasts, now, within)
    return _sit(kept, *party, now, within)


def _sit(
    places: Sequence[Place], size: int, lasts: timedelta, now: datetime, within: timedelta
) -> datetime | None:
    fitting = [
        (each.free_from(now, lasts), each.most, n)
        for n, each in enumerate(places)
        if each.least <= size <= each.most
    ]
    if not fitting:
        return None
    start, _, n = min(fitting)
    if start > now + within:
        return None
    places[n].taken.append((start, start + lasts))
    return start


def rounded(wait: timedelta) -> timedelta:
    """A wait as it is told: up to the next five minutes."""
    return -(-wait // FIVE) * FIVE
