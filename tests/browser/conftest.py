"""One browser and two servers for all tests here; a context and clean tables for each.

The servers run on the tests' database, so what a test makes is committed and cleared away after it.
Without a browser these tests are left out, and the summary says so in words nobody overlooks.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.models import Business, Membership
from accounts.services import join
from availability.models import OpeningHours
from resources.models import Resource
from tests.browser.eyes import Eyes
from tests.builders import business, location, tables, user
from tests.web import Web, free_port, serving, streaming
from tools import browser as chromium

expect.set_options(timeout=15_000)  # a busy machine is slow; only what fails takes that long
HERE = Path(__file__).resolve().parent
REPORT = pytest.StashKey[pytest.TestReport]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests out where there is no browser; `tests.plugin` says so."""
    if chromium.find():
        return
    ours = [each for each in items if each.path.is_relative_to(HERE)]
    items[:] = [each for each in items if each not in ours]
    config.hook.pytest_deselected(items=ours)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        item.stash[REPORT] = report
    return report


@pytest.fixture(scope="package")
def browser(django_db_setup: None) -> Iterator[Browser]:
    # Playwright's plain interface turns an event loop of its own in this thread for as long as the
    # browser is open. So Django takes every query for one inside a coroutine, and refuses it; and
    # would open another connection, which knows nothing of the tests' database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    ours = connections[DEFAULT_DB_ALIAS]
    try:
        with sync_playwright() as playwright:
            connections[DEFAULT_DB_ALIAS] = ours
            found = playwright.chromium.launch(
                executable_path=chromium.find(), args=list(chromium.ARGUMENTS)
            )
            yield found
            found.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Live:
    """The live stream's process, which can be ended and started again where pages look for it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/live/"
        self._running = contextlib.ExitStack()

    def start(self) -> Web:
        return self._running.enter_context(streaming(port=self.port))

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(scope="package")
def live(django_db_setup: None) -> Iterator[Live]:
    found = Live()
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="package")
def web(live: Live) -> Iterator[Web]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(port=port, workers=1, threads=4, PUBLIC_URL=url, LIVE_URL=live.url) as found:
        yield found


@pytest.fixture
def eyes(
    browser: Browser, web: Web, transactional_db: None, request: pytest.FixtureRequest
) -> Iterator[Eyes]:
    """Opens pages. What went wrong on them fails the test, whatever else it looked at."""
    found = Eyes(browser, f"http://127.0.0.1:{web.port}")
    try:
        yield found
        report = request.node.stash.get(REPORT, None)
        wrong = found.unforgiven()
        if wrong or (report and report.failed):
            seen = found.keep(request.node.name)
            request.node.add_report_section("call", "browser", f"What was seen is in {seen}")
        if report and report.passed:
            assert wrong == []
    finally:
        found.close()


@pytest.fixture
def bistro(transactional_db: None) -> Business:
    """Open day and night, so that it is whatever the clock says; six tables on a plan."""
    made = business("Bistro", timezone="Europe/London", currency="GBP")
    made.slug = "bistro"
    made.save(update_fields=["slug"])
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(made), weekday=weekday, opens=time(0), closes=time(0)
        )
    for n, each in enumerate(tables(made, 6)):
        Resource.objects.filter(pk=each.pk).update(
            plan_x=40 + 140 * (n % 3), plan_y=40 + 120 * (n // 3), plan_width=90, plan_height=70
        )
    return made


@pytest.fixture
def desk_page(eyes: Eyes, bistro: Business) -> Any:
    """`desk_page("floor/", role="staff", size=PHONE)`: a page of the bistro's desk, signed in."""

    def open_(path: str = "", *, role: str = Membership.Role.OWNER, **options: Any) -> Page:
        somebody = user()
        join(somebody, bistro, role=role)
        return eyes.open(f"/desk/{bistro.slug}/{path}", user=somebody, **options)

    return open_


@pytest.fixture
def guest_page(eyes: Eyes) -> Any:
    """`guest_page("/book/bistro/")`: any page, as a guest who isn't known."""
    return eyes.open
