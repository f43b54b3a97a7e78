"""Mails to guests: which, when, once, and what stands in them."""

from __future__ import annotations

import email
import email.policy
import re
import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as post
from django.core.mail.backends import locmem
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts.models import Business
from availability.models import OpeningHours
from bookings import links, mailing, relay, services
from bookings.mailing import owing, sending, writing
from bookings.models import Booking, Mail, Outbox
from bookings.wishes import GUEST, SYSTEM, GuestDetails
from resources.models import Service
from tests.builders import (
    EVENING,
    HOUR,
    MARIA,
    MINUTE,
    NOW,
    business,
    resource,
    service,
    tables,
    wish,
)
from tests.guest.conftest import LAST_CHANCE, Visitor, link, pay_deposit
from tests.guest.test_pages import HOSTILE

DAY = timedelta(days=1)


def book(of: Business, guest: GuestDetails = MARIA, **fields: Any) -> Booking:
    return services.book(wish(of, **fields), guest=guest, by=SYSTEM, source="test", now=NOW)


def subjects() -> list[str]:
    return [str(each.subject) for each in post.outbox]


def last() -> Any:
    return post.outbox[-1]


def text_of(message: Any) -> str:
    return " ".join(message.body.split())


def html_of(message: Any) -> str:
    return str(message.alternatives[0][0])


def states() -> dict[str, str]:
    return dict(Mail.objects.values_list("kind", "state"))


def reminder() -> Mail:
    return Mail.objects.get(kind="reminder")


def test_a_booking_is_confirmed_by_mail(booked: Booking, visitor: Visitor) -> None:
    assert relay.deliver(now=NOW) == relay.Tally(events=1, mailed=1)
    [message] = post.outbox
    assert (message.subject, message.to, message.from_email) == (
        "Confirmed: Table at Bistro, Saturday 20 June 2026",
        ["maria@example.com"],
        "Bistro <bookings@localhost>",
    )
    url = links.url(booked)
    for shown in (text_of(message), html_of(message)):
        for each in (
            "Hello Maria", "Saturday 20 June 2026", "20:00–21:00", "London time (BST)", "2 people",
            booked.reference, url, "until Friday 19 June 2026 at 20:00",
        ):  # fmt: skip
            assert each in shown
    assert visitor.get(url.removeprefix("http://127.0.0.1:8000")).status_code == 200
    sent = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Message-ID"] == f"<{Mail.objects.get(kind='confirmation').pk}@127.0.0.1>"
    [part] = sent.iter_attachments()
    assert (part.get_content_type(), part.get_param("method"), part.get_filename()) == (
        "text/calendar", "PUBLISH", f"booking-{booked.reference}.ics",
    )  # fmt: skip
    event: Any = Calendar.from_ical(part.get_content()).walk("VEVENT")[0]
    assert (event["UID"], event.start) == (f"{booked.pk}@openbook", EVENING)


def test_nothing_is_sent_twice(booked: Booking) -> None:
    relay.deliver(now=NOW)
    assert relay.deliver(now=NOW) == relay.Tally()
    assert relay.deliver(now=NOW + HOUR) == relay.Tally()
    assert len(post.outbox) == 1
    mailing.owe([booked.events.get()], now=NOW)  # an event that is told of again
    assert relay.deliver(now=NOW) == relay.Tally()


def test_the_whole_story_is_told(booked: Booking, visitor: Visitor) -> None:
    relay.deliver(now=NOW)
    services.reschedule(booked, starts_at=EVENING + HOUR, party_size=4, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert "It was Saturday 20 June 2026, 20:00–21:00 before." in text_of(last())
    assert "It was for 2 people before." in text_of(last())
    assert "21:00–22:00" in html_of(last())
    assert len(last().attachments) == 1
    visitor.post(link(booked, "cancel/"))
    relay.deliver(now=NOW)
    assert "you have cancelled your booking at Bistro." in text_of(last())
    assert links.url(booked) not in text_of(last()) + html_of(last())
    assert last().attachments == []
    assert [each.partition(":")[0] for each in subjects()] == ["Confirmed", "Changed", "Cancelled"]


def test_who_was_told_of_a_cancelling_is_told_that_it_was_taken_back(booked: Booking) -> None:
    relay.deliver(now=NOW)
    services.cancel(booked, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    services.undo_cancel(booked, by=SYSTEM, now=NOW + MINUTE)
    relay.deliver(now=NOW + MINUTE)
    assert [each.partition(":")[0] for each in subjects()] == [
        "Confirmed", "Cancelled", "Confirmed",
    ]  # fmt: skip
    assert reminder().state == "due"


def test_a_cancelling_that_is_taken_back_before_its_mail_is_not_told(booked: Booking) -> None:
    relay.deliver(now=NOW)
    services.cancel(booked, by=SYSTEM, now=NOW)
    services.undo_cancel(booked, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert [each.partition(":")[0] for each in subjects()] == ["Confirmed", "Confirmed"]


def test_what_waits_or_lapses_is_no_news(bistro: Business) -> None:
    held = services.hold(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    services.release(held, by=SYSTEM, now=NOW)
    lapsing = services.hold(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    services.reschedule(lapsing, starts_at=EVENING + HOUR, by=SYSTEM, now=NOW)
    services.expire_holds(now=NOW + 11 * MINUTE)
    relay.deliver(now=NOW + 11 * MINUTE)
    assert not Mail.objects.exists()


def test_a_hold_is_confirmed_when_it_is(bistro: Business) -> None:
    held = services.hold(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
    relay.deliver(now=NOW)
    services.confirm(held, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert [each.partition(":")[0] for each in subjects()] == ["Confirmed"]


def test_what_is_none_of_the_guest_s_business_is_not_told(booked: Booking) -> None:
    relay.deliver(now=NOW)
    services.amend(booked, notes="Window, please", by=SYSTEM, now=NOW)
    other = [
        each.pk for each in booked.business.resources.all() if each.pk not in booked.resource_ids
    ]
    services.reschedule(booked, resource_id=other[0], by=SYSTEM, now=NOW)
    services.check_in(booked, by=SYSTEM, now=NOW)
    services.complete(booked, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert len(post.outbox) == 1


@pytest.fixture
def massage(bistro: Business) -> Service:
    made = service(bistro, "Massage")
    made.requirements.create(kind="staff")
    for name in ("Ana", "Bruno"):
        resource(bistro, name, kind="staff")
    return made


def test_other_people_to_meet_are_news(bistro: Business, massage: Service) -> None:
    booked = book(bistro, service=massage, party_size=1)
    relay.deliver(now=NOW)
    assert "With Ana" in text_of(last())
    bruno = bistro.resources.get(name="Bruno")
    services.reschedule(booked, resource_id=bruno.pk, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert subjects()[-1] == "Changed: Massage at Bistro, Saturday 20 June 2026"
    assert "With Bruno" in text_of(last())


def test_who_has_no_address_gets_nothing(bistro: Business) -> None:
    book(bistro, GuestDetails("Maria", "Garcia", "", "+1234567890"))
    services.book(wish(bistro), guest=None, by=SYSTEM, source="test", now=NOW)
    relay.deliver(now=NOW)
    assert not Mail.objects.exists()


@pytest.mark.parametrize("switch", ["sends_mail", "is_dev", "SENDS_MAIL"])
def test_a_business_that_writes_no_mails(
    bistro: Business, booked: Booking, settings: Any, switch: str
) -> None:
    if switch == "SENDS_MAIL":
        settings.SENDS_MAIL = False
    else:
        setattr(bistro, switch, switch == "is_dev")
        bistro.save()
    relay.deliver(now=NOW)
    assert (Mail.objects.count(), Outbox.objects.count(), post.outbox) == (0, 0, [])


@pytest.mark.parametrize(
    "by, now, said",
    [
        (GUEST, LAST_CHANCE, "Your deposit of 20.00 GBP is given back."),
        (GUEST, LAST_CHANCE + MINUTE, "Your deposit of 20.00 GBP is kept, as it could be given"),
        (SYSTEM, LAST_CHANCE + MINUTE, "Your deposit of 20.00 GBP is given back."),
    ],
)
def test_a_cancellation_says_what_becomes_of_the_deposit(
    booked: Booking, by: Any, now: Any, said: str
) -> None:
    pay_deposit(booked, status="released")
    services.cancel(booked, by=by, now=now)
    relay.deliver(now=now)
    assert said in text_of(last())
    assert said in " ".join(html_of(last()).split())


# --- what has been overtaken ---------------------------------------------------------------------


def test_a_mail_says_what_is_so_when_it_is_sent(booked: Booking) -> None:
    services.cancel(booked, by=SYSTEM, now=NOW)  # before anybody was told that it is confirmed
    relay.deliver(now=NOW)
    assert states() == {"confirmation": "dropped", "cancellation": "sent"}
    assert [each.partition(":")[0] for each in subjects()] == ["Cancelled"]


def test_a_mail_that_comes_too_late_is_not_sent(booked: Booking) -> None:
    relay.deliver(now=EVENING + HOUR)
    assert (states(), post.outbox) == ({"confirmation": "dropped"}, [])


def test_a_forgotten_guest_gets_nothing(booked: Booking) -> None:
    relay._spread(now=NOW)
    assert booked.guest
    services.forget_guest(booked.guest, now=NOW)
    relay.deliver(now=NOW)
    assert (states()["confirmation"], post.outbox) == ("dropped", [])


# --- once ----------------------------------------------------------------------------------------


class Failing(locmem.EmailBackend):
    """A server that fails as it is told to, and then works."""

    errors: list[Exception] = []

    def send_messages(self, messages: Any) -> int:
        if self.errors:
            raise self.errors.pop(0)
        return super().send_messages(messages)


@pytest.fixture
def failing(settings: Any) -> list[Exception]:
    settings.EMAIL_BACKEND = "tests.guest.test_mails.Failing"
    Failing.errors = []
    return Failing.errors


def test_a_server_that_fails_is_asked_again_later_and_later(
    booked: Booking, failing: list[Exception]
) -> None:
    failing += [ConnectionRefusedError() for _ in range(9)]
    moment = NOW
    for count, wait in enumerate((1, 5, 30, 120), start=1):
        assert relay.deliver(now=moment).failed == 1
        mail = Mail.objects.get(kind="confirmation")
        assert (mail.state, mail.attempts, mail.due_at) == ("due", count, moment + wait * MINUTE)
        assert mail.last_error == "ConnectionRefusedError"
        assert relay.deliver(now=mail.due_at - MINUTE / 2).failed == 0
        moment = mail.due_at
    failing.clear()
    assert relay.deliver(now=moment).mailed == 1
    ids = {each.extra_headers["Message-ID"] for each in post.outbox}
    assert len(ids) == len(post.outbox) == 1


def test_a_server_that_fails_is_left_alone_for_the_rest_of_the_run(
    bistro: Business, failing: list[Exception]
) -> None:
    for hours in range(3):
        book(bistro, starts_at=EVENING + hours * HOUR)
    failing += [smtplib.SMTPServerDisconnected("gone")]
    assert relay.deliver(now=NOW) == relay.Tally(events=3, failed=1)
    assert relay.deliver(now=NOW).mailed == 2


def test_an_address_that_is_refused_is_given_up_and_keeps_no_other_waiting(
    bistro: Business, failing: list[Exception]
) -> None:
    for hours in range(2):
        book(bistro, starts_at=EVENING + hours * HOUR)
    failing += [smtplib.SMTPRecipientsRefused({MARIA.email: (550, b"no such user")})]
    assert relay.deliver(now=NOW) == relay.Tally(events=2, failed=1, mailed=1)
    refused = Mail.objects.get(state="failed")
    assert refused.last_error == "SMTPRecipientsRefused 550"


def test_a_mail_is_given_up_in_the_end(booked: Booking, failing: list[Exception]) -> None:
    later = EVENING + 30 * DAY
    services.reschedule(booked, starts_at=later, by=SYSTEM, now=NOW)
    Mail.objects.all().delete()
    failing += [smtplib.SMTPDataError(451, b"later") for _ in range(50)]
    moment = NOW
    for _ in range(7):
        relay.deliver(now=moment)
        moment += 2 * DAY
    mail = Mail.objects.get(kind="confirmation")
    assert (mail.state, mail.attempts, mail.last_error) == ("failed", 7, "SMTPDataError 451")


def test_one_that_cannot_be_written_keeps_no_other_waiting(
    bistro: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt, sound = book(bistro), book(bistro)
    write = writing.write

    def stumble(mail: Mail, **more: Any) -> Any:
        if mail.booking_id == spoilt.pk:
            raise ValueError("unreadable")
        return write(mail, **more)

    monkeypatch.setattr(sending, "write", stumble)
    assert relay.deliver(now=NOW) == relay.Tally(events=2, mailed=1, failed=1)
    assert sound.reference in post.outbox[0].body
    monkeypatch.undo()
    assert relay.deliver(now=NOW + MINUTE).mailed == 1


def test_whoever_dies_with_a_mail_in_hand_loses_nothing(booked: Booking) -> None:
    relay._spread(now=NOW)
    assert sending._claim(now=NOW) is not None  # and then the process is gone
    assert relay.deliver(now=NOW).mailed == 0
    assert relay.deliver(now=NOW + sending.LEASE - MINUTE).mailed == 0
    assert relay.deliver(now=NOW + sending.LEASE).mailed == 1
    assert len(post.outbox) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_three_relays_at_once_write_every_mail_once() -> None:
    made = business("Bistro")
    tables(made, 8)
    for number in range(8):
        book(made, GuestDetails("Guest", str(number), f"guest{number}@example.com"))
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        relay.deliver(now=NOW)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    relay.deliver(now=NOW)
    told = [each.to[0] for each in post.outbox]
    assert (len(told), len(set(told))) == (8, 8)
    assert Mail.objects.filter(kind="reminder", due_at=EVENING - DAY).count() == 8


# --- reminders -----------------------------------------------------------------------------------


def test_a_guest_is_reminded_once(booked: Booking) -> None:
    relay.deliver(now=NOW)
    assert reminder().due_at == EVENING - DAY
    assert relay.deliver(now=EVENING - DAY - MINUTE).mailed == 0
    assert relay.deliver(now=EVENING - DAY).mailed == 1
    assert relay.deliver(now=EVENING - HOUR).mailed == 0
    assert subjects()[1:] == ["Reminder: Table at Bistro, Saturday 20 June 2026"]


def test_a_reminder_moves_with_its_booking(booked: Booking) -> None:
    relay.deliver(now=NOW)
    services.reschedule(booked, starts_at=EVENING + 7 * DAY, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert reminder().due_at == EVENING + 6 * DAY
    assert relay.deliver(now=EVENING - DAY).mailed == 0
    assert relay.deliver(now=EVENING + 6 * DAY).mailed == 1
    first = last().extra_headers["Message-ID"]
    services.reschedule(booked, starts_at=EVENING + 14 * DAY, by=SYSTEM, now=EVENING + 6 * DAY)
    relay.deliver(now=EVENING + 6 * DAY)
    assert relay.deliver(now=EVENING + 13 * DAY).mailed == 1  # another day, another reminder
    assert last().extra_headers["Message-ID"] != first
    assert Mail.objects.filter(kind="reminder").count() == 1


def test_a_booking_that_moved_without_word_is_not_reminded_of_too_early(booked: Booking) -> None:
    relay.deliver(now=NOW)
    services.reschedule(booked, starts_at=EVENING + 7 * DAY, by=SYSTEM, now=NOW)
    assert mailing.send_due(now=EVENING - DAY) == (0, 0)  # the relay hasn't come by
    assert (reminder().state, reminder().due_at) == ("due", EVENING + 6 * DAY)


def test_who_moves_nearer_has_just_been_told(booked: Booking) -> None:
    services.reschedule(booked, starts_at=EVENING + 7 * DAY, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    services.reschedule(booked, starts_at=EVENING, by=SYSTEM, now=EVENING - 2 * HOUR)
    relay.deliver(now=EVENING - 2 * HOUR)
    assert not Mail.objects.filter(kind="reminder").exists()


@pytest.mark.parametrize(
    "end", [services.cancel, services.check_in, services.mark_no_show], ids=lambda x: x.__name__
)
def test_what_has_ended_is_not_reminded_of(booked: Booking, end: Any) -> None:
    relay.deliver(now=NOW)
    end(booked, by=SYSTEM, now=NOW)
    relay.deliver(now=NOW)
    assert not Mail.objects.filter(kind="reminder").exists()


def test_a_cancelled_booking_is_not_reminded_of_before_the_relay_has_heard(
    booked: Booking,
) -> None:
    relay.deliver(now=NOW)
    services.cancel(booked, by=SYSTEM, now=NOW)
    assert mailing.send_due(now=EVENING - DAY) == (0, 0)
    assert reminder().state == "dropped"


def test_a_reminder_that_is_overdue_is_still_sent(booked: Booking) -> None:
    relay.deliver(now=NOW)
    services.amend(booked, notes="Window", by=SYSTEM, now=EVENING - 3 * HOUR)
    assert relay.deliver(now=EVENING - 3 * HOUR).mailed == 1


def test_who_books_shortly_before_is_not_reminded(bistro: Business) -> None:
    services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="t", now=EVENING - 20 * HOUR)
    relay.deliver(now=EVENING - 20 * HOUR)
    assert states() == {"confirmation": "sent"}


def test_a_business_may_change_its_mind_about_reminders(bistro: Business, booked: Booking) -> None:
    relay.deliver(now=NOW)
    Business.objects.update(reminder_hours=3)
    assert mailing.plan_reminders(now=NOW) == 1
    assert mailing.plan_reminders(now=NOW) == 0
    assert reminder().due_at == EVENING - 3 * HOUR
    Business.objects.update(reminder_hours=0)
    assert relay.deliver(now=EVENING - 3 * HOUR).mailed == 0
    assert reminder().state == "dropped"


def test_however_many_reminders_there_are_all_are_planned(
    bistro: Business, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owing, "BATCH", 2)
    for hours in range(5):
        book(bistro, starts_at=EVENING + hours * HOUR)
    assert mailing.plan_reminders(now=NOW) == 5
    assert mailing.plan_reminders(now=NOW) == 0


def test_bookings_made_while_no_mail_was_sent_are_reminded_of(
    booked: Booking, settings: Any
) -> None:
    settings.SENDS_MAIL = False
    relay.deliver(now=NOW)
    settings.SENDS_MAIL = True
    assert mailing.plan_reminders(now=NOW) == 1
    assert relay.deliver(now=EVENING - DAY).mailed == 1
    assert [each.partition(":")[0] for each in subjects()] == ["Reminder"]


def test_a_reminder_keeps_its_hour_across_a_clock_change(bistro: Business) -> None:
    OpeningHours.objects.all().delete()
    changed = EVENING.replace(month=10, day=25, hour=20)  # 20:00 GMT, on the day of 25 hours
    book(bistro, starts_at=changed)
    relay.deliver(now=NOW)
    relay.deliver(now=changed - DAY)
    assert "Sunday 25 October 2026, 20:00–21:00, London time (GMT)" in text_of(last())


# --- hostile words -------------------------------------------------------------------------------


def test_whatever_was_typed_ends_no_header_and_no_line(bistro: Business, massage: Service) -> None:
    bistro.name = HOSTILE[:100]
    bistro.save()
    massage.name = f"Massage {HOSTILE}"
    massage.save()
    bistro.resources.filter(name="Ana").update(name=HOSTILE)
    bistro.locations.update(name=HOSTILE, address=HOSTILE)
    book(bistro, GuestDetails(HOSTILE[:25], HOSTILE, MARIA.email), service=massage, party_size=1)
    assert relay.deliver(now=NOW).mailed == 1
    raw = last().message().as_bytes()
    sent: Any = email.message_from_bytes(raw, policy=email.policy.default)
    assert sent["Bcc"] is None
    assert sent["To"] == MARIA.email
    assert sent["From"].addresses[0].addr_spec == "bookings@localhost"
    assert sent["From"].addresses[0].display_name.startswith("<script>alert(1)</script>")
    assert sent["Subject"].strip().startswith("Confirmed: Massage <script>alert(1)</script>")
    assert not re.search(r"^Bcc", sent.get_body(("plain",)).get_content(), re.MULTILINE)
    shown = sent.get_body(("html",)).get_content()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    [part] = sent.iter_attachments()
    assert not re.search(r"^Bcc", part.get_content(), re.MULTILINE)
    assert len(Calendar.from_ical(part.get_content()).walk("VEVENT")) == 1


@pytest.mark.parametrize(
    "name, greeted",
    [
        ("Maria", True),
        ("Jean-Luc", True),
        ("J. R.", True),
        ("می‌خواهم", True),
        ("Win at http://evil.example/", False),
        ("www evil", False),
        ("call evil.example now", False),
        ("call 0900 123456", False),
        ("x" * 41, False),
    ],
)
def test_only_names_are_greeted(bistro: Business, name: str, greeted: bool) -> None:
    """Anybody may book with anybody's address: what they call themselves must not be a message."""
    book(bistro, GuestDetails(name, "Garcia", MARIA.email))
    relay.deliver(now=NOW)
    said = last().body + html_of(last())
    assert (name in said) == greeted
    assert f"Hello {name}," in last().body if greeted else "Hello,\n" in last().body


def test_what_is_no_address_is_not_written_to(bistro: Business) -> None:
    book(bistro, GuestDetails("Maria", "Garcia", "maria@example.com\nBcc: all@example.com"))
    relay.deliver(now=NOW)
    assert (states()["confirmation"], post.outbox) == ("dropped", [])


# --- cost ----------------------------------------------------------------------------------------


def test_a_batch_of_events_costs_the_same_whatever_its_size(bistro: Business) -> None:
    def cost(count: int) -> int:
        for number in range(count):
            moved = book(bistro, starts_at=EVENING + number * HOUR)
            services.reschedule(
                moved, starts_at=EVENING + (number + 100) * HOUR, by=SYSTEM, now=NOW
            )
            services.cancel(moved, by=SYSTEM, now=NOW)
        with CaptureQueriesContext(connection) as seen:
            relay._spread(now=NOW)
        return len(seen) - count * 6  # a savepoint an event was there before

    assert cost(1) == cost(6)


def test_old_mails_are_forgotten(booked: Booking) -> None:
    relay.deliver(now=NOW)
    assert mailing.forget(now=NOW + sending.KEPT - MINUTE) == 0
    assert mailing.forget(now=NOW + sending.KEPT) == 1  # the reminder is still due
    assert states() == {"reminder": "due"}


def test_a_mail_costs_the_same_however_many_there_are(bistro: Business) -> None:
    def cost(count: int) -> int:
        for hours in range(count):
            book(bistro, starts_at=EVENING + hours * HOUR)
        relay._spread(now=NOW)
        with CaptureQueriesContext(connection) as seen:
            assert mailing.send_due(now=NOW) == (count, 0)
        return len(seen)

    none = cost(0)
    one = cost(1) - none
    for each in Booking.objects.all():
        services.cancel(each, by=SYSTEM, now=NOW)  # makes room for more
    relay.deliver(now=NOW)
    assert cost(4) - none == 4 * one
    assert one <= 9
