"""A guest's own link to their booking: whoever has it may see, move and cancel that booking.

The link names the booking and how many links of it were revoked, signed with the SECRET_KEY, so
none is stored and none can be guessed. It opens nothing once a newer one was given out, once the
booking was over for a while (wherever it was moved to), or when the key and its fallbacks changed.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from accounts import clock
from bookings.errors import LinkExpired, LinkRevoked, LinkUnknown
from bookings.models import Booking

KEPT = timedelta(days=30)  # how long after the end of the booking a link still opens it


def _signer() -> Signer:
    return Signer(salt="bookings.links", sep=".")


def token(booking: Booking) -> str:
    """What stands in the booking's link; safe in a path, 68 characters."""
    said = booking.pk.bytes + booking.link_version.to_bytes(2)
    return _signer().sign(base64.urlsafe_b64encode(said).decode())


def url(booking: Booking) -> str:
    """The booking's link, as it is written in a mail."""
    return settings.PUBLIC_URL + reverse("guest:booking", args=[token(booking)])


def follow(token: str, *, now: datetime | None = None) -> Booking:
    """The booking that a link leads to, with all that is shown of it. One query.

    Raises LinkUnknown, LinkRevoked or LinkExpired.
    """
    pk, version = _read(token)
    booking = (
        Booking.objects.filter(pk=pk, business__is_active=True)
        .select_related("business", "location", "service", "guest")
        .first()
    )
    if booking is None:
        raise LinkUnknown
    booking.location.business = booking.business
    if booking.link_version != version:
        raise LinkRevoked
    if clock.read(now) >= booking.ends_at + KEPT:
        raise LinkExpired
    return booking


def _read(token: str) -> tuple[uuid.UUID, int]:
    try:
        said = base64.b64decode(_signer().unsign(token), altchars=b"-_", validate=True)
    except (BadSignature, binascii.Error, ValueError):
        raise LinkUnknown from None
    if len(said) != 18:
        raise LinkUnknown
    return uuid.UUID(bytes=said[:16]), int.from_bytes(said[16:])
