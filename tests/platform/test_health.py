"""Who watches a server is answered by whatever name they call it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/healthz", "/health", "/readyz", "/metrics"])
def test_a_probe_need_not_know_the_hosts(client: Client, settings: Any, path: str) -> None:
    settings.ALLOWED_HOSTS = ["book.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    reply = client.get(path, headers={"Host": "10.0.0.7:8000"})
    assert (reply.status_code, reply.resolver_match.route) == (200, path[1:])
    assert client.post(path, headers={"Host": "10.0.0.7:8000"}).status_code == 405
    elsewhere = client.get("/admin/login/", headers={"Host": "10.0.0.7:8000"}, secure=True)
    assert elsewhere.status_code == 400
