"""A booking taken on the phone: fields in the order they are spoken, nothing but the keyboard."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.contact import phone_key
from accounts.errors import DomainError, NotFound
from bookings import daybook, services
from bookings.models import Booking, Guest, Session
from bookings.web.desk import asking, typed, words
from bookings.web.desk.asking import Answer, Asked
from bookings.web.desk.shell import Desk, desk
from bookings.wishes import GuestDetails
from resources.selectors import on_offer

SOURCE = "desk"
FIELDS = ("party", "day", "time", "service", "resource", "lasts", "session", "phone", "name",
          "email", "notes", "guest", "reason")  # fmt: skip
LASTING = (30, 45, 60, 75, 90, 105, 120, 150, 180, 240)


@require_http_methods(["GET", "HEAD", "POST"])
@desk("book")
def new(at: Desk) -> HttpResponse:
    """Ask for a booking; by POST make it. What is in the query is filled in already."""
    data = asking.said(at)
    asked = asking.read(at, data)
    if at.request.method != "POST":
        return _form(at, data, asking.answer(at, asked))
    guest, wrong = _who(at, data)
    asked.errors |= wrong
    said = asking.answer(at, asked)
    if asked.starts_at is None and not asked.errors:
        asked.errors["time"] = _("When do they come?")
    instead = data.get("instead", "") if said.refusal and not asked.errors else ""
    if instead == "wait" and said.may_wait:
        return _wait(at, data, asked, guest)
    if asked.errors or (said.is_class and said.refusal):
        return _form(at, data, said, status=422)
    try:
        if instead == "overbook" and said.may_overbook:
            return _overbook(at, data, asked, guest)
        made = _make(at, asked, guest, str(data.get("notes", "")).strip()[:2000])
    except DomainError as error:
        if said.is_class:
            said.refusal = words.refusal(error)
        else:
            asking.refuse(at, asked, said, error)
        return _form(at, data, said, status=422)
    local = made.starts_at.astimezone(at.zone)
    text = _("%(name)s, %(day)s %(time)s, %(party)s. Code %(code)s.") % {
        "name": str(made.guest) if made.guest and str(made.guest) else _("Booked"),
        "day": words.day(local.date(), at.today),
        "time": f"{local:%H:%M}",
        "party": words.people(made.party_size),
        "code": made.reference,
    }
    return at.done(text, to=at.url("booking", made.pk))


def _details(at: Desk, guest: GuestDetails | uuid.UUID | None) -> GuestDetails:
    """Who was chosen, as they are known."""
    if isinstance(guest, GuestDetails):
        return guest
    known = daybook.guest(at.business, guest)
    if known is None:
        return GuestDetails()
    return GuestDetails(known.first_name, known.last_name, known.email, known.phone)


def _wait(
    at: Desk, data: Mapping[str, str], asked: Asked, guest: GuestDetails | uuid.UUID | None
) -> HttpResponse:
    """Nothing is free: they wait for that class, or for a time within an hour of the one said."""
    assert asked.starts_at is not None
    local = asked.starts_at.astimezone(at.zone)
    around: dict[str, Any] = {"session": _session(at, asked)}
    if around["session"] is None:
        begin, end = (local + timedelta(hours=hours) for hours in (-1, 1))
        around = {
            "service": asked.service,
            "preferred_date": local.date(),
            "earliest": begin.time() if begin.date() == local.date() else None,
            "latest": end.time() if end.date() == local.date() else None,
        }
    entry, rank = services.join_waitlist(
        at.business,
        guest=_details(at, guest),
        party_size=asked.party,
        notes=str(data.get("notes", "")).strip()[:2000],
        by=at.actor,
        now=at.now,
        **around,
    )
    text = _("%(name)s waits for %(day)s, as number %(rank)d.") % {
        "name": str(entry.guest),
        "day": words.day(local.date(), at.today),
        "rank": rank,
    }
    return at.done(text, to=at.url("guest", entry.guest_id))


def _overbook(
    at: Desk, data: Mapping[str, str], asked: Asked, guest: GuestDetails | uuid.UUID | None
) -> HttpResponse:
    """Promised although nothing is free, with a reason that the book shows. Raises Invalid."""
    made = services.overbook(
        asking.wish(at, asked),
        at.here(),
        reason=str(data.get("reason", "")),
        guest=_details(at, guest),
        notes=str(data.get("notes", "")).strip()[:2000],
        by=at.actor,
        now=at.now,
    )
    local = made.starts_at.astimezone(at.zone)
    text = _("Overbooked: %(party)s, %(day)s %(time)s. Code %(code)s.") % {
        "party": words.people(made.party_size),
        "day": words.day(local.date(), at.today),
        "time": f"{local:%H:%M}",
        "code": made.reference,
    }
    return at.done(text, to=at.url("booking", made.pk), kind="warning")


def _session(at: Desk, asked: Asked) -> Session | None:
    """The run of a class that is asked for, if one is. Raises NotFound for another's."""
    if asked.session_id is None:
        return None
    found = (
        Session.objects.select_related("business")
        .filter(pk=asked.session_id, business=at.business)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def _make(at: Desk, asked: Asked, guest: GuestDetails | uuid.UUID | None, notes: str) -> Booking:
    if session := _session(at, asked):
        return services.book_places(
            session,
            party_size=asked.party,
            guest=guest,
            by=at.actor,
            source=SOURCE,
            notes=notes,
            now=at.now,
        )
    made = services.make(
        asking.wish(at, asked), guest=guest, by=at.actor, source=SOURCE, notes=notes, now=at.now
    )
    return daybook.booking(at.business, made.pk)


def _who(
    at: Desk, data: Mapping[str, Any]
) -> tuple[GuestDetails | uuid.UUID | None, dict[str, str]]:
    """Who comes: somebody known who was chosen, else as typed; and what is wrong with it."""
    phone = str(data.get("phone", "")).strip()
    email = str(data.get("email", "")).strip()
    name = " ".join(str(data.get("name", "")).split())
    wrong = {}
    if phone and (len(phone) > 40 or sum(each.isdigit() for each in phone) < 3):
        wrong["phone"] = _("This isn’t a phone number.")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            wrong["email"] = _("This isn’t an e-mail address.")
    if len(name) > 200:
        wrong["name"] = _("This name is too long.")
    if not (phone or email or name):
        wrong["name"] = _("Who comes? A name or a phone number is enough.")
    chosen = daybook.guest(at.business, data.get("guest"))
    same = (phone_key(phone), name)
    if chosen and same == (chosen.phone_key, str(chosen)) and email in ("", chosen.email):
        return chosen.pk, wrong
    first, _space, last = name.partition(" ")
    return GuestDetails(first[:100], last[:100], email, phone), wrong


def _form(at: Desk, data: Mapping[str, Any], said: Answer, status: int = 200) -> HttpResponse:
    known = daybook.guest(at.business, data.get("guest"))
    values = {name: str(data.get(name, "")) for name in FIELDS}
    if known and not (values["phone"] or values["name"] or values["email"]):
        values |= {"phone": known.phone, "name": str(known), "email": known.email}
    asked = said.asked
    if not data.get("party"):
        values["party"] = str(asked.party)
    if not asked.errors.get("day"):
        values["day"] = typed.spoken(asked.day, at.today)
    return at.page(
        "book/new",
        status,
        v=values,
        said=said,
        asked=asked,
        services=on_offer(at.business),
        sent=status == 422 and not asked.errors,
        may_be_without=asking.at_tables(at),
        lasting=[(n, words.lasting(timedelta(minutes=n))) for n in LASTING],
        known=_known(at, known) if known else None,
    )


def _known(at: Desk, guest: Guest) -> dict[str, Any]:
    return {"guest": guest, "visits": daybook.visits(guest, now=at.moment)}


@require_safe
@desk("book")
def offer(at: Desk) -> HttpResponse:
    """What there is for what was typed so far, as a fragment of the form."""
    data = at.request.GET
    moving = None
    if data.get("moving"):
        pk = asking.uuid_in(data["moving"])
        if pk is None:
            raise NotFound
        moving = daybook.booking(at.business, pk)
    said = asking.answer(at, asking.read(at, data, moving=moving))
    reason = data.get("reason", "")
    return at.page("book/_offer", said=said, asked=said.asked, v={"reason": reason})


@require_safe
@desk("book")
def who(at: Desk) -> HttpResponse:
    """The guests whose phone or name begins like this, as a fragment of the form."""
    text = at.request.GET.get("phone", "") or at.request.GET.get("name", "")
    found = daybook.guests_like(at.business, text)
    exact = phone_key(text)
    same = next((each for each in found if exact and each.guest.phone_key == exact), None)
    return at.page("book/_who", rows=found, exact=same)
