"""The published document is true: every operation is asked, with good data and bad."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema

from accounts.limits import limiter
from bookings.api.appointedd.schema import SETTINGS, operations
from bookings.api.appointedd.urls import urlpatterns
from bookings.models import Session
from tests.api.appointedd.conftest import BOOKING, RESOURCE, SERVICE, Fixture, person
from tests.api.documents import ask, each_of, one_connection, operations_in


def test_the_document_and_where_it_is_read(client: Client) -> None:
    document = client.get("/openapi-appointedd.json").json()
    assert (document["openapi"], document["info"]["title"]) == ("3.1.1", "Openbook: Appointedd")
    page = client.get("/docs/appointedd/")
    assert page.status_code == 200
    assert b"//cdn" not in page.content  # nothing is fetched from elsewhere


def test_every_operation_is_described(client: Client) -> None:
    views = [each.callback.cls for each in urlpatterns if hasattr(each.callback, "cls")]
    methods = {
        (f"{view.__module__.rpartition('.')[2]}.{view.__name__}", name.upper())
        for view in views
        for name in ("get", "post", "put", "delete")
        if hasattr(view, name)
    }
    assert set(operations()) == methods
    document = client.get("/openapi-appointedd.json").json()
    assert sum(len(each) for each in document["paths"].values()) == len(methods)


def test_the_document_is_valid() -> None:
    generator: Any = SchemaGenerator
    validate: Any = validate_schema
    with patched_settings(SETTINGS):
        validate(generator(urlconf="bookings.api.appointedd.urls").get_schema(public=True))


OPERATIONS = operations_in("/openapi-appointedd.json")


@each_of(OPERATIONS)
def test_every_answer_is_as_documented(operation: Any, mode: Any, f: Fixture) -> None:
    ask(operation, mode, {"X-API-KEY": f.api.key}, examples=8)


def test_what_is_there_is_shown_as_documented(f: Fixture) -> None:
    """Every operation with something to show."""
    f.api.now = None
    f.service.only_groups = False
    f.service.save()
    day = (datetime.now(UTC) + timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
    start, end = day.replace(hour=10), day.replace(hour=11)
    Session.objects.update(starts_at=start, ends_at=end)
    f.session.allocations.update(starts_at=start, ends_at=end)
    later = day.replace(hour=15).isoformat()
    first, second = (f.api.hold(start=start.isoformat()).json()["data"] for _ in range(2))
    made = f.api.post(
        "/bookings", {"slot_id": first["id"], "data": {"customers": [person(mobile="123456")]}}
    ).json()["data"]
    (participant,) = made["customers"]
    ids = {
        "reservation_id": second["id"],
        "booking_id": BOOKING,
        "customer_id": participant["customer_id"],
        "customer_booking_id": participant["customer_booking_id"],
    }
    ranges = [{"start": start.isoformat(), "end": end.isoformat()}]
    bodies: dict[str, Any] = {
        "/availability/intervals/search": {"ranges": ranges, "service_id": SERVICE},
        "/availability/days/search": {"ranges": ranges, "service_id": SERVICE},
        "/availability/slots": {
            "data": {"service_id": SERVICE, "start": later, "resource_id": RESOURCE}
        },
        "/bookings": {"slot_id": second["id"], "data": {"customers": [person("Alan", "Turing")]}},
        "/bookings/{booking_id}": {"data": {"label": "Outside"}},
        "/bookings/{booking_id}/cancel": {},
        "/bookings/{booking_id}/customers/{customer_booking_id}": {"data": {"status": "Arrived"}},
        "/bookings/{booking_id}/customers/{customer_booking_id}/cancel": {},
        "/customers": {"data": {"profile": {"firstname": "Grace", "lastname": "Hopper"}}},
        "/customers/{customer_id}": {"data": {"tags": ["early bird"]}},
        "/webhooks": {"data": {"url": "https://a.example/", "events": ["booking_created"]}},
    }
    order = sorted(
        OPERATIONS, key=lambda each: (each.method == "delete", "cancel" in each.path, each.path)
    )
    for operation in order:
        names = {each.name for each in operation.path_parameters}
        if operation.method == "delete":
            ids["reservation_id"] = f.api.hold(start=later).json()["data"]["id"]
            ids["webhook_id"] = f.api.get("/webhooks").json()["data"][0]["id"]
        body = bodies.get(operation.path.removeprefix("/appointedd/v1"))
        sent = {} if operation.method in ("get", "delete") else {"body": body}
        if operation.path.endswith("}/cancel"):
            sent = {"body": {}}
        case = operation.Case(path_parameters={name: ids[name] for name in names}, **sent)
        limiter().forget()
        with one_connection():
            response = case.call_and_validate(headers={"X-API-KEY": f.api.key})
        assert response.status_code < 300, (operation.label, response.content)
