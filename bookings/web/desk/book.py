"""The book: the list of a day, or what was searched for on any day; on screen, on paper, as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from html import escape
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from bookings import daybook
from bookings.daybook import GROUPS, Row, Totals
from bookings.lifecycle import State
from bookings.models import Booking
from bookings.web.desk import words
from bookings.web.desk.booking import LATE
from bookings.web.desk.shell import Desk, asked_day, bounds, desk
from resources.models import Resource
from resources.selectors import on_offer

LONGEST = 60  # characters of a search
NOBODY = uuid.UUID(int=0)
OVER = frozenset((*GROUPS["done"], *GROUPS["missed"], *GROUPS["off"]))
GROUP_NAMES = {
    "expected": gettext_lazy("Expected"),
    "here": gettext_lazy("Here"),
    "waiting": gettext_lazy("Waiting"),
    "done": gettext_lazy("Completed"),
    "missed": gettext_lazy("No-show"),
    "off": gettext_lazy("Cancelled"),
}
# What begins so may be a formula to a spreadsheet (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class BookFilter(django_filters.FilterSet):  # type: ignore[misc]  # it has no types
    """What of the book is to be seen. What isn't a choice filters nothing."""

    state = django_filters.ChoiceFilter(
        method="of_group", choices=[(each, each) for each in GROUPS]
    )
    service = django_filters.UUIDFilter(field_name="service_id")
    where = django_filters.UUIDFilter(method="at_place")
    source = django_filters.CharFilter(field_name="source", max_length=20)

    class Meta:
        model = Booking
        fields: Sequence[str] = ()

    def __init__(self, *args: Any, places: Sequence[Resource] = (), **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.places = places

    def of_group(self, rows: QuerySet[Booking], _name: str, group: str) -> QuerySet[Booking]:
        return rows.filter(state__in=GROUPS[group])

    def at_place(self, rows: QuerySet[Booking], _name: str, pk: uuid.UUID) -> QuerySet[Booking]:
        """At this resource, or at any of this section."""
        ids = [each.pk for each in self.places if pk in (each.pk, each.section_id)]
        return rows.filter(resource_ids__overlap=ids) if ids else rows.none()


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A booking as it is shown in the list, in words."""

    id: uuid.UUID
    url: str
    time: str
    until: str
    name: str
    party: int
    place: str
    service: str
    state: str
    state_name: str
    phone: str
    reference: str
    notes: str
    guest_notes: str
    tags: Sequence[str]
    act: str = ""
    act_name: str = ""
    act_url: str = ""


# A line as it is drawn. A template takes five times as long over five hundred of them; whatever
# stands in braces is escaped where it is filled in.
DRAWN = """<li class="line book-row" data-state="{state}">\
<p class="book-time"><a href="{url}" data-sheet><strong>{time}</strong></a> \
<span>–{until}</span></p>\
<p class="book-party">{party}<span class="only-read"> {party_title}</span></p>\
<div class="line-who book-who"><p><a id="b{id}" href="{url}" data-sheet>{name}</a>{tags} \
<span class="book-phone">{phone}</span></p>{note}</div>\
<p class="book-place">{place}{service}</p>\
<p class="book-state"><span class="chip" data-state="{state}">{state_name}</span></p>\
<p class="book-act">{button}</p></li>"""
BUTTON = """<button id="a{id}" class="button button--small" form="book-act" \
formaction="{act_url}" name="do" value="{act}" \
aria-label="{act_name}: {name}">{act_name}</button>"""


def drawn(lines: Iterable[Line]) -> SafeString:
    """The lines of a list, drawn."""
    party_title = escape(_("Guests"))
    found = []
    for each in lines:
        notes = " · ".join(filter(None, (each.notes, each.guest_notes)))
        name, act_name = escape(each.name), escape(each.act_name)
        found.append(
            DRAWN.format(
                id=each.id,
                state=escape(each.state),
                url=escape(each.url),
                time=escape(each.time),
                until=escape(each.until),
                party_title=party_title,
                party=each.party,
                name=name,
                tags="".join(f' <span class="tag">{escape(tag)}</span>' for tag in each.tags),
                phone=escape(each.phone),
                note=f'<p class="book-note">{escape(notes)}</p>' if notes else "",
                place=escape(each.place),
                service=f" <span>{escape(each.service)}</span>" if each.service else "",
                state_name=escape(each.state_name),
                button=BUTTON.format(
                    id=each.id,
                    act_url=escape(each.act_url),
                    act=escape(each.act),
                    act_name=act_name,
                    name=name,
                )
                if each.act
                else "",
            )
        )
    return mark_safe("\n".join(found))  # noqa: S308 - every part of it is escaped above


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """An hour of the overview: how many guests begin in it, in percent of the busiest."""

    hour: str
    covers: int
    height: int
    url: str


@dataclasses.dataclass
class Asked:
    """What of the book is asked for."""

    at: Desk
    day: date
    text: str
    filters: Mapping[str, str]

    @classmethod
    def read(cls, at: Desk) -> Asked:
        query = at.request.GET
        text = " ".join(query.get("q", "").replace("\x00", "").split())[:LONGEST]
        names = BookFilter.base_filters
        chosen = {name: query[name] for name in names if query.get(name)}
        return cls(at, asked_day(at), text, chosen)

    def url(self, name: str = "book", **changed: Any) -> str:
        """The same, but for what is `changed`."""
        said: dict[str, Any] = {"day": self.day.isoformat(), "q": self.text, **self.filters}
        return self.at.url(name, **(said | changed))

    @cached_property
    def places(self) -> list[Resource]:
        return daybook.places(self.at.here())

    def filtered(self, rows: QuerySet[Booking], *, but: str = "") -> QuerySet[Booking]:
        """Raises nothing: a choice that isn't one finds nothing."""
        data = {name: said for name, said in self.filters.items() if name != but}
        filters = BookFilter(data, queryset=rows, places=self.places)
        return filters.qs if filters.is_valid() else rows.none()

    @cached_property
    def of_day(self) -> QuerySet[Booking]:
        return daybook.of_day(self.at.here(), *bounds(self.at, self.day))


@require_safe
@desk("book")
def book(at: Desk) -> HttpResponse:
    """The list with all that is around it."""
    asked = Asked.read(at)
    today = at.today
    services = on_offer(at.business)
    return at.page(
        "book/page",
        **_board(asked),
        asked=asked,
        today=today.isoformat(),
        is_today=asked.day == today,
        title=_("Search") if asked.text else words.day(asked.day, today),
        whole_day=words.whole_day(asked.day, today),
        earlier=asked.url(day=asked.day - timedelta(1), q=""),
        later=asked.url(day=asked.day + timedelta(1), q=""),
        board=asked.url("book-board"),
        csv=asked.url("book-csv"),
        new=at.url("new", day=asked.day.isoformat()),
        services=[(str(each.pk), each.name) for each in services],
        where=_where(asked.places),
        sources=sorted((each, words.source(each)) for each in _sources(asked)),
        has_filters=bool(set(asked.filters) - {"state"}),
    )


@require_safe
@desk("book")
def board(at: Desk) -> HttpResponse:
    """What of the page changes with the book."""
    asked = Asked.read(at)
    return at.page("book/_board", **_board(asked), asked=asked)


def _sources(asked: Asked) -> set[str]:
    return set(asked.of_day.order_by().values_list("source", flat=True).distinct())


def _where(places: Iterable[Resource]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections with what stands in them; each may be chosen."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for each in places:
        if each.deleted_at is None:
            section = (str(each.section_id), each.section.name) if each.section else ("", "")
            found.setdefault(section, []).append((str(each.pk), each.name))
    return [
        (name, ([(pk, _("All of %(name)s") % {"name": name})] if pk else []) + its)
        for (pk, name), its in found.items()
    ]


def _board(asked: Asked) -> dict[str, Any]:
    at = asked.at
    names = {each.pk: each for each in asked.places}
    if asked.text:
        to_come, before = daybook.search(at.here(), asked.text, now=at.moment)
        most = daybook.MOST_FOUND
        found = [
            (name, daybook.rows(asked.filtered(rows), most=most))
            for name, rows in ((_("To come"), to_come), (_("Before"), before))
        ]
        return {
            "groups": [
                (name, drawn(lines_of(at, rows, names, with_day=True)))
                for name, rows in found
                if rows
            ],
            "is_search": True,
            "is_cut": any(len(rows) == most for _name, rows in found),
        }
    rows = daybook.rows(asked.filtered(asked.of_day))
    total = daybook.totals(asked.filtered(asked.of_day, but="state"), zone=at.zone, now=at.moment)
    # At work on a day, what is over is out of the way.
    puts_by = asked.day == at.today and "state" not in asked.filters
    over = [each for each in rows if each.state in OVER] if puts_by else []
    hours: dict[str, list[Row]] = {}
    for each in rows:
        if not (puts_by and each.state in OVER):
            hours.setdefault(f"{each.starts_at.astimezone(at.zone):%H}:00", []).append(each)
    return {
        "groups": [(hour, drawn(lines_of(at, its, names))) for hour, its in hours.items()],
        "over": drawn(lines_of(at, over, names)),
        "over_count": len(over),
        "total": total,
        "bars": _bars(total),
        "chips": _chips(asked, total),
        "is_search": False,
    }


def _bars(total: Totals) -> list[Bar]:
    """An hour each from the first with guests to the last."""
    if not total.by_hour:
        return []
    most = max(total.by_hour.values())
    return [
        Bar(
            f"{hour:02}",
            covers := total.by_hour.get(hour, 0),
            round(100 * covers / most),
            f"#h{hour:02}",
        )
        for hour in range(min(total.by_hour), max(total.by_hour) + 1)
    ]


def _chips(asked: Asked, total: Totals) -> list[dict[str, Any]]:
    chosen = asked.filters.get("state", "")
    everything = sum(total.by_group.values())
    chips = [
        {"name": _("All"), "count": everything, "url": asked.url(state=""), "is_chosen": not chosen}
    ]
    chips += [
        {
            "name": str(name),
            "count": total.by_group[group],
            "url": asked.url(state=group),
            "is_chosen": group == chosen,
        }
        for group, name in GROUP_NAMES.items()
        if total.by_group[group] or group == chosen
    ]
    return chips


def lines_of(
    at: Desk,
    rows: Iterable[Row],
    names: Mapping[uuid.UUID, Resource],
    *,
    with_day: bool = False,
) -> list[Line]:
    """Bookings in words, each with the one thing that is most likely to be done with it."""
    root, after = at.url("booking", NOBODY).split(str(NOBODY))
    assert after == "/"
    return [_line(at, each, names, root, with_day) for each in rows]


def _line(
    at: Desk, row: Row, names: Mapping[uuid.UUID, Resource], root: str, with_day: bool
) -> Line:
    start = row.starts_at.astimezone(at.zone)
    state = row.state
    if row.expires_at and row.expires_at <= at.moment:
        state = State.EXPIRED.value
    here = [names[pk] for pk in row.resource_ids if pk in names]
    seats = any(each.kind == "table" for each in here)
    late = state == State.CONFIRMED.value and row.starts_at + LATE <= at.moment
    name = f"{row.first_name or ''} {row.last_name or ''}".strip() or row.email or row.phone
    state_name = words.state(state, seats=seats)
    do, do_name = _likely(state, row, at.moment, seats=seats)
    url = f"{root}{row.id}/"
    clock = f"{start:%H:%M}"
    return Line(
        id=row.id,
        url=url,
        time=f"{words.day(start.date(), at.today)} {clock}" if with_day else clock,
        until=f"{row.ends_at.astimezone(at.zone):%H:%M}",
        name=name or words.nobody(state),
        party=row.party_size,
        place=", ".join(each.name for each in here),
        service=row.service or "",
        state="late" if late else state,
        state_name=_("Late") if late else state_name,
        phone=row.phone or "",
        reference=row.reference,
        notes=" · ".join(filter(None, (row.overbooked, row.notes))),
        guest_notes=row.guest_notes or "",
        tags=[*([_("Overbooked")] if row.overbooked else []), *(row.tags or ())],
        act=do,
        act_name=do_name,
        act_url=f"{url}act/" if do else "",
    )


def _likely(state: str, row: Row, now: datetime, *, seats: bool) -> tuple[str, str]:
    if state == State.CONFIRMED.value and row.starts_at - timedelta(hours=12) <= now:
        return "seat", _("Seat") if seats else _("Check in")
    if state == State.CHECKED_IN.value:
        return "complete", _("Left") if seats else _("Complete")
    if state == State.HELD.value:
        return "confirm", _("Confirm")
    return "", ""


# --- on paper and elsewhere ----------------------------------------------------------------------


@require_safe
@desk("book")
def as_csv(at: Desk) -> HttpResponse:
    """What is shown of the day, as a file for spreadsheets."""
    asked = Asked.read(at)
    names = {each.pk: each for each in asked.places}
    head = (
        _("Day"), _("Time"), _("Until"), _("Name"), _("Guests"), _("Place"), _("Service"),
        _("State"), _("Phone"), _("E-mail"), _("Code"), _("Source"), _("Notes"),
        _("Notes of the guest"), _("Tags"),
    )  # fmt: skip
    body = io.StringIO()
    out = csv.writer(body)
    out.writerow(head)
    rows = daybook.rows(asked.filtered(asked.of_day))
    for row, shown in zip(rows, lines_of(at, rows, names), strict=True):
        out.writerow(
            guarded(
                row.starts_at.astimezone(at.zone).date().isoformat(),
                shown.time,
                shown.until,
                shown.name,
                shown.party,
                shown.place,
                shown.service,
                shown.state_name,
                shown.phone,
                row.email or "",
                shown.reference,
                words.source(row.source),
                shown.notes,
                shown.guest_notes,
                ", ".join(shown.tags),
            )
        )
    name = f"book-{at.business.slug}-{asked.day.isoformat()}.csv"
    return HttpResponse(
        "\ufeff" + body.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def guarded(*cells: str | int) -> list[str | int]:
    """Cells of which a spreadsheet makes no formula."""
    return [
        f"'{each}" if isinstance(each, str) and each.lstrip(" ").startswith(FORMULA) else each
        for each in cells
    ]
