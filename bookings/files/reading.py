"""A business file, read: every problem with its line, or all of it in one transaction."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import yaml
from django.db import transaction

from accounts import services as accounts
from accounts.models import Business, Channel, Membership, User
from availability.models import Break, Closure, OpeningHours, RosterEntry, SpecialDay
from billing.models import Plan, Subscription
from bookings import services as writing
from bookings.files.shape import DAYS, FilePart
from bookings.models import Schedule
from bookings.wishes import SYSTEM
from resources.models import (
    Category,
    Combination,
    Location,
    Requirement,
    Resource,
    Section,
    Service,
    TurnTime,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Problem(NamedTuple):
    """Something wrong with a file; lines count from 1."""

    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return (
            f"line {self.line}: {self.where}: {self.what}"
            if self.where
            else (f"line {self.line}: {self.what}")
        )


class BadFile(Exception):
    """The file is refused whole; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def parse(text: str) -> dict[str, Any]:
    """The file's values, checked. YAML or JSON (which is YAML). Raises BadFile with all that is
    wrong."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.load(text, Loader=_Plain)  # noqa: S506 - a safe loader without dates
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise BadFile([Problem(mark.line + 1 if mark else 1, "", str(error.problem))]) from None
    except yaml.YAMLError as error:
        raise BadFile([Problem(1, "", str(error))]) from None
    if not isinstance(values, dict) or root is None:
        raise BadFile([Problem(1, "", "The file must say business, locations and so on.")])
    reader = FilePart(data=values)
    if not reader.is_valid():
        raise BadFile(sorted(_problems(reader.errors, root, ())))
    found: dict[str, Any] = reader.validated_data
    if problems := sorted(_references(found, root)):
        raise BadFile(problems)
    return found


class _Plain(yaml.SafeLoader):
    """Leaves dates and the like as the text that they are."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in every if "timestamp" not in tag]
    for first, every in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def line_of(node: Any, path: tuple[str | int, ...]) -> int:
    """Where a part of the file stands, or the nearest that is there."""
    line: int = node.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    line, node = key.start_mark.line + 1, value
                    break
            else:
                return line
        elif isinstance(node, yaml.SequenceNode) and str(step).isdigit():
            if int(step) >= len(node.value):
                return line
            node = node.value[int(step)]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _problems(errors: Any, root: Any, path: tuple[str | int, ...]) -> list[Problem]:
    if isinstance(errors, Mapping):
        return [
            each
            for name, inner in errors.items()
            for each in _problems(
                inner, root, path if name == "non_field_errors" else (*path, name)
            )
        ]
    if isinstance(errors, list) and any(isinstance(each, Mapping) for each in errors):
        return [
            each
            for index, inner in enumerate(errors)
            for each in _problems(inner, root, (*path, index))
        ]
    where = ".".join(map(str, path))
    return [Problem(line_of(root, path), where, str(each)) for each in errors]


def _references(found: dict[str, Any], root: Any) -> list[Problem]:
    """Names that lead nowhere or are there twice, zones and plans that nobody knows."""
    problems: list[Problem] = []

    def check(is_right: bool, what: str, *path: str | int) -> None:
        if not is_right:
            problems.append(Problem(line_of(root, path), ".".join(map(str, path)), what))

    def once(rows: list[Any], name: Callable[[Any], Any], *path: str | int) -> None:
        seen = set()
        for n, row in enumerate(rows):
            check(name(row) not in seen, "This name is there twice.", *path, n)
            seen.add(name(row))

    about = found["business"]
    check(_is_zone(about["timezone"]), "There is no such time zone.", "business", "timezone")
    plan = about["plan"]
    is_plan = not plan or Plan.objects.filter(pk=plan).exists()
    check(is_plan, "There is no such plan.", "business", "plan")
    every: dict[str, str] = {}
    once(found["locations"], lambda row: row["name"], "locations")
    check(bool(found["locations"]), "There must be one at least.", "locations")
    for n, place in enumerate(found["locations"]):
        here = ("locations", n)
        zone = place["timezone"]
        check(not zone or _is_zone(zone), "There is no such time zone.", *here, "timezone")
        resources = place.get("resources", [])
        once(resources, lambda row: (row["section"], row["name"]), *here, "resources")
        names = {row["name"]: row["kind"] for row in resources}
        every |= names
        for m, row in enumerate(place.get("combinations", [])):
            for member in row["members"]:
                there = member in names
                what = f"There is no resource “{member}” here."
                check(there, what, *here, "combinations", m, "members")
        for m, row in enumerate(resources):
            least, most = row["covers"]
            fits = least <= most * row["units"]
            check(fits, "The smallest party doesn't fit.", *here, "resources", m, "covers")
    once(found.get("services", []), lambda row: row["name"], "services")
    known = {row["name"] for row in found.get("services", [])}
    for n, place in enumerate(found["locations"]):
        once(place.get("turn_times", []), lambda row: row["up_to"], "locations", n, "turn_times")
        for m, row in enumerate(place.get("resources", [])):
            for k, entry in enumerate(row.get("roster", [])):
                for name in entry.get("services", []):
                    at = ("locations", n, "resources", m, "roster", k, "services")
                    check(name in known, f"There is no service “{name}”.", *at)
    for n, row in enumerate(found.get("services", [])):
        for m, need in enumerate(row.get("needs", [])):
            for name in need.get("of", []):
                is_there = every.get(name) == need["kind"]
                what = f"There is no {need['kind']} “{name}”."
                check(is_there, what, "services", n, "needs", m, "of")
    places = {row["name"] for row in found["locations"]}
    once(found.get("schedules", []), _which, "schedules")
    for n, row in enumerate(found.get("schedules", [])):
        here = ("schedules", n)
        service, place = row["service"], row["location"]
        check(service in known, f"There is no service “{service}”.", *here, "service")
        is_there = place in places or not place
        check(is_there, f"There is no location “{place}”.", *here, "location")
        for name in row.get("with", []):
            check(name in every, f"There is no resource “{name}”.", *here, "with")
    return problems


def _which(row: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one schedule from another."""
    said = (row[name] for name in ("service", "location", "rule", "at", "from"))
    return (*said, frozenset(row.get("with", [])))


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


class Result(NamedTuple):
    """What was read: the business, whether it is new, and the keys that were made (shown now)."""

    business: Business
    is_new: bool
    keys: dict[str, str]


@transaction.atomic
def read(
    found: dict[str, Any], *, slug: str = "", tell: Callable[[str], None] = lambda _: None
) -> Result:
    """Make the business as the file says, or bring the one of its slug up to it, by names.

    All or nothing. What the file doesn't name stays, but the hours, breaks, closures and special
    days of what it names are replaced. Members that aren't known get an account without a password.
    """
    about = found["business"]
    fields = {
        "name": about["name"],
        "business_type": about["type"],
        "timezone": about["timezone"],
        "currency": about["currency"],
        "booking_mode": about["mode"],
        **about.get("settings", {}),
    }
    business, is_new = Business.objects.update_or_create(
        slug=slug or about["slug"], defaults=fields
    )
    if about["plan"]:
        Subscription.objects.update_or_create(
            business=business, defaults={"plan_id": about["plan"]}
        )
    resources: dict[str, Resource] = {}
    for order, place in enumerate(found["locations"]):
        tell(f"location {place['name']}")
        resources |= _read_location(business, place, order)
    services: dict[str, Service] = {}
    for order, row in enumerate(found.get("services", [])):
        tell(f"service {row['name']}")
        services[row["name"]] = _read_service(business, row, order, resources)
    for place in found["locations"]:
        for row in place.get("resources", []):
            _read_roster(resources[row["name"]], row.get("roster", []), services)
    for row in found.get("schedules", []):
        tell(f"schedule {row['service']} {row['at']:%H:%M}")
        place = row["location"] or found["locations"][0]["name"]
        where = business.locations.get(name=place)
        _read_schedule(row, services[row["service"]], where, resources)
    for row in found.get("members", []):
        email = row["email"].casefold()
        user = User.objects.filter(email=email).first()
        user = user or User.objects.create_user(email, is_staff=True)
        Membership.objects.update_or_create(
            business=business, user=user, defaults={"role": row["role"]}
        )
    made = {}
    for row in found.get("keys", []):
        alike = business.channels.filter(name=row["name"], protocol=row["protocol"], is_active=True)
        if not alike.exists():
            _, key = accounts.issue_key(
                business,
                name=row["name"],
                scopes=row["scopes"],
                rate_limit_rpm=row["requests_a_minute"],
                protocol=row["protocol"],
            )
            made[_called(row)] = key
    return Result(business, is_new, made)


def _called(key: dict[str, Any]) -> str:
    """What a key is known by, among those of all protocols."""
    is_usual = key["protocol"] == Channel.Protocol.AVAILENGINE
    name: str = key["name"]
    return name if is_usual else f"{name} ({key['protocol']})"


def _read_location(business: Business, row: dict[str, Any], order: int) -> dict[str, Resource]:
    pacing = row.get("pacing", {})
    place, _ = Location.objects.update_or_create(
        business=business,
        name=row["name"],
        defaults={
            "address": row["address"],
            "timezone": row["timezone"],
            "display_order": order,
            "pacing_minutes": pacing.get("minutes", 15),
            "pacing_covers": pacing.get("covers"),
            "pacing_parties": pacing.get("parties"),
        },
    )
    place.turn_times.all().delete()
    TurnTime.objects.bulk_create(
        TurnTime(
            location=place,
            covers_max=each["up_to"],
            duration=timedelta(minutes=each["minutes"]),
        )
        for each in row.get("turn_times", [])
    )
    _read_promises(row, location=place)
    sections: dict[str, Section] = {}
    names = [*row.get("sections", []), *(each["section"] for each in row.get("resources", []))]
    for number, name in enumerate(dict.fromkeys(filter(None, names))):
        sections[name], _ = Section.objects.update_or_create(
            location=place, name=name, defaults={"display_order": number}
        )
    resources: dict[str, Resource] = {}
    for each in row.get("resources", []):
        plan = each.get("plan") or {}
        made, _ = Resource.objects.update_or_create(
            location=place,
            section=sections.get(each["section"]),
            name=each["name"],
            deleted_at=None,
            defaults={
                "business": business,
                "kind": each["kind"],
                "units": each["units"],
                "covers_min": each["covers"][0],
                "covers_max": each["covers"][1],
                "display_order": each["order"],
                "is_active": each["active"],
                "is_online": each["online"],
                "is_rostered": each["rostered"],
                "plan_x": plan.get("x"),
                "plan_y": plan.get("y"),
                "plan_width": plan.get("width"),
                "plan_height": plan.get("height"),
                "plan_rotation": plan.get("rotation", 0),
                "shape": plan.get("shape", "square"),
            },
        )
        _read_promises(each, resource=made)
        resources[each["name"]] = made
    for number, each in enumerate(row.get("combinations", [])):
        joined, _ = Combination.objects.update_or_create(
            location=place,
            name=each["name"],
            defaults={
                "covers_min": each["covers"][0],
                "covers_max": each["covers"][1],
                "is_active": each["active"],
                "display_order": number,
            },
        )
        joined.members.set([resources[name] for name in each["members"]])
    return resources


def _read_promises(row: dict[str, Any], **owner: Any) -> None:
    for model in (OpeningHours, Break, Closure, SpecialDay):
        model._default_manager.filter(**owner).delete()
    for number, day in enumerate(DAYS, start=1):
        for opens, closes, last in row.get("hours", {}).get(day, []):
            OpeningHours.objects.create(
                weekday=number, opens=opens, closes=closes, last_start=last, **owner
            )
        for starts, ends in row.get("breaks", {}).get(day, []):
            Break.objects.create(weekday=number, starts=starts, ends=ends, **owner)
    for each in row.get("closures", []):
        starts, ends = each.get("time", (None, None))
        Closure.objects.create(
            first_day=each["from"],
            last_day=each["to"],
            starts=starts,
            ends=ends,
            reason=each["reason"],
            **owner,
        )
    for each in row.get("special_days", []):
        opens, closes = each["time"]
        SpecialDay.objects.create(
            day=each["day"], opens=opens, closes=closes, note=each["note"], **owner
        )


def _read_roster(
    resource: Resource, rows: list[dict[str, Any]], services: dict[str, Service]
) -> None:
    resource.roster.all().delete()
    for each in rows:
        starts, ends = each["time"]
        entry = RosterEntry.objects.create(
            resource=resource,
            day=each["day"],
            starts=starts,
            ends=ends,
            kind=each["kind"],
            notes=each["notes"],
        )
        entry.services.set([services[name] for name in each.get("services", [])])


def _length(number: int | None, unit: timedelta) -> timedelta | None:
    return None if number is None else number * unit


def _read_service(
    business: Business, row: dict[str, Any], order: int, resources: dict[str, Resource]
) -> Service:
    category = None
    if row["category"]:
        category, _ = Category.objects.get_or_create(business=business, name=row["category"])
    service, _ = Service.objects.update_or_create(
        business=business,
        name=row["name"],
        defaults={
            "description": row["description"],
            "duration": timedelta(minutes=row["minutes"]),
            "buffer_before": timedelta(minutes=row["buffer_before"]),
            "buffer_after": timedelta(minutes=row["buffer_after"]),
            "preparation": timedelta(minutes=row["preparation"]),
            "cleanup": timedelta(minutes=row["cleanup"]),
            "slot_interval": _length(row["interval"], MINUTE),
            "min_notice": _length(row["notice"], MINUTE),
            "max_advance": _length(row["days_ahead"], DAY),
            "category": category,
            "allows_groups": row["groups"] != "no",
            "only_groups": row["groups"] == "only",
            "price_cents": row["price_cents"],
            "deposit_amount_cents": row["deposit_cents"],
            "capacity": row["capacity"],
            "is_active": row["active"],
            "display_order": order,
        },
    )
    service.requirements.all().delete()
    for need in row.get("needs", []):
        made = Requirement.objects.create(
            service=service, kind=need["kind"], count=need["count"], only_named=need["only"]
        )
        made.resources.set([resources[name] for name in need.get("of", [])])
    return service


def _read_schedule(
    row: dict[str, Any], service: Service, place: Location, resources: dict[str, Resource]
) -> None:
    """Write a schedule down, or bring the one that is the same but for its ends up to it. The beat
    puts its sessions in the book."""
    named = [resources[name] for name in row.get("with", [])]
    values = {
        "until": row["until"],
        "exceptions": row.get("but_not", []),
        "capacity": row["places"],
        "is_active": row["active"],
    }
    same = Schedule.objects.filter(
        service=service, location=place, rule=row["rule"], at=row["at"], starts_on=row["from"]
    ).prefetch_related("resources")
    for each in same:
        if set(each.resources.all()) == set(named):
            writing.change_schedule(each, by=SYSTEM, **values)
            return
    writing.add_schedule(
        service.business,
        service=service,
        location=place,
        rule=row["rule"],
        at=row["at"],
        starts_on=row["from"],
        resources=named,
        **values,
    )
