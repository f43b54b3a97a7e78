"""Drawing the room: a plan is taken whole or not at all, and nobody's work is lost unseen."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest

from accounts.errors import Conflict, DomainError, Invalid
from accounts.models import Business
from bookings import services
from bookings.wishes import SYSTEM
from resources import plans
from resources.models import Combination, Resource, Section
from resources.plans import Joined, Plan, Room, Standing
from tests.builders import MARIA, NOW, business, location, resource, tables, wish
from tests.desk.conftest import Browser
from tests.desk.test_floor import SEVEN, table


def plan_of(bistro: Business) -> Plan:
    return plans.drawn(location(bistro))


def redraw(bistro: Business, plan: Plan, version: str = "") -> list[Resource]:
    kept = version or plan_of(bistro).version
    return plans.redraw(location(bistro), plan, version=kept, now=NOW)


def changed(plan: Plan, of: str, **values: Any) -> Plan:
    """The plan with one thing on it otherwise."""
    return dataclasses.replace(
        plan,
        standing=[
            dataclasses.replace(each, **values) if each.name == of else each
            for each in plan.standing
        ],
    )


# --- the service ---------------------------------------------------------------------------------


def test_a_plan_that_is_written_reads_the_same(bistro: Business) -> None:
    first = plan_of(bistro)
    new = Standing("new-1", "Booth", "new-2", "table", 2, 6, 1, "round", 300, 200, 120, 90, 45)
    wanted = Plan(
        rooms=[Room("new-2", "Terrace")],
        standing=[*first.standing, new],
        joined=[Joined("new-3", "Both", (first.standing[0].key, "new-1"), 5, 10)],
    )
    assert redraw(bistro, wanted) == []
    booth = Resource.objects.get(name="Booth")
    terrace = Section.objects.get(name="Terrace")
    joined = Combination.objects.get(name="Both")
    assert set(joined.members.all()) == {booth, table(bistro)}
    assert plan_of(bistro) == Plan(
        rooms=[Room(str(terrace.pk), "Terrace")],
        standing=[
            *(each for each in first.standing if each.name < "Table 1"),
            *sorted(
                [
                    *first.standing,
                    dataclasses.replace(new, key=str(booth.pk), room=str(terrace.pk)),
                ],
                key=lambda each: (each.name == "Booth", each.name),
            ),
        ],
        joined=[
            Joined(
                str(joined.pk),
                "Both",
                tuple(str(each.pk) for each in joined.members.all()),
                5,
                10,
            )
        ],
    )


def test_two_may_change_names_and_rooms_their_order(bistro: Business) -> None:
    for name in ("Inside", "Outside"):
        Section.objects.create(location=location(bistro), name=name)
    was = plan_of(bistro)
    one, two = was.rooms
    swapped = changed(was, "Table 1", name="Table x")
    swapped = changed(changed(swapped, "Table 2", name="Table 1"), "Table x", name="Table 2")
    swapped = dataclasses.replace(swapped, rooms=[Room(two.key, one.name), Room(one.key, two.name)])
    redraw(bistro, swapped)
    now = plan_of(bistro)
    assert {each.key: each.name for each in now.standing}[was.standing[0].key] == "Table 2"
    assert now.rooms == [Room(two.key, "Inside"), Room(one.key, "Outside")]


def test_what_isn_t_on_it_any_more_is_gone_and_its_bookings_stay(bistro: Business) -> None:
    asked = wish(bistro, SEVEN, resource_id=table(bistro).pk)
    made = services.book(asked, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    was = plan_of(bistro)
    gone = redraw(bistro, dataclasses.replace(was, standing=was.standing[1:]))
    assert [each.name for each in gone] == ["Table 1"]
    made.refresh_from_db()
    assert (made.state, made.resource_ids) == ("confirmed", [gone[0].pk])
    # Its name is free for another.
    redraw(
        bistro,
        dataclasses.replace(
            plan_of(bistro),
            standing=[*plan_of(bistro).standing, Standing("new", "Table 1", x=0, y=0)],
        ),
    )


def test_people_and_what_is_switched_off_are_left_alone(bistro: Business) -> None:
    ana = resource(bistro, "Ana", kind="staff", section="Seniors")
    off = resource(bistro, "Old table", is_active=False)
    was = plan_of(bistro)
    assert "Ana" not in {each.name for each in was.standing}
    redraw(bistro, dataclasses.replace(was, standing=[]))
    assert list(Resource.objects.filter(deleted_at=None).order_by("name")) == [ana, off]
    with pytest.raises(Invalid, match="Seniors"):
        redraw(bistro, Plan([], [], []))
    assert Section.objects.get().name == "Seniors"


def test_who_was_slower_is_told_and_changes_nothing(bistro: Business) -> None:
    was = plan_of(bistro)
    redraw(bistro, changed(was, "Table 1", x=500.0))
    with pytest.raises(Conflict):
        redraw(bistro, changed(was, "Table 2", x=900.0), was.version)
    assert table(bistro, "Table 2").plan_x == 160


BOTH = ("Table 1", "Table 2")


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "Table 2"},
        {"x": -10.0},
        {"y": 1e9},
        {"x": float("nan")},
        {"width": 0.0},
        {"height": float("inf")},
        {"covers_min": 5},
        {"covers_min": 0},
        {"room": "nowhere"},
        {"shape": "heart"},
        {"key": "0f9a5d9e-6f4e-4a53-9c3b-3a8f6f0b9a11"},
    ],
)
def test_what_can_t_stand_so_changes_nothing(bistro: Business, values: dict[str, Any]) -> None:
    was = plan_of(bistro)
    moved = changed(was, "Table 4", x=777.0)
    with pytest.raises(DomainError):
        redraw(bistro, changed(moved, "Table 1", **values))
    assert plan_of(bistro) == was


@pytest.mark.parametrize(
    "joined",
    [
        Joined("new", "One", ("0",), 1, 4),
        Joined("new", "Nobody", ("0", "nobody"), 1, 4),
        Joined("new", "", ("0", "1"), 1, 4),
        Joined("new", "None", ("0", "1"), 5, 4),
    ],
)
def test_what_can_t_be_put_together_changes_nothing(bistro: Business, joined: Joined) -> None:
    was = plan_of(bistro)
    keys = {str(n): each.key for n, each in enumerate(was.standing)}
    members = tuple(keys.get(each, each) for each in joined.members)
    asked = dataclasses.replace(was, joined=[dataclasses.replace(joined, members=members)])
    with pytest.raises(DomainError):
        redraw(bistro, asked)
    assert plan_of(bistro) == was


def test_a_plan_of_another_business_is_out_of_reach(bistro: Business) -> None:
    other = business("Other")
    (theirs,) = tables(other, 1)
    was = plan_of(bistro)
    stolen = Standing(str(theirs.pk), "Mine now", x=0, y=0)
    with pytest.raises(Conflict):
        redraw(bistro, dataclasses.replace(was, standing=[*was.standing, stolen]))
    theirs.refresh_from_db()
    assert (theirs.name, theirs.business) == ("Table 1", other)


# --- the page ------------------------------------------------------------------------------------


def page_plan(manager: Browser) -> dict[str, Any]:
    page = manager.get("floor/plan/").content.decode()
    (found,) = re.findall(r'id="plan-data" type="application/json">(.*?)</script>', page)
    said: dict[str, Any] = json.loads(found)
    return said


def send(manager: Browser, plan: Any) -> Any:
    return manager.client.post(
        manager.url("floor/plan/"), json.dumps(plan), content_type="application/json"
    )


def test_a_manager_draws_and_a_host_may_not(manager: Browser, host: Browser) -> None:
    plan = page_plan(manager)
    plan["standing"][0] |= {"x": 400, "y": 300, "rotation": 45, "name": "<b>Corner</b>"}
    reply = send(manager, plan)
    assert (reply.status_code, reply.json()) == (200, {"url": "/desk/bistro/floor/"})
    moved = Resource.objects.get(name="<b>Corner</b>")
    assert (moved.plan_x, moved.plan_y, moved.plan_rotation) == (400, 300, 45)
    page = manager.get("floor/plan/").content.decode()
    assert "<b>Corner" not in page
    assert host.get("floor/plan/").status_code == 403
    assert send(host, page_plan(manager)).status_code == 403
    assert "Edit plan" in manager.get("floor/").content.decode()
    assert "Edit plan" not in host.get("floor/").content.decode()


def test_who_was_slower_is_offered_the_plan_as_it_is(manager: Browser) -> None:
    plan = page_plan(manager)
    plan["standing"][0]["x"] = 400
    assert send(manager, plan).status_code == 200
    again = send(manager, plan)
    assert (again.status_code, again.json()["stale"]) == (409, True)
    plan = page_plan(manager)
    plan["standing"][0]["name"] = plan["standing"][1]["name"]
    twice = send(manager, plan)
    assert (twice.status_code, twice.json()["stale"]) == (409, False)
    assert "There are two called" in twice.json()["error"]


def test_bookings_at_a_table_that_is_gone_are_counted(manager: Browser, bistro: Business) -> None:
    asked = wish(bistro, SEVEN, resource_id=table(bistro).pk)
    services.book(asked, guest=MARIA, by=SYSTEM, source="test", now=NOW)
    plan = page_plan(manager)
    plan["standing"] = [each for each in plan["standing"] if each["name"] != "Table 1"]
    manager.client.post(
        manager.url("floor/plan/"),
        json.dumps(plan),
        content_type="application/json",
        **{"openbook.now": NOW},  # type: ignore[arg-type]
    )
    page = manager.get("floor/").content.decode()
    assert "1 booking is at a table that is gone" in page


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"rooms": 1}', '{"version": "", "rooms": [], "standing": [{}]}']
)
def test_what_is_no_plan_is_refused(manager: Browser, body: str) -> None:
    reply = manager.client.post(manager.url("floor/plan/"), body, content_type="application/json")
    assert reply.status_code in (409, 422)


def test_what_nobody_has_placed_is_drawn_where_the_floor_shows_it(
    manager: Browser, bistro: Business
) -> None:
    resource(bistro, "Bench", covers_max=2)
    found = {each["name"]: (each["x"], each["y"]) for each in page_plan(manager)["standing"]}
    assert found["Bench"] == (40, 140)
