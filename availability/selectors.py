"""When, looked up from a business: what its first location promises by the clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Business
from availability.models import Closure, OpeningHours


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
