"""Clients, their tokens, and the properties they may ask about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors as accounts
from accounts.errors import Conflict
from accounts.models import Business, Channel, validate_zone
from accounts.services import change_business, register_program, register_user
from availability.services import Period, set_hours, set_service_hours
from billing import selectors as billing
from bookings.api.bodies import Json
from bookings.api.octotable import gate
from bookings.api.octotable.catalogue import refuse_while_booked
from bookings.api.octotable.checks import check_email, check_password, check_phone
from bookings.api.octotable.dialect import Endpoint, data, id_of, saying
from bookings.api.octotable.gate import Refusal, bad
from bookings.api.octotable.render import PROPERTY, property_json
from bookings.api.octotable.serializers import ClientRequest, PropertyRequest
from resources.services import add_service, first_location, open_business

EVERY_DAY = range(1, 8)
SANDBOX = (("Lunch", time(12), time(15)), ("Dinner", time(19), time(23)))


class Clients(Endpoint):
    """POST /api-account/oauth2/client"""

    needs_token = False

    def post(self, request: Request) -> Response:
        wanted = self._wanted()
        check_email(wanted["email"])
        if wanted.get("phone"):
            check_phone(wanted["phone"])
        check_password(wanted["password"])
        channel, key = self._create(wanted)
        client_id, _, secret = key.partition(":")
        return data(
            {
                "client_id": client_id,
                "client_secret": secret,
                "id": id_of(channel),
                "username": wanted["username"],
                "password": "********",
                "properties": [property_json(channel.business)],
            },
            status=201,
        )

    def _wanted(self) -> dict[str, Any]:
        """The body in one of its forms: flat, nested, the nested part or all of it in an array."""
        body: Any = self.request.data
        body = body[0] if isinstance(body, list) and len(body) == 1 else body
        if isinstance(body, Mapping) and "sandbox_property" in body:
            nested = body["sandbox_property"]
            nested = nested[0] if isinstance(nested, list) and len(nested) == 1 else nested
            if not isinstance(nested, Mapping):
                raise bad("sandbox_property: Must be an object.", "ClientCreationException")
            body = {**nested, "redirect_uri": body.get("redirect_uri")}
        if not isinstance(body, Mapping):
            raise bad("The body must be a JSON object.", "ClientCreationException")
        reader = ClientRequest(data=dict(body))
        if not reader.is_valid():
            name, problems = next(iter(reader.errors.items()))
            raise bad(f"{name}: {problems[0]}", "ClientCreationException")
        return dict(reader.validated_data)

    @transaction.atomic
    def _create(self, wanted: dict[str, Any]) -> tuple[Channel, str]:
        try:
            owner = register_user(
                email=wanted["email"],
                password=wanted["password"],
                first_name=wanted["name"],
                last_name="",
                has_passed=True,
            )
        except Conflict as error:
            raise bad(str(error), "UserCreationException") from None
        kept = {name: wanted[name] for name in PROPERTY if wanted.get(name)}
        business = new_property(
            wanted["name"],
            owner=owner,
            is_dev=True,
            details=saying(
                None,
                **kept,
                redirect_uri=wanted["redirect_uri"],
                position=wanted.get("position") or {},
            ),
        )
        for name, opens, closes in SANDBOX:
            service = add_service(
                business,
                name=name,
                duration=timedelta(minutes=60),
                slot_interval=timedelta(minutes=30),
            )
            set_service_hours(service, EVERY_DAY, opens=opens, closes=closes)
        try:
            return register_program(
                business, owner, name=wanted["username"], protocol=Channel.Protocol.OCTOTABLE
            )
        except Conflict:
            raise bad("This user name is taken.", "UserCreationException") from None


def new_property(name: str, **values: Any) -> Business:
    """A property that is open round the clock: its services say when they are to be had."""
    business, _ = open_business(
        name=name,
        business_type="restaurant",
        booking_mode=Business.Mode.SCHEDULED,
        slot_interval_minutes=30,
        **values,
    )
    place = first_location(business)
    set_hours(place, [Period(each, time(), time()) for each in EVERY_DAY])
    return business


class Tokens(Endpoint):
    """POST /oauth2/token"""

    needs_token = False
    parser_classes = (Json, FormParser, MultiPartParser)

    def post(self, request: Request) -> Response:
        sent = request.data
        if not isinstance(sent, Mapping):
            raise bad("The body must be an object.")
        if sent.get("grant_type") != "client_credentials":
            raise bad("unsupported_grant_type: The grant type is client_credentials.")
        client = [sent.get("client_id"), sent.get("client_secret")]
        if not all(isinstance(each, str) and each for each in client):
            raise bad("invalid_request: client_id and client_secret are needed.")
        token = gate.issue(str(client[0]), str(client[1]), now=self.now)
        return Response(
            {
                "access_token": token,
                "expires_in": 1440,
                "type": "Bearer",
                "token_type": "Bearer",
            }
        )


class ForProperties(Endpoint):
    """Endpoints that say themselves which property."""

    needs_property = False

    def reached(self) -> Any:
        return accounts.reached_by(self.caller.channel).order_by("created_at", "id")

    def asked(self) -> dict[str, Any]:
        """A property's fields: ours by themselves, theirs as details."""
        sent = self.read(PropertyRequest, partial=self.request.method == "PUT")
        if sent.get("email"):
            check_email(sent["email"])
        if sent.get("phone"):
            check_phone(sent["phone"])
        if "timezone" in sent:
            try:
                validate_zone(sent["timezone"])
            except ValidationError:
                raise bad("timezone: Not an IANA time zone.") from None
        return sent


class Properties(ForProperties):
    """GET, POST /properties"""

    def get(self, request: Request) -> Response:
        return data(*(property_json(each) for each in self.reached()))

    def post(self, request: Request) -> Response:
        sent = self.asked()
        owner = self.caller.channel.user
        if owner is None:
            raise gate.forbidden("This client was made for one property alone.")
        kept = {name: sent.pop(name) for name in PROPERTY if name in sent}
        business = new_property(
            sent.pop("name"),
            owner=owner,
            at_most=billing.max_businesses(owner),
            details=saying(None, **kept),
            **sent,
        )
        return data(property_json(business), status=201)


class OneProperty(ForProperties):
    """GET, PUT, DELETE /properties/{id}"""

    def get(self, request: Request, number: int) -> Response:
        return data(property_json(self._found(number)))

    def put(self, request: Request, number: int) -> Response:
        business = self._found(number)
        sent = self.asked()
        kept = {name: sent.pop(name) for name in PROPERTY if name in sent}
        changed = change_business(business, details=saying(business, **kept), **sent)
        return data(property_json(changed))

    def delete(self, request: Request, number: int) -> Response:
        business = self._found(number)
        if business.pk == self.caller.channel.business_id:
            raise Refusal(
                409, "ConflictException", "The property that a client was made with stays."
            )
        refuse_while_booked(business, self.moment)
        change_business(business, is_active=False)
        return data(number)

    def _found(self, number: int) -> Business:
        found: Business = self.find(self.reached(), number, "property")
        return found
