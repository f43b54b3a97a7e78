"""The live stream: open pages hear that something changed at their business, and look again.

Nothing is said but that: `event: changed` with `book` or `settings` as its data, and `event: still`
while there is nothing to say. What changed, a page asks as it always does, with its own rights. So
the address is all that opens a stream; it is signed, names one business, and is good for half a day
(`address`).

One process serves all streams, outside Django's views (`config.asgi`): it keeps one connection to
the database, on which it hears of changes and looks for what nobody told it of
(docs/decisions/0028). Whoever may have missed something (their page is older than what we know of,
the database was away) is told that everything changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import psycopg
from django.conf import settings
from django.core.signing import BadSignature, Signer

if TYPE_CHECKING:
    from accounts.models import Business, User

log = logging.getLogger("openbook.live")

LASTS = 12 * 3600.0  # seconds that an address is good for
MOST = 4000  # streams in all
MOST_OF_A_BUSINESS = 200
HEARTBEAT = 15.0  # seconds; shorter than proxies wait for a word
PAUSE = 0.2  # seconds between two words to the same page, so that a burst is a few of them
LOOK = 0.5  # seconds after which we look ourselves whether something happened
RETRY = 2000  # milliseconds until a browser comes back
SKEW = 5.0  # seconds that the clocks of machines may differ, and a page may take to be made
PATIENCE = 5.0  # seconds between two attempts to reach the database, at most
TOPICS = ("book", "settings")
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),  # the address opens it, never a cookie
    (b"x-content-type-options", b"nosniff"),
]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def address(business: Business, user: User | None = None, *, now: float | None = None) -> str:
    """Where a page of this business hears of changes from now on."""
    said = [business.pk.hex, user.pk.hex if user else "", int(time.time() if now is None else now)]
    return f"{settings.LIVE_URL}?t={_signer().sign_object(said)}"


def _signer() -> Signer:
    return Signer(salt="bookings.web.stream", sep=".")


class Stream:
    """One page that listens, and what it has yet to hear: never more than the topics there are."""

    def __init__(self, token: str) -> None:
        """Raises BadSignature for what we never signed, and for what was good once."""
        said = _signer().unsign_object(token)
        self.business = uuid.UUID(said[0])
        self.made_at = float(said[2])
        self.ends_at = self.made_at + LASTS
        if time.time() >= self.ends_at:
            raise BadSignature("It was good for half a day.")
        self.waiting: set[str] = set()
        self.is_over = False
        self._woken = asyncio.Event()

    def tell(self, topics: Iterable[str]) -> None:
        self.waiting.update(topics)
        self._woken.set()

    def end(self) -> None:
        self.is_over = True
        self._woken.set()

    async def leave(self, receive: Receive) -> None:
        """End when the page is gone."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()

    async def run(self, send: Send) -> None:
        """Say what there is to say until it is over."""
        text = f"retry: {RETRY}\n\n"
        while not self.is_over and (left := self.ends_at - time.time()) > 0:
            await _say(send, text)
            if text.startswith("event: changed"):
                await asyncio.sleep(PAUSE)
            text = "event: still\ndata: here\n\n"  # a comment would be heard by no script
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), min(left, HEARTBEAT))
            self._woken.clear()
            if self.waiting:
                text = f"event: changed\ndata: {' '.join(sorted(self.waiting))}\n\n"
                self.waiting.clear()
        await _say(send, "", more=False)


async def _say(send: Send, text: str, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


class Hub:
    """Who listens, by business, and when something last changed there."""

    def __init__(self) -> None:
        self.streams: dict[uuid.UUID, set[Stream]] = defaultdict(set)
        self.count = 0
        self.knows_since = time.time()
        self.changed_at: dict[uuid.UUID, float] = {}

    def has_room(self, business: uuid.UUID) -> bool:
        return self.count < MOST and len(self.streams.get(business, ())) < MOST_OF_A_BUSINESS

    @contextlib.contextmanager
    def listening(self, stream: Stream) -> Iterator[None]:
        """Tell a stream of changes until the block ends, and at once of those since its page was
        made."""
        self.streams[stream.business].add(stream)
        self.count += 1
        changed_at = self.changed_at.get(stream.business, self.knows_since)
        if max(changed_at, self.knows_since) + SKEW >= stream.made_at:
            stream.tell(TOPICS)
        try:
            yield
        finally:
            self.count -= 1
            here = self.streams[stream.business]
            here.discard(stream)
            if not here:
                del self.streams[stream.business]

    def tell(self, business: uuid.UUID, topic: str) -> None:
        if len(self.changed_at) >= 100_000:
            self.changed_at.clear()
            self.knows_since = time.time()
        self.changed_at[business] = time.time()
        for each in self.streams.get(business, ()):
            each.tell([topic])

    def tell_everybody(self) -> None:
        """Whatever was said before now, somebody may have missed it."""
        self.knows_since = time.time()
        for each in self._all():
            each.tell(TOPICS)

    def end(self) -> None:
        for each in self._all():
            each.end()

    def _all(self) -> list[Stream]:
        return [each for here in self.streams.values() for each in here]


class Log:
    """The events of all businesses, each found once, in whatever order they are committed.

    Their ids are given out before the commit, so one may turn up below others that were seen. What
    is missing in between is therefore asked for again, until it can't be coming any more.
    """

    BEHIND = 1000  # ids below the newest one, when we begin, that may still be on their way
    WAITS = 300.0  # seconds
    MOST = 10_000
    FIND = """
        SELECT id, business_id FROM bookings_event WHERE id > %s
        UNION ALL
        SELECT id, business_id FROM bookings_event WHERE id = ANY(%s::bigint[])
    """

    def __init__(self, newest: int) -> None:
        self.newest = max(newest - self.BEHIND, 0)
        self.missing: dict[int, float] = {}

    @classmethod
    async def opened(cls, link: psycopg.AsyncConnection[Any]) -> Log:
        """The log from here on."""
        row = await (await link.execute("SELECT max(id) FROM bookings_event")).fetchone()
        found = cls((row and row[0]) or 0)
        await found.news(link)
        return found

    async def news(self, link: psycopg.AsyncConnection[Any]) -> set[uuid.UUID]:
        """The businesses of events that weren't there the last time."""
        cursor = await link.execute(self.FIND, [self.newest, list(self.missing)])
        found: dict[int, uuid.UUID] = dict(await cursor.fetchall())
        now = time.monotonic()
        for each in sorted(found):
            if self.missing.pop(each, None) is None:
                between = range(max(self.newest + 1, each - self.MOST), each)
                self.missing.update(dict.fromkeys(between, now))
                self.newest = each
        while self.missing:
            eldest = next(iter(self.missing))
            if len(self.missing) <= self.MOST and self.missing[eldest] + self.WAITS > now:
                break
            del self.missing[eldest]
        return set(found.values())


class Ear:
    """The connection to the database, made anew for as long as we run."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.is_open = False

    async def listen(self) -> None:
        pause = 0.1
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    _database(), autocommit=True
                ) as link:
                    await link.execute("LISTEN openbook")
                    events = await Log.opened(link)
                    self.hub.tell_everybody()
                    self.is_open, pause = True, 0.1
                    while True:
                        async for notice in link.notifies(timeout=LOOK, stop_after=1):
                            self._hear(notice)
                        for each in await events.news(link):
                            self.hub.tell(each, "book")
            except (psycopg.Error, OSError) as error:
                if self.is_open:
                    log.warning("The database is away: %s", type(error).__name__)
                self.is_open = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, PATIENCE)

    def _hear(self, notice: psycopg.Notify) -> None:
        business, _, topic = notice.payload.partition(" ")
        if topic in TOPICS:  # else somebody only asks us to look
            self.hub.tell(uuid.UUID(business), topic)


def _database() -> str:
    """Where it is, as the driver's own words. Behind a pooler nobody can listen, hence ours."""
    known = settings.LIVE_DATABASE
    ours = ("pool", "server_side_binding", "prepare_threshold")
    options = {name: value for name, value in known["OPTIONS"].items() if name not in ours}
    where = {
        "dbname": known["NAME"],
        "user": known["USER"],
        "password": known["PASSWORD"],
        "host": known["HOST"],
        "port": known["PORT"],
    }
    return psycopg.conninfo.make_conninfo(
        **{name: value for name, value in where.items() if value} | options,
        application_name="openbook live",
        connect_timeout=5,
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
    )


class Application:
    """`GET /live/?t=…` and `GET /live/health`, for any ASGI server with lifespans."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.ear = Ear(self.hub)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        listening = asyncio.create_task(self.ear.listen())
        _at_the_end(self.hub.end)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        listening.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] == "/live/health":
            is_well = self.ear.is_open
            said = {
                "status": "ok" if is_well else "unavailable",
                "database": "ok" if is_well else "no answer",
                "streams": self.hub.count,
            }
            await _reply(send, 200 if is_well else 503, json.dumps(said), "application/json")
        elif scope["path"].rstrip("/") != "/live":
            await _reply(send, 404, "There is nothing here.")
        elif scope["method"] != "GET":
            await _reply(send, 405, "Only GET.", allow="GET")
        else:
            await self._stream(scope, receive, send)

    async def _stream(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("t", [""])[0]
        try:
            stream = Stream(token)
        except (BadSignature, ValueError):
            return await _reply(send, 403, "This address is not, or no longer, good.")
        if not self.hub.has_room(stream.business):
            return await _reply(send, 503, "Too many are listening.", **{"retry-after": "60"})
        await _start(send, 200, **{"content-type": "text/event-stream", "x-accel-buffering": "no"})
        leaving = asyncio.create_task(stream.leave(receive))
        try:
            with self.hub.listening(stream):
                await stream.run(send)
        finally:
            leaving.cancel()


def _at_the_end(act: Callable[[], None]) -> None:
    """Do this as soon as we are told to end: the server waits for open streams before it says so.

    It hears of the signal through its loop, whatever handler is there, so that ours is in nobody's
    way.
    """
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: loop.call_soon_threadsafe(act))


async def _start(send: Send, status: int, **headers: str) -> None:
    more = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": HEADERS + more})


async def _reply(
    send: Send, status: int, text: str, kind: str = "text/plain", **headers: str
) -> None:
    await _start(send, status, **{"content-type": f"{kind}; charset=utf-8", **headers})
    await _say(send, text, more=False)
