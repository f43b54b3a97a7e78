"""Groups D to H, P and Q: clients and tokens, rooms, tables, services, webhooks, refusals."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import Business, Channel, User
from bookings import relay
from bookings.models import WebhookDelivery, WebhookEndpoint
from resources.models import Resource
from tests.api.octotable.conftest import (
    LUNCH,
    NOW,
    PMS,
    ROOM,
    TABLE,
    Caller,
    House,
    example,
    house,
    key,
    refused,
    reservation,
    said,
)

AUTH = "/octotable-auth/api/v2"
ABSENT = (404, "ResourceNotFoundException")
CONFLICT = (409, "ConflictException")
INVALID = (400, "InvalidParameterException")


@pytest.fixture
def anybody(client: Client, db: None) -> Caller:
    return Caller(client)


def join(anybody: Caller, **changes: Any) -> Any:
    """Create a client, with changes to the example's sandbox."""
    body = example("client_request")
    body["sandbox_property"] |= changes
    return anybody.post("api-account/oauth2/client", body)


def token(anybody: Caller, prefix: str = PMS, **fields: str) -> Any:
    return anybody.send("POST", "oauth2/token", fields, prefix=prefix)


def credentials(anybody: Caller) -> dict[str, str]:
    (made,) = join(anybody).json()["data"]
    return {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }


# --- D: tokens -----------------------------------------------------------------------------------


def test_d_a_token_by_form_or_json_at_both_addresses(anybody: Caller) -> None:
    asked = credentials(anybody)
    by_form = anybody.client.post(
        f"{PMS}/oauth2/token",
        urlencode(asked),
        content_type="application/x-www-form-urlencoded",
        **{"openbook.now": NOW},  # type: ignore[arg-type]
    )
    for answer in (by_form, token(anybody, **asked), token(anybody, AUTH, **asked)):
        body = answer.json()
        assert answer.status_code == 200
        assert isinstance(body.pop("access_token"), str)
        assert body == {"expires_in": 1440, "type": "Bearer", "token_type": "Bearer"}


def test_d3_whoever_is_not_known_gets_none(anybody: Caller) -> None:
    asked = credentials(anybody)
    wrong = token(anybody, **asked | {"client_secret": "x"})
    assert refused(wrong) == (401, "UnauthorizedException")
    assert "invalid_client" in wrong.json()["error"]["message"]
    other = token(anybody, **asked | {"grant_type": "password"})
    assert refused(other) == INVALID
    assert "unsupported_grant_type" in other.json()["error"]["message"]
    assert refused(token(anybody, grant_type="client_credentials")) == INVALID
    Channel.objects.update(is_active=False)
    assert refused(token(anybody, **asked)) == (401, "UnauthorizedException")


# --- E: clients ----------------------------------------------------------------------------------


def test_e_a_client_with_its_sandbox(anybody: Caller) -> None:
    status, body = said(join(anybody))
    (made,) = body["data"]
    of = Business.objects.get()
    channel = Channel.objects.get(protocol="octotable")
    assert made["client_id"].startswith("public_")
    assert (status, made) == (
        201,
        {
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "id": channel.pk.int >> 80,
            "username": "your.username.123",
            "password": "********",
            "properties": [
                {
                    "id": of.pk.int >> 80,
                    "name": "Your Company SPA",
                    "description": "...",
                    "phone": "+1234567890",
                    "email": "yourcompany1@demo.com",
                    "website": "www.yourcompany.com",
                    "enabled": True,
                    "sandbox": True,
                }
            ],
        },
    )
    assert User.objects.get().check_password("yourCompany123!")
    assert made["client_secret"] not in json.dumps(list(Channel.objects.values()), default=str)


def test_e2_the_sandbox_has_services_and_no_rooms(anybody: Caller) -> None:
    asked = credentials(anybody)
    of = Business.objects.get()
    api = dataclasses.replace(
        anybody, token=token(anybody, **asked).json()["access_token"], property=of.pk.int >> 80
    )
    assert said(api.get("rooms")) == (200, {"data": []})
    assert said(api.get("tables")) == (200, {"data": []})
    found = [
        (each["name"], each["start_time"], each["end_time"], len(each["days_of_week"]))
        for each in api.get("services").json()["data"]
    ]
    assert found == [("Lunch", "12:00:00", "15:00:00", 7), ("Dinner", "19:00:00", "23:00:00", 7)]


def test_e_other_forms_of_the_body(anybody: Caller) -> None:
    flat = {
        "name": "Flat",
        "email": "flat@example.com",
        "username": "flat",
        "password": "yourCompany123!",
        "redirect_uri": "http://localhost/",
    }
    nested = example("client_request")
    nested["sandbox_property"] |= {"username": "n", "email": "n@example.com"}
    inside = example("client_request")
    inside["sandbox_property"] = [
        inside["sandbox_property"] | {"username": "i", "email": "i@example.com"}
    ]
    for body in (flat, [nested], inside):
        assert (
            anybody.send("POST", "api-account/oauth2/client", body, prefix=AUTH).status_code == 201
        )
    assert Business.objects.count() == 3


@pytest.mark.parametrize(
    "changes, answer",
    [
        ({"password": "short"}, "InvalidPasswordException"),
        ({"password": "nodigitsatall!A"}, "InvalidPasswordException"),
        ({"email": "x"}, "BadEmailException"),
        ({"phone": "abc"}, "BadPhoneException"),
        ({"name": ""}, "ClientCreationException"),
        ({"username": None}, "ClientCreationException"),
    ],
)
def test_e_what_is_refused(anybody: Caller, changes: dict[str, Any], answer: str) -> None:
    assert refused(join(anybody, **changes)) == (400, answer)
    assert not User.objects.exists()


def test_e_names_and_addresses_are_had_once(anybody: Caller) -> None:
    join(anybody)
    again = join(anybody, email="other@example.com", username="Your.Username.123")
    assert refused(again) == (400, "UserCreationException")
    assert refused(join(anybody, username="other")) == (400, "UserCreationException")
    assert (User.objects.count(), Business.objects.count()) == (1, 1)


def test_properties_of_a_client(anybody: Caller) -> None:
    api = dataclasses.replace(
        anybody, token=token(anybody, **credentials(anybody)).json()["access_token"]
    )
    more = {
        "name": "Second",
        "city": "Rimini",
        "cap": "47921",
        "latitude": 44.06,
        "longitude": 12.57,
    }
    status, body = said(api.post("properties", more))
    (made,) = body["data"]
    assert (status, made) == (201, more | {"id": made["id"], "enabled": True, "sandbox": False})
    assert len(api.get("properties").json()["data"]) == 2
    changed = made | {"city": "Riccione"}
    assert said(api.put(f"properties/{made['id']}", {"city": "Riccione"})) == (
        200,
        {"data": [changed]},
    )
    assert said(api.get(f"properties/{made['id']}")) == (200, {"data": [changed]})
    there = dataclasses.replace(api, property=made["id"])
    assert there.post("rooms", {"name": "Hall"}).status_code == 201
    assert said(api.delete(f"properties/{made['id']}")) == (200, {"data": [made["id"]]})
    assert refused(there.get("rooms")) == (403, "ForbiddenException")
    (sandbox,) = api.get("properties").json()["data"]
    assert refused(api.delete(f"properties/{sandbox['id']}")) == CONFLICT


def test_a_key_for_one_property_reaches_no_other(trattoria: House) -> None:
    assert len(trattoria.api.get("properties").json()["data"]) == 1
    assert refused(trattoria.api.post("properties", {"name": "More"})) == (
        403,
        "ForbiddenException",
    )


# --- F: rooms ------------------------------------------------------------------------------------


def test_f_a_room_is_added_renamed_and_taken_away(bare: House) -> None:
    status, body = said(bare.api.post("rooms", {"name": "Main dining room"}))
    (made,) = body["data"]
    assert (status, made) == (
        201,
        {
            "id": made["id"],
            "property_id": 999643,
            "name": "Main dining room",
            "bookable": True,
            "tables": [],
        },
    )
    renamed = made | {"name": "Secondary dining room"}
    answer = bare.api.put(f"rooms/{made['id']}", {"name": "Secondary dining room"})
    assert said(answer) == (200, {"data": [renamed]})
    assert said(bare.api.get("rooms")) == (200, {"data": [renamed]})
    assert said(bare.api.get(f"rooms/{made['id']}")) == (200, {"data": [renamed]})
    assert refused(bare.api.post("rooms", {"name": "Secondary dining room"})) == CONFLICT
    assert said(bare.api.delete(f"rooms/{made['id']}")) == (200, {"data": [made["id"]]})
    assert said(bare.api.get("rooms")) == (200, {"data": []})


def test_f4_a_room_that_is_not_there(bare: House) -> None:
    answer = bare.api.get("rooms/213092342")
    assert refused(answer) == ABSENT
    assert answer.json()["error"]["code"] == "RESOURCE_NOT_FOUND"
    assert refused(bare.api.post("rooms", {})) == INVALID
    assert refused(bare.api.post("room/1/table", {"name": "T", "guests_max": 2})) == ABSENT


def test_f_a_room_with_reservations_stays(trattoria: House) -> None:
    id_ = trattoria.api.post("reservations", reservation()).json()["data"][0]["id"]
    for path in (f"rooms/{ROOM}", f"room/{ROOM}/table/{TABLE}", f"services/{LUNCH}"):
        assert refused(trattoria.api.delete(path)) == CONFLICT
    trattoria.api.delete(f"reservations/{id_}")
    assert trattoria.api.delete(f"services/{LUNCH}").status_code == 200
    assert refused(trattoria.api.get(f"services/{LUNCH}")) == ABSENT
    assert trattoria.api.delete(f"rooms/{ROOM}").status_code == 200
    assert trattoria.api.get("tables").json() == {"data": []}
    (found,) = trattoria.api.get(f"reservations/{id_}").json()["data"]
    assert found["tables"][0]["name"] == "T8"


def test_f_a_room_that_is_not_bookable_is_for_staff(trattoria: House) -> None:
    trattoria.api.put(f"rooms/{ROOM}", {"bookable": False})
    assert trattoria.api.get("bookings/slots", start_date="2024-11-19").json() == {"data": []}
    refused_ = refused(trattoria.api.post("reservations", reservation()))
    assert refused_ == (400, "InvalidBookingTimeException")
    by_staff = trattoria.api.post("reservations", reservation(channel="OCTOTABLE_ADMIN"))
    assert by_staff.status_code == 201


def test_what_stands_in_no_room_is_in_one_that_is_the_location(bare: House) -> None:
    bare.table(None, "Bar", id_=5)
    (found,) = bare.api.get("rooms").json()["data"]
    assert (found["name"], [each["name"] for each in found["tables"]]) == ("Main", ["Bar"])
    assert found["id"] == bare.place.pk.int >> 80
    assert refused(bare.api.delete(f"rooms/{found['id']}")) == CONFLICT
    (renamed,) = bare.api.put(f"rooms/{found['id']}", {"name": "Hall"}).json()["data"]
    assert renamed["name"] == "Hall"


# --- G: tables -----------------------------------------------------------------------------------


@pytest.fixture
def terrace(bare: House) -> House:
    room = bare.room("Terrace", id_=18802)
    bare.table(room, "Table 1", id_=148129, most=4)
    bare.table(room, "Table 2", id_=148130, most=2)
    return bare


def test_g_tables_of_a_room_of_the_property_and_one(terrace: House) -> None:
    wanted = example("tables")
    for path in ("room/18802/tables", "rooms/18802/tables", "tables"):
        assert said(terrace.api.get(path)) == (200, wanted)
    for path in ("room/18802/table/148129", "rooms/18802/tables/148129"):
        assert said(terrace.api.get(path)) == (200, {"data": wanted["data"][:1]})
    assert refused(terrace.api.get("room/18802/table/1")) == ABSENT
    other = terrace.room("Other", id_=3)
    assert refused(terrace.api.get("room/3/table/148129")) == ABSENT
    assert other.pk


def test_g_a_table_is_added_changed_and_taken_away(terrace: House) -> None:
    body = {"name": "Table 3", "bookable": False, "free": True, "guests_max": 6}
    status, answer = said(terrace.api.post("room/18802/table", body))
    (made,) = answer["data"]
    assert (status, made) == (
        201,
        {
            "id": made["id"],
            "name": "Table 3",
            "bookable": False,
            "free": True,
            "group": False,
            "guests_min": 1,
            "guests_max": 6,
            "room_id": 18802,
        },
    )
    path = f"room/18802/table/{made['id']}"
    changed = made | {"guests_min": 2, "bookable": True, "name": "T3"}
    answer = terrace.api.put(path, {"guests_min": 2, "bookable": True, "name": "T3"})
    assert said(answer) == (200, {"data": [changed]})
    assert refused(terrace.api.put(path, {"guests_min": 7})) == INVALID
    assert said(terrace.api.delete(path)) == (200, {"data": [made["id"]]})
    assert refused(terrace.api.get(path)) == ABSENT
    assert Resource.objects.get(name="T3").deleted_at is not None


@pytest.mark.parametrize(
    "body",
    [
        {"guests_max": 4},
        {"name": "T"},
        {"name": "T", "guests_min": 5, "guests_max": 4},
        {"name": "T", "group": True},
        {"name": "T", "group": True, "table_ids": [148129]},
        {"name": "T", "guests_max": 0},
        [],
    ],
)
def test_g_what_is_no_table(terrace: House, body: Any) -> None:
    assert refused(terrace.api.post("room/18802/table", body)) == INVALID


def test_g_a_group_is_of_tables_of_the_room(terrace: House) -> None:
    body = {"name": "1+2", "group": True, "table_ids": [148129, 148130]}
    (made,) = terrace.api.post("room/18802/table", body).json()["data"]
    assert made == {
        "id": made["id"],
        "name": "1+2",
        "bookable": True,
        "free": True,
        "group": True,
        "guests_min": 2,
        "guests_max": 6,
        "room_id": 18802,
    }
    path = f"room/18802/table/{made['id']}"
    (changed,) = terrace.api.put(path, {"guests_max": 8, "bookable": False}).json()["data"]
    assert changed == made | {"guests_max": 8, "bookable": False}
    assert refused(terrace.api.put(path, {"group": False})) == CONFLICT
    nested = body | {"name": "x", "table_ids": [made["id"], 148129]}
    assert refused(terrace.api.post("room/18802/table", nested)) == INVALID
    assert terrace.api.delete("room/18802/table/148130").status_code == 200
    assert refused(terrace.api.get(path)) == ABSENT  # with one of its tables gone


def test_g_free_is_of_the_time_that_is_asked_about(trattoria: House) -> None:
    trattoria.api.post("reservations", reservation())
    asked = {"start_date": "2024-11-19", "service_id": LUNCH, "pax": 2}
    for hour, is_free in (("12:30", False), ("13:30", True)):
        (found,) = trattoria.api.get(f"room/{ROOM}/tables", start_hour=hour, **asked).json()["data"]
        assert found["free"] is is_free
    assert trattoria.api.get("tables", pax=11).json() == {"data": []}


# --- H: services ---------------------------------------------------------------------------------

NEW = {
    "name": "Lunch",
    "average_stay": 60,
    "days_of_week": ["MON", "WEN"],
    "start_time": "12:00:00",
    "end_time": "14:00:00",
    "max_advance": 60,
}


def test_h_a_service(bare: House) -> None:
    wanted = example("service")
    body = {name: each for name, each in wanted.items() if name != "id"}
    (made,) = bare.api.post("services", body).json()["data"]
    assert made == wanted | {"id": made["id"]}
    assert said(bare.api.get("services")) == (200, {"data": [made]})
    assert said(bare.api.get(f"services/{made['id']}")) == (200, {"data": [made]})


def test_h2_starts_are_made_where_none_are_said(bare: House) -> None:
    status, body = said(bare.api.post("services", NEW))
    (made,) = body["data"]
    assert status == 201
    assert made["days_of_week"] == ["MONDAY", "WEDNESDAY"]
    assert made["slots"] == ["12:00:00", "12:30:00", "13:00:00", "13:30:00"]
    assert refused(bare.api.post("services", NEW)) == CONFLICT


def test_h_a_service_is_changed_in_part(bare: House) -> None:
    (made,) = bare.api.post("services", NEW).json()["data"]
    path = f"services/{made['id']}"
    (changed,) = bare.api.put(
        path,
        {"days_of_week": ["sunday", "Sat"], "end_time": "2024-01-01T13:00:00", "advance_min": 5},
    ).json()["data"]
    assert changed == made | {
        "days_of_week": ["SATURDAY", "SUNDAY"],
        "end_time": "13:00:00",
        "slots": ["12:00:00", "12:30:00"],
        "advance_min": 5,
    }
    (named,) = bare.api.put(path, {"slots": ["12:15"], "bookable": False}).json()["data"]
    assert named == changed | {"slots": ["12:15:00"], "bookable": False}
    assert said(bare.api.delete(path)) == (200, {"data": [made["id"]]})
    assert refused(bare.api.get(path)) == ABSENT


@pytest.mark.parametrize(
    "changes",
    [
        {"days_of_week": ["SOMEDAY"]},
        {"days_of_week": []},
        {"start_time": "25:00"},
        {"average_stay": 0},
        {"confirmation_mode": "MAYBE"},
        {"name": ""},
    ],
)
def test_h_what_is_no_service(bare: House, changes: dict[str, Any]) -> None:
    assert refused(bare.api.post("services", NEW | changes)) == INVALID


# --- P: webhooks, and orders ---------------------------------------------------------------------


def test_p_who_listens(trattoria: House) -> None:
    WebhookEndpoint.objects.create(
        pk=key(9),
        business=trattoria.business,
        protocol="octotable",
        url="http://localhost:8183/main-page/webhook",
        secret="s",
        events=["RESERVATION_CREATED"],
    )
    wanted = example("subscriptions")
    assert said(trattoria.api.get("webhooks/subscriptions")) == (200, wanted)
    anywhere = dataclasses.replace(trattoria.api, property="")
    assert said(anywhere.get("webhooks/subscriptions")) == (200, wanted)
    assert said(anywhere.get("webhooks/subscription/9")) == (200, wanted)
    assert said(anywhere.delete("webhooks/subscription/9")) == (200, {"data": [9]})
    assert refused(anywhere.get("webhooks/subscription/9")) == ABSENT


def test_p_listening_page_by_page(trattoria: House) -> None:
    for kind in ("CREATED", "UPDATED", "DELETED"):
        body = {"endpoint": "https://example.com/", "webhook_type": f"RESERVATION_{kind}"}
        answer = trattoria.api.post("webhooks/subscription", body)
        (made,) = answer.json()["data"]
        assert (answer.status_code, made["webhook_type"]) == (201, body["webhook_type"])
        assert made["secret"].startswith("whsec_")
    first = trattoria.api.get("webhooks/subscriptions", limit=2).json()
    rest = trattoria.api.get(
        "webhooks/subscriptions", limit=2, next_cursor=first["next_cursor"]
    ).json()
    assert (len(first["data"]), len(rest["data"]), set(rest)) == (2, 1, {"data"})
    for body in (
        {"endpoint": "http://127.0.0.1/", "webhook_type": "RESERVATION_CREATED"},
        {"endpoint": "https://example.com/", "webhook_type": "OTHER"},
    ):
        assert refused(trattoria.api.post("webhooks/subscription", body)) == INVALID


def told(kind: str) -> list[Any]:
    """The bodies that one kind of listener is to be sent, in order."""
    with_bodies = WebhookDelivery.objects.filter(endpoint__events=[kind]).order_by("event_id")
    return [json.loads(each.body) for each in with_bodies]


def test_p_what_listeners_are_told(trattoria: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookings.outward.post", lambda *_: 200)
    for kind in ("CREATED", "UPDATED", "DELETED"):
        body = {"endpoint": "https://example.com/", "webhook_type": f"RESERVATION_{kind}"}
        trattoria.api.post("webhooks/subscription", body)
    made = trattoria.api.post("reservations", reservation()).json()["data"][0]
    relay.deliver(now=NOW)
    assert told("RESERVATION_CREATED") == [
        {"webhook_type": "RESERVATION_CREATED", "property_id": 999643, "data": [made]}
    ]
    trattoria.api.patch(f"reservations/{made['id']}/checkin")
    trattoria.api.delete(f"reservations/{made['id']}")
    relay.deliver(now=NOW + timedelta(minutes=1))
    assert [each["webhook_type"] for each in told("RESERVATION_UPDATED")] == ["RESERVATION_UPDATED"]
    (gone,) = told("RESERVATION_DELETED")
    assert (gone["data"][0]["id"], gone["data"][0]["status"]) == (made["id"], "CANCELLED")
    assert len(told("RESERVATION_CREATED")) == 1


def test_there_are_no_orders(trattoria: House) -> None:
    assert said(trattoria.api.get("orders", delivery_mode="ROOM")) == (200, {"data": []})
    assert refused(trattoria.api.get("orders", delivery_mode="BOAT")) == INVALID


# --- Q: refusals ---------------------------------------------------------------------------------

UNKNOWN = (401, "UnauthorizedException")


def test_q_who_asks_and_about_what(trattoria: House, client: Client) -> None:
    api = trattoria.api
    assert refused(dataclasses.replace(api, token="").get("rooms")) == UNKNOWN
    assert refused(dataclasses.replace(api, token="forged").get("rooms")) == UNKNOWN
    late = dataclasses.replace(api, now=NOW + timedelta(minutes=1440))
    assert refused(late.get("rooms")) == UNKNOWN
    assert refused(dataclasses.replace(api, property="").get("rooms")) == INVALID
    other = house(client, 44477, "Other")
    for property_ in (44477, 1, "x", "9" * 20):
        asked = dataclasses.replace(api, property=property_).get("rooms")
        assert refused(asked) == (403, "ForbiddenException")
    id_ = api.post("reservations", reservation()).json()["data"][0]["id"]
    assert refused(other.api.get(f"reservations/{id_}")) == ABSENT


def test_q_paths_methods_and_bodies(trattoria: House, client: Client) -> None:
    assert refused(trattoria.api.get("nothing")) == ABSENT
    assert refused(trattoria.api.send("PATCH", "rooms")) == (405, "MethodNotAllowedException")
    raw = client.post(
        f"{PMS}/rooms",
        "{",
        content_type="application/json",
        headers={"Authorization": f"Bearer {trattoria.api.token}", "Property": "999643"},
        **{"openbook.now": NOW},  # type: ignore[arg-type]
    )
    assert refused(raw) == INVALID
    by_form = client.post(
        f"{PMS}/rooms",
        {"name": "x"},
        headers={"Authorization": f"Bearer {trattoria.api.token}", "Property": "999643"},
        **{"openbook.now": NOW},  # type: ignore[arg-type]
    )
    assert refused(by_form) == (415, "UnsupportedMediaTypeException")


def test_q_a_client_that_may_only_read(trattoria: House) -> None:
    Channel.objects.update(scopes=["read"])
    assert trattoria.api.get("rooms").status_code == 200
    assert refused(trattoria.api.post("rooms", {"name": "x"})) == (403, "ForbiddenException")


def test_q_too_many_requests(trattoria: House) -> None:
    Channel.objects.update(rate_limit_rpm=1)
    trattoria.api.get("orders")
    answer = trattoria.api.get("orders")
    assert refused(answer) == (429, "TooManyRequestsException")
    assert answer.headers["Retry-After"]


def test_paths_end_with_a_slash_or_not(trattoria: House) -> None:
    assert said(trattoria.api.get("rooms/")) == said(trattoria.api.get("rooms"))
