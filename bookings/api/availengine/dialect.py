"""What AvailEngine's endpoints share: errors, idempotency, pages, times, and the three steps.

Two bases. `Endpoint` is a DRF view for all but the hottest; `Quick` answers the dynamic endpoints
without DRF's request machinery, which costs a fifth of such a request and buys nothing there.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from django.db import OperationalError, models, transaction
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts import idempotency
from accounts.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    NotFound,
    PlanLimit,
    Unavailable,
)
from accounts.models import Business
from accounts.transactions import ATTEMPTS, must_start_over
from bookings.api import bodies
from bookings.api.availengine import gate, pages
from bookings.api.availengine.gate import Caller, Needs, Refusal
from bookings.api.availengine.schema import Schema
from bookings.errors import (
    DepositDue,
    HoldExpired,
    InThePast,
    NotOffered,
    OutsideHours,
    QuotaUsedUp,
    SlotTaken,
)

log = logging.getLogger(__name__)

M = TypeVar("M", bound=models.Model)
T = TypeVar("T")

KEY = re.compile(r"[!-~]{1,255}")
NO_RESOURCE = {"detail": "No resource available at the requested time."}

# One answer for every "no" of the core; a subclass that isn't listed answers as its parent does.
ANSWERS: dict[type[DomainError], tuple[int, str]] = {
    DomainError: (400, "bad_request"),
    Invalid: (422, "validation_error"),
    NotFound: (404, "not_found"),
    Conflict: (409, "conflict"),
    NotAllowed: (403, "insufficient_permissions"),
    Unavailable: (503, "unavailable"),
    NotOffered: (409, "slot_unavailable"),
    OutsideHours: (400, "outside_operating_hours"),
    InThePast: (422, "validation_error"),
    SlotTaken: (409, "slot_unavailable"),
    HoldExpired: (409, "hold_expired"),
    DepositDue: (402, "payment_required"),
    PlanLimit: (402, "payment_required"),
    QuotaUsedUp: (402, "payment_required"),
    idempotency.KeyReused: (409, "idempotency_mismatch"),
}


def refusal(error: DomainError) -> Refusal:
    """A core error in this protocol's words."""
    status, code = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    headers = {"Retry-After": "1"} if status == 503 else {}
    return Refusal(status, code, str(error), errors=error.fields, headers=headers)


def envelope(refused: Refusal, *, both: bool = False) -> dict[str, Any]:
    """The error body; with `both`, the dynamic endpoints' second convention beside it."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if refused.errors:
        error["errors"] = [
            {"field": field, "message": message} for field, message in refused.errors.items()
        ]
    return {"error": error, "detail": refused.message} if both else {"error": error}


def outside(status: int = 404) -> JsonResponse:
    """The answer where no view gave one: to a path that isn't there, to what can't be read (400),
    to what broke (500)."""
    refused = {
        400: Refusal(400, "bad_request", "The request can't be read."),
        404: gate.absent(),
        500: Refusal(500, "internal_error", "Something went wrong on our side."),
    }[status]
    return JsonResponse(envelope(refused), status=status)


def invalid(**errors: str) -> Refusal:
    """A 422 that says what was wrong with which field."""
    return Refusal(422, "validation_error", "The request is not valid.", errors=errors)


def flat(detail: Any, prefix: str = "") -> dict[str, str]:
    """DRF's nested error detail as one message a field, nested fields dotted."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for name, inner in detail.items():
            found |= flat(inner, f"{prefix}{name}." if name != "non_field_errors" else prefix)
        return found
    if isinstance(detail, list) and detail and isinstance(detail[0], Mapping | list):
        found = {}
        for index, inner in enumerate(detail):
            found |= flat(inner, f"{prefix}{index}.") if inner else {}
        return found
    message = " ".join(str(each) for each in detail) if isinstance(detail, list) else str(detail)
    return {prefix.rstrip(".") or "body": message}


def translate(error: Exception) -> Refusal | None:
    """Any error that has an answer in this protocol; None for one that must reach the log."""
    match error:
        case Refusal():
            return error
        case DomainError():
            return refusal(error)
        case exceptions.ValidationError():
            return invalid(**flat(error.detail))
        case _ if isinstance(error, bodies.UNREADABLE):
            return Refusal(400, "bad_request", bodies.why(error))
        case exceptions.UnsupportedMediaType():
            return Refusal(400, "bad_request", "The body must be JSON.")
        case exceptions.MethodNotAllowed():
            return Refusal(405, "method_not_allowed", str(error.detail))
        case exceptions.NotAcceptable():
            return Refusal(406, "not_acceptable", "This API answers in JSON.")
        case OperationalError():
            log.warning("The database did not answer: %s", type(error.__cause__).__name__)
            return Refusal(
                503,
                "unavailable",
                "The service is busy. Please try again.",
                headers={"Retry-After": "1"},
            )
    return None


# --- times ---------------------------------------------------------------------------------------


def wall(moment: datetime, business: Business) -> datetime:
    """An instant by the clock on the business's wall."""
    return moment.astimezone(ZoneInfo(business.timezone))


def instant_at(day: date, at: time, business: Business) -> datetime:
    """A wall-clock time as a UTC instant; what the clock skips moves forward, what it repeats is
    the first."""
    return datetime.combine(day, at, ZoneInfo(business.timezone)).astimezone(UTC)


def stamp(moment: datetime | None) -> str | None:
    """A timestamp: ISO 8601 in UTC with Z, to the second."""
    if moment is None:
        return None
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- the two bases -------------------------------------------------------------------------------


def keyed(
    request: HttpRequest,
    caller: Caller,
    body: Any,
    act: Callable[[], tuple[int, Any]],
    *,
    forgets: Callable[[idempotency.Answer], bool],
) -> tuple[int, Any, bool]:
    """Run a write once for its Idempotency-Key; (status, body, whether it is a replay)."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        status, answer = act()
        return status, answer, False
    if not KEY.fullmatch(key):
        raise invalid(**{"Idempotency-Key": "From 1 to 255 visible ASCII characters."})
    path = request.path.rstrip("/")
    scope = f"{caller.name} {request.method} {path}"[:300]

    def run() -> idempotency.Answer:
        return idempotency.Answer(*act())

    for left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic():
                answer_, replayed = idempotency.once(
                    scope,
                    key,
                    idempotency.fingerprint(body),
                    run,
                    keeps=lambda each: (
                        each.status < 500
                        and each.status not in (401, 402, 403, 429)
                        and not forgets(each)
                    ),
                    now=gate.instant(request),
                )
            return answer_.status, answer_.body, replayed
        except OperationalError as error:
            if not (left and must_start_over(error)):
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def attempt(act: Callable[[], Response]) -> tuple[int, Any]:
    """Run a view's work; what it refuses is an answer too. As plain JSON values, so that a replay
    is the same to the byte. What can't be answered goes up and ends the transaction around it."""
    try:
        response = act()
    except OperationalError:
        raise
    except Exception as error:
        refused = translate(error)
        if refused is None or refused.status >= 500:
            raise
        return refused.status, envelope(refused)
    if response.data is None:
        return response.status_code, None
    return response.status_code, json.loads(JSONRenderer().render(response.data))


def attempt_quick(act: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """As `attempt`, for a dynamic endpoint and its own error forms."""
    try:
        return act()
    except OperationalError:
        raise
    except Exception as error:
        refused = translate(error)
        if refused is None or refused.status >= 500:
            raise
        return refused.status, dynamic_envelope(refused)


class Endpoint(APIView):
    """A view of this protocol: gates, parse, one call, render.

    `self.caller` is who asks; `self.business` the tenant, unless the endpoint has none
    (`tenant = False`). `needs` says what each method asks of its caller; unsaid, a GET needs the
    scope read and the role staff, anything else write and manager.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = Schema()
    parser_classes = (bodies.Json,)
    renderer_classes = (JSONRenderer,)

    tenant: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, Needs]] = {}

    caller: Caller
    business: Business

    def asks(self, method: str) -> Needs:
        """What a method asks of its caller."""
        method = "GET" if method == "HEAD" else method
        if method in self.needs:
            return self.needs[method]
        if method in ("GET", "OPTIONS"):
            return Needs()
        return Needs(scope="write", role="manager")

    @property
    def now(self) -> datetime | None:
        """The moment of the request when the caller in-process gave one, else None."""
        return gate.instant(self.request._request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raw = request._request
        needs = self.asks(raw.method or "GET")
        self.caller = gate.enter(raw, needs)
        if self.tenant:
            header = raw.META.get("HTTP_X_BUSINESS_ID", "")
            self.business = gate.business_of(self.caller, needs, header=header)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        asked = self.request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(asked, *args, **kwargs)
            handler = getattr(self, (request.method or "").lower(), self.http_method_not_allowed)
            if request.method in ("POST", "PATCH", "PUT", "DELETE"):
                response = self._write(handler, asked, *args, **kwargs)
            else:
                response = handler(asked, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - what has no answer is logged there
            response = self.handle_exception(error)
        self.response = self.finalize_response(asked, response, *args, **kwargs)
        for name, value in gate.rate_headers(getattr(self, "caller", None)).items():
            self.response.headers.setdefault(name, value)
        return self.response

    def _write(
        self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        if "HTTP_IDEMPOTENCY_KEY" not in request._request.META:
            return handler(request, *args, **kwargs)
        status, body, replayed = keyed(
            request._request,
            self.caller,
            request.data,
            lambda: attempt(lambda: handler(request, *args, **kwargs)),
            forgets=self.forgets,
        )
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        return Response(body, status, headers=headers)

    def forgets(self, answer: idempotency.Answer) -> bool:
        """Answers that a retry should not hear again; a view that makes bookings says 409."""
        return False

    def handle_exception(self, exc: Exception) -> Response:
        refused = translate(exc)
        if refused is None:
            log.exception("An AvailEngine request failed")
            refused = Refusal(500, "internal_error", "Something went wrong on our side.")
        return Response(envelope(refused), refused.status, headers=refused.headers)

    def read(
        self, serializer: type[BaseSerializer[Any]], *, partial: bool = False
    ) -> dict[str, Any]:
        """The body in our words; raises ValidationError, which is answered with 422."""
        if not isinstance(self.request.data, Mapping):
            raise invalid(body="Must be a JSON object.")
        reader = serializer(data=self.request.data, partial=partial)
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def ask(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The query string in our words."""
        reader = serializer(data=self.request.query_params.dict())
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def find(self, rows: models.QuerySet[M], id_: uuid.UUID | str) -> M:
        """One of these rows, or a 404; what isn't an id in its usual form names nothing."""
        if isinstance(id_, str):
            try:
                id_ = uuid.UUID(id_ if len(id_) == 36 else "")
            except ValueError:
                raise gate.absent() from None
        found = rows.filter(pk=id_).first()
        if found is None:
            raise gate.absent()
        return found

    def page(
        self, rows: models.QuerySet[M], render: Callable[[M], Any], *, ordering: tuple[str, ...]
    ) -> Response:
        """One page of rows as `{"items", "next_cursor", "has_more"}`, ordered, by keyset."""
        return self._paged(lambda: pages.of_rows(rows, self.request.query_params, ordering), render)

    def page_of(
        self,
        found: Iterable[T],
        render: Callable[[T], Any],
        *,
        values: Callable[[T], Sequence[Any]],
        rank: Callable[..., Any],
    ) -> Response:
        """The same of things at hand, sorted by the `rank` of their `values`."""
        return self._paged(
            lambda: pages.of_sorted(found, self.request.query_params, values=values, rank=rank),
            render,
        )

    def _paged(
        self, read: Callable[[], tuple[list[T], str | None]], render: Callable[[T], Any]
    ) -> Response:
        try:
            found, cursor = read()
        except pages.BadLimit:
            raise invalid(limit=f"Must be a number from 1 to {pages.LARGEST}.") from None
        except pages.BadCursor:
            raise Refusal(400, "bad_request", "The cursor is not one of ours.") from None
        items = [render(each) for each in found]
        return Response({"items": items, "next_cursor": cursor, "has_more": cursor is not None})


class Quick(APIView):
    """A view of the dynamic endpoints: the gates, then its one method, on Django's own request.

    That method is given the request and the caller and returns the status, the body, and whether it
    is a replay. Errors come in both conventions at once, except the documented 409. Reads the body
    itself.
    """

    authentication_classes = ()
    permission_classes = ()
    schema = Schema()
    needs: ClassVar[Needs]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        caller = None
        try:
            name = self.http_method_names[0]
            if (request.method, name) != ("HEAD", "get") and request.method != name.upper():
                raise exceptions.MethodNotAllowed(request.method or "")
            caller = gate.enter(request, self.needs)
            status, body, replayed = getattr(self, name)(request, caller, **kwargs)
        except Exception as error:
            refused = translate(error)
            if refused is None:
                log.exception("A dynamic request failed")
                refused = Refusal(500, "internal_error", "Something went wrong on our side.")
            return answered(refused, caller=caller)
        response = JsonResponse(body, status=status)
        for name, value in gate.rate_headers(caller).items():
            response.headers[name] = value
        if replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return response


def dynamic_envelope(refused: Refusal) -> dict[str, Any]:
    """The error body of the dynamic endpoints: both conventions, but for the documented 409."""
    return NO_RESOURCE if refused.code == "slot_unavailable" else envelope(refused, both=True)


def answered(refused: Refusal, *, caller: Caller | None) -> JsonResponse:
    """An error of the dynamic endpoints."""
    response = JsonResponse(dynamic_envelope(refused), status=refused.status)
    for name, value in {**gate.rate_headers(caller), **refused.headers}.items():
        response.headers[name] = value
    return response
