"""How a path finds its API."""

from __future__ import annotations

from typing import Any

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern


class Beginning(RoutePattern):
    """What all paths of an API begin with. Nothing is taken off the path: the routes are written
    whole, as the protocol has them; but a path of another API needn't be held against each."""

    def __init__(self, *beginnings: str) -> None:
        super().__init__("", is_endpoint=False)
        self.beginnings = beginnings

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        return (path, (), {}) if path.startswith(self.beginnings) else None


def api(urlconf: str, *beginnings: str) -> URLResolver:
    """The routes of an API, whose paths all begin with one of these."""
    return URLResolver(Beginning(*beginnings), urlconf)
