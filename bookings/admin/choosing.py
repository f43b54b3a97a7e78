"""Adding to the book of one business: which one is asked first, where there are several."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Business
from bookings import selectors
from bookings.admin.forms import MOST_CLASSES, Offer
from bookings.admin.shared import ServedAdmin, now_of
from bookings.models import Session

MOST_BUSINESSES = 50


class AddedToOne(ServedAdmin):
    """Its form to add one is for one business, named by `?business=` or the only one there is."""

    def chosen(self, request: HttpRequest) -> Business | None:
        """The business to add to; asked once a request."""
        if not hasattr(request, "_openbook_chosen"):
            request._openbook_chosen = self._choose(request)  # type: ignore[attr-defined]
        found: Business | None = request._openbook_chosen  # type: ignore[attr-defined]
        return found

    def _choose(self, request: HttpRequest) -> Business | None:
        mine = self.businesses(request, self.changes).filter(is_active=True)
        if said := request.GET.get("business"):
            try:
                return mine.filter(pk=uuid.UUID(said)).first()
            except ValueError:
                return None
        some = list(mine[:2])
        return some[0] if len(some) == 1 else None

    def offer(self, request: HttpRequest) -> Offer:
        """What can be chosen from at the business; asked once a request."""
        business = self.chosen(request)
        if business is None:
            raise PermissionDenied
        if not hasattr(request, "_openbook_offer"):
            request._openbook_offer = Offer(  # type: ignore[attr-defined]
                business=business,
                locations=list(business.locations.filter(is_active=True)),
                services=list(business.services.filter(is_active=True, capacity=None)),
                sessions=list(
                    selectors.from_today(Session.objects.all(), now=now_of(request))
                    .filter(business=business, state=Session.State.SCHEDULED)
                    .order_by("starts_at")[:MOST_CLASSES]
                ),
            )
        offer: Offer = request._openbook_offer  # type: ignore[attr-defined]
        return offer

    def told(self, request: HttpRequest) -> SafeString:
        """Where one is adding, and by whose clock."""
        offer = self.offer(request)
        several = len({offer.zone(each) for each in offer.locations}) > 1
        clock = "the location" if several else offer.zone(None)
        return format_html(
            "<strong>{}</strong>. Times are those of {}.", offer.business.name, clock
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if self.chosen(request) is None:
            return self._ask_which(request)
        named = {"subtitle": self.chosen(request)}
        return super().add_view(request, form_url, (extra_context or {}) | named)

    def _ask_which(self, request: HttpRequest) -> TemplateResponse:
        """The businesses to choose from, as links; found by name where there are many."""
        like = request.GET.get("q", "").strip()
        mine = self.businesses(request, self.changes).filter(is_active=True, name__icontains=like)
        found = list(mine[: MOST_BUSINESSES + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": f"Add {self.opts.verbose_name}: at which business?",
            "opts": self.opts,
            "businesses": found[:MOST_BUSINESSES],
            "has_more": len(found) > MOST_BUSINESSES,
            "like": like,
        }
        return TemplateResponse(request, "admin/bookings/choose.html", context)
