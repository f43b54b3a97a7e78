"""What a machine may say in its environment, and how a start ends on what it may not."""

from __future__ import annotations

import ast
import os
import re
import runpy
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config import env
from tests.web import database_url

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / ".env.example").read_text().splitlines()
    if line and not line.startswith("#")
)
SECRET = secrets.token_urlsafe(64)
PRODUCTION = {
    "OPENBOOK_ENV": "production",
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "book.example.com",
}

Start = Callable[..., dict[str, Any]]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """The settings as a process with this environment, and nothing else of ours, reads them."""

    def read(**environment: str) -> dict[str, Any]:
        for name in EXAMPLE:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return read


NONSENSE = {
    "OPENBOOK_ENV": ("staging", "“staging” is none of development, test, production."),
    "DEBUG": ("maybe", "“maybe” is neither true nor false."),
    "TRUSTED_PROXIES": ("some", "“some” is not a whole number."),
    "SECURE_HSTS_SECONDS": ("-1", "must be at least 0."),
    "DATABASE_POOL_SIZE": ("0", "must be at least 1."),
    "DATABASE_BEHIND_PGBOUNCER": ("2", "“2” is neither true nor false."),
    "CSRF_TRUSTED_ORIGINS": (
        "book.example.com",
        "“book.example.com” is no origin, such as https://book.example.com",
    ),
    "CORS_ALLOWED_ORIGINS": (
        "https://ok.example, https://site.example/page",
        "“https://site.example/page” is no origin, such as https://book.example.com",
    ),
    "PUBLIC_URL": ("book.example.com", "must be a URL: https://… or http://…"),
    "LIVE_URL": ("/live/", "must be a URL: https://… or http://…"),
    "REDIS_URL": ("localhost:6379", "must be a URL: redis://… or rediss://…"),
    "EMAIL_URL": (
        "smtp://openbook:hush",
        "is not a mail URL, such as smtp+tls://user:password@mail.example.com:587",
    ),
    "EMAIL_FROM": ("Bistro", "“Bistro” is no e-mail address."),
    "EMAIL_TIMEOUT": ("0", "must be at least 1."),
    "STRIPE_API_BASE": ("stripe", "must be a URL: https://… or http://…"),
    "PROMETHEUS_MULTIPROC_DIR": (
        "/dev/null/metrics",
        "is no directory that can be made (Not a directory).",
    ),
    "GOOGLE_FEED_DAYS": ("7", "must be at least 30."),
    "GOOGLE_PARTY_SIZES": ("21", "must be at most 20."),
    "GOOGLE_SFTP_USERS": (
        "feeds-m",
        "“feeds-m” is none of merchants:…, services:…, availability:…, generic:….",
    ),
    "GOOGLE_SFTP_HOST": (
        "partnerupload.google.com",
        "needs GOOGLE_SFTP_KEY and GOOGLE_SFTP_HOST_KEY too.",
    ),
    "LOG_LEVEL": ("loud", "“loud” is none of DEBUG, INFO, WARNING, ERROR, CRITICAL."),
    "LOG_FORMAT": ("xml", "“xml” is none of json, text."),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_ends_the_start_and_says_which_variable_it_was(name: str, start: Start) -> None:
    value, why = NONSENSE[name]
    with pytest.raises(env.BadSetting) as refused:
        start(**{name: value})
    assert str(refused.value) == f"openbook: {name}: {why}"


@pytest.mark.parametrize(
    "url, why",
    [
        ("mysql://root:hush@db/openbook", "must be a postgres:// URL"),
        ("postgres://root:hush@db:many/openbook", "is not a database URL"),
        ("db", "must be a postgres:// URL"),
    ],
)
def test_only_postgresql_is_a_database_and_no_password_is_said(
    url: str, why: str, start: Start
) -> None:
    with pytest.raises(env.BadSetting, match=f"DATABASE_URL: {why}") as refused:
        start(DATABASE_URL=url)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "environment, said",
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY: production needs its own, of 50 characters or more."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY: production needs its own, of 50 characters"),
        ({"SECRET_KEY": "only-for-development-and-tests-" * 2}, "SECRET_KEY: production needs its"),
        ({"JWT_SECRET": "short"}, "JWT_SECRET: production needs its own, of 32 characters or more"),
        ({"DEBUG": "1"}, "DEBUG: must be off in production."),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS: production must name its hosts."),
        ({"STRIPE_SECRET_KEY": "sk_live_1"}, "STRIPE_WEBHOOK_SECRET: must be set"),
        ({"OPENBOOK_DEMO": "1"}, "OPENBOOK_DEMO: must be off in production"),
        ({"EMAIL_URL": "smtp://mail.example.com"}, "EMAIL_FROM: must be set"),
    ],
)
def test_production_refuses_to_start_on_what_is_unsafe(
    environment: dict[str, str], said: str, start: Start
) -> None:
    with pytest.raises(env.BadSetting, match=re.escape(f"openbook: {said}")):
        start(**PRODUCTION | environment)


def test_a_name_with_nothing_behind_it_counts_as_left_out(start: Start) -> None:
    """As in the example, copied: an empty JWT_SECRET must not sign anybody's token."""
    read = start(**dict.fromkeys(EXAMPLE, "") | PRODUCTION)
    assert read["JWT_SECRET"] == SECRET
    assert read["LOGGING"]["handlers"]["console"]["formatter"] == "json"
    assert read["SECURE_SSL_REDIRECT"]


def test_the_example_starts_production_once_it_has_a_secret(start: Start) -> None:
    with pytest.raises(env.BadSetting, match="SECRET_KEY"):
        start(**EXAMPLE)
    assert start(**EXAMPLE | {"SECRET_KEY": SECRET})["IS_PRODUCTION"]


def test_the_example_lists_every_variable_that_is_read_and_no_other() -> None:
    read = {name for path in (ROOT / "config").glob("*.py") for name in variables(path)}
    assert len(read) > 20
    composed = re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text())
    assert {*read, *composed} == set(EXAMPLE)


def variables(path: Path) -> Iterator[str]:
    """The environment variables that a module of config reads, by its text."""
    readers = ["os.environ.get", *(f"env.{name}" for name in vars(env))]
    if path.name == "env.py":
        readers += vars(env)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in readers and node.args:
            match node.args[0]:
                case ast.Constant(value=str(name)) if name.isupper():
                    yield name


@pytest.mark.parametrize("mode, plan", [("test", None), ("development", "free")])
def test_the_tests_don_t_read_what_a_file_says(
    mode: str, plan: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that has Stripe's keys in it, say."""
    (tmp_path / "config").mkdir()
    (tmp_path / ".env").write_text("DEFAULT_PLAN=free\n")
    copied = tmp_path / "config" / "env.py"
    copied.write_text((ROOT / "config" / "env.py").read_text())
    monkeypatch.setenv("DEFAULT_PLAN", "")  # so that it is as it was afterwards
    monkeypatch.delenv("DEFAULT_PLAN")
    monkeypatch.setenv("OPENBOOK_ENV", mode)
    runpy.run_path(str(copied))
    assert os.environ.get("DEFAULT_PLAN") == plan


def test_nothing_but_config_reads_the_environment() -> None:
    """What the tools read is theirs: servers are started by them, not by the product."""
    apps = [Path(each).parent for each in ROOT.glob("*/apps.py")]
    reading = [
        str(path.relative_to(ROOT))
        for app in apps
        if app.name != "config"
        for path in app.rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    ]
    assert apps
    assert reading == []


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in EXAMPLE}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_start_that_is_refused_is_one_line_and_no_traceback() -> None:
    done = run("manage.py", "check", **PRODUCTION | {"DEBUG": "1"})
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "", "openbook: DEBUG: must be off in production.\n",
    )  # fmt: skip


def test_production_serves_no_book_that_could_be_sold_twice(db: None) -> None:
    """On a database without the constraint, here as it is without the tables."""
    url = database_url()
    bare = re.sub(rf"/{settings.DATABASES['default']['NAME']}(?=\?|$)", "/postgres", url)
    assert bare != url
    done = run("-c", "import config.wsgi", **PRODUCTION | {"DATABASE_URL": bare})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        "openbook: the constraint against double bookings is missing; migrate."
    )
    assert "Traceback" not in done.stderr
    done = run("-c", "import config.wsgi", **PRODUCTION | {"DATABASE_URL": url})
    assert (done.returncode, done.stdout) == (0, "")


def test_who_has_no_subscription_is_on_a_plan_that_is_there(db: None) -> None:
    wrong = {"DATABASE_URL": database_url(), "DEFAULT_PLAN": "gold"}
    said = "DEFAULT_PLAN: “gold” is none of "
    done = run("-c", "import config.wsgi", **PRODUCTION | wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith(f"openbook: {said}free, ")
    done = run("manage.py", "check", "--database", "default", **PRODUCTION | wrong)
    assert done.returncode == 1
    assert f"(billing.E001) {said}" in done.stderr


@pytest.mark.parametrize(
    "url, found",
    [
        (
            "smtp+tls://me%40example.com:hush@mail.example.com",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example.com",
                "EMAIL_PORT": 587,
                "EMAIL_HOST_USER": "me@example.com",
                "EMAIL_HOST_PASSWORD": "hush",
                "EMAIL_USE_TLS": True,
                "SENDS_MAIL": True,
            },
        ),
        ("smtp+ssl://mail.example.com", {"EMAIL_PORT": 465, "EMAIL_USE_SSL": True}),
        ("smtp://localhost:2525", {"EMAIL_HOST": "localhost", "EMAIL_PORT": 2525}),
        (
            "filemail:///srv/their%20mail",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
                "EMAIL_FILE_PATH": "/srv/their mail",
            },
        ),
        ("", {"SENDS_MAIL": False}),
    ],
)
def test_where_mails_go(url: str, found: dict[str, Any], start: Start) -> None:
    read = start(OPENBOOK_ENV="development", EMAIL_URL=url)
    assert {name: read[name] for name in found} == found


@pytest.mark.parametrize(
    "environment, found",
    [
        ({}, "http://127.0.0.1:8001/live/"),
        ({"PUBLIC_URL": "http://[::1]:9000"}, "http://[::1]:9001/live/"),
        ({"PUBLIC_URL": "https://book.example.com"}, "https://book.example.com/live/"),
        ({"LIVE_URL": "https://live.example.com/live/"}, "https://live.example.com/live/"),
    ],
)
def test_where_pages_hear_of_changes(environment: dict[str, str], found: str, start: Start) -> None:
    assert start(**environment)["LIVE_URL"] == found
