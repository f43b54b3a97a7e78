"""Starts the servers the tests run on, before Django reads where they are.

Loaded with `-p tests.plugin`, so the tests are run as `python -m pytest`.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from tools import browser, languages, servers

ROOT = Path(__file__).resolve().parent.parent
BROWSER = ROOT / "tests" / "browser"
RUNNING: list[object] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Embedded servers, unless real ones are named."""
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, _, _ = line.partition("=")
        if name not in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)  # the tests say themselves what they want set
    os.environ["OPENBOOK_ENV"] = "test"
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # the servers run; each has its own rooms
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{number}"
        return
    languages.compiled()
    if not os.environ.get("DATABASE_URL"):
        postgres = servers.start_postgres(ROOT / "var" / "test" / "postgres", *servers.FAST)
        os.environ["DATABASE_URL"] = servers.database_url(postgres, "openbook")
    if not os.environ.get("REDIS_URL"):
        valkey = servers.start_valkey()
        RUNNING.append(valkey)
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{valkey.port}/0"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One file at a time goes to a worker, and what commits comes after all that rolls back, as
    pytest-django has put it: it leaves the tables empty."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        commits = "transactional_db" in getattr(item, "fixturenames", ()) or (
            marker is not None and marker.kwargs.get("transaction", False)
        )
        part = BROWSER if item.path.is_relative_to(BROWSER) else item.path  # one browser is enough
        group = f"{part.relative_to(ROOT)}{' commits' if commits else ''}"
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Nobody shall overlook that what people see wasn't looked at."""
    asked = [Path(each.partition("::")[0]).resolve() for each in config.args]
    if browser.find() or not any(
        BROWSER.is_relative_to(each) or each.is_relative_to(BROWSER) for each in asked
    ):
        return
    terminalreporter.section("THE BROWSER TESTS DID NOT RUN", red=True, bold=True)
    terminalreporter.line(
        f"What is in tests/browser was left out: there is no Chromium ({browser.why_not()})."
        " Install one (Debian's package is chromium) or name one: CHROMIUM=/path/to/it make test"
    )
