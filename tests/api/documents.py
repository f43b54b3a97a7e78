"""Asks every operation of a published document, with good data and bad."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as openapi

from accounts.limits import limiter
from config.wsgi import application

load_all_checks()


def operations_in(path: str) -> list[Any]:
    """The operations of the document that is read there."""
    document = schemathesis.openapi.from_wsgi(path, application)
    return [each.ok() for each in document.get_all_operations() if isinstance(each, Ok)]


def each_of(operations: list[Any]) -> Callable[[Any], Any]:
    """Runs a test for each operation, once with data as documented and once with other."""
    by_operation = pytest.mark.parametrize("operation", operations, ids=lambda each: each.label)
    by_mode = pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda each: each.value)
    return lambda test: by_mode(by_operation(test))


def ask(
    operation: Any,
    mode: GenerationMode,
    headers: Mapping[str, str],
    *,
    examples: int,
    but: Collection[Any] = (),
) -> None:
    """Ask so many times, and check each answer against the document, `but` for these checks.

    A time may be well formed and yet past or in no calendar, an id of nothing: JSON Schema can't
    say. What isn't known in a query is ignored.
    """
    left_out = [openapi.positive_data_acceptance, *but]
    if operation.method == "get":
        left_out.append(openapi.negative_data_rejection)

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        limiter().forget()
        case.call_and_validate(headers=headers, excluded_checks=left_out)

    try:
        with one_connection():
            asked()
    except Unsatisfiable:
        # There is nothing in the request that could be wrong.
        assert mode is GenerationMode.NEGATIVE
        assert not operation.body
        assert not operation.query


@contextlib.contextmanager
def one_connection() -> Iterator[None]:
    """A WSGI application closes its connection after a request; here that is the test's own."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
