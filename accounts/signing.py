"""Signed messages: `t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. Pure."""

import hashlib
import hmac
from datetime import datetime

SKEW = 300  # seconds that the clocks may differ


def sign(secret: str, body: bytes, at: datetime) -> str:
    """The header that proves a body; the key is the whole secret."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


def is_signed(secret: str, body: bytes, header: str, now: datetime) -> bool:
    """Whether a header proves a body, and is fresh."""
    parts = dict(each.partition("=")[::2] for each in header.split(","))
    stamp = parts.get("t", "")
    if not (secret and stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs(now.timestamp() - int(stamp)) > SKEW:
        return False
    return hmac.compare_digest(_digest(secret, stamp, body), parts.get("v1", ""))


def _digest(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
