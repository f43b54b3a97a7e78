"""Tell the relay that something is owed, without ever keeping a request waiting for it.

Celery is a doorbell and not a mailbox: what is owed is in the outbox, and the beat looks there
anyway. So ringing only sets a flag; a thread of this process rings Celery, at most twice a second,
and a broker that is away costs nobody anything.
"""

import logging
import os
import threading
import time

from celery import current_app
from django.conf import settings

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two rings; a burst of bookings is one ring

_wanted = threading.Event()
_starting = threading.Lock()
_owner: int | None = None


def ring() -> None:
    """Ask for the outbox to be looked at soon. Returns at once."""
    if not settings.DOORBELL:
        return
    if _owner != os.getpid():
        _start()
    _wanted.set()


def _start() -> None:
    global _owner
    with _starting:
        if _owner == os.getpid():
            return  # another thread did; after a fork the thread is not there, hence the pid
        _owner = os.getpid()
        threading.Thread(target=_answer, name="doorbell", daemon=True).start()


def _answer() -> None:

    while True:
        _wanted.wait()
        _wanted.clear()
        try:
            current_app.send_task("bookings.tasks.deliver_outbox", retry=False)
        except Exception as error:  # noqa: BLE001 - whatever the broker says, the beat will do it
            log.info("The doorbell was not heard: %s", type(error).__name__)
        time.sleep(PAUSE)
