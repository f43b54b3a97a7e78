"""A real web server of our own on the tests' database, and callers that all start at once."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    body: Any
    headers: dict[str, str]


class Web:
    """granian, as in production."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self.process = port, process

    def call(
        self,
        method: str,
        path: str,
        key: str = "",
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            sent = {"Content-Type": "application/json", **(headers or {})}
            if key:
                sent["Authorization"] = f"Bearer {key}"
            link.request(method, path, json.dumps(body) if body is not None else None, sent)
            reply = link.getresponse()
            text = reply.read()
            is_json = "json" in reply.headers.get("Content-Type", "")
            return Answer(
                reply.status,
                json.loads(text) if is_json else text,
                {name.lower(): value for name, value in reply.headers.items()},
            )
        finally:
            link.close()

    def workers(self) -> list[int]:
        """The processes that answer."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(each) for each in listed.stdout.split()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def database_url() -> str:
    """Where the tests' own database is, for another process."""
    known = settings.DATABASES["default"]
    options = known.get("OPTIONS", {})
    host = options.get("host") or known["HOST"]
    user, password = known["USER"], known.get("PASSWORD", "")
    who = f"{user}:{password}@" if password else f"{user}@"
    if str(host).startswith("/"):
        return f"postgres://{who}/{known['NAME']}?host={host}"
    return f"postgres://{who}{host}:{known['PORT'] or 5432}/{known['NAME']}"


@contextlib.contextmanager
def serving(
    *,
    threads: int = 16,
    workers: int = 2,
    port: int = 0,
    log: Path | None = None,
    **environment: str,
) -> Iterator[Web]:
    """A web server until the block ends; what it writes goes to `log` if that is said."""
    options = ("--workers", str(workers), "--blocking-threads", str(threads))
    own = {"DATABASE_POOL_SIZE": str(threads)} | environment
    with _granian("wsgi", "/healthz", port or free_port(), options, log, own) as web:
        yield web


@contextlib.contextmanager
def streaming(
    *, port: int = 0, health: int = 200, log: Path | None = None, **environment: str
) -> Iterator[Web]:
    """The live stream's process, from when it says of its health what is awaited."""
    path = "/live/health"
    with _granian("asgi", path, port or free_port(), (), log, environment, health) as web:
        yield web


@contextlib.contextmanager
def _granian(
    interface: str,
    health: str,
    port: int,
    options: Sequence[str],
    log: Path | None,
    environment: dict[str, str],
    awaited: int = 200,
) -> Iterator[Web]:
    output = log.open("wb") if log else None
    process = subprocess.Popen(
        [
            Path(sys.executable).parent / "granian",
            *("--interface", interface, "--host", "127.0.0.1", "--port", str(port)),
            *("--no-ws", "--respawn-failed-workers", "--log-level", "error", *options),
            f"config.{interface}:application",
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "OPENBOOK_ENV": "development",
            "DEBUG": "0",
            "DOORBELL": "0",
            "DATABASE_URL": database_url(),
        }
        | environment,
        stdout=output,
        stderr=output,
    )
    web = Web(port, process)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                if web.call("GET", health, timeout=2).status == awaited:
                    break
            assert process.poll() is None, "the web server ended"
            assert time.monotonic() < deadline, "the web server did not come up"
            time.sleep(0.1)
        yield web
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if output:
            output.close()


def together(calls: Sequence[Callable[[], T]]) -> list[T | BaseException]:
    """Run them in threads that start at one moment; what each returned or raised, in order."""
    start = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(number: int, call: Callable[[], T]) -> None:
        try:
            start.wait(timeout=30)
            results[number] = call()
        except BaseException as error:  # noqa: BLE001 - it is the result
            results[number] = error
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(number, call), daemon=True)
        for number, call in enumerate(calls)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=60)
    return results
