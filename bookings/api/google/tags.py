"""Availability tags: which run of a class an entry of the feed is, signed by us.

Google hands a tag back as it got it, days later. What we didn't sign, or have forgotten how, says
nothing: a slot is never refused for its tag.
"""

from __future__ import annotations

import uuid

from django.core.signing import BadSignature, Signer

SIGNER = Signer(salt="google.availability", sep=".")


def of_run(session_id: uuid.UUID) -> str:
    return SIGNER.sign(session_id.hex)


def run_of(tag: str) -> uuid.UUID | None:
    """The run that a tag names; None when it is none of ours."""
    try:
        return uuid.UUID(SIGNER.unsign(tag))
    except (BadSignature, ValueError):
        return None
