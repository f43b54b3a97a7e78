"""Changing a booking: another time or place, and what is written about it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import Conflict, DomainError
from bookings import daybook, services
from bookings.models import Booking
from bookings.web.desk import asking, typed, words
from bookings.web.desk.asking import Answer, Asked
from bookings.web.desk.booking import shown
from bookings.web.desk.shell import Desk, desk
from bookings.wishes import GuestDetails


@require_http_methods(["GET", "HEAD", "POST"])
@desk("book")
def move(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Offer other times and places; by POST move there. A visit moves as a whole."""
    booking = daybook.booking(at.business, pk)
    local = booking.starts_at.astimezone(at.zone)
    if booking.session_id:
        raise Conflict(_("A place in a class can’t be moved. Book another run, then cancel this."))
    data = asking.said(at)
    if at.request.method != "POST":
        data = {"day": local.date().isoformat(), "time": f"{local:%H:%M}"} | data
    asked = asking.read(at, data, moving=booking)
    said = asking.answer(at, asked)
    if at.request.method != "POST":
        return _move(at, booking, data, said)
    if asked.starts_at is None and not asked.errors:
        asked.errors["time"] = _("When do they come?")
    if asked.errors:
        return _move(at, booking, data, said, 422)
    assert asked.starts_at is not None
    try:
        moved = _moved(at, booking, asked)
    except DomainError as error:
        asking.refuse(at, asked, said, error)
        return _move(at, booking, data, said, 422)
    now = moved.starts_at.astimezone(at.zone)
    text = _("%(name)s is moved to %(day)s %(time)s.") % {
        "name": str(moved.guest) if moved.guest and str(moved.guest) else moved.reference,
        "day": words.day(now.date(), at.today),
        "time": f"{now:%H:%M}",
    }
    return at.done(text, to=at.url("booking", booking.pk))


def _moved(at: Desk, booking: Booking, asked: Asked) -> Booking:
    assert asked.starts_at is not None
    if booking.leader_id or len(daybook.parts(booking)) > 1:
        lead = booking.leader or booking
        shift = asked.starts_at - booking.starts_at
        services.move_visit(
            lead, starts_at=lead.starts_at + shift, keeps_notice=False, by=at.actor, now=at.now
        )
    else:
        services.reschedule(
            booking,
            starts_at=asked.starts_at,
            duration=asked.duration,
            resource_id=asked.resource_id,
            keeps_hours=not asked.anyway,
            keeps_notice=False,
            by=at.actor,
            now=at.now,
        )
    return daybook.booking(at.business, booking.pk)


def _move(
    at: Desk, booking: Booking, data: Mapping[str, str], said: Answer, status: int = 200
) -> HttpResponse:
    return at.page(
        "book/move",
        status,
        **shown(at, booking) | {"v": data, "said": said, "asked": said.asked},
        sent=status == 422 and not said.asked.errors,
        day_said=data.get("day", "")
        if "day" in said.asked.errors
        else typed.spoken(said.asked.day, at.today),
        time_said=data.get("time", ""),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk("book")
def edit(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """How many come, who they are, and what is to be remembered."""
    booking = daybook.booking(at.business, pk)
    guest = booking.guest
    values = {
        "party": str(booking.party_size),
        "name": str(guest) if guest and (guest.first_name or guest.last_name) else "",
        "phone": guest.phone if guest else "",
        "email": guest.email if guest else "",
        "notes": booking.notes,
    }
    if at.request.method != "POST":
        return _edit(at, booking, values, {})
    values |= {name: at.request.POST.get(name, value).strip() for name, value in values.items()}
    wrong = _wrong(values)
    if wrong:
        return _edit(at, booking, values, wrong, 422)
    try:
        _write(at, booking, values)
    except DomainError as error:
        return _edit(at, booking, values, {"": words.refusal(error)}, 422)
    return at.done(_("The booking is changed."), to=at.url("booking", booking.pk))


def _wrong(values: Mapping[str, str]) -> dict[str, str]:
    wrong = {}
    party = values["party"]
    if not (party.isdecimal() and 1 <= int(party[:4]) <= asking.LARGEST):
        wrong["party"] = _("How many are they?")
    if values["email"]:
        try:
            validate_email(values["email"])
        except ValidationError:
            wrong["email"] = _("This isn’t an e-mail address.")
    if len(values["phone"]) > 40:
        wrong["phone"] = _("This isn’t a phone number.")
    if len(values["name"]) > 200:
        wrong["name"] = _("This name is too long.")
    return wrong


def _write(at: Desk, booking: Booking, values: Mapping[str, str]) -> None:
    """The party first, as it may be refused; then who comes, then the notes."""
    first, _space, last = " ".join(values["name"].split()).partition(" ")
    who = GuestDetails(first[:100], last[:100], values["email"], values["phone"])
    party = int(values["party"])
    services.rewrite(
        booking,
        party_size=party if party != booking.party_size else None,
        guest=who if _is_other(booking, who) else None,
        notes=values["notes"][:2000] if values["notes"] != booking.notes else None,
        by=at.actor,
        now=at.now,
    )


def _is_other(booking: Booking, who: GuestDetails) -> bool:
    """Whether anything of the guest is to be written down anew."""
    guest = booking.guest
    if guest is None:
        return any((who.first_name, who.last_name, who.email, who.phone))
    known = (f"{guest.first_name} {guest.last_name}".strip(), guest.email, guest.phone)
    return (f"{who.first_name} {who.last_name}".strip(), who.email, who.phone) != known


def _edit(
    at: Desk,
    booking: Booking,
    values: Mapping[str, Any],
    wrong: Mapping[str, str],
    status: int = 200,
) -> HttpResponse:
    return at.page(
        "book/edit",
        status,
        booking=booking,
        v=values,
        errors=wrong,
        problem=wrong.get("", ""),
    )
