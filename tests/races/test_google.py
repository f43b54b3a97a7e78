"""Google's rush, over HTTP: what is sold is what there is, and a token is one booking."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings import services
from bookings.models import Allocation, Booking
from bookings.wishes import SYSTEM
from tests.api.google.conftest import (
    Google,
    bistro_of,
    credentials,
    google_of,
    opened,
    salon_of,
    seconds,
)
from tests.builders import MINUTE, business, service
from tests.web import Answer, Web, together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SEVEN = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0) + timedelta(days=30)

DAY = timedelta(days=1)


def rush(web: Web, of: Google, bodies: list[dict[str, Any]]) -> list[Answer]:
    who = {"Authorization": credentials(of.key)}
    found = together(
        [
            lambda b=b: web.call("POST", "/google/v3/CreateBooking", body=b, headers=who)  # type: ignore[misc]
            for b in bodies
        ]
    )
    assert all(isinstance(each, Answer) and each.status == 200 for each in found), found
    return found  # type: ignore[return-value]


def outcomes(answers: list[Answer]) -> Counter[str]:
    return Counter(
        each.body["booking"]["status"]
        if "booking" in each.body
        else each.body["booking_failure"]["cause"]
        for each in answers
    )


def asks(of: Google, number: int, **changes: Any) -> dict[str, Any]:
    name = "create_dining_request" if "service_id" not in changes else "create_request"
    body = of.wanted(name, SEVEN, token=f"t{number}", user=f"u{number}", **changes)
    body["user_information"]["telephone"] = f"+1209111{number:04}"
    return dict(body)


def test_64_users_for_3_tables(web: Web) -> None:
    bistro = google_of(Client(), bistro_of())
    answers = rush(web, bistro, [asks(bistro, number) for number in range(64)])
    assert outcomes(answers) == {"CONFIRMED": 3, "SLOT_UNAVAILABLE": 61}
    assert Booking.objects.count() == Allocation.objects.count() == 3


def test_64_users_for_one_therapist(web: Web) -> None:
    salon = google_of(Client(), salon_of())
    slot = {"service_id": str(salon.service.pk)}
    answers = rush(web, salon, [asks(salon, number, **slot) for number in range(64)])
    assert outcomes(answers) == {"CONFIRMED": 1, "SLOT_UNAVAILABLE": 63}


def test_64_users_for_12_places_in_a_class(web: Web) -> None:
    gym = opened(business("Gym", booking_mode="scheduled"))
    spin = service(gym, "Spin", duration=45 * MINUTE, capacity=12)
    services.schedule_session(spin, starts_at=SEVEN, by=SYSTEM)
    google = google_of(Client(), gym)
    slot = {"service_id": str(spin.pk), "duration_sec": "2700", "resources": {}}
    bodies = []
    for number in range(64):
        body = google.wanted("create_dining_request", SEVEN, token=f"t{number}", user=f"u{number}")
        body["slot"] |= slot
        body["user_information"]["telephone"] = f"+1209111{number:04}"
        bodies.append(body)
    assert outcomes(rush(web, google, bodies)) == {"CONFIRMED": 12, "SLOT_UNAVAILABLE": 52}


def test_one_token_ten_times_at_once_is_one_booking(web: Web) -> None:
    bistro = google_of(Client(), bistro_of())
    answers = rush(web, bistro, [asks(bistro, 1)] * 10)
    assert outcomes(answers) == {"CONFIRMED": 10}
    assert len({json.dumps(each.body) for each in answers}) == 1
    assert Booking.objects.count() == 1


def test_a_body_in_chunks_without_a_type_is_read(web: Web) -> None:
    bistro = google_of(Client(), bistro_of())
    body = {
        "merchant_id": str(bistro.place.pk),
        "slot_time": [
            {
                "service_id": "reservation",
                "start_sec": seconds(SEVEN),
                "resource_ids": {"party_size": 2},
            }
        ],
    }
    link = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    text = json.dumps(body).encode()
    link.request(
        "POST",
        "/google/v3/BatchAvailabilityLookup/",
        iter([text[:20], text[20:]]),
        {"Authorization": credentials(bistro.key)},
        encode_chunked=True,
    )
    reply = link.getresponse()
    assert reply.status == 200
    assert [each["available"] for each in json.loads(reply.read())["slot_time_availability"]] == [
        True
    ]
    link.close()


def test_a_hundred_slots_five_times_a_second(web: Web) -> None:
    """A shop window that is looked at steadily: the whole answer each time, and no error."""
    salon = google_of(Client(), salon_of())
    staff = [str(salon.staff(each).pk) for each in ("Ana", "Bruno")]
    body = {
        "merchant_id": str(salon.place.pk),
        "slot_time": [
            {
                "service_id": str(salon.service.pk),
                "start_sec": seconds(
                    SEVEN - timedelta(days=number % 14, minutes=15 * (number % 9))
                ),
                "duration_sec": "4500",
                "resource_ids": {"staff_id": staff[number % 2]},
            }
            for number in range(100)
        ],
    }
    who = {"Authorization": credentials(salon.key)}
    for _ in range(25):
        answer = web.call("POST", "/google/v3/BatchAvailabilityLookup", body=body, headers=who)
        assert answer.status == 200
        assert all(each["available"] for each in answer.body["slot_time_availability"])
        time.sleep(0.2)
