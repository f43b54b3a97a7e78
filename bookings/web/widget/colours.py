"""Colours that can be read, whatever colour a business likes. Pure.

Contrast and luminance as WCAG 2.2 defines them.
"""

from __future__ import annotations

import colorsys

Rgb = tuple[float, float, float]
TEXT = 4.5  # the least contrast of text with what is behind it
PART = 3.0  # of a control's own shape
LIGHT, DARK = "#ffffff", "#1c2120"  # what a page's sheet is, by day and by night
BLACK, WHITE = "#14201a", "#ffffff"


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white."""
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def on(colour: str) -> str:
    """The better readable of nearly black and white on a colour; one of them always is."""
    return max((WHITE, BLACK, "#000000"), key=lambda each: min(contrast(each, colour), 7))


def against(colour: str, behind: str, least: float) -> str:
    """A colour as near to this one as can be told from what is behind it: the same hue, lighter or
    darker."""
    if contrast(colour, behind) >= least:
        return colour
    hue, light, full = colorsys.rgb_to_hls(*_rgb(colour))
    towards = 0.0 if luminance(behind) > 0.2 else 1.0
    for step in range(1, 101):
        now = light + (towards - light) * step / 100
        found = _hex(colorsys.hls_to_rgb(hue, now, full))
        if contrast(found, behind) >= least:
            return found
    raise AssertionError("unreachable: black and white can be told from any sheet")


def palette(colour: str) -> dict[str, str]:
    """The colours of a page, by day and by night, as names of CSS."""
    night = against(colour, DARK, PART)
    return {
        "--accent-day": (day := against(colour, LIGHT, PART)),
        "--on-accent-day": on(day),
        "--link-day": against(colour, LIGHT, TEXT),
        "--accent-night": night,
        "--on-accent-night": on(night),
        "--link-night": against(colour, DARK, TEXT),
    }


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(each * 255):02x}" for each in rgb)
