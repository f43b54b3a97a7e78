"""What can be booked and with whom: services, categories, resources and their groups."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.api.appointedd import ids, params
from bookings.api.appointedd.dialect import Endpoint
from bookings.api.appointedd.pages import Part
from bookings.api.appointedd.render import (
    may_serve,
    named_json,
    resource_json,
    service_json,
)
from resources import selectors
from resources.models import Category, Resource, Section, Service


class Listing(Endpoint):
    """A list of one table, by `ids` and in the order they were made."""

    def natural(self) -> bool:
        """Read the order asked for; whether the newest come first."""
        params.one_of(self.query, "sort_by", ["natural"], "natural")
        return params.is_descending(self.query)


class Services(Listing):
    """GET /v1/services"""

    def get(self, request: Request) -> Response:
        known = selectors.services(self.business).filter(is_active=True)
        named = params.several(self.query, "ids")
        rows = known.filter(ids.any_of(named)) if named else known
        return self.page(
            [Part(rows, known)],
            lambda found: [service_json(each, self.business) for each in found],
            descending=self.natural(),
        )


class Categories(Listing):
    """GET /v1/services/categories"""

    def get(self, request: Request) -> Response:
        known = Category.objects.filter(business=self.business)
        named = params.several(self.query, "ids")
        rows = known.filter(ids.any_of(named)) if named else known
        return self.page(
            [Part(rows, known)],
            lambda found: [named_json(each) for each in found],
            descending=self.natural(),
        )


class Resources(Listing):
    """GET /v1/resources"""

    def get(self, request: Request) -> Response:
        known = (
            selectors.resources(self.business)
            .filter(is_active=True)
            .select_related("location", "user")
        )
        rows = known
        if named := params.several(self.query, "ids"):
            rows = rows.filter(ids.any_of(named))
        services = list(selectors.services(self.business).filter(is_active=True))
        if wanted := params.several(self.query, "services"):
            spans = [ids.span(each) for each in wanted]
            asked = [s for s in services if any(low <= s.pk <= high for low, high in spans)]
            rows = rows.filter(pk__in=serving(asked, rows))
        return self.page(
            [Part(rows, known)],
            lambda found: [resource_json(each, services) for each in found],
            descending=self.natural(),
        )


def serving(services: list[Service], rows: QuerySet[Resource]) -> list[uuid.UUID]:
    """The resources that may serve one of the services. One query."""
    return [each.pk for each in rows if any(may_serve(each, service) for service in services)]


class Groups(Listing):
    """GET /v1/resources/groups"""

    def get(self, request: Request) -> Response:
        known = Section.objects.filter(location__business=self.business)
        named = params.several(self.query, "ids")
        rows = known.filter(ids.any_of(named)) if named else known
        return self.page(
            [Part(rows, known)],
            lambda found: [named_json(each) for each in found],
            fields=("display_order", "name", "pk"),
            descending=self.natural(),
        )
