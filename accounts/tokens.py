"""Access tokens for people: JSON Web Tokens (RFC 7519), HS256.

A token that names an audience opens only that audience's doors; `read` takes none of those.
"""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

from accounts.models import User

LASTS = timedelta(hours=1)
ALGORITHM = "HS256"


def issue(user: User, *, now: datetime | None = None) -> str:
    """A token that says who the user is, and to the client which kind of user."""
    role = "developer" if user.is_developer else "owner"
    return sign(
        {"sub": str(user.pk), "email": user.email, "app_metadata": {"role": role}},
        lasts=LASTS,
        now=now,
    )


def read(token: str, *, now: datetime | None = None) -> uuid.UUID | None:
    """Whose token it is, or None for one that is forged, malformed or past its hour."""
    claims = verify(token, now=now)
    return _uuid(claims["sub"]) if claims else None


def sign(claims: dict[str, Any], *, lasts: timedelta, now: datetime | None = None) -> str:
    """A token of these claims; `aud` among them says whose doors it opens."""
    now = now or datetime.now(UTC)
    return jwt.encode(claims | {"iat": now, "exp": now + lasts}, settings.JWT_SECRET, ALGORITHM)


def verify(
    token: str, *, audiences: Collection[str] | None = None, now: datetime | None = None
) -> dict[str, Any] | None:
    """The claims of a token for one of these audiences (None: for no audience in particular), or
    None for one that is forged, malformed or over."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            settings.JWT_SECRET,
            [ALGORITHM],
            audience=audiences,
            options={
                "require": ["exp", "sub", *(["aud"] if audiences else [])],
                "verify_exp": now is None,
                "verify_iat": False,
            },
        )
        if now is not None and now.timestamp() >= float(claims["exp"]):
            return None
        return claims
    except (jwt.InvalidTokenError, ValueError):
        return None


def _uuid(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
