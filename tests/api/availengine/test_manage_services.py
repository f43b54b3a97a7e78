"""What guests can book, managed over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from bookings import services
from bookings.wishes import SYSTEM, Wish
from resources.models import Service
from tests.api.availengine.conftest import Contract
from tests.api.availengine.words import NOT_FOUND, invalid, person, refused, stranger
from tests.builders import EVENING, NOW, business, resource, service

SERVICES = "/v1/manage/services"
HAIRCUT = {
    "name": "Haircut",
    "description": "Wash and cut",
    "duration_minutes": 45,
    "price_cents": 4500,
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 15,
    "deposit_amount_cents": 1000,
    "capacity": None,
    "display_order": 1,
    "is_active": True,
}


def shown(row: Service, **changes: Any) -> dict[str, Any]:
    return {"id": str(row.pk), **HAIRCUT, "currency": "EUR", "requirements": []} | changes


def test_a_service_is_added_with_what_it_needs(contract: Contract) -> None:
    anna, ben = (resource(contract.business, name, kind="staff") for name in ("Anna", "Ben"))
    needs = [
        {"resource_type": "room", "resource_ids": [], "only_named": False},
        {
            "resource_type": "staff",
            "resource_ids": sorted([str(anna.pk), str(ben.pk)]),
            "only_named": True,
        },
    ]
    response = contract.api.post(SERVICES, HAIRCUT | {"requirements": needs})
    made = Service.objects.get()
    assert (response.status_code, response.json()) == (201, shown(made, requirements=needs))
    assert contract.api.get(f"{SERVICES}/{made.pk}").json() == shown(made, requirements=needs)
    assert contract.api.get(SERVICES).json() == {
        "items": [shown(made, requirements=needs)],
        "next_cursor": None,
        "has_more": False,
    }


def test_only_a_name_has_to_be_said(contract: Contract) -> None:
    response = contract.api.post(SERVICES, {"name": "Visit"})
    assert (response.status_code, response.json()) == (
        201,
        shown(
            Service.objects.get(),
            name="Visit",
            description="",
            duration_minutes=60,
            price_cents=0,
            buffer_after_minutes=0,
            deposit_amount_cents=None,
            display_order=0,
        ),
    )


def test_what_is_not_sent_stays_and_what_is_sent_changes(contract: Contract) -> None:
    anna = resource(contract.business, "Anna", kind="staff")
    needs = [{"resource_type": "staff", "resource_ids": [str(anna.pk)], "only_named": False}]
    contract.api.post(SERVICES, HAIRCUT | {"requirements": needs})
    made = Service.objects.get()
    path = f"{SERVICES}/{made.pk}"
    change = {"name": "Cut", "duration_minutes": 30, "deposit_amount_cents": None}
    response = contract.api.patch(path, change)
    assert (response.status_code, response.json()) == (
        200,
        shown(made, **change, requirements=needs),
    )
    response = contract.api.patch(path, {"requirements": [], "is_active": False})
    assert response.json() == shown(made, **change, is_active=False)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": ""}, {"name": "This field may not be blank."}),
        ({"duration_minutes": 4},
         {"duration_minutes": "Ensure this value is greater than or equal to 5."}),
        ({"duration_minutes": 1441},
         {"duration_minutes": "Ensure this value is less than or equal to 1440."}),
        ({"duration_minutes": 10**30},
         {"duration_minutes": "Ensure this value is less than or equal to 1440."}),
        ({"buffer_after_minutes": -1},
         {"buffer_after_minutes": "Ensure this value is greater than or equal to 0."}),
        ({"price_cents": -1}, {"price_cents": "Ensure this value is greater than or equal to 0."}),
        ({"capacity": 0}, {"capacity": "Ensure this value is greater than or equal to 1."}),
        ({"requirements": [{"resource_ids": []}]},
         {"requirements.0.resource_type": "This field is required."}),
        ({"requirements": [{"resource_type": "staff"}, {"resource_type": "staff"}]},
         {"requirements": "Name each resource_type once."}),
    ],
)  # fmt: skip
def test_a_service_that_is_not_valid(
    contract: Contract, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = contract.api.post(SERVICES, HAIRCUT | changes)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))
    assert not Service.objects.exists()


def test_a_service_needs_resources_of_its_own_business_and_of_the_type(
    contract: Contract,
) -> None:
    theirs = resource(business("Other"), "Anna", kind="staff")
    for id_ in (str(theirs.pk), "00000000-0000-4000-8000-000000000000"):
        needs = [{"resource_type": "staff", "resource_ids": [id_]}]
        response = contract.api.post(SERVICES, HAIRCUT | {"requirements": needs})
        assert (response.status_code, response.json()) == (
            404,
            refused("not_found", f"There is no such resource: {id_}."),
        )
    table = contract.tables[0]
    needs = [{"resource_type": "staff", "resource_ids": [str(table.pk)]}]
    response = contract.api.post(SERVICES, HAIRCUT | {"requirements": needs})
    assert (response.status_code, response.json()) == (
        422,
        invalid(requirements=f"{table.pk} is not of type “staff”."),
    )
    assert not Service.objects.exists()


def test_a_name_is_used_once(contract: Contract) -> None:
    service(contract.business, "Haircut")
    other = service(contract.business, "Shave")
    expected = refused("conflict", "There is already a service called “Haircut”.")
    for response in (
        contract.api.post(SERVICES, HAIRCUT),
        contract.api.patch(f"{SERVICES}/{other.pk}", {"name": "Haircut"}),
    ):
        assert (response.status_code, response.json()) == (409, expected)


def test_a_service_is_deleted_unless_it_was_booked(contract: Contract) -> None:
    booked, unused = service(contract.business, "A"), service(contract.business, "B")
    services.book(Wish.of(booked, starts_at=EVENING), guest=None, by=SYSTEM, source="test", now=NOW)
    assert contract.api.delete(f"{SERVICES}/{unused.pk}").status_code == 204
    assert contract.api.get(f"{SERVICES}/{unused.pk}").status_code == 404
    response = contract.api.delete(f"{SERVICES}/{booked.pk}")
    assert (response.status_code, response.json()) == (
        409,
        refused(
            "conflict", "This service has bookings. Set is_active to false to stop offering it."
        ),
    )


def test_a_service_whose_only_hands_are_gone_is_not_everybody_s(contract: Contract) -> None:
    anna = resource(contract.business, "Anna", kind="staff")
    resource(contract.business, "Ben", kind="staff")
    needs = [{"resource_type": "staff", "resource_ids": [str(anna.pk)], "only_named": False}]
    made = contract.api.post(SERVICES, HAIRCUT | {"requirements": needs}).json()
    contract.api.delete(f"/v1/manage/resources/{anna.pk}")
    path = f"{SERVICES}/{made['id']}"
    assert contract.api.get(path).json() == made
    assert contract.api.patch(path, {"requirements": needs}).json() == made
    body = {"booking_date": "2026-06-20", "start_time": "19:00", "service_id": made["id"]}
    assert contract.api.post("/v1/manage/bookings", body).status_code == 409


@pytest.mark.parametrize("count", [1, 20])
def test_a_list_takes_as_many_queries_whatever_is_in_it(
    contract: Contract, count: int, django_assert_num_queries: Any
) -> None:
    needs = [{"resource_type": "table", "resource_ids": [str(contract.tables[0].pk)]}]
    for number in range(count):
        contract.api.post(SERVICES, {"name": f"S{number}", "requirements": needs})
    with django_assert_num_queries(4):  # who asks, services, what they need, of which resources
        assert len(contract.api.get(SERVICES).json()["items"]) == count


def test_who_may(contract: Contract) -> None:
    made = service(contract.business)
    path, other = f"{SERVICES}/{made.pk}", stranger(contract)
    for response in (other.get(path), other.patch(path, {"name": "X"}), other.delete(path)):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert other.get(SERVICES).json()["items"] == []
    staff = person(contract, "staff")
    assert staff.get(path).status_code == 200
    for response in (
        staff.post(SERVICES, HAIRCUT),
        staff.patch(path, {"name": "X"}),
        staff.delete(path),
    ):
        assert (response.status_code, response.json()) == (
            403,
            refused("insufficient_permissions", "This needs the role “manager”."),
        )
    assert person(contract, "manager").patch(path, {"name": "X"}).status_code == 200
