"""Bookings: made of reservations, listed, changed and cancelled, whole or one participant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.views import View
from rest_framework.request import Request
from rest_framework.response import Response

from bookings import links, promises, services
from bookings.api.appointedd import ids, params, times
from bookings.api.appointedd import serializers as words
from bookings.api.appointedd.dialect import SOURCE, Endpoint, outside
from bookings.api.appointedd.gate import Refusal, absent, bad_request
from bookings.api.appointedd.pages import Part
from bookings.api.appointedd.render import API, NAME, booking_json, listed_json, noted, token
from bookings.api.appointedd.views.availability import service_named
from bookings.api.appointedd.views.customers import kept, who
from bookings.errors import HoldExpired, WrongState
from bookings.lifecycle import State
from bookings.models import Booking, Guest, Session
from resources import selectors as catalogue
from resources.models import Category, Resource, Service

Row = Session | Booking
ROUNDED = timedelta(milliseconds=1)  # what three digits leave out


class Whole(Endpoint):
    """An endpoint that answers with a whole booking."""

    def found(self, booking_id: str) -> Row:
        """A run, or a booking of a time of its own. Raises Refusal."""
        span = ids.span(booking_id)
        run = promises.runs(self.business).filter(pk__range=span).first()
        if run is not None:
            return run
        return ids.find(promises.alone(self.business), booking_id, "booking")

    def whole(self, row: Row, here: ZoneInfo, status: int = 200) -> Response:
        fresh: Row
        if isinstance(row, Session):
            fresh = promises.runs(self.business).get(pk=row.pk)
        else:
            fresh = Booking.objects.select_related("service").get(pk=row.pk)
        return self.said(booking_json(fresh, here, self.business), status)

    def zone(self, *said: Mapping[str, Any]) -> ZoneInfo:
        """The zone of the answer, at whichever level it was sent; UTC unless said."""
        return times.zone(next((each["timezone"] for each in said if each.get("timezone")), "UTC"))


class Bookings(Whole):
    """GET and POST /v1/bookings"""

    def get(self, request: Request) -> Response:
        here = times.zone(self.query.get("timezone", "UTC"))
        sort = params.one_of(self.query, "sort_by", ["natural", "created", "updated"], "natural")
        wanted = self._filters(here)
        runs, alone = promises.runs(self.business), promises.alone(self.business)
        return self.page(
            [
                Part(promises.filtered_runs(runs, wanted), runs),
                Part(promises.filtered_alone(alone, wanted), alone),
            ],
            lambda found: [listed_json(each, here, self.business) for each in found],
            fields=("updated_at" if sort == "updated" else "created_at", "pk"),
            descending=params.is_descending(self.query),
        )

    def _filters(self, here: ZoneInfo) -> promises.Filters:
        named = params.several(self.query, "ids")
        statuses = params.several(self.query, "statuses")
        if unknown := set(statuses) - {"confirmed", "pending", "cancelled"}:
            raise bad_request(f"statuses: there is no status “{min(unknown)[:100]}”")
        return promises.Filters(
            ids=[ids.span(each) for each in named] if named else None,
            ends_by=self._moment("before", here),
            starts_from=self._moment("after", here),
            created=(self._moment("created_after", here), self._until("created_before", here)),
            updated=(self._moment("updated_after", here), self._until("updated_before", here)),
            service_ids=self._keys("services", Service.objects.filter(business=self.business)),
            resource_ids=self._keys("resources", Resource.objects.filter(business=self.business)),
            guest_ids=self._keys("customers", Guest.objects.filter(business=self.business)),
            category_ids=self._keys("categories", Category.objects.filter(business=self.business)),
            statuses=statuses,
        )

    def _keys(self, name: str, rows: QuerySet[Any]) -> list[Any] | None:
        named = params.several(self.query, name)
        return promises.ids_of(rows, ids.any_of(named)) if named else None

    def _moment(self, name: str, here: ZoneInfo) -> datetime | None:
        text = self.query.get(name)
        return times.read(text, here, name) if text else None

    def _until(self, name: str, here: ZoneInfo) -> datetime | None:
        """A last instant that is included, as we write them: to the millisecond."""
        found = self._moment(name, here)
        return found + ROUNDED - timedelta.resolution if found else None

    def post(self, request: Request) -> Response:
        said = self.read(words.BookingRequest)
        data = said["data"]
        here = self.zone(said, data)
        rows = Booking.objects.filter(business=self.business).select_related("business", "session")
        hold = ids.find(rows, said["slot_id"], "reservation", ids.RESERVATION)
        if hold.state != State.HELD.value:
            raise absent("reservation")
        own: dict[str, Any] = {"created_source": API}
        if data.get("label"):
            own["label"] = data["label"]
        try:
            made = services.admit(
                hold,
                [self._comer(each, str(here), own) for each in data["customers"]],
                by=self.actor,
                source=SOURCE,
                channel=self.channel,
                details={NAME: own},
                now=self.now,
            )
        except (HoldExpired, WrongState):
            raise absent("reservation") from None
        return self.whole(made, here, 201)

    def _comer(self, said: Mapping[str, Any], zone: str, own: Mapping[str, Any]) -> services.Comer:
        profile = said["customer"]["profile"]
        zone = str(times.zone(said.get("timezone") or zone))
        details = {"timezone": zone, "locale": said.get("locale") or "en"}
        if questions := said.get("questions"):
            details["questions"] = [
                {name: each.get(name) or "" for name in ("label", "value", "id")}
                for each in questions
            ]
        return services.Comer(
            who(profile),
            said.get("spaces"),
            said.get("notes") or "",
            of_guest={NAME: kept(profile)} if kept(profile) else {},
            details={NAME: {**own, **details}},
        )


class OneBooking(Whole):
    """PUT /v1/bookings/{booking_id}: change or move it."""

    def put(self, request: Request, booking_id: str) -> Response:
        said = self.read(words.ChangeRequest)
        data = said["data"]
        here = self.zone(said, data)
        row = self.found(booking_id)
        start, end = self._times(data, here)
        spaces = data.get("total_spaces")
        wanted: dict[str, Any] = {
            "starts_at": start,
            "service": self._service(data),
            "details": self._details(row, data),
            "keeps_hours": True,
            "keeps_windows": not said.get("ignore_service_schedule"),
            "any_resource": bool(said.get("ignore_resource_services")),
        }
        resource = self._resource(data)
        by: dict[str, Any] = {"by": self.actor, "now": self.now}
        with transaction.atomic():
            if isinstance(row, Booking) and spaces not in (None, row.party_size):
                row = services.open_run(row, **by)
            if isinstance(row, Booking):
                is_joined = len(row.resource_ids) > 1 and row.service_id is None
                keeps = None if is_joined else next(iter(row.resource_ids), None)
                changes = services.Changes(
                    duration=end - start if start and end else None,
                    resource_id=resource.pk if resource else keeps,
                    keeps_notice=False,
                    **wanted,
                )
                services.change(row, changes, **by)
            else:
                services.change_session(
                    row,
                    ends_at=end,
                    resource_ids=[resource.pk] if resource else None,
                    capacity=spaces,
                    **wanted,
                    **by,
                )
        return self.whole(row, here)

    def _times(
        self, data: Mapping[str, Any], here: ZoneInfo
    ) -> tuple[datetime | None, datetime | None]:
        if not data.get("parts"):
            return None, None
        (part,) = data["parts"]
        start, end = times.read(part["start"], here), times.read(part["end"], here, "end")
        if end <= start:
            raise bad_request("parts: it must end after it starts")
        return start, end

    def _service(self, data: Mapping[str, Any]) -> Service | None:
        return service_named(self, data["service_id"]) if data.get("service_id") else None

    def _resource(self, data: Mapping[str, Any]) -> Resource | None:
        if not data.get("resource_id"):
            return None
        return ids.find(catalogue.resources(self.business), data["resource_id"], "resource")

    def _details(self, row: Row, data: Mapping[str, Any]) -> dict[str, Any] | None:
        if data.get("label") is None:
            return None
        return {**row.details, NAME: {**noted(row), "label": data["label"]}}


class CancelBooking(Whole):
    """POST /v1/bookings/{booking_id}/cancel: the booking, and all who would have come."""

    def post(self, request: Request, booking_id: str) -> Response:
        here = self.zone(self.read(words.CancelRequest))
        row = self.found(booking_id)
        if isinstance(row, Session):
            services.cancel_session(row, by=self.actor, now=self.now)
        else:
            services.cancel(row, by=self.actor, now=self.now)
        return self.whole(row, here)


class Participants(Whole):
    """An endpoint about one participant."""

    def participant(self, row: Row, id_: str) -> Booking:
        """By the id of their place, or by their own. Raises Refusal."""
        span, own = ids.span(id_, ids.PARTICIPANT), ids.span(id_)
        people = getattr(row, "people", [row])
        for each in people:
            if span[0] <= each.pk <= span[1]:
                return each  # type: ignore[no-any-return]
        for each in people:
            if each.state in promises.COMES and each.guest_id and own[0] <= each.guest_id <= own[1]:
                return each  # type: ignore[no-any-return]
        raise absent("participant")


class OneParticipant(Participants):
    """PUT /v1/bookings/{booking_id}/customers/{customer_booking_id}: status and notes."""

    def put(self, request: Request, booking_id: str, customer_booking_id: str) -> Response:
        body = self.body
        said = self.read(words.ParticipantRequest, body if "data" in body else {"data": body})
        data = said["data"]
        here = self.zone(said)
        row = self.found(booking_id)
        booking = self.participant(row, customer_booking_id)
        with transaction.atomic():
            for state in self._on_the_way(booking, data.get("status")):
                wanted = services.Changes(state=state)
                booking = services.change(booking, wanted, by=self.actor, now=self.now)
            if data.get("notes") is not None:
                notes = services.Changes(notes=data["notes"])
                services.change(booking, notes, by=self.actor, now=self.now)
        return self.whole(row, here)

    def _on_the_way(self, booking: Booking, status: str | None) -> list[State]:
        """The states that lead to a status; who is done here was here before."""
        match status:
            case None:
                return []
            case "Complete" if booking.state == State.CONFIRMED.value:
                return [State.CHECKED_IN, State.COMPLETED]
            case _:
                return [BY_STATUS[status]]


BY_STATUS = {
    "No Status": State.CONFIRMED,
    "Arrived": State.CHECKED_IN,
    "Complete": State.COMPLETED,
    "No Show": State.NO_SHOW,
}


class CancelParticipant(Participants):
    """POST /v1/bookings/{booking_id}/customers/{customer_booking_id}/cancel: one of them; the
    booking stays, with their place free."""

    def post(self, request: Request, booking_id: str, customer_booking_id: str) -> Response:
        here = self.zone(self.read(words.CancelRequest))
        row = self.found(booking_id)
        booking = self.participant(row, customer_booking_id)
        with transaction.atomic():
            if isinstance(row, Booking) and booking.state != State.CANCELLED.value:
                row = services.open_run(row, by=self.actor, now=self.now)
            services.cancel(booking, by=self.actor, now=self.now)
        return self.whole(row, here)


class Reschedule(View):
    """GET /appointedd/reschedule: leads a guest with a link of ours to their own page.

    A link is good until the booking moves; its guest then has another.
    """

    def get(self, request: HttpRequest) -> HttpResponseBase:
        try:
            span = ids.span(request.GET.get("participantId", ""), ids.PARTICIPANT)
        except Refusal:
            return outside()
        booking = Booking.objects.filter(pk__range=span, business__is_active=True).first()
        if booking is None:
            return outside()
        if not constant_time_compare(token(booking), request.GET.get("token", "")):
            return outside()
        return HttpResponseRedirect(links.url(booking), headers={"Cache-Control": "no-store"})
