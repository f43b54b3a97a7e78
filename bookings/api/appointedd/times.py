"""Instants as this protocol writes them: always three fractional digits, in five renderings.

Computed in UTC and put into form here, by the function of each place.
"""

from __future__ import annotations

import functools
import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bookings.api.appointedd.gate import bad_request

YEARS = range(1971, 2200)


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises Refusal."""
    if name not in _zones():
        raise bad_request("timezone is not an IANA time zone")
    return ZoneInfo(name)


def read(text: str, here: ZoneInfo, name: str = "start") -> datetime:
    """An ISO 8601 instant as UTC; without an offset it is read in the zone. Raises Refusal."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"{name} is not an ISO 8601 time") from None
    if found.year not in YEARS:
        raise bad_request(f"{name} is out of range")
    if found.tzinfo is None:
        found = found.replace(tzinfo=here)
    return found.astimezone(UTC)


def local(moment: datetime, here: ZoneInfo) -> str:
    """In a zone, with its offset in numbers: `2022-05-26T11:30:00.000+01:00`, in UTC `+00:00`."""
    return moment.astimezone(here).isoformat(timespec="milliseconds")


def zulu(moment: datetime) -> str:
    """In UTC with a Z: `2022-05-26T10:30:00.000Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def unix(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())


def minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)
