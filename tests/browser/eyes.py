"""A real browser on real servers: pages as somebody sees them, and what they must never do."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Request

from accounts.models import User
from tests.web import ROOT

PHONE = (390, 844)
NARROW = (320, 640)
TABLET = (820, 1180)
DESK = (1440, 900)
KEPT = ROOT / "var" / "browser"  # what was seen when a test failed
TRACE = os.environ.get("BROWSER_TRACE") == "1"  # costs time, so only when asked for
# An answer that says why not is an answer; the console calls it an error all the same.
MEANT = re.compile(r"the server responded with a status of (409|422)\b")
# Navigating away and closing a stream end what was under way.
ABORTED = "net::ERR_ABORTED"


@dataclasses.dataclass
class Eyes:
    """Opens pages, and watches what goes wrong on them. One context for each `page` it opens."""

    browser: Browser
    url: str
    contexts: list[BrowserContext] = dataclasses.field(default_factory=list)
    wrong: list[str] = dataclasses.field(default_factory=list)
    forgiven: list[re.Pattern[str]] = dataclasses.field(default_factory=list)

    def open(
        self,
        path: str = "",
        *,
        user: User | None = None,
        size: tuple[int, int] = DESK,
        dark: bool = False,
        touch: bool = False,
        **options: Any,
    ) -> Page:
        """A page in a browser of its own, signed in as `user` if that is said, at `path`."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=touch,
            **({"locale": "en-GB", "timezone_id": "Europe/London"} | options),
        )
        context.set_default_timeout(15_000)
        context.set_default_navigation_timeout(30_000)
        if TRACE:
            context.tracing.start(screenshots=True, snapshots=True)
        self.contexts.append(context)
        if user:
            context.add_cookies([{"name": "sessionid", "value": session(user), "url": self.url}])
        context.on("page", self._watch)
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    def forgive(self, pattern: str) -> None:
        """Expect what matches to go wrong in this test."""
        self.forgiven.append(re.compile(pattern))

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self._note(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on(
            "console",
            lambda message: (
                self._note(f"{page.url}: {message.text} ({message.location.get('url', '')})")
                if message.type == "error"
                else None
            ),
        )

    def _failed(self, request: Request) -> None:
        if request.failure != ABORTED:
            self._note(f"{request.method} {request.url}: {request.failure}")

    def _note(self, what: str) -> None:
        if not MEANT.search(what):
            self.wrong.append(what)

    def unforgiven(self) -> list[str]:
        return [each for each in self.wrong if not any(one.search(each) for one in self.forgiven)]

    def keep(self, name: str) -> Path:
        """Write down what is to be seen on every page that is open."""
        folder = KEPT / re.sub(r"[^\w.-]+", "_", name)
        folder.mkdir(parents=True, exist_ok=True)
        pages = [page for context in self.contexts for page in context.pages]
        for number, page in enumerate(pages, 1):
            page.screenshot(path=folder / f"{number}.png")
            (folder / f"{number}.html").write_text(page.content())
        (folder / "wrong.txt").write_text("\n".join(self.wrong))
        if TRACE:
            for number, context in enumerate(self.contexts, 1):
                context.tracing.stop(path=folder / f"{number}.zip")
        return folder

    def close(self) -> None:
        for each in self.contexts:
            each.close()


def session(user: User) -> str:
    """The cookie of somebody who signed in just now."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


AXE = resources.files("axe_playwright_python") / "axe.min.js"


def axe(page: Page, *, within: str = "", leave_out: Sequence[str] = ()) -> None:
    """Hold what is on the page to WCAG 2.2 AA: nothing serious or critical may be found."""
    # As a whole program of the browser's, which no policy of the page keeps out.
    page.evaluate(AXE.read_text())
    options = {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        "rules": {each: {"enabled": False} for each in leave_out},
        "resultTypes": ["violations"],
    }
    found = page.evaluate(
        "([within, options]) => axe.run(within || document, options).then((r) => r.violations)",
        [within, options],
    )
    bad = [each for each in found if each["impact"] in ("serious", "critical")]
    words = [
        f"{each['id']} ({each['impact']}): {each['help']}\n"
        + "\n".join(
            f"  {' '.join(map(json.dumps, node['target']))}: {node['failureSummary']}"
            for node in each["nodes"][:5]
        )
        for each in bad
    ]
    assert not bad, f"{page.url}\n" + "\n".join(words)


# What sticks out, but for what lies in something that scrolls by itself.
STICKS_OUT = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const scrolls = (e) => e && e !== document.body &&
    (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  return [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > wide + 0.5 && !scrolls(e.parentElement))
    .map((e) => e.outerHTML.slice(0, 120))
    .concat(`${document.documentElement.scrollWidth} in a window of ${wide}`);
}"""


def fits(page: Page) -> None:
    """Nothing is wider than the window, so nobody has to scroll sideways."""
    found = page.evaluate(STICKS_OUT)
    assert not found, f"{page.url}\n" + "\n".join(found)
