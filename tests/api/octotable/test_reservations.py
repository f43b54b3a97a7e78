"""Groups I to O: reservations, from the request to the check-out."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from billing.gateways import Notice
from billing.gateways.sandbox import Sandbox
from billing.models import Account, Deposit
from bookings import invariants, services
from bookings.models import Booking
from bookings.wishes import SYSTEM
from resources.models import Combination, Resource, Section
from tests.api.octotable.conftest import (
    DINNER,
    LUNCH,
    NOW,
    ROOM,
    TABLE,
    House,
    example,
    key,
    refused,
    reservation,
    said,
)
from tests.api.octotable.test_offered import times

BAD_TIME = (400, "InvalidBookingTimeException")
CONFLICT = (409, "ConflictException")
ABSENT = (404, "ResourceNotFoundException")


@pytest.fixture
def osteria(bare: House) -> House:
    """Fixture I: a service that needs a yes, one room, one table."""
    room = bare.room("main dining room", id_=21343)
    bare.table(room, id_=172245)
    bare.service(
        "Pranzo nuovo",
        id_=30907,
        opens=time(12),
        closes=time(15),
        confirmation_mode="WAITING_LIST",
    )
    return bare


def request(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = example("reservation_request")
    return body | changes


def made(of: House, **changes: Any) -> dict[str, Any]:
    """A reservation at the trattoria."""
    answer = of.api.post("reservations", reservation(**changes))
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()["data"][0]
    return found


def shown(of: House, id_: int) -> dict[str, Any]:
    (found,) = of.api.get(f"reservations/{id_}").json()["data"]
    assert isinstance(found, dict)
    return found


def kept() -> None:
    assert invariants.broken() == []


# --- I: make -------------------------------------------------------------------------------------


def test_i_a_request_waits_for_a_yes(osteria: House) -> None:
    status, body = said(osteria.api.post("reservations", request()))
    (found,) = body["data"]
    (wanted,) = example("reservation")["data"]
    booking = Booking.objects.get()
    assert status == 201
    assert found == wanted | {
        "id": booking.pk.int >> 80,
        "customer": wanted["customer"] | {"id": booking.guest_id.int >> 80},  # type: ignore[union-attr]
        "tables": [wanted["tables"][0] | {"free": False, "online": True}],
        "start_day": "2024-12-12",
        "last_status_change": "2024-11-18T09:00:00",
    }
    assert (booking.source, booking.state, booking.expires_at) == ("octotable", "pending", None)
    kept()


def test_i2_a_service_that_confirms_at_once(trattoria: House) -> None:
    assert made(trattoria)["status"] == "CONFIRMED"
    assert made(trattoria, start_hour="14:00", waiting_list=True)["status"] == "WAITING"
    kept()


def test_i3_an_unknown_channel(osteria: House) -> None:
    answer = osteria.api.post("reservations", request(channel="FOO"))
    assert refused(answer) == (400, "InvalidChannelException")


def test_i4_a_table_is_had_once(osteria: House) -> None:
    assert osteria.api.post("reservations", request()).status_code == 201
    assert refused(osteria.api.post("reservations", request())) == BAD_TIME
    assert refused(osteria.api.post("reservations", request(start_hour="13:00:00"))) == BAD_TIME
    assert osteria.api.post("reservations", request(start_hour="13:30:00")).status_code == 201


@pytest.mark.parametrize(
    "customer, answer",
    [
        ({"first_name": "Adam", "email": "x"}, "BadEmailException"),
        ({"first_name": "Adam", "phone": "abc"}, "BadPhoneException"),
        ({"first_name": "Adam"}, "BadPhoneException"),
        ({"phone": "3332211456"}, "InvalidParameterException"),
        ("Adam", "InvalidParameterException"),
    ],
)
def test_i5_who_comes_must_be_known(trattoria: House, customer: Any, answer: str) -> None:
    said_no = trattoria.api.post("reservations", reservation(customer=customer))
    assert refused(said_no) == (400, answer)
    assert not Booking.objects.exists()


def test_i6_its_time_is_taken_and_given_back(trattoria: House) -> None:
    before = times(trattoria)
    id_ = made(trattoria)["id"]
    assert times(trattoria) == ["13:30:00", "14:00:00"]
    trattoria.api.delete(f"reservations/{id_}")
    assert times(trattoria) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"start_hour": "12:10:00"},  # off the grid
        {"start_hour": "15:00:00"},
        {"start_date": "2024-11-17"},  # gone by
        {"start_date": "2025-06-01"},  # beyond max_advance
        {"pax": 11},
        {"service_id": DINNER},
    ],
)
def test_times_that_cannot_be_had(trattoria: House, changes: dict[str, Any]) -> None:
    assert refused(trattoria.api.post("reservations", reservation(**changes))) == BAD_TIME


def test_staff_may_book_off_the_grid_late_and_far_ahead_but_nothing_twice(
    trattoria: House,
) -> None:
    of = {"channel": "OCTOTABLE_ADMIN"}
    trattoria.api.put(f"services/{LUNCH}", {"advance_min": 60 * 48})
    assert refused(trattoria.api.post("reservations", reservation())) == BAD_TIME
    assert made(trattoria, start_hour="12:10:00", **of)["start_hour"] == "12:10:00"
    assert made(trattoria, start_date="2025-06-01", **of)["status"] == "CONFIRMED"
    again = trattoria.api.post("reservations", reservation(start_hour="12:30:00", **of))
    assert refused(again) == BAD_TIME


def test_a_table_that_is_not_bookable_is_for_staff(trattoria: House) -> None:
    Resource.objects.update(is_online=False)
    wanted = reservation(table_ids=[TABLE])
    assert refused(trattoria.api.post("reservations", wanted)) == BAD_TIME
    assert trattoria.api.post("reservations", wanted | {"channel": "OCTOTABLE_ADMIN"})
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("name", ["service_id", "room_id", "table_ids"])
def test_ids_of_nothing(trattoria: House, name: str) -> None:
    wrong: Any = [1] if name == "table_ids" else 1
    assert refused(trattoria.api.post("reservations", reservation(**{name: wrong}))) == ABSENT


@pytest.mark.parametrize(
    "name", ["start_date", "start_hour", "pax", "channel", "customer", "service_id", "room_id"]
)
def test_what_is_missing_is_named(trattoria: House, name: str) -> None:
    body = reservation()
    del body[name]
    answer = trattoria.api.post("reservations", body)
    assert refused(answer) == (400, "InvalidParameterException")
    assert name in answer.json()["error"]["message"]


def test_best_fit_is_the_smallest_table_then_a_group(trattoria: House) -> None:
    room = Section.objects.get()
    small = trattoria.table(room, "T1", id_=1, most=2)
    joined = Combination.objects.create(
        pk=key(77), location=trattoria.place, name="T1+T8", covers_min=2, covers_max=12
    )
    joined.members.set(Resource.objects.all())
    assert [each["name"] for each in made(trattoria)["tables"]] == ["T1"]
    assert [each["name"] for each in made(trattoria)["tables"]] == ["T8"]
    dinner = made(trattoria, service_id=DINNER, start_hour="20:00", pax=12)
    assert [(each["name"], each["group"]) for each in dinner["tables"]] == [("T1+T8", True)]
    assert Booking.objects.get(party_size=12).allocations.count() == 2
    by_name = made(trattoria, service_id=DINNER, start_hour="22:00", pax=9, table_ids=[77])
    assert [each["id"] for each in by_name["tables"]] == [77]
    assert small.pk
    kept()


def test_several_tables_by_name(trattoria: House) -> None:
    trattoria.table(Section.objects.get(), "T9", id_=9, most=2)
    found = made(trattoria, table_ids=[TABLE, 9], pax=12, channel="OCTOTABLE_ADMIN")
    assert [each["name"] for each in found["tables"]] == ["T8", "T9"]
    twice = trattoria.api.post("reservations", reservation(table_ids=[9, 9], start_hour="14:00"))
    assert refused(twice) == (400, "InvalidParameterException")


def test_a_retry_with_the_same_key_is_one_reservation(trattoria: House) -> None:
    first = trattoria.api.post("reservations", reservation(), idempotency_key="k-1")
    again = trattoria.api.post("reservations", reservation(), idempotency_key="k-1")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert Booking.objects.count() == 1
    other = trattoria.api.post("reservations", reservation(pax=3), idempotency_key="k-1")
    assert refused(other) == CONFLICT


# --- J: look -------------------------------------------------------------------------------------

FIELDS = {
    "id", "pax", "status", "customer", "service", "channel", "room", "end_date",
    "last_status_change", "start_date", "start_hour", "tables", "waiting_list",
}  # fmt: skip


def listed(of: House, **query: Any) -> list[int]:
    answer = of.api.get("reservations", **query)
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()["data"]]


def test_j_by_day_and_status(trattoria: House) -> None:
    gone = made(trattoria)["id"]
    trattoria.api.delete(f"reservations/{gone}")
    stays = made(trattoria)["id"]
    day = {"start_date": "2024-11-19", "end_date": "2024-11-19"}
    answer = trattoria.api.get("reservations", **day, **{"status[]": "CANCELLED"})
    assert [set(each) >= FIELDS for each in answer.json()["data"]] == [True]
    assert answer.json()["data"][0]["status"] == "CANCELLED"
    assert set(listed(trattoria, **day)) == {gone, stays}
    assert listed(trattoria, status="CONFIRMED") == [stays]
    assert set(listed(trattoria, status="CONFIRMED,CANCELLED")) == {gone, stays}
    assert listed(trattoria, start_date="2024-11-20") == []
    assert refused(trattoria.api.get("reservations", status="BOGUS"))[0] == 400


def test_j2_pages(trattoria: House) -> None:
    every = [made(trattoria, start_hour=each)["id"] for each in ("12:00", "13:00", "14:00")]
    first = trattoria.api.get("reservations", limit=2).json()
    assert [each["id"] for each in first["data"]] == every[:2]
    rest = trattoria.api.get("reservations", limit=2, next_cursor=first["next_cursor"]).json()
    assert [each["id"] for each in rest["data"]] == every[2:]
    assert set(rest) == {"data"}
    for wrong in ({"limit": 0}, {"limit": 201}, {"next_cursor": "what"}):
        assert refused(trattoria.api.get("reservations", **wrong))[0] == 400


def test_j3_by_words_service_room_and_hour(trattoria: House) -> None:
    lunch = made(trattoria)["id"]
    eve = {"first_name": "Eve", "last_name": "Adams", "email": "eve@example.com"}
    dinner = made(trattoria, service_id=DINNER, start_hour="20:00", customer=eve)["id"]
    assert listed(trattoria, text_search="3332211456") == [lunch]
    assert listed(trattoria, text_search="333 22-11") == [lunch]
    assert listed(trattoria, text_search="adams") == [dinner]
    assert listed(trattoria, text_search=str(dinner)) == [dinner]
    assert listed(trattoria, **{"service_ids[]": [LUNCH]}) == [lunch]
    assert listed(trattoria, room_ids=f"{ROOM}") == [lunch, dinner]
    assert listed(trattoria, room_ids="1") == []
    assert listed(trattoria, start_hour="19:00:00") == [dinner]


def test_j_a_table_out_of_use_is_listed_when_asked_for(trattoria: House) -> None:
    id_ = made(trattoria)["id"]
    block = services.block(
        Resource.objects.get(),
        starts_at=NOW.replace(day=19, hour=20),
        ends_at=NOW.replace(day=19, hour=22),
        reason="Wobbles",
        by=SYSTEM,
        now=NOW,
    )
    number = block.pk.int >> 80
    assert listed(trattoria) == [id_]
    assert listed(trattoria, status="OUTOFORDER,CONFIRMED") == [id_, number]
    first = trattoria.api.get("reservations", status="OUTOFORDER,CONFIRMED", limit=1).json()
    assert [each["id"] for each in first["data"]] == [id_]
    (found,) = trattoria.api.get(
        "reservations",
        status="OUTOFORDER,CONFIRMED",
        limit=1,
        next_cursor=first["next_cursor"],
        room_ids=ROOM,
    ).json()["data"]
    assert (found["id"], found["status"], found["notes"]) == (number, "OUTOFORDER", "Wobbles")
    assert (found["start_hour"], found["end_date"]) == ("20:00:00", "2024-11-19T22:00:00")
    assert [each["name"] for each in found["tables"]] == ["T8"]
    assert listed(trattoria, status="OUTOFORDER", start_date="2024-11-20") == []


def test_j4_one(trattoria: House) -> None:
    found = made(trattoria, notes="By the window", special_request="Cake")
    assert shown(trattoria, found["id"]) == found
    assert (found["start_day"], found["start_date"]) == ("2024-11-19", "2024-11-19")
    assert (found["notes"], found["special_request"]) == ("By the window", "Cake")
    assert refused(trattoria.api.get("reservations/1")) == ABSENT
    assert trattoria.api.get("reservations/99999999999999999999").status_code == 404


# --- K: yes and no -------------------------------------------------------------------------------


def waiting(of: House) -> int:
    answer = of.api.post("reservations", request())
    id_: int = answer.json()["data"][0]["id"]
    return id_


def bring(of: House, id_: int, status: str) -> Any:
    return of.api.patch(f"reservations/{id_}?status={status}")


def test_k_accepted_then_confirmed(osteria: House) -> None:
    id_ = waiting(osteria)
    (found,) = bring(osteria, id_, "ACCEPTED").json()["data"]
    assert (found["status"], found["expiration_date"]) == ("ACCEPTED", "2024-11-19T09:00:00")
    assert listed(osteria, status="ACCEPTED") == [id_]
    assert listed(osteria, status="WAITING") == []
    (found,) = bring(osteria, id_, "CONFIRMED").json()["data"]
    assert found["status"] == "CONFIRMED"
    assert "expiration_date" not in found
    assert refused(bring(osteria, id_, "BOGUS")) == (400, "InvalidParameterException")
    assert refused(bring(osteria, id_, "ACCEPTED")) == CONFLICT
    kept()


def test_k_confirmed_at_once_or_rejected(osteria: House) -> None:
    id_ = waiting(osteria)
    answer = osteria.api.patch(f"reservations/{id_}", {"status": "CONFIRMED"})
    assert answer.json()["data"][0]["status"] == "CONFIRMED"
    osteria.api.delete(f"reservations/{id_}")
    other = waiting(osteria)
    assert bring(osteria, other, "REJECTED").json()["data"][0]["status"] == "REJECTED"
    assert listed(osteria, status="REJECTED") == [other]
    assert listed(osteria, status="CANCELLED") == [id_]
    for status in ("CONFIRMED", "REJECTED"):
        assert refused(bring(osteria, other, status)) == CONFLICT
    assert refused(osteria.api.delete(f"reservations/{other}")) == CONFLICT
    assert waiting(osteria)  # the table is free again
    kept()


def test_k_who_does_not_answer_in_time_has_lost_the_table(osteria: House) -> None:
    id_ = waiting(osteria)
    bring(osteria, id_, "ACCEPTED")
    later = osteria.at(NOW + timedelta(days=1, minutes=1))
    (found,) = later.get(f"reservations/{id_}").json()["data"]
    assert found["status"] == "EXPIRED"
    assert refused(later.patch(f"reservations/{id_}?status=CONFIRMED")) == CONFLICT
    ids = [each["id"] for each in later.get("reservations", status="EXPIRED").json()["data"]]
    assert ids == [id_]
    services.expire_holds(now=NOW + timedelta(days=2))
    assert listed(osteria, status="EXPIRED") == [id_]
    assert waiting(osteria)
    kept()


# --- L: they are here, and have left ------------------------------------------------------------


def test_l_check_in_and_out(osteria: House) -> None:
    id_ = waiting(osteria)
    noon = datetime(2024, 12, 12, 12, 30, 4, 564000, tzinfo=UTC)
    there = osteria.at(noon)
    (found,) = there.patch(f"reservations/{id_}/checkin").json()["data"]
    assert (found["status"], found["checkin_date"]) == ("WAITING", "2024-12-12T12:30:04.564")
    assert [each["id"] for each in there.get("reservations", arrived="true").json()["data"]] == [
        id_
    ]
    assert listed(osteria, status="WAITING") == [id_]
    assert listed(osteria, status="CONFIRMED") == []
    (again,) = osteria.at(noon + timedelta(minutes=5)).patch(
        f"reservations/{id_}/checkin"
    ).json()["data"]  # fmt: skip
    assert again["checkin_date"] == found["checkin_date"]
    (found,) = there.patch(f"reservations/{id_}/checkin?undo=true").json()["data"]
    assert "checkin_date" not in found
    assert found["status"] == "WAITING"
    later = osteria.at(noon + timedelta(minutes=20))
    (found,) = later.patch(f"reservations/{id_}/checkout").json()["data"]
    assert found["checkin_date"] == found["checkout_date"] == "2024-12-12T12:50:04.564"
    assert found["tables"][0]["free"] is True
    departed = later.get("reservations", departed=1).json()["data"]
    assert [each["id"] for each in departed] == [id_]
    assert refused(later.patch(f"reservations/{id_}/checkin?undo=1")) == CONFLICT
    (found,) = later.patch(f"reservations/{id_}/checkout?undo=1").json()["data"]
    assert "checkout_date" not in found
    assert found["tables"][0]["free"] is False
    kept()


def test_l_who_was_confirmed_stays_so(trattoria: House) -> None:
    id_ = made(trattoria)["id"]
    for path in ("checkin", "checkout"):
        (found,) = trattoria.api.patch(f"reservations/{id_}/{path}").json()["data"]
        assert found["status"] == "CONFIRMED"
        assert listed(trattoria, status="CONFIRMED") == [id_]
        assert listed(trattoria, status="WAITING,ACCEPTED") == []


def test_a_deposit_that_is_due_makes_it_prepay(trattoria: House) -> None:
    of = trattoria.business
    of.deposit_enabled, of.deposit_amount_cents = True, 1000
    of.save()
    Account.objects.create(
        business=of,
        gateway="sandbox",
        reference="acct_1",
        details_submitted=True,
        payouts_enabled=True,
    )
    found = made(trattoria)
    assert (found["status"], found["expiration_date"]) == ("PREPAY", "2024-11-18T09:30:00")
    assert listed(trattoria, status="PREPAY") == [found["id"]]
    assert refused(trattoria.api.patch(f"reservations/{found['id']}?status=CONFIRMED")) == CONFLICT
    assert refused(trattoria.api.patch(f"reservations/{found['id']}/checkin")) == CONFLICT
    deposit = Deposit.objects.get()
    Sandbox().pay(deposit.payment_intent_id, deposit.client_secret)
    services.heed("sandbox", Notice("evt_1", "paid", deposit.payment_intent_id), now=NOW)
    assert shown(trattoria, found["id"])["status"] == "CONFIRMED"
    by_staff = made(trattoria, channel="OCTOTABLE_ADMIN", start_hour="14:00")
    assert by_staff["status"] == "CONFIRMED"
    kept()


def test_l_what_is_over_is_not_come_to(trattoria: House) -> None:
    id_ = made(trattoria)["id"]
    trattoria.api.delete(f"reservations/{id_}")
    for path in ("checkin", "checkout", "checkin?undo=true", "checkout?undo=true"):
        assert refused(trattoria.api.patch(f"reservations/{id_}/{path}")) == CONFLICT
    kept()


def test_l_a_table_given_away_does_not_come_back(trattoria: House) -> None:
    id_ = made(trattoria)["id"]
    trattoria.api.patch(f"reservations/{id_}/checkout")
    made(trattoria)
    assert refused(trattoria.api.patch(f"reservations/{id_}/checkout?undo=true")) == CONFLICT
    assert [
        each["id"] for each in trattoria.api.get("reservations", incoming="true").json()["data"]
    ]
    kept()


# --- M: change -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["start_day", "start_date"])
def test_m_move(trattoria: House, name: str) -> None:
    id_ = made(trattoria)["id"]
    body = {
        name: "2024-11-20",
        "start_hour": "19:00:00",
        "pax": 4,
        "service_id": DINNER,
        "room_id": ROOM,
        "table_ids": [TABLE],
    }
    status, answer = said(trattoria.api.put(f"reservations/{id_}", body))
    (found,) = answer["data"]
    assert (status, found["start_hour"], found["pax"], found["start_day"]) == (
        200, "19:00:00", 4, "2024-11-20",
    )  # fmt: skip
    assert (found["service"]["name"], found["end_date"]) == ("Dinner", "2024-11-20T20:00:00")
    assert len(times(trattoria)) == 5
    kept()


def test_m_what_is_not_sent_stays(trattoria: House) -> None:
    found = made(trattoria, notes="Quiet")
    id_ = found["id"]
    (moved,) = trattoria.api.put(f"reservations/{id_}", {"start_hour": "13:00"}).json()["data"]
    assert moved == found | {"start_hour": "13:00:00", "end_date": "2024-11-19T14:00:00"}
    who = {"id": found["customer"]["id"], "last_name": "Smith"}
    (other,) = trattoria.api.put(
        f"reservations/{id_}", {"customer": who, "notes": "", "special_request": "Cake"}
    ).json()["data"]
    del moved["notes"]
    assert other == moved | {
        "customer": found["customer"] | {"last_name": "Smith"},
        "special_request": "Cake",
    }
    assert refused(trattoria.api.put(f"reservations/{id_}", {"customer": {"id": 5}})) == ABSENT
    kept()


def test_m_no_room_is_taken_from_others(trattoria: House) -> None:
    made(trattoria, start_hour="14:00")
    id_ = made(trattoria)["id"]
    before = shown(trattoria, id_)
    answer = trattoria.api.put(f"reservations/{id_}", {"start_hour": "13:30:00"})
    assert refused(answer) == BAD_TIME
    assert refused(trattoria.api.put(f"reservations/{id_}", {"pax": 11})) == BAD_TIME
    assert shown(trattoria, id_) == before
    assert trattoria.api.put(f"reservations/{id_}", {"start_hour": "13:00"}).status_code == 200


def test_m_what_is_over_stays(trattoria: House) -> None:
    id_ = made(trattoria)["id"]
    trattoria.api.delete(f"reservations/{id_}")
    for body in ({"pax": 3}, {"notes": "x"}):
        assert refused(trattoria.api.put(f"reservations/{id_}", body)) == CONFLICT


# --- N and O -------------------------------------------------------------------------------------


def test_n_cancel(trattoria: House) -> None:
    id_ = made(trattoria)["id"]
    for _ in range(2):  # a retry is a retry
        assert said(trattoria.api.delete(f"reservations/{id_}")) == (200, {"data": [id_]})
    assert shown(trattoria, id_)["status"] == "CANCELLED"
    kept()


def test_what_is_shown_as_cancelled_is_cancelled_again_without_complaint(
    trattoria: House,
) -> None:
    id_ = made(trattoria)["id"]
    booking = Booking.objects.get()
    services.mark_no_show(booking, by=SYSTEM, now=booking.starts_at + timedelta(hours=1))
    assert shown(trattoria, id_)["status"] == "CANCELLED"
    assert said(trattoria.api.delete(f"reservations/{id_}")) == (200, {"data": [id_]})
    booking.refresh_from_db()
    assert booking.state == "no_show"


def test_o_the_google_engine_is_a_switch(trattoria: House) -> None:
    for wanted in (True, False):
        answer = trattoria.api.post("reservations/google", {"enable_google_engine": wanted})
        assert said(answer) == (200, {"status": "ACCEPTED"})
        trattoria.business.refresh_from_db()
        assert trattoria.business.details["octotable"]["google_engine"] is wanted
    assert refused(trattoria.api.post("reservations/google", {}))[0] == 400


def test_a_list_of_any_length_costs_the_same(
    trattoria: House, django_assert_max_num_queries: Any
) -> None:
    for hour in ("12:00", "13:00", "14:00"):
        made(trattoria, start_hour=hour)
    with django_assert_max_num_queries(12):
        trattoria.api.get("reservations")
    for hour in ("19:00", "20:00", "21:00", "22:00"):
        made(trattoria, start_hour=hour, service_id=DINNER)
    with django_assert_max_num_queries(12):
        trattoria.api.get("reservations")
