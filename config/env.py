"""Typed values from the environment; nonsense stops the start and says which variable it was."""

import os
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("development", "test", "production")

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


class BadSetting(SystemExit):
    """Ends the process with one readable line."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"openbook: {name}: {why}")


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise BadSetting(name, "must be set.")
    return value


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise BadSetting(name, f"“{value}” is neither true nor false.")


def number(name: str, default: int, *, least: int = 0) -> int:
    value = os.environ.get(name, "")
    try:
        found = int(value) if value else default
    except ValueError:
        raise BadSetting(name, f"“{value}” is not a whole number.") from None
    if found < least:
        raise BadSetting(name, f"must be at least {least}.")
    return found


def words(name: str, default: str = "") -> list[str]:
    return [each.strip() for each in text(name, default).split(",") if each.strip()]


def mode() -> str:
    value = text("OPENBOOK_ENV", "development")
    if value not in MODES:
        raise BadSetting("OPENBOOK_ENV", f"“{value}” is none of {', '.join(MODES)}.")
    return value


def database(name: str, default: str, *, pooled: bool) -> dict[str, Any]:
    """A PostgreSQL URL as Django's settings, with the pool and the limits of a serving process."""
    url = text(name, default)
    try:
        found: dict[str, Any] = env.db_url_config(url)
    except Exception as error:
        raise BadSetting(name, f"is not a database URL ({error}).") from error
    if found.get("ENGINE") != "django.db.backends.postgresql":
        raise BadSetting(name, "must be a postgres:// URL; nothing else keeps the promise.")
    found["OPTIONS"] = found.get("OPTIONS", {}) | connection_options(
        serving=is_serving(), pooled=pooled
    )
    return found


def is_serving() -> bool:
    """Whether this process answers requests or runs tasks, so must not wait for long."""
    return flag("OPENBOOK_SERVING", False)


LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",
}


def connection_options(*, serving: bool, pooled: bool) -> dict[str, Any]:
    """Options of the database driver: the pool, and the limits of a serving process.

    Behind PgBouncer no start-up options may be sent; there the limits are set for the role.
    """
    if flag("DATABASE_BEHIND_PGBOUNCER", False):
        options: dict[str, Any] = {}
    else:
        # Planning takes longer than running most of our queries: kept connections plan once.
        options = {"server_side_binding": True, "prepare_threshold": 3}
        if serving:
            options["options"] = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
    if pooled:
        options["pool"] = {
            "min_size": 1,
            "max_size": number("DATABASE_POOL_SIZE", 8, least=1),
            "timeout": 5,
        }
    return options
