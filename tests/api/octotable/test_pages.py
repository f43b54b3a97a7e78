"""The pages for guests that `bookings/list` leads to."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from bookings.models import Booking
from tests.api.octotable.conftest import LUNCH, NOW, House
from tests.api.octotable.test_offered import times

AT: Any = {"openbook.now": NOW}
WHO = {"first_name": "Adam", "last_name": "Devis", "phone": "3332211456", "email": ""}


def opened(path: str, number: int = 999643) -> tuple[int, str]:
    answer = Client().get(f"/restaurant/{number}/{path}", **AT)
    return answer.status_code, answer.content.decode()


def test_every_link_leads_to_a_page(trattoria: House) -> None:
    for each in trattoria.api.get("bookings/list").json()["data"]:
        path = each["link"].partition("/restaurant/999643/")[2]
        status, text = opened(path)
        assert (status, "Trattoria" in text) == (200, True)
    assert "12:00 to 14:30" in opened("booking/home")[1]
    assert opened("welcome", 5)[0] == 404


def test_a_guest_books_what_is_shown(trattoria: House) -> None:
    _, text = opened(f"booking/new?day=2024-11-19&pax=2&service={LUNCH}")
    assert f'value="{LUNCH} 12:30"' in text
    assert "19:00" not in text
    sent = WHO | {"day": "2024-11-19", "pax": "2", "start": f"{LUNCH} 12:30"}
    made = Client().post("/restaurant/999643/booking/new", sent, **AT)
    booking = Booking.objects.get()
    assert made.status_code == 200
    assert booking.reference in made.content.decode()
    assert (booking.state, booking.source) == ("confirmed", "octotable")
    assert times(trattoria) == ["13:30:00", "14:00:00"]
    again = Client().post("/restaurant/999643/booking/new", sent, **AT)
    assert again.status_code == 409
    assert Booking.objects.count() == 1


def test_what_needs_a_yes_is_a_request(trattoria: House) -> None:
    trattoria.api.put(f"services/{LUNCH}", {"confirmation_mode": "WAITING_LIST"})
    sent = WHO | {"day": "2024-11-19", "pax": "2", "start": f"{LUNCH} 12:30"}
    made = Client().post("/restaurant/999643/booking/new", sent, **AT)
    assert "We have your request" in made.content.decode()
    assert Booking.objects.get().state == "pending"


@pytest.mark.parametrize(
    "changes, status",
    [
        ({"start": "x"}, 400),
        ({"start": "5 12:30"}, 404),
        ({"start": f"{LUNCH} 12:31"}, 409),
        ({"phone": "abc"}, 400),
        ({"first_name": ""}, 400),
    ],
)
def test_what_cannot_be_booked_is_said(
    trattoria: House, changes: dict[str, str], status: int
) -> None:
    sent = WHO | {"day": "2024-11-19", "pax": "2", "start": f"{LUNCH} 12:30"} | changes
    answer = Client().post("/restaurant/999643/booking/new", sent, **AT)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert not Booking.objects.exists()
