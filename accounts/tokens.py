"""Access tokens for people: JSON Web Tokens (RFC 7519), HS256, an hour long."""

import uuid
from datetime import UTC, datetime, timedelta

import jwt
from django.conf import settings

from accounts.models import User

LASTS = timedelta(hours=1)
ALGORITHM = "HS256"


def issue(user: User, *, now: datetime | None = None) -> str:
    """A token that says who the user is, and to the client which kind of user."""
    now = now or datetime.now(UTC)
    return jwt.encode(
        {
            "sub": str(user.pk),
            "email": user.email,
            "app_metadata": {"role": "developer" if user.is_developer else "owner"},
            "iat": now,
            "exp": now + LASTS,
        },
        settings.JWT_SECRET,
        ALGORITHM,
    )


def read(token: str, *, now: datetime | None = None) -> uuid.UUID | None:
    """Whose token it is, or None for one that is forged, malformed or past its hour."""
    try:
        claims = jwt.decode(
            token,
            settings.JWT_SECRET,
            [ALGORITHM],
            options={"require": ["exp", "sub"], "verify_exp": now is None, "verify_iat": False},
        )
        if now is not None and now.timestamp() >= float(claims["exp"]):
            return None
        return uuid.UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError):
        return None
