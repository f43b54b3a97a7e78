"""A booking as a file that calendars take: iCalendar, RFC 5545.

Times in it are UTC, so that they are the same instants whatever zones the guest's calendar knows.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from bookings.cards import Card
from bookings.lifecycle import State
from bookings.models import Booking

STATUS = {
    State.HELD: "TENTATIVE",
    State.PENDING: "TENTATIVE",
    State.CANCELLED: "CANCELLED",
    State.EXPIRED: "CANCELLED",
}


def summary(card: Card) -> str:
    """What and where, in a line."""
    return _("%(what)s at %(business)s") % {"what": card.what, "business": card.business}


def ics(booking: Booking, card: Card, *, link: str, version: int = 0) -> bytes:
    """The file. Its UID stays that of the booking; `version` grows with every change of it."""
    event = Event()
    event.add("uid", f"{booking.pk}@openbook")
    event.add("sequence", version)
    event.add("dtstamp", booking.updated_at)
    event.add("dtstart", card.starts_at)
    event.add("dtend", card.ends_at)
    event.add("summary", summary(card))
    event.add("location", ", ".join(filter(None, (card.business, card.place, card.address))))
    event.add("status", STATUS.get(State(booking.state), "CONFIRMED"))
    said = [f"{card.what}, {card.party}"]
    if card.with_whom:
        said.append(_("With %s") % card.with_whom)
    said.append(_("Reference %s") % card.reference)
    said.append(_("See, move or cancel it: %s") % link)
    event.add("description", "\n".join(said))
    event.add("url", link)
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Openbook//Openbook//EN")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    body: bytes = calendar.to_ical()
    return body
