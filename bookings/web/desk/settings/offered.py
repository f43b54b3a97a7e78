"""What guests book: services, what each needs, when it may start, and the headings over them."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import time
from functools import partial
from itertools import groupby
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Conflict, NotFound
from availability import selectors as availability
from availability import services as when
from availability.services import Start
from billing.money import Money
from bookings.web.desk.settings.shared import (
    REFUSALS,
    Difference,
    Form,
    How,
    MoneyField,
    OrderField,
    SpanField,
    clock,
    lasting,
    make,
    minutes_of,
    page,
    review,
    saved,
    setting,
    wants_to_edit,
)
from bookings.web.desk.shell import Desk
from resources import selectors, services
from resources.models import Category, Resource, Service
from resources.services import PLACE

HERE = "services"
ROWS = 12  # of hours of its own, at most


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A service as the list shows it."""

    service: Service
    lasts: str
    price: str
    needs: str
    url: str


@setting()
def listed(at: Desk) -> HttpResponse:
    """All services under their headings. A fixed number of queries."""
    rows = list(
        selectors.services(at.business)
        .select_related("category")
        .order_by("category__display_order", "category__name", "display_order", "name", "id")
    )
    shown = [
        (heading, [_row(at, each) for each in same])
        for heading, same in groupby(rows, lambda each: each.category)
    ]
    return page(at, "services", here=HERE, groups_of=shown, categories=_categories(at))


def _row(at: Desk, service: Service) -> Row:
    needs = [
        kind_name(each.kind) if each.count == 1 else f"{each.count} × {kind_name(each.kind)}"
        for each in service.requirements.all()
        if not each.kind.startswith(PLACE)
    ]
    return Row(
        service=service,
        lasts=lasting(minutes_of(service.duration)),
        price=str(Money(service.price_cents, at.business.currency)) if service.price_cents else "",
        needs=", ".join(needs),
        url=at.url("service", service.pk),
    )


def _categories(at: Desk) -> list[tuple[Category, str]]:
    rows = Category.objects.filter(business=at.business)
    return [(each, at.url("category", each.pk)) for each in rows]


KINDS: Mapping[str, Any] = {
    "table": gettext_lazy("table"),
    "staff": gettext_lazy("staff"),
    "room": gettext_lazy("room"),
    "spot": gettext_lazy("spot"),
    "court": gettext_lazy("court"),
    "equipment": gettext_lazy("equipment"),
    "treadmill": gettext_lazy("treadmill"),
    "desk": gettext_lazy("desk"),
}


def kind_name(kind: str) -> str:
    """A kind of resource in the reader's language, where it is one of the usual ones."""
    return str(KINDS.get(kind, kind))


# --- one service ---------------------------------------------------------------------------------


class ServiceForm(Form):
    """What a service is. What it needs and when it may start are read beside it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    category = forms.CharField(
        label=gettext_lazy("Category"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("The heading it stands under; a new name makes one."),
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Guests can book it"), required=False, initial=True
    )
    duration = SpanField(label=gettext_lazy("Lasts"), least=1, most=7 * 1440)
    preparation = SpanField(
        label=gettext_lazy("Preparation"),
        most=1440,
        required=False,
        help_text=gettext_lazy("After the start, before the guest’s turn."),
    )
    cleanup = SpanField(
        label=gettext_lazy("Cleanup"),
        most=1440,
        required=False,
        help_text=gettext_lazy("Within the opening hours."),
    )
    buffer_before = SpanField(label=gettext_lazy("Buffer before"), most=1440, required=False)
    buffer_after = SpanField(
        label=gettext_lazy("Buffer after"),
        most=1440,
        required=False,
        help_text=gettext_lazy("Kept free; guests don’t see it."),
    )
    price_cents = MoneyField(label=gettext_lazy("Price"), required=False)
    deposit_amount_cents = MoneyField(
        label=gettext_lazy("Deposit"),
        required=False,
        help_text=gettext_lazy("Empty: the business’s. 0: none."),
    )
    min_notice = SpanField(
        label=gettext_lazy("Notice"), required=False, help_text=gettext_lazy("Empty: as usual.")
    )
    max_advance = SpanField(
        label=gettext_lazy("How far ahead"),
        required=False,
        help_text=gettext_lazy("Empty: as usual."),
    )
    slot_interval = SpanField(
        label=gettext_lazy("Interval"),
        least=1,
        most=1440,
        required=False,
        help_text=gettext_lazy("Empty: as usual."),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Places in a class"),
        min_value=1,
        max_value=32767,
        required=False,
        help_text=gettext_lazy("Empty: not a class."),
    )
    allows_groups = forms.BooleanField(
        label=gettext_lazy("Strangers may share one"),
        required=False,
    )
    only_groups = forms.BooleanField(
        label=gettext_lazy("Only on scheduled classes"),
        required=False,
    )
    display_order = OrderField()
    layout = (
        ("", ("name", "category", "description", "is_active", "display_order")),
        (
            gettext_lazy("How long"),
            ("duration", "preparation", "cleanup", "buffer_before", "buffer_after"),
        ),
        (gettext_lazy("Money"), ("price_cents", "deposit_amount_cents")),
        (gettext_lazy("When guests may book"), ("min_notice", "max_advance", "slot_interval")),
        (gettext_lazy("Classes"), ("capacity", "allows_groups", "only_groups")),
    )
    SPANS = ("preparation", "cleanup", "buffer_before", "buffer_after")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("price_cents", "deposit_amount_cents"):
            field = self.fields[name]
            assert isinstance(field, MoneyField)
            field.currency = currency
            field.label = f"{field.label} ({currency})"

    @property
    def values(self) -> dict[str, Any]:
        """As the model takes it, without the category."""
        values = dict(self.cleaned_data)
        values.pop("category")
        for name in self.SPANS:
            values[name] = values[name] or type(values["duration"])()
        values["price_cents"] = values["price_cents"] or 0
        return values


@dataclasses.dataclass
class Need:
    """One kind of resource in the form: not needed, any, or only those that are ticked."""

    kind: str
    name: str
    how: str = ""  # "", "any" or "named"
    count: str = "1"
    choices: list[tuple[Resource, bool]] = dataclasses.field(default_factory=list)
    error: str = ""


@dataclasses.dataclass
class Hours:
    """A row of a service's own hours, as it was typed."""

    number: int
    days: set[int] = dataclasses.field(default_factory=set)
    opens: str = ""
    closes: str = ""
    starts: str = ""
    error: str = ""

    @property
    def weekdays(self) -> list[tuple[int, str, bool]]:
        return [(n, str(WEEKDAYS_ABBR[n - 1]), n in self.days) for n in range(1, 8)]

    @property
    def is_empty(self) -> bool:
        return not (self.days or self.opens or self.closes or self.starts)


@setting()
def service(at: Desk, pk: uuid.UUID | None = None) -> HttpResponse:
    """A service, new or there."""
    every = selectors.services(at.business).select_related("category")
    there = every.filter(pk=pk).first() if pk else None
    if pk and there is None:
        raise NotFound
    form = ServiceForm(
        at.request.POST or None, initial=_initial(there), currency=at.business.currency
    )
    needs, hours = _needs(at, there), _hours(at, there)
    if at.request.method != "POST":
        return _page(at, form, there, needs, hours)
    if there and at.request.POST.get("remove") == "yes":
        return _remove(at, there)
    is_fine = _check(needs, hours)
    if wants_to_edit(at) or not form.is_valid() or not is_fine:
        return _page(at, form, there, needs, hours, status=422)
    try:
        made = _keep(at, there, form, needs, hours)
    except REFUSALS as error:
        form.refuse(error)
        return _page(at, form, there, needs, hours, status=422)
    except NotFound:
        form.add_error(None, _("Somebody or something you chose isn’t there any more."))
        return _page(at, form, there, needs, hours, status=422)
    words = _("“%(name)s” was saved.") % {"name": made.name}
    how: How = "changed" if there else "added"
    told = form if form.has_changed() else None  # what it needs and when is beside the form
    return saved(at, at.url("services"), words, form=told, of=made.name, how=how)


def _initial(there: Service | None) -> dict[str, Any]:
    if there is None:
        return {"is_active": True}
    values = {name: getattr(there, name) for name in ServiceForm.base_fields}
    return values | {"category": there.category.name if there.category else ""}


def _page(
    at: Desk,
    form: ServiceForm,
    there: Service | None,
    needs: Sequence[Need],
    hours: Sequence[Hours],
    status: int = 200,
) -> HttpResponse:
    return page(
        at,
        "service",
        status,
        here=HERE,
        title=there.name if there else _("New service"),
        up=(_("Services"), at.url("services")),
        form=form,
        needs=needs,
        hours=hours,
        has_hours=any(not each.is_empty for each in hours),
        headings=list(Category.objects.filter(business=at.business).values_list("name", flat=True)),
        remove=_("Delete") if there else "",
        button=_("Save"),
    )


def _needs(at: Desk, there: Service | None) -> list[Need]:
    """Every kind that there is, as needed now or as typed."""
    resources = Resource.objects.filter(business=at.business, deleted_at=None).exclude(
        kind__startswith=f"{PLACE} "
    )
    known = {each.kind: each for each in there.requirements.all()} if there else {}
    form = at.request.POST
    found: dict[str, Need] = {}
    for each in resources.order_by("kind", "display_order", "name"):
        if each.kind not in found:
            found[each.kind] = _need(each.kind, known, form)
        ticked = (
            str(each.pk) in form.getlist(f"who:{each.kind}")
            if form
            else each.kind in known
            and any(one.pk == each.pk for one in known[each.kind].resources.all())
        )
        found[each.kind].choices.append((each, ticked))
    for kind in known:
        if kind not in found and not kind.startswith(f"{PLACE} "):
            found[kind] = _need(kind, known, form)
    return list(found.values())


def _need(kind: str, known: Mapping[str, Any], form: Any) -> Need:
    need = Need(kind, kind_name(kind))
    if form:
        need.how = form.get(f"need:{kind}", "")
        need.count = form.get(f"count:{kind}", "1")[:4]
    elif kind in known:
        need.how = "any" if known[kind].is_anybody else "named"
        need.count = str(known[kind].count)
    return need


def _hours(at: Desk, there: Service | None) -> list[Hours]:
    """When it may start: rows with the days that share them, and empty ones."""
    form = at.request.POST
    if form:
        rows = [Hours(n) for n in range(ROWS) if f"from{n}" in form or f"days{n}" in form]
        for row in rows:
            n = row.number
            row.days = {int(each) for each in form.getlist(f"days{n}") if each in set("1234567")}
            row.opens, row.closes = form.get(f"from{n}", "")[:5], form.get(f"until{n}", "")[:5]
            row.starts = form.get(f"at{n}", "")[:300]
        return rows
    same: dict[tuple[time, time, tuple[time, ...]], set[int]] = {}
    for each in availability.starts_of(there) if there else ():
        key = each.opens, each.closes, tuple(each.starts)
        same.setdefault(key, set()).add(each.weekday)
    rows = [
        Hours(n, days, clock(opens), clock(closes), ", ".join(map(clock, starts)))
        for n, ((opens, closes, starts), days) in enumerate(same.items())
    ]
    spare = 1 if rows else 2
    return rows + [Hours(len(rows) + n) for n in range(spare)]


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text.strip()) if len(text.strip()) == 5 else None
    except ValueError:
        return None


def _times(text: str) -> list[time | None]:
    return [_time(each) for each in text.replace(";", ",").split(",") if each.strip()]


def _check(needs: Sequence[Need], hours: Sequence[Hours]) -> bool:
    for need in needs:
        if need.how and not (need.count.isdecimal() and 1 <= int(need.count) <= 99):
            need.error = _("Say how many, from 1 to 99.")
    for row in hours:
        if row.is_empty:
            continue
        if not row.days:
            row.error = _("Choose the days.")
        elif not (_time(row.opens) and _time(row.closes)):
            row.error = _("Say from when until when.")
        elif None in _times(row.starts):
            row.error = _("Write times like 10:30, 14:00.")
    return not (any(each.error for each in needs) or any(each.error for each in hours))


def _windows(hours: Sequence[Hours]) -> list[Start]:
    found = []
    for row in hours:
        opens, closes = _time(row.opens), _time(row.closes)
        if row.is_empty or opens is None or closes is None:
            continue
        starts = tuple(each for each in _times(row.starts) if each)
        found += [Start(day, opens, closes, starts) for day in sorted(row.days)]
    return found


@transaction.atomic
def _keep(
    at: Desk,
    there: Service | None,
    form: ServiceForm,
    needs: Sequence[Need],
    hours: Sequence[Hours],
) -> Service:
    """The service, what it needs and when it may start: all, or nothing."""
    wanted: dict[str, list[uuid.UUID]] = {}
    counts: dict[str, int] = {}
    for need in needs:
        if need.how in ("any", "named"):
            ticked = [each.pk for each, is_ticked in need.choices if is_ticked]
            wanted[need.kind] = ticked if need.how == "named" else []
            counts[need.kind] = int(need.count)
    named = {need.kind for need in needs if need.how == "named"}
    if there:  # places of its own are the protocols' to keep
        for each in there.requirements.all():
            if each.kind.startswith(f"{PLACE} "):
                wanted[each.kind] = [one.pk for one in each.resources.all()]
                counts[each.kind] = each.count
    values = form.values | {
        "category": services.heading(at.business, form.cleaned_data["category"].strip())
    }
    how: Any = {"needs": wanted, "only_named": named, "counts": counts}
    if there:
        made = services.change_service(there, **how, **values)
    else:
        made = services.add_service(at.business, **how, **values)
    when.set_service_week(made, _windows(hours))
    return made


def _remove(at: Desk, there: Service) -> HttpResponse:
    change = partial(_delete, there.pk)
    told = [Difference(there.name, _("offered"), _("deleted, for good"))]
    try:
        if shown := review(
            at,
            change,
            title=_("Delete “%(name)s”?") % {"name": there.name},
            here=HERE,
            differences=told,
            button=_("Delete"),
            is_dangerous=True,
        ):
            return shown
        make(at, change)
    except Conflict:
        raise Conflict(
            _("This service has bookings, so it stays. Untick “Guests can book it” instead.")
        ) from None
    words = _("“%(name)s” was deleted.") % {"name": there.name}
    return saved(at, at.url("services"), words, of=there.name, how="deleted")


def _delete(pk: uuid.UUID) -> None:
    services.remove_service(Service.objects.get(pk=pk))


# --- headings ------------------------------------------------------------------------------------


class CategoryForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    display_order = OrderField()


@setting()
def category(at: Desk, pk: uuid.UUID) -> HttpResponse:
    """A heading: rename it, move it, take it away."""
    there = Category.objects.filter(business=at.business, pk=pk).first()
    if there is None:
        raise NotFound
    initial = {"name": there.name, "display_order": there.display_order}
    form = CategoryForm(at.request.POST or None, initial=initial)
    if at.request.method == "POST" and at.request.POST.get("remove") == "yes":
        services.remove_category(there)
        return saved(at, at.url("services"), of=there.name, how="deleted")
    if at.request.method == "POST" and form.is_valid():
        try:
            services.change_category(there, **form.cleaned_data)
            return saved(at, at.url("services"), form=form, of=form.cleaned_data["name"])
        except REFUSALS as error:
            form.refuse(error)
    return page(
        at,
        "form",
        422 if form.errors else 200,
        here=HERE,
        title=_("Category"),
        form=form,
        button=_("Save"),
        remove=_("Remove the heading"),
    )
