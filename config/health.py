"""Is it alive, is it ready, and how is it doing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from redis.exceptions import RedisError

from bookings.models import Allocation

_is_migrated = False


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when the book can be read and written; Redis may be away, bookings go on without it."""
    parts = {"database": _database(), "redis": _redis()}
    if parts["database"] != "ok":
        return JsonResponse({"status": "unavailable", **parts}, status=503)
    return JsonResponse({"status": "ok" if parts["redis"] == "ok" else "degraded", **parts})


def _database() -> str:
    global _is_migrated
    try:
        if not guarded():
            return "the constraint against double bookings is missing"
        if not _is_migrated:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return "migrations are waiting"
            _is_migrated = True
    except DatabaseError:
        return "no answer"
    return "ok"


def guarded() -> bool:
    """Whether the database itself refuses double bookings."""
    (name,) = (each.name for each in Allocation._meta.constraints if "one_taker_per" in each.name)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_constraint WHERE conname = %s AND contype = 'x' AND convalidated"
            " AND conrelid = to_regclass(%s)",
            [name, Allocation._meta.db_table],
        )
        return cursor.fetchone() is not None


def _redis() -> str:
    client: Any = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5
    )
    try:
        client.ping()
    except RedisError:
        return "no answer"
    finally:
        client.close()
    return "ok"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's text format, all workers together; behind METRICS_TOKEN when that is set."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    given = request.META.get("HTTP_AUTHORIZATION", "")
    if settings.METRICS_TOKEN and not constant_time_compare(given, expected):
        return HttpResponse(status=401)
    registry = REGISTRY
    if settings.METRICS_FOLDER:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class ForWatchers:
    """Answers whoever watches a server, by whatever name or address they call it: a probe asks one
    machine, and doesn't know which hosts the outside world may ask for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = WATCHED.get(request.path_info)
        if view is None:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)
        return view(request)


WATCHED: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": alive,
    "/health": alive,
    "/readyz": ready,
    "/metrics": metrics,
}
