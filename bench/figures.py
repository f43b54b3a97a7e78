"""What one measurement comes to."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

BATCHES = 5


class Figure(NamedTuple):
    """A measurement against what it should be; without a target it is only told."""

    name: str
    value: str
    target: str
    holds: bool
    detail: str


def milliseconds(act: Callable[[], object], times: int = 15) -> float:
    """How long an act takes: of several batches the median of the least disturbed, as what else
    the machine does only ever adds. A few come first that don't count: plans are made by the
    sixth."""
    for _ in range(7):
        act()
    return min(_median(act, times) for _ in range(BATCHES))


def _median(act: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)
