"""The first page of the back office: plain values for templates/admin/index.html."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.backoffice import TenantAdmin
from accounts.looks import badge, link
from bookings import selectors
from bookings.admin.forms import zone_of
from bookings.admin.shared import day_of, moment, now_of, state_badge, time_of
from bookings.models import Booking, WebhookDelivery
from bookings.overview import Overview, overview


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What is added to the index, as UNFOLD's DASHBOARD_CALLBACK; all that the user may see."""
    book = admin.site._registry[Booking]
    if not isinstance(book, TenantAdmin) or not book.has_view_permission(request):
        return context
    now = now_of(request) or timezone.now()
    mine, owned = (book.businesses(request, role) for role in ("staff", "owner"))
    seen = overview(mine, owned=owned, now=now)
    sees_deliveries = admin.site._registry[WebhookDelivery].has_view_permission(request)
    context["dashboard"] = {
        "cards": _cards(seen, sees_deliveries=sees_deliveries),
        "upcoming": _upcoming(seen, now),
        "holds": _holds(seen, now),
        "by_business": _by_business(seen),
        "failed": _failed(seen) if sees_deliveries and seen.failures else None,
        "heads": ("Bookings", "Covers", "Holds", "No-shows"),
        "add": reverse("admin:bookings_booking_add"),
    }
    context["title"] = "Today"
    return context


def _list(model: str, asked: str = "") -> str:
    return reverse(f"admin:bookings_{model}_changelist") + asked


def _cards(seen: Overview, *, sees_deliveries: bool) -> list[dict[str, Any]]:
    day = seen.day
    cards = [
        ("Bookings today", day.bookings, f"{day.arrived} arrived", _list("booking", "?when=today")),
        ("Covers today", day.covers, "guests expected or here", _list("booking", "?when=today")),
        ("Holds", seen.held, "waiting to be confirmed",
         _list("booking", "?when=upcoming&state__exact=held")),
        ("No-shows today", day.no_shows, f"{day.missed} in seven days",
         _list("booking", "?when=&state__exact=no_show")),
    ]  # fmt: skip
    if sees_deliveries:
        failed = _list("webhookdelivery", "?state__exact=failed")
        cards.append(("Failed deliveries", seen.failures, "given up in seven days", failed))
    return [
        {"title": title, "value": value, "note": note, "url": url}
        for title, value, note, url in cards
    ]


def _day_of(instant: datetime, zone: str, now: datetime) -> str:
    """The day by the clock on a wall, in a word where there is one."""
    day = day_of(instant, zone)
    if day == day_of(now, zone):
        return "Today"
    return "Tomorrow" if day == day_of(now + timedelta(days=1), zone) else day


def _upcoming(seen: Overview, now: datetime) -> list[list[Any]]:
    """Rows of cells: when, who, in which place, where."""
    known = selectors.names_of({pk for each in seen.upcoming for pk in each.resource_ids})
    rows = []
    for each in seen.upcoming:
        zone = zone_of(each)
        at = f"{time_of(each.starts_at, zone)}–{time_of(each.ends_at, zone)}"
        places = ", ".join(known.get(pk, "?") for pk in each.resource_ids)
        rows.append(
            [
                (link(each, at), f"{_day_of(each.starts_at, zone, now)}, {zone}"),
                (each.guest or "No name", f"for {each.party_size}"),
                (places or "-", each.service or ""),
                (each.business, each.location),
            ]
        )
    return rows


def _holds(seen: Overview, now: datetime) -> list[list[Any]]:
    rows = []
    for each in seen.holds:
        zone = zone_of(each)
        assert each.expires_at
        is_today = day_of(each.expires_at, zone) == day_of(now, zone)
        until = (time_of if is_today else moment)(each.expires_at, zone)
        rows.append(
            [
                (
                    link(each, time_of(each.starts_at, zone)),
                    f"{_day_of(each.starts_at, zone, now)}, {zone}",
                ),
                (each.guest or "No name", f"for {each.party_size}"),
                (state_badge(each), f"until {until}"),
                (each.business, each.location),
            ]
        )
    return rows


def _by_business(seen: Overview) -> list[list[Any]] | None:
    if len(seen.by_business) < 2:
        return None
    return [
        [link(business), day.bookings, day.covers, held, day.no_shows]
        for business, day, held in seen.by_business
    ]


def _failed(seen: Overview) -> list[list[Any]]:
    return [
        [
            (link(each, each.event.get_kind_display()), f"{each.attempts} attempts"),
            (badge(str(each.last_status or "no answer"), "danger"), each.last_error),
            (urlsplit(each.endpoint.url).hostname, each.endpoint.business),
        ]
        for each in seen.failed
    ]
