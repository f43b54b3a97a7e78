"""A relay that is killed with a mail in hand, as a machine that loses its power would."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bookings import mailing, relay, services
from bookings.mailing.sending import LEASE
from bookings.models import Mail
from bookings.wishes import SYSTEM, GuestDetails
from tests.builders import NOW, business, tables, wish
from tests.faults.test_relay import RUN
from tests.web import ROOT, database_url


class PostOffice:
    """A mail server that takes down what it is given; `stops` waits before it accepts a mail."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.arrived, self.may_answer = threading.Event(), threading.Event()
        self.port = 0


@contextlib.contextmanager
def post_office() -> Iterator[PostOffice]:
    office = PostOffice()

    class Counter(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.serve()

        def serve(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    office.arrived.set()
                    office.may_answer.wait(20)
                    self.wfile.write(b"354 go on\r\n")
                    body = b""
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        body += part
                    if not part:
                        return  # whoever brought it died on the way
                    office.taken.append(body)
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 yes\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Counter) as server:
        server.daemon_threads = True
        office.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield office
        finally:
            office.may_answer.set()
            server.shutdown()


def ids(office: PostOffice) -> list[bytes]:
    return [
        line.partition(b":")[2].strip()
        for each in office.taken
        for line in each.splitlines()
        if line.startswith(b"Message-ID:")
    ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_relay_killed_with_a_mail_in_hand_loses_and_doubles_nothing(settings: Any) -> None:
    bistro = business("Bistro")
    tables(bistro, 3)
    with post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        for number in range(3):
            guest = GuestDetails("Guest", str(number), f"guest{number}@example.com")
            services.book(wish(bistro), guest=guest, by=SYSTEM, source="test", now=NOW)
        killed = subprocess.Popen(
            [sys.executable, "-c", RUN.format(now=NOW.isoformat())],
            cwd=ROOT,
            env=os.environ
            | {
                "OPENBOOK_ENV": "test",
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": database_url(),
                "EMAIL_URL": f"smtp://127.0.0.1:{office.port}",
            },
        )
        try:
            assert office.arrived.wait(30)
        finally:
            killed.kill()
            killed.wait()
        office.may_answer.set()
        due = Mail.objects.exclude(kind="reminder")
        assert sorted(due.values_list("state", "attempts")) == [("due", 0), ("due", 0), ("due", 1)]
        assert relay.deliver(now=NOW).mailed == 2  # the third is still in the dead one's hand
        assert mailing.send_due(now=NOW + LEASE - timedelta(seconds=1)) == (0, 0)
        assert mailing.send_due(now=NOW + LEASE) == (1, 0)
        assert mailing.send_due(now=NOW + 2 * LEASE) == (0, 0)
        assert (len(ids(office)), len(set(ids(office)))) == (3, 3)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_mail_server_that_is_away_delays_and_loses_nothing(settings: Any) -> None:
    bistro = business("Bistro")
    tables(bistro, 3)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and doesn't listen
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody.getsockname()
        for number in range(3):
            guest = GuestDetails("Guest", str(number), f"guest{number}@example.com")
            services.book(wish(bistro), guest=guest, by=SYSTEM, source="test", now=NOW)
        assert relay.deliver(now=NOW) == relay.Tally(events=3, failed=1)
        assert {each.last_error for each in Mail.objects.filter(attempts=1)} == {
            "ConnectionRefusedError"
        }
    with post_office() as office:
        office.may_answer.set()
        settings.EMAIL_PORT = office.port
        assert relay.deliver(now=NOW + timedelta(minutes=1)).mailed == 3
        assert len(set(ids(office))) == 3
