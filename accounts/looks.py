"""How the back office shows a value: labels in colour, links, two lines in a cell."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


@functools.cache
def badge(text: str, colour: str = "") -> SafeString:
    """A coloured label."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "variant": colour})


def state_badge(row: Any, colours: Mapping[str, str], field: str = "state") -> SafeString:
    """The label of a row's state."""
    return badge(getattr(row, f"get_{field}_display")(), colours.get(getattr(row, field), ""))


def two_lines(first: Any, second: Any) -> SafeString:
    """What counts, and below it what explains it."""
    if not second:
        return format_html("{}", first)
    return format_html(
        '<span class="flex flex-col text-right lg:text-left">'
        '<span class="block">{}</span>'
        '<span class="block text-base-500 dark:text-base-400">{}</span></span>',
        first,
        second,
    )


def link(row: Any, text: Any = None) -> SafeString:
    """To the page of a row."""
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}" class="text-link">{}</a>', url, text or row)


def linked_list(rows: Iterable[tuple[str, str]]) -> SafeString:
    """(address, text) each, as links with commas between them."""
    links = [format_html('<a href="{}" class="text-link">{}</a>', *each) for each in rows]
    return mark_safe(", ".join(links)) if links else mark_safe("-")  # noqa: S308 - escaped above


def length(lasts: timedelta | None) -> str:
    """A stretch of time in the units people say it in."""
    if not lasts:
        return "-"
    minutes = int(lasts.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    named = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{number} {unit}" for number, unit in named if number) or "less than a minute"
