"""Paths that lead nowhere are answered in the protocol's words too."""

from __future__ import annotations

import pytest
from django.test import Client

ABSENT = {"error": {"code": "not_found", "message": "Not found."}}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    ["/v1/nothing", "/v1/manage/", "/v1/manage/business/more", "/integrations/google/nothing"],
)
def test_a_path_that_is_not_there(client: Client, method: str, path: str) -> None:
    reply = client.generic(method, path)
    assert (reply.status_code, reply.json()) == (404, ABSENT)


def test_elsewhere_it_is_a_page(client: Client) -> None:
    reply = client.get("/nothing")
    assert (reply.status_code, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
