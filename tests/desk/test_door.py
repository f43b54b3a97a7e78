"""Coming in: who sees what, and how the desk is guarded."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Membership, User
from tests.builders import business
from tests.desk.conftest import Browser

PASSWORD = "correct horse battery"


def test_whoever_isn_t_signed_in_is_asked_who_they_are_and_comes_back(host: Browser) -> None:
    stranger = Client()
    asked = stranger.get("/desk/bistro/", {"day": "2026-03-01"})
    assert (asked.status_code, asked.headers["Location"]) == (
        302,
        "/desk/sign-in/?next=%2Fdesk%2Fbistro%2F%3Fday%3D2026-03-01",
    )
    form = {"email": "HOST@example.com", "password": PASSWORD, "next": "/desk/bistro/"}
    entered = stranger.post("/desk/sign-in/", form)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/desk/bistro/")
    assert stranger.get("/desk/").headers["Location"] == "/desk/bistro/"
    assert stranger.post("/desk/sign-out/").headers["Location"] == "/desk/sign-in/"
    assert stranger.get("/desk/bistro/").status_code == 302


def test_a_script_has_the_whole_page_go_to_the_door(host: Browser) -> None:
    reply = Client().get(
        "/desk/bistro/",
        headers={"HX-Request": "true", "HX-Current-URL": "https://x.example/desk/bistro/book/?a=1"},
    )
    assert (reply.status_code, reply.headers["HX-Redirect"]) == (
        204,
        "/desk/sign-in/?next=%2Fdesk%2Fbistro%2Fbook%2F%3Fa%3D1",
    )


def test_nobody_is_sent_to_another_site(host: Browser) -> None:
    form = {"email": "host@example.com", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post("/desk/sign-in/", form).headers["Location"] == "/desk/"


def test_five_wrong_passwords_lock_the_door_for_the_right_one_too(host: Browser) -> None:
    for _ in range(5):
        reply = Client().post("/desk/sign-in/", {"email": "host@example.com", "password": "x"})
        assert (reply.status_code, b"know this e-mail" in reply.content) == (422, True)
    reply = Client().post("/desk/sign-in/", {"email": "host@example.com", "password": PASSWORD})
    assert (reply.status_code, b"quarter of an hour" in reply.content) == (422, True)


def test_another_business_is_not_there(host: Browser) -> None:
    other = business("Other")
    assert host.client.get(f"/desk/{other.slug}/").status_code == 404
    assert host.client.get("/desk/nowhere/").status_code == 404


def test_who_works_in_two_places_chooses(host: Browser) -> None:
    annexe = business("Annexe")
    Membership.objects.create(user=host.user, business=annexe, role="staff")
    shown = host.client.get("/desk/").content.decode()
    assert re.findall(r'href="/desk/([^"]+)/"', shown) == [annexe.slug, "bistro"]


def test_a_forgotten_password_is_chosen_anew_by_mail(host: Browser) -> None:
    guest = Client()
    sent = guest.post("/desk/password/", {"email": "host@example.com"})
    assert sent.headers["Location"] == "/desk/password/sent/"
    assert b"on its way" in guest.get("/desk/password/sent/").content
    (letter,) = mail.outbox
    (link,) = re.findall(r"http://testserver(\S+)", str(letter.body))
    there = guest.get(link).headers["Location"]
    new = {"new_password1": "another long password", "new_password2": "another long password"}
    assert guest.post(there, new).headers["Location"] == "/desk/password/changed/"
    assert User.objects.get().check_password("another long password")
    assert b"too old" in Client().get(link).content


@pytest.mark.parametrize("path", ["/desk/sign-in/", "/desk/", "/desk/password/"])
def test_the_desk_is_framed_by_nobody_and_kept_nowhere(path: str, host: Browser) -> None:
    reply: Any = Client().get(path)
    if reply.status_code == 200:
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
        assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["Cache-Control"] == "no-store"


def test_a_language_is_chosen_and_remembered(host: Browser) -> None:
    chosen = host.client.post("/desk/language/", {"language": "de"})
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/desk/")
    assert '<html lang="de">' in host.client.get("/desk/password/").content.decode()
    spanish = Client().get("/desk/sign-in/", headers={"Accept-Language": "es-MX,es;q=0.9"})
    assert (spanish.headers["Content-Language"], b'<html lang="es">' in spanish.content) == (
        "es",
        True,
    )
