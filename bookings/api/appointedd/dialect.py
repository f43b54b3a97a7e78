"""What Appointedd's endpoints share: errors, the three steps, and reading what was sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.db import OperationalError
from django.http import HttpRequest, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    NotFound,
    PlanLimit,
    Unavailable,
)
from accounts.models import Business, Channel
from bookings.api import bodies
from bookings.api.appointedd import gate, pages
from bookings.api.appointedd.gate import Refusal, bad_request
from bookings.api.appointedd.pages import Page, Part
from bookings.api.appointedd.schema import Schema
from bookings.errors import (
    DepositDue,
    HoldExpired,
    NotOffered,
    Overpaid,
    PaymentDue,
    QuotaUsedUp,
    SlotTaken,
)
from bookings.wishes import Actor

log = logging.getLogger(__name__)

T = TypeVar("T")
SOURCE = "appointedd"

# One answer for every "no" of the core; a subclass that isn't listed answers as its parent does.
ANSWERS: dict[type[DomainError], int] = {
    DomainError: 400,
    Invalid: 400,
    NotFound: 404,
    Conflict: 409,
    NotAllowed: 403,
    PlanLimit: 402,
    Unavailable: 503,
    NotOffered: 409,
    SlotTaken: 409,
    HoldExpired: 404,
    DepositDue: 409,
    PaymentDue: 409,
    Overpaid: 409,
    QuotaUsedUp: 402,
}


def refusal(error: DomainError) -> Refusal:
    """A core error in this protocol's words."""
    status = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    message = "; ".join([str(error), *(f"{name}: {said}" for name, said in error.fields.items())])
    return Refusal(status, message, headers={"Retry-After": "1"} if status == 503 else {})


def flat(detail: Any, name: str = "") -> list[str]:
    """DRF's nested error detail as one line a field, nested fields dotted."""
    if isinstance(detail, Mapping):
        return [
            line
            for key, inner in detail.items()
            for line in flat(inner, name if key == "non_field_errors" else f"{name}.{key}")
        ]
    if isinstance(detail, list) and detail and isinstance(detail[0], Mapping | list):
        return [
            line for index, inner in enumerate(detail) for line in flat(inner, f"{name}[{index}]")
        ]
    said = " ".join(str(each) for each in detail) if isinstance(detail, list) else str(detail)
    return [f"{name.lstrip('.') or 'body'}: {said}"]


def translate(error: Exception) -> Refusal | None:
    """Any error that has an answer in this protocol; None for one that must reach the log."""
    match error:
        case Refusal():
            return error
        case DomainError():
            return refusal(error)
        case exceptions.ValidationError():
            return bad_request("; ".join(flat(error.detail)))
        case _ if isinstance(error, bodies.UNREADABLE):
            return bad_request(bodies.why(error))
        case exceptions.UnsupportedMediaType():
            return bad_request("The body must be JSON.")
        case exceptions.MethodNotAllowed():
            return Refusal(405, str(error.detail))
        case OperationalError():
            log.warning("The database did not answer: %s", type(error.__cause__).__name__)
            return Refusal(
                503, "The service is busy. Please try again.", headers={"Retry-After": "1"}
            )
    return None


def outside(status: int = 404) -> HttpResponseBase:
    """The answer where no view gave one: to a path that isn't there, to what can't be read (400),
    to what broke (500)."""
    message = {
        400: "The request can't be read.",
        404: "There is nothing here.",
        500: "Something went wrong on our side.",
    }[status]
    return JsonResponse(Refusal(status, message).body, status=status)


# They keep nothing of what they read: making their fields anew costs more than all they do.
_READERS: dict[type[BaseSerializer[Any]], BaseSerializer[Any]] = {}


class Endpoint(APIView):
    """A view of this protocol: gate, parse, one call, render.

    `self.channel` is whose key it is and `self.business` the organisation. `only_reads` marks a
    POST that changes nothing. `self.epoch` says whether what was read before still stands; None for
    what writes, as that looks in the database.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = Schema()
    parser_classes = (bodies.Json,)
    renderer_classes = (JSONRenderer,)
    only_reads: ClassVar[bool] = False

    channel: Channel
    business: Business
    epoch: bytes | None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Answers are JSON, whatever is asked for."""
        request.accepted_renderer = JSONRenderer()
        request.accepted_media_type = "application/json"
        is_read = self.only_reads or request.method in ("GET", "HEAD")
        self.channel, epoch = gate.enter(request._request, "read" if is_read else "write")
        self.epoch = epoch if is_read else None
        self.business = self.channel.business
        self.now = gate.instant(request._request)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Nothing for browsers: the key is a master key."""
        raise exceptions.MethodNotAllowed("OPTIONS")

    def handle_exception(self, exc: Exception) -> Response:
        refused = translate(exc)
        if refused is None:
            log.exception("An Appointedd request failed")
            refused = Refusal(500, "Something went wrong on our side.")
        return Response(refused.body, refused.status, headers=refused.headers)

    @property
    def actor(self) -> Actor:
        return Actor.channel(self.channel)

    @property
    def query(self) -> QueryDict:
        return self.request._request.GET

    @property
    def body(self) -> Mapping[str, Any]:
        """The JSON object that was sent; none is an empty one."""
        sent = self.request.data
        if not isinstance(sent, Mapping):
            raise bad_request("body: Must be a JSON object.")
        return sent

    def read(self, serializer: type[BaseSerializer[Any]], sent: Any = None) -> dict[str, Any]:
        """The body, or a part of it, in our words; raises ValidationError, answered with 400."""
        reader = _READERS.get(serializer) or _READERS.setdefault(serializer, serializer())
        found: dict[str, Any] = reader.run_validation(self.body if sent is None else sent)
        return dict(found)

    def said(self, data: Any, status: int = 200) -> Response:
        return Response({"data": data}, status)

    def page(
        self,
        parts: list[Part],
        render: Callable[[list[Any]], list[Any]],
        *,
        fields: tuple[str, ...] = ("created_at", "pk"),
        descending: bool,
    ) -> Response:
        """One page of rows as `{"data", "total", "prev", "next"}`."""
        found: Page = pages.read(parts, self.query, fields, descending=descending)
        return Response(
            {
                "data": render(found.rows),
                "total": found.total,
                "prev": found.prev,
                "next": found.next,
            }
        )
