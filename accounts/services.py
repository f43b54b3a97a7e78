"""Changing who: a business, what it promises, and the programs that book for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import keys
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Business, Channel


@transaction.atomic
def change_business(business: Business, **values: Any) -> Business:
    """Change a business or its settings; what isn't given stays. Bookings are left alone.

    Raises Invalid for what the model refuses, Conflict for another's slug.
    """
    found = Business.objects.select_for_update(no_key=True).filter(pk=business.pk).first()
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    try:
        found.clean_fields(exclude={each.name for each in found._meta.fields} - set(values))
    except ValidationError as error:
        raise Invalid(
            fields={name: " ".join(said) for name, said in error.message_dict.items()}
        ) from None
    if "slug" in values and (
        Business.objects.filter(slug=found.slug).exclude(pk=found.pk).exists()
    ):
        raise Conflict(f"The slug “{found.slug}” is taken.")
    if values:
        found.save(update_fields=list(values))
    return found


@transaction.atomic
def issue_key(
    business: Business, *, name: str, scopes: Iterable[str], rate_limit_rpm: int = 60
) -> tuple[Channel, str]:
    """Make a key for a program; the key itself is seen only now."""
    return keys.issue(business, name=name, scopes=scopes, rate_limit_rpm=rate_limit_rpm)


@transaction.atomic
def revoke_key(channel: Channel) -> None:
    """Take a key away: it opens nothing from now on. Its bookings remember it."""
    Channel.objects.filter(pk=channel.pk).update(is_active=False)
