"""What operators see: request ids, one line a request, and figures. Never what people typed.

A line has the route's template and not its path, and no query string or body, so that no name,
phone or code of a guest is in it.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
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


class JsonFormatter(logging.Formatter):
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
