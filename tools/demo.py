"""Everything on this machine: `make demo`.

Sets up an embedded PostgreSQL and Valkey under var/demo (or uses DATABASE_URL and REDIS_URL),
migrates, loads the demo businesses, and runs the web server, the live stream on the next port, a
Celery worker and a Celery beat in the foreground under supervisord, which starts anew what ended;
that is said here, and what each has to say is in var/demo/log. Ctrl-C or SIGTERM ends them all. A
second start finds the data of the first.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from tools import languages, servers

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "var" / "demo"
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
OURS = ("web", "live", "worker", "beat")
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """Somebody asked for the end."""


def say(text: str) -> None:
    print(f"\033[1m==>\033[0m {text}" if sys.stdout.isatty() else f"==> {text}", flush=True)


def free_port(wanted: int, what: str) -> int:
    """The port asked for, or the next free one, and says so."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                if port != wanted:
                    say(f"Port {wanted} is taken; {what} uses {port}.")
                return port
    raise SystemExit(f"No free port for {what} from {wanted} to {wanted + 99}.")


def number(name: str, default: int) -> int:
    """A port or a count from the environment."""
    text = os.environ.get(name) or str(default)
    if not (text.isdecimal() and 0 < int(text) < 65_536):
        raise SystemExit(f"{name} must be a number from 1 to 65535, not “{text}”.")
    return int(text)


def secret(data: Path) -> str:
    """This demo's own secret, the same at every start."""
    path = data / "secret"
    if not path.exists():
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def manage(environment: dict[str, str], *command: str) -> str:
    """Run a management command; ends with its own words when it fails. Nobody hears a doorbell
    yet."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment | {"DOORBELL": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C comes to us, who end it
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nmanage.py {command[0]} failed; the lines above say why.")
    return done.stdout


def programs(
    data: Path, port: int, live_port: int, valkey_port: int | None
) -> dict[str, dict[str, str]]:
    """What supervisord runs, in the order it is started."""
    celery = f'"{BIN / "celery"}" --quiet --app config'
    found: dict[str, dict[str, str]] = {}
    if not os.environ.get("DATABASE_URL"):
        found["postgres"] = {"stopsignal": "INT"} | servers.postgres_program(data / "postgres")
    if valkey_port:
        found["valkey"] = {"command": servers.valkey_command(data / "valkey", valkey_port)}
    found["web"] = {
        "command": f'"{BIN / "granian"}" --interface wsgi --host {HOST} --port {port}'
        f" --workers {number('WEB_WORKERS', 2)} --blocking-threads 4 --no-ws"
        " --respawn-failed-workers --workers-kill-timeout 5 --log-level warning"
        " config.wsgi:application"
    }
    found["live"] = {
        "command": f'"{BIN / "granian"}" --interface asgi --host {HOST} --port {live_port}'
        " --no-ws --backpressure 8192 --respawn-failed-workers --workers-kill-timeout 5"
        " --log-level warning config.asgi:application"
    }
    found["worker"] = {
        "command": f"{celery} worker --loglevel warning --concurrency 2 --without-gossip"
        " --without-mingle"
    }
    found["beat"] = {
        "command": f'{celery} beat --loglevel warning --schedule "{data / "beat-schedule"}"'
    }
    return found


def configuration(data: Path, found: dict[str, dict[str, str]]) -> Path:
    """Write supervisord's file; every program writes to a log of its own."""
    logs = data / "log"
    logs.mkdir(exist_ok=True)
    parser = configparser.RawConfigParser()
    parser["supervisord"] = {
        "nodaemon": "true",
        "logfile": str(logs / "supervisord.log"),
        "pidfile": str(data / "supervisord.pid"),
        "loglevel": "info",
    }
    if os.geteuid() == 0:
        parser["supervisord"]["user"] = "root"
    for order, (name, values) in enumerate(found.items()):
        parser[f"program:{name}"] = {
            "directory": str(ROOT),
            "priority": str(order),
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "10",
            "stopasgroup": "true" if name in OURS else "false",
            "killasgroup": "true",
            "stopwaitsecs": "6",
            "stdout_logfile": str(logs / f"{name}.log"),
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": "1",
            "redirect_stderr": "true",
        } | values
    # They end together, and before what they stand on.
    stores = [name for name in found if name in ("postgres", "valkey")]
    parser["group:openbook"] = {
        "programs": ",".join(name for name in found if name not in stores),
        "priority": str(len(found)),
    }
    path = data / "supervisord.conf"
    with path.open("w") as file:
        for section in parser.values():
            for key, value in section.items():
                section[key] = value.replace("%", "%%")
        parser.write(file)
    return path


class Supervisor:
    """supervisord and what runs under it, until it is left."""

    SPAWNED = re.compile(r" spawned: '(\w+)' with pid (\d+)")
    EXITED = re.compile(r" exited: (\w+) \((.+); (?:not )?expected\)")
    GAVE_UP = re.compile(r" gave up: (\w+) ")

    def __init__(self, configuration: Path, environment: dict[str, str], logs: Path) -> None:
        self.logs = logs
        self.groups: dict[str, int] = {}
        self.is_ending = False
        self.process = subprocess.Popen(
            [BIN / "supervisord", "--nodaemon", "--configuration", configuration],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C comes to us, and we tell it once
        )
        self.teller = threading.Thread(target=self._tell, daemon=True)
        self.teller.start()

    def _tell(self) -> None:
        """Say what a user wants to know of what supervisord tells; the rest is in its log."""
        assert self.process.stdout
        for line in self.process.stdout:
            if found := self.SPAWNED.search(line):
                name, pid = found[1], int(found[2])
                if name in self.groups:
                    say(f"{name} was started again (process {pid})")
                self.groups[name] = pid
            elif found := self.EXITED.search(line):
                self._clear(found[1])
                if not self.is_ending:
                    say(f"{found[1]} ended ({found[2]}); see {self.logs / found[1]}.log")
            elif found := self.GAVE_UP.search(line):
                say(f"{found[1]} doesn't start; see {self.logs / found[1]}.log")

    def _clear(self, name: str) -> None:
        """A server that was killed leaves its workers behind, who would go on answering."""
        if name in OURS:
            with contextlib.suppress(ProcessLookupError, KeyError):
                os.killpg(self.groups[name], signal.SIGKILL)

    def end(self) -> None:
        """End everything, and return when nothing is left."""
        self.is_ending = True
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.teller.join(timeout=5)
        for name in self.groups:
            self._clear(name)


@contextlib.contextmanager
def supervised(
    configuration: Path, environment: dict[str, str], logs: Path
) -> Iterator[Supervisor]:
    supervisor = Supervisor(configuration, environment, logs)
    try:
        yield supervisor
    finally:
        supervisor.end()


def wait_until_ready(url: str, supervisor: Supervisor) -> None:
    """Return when the web server can read and write the book."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and supervisor.process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{url}/readyz", timeout=2) as reply,  # noqa: S310
        ):
            if json.load(reply)["status"] == "ok":
                return
        time.sleep(0.1)
    for log in sorted(supervisor.logs.glob("*.log")):
        if last := log.read_text(errors="replace").splitlines()[-10:]:
            print(f"--- {log}", *last, sep="\n", flush=True)
    raise SystemExit("The demo did not come up; the lines above say why.")


def welcome(url: str, facts: dict[str, object], data: Path) -> str:
    """What to open, who to be, and commands to paste."""
    logins = facts["logins"]
    curl = facts["curl"]
    assert isinstance(logins, list)
    assert isinstance(curl, dict)
    people = "\n".join(
        f"  {each['email']:<28} {each['password']:<14} {each['role']}" for each in logins
    )
    kept = data.relative_to(ROOT) if data.is_relative_to(ROOT) else data
    return f"""
Openbook is running.

  Staff         {url}/desk/
  Back office   {url}/admin/
  Guests        {url}/demo/site/   (the bistro's own site, with the one-tag widget)
                {url}/book/demo-bistro/   {url}/book/demo-gym/   {url}/book/demo-spa/
  API and docs  {url}/v1/   {url}/docs/
  Mail          {url}/demo/mail/   (what guests would get)
  Health        {url}/readyz   {url}/metrics
  Logs          {kept}/log/

Log in as
{people}

API key of the bistro
  {facts["api_key"]}

What is free tomorrow at seven, for two?
  {curl["availability"]}

Book it:
  {curl["booking"]}

The same book through other doors: massages tomorrow at the spa, by AvailEngine's timetable, by
MyReserva's grid and by Google's look-up; Spin at the gym by Appointedd's intervals; and a token for
the bistro by OctoTable
  {curl["scheduled"]}

  {curl["myreserva"]}

  {curl["google"]}

  {curl["appointedd"]}

  {curl["octotable"]}

Ctrl-C ends it; the data stays in {kept} until `make demo-reset`.
"""


def reset(data: Path) -> None:
    """Forget the demo's data, unless it is running."""
    if pid := running(data):
        raise SystemExit(f"The demo is running (process {pid}); end it first.")
    shutil.rmtree(data, ignore_errors=True)
    say("The demo's data is gone.")


def running(data: Path) -> int | None:
    """The process of the supervisor that runs on this data, if any does."""
    try:
        pid = int((data / "supervisord.pid").read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def run(data: Path) -> None:
    """Run the demo until somebody asks for its end."""
    data.mkdir(parents=True, exist_ok=True)
    if pid := running(data):
        raise SystemExit(f"The demo is running already (process {pid}).")
    port = free_port(number("PORT", 8000), "the web server")
    url = f"http://{HOST}:{port}"
    live_port = free_port(number("LIVE_PORT", port + 1), "the live stream")
    metrics = data / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    environment = {
        "OPENBOOK_ENV": "development",
        "DEBUG": "0",
        "SECRET_KEY": secret(data),
        "OPENBOOK_DEMO": "1",
        "PUBLIC_URL": url,
        "LIVE_URL": f"http://{HOST}:{live_port}/live/",
        "EMAIL_URL": f"filemail://{urllib.parse.quote(str(data / 'mail'))}",
        "WEBHOOKS_ALLOW_PRIVATE": "1",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        # Said of a worker that runs as root, which on a machine of one's own is no news.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    } | dict(os.environ)
    valkey_port = None
    if not os.environ.get("REDIS_URL"):
        valkey_port = free_port(number("VALKEY_PORT", 6390), "Valkey")
        environment["REDIS_URL"] = f"redis://{HOST}:{valkey_port}/0"

    languages.compiled()
    with contextlib.ExitStack() as embedded:
        if not os.environ.get("DATABASE_URL"):
            say("Starting PostgreSQL")
            postgres = embedded.enter_context(servers.postgres(data / "postgres"))
            environment["DATABASE_URL"] = servers.database_url(postgres, "openbook")
            servers.create_database(postgres, "openbook")
        say("Bringing the tables up to date")
        manage(environment, "migrate", "--verbosity", "0")
        say("Loading the demo businesses")
        kept = str(data / "credentials.json")
        facts = json.loads(
            manage(environment, "load_demo", "--json", "--base-url", url, "--kept", kept)
        )
    say("Starting the web server, the live stream, a worker and the beat")
    path = configuration(data, programs(data, port, live_port, valkey_port))
    serving = environment | {"OPENBOOK_SERVING": "1"}
    with supervised(path, serving, data / "log") as supervisor:
        wait_until_ready(url, supervisor)
        print(welcome(url, facts, data), flush=True)
        supervisor.process.wait()
        raise SystemExit("The supervisor ended, and everything with it.")


def end(number: int, frame: FrameType | None) -> None:
    """Ends the demo; asking again meanwhile is no quicker."""
    for each in ENDS:
        signal.signal(each, signal.SIG_IGN)
    raise Ended


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="forget the demo's data")
    parser.add_argument("--data", type=Path, default=DATA, help="where its data is kept")
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if arguments.reset:
        reset(data)
        return 0
    for each in ENDS:
        signal.signal(each, end)
    try:
        run(data)
    except Ended:
        say("Everything has ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
