"""What Google is told of once a day: who there is, what they offer, and what of it is free.

A record is all that is said of one merchant, or of one of its services, so that it is never split
over two files. Explicit spots everywhere: what is full is said to be full.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import Business, Channel
from billing import money
from bookings import offers as timetable
from bookings import rules
from bookings.api.google import lookup, tags
from bookings.api.google.catalogue import (
    NAME,
    ROOM,
    STAFF,
    TABLE,
    Offer,
    confirmation_mode,
    is_sold,
    on_offer,
)
from bookings.wishes import Search
from resources.models import Location, Resource

Json = dict[str, Any]

# The feeds of a booking server, and the field that each lists its records in.
LISTS = {"merchants": "merchant", "services": "service", "availability": "service_availability"}
# Those for businesses whose own page takes the bookings: listed in a descriptor file.
REDIRECTS = {
    "entity": "reservewithgoogle.entity",
    "action": "reservewithgoogle.action.v2",
    "service": "glam.service.v0",
}
LONGEST_TEXT, LONGEST_REDIRECT_TEXT = 16_000, 2000


@dataclasses.dataclass(frozen=True, slots=True)
class Merchant:
    """A location that Google lists, and what it may offer there."""

    place: Location
    offers: list[Offer]
    words: Json  # what only Google asks of it, from its `details`

    @property
    def id(self) -> str:
        return str(self.place.pk)


def merchants(*, now: datetime | None = None) -> tuple[list[Merchant], list[str]]:
    """The places of all businesses that Google may book, and what is missing of those left out.

    A sandbox shows sandboxes and nothing else: no test may reach a live book.
    """
    found: list[Merchant] = []
    missing: list[str] = []
    businesses = Business.objects.filter(
        is_active=True,
        is_dev=settings.GOOGLE_SANDBOX,
        pk__in=Channel.objects.filter(protocol=NAME, is_active=True).values("business"),
    )
    for business in businesses.order_by("slug"):
        for place in business.locations.filter(is_active=True):
            place.business = business
            words: Json = place.details.get(NAME, {})
            if not (words.get("address") or place.address):
                missing.append(f"{business.slug}, {place.name}: no address")
                continue
            sold = [each for each in on_offer(place) if is_sold(place, each.service, now=now)]
            if not sold:
                missing.append(f"{business.slug}, {place.name}: nothing that can be booked here")
                continue
            found.append(Merchant(place, sold, words))
    return found, missing


def merchant_json(merchant: Merchant) -> Json:
    place, words = merchant.place, merchant.words
    of = place.business
    geo: Json = {name: words[name] for name in ("latitude", "longitude") if name in words}
    if "address" in words:
        geo["address"] = words["address"]
    else:
        geo["unstructured_address"] = place.address
    optional = {
        "telephone": words.get("telephone"),
        "url": words.get("url"),
        "matching_hints": {"place_id": words["place_id"]} if "place_id" in words else None,
        "terms": {"url": words["terms_url"]} if "terms_url" in words else None,
        "brand_id": words.get("brand_id"),
    }
    return {
        "merchant_id": merchant.id,
        "name": words.get("name") or of.name,
        "geo": geo,
        "category": words.get("category") or of.business_type,
    } | {name: value for name, value in optional.items() if value}


def service_json(merchant: Merchant, offer: Offer) -> Json:
    business, service = merchant.place.business, offer.service
    notice, _ = rules.notice_and_horizon(business, service, datetime(2000, 1, 1, tzinfo=UTC))
    kind = "DINING_RESERVATION" if offer.is_dining else "APPOINTMENT"
    said: Json = {
        "merchant_id": merchant.id,
        "service_id": offer.id,
        "localized_service_name": {"value": service.name if service else "Reservation"},
        "rules": {
            "min_advance_booking": str(
                int((notice - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds())
            ),
            "min_advance_online_canceling": str(business.cancellation_window_hours * 3600),
            "admission_policy": "TIME_STRICT",
        },
        "type": f"SERVICE_TYPE_{kind}",
        "integration_type": "INTEGRATION_TYPE_END_TO_END",
        "prepayment_type": "NOT_SUPPORTED",
    }
    if service and service.description:
        said["localized_description"] = {"value": service.description[:LONGEST_TEXT]}
    if service and not offer.is_dining:
        said["price"] = price_json(business, service.price_cents)
        said["price_interpretation"] = "EXACT_AMOUNT"
    return said


def price_json(business: Business, minor: int) -> Json:
    micros = minor * 10 ** (6 - money.decimals(business.currency))
    return {"price_micros": str(micros), "currency_code": business.currency}


def availability_json(
    merchant: Merchant,
    offer: Offer,
    *,
    days: int,
    start: datetime | None = None,
    until: datetime | None = None,
    now: datetime | None = None,
) -> list[Json]:
    """What is free of one service from now on for so many days; with `start` and `until` only what
    begins in between. As many queries for a month as for a day."""
    place, service = merchant.place, offer.service
    moment = now or datetime.now(UTC)
    zone = ZoneInfo(place.zone)
    end = until or moment + timedelta(days=days)
    search = Search(
        business=place.business,
        service=service,
        first_day=(start or moment).astimezone(zone).date(),
        last_day=end.astimezone(zone).date() + timedelta(days=0 if until else 1),
        location_id=place.pk,
    )
    if service and service.capacity:
        found = _of_runs(search, now=now)
    elif offer.is_dining:
        found = _of_tables(search, now=now)
    else:
        found = _of_people(search, now=now)
    mode = confirmation_mode(place, service)
    return [
        {
            "merchant_id": merchant.id,
            "service_id": offer.id,
            "start_sec": str(int(spot.starts_at.timestamp())),
            "duration_sec": str(int(spot.lasts.total_seconds())),
            "spots_total": spot.total,
            "spots_open": spot.left,
            **({"availability_tag": spot.tag} if spot.tag else {}),
            **({"resources": spot.resources} if spot.resources else {}),
            "confirmation_mode": mode,
        }
        for spot in found
        if (start is None or spot.starts_at >= start)
        and (until is None or spot.starts_at < until)
        and spot.starts_at > moment
    ]


@dataclasses.dataclass(slots=True)
class Spot:
    """One start, in one configuration, and how many such bookings it could take."""

    starts_at: datetime
    lasts: timedelta
    total: int
    left: int
    resources: Json
    tag: str = ""


def _people(search: Search) -> dict[uuid.UUID, tuple[str, str]]:
    """The kind and name of who and what there is. One query."""
    rows = Resource.objects.filter(business=search.business, location=search.location_id)
    return {pk: (kind, name) for pk, kind, name in rows.values_list("pk", "kind", "name")}


def _said(resource_id: uuid.UUID, known: dict[uuid.UUID, tuple[str, str]]) -> Json:
    """A member of staff or a room in Google's words; nothing for what guests don't choose."""
    kind, name = known.get(resource_id, ("", ""))
    if kind not in (STAFF, ROOM):
        return {}
    return {f"{kind}_id": str(resource_id), f"{kind}_name": name}


def _of_people(search: Search, *, now: datetime | None) -> Iterator[Spot]:
    """One spot for each who could serve; one for all where guests choose nobody."""
    known = _people(search)
    for slot in timetable.slots(search, now=now):
        lasts = slot.ends_at - slot.starts_at
        chosen = [said for each in slot.resource_ids if (said := _said(each, known))]
        for said in chosen or [{}]:
            yield Spot(slot.starts_at, lasts, 1, 1, said)


def _of_runs(search: Search, *, now: datetime | None) -> Iterator[Spot]:
    """The runs of a class, full ones too; those that nothing tells apart as one."""
    known = _people(search)
    found: dict[tuple[Any, ...], Spot] = {}
    # A party of nobody fits everywhere, so that full runs are found.
    for run in timetable.runs(dataclasses.replace(search, party_size=0), now=now):
        session = run.session
        who = next((said for each in session.resource_ids if (said := _said(each, known))), {})
        lasts = session.ends_at - session.starts_at
        spot = found.setdefault(
            (session.starts_at, lasts, *who.items()), Spot(session.starts_at, lasts, 0, 0, who)
        )
        spot.tag = "" if spot.total else tags.of_run(session.pk)
        spot.total += session.capacity
        spot.left += run.places_left
    yield from found.values()


def _of_tables(search: Search, *, now: datetime | None) -> Iterator[Spot]:
    """Each size of party at each start, with the tables that could seat it."""
    tables = list(
        Resource.objects.filter(
            location=search.location_id, kind=TABLE, is_active=True, is_online=True, deleted_at=None
        ).values_list("units", "covers_max", "covers_min")
    )
    relax = search.business.relax_minimum_covers
    assert search.location_id is not None
    for size in range(1, settings.GOOGLE_PARTY_SIZES + 1):
        sized = dataclasses.replace(search, party_size=size)
        lasts = (
            search.service.duration
            if search.service
            else min(lookup.stays(search.business, search.location_id, size))
        )
        total = sum(
            size <= units * most and (relax or size >= least) for units, most, least in tables
        )
        open_ = {
            each.starts_at: max(1, len(each.resource_ids))
            for each in timetable.slots(sized, now=now)
        }
        if not (total or open_):
            continue
        starts = {each.starts_at for each in timetable.starts(sized, now=now)}
        for at in sorted(starts | set(open_)):
            left = open_.get(at, 0)
            yield Spot(at, lasts, max(total, left, 1), left, {"party_size": size})


def records(
    feed: str, found: Iterable[Merchant], *, days: int, now: datetime | None = None
) -> Iterator[Json]:
    """The records of a feed, one by one."""
    for merchant in found:
        if feed == "merchants":
            yield merchant_json(merchant)
            continue
        for offer in merchant.offers:
            if feed == "services":
                yield service_json(merchant, offer)
            elif spots := availability_json(merchant, offer, days=days, now=now):
                yield {"availability": spots}


# --- for businesses whose own page takes the bookings ---------------------------------------------


def redirect_records(feed: str, found: Iterable[Merchant]) -> Iterator[Json]:
    """The same places for Google's redirects: those that say where their booking page is."""
    for merchant in found:
        link = merchant.words.get("booking_url")
        if not link:
            continue
        if feed == "entity":
            yield _entity(merchant)
        elif feed == "action":
            yield {
                "entity_id": merchant.id,
                "link_id": f"{merchant.id}-booking",
                "url": link,
                "actions": [{"appointment_info": {"url": link}}],
            }
        else:
            for offer in merchant.offers:
                if offer.service:
                    yield _redirected(merchant, offer, link)


def _entity(merchant: Merchant) -> Json:
    said = merchant_json(merchant)
    geo = said["geo"]
    return {
        "entity_id": merchant.id,
        "name": said["name"],
        **{name: said[name] for name in ("telephone", "url") if name in said},
        "location": geo,
    }


def _redirected(merchant: Merchant, offer: Offer, link: str) -> Json:
    service = offer.service
    assert service is not None
    price = price_json(merchant.place.business, service.price_cents)
    heading = service.category.name if service.category else merchant.place.business.business_type
    said: Json = {
        "merchant_id": merchant.id,
        "service_id": offer.id,
        "localized_service_name": {"value": service.name},
        "localized_service_category": {"value": heading},
        "service_price": {"price_interpretation": "INTERPRETATION_EXACT", "min_price": price},
        "action_link": [{"url": link}],
        "service_duration": {
            "duration_interpretation": "INTERPRETATION_EXACT",
            "min_duration_sec": str(int(service.duration.total_seconds())),
        },
    }
    if service.description:
        said["localized_service_description"] = {
            "value": service.description[:LONGEST_REDIRECT_TEXT]
        }
    return said
