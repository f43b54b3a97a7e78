"""At the door: who walks in, who waits, who sits down elsewhere, and who is squeezed in."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError, Invalid, NotFound
from bookings import daybook, offers, selectors, services
from bookings import floor as reads
from bookings.floor import Floor, Option, Proposal, Spot, Status
from bookings.lifecycle import State
from bookings.models import WaitlistEntry
from bookings.web.desk import words
from bookings.web.desk.floor import WITH_CHAIRS
from bookings.web.desk.floor import words as words_of
from bookings.web.desk.shell import Desk, desk
from bookings.wishes import GuestDetails, Wish

SIZES = tuple(range(1, 9))
LARGEST = 100
STAYS = (30, 45, 60, 75, 90, 105, 120, 150, 180, 240)
QUOTES = (5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120)
MINUTE = timedelta(minutes=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Offer:
    """A place that could be had at once, in words."""

    ids: str
    name: str
    seats: str
    until: str
    lasts: str
    is_brief: bool


@dataclasses.dataclass(frozen=True, slots=True)
class WhyNot:
    """A place that couldn't, and why."""

    name: str
    words: str
    status: str
    url: str


# --- walking in ----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@desk("floor")
def walk_in(desk: Desk) -> HttpResponse:
    """Ask how many they are, and say where they could sit; by POST they sit there."""
    asked = _asked(desk)
    if desk.request.method != "POST" or asked["party"] is None:
        return _walk_in(desk, asked)
    entry = asked["entry"]
    try:
        wish = _wish(desk, asked)
        if entry:
            made = services.seat_waiting(entry, wish, by=desk.actor, now=desk.now)
        else:
            made = services.seat_walk_in(
                wish, guest=_guest(asked), notes=asked["notes"], by=desk.actor, now=desk.now
            )
    except DomainError as error:
        return _walk_in(desk, asked, refusal=words.refusal(error))
    names = selectors.names_of(made.resource_ids)
    text = _("%(party)s at %(place)s until %(time)s.") % {
        "party": words.people(made.party_size),
        "place": words.listed(names[each] for each in made.resource_ids if each in names),
        "time": words.clock(made.ends_at, desk.zone),
    }
    return desk.done(text, to=desk.url("floor"), undo="" if entry else desk.url("unseat", made.pk))


@require_POST
@desk("floor")
def unseat(desk: Desk, pk: uuid.UUID) -> HttpResponse:
    """Take a walk-in back who was seated by mistake: nobody was there."""
    booking = daybook.booking(desk.business, pk)
    if booking.source != "walk-in" or booking.state != State.CHECKED_IN.value:
        raise Invalid(_("Only who has just walked in can be taken back."))
    services.cancel(booking, by=desk.actor, reason=_("Seated by mistake"), now=desk.now)
    return desk.done(_("Taken back."), to=desk.url("floor"))


def _asked(desk: Desk) -> dict[str, Any]:
    """What is said of a walk-in, in the form or in the address; nonsense is left out."""
    said: Mapping[str, str] = (
        desk.request.POST if desk.request.method == "POST" else desk.request.GET
    )
    entry = None
    if said.get("entry"):
        entry = _entry(desk, said["entry"])
    party = _number(said.get("party", ""), 1, LARGEST)
    ids = []
    for each in said.get("at", "").split(","):
        try:
            ids.append(uuid.UUID(each))
        except ValueError:
            continue
    return {
        "entry": entry,
        "party": entry.party_size if entry and party is None else party,
        "ids": tuple(ids),
        "lasts": _number(said.get("lasts", ""), 10, 24 * 60),
        "name": said.get("name", "").strip()[:100],
        "phone": said.get("phone", "").strip()[:40],
        "notes": said.get("notes", "").strip()[:500],
    }


def _number(text: str, least: int, most: int) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 6 and least <= int(text) <= most else None


def _entry(desk: Desk, pk: str | uuid.UUID) -> WaitlistEntry:
    """Somebody who waits. Raises NotFound."""
    try:
        found = selectors.waitlist(desk.business).filter(pk=pk).first()
    except (ValueError, ValidationError):
        found = None
    if found is None:
        raise NotFound
    return found


def _stay(desk: Desk, party: int) -> timedelta:
    """How long a party of a size keeps its place here."""
    place = desk.here()
    minutes = desk.business.default_duration_minutes
    return offers.turn_times(minutes, {place.pk}, party)[place.pk]


def _wish(desk: Desk, asked: Mapping[str, Any]) -> Wish:
    """From this minute on; not longer than the place is free, unless said."""
    now = desk.moment.replace(second=0, microsecond=0)
    party: int = asked["party"]
    stay = asked["lasts"] * MINUTE if asked["lasts"] else _stay(desk, party)
    ids: tuple[uuid.UUID, ...] = asked["ids"]
    if not ids:
        raise Invalid(_("Say where they sit."))
    found = reads.floor(desk.here(), now=desk.moment)
    if any(spot and _sat_at(spot) for spot in map(found.spot, ids)):
        raise Invalid(_("Somebody still sits there."))
    option = _propose(desk, found, party, stay).option(ids)
    if option and not asked["lasts"]:
        stay = option.until - now if option.until and option.until < now + stay else stay
    return Wish(
        business=desk.business,
        starts_at=now,
        duration=stay,
        party_size=party,
        location_id=desk.here().pk,
        **({"resource_id": ids[0]} if len(ids) == 1 else {"together": ids}),
    )


def _sat_at(spot: Spot) -> bool:
    return spot.resource.units == 1 and spot.status in (Status.SEATED, Status.OVER)


def _propose(desk: Desk, found: Floor, party: int, stay: timedelta) -> Proposal:
    relax = desk.business.relax_minimum_covers
    return reads.propose(found, desk.here(), party, stay, relax_minimum=relax)


def _guest(asked: Mapping[str, Any]) -> GuestDetails | None:
    first, _sep, last = asked["name"].rpartition(" ")
    if not (asked["name"] or asked["phone"]):
        return None
    return GuestDetails(first or last, last if first else "", "", asked["phone"])


def _walk_in(desk: Desk, asked: Mapping[str, Any], *, refusal: str = "") -> HttpResponse:
    entry, party = asked["entry"], asked["party"]
    query = {"entry": entry.pk if entry else None}
    context: dict[str, Any] = {
        "asked": asked,
        "entry": entry,
        "sizes": [(size, desk.url("walk-in", party=size, **query)) for size in SIZES],
        "refusal": refusal,
    }
    if party is None:
        return desk.page("floor/walk_in", **context)
    found = reads.floor(desk.here(), now=desk.moment)
    stay = _stay(desk, party)
    proposal = _propose(desk, found, party, stay)
    wished = proposal.option(asked["ids"]) if asked["ids"] else None
    ranked = [*proposal.whole, *proposal.brief]
    if wished:
        ranked = [wished, *(each for each in ranked if each is not wished)]
    said = [_offer(desk, each, each in proposal.brief) for each in ranked]
    has_tables = any(each.resource.kind in WITH_CHAIRS for each in found.spots)
    minutes = int(stay / MINUTE)
    context |= {
        "best": said[0] if said else None,
        "others": said[1:],
        "seat_now": _("Seat now") if has_tables else _("Check in now"),
        "why_not": [_why_not(desk, each, party, found) for each in proposal.others],
        "stays": [
            (each, words.lasting(each * MINUTE), each == asked["lasts"])
            for each in sorted({*STAYS, minutes})
        ],
        "stay": words.lasting(stay),
        "party_words": words.people(party),
        "overbook_url": desk.url("overbook", party=party, called=asked["name"]),
    }
    if not proposal.whole or entry is None:
        context |= _quote(desk, found, party, stay)
    return desk.page("floor/walk_in", 422 if refusal else 200, **context)


def _offer(desk: Desk, option: Option, is_brief: bool) -> Offer:
    until = words.clock(option.until, desk.zone) if option.until else ""
    return Offer(
        ids=",".join(str(each) for each in option.resource_ids),
        name=option.name,
        seats=ngettext("for %s", "for up to %s", option.seats) % option.seats,
        until=_("free until %s") % until if until else _("free for the rest of the day"),
        lasts=words.lasting(_whole_minutes(option.lasts)),
        is_brief=is_brief,
    )


def _whole_minutes(lasts: timedelta) -> timedelta:
    return lasts - lasts % MINUTE


def _why_not(desk: Desk, spot: Spot, party: int, found: Floor) -> WhyNot:
    if party > spot.seats:
        said = ngettext("seats %s at most", "seats %s at most", spot.seats) % spot.seats
    elif party < spot.resource.covers_min and not desk.business.relax_minimum_covers:
        said = _("for %s or more") % spot.resource.covers_min
    else:
        said = words_of(desk, spot, found.at)["about"]
    return WhyNot(spot.resource.name, said, spot.status.value, desk.url("resource", spot.id))


# --- waiting -------------------------------------------------------------------------------------


class Waiting(forms.Form):
    """Who waits at the door, and what they were told."""

    party = forms.IntegerField(min_value=1, max_value=LARGEST)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    minutes = forms.IntegerField(min_value=0, max_value=480)
    notes = forms.CharField(label=gettext_lazy("Notes"), max_length=500, required=False)


def _quote(desk: Desk, found: Floor, party: int, stay: timedelta) -> dict[str, Any]:
    """What a party is told that would wait; from how long parties really stay here."""
    measured = reads.usual_stays(desk.here(), now=desk.moment)
    expected = reads.wait(found, party, stay, measured)
    minutes = None if expected is None else int(expected / MINUTE)
    at = None if expected is None else words.clock(desk.moment + expected, desk.zone)
    likely = (
        min(QUOTES, key=lambda each: abs(each - minutes)) if minutes is not None else QUOTES[-1]
    )
    return {
        "wait": minutes,
        "wait_words": words.lasting(expected) if expected else "",
        "wait_at": at,
        "is_measured": bool(measured),
        "quotes": [
            (
                each,
                words.lasting(each * MINUTE),
                each == (minutes if minutes in choices else likely),
            )
            for choices in [sorted({*QUOTES, *([minutes] if minutes else [])})]
            for each in choices
        ],
        "ahead": sum(each.quoted_for is not None for each in found.waiting),
    }


@require_POST
@desk("floor")
def wait(desk: Desk) -> HttpResponse:
    """Put a party on the list of those who wait at the door, with what they were told."""
    form = Waiting(desk.request.POST)
    if not form.is_valid():
        asked = _asked(desk)
        return _walk_in(desk, asked, refusal=_("Say who waits: a name to call."))
    said = form.cleaned_data
    first, _sep, last = said["name"].rpartition(" ")
    quoted = desk.moment + said["minutes"] * MINUTE
    services.join_waitlist(
        desk.business,
        guest=GuestDetails(first or last, last if first else "", "", said["phone"]),
        preferred_date=desk.today,
        party_size=said["party"],
        notes=said["notes"],
        quoted_for=quoted,
        by=desk.actor,
        now=desk.now,
    )
    text = _("%(name)s waits: told %(minutes)s, until about %(time)s.") % {
        "name": said["name"],
        "minutes": words.lasting(said["minutes"] * MINUTE),
        "time": words.clock(quoted, desk.zone),
    }
    return desk.done(text, to=desk.url("floor"))


@require_POST
@desk("floor")
def leave(desk: Desk, pk: uuid.UUID) -> HttpResponse:
    """They don't wait any more."""
    entry = _entry(desk, pk)
    services.leave_waitlist(entry, by=desk.actor, now=desk.now)
    text = _("%s doesn’t wait any more.") % entry.guest
    return desk.done(text, to=desk.url("floor"))


# --- sitting down elsewhere ----------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@desk("floor")
def seat(desk: Desk, pk: uuid.UUID) -> HttpResponse:
    """Where a party that has booked could sit now; by POST it does."""
    booking = daybook.booking(desk.business, pk)
    found = reads.floor(desk.here(), now=desk.moment)
    chosen = desk.request.POST.get("at", "")
    refusal = ""
    if desk.request.method == "POST":
        try:
            made = services.seat(
                booking,
                resource_id=uuid.UUID(chosen) if chosen else None,
                by=desk.actor,
                now=desk.now,
            )
        except ValueError:
            raise NotFound from None
        except DomainError as error:
            refusal = words.refusal(error)
        else:
            names = selectors.names_of(made.resource_ids)
            text = _("%(name)s sits at %(place)s.") % {
                "name": made.guest or made.reference,
                "place": words.listed(names[each] for each in made.resource_ids if each in names)
                or _("no table yet"),
            }
            undo = desk.url("act", booking.pk, do="undo")
            return desk.done(text, to=desk.url("floor"), undo=undo)
    stay = max(booking.ends_at - desk.moment, 15 * MINUTE)
    proposal = _propose(desk, found, booking.party_size, stay)
    own = [spot for each in booking.resource_ids if (spot := found.spot(each))]
    free = [each for each in (*proposal.whole, *proposal.brief) if len(each.resource_ids) == 1]
    return desk.page(
        "floor/seat",
        422 if refusal else 200,
        booking=booking,
        who=str(booking.guest) if booking.guest and str(booking.guest) else _("No name"),
        party=words.people(booking.party_size),
        at=words.clock(booking.starts_at, desk.zone),
        own=[
            (each.resource.name, words_of(desk, each, found.at)["about"], each.status.value)
            for each in own
        ],
        is_taken=any(_sat_at(each) for each in own),
        options=[
            _offer(desk, each, each in proposal.brief)
            for each in free
            if each.resource_ids[0] not in booking.resource_ids
        ],
        refusal=refusal,
    )


# --- squeezing in --------------------------------------------------------------------------------


class Overbooking(forms.Form):
    """Somebody who is promised a place although none is free, and why."""

    party = forms.IntegerField(label=gettext_lazy("Guests"), min_value=1, max_value=LARGEST)
    time = forms.TimeField(
        label=gettext_lazy("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autofocus": True}),
        help_text=gettext_lazy("Everybody who works here sees it, and it stays: no names."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk("floor")
def overbook(desk: Desk) -> HttpResponse:
    """Ask why; by POST promise a party a time without a table."""
    local = desk.moment.astimezone(desk.zone)
    form = Overbooking(
        desk.request.POST if desk.request.method == "POST" else None,
        initial={
            "party": desk.request.GET.get("party", "2"),
            "time": f"{local:%H:%M}",
            "name": desk.request.GET.get("called", ""),
        },
    )
    refusal = ""
    if desk.request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        starts_at = local.replace(
            hour=said["time"].hour, minute=said["time"].minute, second=0, microsecond=0
        )
        try:
            made = services.overbook(
                Wish(
                    business=desk.business,
                    starts_at=starts_at,
                    duration=_stay(desk, said["party"]),
                    party_size=said["party"],
                ),
                desk.here(),
                reason=said["reason"],
                guest=_guest(said),
                by=desk.actor,
                now=desk.now,
            )
        except DomainError as error:
            refusal = words.refusal(error)
        else:
            text = _("Overbooked: %(party)s at %(time)s, without a table.") % {
                "party": words.people(made.party_size),
                "time": words.clock(made.starts_at, desk.zone),
            }
            return desk.done(text, to=desk.url("floor"), kind="warning")
    is_wrong = bool(refusal) or form.is_bound
    return desk.page("floor/overbook", 422 if is_wrong else 200, form=form, refusal=refusal)
