"""What a mail says: a booking as it is when the mail is sent, in text and in HTML."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.headerregistry import Address
from email.mime.text import MIMEText
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy

from billing.models import Deposit
from bookings import calendars, cards, links, policies, selectors
from bookings.lifecycle import State
from bookings.mailing.owing import writes_to_guests
from bookings.models import Booking, Event, Mail

SUBJECTS = {
    Mail.Kind.CONFIRMATION: gettext_lazy("Confirmed"),
    Mail.Kind.CHANGE: gettext_lazy("Changed"),
    Mail.Kind.CANCELLATION: gettext_lazy("Cancelled"),
    Mail.Kind.REMINDER: gettext_lazy("Reminder"),
    Mail.Kind.OFFER: gettext_lazy("Free for you"),
}
# What a booking must be for a mail to be true; confirmed for all others.
WANTED = {Mail.Kind.CANCELLATION: State.CANCELLED, Mail.Kind.OFFER: State.HELD}
WITH_CALENDAR = (Mail.Kind.CONFIRMATION, Mail.Kind.CHANGE)


class Overtaken(Exception):
    """What a mail was to say is no longer so, or nobody is there to be told."""


class TooEarly(Exception):
    """The booking has moved since its reminder was planned; it is due later."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__()
        self.due_at = due_at


def write(mail: Mail, *, now: datetime) -> EmailMultiAlternatives:
    """The mail as it is sent. `mail` comes with its event, and its booking with all that is shown.

    Raises Overtaken, or TooEarly for a reminder.
    """
    booking = mail.booking
    booking.location.business = booking.business
    _ask_whether_still_so(mail, booking, now)
    with translation.override(_language(booking)):
        return _write(mail, booking, now)


def _language(booking: Booking) -> str:
    """The language that it was booked in, else the business's."""
    known = dict(settings.LANGUAGES)
    for each in (booking.said.get("language", ""), booking.business.widget.get("language", "")):
        if each in known:
            return str(each)
    return settings.LANGUAGE_CODE


def _write(mail: Mail, booking: Booking, now: datetime) -> EmailMultiAlternatives:
    resources = cards.resources_of(booking.resource_ids)
    card = cards.card(booking, resources, _deposit(booking))
    link = links.url(booking)
    context = {
        "card": card,
        "link": link,
        "may_move": policies.against_moving(booking, now) is None,
    } | _news(mail, booking, card)
    subject = cards.line(f"{SUBJECTS[Mail.Kind(mail.kind)]}: {calendars.summary(card)}", 120)
    message = EmailMultiAlternatives(
        subject=f"{subject}, {card.day}",
        body=render_to_string(f"email/{mail.kind}.txt", context).strip() + "\n",
        from_email=_sender(card.business),
        to=[booking.email],
        headers={
            "Message-ID": _message_id(mail, booking),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(render_to_string(f"email/{mail.kind}.html", context), "text/html")
    if mail.kind in WITH_CALENDAR:
        version = selectors.version_of(booking)
        message.attach(_calendar(booking, card, link=link, version=version))
    return message


def _ask_whether_still_so(mail: Mail, booking: Booking, now: datetime) -> None:
    if not writes_to_guests(booking.business):
        raise Overtaken("The business writes no mails.")
    if not booking.email:
        raise Overtaken("Nobody to write to.")
    try:
        validate_email(booking.email)
    except ValidationError:
        raise Overtaken("Not an address.") from None
    wanted = WANTED.get(Mail.Kind(mail.kind), State.CONFIRMED)
    if booking.state != wanted.value:
        raise Overtaken(f"The booking is {booking.state}.")
    if booking.expires_at and booking.expires_at <= now:
        raise Overtaken("The offer has lapsed.")
    if booking.ends_at <= now:
        raise Overtaken("The booking is over.")
    if mail.kind == Mail.Kind.REMINDER:
        hours = booking.business.reminder_hours
        due_at = booking.starts_at - timedelta(hours=hours)
        if not hours:
            raise Overtaken("The business reminds nobody.")
        if booking.starts_at <= now:
            raise Overtaken("The booking has begun.")
        if due_at > now:
            raise TooEarly(due_at)


def _deposit(booking: Booking) -> Deposit | None:
    """The deposit that the guest put down, whatever became of it since."""
    never = (Deposit.Status.PENDING, Deposit.Status.FAILED)
    return (
        Deposit.objects.filter(booking_id=booking.pk, business_id=booking.business_id)
        .exclude(status__in=never)
        .first()
    )


def _news(mail: Mail, booking: Booking, card: cards.Card) -> dict[str, Any]:
    """What a change or an end has to say beyond how the booking is now."""
    event = mail.event
    if event is None:
        return {}
    by_guest = event.actor == "guest"
    news: dict[str, Any] = {
        "by_guest": by_guest,
        "deposit_kept": by_guest and policies.is_late(booking, event.at),
    }
    if booking.expires_at:
        news["until"] = cards.moment(booking.expires_at, cards.zone_of(booking.location))
    if mail.kind == Mail.Kind.CHANGE and event.kind == Event.Kind.CANCELLED and event.booking:
        gone = event.booking.service
        news["without"] = cards.line(gone.name) if gone else ""
    if (was := event.data.get("was")) and event.booking_id == booking.pk:
        zone = cards.zone_of(booking.location)
        start, end = (datetime.fromisoformat(was[name]) for name in ("starts_at", "ends_at"))
        if (start, end) != (booking.starts_at, booking.ends_at):
            day, times = cards.day(start, zone), cards.times(start, end, zone)
            news["was"] = cards.moment(start, zone) if card.parts else f"{day}, {times}"
        if was["party_size"] != booking.party_size:
            news["was_party"] = cards.people(was["party_size"])
    return news


def _sender(name: str) -> str:
    """Our address under the business's name."""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return str(Address(display_name=name, addr_spec=address))


def _message_id(mail: Mail, booking: Booking) -> str:
    """The same on every attempt, so that whoever gets a mail twice can tell. A reminder for
    another time is another mail."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    more = f".{int(booking.starts_at.timestamp())}" if mail.kind == Mail.Kind.REMINDER else ""
    return f"<{mail.pk}{more}@{host}>"


def _calendar(booking: Booking, card: cards.Card, *, link: str, version: int) -> MIMEText:
    body = calendars.ics(booking, card, link=link, version=version).decode()
    part = MIMEText(body, "calendar", "utf-8")
    part.set_param("method", "PUBLISH")
    name = f"booking-{booking.reference}.ics"
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part
