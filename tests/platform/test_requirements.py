"""What production installs is all that production imports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

SERVE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

ABSENT = set(sys.argv[1:])
sys.meta_path.insert(0, Absent())

import granian.server
import config.wsgi
from config.celery import app
app.loader.import_default_modules()
app.connection_for_read()
from django.test import Client
assert Client().get("/openapi.json").status_code == 200
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_base_is_enough_to_serve_and_to_work() -> None:
    pins = (ROOT / "requirements" / "base.txt").read_text()
    installed = {normal(each) for each in re.findall(r"^([\w.-]+)==", pins, re.MULTILINE)}
    absent = [
        module
        for module, owners in packages_distributions().items()
        if not {normal(each) for each in owners} & installed and module.isidentifier()
    ]
    assert {"pytest", "schemathesis"} <= set(absent)
    done = subprocess.run(
        [sys.executable, "-c", SERVE, *absent],
        cwd=ROOT,
        env=os.environ | {"OPENBOOK_ENV": "development", "DEBUG": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
