"""Keyed requests: asked twice, done once, and answered the same.

The answer is stored in the transaction that has the effect. Whoever's connection broke between the
commit and the answer asks again with the same key and hears what happened, where a look at the book
alone would tell them that the place is taken: by themselves. Answers that name somebody who is
forgotten are erased; their keys stay, as what was done was done.
"""

import json
import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils.crypto import salted_hmac

from accounts import clock
from accounts.errors import Conflict
from accounts.identifiers import hex24, int48
from accounts.models import Idempotency
from accounts.transactions import try_lock

KEPT = timedelta(hours=24)


class KeyReused(Conflict):
    """The key was used before, for something else."""

    message = "This idempotency key was used with a different request."


class StillRunning(Conflict):
    """The first request with this key hasn't been answered yet."""

    message = "A request with this idempotency key is still being answered."


class Erased(Conflict):
    """It was done, and what was answered is gone with whom it was about."""

    message = "This was done. What was answered then has been erased."


class Answer(NamedTuple):
    status: int
    body: Any


def fingerprint(body: Any) -> str:
    """A digest of a parsed body that doesn't depend on the order or spacing of its JSON. Keyed, as
    a body may hold a password, and what is written down must not help to guess it."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return salted_hmac("accounts.idempotency", canonical, algorithm="sha256").hexdigest()


def once(
    scope: str,
    key: str,
    print_: str,
    act: Callable[[], Answer],
    *,
    keeps: Callable[[Answer], bool],
    now: datetime | None = None,
) -> tuple[Answer, bool]:
    """Act, unless this key was answered before; returns the answer and whether it is a replay.

    Call it inside a transaction. `keeps` says which answers are worth repeating. Raises KeyReused
    for another body, StillRunning while the first is being answered, Erased for an answer that had
    to go.
    """
    if not try_lock(f"idempotency:{scope}:{key}"):
        raise StillRunning
    known = Idempotency.objects.filter(scope=scope, key=key).first()
    moment = clock.read(now)
    if known and known.created_at <= moment - KEPT:
        known.delete()
        known = None
    if known:
        if known.fingerprint != print_:
            raise KeyReused
        if not known.body:
            raise Erased
        return Answer(known.status, json.loads(known.body)), True
    answer = act()
    if keeps(answer):
        Idempotency.objects.create(
            scope=scope,
            key=key,
            fingerprint=print_,
            status=answer.status,
            body=json.dumps(answer.body),
            created_at=moment,
        )
    return answer, False


def erase(about: Collection[uuid.UUID]) -> None:
    """Erase the answers that name one of these rows, by whichever form of its id."""
    ids = [form for each in about for form in (str(each), hex24(each), str(int48(each)))]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_idempotency SET body = '' WHERE body LIKE ANY(%s)",
            [[f"%{each}%" for each in ids]],
        )


def forget(*, now: datetime | None = None) -> int:
    """Delete the answers that have been kept long enough; returns how many."""
    deleted, _ = Idempotency.objects.filter(created_at__lte=clock.read(now) - KEPT).delete()
    return deleted
