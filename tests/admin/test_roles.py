"""A role counts where it was given: what one is at one business opens nothing at another."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Business, Membership
from resources.models import Location, Resource
from tests.admin.pages import added, listed, logged_in, shown, typed
from tests.builders import business, location, resource, tables

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(client: Client) -> Business:
    """The user's own business; they also help out at another."""
    mine = business("Mine")
    person = logged_in(client, of=mine, role="owner")
    Membership.objects.create(user=person, business=business("Helped"), role="staff")
    return mine


@pytest.fixture
def helped(mine: Business) -> Business:
    return Business.objects.get(name="Helped")


def resource_form(of: Business, **fields: object) -> dict[str, object]:
    return {
        "business": of.pk, "location": location(of).pk, "section": "", "kind": "table",
        "name": "Table 1", "is_active": "on", "units": 1, "covers_min": 1, "covers_max": 4,
        "display_order": 0, "shape": "square", "plan_rotation": 0, "user": "",
    } | fields  # fmt: skip


def test_staff_of_one_change_nothing_there_that_owners_of_another_may(
    client: Client, mine: Business, helped: Business
) -> None:
    theirs = resource(helped, "Table 1")
    page = client.get(shown(theirs))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client.post(shown(theirs), resource_form(helped, name="X")).status_code == 403
    delete = reverse("admin:resources_resource_delete", args=[theirs.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    theirs.refresh_from_db()
    assert (theirs.name, theirs.deleted_at) == ("Table 1", None)


def test_what_is_done_to_many_leaves_out_where_one_may_not(
    client: Client, mine: Business, helped: Business
) -> None:
    ours, theirs = tables(mine, 1)[0], tables(helped, 1)[0]
    sent = {"action": "deactivate", "_selected_action": [str(ours.pk), str(theirs.pk)]}
    client.post(listed(Resource), sent)
    assert set(Resource.objects.filter(is_active=True)) == {theirs}
    sent["action"] = "delete_selected"
    client.post(listed(Resource), sent | {"post": "yes"})
    assert Resource.objects.filter(deleted_at=None).count() == 2


def test_nothing_is_added_where_one_may_not(
    client: Client, mine: Business, helped: Business
) -> None:
    form = typed(client, added(Resource))
    refused = client.post(added(Resource), form | resource_form(helped))
    assert "Select a valid choice" in refused.content.decode()
    mixed = client.post(added(Resource), form | resource_form(mine, location=location(helped).pk))
    assert "These belong to different businesses." in mixed.content.decode()
    assert not Resource.objects.exists()
    assert client.post(added(Resource), form | resource_form(mine)).status_code == 302
    assert Resource.objects.get().business == mine


def test_a_row_stays_with_its_business(client: Client) -> None:
    logged_in(client, is_superuser=True)
    one, other = business("One"), business("Other")
    place = location(one)
    sent = typed(client, shown(place)) | {"business": other.pk}
    refused = client.post(shown(place), sent)
    assert "These belong to different businesses." in refused.content.decode()
    assert Location.objects.get(pk=place.pk).business == one


def test_the_menu_shows_what_one_may_see(client: Client) -> None:
    logged_in(client, of=business("Mine"), role="staff")
    page = client.get(reverse("admin:index")).content.decode()
    assert reverse("admin:bookings_booking_changelist") in page
    for hidden in ("accounts_user", "accounts_channel", "billing_plan", "billing_deposit"):
        assert reverse(f"admin:{hidden}_changelist") not in page
