"""The pages that `bookings/list` leads guests to: welcome, the services, and a table to book.

No cookie is read or set, and nothing needs a script.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework import serializers

from accounts.errors import DomainError
from accounts.models import Business
from bookings import offers, services
from bookings.api.octotable import gate
from bookings.api.octotable.catalogue import is_on_offer, services_of
from bookings.api.octotable.checks import check_email, check_phone
from bookings.api.octotable.dialect import PROTOCOL, by_id, id_of, instant_at, said, wall
from bookings.api.octotable.gate import Refusal
from bookings.api.octotable.render import BOOK, services_json
from bookings.api.octotable.serializers import Day, Text, WallTime, an_id, whole
from bookings.lifecycle import State
from bookings.wishes import GUEST, GuestDetails, Search, Wish
from resources.models import Service

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}
TITLES = {
    State.CONFIRMED.value: "Your table is booked",
    State.PENDING.value: "We have your request",
}


class Asked(serializers.Serializer[Any]):
    """What a guest looks for."""

    day = Day(required=False)
    pax = whole(1, 1000, default=2)
    service = an_id()


class Sent(serializers.Serializer[Any]):
    """What a guest books: the start is the service's number and a time."""

    day = Day()
    pax = whole(1, 1000, required=True)
    service = an_id(required=True)
    at = WallTime()
    first_name = serializers.CharField(max_length=100)
    last_name = Text(100)
    phone = serializers.CharField(max_length=40)
    email = Text(254)


def page(view: Callable[[HttpRequest, Business], HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of a property that is in business."""

    @functools.wraps(view)
    def answer(request: HttpRequest, number: int) -> HttpResponse:
        try:
            gate.let_in(request)
        except Refusal as error:
            return HttpResponse(error.message, status=error.status, headers=error.headers)
        business = by_id(Business.objects.filter(is_active=True), number)
        if business is None:
            raise Http404
        reply = view(request, business)
        for header, value in HEADERS.items():
            reply[header] = value
        return reply

    return csrf_exempt(answer)


def shown(name: str, business: Business, status: int = 200, **context: Any) -> HttpResponse:
    base = f"/restaurant/{id_of(business)}"
    links = {"new": f"{base}/booking/new", "home": f"{base}/booking/home"}
    known = {"name": business.name, "links": links}
    return HttpResponse(render_to_string(f"octotable/{name}.html", known | context), status=status)


def moment_of(request: HttpRequest) -> datetime:
    return gate.instant(request) or datetime.now(UTC)


def offered_by(business: Business) -> list[Service]:
    """The services that guests may book."""
    found = [each for each in services_of(business) if is_on_offer(each)]
    for each in found:
        each.business = business
    return found


@page
@require_http_methods(["GET", "HEAD"])
def welcome(request: HttpRequest, business: Business) -> HttpResponse:
    return shown("welcome", business, description=said(business).get("description", ""))


@page
@require_http_methods(["GET", "HEAD"])
def home(request: HttpRequest, business: Business) -> HttpResponse:
    found = services_json(business, offered_by(business), moment_of(request).date())
    rows = [
        {
            "id": each["id"],
            "name": each["name"],
            "days": ", ".join(day.capitalize() for day in each["days_of_week"]),
            "start": each["start_time"][:5],
            "end": each["end_time"][:5],
        }
        for each in found
    ]
    return shown("services", business, services=rows)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, business: Business) -> HttpResponse:
    if request.method == "POST":
        return _book(request, business)
    reader = Asked(data=request.GET.dict())
    if not reader.is_valid():
        return _form(request, business, {}, "Please look at what you have written.", 400)
    return _form(request, business, dict(reader.validated_data))


def _form(
    request: HttpRequest,
    business: Business,
    asked: dict[str, Any],
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    day: date = asked.get("day") or wall(moment_of(request), business.timezone).date()
    pax = asked.get("pax", 2)
    rows = []
    for service in offered_by(business):
        if asked.get("service") not in (None, id_of(service)):
            continue
        times = _times(request, service, day, pax)
        if times:
            title = said(service).get("title") or service.name
            rows.append({"id": id_of(service), "title": title, "times": times})
    return shown(
        "new",
        business,
        status,
        day=day.isoformat(),
        pax=pax,
        offered=rows,
        problem=problem,
    )


def _times(request: HttpRequest, service: Service, day: date, pax: int) -> list[str]:
    search = Search(
        business=service.business, service=service, first_day=day, last_day=day, party_size=pax
    )
    zone = service.business.timezone
    found = offers.slots(search, now=gate.instant(request))
    return sorted({f"{wall(each.starts_at, zone):%H:%M}" for each in found})


def _book(request: HttpRequest, business: Business) -> HttpResponse:
    number, _, at = request.POST.get("start", "").partition(" ")
    reader = Sent(data=request.POST.dict() | {"service": number, "at": at})
    if not reader.is_valid():
        return _form(request, business, {}, "Please look at what you have written.", 400)
    sent = dict(reader.validated_data)
    service = next((each for each in offered_by(business) if id_of(each) == sent["service"]), None)
    if service is None:
        return _form(request, business, {}, "This is not to be had any more.", 404)
    try:
        check_phone(sent["phone"])
        if sent["email"]:
            check_email(sent["email"])
        booking = _reserve(request, service, sent)
    except (DomainError, Refusal) as error:
        status = error.status if isinstance(error, Refusal) else 409
        return _form(
            request, business, {"day": sent["day"], "pax": sent["pax"]}, str(error), status
        )
    start = wall(booking.starts_at, business.timezone)
    return shown(
        "made",
        business,
        title=TITLES[booking.state],
        service=service.name,
        day=start.date().isoformat(),
        at=f"{start:%H:%M}",
        pax=booking.party_size,
        reference=booking.reference,
    )


def _reserve(request: HttpRequest, service: Service, sent: dict[str, Any]) -> Any:
    day = sent["day"]
    starts_at = instant_at(day, sent["at"], service.business.timezone)
    search = Search(business=service.business, service=service, first_day=day, last_day=day)
    wish = Wish.of(
        service,
        starts_at=starts_at,
        party_size=sent["pax"],
        keeps_hours=True,
        step=offers.step_of(search),
        by_guest=True,
    )
    how: dict[str, Any] = {
        "guest": GuestDetails(sent["first_name"], sent["last_name"], sent["email"], sent["phone"]),
        "by": GUEST,
        "source": PROTOCOL,
        "details": {PROTOCOL: {"channel": BOOK}},
        "now": gate.instant(request),
    }
    if said(service).get("confirmation_mode") == "WAITING_LIST":
        return services.make(wish, is_pending=True, **how)
    return services.book_with_deposit(wish, **how)[0]
