"""Is it alive, is it ready: asked while things are there and while they are away."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.builders import business, key
from tests.web import Answer, database_url, free_port, serving, together


def answer(client: Client, path: str) -> tuple[int, Any]:
    found = client.get(path)
    return found.status_code, found.json()


def test_with_everything_there(client: Client, db: None) -> None:
    assert answer(client, "/healthz") == answer(client, "/health") == (200, {"status": "ok"})
    assert answer(client, "/readyz") == (200, {"status": "ok", "database": "ok", "redis": "ok"})
    assert client.post("/readyz").status_code == 405


def test_the_front_door_leads_to_the_desk(client: Client, db: None) -> None:
    reply = client.get("/")
    assert (reply.status_code, reply.headers["Location"]) == (302, "/desk/")


def test_without_redis_it_is_ready_all_the_same(client: Client, db: None, settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert answer(client, "/readyz") == (
        200,
        {"status": "degraded", "database": "ok", "redis": "no answer"},
    )


def test_without_the_constraint_it_isn_t_ready(client: Client, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_allocation DROP CONSTRAINT one_taker_per_unit")
    problem = "the constraint against double bookings is missing"
    assert answer(client, "/readyz") == (
        503,
        {"status": "unavailable", "database": problem, "redis": "ok"},
    )
    assert answer(client, "/healthz")[0] == 200  # starting it anew would not help


@pytest.mark.parametrize("path", ["/healthz", "/health", "/readyz", "/metrics"])
def test_a_probe_need_not_know_the_hosts(
    client: Client, db: None, settings: Any, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["book.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    reply = client.get(path, headers={"Host": "10.0.0.7:8000"})
    assert (reply.status_code, reply.resolver_match.route) == (200, path[1:])
    assert client.post(path, headers={"Host": "10.0.0.7:8000"}).status_code == 405
    elsewhere = client.get("/admin/login/", headers={"Host": "10.0.0.7:8000"}, secure=True)
    assert elsewhere.status_code == 400


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_without_postgresql_it_lives_isn_t_ready_and_says_so_to_callers() -> None:
    """A call that waited for good for a connection would fail here by its own timeout."""
    credential = key(business("Bistro"))
    away = f"postgres://postgres@127.0.0.1:{free_port()}/openbook"
    assert away != database_url()
    with serving(workers=1, threads=4, DATABASE_URL=away) as web:
        ready, asked, alive = together(
            [
                lambda: web.call("GET", "/readyz"),
                lambda: web.call("GET", "/v1/manage/bookings", credential),
                lambda: web.call("GET", "/healthz"),
            ]
        )
        counted = web.call("GET", "/metrics")
    assert isinstance(ready, Answer)
    assert isinstance(asked, Answer)
    assert isinstance(alive, Answer)
    assert (ready.status, ready.body) == (
        503,
        {"status": "unavailable", "database": "no answer", "redis": "ok"},
    )
    assert (asked.status, asked.body, asked.headers["retry-after"]) == (
        503,
        {"error": {"code": "unavailable", "message": "The service is busy. Please try again."}},
        "1",
    )
    assert (alive.status, alive.body) == (200, {"status": "ok"})
    assert counted.status == 200
