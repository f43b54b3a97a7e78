"""A business as plain values, in the order and the words of its file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from accounts.models import Business, Channel
from availability.models import Break, Closure, OpeningHours, RosterEntry, SpecialDay
from bookings.files.shape import DAYS, SETTINGS
from bookings.models import Schedule
from resources.models import Location, Resource, Service

SAYS_ZERO = ("notice", "days_ahead", "parties", "x", "y")  # unsaid, these aren't zero


def write(business: Business) -> dict[str, Any]:
    """Everything that describes a business, and nothing of who booked it. Leaves out what is
    empty or as it would be anyway. Keys and passwords aren't in it."""
    plan = getattr(business, "subscription", None)
    plain = Business()
    found: dict[str, Any] = _full(
        {
            "business": {
                "slug": business.slug,
                "name": business.name,
                "type": business.business_type,
                "timezone": business.timezone,
                "currency": business.currency,
                "mode": business.booking_mode,
                "plan": plan.plan_id if plan else None,
                "settings": {
                    name: getattr(business, name)
                    for name in SETTINGS
                    if getattr(business, name) != getattr(plain, name)
                },
            },
            "locations": [_location(each) for each in business.locations.all()],
            "services": [
                {
                    "name": each.name,
                    "description": each.description,
                    "minutes": _minutes(each.duration),
                    "buffer_before": _minutes(each.buffer_before),
                    "buffer_after": _minutes(each.buffer_after),
                    "preparation": _minutes(each.preparation),
                    "cleanup": _minutes(each.cleanup),
                    "interval": each.slot_interval and _minutes(each.slot_interval),
                    "notice": None if each.min_notice is None else _minutes(each.min_notice),
                    "days_ahead": None if each.max_advance is None else each.max_advance.days,
                    "category": each.category.name if each.category else None,
                    "groups": _groups(each),
                    "price_cents": each.price_cents,
                    "deposit_cents": each.deposit_amount_cents,
                    "capacity": each.capacity,
                    "active": None if each.is_active else False,
                    "needs": [
                        {
                            "kind": need.kind,
                            "count": need.count if need.count != 1 else None,
                            "of": sorted(r.name for r in need.resources.all()),
                            "only": True if need.only_named else None,
                        }
                        for need in each.requirements.all()
                    ],
                }
                for each in business.services.select_related("category").prefetch_related(
                    "requirements__resources"
                )
            ],
            "schedules": [
                _schedule(each)
                for each in business.schedules.select_related(
                    "service", "location"
                ).prefetch_related("resources")
            ],
            "members": [
                {"email": each.user.email, "role": each.role}
                for each in business.memberships.select_related("user").order_by("user__email")
            ],
            "keys": [
                {
                    "name": each.name,
                    "protocol": each.protocol
                    if each.protocol != Channel.Protocol.AVAILENGINE
                    else None,
                    "scopes": each.scopes,
                    "requests_a_minute": each.rate_limit_rpm,
                }
                for each in business.channels.filter(is_active=True).order_by("name", "created_at")
            ],
        }
    )
    return found


def _schedule(schedule: Schedule) -> dict[str, Any]:
    return {
        "service": schedule.service.name,
        "location": schedule.location.name,
        "rule": schedule.rule,
        "at": f"{schedule.at:%H:%M}",
        "from": schedule.starts_on.isoformat(),
        "until": schedule.until.isoformat() if schedule.until else None,
        "but_not": [each.isoformat() for each in schedule.exceptions],
        "places": schedule.capacity,
        "with": sorted(each.name for each in schedule.resources.all()),
        "active": None if schedule.is_active else False,
    }


def _location(place: Location) -> dict[str, Any]:
    resources = (
        place.resources.filter(deleted_at=None)
        .select_related("section")
        .prefetch_related("roster__services")
    )
    return {
        "name": place.name,
        "address": place.address,
        "timezone": place.timezone,
        **_promises(place),
        "sections": [each.name for each in place.sections.all()],
        "resources": [_resource(each) for each in resources],
        "combinations": [
            {
                "name": each.name,
                "members": sorted(member.name for member in each.members.all()),
                "covers": [each.covers_min, each.covers_max],
                "active": None if each.is_active else False,
            }
            for each in place.combinations.prefetch_related("members")
        ],
        "pacing": {
            "minutes": place.pacing_minutes
            if place.pacing_minutes != Location().pacing_minutes
            else None,
            "covers": place.pacing_covers,
            "parties": place.pacing_parties,
        },
        "turn_times": [
            {"up_to": each.covers_max, "minutes": _minutes(each.duration)}
            for each in place.turn_times.all()
        ],
    }


def _groups(service: Service) -> str | None:
    if service.only_groups:
        return "only"
    return "yes" if service.allows_groups else None


def _resource(resource: Resource) -> dict[str, Any]:
    plan = None
    if resource.plan_x is not None:
        plan = {
            "x": resource.plan_x,
            "y": resource.plan_y,
            "width": resource.plan_width,
            "height": resource.plan_height,
            "rotation": resource.plan_rotation or None,
            "shape": resource.shape,
        }
    return {
        "name": resource.name,
        "kind": resource.kind,
        "section": resource.section.name if resource.section else None,
        "units": resource.units if resource.units != 1 else None,
        "covers": [resource.covers_min, resource.covers_max],
        "order": resource.display_order,
        "active": None if resource.is_active else False,
        "online": None if resource.is_online else False,
        "rostered": resource.is_rostered or None,
        "roster": [
            {
                "day": each.day.isoformat(),
                "time": f"{each.starts:%H:%M}-{each.ends:%H:%M}",
                "kind": each.kind if each.kind != RosterEntry.Kind.WORKING_HOURS else None,
                "services": sorted(service.name for service in each.services.all()),
                "notes": each.notes,
            }
            for each in resource.roster.all()
        ],
        "plan": plan,
        **_promises(resource),
    }


def _promises(of: Location | Resource) -> dict[str, Any]:
    """Hours, breaks, closures and special days of a place or of one resource."""
    hours: Iterable[OpeningHours] = of.openinghours_set.all()
    breaks: Iterable[Break] = of.break_set.all()
    closures: Iterable[Closure] = of.closure_set.all()
    special: Iterable[SpecialDay] = of.specialday_set.all()
    return {
        "hours": _by_day((e.weekday, _opening(e)) for e in hours),
        "breaks": _by_day((e.weekday, f"{e.starts:%H:%M}-{e.ends:%H:%M}") for e in breaks),
        "closures": [
            {
                "from": each.first_day.isoformat(),
                "to": each.last_day.isoformat(),
                "time": f"{each.starts:%H:%M}-{each.ends:%H:%M}"
                if each.starts and each.ends
                else None,
                "reason": each.reason,
            }
            for each in closures
        ],
        "special_days": [
            {
                "day": each.day.isoformat(),
                "time": f"{each.opens:%H:%M}-{each.closes:%H:%M}",
                "note": each.note,
            }
            for each in special
        ],
    }


def _opening(hours: OpeningHours) -> str:
    period = f"{hours.opens:%H:%M}-{hours.closes:%H:%M}"
    return f"{period} last {hours.last_start:%H:%M}" if hours.last_start else period


def _by_day(rows: Iterable[tuple[int, str]]) -> dict[str, list[str]]:
    week: dict[str, list[str]] = {}
    for weekday, period in rows:
        week.setdefault(DAYS[weekday - 1], []).append(period)
    return week


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


def _full(value: Any) -> Any:
    """Without what is empty."""
    if isinstance(value, dict):
        kept = {name: _full(each) for name, each in value.items()}
        return {
            name: each
            for name, each in kept.items()
            if each is False
            or each not in (None, "", [], {}, 0)
            or (each == 0 and name in SAYS_ZERO)
        }
    if isinstance(value, list):
        return [_full(each) for each in value]
    return value
