"""Customers and the waitlist over the wire (T53)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Idempotency
from bookings import services
from bookings.models import (
    Booking,
    Event,
    Guest,
    WaitlistEntry,
    WebhookDelivery,
    WebhookEndpoint,
)
from bookings.wishes import SYSTEM, GuestDetails
from tests.api.availengine.conftest import Caller, Contract, example
from tests.api.availengine.words import NOT_FOUND, invalid, person, refused, stranger
from tests.builders import MARIA, NOW, business, key, service, wish

CUSTOMERS = "/v1/manage/customers"
WAITLIST = "/v1/manage/waitlist"
JOHN = {
    "first_name": "John",
    "last_name": "O'Neill",
    "email": "john@example.org",
    "phone": "+44 20 7946 0000",
}


def shown(guest: Guest, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(guest.pk),
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "email": guest.email,
        "phone": guest.phone,
        "notes": guest.notes,
        "created_at": f"{guest.created_at:%Y-%m-%dT%H:%M:%SZ}",
    } | changes


def maria() -> Guest:
    """Of the fixture's two bookings."""
    return Guest.objects.get(first_name="Maria")


def anybody(contract: Contract) -> Caller:
    return contract.caller("")


# --- customers -----------------------------------------------------------------------------------


def test_a_customer_is_added_once_however_the_phone_is_written(contract: Contract) -> None:
    response = contract.api.post(CUSTOMERS, JOHN | {"notes": "Allergic to nuts"})
    john = Guest.objects.get(first_name="John")
    expected = shown(john, **JOHN, notes="Allergic to nuts")
    assert (response.status_code, response.json()) == (201, expected)
    again = {"first_name": "Jack", "last_name": "O'Neill", "phone": "+44 (20) 7946-0000"}
    response = contract.api.post(CUSTOMERS, again)
    assert (response.status_code, response.json()) == (200, expected | again)
    assert contract.api.get(f"{CUSTOMERS}/{john.pk}").json() == expected | again


def test_customers_are_listed_by_name_and_found_by_words(contract: Contract) -> None:
    for each in (JOHN, {"first_name": "Anna", "last_name": "Garcia", "email": "anna@example.com"}):
        contract.api.post(CUSTOMERS, each)
    anna, john = (Guest.objects.get(first_name=name) for name in ("Anna", "John"))
    whole = contract.api.get(CUSTOMERS)
    assert (whole.status_code, whole.json()) == (
        200,
        {
            "items": [shown(anna), shown(maria()), shown(john)],
            "next_cursor": None,
            "has_more": False,
        },
    )
    for text, found in {
        "garcia": [anna, maria()],
        "maria garcia": [maria()],
        "EXAMPLE.COM": [anna, maria()],
        "7946 0000": [john],
        "o'n": [john],
        "%": [],
        "": [anna, maria(), john],
    }.items():
        listed = contract.api.get(CUSTOMERS, q=text).json()["items"]
        assert [each["id"] for each in listed] == [str(each.pk) for each in found], text


@pytest.mark.parametrize("count", [1, 30])
def test_a_list_takes_as_many_queries_whatever_is_in_it(
    contract: Contract, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        Guest.objects.create(business=contract.business, first_name="A", phone_key=str(number))
    with django_assert_num_queries(2):  # who asks, and the list
        assert len(contract.api.get(CUSTOMERS).json()["items"]) == count + 1


def test_a_customer_is_corrected(contract: Contract) -> None:
    guest = maria()
    change = {"last_name": "Lopez", "email": "lopez@example.com", "phone": "+43 1 5555555"}
    response = contract.api.patch(f"{CUSTOMERS}/{guest.pk}", change)
    assert (response.status_code, response.json()) == (200, shown(guest, **change))
    services.book(
        wish(contract.business),
        guest=GuestDetails("Maria", "Lopez", phone="+4315555555"),
        by=SYSTEM,
        source="test",
        now=NOW,
    )
    assert maria().pk == guest.pk


def test_a_phone_is_of_one_customer(contract: Contract) -> None:
    contract.api.post(CUSTOMERS, JOHN)
    response = contract.api.patch(f"{CUSTOMERS}/{maria().pk}", {"phone": "+442079460000"})
    assert (response.status_code, response.json()) == (
        409,
        refused("conflict", "There is another customer with this phone or e-mail."),
    )


@pytest.mark.parametrize(
    ("method", "body", "wrong"),
    [
        ("POST", {"first_name": "John"}, {"phone": "Give a phone number or an e-mail address."}),
        ("POST", JOHN | {"phone": "123456"},
         {"phone": "Ensure this field has at least 7 characters."}),
        ("POST", JOHN | {"email": "john"}, {"email": "Enter a valid email address."}),
        ("POST", JOHN | {"notes": "x" * 1001},
         {"notes": "Ensure this field has no more than 1000 characters."}),
        ("PATCH", {"last_name": "x" * 101},
         {"last_name": "Ensure this field has no more than 100 characters."}),
        ("PATCH", dict.fromkeys(JOHN, ""),
         {"first_name": "A customer has a name, a phone or an e-mail."}),
    ],
)  # fmt: skip
def test_a_customer_that_is_not_valid(
    contract: Contract, method: str, body: dict[str, Any], wrong: dict[str, str]
) -> None:
    path = CUSTOMERS if method == "POST" else f"{CUSTOMERS}/{maria().pk}"
    response = contract.api.send(method, path, body)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))


def test_deleting_a_customer_leaves_nothing_personal(contract: Contract) -> None:
    guest = maria()
    booking = Booking.objects.filter(guest=guest).first()
    assert booking
    services.amend(booking, notes="Maria is allergic to nuts", by=SYSTEM, now=NOW)
    contract.api.patch(f"{CUSTOMERS}/{guest.pk}", {"notes": "Regular"})
    services.join_waitlist(
        contract.business, guest=MARIA, preferred_date=NOW.date(), by=SYSTEM, now=NOW
    )
    endpoint = WebhookEndpoint.objects.create(
        business=contract.business, url="https://example.com", secret="whsec_1", events=[]
    )
    told = WebhookDelivery.objects.create(
        endpoint=endpoint,
        event=Event.objects.filter(booking=booking)[0],
        body='{"customer": "Maria"}',
        state=WebhookDelivery.State.DELIVERED,
    )
    path = f"{CUSTOMERS}/{guest.pk}"
    assert contract.api.delete(path).status_code == 204
    for response in (contract.api.get(path), contract.api.delete(path)):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert contract.api.get(CUSTOMERS).json()["items"] == []
    assert contract.api.get(WAITLIST).json()["items"] == []
    kept = contract.api.get(f"/v1/manage/bookings/{booking.pk}").json()["booking"]
    blank = dict.fromkeys(("first_name", "last_name", "email", "phone"), "")
    assert kept["customer"] == {"id": str(guest.pk)} | blank
    assert (kept["status"], kept["customer_notes"]) == ("confirmed", "")
    told.refresh_from_db()
    guest.refresh_from_db()
    assert (told.body, guest.notes, guest.phone_key, guest.email_key) == ("", "", "", "")
    again = contract.api.post(CUSTOMERS, {"first_name": "Maria", "phone": MARIA.phone})
    assert (again.status_code, again.json()["id"] == str(guest.pk)) == (201, False)


def test_a_customer_who_never_booked_is_deleted(contract: Contract) -> None:
    made = contract.api.post(CUSTOMERS, JOHN).json()
    assert contract.api.delete(f"{CUSTOMERS}/{made['id']}").status_code == 204
    assert not Guest.objects.filter(pk=made["id"]).exists()


# --- waitlist ------------------------------------------------------------------------------------


def join(contract: Contract, by: Caller | None = None, **changes: Any) -> Any:
    body = example("waitlist_request") | changes
    return (by or anybody(contract)).post(f"/v1/waitlist/{contract.business.pk}", body)


def test_t53_the_position_grows(contract: Contract) -> None:
    for position in (1, 2, 3):
        response = join(contract)
        newest = WaitlistEntry.objects.order_by("created_at", "id")
        assert response.status_code == 201
        assert response.json().keys() == {"waitlist_id", "position"}
        assert response.json()["position"] == position
        assert newest.filter(pk=response.json()["waitlist_id"]).exists()
    assert join(contract, preferred_date="2026-06-28").json()["position"] == 1  # another day


def test_the_waitlist_is_read_and_cleared_by_staff(contract: Contract) -> None:
    massage = service(contract.business)
    late = join(contract, preferred_date="2026-06-28").json()["waitlist_id"]
    first = join(contract, service_id=str(massage.pk), capacity=3, notes="Any time").json()
    staff = person(contract, "staff")
    response = staff.get(WAITLIST)
    jane = Guest.objects.get(first_name="Jane")
    entry = {
        "id": first["waitlist_id"],
        "customer": example("waitlist_request")["customer"] | {"id": str(jane.pk)},
        "preferred_date": "2026-06-27",
        "service_id": str(massage.pk),
        "capacity": 3,
        "notes": "Any time",
        "created_at": "2026-06-19T12:00:00Z",
    }
    assert (response.status_code, response.json()) == (
        200,
        {
            "items": [
                entry,
                entry
                | {
                    "id": late,
                    "preferred_date": "2026-06-28",
                    "service_id": None,
                    "capacity": 1,
                    "notes": "",
                },
            ],
            "next_cursor": None,
            "has_more": False,
        },
    )
    path = f"{WAITLIST}/{first['waitlist_id']}"
    assert staff.delete(path).status_code == 204
    assert [each["id"] for each in staff.get(WAITLIST).json()["items"]] == [late]
    response = staff.delete(path)
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_a_stranger_with_a_known_phone_changes_nothing_about_its_owner(
    contract: Contract,
) -> None:
    stranger_says = {
        "first_name": "Mallory",
        "last_name": "M",
        "email": "mallory@example.com",
        "phone": MARIA.phone,
    }
    assert join(contract, customer=stranger_says).status_code == 201
    guest = maria()
    assert (guest.last_name, guest.email) == ("Garcia", "maria@example.com")
    assert WaitlistEntry.objects.get().guest == guest
    response = join(contract, contract.api, customer=stranger_says)  # the business's own program
    assert response.json()["position"] == 2
    guest.refresh_from_db()
    assert (guest.first_name, guest.email) == ("Mallory", "mallory@example.com")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"customer": None}, {"customer": "This field may not be null."}),
        ({"customer": {"first_name": "Jane"}},
         {"customer.last_name": "This field is required.",
          "customer.email": "This field is required.",
          "customer.phone": "This field is required."}),
        ({"preferred_date": "tomorrow"}, {"preferred_date": "A date is YYYY-MM-DD."}),
        ({"preferred_date": "2026-06-18"}, {"preferred_date": "This date is in the past."}),
        ({"capacity": 0}, {"capacity": "Ensure this value is greater than or equal to 1."}),
        ({"notes": "x" * 1001}, {"notes": "Ensure this field has no more than 1000 characters."}),
        ({"service_id": "massage"}, {"service_id": "Must be a valid UUID."}),
    ],
)  # fmt: skip
def test_an_entry_that_is_not_valid(
    contract: Contract, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = join(contract, **changes)
    assert (response.status_code, response.json()) == (422, invalid(**wrong))
    assert not WaitlistEntry.objects.exists()


def test_who_may_join_and_where(contract: Contract) -> None:
    theirs = service(business("Third"))
    for response in (
        join(contract, stranger(contract)),
        join(contract, service_id=str(theirs.pk)),
        anybody(contract).post("/v1/waitlist/nowhere", example("waitlist_request")),
    ):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    response = join(contract, contract.caller(key(contract.business, "read")))
    assert (response.status_code, response.json()) == (
        403,
        refused("missing_scope", "This key lacks the scope “write”."),
    )
    assert join(contract, contract.caller("avail_live_wrong")).status_code == 401
    slashed = anybody(contract).post(
        f"/v1/waitlist/{contract.business.pk}/", example("waitlist_request")
    )
    assert slashed.status_code == 201


def test_a_retry_with_a_key_queues_once(contract: Contract) -> None:
    path = f"/v1/waitlist/{contract.business.pk}"
    sent = {"Idempotency-Key": "one"}
    first = contract.api.post(path, example("waitlist_request"), **sent)
    again = contract.api.post(path, example("waitlist_request"), **sent)
    assert (again.status_code, again.json()) == (201, first.json())
    assert WaitlistEntry.objects.count() == 1


def test_what_was_answered_about_somebody_goes_with_them(contract: Contract) -> None:
    sent = {"Idempotency-Key": "one"}
    made = contract.api.post(CUSTOMERS, JOHN, **sent).json()
    assert contract.create(**JOHN, headers=sent).status_code == 201
    jane = JOHN | {"first_name": "Jane", "email": "jane@example.org", "phone": "+1 555 000 1111"}
    other = contract.api.post(CUSTOMERS, jane, **{"Idempotency-Key": "two"}).json()
    assert contract.api.delete(f"{CUSTOMERS}/{made['id']}").status_code == 204
    kept = {each.key: each.body for each in Idempotency.objects.all() if each.body}
    assert list(kept) == ["two"]
    again = contract.api.post(CUSTOMERS, JOHN, **sent)
    said = "This was done. What was answered then has been erased."
    assert (again.status_code, again.json()) == (409, refused("conflict", said))
    again = contract.api.post(CUSTOMERS, jane, **{"Idempotency-Key": "two"})
    assert (again.status_code, again.json()) == (201, other)
    assert not Guest.objects.filter(first_name="John").exists()


# --- who may -------------------------------------------------------------------------------------


def test_another_business_sees_and_changes_nothing(contract: Contract) -> None:
    entry = join(contract).json()["waitlist_id"]
    path, other = f"{CUSTOMERS}/{maria().pk}", stranger(contract)
    for response in (
        other.get(path),
        other.patch(path, {"first_name": "Mine"}),
        other.delete(path),
        other.delete(f"{WAITLIST}/{entry}"),
    ):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    for path in (CUSTOMERS, WAITLIST):
        assert other.get(path).json()["items"] == []


def test_staff_see_customers_and_managers_change_them(contract: Contract) -> None:
    path = f"{CUSTOMERS}/{maria().pk}"
    staff, manager = person(contract, "staff"), person(contract, "manager")
    assert staff.get(path).status_code == staff.get(CUSTOMERS).status_code == 200
    for response in (
        staff.post(CUSTOMERS, JOHN),
        staff.patch(path, {"notes": "Regular"}),
        staff.delete(path),
    ):
        assert (response.status_code, response.json()) == (
            403,
            refused("insufficient_permissions", "This needs the role “manager”."),
        )
    assert manager.post(CUSTOMERS, JOHN).status_code == 201
    assert manager.patch(path, {"notes": "Regular"}).status_code == 200
    assert manager.delete(path).status_code == 204
