"""Guests: their tags, two who turn out to be one, and whose a booking is when it is rewritten."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from accounts.errors import Invalid, NotFound
from accounts.models import Business
from bookings import services
from bookings.models import Booking, Event, Guest, GuestPassword, WaitlistEntry
from bookings.wishes import SYSTEM, GuestDetails
from tests.builders import EVENING, HOUR, NOW, business, tables, wish
from tests.web import together

ADA = GuestDetails("Ada", "Lovelace", "ada@example.com", "+44 1")
COUNTESS = GuestDetails("Countess", "", "countess@example.com", "+44 2")


@pytest.fixture
def bistro(db: None) -> Business:
    made = business()
    tables(made, 4)
    return made


def booked(of: Business, who: GuestDetails, hours: int = 0) -> Booking:
    return services.book(
        wish(of, EVENING + hours * HOUR), guest=who, by=SYSTEM, source="test", now=NOW
    )


def guest_of(booking: Booking) -> Guest:
    assert booking.guest_id
    return Guest.objects.get(pk=booking.guest_id)


def test_tags_are_kept_once_and_in_order(bistro: Business) -> None:
    ada = guest_of(booked(bistro, ADA))
    tagged = services.correct_guest(ada, tags=[" VIP ", "vip", "", "Wine  lover"], now=NOW)
    assert Guest.objects.get(pk=ada.pk).tags == tagged.tags == ["VIP", "Wine lover"]
    for wrong in (["x" * 41], [str(n) for n in range(21)]):
        with pytest.raises(Invalid):
            services.correct_guest(ada, tags=wrong, now=NOW)
    services.forget_guest(ada, now=NOW)
    assert Guest.objects.get(pk=ada.pk).tags == []


def test_two_guests_become_one_and_what_is_known_of_the_kept_wins(bistro: Business) -> None:
    first, second = booked(bistro, ADA), booked(bistro, COUNTESS)
    keep, other = guest_of(first), guest_of(second)
    services.correct_guest(keep, notes="Nuts", tags=["VIP"], email="", now=NOW)
    services.correct_guest(
        other, notes="Window", tags=["vip", "Press"], details={"x": {"a": 1}}, now=NOW
    )
    services.set_guest_password(other, "a long enough one")
    entry, _ = services.join_waitlist(
        bistro, guest=COUNTESS, preferred_date=EVENING.date(), by=SYSTEM, now=NOW
    )
    merged = services.merge_guests(keep, other, by=SYSTEM, now=NOW)
    known = Guest.objects.get()
    assert (known.pk, str(known), known.phone, known.email, known.email_key) == (
        keep.pk, "Ada Lovelace", "+44 1", "countess@example.com", "countess@example.com",
    )  # fmt: skip
    assert (known.notes, known.tags, known.details) == (
        "Nuts\nWindow", ["VIP", "Press"], {"x": {"a": 1}},
    )  # fmt: skip
    assert merged.pk == keep.pk
    assert {each.guest_id for each in Booking.objects.all()} == {keep.pk}
    assert WaitlistEntry.objects.get(pk=entry.pk).guest_id == keep.pk
    assert not GuestPassword.objects.exists()
    told = Event.objects.filter(kind__startswith="guest.").order_by("-id")[:2]
    assert [(each.kind, each.data) for each in told] == [
        ("guest.updated", {"guest": str(keep.pk), "merged": str(other.pk)}),
        ("guest.deleted", {"guest": str(other.pk), "merged_into": str(keep.pk)}),
    ]


def test_the_number_of_who_is_gone_finds_who_was_kept(bistro: Business) -> None:
    nameless = Guest.objects.create(business=bistro, first_name="Ada")
    other = guest_of(booked(bistro, COUNTESS))
    services.merge_guests(nameless, other, by=SYSTEM, now=NOW)
    assert booked(bistro, COUNTESS, 2).guest_id == nameless.pk
    known = Guest.objects.get()
    assert (known.phone_key, known.email_key) == ("+442", "countess@example.com")


def test_nobody_is_merged_with_themselves_or_with_another_business_s(bistro: Business) -> None:
    ada = guest_of(booked(bistro, ADA))
    there = business("Annexe")
    tables(there, 1)
    stranger = guest_of(booked(there, COUNTESS))
    with pytest.raises(Invalid):
        services.merge_guests(ada, ada, by=SYSTEM, now=NOW)
    for pair in ((ada, stranger), (stranger, ada)):
        with pytest.raises(NotFound):
            services.merge_guests(*pair, by=SYSTEM, now=NOW)
    assert Guest.objects.count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_merging_each_way_at_once_leaves_one_guest_with_all_bookings() -> None:
    made = business()
    tables(made, 12)
    for turn in range(4):
        one, two = booked(made, ADA, turn), booked(made, COUNTESS, turn)
        ada, countess = guest_of(one), guest_of(two)
        calls: list[Any] = [
            lambda a=ada, b=countess: services.merge_guests(a, b, by=SYSTEM, now=NOW),
            lambda a=ada, b=countess: services.merge_guests(b, a, by=SYSTEM, now=NOW),
            lambda n=turn: booked(made, COUNTESS, n),
            lambda b=two: services.amend(b, notes="x", by=SYSTEM, now=NOW),
        ]
        outcomes: list[Any] = together(calls)
        refused = [each for each in outcomes[:2] if isinstance(each, BaseException)]
        assert [type(each) for each in refused] == [NotFound]
        assert not any(isinstance(each, BaseException) for each in outcomes[2:]), outcomes
    assert Booking.objects.filter(guest=None).count() == 0
    assert Booking.objects.count() == 12
    assert threading.active_count() < 20
    connections.close_all()


# --- a booking rewritten -------------------------------------------------------------------------


def test_a_booking_is_rewritten_whole_or_not_at_all(bistro: Business) -> None:
    made = booked(bistro, ADA)
    better = GuestDetails("Ada", "King", "ada@example.com", "+44 1")
    done = services.rewrite(made, party_size=3, guest=better, notes="Quiet", by=SYSTEM, now=NOW)
    assert (done.party_size, str(done.guest), done.notes) == (3, "Ada King", "Quiet")
    assert Guest.objects.count() == 1
    with pytest.raises(Exception, match="available"):
        services.rewrite(made, party_size=99, guest=COUNTESS, notes="x", by=SYSTEM, now=NOW)
    made.refresh_from_db()
    assert (made.party_size, str(made.guest), made.notes) == (3, "Ada King", "Quiet")


def test_who_had_no_number_is_given_one_or_turns_out_to_be_known(bistro: Business) -> None:
    known = booked(bistro, COUNTESS)
    made = booked(bistro, GuestDetails("Ada"))
    done = services.rewrite(made, guest=ADA, by=SYSTEM, now=NOW)
    assert (done.guest_id, guest_of(done).phone) == (made.guest_id, "+44 1")
    other = booked(bistro, GuestDetails("Somebody"))
    assert services.rewrite(other, guest=COUNTESS, by=SYSTEM, now=NOW).guest_id == known.guest_id
    # Another number is another guest.
    assert services.rewrite(done, guest=COUNTESS, by=SYSTEM, now=NOW).guest_id == known.guest_id
    assert guest_of(made).phone == "+44 1"
