"""What a business may set of its booking page: nothing that a header or a style could trip over."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Invalid
from accounts.services import change_business
from accounts.widget import ASK, Look, may_embed
from tests.builders import business

pytestmark = pytest.mark.django_db


def test_what_is_not_set_has_a_value_all_the_same() -> None:
    made = business()
    assert Look.of(made.widget) == Look()
    made = change_business(made, widget={"color": "#AA0000", "ask": {"phone": "required"}})
    made.refresh_from_db()
    assert Look.of(made.widget) == Look(color="#AA0000", ask=ASK | {"phone": "required"})


@pytest.mark.parametrize(
    "said",
    [
        ["color"],
        {"colour": "#aa0000"},
        {"color": "red"},
        {"color": "#aa0000\n"},
        {"color": "#aa0000;}"},
        {"font": "x'; } body { display: none"},
        {"radius": -1},
        {"radius": 99},
        {"radius": True},
        {"radius": "12"},
        {"scheme": "dim"},
        {"language": "xx"},
        {"button": "x" * 41},
        {"welcome": 5},
        {"waitlist": "yes"},
        {"ask": {"first_name": "hidden"}},
        {"ask": {"email": "maybe"}},
        {"ask": {"email": "hidden", "phone": "hidden"}},
    ],
)
def test_what_would_not_work_is_refused(said: Any) -> None:
    with pytest.raises(Invalid) as refused:
        change_business(business(), widget=said)
    assert list(refused.value.fields) == ["widget"]


@pytest.mark.parametrize(
    "origin",
    [
        "example.com",
        "https://example.com/",
        "https://example.com/path",
        "http://example.com",
        "https://example.com;",
        "https://exa mple.com",
        "https://user@example.com",
        "https://Example.com",
        "https://example.com:x",
        "*",
        "https://*",
        "https://a.*.com",
        "javascript:alert(1)",
        "'self'",
        "",
    ],
)
def test_what_is_no_site_is_refused(origin: str) -> None:
    with pytest.raises(Invalid) as refused:
        change_business(business(), widget_origins=[origin])
    assert list(refused.value.fields) == ["widget_origins"]


def test_sites_are_told_apart_by_scheme_host_and_port() -> None:
    sites = ["https://www.example.com", "https://*.example.org", "http://127.0.0.1:8080"]
    made = change_business(business(), widget_origins=sites)
    made.refresh_from_db()
    assert made.widget_origins == sites
    asked = {
        "https://www.example.com": True,
        "https://example.com": False,
        "http://www.example.com": False,
        "https://www.example.com:444": False,
        "https://a.example.org": True,
        "https://a.b.example.org": True,
        "https://example.org": False,
        "https://badexample.org": False,
        "http://a.example.org": False,
        "http://127.0.0.1:8080": True,
        "http://127.0.0.1:8081": False,
        "": False,
    }
    assert {each: may_embed(sites, each) for each in asked} == asked
