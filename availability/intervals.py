"""Stretches of time, half-open: [start, end). Pure.

A run is a tuple of them, sorted, none touching the next. All instants of one call are either aware
or plain numbers; nothing here reads a clock or a zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Interval(NamedTuple):
    """From `start` up to and without `end`; UTC."""

    start: datetime
    end: datetime


Run = tuple[Interval, ...]


def merge(intervals: Iterable[Interval]) -> Run:
    """The same time as a run: sorted, overlapping and touching ones joined, empty ones dropped."""
    merged: list[Interval] = []
    for each in sorted(each for each in intervals if each.start < each.end):
        if merged and each.start <= merged[-1].end:
            if each.end > merged[-1].end:
                merged[-1] = Interval(merged[-1].start, each.end)
        else:
            merged.append(each)
    return tuple(merged)


def intersect(one: Run, other: Run) -> Run:
    """The time that is in both runs."""
    found: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i].start, other[j].start), min(one[i].end, other[j].end)
        if start < end:
            found.append(Interval(start, end))
        if one[i].end <= other[j].end:
            i += 1
        else:
            j += 1
    return tuple(found)


def subtract(run: Run, taken: Run) -> Run:
    """The time that is in the run and not taken."""
    found: list[Interval] = []
    j = 0
    for each in run:
        start = each.start
        while j < len(taken) and taken[j].end <= start:
            j += 1
        k = j
        while k < len(taken) and taken[k].start < each.end:
            if taken[k].start > start:
                found.append(Interval(start, taken[k].start))
            start = max(start, taken[k].end)
            k += 1
        if start < each.end:
            found.append(Interval(start, each.end))
    return tuple(found)


def overlaps(one: Interval, other: Interval) -> bool:
    """Whether they share any time; touching ones don't."""
    return one.start < other.end and other.start < one.end


def covers(run: Run, wanted: Interval) -> bool:
    """Whether the whole of a stretch lies in the run."""
    return any(each.start <= wanted.start and wanted.end <= each.end for each in run)
