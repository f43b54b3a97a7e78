"""Who comes: listed, added and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from bookings import promises, services
from bookings.api.appointedd import ids, params
from bookings.api.appointedd import serializers as words
from bookings.api.appointedd.dialect import Endpoint
from bookings.api.appointedd.pages import Part
from bookings.api.appointedd.render import NAME, customer_json, noted
from bookings.models import Guest
from bookings.wishes import GuestDetails


def who(profile: Mapping[str, Any]) -> GuestDetails:
    """Somebody by their profile. We know one number of everybody: the mobile one where given."""
    return GuestDetails(
        profile["firstname"],
        profile["lastname"],
        profile.get("email") or "",
        profile.get("mobile") or profile.get("phone") or "",
    )


def kept(profile: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What only this protocol says of somebody."""
    said = {"phone": profile.get("phone"), **more}
    return {name: value for name, value in said.items() if value is not None}


class Customers(Endpoint):
    """GET and POST /v1/customers"""

    def get(self, request: Request) -> Response:
        known = promises.known_guests(self.business)
        named = params.several(self.query, "ids")
        rows = known.filter(ids.any_of(named)) if named else known
        params.one_of(self.query, "sort_by", ["natural", "created"], "natural")
        return self.page(
            [Part(rows, known)],
            lambda found: [customer_json(each) for each in found],
            descending=params.is_descending(self.query),
        )

    def post(self, request: Request) -> Response:
        body = self.body
        said = self.read(words.NewCustomer, body if "data" in body else {"data": body})["data"]
        profile = said["profile"]
        found = services.meet_guest(
            self.business,
            who(profile),
            details={
                NAME: kept(
                    profile,
                    tags=said.get("tags"),
                    marketing_opt_in=said.get("marketing_opt_in"),
                )
            },
            by=self.actor,
            now=self.now,
        )
        return self.said(customer_json(found), 201)


class OneCustomer(Endpoint):
    """GET and PUT /v1/customers/{id}"""

    def _found(self, customer_id: str) -> Guest:
        return ids.find(promises.known_guests(self.business), customer_id, "customer")

    def get(self, request: Request, customer_id: str) -> Response:
        return self.said(customer_json(self._found(customer_id)))

    def put(self, request: Request, customer_id: str) -> Response:
        body = self.body
        said = self.read(words.CustomerRequest, body if "data" in body else {"data": body})["data"]
        found = self._found(customer_id)
        profile = said.get("profile") or {}
        own = noted(found) | kept(
            profile, tags=said.get("tags"), marketing_opt_in=said.get("marketing_opt_in")
        )
        number = profile.get("mobile")
        if number is None and found.phone in ("", noted(found).get("phone", "")):
            number = profile.get("phone")  # the one number that we know is this one
        changed = services.correct_guest(
            found,
            first_name=profile.get("firstname"),
            last_name=profile.get("lastname"),
            email=profile.get("email"),
            phone=number,
            details=found.details | {NAME: own},
            now=self.now,
        )
        return self.said(customer_json(changed))
