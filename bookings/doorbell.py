"""Tell the relay and the live stream that something happened, without keeping a request waiting.

Celery is a doorbell and not a mailbox: what is owed is in the outbox, and the beat looks there
anyway; so does the live stream in the events. So ringing only sets a flag; a thread of this process
rings both, at most twice a second, and a broker that is away costs nobody anything.
"""

import logging
import os
import threading
import time

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two rings; a burst of bookings is one ring

_wanted = threading.Event()
_starting = threading.Lock()
_owner: int | None = None


def ring() -> None:
    """Ask for the outbox and the events to be looked at soon. Returns at once."""
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
        _wake_the_stream()
        try:
            current_app.send_task("bookings.tasks.deliver_outbox", retry=False)
        except Exception as error:  # noqa: BLE001 - whatever the broker says, the beat will do it
            log.info("The doorbell was not heard: %s", type(error).__name__)
        time.sleep(PAUSE)


def _wake_the_stream() -> None:
    """A notice of its own: in the transactions that ring, every commit would wait for the others'
    (docs/decisions/0028)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('openbook', 'look')")
    except DatabaseError as error:
        log.info("The live stream was not woken: %s", type(error).__name__)
    finally:
        connection.close()
