"""What a guest holds: one place at a time, theirs to go back to, and free again when it lapses."""

from __future__ import annotations

import pytest

from accounts.models import Business
from billing.models import Plan
from bookings import invariants, links, mailing, relay, services
from bookings.models import Booking, Mail, Session
from bookings.models import Guest as Known
from bookings.wishes import SYSTEM
from tests.builders import EVENING, HOUR, MARIA, MINUTE, NOW, wish
from tests.widget.conftest import DAY, Guest

pytestmark = pytest.mark.django_db
LATER = "20260620T200000Z"


@pytest.fixture
def looking(bistro: Business) -> Guest:
    """A guest who looks at the times of Saturday, for two."""
    return Guest(bistro).get("when/", day=DAY, party=2)


def held() -> list[tuple[str, str]]:
    rows = Booking.objects.order_by("created_at", "starts_at")
    return [(each.state, f"{each.starts_at:%H:%M}") for each in rows]


def fill(of: Business, count: int = 2) -> None:
    for _ in range(count):
        services.book(wish(of), guest=MARIA, by=SYSTEM, source="test", now=NOW)


def test_going_back_holds_one_place_and_not_two(looking: Guest) -> None:
    times = looking.at
    looking.choose()
    looking.get(times)  # as the browser's back does
    assert "We hold <b>Sat 20 Jun, 20:00</b> for you until 13:20." in looking.text
    looking.choose(LATER)
    assert held() == [("cancelled", "19:00"), ("held", "20:00")]
    assert invariants.broken() == []


def test_choosing_the_same_again_is_the_same_hold(looking: Guest) -> None:
    times = looking.at
    looking.choose()
    first = looking.at
    looking.now = NOW + 3 * MINUTE
    looking.get(times).choose()
    assert (looking.at, held()) == (first, [("held", "19:00")])
    assert "Held for you until <b>13:20</b>" in looking.text  # no longer than it was


def test_what_i_hold_is_free_to_me_and_to_nobody_else(bistro: Business, looking: Guest) -> None:
    times = looking.at
    fill(bistro, 1)
    looking.choose()
    assert "20:00" in looking.get(times).times()
    assert "20:00" not in Guest(bistro).get("when/", day=DAY, party=2).times()


def test_loading_anew_shows_the_time_that_is_left(looking: Guest) -> None:
    looking.choose()
    looking.now = NOW + 19 * MINUTE
    looking.get(looking.at)
    assert (looking.step, "<b data-left>1:00</b>" in looking.text) == ("details", True)


def test_a_lapsed_hold_says_so_and_leads_back(looking: Guest) -> None:
    looking.choose()
    form = looking.at
    looking.now = NOW + 20 * MINUTE
    looking.get(form)
    assert (looking.step, looking.title) == ("notice", "The hold has lapsed")
    looking.post(form, first_name="Maria", last_name="Garcia", email="maria@example.com")
    assert (looking.step, looking.title) == (
        "notice",
        "The hold has lapsed",
    )  # nor can it be booked
    looking.get(looking.link("Look again"))
    assert (looking.step, "20:00" in looking.times()) == ("when", True)
    assert "party=2" in looking.at
    assert DAY in looking.at


def test_whoever_was_quicker_has_it(bistro: Business, looking: Guest) -> None:
    fill(bistro)
    looking.choose()
    assert (looking.step, "20:00 has just been taken." in looking.text) == ("when", True)
    nearest = [each for each in ("19:00", "21:00") if f">{each}</button>" in looking.text]
    assert nearest == ["19:00", "21:00"]
    assert "20:00" not in looking.times()
    assert "taken=" in looking.at  # an address, so loading it anew sends nothing twice


def test_what_i_hold_stays_when_another_is_taken(bistro: Business, looking: Guest) -> None:
    times = looking.at
    looking.choose(LATER)
    for _ in range(2):
        services.book(wish(bistro, EVENING - HOUR), guest=None, by=SYSTEM, source="test", now=NOW)
    looking.get(times).choose("20260620T180000Z")
    assert "has just been taken" in looking.text
    assert "We hold <b>Sat 20 Jun, 21:00</b>" in looking.text


def test_a_guest_lets_go(looking: Guest) -> None:
    looking.choose()
    looking.post(looking.action("/release/"))
    assert (looking.step, held()) == ("when", [("cancelled", "19:00")])


def test_booked_is_booked_however_often_it_is_sent(looking: Guest) -> None:
    looking.choose()
    form = looking.at
    looking.say()
    looking.post(form, first_name="Another", last_name="One", email="other@example.com")
    assert (looking.step, looking.title) == ("booked", "You're booked, Maria")
    looking.post(form.replace("?", "release/?"))  # too late for that, here
    assert (looking.step, held()) == ("booked", [("confirmed", "19:00")])


def test_a_class_that_was_called_off_meanwhile(spin: Session) -> None:
    guest = Guest(spin.business).get("when/", day=DAY)
    guest.choose(run=spin.pk)
    services.cancel_session(spin, by=SYSTEM, now=NOW)
    guest.say()
    assert (guest.status, "called off" in guest.text) == (409, True)
    assert 'value="Maria"' in guest.text


def test_what_was_typed_stays_with_what_is_wrong(looking: Guest) -> None:
    looking.choose()
    looking.say(email="maria@", phone="call me", last_name="")
    assert (looking.status, looking.step) == (422, "details")
    assert 'value="maria@"' in looking.text
    assert 'id="error-email">This is no e-mail address.' in looking.text
    assert 'id="error-phone">This is no phone number.' in looking.text
    assert 'id="error-last_name">Please fill this in.' in looking.text
    assert looking.text.count('aria-invalid="true"') == 3


def test_a_business_asks_what_it_needs(bistro: Business) -> None:
    bistro.widget = {"ask": {"last_name": "hidden", "email": "optional", "notes": "hidden"}}
    bistro.save()
    guest = Guest(bistro).get("when/", day=DAY, party=2).choose()
    assert 'name="last_name"' not in guest.text
    guest.post(guest.at, first_name="Maria")
    assert "Give an e-mail address or a phone number." in guest.text
    guest.post(guest.at, first_name="Maria", phone="+44 20 7946 0123", notes="unasked")
    assert guest.step == "booked"
    assert Booking.objects.get().notes == ""


def test_a_strangers_word_changes_nothing_about_the_guest_of_that_phone(
    bistro: Business, looking: Guest
) -> None:
    """Or anybody who knows a phone number would have that guest's mails."""
    services.book(wish(bistro, EVENING + 24 * HOUR), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    looking.choose()
    looking.say(first_name="Eve", last_name="Smith", email="eve@example.com", phone=MARIA.phone)
    assert looking.title == "You're booked, Eve"
    assert "Maria" not in looking.text
    known = Known.objects.get()
    assert (known.first_name, known.email) == ("Maria", "maria@example.com")
    relay.deliver(now=NOW)
    mailing.send_due(now=NOW)
    assert Mail.objects.filter(state="sent").count() == 2
    from django.core import mail

    assert {each.to[0]: f"{each.body}".count("Hello Eve") for each in mail.outbox} == {
        "maria@example.com": 0,
        "eve@example.com": 1,
    }


def test_nobody_sees_what_is_held_at_another_business(
    bistro: Business, spa: Business, looking: Guest
) -> None:
    looking.choose()
    token = links.token(Booking.objects.get())
    other = Guest(spa)
    for path in ("", "release/", "pay/"):
        reply = other.get(f"held/{token}/") if not path else other.post(f"held/{token}/{path}")
        assert (reply.status, "Bistro" in reply.text) == (404, False)
    assert held() == [("held", "19:00")]
    assert other.get("held/nonsense/").status == 404


def test_nothing_is_done_by_looking(looking: Guest) -> None:
    for part in ("hold/", "held/x/release/", "held/x/pay/", "waiting/x/leave/"):
        assert looking.get(part).status == 405
    assert held() == []


def test_a_plan_that_is_used_up_is_not_taken_for_a_race(bistro: Business, looking: Guest) -> None:
    Plan.objects.filter(subscriptions__business=bistro).update(max_bookings=0)
    looking.choose()
    assert (looking.status, looking.title) == (409, "Nothing more can be booked here")
    assert held() == []


def test_what_is_over_is_not_shown_as_booked(looking: Guest) -> None:
    looking.choose()
    looking.say()
    services.mark_no_show(Booking.objects.get(), by=SYSTEM, now=EVENING)
    assert looking.get(looking.at).title == "This booking is over"
