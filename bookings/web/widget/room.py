"""When there is room: the free times of some days, and the classes, full ones too."""

from __future__ import annotations

import dataclasses
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bookings import offers, rules, selectors
from bookings.models import Booking, Session
from bookings.web.widget.choice import DAY, Choice

NEAREST = 3  # how many others are offered in place of one that is taken


@dataclasses.dataclass(frozen=True)
class Free:
    """A start that may be chosen; of a class how many places are `left`, none of them too."""

    starts_at: datetime
    ends_at: datetime
    resource_ids: tuple[uuid.UUID, ...] = ()
    run: Session | None = None
    left: int = 1
    is_held: bool = False

    @property
    def key(self) -> str:
        return str(self.run.pk) if self.run else ""


def limits(choice: Choice) -> tuple[date, date]:
    """The first and the last day that may be booked, where it happens."""
    visit = choice.visit
    ends = rules.notice_and_horizon(visit.business, choice.service, visit.moment)
    first, last = (each.astimezone(choice.zone).date() for each in ends)
    return first, last


def held_by(choice: Choice) -> Booking | None:
    """What this guest holds at this moment. One query."""
    found = selectors.held_by(choice.visit.business, choice.visit.visitor, now=choice.visit.now)
    return found[0] if found else None


def free(choice: Choice, first: date, last: date, held: Booking | None) -> list[Free]:
    """What starts on these local days and may be booked, in order; of classes the full ones too.
    What the guest holds is free to them. As many queries as `offers.slots`."""
    if last < first:
        return []
    if choice.is_class:
        return _runs(choice, first, last, held)
    # What starts after midnight may belong to the day before.
    found = offers.slots(choice.search(first - DAY, last, held=held), now=choice.visit.now)
    return [
        Free(
            each.starts_at,
            each.ends_at,
            each.resource_ids,
            is_held=_is_held(held, each.starts_at, choice),
        )
        for each in found
        if first <= each.starts_at.astimezone(choice.zone).date() <= last
    ]


def _is_held(held: Booking | None, starts_at: datetime, choice: Choice) -> bool:
    return (
        held is not None
        and held.session_id is None
        and held.starts_at == starts_at
        and held.service == choice.service
        and held.party_size == choice.party
    )


def _runs(choice: Choice, first: date, last: date, held: Booking | None) -> list[Free]:
    # Their dates are the business's, whose clock may be another than the place's.
    found = offers.runs(
        choice.search(first - DAY, last + DAY), with_full=True, now=choice.visit.now
    )
    return [
        Free(
            each.session.starts_at,
            each.session.ends_at,
            tuple(each.session.resource_ids),
            run=each.session,
            left=max(0, each.places_left) + (held.party_size if held and is_mine else 0),
            is_held=is_mine,
        )
        for each in found
        for is_mine in [held is not None and held.session_id == each.session.pk]
        if first <= each.session.starts_at.astimezone(choice.zone).date() <= last
    ]


def counted(found: Sequence[Free], choice: Choice) -> Counter[date]:
    """How many starts of each day the party may have."""
    return Counter(
        each.starts_at.astimezone(choice.zone).date() for each in found if has_room(each, choice)
    )


def has_room(each: Free, choice: Choice) -> bool:
    return each.run is None or each.left >= choice.party


def nearest(found: Sequence[Free], choice: Choice, wanted: datetime) -> list[Free]:
    """The free starts nearest to one that is taken, in order."""
    others = [
        each
        for each in found
        if has_room(each, choice) and not (each.run is None and each.starts_at == wanted)
    ]

    def far(each: Free) -> timedelta:
        return abs(each.starts_at - wanted)

    return sorted(sorted(others, key=far)[:NEAREST], key=lambda each: each.starts_at)
