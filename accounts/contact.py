"""How people are told apart: by phone and e-mail, however they write them. Pure."""

import re


def phone_key(text: str) -> str:
    """A phone number to match by: digits (and letters) with a leading plus kept.

    Spaces, dashes, dots and brackets are how people write, not what they dial.
    """
    return re.sub(r"[\s().\-]", "", text)


def email_key(text: str) -> str:
    """An e-mail address to match by: whatever its case."""
    return text.strip().casefold()
