"""What can be booked, looked up from a business."""

import uuid
from collections.abc import Collection

from accounts.models import Business
from resources.models import Resource, Section


def resource_exists(business: Business, resource_id: uuid.UUID) -> bool:
    """Whether the business has this resource; a deleted one it no longer has."""
    return Resource.objects.filter(business=business, pk=resource_id, deleted_at=None).exists()


def section_names(section_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of sections; no query for none."""
    if not section_ids:
        return {}
    return dict(Section.objects.filter(pk__in=section_ids).values_list("pk", "name"))
