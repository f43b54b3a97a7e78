"""Every check that isn't a test: `make check`. Runs them all and then says which failed."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from tools import servers

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

OFFLINE = ("ConnectionError", "Failed to establish", "Name or service", "Max retries", "timed out")


def run(name: str, command: list[str], **environment: str) -> bool:
    """Run one check; its lines are shown when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    remark = ""
    if name == "dependency audit" and not passed and any(w in done.stdout for w in OFFLINE):
        passed, remark = True, " (could not be asked: no network)"
    took = time.monotonic() - began
    print(f"{'ok  ' if passed else 'FAIL'} {name:<22} {took:5.1f} s{remark}", flush=True)
    if not passed:
        print(done.stdout, flush=True)
    return passed


def main() -> int:
    python = sys.executable
    production = {
        "OPENBOOK_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "book.example.com",
        "DEBUG": "0",
    }
    postgres = servers.start_postgres(ROOT / "var" / "test" / "postgres", *servers.FAST)
    database = {"DATABASE_URL": os.environ.get("DATABASE_URL", postgres.get_uri())}
    passed = [
        run("ruff", [str(BIN / "ruff"), "check", "."]),
        run("format", [str(BIN / "ruff"), "format", "--check", "."]),
        run("types", [str(BIN / "mypy"), "."], OPENBOOK_ENV="test"),
        run("layers", [str(BIN / "lint-imports")], OPENBOOK_ENV="test"),
        run("migrations", [python, "manage.py", "makemigrations", "--check"], **database),
        run(
            "production settings",
            [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            **production,
        ),
        run(
            "dependency audit",
            [str(BIN / "pip-audit"), "--progress-spinner=off", "--timeout=15", "--no-deps",
             "--disable-pip", "--requirement=requirements/base.txt"],
        ),
    ]  # fmt: skip
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
