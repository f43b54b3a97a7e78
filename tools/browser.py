"""The browser that tests and pictures use: `python -m tools.browser` sees to it that there is one.

A Chromium that is there is taken as it is: named by CHROMIUM, the system's, Chrome, or one that
Playwright fetched once. Where there is none, it is installed with apt if we may (as root on Debian
and its kin), else fetched by Playwright. Without any the rest of the tests still run, and say what
didn't.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TRIED = ROOT / "var" / "no-browser"  # when and why there was none
AGAIN = 24 * 3600  # seconds until it is tried again
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")


def find() -> str | None:
    """The program, if there is one. Raises SystemExit when CHROMIUM names none."""
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if not found:
            raise SystemExit(f"CHROMIUM: “{named}” is no program.")
        return found
    return next(filter(None, map(shutil.which, NAMES)), None) or _fetched()


def _fetched() -> str | None:
    """The newest that Playwright has fetched."""
    kept = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folder = Path(kept) if kept else Path.home() / ".cache" / "ms-playwright"
    found = sorted(folder.glob("chromium-*/chrome-linux*/chrome"))
    return str(found[-1]) if found else None


def why_not() -> str:
    """Why there is none, as far as it is known."""
    return TRIED.read_text().strip() if TRIED.exists() else "none is installed"


def ensure() -> str | None:
    """The program, installed if need be."""
    found = find()
    if found:
        TRIED.unlink(missing_ok=True)
        return found
    if TRIED.exists() and time.time() - TRIED.stat().st_mtime < AGAIN:
        return None
    print("==> No Chromium here; installing one for the browser tests", flush=True)
    problems: list[str] = []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        problems += filter(
            None,
            (
                _run("apt-get", "update", seconds=90),
                _run(
                    *("apt-get", "install", "--yes", "--no-install-recommends", "chromium"),
                    seconds=420,
                ),
            ),
        )
    else:
        problems.append("apt-get wants root, on Debian or its kin")
    if not find():
        fetch = (sys.executable, "-m", "playwright", "install", "chromium")
        problems += filter(None, [_run(*fetch, seconds=180)])
    if found := find():
        return found
    TRIED.parent.mkdir(parents=True, exist_ok=True)
    TRIED.write_text("; ".join(problems))
    return None


def _run(*command: str, seconds: int) -> str:
    """What went wrong with a command, in a line; empty when nothing did."""
    name = " ".join(each for each in command[-3:] if not each.startswith("-"))
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{name}: {type(error).__name__}"
    if not done.returncode:
        return ""
    last = (done.stdout.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    return f"{name}: {last}"


def main() -> int:
    found = ensure()
    if found:
        print(f"==> The browser tests use {found}")
    else:
        print(f"==> The browser tests will not run: {why_not()}")
    return 0  # the other tests have their worth


if __name__ == "__main__":
    sys.exit(main())
