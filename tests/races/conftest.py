"""Real threads, real commits, a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web import Web, serving

LOG = Path(__file__).resolve().parents[2] / "var" / "test" / "postgres" / "log"


@pytest.fixture(scope="session")
def web(django_db_setup: None) -> Iterator[Web]:
    with serving() as found:
        yield found


@pytest.fixture(autouse=True)
def _no_deadlock() -> Iterator[None]:
    """A deadlock that was mended is still one too many: the server's log must not tell of any."""
    before = LOG.stat().st_size if LOG.exists() else 0
    yield
    if LOG.exists():
        with LOG.open("rb") as log:
            log.seek(before)
            assert b"deadlock detected" not in log.read()
