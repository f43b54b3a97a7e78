"""All settings, by what they are about; below them who changed what of late."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import selectors
from bookings.web.desk.settings.shared import PAGES, Entry, Text, page, setting
from bookings.web.desk.shell import OWNER, Desk

RECENT = 12  # of the last changes, at most
LOOKED_AT = 100  # as not everybody may see all
HOW = {
    "added": gettext_lazy("Added"),
    "changed": pgettext_lazy("a setting", "Changed"),
    "deleted": gettext_lazy("Removed"),
}
BACK_OFFICE = Entry("", gettext_lazy("Back office"), "", "", OWNER)


class Change(NamedTuple):
    """A line of the history, in the reader's language."""

    who: str
    at: str
    title: Text
    of: str
    how: str
    url: str


@setting()
def index(at: Desk) -> HttpResponse:
    return page(at, "index", here="", changes=_changes(at))


def _changes(at: Desk) -> list[Change]:
    """Who changed what of late, of the pages that this role sees."""
    rows = selectors.changes(at.business)[:LOOKED_AT]
    shown = [(row, PAGES.get(_told(row)[1].get("page", ""), BACK_OFFICE)) for row in rows]
    return [_line(at, row, entry) for row, entry in shown if at.rank >= entry.rank][:RECENT]


def _told(row: LogEntry) -> tuple[str, Mapping[str, Any]]:
    """How something was changed, and what is known of it; the back office says less."""
    try:
        (told,) = json.loads(row.change_message)
        ((how, known),) = told.items()
    except (AttributeError, TypeError, ValueError):
        return "changed", {}
    return how, known


def _line(at: Desk, row: LogEntry, entry: Entry) -> Change:
    how, known = _told(row)
    of = known.get("object", "")
    names = ", ".join(_(each) for each in known.get("fields", ()))
    words = str(HOW.get(how, HOW["changed"]))
    local = row.action_time.astimezone(at.zone)
    return Change(
        who=row.user.get_full_name() or row.user.get_username(),
        at=f"{date_format(local, _('D j M'))}, {local:%H:%M}",
        title=entry.title,
        of="" if of == at.business.name else of,
        how=f"{words}: {names}" if names else words,
        url=at.url(entry.name) if entry.name else "",
    )
