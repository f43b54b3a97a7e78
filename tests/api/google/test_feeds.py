"""The feeds: what Google is told is true, well-formed, and reaches its drop boxes."""

from __future__ import annotations

import copy
import gzip
import io
import json
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import paramiko
import pytest
from django.core.management import CommandError, call_command

from bookings.api.google import checker, delivery, feeds, files, tasks
from resources.models import Resource
from tests.api.google.conftest import (
    NOW,
    Google,
    at,
    bistro_of,
    google_of,
    gym_of,
    opened,
    salon_of,
)
from tests.builders import business, location

pytestmark = pytest.mark.django_db

ADDRESS = {
    "country": "GB",
    "locality": "London",
    "postal_code": "N1 9GU",
    "street_address": "1 Main Street",
}


def addressed(of: Google, **words: Any) -> Google:
    place = of.place
    place.details = {"google": {"address": ADDRESS, **words}}
    place.save()
    return of


@pytest.fixture
def street(client: Any, db: None) -> dict[str, Google]:
    """All three, with an address."""
    return {
        name: addressed(google_of(client, make()))
        for name, make in (("salon", salon_of), ("bistro", bistro_of), ("gym", gym_of))
    }


def read(path: Path) -> Any:
    with gzip.open(path, "rt") as file:
        return json.load(file)


def exported(folder: Path, *, days: int = 30, **how: Any) -> tuple[dict[str, list[Any]], Any]:
    written, missing = files.export(folder, days=days, now=NOW, **how)
    return {
        feed: [read(each) for each in paths]
        for feed, paths in written.items()
        if feed in feeds.LISTS
    }, missing


def slots(found: dict[str, list[Any]], of: Google) -> list[Any]:
    return [
        slot
        for document in found["availability"]
        for row in document["service_availability"]
        for slot in row["availability"]
        if slot["merchant_id"] == str(of.place.pk)
    ]


def test_the_feeds_say_who_there_is_and_what_they_offer(
    street: dict[str, Google], tmp_path: Path
) -> None:
    salon, bistro = street["salon"], street["bistro"]
    addressed(
        salon, telephone="+442079460000", url="https://salon.example", category="day spa",
        latitude=51.5, longitude=-0.1, place_id="ChIJ",
    )  # fmt: skip
    found, missing = exported(tmp_path)
    assert missing == []
    [merchants], [services] = found["merchants"], found["services"]
    assert set(merchants) == {"metadata", "merchant"}
    nonce = merchants["metadata"].pop("nonce")
    assert nonce.isdigit()
    assert merchants["metadata"] == {
        "processing_instruction": "PROCESS_AS_COMPLETE",
        "shard_number": 0,
        "total_shards": 1,
        "generation_timestamp": str(int(NOW.timestamp())),
    }
    by_id = {each["merchant_id"]: each for each in merchants["merchant"]}
    assert by_id[str(salon.place.pk)] == {
        "merchant_id": str(salon.place.pk),
        "name": "Salon",
        "telephone": "+442079460000",
        "url": "https://salon.example",
        "geo": {"latitude": 51.5, "longitude": -0.1, "address": ADDRESS},
        "category": "day spa",
        "matching_hints": {"place_id": "ChIJ"},
    }
    by_merchant = {each["merchant_id"]: each for each in services["service"]}
    rules = {
        "min_advance_booking": "0",
        "min_advance_online_canceling": "86400",
        "admission_policy": "TIME_STRICT",
    }
    assert by_merchant[str(salon.place.pk)] == {
        "merchant_id": str(salon.place.pk),
        "service_id": str(salon.service.pk),
        "localized_service_name": {"value": "Massage"},
        "rules": rules,
        "type": "SERVICE_TYPE_APPOINTMENT",
        "integration_type": "INTEGRATION_TYPE_END_TO_END",
        "prepayment_type": "NOT_SUPPORTED",
        "price": {"price_micros": "0", "currency_code": "EUR"},
        "price_interpretation": "EXACT_AMOUNT",
    }
    assert by_merchant[str(bistro.place.pk)] == {
        "merchant_id": str(bistro.place.pk),
        "service_id": "reservation",
        "localized_service_name": {"value": "Reservation"},
        "rules": rules,
        "type": "SERVICE_TYPE_DINING_RESERVATION",
        "integration_type": "INTEGRATION_TYPE_END_TO_END",
        "prepayment_type": "NOT_SUPPORTED",
    }


@pytest.mark.parametrize("name", ["salon", "bistro", "gym"])
def test_what_the_feed_says_is_what_the_server_answers(
    street: dict[str, Google], tmp_path: Path, name: str
) -> None:
    google = street[name]
    if name == "gym":
        for number in range(3):
            google.create(
                "create_dining_request", token=f"t{number}", user=f"u{number}",
                service_id=str(google.service.pk), duration_sec="2700", resources=None,
            )  # fmt: skip
    elif name == "bistro":
        google.create("create_dining_request", at(19), resources={"party_size": 4})
    else:
        google.create()
    found = slots(exported(tmp_path)[0], google)
    assert found
    answered = google.lookup(
        *(
            {
                "service_id": each["service_id"],
                "start_sec": each["start_sec"],
                "duration_sec": each["duration_sec"],
                "resource_ids": {
                    k: v for k, v in each.get("resources", {}).items() if k[-5:] != "_name"
                },
                **({"availability_tag": tag} if (tag := each.get("availability_tag")) else {}),
            }
            for each in found
        )
    )
    assert answered == [each["spots_open"] > 0 for each in found]
    assert set(answered) == ({True} if name == "salon" else {True, False})
    for number, each in enumerate([one for one in found if one["spots_open"]][::97]):
        who = {k: v for k, v in each.get("resources", {}).items() if k[-5:] != "_name"}
        answer = google.create(
            "create_dining_request", token=f"b{number}", user=f"b{number}",
            service_id=each["service_id"], start_sec=each["start_sec"],
            duration_sec=each["duration_sec"], resources=who,
        )  # fmt: skip
        assert "booking" in answer.json(), (each, answer.json())


def test_a_class_is_told_with_its_places(street: dict[str, Google], tmp_path: Path) -> None:
    gym = street["gym"]
    gym.create(
        "create_dining_request", service_id=str(gym.service.pk), duration_sec="2700", resources=None
    )
    found = slots(exported(tmp_path)[0], gym)
    assert [(each["spots_total"], each["spots_open"]) for each in found] == [(3, 2), (3, 3)]
    assert all(each["availability_tag"] for each in found)


def test_what_the_wall_shows_is_what_is_told_in_spring(client: Any, tmp_path: Path) -> None:
    """Clocks go back in Berlin on 25 October 2026: nine o'clock is another instant after."""
    made = opened(business("Bar", timezone="Europe/Berlin", booking_mode="scheduled"), time(9))
    bar = addressed(google_of(client, made))
    Resource.objects.create(
        business=made, location=location(made), name="Table", kind="table", covers_max=2
    )
    before = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
    written, _ = files.export(tmp_path, days=30, now=before)
    found = slots({"availability": [read(each) for each in written["availability"]]}, bar)
    starts = sorted({int(each["start_sec"]) for each in found})
    first = datetime.fromtimestamp(starts[0], UTC)
    assert first == datetime(2026, 10, 25, 8, tzinfo=UTC)  # nine in winter
    assert starts[-1] - starts[0] > 29 * 86400


def rows(found: dict[str, list[Any]]) -> list[Any]:
    return [row for each in found["availability"] for row in each["service_availability"]]


def test_feeds_are_split_by_merchant(street: dict[str, Google], tmp_path: Path) -> None:
    whole, _ = exported(tmp_path / "whole")
    parts, _ = exported(tmp_path / "parts", shard=400_000)
    assert len(parts["availability"]) > 1
    metadata = [each["metadata"] for each in parts["availability"]]
    assert [each["shard_number"] for each in metadata] == list(range(len(metadata)))
    assert len({each["nonce"] for each in metadata}) == 1
    assert rows(parts) == rows(whole)
    names = sorted(each.name for each in (tmp_path / "parts").glob("availability*"))
    at_ = int(NOW.timestamp())
    assert names[0] == f"availability_{at_}_001_of_{len(metadata):03}.json.gz"


def test_no_name_is_used_twice(street: dict[str, Google], tmp_path: Path) -> None:
    exported(tmp_path)
    with pytest.raises(FileExistsError):
        exported(tmp_path)


def test_old_feeds_are_tidied_away(street: dict[str, Google], tmp_path: Path) -> None:
    addressed(street["salon"], booking_url="https://salon.example/book")
    written, _ = files.export(tmp_path, days=30, now=NOW)
    other = tmp_path / "notes_of_mine.json"
    other.write_text("{}")
    assert files.tidy(tmp_path, now=NOW + timedelta(days=13)) == []
    gone = files.tidy(tmp_path, now=NOW + timedelta(days=15))
    assert sorted(gone) == sorted(path for paths in written.values() for path in paths)
    assert list(tmp_path.iterdir()) == [other]


def test_a_sandbox_and_a_live_book_are_told_apart(
    street: dict[str, Google], tmp_path: Path, settings: Any
) -> None:
    settings.GOOGLE_SANDBOX = True
    found, _ = exported(tmp_path)
    assert found["merchants"][0]["merchant"] == []
    type(street["gym"].business).objects.filter(name="Gym").update(is_dev=True)
    found, _ = exported(tmp_path / "dev")
    assert [each["name"] for each in found["merchants"][0]["merchant"]] == ["Gym"]


def test_who_has_no_address_is_left_out_and_said(salon: Google, tmp_path: Path) -> None:
    found, missing = exported(tmp_path)
    assert found["merchants"][0]["merchant"] == []
    assert missing == [f"{salon.business.slug}, Main: no address"]


def test_redirects_have_a_descriptor(street: dict[str, Google], tmp_path: Path) -> None:
    salon = addressed(street["salon"], booking_url="https://salon.example/book")
    written, _ = files.export(tmp_path, days=30, now=NOW)
    described = {
        name: [json.loads(each.read_text()) for each in written[name]]
        for name in feeds.REDIRECTS.values()
    }
    stamp = int(NOW.timestamp())
    assert described["reservewithgoogle.entity"] == [
        {
            "generation_timestamp": stamp,
            "name": "reservewithgoogle.entity",
            "data_file": [f"entity_{stamp}_0001.json"],
        },
        {
            "data": [
                {
                    "entity_id": str(salon.place.pk),
                    "name": "Salon",
                    "location": {"address": ADDRESS},
                }
            ]
        },
    ]
    action = described["reservewithgoogle.action.v2"][1]["data"][0]
    assert action["actions"] == [{"appointment_info": {"url": "https://salon.example/book"}}]
    service = described["glam.service.v0"][1]["data"][0]
    assert service["service_duration"] == {
        "duration_interpretation": "INTERPRETATION_EXACT",
        "min_duration_sec": "4500",
    }


# --- the checker ----------------------------------------------------------------------------------


def spoil(documents: Any, path: str, value: Any) -> Any:
    """The documents with another value somewhere; None takes it out."""
    spoilt = copy.deepcopy(documents)
    *way, last = path.split(".")
    here = spoilt
    for each in way:
        here = here[int(each) if each.isdigit() else each]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return spoilt


A = "availability.0.service_availability.0"


@pytest.mark.parametrize(
    "path, value, problem",
    [
        ("merchants.0.metadata.processing_instruction", "PROCESS_AS_INCREMENTAL", "COMPLETE"),
        ("merchants.0.metadata.nonce", "a-b-c", "nonce is no number"),
        ("merchants.0.metadata.generation_timestamp", {"seconds": 1}, "is no number"),
        ("availability.0.metadata.total_shards", 2, "total_shards isn't"),
        ("availability.0.metadata.shard_number", 1, "doesn't count from 0"),
        ("merchants.0.merchant.0.name", None, "name is missing"),
        ("merchants.0.merchant.0.geo", {}, "has no address"),
        ("merchants.0.merchant.0.geo", {"address": {"country": "GB"}}, "locality is missing"),
        ("merchants.0.merchant.0.merchant_id", "https://a.example/1", "isn't URL-safe"),
        ("merchants.0.merchant.0.telephone", "020 7946", "isn't international"),
        ("services.0.service.0.price", None, "has no price"),
        ("services.0.service.0.merchant_id", "nobody", "its merchant is in no feed"),
        ("services.0.service.0.localized_description", {"value": "x" * 16_001}, "too long"),
        (f"{A}.start_timestamp_restrict", "1", "restricts nothing"),
        (f"{A}.availability.0.duration_sec", "0", "lasts no time"),
        (f"{A}.availability.0.start_sec", 1, "its time is no number"),
        (f"{A}.availability.0.spots_open", 9, "more is open"),
        (f"{A}.availability.0.spots_total", None, "spots_total is missing"),
        (f"{A}.availability.0.recurrence", {}, "mixes spots"),
        (f"{A}.availability.0.confirmation_mode", "x", "no such confirmation mode"),
        (f"{A}.availability.0.resources", {"staff_id": "1"}, "goes by id and name"),
        (f"{A}.availability.0.resources", {}, "its resources are none"),
        (f"{A}.availability.0.service_id", "other", "its service is in no feed"),
    ],
)
def test_the_checker_finds_what_google_would(
    salon: Google, tmp_path: Path, path: str, value: Any, problem: str
) -> None:
    documents, _ = exported(tmp_path, days=1) if addressed(salon) else ({}, [])
    assert checker.check_documents(documents) == []
    found = checker.check_documents(spoil(documents, path, value))
    assert any(problem in each for each in found), found


def test_the_checker_finds_slots_that_are_there_twice(salon: Google, tmp_path: Path) -> None:
    addressed(salon)
    documents, _ = exported(tmp_path, days=1)
    listed = documents["availability"][0]["service_availability"][0]["availability"]
    listed.append(listed[0])
    assert any("is there twice" in each for each in checker.check_documents(documents))


# --- the command, the task, and the drop boxes ----------------------------------------------------


def test_the_command_writes_and_says_what(street: dict[str, Google], tmp_path: Path) -> None:
    said = io.StringIO()
    call_command("export_google_feeds", "--output", str(tmp_path), "--json", stdout=said)
    fact = json.loads(said.getvalue())
    assert sorted(fact) == ["left_out", "sent", "written"]
    assert sorted(fact["written"]) == ["availability", "merchants", "services"]
    assert all(Path(each).exists() for paths in fact["written"].values() for each in paths)
    with pytest.raises(CommandError, match="GOOGLE_FEEDS_FOLDER"):
        call_command("export_google_feeds")


def test_a_feed_that_google_would_not_take_is_not_written(
    street: dict[str, Google], tmp_path: Path
) -> None:
    addressed(street["salon"], telephone="none")
    with pytest.raises(CommandError, match="isn't international"):
        call_command("export_google_feeds", "--output", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_beat_does_nothing_until_it_is_told_where(
    street: dict[str, Google], tmp_path: Path, settings: Any
) -> None:
    assert tasks.export_feeds() == 0
    settings.GOOGLE_FEEDS_FOLDER = tmp_path
    assert tasks.export_feeds() == 3
    assert "bookings.api.google.tasks.export_feeds" in {
        each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()
    }


class Box(paramiko.SFTPServerInterface):  # type: ignore[misc]
    """A drop box in a folder, one for each user."""

    root: Path

    def __init__(self, server: Any, *args: Any, **kwargs: Any) -> None:
        self.folder = self.root / server.user
        self.folder.mkdir(exist_ok=True)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        handle = paramiko.SFTPHandle(flags)
        file = os.fdopen(os.open(self.folder / path.lstrip("/"), flags | os.O_CREAT, 0o600), "wb")
        handle.writefile = file
        return handle

    def stat(self, path: str) -> Any:
        return paramiko.SFTPAttributes.from_stat((self.folder / path.lstrip("/")).stat())

    def rename(self, oldpath: str, newpath: str) -> Any:
        (self.folder / oldpath.lstrip("/")).rename(self.folder / newpath.lstrip("/"))
        return paramiko.SFTP_OK


class Guard(paramiko.ServerInterface):  # type: ignore[misc]
    """Lets in who has our key."""

    def __init__(self, allowed: paramiko.PKey) -> None:
        self.allowed, self.user = allowed, ""

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> Any:
        self.user = username
        good = key == self.allowed and username.startswith("feeds-")
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> Any:
        return paramiko.OPEN_SUCCEEDED


@pytest.fixture
def boxes(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A real SFTP server on this machine, and settings that lead to it."""
    ours, theirs = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
    key_file = tmp_path / "key"
    ours.write_private_key_file(str(key_file))
    root = tmp_path / "boxes"
    root.mkdir()
    listener = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []
    box = type("OurBox", (Box,), {"root": root})

    def serve() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link)
            transport.add_server_key(theirs)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, box)
            transport.start_server(threading.Event(), Guard(ours))  # doesn't wait for a talk
            transports.append(transport)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    settings.GOOGLE_SFTP_HOST = "127.0.0.1"
    settings.GOOGLE_SFTP_PORT = listener.getsockname()[1]
    settings.GOOGLE_SFTP_KEY = str(key_file)
    settings.GOOGLE_SFTP_HOST_KEY = f"{theirs.get_name()} {theirs.get_base64()} google"
    settings.GOOGLE_SFTP_USERS = {
        name: f"feeds-{name}" for name in ("merchants", "services", "availability", "generic")
    }
    yield root
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for each in transports:
        each.close()
    thread.join(timeout=5)


def test_feeds_are_put_into_their_boxes(
    street: dict[str, Google], boxes: Path, tmp_path: Path
) -> None:
    addressed(street["salon"], booking_url="https://salon.example/book")
    written, _ = files.export(tmp_path / "out", days=30, now=NOW)
    sent = delivery.upload(written)
    assert sorted(sent) == sorted(path.name for paths in written.values() for path in paths)
    for feed, paths in written.items():
        user = f"feeds-{feed if feed in feeds.LISTS else 'generic'}"
        for path in paths:
            assert (boxes / user / path.name).read_bytes() == path.read_bytes()
    assert not list(boxes.rglob("*.part"))


def test_the_task_sends_what_it_wrote(
    street: dict[str, Google], boxes: Path, tmp_path: Path, settings: Any
) -> None:
    settings.GOOGLE_FEEDS_FOLDER = tmp_path / "out"
    assert tasks.export_feeds() == 3
    assert len(list(boxes.rglob("*.json.gz"))) == 3


def test_a_server_that_isnt_googles_is_told_nothing(
    street: dict[str, Google], boxes: Path, tmp_path: Path, settings: Any
) -> None:
    written, _ = files.export(tmp_path / "out", days=30, now=NOW)
    other = paramiko.ECDSAKey.generate()
    settings.GOOGLE_SFTP_HOST_KEY = f"{other.get_name()} {other.get_base64()}"
    with pytest.raises(delivery.Undelivered):
        delivery.upload(written)
    settings.GOOGLE_SFTP_HOST_KEY = "nonsense"
    with pytest.raises(delivery.Undelivered, match="no public key"):
        delivery.upload(written)
    assert not list(boxes.rglob("*.json.gz"))


def test_a_box_that_is_shut_is_said(
    street: dict[str, Google], boxes: Path, tmp_path: Path, settings: Any
) -> None:
    settings.GOOGLE_SFTP_USERS = {"merchants": "stranger"}
    with pytest.raises(CommandError, match="merchants: "):
        call_command("export_google_feeds", "--output", str(tmp_path / "out"), "--upload")
    settings.GOOGLE_SFTP_HOST = ""
    with pytest.raises(CommandError, match="are not set"):
        call_command("export_google_feeds", "--output", str(tmp_path / "more"), "--upload")
