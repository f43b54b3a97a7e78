"""Typed values from the environment; nonsense stops the start and says which variable it was."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("development", "test", "production")

env = environ.Env()
if os.environ.get("OPENBOOK_ENV") != "test":  # no test may reach what the keys in it open
    environ.Env.read_env(BASE_DIR / ".env")


class BadSetting(SystemExit):
    """Ends the process with one readable line."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"openbook: {name}: {why}")


def text(name: str, default: str) -> str:
    """What is set; a name with nothing behind it counts as left out."""
    return os.environ.get(name) or default


def choice(name: str, default: str, among: Collection[str]) -> str:
    value = text(name, default)
    if value not in among:
        raise BadSetting(name, f"“{value}” is none of {', '.join(among)}.")
    return value


def url(name: str, default: str, schemes: Collection[str]) -> str:
    """A URL of one of these schemes, as it was written; empty only where the default is."""
    value = text(name, default)
    if value and not is_url(value, schemes):
        raise BadSetting(name, f"must be a URL: {' or '.join(f'{each}://…' for each in schemes)}")
    return value


def is_url(text: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def beside(url: str, path: str) -> str:
    """A path on the port after the one that a URL names, or on its own host when it names none."""
    parts = urlsplit(url)
    port = f":{parts.port + 1}" if parts.port else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}{path}"


def address(name: str, default: str) -> str:
    """An e-mail address."""
    value = text(name, default)
    if value != default:
        try:
            validate_email(value)
        except ValidationError:
            raise BadSetting(name, f"“{value}” is no e-mail address.") from None
    return value


def origins(name: str) -> list[str]:
    """Origins as browsers send them: a scheme, a host, perhaps a port, and nothing after."""
    found = words(name)
    for each in found:
        if not is_url(each, ("https", "http")) or urlsplit(each)[2:] != ("", "", ""):
            raise BadSetting(name, f"“{each}” is no origin, such as https://book.example.com")
    return found


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if not value:
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


def pairs(name: str, among: Collection[str]) -> dict[str, str]:
    """Values by these names: `one:this, other:that`."""
    found = {}
    for each in words(name):
        key, colon, value = each.partition(":")
        if key not in among or not (colon and value):
            raise BadSetting(name, f"“{each}” is none of {', '.join(f'{one}:…' for one in among)}.")
        found[key] = value
    return found


def folder(name: str) -> Path | None:
    """A directory, made when it isn't there; None, and the name gone, when left out."""
    value = text(name, "")
    if not value:
        os.environ.pop(name, None)  # libraries look whether it is there, not what is in it
        return None
    try:
        Path(value).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(name, f"is no directory that can be made ({error.strerror}).") from None
    return Path(value)


def mode() -> str:
    return choice("OPENBOOK_ENV", "development", MODES)


def database(name: str, default: str, *, pooled: bool) -> dict[str, Any]:
    """A PostgreSQL URL as Django's settings, with the pool and the limits of a serving process."""
    where = text(name, default)
    if not where.startswith(("postgres://", "postgresql://")):
        raise BadSetting(name, "must be a postgres:// URL; nothing else keeps the promise.")
    try:
        found: dict[str, Any] = env.db_url_config(where)
    except ValueError as error:
        raise BadSetting(name, f"is not a database URL ({error}).") from error
    found["OPTIONS"] = found.get("OPTIONS", {}) | connection_options(
        serving=is_serving(), pooled=pooled
    )
    return found


def mail(name: str, default: str) -> dict[str, Any]:
    """A mail URL as Django's settings; empty when nobody is to be written to.

    `smtp+tls://user:password@host:587`, `smtp+ssl://`, `smtp://`; `filemail:///a/directory`,
    `consolemail://` and `memorymail://` for trying things out.
    """
    where = text(name, default)
    if not where:
        return {}
    try:
        found: dict[str, Any] = env.email_url_config(where)
        parts = urlsplit(where)
        if parts.scheme.startswith("smtp") and not parts.hostname:
            raise ValueError("it names no host")
    except (ImproperlyConfigured, ValueError):  # what they say may quote the password
        example = "smtp+tls://user:password@mail.example.com:587"
        raise BadSetting(name, f"is not a mail URL, such as {example}") from None
    ports = {"EMAIL_USE_TLS": 587, "EMAIL_USE_SSL": 465}
    usual = next((port for flag_, port in ports.items() if found.get(flag_)), 25)
    found["EMAIL_PORT"] = found["EMAIL_PORT"] or usual
    found["EMAIL_FILE_PATH"] = unquote(parts.path) or None
    return {key: value for key, value in found.items() if value is not None}


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
