"""Many customers want the same time at once, over a real server: one a person gets it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts import logins
from availability.models import OpeningHours
from bookings import services
from bookings.api.myreserva import gate
from bookings.invariants import broken
from bookings.models import Allocation
from bookings.wishes import GuestDetails
from resources.models import Resource, Service
from resources.services import qualify
from tests.builders import business, location
from tests.web import Web, together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

CALLERS = 12
ZONE = ZoneInfo("Asia/Jakarta")
GONE = {"detail": "Selected time slot is no longer available"}


@pytest.mark.parametrize("choice", ["anybody", "one of them"])
def test_as_many_win_as_there_are_people(choice: str, web: Web) -> None:
    of = business("Spa", timezone="Asia/Jakarta")
    place = location(of)
    for weekday in range(1, 8):
        OpeningHours.objects.create(location=place, weekday=weekday, opens=time(9), closes=time(17))
    massage = Service.objects.create(business=of, name="Massage", duration=timedelta(minutes=90))
    people = [
        Resource.objects.create(business=of, location=place, kind="staff", name=name)
        for name in ("Ani", "Budi")
    ]
    qualify(massage, kind="staff", resource_ids=[each.pk for each in people])
    day = (datetime.now(UTC).astimezone(ZONE) + timedelta(days=2)).date()
    chosen = people[0].pk.hex[:24] if choice == "one of them" else None
    free = people if chosen is None else people[:1]
    asked = {
        "outlet_id": place.pk.hex[:24],
        "appointment_date": day.isoformat(),
        "start_time": "10:00",
        "services": [{"service_id": massage.pk.hex[:24], "staff_id": chosen}],
    }
    tokens = []
    for n in range(CALLERS):
        guest = services.register_guest(
            of, GuestDetails("Guest", str(n), phone=f"+6281300{n:04}"), password="bunga-melati-9"
        )
        tokens.append(logins.begin(gate.CUSTOMER, guest.pk, of).access)
    path = "/api/v1/customer/appointments"
    answers: list[Any] = together(
        [lambda t=token: web.call("POST", path, t, asked) for token in tokens]  # type: ignore[misc]
    )
    won = [201] * len(free)
    assert sorted(each.status for each in answers) == won + [409] * (CALLERS - len(won))
    assert all(each.body == GONE for each in answers if each.status == 409)
    staff = {each.body["services"][0]["staff_id"] for each in answers if each.status == 201}
    assert staff == {each.pk.hex[:24] for each in free}
    assert Allocation.objects.count() == len(free)
    assert not list(broken())
