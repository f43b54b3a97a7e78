"""Mails to guests: what is owed to whom, what it says, and how it is sent.

The relay turns an event into one mail, in the transaction that takes it out of the outbox; a mail
is claimed by moving its due time past the time-out and sent outside any transaction. It says what
is true when it is sent. A reminder is a mail that is due later.
"""

from bookings.mailing.owing import owe, plan_reminders
from bookings.mailing.sending import forget, send_due

__all__ = ["forget", "owe", "plan_reminders", "send_due"]
