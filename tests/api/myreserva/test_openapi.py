"""The published document is true: every operation is asked, with good data and bad."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as openapi

from accounts import logins
from accounts.limits import limiter
from bookings.api.myreserva import gate
from bookings.api.myreserva.schema import operations
from bookings.api.myreserva.urls import urlpatterns
from config.wsgi import application
from tests.api.myreserva.conftest import CUSTOMER, OUTLET, SERVICE, STAFF, Spa
from tests.api.myreserva.test_appointments import books

load_all_checks()


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


@contextlib.contextmanager
def one_connection() -> Iterator[None]:
    """A WSGI application closes its connection after a request; here that is the test's own."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


DOCUMENT = schemathesis.openapi.from_wsgi("/openapi-myreserva.json", application)
OPERATIONS = [each.ok() for each in DOCUMENT.get_all_operations() if isinstance(each, Ok)]


def token_for(path: str, spa: Spa) -> str:
    if path.startswith("/api/v1/customer/"):
        return logins.begin(gate.CUSTOMER, spa.guest.pk, spa.business).access
    return logins.begin(gate.STAFF, spa.admin.pk, spa.business).access


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda each: each.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_every_answer_is_as_documented(operation: Any, mode: Any, spa: Spa) -> None:
    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        limiter().forget()
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token_for(operation.path, spa)}"},
            excluded_checks=[
                # What isn't known in a query is ignored; ids of nothing are 404 before anything.
                *([openapi.negative_data_rejection] if operation.method == "get" else []),
                # A date may be well formed and yet past, or in no calendar: JSON Schema can't say.
                openapi.positive_data_acceptance,
            ],
        )

    try:
        with one_connection():
            ask()
    except Unsatisfiable:
        # There is nothing in the request that could be wrong.
        assert mode is GenerationMode.NEGATIVE
        assert not (operation.body)
        assert not (operation.query)


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
