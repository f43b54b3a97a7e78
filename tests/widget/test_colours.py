"""Whatever colour a business likes, what is written on it and in it can be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bookings.web.widget import colours

any_colour = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


@given(any_colour)
def test_text_and_controls_can_be_told_from_what_is_behind_them(colour: str) -> None:
    found = colours.palette(colour)
    for time, sheet in (("day", colours.LIGHT), ("night", colours.DARK)):
        accent, link = found[f"--accent-{time}"], found[f"--link-{time}"]
        assert colours.contrast(found[f"--on-accent-{time}"], accent) >= 4.5
        assert colours.contrast(accent, sheet) >= 3
        assert colours.contrast(link, sheet) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert colours.contrast("#000000", "#ffffff") == 21
    assert colours.contrast("#777777", "#ffffff").__round__(2) == 4.48
    assert colours.contrast("#2b5f4b", "#2b5f4b") == 1


def test_a_colour_that_will_do_is_left_alone() -> None:
    assert colours.palette("#2b5f4b")["--accent-day"] == "#2b5f4b"
