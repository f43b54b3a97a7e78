"""What the core says when it refuses, in the language of who reads it.

The core speaks English, and so do the APIs that hand on what it says. Pages translate it here, at
the edge: a sentence that isn't among these is shown as it is.
"""

from __future__ import annotations

import functools
import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext_lazy

from accounts.errors import DomainError

SENTENCES = (
    # what every refusal says that says no more
    gettext_noop("This can't be done."),
    gettext_noop("The request is not valid."),
    gettext_noop("Not found."),
    gettext_noop("This contradicts what is already there."),
    gettext_noop("You may not do this."),
    gettext_noop("The plan allows no more."),
    gettext_noop("The service is busy. Please try again."),
    gettext_noop("This time is not offered."),
    gettext_noop("This time is outside the opening hours."),
    gettext_noop("This time is in the past."),
    gettext_noop("No resource is available at the requested time."),
    gettext_noop("The hold has expired."),
    gettext_noop("The deposit has not been paid."),
    gettext_noop("Payment must be completed before the appointment can be completed"),
    gettext_noop("Payment amount exceeds the remaining balance"),
    gettext_noop("The payment could not be prepared. Please try again."),
    gettext_noop("The plan's bookings for this month are used up."),
    gettext_noop("This link doesn't lead to a booking."),
    gettext_noop("A newer link was made for this booking."),
    gettext_noop("This link has expired."),
    gettext_noop("It is too late for this."),
    gettext_noop("This can't be done online."),
    # bookings
    gettext_noop("A booking that is %(now)s can't become %(wanted)s."),
    gettext_noop("Too many start at this time already."),
    gettext_noop("Nothing starts at this time."),
    gettext_noop("This booking has just been changed. Please look again."),
    gettext_noop("This booking is in a class."),
    gettext_noop("This is part of a visit: move the visit as a whole."),
    gettext_noop("One kind of resource can't take the place of another."),
    gettext_noop("Only somebody of the business may overbook."),
    gettext_noop("Say why."),
    gettext_noop("They don't wait any more."),
    gettext_noop("The end must be after the start."),
    gettext_noop("The resource is booked in this time."),
    # classes
    gettext_noop("A class needs a capacity."),
    gettext_noop("Required."),
    gettext_noop("%(names)s: taken at this time."),
    gettext_noop("This class has been cancelled."),
    gettext_noop("This class has been called off or moved."),
    gettext_noop("There are not enough places left in this class."),
    gettext_noop("There are not enough places."),
    gettext_noop("A place in a class can't be moved in time; book the other class."),
    gettext_noop("A place in a class can't be taken again; book another."),
    gettext_noop("It is too late to take this back: book again."),
    gettext_noop("Its deposit was settled with it: book again."),
    gettext_noop("This is part of a visit: book it again as a whole."),
    gettext_noop("A class must end after it starts."),
    gettext_noop("This class is over."),
    gettext_noop("This resource does not offer this service."),
    gettext_noop("Say how many places there are: the class doesn't."),
    gettext_noop("Must not be before the first day."),
    gettext_noop("This rule names no day at all."),
    gettext_noop("A rule says FREQ: DAILY, WEEKLY, MONTHLY or YEARLY."),
    gettext_noop("A rule is NAME=VALUE pairs with semicolons, as in FREQ=WEEKLY;BYDAY=MO."),
    gettext_noop("No such month has such a day."),
    gettext_noop("You already have this appointment"),
    # the waitlist
    gettext_noop("Must not be before the earliest."),
    gettext_noop("This class isn't to come."),
    gettext_noop("There is no offer."),
    gettext_noop("This guest has an offer already."),
    gettext_noop("There is no time left for an offer: book the guest instead."),
    gettext_noop("This guest doesn't wait any more."),
    gettext_noop("This guest waits for another class."),
    gettext_noop("Say a day, or a class."),
    gettext_noop("This date is in the past."),
    # guests
    gettext_noop("Give a phone number or an e-mail address."),
    gettext_noop("A customer has a name, a phone or an e-mail."),
    gettext_noop("At most %(count)s tags of %(length)s characters each."),
    gettext_noop("A guest can't be merged with themselves."),
    gettext_noop("There is another customer with this phone or e-mail."),
    # the plan of a room
    gettext_noop("Somebody else has changed the plan meanwhile."),
    gettext_noop("Somebody or something still belongs to “%(name)s”."),
    gettext_noop("A plan has room for %(count)s things."),
    gettext_noop("The same thing is there twice."),
    gettext_noop("“%(name)s” stands too far away."),
    gettext_noop("“%(name)s” is too small or too large."),
    gettext_noop("There is no such room for “%(name)s”."),
    gettext_noop("The smallest party of “%(name)s” is larger than the largest."),
    gettext_noop("“%(name)s” needs two or more that are there."),
    gettext_noop("Every room needs a name."),
    # settings
    gettext_noop("This name is taken."),
    gettext_noop("Ask for an e-mail or a phone number, so that guests can be told."),
    gettext_noop("This is not the address of a site."),
    gettext_noop("A site is written like https://www.example.com, without a path."),
    gettext_noop("A site must be served by https."),
    gettext_noop("A colour is # and six hexadecimal digits."),
    gettext_noop("A font is the name of a family: letters, digits, spaces and hyphens."),
    gettext_noop("The radius is a whole number of pixels from 0 to %(most)s."),
    gettext_noop("The scheme is auto, light or dark."),
    gettext_noop("This language is not spoken here."),
    gettext_noop("The button says 40 characters at most."),
    gettext_noop("The welcome is 300 characters at most."),
    gettext_noop("A break must lie within working hours"),
    gettext_noop("This plan is arranged with whoever runs this server."),
    gettext_noop("This endpoint is switched off."),
    gettext_noop("What it said was erased."),
    gettext_noop("A combination is of two at least."),
    gettext_noop("Must be from 1 to the most it seats."),
    gettext_noop("A turn takes time."),
)
# What is said otherwise of one. The core has only the plural, by which they are known here.
COUNTED = {
    "Bookings need %(minutes)s minutes' notice.": ngettext_lazy(
        "Bookings need %(minutes)s minute's notice.",
        "Bookings need %(minutes)s minutes' notice.",
        "minutes",
    ),
    "Bookings open %(days)s days ahead.": ngettext_lazy(
        "Bookings open %(days)s day ahead.", "Bookings open %(days)s days ahead.", "days"
    ),
    "%(count)s places are taken already.": ngettext_lazy(
        "%(count)s place is taken already.", "%(count)s places are taken already.", "count"
    ),
    "The class has %(count)s places.": ngettext_lazy(
        "The class has %(count)s place.", "The class has %(count)s places.", "count"
    ),
}
VALUE = re.compile(r"%\\\((\w+)\\\)s")  # as re.escape leaves it


def in_words(error: DomainError) -> str:
    """Why not: what is wrong with each field where it says so, else as a whole."""
    return " ".join(map(said, error.fields.values())) if error.fields else said(str(error))


def said(sentence: str) -> str:
    """A sentence of the core in the language that is active."""
    if sentence in SENTENCES:
        return _(sentence)
    for known, shape in _shapes():
        if found := shape.fullmatch(sentence):
            return _(known) % found.groupdict()
    for known, shape in _counted():
        if found := shape.fullmatch(sentence):
            return COUNTED[known] % {name: int(n) for name, n in found.groupdict().items()}
    return sentence


@functools.cache
def _shapes() -> list[tuple[str, re.Pattern[str]]]:
    """The sentences with values in them, and what each looks like."""
    return [
        (each, re.compile(VALUE.sub(r"(?P<\1>.+)", re.escape(each))))
        for each in SENTENCES
        if "%(" in each
    ]


@functools.cache
def _counted() -> list[tuple[str, re.Pattern[str]]]:
    return [(each, re.compile(VALUE.sub(r"(?P<\1>[0-9]+)", re.escape(each)))) for each in COUNTED]
