"""Bodies in chunks arrive whole."""

from __future__ import annotations

import io
from typing import Any

import pytest

from config.chunks import measured


def heard(body: bytes, **environ: str) -> tuple[str | None, bytes]:
    """The length that the application is told, and what it can read."""
    found: list[tuple[str | None, bytes]] = []

    def application(given: dict[str, Any], start_response: Any) -> list[bytes]:
        found.append((given.get("CONTENT_LENGTH"), given["wsgi.input"].read()))
        return []

    measured(application, most=10)({"wsgi.input": io.BytesIO(body), **environ}, None)
    (one,) = found
    return one


@pytest.mark.parametrize(
    "body, environ, told",
    [
        (b'{"a": 1}', {"HTTP_TRANSFER_ENCODING": "chunked"}, ("8", b'{"a": 1}')),
        (b'{"a": 1}', {"HTTP_TRANSFER_ENCODING": "gzip, Chunked"}, ("8", b'{"a": 1}')),
        (b"", {"HTTP_TRANSFER_ENCODING": "chunked"}, ("0", b"")),
        (b"x" * 20, {"HTTP_TRANSFER_ENCODING": "chunked"}, ("11", b"x" * 11)),
        (b'{"a": 1}', {"CONTENT_LENGTH": "8"}, ("8", b'{"a": 1}')),
        (b"", {}, (None, b"")),
    ],
)
def test_a_body_in_chunks_has_a_length(
    body: bytes, environ: dict[str, str], told: tuple[str | None, bytes]
) -> None:
    assert heard(body, **environ) == told
