"""The guest's link in the back office."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from bookings import links
from bookings.models import Booking
from tests.admin.pages import logged_in, shown
from tests.builders import business
from tests.guest.conftest import Visitor, link
from tests.guest.test_pages import text


def renewal(booking: Booking) -> Any:
    return reverse("admin:bookings_booking_renew_link", args=[booking.pk])


def test_staff_see_the_link_and_may_replace_it(
    booked: Booking, visitor: Visitor, client: Client
) -> None:
    logged_in(client, of=booked.business, role="staff")
    old = link(booked)
    assert links.url(booked) in text(client.get(shown(booked)))
    said = text(client.post(renewal(booked), follow=True))
    assert "open nothing from now on" in said
    new = link(booked)
    assert new in said
    assert (visitor.get(old).status_code, visitor.get(new).status_code) == (410, 200)


def test_nobody_replaces_the_link_of_another_business(booked: Booking, client: Client) -> None:
    logged_in(client, of=business("Other"), role="owner")
    assert client.post(renewal(booked)).status_code == 404
    assert client.get(renewal(booked)).status_code in (404, 405)
    booked.refresh_from_db()
    assert booked.link_version == 0


def test_owners_say_whether_and_when_guests_are_written_to(booked: Booking, client: Client) -> None:
    logged_in(client, of=booked.business, role="owner")
    page = text(client.get(shown(booked.business)))
    assert 'name="sends_mail"' in page
    assert 'name="reminder_hours"' in page
