"""What is said where no view speaks, at every door: never a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.response import Response

BROKEN = "Something went wrong on our side."
UNREADABLE = "The request can't be read."


def availengine(code: str, text: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": text}}


def appointedd(status: int, error: str, text: str) -> dict[str, Any]:
    return {"statusCode": status, "error": error, "message": text}


def octotable(code: str, name: str, text: str) -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "message": text, "class_name": name}}


def google(code: int, status: str, text: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": text}}


SAID: dict[str, dict[int, dict[str, Any]]] = {
    "/v1/public/business/x": {
        400: availengine("bad_request", UNREADABLE),
        500: availengine("internal_error", BROKEN),
    },
    "/integrations/google/status": {
        400: availengine("bad_request", UNREADABLE),
        500: availengine("internal_error", BROKEN),
    },
    "/api/v1/services": {
        400: {"detail": "Bad Request"},
        500: {"detail": "Internal Server Error"},
    },
    "/appointedd/v1/services": {
        400: appointedd(400, "Bad Request", UNREADABLE),
        500: appointedd(500, "Internal Server Error", BROKEN),
    },
    "/octotable-pms/api/v2/rooms": {
        400: octotable("INVALID_PARAMETER", "InvalidParameterException", UNREADABLE),
        500: octotable("INTERNAL_SERVER_ERROR", "InternalServerErrorException", BROKEN),
    },
    "/google/v3/HealthCheck": {
        400: google(400, "INVALID_ARGUMENT", UNREADABLE),
        500: google(500, "INTERNAL", BROKEN),
    },
}


@pytest.mark.parametrize("path", SAID)
def test_a_host_that_is_not_ours(path: str, client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["openbook.example"]
    answer = client.get(path, headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()) == (400, SAID[path][400])


@pytest.mark.django_db
@pytest.mark.parametrize("path", [each for each in SAID if not each.startswith("/google/")])
def test_an_answer_that_cant_be_written(
    path: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Callable[..., bytes]:
        raise RuntimeError("This answer can't be written.")

    monkeypatch.setattr(Response, "rendered_content", property(fails))
    client.raise_request_exception = False
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (500, SAID[path][500])


def test_elsewhere_it_is_a_page(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["openbook.example"]
    answer = client.get("/desk/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
