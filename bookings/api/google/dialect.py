"""What the methods of Google's booking server share: one way in, one answer for every "no".

A "no" of business is HTTP 200 with a `booking_failure`; anything but 2xx counts as our error.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import OperationalError
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
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
from accounts.transactions import ATTEMPTS, must_start_over
from bookings.api import bodies
from bookings.api.google import catalogue, codec, gate
from bookings.api.google.gate import Refusal
from bookings.api.google.messages import ALIAS, BOOKING_REPLY, ERROR
from bookings.api.google.schema import Schema
from bookings.errors import (
    DepositDue,
    NotByGuest,
    NotOffered,
    PaymentUnavailable,
    QuotaUsedUp,
    SlotTaken,
    TooLate,
)
from bookings.wishes import Actor
from resources.models import Location

log = logging.getLogger(__name__)


class Failure(Exception):
    """A "no" of business, with the cause that Google knows it by."""

    def __init__(self, cause: str, description: str = "") -> None:
        super().__init__(description or cause)
        self.cause, self.description = cause, description


# One answer for every "no" of the core; a subclass that isn't listed answers as its parent does.
# A text is the cause of a failure, a pair an HTTP error.
ANSWERS: dict[type[DomainError], str | tuple[int, str]] = {
    DomainError: "SLOT_UNAVAILABLE",
    NotOffered: "SLOT_UNAVAILABLE",
    SlotTaken: "SLOT_UNAVAILABLE",
    QuotaUsedUp: "SLOT_UNAVAILABLE",
    DepositDue: "PAYMENT_ERROR",
    TooLate: "OUTSIDE_CANCELLATION_WINDOW",
    NotByGuest: "BOOKING_NOT_CANCELLABLE",
    Conflict: "SLOT_UNAVAILABLE",
    PlanLimit: "SLOT_UNAVAILABLE",
    PaymentUnavailable: "PAYMENT_ERROR",
    Invalid: (400, "INVALID_ARGUMENT"),
    NotFound: (400, "INVALID_ARGUMENT"),
    NotAllowed: (403, "PERMISSION_DENIED"),
    Unavailable: (503, "UNAVAILABLE"),
}


def refusal(error: DomainError) -> Refusal | Failure:
    """A core error in this protocol's words."""
    answer = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    if isinstance(answer, str):
        return Failure(answer, str(error))
    code, status = answer
    return Refusal(code, status, str(error), headers={"Retry-After": "1"} if code == 503 else {})


def translate(error: Exception) -> Refusal | Failure | None:
    """Any error that has an answer in this protocol; None for one that must reach the log."""
    match error:
        case Refusal() | Failure():
            return error
        case DomainError():
            return refusal(error)
        case codec.Malformed():
            return gate.invalid(str(error))
        case OperationalError():
            log.warning("The database did not answer: %s", type(error.__cause__).__name__)
            return Refusal(
                503, "UNAVAILABLE", "Busy. Please try again.", headers={"Retry-After": "1"}
            )
    return None


def answered(refused: Refusal | Failure) -> JsonResponse:
    if isinstance(refused, Failure):
        said = {"cause": refused.cause, "description": refused.description or None}
        return JsonResponse(codec.write(BOOKING_REPLY, {"booking_failure": said}))
    error = {"code": refused.code, "status": refused.status, "message": refused.message}
    return JsonResponse(
        codec.write(ERROR, {"error": error}), status=refused.code, headers=refused.headers
    )


def outside(status: int = 404) -> JsonResponse:
    """The answer where no view gave one: to a path that isn't there, to what can't be read (400),
    to what broke (500)."""
    return answered(
        {
            400: gate.invalid("The request can't be read."),
            404: gate.absent("There is no such method."),
            500: Refusal(500, "INTERNAL", "Something went wrong on our side."),
        }[status]
    )


def body_of(request: HttpRequest) -> Any:
    """The JSON that was sent, whatever its type is said to be. Raises Refusal."""
    try:
        return bodies.body_of(request)
    except bodies.UNREADABLE as error:
        raise gate.invalid(bodies.why(error)) from None


class Method(APIView):
    """One method: who asks, parse, one call, render.

    `act` is given what was sent, read as `takes`, and returns what is written as `gives`. A method
    that writes is started over when the database asks for it.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = Schema()
    http_method_names = ["post"]

    takes: ClassVar[codec.Message] = {}
    gives: ClassVar[codec.Message]
    writes: ClassVar[bool] = False

    channel: Channel
    now: datetime | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.channel = gate.enter(request)
            name = self.http_method_names[0]
            if (request.method, name) != ("HEAD", "get") and request.method != name.upper():
                raise Refusal(405, "INVALID_ARGUMENT", "This method is asked another way.")
            self.now = gate.instant(request)
            handler = getattr(self, name)
            answer: JsonResponse = handler(request)
            return answer
        except Exception as error:
            refused = translate(error)
            if refused is None:
                log.exception("A request of Google's failed")
                refused = Refusal(500, "INTERNAL", "Something went wrong on our side.")
            return answered(refused)

    def post(self, request: HttpRequest) -> JsonResponse:
        """Read what was sent, act, and write the answer."""
        said = codec.read(self.takes, body_of(request), alias=ALIAS)
        return JsonResponse(codec.write(self.gives, self._run(said)))

    def _run(self, said: dict[str, Any]) -> dict[str, Any]:
        for left in reversed(range(ATTEMPTS)):
            try:
                return self.act(said)
            except OperationalError as error:
                if not (self.writes and left and must_start_over(error)):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def act(self, said: dict[str, Any]) -> dict[str, Any]:
        """Do what was asked. Every method of the API says what; there is none without."""
        raise NotImplementedError

    def merchant(self, said: Mapping[str, Any]) -> Location:
        """The location that is meant; of another business none is. Raises Refusal."""
        found = catalogue.merchant(self.business, said.get("merchant_id", ""))
        if found is None:
            raise gate.invalid("There is no such merchant.")
        return found

    @property
    def business(self) -> Business:
        return self.channel.business

    @property
    def actor(self) -> Actor:
        return Actor.channel(self.channel)
