"""Tables as pictures: what a table of a shape and size looks like, with its chairs. Pure."""

from __future__ import annotations

import functools
import math

from django.utils.safestring import SafeString, mark_safe

CHAIR, DEEP, APART = 22.0, 9.0, 5.0  # a chair's width and depth, and how far from the table
MARGIN = DEEP + APART
MOST_CHAIRS = 24


@functools.lru_cache(maxsize=4096)
def table(
    width: float, height: float, *, is_round: bool, chairs: int = 0, taken: int = 0
) -> SafeString:
    """A table from above, as SVG without any text; `taken` chairs have somebody in them."""
    edge = MARGIN if chairs else 0
    seats = "".join(
        f'<rect class="chair{" chair--on" if n < taken else ""}" x="{-CHAIR / 2:g}"'
        f' y="{-DEEP / 2:g}" width="{CHAIR:g}" height="{DEEP:g}" rx="4.5"'
        f' transform="translate({x:.1f} {y:.1f}) rotate({turn:.1f})"/>'
        for n, (x, y, turn) in enumerate(
            _around(width, height, chairs) if is_round else _along(width, height, chairs)
        )
    )
    if is_round:
        half = f'cx="{width / 2:g}" cy="{height / 2:g}" rx="{width / 2:g}" ry="{height / 2:g}"'
        top = f'<ellipse class="top" {half} vector-effect="non-scaling-stroke"/>'
    else:
        top = (
            f'<rect class="top" width="{width:g}" height="{height:g}" rx="12"'
            ' vector-effect="non-scaling-stroke"/>'
        )
    box = f"{-edge:g} {-edge:g} {width + 2 * edge:g} {height + 2 * edge:g}"
    return mark_safe(  # noqa: S308 - numbers alone
        f'<svg viewBox="{box}" aria-hidden="true" focusable="false">{seats}{top}</svg>'
    )


def _around(width: float, height: float, chairs: int) -> list[tuple[float, float, float]]:
    """Where chairs stand at a round table, opposite ones first, and how they are turned."""
    count = min(chairs, MOST_CHAIRS)
    out = APART + DEEP / 2
    places = []
    for n in _facing(count):
        angle = 2 * math.pi * n / count - math.pi / 2
        places.append(
            (
                width / 2 + (width / 2 + out) * math.cos(angle),
                height / 2 + (height / 2 + out) * math.sin(angle),
                math.degrees(angle) + 90,
            )
        )
    return places


def _facing(count: int) -> list[int]:
    """Each and then who sits opposite."""
    half = (count + 1) // 2
    return [n for first in range(half) for n in (first, first + half) if n < count]


def _along(width: float, height: float, chairs: int) -> list[tuple[float, float, float]]:
    """Chairs along the sides of a table, the long sides first, opposite ones after one another."""
    count = min(chairs, MOST_CHAIRS)
    if height > width:
        return [(y, x, turn - 90) for x, y, turn in _along(height, width, chairs)]
    room = max(1, int(width // (CHAIR + 8)))
    ends = 0
    if count > 2 * room or (count > 4 and width < 2 * height):
        ends = min(2, count)
    long = count - ends
    above, below = (long + 1) // 2, long // 2
    out = APART + DEEP / 2
    places = []
    for n in range(above):
        places.append((width * (n + 1) / (above + 1), -out, 0.0))
        if n < below:
            places.append((width * (n + 1) / (below + 1), height + out, 180.0))
    places += [(-out, height / 2, -90.0), (width + out, height / 2, 90.0)][:ends]
    return places
