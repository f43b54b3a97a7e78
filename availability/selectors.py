"""When, looked up from a business: what its locations and resources promise by the clock."""

import uuid
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Business
from availability.models import (
    Break,
    Closure,
    OpeningHours,
    RosterEntry,
    ServiceHours,
    SpecialDay,
)
from resources.models import Location, Resource, Service


def hours(business: Business) -> list[OpeningHours]:
    """The week of a business, Monday first. One query."""
    return list(
        OpeningHours.objects.filter(location=business.locations.values("pk")[:1]).order_by(
            "weekday", "opens"
        )
    )


def closures(business: Business) -> QuerySet[Closure]:
    """The closures of the whole business; not those of its other places or of resources."""
    return Closure.objects.filter(location=business.locations.values("pk")[:1])


def whole_days_off(business: Business, *, now: datetime | None = None) -> list[Closure]:
    """The closures of whole days that aren't over, soonest first. One query."""
    today: date = (now or timezone.now()).astimezone(ZoneInfo(business.timezone)).date()
    return list(
        closures(business).filter(last_day__gte=today, starts=None).order_by("first_day", "id")
    )


# --- of one location or resource -----------------------------------------------------------------


def _of(owner: Location | Resource) -> dict[str, Location | Resource]:
    return {"location" if isinstance(owner, Location) else "resource": owner}


def week(owner: Location | Resource) -> list[OpeningHours]:
    """Its weekly hours, Monday first. One query."""
    return list(OpeningHours.objects.filter(**_of(owner)).order_by("weekday", "opens"))


def breaks(owner: Location | Resource) -> list[Break]:
    """Its weekly breaks, Monday first. One query."""
    return list(Break.objects.filter(**_of(owner)).order_by("weekday", "starts"))


def special_days(
    owner: Location | Resource, *, since: date | None = None, on: date | None = None
) -> list[SpecialDay]:
    """Its dates with hours of their own, soonest first: from a day on, or of one. One query."""
    rows = SpecialDay.objects.filter(**_of(owner))
    rows = rows.filter(day__gte=since) if since else rows
    rows = rows.filter(day=on) if on else rows
    return list(rows.order_by("day", "opens"))


def closed_days(
    owner: Location | Resource, *, since: date | None = None, key: uuid.UUID | None = None
) -> list[Closure]:
    """Its closures, soonest first: those that aren't over on a day, or one of them. One query."""
    rows = Closure.objects.filter(**_of(owner))
    rows = rows.filter(last_day__gte=since) if since else rows
    rows = rows.filter(pk=key) if key else rows
    return list(rows.order_by("first_day", "id"))


def with_own_hours(business: Business) -> set[uuid.UUID]:
    """The resources of a business that have weekly hours of their own. One query."""
    rows = OpeningHours.objects.filter(resource__business=business)
    return set(rows.values_list("resource", flat=True).distinct())


def starts_of(service: Service) -> list[ServiceHours]:
    """When a service may start, where it has hours of its own, Monday first. One query."""
    return list(ServiceHours.objects.filter(service=service).order_by("weekday", "opens"))


def roster(resource: Resource, *, since: date, most: int) -> list[RosterEntry]:
    """What stands in somebody's roster from a day on, soonest first. One query."""
    rows = RosterEntry.objects.filter(resource=resource, day__gte=since)
    return list(rows.order_by("day", "starts", "id")[:most])


def roster_entry(resource: Resource, key: uuid.UUID) -> RosterEntry | None:
    """One row of somebody's roster."""
    return RosterEntry.objects.filter(resource=resource, pk=key).select_related("resource").first()
