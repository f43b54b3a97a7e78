"""Starts the servers the tests run on, before Django reads where they are.

Loaded with `-p tests.plugin`, so the tests are run as `python -m pytest`.
"""

import os
from pathlib import Path

import pytest

from tools import servers

ROOT = Path(__file__).resolve().parent.parent
RUNNING: list[object] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Embedded servers, unless real ones are named."""
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, _, _ = line.partition("=")
        if name not in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)  # the tests say themselves what they want set
    os.environ["OPENBOOK_ENV"] = "test"
    if not os.environ.get("DATABASE_URL"):
        postgres = servers.start_postgres(ROOT / "var" / "test" / "postgres", *servers.FAST)
        os.environ["DATABASE_URL"] = servers.database_url(postgres, "openbook")
    if not os.environ.get("REDIS_URL"):
        valkey = servers.start_valkey()
        RUNNING.append(valkey)
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{valkey.port}/0"
