"""Booking references: what a guest reads out over the phone. Pure."""

import re
import secrets
from typing import Final

ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0 or 1: they look alike
LENGTH: Final = 8


def new_reference() -> str:
    """Eight random characters: about 10^12 of them, unguessable and unique in a business."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalise(typed: str) -> str:
    """A reference as someone typed it, as it is stored: capitals, no spaces or dashes."""
    return re.sub(r"[\s-]", "", typed).upper()
