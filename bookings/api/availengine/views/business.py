"""The business itself: what it is called, how it books, when it is open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services as accounts
from availability import selectors as when
from availability import services as availability
from availability.models import Closure
from availability.services import Period
from billing import selectors as billing
from bookings.api.availengine.dialect import Endpoint, flat, invalid, stamp
from bookings.api.availengine.gate import Needs
from bookings.api.availengine.render import hours_json, managed_closure_json
from bookings.api.availengine.serializers.business import (
    BlackoutRequest,
    BusinessRequest,
    HoursRow,
    Settings,
)
from resources import selectors as resources
from resources.services import first_location


class TheBusiness(Endpoint):
    """/v1/manage/business, and its old name /v1/manage/restaurant. Changing it is ours."""

    def get(self, request: Request) -> Response:
        return self._shown()

    def patch(self, request: Request) -> Response:
        self.business = accounts.change_business(self.business, **self.read(BusinessRequest))
        return self._shown()

    def _shown(self) -> Response:
        of = self.business
        return Response({"id": str(of.pk), "name": of.name, "slug": of.slug})


class TheSettings(Endpoint):
    """/v1/manage/settings: the whole object, whichever part was changed."""

    def get(self, request: Request) -> Response:
        return Response(Settings(self.business).data)

    def patch(self, request: Request) -> Response:
        wanted = self.read(Settings, partial=True)
        return Response(Settings(accounts.change_business(self.business, **wanted)).data)


class TheSubscription(Endpoint):
    """/v1/manage/subscription: which plan covers the business, and until when it is a trial."""

    needs = {"GET": Needs(role="manager")}

    def get(self, request: Request) -> Response:
        cover = billing.cover(self.business)
        left = None
        if cover.trial_ends_at:
            left = max(0, (cover.trial_ends_at - (self.now or datetime.now(UTC))).days)
        return Response(
            {
                "subscription_status": cover.status,
                "subscription_plan_id": cover.plan,
                "trial_ends_at": stamp(cover.trial_ends_at),
                "trial_days_remaining": left,
                "resource_count": resources.resources(self.business).count(),
                "deposits_enabled": billing.takes_deposits(self.business),
            }
        )


class Hours(Endpoint):
    """/v1/manage/hours: the week, replaced whole; ours."""

    def get(self, request: Request) -> Response:
        return Response(hours_json(when.hours(self.business)))

    def put(self, request: Request) -> Response:
        availability.set_hours(first_location(self.business), periods_of(request.data))
        return Response(hours_json(when.hours(self.business)))


def periods_of(sent: Any) -> list[Period]:
    """The open periods of a week that was sent as rows. Raises Refusal."""
    if not isinstance(sent, list):
        raise invalid(body="Must be an array of days.")
    if len(sent) > 100:
        raise invalid(body="At most 100 rows.")
    reader = HoursRow(data=sent, many=True)
    if not reader.is_valid():
        raise invalid(**flat(reader.errors))
    rows: list[dict[str, Any]] = reader.validated_data
    closed = {row["day_of_week"] for row in rows if not row["is_open"]}
    for number, row in enumerate(rows):
        if row["is_open"] and row["day_of_week"] in closed:
            raise invalid(**{f"{number}.is_open": "This day is also said to be closed."})
    return [
        Period(row["day_of_week"] or 7, row["open_time"], row["close_time"])
        for row in rows
        if row["is_open"]
    ]


class Blackouts(Endpoint):
    """/v1/manage/blackout-dates: days on which the business is closed.

    They are kept for its first location: this protocol doesn't know that there may be several.
    """

    def get(self, request: Request) -> Response:
        rows = when.closures(self.business)
        return self.page(rows, managed_closure_json, ordering=("first_day", "id"))

    def post(self, request: Request) -> Response:
        made = availability.close(first_location(self.business), **self.read(BlackoutRequest))
        return Response(managed_closure_json(made), 201)


class Blackout(Endpoint):
    """/v1/manage/blackout-dates/{blackout_id}"""

    def _found(self, blackout_id: str) -> Closure:
        return self.find(when.closures(self.business), blackout_id)

    def get(self, request: Request, blackout_id: str) -> Response:
        return Response(managed_closure_json(self._found(blackout_id)))

    def patch(self, request: Request, blackout_id: str) -> Response:
        wanted = self.read(BlackoutRequest, partial=True)
        changed = availability.change_closure(self._found(blackout_id), **wanted)
        return Response(managed_closure_json(changed))

    def delete(self, request: Request, blackout_id: str) -> Response:
        availability.reopen(self._found(blackout_id))
        return Response(status=204)
