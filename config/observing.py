"""What operators see: request ids, one line a request, and figures. Never what people typed.

A line has the route's template and not its path, and no query string or body, and an error is told
without the values it was about, so that no name, phone or code of a guest is in it.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
current_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
log = logging.getLogger("openbook.requests")

REQUESTS = Counter("openbook_requests", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "openbook_request_seconds",
    "Time to answer.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Observe:
    """Gives every request an id, counts it, and times it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.writes_lines = settings.LOG_REQUESTS

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        token = current_id.set(request_id)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            took = time.perf_counter() - began
            match = request.resolver_match
            route = match.route if match else "none"
            method = request.method if request.method in METHODS else "other"
            REQUESTS.labels(method, route, str(response.status_code)).inc()
            LATENCY.labels(route).observe(took)
            if self.writes_lines:
                log.info(
                    "request",
                    extra={
                        "method": method,
                        "route": route,
                        "status": response.status_code,
                        "milliseconds": round(took * 1000, 1),
                    },
                )
        finally:
            current_id.reset(token)
        response.headers["X-Request-Id"] = request_id
        return response


class WithRequestId(logging.Filter):
    """Puts the request's id on every line written while it is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_id.get()
        return True


class WithoutData(logging.Filter):
    """Takes what people typed out of the lines that libraries write of a failure."""

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(record, "request"):  # Django's own, that end with the path
            if not record.exc_info and record.levelno >= logging.ERROR:
                return False  # whoever answered so has said why
            told, _, path = str(record.msg).rpartition(": ")
            if path == "%s" and isinstance(record.args, tuple):
                record.msg, record.args = told, record.args[:-1]
        elif record.name == "celery.app.trace" and record.exc_info:
            name = record.args.get("name", "?") if isinstance(record.args, Mapping) else "?"
            record.msg, record.args = "The task %s failed", (name,)
        return True


# What these say is about code. Other errors quote the value they choke on.
ABOUT_CODE = (
    AssertionError, AttributeError, ImportError, NameError, NotImplementedError, OSError, TypeError,
)  # fmt: skip


def what_went_wrong(error: BaseException) -> str:
    """An error as far as it can be told: of a database's, which rule and not which row."""
    name = type(error).__qualname__
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if isinstance(error, psycopg.Error | DatabaseError) and isinstance(cause, psycopg.Error):
        if cause.sqlstate is None:  # the driver's own, as of a server that isn't there
            return f"{name}: {error}"
        if cause.sqlstate.startswith("42"):  # a table or a column that isn't there: about code
            return f"{name}: {cause.diag.message_primary}"
        found = [cause.sqlstate, cause.diag.table_name, cause.diag.constraint_name]
        return f"{name}: {' '.join(each for each in found if each)}"
    if isinstance(error, ABOUT_CODE) or settings.DEBUG:
        return f"{name}: {error}"
    return name


def traceback_of(error: BaseException | None) -> str:
    """Where it went wrong, the first cause first, without what it went wrong with."""
    parts: list[str] = []
    while error is not None and len(parts) < 10:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.insert(0, f"Traceback (most recent call last):\n{frames}{what_went_wrong(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich led to\n\n".join(parts)


class TextFormatter(logging.Formatter):
    """A line for people."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        return traceback_of(ei[1])


class JsonFormatter(TextFormatter):
    """One JSON object a line."""

    EXTRAS = ("method", "route", "status", "milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        line |= {name: getattr(record, name) for name in self.EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
