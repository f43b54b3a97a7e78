"""What MyReserva's endpoints share: errors as `detail`, 24-digit ids, pages, times and prices."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from django.db import OperationalError, models, transaction
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
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
from accounts.identifiers import hex24, hex24_range
from accounts.models import Business
from accounts.transactions import ATTEMPTS, must_start_over
from billing import selectors as billing
from billing.money import Money
from bookings import selectors
from bookings.api import bodies
from bookings.api.myreserva import gate
from bookings.api.myreserva.gate import Caller, Refusal
from bookings.api.myreserva.schema import Schema
from bookings.errors import (
    DepositDue,
    HoldExpired,
    InThePast,
    NotOffered,
    OutsideHours,
    QuotaUsedUp,
    SlotTaken,
    WrongState,
)
from bookings.stranding import Change, Stranded

log = logging.getLogger(__name__)

M = TypeVar("M", bound=models.Model)
PROTOCOL = "myreserva"
KEY = re.compile(r"[!-~]{1,255}")
OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
GONE = "Selected time slot is no longer available"
LARGEST_PAGE = 100
MOST = 2_000_000_000  # what a price's column holds

# One answer for every "no" of the core; a subclass that isn't listed answers as its parent does,
# and without a text with the core's own words.
ANSWERS: dict[type[DomainError], tuple[int, str]] = {
    DomainError: (400, ""),
    Invalid: (422, ""),
    NotFound: (404, ""),
    Conflict: (409, ""),
    NotAllowed: (403, ""),
    Unavailable: (503, ""),
    PlanLimit: (402, ""),
    NotOffered: (409, GONE),
    OutsideHours: (409, GONE),
    InThePast: (400, "Cannot book appointments in the past"),
    SlotTaken: (409, GONE),
    HoldExpired: (409, GONE),
    DepositDue: (400, ""),
    WrongState: (400, ""),
    QuotaUsedUp: (403, ""),
    idempotency.KeyReused: (409, ""),
    logins.BadCredentials: (401, ""),
    logins.LockedOut: (423, ""),
}


def refusal(error: DomainError) -> Refusal:
    """A core error in this protocol's words."""
    status, said = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    headers = {"Retry-After": "1"} if status == 503 else {}
    if isinstance(error, Invalid) and error.fields:
        return invalid({name: [text] for name, text in error.fields.items()})
    return Refusal(status, said or str(error), headers=headers)


def invalid(errors: Any, where: str = "body") -> Refusal:
    """A 422 in the form of FastAPI: where, what and which kind of error."""
    return Refusal(422, list(_flat(errors, (where,))))


def _flat(detail: Any, loc: tuple[str | int, ...]) -> Iterable[dict[str, Any]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            key = int(name) if isinstance(name, str) and name.isdigit() else name
            yield from _flat(inner, loc if name == "non_field_errors" else (*loc, key))
    elif isinstance(detail, list) and detail and isinstance(detail[0], Mapping | list):
        for index, inner in enumerate(detail):
            yield from _flat(inner, (*loc, index))
    else:
        for each in detail if isinstance(detail, list) else [detail]:
            kind = "missing" if getattr(each, "code", "") == "required" else "value_error"
            yield {"loc": list(loc), "msg": str(each), "type": kind}


def translate(error: Exception, business: Business | None = None) -> Refusal | None:
    """Any error that has an answer in this protocol; None for one that must reach the log."""
    match error:
        case Refusal():
            return error
        case QuotaUsedUp() if business is not None:
            return limit_exceeded(error, business)
        case DomainError():
            return refusal(error)
        case exceptions.ValidationError():
            return invalid(error.detail)
        case _ if isinstance(error, bodies.UNREADABLE):
            is_json = isinstance(error, exceptions.ParseError)
            return invalid(["JSON decode error" if is_json else bodies.why(error)])
        case exceptions.UnsupportedMediaType():
            return Refusal(415, "Unsupported Media Type")
        case exceptions.MethodNotAllowed():
            return Refusal(405, "Method Not Allowed")
        case exceptions.NotAcceptable():
            return Refusal(406, "Not Acceptable")
        case OperationalError():
            log.warning("The database did not answer: %s", type(error.__cause__).__name__)
            return Refusal(
                503, "The service is busy. Please try again.", headers={"Retry-After": "1"}
            )
    return None


def limit_exceeded(error: QuotaUsedUp, business: Business) -> Refusal:
    """The plan's appointments of this month are used up, in the words that clients match."""
    return Refusal(
        403,
        f"Monthly appointment limit exceeded ({error.used}/{error.limit}). "
        "Please upgrade your plan to continue booking.",
        current_plan=plan_name(billing.cover(business).plan),
        usage={"appointments_this_month": error.used, "limit": error.limit},
        upgrade_available=True,
    )


def plan_name(key: str) -> str:
    """FREE, PRO or ENTERPRISE; another protocol's plan by its own name."""
    return key.removeprefix(f"{PROTOCOL}-").upper()


def outside(status: int = 404) -> JsonResponse:
    """The answer where no view gave one: to a path that isn't there, to what can't be read (400),
    to what broke (500)."""
    said = {400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}[status]
    return JsonResponse({"detail": said}, status=status)


# --- ids, times, prices --------------------------------------------------------------------------


def by_id(rows: models.QuerySet[M], text: str) -> M | None:
    """The row that 24 hex digits name, if it is one of these; None for another form too."""
    if not OBJECT_ID.fullmatch(text):
        return None
    return rows.filter(pk__range=hex24_range(text)).first()


def all_by_id(rows: models.QuerySet[M], texts: Iterable[str], missing: str) -> list[M]:
    """The rows that these ids name, in one query. Raises Refusal when one is missing."""
    wanted = {each.lower() for each in texts}
    if not wanted:
        return []
    ranges = Q()
    for each in wanted:
        ranges |= Q(pk__range=hex24_range(each))
    found = list(rows.filter(ranges))
    if len(found) < len(wanted):
        raise Refusal(404, missing)
    return found


def id_of(row: Any) -> str:
    """The 24 hex digits that name a row."""
    return hex24(row if not isinstance(row, models.Model) else row.pk)


def stamp(moment: datetime | None) -> str | None:
    """A timestamp: ISO 8601 in UTC with Z, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def text_of(day: date | None) -> str | None:
    return day.isoformat() if day else None


def amount(minor: int, currency: str) -> float:
    """Money as the protocol's answers about appointments have it: a number."""
    return float(Money(minor, currency).major)


def minor(major: Decimal, currency: str, field: str) -> int:
    """A price as it was sent, in the smallest unit. Raises Refusal for more digits than there are,
    and for what no price is."""
    try:
        found = Money.read(f"{major:f}", currency).minor
    except ValueError as error:
        raise invalid({field: [str(error)]}) from None
    if found > MOST:
        raise invalid({field: ["Input is too large"]})
    return found


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

    `door` says whose token opens it, "" for nobody's; `ranks` the least role for each method.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = Schema()
    parser_classes = (bodies.Json,)
    renderer_classes = (JSONRenderer,)

    door: ClassVar[str] = gate.STAFF
    ranks: ClassVar[Mapping[str, int]] = {}

    caller: Caller

    @property
    def business(self) -> Business:
        return self.caller.business

    @property
    def now(self) -> datetime | None:
        """The moment of the request when the caller in-process gave one, else None."""
        return gate.instant(self.request._request)

    @property
    def moment(self) -> datetime:
        return self.now or datetime.now(UTC)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raw = request._request
        method = "GET" if raw.method == "HEAD" else raw.method or "GET"
        if self.door:
            rank = self.ranks.get(method, gate.ANY_STAFF)
            self.caller = gate.enter(raw, self.door, rank=rank)
        else:
            gate.let_in(raw)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def handle_exception(self, exc: Exception) -> Response:
        caller = getattr(self, "caller", None)
        refused = translate(exc, caller.business if caller else None)
        if refused is None:
            log.exception("A MyReserva request failed")
            refused = Refusal(500, "Internal Server Error")
        return Response(refused.body, refused.status, headers=refused.headers)

    def read(
        self, serializer: type[BaseSerializer[Any]], *, partial: bool = False
    ) -> dict[str, Any]:
        """The body in our words. Raises ValidationError, which is answered with 422."""
        if not isinstance(self.request.data, Mapping):
            raise invalid(["Input should be a valid dictionary"])
        reader = serializer(data=self.request.data, partial=partial)
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def read_if_any(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The same of a body that may be left out whole."""
        length = self.request._request.META.get("CONTENT_LENGTH") or 0
        return self.read(serializer) if int(length) else {}

    def ask(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The query string in our words."""
        reader = serializer(data=self.request.query_params.dict())
        if not reader.is_valid():
            raise invalid(reader.errors, "query")
        return dict(reader.validated_data)

    def once(self, act: Callable[[], Response]) -> Response:
        """Do it once for its Idempotency-Key, if it has one: asked again, the same is answered. A
        refusal isn't kept, as asking again may help."""
        key = self.request._request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return act()
        if not KEY.fullmatch(key):
            raise invalid({"Idempotency-Key": ["From 1 to 255 visible characters"]}, "header")
        path = self.request.path.rstrip("/")
        scope = f"{PROTOCOL}:{self.caller.login.subject} {self.request.method} {path}"[:300]

        def run() -> idempotency.Answer:
            response = act()
            told = json.loads(JSONRenderer().render(response.data))
            return idempotency.Answer(response.status_code, told)

        for left in reversed(range(ATTEMPTS)):
            try:
                with transaction.atomic():
                    answer, replayed = idempotency.once(
                        scope,
                        key,
                        idempotency.fingerprint(self.request.data),
                        run,
                        keeps=lambda _: True,
                        now=self.now,
                    )
                headers = {"Idempotency-Replayed": "true"} if replayed else {}
                return Response(answer.body, answer.status, headers=headers)
            except OperationalError as error:
                if not (left and must_start_over(error)):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def find(self, rows: models.QuerySet[M], text: str, missing: str, *, name: str = "id") -> M:
        """One of these rows by the id in the path, or a 404; another form is a 422."""
        if not OBJECT_ID.fullmatch(text):
            raise invalid({name: [f"Invalid ObjectId format: {text}"]}, "path")
        found = by_id(rows, text)
        if found is None:
            raise Refusal(404, missing)
        return found

    def one(self, rows: models.QuerySet[M], text: str, missing: str) -> M:
        """One of these rows by an id in a body or query that was read already, or a 404."""
        found = by_id(rows, text)
        if found is None:
            raise Refusal(404, missing)
        return found

    def listed(
        self,
        rows: models.QuerySet[M],
        render: Callable[[list[M]], list[Any]],
        *,
        size: int = 20,
    ) -> Response:
        """One page of rows: `items`, `total`, `page`, `size`, `pages`."""
        page = self._number("page", 1, 1, 1_000_000)
        size = self._number("size", size, 1, LARGEST_PAGE)
        total = rows.count()
        found = list(rows[(page - 1) * size : page * size])
        return Response(
            {
                "items": render(found),
                "total": total,
                "page": page,
                "size": size,
                "pages": -(-total // size),
            }
        )

    def _number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.request.query_params.get(name, "")
        if not text:
            return default
        if not re.fullmatch(r"[0-9]{1,7}", text) or not least <= int(text) <= most:
            raise invalid({name: [f"Input should be from {least} to {most}"]}, "query")
        return int(text)


class Planning(Endpoint):
    """For what changes when people can be had: what it leaves stranded is told, and kept."""

    def changing(self) -> contextlib.AbstractContextManager[Change]:
        """Make the change within this, and hand what it gives to `told`."""
        return selectors.watching(self.business, now=self.now)

    def told(self, answer: dict[str, Any], change: Change, status: int = 200) -> Response:
        """The usual answer, with the appointments that can't be kept as they are, if any."""
        if change.stranded:
            answer["stranded_appointments"] = [_stranded_json(each) for each in change.stranded]
        return Response(answer, status)


def _stranded_json(found: Stranded) -> dict[str, Any]:
    booking = found.booking
    local = booking.starts_at.astimezone(
        ZoneInfo(booking.location.timezone or booking.business.timezone)
    )
    return {
        "id": id_of(booking.leader_id or booking.pk),
        "appointment_date": local.date().isoformat(),
        "start_time": f"{local:%H:%M}",
        "reason": found.why,
    }


class Public(Endpoint):
    """For anybody."""

    door = ""


class ForCustomers(Endpoint):
    """For a customer, about their own."""

    door = gate.CUSTOMER
