"""How often one caller may ask: a count in Redis, or in this process while Redis is away.

A window of a minute that starts with the first request. The script is one round trip and counts
and reads the clock in one step, which the libraries looked at need three calls for; it also notes,
once a window, when a channel was last used, so that a read writes nothing to the database, and
brings along the epoch of its business: a word that changes whenever what it is does
(`accounts.remembered`).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import redis
from django.conf import settings
from redis.exceptions import ConnectionError, NoScriptError, RedisError, TimeoutError

log = logging.getLogger(__name__)

WINDOW = 60  # seconds
AWAY = 2.0  # seconds to leave Redis alone after it didn't answer
COUNTS = "openbook:rpm:"
USED = "openbook:channels-used"
EPOCH = "openbook:epoch:"

SCRIPT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  if ARGV[2] ~= '' then redis.call('HSET', KEYS[2], ARGV[2], redis.call('TIME')[1]) end
end
local epochs = redis.call('MGET', KEYS[3], KEYS[4])
return {count, redis.call('PTTL', KEYS[1]), (epochs[1] or '') .. '/' .. (epochs[2] or '')}
"""
SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()  # what Redis knows it by


class Allowance(NamedTuple):
    """What a caller has left. `resets_in` is whole seconds, at least 1."""

    limit: int
    remaining: int
    resets_in: int
    is_over: bool


class Tally(NamedTuple):
    """How often somebody asked in this minute, the seconds left of it, and the epoch.

    The epoch is None while Redis is away.
    """

    asked: int
    left: float
    epoch: bytes | None = None

    def against(self, limit: int) -> Allowance:
        return Allowance(
            limit,
            max(0, limit - self.asked),
            max(1, round(self.left + 0.5)),
            self.asked > limit,
        )


class Limiter:
    """Counts requests by name. One for a process."""

    def __init__(self, url: str) -> None:
        self._redis: Any = redis.Redis.from_url(
            url, socket_timeout=0.25, socket_connect_timeout=0.25
        )
        self._links = threading.local()
        self._away_until = 0.0
        self._local: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def count(self, name: str, *, used: str = "", business: str = "") -> Tally:
        """Count a request of `name`; `used` is the channel's id, `business` whose epoch to say."""
        if time.monotonic() >= self._away_until:
            try:
                count, left, epoch = self._ask(
                    4, COUNTS + name, USED, EPOCH, EPOCH + business, WINDOW * 1000, used
                )
                return Tally(count, left / 1000, epoch)
            except RedisError as error:
                self._away_until = time.monotonic() + AWAY
                log.warning("Redis is away; counting in this process: %s", type(error).__name__)
        return self._count_here(name)

    def _ask(self, *args: object) -> Any:
        """Run the script on a connection that this thread keeps: the pool and the retries of the
        client above it cost as much as the question."""
        link = getattr(self._links, "link", None)
        if link is None:
            link = self._links.link = self._redis.connection_pool.get_connection()
        for left in (1, 0):
            try:
                link.send_command("EVALSHA", SHA, *args)
                try:
                    return link.read_response()
                except NoScriptError:
                    link.send_command("EVAL", SCRIPT, *args)
                    return link.read_response()
            except (ConnectionError, TimeoutError) as error:
                link.disconnect()  # connects anew when next asked
                if not left or isinstance(error, TimeoutError):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _count_here(self, name: str) -> Tally:
        now = time.monotonic()
        with self._lock:
            if len(self._local) > 10_000:
                self._local = {k: v for k, v in self._local.items() if v[1] > now}
            count, ends = self._local.get(name, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + WINDOW
            self._local[name] = (count + 1, ends)
        return Tally(count + 1, ends - now)

    def begin_epoch(self, businesses: Iterable[str] | None = None) -> None:
        """Say to every process that these businesses changed; None for all."""
        names = ("",) if businesses is None else tuple(businesses)
        with contextlib.suppress(RedisError):
            self._redis.mset({EPOCH + name: uuid.uuid4().hex for name in names})

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


def address_of(meta: Mapping[str, Any]) -> str:
    """Where a request comes from, as the outermost proxy of ours saw it; what is further left in
    X-Forwarded-For was written by whoever asks."""
    seen = str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    if 0 < settings.TRUSTED_PROXIES <= len(seen) and (found := seen[-settings.TRUSTED_PROXIES]):
        return found.strip()
    return str(meta.get("REMOTE_ADDR", ""))


_limiter: Limiter | None = None


def limiter() -> Limiter:
    """This process's limiter."""
    global _limiter
    if _limiter is None:
        _limiter = Limiter(settings.REDIS_URL)
    return _limiter
