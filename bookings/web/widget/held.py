"""What is held, step by step at one address: who comes, the deposit, and that it is booked.

The booking's own link is in the address, so loading it anew shows where it stands: the form with
the time that is left, the payment, the confirmation, or that the hold has lapsed.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError, Unavailable
from billing import selectors as billing
from billing.gateways import GatewayError
from billing.gateways.sandbox import Sandbox
from billing.gateways.stripe import Stripe
from billing.models import Deposit
from bookings import cards, links, policies, services
from bookings.errors import HoldExpired, LinkExpired, LinkRevoked, LinkUnknown
from bookings.lifecycle import State
from bookings.models import Booking
from bookings.web import refusals
from bookings.web.widget import asking, words
from bookings.web.widget.asking import NOTHING, Answers
from bookings.web.widget.choice import price
from bookings.web.widget.visit import POLICY, Visit, visit
from bookings.wishes import GUEST

OVER = (State.EXPIRED, State.CANCELLED)
# Stripe's form comes from Stripe, and only a page that asks for money lets it.
WITH_STRIPE = (
    POLICY.replace("script-src 'self'", "script-src 'self' https://js.stripe.com")
    .replace("connect-src 'self'", "connect-src 'self' https://api.stripe.com")
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    + " frame-src https://js.stripe.com https://hooks.stripe.com;"
)


def own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A step about the booking behind the token."""

    @functools.wraps(view)
    def answer(asked: Visit, token: str) -> HttpResponse:
        try:
            booking = links.follow(token, now=asked.moment)
        except (LinkUnknown, LinkRevoked, LinkExpired):
            booking = None
        if booking is None or booking.business_id != asked.business.pk:
            return asked.page(
                "notice",
                404,
                title=_("There is nothing here"),
                text=_("This address doesn't lead to a booking."),
                again=asked.url("start"),
            )
        return view(asked, booking)

    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@visit
@own
def held(asked: Visit, booking: Booking) -> HttpResponse:
    """Where the booking stands; by POST who comes."""
    state = _state(asked, booking)
    if state == State.HELD:
        return _confirm(asked, booking) if asked.request.method == "POST" else _ask(asked, booking)
    if state == State.PENDING:
        return _pay(asked, booking)
    if state in OVER:
        return _lapsed(asked, booking)
    if state not in (State.CONFIRMED, State.CHECKED_IN):
        return asked.page(
            "notice",
            title=_("This booking is over"),
            text=_("Would you like to come again?"),
            again=asked.url("start"),
        )
    return _booked(asked, booking)


def _state(asked: Visit, booking: Booking) -> State:
    if booking.expires_at and booking.expires_at <= asked.moment:
        return State.EXPIRED  # lapsed, whether or not the sweep has come by
    return State(booking.state)


def _ask(
    asked: Visit, booking: Booking, answers: Answers = NOTHING, problem: str = "", status: int = 200
) -> HttpResponse:
    deposit = billing.deposit_due(asked.business, booking.service)
    return asked.page(
        "details",
        status,
        title=_("Who is coming?"),
        picked=picked(asked, booking),
        until=_until(asked, booking),
        fields=asking.fields(asked.look, answers),
        errors=[each for each in asking.fields(asked.look, answers) if each.error],
        problem=problem,
        deposit=words.money(deposit) if deposit else "",
        deposit_note=_deposit_note(asked, booking) if deposit else "",
        rules=_rules(booking) if not deposit else "",
        action=_here(asked, booking),
        release=asked.url("release", links.token(booking)),
        back=_again(asked, booking),
        draft=f"openbook:{booking.reference}",
    )


def _here(asked: Visit, booking: Booking) -> str:
    return asked.url("held", links.token(booking), staff=asked.request.GET.get("staff"))


def picked(asked: Visit, booking: Booking) -> dict[str, str]:
    """What was chosen, for the side of the page."""
    card = cards.card(booking, cards.resources_of(booking.resource_ids))
    zone = cards.zone_of(booking.location)
    service = booking.service
    return {
        "what": cards.line(service.name) if service else "",
        "day": words.day(booking.starts_at.astimezone(zone).date()),
        "times": words.times(booking.starts_at, booking.ends_at, zone),
        "iso": booking.starts_at.isoformat(),
        "length": words.length(booking.ends_at - booking.starts_at) if service else "",
        "party": "" if service and booking.party_size == 1 else words.people(booking.party_size),
        "table": _table(booking),
        "with_whom": card.with_whom,
        "price": _price(booking),
        "place": card.place,
        "address": card.address,
        "zone": words.zone(booking.starts_at, zone),
        "zone_key": zone.key,
    }


def _table(booking: Booking) -> str:
    """The table, where guests choose one."""
    if booking.service or booking.session_id:
        return ""
    tables = [
        cards.line(each.name)
        for each in cards.resources_of(booking.resource_ids)
        if each.kind == "table"
    ]
    return ", ".join(tables) if booking.business.booking_mode == "dynamic" else ""


def _price(booking: Booking) -> str:
    return price(booking.service, booking.business.currency) if booking.service else ""


def _until(asked: Visit, booking: Booking) -> dict[str, Any] | None:
    """Until when it waits, by the server's clock, and what that clock shows now."""
    if booking.expires_at is None:
        return None
    zone = cards.zone_of(booking.location)
    left = int((booking.expires_at - asked.moment).total_seconds())
    return {
        "at": words.clock(booking.expires_at.astimezone(zone)),
        "iso": booking.expires_at.isoformat(),
        "now": asked.moment.isoformat(),
        "left": f"{left // 60}:{left % 60:02}",
        "seconds": left + 1,
    }


def _rules(booking: Booking) -> str:
    hours = booking.business.cancellation_window_hours
    return _("You can change or cancel it online until %s.") % _free_until(booking) if hours else ""


def _free_until(booking: Booking) -> str:
    local = policies.free_until(booking).astimezone(cards.zone_of(booking.location))
    return f"{words.short_day(local.date())}, {words.clock(local)}"


def _deposit_note(asked: Visit, booking: Booking) -> str:
    """When the money comes back. Too late for that already, that it won't."""
    if policies.is_late(booking, asked.moment):
        return _("It is kept if you cancel, as it starts so soon.")
    return _("You have it back if you cancel until %s.") % _free_until(booking)


def _again(asked: Visit, booking: Booking) -> str:
    """Where to choose another time, with all else as it was."""
    zone = cards.zone_of(booking.location)
    return asked.url(
        "when",
        location=booking.location_id,
        service=booking.service_id,
        staff=asked.request.GET.get("staff"),
        party=booking.party_size,
        day=booking.starts_at.astimezone(zone).date().isoformat(),
    )


def _confirm(asked: Visit, booking: Booking) -> HttpResponse:
    answers = asking.read(asked.request.POST.dict(), asked.look)
    if answers.errors:
        return _ask(asked, booking, answers, status=422)
    try:
        services.confirm_own(booking, guest=answers.guest, notes=answers.notes, now=asked.now)
    except HoldExpired:
        pass  # its page says so
    except Unavailable as error:
        return _ask(asked, booking, answers, problem=refusals.in_words(error), status=503)
    except DomainError as error:
        return _ask(asked, booking, answers, problem=refusals.in_words(error), status=409)
    return asked.go("held", links.token(booking), staff=asked.request.GET.get("staff"))


def _lapsed(asked: Visit, booking: Booking) -> HttpResponse:
    if booking.state == State.CANCELLED.value:
        title, text = _("This was let go"), _("The place is free for others again.")
    else:
        title = _("The hold has lapsed")
        text = _("We kept the place for as long as we could. It may still be free: look again.")
    return asked.page(
        "notice",
        title=title,
        text=text,
        picked=picked(asked, booking),
        again=_again(asked, booking),
    )


def _pay(asked: Visit, booking: Booking) -> HttpResponse:
    deposit = Deposit.objects.filter(booking_id=booking.pk).first()
    if deposit is None:
        return asked.page(
            "notice",
            title=_("We have your request"),
            text=_("You will hear from us once it is confirmed."),
            picked=picked(asked, booking),
        )
    is_stripe = deposit.gateway == Stripe.name
    reply = asked.page(
        "pay",
        title=_("Pay the deposit"),
        picked=picked(asked, booking),
        until=_until(asked, booking),
        amount=words.money(deposit.amount),
        note=_deposit_note(asked, booking),
        is_waiting=deposit.status != Deposit.Status.PENDING or _is_paid(asked, deposit),
        is_sandbox=not is_stripe,
        publishable_key=settings.STRIPE_PUBLISHABLE_KEY if is_stripe else "",
        client_secret=deposit.client_secret if is_stripe else "",
        pay=asked.url("pay", links.token(booking)),
        here=_here(asked, booking),
        full_here=asked.request.build_absolute_uri(_here(asked, booking) + "&paid=1"),
        release=asked.url("release", links.token(booking)),
    )
    if is_stripe:
        reply.policy = WITH_STRIPE  # type: ignore[attr-defined]
    return reply


def _is_paid(asked: Visit, deposit: Deposit) -> bool:
    """Whether the guest has just paid, and only the gateway's word is missing."""
    return asked.request.GET.get("paid") == "1" and deposit.status == Deposit.Status.PENDING


def _booked(asked: Visit, booking: Booking) -> HttpResponse:
    token = links.token(booking)
    deposit = cards.deposit_of(booking)
    name = cards.card(booking, ()).greeting
    told = {
        "reference": booking.reference,
        "starts_at": booking.starts_at.isoformat(),
        "ends_at": booking.ends_at.isoformat(),
        "party_size": booking.party_size,
        "service": booking.service.name if booking.service else "",
    }
    return asked.page(
        "booked",
        title=_("You're booked, %s") % name if name else _("You're booked"),
        picked=picked(asked, booking),
        reference=booking.reference,
        deposit=words.money(deposit.amount) if deposit else "",
        writes=bool(booking.email) and _writes(booking),
        calendar=reverse("guest:calendar", args=[token]),
        manage=reverse("guest:booking", args=[token]),
        another=asked.url("start"),
        booked=json.dumps(told),
    )


def _writes(booking: Booking) -> bool:
    return settings.SENDS_MAIL and booking.business.sends_mail and not booking.business.is_dev


@require_POST
@visit
@own
def release(asked: Visit, booking: Booking) -> HttpResponse:
    """Let go of what is held, or waits for its deposit; then choose again."""
    try:
        if booking.state == State.PENDING.value:
            services.cancel_own(booking, now=asked.now)
        else:
            services.release(booking, by=GUEST, now=asked.now)
    except Unavailable:
        raise
    except DomainError:
        return asked.go("held", links.token(booking))  # it is booked, or over: its page says so
    return _gone_to(_again(asked, booking))


def _gone_to(url: str) -> HttpResponse:
    reply = HttpResponse(status=303)
    reply["Location"] = url
    return reply


@require_POST
@visit
@own
def pay(asked: Visit, booking: Booking) -> HttpResponse:
    """Pay at the sandbox gateway, which tells us so itself a moment later, as a real one does."""
    token = links.token(booking)
    deposit = Deposit.objects.filter(booking_id=booking.pk, gateway=Sandbox.name).first()
    if deposit is None or _state(asked, booking) != State.PENDING:
        return asked.go("held", token)
    try:
        Sandbox().pay(deposit.payment_intent_id, deposit.client_secret)
    except GatewayError:
        return asked.go("held", token)
    return asked.go("held", token, paid=1, staff=asked.request.GET.get("staff"))
