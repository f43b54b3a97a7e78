"""What operators see of requests: an id, a line, figures. Never who came."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import Business
from config.celery import app
from config.observing import TextFormatter
from tests.builders import business, key, tables
from tests.faults.test_kills import SOON, until
from tests.web import Web, serving

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TOKEN = "metrics-token-of-the-test"
GUEST = {
    "first_name": "Gwendolyn",
    "last_name": "Featherstone",
    "email": "gwen@featherstone.example",
    "phone": "+447700900321",
    "customer_notes": "Deathly allergic to walnuts",
}
PERSONAL = re.compile(
    "gwen|featherstone|7700900321|walnuts|hunter2-hunter2|avail_live|bearer", re.IGNORECASE
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("observing") / "log"


@pytest.fixture(scope="module")
def web(django_db_setup: None, log: Path) -> Iterator[Web]:
    """Two workers that write everything they would ever write."""
    with serving(
        threads=2,
        log=log,
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
        LOG_REQUESTS="1",
        METRICS_TOKEN=TOKEN,
        PROMETHEUS_MULTIPROC_DIR=str(log.parent / "metrics"),
    ) as found:
        yield found


@pytest.fixture
def bistro() -> Business:
    of = business("Bistro")
    tables(of, 3)
    return of


def wanted(of: Business, **changes: Any) -> dict[str, Any]:
    return {
        **GUEST,
        "business_id": str(of.pk),
        "booking_date": SOON.date().isoformat(),
        "start_time": "19:00",
        "capacity": 2,
        **changes,
    }


def lines(log: Path, request_id: str = "") -> list[dict[str, Any]]:
    """What was written, each line an object of its own; of one request where it is said."""
    found = [json.loads(each) for each in log.read_text().splitlines()]
    return [each for each in found if request_id in ("", each["request_id"])]


def logged(log: Path, request_id: str) -> dict[str, Any]:
    """The line of a request, which is written once it was answered."""
    until(lambda: any("route" in each for each in lines(log, request_id)), 5)
    (found,) = (each for each in lines(log, request_id) if "route" in each)
    return found


@contextlib.contextmanager
def broken(breaks: str, mends: str) -> Iterator[None]:
    """The database as nobody expects it, for a while."""
    with connection.cursor() as cursor:
        cursor.execute(breaks)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(mends)


def refusing(table: str, rule: str) -> contextlib.AbstractContextManager[None]:
    """A table that takes no row."""
    return broken(
        f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK ({rule}) NOT VALID",
        f"ALTER TABLE {table} DROP CONSTRAINT broken",
    )


def test_no_line_says_who_came_whatever_went_wrong(web: Web, bistro: Business, log: Path) -> None:
    credential = key(bistro)
    said: list[int] = []

    def ask(method: str, path: str, body: object = None, **headers: str) -> None:
        said.append(web.call(method, path, credential, body, headers).status)

    ask("POST", "/v1/dynamic/bookings", wanted(bistro))
    ask("POST", "/v1/dynamic/bookings", wanted(bistro, capacity=40))
    ask("POST", "/v1/dynamic/bookings", wanted(bistro, phone="gwen", email="gwen"))
    ask("GET", "/v1/manage/customers?q=gwen@featherstone.example")
    ask("GET", "/v1/manage/bookings/gwen@featherstone.example")
    ask("GET", "/gwen@featherstone.example?phone=%2B447700900321")
    ask("POST", "/v1/auth/token", {"email": GUEST["email"], "password": "hunter2-hunter2"})
    ask("POST", f"/v1/waitlist/{bistro.pk}", {"customer": GUEST, "preferred_date": "2027-06-22"})
    ask("POST", "/admin/login/?next=/gwen/")  # without the token of its form
    with refusing("bookings_booking", "notes = ''"):
        ask("POST", "/v1/dynamic/bookings", wanted(bistro))
    with refusing("bookings_guest", "first_name = ''"):
        ask("POST", "/v1/manage/customers", {**GUEST, "phone": "+447700900321999"})
    with broken(
        "ALTER TABLE django_session RENAME TO gone", "ALTER TABLE gone RENAME TO django_session"
    ):
        cookie = f"sessionid={'gwen' * 8}"
        ask("GET", "/admin/?q=gwen", Cookie=cookie)
    last = web.call("GET", "/healthz").headers["x-request-id"]
    assert logged(log, last)["status"] == 200
    assert said == [201, 409, 422, 200, 404, 404, 401, 201, 403, 500, 500, 500]
    assert PERSONAL.findall(log.read_text()) == []
    unexpected = [each for each in lines(log) if "exception" in each]
    assert [each["message"] for each in unexpected] == [
        "A dynamic request failed",
        "An AvailEngine request failed",
        "Internal Server Error",
    ]
    assert "allocations.py" in unexpected[0]["exception"]  # where, and which rule
    assert unexpected[0]["exception"].endswith("IntegrityError: 23514 bookings_booking broken")
    assert 'relation "django_session" does not exist' in unexpected[2]["exception"]


def test_a_request_id_that_was_given_is_kept_and_another_is_made(web: Web, log: Path) -> None:
    given = web.call("GET", "/healthz", headers={"X-Request-Id": "order-4711.a_b"})
    made = [web.call("GET", "/healthz") for _ in range(2)]
    bad = [web.call("GET", "/healthz", headers={"X-Request-Id": each}) for each in ("short", BAD)]
    assert given.headers["x-request-id"] == "order-4711.a_b"
    ids = [each.headers["x-request-id"] for each in (*made, *bad)]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert len({*ids}) == 4
    line = logged(log, "order-4711.a_b")
    assert line.pop("at")
    assert line.pop("milliseconds") > 0
    assert line == {
        "level": "INFO",
        "logger": "openbook.requests",
        "message": "request",
        "request_id": "order-4711.a_b",
        "method": "GET",
        "route": "healthz",
        "status": 200,
    }


BAD = "gwen featherstone"  # what has a space, or anything that could start a line, isn't kept


def test_an_error_has_the_id_that_its_caller_was_told(
    web: Web, bistro: Business, log: Path
) -> None:
    with refusing("bookings_booking", "notes = ''"):
        answer = web.call("POST", "/v1/dynamic/bookings", key(bistro), wanted(bistro))
    found = lines(log, answer.headers["x-request-id"])
    assert (answer.status, answer.body["error"]["code"]) == (500, "internal_error")
    assert "walnuts" not in json.dumps(answer.body)
    assert [each["level"] for each in found if each["logger"].startswith("bookings")] == ["ERROR"]


def figures(web: Web) -> dict[tuple[str, ...], float]:
    """The samples of /metrics by name and labels."""
    answer = web.call("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_the_figures_are_those_of_all_workers_and_for_whoever_has_the_token(
    web: Web, bistro: Business
) -> None:
    assert web.call("GET", "/metrics").status == 401
    assert web.call("GET", "/metrics", "another-token").status == 401
    credential, path = key(bistro), f"/v1/public/hours/{bistro.pk}"
    known = ("openbook_requests_total", "GET", "v1/public/hours/<str:business_id>", "200")
    timed = ("openbook_request_seconds_count", "v1/public/hours/<str:business_id>")
    before = figures(web)
    for _ in range(20):  # spread over both workers
        assert web.call("GET", path, credential).status == 200
    assert web.call("BREW", "/healthz").status == 405
    after = figures(web)
    assert after[known] - before.get(known, 0) == 20
    assert after[timed] - before.get(timed, 0) == 20
    assert after["openbook_requests_total", "other", "healthz", "405"] == 1
    assert not any(str(bistro.pk) in label for labels in after for label in labels)


def test_a_task_that_fails_says_which_and_where_but_not_with_what() -> None:
    written = io.StringIO()
    (console,) = (
        each for each in logging.getLogger().handlers if isinstance(each.formatter, TextFormatter)
    )
    assert isinstance(console, logging.StreamHandler)

    @app.task(name="tests.greet", shared=False)
    def greet(whom: str) -> int:
        return int(whom)

    before = console.setStream(written)
    try:
        greet.apply(args=("gwen@featherstone.example",))
    finally:
        console.setStream(before)
        app.tasks.pop("tests.greet")
    first, *rest = written.getvalue().splitlines()
    assert first.endswith("ERROR celery.app.trace [-] The task tests.greet failed")
    assert any("return int(whom)" in each for each in rest)
    assert rest[-1] == "ValueError"
    assert PERSONAL.findall(written.getvalue()) == []
