"""The pictures of the documentation: `make screenshots`.

Starts a demo of its own, on a folder and ports of its own, looks at it with the browser that the
tests use, and writes docs/pictures/<name>.png, each below 200 kB. `PICTURES` is the whole list: to
have another one taken, add a line. `make screenshots ARGS="floor timeline"` takes only those.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tools import browser
from tools.demo import say
from tools.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
MOST = 200_000  # bytes
WIDE, PHONE, TABLET = (1280, 800), (390, 780), (820, 1000)
OWNER = "owner@demo.example"
PASSWORD = "openbook-demo"  # noqa: S105 - the demo prints it
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
BISTRO, GYM, SPA = "demo-bistro", "demo-gym", "demo-spa"


@dataclasses.dataclass(frozen=True)
class Picture:
    """What is opened, by whom, in what window; `act` does what comes before it is taken."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    act: Callable[[Page], None] | None = None
    signed_in: bool = True
    dark: bool = False


def _choose_a_time(page: Page) -> None:
    page.locator(".slot").last.click()
    page.wait_for_url("**/table/**")


def _choose_a_table(page: Page) -> None:
    _choose_a_time(page)
    page.locator("form[method=post] button").first.click()
    page.wait_for_url("**/held/**")


def _next_week(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name="Next week").click()


def _open_the_modal(page: Page) -> None:
    page.locator("[data-openbook-open]").first.click()
    page.frame_locator("iframe").locator(".slot").first.wait_for()


PICTURES = (
    Picture("floor", f"/desk/{BISTRO}/floor/"),
    Picture("floor-phone", f"/desk/{BISTRO}/floor/", PHONE, dark=True),
    Picture("book", f"/desk/{BISTRO}/book/"),
    Picture("timeline", f"/desk/{SPA}/timeline/"),
    Picture("classes", f"/desk/{GYM}/classes/", act=_next_week),
    Picture("hours", f"/desk/{BISTRO}/settings/hours/"),
    Picture("widget-when", f"/book/{BISTRO}/", PHONE, signed_in=False),
    Picture("widget-table", f"/book/{BISTRO}/", PHONE, _choose_a_time, signed_in=False),
    Picture("widget-details", f"/book/{BISTRO}/", PHONE, _choose_a_table, signed_in=False),
    Picture("widget-modal", "/demo/site/?mode=modal", WIDE, _open_the_modal, signed_in=False),
)


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """The address of a demo that is thrown away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="openbook-pictures-"))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else when we are root
    left_out = ("DATABASE_URL", "REDIS_URL", "OPENBOOK_ENV", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    ports = {"PORT": free_port(), "LIVE_PORT": free_port(), "VALKEY_PORT": free_port()}
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.demo", "--data", folder / "demo"],
        cwd=ROOT,
        env=environment | {name: str(port) for name, port in ports.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C ends it" in line:
                break
        found = re.search(r"(http://[^/\s]+)/desk/", said)
        if not found:
            raise SystemExit(f"{said}\nThe demo did not come up; the lines above say why.")
        yield found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def sign_in(page: Page) -> None:
    page.goto("/desk/sign-in/")
    page.locator("input[type=email], input[name=username], input[name=email]").first.fill(OWNER)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button, form button").first.click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def take(chromium: Browser, url: str, picture: Picture) -> bytes:
    """The picture as PNG. Ends when the page isn't there."""
    context = chromium.new_context(
        base_url=url,
        viewport={"width": picture.size[0], "height": picture.size[1]},
        device_scale_factor=2 if picture.size == PHONE else 1,
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/London",
    )
    try:
        page = context.new_page()
        if picture.signed_in:
            sign_in(page)
        reply = page.goto(picture.path)
        if not reply or not reply.ok:
            raise SystemExit(f"{picture.name}: {picture.path} answers {reply and reply.status}.")
        page.evaluate("document.fonts.ready")
        if picture.act:
            picture.act(page)
        for frame in page.frames:
            frame.evaluate(PAINTED)
        return page.screenshot()
    finally:
        context.close()


def small(png: bytes) -> bytes:
    """The same picture in as many colours as fit into what a picture may weigh."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < MOST:
            return out.getvalue()
    raise SystemExit("A picture is too large even in 32 colours; take a smaller window.")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    known = [each.name for each in PICTURES]
    parser.add_argument("names", nargs="*", help=f"which of them: {', '.join(known)}")
    parser.add_argument("--url", help="a demo that runs already, instead of one of its own")
    arguments = parser.parse_args()
    names = arguments.names or known
    if unknown := set(names) - set(known):
        parser.error(f"there is no picture called {', '.join(sorted(unknown))}")
    program = browser.ensure()
    if not program:
        raise SystemExit(f"There is no Chromium: {browser.why_not()}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not arguments.url:
        say("Starting a demo of its own")
    there = contextlib.nullcontext(arguments.url) if arguments.url else demo()
    with there as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=[*browser.ARGUMENTS, "--lang=en-GB"]
        )
        for each in PICTURES:
            if each.name in names:
                began = time.monotonic()
                png = small(take(chromium, url, each))
                path = FOLDER / f"{each.name}.png"
                path.write_bytes(png)
                took = time.monotonic() - began
                say(f"{path.relative_to(ROOT)}  {len(png) // 1000} kB  {took:.1f} s")
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
