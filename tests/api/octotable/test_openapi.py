"""The published document is true: every operation is asked, with good data and bad."""

from __future__ import annotations

from typing import Any

from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema
from schemathesis.specs.openapi import checks as openapi

from accounts.errors import DomainError
from accounts.limits import limiter
from accounts.models import Channel
from bookings.api.octotable.dialect import ANSWERS, refusal
from bookings.api.octotable.schema import SETTINGS, operations
from bookings.api.octotable.urls import urlpatterns
from tests.api.documents import ask, each_of, one_connection, operations_in
from tests.api.octotable.conftest import LUNCH, PROPERTY, ROOM, TABLE, House, reservation, token_of

PMS = "/octotable-pms/api/v2/"


def test_the_document_and_where_it_is_read(client: Client) -> None:
    document = client.get("/openapi-octotable.json").json()
    assert document["info"]["title"] == "Openbook: OctoTable"
    page = client.get("/docs/octotable/")
    assert page.status_code == 200
    assert b"//cdn" not in page.content  # nothing is fetched from elsewhere


def test_every_operation_is_described() -> None:
    views = [each.callback.cls for each in urlpatterns if hasattr(each.callback, "cls")]
    methods = {
        (f"{view.__module__.rpartition('.')[2]}.{view.__name__}", name.upper())
        for view in views
        for name in ("get", "post", "put", "patch", "delete")
        if hasattr(view, name)
    }
    assert set(operations()) == methods


def test_the_document_is_valid() -> None:
    generator: Any = SchemaGenerator
    validate: Any = validate_schema
    with patched_settings(SETTINGS):
        validate(generator(urlconf="bookings.api.octotable.urls").get_schema(public=True))


def test_every_no_of_the_core_has_an_answer() -> None:
    def kinds(root: type[DomainError]) -> set[type[DomainError]]:
        return {root}.union(*(kinds(each) for each in root.__subclasses__()))

    assert DomainError in ANSWERS
    for kind in kinds(DomainError):
        assert next(each for each in kind.__mro__ if each in ANSWERS)
    assert refusal(DomainError("No.")).body == {
        "success": False,
        "error": {
            "code": "INVALID_PARAMETER",
            "message": "No.",
            "class_name": "InvalidParameterException",
        },
    }


OPERATIONS = operations_in("/openapi-octotable.json")


def headers_of(of: House) -> dict[str, str]:
    channel = Channel.objects.get(business=of.business)
    return {"Authorization": f"Bearer {token_of(channel, None)}", "Property": str(PROPERTY)}


@each_of(OPERATIONS)
def test_every_answer_is_as_documented(operation: Any, mode: Any, trattoria: House) -> None:
    ask(
        operation,
        mode,
        headers_of(trattoria),
        examples=5,
        but=[
            # What is sent may be said in several forms, more than are written down.
            openapi.negative_data_rejection,
            openapi.missing_required_header,
            openapi.ignored_auth,
        ],
    )


def test_what_is_there_is_shown_as_documented(trattoria: House) -> None:
    """GET of each kind of thing, with something to show."""
    made = trattoria.api.post("reservations", reservation(notes="Quiet")).json()["data"][0]
    hook = {"endpoint": "https://example.com/", "webhook_type": "RESERVATION_CREATED"}
    listener = trattoria.api.post("webhooks/subscription", hook).json()["data"][0]
    ids: dict[str, dict[str, Any]] = {
        "properties/{number}": {"number": PROPERTY},
        "reservations/{number}": {"number": made["id"]},
        "webhooks/subscription/{number}": {"number": listener["id"]},
        "services/{service_id}": {"service_id": LUNCH},
    }
    queries: dict[str, dict[str, Any]] = {
        "bookings/slots": {"start_date": "2030-11-19"},
        "bookings/rooms": {
            "start_date": "2030-11-19",
            "start_hour": "12:00:00",
            "pax": 2,
            "service_id": LUNCH,
        },
    }
    seen = 0
    for operation in OPERATIONS:
        if operation.method != "get":
            continue
        path = operation.path.removeprefix(PMS)
        room = {"room_id": ROOM, "table_id": TABLE}
        names = {each.name for each in operation.path_parameters}
        case = operation.Case(
            path_parameters=ids.get(path) or {name: room[name] for name in names},
            query=queries.get(path, {}),
        )
        limiter().forget()
        with one_connection():
            response = case.call_and_validate(headers=headers_of(trattoria))
        assert response.status_code == 200, (operation.label, response.content)
        seen += 1
    assert seen >= 15
