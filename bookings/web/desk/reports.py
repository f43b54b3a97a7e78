"""Reports: what became of a stretch of days, as charts, tables and files for spreadsheets."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.errors import NotFound
from billing.money import Money
from bookings import reports
from bookings.reports import LONGEST, Figures, Report, Use
from bookings.web.desk import words
from bookings.web.desk.book import guarded
from bookings.web.desk.charts import Chart, chart
from bookings.web.desk.shell import MANAGER, Desk, desk
from bookings.web.desk.timeline import kind_name
from resources.models import Location

PERIODS = (
    ("7", gettext_lazy("7 days")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("month", gettext_lazy("This month")),
    ("last", gettext_lazy("Last month")),
)
USUAL = "30"
BY_WEEK = 62  # days; more are shown by the week
LEADS = (
    gettext_lazy("On the spot"),
    gettext_lazy("Up to 2 hours"),
    gettext_lazy("Up to a day"),
    gettext_lazy("1–3 days"),
    gettext_lazy("3–7 days"),
    gettext_lazy("1–2 weeks"),
    gettext_lazy("2–4 weeks"),
    gettext_lazy("Longer"),
)
# The same below a bar, where there is less room.
SHORT = (
    pgettext_lazy("not ahead at all", "none"),
    pgettext_lazy("lead time", "< 2 h"),
    pgettext_lazy("lead time", "< 1 d"),
    pgettext_lazy("lead time", "1–3 d"),
    pgettext_lazy("lead time", "3–7 d"),
    pgettext_lazy("lead time", "1–2 w"),
    pgettext_lazy("lead time", "2–4 w"),
    pgettext_lazy("lead time", "> 4 w"),
)
Cell = str | int | float | date | Money | None


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """What stands in a column: text, a count, a share, money, hours or a date."""

    name: str
    kind: str = "count"

    @property
    def is_number(self) -> bool:
        return self.kind not in ("text", "date")


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table under the name that its file has."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    @property
    def shown(self) -> list[list[tuple[str, bool]]]:
        """Each cell in words, and whether it is a number."""
        return [
            [
                (said(cell, column), column.is_number)
                for cell, column in zip(row, self.columns, strict=True)
            ]
            for row in self.rows
        ]


def said(cell: Cell, column: Column) -> str:
    """A cell for people."""
    if cell is None:
        return "–"
    if isinstance(cell, date):
        return date_format(cell, _("D j M"))
    if isinstance(cell, Money):
        return str(cell)
    if column.kind == "share" and isinstance(cell, int | float):
        return _("%(share)s %%") % {"share": number_format(100 * cell, 1)}
    if column.kind == "hours" and isinstance(cell, int | float):
        return number_format(cell, 1)
    return str(cell)


def plain(cell: Cell) -> str | int:
    """A cell for a spreadsheet."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Money):
        return cell.major
    if isinstance(cell, float):
        return f"{cell:.4f}".rstrip("0").rstrip(".")
    return cell


# --- what is asked -------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """Which days, and the use of what."""

    period: str
    first: date
    last: date
    kind: str
    kinds: Sequence[str]

    @classmethod
    def read(cls, at: Desk, place: Location) -> Asked:
        """What the address says; nonsense is the last thirty days."""
        kinds = reports.kinds_at(place)
        usual = next((each for each in ("table", "staff") if each in kinds), "")
        wanted = at.request.GET.get("kind", usual)
        kind = wanted if wanted in kinds else "" if wanted == "all" else usual
        period = at.request.GET.get("period", USUAL)
        first, last = _days(at, period)
        return cls(period, first, last, kind, kinds)

    @property
    def of_kinds(self) -> Sequence[str]:
        return [self.kind] if self.kind else self.kinds

    def query(self, **other: Any) -> dict[str, Any]:
        asked = {"period": self.period, "kind": self.kind or "all"}
        if self.period == "custom":
            asked |= {"from": self.first.isoformat(), "until": self.last.isoformat()}
        return asked | other


def _days(at: Desk, period: str) -> tuple[date, date]:
    today = at.today
    if period == "custom":
        try:
            first = date.fromisoformat(at.request.GET.get("from", ""))
            last = date.fromisoformat(at.request.GET.get("until", ""))
            if first <= last and date(2000, 1, 1) <= first and last.year < 2100:
                return first, min(last, first + timedelta(days=LONGEST - 1))
        except ValueError:
            pass
    if period == "month":
        return today.replace(day=1), today
    if period == "last":
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    days = int(period) if period in dict(PERIODS) else int(USUAL)
    return today - timedelta(days=days - 1), today


# --- the page ------------------------------------------------------------------------------------


@require_safe
@desk("reports", role=MANAGER)
def page(at: Desk) -> HttpResponse:
    """The figures of a period, and those of as many days before."""
    place = at.here()
    asked = Asked.read(at, place)
    found = reports.report(place, asked.first, asked.last, kinds=asked.of_kinds, moment=at.moment)
    length = (asked.last - asked.first).days + 1
    return at.page(
        "reports/page",
        asked=asked,
        periods=[
            (name, at.url("reports", **asked.query(period=key)), asked.period == key)
            for key, name in PERIODS
        ],
        kinds=[
            (name, at.url("reports", **asked.query(kind=key)), (asked.kind or "all") == key)
            for key, name in [*((each, kind_name(each)) for each in asked.kinds), ("all", _("All"))]
        ]
        if len(asked.kinds) > 1
        else [],
        before=(
            asked.first - timedelta(days=length),
            asked.first - timedelta(days=1),
        ),
        stats=_stats(at, found),
        parts=[
            {
                "table": table,
                "chart": draw(found) if draw else None,
                "heat": _heat(found) if table.key == "utilisation" else None,
                "is_long": len(table.rows) > 12,
                "csv": at.url("reports-csv", table.key, **asked.query()),
            }
            for table, draw in _tables(at, found)
        ],
        is_empty=not (found.total.made or found.total.parts),
    )


@require_safe
@desk("reports", role=MANAGER)
def as_csv(at: Desk, key: str) -> HttpResponse:
    """One of the tables as a file for spreadsheets."""
    place = at.here()
    asked = Asked.read(at, place)
    found = reports.report(place, asked.first, asked.last, kinds=asked.of_kinds, moment=at.moment)
    table = next((each for each, _draw in _tables(at, found) if each.key == key), None)
    if table is None:
        raise NotFound
    body = io.StringIO()
    out = csv.writer(body)
    out.writerow(guarded(*(each.name for each in table.columns)))
    for row in table.rows:
        out.writerow(guarded(*(plain(each) for each in row)))
    name = f"{key}-{at.business.slug}-{asked.first.isoformat()}-{asked.last.isoformat()}.csv"
    return HttpResponse(
        "\ufeff" + body.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _stats(at: Desk, found: Report) -> list[dict[str, str]]:
    """The figures that are looked at first, each beside what it was before."""
    total, before = found.total, found.before

    def count(name: str, now: int, was: int) -> dict[str, str]:
        return {"name": name, "value": number_format(now, use_l10n=True), "was": str(was)}

    def share(name: str, now: float | None, was: float | None) -> dict[str, str]:
        column = Column("", "share")
        return {"name": name, "value": said(now, column), "was": said(was, column)}

    def money(name: str, now: int, was: int) -> dict[str, str]:
        currency = at.business.currency
        return {"name": name, "value": str(Money(now, currency)), "was": str(Money(was, currency))}

    stats = [
        count(_("Bookings"), total.bookings, before.bookings),
        count(_("Guests"), total.covers, before.covers),
        share(_("Didn’t come"), total.missed_share, before.missed_share),
        share(_("Cancelled"), total.cancelled_share, before.cancelled_share),
        {"name": _("Used"), "value": said(found.use.share, Column("", "share")), "was": ""},
    ]
    if total.value_cents or before.value_cents:
        stats.append(money(_("Value of visits"), total.value_cents, before.value_cents))
    if total.kept_cents or before.kept_cents:
        stats.append(money(_("Deposits kept"), total.kept_cents, before.kept_cents))
    return stats


Drawn = Callable[[Report], Chart]


def _tables(at: Desk, found: Report) -> list[tuple[Table, Drawn | None]]:
    currency = at.business.currency
    day, text = "date", "text"
    shares = (
        Column(_("Bookings")),
        Column(_("Guests")),
        Column(_("Came")),
        Column(_("Didn’t come")),
        Column(_("Share of who didn’t come"), "share"),
        Column(_("Cancelled")),
        Column(_("Share of the cancelled"), "share"),
    )

    def rates(each: Figures) -> list[Cell]:
        return [
            each.bookings, each.covers, each.came, each.missed, each.missed_share, each.cancelled,
            each.cancelled_share,
        ]  # fmt: skip

    def worth(each: Figures) -> list[Cell]:
        return [Money(each.value_cents, currency), Money(each.kept_cents, currency)]

    money = (Column(_("Value of visits"), "money"), Column(_("Deposits kept"), "money"))
    made = found.total.made
    return [
        (
            Table(
                "days",
                _("Guests by day"),
                (Column(_("Day"), day), *shares, *money),
                [[on, *rates(each), *worth(each)] for on, each in found.days],
            ),
            _draw_days,
        ),
        (
            Table(
                "utilisation",
                _("How much is used, by hour and weekday"),
                (
                    Column(_("Weekday"), text),
                    Column(_("Hour"), text),
                    Column(_("Hours booked"), "hours"),
                    Column(_("Hours on offer"), "hours"),
                    Column(_("Used"), "share"),
                ),
                [
                    [
                        words_of_weekday(weekday),
                        f"{hour:02}:00",
                        round(use.booked, 2),
                        round(use.offered, 2),
                        use.share,
                    ]
                    for (weekday, hour), use in sorted(found.heat.items())
                ],
            ),
            None,
        ),
        (
            Table(
                "rates",
                _("Who cancelled and who didn’t come, by week"),
                (Column(_("Week from"), day), *shares),
                [[on, *rates(each)] for on, each in found.weeks],
            ),
            _draw_rates,
        ),
        (
            Table(
                "lead-times",
                _("How long before it is booked"),
                (Column(_("Before"), text), *shares),
                [[str(name), *rates(each)] for name, each in zip(LEADS, found.leads, strict=True)],
            ),
            _draw_leads,
        ),
        (
            Table(
                "sources",
                _("Where bookings come from"),
                (Column(_("Source"), text), Column(_("Share"), "share"), *shares),
                [
                    [words.source(name), each.made / made if made else None, *rates(each)]
                    for name, each in found.sources
                ],
            ),
            None,
        ),
        (
            Table(
                "services",
                _("Services"),
                (
                    Column(_("Service"), text),
                    Column(_("Booked")),
                    Column(_("Cancelled")),
                    *money,
                ),
                [
                    [name or _("A table or place"), each.parts, each.cancelled, *worth(each)]
                    for name, each in found.services
                ],
            ),
            None,
        ),
        (
            Table(
                "resources",
                _("Staff and places"),
                (
                    Column(_("Name"), text),
                    Column(_("Kind"), text),
                    Column(_("Booked")),
                    Column(_("Hours booked"), "hours"),
                    Column(_("Hours on offer"), "hours"),
                    Column(_("Used"), "share"),
                ),
                [
                    [
                        each.name,
                        kind_name(each.kind),
                        times,
                        round(use.booked, 2),
                        round(use.offered, 2),
                        use.share,
                    ]
                    for each, use, times in found.resources
                ],
            ),
            None,
        ),
    ]


def words_of_weekday(weekday: int) -> str:
    monday = date(2024, 1, 1)
    return date_format(monday + timedelta(days=weekday - 1), "l")


# --- what is drawn -------------------------------------------------------------------------------


def _draw_days(found: Report) -> Chart:
    by_week = len(found.days) > BY_WEEK
    rows = found.weeks if by_week else found.days
    title = _("Guests by week") if by_week else _("Guests by day")
    best = max(rows, key=lambda each: each[1].covers)
    text = _("%(guests)d guests in %(bookings)d bookings; most on %(day)s: %(most)d.") % {
        "guests": found.total.covers,
        "bookings": found.total.bookings,
        "day": date_format(best[0], _("D j M")),
        "most": best[1].covers,
    }
    words_ = _("%(day)s: %(guests)d guests, %(bookings)d bookings")
    return chart(
        title,
        text,
        [
            (
                date_format(on, _("j M")),
                [
                    (
                        each.covers,
                        words_
                        % {
                            "day": date_format(on, _("D j M")),
                            "guests": each.covers,
                            "bookings": each.bookings,
                        },
                    )
                ],
            )
            for on, each in rows
        ],
    )


def _draw_rates(found: Report) -> Chart:
    missed, cancelled = _("Didn’t come"), _("Cancelled")
    column = Column("", "share")

    def bar(name: str, on: date, share: float | None) -> tuple[float, str]:
        day = date_format(on, _("j M"))
        return 100 * (share or 0), f"{name}, {_('week from')} {day}: {said(share, column)}"

    return chart(
        _("Shares of who cancelled and who didn’t come, by week"),
        _("In all %(missed)s of who was due didn’t come, and %(cancelled)s cancelled.")
        % {
            "missed": said(found.total.missed_share, column),
            "cancelled": said(found.total.cancelled_share, column),
        },
        [
            (
                date_format(on, _("j M")),
                [
                    bar(missed, on, each.missed_share),
                    bar(cancelled, on, each.cancelled_share),
                ],
            )
            for on, each in found.weeks
        ],
        names=(missed, cancelled),
        unit="%",
    )


def _draw_leads(found: Report) -> Chart:
    made = found.total.made or 1
    most = max(range(len(LEADS)), key=lambda n: found.leads[n].made)
    return chart(
        _("How long before bookings are made"),
        _("Most often: %(when)s, %(count)d of %(all)d.")
        % {"when": LEADS[most], "count": found.leads[most].made, "all": found.total.made},
        [
            (str(short), [(each.made, f"{name}: {each.made} ({100 * each.made / made:.0f} %)")])
            for short, name, each in zip(SHORT, LEADS, found.leads, strict=True)
        ],
    )


def _heat(found: Report) -> dict[str, Any]:
    """Hours down, weekdays across; how dark a cell is says the same as the number in it."""
    hours = sorted({hour for _, hour in found.heat})
    if not hours:
        return {}
    monday = date(2024, 1, 1)
    # The busiest hour is darkest, unless all are quiet.
    most = max([0.4, *(each.share or 0 for each in found.heat.values())])
    rows = []
    for hour in range(hours[0], hours[-1] + 1):
        cells = []
        for weekday in range(1, 8):
            use = found.heat.get((weekday, hour), Use())
            share = use.share
            title = _("%(day)s %(hour)s: %(booked)s of %(offered)s hours") % {
                "day": words_of_weekday(weekday),
                "hour": f"{hour:02}:00",
                "booked": number_format(use.booked, 1),
                "offered": number_format(use.offered, 1),
            }
            cells.append(
                {
                    "share": "" if share is None else f"{100 * share:.0f}",
                    "shade": 0 if share is None else round(100 * min(1, share / most)),
                    "is_closed": not use.offered,
                    "is_extra": bool(use.booked) and not use.offered,
                    "title": title if use.offered or use.booked else "",
                }
            )
        rows.append((f"{hour:02}:00", cells))
    return {
        "days": [
            (date_format(monday + timedelta(days=n), "D"), words_of_weekday(n + 1))
            for n in range(7)
        ],
        "rows": rows,
        "closed": pgettext("of a shop", "closed"),
    }
