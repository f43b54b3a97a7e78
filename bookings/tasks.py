"""A task is one call of a service. Celery makes things quick; it never makes them happen."""

from celery import shared_task

from bookings import services


@shared_task(name="bookings.tasks.expire_holds")
def expire_holds() -> int:
    """Clear away lapsed holds, batch by batch; how many."""
    count = 0
    while expired := len(services.expire_holds()):
        count += expired
    return count
