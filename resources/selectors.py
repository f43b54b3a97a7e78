"""What can be booked, looked up from a business."""

import uuid
from collections.abc import Collection

from django.db.models import Prefetch, QuerySet

from accounts.models import Business
from resources.models import Requirement, Resource, Section, Service


def resource_exists(business: Business, resource_id: uuid.UUID) -> bool:
    """Whether the business has this resource; a deleted one it no longer has."""
    return Resource.objects.filter(business=business, pk=resource_id, deleted_at=None).exists()


def section_names(section_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of sections; no query for none."""
    if not section_ids:
        return {}
    return dict(Section.objects.filter(pk__in=section_ids).values_list("pk", "name"))


def resources(business: Business) -> QuerySet[Resource]:
    """What a business has, in use or not, with its sections; what was deleted it no longer has."""
    return Resource.objects.filter(business=business, deleted_at=None).select_related("section")


def services(business: Business) -> QuerySet[Service]:
    """What a business offers or did, with what each needs."""
    needs = Requirement.objects.order_by("kind").prefetch_related(
        Prefetch("resources", Resource.objects.only("id"))
    )
    return Service.objects.filter(business=business).prefetch_related(
        Prefetch("requirements", needs)
    )


def on_offer(business: Business) -> list[Service]:
    """The services that guests may book, in the order they are shown. One query."""
    return list(Service.objects.filter(business=business, is_active=True))


def service_on_offer(business: Business, service_id: uuid.UUID) -> Service | None:
    """The service of this id, if guests may book it."""
    found = Service.objects.filter(business=business, pk=service_id, is_active=True).first()
    if found:
        found.business = business
    return found
