"""Logging in over an API: a short access token, and a secret that renews it once."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from django.db import transaction

from accounts import tokens
from accounts.errors import DomainError
from accounts.models import Business, FailedLogin, Login

T = TypeVar("T")

ACCESS = timedelta(minutes=30)
REFRESH = timedelta(days=14)
TRIES = 5
LOCKED = timedelta(minutes=15)
NOBODY = uuid.UUID(int=0)


class LockedOut(DomainError):
    """Too many wrong passwords in a row."""

    message = "Account is locked after repeated failed logins. Please try again later."


class BadCredentials(DomainError):
    """Nobody of this name and password, or a renewal that isn't good any more."""

    message = "Incorrect credentials"


class Pair(NamedTuple):
    """What somebody who logged in carries: `access` opens doors, `refresh` gets the next pair."""

    access: str
    refresh: str


@transaction.atomic
def begin(
    audience: str, subject: uuid.UUID, business: Business, *, now: datetime | None = None
) -> Pair:
    """Log somebody in whose password was right."""
    at = now or datetime.now(UTC)
    secret = secrets.token_urlsafe(32)
    login = Login.objects.create(
        audience=audience,
        subject=subject,
        business=business,
        secret_hash=_digest(secret),
        created_at=at,
        expires_at=at + REFRESH,
    )
    return _pair(login, secret, at)


def renew(audience: str, refresh: str, *, now: datetime | None = None) -> tuple[Login, Pair]:
    """The next pair for a refresh token, which is thereby used up. One that was used before ends
    the login. Raises BadCredentials."""
    at = now or datetime.now(UTC)
    id_, _, secret = refresh.partition(".")
    with transaction.atomic():
        login = (
            Login.objects.select_for_update(no_key=True, of=("self",))
            .select_related("business")
            .filter(pk=_uuid(id_) or NOBODY, audience=audience, ended_at=None, expires_at__gt=at)
            .first()
        )
        if login and login.business.is_active:
            if secrets.compare_digest(login.secret_hash, _digest(secret)):
                fresh = secrets.token_urlsafe(32)
                login.secret_hash, login.expires_at = _digest(fresh), at + REFRESH
                login.save(update_fields=["secret_hash", "expires_at"])
                return login, _pair(login, fresh, at)
            login.ended_at = at
            login.save(update_fields=["ended_at"])
    raise BadCredentials


def end(login: Login, *, now: datetime | None = None) -> None:
    """Log out: its tokens open nothing from now on."""
    login.ended_at = now or datetime.now(UTC)
    login.save(update_fields=["ended_at"])


def recognise(token: str, audiences: set[str], *, now: datetime | None = None) -> Login | None:
    """The login that an access token belongs to, with its business; None unless it stands."""
    claims = tokens.verify(token, audiences=audiences, now=now)
    if claims is None:
        return None
    return (
        Login.objects.select_related("business")
        .filter(
            pk=_uuid(str(claims.get("sid", ""))) or NOBODY,
            audience=claims["aud"],
            ended_at=None,
            business__is_active=True,
        )
        .first()
    )


def attempt(name: str, check: Callable[[], T | None], *, now: datetime | None = None) -> T:
    """What `check` finds for a password. Five wrong ones in a row lock the name for a quarter of an
    hour, whatever is tried then. Raises BadCredentials, LockedOut."""
    at, name = now or datetime.now(UTC), _digest(name.casefold())
    failed = FailedLogin.objects.filter(pk=name, last_at__gt=at - LOCKED).first()
    if failed and failed.count >= TRIES:
        raise LockedOut
    found = check()
    if found is not None:
        if failed:
            failed.delete()
        return found
    with transaction.atomic():
        row, _ = FailedLogin.objects.select_for_update().get_or_create(
            pk=name, defaults={"last_at": at}
        )
        row.count = row.count + 1 if row.last_at > at - LOCKED else 1
        row.last_at = at
        row.save()
    raise BadCredentials


def forget(*, now: datetime | None = None) -> None:
    """Forget logins that are over, and wrong passwords of long ago."""
    at = now or datetime.now(UTC)
    Login.objects.filter(expires_at__lte=at).delete()
    FailedLogin.objects.filter(last_at__lte=at - LOCKED).delete()


def _pair(login: Login, secret: str, at: datetime) -> Pair:
    claims = {"sub": str(login.subject), "aud": login.audience, "sid": str(login.pk)}
    access = tokens.sign(claims, lasts=ACCESS, now=at)
    return Pair(access, f"{login.pk}.{secret}")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
