"""What can be booked, looked up from a business."""

import uuid
from collections.abc import Collection, Mapping

from django.db.models import F, Prefetch, Q, QuerySet

from accounts.models import Business
from accounts.remembered import Remembered
from resources.models import Location, Requirement, Resource, Section, Service


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


def plan(location_id: uuid.UUID) -> list[Resource]:
    """What stands in a place and may be booked by guests, with its sections. One query."""
    return list(
        Resource.objects.filter(
            Q(section=None) | Q(section__is_online=True),
            location=location_id,
            is_active=True,
            is_online=True,
            deleted_at=None,
        )
        .exclude(kind="staff")
        .select_related("section")
        .order_by(F("section__display_order").asc(nulls_first=True), "display_order", "name")
    )


def on_offer(business: Business) -> list[Service]:
    """The services that guests may book, in the order they are shown. One query."""
    return list(Service.objects.filter(business=business, is_active=True))


def on_menu(business: Business) -> list[Service]:
    """The same with their categories, those of one together. One query."""
    return list(
        Service.objects.filter(business=business, is_active=True)
        .select_related("category")
        .order_by(
            F("category__display_order").asc(nulls_last=True),
            "category__name",
            "display_order",
            "name",
            "id",
        )
    )


def open_locations(business: Business) -> list[Location]:
    """The places where a business may be booked, in the order they are shown. One query."""
    found = list(Location.objects.filter(business=business, is_active=True))
    for each in found:
        each.business = business
    return found


def service_on_offer(business: Business, service_id: uuid.UUID) -> Service | None:
    """The service of this id, if guests may book it."""
    found = Service.objects.filter(business=business, pk=service_id, is_active=True).first()
    if found:
        found.business = business
    return found


_ON_OFFER: Remembered[dict[uuid.UUID, Service]] = Remembered()
_IDS: Remembered[frozenset[uuid.UUID]] = Remembered()


def services_on_offer(
    business: Business, *, epoch: bytes | None = None
) -> Mapping[uuid.UUID, Service]:
    """The services that guests may book, by id; nobody's to change but by a `twin`. One query, or
    none in the `epoch` that they were read in before."""
    if (kept := _ON_OFFER.get(business.pk)) and kept.is_current(epoch):
        return kept.value
    found = {each.pk: each for each in on_offer(business)}
    _ON_OFFER.keep(business.pk, found, epoch)
    return found


def resource_ids(business: Business, *, epoch: bytes | None = None) -> frozenset[uuid.UUID]:
    """The ids of what a business has, in use or not. One query, or none as above."""
    if (kept := _IDS.get(business.pk)) and kept.is_current(epoch):
        return kept.value
    rows = Resource.objects.filter(business=business, deleted_at=None).order_by()
    found = frozenset(rows.values_list("pk", flat=True))
    _IDS.keep(business.pk, found, epoch)
    return found
