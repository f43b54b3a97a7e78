"""A task is one call. Whoever has nothing set up has nothing to do."""

from celery import shared_task
from django.conf import settings

from bookings.api.google import delivery, files, telling


@shared_task(name="bookings.api.google.tasks.export_feeds", time_limit=3600)
def export_feeds() -> int:
    """Write the day's feeds, and send them where that is set up; how many files."""
    if settings.GOOGLE_FEEDS_FOLDER is None:
        return 0
    written, _ = files.export(settings.GOOGLE_FEEDS_FOLDER, days=settings.GOOGLE_FEED_DAYS)
    if delivery.is_configured():
        delivery.upload(written)
    files.tidy(settings.GOOGLE_FEEDS_FOLDER)
    return sum(map(len, written.values()))


@shared_task(name="bookings.api.google.tasks.send_updates")
def send_updates() -> int:
    """Tell Google what changed; how many things."""
    return telling.send_due()
