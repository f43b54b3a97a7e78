"""What one measurement comes to."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Figure(NamedTuple):
    """A measurement against what it should be; without a target it is only told."""

    name: str
    value: str
    target: str
    holds: bool
    detail: str


def milliseconds(act: Callable[[], object], times: int = 40) -> float:
    """The median time of an act, after a few that don't count: plans are made by the sixth."""
    for _ in range(7):
        act()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)
