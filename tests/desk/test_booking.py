"""A booking's sheet, what may be done with it, and a new one taken on the phone."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import translation

from accounts.models import Business
from billing.models import Deposit
from bookings import services
from bookings.lifecycle import State
from bookings.models import Booking, Event, Guest, WaitlistEntry
from bookings.web.desk import typed
from bookings.wishes import SYSTEM, GuestDetails, Wish
from resources.models import Resource
from tests.builders import HOUR, MARIA, MINUTE, NOW, service, wish
from tests.desk.conftest import Browser, said

SEVEN = datetime(2026, 6, 19, 18, 0, tzinfo=UTC)  # 19:00 in London
AT: Any = {"openbook.now": NOW, "HTTP_HX_REQUEST": "true"}
DAY = timedelta(days=1)
NASTY = "<script>alert('x')</script>\"'&"


def book(of: Business, starts_at: datetime = SEVEN, **fields: Any) -> Booking:
    guest = fields.pop("guest", MARIA)
    notes = fields.pop("notes", "")
    return services.book(
        wish(of, starts_at, **fields), guest=guest, by=SYSTEM, source="test", notes=notes, now=NOW
    )


def text(reply: Any) -> str:
    """What a page says, without its markup."""
    words = re.sub(r"<(script|style)\b.*?</\1>", "", reply.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", words)).strip()


def offered(reply: Any) -> list[str]:
    """What may be done, in order."""
    page = reply.content.decode()
    form = re.search(r'<form class="bk-acts".*?</form>', page, re.S)
    if form is None:
        return []
    names = re.findall(r">([^<>]+)</(?:a|button)>", form[0])
    return [each.strip() for each in names]


def state(of: Booking) -> str:
    return Booking.objects.get(pk=of.pk).state


# --- the sheet -----------------------------------------------------------------------------------


def test_the_sheet_says_who_when_where_and_what_may_be_done(
    host: Browser, bistro: Business
) -> None:
    made = book(bistro, notes="Window, please", party_size=3)
    shown = host.get(f"bookings/{made.pk}/")
    words = text(shown)
    for part in ("Maria Garcia", "19:00–20:00 Today", "3 guests", "Table 1", "Window, please",
                 "First visit", made.reference, "Confirmed"):  # fmt: skip
        assert part in words
    assert 'href="tel:+1234567890"' in shown.content.decode()
    assert 'href="mailto:maria@example.com"' in shown.content.decode()
    assert offered(shown) == ["Seat", "Move", "Edit", "Cancel booking"]


def test_what_is_offered_follows_the_lifecycle(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    host.now = SEVEN + 20 * MINUTE
    assert offered(host.get(f"bookings/{made.pk}/"))[:2] == ["Seat", "No-show"]
    assert "late" in text(host.get(f"bookings/{made.pk}/"))
    host.post(f"bookings/{made.pk}/act/", do="seat")
    assert offered(host.get(f"bookings/{made.pk}/")) == [
        "Party has left", "Move", "Edit", "Not here after all",
    ]  # fmt: skip
    host.post(f"bookings/{made.pk}/act/", do="complete")
    assert offered(host.get(f"bookings/{made.pk}/")) == ["Still here", "Book again"]
    far = book(bistro, SEVEN + timedelta(days=3))
    assert offered(host.get(f"bookings/{far.pk}/")) == ["Move", "Edit", "Cancel booking"]


def test_a_thing_done_can_be_taken_back(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    for do, after, undone in (
        ("seat", State.CHECKED_IN, State.CONFIRMED),
        ("complete", State.COMPLETED, State.CHECKED_IN),
    ):
        if do == "complete":
            host.post(f"bookings/{made.pk}/act/", script=True, do="seat")
        reply = host.post(f"bookings/{made.pk}/act/", script=True, do=do)
        assert (reply.status_code, state(made)) == (204, after.value)
        undo = json.loads(reply.headers["HX-Trigger"])["say"]["undo"]
        back = host.client.post(undo, **AT)
        assert (back.status_code, state(made)) == (204, undone.value)


@pytest.mark.parametrize(
    ("do", "ended", "words"),
    [
        ("no_show", State.NO_SHOW, "Maria Garcia is expected again."),
        (
            "cancel",
            State.CANCELLED,
            "The booking of Maria Garcia stands again. They get a mail that",
        ),
    ],
)
def test_an_end_can_be_taken_back_while_the_place_is_free(
    host: Browser, bistro: Business, do: str, ended: State, words: str
) -> None:
    made = book(bistro)
    host.now = SEVEN + 20 * MINUTE
    at = AT | {"openbook.now": host.now}
    reply = host.post(f"bookings/{made.pk}/act/", script=True, do=do)
    undo = json.loads(reply.headers["HX-Trigger"])["say"]["undo"]
    back = host.client.post(undo, **at)
    assert (said(back)[: len(words)], state(made)) == (words, State.CONFIRMED.value)
    history = text(host.get(f"bookings/{made.pk}/"))
    assert f"Taken back: {'No-show' if do == 'no_show' else 'Cancelled'}" in history
    host.post(f"bookings/{made.pk}/act/", script=True, do=do)
    book(bistro, resource_id=made.resource_ids[0])
    late = host.client.post(undo, **at)
    assert (late.status_code, said(late)) == (
        409,
        "Somebody else has the place now, so this stays as it is.",
    )
    assert state(made) == ended.value


def test_a_no_show_comes_after_all(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    host.now = SEVEN + 20 * MINUTE
    host.post(f"bookings/{made.pk}/act/", do="no_show")
    assert offered(host.get(f"bookings/{made.pk}/")) == ["Came after all", "Book again"]
    host.now = SEVEN + 2 * HOUR
    assert offered(host.get(f"bookings/{made.pk}/")) == ["Book again"]


def test_a_party_that_stays_longer_can_be_shortened_again(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    reply = host.post(f"bookings/{made.pk}/act/", script=True, do="extend", minutes=30)
    assert said(reply) == "Maria Garcia stays until 20:30."
    undo = json.loads(reply.headers["HX-Trigger"])["say"]["undo"]
    host.client.post(undo, **AT)
    made.refresh_from_db()
    assert made.ends_at == SEVEN + HOUR


def test_staying_longer_than_the_next_party_allows_is_refused(
    host: Browser, bistro: Business
) -> None:
    tables = list(Resource.objects.filter(business=bistro))
    mine = book(bistro, resource_id=tables[0].pk)
    for each in tables:
        book(bistro, SEVEN + HOUR, resource_id=each.pk)
    reply = host.post(f"bookings/{mine.pk}/act/", script=True, do="extend", minutes=15)
    assert reply.status_code == 409
    assert Booking.objects.get(pk=mine.pk).ends_at == SEVEN + HOUR


def test_cancelling_says_first_what_will_happen(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    asked = text(host.get(f"bookings/{made.pk}/cancel/"))
    assert "free again at once" in asked
    assert "maria@example.com" in asked
    host.post(f"bookings/{made.pk}/act/", do="cancel", reason="Guest called")
    assert state(made) == State.CANCELLED.value
    history = text(host.get(f"bookings/{made.pk}/"))
    assert "Cancelled host@example.com “Guest called”" in history
    assert Event.objects.filter(booking=made).latest("id").actor == f"user:{host.user.pk}"


def test_what_can_t_follow_is_refused_and_changes_nothing(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    for do in ("complete", "undo", "release", "nonsense", ""):
        reply = host.post(f"bookings/{made.pk}/act/", script=True, do=do)
        assert (reply.status_code, state(made)) == (409, State.CONFIRMED.value)
    for minutes in ("", "x", "99999", "-60"):
        reply = host.post(f"bookings/{made.pk}/act/", script=True, do="extend", minutes=minutes)
        assert reply.status_code == 409


def test_a_hold_is_confirmed_or_let_go(host: Browser, bistro: Business) -> None:
    held = services.hold(wish(bistro, SEVEN), by=SYSTEM, source="test", now=NOW)
    assert offered(host.get(f"bookings/{held.pk}/")) == ["Confirm", "Move", "Edit", "Let it go"]
    host.post(f"bookings/{held.pk}/act/", do="confirm")
    assert state(held) == State.CONFIRMED.value
    other = services.hold(wish(bistro, SEVEN), by=SYSTEM, source="test", now=NOW)
    host.post(f"bookings/{other.pk}/act/", do="release")
    assert state(other) == State.CANCELLED.value


def test_who_waits_for_a_yes_is_accepted(host: Browser, bistro: Business) -> None:
    asked = services.make(
        wish(bistro, SEVEN), guest=MARIA, by=SYSTEM, source="test", is_pending=True, now=NOW
    )
    assert offered(host.get(f"bookings/{asked.pk}/"))[:2] == ["Accept", "Seat"]
    host.post(f"bookings/{asked.pk}/act/", do="accept")
    assert state(asked) == State.CONFIRMED.value


def test_hostile_text_is_text(host: Browser, bistro: Business) -> None:
    made = book(bistro, guest=GuestDetails(NASTY[:90], NASTY[:90], "", "+44 1"), notes=NASTY)
    Guest.objects.update(notes=NASTY)
    Resource.objects.filter(pk__in=made.resource_ids).update(name=NASTY)
    pages = [f"bookings/{made.pk}/{each}" for each in ("", "cancel/", "move/", "edit/")]
    for page in (*pages, f"bookings/new/?guest={made.guest_id}", "bookings/who/?phone=441"):
        for script in (True, False):
            shown = host.get(page, script=script).content
            assert b"<script>alert" not in shown
            assert b"&lt;script&gt;alert" in shown
    reply = host.post(f"bookings/{made.pk}/act/", script=True, do="seat")
    assert NASTY[:20] in said(reply)  # a toast is text in any case


def test_the_sheet_makes_the_same_queries_however_long_the_history(
    host: Browser, bistro: Business, django_assert_max_num_queries: Any
) -> None:
    made = book(bistro)
    for n in range(12):
        services.reschedule(made, duration=HOUR + (n % 3 + 1) * 15 * MINUTE, by=SYSTEM, now=NOW)
    with django_assert_max_num_queries(20):
        host.get(f"bookings/{made.pk}/")


# --- a new one -----------------------------------------------------------------------------------


def test_a_booking_is_taken_on_the_phone(host: Browser, bistro: Business) -> None:
    reply = host.post(
        "bookings/new/", script=True, party=4, day="tomorrow", time="730", phone="020 7946 0100",
        name="Ada Lovelace", notes="Birthday",
    )  # fmt: skip
    made = Booking.objects.get()
    assert said(reply) == f"Ada Lovelace, Tomorrow 19:30, 4 guests. Code {made.reference}."
    assert made.guest is not None
    assert (made.starts_at, made.source, made.notes, made.guest.first_name, made.guest.phone) == (
        datetime(2026, 6, 20, 18, 30, tzinfo=UTC), "desk", "Birthday", "Ada", "020 7946 0100",
    )  # fmt: skip
    assert Event.objects.get(booking=made).actor == f"user:{host.user.pk}"


def test_the_form_opens_with_what_the_link_says(host: Browser, bistro: Business) -> None:
    table = Resource.objects.get(business=bistro, name="Table 3")
    page = host.get("bookings/new/", day="2026-06-20", time="20:15", resource=table.pk, party=3)
    shown = page.content.decode()
    assert "Tomorrow, 20:15–21:15" in text(page)
    assert f'<option value="{table.pk}" selected>' in shown
    assert 'value="3"' in shown


def test_what_is_typed_is_answered_with_what_is_free(host: Browser, bistro: Business) -> None:
    answer = host.get("bookings/offer/", party=2, day="sat", time="8")
    assert "Tomorrow, 20:00–21:00" in text(answer)
    assert "Best fit: Table 1" in text(answer)
    assert "19:30" in text(answer)
    assert "20:30" in text(answer)
    wrong = text(host.get("bookings/offer/", party="x", day="someday", time="99"))
    assert ("How many" in wrong, "“fri”" in wrong, "“730”" in wrong) == (True, True, True)


def test_a_refusal_says_why_and_offers_the_nearest(host: Browser, bistro: Business) -> None:
    for each in Resource.objects.filter(business=bistro):
        book(bistro, SEVEN, resource_id=each.pk)
    form: Any = {"party": 2, "day": "today", "time": "19:00", "name": "Ada"}
    reply = host.post("bookings/new/", script=True, **form)
    assert (reply.status_code, Booking.objects.count()) == (422, 4)
    assert "Nearest free" in text(reply)
    chips = re.findall(r'data-time="([\d:]+)"', reply.content.decode())
    assert chips == ["17:30", "18:00", "20:00", "20:30"]
    assert "Booked by" in text(reply)
    # One of them, without scripts: what was typed is kept.
    picked = host.post("bookings/new/", **form | {"pick": "|20:00|"})
    assert picked.status_code == 303
    assert Booking.objects.filter(starts_at=SEVEN + HOUR).count() == 1


def test_who_can_t_be_seated_waits_or_is_overbooked_with_a_reason(
    host: Browser, bistro: Business
) -> None:
    form: Any = {"party": 2, "day": "today", "time": "19:00", "name": "Ada", "notes": "Quiet"}
    instead = "Put on the waitlist"
    assert instead not in text(host.get("bookings/offer/", **form))
    for each in Resource.objects.filter(business=bistro):
        book(bistro, SEVEN, resource_id=each.pk)
    assert instead in text(host.get("bookings/offer/", **form))
    assert instead not in text(host.get("bookings/offer/", **form | {"time": "12:30"}))  # gone by
    reply = host.post("bookings/new/", script=True, instead="wait", **form)
    assert said(reply) == "Ada waits for Today, as number 1."
    entry = WaitlistEntry.objects.get()
    assert (entry.party_size, entry.earliest, entry.latest, entry.notes) == (
        2, time(18), time(20), "Quiet",
    )  # fmt: skip
    refused = host.post("bookings/new/", script=True, instead="overbook", **form)
    assert (refused.status_code, Booking.objects.count()) == (422, 4)
    host.post("bookings/new/", script=True, instead="overbook", reason="The mayor", **form)
    made = Booking.objects.get(guest__first_name="Ada")
    assert (made.overbooked, made.resource_ids, made.notes) == ("The mayor", [], "Quiet")
    assert "Overbooked: The mayor" in text(host.get(f"bookings/{made.pk}/"))
    # Where something is free nobody is overbooked by mistake.
    host.post(
        "bookings/new/", script=True, instead="overbook", reason="x", **form | {"time": "21:00"}
    )
    assert Booking.objects.get(starts_at=SEVEN + 2 * HOUR).overbooked == ""


def test_outside_hours_is_only_booked_when_it_is_meant(host: Browser, bistro: Business) -> None:
    form: Any = {"party": 2, "day": "tomorrow", "time": "10:00", "name": "Ada"}
    refused = host.post("bookings/new/", script=True, **form)
    assert (refused.status_code, Booking.objects.count()) == (422, 0)
    assert "all the same" in text(refused)
    made = host.post("bookings/new/", script=True, anyway=1, **form)
    assert (made.status_code, Booking.objects.count()) == (204, 1)


def test_a_known_guest_is_recognised_by_the_end_of_the_number(
    host: Browser, bistro: Business
) -> None:
    made = book(
        bistro, guest=GuestDetails("Ada", "Lovelace", "ada@example.com", "+44 20 7946 0100")
    )
    found = host.get("bookings/who/", phone="020 7946")
    assert 'data-name="Ada Lovelace"' in found.content.decode()
    assert "data-exact" in host.get("bookings/who/", phone="+442079460100").content.decode()
    assert "data-choose-guest" not in host.get("bookings/who/", phone="02").content.decode()
    assert "Ada Lovelace" in text(host.get("bookings/who/", name="lov"))
    host.post(
        "bookings/new/", party=2, day="today", time="21:00", phone="+44 20 7946 0100",
        name="Ada Lovelace", guest=made.guest_id,
    )  # fmt: skip
    assert Guest.objects.count() == 1
    assert Booking.objects.filter(guest=made.guest_id).count() == 2


def test_nobody_s_booking_is_not_taken(host: Browser, bistro: Business) -> None:
    reply = host.post("bookings/new/", script=True, party=2, day="today", time="20", name=" ")
    assert (reply.status_code, Booking.objects.count()) == (422, 0)
    assert "Who comes?" in text(reply)
    late = host.post("bookings/new/", script=True, party=2, day="today", name="Ada")
    assert "When do they come?" in text(late)


def test_a_place_in_a_class_is_taken_on_the_phone(host: Browser, bistro: Business) -> None:
    spin = service(bistro, "Spin", capacity=3)
    run = services.schedule_session(spin, starts_at=SEVEN + DAY, by=SYSTEM, now=NOW)
    asked = host.get("bookings/offer/", service=spin.pk, day="tomorrow")
    assert "19:00 3 left" in text(asked)
    assert f'value="{run.pk}" data-ask-session' in asked.content.decode()
    assert "Tomorrow 19:00 3 left" in text(host.get("bookings/offer/", service=spin.pk))
    form: Any = {"service": spin.pk, "day": "tomorrow", "name": "Ada", "session": run.pk}
    assert host.post("bookings/new/", script=True, party=2, **form).status_code == 204
    made = Booking.objects.get()
    assert (made.session_id, made.party_size, made.source) == (run.pk, 2, "desk")
    full = host.post("bookings/new/", script=True, party=2, **form)
    assert (full.status_code, "Only 1 place is left." in text(full)) == (422, True)
    assert offered(host.get(f"bookings/{made.pk}/")) == ["Edit", "Cancel booking"]
    assert host.get(f"bookings/{made.pk}/move/", script=True).status_code == 409


def test_what_becomes_of_a_deposit_is_said_before_anything_is_done(
    host: Browser, bistro: Business
) -> None:
    made = book(bistro)
    Deposit.objects.create(
        business=bistro, booking_id=made.pk, amount_cents=2500, currency="GBP",
        type="authorization_hold", status="held", gateway="sandbox", payment_intent_id="pi_1",
        client_secret="secret",
    )  # fmt: skip
    assert "25.00 GBP, held on the card" in text(host.get(f"bookings/{made.pk}/"))
    asked = text(host.get(f"bookings/{made.pk}/cancel/"))
    assert "The deposit of 25.00 GBP is given back" in asked
    host.now = SEVEN + 20 * MINUTE
    page = host.get(f"bookings/{made.pk}/").content.decode()
    assert f"bookings/{made.pk}/cancel/?do=no_show" in page
    asked = text(host.get(f"bookings/{made.pk}/cancel/", do="no_show"))
    assert "The deposit of 25.00 GBP is kept." in asked
    host.post(f"bookings/{made.pk}/act/", do="no_show")
    assert state(made) == State.NO_SHOW.value


def test_a_visit_of_several_services_goes_through_its_day_as_a_whole(
    host: Browser, bistro: Business
) -> None:
    guest = Guest.objects.create(business=bistro, first_name="Ada", phone="+44 1", phone_key="+441")
    parts = [
        services.Part(Wish.of(service(bistro, name), starts_at=SEVEN + n * HOUR), price_cents=0)
        for n, name in enumerate(("Massage", "Facial"))
    ]
    lead = services.book_visit(parts, guest_id=guest.pk, by=SYSTEM, source="test", now=NOW)
    last = Booking.objects.get(leader=lead)
    shown = text(host.get(f"bookings/{last.pk}/"))
    assert "Visit 19:00–20:00 Massage 20:00–21:00 Facial" in shown
    host.post(f"bookings/{last.pk}/move/", script=True, day="tomorrow", time="20:00")
    assert [each.starts_at for each in Booking.objects.order_by("starts_at")] == [
        SEVEN + DAY, SEVEN + DAY + HOUR,
    ]  # fmt: skip
    host.now = SEVEN + DAY
    for do, after in (("seat", State.CHECKED_IN), ("complete", State.COMPLETED)):
        host.post(f"bookings/{last.pk}/act/", do=do)
        assert {state(lead), state(last)} == {after.value}


# --- moving and editing --------------------------------------------------------------------------


def test_a_booking_is_moved_and_says_where_to(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    table = Resource.objects.get(business=bistro, name="Table 4")
    shown = host.get(f"bookings/{made.pk}/move/")
    assert "Now Today, 19:00–20:00" in text(shown)
    reply = host.post(
        f"bookings/{made.pk}/move/", script=True, day="sun", time="8", resource=table.pk
    )
    assert said(reply) == "Maria Garcia is moved to Sunday, June 21 20:00."
    made.refresh_from_db()
    assert (made.starts_at, made.resource_ids) == (
        datetime(2026, 6, 21, 19, 0, tzinfo=UTC), [table.pk],
    )  # fmt: skip
    assert "Table 1 → Table 4" in text(host.get(f"bookings/{made.pk}/"))


def test_its_own_time_is_no_reason_against_a_move(host: Browser, bistro: Business) -> None:
    tables = list(Resource.objects.filter(business=bistro))
    mine, *_ = [book(bistro, resource_id=each.pk) for each in tables]
    reply = host.post(f"bookings/{mine.pk}/move/", script=True, day="today", time="18:30")
    assert reply.status_code == 204
    taken = host.post(
        f"bookings/{mine.pk}/move/", script=True, day="today", time="19:00",
        resource=tables[1].pk,
    )  # fmt: skip
    assert taken.status_code == 422
    assert "Table 2: Booked by" in text(taken)


def test_editing_changes_party_notes_and_guest_together_or_not_at_all(
    host: Browser, bistro: Business
) -> None:
    made = book(bistro)
    form: Any = {"party": 3, "notes": "High chair", "name": "Maria G. Lopez",
            "phone": "+1234567890", "email": "maria@example.com"}  # fmt: skip
    host.post(f"bookings/{made.pk}/edit/", script=True, **form)
    made.refresh_from_db()
    assert made.guest is not None
    assert (made.party_size, made.notes, str(made.guest)) == (3, "High chair", "Maria G. Lopez")
    refused = host.post(
        f"bookings/{made.pk}/edit/", script=True, **form | {"party": 40, "notes": "x"}
    )
    made.refresh_from_db()
    assert (refused.status_code, made.party_size, made.notes) == (422, 3, "High chair")


def test_another_number_makes_it_another_guest_s(host: Browser, bistro: Business) -> None:
    made = book(bistro)
    form: Any = {"party": 2, "notes": "", "name": "Ada", "phone": "+44 1111", "email": ""}
    host.post(f"bookings/{made.pk}/edit/", **form)
    made.refresh_from_db()
    assert made.guest is not None
    assert (str(made.guest), made.guest.phone) == ("Ada", "+44 1111")
    assert Guest.objects.filter(phone="+1234567890", first_name="Maria").exists()


# --- what is typed -------------------------------------------------------------------------------

FRIDAY = date(2026, 6, 19)


@pytest.mark.parametrize(
    "words, meant",
    [
        ("7", (time(7), time(19))),
        ("07", (time(7),)),
        ("730", (time(7, 30), time(19, 30))),
        ("0730", (time(7, 30),)),
        ("10:30", (time(10, 30),)),
        ("1030", (time(10, 30),)),
        ("10", (time(10), time(22))),
        ("1930", (time(19, 30),)),
        ("19:30", (time(19, 30),)),
        ("19.30", (time(19, 30),)),
        ("19h30", (time(19, 30),)),
        ("7 pm", (time(19),)),
        ("7:15PM", (time(19, 15),)),
        ("12am", (time(0),)),
        ("12", (time(12), time(0))),
        ("24:00", (time(0),)),
        ("25", ()),
        ("7:75", ()),
        ("soon", ()),
        ("13pm", ()),
    ],
)
def test_a_time_is_understood(words: str, meant: tuple[time, ...]) -> None:
    assert typed.times(words) == meant


@pytest.mark.parametrize(
    "words, meant",
    [
        ("today", FRIDAY),
        ("tomorrow", date(2026, 6, 20)),
        ("fri", FRIDAY),
        ("Mon", date(2026, 6, 22)),
        ("next fri", date(2026, 6, 26)),
        ("+3", date(2026, 6, 22)),
        ("24.12", date(2026, 12, 24)),
        ("24.12.", date(2026, 12, 24)),
        ("24/12/2027", date(2027, 12, 24)),
        ("12/24", date(2026, 12, 24)),
        ("1.2", date(2027, 2, 1)),
        ("24 dec", date(2026, 12, 24)),
        ("December 24", date(2026, 12, 24)),
        ("24th", date(2026, 6, 24)),
        ("3", date(2026, 7, 3)),
        ("2026-08-01", date(2026, 8, 1)),
        ("31.2", None),
        ("someday", None),
        ("", None),
    ],
)
def test_a_day_is_understood(words: str, meant: date | None) -> None:
    assert typed.day(words, FRIDAY) == meant


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_a_day_that_is_shown_is_understood_as_the_same(language: str) -> None:
    with translation.override(language):
        for ahead in (*range(60), 200, 400, -1, -30):
            meant = FRIDAY + timedelta(days=ahead)
            assert typed.day(typed.spoken(meant, FRIDAY), FRIDAY) == meant


def test_days_are_understood_in_the_language_that_is_spoken() -> None:
    with translation.override("de"):
        assert typed.day("Mo", FRIDAY) == date(2026, 6, 22)
        assert typed.day("24. Dezember", FRIDAY) == date(2026, 12, 24)
        assert typed.day("mon", FRIDAY) == date(2026, 6, 22)
