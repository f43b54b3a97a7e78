"""The desk in the language of who works there; what the core and its APIs say stays English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from accounts.errors import DomainError, NotFound
from accounts.models import Business
from bookings import services
from bookings.errors import InThePast, SlotTaken, WrongState
from bookings.web import refusals
from bookings.web.desk.floor import duration
from bookings.wishes import SYSTEM
from resources.models import Resource
from tests.api.availengine.conftest import Contract, contract  # noqa: F401
from tests.builders import HOUR, MARIA, NOW, wish
from tests.desk.conftest import Browser, said

ROOT = Path(__file__).resolve().parent.parent.parent
SEVEN = NOW + 6 * HOUR  # 19:00 in London


@pytest.mark.django_db
def test_the_floor_in_spanish(host: Browser, bistro: Business) -> None:
    table = Resource.objects.get(business=bistro, name="Table 1")
    made = services.book(
        wish(bistro, SEVEN, party_size=3, resource_id=table.pk),
        guest=MARIA,
        by=SYSTEM,
        source="test",
        now=NOW,
    )
    host.now = SEVEN
    host.client.cookies["django_language"] = "es"
    page = host.get("floor/").content.decode()
    assert '<html lang="es"' in page
    for words in ("Plano", "Reservas", "Agenda", "Sin reserva"):
        assert words in page
    assert "Table 1, 4 plazas, reservada desde las 19:00, Maria Garcia, 3 personas<" in page
    assert said(host.post(f"bookings/{made.pk}/act/", do="seat", script=True)) == (
        "Maria Garcia ya está aquí."
    )


@pytest.mark.django_db
def test_a_refusal_in_german(host: Browser, bistro: Business) -> None:
    host.client.cookies["django_language"] = "de"
    page = host.post(
        "bookings/new/", day="2026-06-18", time="19:00", party="2", name="Maria", phone=""
    )
    assert "Diese Zeit ist vorbei." in page.content.decode()


@pytest.mark.django_db
def test_programs_are_answered_in_english(contract: Contract) -> None:  # noqa: F811
    plain = contract.create(booking_date="2020-01-01")
    german = contract.create(booking_date="2020-01-01", headers={"Accept-Language": "de"})
    assert plain.status_code == german.status_code >= 400
    assert german.json() == plain.json()
    offered = contract.available(date="2026-06-20")
    asked = {"Accept-Language": "es"}
    path = f"/v1/dynamic/availability/{contract.business.pk}"
    assert contract.api.get(path, asked, date="2026-06-20").json() == offered.json()


def test_every_refusal_of_the_core_can_be_said_in_german() -> None:
    def below(of: type[DomainError]) -> set[type[DomainError]]:
        return {of}.union(*map(below, of.__subclasses__()))

    core = {each for each in below(DomainError) if each.__module__.endswith(".errors")}
    with translation.override("de"):
        left = {each.message for each in core if refusals.said(each.message) == each.message}
        assert left == set()
        assert refusals.in_words(WrongState("completed", "confirmed")) == (
            "Eine Buchung im Status „completed“ kann nicht „confirmed“ werden."
        )
        assert refusals.said("Ana and Bruno: taken at this time.") == (
            "Ana and Bruno: zu dieser Zeit belegt."
        )
        assert refusals.in_words(InThePast(fields={"date": "This date is in the past."})) == (
            "Dieses Datum ist vorbei."
        )
        assert refusals.in_words(SlotTaken("A sentence of nobody.")) == "A sentence of nobody."
    assert refusals.in_words(NotFound()) == "Not found."


def test_the_core_says_what_is_translated() -> None:
    """A sentence that was reworded in the core would be shown in English."""
    folders = ("accounts", "availability", "billing", "bookings", "resources")
    source = "".join(
        path.read_text()
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "web" not in path.parts
    )
    parts = {
        each: [part.strip(" .:") for part in re.split(r"%\(\w+\)s", each)]
        for each in (*refusals.SENTENCES, *refusals.COUNTED)
    }
    assert [each for each, said in parts.items() if any(p not in source for p in said)] == []


def test_one_is_said_otherwise_than_many() -> None:
    many, one = "The class has 3 places.", "The class has 1 places."  # as the core counts
    assert [refusals.said(each) for each in (many, one)] == [many, "The class has 1 place."]
    with translation.override("es"):
        assert [refusals.said(each) for each in (many, one)] == [
            "La clase tiene 3 plazas.",
            "La clase tiene 1 plaza.",
        ]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["35m", "1h 05"]), ("de", ["35′", "1 h 05"]), ("es", ["35′", "1 h 05"])],
)
def test_a_table_says_briefly_how_long(language: str, words: list[str]) -> None:
    with translation.override(language):
        assert [duration(35), duration(65)] == words
