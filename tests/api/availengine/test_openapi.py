"""The published document is true: every operation is asked, with good data and bad."""

from __future__ import annotations

import io
from typing import Any

from django.core.management import call_command
from django.test import Client
from schemathesis.checks import not_a_server_error

from accounts import tokens
from availability.models import OpeningHours
from bookings import services
from bookings.api.availengine.schema import operations
from bookings.api.availengine.urls import urlpatterns
from bookings.wishes import SYSTEM
from tests.api.availengine.conftest import Contract
from tests.api.documents import ask, each_of, one_connection, operations_in
from tests.builders import key, location, service, user, wish


def test_the_document_and_where_it_is_read(client: Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.1"
    page = client.get("/docs/", follow=True)
    assert page.status_code == 200
    assert b"swagger" in page.content
    assert b"//cdn" not in page.content  # nothing is fetched from elsewhere


def test_every_route_is_described() -> None:
    described = {name for name, _ in operations()}
    views = {each.callback.cls for each in urlpatterns if hasattr(each.callback, "cls")}
    assert {f"{v.__module__.rpartition('.')[2]}.{v.__name__}" for v in views} == described


def test_the_document_is_made_without_a_warning() -> None:
    call_command(
        "spectacular", "--urlconf", "bookings.api.availengine.urls", "--validate", "--fail-on-warn",
        stdout=io.StringIO(),
    )  # fmt: skip


def test_every_operation_is_in_the_document(client: Client) -> None:
    document = client.get("/openapi.json").json()
    shown = [
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    ]
    # The business has an old name too, and the calendar's two GETs are one view.
    assert len(shown) == len(operations()) + 3
    assert {
        ("/v1/dynamic/availability/{business_id}", "GET"),
        ("/v1/dynamic/next/{business_id}", "GET"),
        ("/v1/availability/{business_id}", "GET"),
        ("/v1/bookings", "POST"),
        ("/v1/manage/availability", "GET"),
        ("/v1/dynamic/bookings", "POST"),
        ("/v1/holds", "POST"),
        ("/v1/holds/{hold_id}/confirm", "POST"),
        ("/v1/holds/{hold_id}/release", "POST"),
    } <= set(shown)


OPERATIONS = operations_in("/openapi.json")


@each_of(OPERATIONS)
def test_every_answer_is_as_documented(operation: Any, mode: Any, contract: Contract) -> None:
    if operation.path.startswith(("/v1/developer", "/integrations")):
        credential = tokens.issue(user(of=contract.business, is_developer=True))
    else:
        credential = key(contract.business, rpm=1_000_000)
    but = [not_a_server_error] if "integrations" in operation.path else []  # 501
    ask(operation, mode, {"Authorization": f"Bearer {credential}"}, examples=5, but=but)


def test_what_is_there_is_shown_as_documented(contract: Contract) -> None:
    """GET of each kind of thing, with something to show."""
    OpeningHours.objects.create(
        location=location(contract.business), weekday=3, opens="09:00", closes="17:00"
    )
    made = service(contract.business)
    contract.api.now = None
    booking = contract.business.bookings.first()
    assert booking is not None
    taken = wish(contract.business)
    services.block(contract.tables[0], starts_at=taken.starts_at, ends_at=taken.ends_at, by=SYSTEM)
    contract.api.post(
        "/v1/manage/blackout-dates", {"start_date": "2027-01-01", "end_date": "2027-01-02"}
    )
    ids = {
        "business_id": contract.business.pk,
        "slug": contract.business.slug,
        "resource_id": contract.tables[0].pk,
        "booking_id": booking.pk,
        "customer_id": booking.guest_id,
        "service_id": made.pk,
        "blackout_id": contract.business.locations.get().closure_set.get().pk,
    }
    credential = {"Authorization": f"Bearer {contract.api.credential}"}
    seen = 0
    for operation in OPERATIONS:
        names = {each.name for each in operation.path_parameters}
        if operation.method != "get" or not names <= set(ids):
            continue
        if operation.path.startswith(("/v1/developer", "/integrations")):
            continue
        query = {}
        if "dynamic" in operation.path:
            query = {"booking_date": "2027-01-20", "start_time": "19:00"}
        if operation.path == "/v1/availability/{business_id}":
            query = {"date": "2027-01-20"}
        if operation.path == "/v1/manage/availability":
            query = {"booking_date": "2027-01-20", "capacity": "2"}
        if operation.path.endswith("summary"):
            query = {"from": "2026-06-01", "to": "2026-06-30"}
        case = operation.Case(path_parameters={name: str(ids[name]) for name in names}, query=query)
        with one_connection():
            response = case.call_and_validate(headers=credential)
        assert response.status_code == 200, (operation.path, response.content)
        seen += 1
    assert seen >= 20
