"""What can be booked, managed over the wire (T18, T19, T55, T58)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bookings import services
from bookings.models import Booking
from bookings.wishes import SYSTEM
from resources.models import Resource, Section
from tests.api.availengine.conftest import Contract, example
from tests.api.availengine.words import NOT_FOUND, invalid, person, refused, stranger
from tests.builders import NOW, key, resource, tables, wish

RESOURCES = "/v1/manage/resources"
SURROGATE = base64.urlsafe_b64encode(b'[0, "\\ud800", "1"]').decode().rstrip("=")
MORNING = {"booking_date": "2026-06-20", "start_time": "08:15"}


def shown(row: Resource, **changes: Any) -> dict[str, Any]:
    """A table of the contract's fixture, as it is listed."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "resource_type": "table",
        "capacity_min": 1,
        "capacity_max": 4,
        "section": "Main floor",
        "display_order": 0,
        "is_active": True,
    } | changes


# --- lists ---------------------------------------------------------------------------------------


def test_t55_resources_are_listed_as_people_count(contract: Contract) -> None:
    ten = resource(contract.business, "Table 10", kind="table", covers_max=4, section="Main floor")
    bar = resource(contract.business, "Bar", kind="spot", units=12, display_order=1)
    gone = resource(contract.business, "Gone")
    contract.api.delete(f"{RESOURCES}/{gone.pk}")
    response = contract.api.get(RESOURCES)
    assert response.status_code == 200
    assert response.json() == {
        "items": [
            *map(shown, [*contract.tables, ten]),
            shown(
                bar,
                resource_type="spot",
                section=None,
                display_order=1,
                capacity_max=12,
                units=12,
            ),
        ],
        "next_cursor": None,
        "has_more": False,
    }


def test_pages_neither_repeat_nor_skip_a_resource(contract: Contract) -> None:
    tables(contract.business, 12, section="Terrace")
    whole = contract.api.get(RESOURCES).json()["items"]
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 5}
    while True:
        page = contract.api.get(RESOURCES, **query).json()
        found += page["items"]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        assert len(page["items"]) == 5
        query["cursor"] = page["next_cursor"]
    assert found == whole
    assert len(found) == 17


@pytest.mark.parametrize(
    "cursor", ["nonsense", "W10", "WzEsIDJd", "bnVsbA", "W251bGxd", "é", SURROGATE]
)
def test_a_cursor_that_is_not_ours_is_a_bad_request(contract: Contract, cursor: str) -> None:
    response = contract.api.get(RESOURCES, cursor=cursor)
    assert (response.status_code, response.json()) == (
        400,
        refused("bad_request", "The cursor is not one of ours."),
    )


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", ""])
def test_a_page_has_1_to_100_rows(contract: Contract, limit: str) -> None:
    response = contract.api.get(RESOURCES, limit=limit)
    assert (response.status_code, response.json()) == (
        422,
        invalid(limit="Must be a number from 1 to 100."),
    )


@pytest.mark.parametrize("count", [1, 40])
def test_a_list_takes_as_many_queries_whatever_is_in_it(
    contract: Contract, count: int, django_assert_num_queries: Any
) -> None:
    tables(contract.business, count, section="Terrace")
    with django_assert_num_queries(2):  # who asks, and the list
        assert contract.api.get(RESOURCES).status_code == 200


# --- adding --------------------------------------------------------------------------------------


def test_t19_a_new_resource_is_on_offer_at_once(contract: Contract) -> None:
    body = example("resource_request") | {"name": "Table 6"}
    response = contract.api.post(RESOURCES, body)
    made = Resource.objects.get(name="Table 6")
    assert (response.status_code, response.json()) == (201, shown(made))
    assert contract.available(**MORNING).json() == {
        "available": True,
        "remaining_resources": 4,
        "free_resources": ["Table 1", "Table 3", "Table 5", "Table 6"],
    }


def test_only_a_name_has_to_be_said(contract: Contract) -> None:
    response = contract.api.post(RESOURCES, {"name": "Stool"})
    made = Resource.objects.get(name="Stool")
    assert (response.status_code, response.json()) == (
        201,
        shown(made, capacity_max=1, section=None),
    )
    assert made.location == contract.tables[0].location


def test_a_section_is_made_with_the_first_resource_in_it(contract: Contract) -> None:
    for name in ("A", "B"):
        response = contract.api.post(RESOURCES, {"name": name, "section": "Terrace"})
        assert response.json()["section"] == "Terrace"
    assert Section.objects.filter(name="Terrace").count() == 1


def test_a_name_is_used_once_in_a_section_and_again_in_another(contract: Contract) -> None:
    response = contract.api.post(RESOURCES, example("resource_request"))
    assert (response.status_code, response.json()) == (
        409,
        refused("conflict", "This section already has a resource called “Table 1”."),
    )
    elsewhere = example("resource_request") | {"section": "Terrace"}
    assert contract.api.post(RESOURCES, elsewhere).status_code == 201
    assert contract.api.post(RESOURCES, {"name": "Table 1"}).status_code == 201
    assert contract.api.post(RESOURCES, {"name": "Table 1", "section": ""}).status_code == 409


def test_the_name_of_a_deleted_resource_is_free_again(contract: Contract) -> None:
    assert contract.api.delete(f"{RESOURCES}/{contract.tables[0].pk}").status_code == 204
    assert contract.api.post(RESOURCES, example("resource_request")).status_code == 201


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": ""}, {"name": "This field may not be blank."}),
        ({"name": None}, {"name": "This field may not be null."}),
        ({"name": "x" * 101}, {"name": "Ensure this field has no more than 100 characters."}),
        ({"resource_type": "x" * 51},
         {"resource_type": "Ensure this field has no more than 50 characters."}),
        ({"capacity_min": 0}, {"capacity_min": "Ensure this value is greater than or equal to 1."}),
        ({"capacity_max": 51}, {"capacity_max": "Ensure this value is less than or equal to 50."}),
        ({"capacity_min": 5}, {"capacity_min": "Must not be more than capacity_max."}),
        ({"units": 0}, {"units": "Ensure this value is greater than or equal to 1."}),
        ({"is_active": "perhaps"}, {"is_active": "Must be a valid boolean."}),
        ({"section": "x" * 101}, {"section": "Ensure this field has no more than 100 characters."}),
        ({"display_order": 10**30},
         {"display_order": "Ensure this value is less than or equal to 1000000."}),
    ],
)  # fmt: skip
def test_a_resource_that_is_not_valid(
    contract: Contract, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.post(RESOURCES, example("resource_request") | changes)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


@pytest.mark.parametrize("body", [[], "Table", 1, None])
def test_a_body_is_an_object(contract: Contract, body: Any) -> None:
    response = contract.api.post(RESOURCES, body)
    assert response.status_code in (400, 422)
    assert response.json()["error"]["code"] in ("bad_request", "validation_error")


def test_the_same_key_adds_one_resource_and_another_body_is_refused(contract: Contract) -> None:
    body, sent = {"name": "Table 6"}, {"Idempotency-Key": "one"}
    first = contract.api.post(RESOURCES, body, **sent)
    again = contract.api.post(RESOURCES, body, **sent)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Resource.objects.filter(name="Table 6").count() == 1
    other = contract.api.post(RESOURCES, {"name": "Table 7"}, **sent)
    assert (other.status_code, other.json()) == (
        409,
        refused("idempotency_mismatch", "This idempotency key was used with a different request."),
    )


# --- changing ------------------------------------------------------------------------------------


def test_t18_a_resource_out_of_use_is_gone_at_once(contract: Contract) -> None:
    one = contract.tables[0]
    response = contract.api.patch(f"{RESOURCES}/{one.pk}", {"is_active": False})
    assert (response.status_code, response.json()) == (200, shown(one, is_active=False))
    assert contract.available(**MORNING).json() == {
        "available": True,
        "remaining_resources": 2,
        "free_resources": ["Table 3", "Table 5"],
    }


def test_what_is_not_sent_stays_and_what_is_sent_changes(contract: Contract) -> None:
    one = contract.tables[0]
    change = {"name": "Window", "capacity_min": 2, "capacity_max": 6, "section": None,
              "display_order": 3, "resource_type": "booth"}  # fmt: skip
    response = contract.api.patch(f"{RESOURCES}/{one.pk}", change)
    assert (response.status_code, response.json()) == (200, shown(one, **change))
    assert contract.api.get(f"{RESOURCES}/{one.pk}").json() == shown(one, **change)
    assert contract.api.patch(f"{RESOURCES}/{one.pk}", {}).json() == shown(one, **change)


def test_a_change_is_held_to_what_stays(contract: Contract) -> None:
    response = contract.api.patch(f"{RESOURCES}/{contract.tables[0].pk}", {"capacity_min": 5})
    assert (response.status_code, response.json()) == (
        422,
        invalid(capacity_min="Must not be more than capacity_max."),
    )
    response = contract.api.patch(f"{RESOURCES}/{contract.tables[0].pk}", {"name": "Table 2"})
    assert (response.status_code, response.json()) == (
        409,
        refused("conflict", "This section already has a resource called “Table 2”."),
    )


@pytest.mark.parametrize(("units", "covers"), [(12, 1), (10, 6), (100, 1), (3, 4)])
def test_a_pool_sent_back_as_it_was_shown_is_as_it_was(
    contract: Contract, units: int, covers: int
) -> None:
    pool = resource(contract.business, "Pool", units=units, covers_max=covers)
    before = contract.api.get(f"{RESOURCES}/{pool.pk}").json()
    assert before["capacity_max"] == min(50, units * covers)
    assert contract.api.patch(f"{RESOURCES}/{pool.pk}", before).json() == before
    pool.refresh_from_db()
    assert (pool.units, pool.covers_max) == (units, covers)


def test_the_capacity_of_a_pool_is_shared_by_its_units(contract: Contract) -> None:
    body = {"name": "Bikes", "resource_type": "spot", "units": 12, "capacity_max": 12}
    response = contract.api.post(RESOURCES, body)
    made = Resource.objects.get(name="Bikes")
    assert (response.status_code, made.units, made.covers_max) == (201, 12, 1)
    assert response.json() == shown(
        made, resource_type="spot", section=None, capacity_max=12, units=12
    )


def test_deleting_keeps_the_bookings(contract: Contract) -> None:
    two = contract.tables[1]
    assert contract.api.delete(f"{RESOURCES}/{two.pk}").status_code == 204
    assert Booking.objects.filter(resource_ids=[two.pk], state="confirmed").count() == 1
    for response in (
        contract.api.get(f"{RESOURCES}/{two.pk}"),
        contract.api.patch(f"{RESOURCES}/{two.pk}", {"name": "Two"}),
        contract.api.delete(f"{RESOURCES}/{two.pk}"),
    ):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert (
        "Table 2"
        not in contract.available(booking_date="2026-06-21", start_time="08:15").json()[
            "free_resources"
        ]
    )


# --- who may -------------------------------------------------------------------------------------


def test_another_business_sees_and_changes_nothing(contract: Contract) -> None:
    path, other = f"{RESOURCES}/{contract.tables[0].pk}", stranger(contract)
    block = {"starts_at": "2026-06-20T18:00:00Z", "ends_at": "2026-06-20T19:00:00Z"}
    for response in (
        other.get(path),
        other.patch(path, {"is_active": False}),
        other.delete(path),
        other.get(f"{path}/blocks"),
        other.post(f"{path}/blocks", block),
        other.get(f"{RESOURCES}/not-an-id"),
    ):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert other.get(RESOURCES).json()["items"] == []


def test_staff_take_resources_in_and_out_of_use_and_no_more(contract: Contract) -> None:
    path, staff = f"{RESOURCES}/{contract.tables[0].pk}", person(contract, "staff")
    assert staff.get(RESOURCES).status_code == 200
    assert staff.patch(path, {"is_active": False}).status_code == 200
    response = staff.patch(path, {"is_active": True, "name": "Mine"})
    assert (response.status_code, response.json()) == (
        403,
        refused("insufficient_permissions", "The role “staff” may only change is_active."),
    )
    for response in (staff.post(RESOURCES, {"name": "Table 6"}), staff.delete(path)):
        assert (response.status_code, response.json()) == (
            403,
            refused("insufficient_permissions", "This needs the role “manager”."),
        )
    manager = person(contract, "manager")
    assert manager.post(RESOURCES, {"name": "Table 6"}).status_code == 201
    assert manager.patch(path, {"name": "Theirs"}).status_code == 200
    assert manager.delete(path).status_code == 204


def test_a_key_that_may_only_read_changes_nothing(contract: Contract) -> None:
    reader = contract.caller(key(contract.business, "read"))
    path = f"{RESOURCES}/{contract.tables[0].pk}"
    assert reader.get(RESOURCES).status_code == 200
    for response in (
        reader.post(RESOURCES, {"name": "Table 6"}),
        reader.patch(path, {"is_active": False}),
        reader.delete(path),
    ):
        assert (response.status_code, response.json()) == (
            403,
            refused("missing_scope", "This key lacks the scope “write”."),
        )


def test_t58_a_slash_more_or_less_is_the_same(contract: Contract) -> None:
    assert contract.api.get(f"{RESOURCES}/").json() == contract.api.get(RESOURCES).json()
    assert contract.api.post(f"{RESOURCES}/", {"name": "Table 6"}).status_code == 201
    path = f"{RESOURCES}/{contract.tables[0].pk}/"
    assert contract.api.patch(path, {"is_active": False}).status_code == 200
    assert contract.api.delete(path).status_code == 204


# --- blocks --------------------------------------------------------------------------------------

TODAY = {"starts_at": "2026-06-20T18:00:00Z", "ends_at": "2026-06-22T02:00:00+02:00",
         "reason": "Painting"}  # fmt: skip


def test_a_blocked_resource_is_not_on_offer_until_it_is_given_back(contract: Contract) -> None:
    one = contract.tables[0]
    response = contract.api.post(f"{RESOURCES}/{one.pk}/blocks", TODAY)
    made = one.blocks.get()
    block = {
        "id": str(made.pk),
        "resource_id": str(one.pk),
        "starts_at": "2026-06-20T18:00:00Z",
        "ends_at": "2026-06-22T00:00:00Z",
        "reason": "Painting",
        "created_at": response.json()["created_at"],
    }
    assert (response.status_code, response.json()) == (201, block)
    assert contract.api.get(f"{RESOURCES}/{one.pk}/blocks").json() == {
        "items": [block],
        "next_cursor": None,
        "has_more": False,
    }

    def offered() -> bool:
        answer = contract.available(booking_date="2026-06-21", start_time="12:00")
        return "Table 1" in answer.json()["free_resources"]

    assert not offered()
    path = f"{RESOURCES}/{one.pk}/blocks/{made.pk}"
    assert contract.api.delete(path).status_code == 204
    assert offered()
    assert contract.api.delete(path).status_code == 404


def test_a_booked_resource_cannot_be_blocked(contract: Contract) -> None:
    one = contract.tables[0]
    services.book(
        wish(contract.business, resource_id=one.pk), guest=None, by=SYSTEM, source="test", now=NOW
    )
    response = contract.api.post(f"{RESOURCES}/{one.pk}/blocks", TODAY)
    assert (response.status_code, response.json()) == (
        409,
        refused("slot_unavailable", "The resource is booked in this time."),
    )


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"ends_at": "2026-06-20T18:00:00Z"}, {"ends_at": "The end must be after the start."}),
        ({"ends_at": "2027-06-22T18:00:00Z"}, {"ends_at": "At most a year after starts_at."}),
        ({"reason": "x" * 201}, {"reason": "Ensure this field has no more than 200 characters."}),
    ],
)
def test_a_block_that_is_not_valid(
    contract: Contract, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.post(f"{RESOURCES}/{contract.tables[0].pk}/blocks", TODAY | changes)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


def test_staff_may_block_a_resource(contract: Contract) -> None:
    path = f"{RESOURCES}/{contract.tables[0].pk}/blocks"
    made = person(contract, "staff").post(path, TODAY)
    assert made.status_code == 201
    assert person(contract, "staff").delete(f"{path}/{made.json()['id']}").status_code == 204
