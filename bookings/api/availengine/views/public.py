"""What anybody may know of a business. A credential that is sent must still be good."""

from __future__ import annotations

import functools
import uuid

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Business
from availability import selectors as when
from bookings import services
from bookings.api.availengine import gate
from bookings.api.availengine.dialect import Endpoint
from bookings.api.availengine.gate import Needs
from bookings.api.availengine.render import closure_json, hours_json, service_json
from bookings.api.availengine.serializers.bookings import WaitlistRequest
from bookings.wishes import GuestDetails
from resources import selectors as resources
from resources.models import Service


class Public(Endpoint):
    """An endpoint whose path says which business."""

    tenant = False
    needs = {
        "GET": Needs(is_public=True),
        "OPTIONS": Needs(is_public=True),
        "POST": Needs(scope="write", is_public=True),
    }

    @functools.cached_property
    def business(self) -> Business:  # type: ignore[override]
        """Looked for when it is needed: what is wrong with a request is said before."""
        return self.named(**self.kwargs)

    def named(self, business_id: str) -> Business:
        """The business that the path names, or a 404."""
        return self.find(Business.objects.filter(is_active=True), business_id)


class PublicBusiness(Public):
    """GET /v1/public/business/{slug}"""

    def named(self, slug: str) -> Business:
        is_slug = "\0" not in slug  # which the database can't be asked about
        found = Business.objects.filter(is_active=True, slug=slug).first() if is_slug else None
        if found is None:
            raise gate.absent()
        return found

    def get(self, request: Request, slug: str) -> Response:
        of = self.business
        shown = {"id": str(of.pk), "name": of.name, "slug": of.slug, "timezone": of.timezone}
        return Response(shown)


class PublicHours(Public):
    """GET /v1/public/hours/{business_id}"""

    def get(self, request: Request, business_id: str) -> Response:
        return Response(hours_json(when.hours(self.business)))


class PublicServices(Public):
    """GET /v1/public/services/{business_id}"""

    def get(self, request: Request, business_id: str) -> Response:
        found = resources.on_offer(self.business)
        return Response([service_json(each, self.business) for each in found])


class PublicBlackouts(Public):
    """GET /v1/public/blackout-dates/{business_id}: those that aren't over, soonest first."""

    def get(self, request: Request, business_id: str) -> Response:
        found = when.whole_days_off(self.business, now=self.now)
        return Response([closure_json(each) for each in found])


class JoinWaitlist(Public):
    """POST /v1/waitlist/{business_id}: with a key, only that of the business."""

    def named(self, business_id: str) -> Business:
        found = super().named(business_id)
        if self.caller.channel and self.caller.channel.business_id != found.pk:
            raise gate.absent()
        return found

    def post(self, request: Request, business_id: str) -> Response:
        wanted = self.read(WaitlistRequest)
        entry, position = services.join_waitlist(
            self.business,
            guest=GuestDetails(**wanted["customer"]),
            preferred_date=wanted["preferred_date"],
            party_size=wanted["capacity"],
            service=service_of(self.business, wanted["service_id"]),
            notes=wanted["notes"] or "",
            by=self.caller.actor,
            now=self.now,
        )
        return Response({"waitlist_id": str(entry.pk), "position": position}, 201)


def service_of(business: Business, service_id: uuid.UUID | None) -> Service | None:
    """A service that is on offer; None for none. Raises Refusal."""
    if service_id is None:
        return None
    found = resources.service_on_offer(business, service_id)
    if found is None:
        raise gate.absent()
    return found
