"""Who, looked up from a business."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from accounts.models import Business, Channel, User


def keys(business: Business) -> QuerySet[Channel]:
    """The AvailEngine keys of a business that open anything."""
    return Channel.objects.filter(
        business=business, protocol=Channel.Protocol.AVAILENGINE, is_active=True
    )


def own(user: User) -> QuerySet[Business]:
    """The businesses of a user, newest first: those a developer owns and those they belong to."""
    mine = Q(owner=user) | Q(memberships__user=user)
    return Business.objects.filter(mine, is_active=True).distinct().order_by("-created_at", "id")


def reached_by(channel: Channel) -> QuerySet[Business]:
    """The businesses that a program may ask about: the one its key is of, and what is owned by
    whoever registered it for all of theirs."""
    theirs = Q(owner=channel.user_id) if channel.user_id else Q()
    return Business.objects.filter(Q(pk=channel.business_id) | theirs, is_active=True)


def changes(business: Business) -> QuerySet[LogEntry]:
    """Who changed the settings of a business, the newest first, at the desk or in the back office;
    see `services.note_change`."""
    kind = ContentType.objects.get_for_model(Business)
    found = LogEntry.objects.filter(content_type=kind, object_id=str(business.pk))
    return found.select_related("user").order_by("-action_time", "-pk")


def business_at(slug: str) -> Business | None:
    """The business that is in business at this address. One query."""
    return Business.objects.filter(slug=slug, is_active=True).first()
