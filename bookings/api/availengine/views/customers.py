"""Customers, and those who wait for room."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from bookings import selectors, services
from bookings.api.availengine.dialect import Endpoint
from bookings.api.availengine.gate import Needs
from bookings.api.availengine.render import known_customer_json, waitlist_json
from bookings.api.availengine.serializers.bookings import CustomerQuery, CustomerRequest
from bookings.models import Guest
from bookings.wishes import GuestDetails


class Customers(Endpoint):
    """/v1/manage/customers: by name, `q` looks for one; ours."""

    def get(self, request: Request) -> Response:
        return self.page(
            selectors.guests(self.business, like=self.ask(CustomerQuery)["q"]),
            known_customer_json,
            ordering=("last_name", "first_name", "id"),
        )

    def post(self, request: Request) -> Response:
        wanted = self.read(CustomerRequest)
        notes = wanted.pop("notes", None)
        guest, is_new = services.welcome_guest(
            self.business, GuestDetails(**wanted), notes=notes, now=self.now
        )
        return Response(known_customer_json(guest), 201 if is_new else 200)


class OneCustomer(Endpoint):
    """/v1/manage/customers/{customer_id}; deleting one erases who they were."""

    def _found(self, customer_id: str) -> Guest:
        return self.find(selectors.guests(self.business), customer_id)

    def get(self, request: Request, customer_id: str) -> Response:
        return Response(known_customer_json(self._found(customer_id)))

    def patch(self, request: Request, customer_id: str) -> Response:
        wanted = self.read(CustomerRequest, partial=True)
        changed = services.correct_guest(self._found(customer_id), **wanted, now=self.now)
        return Response(known_customer_json(changed))

    def delete(self, request: Request, customer_id: str) -> Response:
        services.forget_guest(self._found(customer_id), now=self.now)
        return Response(status=204)


class Waitlist(Endpoint):
    """GET /v1/manage/waitlist: who waits, by the day they would come."""

    def get(self, request: Request) -> Response:
        return self.page(
            selectors.waitlist(self.business),
            waitlist_json,
            ordering=("preferred_date", "created_at", "id"),
        )


class OneEntry(Endpoint):
    """DELETE /v1/manage/waitlist/{entry_id}"""

    needs = {"DELETE": Needs(scope="write", role="staff")}

    def delete(self, request: Request, entry_id: str) -> Response:
        services.leave_waitlist(self.find(selectors.waitlist(self.business), entry_id))
        return Response(status=204)
