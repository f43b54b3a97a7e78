"""Which bookings to list: the filters of the management list."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import django_filters as filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet

from accounts.models import Business
from bookings import selectors
from bookings.api.availengine.dialect import instant_at
from bookings.api.availengine.serializers.bookings import STATUSES
from bookings.api.availengine.serializers.fields import FIRST, LAST
from bookings.lifecycle import State
from bookings.models import Booking

Rows = QuerySet[Booking]


def day_filter(method: str) -> filters.DateFilter:
    return filters.DateFilter(
        method=method,
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)],
    )


class StatusFilter(filters.BaseInFilter, filters.ChoiceFilter):  # type: ignore[misc]
    """One status, or several with commas between."""


class BookingFilter(filters.FilterSet):  # type: ignore[misc]
    """Days are those of the business's wall, by the start of the booking."""

    date = day_filter("on")
    date_from = day_filter("since")
    date_to = day_filter("until")
    status = StatusFilter(method="in_status", choices=[(each, each) for each in STATUSES])
    resource_id = filters.UUIDFilter(method="on_resource")
    service_id = filters.UUIDFilter(field_name="service")
    customer_id = filters.UUIDFilter(field_name="guest")
    q = filters.CharFilter(method="like", max_length=100)

    def __init__(
        self, data: Any, rows: Rows, *, business: Business, now: dt.datetime | None
    ) -> None:
        super().__init__(data, rows)
        self.business, self.now = business, now

    def _midnight(self, day: dt.date) -> dt.datetime:
        return instant_at(day, dt.time(), self.business)

    def on(self, rows: Rows, name: str, day: dt.date) -> Rows:
        return self.until(self.since(rows, name, day), name, day)

    def since(self, rows: Rows, name: str, day: dt.date) -> Rows:
        return rows.filter(starts_at__gte=self._midnight(day))

    def until(self, rows: Rows, name: str, day: dt.date) -> Rows:
        return rows.filter(starts_at__lt=self._midnight(day + dt.timedelta(days=1)))

    def in_status(self, rows: Rows, name: str, statuses: list[str]) -> Rows:
        gone = selectors.lapsed(self.now)
        waits = Q(state__in=statuses) & ~gone
        over = Q(state=State.EXPIRED.value) | gone
        return rows.filter(waits | over if State.CANCELLED.value in statuses else waits)

    def on_resource(self, rows: Rows, name: str, resource_id: uuid.UUID) -> Rows:
        return rows.filter(resource_ids__contains=[resource_id])

    def like(self, rows: Rows, name: str, text: str) -> Rows:
        return selectors.bookings_like(rows, self.business, text)
