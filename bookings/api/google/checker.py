"""Whether Google would take these feeds, by what its pages say of them."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bookings.api.google.messages import CONFIRMATION_MODE

Json = dict[str, Any]

MOST_BYTES = 200_000_000
MOST_SHARDS = 20
LONGEST_TEXT = 16_000
UINT64 = 1 << 64
LISTS = {"merchants": "merchant", "services": "service", "availability": "service_availability"}

_NAME = re.compile(r"(merchants|services|availability)_\d{10}(_\d{3}_of_\d{3})?\.json\.gz")
_ID = re.compile(r"[A-Za-z0-9._~-]+")
_PHONE = re.compile(r"\+[0-9][0-9 ()-]{5,}")
_NUMBER = re.compile(r"[0-9]+")


def check(feeds: Mapping[str, Sequence[Path]]) -> list[str]:
    """What is wrong with the files of each feed; nothing when Google would take them."""
    problems: list[str] = []
    found: dict[str, list[Json]] = {}
    for feed, paths in feeds.items():
        documents = []
        for path in paths:
            if not _NAME.fullmatch(path.name):
                problems.append(f"{path.name}: is no name for a feed")
            if path.stat().st_size > MOST_BYTES:
                problems.append(f"{path.name}: is larger than 200 MB")
            with gzip.open(path, "rt", encoding="utf-8") as file:
                documents.append(json.load(file))
        found[feed] = documents
    return problems + check_documents(found)


def check_documents(feeds: Mapping[str, Sequence[Json]]) -> list[str]:
    """The same of their contents."""
    return list(_problems(feeds))


def _problems(feeds: Mapping[str, Sequence[Json]]) -> Iterator[str]:
    rows: dict[str, list[Json]] = {}
    for feed, documents in feeds.items():
        yield from _of_metadata(feed, documents)
        field = LISTS[feed]
        for document in documents:
            if set(document) != {"metadata", field}:
                yield f"{feed}: has other fields than metadata and {field}"
        rows[feed] = [row for document in documents for row in document.get(field, [])]
    merchants, services = rows.get("merchants", []), rows.get("services", [])
    yield from _of_merchants(merchants)
    yield from _of_services(services, {each.get("merchant_id") for each in merchants})
    yield from _of_availability(rows.get("availability", []), services)


def _of_metadata(feed: str, documents: Sequence[Json]) -> Iterator[str]:
    metadata = [each.get("metadata", {}) for each in documents]
    if not documents:
        yield f"{feed}: there is no file"
    if len(documents) > MOST_SHARDS:
        yield f"{feed}: is in more than {MOST_SHARDS} files"
    for each in metadata:
        if each.get("processing_instruction") != "PROCESS_AS_COMPLETE":
            yield f"{feed}: must be PROCESS_AS_COMPLETE"
        if each.get("total_shards") != len(documents):
            yield f"{feed}: total_shards isn't the number of files"
        for name in ("nonce", "generation_timestamp"):
            if not _is_number(each.get(name)) or int(each[name]) >= UINT64:
                yield f"{feed}: {name} is no number"
    if sorted(each.get("shard_number", -1) for each in metadata) != list(range(len(documents))):
        yield f"{feed}: shard_number doesn't count from 0"
    for name in ("nonce", "generation_timestamp"):
        if len({str(each.get(name)) for each in metadata}) > 1:
            yield f"{feed}: {name} isn't the same in all files"


def _of_merchants(rows: Sequence[Json]) -> Iterator[str]:
    yield from _twice("merchant", (row.get("merchant_id") for row in rows))
    for row in rows:
        who = f"merchant {row.get('merchant_id')}"
        yield from _missing(who, row, "merchant_id", "name", "geo", "category")
        if not _ID.fullmatch(str(row.get("merchant_id", ""))):
            yield f"{who}: the id isn't URL-safe"
        geo = row.get("geo", {})
        if "address" in geo:
            yield from _missing(
                who, geo["address"], "country", "locality", "postal_code", "street_address"
            )
        elif not geo.get("unstructured_address"):
            yield f"{who}: has no address"
        for name, most in (("latitude", 90), ("longitude", 180)):
            if name in geo and not -most <= geo[name] <= most:
                yield f"{who}: {name} is on no map"
        if "telephone" in row and not _PHONE.fullmatch(row["telephone"]):
            yield f"{who}: the telephone isn't international"


def _of_services(rows: Sequence[Json], merchants: set[Any]) -> Iterator[str]:
    yield from _twice("service", ((row.get("merchant_id"), row.get("service_id")) for row in rows))
    count = Counter(row.get("merchant_id") for row in rows)
    for row in rows:
        what = f"service {row.get('service_id')} of {row.get('merchant_id')}"
        yield from _missing(what, row, "merchant_id", "service_id", "localized_service_name")
        if row.get("merchant_id") not in merchants:
            yield f"{what}: its merchant is in no feed"
        if not row.get("localized_service_name", {}).get("value"):
            yield f"{what}: has no name"
        if len(row.get("localized_description", {}).get("value", "")) > LONGEST_TEXT:
            yield f"{what}: its description is too long"
        if row.get("type") == "SERVICE_TYPE_DINING_RESERVATION":
            if count[row.get("merchant_id")] > 1:
                yield f"{what}: a restaurant has one service"
        elif not _is_number(row.get("price", {}).get("price_micros")):
            yield f"{what}: has no price"
        for name in ("min_advance_booking", "min_advance_online_canceling"):
            if not _is_number(row.get("rules", {}).get(name, "0")):
                yield f"{what}: {name} is no number of seconds"


def _of_availability(rows: Sequence[Json], services: Sequence[Json]) -> Iterator[str]:
    known = {(each.get("merchant_id"), each.get("service_id")): each for each in services}
    seen: set[Any] = set()
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if set(row) != {"availability"}:
            yield "availability: the daily feed restricts nothing"
        for slot in row.get("availability", []):
            what = f"slot {slot.get('start_sec')} of {slot.get('service_id')}"
            service = known.get((slot.get("merchant_id"), slot.get("service_id")))
            yield from _of_slot(what, slot, service)
            who = slot.get("resources", {})
            for kind in ("staff", "room"):
                if f"{kind}_id" in who:
                    names[who[f"{kind}_id"]].add(who.get(f"{kind}_name", ""))
            identity = (
                slot.get("merchant_id"), slot.get("service_id"), str(slot.get("start_sec")),
                str(slot.get("duration_sec")), who.get("staff_id"), who.get("room_id"),
                who.get("party_size"),
            )  # fmt: skip
            if identity in seen:
                yield f"{what}: is there twice"
            seen.add(identity)
    for id_, said in names.items():
        if len(said) > 1:
            yield f"resource {id_}: has several names"


def _of_slot(what: str, slot: Json, service: Json | None) -> Iterator[str]:
    yield from _missing(
        what, slot, "merchant_id", "service_id", "start_sec", "duration_sec", "spots_total",
        "spots_open", falsy=True,
    )  # fmt: skip
    if service is None:
        yield f"{what}: its service is in no feed"
        return
    if not (_is_number(slot.get("start_sec")) and _is_number(slot.get("duration_sec"))):
        yield f"{what}: its time is no number"
    elif int(slot["duration_sec"]) <= 0:
        yield f"{what}: lasts no time"
    if not 0 <= slot.get("spots_open", -1) <= slot.get("spots_total", -1):
        yield f"{what}: more is open than there is"
    if {"recurrence", "schedule_exception"} & set(slot):
        yield f"{what}: mixes spots and recurrence"
    if slot.get("confirmation_mode", CONFIRMATION_MODE.names[1]) not in CONFIRMATION_MODE.names[1:]:
        yield f"{what}: has no such confirmation mode"
    who = slot.get("resources")
    if who is not None and not {"staff_id", "room_id", "party_size"} & set(who):
        yield f"{what}: its resources are none"
    for kind in ("staff", "room"):
        if (f"{kind}_id" in (who or {})) != (f"{kind}_name" in (who or {})):
            yield f"{what}: {kind} goes by id and name"
    if service.get("type") == "SERVICE_TYPE_DINING_RESERVATION" and not (who or {}).get(
        "party_size"
    ):
        yield f"{what}: a table needs a party_size"


def _missing(what: str, row: Json, *names: str, falsy: bool = False) -> Iterator[str]:
    for name in names:
        if name not in row or (not falsy and not row[name]):
            yield f"{what}: {name} is missing"


def _twice(what: str, ids: Iterator[Any]) -> Iterator[str]:
    for id_, count in Counter(ids).items():
        if count > 1:
            yield f"{what} {id_}: is there twice"


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value))
