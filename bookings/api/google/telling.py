"""Real-time updates: we call Google, whose REST API wants lowerCamelCase, RFC 3339 and "3600s".

What is told is how things stand now: of a booking the fields that changed, of a place the whole
local days that were touched, for each of its services, in place of what Google knew of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests
from django.conf import settings
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from availability import calendar
from bookings import updates
from bookings.api.google import feeds, render
from bookings.api.google.catalogue import NAME, is_sold, on_offer
from bookings.api.google.codec import camel
from bookings.api.google.feeds import Merchant
from bookings.api.google.following import is_configured
from bookings.models import Booking, Update

log = logging.getLogger(__name__)

Json = dict[str, Any]

SCOPE = "https://www.googleapis.com/auth/mapsbooking"
TIMEOUT = 10.0  # seconds
MOST = 1000  # slots in one call
BATCH = 200  # things told of in one run
DAY = timedelta(days=1)


class Untold(Exception):
    """Google didn't take it, this time."""


def send_due(*, now: datetime | None = None) -> int:
    """Tell Google what is due; how many things it took. Safe to run any number at once."""
    if not is_configured():
        return 0
    session: AuthorizedSession | None = None
    told = 0
    for _ in range(BATCH):
        row = updates.claim(NAME, now=now)
        if row is None:
            break
        try:
            session = session or _session()
            _tell(session, row, now=now)
        except (Untold, GoogleAuthError, requests.RequestException, OSError, ValueError) as error:
            updates.put_off(row, f"{type(error).__name__}: {error}", now=now)
        else:
            updates.done(row, now=now)
            told += 1
    return told


def _session() -> AuthorizedSession:
    credentials = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
        settings.GOOGLE_SERVICE_ACCOUNT, scopes=[SCOPE]
    )
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


def _tell(session: AuthorizedSession, row: Update, *, now: datetime | None) -> None:
    partner = settings.GOOGLE_PARTNER_ID
    if row.booking:
        query, body = notification(row.booking, row.fields, now=now)
        path = f"notification/partners/{partner}/bookings/{row.booking.pk}"
        _call(session, "PATCH", path, body, query)
        return
    for body in replacements(row, now=now):
        _call(session, "POST", f"inventory/partners/{partner}/availability:replace", body, {})


def _call(
    session: AuthorizedSession, method: str, path: str, body: Json, query: dict[str, str]
) -> None:
    reply: requests.Response = session.request(  # type: ignore[no-untyped-call]
        method,
        f"{settings.GOOGLE_API_BASE.rstrip('/')}/v1alpha/{path}",
        json=body,
        params=query,
        timeout=TIMEOUT,
        allow_redirects=False,
    )
    if reply.status_code == 404 and method == "PATCH":
        log.error("Google doesn't know a booking that it made: %s", path)
        return  # and never will
    if not 200 <= reply.status_code < 300:
        raise Untold(f"answered {reply.status_code}: {reply.text[:200]}")


# --- what is said ---------------------------------------------------------------------------------


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lasting(duration: timedelta) -> str:
    return f"{int(duration.total_seconds())}s"


def notification(
    booking: Booking, fields: list[str], *, now: datetime | None
) -> tuple[dict[str, str], Json]:
    """The query and the body that tell of a booking: its ids, and these fields as they are now."""
    slot = render.slot(booking)
    status = render.status(booking, now=now)
    values = {
        "status": status,
        "startTime": stamp(booking.starts_at),
        "duration": lasting(booking.ends_at - booking.starts_at),
        "partySize": str(booking.party_size),
    }
    body = {
        "name": f"partners/{settings.GOOGLE_PARTNER_ID}/bookings/{booking.pk}",
        "merchantId": slot["merchant_id"],
        "serviceId": slot["service_id"],
    } | {name: values[name] for name in fields}
    query = {"updateMask": ",".join(fields)}
    if status == "FAILED":
        query["bookingFailure.cause"] = "SLOT_UNAVAILABLE"
    return query, body


def replacements(row: Update, *, now: datetime | None) -> Iterator[Json]:
    """The calls that put what is free now in place of what Google knew of these days."""
    place = row.location
    place.business = row.business
    zone = ZoneInfo(place.zone)
    moment = now or datetime.now(UTC)
    first = max(row.starts_at, moment).astimezone(zone).date() - DAY  # a stay may begin before
    horizon = moment + timedelta(days=settings.GOOGLE_FEED_DAYS)
    last = min(row.ends_at, horizon).astimezone(zone).date()
    merchant = Merchant(place, [], place.details.get(NAME, {}))
    entries: list[Json] = []
    filled = 0
    for offer in on_offer(place):
        spots: list[Json] = []
        start = calendar.local_day(first, zone).start
        end = calendar.local_day(last, zone).end
        if start >= end:
            return
        if is_sold(place, offer.service, now=now):
            spots = feeds.availability_json(
                merchant, offer, days=settings.GOOGLE_FEED_DAYS, start=start, until=end, now=now
            )
        for number in range((last - first).days + 1):
            day = calendar.local_day(first + number * DAY, zone)
            since, until = day.start.timestamp(), day.end.timestamp()
            there = [each for each in spots if since <= int(each["start_sec"]) < until]
            if entries and filled + len(there) > MOST:
                yield {"extendedServiceAvailability": entries}
                entries, filled = [], 0
            entries.append(
                {
                    "merchantId": merchant.id,
                    "serviceId": offer.id,
                    "startTimeRestrict": stamp(day.start),
                    "endTimeRestrict": stamp(day.end),
                    "availability": [_spot(each) for each in there],
                }
            )
            filled += len(there)
    if entries:
        yield {"extendedServiceAvailability": entries}


def _spot(said: Json) -> Json:
    """An entry of the feed in the words of the REST API."""
    start = datetime.fromtimestamp(int(said["start_sec"]), UTC)
    found: Json = {
        "startTime": stamp(start),
        "duration": f"{said['duration_sec']}s",
        "spotsTotal": str(said["spots_total"]),
        "spotsOpen": str(said["spots_open"]),
        "confirmationMode": said["confirmation_mode"],
    }
    if "resources" in said:
        found["resources"] = {camel(name): value for name, value in said["resources"].items()}
    if "availability_tag" in said:
        found["availabilityTag"] = said["availability_tag"]
    return found
