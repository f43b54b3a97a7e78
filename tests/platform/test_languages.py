"""Whatever the source marks is said in every language."""

from __future__ import annotations

import copy

import pytest
from babel.messages import Catalog
from django.conf import settings

from tools import languages


@pytest.fixture(scope="module")
def marked() -> Catalog:
    return languages.marked()


def test_every_word_is_translated(marked: Catalog) -> None:
    """Not there, not translated, with other placeholders, or nobody says it any more."""
    assert sorted(languages.paths()) == [code for code, _ in settings.LANGUAGES if code != "en"]
    wrong = [line for each in languages.paths() for line in languages.missing(each, marked)]
    assert not wrong, "\n".join(
        [
            "Run `make messages`, translate what it says is left in"
            " locale/<language>/LC_MESSAGES/django.po, and commit it with the page:",
            *wrong,
        ]
    )


def test_what_is_wrong_is_found(marked: Catalog) -> None:
    """The test above would fail."""
    source = copy.deepcopy(marked)
    source.add("Nobody has said this before.")
    source.add(("%(n)s cat", "%(n)s cats"))
    assert languages.missing("de", source) == [
        "de: not there: 'Nobody has said this before.'",
        "de: not there: '%(n)s cat'",
    ]
    source = copy.deepcopy(marked)
    source.delete("Yes, cancel it")
    assert languages.missing("es", source) == [
        "es: nobody says it any more: 'Yes, cancel it'",
    ]


def test_other_values_are_found(marked: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = languages.read("de")
    words = catalog["Remove %s"]
    assert words
    words.string = "Entfernen"
    monkeypatch.setattr(languages, "read", lambda language: catalog)
    assert languages.missing("de", marked) == [
        "de: other values in it: 'Remove %s'",
    ]


def test_pages_read_what_was_compiled() -> None:
    assert languages.compiled() == []
    for each in languages.paths().values():
        assert each.with_suffix(".mo").stat().st_mtime > each.stat().st_mtime
