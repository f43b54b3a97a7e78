"""The live stream: a real process, real commits, and pages that listen."""

from __future__ import annotations

import contextlib
import http.client
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from datetime import time as clock
from typing import Any
from urllib.parse import urlsplit

import celery
import psycopg
import pytest
from django.db import connection, transaction

from accounts.models import Business
from accounts.services import change_business
from availability.services import Period, close, reopen, set_hours
from bookings import services
from bookings.models import Booking
from bookings.web import stream
from bookings.wishes import SYSTEM
from resources import services as resources
from tests.api.doors import DOORS, Salon, at
from tests.builders import HOUR, MARIA, NOW, business, location, tables, user, wish
from tests.web import Web, database_url, free_port, streaming

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SOON = 5.0  # seconds; generous, as others use this machine too
EARLIER = 60.0  # seconds


@pytest.fixture(scope="module")
def live(django_db_setup: None) -> Iterator[Web]:
    with streaming() as found:
        yield found


class Page:
    """A browser's end of a stream: what it hears, and how soon."""

    def __init__(self, web: Web, path: str) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
        self.link.connect()
        self.socket = self.link.sock
        self.link.request("GET", path)
        self.reply = self.link.getresponse()
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
            while line := self.reply.readline():
                self.lines.put(line.decode().rstrip("\n"))
        self.lines.put(None)

    def word(self, seconds: float = SOON) -> str:
        """The data of the next event; empty when none comes in time, "end" when none will."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(queue.Empty):
            while True:
                line = self.lines.get(timeout=max(deadline - time.monotonic(), 0))
                if line is None:
                    return "end"
                if line.startswith("data: ") and line != "data: here":
                    return line.removeprefix("data: ")
        return ""

    def words(self, seconds: float) -> list[str]:
        """All that is heard in this time."""
        deadline = time.monotonic() + seconds
        found = []
        while (left := deadline - time.monotonic()) > 0 and (word := self.word(left)):
            found.append(word)
        return found

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # ends the read that waits for a line
        self.link.close()


def path(of: Business, made_at: float) -> str:
    """Where a page that was made then listens, on any host."""
    parts = urlsplit(stream.address(of, now=made_at))
    return f"{parts.path}?{parts.query}"


@contextlib.contextmanager
def page(web: Web, of: Business) -> Iterator[Page]:
    """A page that listens and has heard what it was told at once."""
    found = Page(web, path(of, time.time()))
    try:
        assert found.reply.status == 200
        while found.word(0.4):
            pass
        yield found
    finally:
        found.close()


def book(of: Business) -> Booking:
    return services.book(wish(of), guest=MARIA, by=SYSTEM, source="test", now=NOW)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_a_booking_is_heard_by_whatever_door_it_came(live: Web, door: Any) -> None:
    salon = Salon()
    caller = door(salon)
    with page(live, salon.business) as open_page:
        made = caller.book(at(10))
        assert open_page.word() == "book"
        assert {*open_page.words(0.7)} <= {"book"}  # at some doors it takes two requests
        caller.cancel(made)
        assert open_page.word() == "book"


def test_each_booking_is_heard_without_a_doorbell(live: Web) -> None:
    bistro = business()
    tables(bistro, 5)
    with page(live, bistro) as open_page:
        for _ in range(5):
            book(bistro)
            assert open_page.word() == "book"


def test_what_staff_a_guest_a_sweep_or_a_hand_does_is_heard(live: Web) -> None:
    bistro = business()
    tables(bistro, 2)
    with page(live, bistro) as open_page:
        booked = book(bistro)
        assert open_page.word() == "book"
        services.cancel(booked, by=SYSTEM, now=NOW)
        assert open_page.word() == "book"
        services.hold(wish(bistro), guest=MARIA, by=SYSTEM, source="walk-in", now=NOW)
        assert open_page.word() == "book"
        services.expire_holds(now=NOW + 24 * HOUR)
        assert open_page.word() == "book"
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bookings_event (business_id, kind, at, actor, data)"
                " VALUES (%s, 'guest.updated', now(), 'system', '{}')",
                [bistro.pk],
            )
        assert open_page.word() == "book"


CHANGES: dict[str, Callable[[Business], object]] = {
    "the business": lambda of: change_business(of, name="Bistro Zwei"),
    "hours": lambda of: set_hours(location(of), [Period(1, clock(9), clock(17))]),
    "a closure": lambda of: reopen(
        close(location(of), first_day=date(2026, 7, 1), last_day=date(2026, 7, 2))
    ),
    "a resource": lambda of: resources.add_resource(of, name="Table 9", kind="table"),
    "a place": lambda of: resources.change_location(location(of), name="Garden"),
    "a combination": lambda of: resources.add_combination(
        location(of), [each.pk for each in tables(of, 2)], name="Both", covers_max=8
    ),
    "a service": lambda of: resources.add_service(of, name="Dinner"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_what_can_be_booked_is_heard_once(live: Web, what: str) -> None:
    bistro = business()
    with page(live, bistro) as open_page:
        with transaction.atomic():
            CHANGES[what](bistro)
            assert open_page.word(0.7) == ""  # never before it is committed
        assert open_page.word() == "settings"
        assert open_page.words(0.5) == []


def test_what_is_rolled_back_was_never_said(live: Web) -> None:
    bistro = business()
    tables(bistro, 1)
    with page(live, bistro) as open_page:
        with contextlib.suppress(RuntimeError), transaction.atomic():
            book(bistro)
            change_business(bistro, name="Another")
            raise RuntimeError
        assert open_page.word(1.2) == ""


def test_an_event_that_is_committed_after_a_later_one_is_heard(live: Web) -> None:
    early, late = business("Early"), business("Late")
    with page(live, early) as slow, page(live, late) as quick:
        with psycopg.connect(database_url()) as other:
            insert = (
                "INSERT INTO bookings_event (business_id, kind, at, actor, data)"
                " VALUES (%s, 'guest.updated', now(), 'system', '{}')"
            )
            other.execute(insert, [early.pk])
            with connection.cursor() as cursor:
                cursor.execute(insert, [late.pk])
            assert (quick.word(), slow.word(0.7)) == ("book", "")
        assert slow.word() == "book"


def test_another_business_hears_nothing(live: Web) -> None:
    bistro, other = business("Bistro"), business("Other")
    tables(bistro, 1)
    with page(live, bistro) as open_page, page(live, other) as elsewhere:
        book(bistro)
        change_business(bistro, name="Bistro Zwei")
        assert open_page.word()
        assert elsewhere.word(1) == ""


def test_a_rush_is_a_few_words(live: Web) -> None:
    bistro = business()
    with page(live, bistro) as open_page:
        began = time.monotonic()
        while time.monotonic() < began + 2:
            change_business(bistro, name=f"Bistro {time.monotonic()}")
        heard = open_page.words(1)
        assert 2 <= len(heard) <= 2 * 5 + 1
        assert set(heard) == {"settings"}


def test_a_page_hears_at_once_of_what_changed_since_it_was_made(live: Web) -> None:
    bistro, other = business("Bistro"), business("Other")
    with page(live, bistro) as open_page:
        change_business(bistro, name="Bistro Zwei")
        assert open_page.word() == "settings"
    later = time.time() + 2 * stream.SKEW
    fresh, stale = Page(live, path(bistro, later)), Page(live, path(bistro, later - EARLIER))
    assert (fresh.word(0.5), stale.word()) == ("", "book settings")
    fresh.close()
    stale.close()
    unchanged = Page(live, path(other, later))
    assert unchanged.word(0.5) == ""
    unchanged.close()


def test_what_a_stream_says_of_itself(live: Web) -> None:
    bistro = business()
    with page(live, bistro) as open_page:
        headers = {name.lower(): value for name, value in open_page.reply.getheaders()}
        headers.pop("date", None)
        assert headers == {
            "content-type": "text/event-stream",
            "cache-control": "no-store",
            "access-control-allow-origin": "*",
            "x-content-type-options": "nosniff",
            "x-accel-buffering": "no",
            "transfer-encoding": "chunked",
            "server": "granian",
        }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: "",
        lambda good: "?t=",
        lambda good: "?t=nonsense",
        lambda good: good[:-1] + ("A" if good[-1] != "A" else "B"),
        lambda good: good.replace("?t=", "?t=x"),
    ],
)
def test_a_forged_address_is_refused(live: Web, spoil: Callable[[str], str]) -> None:
    good = urlsplit(stream.address(business())).query
    answer = live.call("GET", f"/live/{spoil('?' + good)}")
    assert (answer.status, answer.body) == (403, b"This address is not, or no longer, good.")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_an_address_is_good_for_half_a_day_and_ends_what_it_opened(live: Web) -> None:
    bistro, member = business(), user()
    then = time.time() - stream.LASTS
    old = urlsplit(stream.address(bistro, member, now=then))
    assert live.call("GET", f"/live/?{old.query}").status == 403
    ending = Page(live, path(bistro, then + 3))
    first, *between, last = ending.words(8)
    assert (ending.reply.status, first, last) == (200, "book settings", "end")
    assert between in ([], ["settings"])  # that the business was made may be heard of late
    ending.close()


def test_anything_else_is_refused(live: Web) -> None:
    answers = [
        live.call("POST", path(business(), time.time())),
        live.call("GET", "/admin/"),
        live.call("GET", "/live/more"),
    ]
    assert [each.status for each in answers] == [405, 404, 404]
    assert answers[0].headers["allow"] == "GET"


def test_a_page_that_leaves_is_forgotten(live: Web) -> None:
    def count() -> int:
        found: int = live.call("GET", "/live/health").body["streams"]
        return found

    with page(live, business()):
        assert count() == 1
    deadline = time.monotonic() + 5
    while count():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_business_has_so_many_streams_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_OF_A_BUSINESS", 2)
    monkeypatch.setattr(stream, "MOST", 3)
    hub = stream.Hub()
    one, other, third = business("One"), business("Other"), business("Third")

    def open_(of: Business) -> contextlib.AbstractContextManager[None]:
        return hub.listening(stream.Stream(urlsplit(stream.address(of)).query[2:]))

    with open_(one):
        with open_(one):
            assert (hub.has_room(one.pk), hub.has_room(other.pk)) == (False, True)
            with open_(other):
                assert not hub.has_room(third.pk)
        assert hub.has_room(one.pk)
    assert (hub.count, dict(hub.streams)) == (0, {})


def cut() -> int:
    """End the connection that the process listens on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'openbook live' AND datname = current_database()"
        )
        ended: int = cursor.fetchone()[0]
        return ended


def test_pages_are_told_after_the_database_was_away(live: Web) -> None:
    bistro = business()
    tables(bistro, 1)
    with page(live, bistro) as open_page:
        assert cut() == 1
        book(bistro)
        assert open_page.word(5) == "book settings"
        change_business(bistro, name="Bistro Zwei")
        assert "settings" in open_page.word()


def test_health_says_whether_it_hears_the_database(live: Web) -> None:
    well = live.call("GET", "/live/health")
    away = f"postgres://postgres@127.0.0.1:{free_port()}/openbook"
    with streaming(health=503, LIVE_DATABASE_URL=away) as deaf:
        ill = deaf.call("GET", "/live/health")
    assert (well.status, well.body) == (200, {"status": "ok", "database": "ok", "streams": 0})
    assert (ill.status, ill.body) == (
        503,
        {"status": "unavailable", "database": "no answer", "streams": 0},
    )


def test_it_ends_its_streams_when_it_is_told_to_end() -> None:
    bistro = business()
    with streaming() as live, page(live, bistro) as open_page:
        live.process.send_signal(signal.SIGTERM)
        assert open_page.word(5) == "end"
        live.process.wait(timeout=5)


def test_the_doorbell_wakes_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for its next look, and after the commit."""
    settings.DOORBELL = True
    monkeypatch.setattr(celery.current_app, "send_task", lambda *args, **options: None)
    bistro = business()
    tables(bistro, 1)
    with psycopg.connect(database_url(), autocommit=True) as ear:
        ear.execute("LISTEN openbook")
        with transaction.atomic():
            book(bistro)
            assert list(ear.notifies(timeout=0.3, stop_after=1)) == []
        assert [each.payload for each in ear.notifies(timeout=2, stop_after=1)] == ["look"]
