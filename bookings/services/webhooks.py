"""Where a business wants to hear of events."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

from accounts.errors import Invalid
from accounts.models import Business
from bookings import outward
from bookings.models import WebhookEndpoint

OURS = frozenset(
    ("connection", "content-length", "content-type", "host", "transfer-encoding", "upgrade")
)
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"[!-~](?:[ -~]{0,998}[!-~])?")


def add_webhook(
    business: Business,
    *,
    url: str,
    events: Iterable[str],
    protocol: str,
    headers: Mapping[str, str] | None = None,
) -> WebhookEndpoint:
    """Start telling an address of events; its secret is seen only now. `headers` are sent along.

    Raises Invalid for an address that isn't called, and for headers that can't be sent.
    """
    for name, value in (headers or {}).items():
        if name.lower() in OURS or not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise Invalid(fields={"headers": f"“{name[:64]}” can't be sent so."})
    if problem := outward.problem_with(url):
        raise Invalid(fields={"url": problem})
    return WebhookEndpoint.objects.create(
        business=business,
        protocol=protocol,
        url=url,
        secret=f"whsec_{secrets.token_urlsafe(32)}",
        events=sorted(set(events)),
        headers=dict(headers or {}),
    )


def remove_webhook(endpoint: WebhookEndpoint) -> None:
    """Stop telling an address; what was on its way is dropped."""
    endpoint.delete()


def change_webhook(
    endpoint: WebhookEndpoint, *, events: Iterable[str] | None = None, is_active: bool | None = None
) -> WebhookEndpoint:
    """Change what an address is told of, or whether. One that was switched off for failing has
    another week when it is switched on; what happened meanwhile it isn't told."""
    changed = []
    if events is not None:
        endpoint.events = sorted(set(events))
        changed.append("events")
    if is_active is not None:
        endpoint.is_active = is_active
        endpoint.failing_since = None
        changed += ["is_active", "failing_since"]
    endpoint.save(update_fields=changed)
    return endpoint
