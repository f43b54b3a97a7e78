"""Callers of their own processes, each with connections that it keeps, for so many seconds."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from typing import Any, NamedTuple

PROCESSES = 2
CONNECTIONS = 4  # a process


class Load(NamedTuple):
    """What came back: answers a second, times in milliseconds, and how many were no success."""

    per_second: float
    p50: float
    p99: float
    failures: int


Asked = tuple[str, str, bytes | None]


def run(
    port: int,
    key: str,
    ask: Callable[[int], Asked],
    seconds: float,
    *,
    processes: int = PROCESSES,
    connections: int = CONNECTIONS,
) -> Load:
    """Ask `ask(n)` for ever new n (method, path, body) and measure the answers."""
    context = multiprocessing.get_context("fork")
    results: Queue[Any] = context.Queue()
    workers = [
        context.Process(target=_process, args=(port, key, ask, seconds, each, connections, results))
        for each in range(processes)
    ]
    for each in workers:
        each.start()
    took: list[float] = []
    failures = 0
    for _ in workers:
        times, failed = results.get()
        took += times
        failures += failed
    for each in workers:
        each.join()
    took.sort()
    return Load(
        len(took) / seconds,
        took[len(took) // 2] * 1000,
        took[len(took) * 99 // 100] * 1000,
        failures,
    )


def _process(
    port: int,
    key: str,
    ask: Callable[[int], Asked],
    seconds: float,
    number: int,
    connections: int,
    out: Queue[Any],
) -> None:
    times: list[float] = []
    failed = [0]
    ends = time.perf_counter() + seconds

    def work(seat: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        who = {"Authorization": f"Bearer {key}"} if key.startswith("avail_") else {"X-API-KEY": key}
        headers = who | {"Content-Type": "application/json"}
        n = (number * connections + seat) * 10_000_000
        while (began := time.perf_counter()) < ends:
            method, path, body = ask(n)
            n += 1
            link.request(method, path, body, headers)
            reply = link.getresponse()
            said = json.loads(reply.read())
            times.append(time.perf_counter() - began)
            failed[0] += reply.status >= 300 or not said
        link.close()

    threads = [threading.Thread(target=work, args=(seat,)) for seat in range(connections)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    out.put((times, failed[0]))


def body(**values: Any) -> bytes:
    return json.dumps(values).encode()
