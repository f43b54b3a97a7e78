"""Charts as plain numbers for a template to draw: across in per cent, so that they fill whatever
room there is with letters of one size, and up in pixels. Pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

HEIGHT = 160  # pixels of the tallest bar
FOOT = 28  # for what stands below
GAP = 0.22  # of a bar's room


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """A bar, or one of some beside each other: where it stands, and what it says."""

    x: float
    width: float
    y: float
    height: float
    title: str
    series: int


@dataclasses.dataclass(frozen=True, slots=True)
class Chart:
    """Bars over a scale; `names` says what each series is where there are several."""

    title: str
    text: str
    bars: Sequence[Bar]
    labels: Sequence[tuple[float, str, bool]]
    ticks: Sequence[tuple[float, str]]
    names: Sequence[str]

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def whole(self) -> int:
        return HEIGHT + FOOT


def nice(most: float) -> float:
    """The end of a scale that fits so much and has four even steps that are easily read."""
    if most <= 0:
        return 4.0
    step = most / 4
    power = 10.0 ** math.floor(math.log10(step))
    found = next(each for each in (1, 2, 2.5, 5, 10) if each * power >= step - 1e-9)
    return float(4 * found * power)


def chart(
    title: str,
    text: str,
    columns: Sequence[tuple[str, Sequence[tuple[float, str]]]],
    *,
    names: Sequence[str] = (),
    unit: str = "",
    most: float = 0,
    labels: int = 8,
) -> Chart:
    """Columns of one value or of some beside each other, each with what it says when pointed at.

    The first and about as many `labels` are written; all of them if they fit.
    """
    values = [value for _, bars in columns for value, _ in bars]
    top = nice(max([most, *values]))
    if not unit:
        top = max(top, 4.0)  # whole things have whole steps
    room = 100 / max(1, len(columns))
    every = max(1, math.ceil(len(columns) / labels))
    bars: list[Bar] = []
    for n, (_, several) in enumerate(columns):
        width = room * (1 - GAP) / max(1, len(several))
        for series, (value, said) in enumerate(several):
            height = round(HEIGHT * value / top, 2)
            x = round(n * room + room * GAP / 2 + series * width, 3)
            bars.append(Bar(x, round(width, 3), HEIGHT - height, height, said, series))
    return Chart(
        title=title,
        text=text,
        bars=bars,
        labels=[
            (round((n + 0.5) * room, 3), label, n % (2 * every) == 0)
            for n, (label, _) in enumerate(columns)
            if n % every == 0
        ],
        ticks=[(round(HEIGHT - HEIGHT * n / 4, 1), f"{top * n / 4:g}{unit}") for n in range(5)],
        names=names,
    )
