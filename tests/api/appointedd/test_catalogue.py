"""Services, categories, resources, groups and customers, as they are shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bookings.models import Guest
from resources.models import Category, Requirement, Section
from tests.api.appointedd.conftest import NOW, RESOURCE, SERVICE, Fixture
from tests.builders import location, resource, service, user


def data(reply: Any) -> Any:
    assert reply.status_code in (200, 201), reply.content
    return reply.json()["data"]


def test_a_service_with_what_it_takes(f: Fixture) -> None:
    category = Category.objects.create(business=f.business, name="Beauty")
    made = service(
        f.business,
        "Facial",
        description="An hour of calm",
        duration=timedelta(minutes=45),
        buffer_before=timedelta(minutes=5),
        preparation=timedelta(minutes=1),
        cleanup=timedelta(minutes=4),
        buffer_after=timedelta(minutes=10),
        price_cents=5550,
        category=category,
        created_at=NOW + timedelta(days=3650),
    )
    service(f.business, "Gone", is_active=False)
    found = f.api.get("/services").json()
    assert found["total"] == 2
    assert found["data"][0] == {
        "id": made.pk.hex[:24],
        "category_id": category.pk.hex[:24],
        "name": "Facial",
        "booking": {
            "occupancy": 1,
            "type": "ONLINE_BOOKING",
            "buffers": {"before": 5, "after": 15},
            "durations": [{"default": True, "minutes": 45, "price": 55.5, "old_price": 55.5}],
            "tiers": [],
            "allow_group": False,
        },
        "description": "An hour of calm",
    }
    assert found["data"][1]["booking"]["occupancy"] == 5
    assert found["data"][1]["booking"]["allow_group"] is True
    assert f.api.get("/services/categories").json() == {
        "data": [{"id": category.pk.hex[:24], "name": "Beauty"}],
        "total": 1,
        "prev": None,
        "next": None,
    }


def test_yen_have_no_hundredths(f: Fixture) -> None:
    f.business.currency = "JPY"
    f.business.save()
    f.service.price_cents = 500
    f.service.save()
    (found,) = data(f.api.get("/services"))
    assert found["booking"]["durations"][0]["price"] == 500


def test_a_resource_with_its_services_and_group(f: Fixture) -> None:
    place = location(f.business)
    place.address = "1 Queen Square"
    place.save()
    group = Section.objects.create(location=place, name="Upstairs")
    room = resource(
        f.business,
        "Room",
        kind="room",
        section=group,
        details={"appointedd": {"phone": "123", "address": {"city": "Bath"}}},
    )
    any_room = service(f.business, "Any room")
    Requirement.objects.create(service=any_room, kind="room")
    f.resource.user = user("teacher@example.com")
    f.resource.save()
    found = {each["profile"]["name"]: each for each in data(f.api.get("/resources"))}
    assert found["Room"] == {
        "id": room.pk.hex[:24],
        "profile": {
            "name": "Room",
            "email": "",
            "phone": "123",
            "address": {
                "house_no": "",
                "address_1": "1 Queen Square",
                "address_2": "",
                "city": "Bath",
                "postcode": "",
            },
        },
        "services": [any_room.pk.hex[:24]],
        "resource_group_ids": [group.pk.hex[:24]],
    }
    assert found["Teacher"]["services"] == [SERVICE]
    assert found["Teacher"]["profile"]["email"] == "teacher@example.com"
    (one,) = data(f.api.get("/resources", f"services={SERVICE}"))
    assert one["id"] == RESOURCE
    assert data(f.api.get("/resources", f"ids={room.pk.hex[:24]}")) == [found["Room"]]
    groups = f.api.get("/resources/groups").json()
    assert (groups["data"], groups["total"]) == (
        [{"id": group.pk.hex[:24], "name": "Upstairs"}],
        1,
    )


def test_a_customer_is_added_known_and_changed(f: Fixture) -> None:
    made = data(
        f.api.post(
            "/customers",
            {
                "data": {
                    "profile": {
                        "firstname": "Ada",
                        "lastname": "Lovelace",
                        "email": "ada@example.org",
                        "mobile": "+44 7700 900123",
                        "phone": "020 7946 0000",
                    },
                    "tags": ["vip"],
                }
            },
        )
    )
    assert made == {
        "id": made["id"],
        "tags": ["vip"],
        "profile": {
            "firstname": "Ada",
            "lastname": "Lovelace",
            "mobile": "+44 7700 900123",
            "phone": "020 7946 0000",
            "email": "ada@example.org",
        },
        "marketing_opt_in": False,
        "created": "2022-05-26T10:13:38.186+00:00",
        "updated": "2022-05-26T10:13:38.186+00:00",
    }
    path = f"/customers/{made['id']}"
    assert data(f.api.get(path)) == made
    again = {"profile": {"firstname": "Ada", "lastname": "King", "mobile": "+447700900123"}}
    assert data(f.api.post("/customers", again))["id"] == made["id"]
    changed = data(f.api.put(path, {"data": {"tags": [], "profile": {"email": "a@example.org"}}}))
    assert (changed["tags"], changed["profile"]["email"]) == ([], "a@example.org")
    assert changed["profile"]["phone"] == "020 7946 0000"
    listed = f.api.get("/customers", "sort_by=created").json()
    assert (listed["data"], listed["total"]) == ([changed], 1)


def test_a_landline_is_no_mobile(f: Fixture) -> None:
    profile = {"firstname": "Ada", "lastname": "Lovelace", "phone": "020 7946 0000"}
    made = data(f.api.post("/customers", {"profile": profile}))
    assert (made["profile"]["mobile"], made["profile"]["phone"]) == ("", "020 7946 0000")
    moved = f.api.put(f"/customers/{made['id']}", {"profile": {"phone": "020 7946 1111"}})
    assert (data(moved)["profile"]["mobile"], data(moved)["profile"]["phone"]) == (
        "",
        "020 7946 1111",
    )
    assert Guest.objects.get().phone_key == "02079461111"


def test_somebody_forgotten_is_not_there(f: Fixture) -> None:
    f.api.convert(f.api.hold())
    guest = Guest.objects.get()
    guest.first_name = guest.last_name = ""
    guest.save()
    assert f.api.get("/customers").json()["total"] == 0
    assert f.api.get(f"/customers/{guest.pk.hex[:24]}").status_code == 404
