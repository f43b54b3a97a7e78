"""Who, looked up from a business."""

from django.db.models import QuerySet

from accounts.models import Business, Channel


def keys(business: Business) -> QuerySet[Channel]:
    """The AvailEngine keys of a business that open anything."""
    return Channel.objects.filter(
        business=business, protocol=Channel.Protocol.AVAILENGINE, is_active=True
    )
