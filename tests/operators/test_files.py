"""A whole business as one file: there and back, or refused whole with the lines that are wrong."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from accounts.models import Business, Channel, Membership
from bookings import demo, files, services
from bookings.models import Schedule
from resources.models import Resource
from tests.builders import business, tables

pytestmark = pytest.mark.django_db

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "business-file.md"


def example() -> str:
    found = re.search(r"```yaml\n(.*?)```", EXAMPLE.read_text(), re.S)
    assert found is not None
    return found[1]


def run(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out, stderr=io.StringIO(), no_color=True)
    return out.getvalue()


def imported(tmp_path: Path, text: str, *more: str) -> Any:
    path = tmp_path / "business.yaml"
    path.write_text(text)
    return json.loads(run("import_business", str(path), "--json", *more))


def test_the_documented_example_there_and_back(tmp_path: Path) -> None:
    made = imported(tmp_path, example())
    assert (made["slug"], made["new"], list(made["api_keys"])) == ("harbour", True, ["Website"])
    first = files.write(Business.objects.get(slug="harbour"))
    imported(tmp_path, run("export_business", "harbour"), "--slug", "harbour-2")
    second = files.write(Business.objects.get(slug="harbour-2"))
    assert second == first | {"business": first["business"] | {"slug": "harbour-2"}}
    assert yaml.safe_load(example())["services"] == first["services"]


def test_what_is_switched_off_stays_off(tmp_path: Path) -> None:
    bistro = business("Bistro")
    closed, shy = tables(bistro, 2)
    Resource.objects.filter(pk=closed.pk).update(is_active=False)
    Resource.objects.filter(pk=shy.pk).update(is_online=False)
    imported(tmp_path, run("export_business", bistro.slug), "--slug", "copy")
    found = Resource.objects.filter(business__slug="copy").order_by("name")
    assert list(found.values_list("is_active", "is_online")) == [(False, True), (True, False)]


def test_a_table_in_the_corner_of_the_plan_stays_there(tmp_path: Path) -> None:
    bistro = business("Bistro")
    tables(bistro, 1)
    Resource.objects.update(plan_x=0, plan_y=0, plan_width=80, plan_height=60)
    imported(tmp_path, run("export_business", bistro.slug), "--slug", "copy")
    found = Resource.objects.get(business__slug="copy")
    assert (found.plan_x, found.plan_y, found.plan_width) == (0, 0, 80)


@pytest.mark.parametrize("slug", [demo.BISTRO, demo.GYM, demo.SPA])
def test_the_demo_there_and_back(tmp_path: Path, slug: str) -> None:
    demo.load(tmp_path / "kept.json")
    first = files.write(Business.objects.get(slug=slug))
    imported(tmp_path, run("export_business", slug, "--json"), "--slug", "copy")
    second = files.write(Business.objects.get(slug="copy"))
    assert second == first | {"business": first["business"] | {"slug": "copy"}}


def test_importing_again_changes_what_changed_and_nothing_else(tmp_path: Path) -> None:
    imported(tmp_path, example())
    ids = set(Resource.objects.values_list("pk", flat=True))
    again = imported(tmp_path, example().replace("Harbour Grill", "The Grill"))
    assert (again["new"], again["api_keys"]) == (False, {})
    assert set(Resource.objects.values_list("pk", flat=True)) == ids
    assert Business.objects.get(slug="harbour").name == "The Grill"
    assert (Channel.objects.count(), Membership.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("mode: dynamic", "mode: instant", 5, "“instant” is not a valid choice"),
        ("timezone: Europe/Dublin", "timezone: Europe/Nowhere", 4, "no such time zone"),
        ("slug: harbour", "slugg: harbour", 2, "Did you mean “slug”?"),
        ("covers: [1, 4]", "covers: [4, 1]", 21, "smallest party comes first"),
        ("members: [Table 1, Table 2]", "members: [Table 1, Table 9]", 27, "no resource “Table 9”"),
        ('"12:00-15:00"', '"12-15"', 11, "A period is HH:MM-HH:MM"),
        ("  name: Harbour Grill", "  name: [", 3, "expected"),
    ],
)
def test_a_bad_file_is_refused_whole_with_the_line(
    tmp_path: Path, before: str, after: str, line: int, said: str
) -> None:
    path = tmp_path / "bad.yaml"
    assert before in example()
    path.write_text(example().replace(before, after, 1))
    with pytest.raises(CommandError) as refused:
        run("import_business", str(path))
    first = str(refused.value).splitlines()[0]
    assert "bad.yaml, line " in first
    number = int(re.findall(r"line (\d+)", first)[0])
    text = path.read_text().splitlines()
    key = after.strip().partition(":")[0].strip('"')
    assert any(key in each for each in text[max(0, number - 3) : number + 2]), (first, line)
    assert said.split("“")[0].strip() in str(refused.value)
    assert not Business.objects.exists()


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    bad = example().replace("mode: dynamic", "mode: x").replace("covers: [1, 4]", "covers: [9]")
    path = tmp_path / "bad.yaml"
    path.write_text(bad)
    with pytest.raises(CommandError) as refused:
        run("import_business", str(path))
    assert len(str(refused.value).splitlines()) >= 2


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="can't be read"):
        run("import_business", "/nowhere.yaml")


def test_no_secret_is_written_out(tmp_path: Path) -> None:
    of = business("Bistro")
    tables(of, 1)
    text = run("export_business", of.slug)
    assert "key_hash" not in text
    assert "password" not in text


def test_a_class_that_comes_again_is_brought_up_to_the_file(tmp_path: Path) -> None:
    imported(tmp_path, example())
    (made,) = Schedule.objects.all()
    services.lay_out(made, now=datetime(2027, 1, 1, 12, tzinfo=UTC))
    count = made.sessions.count()
    assert count == 8
    imported(tmp_path, example().replace('but_not: ["2027-04-03"]', 'but_not: ["2027-01-09"]'))
    (changed,) = Schedule.objects.all()
    assert (changed.pk, changed.exceptions) == (made.pk, [date(2027, 1, 9)])
    assert made.sessions.count() == count - 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("rule: FREQ=WEEKLY;BYDAY=SA", "rule: FREQ=HOURLY", "schedules.0.rule: FREQ=HOURLY is too"),
        ("  location: Quay\n", "  location: Pier\n", "schedules.0.location: There is no location"),
        ("  with: [Chef]\n", "  with: [Cook]\n", "schedules.0.with: There is no resource “Cook”"),
        ("- service: Cooking class", "- service: Baking", "schedules.0.service: There is no serv"),
    ],
)
def test_a_class_that_cannot_come_again_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in example()
    path = tmp_path / "bad.yaml"
    path.write_text(example().replace(before, after))
    with pytest.raises(CommandError, match=re.escape(said)):
        run("import_business", str(path))
    assert not Business.objects.exists()
