"""The booking server, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.forms import model_to_dict

from accounts import services as accounts
from accounts.errors import DomainError
from accounts.models import Channel
from billing.models import Account, Subscription
from bookings import relay, services
from bookings.api.google import dialect, tags
from bookings.models import Booking, Guest, Session
from bookings.wishes import SYSTEM, GuestDetails
from tests.api.google.conftest import (
    NOW,
    Google,
    at,
    cause,
    credentials,
    example,
    seconds,
    session_at,
    tomorrow,
)
from tests.builders import HOUR, MINUTE, key, resource

pytestmark = pytest.mark.django_db

MASSAGE = "4500"
DINNER = {"duration_sec": "1800"}


def booked(of: Google, *args: Any, **changes: Any) -> str:
    """The id of a booking that has to succeed."""
    answer = of.create(*args, **changes).json()
    assert "booking" in answer, answer
    return str(answer["booking"]["booking_id"])


def dinner(of: Google, party_size: int, hour: int = 19, **fields: Any) -> dict[str, Any]:
    return of.slot_time(at(hour), resource_ids={"party_size": party_size}, **DINNER, **fields)


# --- C01: health and credentials ------------------------------------------------------------------


@pytest.mark.parametrize("path", ["HealthCheck", "HealthCheck/", "healthcheck", "healthcheck/"])
def test_health_is_told_in_every_form_of_the_path(salon: Google, path: str) -> None:
    answer = salon.ask(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "SERVING"})


def test_health_may_be_asked_for_without_its_words(salon: Google) -> None:
    asked: dict[str, Any] = {"HTTP_AUTHORIZATION": credentials(salon.key)}
    answer = salon.client.head("/google/v3/HealthCheck/", **asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert salon.client.head("/google/v3/CreateBooking/", **asked).status_code == 405


def test_without_credentials_nothing_is_told(salon: Google) -> None:
    for wrong in ("", "Basic", "Basic !!!", "Bearer x", "Basic d3Jvbmc6d3Jvbmc="):
        answer = salon.ask("HealthCheck", HTTP_AUTHORIZATION=wrong)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic realm=")
        assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_the_key_of_another_protocol_opens_nothing(salon: Google) -> None:
    salon.key = key(salon.business)
    assert salon.ask("HealthCheck").status_code == 401


def test_two_credentials_are_good_while_they_are_changed(salon: Google) -> None:
    first = salon.key
    how: dict[str, Any] = {
        "name": "Google", "protocol": Channel.Protocol.GOOGLE, "scopes": ["read", "write"],
    }  # fmt: skip
    _, second = accounts.rotate_key(salon.business, **how)
    made = {}
    for each in (first, second):
        salon.key = each
        made[each] = salon.create().json()
    assert made[first] == made[second]  # one token, whichever credentials it comes with
    _, third = accounts.rotate_key(salon.business, **how)
    good = []
    for each in (first, second, third):
        salon.key = each
        good.append(salon.ask("HealthCheck").status_code)
    assert good == [401, 200, 200]


def test_who_hasnt_paid_is_refused(salon: Google) -> None:
    Subscription.objects.filter(business=salon.business).update(status="past_due")
    answer = salon.ask("HealthCheck")
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


# --- C02 to C04: availability ---------------------------------------------------------------------


def test_a_slot_that_was_clicked(salon: Google) -> None:
    values = salon.values()
    answer = salon.ask("BatchAvailabilityLookup", example("lookup_click_request", **values))
    assert answer.status_code == 200
    assert answer.json() == example("lookup_click_reply", **values)


def test_a_page_of_slots_is_answered_one_by_one_in_order(salon: Google) -> None:
    booked(salon)  # Ana from nine to a quarter past ten
    ana, bruno = str(salon.staff().pk), str(salon.staff("Bruno").pk)
    times = [
        salon.slot_time(start, duration_sec=MASSAGE, resource_ids={"staff_id": who})
        for start in (at(9), at(9, 15), at(10, 15), at(8, 45), at(9, 5))
        for who in (ana, bruno)
    ]
    body = {"merchant_id": str(salon.place.pk), "slot_time": times}
    answer = salon.ask("BatchAvailabilityLookup", body).json()["slot_time_availability"]
    mode = {"confirmation_mode": "CONFIRMATION_MODE_SYNCHRONOUS"}
    assert [each["slot_time"] for each in answer] == [each | mode for each in times]
    assert [each["available"] for each in answer] == [
        False, True, False, True, True, True, False, False, False, False,
    ]  # fmt: skip


def test_what_isnt_said_is_open(salon: Google) -> None:
    stranger = str(resource(salon.business, "Carla", kind="staff").pk)
    assert salon.lookup(
        salon.slot_time(),
        salon.slot_time(duration_sec="3600"),
        salon.slot_time(resource_ids={"staff_id": stranger}),
        salon.slot_time(resource_ids={"staff_id": "nobody"}),
        salon.slot_time(resource_ids={"room_id": str(salon.staff("Lotus").pk)}),
        salon.slot_time(service_id="unknown"),
        salon.slot_time(NOW - HOUR),
        salon.slot_time(at(9, day=tomorrow(800))),
    ) == [True, False, False, False, True, False, False, False]
    assert salon.lookup() == []


def test_a_therapist_and_a_room_are_one_wish(salon: Google) -> None:
    ana, lotus, orchid = (str(salon.staff(each).pk) for each in ("Ana", "Lotus", "Orchid"))
    bruno = str(salon.staff("Bruno").pk)
    both = salon.create(resources={"staff_id": ana, "room_id": lotus}, availability_tag=None)
    made = Booking.objects.get(pk=both.json()["booking"]["booking_id"])
    assert sorted(map(str, made.resource_ids)) == sorted([ana, lotus])
    pairs = [(bruno, lotus), (bruno, orchid), (ana, orchid)]
    assert salon.lookup(
        *(salon.slot_time(resource_ids={"staff_id": s, "room_id": r}) for s, r in pairs)
    ) == [False, True, False]
    other = {"staff_id": bruno, "room_id": lotus}
    assert cause(salon.create(token="2", user="2", resources=other)) == "SLOT_UNAVAILABLE"


def test_a_table_is_asked_for_by_the_size_of_the_party(bistro: Google) -> None:
    asked = [dinner(bistro, size) for size in (2, 3, 4, 5)]
    assert bistro.lookup(*asked, bistro.slot_time(at(19))) == [True, True, True, False, False]
    booked(bistro, "create_dining_request", at(19), resources={"party_size": 4})
    assert bistro.lookup(*asked) == [True, False, False, False]


def test_a_merchant_that_never_was_is_an_error_and_a_paused_one_is_not(salon: Google) -> None:
    body = {"merchant_id": "1234", "slot_time": [salon.slot_time()]}
    assert salon.ask("BatchAvailabilityLookup", body).status_code == 400
    place = salon.place
    place.is_active = False
    place.save()
    assert salon.lookup(salon.slot_time()) == [False]


def test_a_service_that_is_paused_has_nothing_free(salon: Google) -> None:
    massage = salon.service
    massage.is_active = False
    massage.save()
    assert salon.lookup(salon.slot_time()) == [False]
    assert cause(salon.create()) == "SLOT_UNAVAILABLE"


def test_nothing_is_held_by_looking(salon: Google) -> None:
    for _ in range(3):
        assert salon.lookup(salon.slot_time()) == [True]
    assert not Booking.objects.exists()


# --- C05 to C13: making bookings ------------------------------------------------------------------


def test_a_booking_is_made_and_said_back(salon: Google) -> None:
    answer = salon.create()
    made = Booking.objects.get()
    assert answer.status_code == 200
    assert answer.json() == example("create_reply", **salon.values(booking=made.pk))
    assert (made.state, made.source, made.starts_at, made.ends_at) == (
        "confirmed", "google", at(9), at(10, 15),
    )  # fmt: skip
    assert made.guest is not None
    assert (made.guest.first_name, made.guest.phone) == ("John", "+12091111111")
    assert salon.staff().pk in made.resource_ids


def test_a_table_is_booked(bistro: Google) -> None:
    answer = bistro.create("create_dining_request", at(19))
    made = Booking.objects.get()
    values = bistro.values(at(19), booking=made.pk)
    assert (answer.status_code, answer.json()) == (200, example("create_dining_reply", **values))
    assert made.party_size == 2


def test_a_request_that_comes_again_is_answered_the_same(salon: Google) -> None:
    first = salon.create()
    assert salon.create().content == first.content
    other = salon.wanted(start=at(12))
    assert salon.ask("CreateBooking", other).content == first.content  # the token is who it is
    booking_id = first.json()["booking"]["booking_id"]
    salon.move(booking_id, start_sec=seconds(at(11)), duration_sec=MASSAGE)
    assert salon.create().content == first.content
    salon.when(NOW - 24 * HOUR).cancel(booking_id)
    assert salon.create().content == first.content
    assert Booking.objects.count() == 1


def test_a_request_that_failed_is_tried_again(salon: Google) -> None:
    booking_id = booked(salon)
    again = {"token": "2", "user": "2"}
    answer = salon.create(**again)
    assert answer.json() == {"booking_failure": {"cause": "SLOT_UNAVAILABLE"}}
    salon.when(NOW - 24 * HOUR).cancel(booking_id)
    assert salon.create(**again).json()["booking"]["status"] == "CONFIRMED"


def test_another_token_is_another_wish(salon: Google) -> None:
    booked(salon)
    assert cause(salon.create(token="2")) == "SLOT_ALREADY_BOOKED_BY_USER"
    bruno = {"staff_id": str(salon.staff("Bruno").pk)}
    assert cause(salon.create(token="3", resources=bruno)) == "SLOT_ALREADY_BOOKED_BY_USER"
    assert booked(salon, token="4", user="2", resources=bruno)


def test_a_class_is_filled_to_its_last_place(gym: Google) -> None:
    spin = {"duration_sec": "2700", "resources": None}
    for number in range(3):
        assert gym.lookup(gym.slot_time()) == [True]
        booked(gym, "create_dining_request", service_id=str(gym.service.pk),
               token=f"t{number}", user=f"u{number}", **spin)  # fmt: skip
    assert gym.lookup(gym.slot_time(), gym.slot_time(at(11)), gym.slot_time(at(10))) == [
        False, True, False,
    ]  # fmt: skip
    full = gym.create("create_dining_request", service_id=str(gym.service.pk),
                      token="t4", user="u4", **spin)  # fmt: skip
    assert cause(full) == "SLOT_UNAVAILABLE"
    assert Booking.objects.count() == 3


def test_a_business_may_decide_for_itself(salon: Google) -> None:
    salon.place.__class__.objects.update(
        details={"google": {"confirmation_mode": "CONFIRMATION_MODE_ASYNCHRONOUS"}}
    )
    mode = salon.ask(
        "BatchAvailabilityLookup",
        {"merchant_id": str(salon.place.pk), "slot_time": [salon.slot_time()]},
    ).json()["slot_time_availability"][0]["slot_time"]["confirmation_mode"]
    assert mode == "CONFIRMATION_MODE_ASYNCHRONOUS"
    accepted, declined, forgotten = (
        booked(salon, start=at(hour), token=str(hour)) for hour in (9, 12, 15)
    )
    assert status(salon, accepted) == "PENDING_MERCHANT_CONFIRMATION"
    assert salon.lookup(salon.slot_time(resource_ids={"staff_id": str(salon.staff().pk)})) == [
        False
    ]  # fmt: skip
    moved = salon.move(accepted, start_sec=seconds(at(18)), duration_sec=MASSAGE)
    assert cause(moved) == "SLOT_UNAVAILABLE"
    services.confirm(Booking.objects.get(pk=accepted), by=SYSTEM, now=NOW)
    services.cancel(Booking.objects.get(pk=declined), by=SYSTEM, now=NOW)
    assert status(salon, accepted) == "CONFIRMED"
    assert status(salon, declined) == "DECLINED_BY_MERCHANT"
    assert status(salon.when(at(15)), forgotten) == "FAILED"
    ana = {"staff_id": str(salon.staff().pk)}
    assert salon.lookup(salon.slot_time(at(12), resource_ids=ana)) == [True]
    # Who asked hears what they heard, whatever the business decided.
    again = salon.create(start=at(9), token="9").json()["booking"]["status"]
    assert again == "PENDING_MERCHANT_CONFIRMATION"


def status(of: Google, booking_id: str) -> str:
    answer = of.ask("GetBookingStatus", {"booking_id": booking_id})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["booking_status"])


def test_what_is_sold_with_a_deposit_is_not_sold_here(salon: Google) -> None:
    Account.objects.create(
        business=salon.business, gateway="sandbox", reference="a",
        details_submitted=True, payouts_enabled=True,
    )  # fmt: skip
    type(salon.business).objects.update(deposit_enabled=True, deposit_amount_cents=500)
    assert salon.lookup(salon.slot_time()) == [False]
    assert cause(salon.create()) == "SLOT_UNAVAILABLE"
    paying = salon.wanted() | {"payment_processing_parameters": {"version": "1"}}
    assert cause(salon.ask("CreateBooking", paying)) == "PAYMENT_ERROR"


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"telephone": "( )"}, "UNSUPPORTED_PHONE_NUMBER"),
        ({"telephone": "+" + "1" * 60}, "UNSUPPORTED_PHONE_NUMBER"),
        ({"given_name": "x" * 200}, "UNSUPPORTED_NAME"),
        ({"given_name": "", "family_name": ""}, "UNSUPPORTED_NAME"),
    ],
)
def test_who_cant_be_written_down_is_told_so(
    salon: Google, change: dict[str, str], expected: str
) -> None:
    body = salon.wanted()
    body["user_information"] |= change
    assert cause(salon.ask("CreateBooking", body)) == expected


def test_offers_are_none_of_ours(salon: Google) -> None:
    body = salon.wanted() | {"offer_id": "half"}
    assert cause(salon.ask("CreateBooking", body)) == "OFFER_UNAVAILABLE"


def test_a_business_may_limit_a_user(salon: Google) -> None:
    business = salon.business
    business.details = {"google": {"bookings_per_user": 2, "no_overlaps": True}}
    business.save()
    bruno = {"staff_id": str(salon.staff("Bruno").pk)}
    booked(salon)
    overlap = salon.create(token="2", start=at(9, 30), resources=bruno)
    assert cause(overlap) == "OVERLAPPING_RESERVATION"
    booked(salon, token="3", start=at(12))
    assert cause(salon.create(token="4", start=at(15))) == "USER_OVER_BOOKING_LIMIT"
    assert booked(salon, token="5", user="2", start=at(15))


def test_who_has_the_number_already_keeps_their_name(
    salon: Google, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    """Guests at Google check out as guests: what they say is for this booking and no account."""
    known = GuestDetails("Johanna", "Smithe", "johanna@example.com", "+1 209 111 1111")
    first = services.welcome_guest(salon.business, known, now=NOW)[0]
    of_her = model_to_dict(first)
    booked(salon)
    made = Booking.objects.select_related("guest").get()
    assert made.guest == first
    assert model_to_dict(made.guest) == of_her
    relay.deliver(now=NOW)
    (mail,) = mailoutbox
    assert mail.to == ["john.smith@gmail.com"]
    assert str(mail.body).startswith("Hello John,")
    booked(salon, token="2", start=at(12))  # nor are they told twice who they are
    assert (Guest.objects.count(), model_to_dict(Guest.objects.get())) == (1, of_her)


def test_what_a_guest_asks_for_is_noted(salon: Google) -> None:
    salon.ask("CreateBooking", salon.wanted() | {"additional_request": "Lavender oil"})
    assert Booking.objects.get().notes == "Lavender oil"


# --- C14 to C19: changing bookings ----------------------------------------------------------------


def test_a_booking_is_cancelled_and_its_time_free(salon: Google) -> None:
    early = salon.when(NOW - 24 * HOUR)
    booking_id = booked(early)
    answer = early.cancel(booking_id)
    expected = example("create_reply", **salon.values(booking=booking_id))
    expected["booking"]["status"] = "CANCELED"
    assert (answer.status_code, answer.json()) == (200, expected)
    assert early.cancel(booking_id).content == answer.content
    assert early.lookup(early.slot_time(resource_ids={"staff_id": str(salon.staff().pk)})) == [True]


def test_what_the_business_cancelled_was_cancelled_already(salon: Google) -> None:
    booking_id = booked(salon)
    services.cancel(Booking.objects.get(), by=SYSTEM, now=NOW)
    assert cause(salon.cancel(booking_id)) == "BOOKING_ALREADY_CANCELLED"
    assert status(salon, booking_id) == "CANCELED"
    moved = salon.move(booking_id, start_sec=seconds(at(12)), duration_sec=MASSAGE)
    assert cause(moved) == "BOOKING_ALREADY_CANCELLED"


def test_the_last_second_of_the_window_is_in_time(salon: Google) -> None:
    limit = at(9) - 24 * HOUR
    salon = salon.when(limit - HOUR)
    first = booked(salon)
    assert cause(salon.when(limit + MINUTE / 60).cancel(first)) == "OUTSIDE_CANCELLATION_WINDOW"
    assert status(salon, first) == "CONFIRMED"
    assert salon.when(limit).cancel(first).json()["booking"]["status"] == "CANCELED"


def test_what_may_no_longer_be_cancelled_may_not_be_moved(salon: Google) -> None:
    """Or whoever is too late would move it first, and cancel it then."""
    limit = at(9) - 24 * HOUR
    booking_id = booked(salon.when(limit - HOUR))
    later = {"start_sec": seconds(at(12)), "duration_sec": MASSAGE}
    late = salon.when(limit + MINUTE / 60)
    assert cause(late.move(booking_id, **later)) == "OUTSIDE_CANCELLATION_WINDOW"
    same = late.move(booking_id, start_sec=seconds(at(9)), duration_sec=MASSAGE)
    assert same.json()["booking"]["status"] == "CONFIRMED"  # nothing changes
    assert Booking.objects.get().starts_at == at(9)
    moved = salon.when(limit).move(booking_id, **later).json()["booking"]
    assert moved["slot"]["start_sec"] == seconds(at(12))


def test_what_has_begun_cant_be_cancelled(salon: Google) -> None:
    type(salon.business).objects.update(cancellation_window_hours=0)
    booking_id = booked(salon)
    assert cause(salon.when(at(9)).cancel(booking_id)) == "OUTSIDE_CANCELLATION_WINDOW"
    made = Booking.objects.get()
    services.mark_no_show(made, by=SYSTEM, now=at(9, 20))
    assert cause(salon.when(at(9, 30)).cancel(booking_id)) == "BOOKING_NOT_CANCELLABLE"
    assert status(salon, booking_id) == "NO_SHOW"


def test_a_booking_is_moved(bistro: Google) -> None:
    booking_id = booked(bistro, "create_dining_request", at(19))
    values = bistro.values(at(19), booking=booking_id, later=seconds(at(20)))
    answer = bistro.ask("UpdateBooking", example("move_request", **values))
    assert (answer.status_code, answer.json()) == (200, example("move_reply", **values))
    again = bistro.ask("UpdateBooking", example("move_request", **values))
    assert again.content == answer.content
    made = Booking.objects.get()
    assert (made.starts_at, made.ends_at) == (at(20), at(20, 30))


def test_a_booking_moves_into_its_own_time(salon: Google) -> None:
    salon = salon.when(NOW - 24 * HOUR)
    booking_id = booked(salon)
    answer = salon.move(booking_id, start_sec=seconds(at(9, 15)), duration_sec=MASSAGE)
    assert answer.json()["booking"]["slot"]["start_sec"] == seconds(at(9, 15))
    assert "availability_tag" not in answer.json()["booking"]["slot"]
    made = Booking.objects.get()
    assert salon.staff().pk in made.resource_ids


def test_a_booking_moves_nowhere_else_than_to_what_is_offered(salon: Google) -> None:
    salon = salon.when(NOW - 24 * HOUR)
    booking_id = booked(salon)
    booked(salon, token="2", user="2", start=at(12))
    for wrong in (
        {"start_sec": seconds(at(12)), "duration_sec": MASSAGE},  # taken
        {"start_sec": seconds(at(12, 5)), "duration_sec": MASSAGE},  # off the grid
        {"start_sec": seconds(at(20)), "duration_sec": MASSAGE},  # until after closing
        {"start_sec": seconds(at(8)), "duration_sec": MASSAGE},
        {"start_sec": seconds(at(15)), "duration_sec": "60"},
        {"start_sec": seconds(NOW - 25 * HOUR), "duration_sec": MASSAGE},
    ):
        assert cause(salon.move(booking_id, **wrong)) == "SLOT_UNAVAILABLE", wrong
    assert Booking.objects.get(pk=booking_id).starts_at == at(9)


def test_a_party_grows(bistro: Google) -> None:
    booking_id = booked(bistro, "create_dining_request", at(19))
    answer = bistro.move(booking_id, resources={"party_size": 4}).json()
    assert answer["booking"]["slot"]["resources"] == {"party_size": 4}
    assert cause(bistro.move(booking_id, resources={"party_size": 5})) == "SLOT_UNAVAILABLE"
    assert Booking.objects.get().party_size == 4


def test_a_place_in_a_class_moves_to_another_run(gym: Google) -> None:
    gym = gym.when(NOW - 24 * HOUR)
    spin: dict[str, Any] = {
        "duration_sec": "2700", "resources": None, "service_id": str(gym.service.pk),
    }  # fmt: skip
    booking_id = booked(gym, "create_dining_request", **spin)
    answer = gym.move(booking_id, start_sec=seconds(at(11)), duration_sec="2700").json()
    assert answer["booking"]["booking_id"] == booking_id
    assert answer["booking"]["slot"]["start_sec"] == seconds(at(11))
    made = Booking.objects.get()
    assert made.session == session_at(gym, 11)
    assert services.room(session_at(gym, 9), now=NOW) == 3
    assert services.room(session_at(gym, 11), now=NOW) == 2
    missing = gym.move(booking_id, start_sec=seconds(at(10)), duration_sec="2700")
    assert cause(missing) == "SLOT_UNAVAILABLE"
    Session.objects.filter(pk=session_at(gym, 9).pk).update(capacity=1)
    booked(gym, "create_dining_request", token="2", user="2", **spin)
    full = gym.move(booking_id, start_sec=seconds(at(9)), duration_sec="2700")
    assert cause(full) == "SLOT_UNAVAILABLE"


def test_a_tag_says_which_of_two_runs_is_meant(gym: Google) -> None:
    other = services.schedule_session(gym.service, starts_at=at(9), capacity=1, by=SYSTEM, now=NOW)
    spin: dict[str, Any] = {
        "duration_sec": "2700", "resources": None, "service_id": str(gym.service.pk),
    }  # fmt: skip
    tag = tags.of_run(other.pk)
    chosen = booked(gym, "create_dining_request", availability_tag=tag, **spin)
    assert Booking.objects.get(pk=chosen).session == other
    # That run is full now; the slot isn't, so an old tag is no reason to refuse it.
    next_ = booked(gym, "create_dining_request", token="2", user="2", availability_tag=tag, **spin)
    assert Booking.objects.get(pk=next_).session != other
    for forged in ("5042328", tag[:-1], f"{other.pk.hex}.x", "."):
        assert tags.run_of(forged) is None
    assert tags.run_of(tag) == other.pk


# --- C20, C21: looking at bookings ----------------------------------------------------------------


def test_a_booking_is_told_of(salon: Google) -> None:
    booking_id = booked(salon)
    answer = salon.ask("GetBookingStatus", {"booking_id": booking_id})
    assert answer.json() == example("status_reply", booking=booking_id)
    for unknown in ("890", str(salon.place.pk)):
        answer = salon.ask("GetBookingStatus", {"booking_id": unknown})
        assert answer.status_code == 404
        assert salon.cancel(unknown).status_code == 400


def test_a_user_has_what_is_ahead(salon: Google) -> None:
    early = salon.when(NOW - 24 * HOUR)
    past, first, gone, second = (
        booked(early, start=at(*when), token=str(number))
        for number, when in enumerate([(9,), (11,), (13,), (15,)])
    )
    booked(early, start=at(17), token="x", user="2")
    early.cancel(gone)
    user = {"user_id": "1111111111111111111"}
    answer = salon.when(at(10)).ask("ListBookings", user).json()
    assert [each["booking_id"] for each in answer["bookings"]] == [first, second]
    assert answer["bookings"][0]["status"] == "CONFIRMED"
    assert answer["bookings"][0]["user_information"]["user_id"] == user["user_id"]
    assert salon.ask("ListBookings", {"user_id": "nobody"}).json() == {"bookings": []}
    assert past


# --- C22 to C24: what is sent ---------------------------------------------------------------------


def test_types_are_taken_as_they_come(salon: Google) -> None:
    body = {
        "idempotencyToken": "1",
        "slot": {
            "merchantId": str(salon.place.pk),
            "serviceId": str(salon.service.pk),
            "startSec": int(seconds(at(9))),
            "durationSec": 4500.0,
            "confirmationMode": 1,
            "availabilityTag": None,
            "resourceIds": {"staffId": str(salon.staff().pk), "partySize": "1"},
            "somethingNew": {"a": [1]},
        },
        "userInformation": {
            "userId": "7", "givenName": "Jo", "familyName": "Do", "email": "j@d.example",
            "address": None, "telephone": "+1 415-736-0000",
        },
        "leaseRef": {"leaseId": "1"},
    }  # fmt: skip
    answer = salon.ask("CreateBooking", body).json()["booking"]
    assert answer == {
        "booking_id": answer["booking_id"],
        "status": "CONFIRMED",
        "slot": {
            "merchant_id": str(salon.place.pk),
            "service_id": str(salon.service.pk),
            "start_sec": seconds(at(9)),
            "duration_sec": "4500",
            "resources": {"staff_id": str(salon.staff().pk), "party_size": 1},
            "confirmation_mode": "CONFIRMATION_MODE_SYNCHRONOUS",
        },
        "user_information": {
            "user_id": "7", "given_name": "Jo", "family_name": "Do", "email": "j@d.example",
            "telephone": "+1 415-736-0000",
        },
    }  # fmt: skip


def test_nonsense_is_answered_in_json(salon: Google) -> None:
    good = salon.wanted()
    slot = good["slot"]
    wrong: Any
    odd: list[Any] = ["x", "9" * 25, "9" * 18, 1.5, []]
    for wrong in (
        b"{", b"", b"[]", b"nul", b'"a"', b"\xff\xfe",
        {k: v for k, v in good.items() if k != "slot"},
        {k: v for k, v in good.items() if k != "idempotency_token"},
        {k: v for k, v in good.items() if k != "user_information"},
        good | {"idempotency_token": ""},
        good | {"idempotency_token": "x" * 300},
        good | {"idempotency_token": "a\0b"},
        good | {"slot": []},
        *(good | {"slot": {k: v for k, v in slot.items() if k != missing}}
          for missing in ("merchant_id", "service_id", "start_sec", "duration_sec")),
        *(good | {"slot": slot | {"start_sec": each}}
          for each in odd),
        *(good | {"slot": slot | {"duration_sec": each}} for each in ("0", "-60", "9" * 17)),
        good | {"slot": slot | {"merchant_id": "1234"}},
        good | {"slot": slot | {"service_id": "1234"}},
    ):  # fmt: skip
        answer = salon.ask("CreateBooking", wrong)
        assert (answer.status_code, set(answer.json())) == (400, {"error"}), wrong
    unknown = salon.ask("ReserveEverything", {})
    assert (unknown.status_code, unknown.json()["error"]["status"]) == (404, "NOT_FOUND")
    assert salon.client.get("/google/elsewhere").json()["error"]["code"] == 404
    assert salon.ask("CreateBooking").status_code == 405
    assert not Booking.objects.exists()


def test_what_is_too_large_is_refused(salon: Google, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = salon.create()
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "The body is too large.",
    )


def test_updates_of_nothing_are_refused(salon: Google) -> None:
    booking_id = booked(salon)
    wrong: dict[str, Any]
    for wrong in (
        {},
        {"booking": {}},
        {"booking": {"booking_id": booking_id}},
        {"booking": {"booking_id": booking_id, "status": "NO_SHOW"}},
        {"booking": {"booking_id": booking_id, "slot": {"duration_sec": "-1"}}},
        {"booking": {"booking_id": booking_id, "slot": {"resources": {"party_size": 99}}}},
    ):
        assert salon.ask("UpdateBooking", wrong).status_code == 400, wrong


def test_a_wish_for_mail_is_remembered(salon: Google) -> None:
    booked(salon)
    said = {
        "user_information": salon.wanted()["user_information"],
        "user_to_receive_marketing": True,
    }
    answer = salon.ask("SetMarketingPreference", said)
    assert (answer.status_code, answer.json()) == (200, said)
    guest = Booking.objects.get().guest
    assert guest is not None
    assert guest.details == {"google": {"marketing": True, "said_at": NOW.isoformat()}}


def test_the_old_question_is_answered_when_it_is_switched_on(salon: Google, settings: Any) -> None:
    asked = {"slot": salon.wanted()["slot"]}
    assert salon.ask("CheckAvailability", asked).status_code == 501
    settings.GOOGLE_CHECK_AVAILABILITY = True
    expected = asked | {
        "count_available": 1,
        "last_online_cancellable_sec": seconds(at(9) - 24 * HOUR),
        "duration_requirement": "MUST_SHOW_DURATION",
    }
    assert salon.ask("CheckAvailability", asked).json() == expected
    booked(salon)
    assert salon.ask("CheckAvailability", asked).json() == expected | {"count_available": 0}


# --- the rest -------------------------------------------------------------------------------------


def test_whoever_was_forgotten_is_in_no_answer(salon: Google) -> None:
    booking_id = booked(salon)
    guest = Booking.objects.get().guest
    assert guest is not None
    services.forget_guest(guest, now=NOW)
    again = salon.create()
    assert again.json()["booking"]["booking_id"] == booking_id
    assert b"Smith" not in again.content
    assert Booking.objects.count() == 1


def every(kind: type[DomainError]) -> set[type[DomainError]]:
    return {kind}.union(*(every(each) for each in kind.__subclasses__()))


def test_every_error_of_the_core_has_an_answer() -> None:
    from bookings.api.google.messages import CAUSE

    for kind in every(DomainError):
        said = next(dialect.ANSWERS[each] for each in kind.__mro__ if each in dialect.ANSWERS)
        if isinstance(said, str):
            assert said in CAUSE.names
        else:
            assert said[0] in (400, 403, 404, 409, 429, 503)
