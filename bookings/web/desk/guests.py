"""Who comes: found, described, merged, given what is known of them, and forgotten."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.core.validators import validate_email
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError, NotFound
from bookings import daybook, services
from bookings.daybook import Happened
from bookings.models import Booking, Event, Guest
from bookings.web import refusals
from bookings.web.desk import words
from bookings.web.desk.booking import state_now
from bookings.web.desk.shell import MANAGER, Desk, desk
from resources.models import Resource

A_PAGE = 50
LONGEST = 60  # characters of a search
SORTS = {
    "last": gettext_lazy("Last visit"),
    "name": gettext_lazy("Name"),
    "visits": gettext_lazy("Visits"),
}
WAITS = {
    "waiting": gettext_lazy("Waiting"),
    "offered": gettext_lazy("Has an offer"),
    "accepted": gettext_lazy("Accepted"),
    "declined": gettext_lazy("Declined"),
    "lapsed": gettext_lazy("Lapsed"),
    "removed": gettext_lazy("Removed"),
}
FIELDS = ("first_name", "last_name", "phone", "email", "tags", "notes")


@require_safe
@desk("guests")
def guests(at: Desk) -> HttpResponse:
    """All guests, or those that were searched for."""
    query = at.request.GET
    text = " ".join(query.get("q", "").replace("\x00", "").split())[:LONGEST]
    tag = query.get("tag", "").replace("\x00", "")[:40]
    sort = query.get("sort", "")
    sort = sort if sort in SORTS else "last"
    rows = daybook.guests(at.business, text=text, tag=tag, sort=sort, now=at.moment)
    page = Paginator(rows, A_PAGE).get_page(query.get("page"))

    def url(**changed: Any) -> str:
        said = {"q": text, "tag": tag, "sort": sort if sort != "last" else ""}
        return at.url("guests", **(said | changed))

    return at.page(
        "guests/page",
        page=page,
        text=text,
        tag=tag,
        sort=sort,
        sorts=list(SORTS.items()),
        tags=[(name, n, url(tag=name), name == tag) for name, n in daybook.tags_of(at.business)],
        all=url(tag=""),
        earlier=url(page=page.previous_page_number()) if page.has_previous() else "",
        later=url(page=page.next_page_number()) if page.has_next() else "",
    )


def _found(at: Desk, pk: uuid.UUID) -> Guest:
    found = daybook.guest(at.business, pk)
    if found is None:
        raise NotFound
    return found


@require_safe
@desk("guests")
def guest(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """All of a guest."""
    found = _found(at, pk)
    bookings = daybook.stays(found)
    resources = daybook.resources_named({each for one in bookings for each in one.resource_ids})
    to_come = [each for each in bookings if _is_to_come(at, each)]
    visits = daybook.visits(found, now=at.moment)
    return at.page(
        "guests/guest",
        guest=found,
        title=str(found) or _("Erased guest"),
        is_known=bool(str(found)),
        visits=visits,
        party=f"{visits.party:.1f}".removesuffix(".0") if visits.party else "–",
        to_come=[_stay(at, each, resources) for each in reversed(to_come)],
        past=[_stay(at, each, resources) for each in bookings if each not in to_come],
        waits=[
            {
                "day": words.day(each.preferred_date, at.today),
                "what": _class(each) or words.people(each.party_size),
                "state": WAITS.get(each.state, each.state),
            }
            for each in daybook.waits(found)
        ],
        lines=[
            {"at": each.at, "text": _happened(each), "by": _by(each)}
            for each in daybook.guest_events(found)
        ],
        alike=daybook.alike(found) if str(found) else [],
        book=at.url("new", guest=found.pk),
    )


def _is_to_come(at: Desk, booking: Booking) -> bool:
    is_on = state_now(booking, at.moment) in ("held", "pending", "confirmed", "checked_in")
    return is_on and booking.ends_at > at.moment


def _stay(at: Desk, booking: Booking, resources: Mapping[uuid.UUID, Resource]) -> dict[str, Any]:
    here = [resources[pk] for pk in booking.resource_ids if pk in resources]
    state = state_now(booking, at.moment)
    local = booking.starts_at.astimezone(at.zone)
    return {
        "url": at.url("booking", booking.pk),
        "day": words.day(local.date(), at.today),
        "time": f"{local:%H:%M}",
        "party": words.people(booking.party_size),
        "place": words.listed(each.name for each in here),
        "service": booking.service.name if booking.service else "",
        "state": state,
        "state_name": words.state(state, seats=any(each.kind == "table" for each in here)),
        "notes": booking.notes,
    }


def _class(entry: Any) -> str:
    if entry.session:
        return str(entry.session.service)
    return str(entry.service) if entry.service else ""


def _happened(happened: Happened) -> str:
    if happened.data.get("merged"):
        return _("Merged with another guest")
    return {
        Event.Kind.GUEST_CREATED.value: _("Added"),
        Event.Kind.GUEST_UPDATED.value: _("Changed"),
        Event.Kind.GUEST_DELETED.value: _("Erased"),
    }.get(happened.kind, happened.kind)


def _by(happened: Happened) -> str:
    return happened.who or (_("System") if happened.by == "system" else _("Guest"))


@require_http_methods(["GET", "HEAD", "POST"])
@desk("guests")
def edit(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """What is known of a guest."""
    found = _found(at, pk)
    values: dict[str, str] = {
        name: ", ".join(found.tags) if name == "tags" else getattr(found, name) for name in FIELDS
    }
    if at.request.method != "POST":
        return _edit(at, found, values, {})
    values |= {
        name: at.request.POST.get(name, value).replace("\x00", "").strip()
        for name, value in values.items()
    }
    wrong = _wrong(values)
    if not wrong:
        try:
            services.correct_guest(
                found,
                first_name=values["first_name"],
                last_name=values["last_name"],
                phone=values["phone"],
                email=values["email"],
                notes=values["notes"],
                tags=values["tags"].split(","),
                by=at.actor,
                now=at.now,
            )
        except DomainError as error:
            wrong = {name: refusals.said(each) for name, each in error.fields.items()}
            wrong = wrong or {"": words.refusal(error)}
    if wrong:
        return _edit(at, found, values, wrong, 422)
    return at.done(_("Saved."), to=at.url("guest", found.pk), stays=True)


def _wrong(values: Mapping[str, str]) -> dict[str, str]:
    wrong = {}
    for name, most in (("first_name", 100), ("last_name", 100), ("phone", 40), ("notes", 5000)):
        if len(values[name]) > most:
            wrong[name] = _("This is too long.")
    if values["email"]:
        try:
            validate_email(values["email"])
        except ValidationError:
            wrong["email"] = _("This isn’t an e-mail address.")
    return wrong


def _edit(
    at: Desk,
    found: Guest,
    values: Mapping[str, str],
    wrong: Mapping[str, str],
    status: int = 200,
) -> HttpResponse:
    others = daybook.alike(found) if "" in wrong else []
    return at.page(
        "guests/edit",
        status,
        guest=found,
        v=values,
        errors=wrong,
        problem=wrong.get("", ""),
        others=others,
        known=[name for name, _n in daybook.tags_of(at.business)],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk("guests")
def merge(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Look for who is the same person, ask whether it is meant, and make one of two."""
    keep = _found(at, pk)
    data = at.request.POST if at.request.method == "POST" else at.request.GET
    other = daybook.guest(at.business, data.get("other"))
    if data.get("other") and other is None:
        raise NotFound
    if at.request.method == "POST" and other:
        services.merge_guests(keep, other, by=at.actor, now=at.now)
        text = _("Now one guest: %(name)s.") % {"name": str(keep) or str(other)}
        return at.done(text, to=at.url("guest", keep.pk), stays=True)
    text = " ".join(data.get("q", "").replace("\x00", "").split())[:LONGEST]
    found: Sequence[Guest]
    if text:
        like = daybook.guests_like(at.business, text, most=10)
        found = [each.guest for each in like if each.guest.pk != keep.pk]
    else:
        found = daybook.alike(keep)
    return at.page(
        "guests/merge",
        keep=keep,
        other=other if other and other.pk != keep.pk else None,
        pair=[(each, daybook.visits(each, now=at.moment)) for each in (keep, other) if each],
        found=found,
        text=text,
        swapped=at.url("guest-merge", other.pk, other=keep.pk) if other else "",
    )


@require_safe
@desk("guests", role=MANAGER)
def export(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """All that is known of a guest, as a file."""
    found = _found(at, pk)
    body = json.dumps(daybook.everything(found), ensure_ascii=False, indent=2)
    return HttpResponse(
        body + "\n",
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="guest-{found.pk}.json"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk("guests", role=MANAGER)
def erase(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Say what goes and what stays; erase once that is understood."""
    found = _found(at, pk)
    visits = daybook.visits(found, now=at.moment)
    is_meant = at.request.POST.get("understood") == "1"
    if at.request.method == "POST" and is_meant:
        services.forget_guest(found, by=at.actor, now=at.now)
        return at.done(_("The guest is erased."), to=at.url("guests"))
    return at.page(
        "guests/erase",
        422 if at.request.method == "POST" else 200,
        guest=found,
        visits=visits,
        total=len(daybook.stays(found)),
        is_asked=at.request.method == "POST",
    )
