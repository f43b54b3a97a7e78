"""A task is one call of a service. Celery makes things quick; it never makes them happen."""

from celery import shared_task

from accounts import idempotency, logins
from accounts.limits import limiter
from accounts.services import note_used
from billing import services as paying
from bookings import mailing, relay, services


@shared_task(name="bookings.tasks.expire_holds")
def expire_holds() -> int:
    """Clear away lapsed holds, batch by batch; how many."""
    count = 0
    while expired := len(services.expire_holds()):
        count += expired
    return count


@shared_task(name="bookings.tasks.deliver_outbox")
def deliver_outbox() -> int:
    """Pass on what is owed to the world; how many effects. Where something happened a place may
    have become free, so who waits is asked first, and told in the same run."""
    services.promote_waitlist(only_news=True)
    return relay.deliver().done


@shared_task(name="bookings.tasks.promote_waitlist")
def promote_waitlist() -> int:
    """Offer what is free to those who wait, however it became so; how many offers."""
    return len(services.promote_waitlist())


@shared_task(name="bookings.tasks.lay_out_schedules")
def lay_out_schedules() -> int:
    """Put recurring classes in the book, as far ahead as each business wants; how many."""
    return len(services.lay_out_all().made)


@shared_task(name="bookings.tasks.plan_reminders")
def plan_reminders() -> int:
    """Bring reminders in line with what businesses want by now; how many were made or moved."""
    return mailing.plan_reminders()


@shared_task(name="bookings.tasks.housekeeping")
def housekeeping() -> None:
    """Forget what was kept long enough, and write down when the channels were last used."""
    idempotency.forget()
    logins.forget()
    relay.forget()
    mailing.forget()
    paying.forget()
    services.close_waitlist()
    note_used(limiter().take_used())
