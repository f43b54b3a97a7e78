"""Stretches of time, against sets of minutes: slow and obvious."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from availability.intervals import Interval, Run, covers, intersect, merge, overlaps, subtract

START = datetime(2026, 6, 20, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


stretches = st.builds(
    lambda start, length: Interval(at(start), at(start + length)),
    st.integers(0, 60),
    st.integers(0, 15),
)
lists = st.lists(stretches, max_size=8)
runs = lists.map(merge)


def minutes(intervals: list[Interval] | Run) -> set[int]:
    return {m for m in range(80) for each in intervals if each.start <= at(m) < each.end}


@given(lists)
def test_a_run_is_the_same_time_sorted_and_apart(intervals: list[Interval]) -> None:
    run = merge(intervals)
    assert minutes(run) == minutes(intervals)
    assert all(each.start < each.end for each in run)
    assert all(one.end < other.start for one, other in itertools.pairwise(run))


@given(runs, runs)
def test_what_is_left_was_free_and_not_taken(free: Run, taken: Run) -> None:
    left = subtract(free, taken)
    assert minutes(left) == minutes(free) - minutes(taken)
    assert left == merge(left)


@given(runs, runs)
def test_what_is_in_both(one: Run, other: Run) -> None:
    both = intersect(one, other)
    assert minutes(both) == minutes(one) & minutes(other)
    assert both == merge(both)


@given(stretches, stretches)
def test_touching_is_not_overlapping(one: Interval, other: Interval) -> None:
    shared = bool(minutes([one]) & minutes([other]))
    assert not shared or overlaps(one, other)
    if one.start < one.end and other.start < other.end:
        assert overlaps(one, other) == shared


@given(runs, stretches)
def test_a_stretch_is_covered_by_one_piece(run: Run, wanted: Interval) -> None:
    if wanted.start < wanted.end:
        assert covers(run, wanted) == (minutes([wanted]) <= minutes(run))
