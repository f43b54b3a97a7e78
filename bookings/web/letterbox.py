"""What the demo wrote to its guests, as nobody else gets it. There in the demo alone."""

from __future__ import annotations

import dataclasses
import email
import email.policy
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

NEWEST = 100  # how many are shown
END = b"\n" + b"-" * 79 + b"\n"  # what Django writes after each mail of a file
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


@dataclasses.dataclass(frozen=True)
class Letter:
    """A mail that was written to a file."""

    id: str
    subject: str
    to: str
    sender: str
    at: str
    text: str
    html: str
    files: list[str]


def in_demo(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Absent wherever the demo isn't: mails are their guests' alone."""

    @require_safe
    def answer(request: HttpRequest, **rest: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        reply = view(request, **rest)
        reply["Content-Security-Policy"] = POLICY
        reply["Cache-Control"] = "no-store"
        return reply

    return answer


@in_demo
def box(request: HttpRequest) -> HttpResponse:
    return _page("box", letters=list(letters()))


@in_demo
def letter(request: HttpRequest, id: str) -> HttpResponse:
    found = next((each for each in letters() if each.id == id), None)
    if found is None:
        raise Http404
    return _page("letter", letter=found)


def _page(name: str, **context: Any) -> HttpResponse:
    return HttpResponse(render_to_string(f"demo/{name}.html", context))


def letters() -> Iterator[Letter]:
    """The newest mails, the last one first."""
    folder = Path(settings.MAIL_FOLDER)
    files = sorted(folder.glob("*.log"), reverse=True) if settings.MAIL_FOLDER else []
    left = NEWEST
    for file in files:
        for raw in reversed(file.read_bytes().split(END)):
            if not raw.strip() or not left:
                continue
            left -= 1
            yield _read(raw)


def _read(raw: bytes) -> Letter:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return Letter(
        id=str(message["Message-ID"]).strip("<> ").partition("@")[0],
        subject=str(message["Subject"]).strip(),
        to=str(message["To"]),
        sender=str(message["From"]),
        at=str(message["Date"]),
        text=_body(message, "plain"),
        # Links lead out of the frame that it is shown in.
        html=_body(message, "html").replace("<head>", '<head><base target="_blank">', 1),
        files=[each.get_filename() or "" for each in message.iter_attachments()],
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
