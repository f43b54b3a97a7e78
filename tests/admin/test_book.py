"""The book changed from the back office: by the services, by the local clock, and with their no."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Business
from availability.models import OpeningHours
from bookings import services
from bookings.models import (
    Allocation,
    Block,
    Booking,
    Event,
    Guest,
    Schedule,
    Session,
    WaitlistEntry,
)
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Requirement, Service
from tests.admin.pages import added, listed, logged_in, shown, typed
from tests.builders import HOUR, MARIA, business, location, resource, service, tables, wish
from tests.races.test_services import SEVEN

DAY = 24 * HOUR

pytestmark = pytest.mark.django_db


def always_open(of: Business) -> None:
    for weekday in range(1, 8):
        OpeningHours.objects.create(
            location=location(of), weekday=weekday, opens=time(), closes=time()
        )


@pytest.fixture
def bistro(client: Client) -> Business:
    """A bistro in Tokyo with a table for two and one for six, and its member of staff."""
    made = business("Bistro", timezone="Asia/Tokyo")
    resource(made, "Small", covers_max=2)
    resource(made, "Large", covers_max=6)
    always_open(made)
    logged_in(client, of=made, role="staff")
    return made


def booked(of: Business, **fields: Any) -> Booking:
    return services.book(wish(of, SEVEN, **fields), guest=MARIA, by=SYSTEM, source="test")


def kinds(booking: Booking) -> list[str]:
    return list(Event.objects.filter(booking=booking).order_by("id").values_list("kind", flat=True))


def clock(instant: datetime) -> tuple[str, str]:
    """What is typed for an instant, in Tokyo."""
    local = instant.astimezone(ZoneInfo("Asia/Tokyo"))
    return f"{local:%Y-%m-%d}", f"{local:%H:%M}"


def save(client: Client, url: str, **changes: Any) -> Any:
    return client.post(url, typed(client, url) | changes, follow=True)


# --- one booking ---------------------------------------------------------------------------------


def test_a_booking_is_moved_by_the_clock_on_the_wall(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    form = typed(client, shown(booking))
    assert (form["starts_0"], form["starts_1"], form["minutes"]) == (*clock(SEVEN), "60")
    day, at = clock(SEVEN + 2 * HOUR)
    said = save(client, shown(booking), starts_0=day, starts_1=at, minutes=90, notes="Window")
    booking.refresh_from_db()
    assert (booking.starts_at, booking.ends_at, booking.notes) == (
        SEVEN + 2 * HOUR, SEVEN + 3.5 * HOUR, "Window",
    )  # fmt: skip
    assert kinds(booking) == ["booking.created", "booking.updated", "booking.updated"]
    assert "was changed successfully" in said.content.decode()


def test_a_larger_party_gets_the_larger_table(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    save(client, shown(booking), party_size=5)
    large = bistro.resources.get(name="Large")
    booking.refresh_from_db()
    assert (booking.party_size, booking.resource_ids) == (5, [large.pk])
    assert [each.resource for each in booking.allocations.all()] == [large]
    page = client.get(shown(booking)).content.decode()
    assert "party of 2 to 5; moved to another place" in page


def test_what_was_not_changed_leaves_no_trace(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    save(client, shown(booking))
    assert kinds(booking) == ["booking.created"]


def test_a_refusal_is_an_error_in_the_form(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    services.book(wish(bistro, SEVEN, party_size=6), guest=None, by=SYSTEM, source="test")
    small = bistro.resources.get(name="Small")
    said = save(client, shown(booking), party_size=5)
    assert "No resource is available at the requested time." in said.content.decode()
    booking.refresh_from_db()
    assert (booking.party_size, booking.resource_ids) == (2, [small.pk])
    assert kinds(booking) == ["booking.created"]
    past = save(client, shown(booking), starts_0="2020-01-01").content.decode()
    assert "This time is in the past." in past
    half = client.post(shown(booking), typed(client, shown(booking)) | {"starts_1": ""})
    assert half.context["adminform"].form.errors == {"starts": ["This field is required."]}


def test_hours_are_kept_unless_said_otherwise(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    OpeningHours.objects.update(opens=time(12), closes=time(15))
    day, _ = clock(SEVEN)
    refused = save(client, shown(booking), starts_0=day, starts_1="16:00").content.decode()
    assert "Outside the opening hours. Choose “Even outside the rules”" in refused
    save(client, shown(booking), starts_0=day, starts_1="16:00", anyway="on")
    booking.refresh_from_db()
    assert booking.starts_at.astimezone(ZoneInfo("Asia/Tokyo")).hour == 16


def test_another_tenants_resource_is_no_choice(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    theirs = tables(business("Other"), 1)[0]
    said = save(client, shown(booking), resource=theirs.pk).content.decode()
    assert "Select a valid choice" in said
    assert kinds(booking) == ["booking.created"]


def test_what_is_over_can_be_read_and_not_changed(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    services.cancel(booking, by=SYSTEM, reason="Flu")
    page = client.get(shown(booking)).content.decode()
    assert "Flu" in page
    assert 'name="_save"' not in page
    assert "/step/" not in page
    assert client.post(shown(booking), {"party_size": 3}).status_code == 403


# --- the list ------------------------------------------------------------------------------------


def test_what_is_to_come_is_shown_soonest_first(client: Client, bistro: Business) -> None:
    late, soon, past = (
        services.book(wish(bistro, SEVEN + n * DAY), guest=MARIA, by=SYSTEM, source="test")
        for n in (2, 1, -1)
    )

    def shows(asked: str = "") -> list[str]:
        now: Any = {"openbook.now": SEVEN}
        reply = client.get(listed(Booking) + asked, **now)
        return [row.reference for row in reply.context["cl"].result_list]

    to_come, everything = [soon, late], [late, soon, past]
    for asked, rows in (
        ("", to_come), ("?p=1", to_come), ("?o=2", to_come), ("?when=today", []),
        ("?when=upcoming", to_come), ("?when=past", [past]), ("?when=", everything),
        ("?q=garcia", everything), ("?state__exact=confirmed", everything),
    ):  # fmt: skip
        assert shows(asked) == [row.reference for row in rows], asked


# --- its steps -----------------------------------------------------------------------------------


def step(booking: Booking, name: str) -> str:
    return reverse("admin:bookings_booking_step", args=[booking.pk, name])


def test_the_steps_of_an_evening(client: Client, bistro: Business) -> None:
    booking = services.hold(wish(bistro, SEVEN), by=SYSTEM, source="test")
    for name in ("confirm", "check-in", "complete"):
        page = client.get(shown(booking)).content.decode()
        assert step(booking, name) in page
        assert client.get(step(booking, name)).status_code == 405  # a link changes nothing
        assert client.post(step(booking, name)).status_code == 302
    assert kinds(booking) == [
        "booking.held", "booking.created", "booking.checked_in", "booking.completed",
    ]  # fmt: skip
    said = client.post(step(booking, "no-show"), follow=True).content.decode()
    assert "A booking that is completed can&#x27;t become no_show." in said
    assert client.post(step(booking, "explode")).status_code == 404


def test_a_no_show_from_its_page(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    client.post(step(booking, "no-show"))
    assert kinds(booking) == ["booking.created", "booking.no_show"]


def test_a_reason_is_asked_for_before_cancelling(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    url = reverse("admin:bookings_booking_cancel", args=[booking.pk])
    asked = client.get(url).content.decode()
    assert booking.reference in asked
    assert kinds(booking) == ["booking.created"]
    said = client.post(url, {"reason": "Flu"}, follow=True).content.decode()
    assert f"{booking.reference} is cancelled." in said
    event = Event.objects.get(booking=booking, kind="booking.cancelled")
    assert event.data["reason"] == "Flu"
    assert not booking.allocations.exists()


def test_many_are_cancelled_for_one_reason(client: Client, bistro: Business) -> None:
    one, two = booked(bistro), booked(bistro, party_size=6)
    sent = {"action": "cancel", "_selected_action": [str(one.pk), str(two.pk)]}
    asked = client.post(listed(Booking), sent).content.decode()
    assert "These 2 bookings will be cancelled" in asked
    assert set(Booking.objects.values_list("state", flat=True)) == {"confirmed"}
    said = client.post(listed(Booking), sent | {"reason": "Flood"}, follow=True).content.decode()
    assert "2 cancelled." in said
    reasons = Event.objects.filter(kind="booking.cancelled").values_list("data__reason", flat=True)
    assert list(reasons) == ["Flood", "Flood"]


def test_nobody_steps_into_another_tenants_book(client: Client, bistro: Business) -> None:
    other = business("Other")
    tables(other, 1)
    theirs = booked(other)
    for url in (step(theirs, "check-in"), step(theirs, "no-show"),
                reverse("admin:bookings_booking_cancel", args=[theirs.pk])):  # fmt: skip
        assert client.post(url, {"reason": "x"}).status_code == 404
    assert client.post(shown(theirs), {"party_size": 3}).status_code == 302  # to the index
    assert kinds(theirs) == ["booking.created"]


# --- adding --------------------------------------------------------------------------------------


def test_a_booking_by_telephone(client: Client, bistro: Business) -> None:
    day, at = clock(SEVEN)
    said = save(
        client, added(Booking), starts_0=day, starts_1=at, minutes=90, party_size=4,
        first_name="Maria", phone="+1 234 567 890", notes="Cake",
    )  # fmt: skip
    booking = Booking.objects.get()
    assert "was added successfully" in said.content.decode()
    assert (booking.state, booking.starts_at, booking.ends_at, booking.party_size) == (
        "confirmed", SEVEN, SEVEN + 1.5 * HOUR, 4,
    )  # fmt: skip
    assert (booking.source, booking.notes, str(booking.guest)) == ("admin", "Cake", "Maria")
    event = Event.objects.get()
    assert (event.kind, event.actor.partition(":")[0]) == ("booking.created", "user")


def test_a_known_guest_is_held_a_table(client: Client, bistro: Business) -> None:
    guest, _ = services.welcome_guest(bistro, MARIA)
    day, at = clock(SEVEN)
    form = {"starts_0": day, "starts_1": at, "guest": guest.pk, "only_hold": "on"}
    save(client, added(Booking), **form)
    booking = Booking.objects.get()
    assert (booking.state, booking.guest, Guest.objects.count()) == ("held", guest, 1)
    both = save(client, added(Booking), **form | {"first_name": "Ann"}).content.decode()
    assert "not both" in both


def test_guests_are_looked_for_where_one_adds(client: Client) -> None:
    one, other = business("One"), business("Other")
    logged_in(client, is_superuser=True)
    mine, _ = services.welcome_guest(one, MARIA)
    services.welcome_guest(other, MARIA)
    page = client.get(f"{added(Booking)}?business={one.pk}").content.decode()
    (asked,) = re.findall(r'data-ajax--url="([^"]+)"', page)
    rest = "&app_label=bookings&model_name=booking&field_name=guest&term=garc"
    found = client.get(asked + rest).json()["results"]
    assert found == [{"id": str(mine.pk), "text": "Maria Garcia"}]
    nonsense = client.get(f"{reverse('admin:autocomplete')}?business=x{rest}").json()["results"]
    assert nonsense == []


def test_a_full_book_is_said_in_the_form(client: Client, bistro: Business) -> None:
    booked(bistro, party_size=6)
    day, at = clock(SEVEN)
    said = save(client, added(Booking), starts_0=day, starts_1=at, party_size=5).content.decode()
    assert "No resource is available at the requested time." in said
    assert Booking.objects.count() == 1
    assert "Say when." in save(client, added(Booking)).content.decode()


def test_which_business_is_asked_where_there_are_several(client: Client) -> None:
    one, other = business("One"), business("Other")
    logged_in(client, is_superuser=True)
    tables(other, 1)
    always_open(other)
    asked = client.get(added(Booking)).content.decode()
    assert f"?business={one.pk}" in asked
    assert f"?business={other.pk}" in asked
    day = f"{SEVEN:%Y-%m-%d}"
    save(client, f"{added(Booking)}?business={other.pk}", starts_0=day, starts_1="19:00")
    assert Booking.objects.get().business == other


def test_nothing_is_added_to_another_tenants_book(client: Client, bistro: Business) -> None:
    other = business("Secret")
    tables(other, 1)
    for model in (Booking, Block, WaitlistEntry):
        url = f"{added(model)}?business={other.pk}"
        assert "Secret" not in client.get(url).content.decode()
        sent = {"starts_0": f"{SEVEN:%Y-%m-%d}", "starts_1": "19:00", "party_size": 2}
        assert client.post(url, sent).status_code == 200  # asked which business, again
    guest, _ = services.welcome_guest(other, MARIA)
    day, at = clock(SEVEN)
    said = save(client, added(Booking), starts_0=day, starts_1=at, guest=guest.pk)
    assert "Select a valid choice" in said.content.decode()
    assert not Booking.objects.exists()


# --- classes -------------------------------------------------------------------------------------


@pytest.fixture
def spin(bistro: Business) -> Service:
    made = service(bistro, "Spin", capacity=3)
    Requirement.objects.create(service=made, kind="staff")
    resource(bistro, "Sam", kind="staff")
    return made


@pytest.fixture
def manager(client: Client, bistro: Business) -> None:
    logged_in(client, of=bistro, role="manager")


@pytest.mark.usefixtures("manager")
def test_a_class_is_put_in_the_book(client: Client, bistro: Business, spin: Service) -> None:
    day, at = clock(SEVEN)
    form = {"service": spin.pk, "starts_0": day, "starts_1": at}
    save(client, added(Session), **form)
    session = Session.objects.get()
    sam = bistro.resources.get(name="Sam")
    assert (session.starts_at, session.capacity, session.resource_ids) == (SEVEN, 3, [sam.pk])
    assert Event.objects.get().kind == "session.scheduled"
    again = save(client, added(Session), **form).content.decode()
    assert "No resource is available at the requested time." in again
    assert Session.objects.count() == 1
    busy = save(client, added(Session), **form | {"resources": [sam.pk]}).content.decode()
    assert "Sam: taken at this time." in busy


def every_day(spin: Service, **changes: Any) -> dict[str, Any]:
    day, at = clock(SEVEN)
    days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    return {"service": spin.pk, "days": days, "at": at, "starts_on": day} | changes


@pytest.mark.usefixtures("manager", "committed")
def test_a_class_comes_again(client: Client, bistro: Business, spin: Service) -> None:
    now: Any = {"openbook.now": SEVEN - 2 * HOUR}
    said = client.post(added(Schedule), typed(client, added(Schedule)) | every_day(spin), **now)
    made = Schedule.objects.get()
    assert (said.status_code, made.rule) == (302, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU")
    first = made.sessions.earliest("starts_at")
    assert (first.starts_at, first.capacity) == (SEVEN, 3)
    form = typed(client, shown(made))
    assert form["rule"] == ""
    count = made.sessions.count()
    booking = services.book_places(first, party_size=1, guest=MARIA, by=SYSTEM, source="test")
    _, later = clock(SEVEN + HOUR)
    moved = client.post(shown(made), form | every_day(spin, at=later), follow=True, **now)
    page = moved.content.decode()
    assert f"{count - 1} without bookings taken out" in page
    assert "move them or call them off" in page
    booking.refresh_from_db()
    assert (booking.state, booking.starts_at) == ("confirmed", SEVEN)
    neither = save(client, shown(made), days=[]).content.decode()
    assert "Choose the days of the week, or write a rule." in neither
    delete = reverse("admin:bookings_schedule_delete", args=[made.pk])
    client.post(delete, {"post": "yes"}, **now)
    assert not Schedule.objects.exists()
    assert list(Session.objects.all()) == [first]


@pytest.mark.usefixtures("manager")
def test_a_rule_that_cannot_be_followed_is_refused(client: Client, spin: Service) -> None:
    form = every_day(spin, days=[], rule="FREQ=SOMETIMES")
    page = client.post(added(Schedule), typed(client, added(Schedule)) | form)
    assert set(page.context["adminform"].form.errors) == {"rule"}
    assert not Schedule.objects.exists()


def test_staff_see_classes_and_do_not_schedule_them(client: Client, spin: Service) -> None:
    session = services.schedule_session(spin, starts_at=SEVEN, by=SYSTEM)
    assert client.get(shown(session)).status_code == 200
    assert client.get(added(Session)).status_code == 403
    url = reverse("admin:bookings_session_call_off", args=[session.pk])
    assert client.post(url).status_code == 404
    client.post(listed(Session), {"action": "cancel", "_selected_action": [str(session.pk)]})
    session.refresh_from_db()
    assert session.state == "scheduled"


def test_places_in_a_class_are_booked_and_changed(client: Client, spin: Service) -> None:
    session = services.schedule_session(spin, starts_at=SEVEN, by=SYSTEM)
    url = f"{added(Booking)}?business={spin.business_id}&session={session.pk}"
    assert typed(client, url)["session"] == str(session.pk)
    save(client, url, party_size=2, first_name="Ann", phone="+1 555 0100")
    booking = Booking.objects.get()
    assert (booking.session, booking.party_size) == (session, 2)
    too_many = save(client, shown(booking), party_size=4).content.decode()
    assert "There are not enough places left in this class." in too_many
    save(client, shown(booking), party_size=3)
    assert "3 of 3" in client.get(listed(Session)).content.decode()
    mixed = save(client, url, starts_0=f"{SEVEN:%Y-%m-%d}", starts_1="19:00").content.decode()
    assert "A class has its own time, place and service." in mixed


@pytest.mark.usefixtures("manager")
def test_a_class_is_called_off_with_its_bookings(client: Client, spin: Service) -> None:
    session = services.schedule_session(spin, starts_at=SEVEN, by=SYSTEM)
    booking = services.book_places(session, party_size=1, guest=MARIA, by=SYSTEM, source="test")
    url = reverse("admin:bookings_session_call_off", args=[session.pk])
    assert booking.reference in client.get(url).content.decode()
    client.post(url)
    booking.refresh_from_db()
    assert (booking.state, Allocation.objects.count()) == ("cancelled", 0)


# --- the rest of the floor -----------------------------------------------------------------------


def test_a_block_is_by_the_clock_on_the_wall(client: Client, bistro: Business) -> None:
    table = bistro.resources.get(name="Small")
    (day, start), (last, end) = clock(SEVEN), clock(SEVEN + HOUR)
    form = {"resource": table.pk, "starts_0": day, "starts_1": start, "ends_0": last, "ends_1": end}
    save(client, added(Block), **form)
    block = Block.objects.get()
    assert (block.starts_at, block.ends_at) == (SEVEN, SEVEN + HOUR)
    assert block.created_by is not None
    assert Event.objects.get().kind == "resource.blocked"
    backwards = save(client, added(Block), **form | {"ends_0": "2026-01-01"}).content.decode()
    assert "The end must be after the start." in backwards


def test_a_guest_joins_the_waitlist_and_leaves_it(client: Client, bistro: Business) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    nobody = save(client, added(WaitlistEntry), preferred_date=tomorrow, first_name="Ann")
    assert "Give a phone number or an e-mail address." in nobody.content.decode()
    past = {"preferred_date": "2020-01-01", "phone": "+1 555 0100"}
    assert "in the past" in save(client, added(WaitlistEntry), **past).content.decode()
    save(client, added(WaitlistEntry), **past | {"preferred_date": tomorrow})
    entry = WaitlistEntry.objects.get()
    assert (entry.party_size, entry.guest.phone) == (2, "+1 555 0100")
    book = f"?business={bistro.pk}&amp;guest={entry.guest_id}"
    assert book in client.get(listed(WaitlistEntry)).content.decode()
    sent = {"action": "leave", "_selected_action": [str(entry.pk)]}
    client.post(listed(WaitlistEntry), sent)
    entry.refresh_from_db()
    assert entry.state == "removed"


@pytest.mark.usefixtures("manager")
def test_a_guest_is_forgotten_and_the_booking_stays(client: Client, bistro: Business) -> None:
    booking = booked(bistro)
    assert booking.guest
    client.post(reverse("admin:bookings_guest_delete", args=[booking.guest_id]), {"post": "yes"})
    guest = Guest.objects.get()
    assert (guest.first_name, guest.phone) == ("", "")
    client.get(listed(Guest))  # says that it is done
    assert "Maria" not in client.get(listed(Guest)).content.decode()
    assert client.get(shown(booking)).status_code == 200


def test_two_guests_do_not_share_a_telephone(client: Client, bistro: Business) -> None:
    services.welcome_guest(bistro, MARIA)
    ann, _ = services.welcome_guest(bistro, GuestDetails(first_name="Ann", phone="+1 555 0100"))
    said = save(client, shown(ann), phone=MARIA.phone).content.decode()
    assert "There is another customer with this phone or e-mail." in said


# --- what nobody edits ---------------------------------------------------------------------------


def test_time_taken_and_history_are_only_looked_at(client: Client) -> None:
    logged_in(client, is_superuser=True)
    made = business("Bistro")
    tables(made, 1)
    booking = booked(made)
    rows = Allocation.objects.get(), Event.objects.get()
    before = [list(type(each).objects.values()) for each in rows]
    for row in rows:
        app, name = row._meta.app_label, row._meta.model_name
        delete = reverse(f"admin:{app}_{name}_delete", args=[row.pk])
        page = client.get(shown(row))
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        assert client.post(shown(row), {"unit": 7, "kind": "x"}).status_code == 403
        assert client.post(delete, {"post": "yes"}).status_code == 403
        assert client.post(added(type(row)), {"unit": 7}).status_code == 403
    inline = {"events-0-kind": "booking.no_show", "allocations-0-unit": 7, "events-0-DELETE": "on"}
    save(client, shown(booking), **inline)
    assert [list(type(each).objects.values()) for each in rows] == before
