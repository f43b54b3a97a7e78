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


def nice(most: float, *, whole: bool = True) -> list[float]:
    """An even scale from nought that fits so much, in five steps at most that are easily read;
    without `whole` its steps may be parts of one."""
    if most <= 0:
        most = 5.0
    power = 10.0 ** math.floor(math.log10(most / 5))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= most / 5 - 1e-9)
    step = float(max(math.ceil(step), 1)) if whole else step
    return [n * step for n in range(math.ceil(most / step - 1e-9) + 1)]


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
    scale = nice(max([most, *values]), whole=not unit)  # whole things have whole steps
    top = scale[-1]
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
        ticks=[(round(HEIGHT - HEIGHT * each / top, 1), f"{each:g}{unit}") for each in scale],
        names=names,
    )
