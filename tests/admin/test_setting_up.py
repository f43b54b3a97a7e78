"""What a business sets up in the back office: people, keys, hours; and what is not its to say."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.test import Client

from accounts.models import Business, Channel, Membership
from availability.models import Closure, OpeningHours
from billing.models import Deposit
from resources.models import Combination, Requirement
from tests.admin.pages import added, listed, logged_in, shown, stock, typed
from tests.builders import business, location, resource, service, tables, user

pytestmark = pytest.mark.django_db


def save(client: Client, url: str, **changes: Any) -> str:
    page: str = client.post(url, typed(client, url) | changes, follow=True).content.decode()
    return page


@pytest.fixture
def mine(client: Client) -> Business:
    made = business("Mine")
    logged_in(client, of=made, role="owner")
    return made


def test_an_owner_does_not_make_the_business_free(client: Client, mine: Business) -> None:
    other = user()
    save(client, shown(mine), name="Ours", is_dev="on", owner=other.pk, is_active="")
    mine.refresh_from_db()
    assert (mine.name, mine.is_dev, mine.owner, mine.is_active) == ("Ours", False, None, True)


def test_a_colleague_is_added_by_their_address(client: Client, mine: Business) -> None:
    ann = user("ann@example.com", first_name="Ann")
    form = {"business": mine.pk, "role": "staff"}
    stranger = save(client, added(Membership), email="nobody@example.com", **form)
    assert "Nobody logs in with this address." in stranger
    save(client, added(Membership), email="Ann@Example.com", **form)
    made = Membership.objects.get(user=ann)
    assert (made.business, made.role) == (mine, "staff")
    assert "They have a role here" in save(client, added(Membership), email=ann.email, **form)
    save(client, shown(made), role="manager", user=user().pk)
    made.refresh_from_db()
    assert (made.user, made.role) == (ann, "manager")


def test_nobody_joins_another_tenant(client: Client, mine: Business) -> None:
    other = business("Other")
    ann = user("ann@example.com")
    said = save(client, added(Membership), email=ann.email, business=other.pk, role="owner")
    assert "Select a valid choice" in said
    assert not ann.memberships.exists()


def test_a_key_is_for_the_protocol_chosen(client: Client, mine: Business) -> None:
    protocol = Channel.Protocol.values[-1]
    save(client, added(Channel), business=mine.pk, name="Till", protocol=protocol, scopes=["read"])
    made = Channel.objects.get()
    assert (made.protocol, made.scopes, made.business) == (protocol, ["read"], mine)
    save(client, shown(made), protocol="availengine", scopes=["read", "write"])
    made.refresh_from_db()
    assert (made.protocol, made.scopes) == (protocol, ["read", "write"])


def test_hours_are_written_on_the_page_of_the_place(client: Client, mine: Business) -> None:
    place = location(mine)
    rows = {
        "openinghours_set-TOTAL_FORMS": 1, "openinghours_set-0-weekday": 1,
        "openinghours_set-0-opens": "09:00", "openinghours_set-0-closes": "17:00",
    }  # fmt: skip
    save(client, shown(place), **rows)
    made = OpeningHours.objects.get()
    assert (made.location, made.weekday, made.opens, made.resource) == (place, 1, time(9), None)
    sam = resource(mine, "Sam", kind="staff")
    save(client, shown(sam), **rows)
    assert OpeningHours.objects.get(resource=sam).closes == time(17)


def test_staff_read_hours_and_do_not_write_them(client: Client, mine: Business) -> None:
    logged_in(client, of=mine, role="staff")
    place = location(mine)
    OpeningHours.objects.create(location=place, weekday=1, opens=time(9), closes=time(17))
    page = client.get(shown(place)).content.decode()
    assert "Monday" in page
    assert client.post(shown(place), {"openinghours_set-0-weekday": 2}).status_code == 403
    assert OpeningHours.objects.get().weekday == 1


def test_a_closure_is_of_one_thing(client: Client, mine: Business) -> None:
    form = {"first_day": "2030-01-01", "last_day": "2030-01-02"}
    words = "Choose a location or a resource: one of the two."
    assert words in save(client, added(Closure), **form)
    both = {"location": location(mine).pk, "resource": tables(mine, 1)[0].pk}
    assert words in save(client, added(Closure), **form, **both)
    save(client, added(Closure), **form, location=location(mine).pk)
    assert Closure.objects.get().location == location(mine)


def test_only_its_own_resources_are_offered_where_the_business_is_known(client: Client) -> None:
    logged_in(client, is_superuser=True)
    mine, other = business("Mine"), business("Other")
    ours = tables(mine, 1)[0]
    resource(other, "Stranger")
    joined = Combination.objects.create(location=location(mine), name="Both", covers_max=8)
    need = Requirement.objects.create(service=service(mine), kind="table")
    for row in (joined, need):
        page = client.get(shown(row)).content.decode()
        assert ours.name in page
        assert "Stranger" not in page


def test_a_deposit_shows_no_secret(client: Client) -> None:
    logged_in(client, is_superuser=True)
    stock(1)
    Deposit.objects.update(client_secret="whisper", amount_cents=123_450)
    deposit = Deposit.objects.get()
    page = client.get(shown(deposit)).content.decode()
    assert "1234.50 EUR" in page
    assert f"/booking/{deposit.booking_id}/change/" in page
    assert "whisper" not in page + client.get(listed(Deposit)).content.decode()
