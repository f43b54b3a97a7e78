"""The published document is true: every operation is asked, with good data and bad."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from accounts import logins
from bookings.api.myreserva import gate
from bookings.api.myreserva.schema import operations
from bookings.api.myreserva.urls import urlpatterns
from tests.api.documents import ask, each_of, one_connection, operations_in
from tests.api.myreserva.conftest import CUSTOMER, OUTLET, SERVICE, STAFF, Spa
from tests.api.myreserva.test_appointments import books


def test_the_document_and_where_it_is_read(client: Client) -> None:
    document = client.get("/openapi-myreserva.json").json()
    assert (document["openapi"], document["info"]["title"]) == ("3.1.1", "Openbook: MyReserva")
    assert b"swagger" in client.get("/docs/myreserva/").content
    assert client.get("/openapi.json").json()["info"]["title"] == "Openbook: AvailEngine"


def test_every_route_is_described() -> None:
    views = {each.callback.cls for each in urlpatterns if hasattr(each.callback, "cls")}
    names = {f"{v.__module__.rpartition('.')[2]}.{v.__name__}": v for v in views}
    there = {
        (name, method.upper())
        for name, view in names.items()
        for method in ("get", "post", "put", "delete")
        if hasattr(view, method)
    }
    assert there == set(operations())


def test_every_operation_is_in_the_document(client: Client) -> None:
    document = client.get("/openapi-myreserva.json").json()
    shown = [
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    ]
    assert len(shown) == len(operations())
    assert ("/api/v1/public/availability/grid", "GET") in shown
    ids = [
        each["operationId"] for methods in document["paths"].values() for each in methods.values()
    ]
    assert len(set(ids)) == len(ids)


OPERATIONS = operations_in("/openapi-myreserva.json")


def token_for(path: str, spa: Spa) -> str:
    if path.startswith("/api/v1/customer/"):
        return logins.begin(gate.CUSTOMER, spa.guest.pk, spa.business).access
    return logins.begin(gate.STAFF, spa.admin.pk, spa.business).access


@each_of(OPERATIONS)
def test_every_answer_is_as_documented(operation: Any, mode: Any, spa: Spa) -> None:
    headers = {"Authorization": f"Bearer {token_for(operation.path, spa)}"}
    ask(operation, mode, headers, examples=4)


def test_what_is_there_is_shown_as_documented(spa: Spa) -> None:
    """GET of each kind of thing, with something to show."""
    spa.works()
    entry = spa.roster("2025-10-15", "09:00-10:00")[0]
    appointment = books(spa).json()["id"]
    spa.owner.post(f"appointments/{appointment}/confirm")
    spa.owner.post(
        f"appointments/{appointment}/record-payment", {"amount": 1, "payment_method": "cash"}
    )
    ids = {
        "service_id": SERVICE,
        "staff_id": STAFF,
        "outlet_id": OUTLET,
        "customer_id": CUSTOMER,
        "entry_id": f"{entry.pk.hex[:24]}",
        "appointment_id": appointment,
    }
    window = {"start_date": "2025-10-14", "end_date": "2025-10-20"}
    queries = {
        "/availability/grid": {"service_id": SERVICE, "outlet_id": OUTLET},
        "/availability-grid": {"service_id": SERVICE, "outlet_id": OUTLET},
        "/availability": window,
        "/staff/{staff_id}": window,
        "/check": {
            "staff_id": STAFF, "date": "2025-10-14", "start_time": "09:00", "end_time": "10:00",
        },
    }  # fmt: skip
    seen = 0
    for operation in OPERATIONS:
        if operation.method != "get":
            continue
        query: dict[str, str] = {}
        for end, wanted in queries.items():
            if operation.path.endswith(end):
                query = dict(wanted)
        if "grid" in operation.path:
            query["start_date"] = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        names = {each.name for each in operation.path_parameters}
        case = operation.Case(path_parameters={name: ids[name] for name in names}, query=query)
        with one_connection():
            headers = {"Authorization": f"Bearer {token_for(operation.path, spa)}"}
            response = case.call_and_validate(headers=headers)
        assert response.status_code == 200, (operation.path, response.content)
        seen += 1
    assert seen >= 20
