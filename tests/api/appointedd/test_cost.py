"""What requests cost in round trips, and that it doesn't grow with what there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import services
from bookings.wishes import SYSTEM, GuestDetails, Wish
from resources.models import Requirement
from tests.api.appointedd.conftest import HOUR, NOW, RESOURCE, SERVICE, START, Fixture, person
from tests.builders import resource, service

MOST = {
    "search": 6,
    "days": 6,
    "bookings": 6,
    "services": 5,
    "resources": 6,
    "customers": 3,
    "slots": 3,
    "hold": 12,
    "convert": 33,
}


def fill(f: Fixture, days: range) -> None:
    """A resource, a service, a run with people in it, a booking and a hold for each day."""
    need = f.service.requirements.get()
    for n in days:
        need.resources.add(resource(f.business, f"Teacher {n}", kind="staff"))
        walk = service(f.business, f"Walk {n}")
        Requirement.objects.create(service=walk, kind="staff").resources.add(f.resource)
        start = START + timedelta(days=n)
        run = services.schedule_session(f.service, starts_at=start, by=SYSTEM, now=NOW)
        for name in ("Ada", "Alan"):
            services.book_places(
                run, party_size=1, guest=GuestDetails(name, str(n)), by=SYSTEM, source="x", now=NOW
            )
        wish = Wish.of(walk, starts_at=start + 3 * HOUR)
        services.book(wish, guest=GuestDetails("Guest", str(n)), by=SYSTEM, source="x", now=NOW)
        wish = Wish.of(walk, starts_at=start + 6 * HOUR)
        services.hold(wish, by=SYSTEM, source="x", now=NOW)


def costs(f: Fixture) -> dict[str, int]:
    ranges = [{"start": "2022-05-26T00:00:00Z", "end": "2022-07-20T00:00:00Z"}]
    asks: dict[str, Any] = {
        "search": lambda: f.api.search(ranges=ranges),
        "days": lambda: f.api.post(
            "/availability/days/search", {"ranges": ranges, "service_id": SERVICE}
        ),
        "bookings": lambda: f.api.get("/bookings", "limit=100"),
        "services": lambda: f.api.get("/services", "limit=100"),
        "resources": lambda: f.api.get("/resources", "limit=100"),
        "customers": lambda: f.api.get("/customers", "limit=100"),
        "slots": lambda: f.api.get("/availability/slots", "limit=100"),
    }
    found = {}
    for name, ask in asks.items():
        with CaptureQueriesContext(connection) as queries:
            assert ask().status_code == 200
        found[name] = len(queries)
    with CaptureQueriesContext(connection) as queries:
        held = f.api.hold(start="2022-05-26T17:00:00Z", resource_id=RESOURCE)
        assert held.status_code == 201
    found["hold"] = len(queries)
    with CaptureQueriesContext(connection) as queries:
        assert f.api.convert(held, person("Grace", "Hopper")).status_code == 201
    found["convert"] = len(queries)
    f.api.post(f"/bookings/{f.api.get('/bookings').json()['data'][0]['id']}/cancel")
    return found


def test_what_requests_cost_does_not_grow(f: Fixture) -> None:
    f.service.only_groups = False
    f.service.save()
    fill(f, range(1, 2))
    costs(f)
    few = costs(f)
    fill(f, range(2, 8))
    many = costs(f)
    assert {name: (few[name], count) for name, count in many.items() if count > few[name]} == {}
    assert {name: count for name, count in many.items() if count > MOST[name]} == {}
