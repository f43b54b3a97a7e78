"""The demo's own site: there in the demo alone, with the tag as anybody would paste it."""

from __future__ import annotations

from typing import Any

from django.test import Client


def test_the_site_shows_each_mode_and_the_tag_for_it(settings: Any) -> None:
    settings.DEMO = True
    for query, mode in (("", "inline"), ("?mode=button", "button"), ("?mode=modal", "modal")):
        reply = Client().get(f"/demo/site/{query}")
        assert f'data-mode="{mode}"' in reply.content.decode()
        assert "/widget/embed.js&quot; data-business=&quot;demo-bistro&quot;" in (
            reply.content.decode()
        )
        assert "frame-src 'self'" in reply["Content-Security-Policy"]
        assert not reply.cookies
    assert b'data-mode="inline"' in Client().get("/demo/site/?mode=<x>").content


def test_elsewhere_there_is_none(settings: Any) -> None:
    settings.DEMO = False
    assert Client().get("/demo/site/").status_code == 404
