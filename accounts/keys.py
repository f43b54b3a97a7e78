"""API keys: made once, shown once, known by their digest from then on."""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Iterable

from accounts.models import Business, Channel, User

SHOWN = 16  # characters of a key that may be shown again, to tell it from others


def digest(key: str) -> str:
    """The SHA-256 of a key, in hex. A key has 256 random bits at least, so a fast one is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def _new(business: Business, protocol: str) -> str:
    """A key in the form that the clients of a protocol expect."""
    if protocol == Channel.Protocol.APPOINTEDD:
        return base64.b64encode(secrets.token_bytes(64)).decode()  # 88 characters
    if protocol == Channel.Protocol.GOOGLE:  # a user name and a password (HTTP Basic)
        return f"google-{secrets.token_hex(8)}:{secrets.token_urlsafe(32)}"
    if protocol == Channel.Protocol.OCTOTABLE:  # the id of a client, and its secret (OAuth 2.0)
        return f"public_{secrets.randbelow(10**9)}{uuid.uuid4()}:{uuid.uuid4()}"
    return f"avail_{'test' if business.is_dev else 'live'}_{secrets.token_urlsafe(32)}"


def issue(
    business: Business,
    *,
    name: str,
    scopes: Iterable[str],
    rate_limit_rpm: int = 60,
    protocol: str = Channel.Protocol.AVAILENGINE,
    user: User | None = None,
) -> tuple[Channel, str]:
    """Make a channel and its key. The key is not stored: whoever loses it makes another."""
    key = _new(business, protocol)
    channel = Channel.objects.create(
        business=business,
        user=user,
        name=name,
        protocol=protocol,
        prefix=key[:SHOWN],
        key_hash=digest(key),
        scopes=sorted(set(scopes)),
        rate_limit_rpm=rate_limit_rpm,
    )
    return channel, key
