"""Mails on their way: claimed, sent, tried again later."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.mail import get_connection
from django.db import OperationalError, transaction

from accounts import clock
from bookings.mailing.writing import Overtaken, TooEarly, write
from bookings.models import Mail

log = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(minutes=5)  # longer than a slow server may take for one mail
RETRIES = tuple(timedelta(minutes=each) for each in (1, 5, 30, 2 * 60, 6 * 60, 24 * 60))
KEPT = timedelta(days=30)  # how long a mail that is over can be looked at

# What a server says of one mail; whatever else goes wrong, goes wrong with all of them.
OF_ONE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)


class Sent(NamedTuple):
    """How many mails were sent, and how many will be tried again or were given up."""

    sent: int
    failed: int


def send_due(*, now: datetime | None = None) -> Sent:
    """Send what is due, over one connection; safe to run anywhere, any number at once.

    A server that fails is left alone for the rest of the run.
    """
    sent = failed = 0
    post: Any = None
    try:
        for _ in range(BATCH):
            mail = _claim(now=now)
            if mail is None:
                break
            post = post or get_connection()
            problem = _send(mail, post, now=now)
            if problem is None:
                sent += mail.state == Mail.State.SENT.value
                continue
            failed += 1
            if isinstance(problem, OSError) and not isinstance(problem, OF_ONE):
                break
    finally:
        if post:
            post.close()
    return Sent(sent, failed)


@transaction.atomic
def _claim(*, now: datetime | None) -> Mail | None:
    """Take one due mail for a while; it comes back by itself when we die with it."""
    mail = (
        Mail.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related(
            "event", "booking__business", "booking__location", "booking__service", "booking__guest"
        )
        .filter(state=Mail.State.DUE, due_at__lte=clock.moment(now))
        .order_by("due_at", "created_at")
        .first()
    )
    if mail:
        mail.attempts += 1
        mail.due_at = clock.read(now) + LEASE
        mail.save(update_fields=["attempts", "due_at"])
    return mail


def _send(mail: Mail, post: Any, *, now: datetime | None) -> Exception | None:
    """Make one attempt and write down how it went; what went wrong, if anything did."""
    moment = clock.read(now)
    try:
        message = write(mail, now=moment)
        message.connection = post
        post.open()  # once for all, where it has anything to open
        message.send()
    except Overtaken as reason:
        mail.state, mail.last_error = Mail.State.DROPPED.value, str(reason)
    except TooEarly as early:
        mail.attempts, mail.due_at = 0, early.due_at
    except OperationalError:
        raise  # of the database: nothing can be written down now
    except Exception as error:  # noqa: BLE001 - one that can't be sent must not keep others waiting
        _put_off(mail, error, moment)
        post.close()
        return error
    else:
        mail.state, mail.sent_at, mail.last_error = Mail.State.SENT.value, moment, ""
    mail.save(update_fields=["state", "sent_at", "attempts", "due_at", "last_error"])
    return None


def _put_off(mail: Mail, error: Exception, moment: datetime) -> None:
    """Try again later, and later still each time, unless the address is refused for good."""
    mail.last_error = _what(error)
    refused = isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        500 <= code < 600 for code, _ in error.recipients.values()
    )
    if refused or mail.attempts > len(RETRIES):
        mail.state = Mail.State.FAILED.value
    else:
        mail.due_at = moment + RETRIES[mail.attempts - 1]
    log.warning("Mail %s was not sent: %s", mail.pk, mail.last_error)
    mail.save(update_fields=["state", "due_at", "last_error"])


def _what(error: Exception) -> str:
    """What went wrong, without the address it went wrong with."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((each[0] for each in error.recipients.values()), None)
    return f"{type(error).__name__} {code or ''}".strip()


def forget(*, now: datetime | None = None) -> int:
    """Delete mails that were over long ago; returns how many."""
    over = Mail.objects.exclude(state=Mail.State.DUE)
    deleted, _ = over.filter(created_at__lte=clock.read(now) - KEPT).delete()
    return deleted
