"""What the pages say in other languages: `make messages`, and the catalogues they are read from.

`locale/<language>/LC_MESSAGES/django.po` is what people translate. Pages read `django.mo`, which
`python -m tools.languages` makes of it where it is stale; `make demo`, the tests and the image do
so by themselves. With `--update` the words that the source marks are brought into the catalogues
first, and what is left to translate is said. Compiling needs nothing but Babel.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
# Where the words are. Django and its admin bring their own.
SOURCES = ("accounts", "availability", "billing", "bookings", "config", "resources", "templates")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
VALUE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+>")
# No dates and no names: they would differ after every look.
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def paths() -> dict[str, Path]:
    """The catalogue of each language."""
    found = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
    return {path.parent.parent.name: path for path in found}


def read(language: str) -> Catalog:
    with paths()[language].open("rb") as file:
        return read_po(file, locale=language)


def compiled() -> list[Path]:
    """Make the files that pages read, where what they are made of is newer."""
    made = []
    for language, path in paths().items():
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime > path.stat().st_mtime:
            continue
        # Somebody may be reading it: it is there whole, or as it was.
        part = target.with_suffix(f".{os.getpid()}")
        with part.open("wb") as file:
            write_mo(file, read(language))
        part.replace(target)
        made.append(target)
    return made


def marked() -> Catalog:
    """Every word that the source marks, with the file it is in."""
    catalog = Catalog(charset="utf-8")
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".py", ".html", ".txt"):
                continue
            name = path.relative_to(ROOT).as_posix()
            for line, words, context in _in_file(path):
                catalog.add(words, locations=[(name, line)], context=context)
    return catalog


def _in_file(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        if "{% load" not in text:
            return
        # Its tags become calls, and all else becomes names: in brackets it reads as Python.
        from django.utils.translation.template import templatize

        text = f"(\n{templatize(text)}\n)"
    elif "gettext" not in text:
        return
    found = extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS)
    for line, words, _comments, context in found:
        if words:
            yield line, words, context


def missing(language: str, source: Catalog) -> list[str]:
    """What is wrong with a catalogue, a line each: words that it lacks or that nobody says any
    more, that aren't translated, or whose placeholders differ."""
    catalog = read(language)
    said = []
    for message in source:
        if not message.id:
            continue
        first = message.id if isinstance(message.id, str) else message.id[0]
        found = catalog.get(first, message.context)
        if found is None or found.id != message.id:
            said.append(f"{language}: not there: {first!r}")
            continue
        strings = [found.string] if isinstance(found.string, str) else list(found.string or ())
        if not (all(strings) and len(strings) == (2 if found.pluralizable else 1)):
            said.append(f"{language}: not translated: {first!r}")
        elif found.fuzzy:
            said.append(f"{language}: only guessed: {first!r}")
        ids = [_values(each) for each in ([first] if isinstance(message.id, str) else message.id)]
        for each in filter(None, strings):
            # A singular may do without its number.
            if not set.intersection(*ids) <= _values(each) <= set.union(*ids):
                said.append(f"{language}: other values in it: {first!r}")
    known = {(message.id, message.context) for message in source}
    return said + [
        f"{language}: nobody says it any more: {message.id!r}"
        for message in catalog
        if message.id and (message.id, message.context) not in known
    ]


def _values(text: str) -> set[str]:
    return set(VALUE.findall(text))


def update() -> None:
    """Bring what the source marks into the catalogues, and take out what it doesn't any more."""
    source = marked()
    for language, path in paths().items():
        catalog = read(language)
        catalog.update(source, no_fuzzy_matching=True)
        text = io.BytesIO()
        write_po(
            text,
            catalog,
            omit_header=True,
            ignore_obsolete=True,
            include_lineno=False,
            sort_by_file=True,
            width=100,
        )
        path.write_bytes(HEADER.format(language=language).encode() + text.getvalue())
        left = missing(language, source)
        print(*left, f"{path.relative_to(ROOT)}: {len(left)} left to translate", sep="\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.languages", description=__doc__)
    parser.add_argument("--update", action="store_true", help="bring in the source's words first")
    if parser.parse_args().update:
        update()
    compiled()
    return 0


if __name__ == "__main__":
    sys.exit(main())
