"""Where a business wants to hear of events."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from accounts.errors import Invalid
from accounts.models import Business
from bookings import outward
from bookings.models import WebhookEndpoint


def add_webhook(
    business: Business, *, url: str, events: Iterable[str], protocol: str
) -> WebhookEndpoint:
    """Start telling an address of events; its secret is seen only now. Raises Invalid for an
    address that isn't called."""
    if problem := outward.problem_with(url):
        raise Invalid(fields={"url": problem})
    return WebhookEndpoint.objects.create(
        business=business,
        protocol=protocol,
        url=url,
        secret=f"whsec_{secrets.token_urlsafe(32)}",
        events=sorted(set(events)),
    )


def remove_webhook(endpoint: WebhookEndpoint) -> None:
    """Stop telling an address; what was on its way is dropped."""
    endpoint.delete()
