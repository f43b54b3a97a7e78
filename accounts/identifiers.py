"""Short forms of a UUID for protocols that speak hex or integers. Pure.

A key is a random UUID. Its first 24 hex digits, or its first 48 bits as a number, name the same
row: no column, no counter, nothing to guess. The row is found by a range of the primary key.
"""

import re
import uuid

_HEX24 = re.compile(r"[0-9a-fA-F]{24}")
_TAIL = (1 << 32) - 1
_REST = (1 << 80) - 1


def hex24(key: uuid.UUID) -> str:
    """The 24 lower-case hex digits that name this row."""
    return key.hex[:24]


def hex24_range(text: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and last key that 24 hex digits may name. Raises ValueError on another form."""
    if not _HEX24.fullmatch(text):
        raise ValueError("An id is 24 hex digits.")
    low = int(text, 16) << 32
    return uuid.UUID(int=low), uuid.UUID(int=low | _TAIL)


def int48(key: uuid.UUID) -> int:
    """The number below 2**48 that names this row; JavaScript can hold it."""
    return key.int >> 80


def int48_range(number: int) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and last key that this number may name. Raises ValueError out of range."""
    if not 0 <= number < 1 << 48:
        raise ValueError("An id is a number from 0 to 2**48 - 1.")
    low = number << 80
    return uuid.UUID(int=low), uuid.UUID(int=low | _REST)
