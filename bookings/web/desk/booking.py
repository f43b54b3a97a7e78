"""A booking's sheet: what is known of it, and all that may be done with it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import Conflict, Invalid
from billing.models import Deposit
from billing.money import Money
from bookings import daybook, selectors, services
from bookings.daybook import Happened
from bookings.errors import SlotTaken
from bookings.lifecycle import State
from bookings.mailing.owing import writes_to_guests
from bookings.models import WAITING, Booking, Event
from bookings.web.desk import words
from bookings.web.desk.shell import Desk, desk
from resources.models import Resource

EXTRA = (15, 30, 60)  # minutes that a party may stay longer, as buttons
LATE = timedelta(minutes=15)
ENDED = (State.CANCELLED, State.NO_SHOW, State.EXPIRED, State.COMPLETED)


@dataclasses.dataclass(frozen=True, slots=True)
class Act:
    """A thing that may be done: by POST with `do`, or on a page of its own (`url`)."""

    do: str
    title: str
    style: str = ""
    url: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line of a booking's history."""

    at: datetime
    text: str
    by: str
    details: Sequence[str]


@require_safe
@desk("book")
def sheet(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """All of a booking, and what may be done with it next."""
    return at.page("book/booking", **shown(at, daybook.booking(at.business, pk)))


def shown(at: Desk, booking: Booking) -> dict[str, Any]:
    """What every page about a booking shows. At most nine queries."""
    zone, now = at.zone, at.moment
    happened = daybook.history(booking)
    resources = daybook.resources_named(_mentioned(booking, happened))
    here = [resources[pk] for pk in booking.resource_ids if pk in resources]
    deposit = daybook.deposit(booking)
    visit = daybook.parts(booking)
    local = booking.starts_at.astimezone(zone).date()
    guest = booking.guest
    seats = words.seats({each.kind for each in here})
    owes = deposit is not None and deposit.status == Deposit.Status.PENDING
    return {
        "booking": booking,
        "title": str(guest) if guest and str(guest) else words.nobody(booking.state),
        "guest": guest,
        "visits": daybook.visits(guest, now=now) if guest else None,
        "state": state_now(booking, now),
        "state_name": words.state(state_now(booking, now), seats=seats),
        "is_late": is_late(booking, now),
        "day": words.day(local, at.today),
        "local_day": local.isoformat(),
        "times": words.times(booking.starts_at, booking.ends_at, zone),
        "lasts": words.lasting(booking.ends_at - booking.starts_at),
        "party": words.people(booking.party_size),
        "place": words.listed(each.name for each in here),
        "section": words.listed(dict.fromkeys(each.section.name for each in here if each.section)),
        "source": words.source(booking.source),
        "door": booking.channel.name if booking.channel else "",
        "deposit": deposit,
        "deposit_state": deposit_words(deposit),
        "held_until": booking.expires_at if state_now(booking, now) in WAITING else None,
        "parts": [
            {
                "what": each.service.name if each.service else "",
                "times": words.times(each.starts_at, each.ends_at, zone),
                "is_this": each.pk == booking.pk,
                "url": at.url("booking", each.pk),
            }
            for each in visit
        ]
        if len(visit) > 1
        else [],
        "acts": acts(at, booking, seats=seats, owes=owes, deposit=deposit),
        "extra": EXTRA if extendable(booking, now) else (),
        "lines": [line(each, resources, at) for each in happened],
    }


def state_now(booking: Booking, now: datetime) -> str:
    """Its state; what waited too long has lapsed, swept or not."""
    if booking.expires_at and booking.expires_at <= now:
        return State.EXPIRED.value
    return booking.state


def is_late(booking: Booking, now: datetime) -> bool:
    """Whether the party should have been here a while ago."""
    return booking.state == State.CONFIRMED.value and booking.starts_at + LATE <= now


def extendable(booking: Booking, now: datetime) -> bool:
    is_on = booking.state in (State.CONFIRMED.value, State.CHECKED_IN.value)
    return is_on and not booking.session_id and not booking.leader_id


def deposit_words(deposit: Deposit | None) -> str:
    if deposit is None:
        return ""
    return {
        Deposit.Status.PENDING.value: _("not paid yet"),
        Deposit.Status.HELD.value: _("held on the card"),
        Deposit.Status.CAPTURED.value: _("paid"),
        Deposit.Status.RELEASED.value: _("given back"),
        Deposit.Status.FAILED.value: _("never paid"),
    }[deposit.status]


def _mentioned(booking: Booking, happened: Sequence[Happened]) -> set[uuid.UUID]:
    """The resources that a booking has or had."""
    found = set(booking.resource_ids)
    for each in happened:
        for data in (each.data, each.data.get("was") or {}):
            found |= {uuid.UUID(pk) for pk in data.get("resource_ids", ())}
    return found


# --- what may be done ----------------------------------------------------------------------------


def acts(
    at: Desk, booking: Booking, *, seats: bool, owes: bool, deposit: Deposit | None
) -> list[Act]:
    """What may follow, the likeliest first."""
    state, now = State(state_now(booking, at.moment)), at.moment
    here = _("Seat") if seats else _("Check in")
    gone = _("Party has left") if seats else _("Complete")
    seat = Act("seat", here, "primary")
    cancel = Act("cancel", _("Cancel booking"), "danger", at.url("cancel", booking.pk))
    edit = Act("edit", _("Edit"), "", at.url("edit", booking.pk))
    move = Act("move", _("Move"), "", at.url("move", booking.pk))
    if booking.session_id:
        movable: list[Act] = [edit]
    else:
        movable = [move, edit]
    if state == State.HELD:
        return [
            Act("confirm", _("Confirm"), "primary"),
            *movable,
            Act("release", _("Let it go"), "danger"),
        ]
    if state == State.PENDING:
        accept, sit = Act("accept", _("Accept"), "primary"), Act("seat", here)
        return [*([] if owes else [accept, sit]), *movable, cancel]
    if state == State.CONFIRMED:
        if booking.starts_at - timedelta(hours=12) > now:
            return [*movable, cancel]
        late = []
        if booking.starts_at <= now:
            asks = deposit is not None and deposit.status in ("held", "captured")
            url = at.url("cancel", booking.pk, do="no_show") if asks else ""
            late = [Act("no_show", _("No-show"), "", url)]
        return [seat, *late, *movable, cancel]
    if state == State.CHECKED_IN:
        undo = Act("undo", _("Not here after all"))
        more = [] if booking.leader_id else [undo]
        return [Act("complete", gone, "primary"), *movable, *more]
    again = Act("again", _("Book again"), "", again_url(at, booking))
    if booking.session_id or booking.leader_id:
        return [again]
    if state == State.COMPLETED:
        return [Act("undo", _("Still here"), ""), again]
    may_come = state == State.NO_SHOW and deposit is None and now < booking.ends_at
    if may_come and not booking.followers.exists():
        return [Act("undo", _("Came after all"), ""), again]
    return [again]


def again_url(at: Desk, booking: Booking) -> str:
    return at.url(
        "new",
        guest=booking.guest_id,
        party=booking.party_size,
        service=booking.service_id,
        place=None,
    )


@require_POST
@desk("book")
def act(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Do one thing with a booking: `do`, in the form or in the query."""
    booking = daybook.booking(at.business, pk)
    do = at.request.POST.get("do") or at.request.GET.get("do", "")
    done = DO.get(do)
    if done is None:
        raise Invalid(_("That can’t be done with a booking."))
    return done(at, booking)


def _lead(booking: Booking) -> Booking | None:
    """Who leads the visit that the booking is part of; None when it is one of its own."""
    if booking.leader:
        return booking.leader
    return booking if booking.followers.exists() else None


def _name(booking: Booking) -> str:
    return str(booking.guest) if booking.guest and str(booking.guest) else booking.reference


def _said(
    at: Desk, booking: Booking, text: str, *, undo: str = "", minutes: int = 0, **of: str
) -> HttpResponse:
    back = at.url("act", booking.pk, do=undo, minutes=minutes or None) if undo else ""
    said = text % {"name": _name(booking), **of}
    return at.done(said, to=at.url("booking", booking.pk), undo=back)


def _seat(at: Desk, booking: Booking) -> HttpResponse:
    if lead := _lead(booking):
        services.begin_visit(lead, by=at.actor, now=at.now)
        return _said(at, booking, _("%(name)s is here."))
    services.check_in(booking, is_unasked=True, by=at.actor, now=at.now)
    return _said(at, booking, _("%(name)s is here."), undo="undo")


def _complete(at: Desk, booking: Booking) -> HttpResponse:
    if lead := _lead(booking):
        services.complete_visit(lead, is_paid=True, by=at.actor, now=at.now)
        return _said(at, booking, _("%(name)s is done."))
    services.complete(booking, by=at.actor, now=at.now)
    return _said(at, booking, _("%(name)s has left."), undo="" if booking.session_id else "undo")


def _no_show(at: Desk, booking: Booking) -> HttpResponse:
    words = _("%(name)s is written down as a no-show.")
    if lead := _lead(booking):
        services.miss_visit(lead, by=at.actor, now=at.now)
        return _said(at, booking, words)
    services.mark_no_show(booking, by=at.actor, now=at.now)
    return _said(at, booking, words, undo=_undoes_an_end(booking))


def _cancel(at: Desk, booking: Booking) -> HttpResponse:
    reason = at.request.POST.get("reason", "").strip()[:300]
    words = _("The booking of %(name)s is cancelled.")
    if lead := _lead(booking):
        services.cancel_visit(lead, by=at.actor, reason=reason, now=at.now)
        return _said(at, booking, words)
    stood = booking.state == State.CONFIRMED.value
    services.cancel(booking, by=at.actor, reason=reason, now=at.now)
    return _said(at, booking, words, undo=_undoes_an_end(booking) if stood else "")


def _undoes_an_end(booking: Booking) -> str:
    """What takes back that it ended, where that can be: its time is free again, but no money
    went either way."""
    settled = Deposit.objects.filter(booking_id=booking.pk).exists()
    return "" if booking.session_id or settled else "undo"


def _undo(at: Desk, booking: Booking) -> HttpResponse:
    how: dict[str, Any] = {"by": at.actor, "now": at.now}
    try:
        match booking.state:
            case State.COMPLETED:
                services.undo_complete(booking, **how)
                words = _("%(name)s is still here.")
            case State.NO_SHOW:
                services.undo_no_show(booking, **how)
                words = _("%(name)s is expected again.")
            case State.CANCELLED:
                services.undo_cancel(booking, **how)
                words = _("The booking of %(name)s stands again.")
                if booking.email and writes_to_guests(at.business):
                    words = _("The booking of %(name)s stands again. They get a mail that says so.")
            case _:
                services.undo_check_in(booking, **how)
                words = _("%(name)s isn’t here after all.")
    except SlotTaken:
        raise Conflict(_("Somebody else has the place now, so this stays as it is.")) from None
    return _said(at, booking, words)


def _confirm(at: Desk, booking: Booking) -> HttpResponse:
    entry = selectors.offer_of(booking)
    if entry:
        services.accept_offer(entry, by=at.actor, now=at.now)
    elif lead := _lead(booking):
        services.confirm_visit(lead, by=at.actor, now=at.now)
    else:
        services.confirm(booking, by=at.actor, now=at.now)
    return _said(at, booking, _("The booking of %(name)s is confirmed."))


def _release(at: Desk, booking: Booking) -> HttpResponse:
    entry = selectors.offer_of(booking)
    if entry:
        services.decline_offer(entry, by=at.actor, now=at.now)
    else:
        services.release(booking, by=at.actor, now=at.now)
    return _said(at, booking, _("The time of %(name)s is free again."))


def _extend(at: Desk, booking: Booking) -> HttpResponse:
    """So many minutes more, or fewer."""
    asked = at.request.POST.get("minutes") or at.request.GET.get("minutes", "")
    try:
        minutes = int(asked)
    except ValueError:
        raise Invalid(_("Say how many minutes.")) from None
    lasts = booking.ends_at - booking.starts_at + timedelta(minutes=minutes)
    if not timedelta() < lasts <= timedelta(hours=24) or abs(minutes) > 1440:
        raise Invalid(_("Say how many minutes."))
    moved = services.reschedule(booking, duration=lasts, by=at.actor, now=at.now)
    return _said(
        at,
        booking,
        _("%(name)s stays until %(time)s."),
        time=words.clock(moved.ends_at, at.zone),
        undo="extend",
        minutes=-minutes,
    )


DO = {
    "seat": _seat,
    "complete": _complete,
    "no_show": _no_show,
    "cancel": _cancel,
    "undo": _undo,
    "accept": _confirm,
    "confirm": _confirm,
    "release": _release,
    "extend": _extend,
}


@require_safe
@desk("book")
def cancel(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """Ask whether it is meant, and say what will happen; for a no-show that costs a deposit too."""
    booking = daybook.booking(at.business, pk)
    do = "no_show" if at.request.GET.get("do") == "no_show" else "cancel"
    context = shown(at, booking)
    down = context["deposit"]
    amount = down.amount if down and down.status in ("pending", "held", "captured") else None
    writes = writes_to_guests(at.business) and booking.guest and booking.guest.email
    return at.page(
        "book/cancel",
        **context | {"do": do, "amount": amount},
        mail=booking.guest.email if writes and do == "cancel" and booking.guest else "",
    )


# --- what happened -------------------------------------------------------------------------------


def line(happened: Happened, resources: Mapping[uuid.UUID, Resource], at: Desk) -> Line:
    """A thing that happened, in words."""
    data = happened.data
    details = _changes(data, resources, at)
    if data.get("reason"):
        details.append(f"“{data['reason']}”")
    if deposit := data.get("deposit"):
        details.append(_money(deposit, at))
    return Line(happened.at, _happened(happened, bool(details)), _by(happened), details)


def _happened(happened: Happened, has_changes: bool) -> str:
    kinds = Event.Kind
    if happened.data.get("undone"):
        undone = words.STATES[State(happened.data["undone"])]
        return _("Taken back: %(state)s") % {"state": undone}
    known = {
        kinds.HELD.value: _("Held"),
        kinds.CREATED.value: _("Booked"),
        kinds.CONFIRMED.value: _("Confirmed"),
        kinds.UPDATED.value: _("Changed") if has_changes else _("Notes or contact changed"),
        kinds.CHECKED_IN.value: _("Checked in"),
        kinds.COMPLETED.value: _("Completed"),
        kinds.CANCELLED.value: _("Cancelled"),
        kinds.NO_SHOW.value: _("Marked as no-show"),
        kinds.EXPIRED.value: _("Lapsed"),
        kinds.DEPOSIT_PAID.value: _("Deposit paid"),
        kinds.DEPOSIT_CAPTURED.value: _("Deposit kept"),
        kinds.DEPOSIT_RELEASED.value: _("Deposit given back"),
    }
    other = happened.kind.partition(".")[2].replace("_", " ").capitalize()
    return known.get(happened.kind, other)


def _by(happened: Happened) -> str:
    if happened.who:
        return happened.who
    return {
        "guest": _("Guest"),
        "system": _("System"),
        "user": _("Somebody who left"),
        "channel": _("A channel that is gone"),
    }.get(happened.by, happened.by)


def _changes(
    data: Mapping[str, Any], resources: Mapping[uuid.UUID, Resource], at: Desk
) -> list[str]:
    was = data.get("was")
    if not was:
        return []
    found = []

    def when(part: Mapping[str, Any]) -> tuple[date, str]:
        start, end = (datetime.fromisoformat(part[key]) for key in ("starts_at", "ends_at"))
        return start.astimezone(at.zone).date(), words.times(start, end, at.zone)

    if (before := when(was)) != (after := when(data)):
        days = before[0] != after[0]
        shown = [
            f"{words.whole_day(each[0], at.today)} {each[1]}" if days else each[1]
            for each in (before, after)
        ]
        found.append(" → ".join(shown))
    if was["party_size"] != data["party_size"]:
        after_words = ngettext("%(count)d guest", "%(count)d guests", data["party_size"])
        found.append(f"{was['party_size']} → {after_words % {'count': data['party_size']}}")
    if was["resource_ids"] != data["resource_ids"]:
        names = [
            words.listed(
                resources[uuid.UUID(pk)].name
                for pk in each["resource_ids"]
                if uuid.UUID(pk) in resources
            )
            for each in (was, data)
        ]
        found.append(" → ".join(name or "–" for name in names))
    return found


def _money(deposit: Mapping[str, Any], at: Desk) -> str:
    return str(Money(deposit["amount_cents"], at.business.currency))
