"""No room: a guest queues for a day or a class, and may leave the queue again."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, Unavailable
from bookings import cards, selectors, services
from bookings.models import Session, WaitlistEntry
from bookings.web import refusals
from bookings.web.widget import asking, words
from bookings.web.widget import choice as choices
from bookings.web.widget.asking import NOTHING, Answers
from bookings.web.widget.choice import Choice
from bookings.web.widget.visit import Visit, visit
from bookings.wishes import GUEST


def _signer() -> Signer:
    return Signer(salt="bookings.waitlist", sep=".")


@require_http_methods(["GET", "HEAD", "POST"])
@visit
def waitlist(asked: Visit) -> HttpResponse:
    """Ask who would come; by POST put them in the queue."""
    choice = choices.read(asked)
    day = _day(asked.request.GET.get("day", ""))
    run = selectors.class_to_come(asked.business, _uuid(asked.request.GET.get("run", "")))
    if not choice.is_complete or not asked.look.waitlist or (run is None and day is None):
        return asked.go("when", **choice.query)
    if asked.request.method != "POST":
        return _ask(choice, day, run)
    sent = asked.request.POST.dict()
    answers = asking.read(sent, asked.look)
    earliest, latest = _time(sent.get("earliest", "")), _time(sent.get("latest", ""))
    if answers.errors:
        return _ask(choice, day, run, answers, status=422)
    try:
        entry, place = services.join_waitlist(
            asked.business,
            guest=answers.guest,
            by=GUEST,
            preferred_date=day,
            party_size=choice.party,
            service=choice.service,
            session=run,
            earliest=None if run else earliest,
            latest=None if run else latest,
            notes=answers.notes,
            now=asked.now,
        )
    except Unavailable:
        raise
    except DomainError as error:
        said = refusals.in_words(error)
        return _ask(choice, day, run, answers, problem=said, status=409)
    token = _signer().sign(f"{entry.pk}:{place}")
    return asked.go("waiting", token)


def _ask(
    choice: Choice,
    day: dt.date | None,
    run: Session | None,
    answers: Answers = NOTHING,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    asked = choice.visit
    where: dict[str, Any] = {"run": run.pk} if run else {"day": day}
    fields = asking.fields(asked.look, answers)
    return asked.page(
        "waitlist",
        status,
        title=_("Join the waitlist"),
        picked=_picked(choice, day, run),
        fields=fields,
        errors=[each for each in fields if each.error],
        problem=problem,
        asks_times=run is None,
        earliest=asked.request.POST.get("earliest", ""),
        latest=asked.request.POST.get("latest", ""),
        promotes=asked.business.waitlist_promotes and asked.business.waitlist_offer_minutes,
        action=choice.url("waitlist", **where),
        back=choice.url("when", day=_local(choice, run) if run else day),
    )


def _local(choice: Choice, run: Session) -> dt.date:
    return run.starts_at.astimezone(choice.zone).date()


def _picked(choice: Choice, day: dt.date | None, run: Session | None) -> dict[str, str]:
    assert choice.location is not None
    shown = _local(choice, run) if run else day
    return {
        "what": choice.what,
        "day": words.day(shown) if shown else "",
        "times": words.times(run.starts_at, run.ends_at, choice.zone) if run else "",
        "iso": run.starts_at.isoformat() if run else "",
        "party": words.people(choice.party),
        "place": cards.line(choice.location.name) if len(choice.locations) > 1 else "",
        "address": cards.line(choice.location.address),
    }


def own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A step about the entry behind the token."""

    @functools.wraps(view)
    def answer(asked: Visit, token: str) -> HttpResponse:
        try:
            pk, _colon, place = _signer().unsign(token).partition(":")
            entry = selectors.waiting(asked.business, UUID(pk))
        except (BadSignature, ValueError):
            entry = None
        if entry is None:
            return asked.page(
                "notice",
                404,
                title=_("There is nothing here"),
                text=_("This address doesn't lead to a place in the queue."),
                again=asked.url("start"),
            )
        return view(asked, entry, int(place), token)

    return answer


@require_safe
@visit
@own
def waiting(asked: Visit, entry: WaitlistEntry, place: int, token: str) -> HttpResponse:
    """Where they stand in the queue, and the way out of it."""
    is_in = entry.state in (WaitlistEntry.State.WAITING, WaitlistEntry.State.OFFERED)
    return asked.page(
        "waiting",
        title=_("You're on the list") if is_in else _("You're off the list"),
        day=words.day(entry.preferred_date),
        what=cards.line(entry.service.name) if entry.service else "",
        party=words.people(entry.party_size),
        is_in=is_in,
        place=place,
        promotes=asked.business.waitlist_promotes and asked.business.waitlist_offer_minutes,
        leave=asked.url("leave", token),
        again=asked.url("start"),
    )


@require_POST
@visit
@own
def leave(asked: Visit, entry: WaitlistEntry, place: int, token: str) -> HttpResponse:
    services.leave_waitlist(entry, by=GUEST, now=asked.now)
    return asked.go("waiting", token)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _time(text: str) -> dt.time | None:
    try:
        return dt.time.fromisoformat(text)
    except ValueError:
        return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
