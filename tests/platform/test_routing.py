"""Which API a path leads to."""

import pytest
from django.urls import URLResolver, resolve

from config.routing import Beginning
from config.urls import urlpatterns

APIS = [
    each
    for each in urlpatterns
    if isinstance(each, URLResolver) and isinstance(each.pattern, Beginning)
]


def test_every_route_of_an_api_begins_as_it_is_looked_for() -> None:
    assert APIS
    for each in APIS:
        assert isinstance(each.pattern, Beginning)
        astray = [
            str(route.pattern)
            for route in each.url_patterns
            if not str(route.pattern).startswith(each.pattern.beginnings)
        ]
        assert astray == []


@pytest.mark.parametrize("path", ["v1/holds", "appointedd/v1/services"])
def test_a_route_is_told_as_it_is_written(path: str) -> None:
    assert resolve(f"/{path}").route == path
