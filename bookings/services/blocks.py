"""Taking a resource out of use, and giving it back."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts import clock
from accounts.errors import Invalid
from accounts.models import User
from accounts.transactions import LostRace, written
from bookings import allocations
from bookings.errors import SlotTaken
from bookings.models import Block, Event
from bookings.services.making import lock_days
from bookings.services.recording import owe
from bookings.wishes import Actor
from resources.models import Resource

LONGEST = timedelta(days=366)


@written
def block(
    resource: Resource,
    *,
    starts_at: datetime,
    ends_at: datetime,
    by: Actor,
    reason: str = "",
    user: User | None = None,
    now: datetime | None = None,
) -> Block:
    """Take a resource out of use, all its units. Raises SlotTaken when anybody is booked there,
    Invalid for more than a year: each day of it is locked."""
    if ends_at <= starts_at:
        raise Invalid(fields={"ends_at": "The end must be after the start."})
    if ends_at - starts_at > LONGEST:
        raise Invalid(fields={"ends_at": "At most a year after the start."})
    lock_days([resource.location_id], starts_at, ends_at)
    made = Block.objects.create(
        business_id=resource.business_id,
        resource=resource,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        created_by=user,
    )
    allocations.release_lapsed(resource.business_id, [resource.pk], (starts_at, ends_at), now=now)
    try:
        allocations.take(
            [(resource.pk, unit) for unit in range(resource.units)],
            business_id=resource.business_id,
            block_id=made.pk,
            during=(starts_at, ends_at),
        )
    except LostRace:
        raise SlotTaken("The resource is booked in this time.") from None
    _record_block(made, Event.Kind.BLOCKED, by=by, now=now)
    return made


@written
def unblock(made: Block, *, by: Actor, now: datetime | None = None) -> None:
    """Give a blocked resource back. Repeating it does nothing."""
    found = Block.objects.select_for_update().filter(pk=made.pk).first()
    if found is None:
        return
    _record_block(found, Event.Kind.UNBLOCKED, by=by, now=now)
    found.delete()


def _record_block(made: Block, kind: Event.Kind, *, by: Actor, now: datetime | None) -> None:
    event = Event.objects.create(
        business_id=made.business_id,
        kind=kind,
        at=clock.moment(now),
        actor=str(by),
        data={
            "block": str(made.pk),
            "resource_ids": [str(made.resource_id)],
            "starts_at": made.starts_at.isoformat(),
            "ends_at": made.ends_at.isoformat(),
            "reason": made.reason,
        },
    )
    owe(now=now, event=event)
