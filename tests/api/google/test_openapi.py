"""The published document is true: every method is asked, with good data and bad."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from bookings.api.google.views import AnyCase
from tests.api.documents import ask, each_of, operations_in
from tests.api.google.conftest import Google, credentials

OPERATIONS = operations_in("/openapi-google.json")


def test_the_document_and_where_it_is_read(client: Client) -> None:
    document = client.get("/openapi-google.json").json()
    assert document["info"]["title"] == "Openbook: Google Actions Center"
    assert set(document["paths"]) == {
        f"/google/v3/{each.__name__}" for each in AnyCase.by_name.values()
    }
    page = client.get("/docs/google/")
    assert page.status_code == 200
    assert b"google.json" in page.content
    assert b"Google Actions Center" in page.content


def test_the_document_is_made_without_a_warning() -> None:
    call_command(
        "spectacular", "--urlconf", "bookings.api.google.urls", "--validate", "--fail-on-warn",
        stdout=io.StringIO(),
    )  # fmt: skip


@pytest.mark.django_db
@each_of(OPERATIONS)
def test_every_answer_is_as_documented(operation: Any, mode: Any, salon: Google) -> None:
    ask(
        operation,
        mode,
        {"Authorization": credentials(salon.key)},
        examples=10,
        but=[
            # Texts are taken as numbers and the reverse; what isn't known is ignored.
            openapi.negative_data_rejection,
            # The old question is switched off, which is 501.
            not_a_server_error,
        ],
    )
