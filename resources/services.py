"""Changing what can be booked. Effective with the next look at the book."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q

from accounts import clock
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Business
from accounts.services import create_business
from resources.models import Location, Requirement, Resource, Section, Service

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
    with once(resource_name_once=f"This section already has a resource called “{made.name}”."):
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
        with once(resource_name_once=f"This section already has a resource called “{found.name}”."):
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


# --- services ------------------------------------------------------------------------------------


@transaction.atomic
def add_service(business: Business, *, needs: Needs | None = None, **values: Any) -> Service:
    """Add something guests can book. Raises Invalid, NotFound for a resource that isn't there,
    and Conflict when there is a service of that name."""
    made = Service(business=business, **values)
    checked(made, values)
    with once(service_name_once=f"There is already a service called “{made.name}”."):
        made.save()
    if needs is not None:
        _require(made, needs)
    return made


@transaction.atomic
def change_service(service: Service, *, needs: Needs | None = None, **values: Any) -> Service:
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
        with once(service_name_once=f"There is already a service called “{found.name}”."):
            found.save(update_fields=list(values))
    if needs is not None:
        _require(found, needs)
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


def _require(service: Service, needs: Needs) -> None:
    """Replace what a service needs one of each of."""
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
        Requirement.objects.create(service=service, kind=kind).resources.set(qualified)
