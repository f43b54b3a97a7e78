"""The published document is true: every method is asked, with good data and bad."""

from __future__ import annotations

import io
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as openapi

from bookings.api.google.views import AnyCase
from config.wsgi import application
from tests.api.availengine.test_openapi import one_connection
from tests.api.google.conftest import Google, credentials

load_all_checks()

DOCUMENT = schemathesis.openapi.from_wsgi("/openapi-google.json", application)
OPERATIONS = [each.ok() for each in DOCUMENT.get_all_operations() if isinstance(each, Ok)]


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
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda each: each.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_every_answer_is_as_documented(operation: Any, mode: Any, salon: Google) -> None:
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(
            headers={"Authorization": credentials(salon.key)},
            excluded_checks=[
                # Texts are taken as numbers and the reverse; what isn't known is ignored.
                openapi.negative_data_rejection,
                # A merchant may be well written and yet nowhere.
                openapi.positive_data_acceptance,
                # The old question is switched off, which is 501.
                schemathesis.checks.not_a_server_error,
            ],
        )

    try:
        with one_connection():
            ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing in it could be wrong
        assert not operation.body
