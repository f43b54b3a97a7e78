"""The operators' commands: what they say, in words and in JSON, and how they exit."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Business, Channel
from bookings import services
from bookings.wishes import SYSTEM
from tests.builders import MARIA, business, location, resource, service, tables, user, wish
from tests.races.test_services import SEVEN

pytestmark = pytest.mark.django_db


def run(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out, no_color=True)
    return out.getvalue()


def asks(*command: str) -> Any:
    return json.loads(run(*command, "--json"))


@pytest.mark.parametrize(
    "command",
    ["create_business", "create_api_key", "expire_holds", "explain_slot", "check_invariants",
     "deliver_outbox", "materialise_schedules", "promote_waitlist", "list_stranded",
     "load_demo", "import_business", "export_business"],
)  # fmt: skip
def test_every_command_says_what_it_is_for(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(command, "--help")
    assert ended.value.code in (0, None)
    assert "--json" in capsys.readouterr().out


def test_a_business_and_another_key() -> None:
    owner = user("ada@example.com")
    made = asks("create_business", "Café Noir", "--owner", "Ada@example.com", "--plan", "scale")
    of = Business.objects.get(pk=made["id"])
    assert (made["slug"], of.owner, of.locations.count()) == ("cafe-noir", owner, 1)
    another = asks("create_api_key", "cafe-noir", "--scopes", "read", "--rpm", "5")
    channel = Channel.objects.get(pk=another["id"])
    assert (channel.scopes, channel.rate_limit_rpm) == (["read"], 5)
    other = asks("create_api_key", "cafe-noir", "--protocol", "appointedd")
    for _ in range(3):
        asks("create_api_key", "cafe-noir", "--protocol", "google", "--rotate")
    assert Channel.objects.filter(protocol="google", is_active=True).count() == 2
    assert Channel.objects.get(pk=other["id"]).protocol == "appointedd"
    assert (len(another["api_key"]), len(other["api_key"])) == (54, 88)
    for wrong in (("create_api_key", "nobody"), ("create_business", "x", "--owner", "b@c.d")):
        with pytest.raises(CommandError, match="There is no"):
            run(*wrong)


@pytest.mark.parametrize(
    "command, field",
    [
        (("create_business", "Base", "--timezone", "Mars/Olympus"), "timezone"),
        (("create_business", "Base", "--currency", "euro"), "currency"),
        (("create_business", "Base", "--slug", "no slug"), "slug"),
        (("create_business", "B" * 101), "name"),
        (("create_api_key", "bistro", "--rpm", "0"), "rate_limit_rpm"),
        (("create_api_key", "bistro", "--name", "K" * 101), "name"),
    ],
)
def test_what_the_models_refuse_is_not_made(command: tuple[str, ...], field: str) -> None:
    slug = business("Bistro").slug
    command = tuple(slug if each == "bistro" else each for each in command)
    with pytest.raises(CommandError, match=f"\n  {field}: "):
        run(*command)
    assert (Business.objects.count(), Channel.objects.count()) == (1, 0)


def test_why_a_time_is_not_free() -> None:
    of = business("Bistro")
    tables(of, 1)
    at = f"{SEVEN:%Y-%m-%dT%H:%M}"
    assert "Free: Table 1" in run("explain_slot", of.slug, at, "--party", "2")
    services.book(wish(of, SEVEN), guest=MARIA, by=SYSTEM, source="test")
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("explain_slot", of.slug, at, "--json", stdout=out)
    assert ended.value.code == 1
    assert json.loads(out.getvalue())["reasons"][0]["why"] == "booked"


def test_promises_are_checked() -> None:
    of = business("Bistro")
    tables(of, 1)
    services.book(wish(of, SEVEN), guest=MARIA, by=SYSTEM, source="test")
    assert "promises are kept" in run("check_invariants")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bookings_allocation")
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants", stdout=out, no_color=True)
    assert ended.value.code == 1
    assert "broken: what is promised takes time" in out.getvalue()


def test_the_janitor_and_the_postman_by_hand() -> None:
    of = business("Bistro")
    tables(of, 1)
    services.book(wish(of, SEVEN), guest=MARIA, by=SYSTEM, source="test")
    assert asks("expire_holds") == {"expired": 0}
    assert asks("deliver_outbox") == {
        "events": 1,
        "deposits": 0,
        "delivered": 0,
        "mailed": 1,
        "failed": 0,
    }


def test_the_demo_loads_twice_and_is_well(settings: Any, tmp_path: Any) -> None:
    settings.BASE_DIR = tmp_path
    first = asks("load_demo", "--base-url", "http://x")
    second = asks("load_demo", "--base-url", "http://x")
    assert first == second
    assert Business.objects.count() == 3
    assert asks("check_invariants")["broken"] == []
    assert asks("list_stranded") == []
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="--force"):
        run("load_demo")


def exits(*command: str) -> tuple[int, str]:
    """What a command that isn't content says, and how it exits."""
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(*command, stdout=out, no_color=True)
    return int(str(ended.value.code)), out.getvalue()


def test_classes_are_laid_out_by_hand() -> None:
    gym = business("Gym", schedule_weeks=1)
    studio = resource(gym, "Studio", kind="room")
    spin = service(gym, "Spin", capacity=4)
    services.add_schedule(
        gym, service=spin, location=location(gym), resources=[studio], rule="FREQ=WEEKLY",
        starts_on=(datetime.now(UTC) + timedelta(days=2)).date(), at=time(10),
    )  # fmt: skip
    assert asks("materialise_schedules", gym.slug) == {"made": 1, "omitted": []}
    assert run("materialise_schedules") == "made: 0\n"
    other = services.add_schedule(
        gym, service=spin, location=location(gym), resources=[studio], rule="FREQ=WEEKLY",
        starts_on=(datetime.now(UTC) + timedelta(days=2)).date(), at=time(10, 30),
    )  # fmt: skip
    code, said = exits("materialise_schedules", gym.slug)
    assert (code, said) == (
        1,
        f"made: 0\n  {other.starts_on} {other}: Studio: taken at this time.\n",
    )
    code, said = exits("materialise_schedules", "--json")
    assert json.loads(said)["omitted"][0]["schedule"] == str(other.pk)
    with pytest.raises(CommandError, match="There is no"):
        run("materialise_schedules", "nowhere")


def test_who_waits_is_offered_by_hand() -> None:
    gym = business("Gym", waitlist_promotes=True)
    at = datetime.now(UTC) + timedelta(days=2)
    session = services.schedule_session(service(gym, "Spin", capacity=1), starts_at=at, by=SYSTEM)
    entry, _ = services.join_waitlist(gym, guest=MARIA, session=session, by=SYSTEM)
    (offered,) = asks("promote_waitlist", gym.slug)["offered"]
    assert (offered["entry"], offered["party_size"]) == (str(entry.pk), 1)
    assert run("promote_waitlist") == "offered: 0\n"


def test_what_is_stranded_is_listed() -> None:
    of = business("Bistro")
    (table,) = tables(of, 1)
    booking = services.book(wish(of, SEVEN), guest=MARIA, by=SYSTEM, source="test")
    assert run("list_stranded") == "stranded: 0\n"
    of.resources.filter(pk=table.pk).update(is_active=False)
    code, said = exits("list_stranded", of.slug)
    assert code == 1
    assert f"{booking.reference} {SEVEN:%Y-%m-%d %H:%M} UTC: Table 1: no longer offered." in said
