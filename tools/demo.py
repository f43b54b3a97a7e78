"""Everything on this machine: `make demo`.

Sets up an embedded PostgreSQL and Valkey under var/demo (or uses DATABASE_URL and REDIS_URL),
migrates, loads the demo businesses, and runs the web server, a Celery worker and a Celery beat in
the foreground under supervisord, which says when one ended and starts it again. Ctrl-C or SIGTERM
ends them all. A second start finds the data of the first.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from tools import servers

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "demo"
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"


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


def secret() -> str:
    """This demo's own secret, the same at every start."""
    path = VAR / "secret"
    if not path.exists():
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def manage(environment: dict[str, str], *command: str) -> str:
    """Run a management command; ends with its own words when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nmanage.py {command[0]} failed; the lines above say why.")
    return done.stdout


def programs(environment: dict[str, str], port: int, valkey_port: int) -> dict[str, dict[str, str]]:
    """What supervisord runs, in the order it is started."""
    celery = f"{BIN / 'celery'} --app config"
    found: dict[str, dict[str, str]] = {}
    if "DATABASE_URL" not in os.environ:
        found["postgres"] = {"stopsignal": "INT"} | servers.postgres_program(VAR / "postgres")
    if "REDIS_URL" not in os.environ:
        found["valkey"] = {"command": servers.valkey_command(VAR / "valkey", valkey_port)}
    workers = os.environ.get("WEB_WORKERS", "2")
    found["web"] = {
        "command": f"{BIN / 'granian'} --interface wsgi --host {HOST} --port {port}"
        f" --workers {workers} --blocking-threads 4 --no-ws --respawn-failed-workers"
        f" --workers-kill-timeout 5 --log-level warning config.wsgi:application"
    }
    found["worker"] = {
        "command": f"{celery} worker --loglevel warning --concurrency 2 --without-gossip"
        " --without-mingle"
    }
    found["beat"] = {
        "command": f"{celery} beat --loglevel warning --schedule {VAR / 'beat-schedule'}"
    }
    return found


def configuration(found: dict[str, dict[str, str]]) -> Path:
    """Write supervisord's file; every program's lines go to this terminal."""
    parser = configparser.RawConfigParser()
    parser["supervisord"] = {
        "nodaemon": "true",
        "logfile": str(VAR / "supervisord.log"),
        "pidfile": str(VAR / "supervisord.pid"),
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
            "stopasgroup": "true" if name in ("web", "worker", "beat") else "false",
            "killasgroup": "true",
            "stopwaitsecs": "10",
            "stdout_logfile": "/dev/fd/1",
            "stdout_logfile_maxbytes": "0",
            "redirect_stderr": "true",
        } | {key: value.replace("%", "%%") for key, value in values.items()}
    path = VAR / "supervisord.conf"
    with path.open("w") as file:
        parser.write(file)
    return path


def wait_until_ready(url: str, supervisor: subprocess.Popen[bytes]) -> None:
    """Return when the web server can read and write the book."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and supervisor.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{url}/readyz", timeout=2) as reply,  # noqa: S310
        ):
            if json.load(reply)["status"] == "ok":
                return
        time.sleep(0.2)
    if supervisor.poll() is None:
        supervisor.terminate()
        supervisor.wait()
    raise SystemExit("The demo did not come up; the lines above say why.")


def welcome(url: str, facts: dict[str, object]) -> str:
    """What to open, who to be, and two commands to paste."""
    logins = facts["logins"]
    curl = facts["curl"]
    assert isinstance(logins, list)
    assert isinstance(curl, dict)
    people = "\n".join(
        f"  {each['email']:<28} {each['password']:<14} {each['role']}" for each in logins
    )
    return f"""
Openbook is running.

  Admin         {url}/admin/
  API and docs  {url}/v1/   {url}/docs/
  Health        {url}/readyz   {url}/metrics

Log in as
{people}

API key of the bistro
  {facts["api_key"]}

What is free tomorrow at seven, for two?
  {curl["availability"]}

Book it:
  {curl["booking"]}

Ctrl-C ends it; the data stays in var/demo until `make demo-reset`.
"""


def reset() -> None:
    """Forget the demo's data, unless it is running."""
    pidfile = VAR / "supervisord.pid"
    if is_running(pidfile):
        raise SystemExit("The demo is running; end it first.")
    shutil.rmtree(VAR, ignore_errors=True)
    say("The demo's data is gone.")


def is_running(pidfile: Path) -> bool:
    """Whether the process that wrote this file is still there."""
    try:
        os.kill(int(pidfile.read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


def run() -> int:
    VAR.mkdir(parents=True, exist_ok=True)
    if is_running(VAR / "supervisord.pid"):
        raise SystemExit("The demo is running already.")
    port = free_port(int(os.environ.get("PORT", "8000")), "the web server")
    valkey_port = free_port(6390, "Valkey")
    metrics = VAR / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    url = f"http://{HOST}:{port}"
    environment = {
        "OPENBOOK_ENV": "development",
        "DEBUG": "0",
        "SECRET_KEY": secret(),
        "PUBLIC_URL": url,
        "WEBHOOKS_ALLOW_PRIVATE": "1",
        "REDIS_URL": f"redis://{HOST}:{valkey_port}/0",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    } | dict(os.environ)
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        if supervisor:
            supervisor.send_signal(signal.SIGTERM)
        else:
            raise SystemExit(130)

    supervisor: subprocess.Popen[bytes] | None = None
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

    with contextlib.ExitStack() as embedded:
        if "DATABASE_URL" not in os.environ:
            say("Starting PostgreSQL")
            postgres = embedded.enter_context(servers.postgres(VAR / "postgres"))
            environment["DATABASE_URL"] = servers.database_url(postgres, "openbook")
            servers.create_database(postgres, "openbook")
        say("Bringing the tables up to date")
        manage(environment, "migrate", "--verbosity", "0")
        say("Loading the demo businesses")
        facts = json.loads(manage(environment, "load_demo", "--json", "--base-url", url))
    say("Starting the web server, a worker and the beat")
    found = programs(environment, port, valkey_port)
    supervisor = subprocess.Popen(
        [BIN / "supervisord", "--nodaemon", "--configuration", configuration(found)],
        cwd=ROOT,
        env=environment | {"OPENBOOK_SERVING": "1"},
        start_new_session=True,  # Ctrl-C comes to us, and we tell it once
    )
    wait_until_ready(url, supervisor)
    print(welcome(url, facts), flush=True)
    code = supervisor.wait()
    say("Everything has ended.")
    return 0 if stopping else code


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="make demo", description=__doc__)
    arguments.add_argument("--reset", action="store_true", help="forget the demo's data")
    if arguments.parse_args().reset:
        reset()
    else:
        sys.exit(run())
