"""Guests at the desk: found, described, merged, exported and erased."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Business
from bookings import services
from bookings.models import Booking, Event, Guest
from bookings.wishes import SYSTEM, GuestDetails
from tests.builders import HOUR, NOW, wish
from tests.desk.conftest import Browser, said
from tests.desk.test_book import crowd
from tests.desk.test_booking import NASTY, SEVEN, book, text

ADA = GuestDetails("Ada", "Lovelace", "ada@example.com", "+44 20 7946 0100")
BO = GuestDetails("Bo", "Li", "", "+44 20 7946 0200")


def names(reply: Any) -> list[str]:
    return re.findall(r'class="line-who gs-who"><p><a[^>]*>([^<]*)', reply.content.decode())


def visit(of: Business, who: GuestDetails, days_ago: int, **fields: Any) -> Booking:
    """A visit that is over."""
    then = SEVEN - timedelta(days=days_ago)
    made = services.book(
        wish(of, then), guest=who, by=SYSTEM, source="test", now=then - HOUR, **fields
    )
    services.check_in(made, by=SYSTEM, now=then)
    return services.complete(made, by=SYSTEM, now=then + HOUR)


@pytest.fixture
def ada(bistro: Business) -> Guest:
    """Was here twice, didn't come once, and comes tonight; Bo was here yesterday."""
    visit(bistro, ADA, 30)
    visit(bistro, ADA, 7)
    missed = services.book(
        wish(bistro, SEVEN - timedelta(days=3)), guest=ADA, by=SYSTEM, source="test",
        now=SEVEN - timedelta(days=4),
    )  # fmt: skip
    services.mark_no_show(missed, by=SYSTEM, now=SEVEN - timedelta(days=2))
    book(bistro, SEVEN, guest=ADA, party_size=4)
    visit(bistro, BO, 1)
    return Guest.objects.get(first_name="Ada")


def test_guests_are_found_sorted_and_filtered(host: Browser, ada: Guest) -> None:
    assert names(host.get("guests/")) == ["Bo Li", "Ada Lovelace"]
    assert names(host.get("guests/", sort="visits")) == ["Ada Lovelace", "Bo Li"]
    assert names(host.get("guests/", sort="name")) == ["Bo Li", "Ada Lovelace"]
    for asked in ("ada", "LOVE", "020 7946 0100", "ada@exa", "love ada"):
        assert names(host.get("guests/", q=asked)) == ["Ada Lovelace"]
    assert names(host.get("guests/", q="bo")) == ["Bo Li"]
    services.correct_guest(ada, tags=["VIP"], now=NOW)
    assert names(host.get("guests/", tag="VIP")) == ["Ada Lovelace"]
    assert "VIP 1" in text(host.get("guests/"))
    assert "Nobody found" in text(host.get("guests/", q="zzz"))
    words = text(host.get("guests/"))
    assert "2 visits 1 no-show" in words
    assert "Next 19 Jun, 19:00" in words


def test_a_guest_is_shown_with_all_there_was(host: Browser, ada: Guest) -> None:
    words = text(host.get(f"guests/{ada.pk}/"))
    for part in (
        "Visits 2", "No-shows 1", "Cancelled 0", "Usual party 2.7", "To come Today 19:00",
        "4 guests · Table 1", "Friday, June 12 19:00",
    ):  # fmt: skip
        assert part in words
    assert "Erase" not in words
    assert f"guest={ada.pk}" in host.get(f"guests/{ada.pk}/").content.decode()


def test_what_is_known_of_a_guest_is_changed(host: Browser, ada: Guest) -> None:
    form: Any = {
        "first_name": "Ada", "last_name": "King", "phone": "+44 20 7946 0100",
        "email": "ada@example.com", "tags": "VIP, vip,  Maths ", "notes": "Window",
    }  # fmt: skip
    reply = host.post(f"guests/{ada.pk}/edit/", script=True, **form)
    assert said(reply) == "Saved."
    ada.refresh_from_db()
    assert (str(ada), ada.tags, ada.notes) == ("Ada King", ["VIP", "Maths"], "Window")
    event = Event.objects.latest("id")
    assert (event.kind, event.actor) == ("guest.updated", f"user:{host.user.pk}")
    for wrong, words in (
        ({"email": "x"}, "This isn’t an e-mail address."),
        ({"phone": "+44 20 7946 0200"}, "There is another customer with this phone or e-mail."),
        ({"tags": "x" * 50}, "At most 20 tags"),
        ({"first_name": "", "last_name": "", "phone": "", "email": ""}, "has a name"),
    ):
        refused = host.post(f"guests/{ada.pk}/edit/", script=True, **form | wrong)
        assert (refused.status_code, words in text(refused)) == (422, True), words
    ada.refresh_from_db()
    assert str(ada) == "Ada King"


def test_two_guests_are_merged_after_a_look_at_both(
    host: Browser, bistro: Business, ada: Guest
) -> None:
    twin = Guest.objects.create(business=bistro, first_name="Ada", last_name="Lovelace")
    assert "Ada Lovelace" in text(host.get(f"guests/{ada.pk}/merge/"))
    assert str(twin.pk) in host.get(f"guests/{ada.pk}/merge/").content.decode()
    assert "Bo Li" in text(host.get(f"guests/{ada.pk}/merge/", q="bo"))
    asked = text(host.get(f"guests/{ada.pk}/merge/", other=twin.pk))
    assert "Stays" in asked
    assert Guest.objects.filter(pk=twin.pk).exists()
    reply = host.post(f"guests/{ada.pk}/merge/", script=True, other=twin.pk)
    assert said(reply) == "Now one guest: Ada Lovelace."
    assert not Guest.objects.filter(pk=twin.pk).exists()
    assert "Merged with another guest" in text(host.get(f"guests/{ada.pk}/"))
    assert host.post(f"guests/{ada.pk}/merge/", script=True, other=twin.pk).status_code == 404
    assert host.post(f"guests/{ada.pk}/merge/", script=True, other=ada.pk).status_code == 409


def test_everything_known_of_a_guest_is_exported(manager: Browser, ada: Guest) -> None:
    services.correct_guest(ada, tags=["VIP"], notes="Window", now=NOW)
    reply = manager.get(f"guests/{ada.pk}/export/")
    assert reply.headers["Content-Disposition"] == f'attachment; filename="guest-{ada.pk}.json"'
    told = json.loads(reply.content)
    assert {key: told["guest"][key] for key in ("first_name", "phone", "notes", "tags")} == {
        "first_name": "Ada", "phone": "+44 20 7946 0100", "notes": "Window", "tags": ["VIP"],
    }  # fmt: skip
    assert [(each["state"], each["guests"], each["places"]) for each in told["bookings"]] == [
        ("completed", 2, ["Table 1"]), ("completed", 2, ["Table 1"]), ("no_show", 2, ["Table 1"]),
        ("confirmed", 4, ["Table 1"]),
    ]  # fmt: skip
    assert {each["kind"] for each in told["history"]} >= {
        "booking.created", "booking.completed", "booking.no_show", "guest.updated",
    }  # fmt: skip
    assert set(told) == {
        "guest", "bookings", "deposits", "receipts", "waitlist", "mails", "history", "passed_on",
    }  # fmt: skip


def test_a_guest_is_erased_only_when_it_is_understood(manager: Browser, ada: Guest) -> None:
    asked = text(manager.get(f"guests/{ada.pk}/erase/"))
    assert "4 bookings, without a name" in asked
    assert "One booking is still to come" in asked
    assert manager.post(f"guests/{ada.pk}/erase/", script=True).status_code == 422
    ada.refresh_from_db()
    assert str(ada) == "Ada Lovelace"
    manager.post(f"guests/{ada.pk}/erase/", script=True, understood=1)
    assert names(manager.get("guests/")) == ["Bo Li"]
    assert "Nothing personal is kept" in text(manager.get(f"guests/{ada.pk}/"))
    assert Booking.objects.filter(guest=ada).count() == 4
    assert Event.objects.latest("id").actor == f"user:{manager.user.pk}"


def test_staff_may_not_export_or_erase(host: Browser, ada: Guest) -> None:
    for page in ("export", "erase"):
        assert host.get(f"guests/{ada.pk}/{page}/").status_code == 403
    assert host.post(f"guests/{ada.pk}/erase/", understood=1).status_code == 403
    ada.refresh_from_db()
    assert str(ada) == "Ada Lovelace"


def test_hostile_text_is_text(manager: Browser, ada: Guest) -> None:
    Guest.objects.filter(pk=ada.pk).update(
        first_name=NASTY, last_name=NASTY, notes=NASTY, tags=[NASTY[:40]], phone=NASTY[:40]
    )
    Guest.objects.filter(first_name="Bo").update(first_name=NASTY, last_name=NASTY)
    bo = Guest.objects.exclude(pk=ada.pk).get()
    pages = ["", "edit/", "merge/", f"merge/?other={bo.pk}", f"merge/?q={NASTY}", "erase/"]
    mine = [f"guests/{ada.pk}/{each}" for each in pages]
    for page in ["guests/", f"guests/?q={NASTY}&tag={NASTY}", *mine]:
        for script in (True, False):
            assert b"<script>alert" not in manager.get(page, script=script).content, page


@pytest.mark.parametrize("page", ["guests/", "guests/?q=guest"])
def test_the_list_makes_the_same_queries_however_many_there_are(
    page: str, host: Browser, bistro: Business
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert host.get(page).status_code == 200
        return len(seen)

    crowd(bistro, 3)
    few = queries()
    Booking.objects.all().delete()
    Guest.objects.all().delete()
    crowd(bistro, 120)
    assert queries() == few <= 14
    some = Guest.objects.all()[0]
    Booking.objects.update(guest=some)
    with CaptureQueriesContext(connection) as seen:
        host.get(f"guests/{some.pk}/")
    assert len(seen) <= 16
