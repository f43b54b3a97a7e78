"""What the documents say of names that the code has, and where their links lead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def anchors(page: Path) -> set[str]:
    """What GitHub and its like make of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def test_every_setting_is_explained() -> None:
    names = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_command_is_explained_in_its_own_words() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    for name, app in get_commands().items():
        if app == "bookings":
            assert f"| {load_command_class(app, name).help} |" in page, name


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    page = (folder / "README.md").read_text()
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", page)
    assert listed == sorted(each.name for each in folder.glob("0*.md"))
