"""What whoever opens the back office wants to know first: today, what waits, what went wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Business
from bookings import selectors
from bookings.lifecycle import State
from bookings.models import WAITING, Booking, WebhookDelivery

EXPECTED = (State.CONFIRMED.value, State.CHECKED_IN.value, State.COMPLETED.value)
WEEK = timedelta(days=7)


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """Today by the clock of each location. `bookings` and `covers` are of who is expected or has
    come; `no_shows` are today's, `missed` those of the seven days until tonight."""

    bookings: int
    covers: int
    arrived: int
    no_shows: int
    missed: int


@dataclasses.dataclass(frozen=True, slots=True)
class Overview:
    """The day as a whole and by business, busiest first; who comes next, which holds wait, and
    which deliveries were given up in the last seven days (with their number)."""

    day: Day
    by_business: Sequence[tuple[Business, Day, int]]
    upcoming: Sequence[Booking]
    holds: Sequence[Booking]
    held: int
    failed: Sequence[WebhookDelivery]
    failures: int


def overview(
    businesses: QuerySet[Business],
    *,
    owned: QuerySet[Business],
    most: int = 8,
    now: datetime | None = None,
) -> Overview:
    """All of it for these businesses; deliveries for the `owned` ones. Seven queries."""
    now = now or datetime.now(UTC)
    mine = Booking.objects.filter(business__in=businesses)
    beside = ("guest", "service", "location", "business")
    waiting = Q(state__in=WAITING, expires_at__gt=now, starts_at__gt=now)
    recent = mine.filter(starts_at__gte=now - WEEK - selectors.LONGEST_DAY).filter(
        Q(starts_at__lt=now + selectors.LONGEST_DAY) | waiting
    )
    figures = _figures(now) | {"held": Count("pk", filter=waiting)}
    total = recent.aggregate(**figures)
    grouped: Any = recent.values("business").annotate(**figures)
    each: list[dict[str, Any]] = list(grouped.order_by("-bookings", "business")[:most])
    named = Business.objects.in_bulk([row["business"] for row in each])
    lost = WebhookDelivery.objects.filter(
        endpoint__business__in=owned,
        state=WebhookDelivery.State.FAILED,
        created_at__gte=now - WEEK,
    )
    return Overview(
        day=_day(total),
        by_business=[(named[row["business"]], _day(row), row["held"]) for row in each],
        upcoming=list(
            mine.filter(starts_at__gte=now, state=State.CONFIRMED.value)
            .select_related(*beside)
            .order_by("starts_at", "id")[:most]
        ),
        holds=list(
            mine.filter(waiting).select_related(*beside).order_by("expires_at", "id")[:most]
        ),
        held=total["held"],
        failed=list(lost.select_related("endpoint__business", "event")[:most]),
        failures=lost.count(),
    )


def _figures(now: datetime) -> dict[str, Any]:
    tonight = Q(starts_at__lt=selectors.local_midnight(now, ahead=1))
    today = tonight & Q(starts_at__gte=selectors.local_midnight(now))
    week = tonight & Q(starts_at__gte=selectors.local_midnight(now, ahead=-6))
    arrived = (State.CHECKED_IN.value, State.COMPLETED.value)
    return {
        "bookings": Count("pk", filter=today & Q(state__in=EXPECTED)),
        "covers": Sum("party_size", filter=today & Q(state__in=EXPECTED), default=0),
        "arrived": Count("pk", filter=today & Q(state__in=arrived)),
        "no_shows": Count("pk", filter=today & Q(state=State.NO_SHOW.value)),
        "missed": Count("pk", filter=week & Q(state=State.NO_SHOW.value)),
    }


def _day(row: dict[str, Any]) -> Day:
    return Day(**{field.name: row[field.name] for field in dataclasses.fields(Day)})
