"""How often one caller may ask: a count in Redis, or in this process while Redis is away.

A window of a minute that starts with the first request. The script is one round trip and counts
and reads the clock in one step, which the libraries looked at need three calls for; it also notes
when a channel was last used, so that a read writes nothing to the database.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import Any, NamedTuple

import redis
from django.conf import settings
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

WINDOW = 60  # seconds
AWAY = 2.0  # seconds to leave Redis alone after it didn't answer
COUNTS = "openbook:rpm:"
USED = "openbook:channels-used"

SCRIPT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[2], ARGV[2], redis.call('TIME')[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""


class Allowance(NamedTuple):
    """What a caller has left. `resets_in` is whole seconds, at least 1."""

    limit: int
    remaining: int
    resets_in: int
    is_over: bool


class Limiter:
    """Counts requests by name. One for a process."""

    def __init__(self, url: str) -> None:
        self._redis: Any = redis.Redis.from_url(
            url, socket_timeout=0.25, socket_connect_timeout=0.25
        )
        self._script = self._redis.register_script(SCRIPT)
        self._away_until = 0.0
        self._local: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def count(self, name: str, limit: int, *, used: str = "") -> Allowance:
        """Count one request of `name` against `limit` a minute; `used` is the channel's id."""
        if time.monotonic() >= self._away_until:
            try:
                count, left = self._script(keys=[COUNTS + name, USED], args=[WINDOW * 1000, used])
                return _allowance(limit, int(count), int(left) / 1000)
            except RedisError as error:
                self._away_until = time.monotonic() + AWAY
                log.warning("Redis is away; counting in this process: %s", type(error).__name__)
        return self._count_here(name, limit)

    def _count_here(self, name: str, limit: int) -> Allowance:
        now = time.monotonic()
        with self._lock:
            if len(self._local) > 10_000:
                self._local = {k: v for k, v in self._local.items() if v[1] > now}
            count, ends = self._local.get(name, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + WINDOW
            self._local[name] = (count + 1, ends)
        return _allowance(limit, count + 1, ends - now)

    def forget(self) -> None:
        """Begin all windows anew."""
        self._local.clear()
        with contextlib.suppress(RedisError):
            for name in self._redis.scan_iter(f"{COUNTS}*", count=1000):
                self._redis.delete(name)

    def take_used(self) -> dict[str, int]:
        """When channels were last used (Unix seconds by id), forgotten with the asking."""
        try:
            with self._redis.pipeline() as pipe:
                seen, _ = pipe.hgetall(USED).delete(USED).execute()
        except RedisError:
            return {}
        return {key.decode(): int(value) for key, value in seen.items()}


def _allowance(limit: int, count: int, left: float) -> Allowance:
    return Allowance(limit, max(0, limit - count), max(1, round(left + 0.5)), count > limit)


_limiter: Limiter | None = None


def limiter() -> Limiter:
    """This process's limiter."""
    global _limiter
    if _limiter is None:
        _limiter = Limiter(settings.REDIS_URL)
    return _limiter
