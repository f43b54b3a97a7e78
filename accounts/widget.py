"""How a business's booking page looks and what it asks, and which sites may show it in a frame.

Kept on the business as plain JSON; what isn't said there is said here. Everything in it has been
looked at before it was stored, as it ends up in style sheets and headers.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

COLOR = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)
FONT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,39}\Z")
HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*\Z")
LOCAL = ("localhost", "127.0.0.1")  # where no certificate is to be had
SCHEMES = ("auto", "light", "dark")
RADIUS = 28  # the largest, in pixels
FIELDS = ("last_name", "email", "phone", "notes")  # a first name is always asked for
HOW = ("required", "optional", "hidden")
ASK = {"last_name": "required", "email": "required", "phone": "optional", "notes": "optional"}


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What is set, and what holds where nothing is.

    `font` is one that the guest's device has; `scheme` light, dark, or auto for what the guest
    prefers; `language` empty for the guest's own; `button` what the embedded button says; `ask`
    says of each field whether it is required, optional or hidden; `waitlist` lets guests queue for
    a full day or class.
    """

    color: str = "#2b5f4b"
    font: str = ""
    radius: int = 12
    scheme: str = "auto"
    language: str = ""
    button: str = ""
    welcome: str = ""
    waitlist: bool = True
    ask: Mapping[str, str] = dataclasses.field(default_factory=lambda: dict(ASK))

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Look:
        known = dict(said)
        return cls(**(known | {"ask": ASK | known.get("ask", {})}))


def is_color(value: object) -> bool:
    return isinstance(value, str) and bool(COLOR.match(value))


def is_font(value: object) -> bool:
    """Nothing, or a family's name without anything that a style sheet could trip over."""
    return isinstance(value, str) and (value == "" or bool(FONT.match(value)))


def is_radius(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= RADIUS


def is_scheme(value: object) -> bool:
    return value in SCHEMES


def is_language(value: object) -> bool:
    return value == "" or value in dict(settings.LANGUAGES)


def _is_text(most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and len(value) <= most


def _is_ask(value: object) -> bool:
    return isinstance(value, dict) and all(
        name in FIELDS and how in HOW for name, how in value.items()
    )


CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "color": (is_color, "A colour is # and six hexadecimal digits."),
    "font": (is_font, "A font is the name of a family: letters, digits, spaces and hyphens."),
    "radius": (is_radius, f"The radius is a whole number of pixels from 0 to {RADIUS}."),
    "scheme": (is_scheme, "The scheme is auto, light or dark."),
    "language": (is_language, "This language is not spoken here."),
    "button": (_is_text(40), "The button says 40 characters at most."),
    "welcome": (_is_text(300), "The welcome is 300 characters at most."),
    "waitlist": (lambda value: isinstance(value, bool), "The waitlist is on or off."),
    "ask": (_is_ask, "Each field asked for is required, optional or hidden."),
}


def validate_widget(said: object) -> None:
    """Refuse what isn't known or wouldn't work."""
    if not isinstance(said, dict):
        raise ValidationError("Settings of the widget are an object.")
    for name, value in said.items():
        check, why = CHECKS.get(name, (lambda _: False, f"There is no setting “{name}”."))
        if not check(value):
            raise ValidationError(why)
    ask = Look.of(said).ask
    if ask["email"] == ask["phone"] == "hidden":
        raise ValidationError("Ask for an e-mail or a phone number, so that guests can be told.")


def validate_origin(origin: str) -> None:
    """Refuse what isn't a scheme, a host and maybe a port; `https://*.example.com` is all below."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        raise ValidationError("This is not the address of a site.") from None
    host = parts.hostname or ""
    shown = f"{parts.scheme}://{host}{f':{port}' if port else ''}"
    if shown != origin or not HOST.match(host):
        raise ValidationError("A site is written like https://www.example.com, without a path.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOCAL):
        raise ValidationError("A site must be served by https.")


def may_embed(origins: list[str], origin: str) -> bool:
    """Whether a site is among those that may show the widget."""
    parts = urlsplit(origin)
    for each in origins:
        scheme, _, rest = each.partition("://*.")
        if each == origin or (
            rest and parts.scheme == scheme and parts.netloc.endswith(f".{rest}")
        ):
            return True
    return False
