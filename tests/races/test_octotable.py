"""Many callers want the same tables at once, over a real server: one a table gets it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings.invariants import broken
from bookings.models import Booking
from tests.api.octotable.conftest import LUNCH, PMS, PROPERTY, ROOM, house, reservation, token_of
from tests.web import Web, together

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

CALLERS, TABLES = 16, 3


@pytest.mark.parametrize("choice", ["any table", "one table"])
def test_as_many_win_as_there_are_tables(choice: str, web: Web) -> None:
    of = house(Client())
    room = of.room(id_=ROOM)
    for number in range(1, TABLES + 1):
        of.table(room, f"T{number}", id_=number)
    of.service("Lunch", id_=LUNCH, opens=time(12), closes=time(14))
    channel = of.business.channels.get()
    headers = {"Authorization": f"Bearer {token_of(channel, None)}", "Property": str(PROPERTY)}
    asked = reservation(start_date=str((datetime.now(UTC) + timedelta(days=3)).date()))
    if choice == "one table":
        asked |= {"table_ids": [2], "channel": "OCTOTABLE_ADMIN"}

    def call() -> Any:
        return web.call("POST", f"{PMS}/reservations", body=asked, headers=headers)

    answers: list[Any] = together([call] * CALLERS)
    free = TABLES if choice == "any table" else 1
    assert Counter(each.status for each in answers) == {201: free, 400: CALLERS - free}
    classes = {each.body["error"]["class_name"] for each in answers if each.status == 400}
    assert classes == {"InvalidBookingTimeException"}
    taken = [row.resource_ids[0] for row in Booking.objects.all()]
    assert len(set(taken)) == len(taken) == free
    assert broken() == []
