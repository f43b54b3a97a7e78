"""Bodies that are sent in chunks, without saying how long they are.

Django reads as much as Content-Length says, so of these nothing, and a program that streams its
JSON (many HTTP libraries do) would be told that every field is missing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


def measured(application: Application, *, most: int) -> Application:
    """The application, given what came in chunks as a body of known length. Of one that is longer
    than `most` bytes one more is read, for Django to see that it is too long."""

    def answer(environ: Environ, start_response: Any) -> Iterable[bytes]:
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if is_chunked and not environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(most + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return answer
