"""How a service writes: one transaction, run anew when the database asks for it.

PostgreSQL ends one of two transactions that wait for each other (40P01), and may ask for a whole
one to be tried again (40001). Those, and a race lost to someone quicker, are mended by starting
over; nothing else is.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

import psycopg.errors
from django.db import IntegrityError, OperationalError, connection, transaction

from accounts.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 3
RACED = frozenset(
    {"booking_key_once", "reference_once", "one_guest_per_phone", "one_guest_per_email"}
)


class LostRace(Exception):
    """Someone was quicker between the look and the leap; look again."""


def must_start_over(error: OperationalError) -> bool:
    """Whether the database asked for the whole transaction to be tried again."""
    return isinstance(
        error.__cause__,
        psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected,
    )


def written(service: Callable[P, R]) -> Callable[P, R]:
    """Run a service in one transaction; start over after a lost race, three times at most.

    Inside an outer transaction (a keyed request stores its answer with the effect) a deadlock has
    to end that one, so it is left to whoever opened it. Raises Unavailable when a lock wasn't had
    in time.
    """

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not connection.in_atomic_block
        for left in reversed(range(ATTEMPTS)):
            try:
                with transaction.atomic():
                    return service(*args, **kwargs)
            except LostRace:
                if not left:
                    raise Unavailable from None
            except IntegrityError as error:
                cause = error.__cause__
                name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
                if name not in RACED or not left:
                    raise
            except OperationalError as error:
                if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                    raise Unavailable from error
                if not (outermost and left and must_start_over(error)):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    return run


def lock(names: Iterable[str]) -> None:
    """Hold these advisory locks until the transaction ends, taken in one order by everybody."""
    keys = sorted({lock_number(name) for name in names})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) AS k", [keys])


def try_lock(name: str) -> bool:
    """Hold this advisory lock until the transaction ends, unless somebody else does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_number(name)])
        return bool(cursor.fetchone()[0])


def lock_number(name: str) -> int:
    """The 64-bit number that PostgreSQL knows an advisory lock by."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
