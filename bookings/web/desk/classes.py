"""Classes: the week, who is in one, who waits for it, and what becomes of it."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, Invalid, NotFound
from bookings import rosters, selectors, services
from bookings.lifecycle import State
from bookings.models import Booking, Session, WaitlistEntry
from bookings.rosters import Roster, Run
from bookings.web.desk import words
from bookings.web.desk.classforms import Changing, Newcomer, OneOff, classes
from bookings.web.desk.shell import Desk, asked_day, bounds, desk, uuid_of
from bookings.wishes import GuestDetails
from resources.models import Location, Resource

SOURCE = "desk"
WEEK = 7
MOST_FOUND = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """A day of the week that is shown."""

    day: date
    is_today: bool
    is_past: bool
    runs: Sequence[Run]


# --- the week ------------------------------------------------------------------------------------


@require_safe
@desk("classes")
def week(at: Desk) -> HttpResponse:
    """The classes of a week, day by day."""
    place = at.here()
    first = monday(asked_day(at))
    service, trainer = filters(at)
    return at.page(
        "classes/week",
        **board(at, place, first, service, trainer),
        first=first,
        last=first + timedelta(days=WEEK - 1),
        this_week=monday(at.today),
        before=address(at, first - timedelta(days=WEEK)),
        after=address(at, first + timedelta(days=WEEK)),
        now_week=address(at, monday(at.today)),
        services=classes(place),
        trainers=Resource.objects.filter(
            location=place, kind=rosters.STAFF, is_active=True, deleted_at=None
        ),
        service=str(service or ""),
        trainer=str(trainer or ""),
        live=at.url("classes-board", day=first, service=service, trainer=trainer),
    )


@require_safe
@desk("classes")
def week_board(at: Desk) -> HttpResponse:
    """The days of the week alone, for whoever looks again."""
    return at.page("classes/_week", **board(at, at.here(), monday(asked_day(at)), *filters(at)))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def filters(at: Desk) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The class and the trainer that are asked for; nonsense is any."""

    def one(name: str) -> uuid.UUID | None:
        try:
            return uuid_of(at.request.GET.get(name, ""))
        except NotFound:
            return None

    return one("service"), one("trainer")


def address(at: Desk, day: date) -> str:
    service, trainer = filters(at)
    return at.url("classes", day=day, service=service, trainer=trainer)


def board(
    at: Desk,
    place: Location,
    first: date,
    service: uuid.UUID | None,
    trainer: uuid.UUID | None,
) -> dict[str, Any]:
    start, end = bounds(at, first, WEEK)
    found = rosters.week(
        place, start, end, moment=at.moment, service_id=service, resource_id=trainer
    )
    days = []
    for n in range(WEEK):
        day = first + timedelta(days=n)
        theirs = [each for each in found if local(at, each.session.starts_at).date() == day]
        days.append(Day(day, day == at.today, day < at.today, theirs))
    return {"days": days, "is_empty": not found, "zone": at.zone, "is_filtered": service or trainer}


def local(at: Desk, instant: datetime) -> datetime:
    return instant.astimezone(at.zone)


# --- one class -----------------------------------------------------------------------------------


def _session(at: Desk, pk: uuid.UUID) -> tuple[Session, Location]:
    """A class of this business, with its place. Raises NotFound."""
    found = rosters.session_of(at.business, pk)
    if found is None:
        raise NotFound
    found.business = at.business
    place = found.location
    place.business = at.business
    at.place = place  # its clock is what is shown
    return found, place


@require_safe
@desk("classes")
def session(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Who is in a class, and what can be done with it."""
    return at.page("classes/session", **_shown(at, *_session(at, pk)))


@require_safe
@desk("classes")
def session_roster(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """The roster alone, for whoever looks again."""
    return at.page("classes/_roster", **_shown(at, *_session(at, pk)))


def _shown(at: Desk, found: Session, place: Location, **more: Any) -> dict[str, Any]:
    roster = rosters.roster(found, place, moment=at.moment)
    return {
        "session": found,
        "roster": roster,
        "run": roster.run,
        "rows": [_row(at, roster, each) for each in roster.coming],
        "zone": at.zone,
        "form": Newcomer(),
        "back": address_of_week(at, found),
        **more,
    }


def address_of_week(at: Desk, found: Session) -> str:
    return at.url("classes", day=monday(local(at, found.starts_at).date()))


def _row(at: Desk, roster: Roster, booking: Booking) -> dict[str, Any]:
    state = booking.state
    began = roster.run.phase != "ahead"
    deposit = roster.deposits.get(booking.pk)
    return {
        "booking": booking,
        "deposit": deposit,
        "url": at.url("booking", booking.pk),
        "may_come": state == State.CONFIRMED.value and not roster.run.is_cancelled,
        "may_undo": state == State.CHECKED_IN.value,
        "may_miss": state == State.CONFIRMED.value and began,
        "may_cancel": state in (State.CONFIRMED.value, State.PENDING.value),
        "may_release": state == State.HELD.value,
    }


def _again(at: Desk, found: Session, text: str, *, undo: str = "", next_: str = "") -> HttpResponse:
    """Something was done: say so and show the class as it is now."""
    if not at.by_script:
        return at.done(text, to=at.url("session", found.pk))
    fresh, place = _session(at, found.pk)
    reply = at.page("classes/session", **_shown(at, fresh, place, focus=next_))
    said = {"say": {"text": text, "kind": "success", "undo": undo}, "changed": {}}
    reply["HX-Trigger"] = json.dumps(said)
    return reply


@require_POST
@desk("classes")
def session_act(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Check somebody in, or everybody; mark who is missing; take that back; cancel a place."""
    found, place = _session(at, pk)
    said = at.request.GET.dict() | at.request.POST.dict()  # an undo says it in its address
    do = said.get("do", "")
    if do == "all":
        return _check_in_all(at, found, place)
    booking = _booking(found, said.get("booking", ""))
    booking.business, booking.location = at.business, place
    name = str(booking.guest or _("The guest"))
    undo = at.url("session-act", found.pk, do="undo", booking=booking.pk)
    match do:
        case "check_in":
            services.check_in(booking, by=at.actor, now=at.now)
            text, next_ = _("%(name)s is here."), _after(found, place, at, booking)
        case "no_show":
            services.mark_no_show(booking, by=at.actor, now=at.now)
            text, undo, next_ = _("%(name)s is marked as missing."), "", ""
        case "undo":
            services.undo_check_in(booking, by=at.actor, now=at.now)
            text, undo, next_ = _("%(name)s isn’t here after all."), "", str(booking.pk)
        case "cancel":
            if booking.state == State.HELD.value:
                services.release(booking, by=at.actor, now=at.now)
            else:
                services.cancel(booking, by=at.actor, now=at.now)
            text, undo, next_ = _("The place of %(name)s is cancelled."), "", ""
        case _:
            raise Invalid(_("There is nothing to be done."))
    return _again(at, found, text % {"name": name}, undo=undo, next_=next_)


def _booking(found: Session, text: str) -> Booking:
    booking = found.bookings.select_related("guest").filter(pk=uuid_of(text)).first()
    if booking is None:
        raise NotFound
    return booking


def _after(found: Session, place: Location, at: Desk, booking: Booking) -> str:
    """Who is checked in next, so that the keyboard goes down the list."""
    coming = rosters.roster(found, place, moment=at.moment).coming
    order = [each.pk for each in coming]
    start = order.index(booking.pk) if booking.pk in order else 0
    waiting = [each for each in coming if each.state == State.CONFIRMED.value]
    later = [each for each in waiting if order.index(each.pk) > start]
    return str(next(iter(later or waiting), booking).pk)


def _check_in_all(at: Desk, found: Session, place: Location) -> HttpResponse:
    coming = rosters.roster(found, place, moment=at.moment).coming
    count = 0
    for each in coming:
        if each.state == State.CONFIRMED.value:
            services.check_in(each, by=at.actor, now=at.now)
            count += 1
    text = ngettext("%(count)d guest checked in.", "%(count)d guests checked in.", count)
    return _again(at, found, text % {"count": count})


# --- somebody more -------------------------------------------------------------------------------


@require_safe
@desk("classes")
def session_find(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Guests like this, to be added to a class; or a new one of that name or phone."""
    found, _place = _session(at, pk)
    asked = at.request.GET.get("q", "").strip()[:100]
    like = list(selectors.guests(at.business, like=asked)[:MOST_FOUND]) if len(asked) > 1 else []
    digits = sum(each.isdigit() for each in asked)
    initial = {"phone": asked} if digits > 3 else {"name": asked}
    return at.page(
        "classes/_find", session=found, found=like, asked=asked, form=Newcomer(initial=initial)
    )


@require_POST
@desk("classes")
def session_add(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Book places for a guest who is known, or for a new one."""
    found, place = _session(at, pk)
    guest: GuestDetails | uuid.UUID
    known = at.request.POST.get("guest", "")
    form = Newcomer(at.request.POST)
    if known:
        places = at.request.POST.get("places", "1")
        who = selectors.guests(at.business).filter(pk=uuid_of(known)).first()
        if who is None:
            raise NotFound
        guest, count = who.pk, int(places) if places.isdecimal() and int(places) else 1
    elif form.is_valid():
        first, _space, last = form.cleaned_data["name"].strip().partition(" ")
        guest = GuestDetails(
            first[:100], last[:100], form.cleaned_data["email"], form.cleaned_data["phone"]
        )
        count = form.cleaned_data["places"]
    else:
        return at.page("classes/session", 422, **_shown(at, found, place, form=form, adds=True))
    booking = services.book_places(
        found, party_size=count, guest=guest, by=at.actor, source=SOURCE, now=at.now
    )
    return _again(at, found, _("%(name)s is in.") % {"name": str(booking.guest or _("The guest"))})


# --- who waits -----------------------------------------------------------------------------------


@require_POST
@desk("classes")
def session_wait(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Book somebody who waits, offer them a place, or take them off the list."""
    found, _place = _session(at, pk)
    entry = (
        WaitlistEntry.objects.filter(
            business=at.business, pk=uuid_of(at.request.POST.get("entry", ""))
        )
        .select_related("guest")
        .first()
    )
    if entry is None:
        raise NotFound
    match at.request.POST.get("do", ""):
        case "book":
            services.book_waiting(entry, found, by=at.actor, source=SOURCE, now=at.now)
            text = _("%(name)s is in.")
        case "offer":
            services.offer_place(entry, found, by=at.actor, now=at.now)
            text = _("A place is held for %(name)s, who is told by mail.")
            if not (at.business.sends_mail and entry.guest.email):
                text = _("A place is held for %(name)s. Tell them: no mail is sent.")
        case "remove":
            services.leave_waitlist(entry, by=at.actor, now=at.now)
            text = _("%(name)s doesn’t wait any more.")
        case _:
            raise Invalid(_("There is nothing to be done."))
    return _again(at, found, text % {"name": str(entry.guest)})


@require_POST
@desk("classes")
def session_queue(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Let a guest wait for a class that is full."""
    found, place = _session(at, pk)
    form = Newcomer(at.request.POST)
    if not form.is_valid():
        return at.page("classes/session", 422, **_shown(at, found, place, form=form, adds=True))
    first, _space, last = form.cleaned_data["name"].strip().partition(" ")
    guest = GuestDetails(
        first[:100], last[:100], form.cleaned_data["email"], form.cleaned_data["phone"]
    )
    _entry, rank = services.join_waitlist(
        at.business,
        guest=guest,
        session=found,
        party_size=form.cleaned_data["places"],
        by=at.actor,
        now=at.now,
    )
    text = _("%(name)s waits, as number %(rank)d.")
    return _again(at, found, text % {"name": form.cleaned_data["name"], "rank": rank})


# --- another time, or not at all -----------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@desk("classes")
def session_change(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Another time, other people, another number of places."""
    found, place = _session(at, pk)
    form = Changing(at.request.POST or None, session=found, place=place)
    if form.is_valid():
        starts = form.instant(at.zone)
        ends = starts + timedelta(minutes=form.cleaned_data["minutes"])
        try:
            services.change_session(
                found,
                by=at.actor,
                starts_at=starts,
                ends_at=ends,
                capacity=form.cleaned_data["capacity"],
                resource_ids=form.chosen,
                now=at.now,
            )
        except DomainError as error:
            form.add_error(None, words.refusal(error))
        else:
            return at.done(_("The class is changed."), to=at.url("session", found.pk), stays=True)
    roster = rosters.roster(found, place, moment=at.moment)
    return at.page(
        "classes/change",
        422 if form.errors else 200,
        session=found,
        roster=roster,
        run=roster.run,
        form=form,
        told=_told(at, roster),
    )


def _told(at: Desk, roster: Roster) -> int:
    """How many parties get a mail when the class changes."""
    if not at.business.sends_mail:
        return 0
    return sum(
        1
        for each in roster.coming
        if each.state in (State.CONFIRMED.value, State.CHECKED_IN.value)
        and each.guest
        and each.guest.email
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk("classes")
def session_cancel(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Call a class off, once it was said what that means."""
    found, place = _session(at, pk)
    if at.request.method == "POST":
        services.cancel_session(found, by=at.actor, now=at.now)
        return at.done(_("The class is called off."), to=address_of_week(at, found))
    roster = rosters.roster(found, place, moment=at.moment)
    coming = [each for each in roster.coming if each.state != State.NO_SHOW.value]
    kept = [roster.deposits[each.pk] for each in coming if each.pk in roster.deposits]
    return at.page(
        "classes/cancel",
        session=found,
        run=roster.run,
        coming=coming,
        here=[each for each in coming if each.state in rosters.HERE],
        told=_told(at, roster),
        deposits=[each for each in kept if each.status in ("held", "captured")],
        waiting=len(roster.queue),
        zone=at.zone,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk("classes")
def session_new(at: Desk) -> HttpResponse:
    """One more class, once."""
    place = at.here()
    initial = {"day": asked_day(at)}
    form = OneOff(at.request.POST or None, place=place, initial=initial)
    if form.is_valid():
        starts = form.instant(at.zone)
        if starts <= at.moment:
            form.add_error("at", _("This time has gone by."))
        else:
            try:
                made = services.schedule_session(
                    form.cleaned_data["service"],
                    starts_at=starts,
                    capacity=form.cleaned_data["capacity"],
                    among=form.chosen,
                    location_id=place.pk,
                    by=at.actor,
                    now=at.now,
                )
            except DomainError as error:
                form.add_error(None, words.refusal(error))
            else:
                when = date_format(local(at, starts), "SHORT_DATETIME_FORMAT")
                text = _("%(name)s on %(when)s is in the book.")
                return at.done(
                    text % {"name": made.service.name, "when": when},
                    to=address_of_week(at, made),
                )
    return at.page("classes/new", 422 if form.errors else 200, form=form)
