"""`make demo`, as somebody runs it: twice, on servers of their own and then on its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.web import ROOT, free_port
from tools import servers

OURS = ("DATABASE_URL", "REDIS_URL", "OPENBOOK_ENV", "DJANGO_SETTINGS_MODULE")


def until(condition: Callable[[], Any], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclasses.dataclass
class Demo:
    """A demo that runs, and what it wrote so far."""

    data: Path
    process: subprocess.Popen[bytes]
    output: Path
    supervisor: int = 0

    @property
    def said(self) -> str:
        return self.output.read_text()

    def says(self, text: str) -> None:
        """Wait for a line of it."""
        until(lambda: text in self.said or self.process.poll() is not None, f"{text}\n{self.said}")
        assert text in self.said

    def under(self, heading: str) -> str:
        """The line below a heading of the welcome."""
        return self.said.partition(f"{heading}\n")[2].splitlines()[0].strip()

    def runs(self) -> dict[str, list[int]]:
        """The processes of its supervisor's session, by what they are; their head comes first."""
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,ppid=,stat=,args=", "-s", str(self.supervisor)],
            capture_output=True,
            text=True,
            check=False,
        )
        found: dict[str, list[int]] = {}
        for line in listed.stdout.splitlines():
            pid, parent, state, arguments = line.split(maxsplit=3)
            if state.startswith("Z"):
                continue  # dead, and not yet noticed by whoever its parent is now
            name = re.search("postgres|valkey|granian|worker|beat|supervisord", arguments)
            at = 0 if int(parent) == self.supervisor else 9
            known = "live" if "config.asgi" in arguments else name[0] if name else arguments
            found.setdefault(known, []).insert(at, int(pid))
        return found

    def end(self, by: signal.Signals) -> int:
        """To the whole group, as a terminal does."""
        os.killpg(self.process.pid, by)
        return self.process.wait(timeout=30)


def command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "tools.demo", "--data", str(data), *arguments]


def environment(**changes: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OURS} | changes


@contextlib.contextmanager
def running(data: Path, output: Path, **changes: str) -> Iterator[Demo]:
    """The demo from where it is ready to the end of the block, or to its own before that."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command(data),
            cwd=ROOT,
            env=environment(**changes),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        demo = Demo(data, process, output)
        try:
            demo.says("Ctrl-C ends it")
            demo.supervisor = int((data / "supervisord.pid").read_text())
            yield demo
        finally:
            if process.poll() is None:
                demo.end(signal.SIGTERM)


def pasted(line: str) -> Any:
    """What the API answers to a command, its words taken apart by a shell as when it is pasted."""
    shell = ["bash", "-c", 'curl() { printf "%s\\0" "$@"; }; eval "$1"', "-", line]
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    words = iter(done.stdout.split("\0")[:-1])
    headers: dict[str, str] = {}
    body: bytes | None = None
    url = ""
    for word in words:
        match word:
            case "-sS":
                continue
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words).encode()
            case _:
                url = word
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as reply:  # noqa: S310
        return json.load(reply)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="openbook-") as name:
        Path(name).chmod(0o755)  # PostgreSQL runs as somebody else when we are root
        yield Path(name)


@dataclasses.dataclass
class Past:
    """What is known of a demo that has ended."""

    said: str
    key: str
    booking: str
    ran: set[str]
    code: int
    left: dict[str, list[int]]
    bookings: int


@pytest.fixture(scope="module")
def first(folder: Path) -> Past:
    """A first start on servers that were there before it and are there after it."""
    data = folder / "demo"
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(servers.postgres(data / "postgres"))
        servers.create_database(cluster, "openbook")
        url = servers.database_url(cluster, "openbook")
        valkey = servers.start_valkey()
        stack.callback(valkey.terminate)
        theirs = {
            "DATABASE_URL": url,
            "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/3",
            "PORT": str(free_port()),
            "WEB_WORKERS": "1",
        }
        with running(data, folder / "first", **theirs) as demo:
            key = demo.under("API key of the bistro")
            booked = pasted(demo.under("Book it:"))["booking"]["id"]
            ran = set(demo.runs())
            code = demo.end(signal.SIGINT)
        with psycopg.connect(url.replace("postgres://", "postgresql://", 1)) as link:
            row = link.execute("SELECT count(*) FROM bookings_booking").fetchone()
        assert row
        return Past(demo.said, key, booked, ran, code, demo.runs(), row[0])


@pytest.fixture(scope="module")
def demo(folder: Path, first: Past) -> Iterator[Demo]:
    """A second start, on servers of its own and where both ports it would like are taken."""
    with socket.socket() as taken, socket.socket() as busy:
        for each in (taken, busy):
            each.bind(("127.0.0.1", 0))
            each.listen()
        ports = {
            "PORT": str(taken.getsockname()[1]),
            "VALKEY_PORT": str(busy.getsockname()[1]),
        }
        with running(folder / "demo", folder / "second", **ports) as found:
            yield found


def test_it_runs_on_servers_that_are_there_and_leaves_them(first: Past) -> None:
    assert first.ran == {"supervisord", "granian", "live", "worker", "beat"}
    assert first.bookings > 50
    assert (first.code, first.left) == (0, {})
    assert first.said.endswith("==> Everything has ended.\n")


def test_it_says_what_it_does_and_what_to_open_and_nothing_else(demo: Demo) -> None:
    progress, _, welcome = demo.said.partition("\n\n")
    taken, busy, *steps = progress.splitlines()
    assert re.fullmatch(r"==> Port \d+ is taken; the web server uses \d+\.", taken)
    assert re.fullmatch(r"==> Port \d+ is taken; Valkey uses \d+\.", busy)
    assert steps == [
        "==> Starting PostgreSQL",
        "==> Bringing the tables up to date",
        "==> Loading the demo businesses",
        "==> Starting the web server, the live stream, a worker and the beat",
    ]
    port = taken.rpartition(" ")[2].rstrip(".")
    assert welcome.startswith(
        f"Openbook is running.\n\n  Staff         http://127.0.0.1:{port}/desk/\n"
        f"  Back office   http://127.0.0.1:{port}/admin/\n"
    )
    for path in ("/admin/login/", "/docs/", "/readyz", "/metrics"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as page:
            assert page.status == 200


def test_what_it_prints_can_be_pasted(demo: Demo) -> None:
    free = pasted(demo.under("What is free tomorrow at seven, for two?"))
    booked = pasted(demo.under("Book it:"))["booking"]
    assert free["available"]
    assert (booked["status"], booked["start_time"]) == ("confirmed", "19:00:00")
    left = pasted(demo.under("What is free tomorrow at seven, for two?"))
    assert left["remaining_resources"] == free["remaining_resources"] - 1


def test_every_door_that_it_prints_offers_something(demo: Demo) -> None:
    lines = [line.strip() for line in demo.said.splitlines() if line.startswith("  curl")]
    *_, scheduled, grid, lookup, intervals, token = [
        pasted(line) for line in lines if "/bookings" not in line
    ]
    assert {each["available"] for each in lookup["slot_time_availability"]} <= {True, False}
    assert len(lookup["slot_time_availability"]) == 2
    assert token["access_token"]
    assert any(each["available"] for each in scheduled["slots"])
    assert grid["metadata"]["total_available_slots"] > 50
    # Spin comes every day of the week, but for one on which something may be full.
    assert 6 <= len(intervals["data"]) <= 7


def test_what_guests_would_get_is_on_a_page(demo: Demo) -> None:
    address = re.findall(r"http://[^ ]+/demo/mail/", demo.said)[0]

    def shown() -> str:
        with urllib.request.urlopen(address) as page:  # noqa: S310
            return str(page.read().decode())

    until(lambda: "maria@example.com" in shown(), "who booked just now was not written to")
    assert "Confirmed: Table at Bistro Verde" in shown()


def test_a_second_start_finds_the_data_of_the_first(demo: Demo, first: Past) -> None:
    assert demo.under("API key of the bistro") == first.key
    url = demo.under("Book it:").rpartition(" ")[2].replace("/dynamic", "/manage")
    asked = urllib.request.Request(  # noqa: S310
        f"{url}/{first.booking}", headers={"Authorization": f"Bearer {first.key}"}
    )
    with urllib.request.urlopen(asked) as reply:  # noqa: S310
        assert json.load(reply)["booking"]["status"] == "confirmed"


@pytest.mark.parametrize(
    "arguments, words", [((), "is running already"), (("--reset",), "is running (process")]
)
def test_it_doesn_t_run_twice_and_isn_t_reset_meanwhile(
    demo: Demo, arguments: tuple[str, ...], words: str
) -> None:
    done = subprocess.run(
        command(demo.data, *arguments),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_killed_is_started_again_and_said_so(demo: Demo) -> None:
    before = demo.runs()
    for name in ("granian", "live", "worker", "valkey"):
        os.kill(before[name][0], signal.SIGKILL)
    for name in ("web", "live", "worker", "valkey"):
        demo.says(f"==> {name} ended (terminated by SIGKILL); see {demo.data}/log/{name}.log")
        demo.says(f"==> {name} was started again (process ")
    until(lambda: len(demo.runs().get("granian", [])) == 3, "no web server came back")
    until(lambda: len(demo.runs().get("live", [])) == 2, "no live stream came back")
    after = demo.runs()
    for name in ("granian", "live", "worker", "valkey"):
        assert not {*after[name]} & {*before[name]}, f"a {name} of before goes on"
    assert after["postgres"][0] == before["postgres"][0]
    until(lambda: _answers(demo), "it didn't recover")


def _answers(demo: Demo) -> bool:
    with contextlib.suppress(OSError):
        return bool(pasted(demo.under("What is free tomorrow at seven, for two?"))["available"])
    return False


def test_in_the_end_nothing_is_left_and_it_can_be_forgotten(demo: Demo) -> None:
    ours = {"granian", "live", "worker", "beat"}
    assert {*demo.runs()} == {"supervisord", "postgres", "valkey", *ours}
    assert demo.end(signal.SIGTERM) == 0
    assert demo.said.endswith("==> Everything has ended.\n")
    assert demo.runs() == {}
    done = subprocess.run(command(demo.data, "--reset"), cwd=ROOT, env=environment(), check=False)
    assert (done.returncode, demo.data.exists()) == (0, False)


def test_a_start_that_was_ended_while_postgresql_was_made_is_made_good(folder: Path) -> None:
    data = folder / "interrupted" / "postgres"
    done = subprocess.Popen(command(data.parent), cwd=ROOT, env=environment())
    until((data / "PG_VERSION").exists, "nothing was made")
    done.terminate()
    assert done.wait(timeout=20) == 0
    assert not (data / "postmaster.pid").exists()
    with servers.postgres(data) as cluster, psycopg.connect(cluster.get_uri()) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)
    assert [each.name for each in data.parent.glob("postgres*")] == ["postgres"]


def test_ports_that_are_none_are_refused(folder: Path) -> None:
    done = subprocess.run(
        command(folder / "never"),
        cwd=ROOT,
        env=environment(PORT="http"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "PORT must be a number from 1 to 65535, not “http”.\n"
