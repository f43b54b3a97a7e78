"""Guests who log in: registering, and the password that says it is them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.contact import email_key, phone_key
from accounts.errors import Conflict, Invalid
from accounts.models import Business
from accounts.transactions import lock, written
from bookings import allocations
from bookings.models import Guest, GuestPassword
from bookings.wishes import GuestDetails


@written
def register(
    business: Business,
    who: GuestDetails,
    *,
    password: str | None = None,
    notes: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Guest:
    """Add a guest nobody knows yet, with a password to log in if one is given.

    Unlike `welcome` this finds nobody who is there already: whoever knows a phone number hasn't
    proved that it is theirs. Raises Conflict for a phone or an e-mail that is known, Invalid.
    """
    if not (who.phone or who.email):
        raise Invalid(fields={"email": "Either email or phone is required"})
    lock([f"guests:{business.pk}"])
    refuse_known(business, email=who.email, phone=who.phone)
    made = Guest.objects.get(pk=allocations.guest(business.pk, who, now=now))
    made.notes, made.details = notes, dict(details or {})
    made.save(update_fields=["notes", "details"])
    if password is not None:
        set_password(made, password)
    return made


def refuse_known(
    business: Business, *, email: str = "", phone: str = "", but: Guest | None = None
) -> None:
    """Raises Conflict when another guest has this phone or e-mail."""
    others = Guest.objects.filter(business=business)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if (key := email_key(email)) and others.filter(email_key=key).exists():
        raise Conflict("Email already registered")
    if (key := phone_key(phone)) and others.filter(phone_key=key).exists():
        raise Conflict("Phone number already registered")


def set_password(guest: Guest, password: str) -> None:
    """Let a guest log in with this password from now on. Raises Invalid for a weak one."""
    try:
        validate_password(password, guest)  # type: ignore[arg-type]  # compares attributes by name
    except ValidationError as error:
        raise Invalid(fields={"password": " ".join(error.messages)}) from None
    GuestPassword.objects.update_or_create(
        guest=guest, defaults={"password": make_password(password)}
    )


def known_by(
    *, email: str = "", phone: str = "", password: str, business: Business | None = None
) -> list[Guest]:
    """The guests of this e-mail or phone and password, of one business or of several; takes about
    as long for nobody."""
    found = GuestPassword.objects.select_related("guest__business").filter(
        guest__business__is_active=True
    )
    if business:
        found = found.filter(guest__business=business)
    if email:
        found = found.filter(guest__email_key=email_key(email))
    else:
        found = found.filter(guest__phone_key=phone_key(phone))
    rows = list(found.order_by("created_at")[:10])
    if not rows:
        make_password(password)
    return [each.guest for each in rows if check_password(password, each.password)]
