"""What OctoTable's endpoints share: errors, integer ids, lists in queries, times on the wall."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from django.db import OperationalError, models, transaction
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts import idempotency, logins
from accounts.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    NotFound,
    PlanLimit,
    Unavailable,
)
from accounts.identifiers import int48, int48_range
from accounts.models import Business
from accounts.transactions import ATTEMPTS, must_start_over
from availability import calendar
from bookings.api import bodies
from bookings.api.octotable import gate
from bookings.api.octotable.gate import Caller, Refusal, bad
from bookings.api.octotable.schema import Schema
from bookings.errors import DepositDue, HoldExpired, NotOffered, QuotaUsedUp, SlotTaken
from bookings.wishes import Actor

log = logging.getLogger(__name__)

M = TypeVar("M", bound=models.Model)
PROTOCOL = "octotable"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
BAD_TIME = "InvalidBookingTimeException"

# One answer for every "no" of the core; a subclass that isn't listed answers as its parent does.
ANSWERS: dict[type[DomainError], tuple[int, str]] = {
    DomainError: (400, "InvalidParameterException"),
    Invalid: (400, "InvalidParameterException"),
    NotFound: (404, "ResourceNotFoundException"),
    Conflict: (409, "ConflictException"),
    NotAllowed: (403, "ReservationForbiddenException"),
    Unavailable: (503, "ServiceUnavailableException"),
    PlanLimit: (403, "ForbiddenException"),
    NotOffered: (400, BAD_TIME),
    SlotTaken: (400, BAD_TIME),
    HoldExpired: (409, "ConflictException"),
    DepositDue: (409, "ConflictException"),
    QuotaUsedUp: (403, "ReservationForbiddenException"),
    logins.BadCredentials: (401, "UnauthorizedException"),
    logins.LockedOut: (401, "UnauthorizedException"),
}


def refusal(error: DomainError) -> Refusal:
    """A core error in this protocol's words."""
    status, name = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    said = " ".join(f"{field}: {text}" for field, text in error.fields.items()) or str(error)
    return Refusal(status, name, said, headers={"Retry-After": "1"} if status == 503 else {})


def flat(detail: Any, prefix: str = "") -> str:
    """The first thing that is wrong, with the name of its field."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        return flat(inner, prefix if name == "non_field_errors" else f"{prefix}{name}.")
    if isinstance(detail, list):
        found = next((each for each in detail if each), "is not valid")
        return flat(found, prefix)
    return f"{prefix.rstrip('.') or 'body'}: {detail}"


def translate(error: Exception) -> Refusal | None:
    """Any error that has an answer in this protocol; None for one that must reach the log."""
    match error:
        case Refusal():
            return error
        case DomainError():
            return refusal(error)
        case exceptions.ValidationError():
            return bad(flat(error.detail))
        case _ if isinstance(error, bodies.UNREADABLE):
            return bad(bodies.why(error))
        case exceptions.UnsupportedMediaType():
            return Refusal(415, "UnsupportedMediaTypeException", str(error.detail))
        case exceptions.MethodNotAllowed():
            return Refusal(405, "MethodNotAllowedException", str(error.detail))
        case exceptions.NotAcceptable():
            return Refusal(406, "NotAcceptableException", "This API answers in JSON.")
        case OperationalError():
            log.warning("The database did not answer: %s", type(error.__cause__).__name__)
            return Refusal(
                503,
                "ServiceUnavailableException",
                "The service is busy. Please try again.",
                headers={"Retry-After": "1"},
            )
    return None


def outside(status: int = 404) -> JsonResponse:
    """The answer where no view gave one: to a path that isn't there, to what can't be read (400),
    to what broke (500)."""
    refused = {
        400: bad("The request can't be read."),
        404: Refusal(404, "ResourceNotFoundException", "There is nothing at this path."),
        500: Refusal(500, "InternalServerErrorException", "Something went wrong on our side."),
    }[status]
    return JsonResponse(refused.body, status=status)


# --- ids, times, words ---------------------------------------------------------------------------


def by_id(rows: models.QuerySet[M], number: int) -> M | None:
    """The row that a number names, if it is one of these."""
    if not 0 <= number < 1 << 48:
        return None
    return rows.filter(pk__range=int48_range(number)).first()


def any_of(numbers: list[int], field: str = "pk") -> Q:
    """What one of these numbers names; nothing for none."""
    found = Q(pk__in=())
    for each in numbers:
        if 0 <= each < 1 << 48:
            found |= Q(**{f"{field}__range": int48_range(each)})
    return found


def id_of(row: Any) -> int:
    """The number that names a row."""
    return int48(row.pk if isinstance(row, models.Model) else row)


def wall(moment: datetime, zone: str) -> datetime:
    """An instant by the clock on the wall, without an offset."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def instant_at(day: date, at: time, zone: str) -> datetime:
    """A time on the wall as a UTC instant."""
    return calendar.resolve(day, at, ZoneInfo(zone))


def said(row: Any) -> dict[str, Any]:
    """What this protocol says of a row and no rule reads."""
    kept: dict[str, Any] = row.details.get(PROTOCOL, {})
    return kept


def saying(row: Any | None, **more: Any) -> dict[str, Any]:
    """A row's details with these words of this protocol added or changed."""
    details = dict(row.details) if row is not None else {}
    details[PROTOCOL] = {**details.get(PROTOCOL, {}), **more}
    return details


# --- the base ------------------------------------------------------------------------------------


class Endpoint(APIView):
    """A view of this protocol: who asks, parse, one call, render.

    `door` says who may come in: with a token and a property, with a token alone, or anybody.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = Schema()
    parser_classes: tuple[type[BaseParser], ...] = (bodies.Json,)
    renderer_classes = (JSONRenderer,)

    needs_token: ClassVar[bool] = True
    needs_property: ClassVar[bool] = True

    caller: Caller
    business: Business

    @property
    def now(self) -> datetime | None:
        """The moment of the request when the caller in-process gave one, else None."""
        return gate.instant(self.request._request)

    @property
    def moment(self) -> datetime:
        return self.now or datetime.now(UTC)

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raw = request._request
        if not self.needs_token:
            gate.let_in(raw)
            return
        self.caller = gate.enter(raw)
        if self.needs_property:
            self.business = gate.property_of(self.caller, raw.META.get("HTTP_PROPERTY", ""))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        asked = self.request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(asked, *args, **kwargs)
            handler = getattr(self, (request.method or "").lower(), self.http_method_not_allowed)
            response = self._act(handler, asked, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - what has no answer is logged there
            response = self.handle_exception(error)
        self.response = self.finalize_response(asked, response, *args, **kwargs)
        self.response.headers.setdefault("Cache-Control", "no-store")
        return self.response

    def _act(
        self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        """Run a view's work; once for its Idempotency-Key, if it has one."""
        raw = request._request
        key = raw.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or not self.needs_token or request.method in ("GET", "HEAD", "OPTIONS"):
            return handler(request, *args, **kwargs)
        if not KEY.fullmatch(key):
            raise bad("Idempotency-Key: From 1 to 255 visible ASCII characters.")
        scope = f"channel:{self.caller.channel.pk} {request.method} {raw.path.rstrip('/')}"[:300]
        for left in reversed(range(ATTEMPTS)):
            try:
                with transaction.atomic():
                    answer, replayed = idempotency.once(
                        scope,
                        key,
                        idempotency.fingerprint([request.data, request.query_params]),
                        lambda: _answer(lambda: handler(request, *args, **kwargs)),
                        keeps=lambda each: each.status < 400 or each.status in (404, 409),
                        now=self.now,
                    )
                headers = {"Idempotency-Replayed": "true"} if replayed else {}
                return Response(answer.body, answer.status, headers=headers)
            except OperationalError as error:
                if not (left and must_start_over(error)):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def handle_exception(self, exc: Exception) -> Response:
        refused = translate(exc)
        if refused is None:
            log.exception("An OctoTable request failed")
            refused = Refusal(
                500, "InternalServerErrorException", "Something went wrong on our side."
            )
        return Response(refused.body, refused.status, headers=refused.headers)

    def read(
        self, serializer: type[BaseSerializer[Any]], *, partial: bool = False
    ) -> dict[str, Any]:
        """The body in our words. Raises ValidationError, which is answered with 400."""
        if not isinstance(self.request.data, Mapping):
            raise bad("The body must be a JSON object.")
        reader = serializer(data=self.request.data, partial=partial)
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def ask(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The query string in our words; lists as name[], repeated or with commas."""
        query = self.request.query_params
        given: dict[str, Any] = {}
        for name in serializer().fields:  # type: ignore[attr-defined]
            every = [*query.getlist(f"{name}[]"), *query.getlist(name)]
            if not every:
                continue
            if getattr(serializer, "LISTS", None) and name in serializer.LISTS:  # type: ignore[attr-defined]
                given[name] = [one for each in every for one in each.split(",") if one]
            else:
                given[name] = every[-1]
        reader = serializer(data=given)
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def find(self, rows: models.QuerySet[M], number: int, what: str) -> M:
        """One of these rows by the number in the path, or a 404."""
        found = by_id(rows, number)
        if found is None:
            raise gate.absent(what)
        return found


def _answer(act: Callable[[], Response]) -> idempotency.Answer:
    """What a view answers, as plain JSON values; what can't be answered ends the transaction."""
    try:
        with transaction.atomic():
            response = act()
    except OperationalError:
        raise
    except Exception as error:
        refused = translate(error)
        if refused is None or refused.status >= 500:
            raise
        return idempotency.Answer(refused.status, refused.body)
    return idempotency.Answer(
        response.status_code, json.loads(JSONRenderer().render(response.data))
    )


def data(*items: Any, status: int = 200) -> Response:
    """The envelope: always an array, also for one object."""
    return Response({"data": list(items)}, status)
