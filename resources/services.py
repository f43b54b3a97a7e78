"""Changing what can be booked. Effective with the next look at the book."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext

from accounts import clock
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Business
from accounts.remembered import changed
from accounts.services import create_business
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

Needs = Mapping[str, Collection[uuid.UUID]]  # by kind: who or what qualifies; empty for all


@contextmanager
def once(**messages: str) -> Iterator[None]:
    """Say a broken unique constraint as a Conflict: the message by the constraint's name."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        if name not in messages:
            raise
        raise Conflict(messages[name]) from None


def _resource_once(name: str) -> AbstractContextManager[None]:
    words = gettext("This section already has a resource called “%(name)s”.")
    return once(resource_name_once=words % {"name": name})


def _service_once(name: str) -> AbstractContextManager[None]:
    words = gettext("There is already a service called “%(name)s”.")
    return once(service_name_once=words % {"name": name})


def _category_once(name: str) -> AbstractContextManager[None]:
    words = gettext("There is already a category called “%(name)s”.")
    return once(category_name_once=words % {"name": name})


def _location_once(name: str) -> AbstractContextManager[None]:
    words = gettext("There is already a location called “%(name)s”.")
    return once(location_name_once=words % {"name": name})


def checked(row: models.Model, names: Collection[str]) -> None:
    """Hold these fields to what the model says of them. Raises Invalid."""
    others = {field.name for field in row._meta.fields} - set(names)
    try:
        row.clean_fields(exclude=others)
    except ValidationError as error:
        raise Invalid(
            fields={name: " ".join(said) for name, said in error.message_dict.items()}
        ) from None


@transaction.atomic
def open_business(**values: Any) -> tuple[Business, str]:
    """Add a business that can be used at once: with a location. Returns its first key too; raises
    as `accounts.services.create_business`, whose values it takes."""
    business, key = create_business(**values)
    first_location(business)
    return business, key


def first_location(business: Business) -> Location:
    """Where a business is, for those who don't know that it may be in several places."""
    found = business.locations.first()
    return found or Location.objects.create(business=business, name="Main")


# --- resources -----------------------------------------------------------------------------------


@transaction.atomic
def add_resource(
    business: Business, *, section: str = "", location: Location | None = None, **values: Any
) -> Resource:
    """Add something that can be booked from now on; a section of that name is made if need be.

    Raises Invalid, and Conflict when the section has a resource of that name.
    """
    where = location or first_location(business)
    made = Resource(business=business, location=where, **values)
    made.section = _section(where, section)
    _check(made, values)
    with _resource_once(made.name):
        made.save()
    return made


@transaction.atomic
def change_resource(resource: Resource, *, section: str | None = None, **values: Any) -> Resource:
    """Change a resource; bookings keep what they have. `section` "" takes it out of its section.

    Raises as `add_resource` does, NotFound when it was deleted meanwhile.
    """
    found = _existing(resource)
    for name, value in values.items():
        setattr(found, name, value)
    changed = list(values)
    if section is not None:
        found.section = _section(found.location, section)
        changed.append("section")
    _check(found, values)
    if changed:
        with _resource_once(found.name):
            found.save(update_fields=changed)
    return found


@transaction.atomic
def remove_resource(resource: Resource, *, now: datetime | None = None) -> None:
    """Take a resource off the books for good; its bookings stay, for staff to move.

    Raises NotFound when it is gone already.
    """
    found = _existing(resource)
    found.deleted_at = clock.read(now)
    found.save(update_fields=["deleted_at"])


def _existing(resource: Resource) -> Resource:
    found = (
        Resource.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location", "section")
        .filter(pk=resource.pk, business_id=resource.business_id, deleted_at=None)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def _section(location: Location, name: str) -> Section | None:
    if not name:
        return None
    return Section.objects.get_or_create(location=location, name=name)[0]


def _check(resource: Resource, values: Collection[str]) -> None:
    checked(resource, values)
    if resource.covers_min > resource.covers_max * resource.units:
        raise Invalid(fields={"capacity_min": "Must not be more than capacity_max."})


# --- sections and combinations -------------------------------------------------------------------


def _section_once() -> AbstractContextManager[None]:
    return once(section_name_once=gettext("There is already a room of this name."))


def _combination_once() -> AbstractContextManager[None]:
    return once(combination_name_once=gettext("There is already a combination of this name."))


@transaction.atomic
def add_section(location: Location, **values: Any) -> Section:
    """Add a room or area to a place. Raises Invalid, Conflict when there is one of that name."""
    made = Section(location=location, **values)
    checked(made, values)
    with _section_once():
        made.save()
    return made


@transaction.atomic
def change_section(section: Section, **values: Any) -> Section:
    """Change a room or area. Raises as `add_section`, NotFound when it is gone."""
    found = Section.objects.select_for_update(no_key=True).filter(pk=section.pk).first()
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    checked(found, values)
    if values:
        with _section_once():
            found.save(update_fields=list(values))
    return found


@transaction.atomic
def remove_section(section: Section, *, now: datetime | None = None) -> None:
    """Take a room off the books, with what is in it; bookings stay, for staff to move."""
    for each in Resource.objects.filter(section=section, deleted_at=None):
        remove_resource(each, now=now)
    Combination.objects.filter(members__section=section).delete()
    section.delete()


@transaction.atomic
def add_combination(
    location: Location, members: Collection[uuid.UUID], **values: Any
) -> Combination:
    """Let resources of a place be taken together. Raises Invalid, NotFound, and Conflict for a name
    that is taken."""
    made = Combination(location=location, **values)
    checked(made, values)
    _in_order(made)
    with _combination_once():
        made.save()
    _join(made, members)
    return made


@transaction.atomic
def change_combination(
    combination: Combination, *, members: Collection[uuid.UUID] | None = None, **values: Any
) -> Combination:
    """Change what is taken together. Raises as `add_combination`."""
    found = Combination.objects.select_for_update(no_key=True).filter(pk=combination.pk).first()
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    checked(found, values)
    _in_order(found)
    if values:
        with _combination_once():
            found.save(update_fields=list(values))
    if members is not None:
        _join(found, members)
    return found


@transaction.atomic
def remove_combination(combination: Combination) -> None:
    """Let these resources be taken one by one alone; what is booked stays."""
    combination.delete()


def _join(combination: Combination, members: Collection[uuid.UUID]) -> None:
    wanted = set(members)
    found = Resource.objects.filter(
        location=combination.location_id, pk__in=wanted, deleted_at=None
    )
    if found.count() < len(wanted):
        raise NotFound("There is no such resource here.")
    if len(wanted) < 2:
        raise Invalid(fields={"members": "A combination is of two at least."})
    combination.members.set(found)


def _in_order(combination: Combination) -> None:
    if not 1 <= combination.covers_min <= combination.covers_max:
        raise Invalid(fields={"covers_min": "Must be from 1 to the most it seats."})


# --- services ------------------------------------------------------------------------------------


@transaction.atomic
def add_service(
    business: Business,
    *,
    needs: Needs | None = None,
    only_named: Collection[str] = (),
    counts: Mapping[str, int] | None = None,
    **values: Any,
) -> Service:
    """Add something guests can book; of the kinds in `only_named` it never needs just anybody, and
    of each kind as many at a time as `counts` says, or one. Raises Invalid, NotFound for a resource
    that isn't there, and Conflict when there is a service of that name."""
    made = Service(business=business, **values)
    checked(made, values)
    with _service_once(made.name):
        made.save()
    if needs is not None:
        _require(made, needs, only_named, counts or {})
    return made


@transaction.atomic
def change_service(
    service: Service,
    *,
    needs: Needs | None = None,
    only_named: Collection[str] = (),
    counts: Mapping[str, int] | None = None,
    **values: Any,
) -> Service:
    """Change a service; what was booked stays as it was. Raises as `add_service` does."""
    found = (
        Service.objects.select_for_update(no_key=True)
        .filter(pk=service.pk, business_id=service.business_id)
        .first()
    )
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    checked(found, values)
    if values:
        with _service_once(found.name):
            found.save(update_fields=list(values))
    if needs is not None:
        _require(found, needs, only_named, counts or {})
    return found


@transaction.atomic
def remove_service(service: Service) -> None:
    """Delete a service that was never booked. Raises Conflict for one that was."""
    try:
        service.delete()
    except models.ProtectedError:
        raise Conflict(
            "This service has bookings. Set is_active to false to stop offering it."
        ) from None


def _require(
    service: Service, needs: Needs, only_named: Collection[str], counts: Mapping[str, int]
) -> None:
    """Replace what a service needs, by kind."""
    wanted = {each for ids in needs.values() for each in ids}
    # One that was deleted may still be named where it was, so that no list turns empty by itself.
    there = Q(deleted_at=None) | Q(requirements__service=service)
    known = dict(
        Resource.objects.filter(there, business_id=service.business_id, pk__in=wanted).values_list(
            "pk", "kind"
        )
    )
    for kind, ids in needs.items():
        if missing := [each for each in ids if each not in known]:
            raise NotFound(f"There is no such resource: {missing[0]}.")
        if strangers := [each for each in ids if known[each] != kind]:
            raise Invalid(fields={"requirements": f"{strangers[0]} is not of type “{kind}”."})
    service.requirements.all().delete()
    for kind, ids in needs.items():
        qualified = Resource.objects.filter(pk__in=ids)
        need = Requirement.objects.create(
            service=service,
            kind=kind,
            count=max(1, counts.get(kind, 1)),
            only_named=kind in only_named,
        )
        need.resources.set(qualified)


def heading(business: Business, name: str) -> Category | None:
    """The category of that name, made if need be; None for no name."""
    if not name:
        return None
    return Category.objects.get_or_create(business=business, name=name)[0]


@transaction.atomic
def change_category(category: Category, **values: Any) -> Category:
    """Change a heading. Raises Invalid, NotFound, Conflict when there is one of that name."""
    found = Category.objects.select_for_update(no_key=True).filter(pk=category.pk).first()
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    checked(found, values)
    if values:
        with _category_once(found.name):
            found.save(update_fields=list(values))
    return found


@transaction.atomic
def remove_category(category: Category) -> None:
    """Take a heading away; the services under it stay, under none."""
    Category.objects.filter(pk=category.pk).delete()


@transaction.atomic
def qualify(
    service: Service, *, kind: str, resource_ids: Collection[uuid.UUID], count: int = 1
) -> None:
    """Replace who or what of a kind can serve: exactly these, so many at a time.

    None means nobody, and the service can't be had at any door until somebody is named.
    """
    known = set(
        Resource.objects.filter(
            business_id=service.business_id, kind=kind, pk__in=resource_ids
        ).values_list("pk", flat=True)
    )
    if missing := [each for each in resource_ids if each not in known]:
        raise NotFound(f"There is no such {kind}: {missing[0]}.")
    service.requirements.filter(kind=kind).delete()
    need = Requirement.objects.create(
        service=service, kind=kind, count=max(1, count), only_named=True
    )
    need.resources.set(Resource.objects.filter(pk__in=known))


@transaction.atomic
def release_from(service: Service, *, kind: str) -> None:
    """The service needs nobody of that kind any more."""
    service.requirements.filter(kind=kind).delete()


@transaction.atomic
def set_skills(resource: Resource, service_ids: Collection[uuid.UUID]) -> None:
    """Qualify somebody for exactly these services. Raises NotFound for one that isn't there.

    A service that said "all of the kind" names the others from now on.
    """
    everything = list(
        Service.objects.select_for_update(no_key=True)
        .filter(business_id=resource.business_id)
        .order_by("pk")
    )
    wanted = set(service_ids)
    if missing := wanted - {each.pk for each in everything}:
        raise NotFound(f"There is no such service: {missing.pop()}.")
    colleagues = set(
        Resource.objects.filter(
            business_id=resource.business_id, kind=resource.kind, deleted_at=None
        ).values_list("pk", flat=True)
    )
    for service in everything:
        need = service.requirements.filter(kind=resource.kind).first()
        if need is None and service.pk not in wanted:
            continue
        named = set(need.resources.values_list("pk", flat=True)) if need else set()
        is_anybody = need is not None and need.is_anybody
        if is_anybody and service.pk in wanted:
            continue
        before = set(named)
        if is_anybody:
            named = colleagues
        named = named | {resource.pk} if service.pk in wanted else named - {resource.pk}
        if named != before or need is None:
            qualify(
                service,
                kind=resource.kind,
                resource_ids=named,
                count=need.count if need else 1,
            )


PLACE = "place"  # what a service without staff takes: so many at a time


@transaction.atomic
def provide_places(service: Service, *, units: int) -> None:
    """A service that needs nobody can be had so many times at once, at every location."""
    kind = f"{PLACE} {service.pk.hex[:24]}"
    places = []
    for location in Location.objects.filter(business_id=service.business_id, is_active=True):
        place, _ = Resource.objects.update_or_create(
            business_id=service.business_id,
            location=location,
            kind=kind,
            deleted_at=None,
            defaults={
                "name": f"{service.name[:70]} {service.pk.hex[:8]}",
                "units": units,
                "is_active": True,
            },
        )
        places.append(place)
    need, _ = Requirement.objects.get_or_create(service=service, kind=kind)
    need.resources.set(places)


@transaction.atomic
def withdraw_places(service: Service) -> None:
    """The service needs no places of its own any more; what is booked in them stays."""
    kind = f"{PLACE} {service.pk.hex[:24]}"
    if service.requirements.filter(kind=kind).delete()[0]:
        Resource.objects.filter(business_id=service.business_id, kind=kind).update(is_active=False)
        changed([service.business_id])


# --- locations -----------------------------------------------------------------------------------


@transaction.atomic
def add_location(business: Business, **values: Any) -> Location:
    """Add a place; what needs no staff can be had there too. Raises Invalid, and Conflict when
    there is one of that name."""
    made = Location(business=business, **values)
    checked(made, values)
    with _location_once(made.name):
        made.save()
    for need in Requirement.objects.filter(
        service__business=business, kind__startswith=f"{PLACE} "
    ).prefetch_related("resources"):
        units = max((each.units for each in need.resources.all()), default=1)
        provide_places(need.service, units=units)
    return made


@transaction.atomic
def change_location(location: Location, **values: Any) -> Location:
    """Change a place; bookings there stay. Raises as `add_location` does."""
    found = (
        Location.objects.select_for_update(no_key=True, of=("self",))
        .select_related("business")
        .filter(pk=location.pk, business_id=location.business_id)
        .first()
    )
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    checked(found, values)
    if values:
        with _location_once(found.name):
            found.save(update_fields=list(values))
    return found


@transaction.atomic
def set_turn_times(location: Location, turns: Mapping[int, timedelta]) -> None:
    """Replace how long parties keep their tables at a place: by the largest party that it is for.
    Raises Invalid."""
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)  # one writer at a time
    rows = [TurnTime(location=location, covers_max=most, duration=turns[most]) for most in turns]
    for row in rows:
        checked(row, {"covers_max", "duration"})
        if row.duration <= timedelta():
            raise Invalid(fields={"duration": "A turn takes time."})
    TurnTime.objects.filter(location=location).delete()
    TurnTime.objects.bulk_create(rows)
