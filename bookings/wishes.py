"""What a caller may ask of the core, as plain values. Pure."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import Business, Channel, User
    from resources.models import Service

DAY = timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a channel's program, a user, the guest, or the system itself."""

    kind: str
    id: uuid.UUID | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @classmethod
    def channel(cls, channel: Channel) -> Actor:
        return cls("channel", channel.pk)

    @classmethod
    def user(cls, user: User) -> Actor:
        return cls("user", user.pk)


SYSTEM = Actor("system")
GUEST = Actor("guest")


@dataclasses.dataclass(frozen=True, slots=True)
class GuestDetails:
    """Who comes, as they said it."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """A stretch of time for a party. `starts_at` is UTC; `duration` without buffers.

    `joinable` lets tables be combined. `keeps_hours` holds it to opening hours, breaks, closures,
    notice, horizon and pacing; `keeps_closures` to closures alone; neither is for doors that sell
    any time. Without `keeps_windows` the service's own hours don't count; with `keeps_breaks` the
    buffers stay out of breaks too. With a `step` it may only start on the grid; `by_guest` leaves
    out resources that only staff may book. `overhead` is preparation and cleanup: taken after the
    duration, within hours. `among` limits the resources of any kind that one of them is; `together`
    asks for all of these. `moving` is the booking that is moved: pacing doesn't count it twice.
    """

    business: Business
    starts_at: datetime
    duration: timedelta
    party_size: int = 1
    service: Service | None = None
    resource_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    joinable: bool = True
    keeps_hours: bool = False
    keeps_closures: bool = False
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    overhead: timedelta = timedelta()
    step: timedelta | None = None
    by_guest: bool = False
    keeps_notice: bool = True
    keeps_windows: bool = True
    keeps_breaks: bool = False
    among: frozenset[uuid.UUID] | None = None
    together: tuple[uuid.UUID, ...] = ()
    moving: uuid.UUID | None = None

    @classmethod
    def of(cls, service: Service, **fields: object) -> Wish:
        """A wish for a service: its duration and buffers, unless said otherwise."""
        values: dict[str, object] = {
            "business": service.business,
            "service": service,
            "duration": service.duration,
            "buffer_before": service.buffer_before,
            "buffer_after": service.buffer_after,
            "overhead": service.preparation + service.cleanup,
        } | fields
        return cls(**values)  # type: ignore[arg-type]

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + self.duration

    @property
    def takes_from(self) -> datetime:
        """When the time taken starts, buffer included."""
        return self.starts_at - self.buffer_before

    @property
    def takes_until(self) -> datetime:
        """When the time taken ends, buffer included."""
        return self.inside_until + self.buffer_after

    @property
    def inside_until(self) -> datetime:
        """Until when it has to be open."""
        return self.ends_at + self.overhead


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What may be asked of the timetable: the starts of some days for a party.

    Dates are local to each location, both included. What isn't said is the service's, else the
    business's: `duration` (without a service the turn time of the party), `step` from one start to
    the next, `buffers` before and after. `resource_ids` limits the resources of any kind that one
    of them is; `by_guest` leaves out those that only staff may book. `keeps_notice` applies the
    least notice and the horizon, `keeps_now` leaves out what has gone by. `joinable` lets tables be
    combined. `moving` is a booking that is to be moved: what it takes now is free to it. Without
    `keeps_closures` it shows what would be if nothing were closed, which isn't all for sale.
    `keeps_windows` and `keeps_breaks` as in a Wish.
    """

    business: Business
    first_day: date
    last_day: date
    service: Service | None = None
    party_size: int = 1
    location_id: uuid.UUID | None = None
    resource_ids: frozenset[uuid.UUID] | None = None
    duration: timedelta | None = None
    step: timedelta | None = None
    buffers: tuple[timedelta, timedelta] | None = None
    by_guest: bool = True
    keeps_notice: bool = True
    keeps_now: bool = True
    keeps_closures: bool = True
    keeps_windows: bool = True
    keeps_breaks: bool = False
    joinable: bool = True
    moving: uuid.UUID | None = None


def pieces(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """A stretch as consecutive stretches of a day at most, as an allocation may not be longer."""
    cuts = [start]
    while end - cuts[-1] > DAY:
        cuts.append(cuts[-1] + DAY)
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def days(start: datetime, end: datetime) -> list[str]:
    """The UTC dates that a stretch touches, as ISO text. Any two that overlap share one.

    UTC and not the location's zone: what counts is that all doors agree, whoever's clock they show.
    """
    first, last = start.astimezone(UTC).date(), (end - timedelta.resolution).astimezone(UTC).date()
    return [(first + timedelta(n)).isoformat() for n in range((last - first).days + 1)]
