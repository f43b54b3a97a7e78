"""A relay that is killed with a delivery in hand, as a machine that loses its power would."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest

from bookings import relay, services
from bookings.models import WebhookDelivery
from bookings.wishes import SYSTEM
from tests.builders import MARIA, NOW, business, tables, wish
from tests.hooks import Received, receiver
from tests.web import ROOT, database_url

RUN = """
import django
django.setup()
from datetime import datetime
from bookings import relay
relay.deliver(now=datetime.fromisoformat({now!r}))
"""


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_relay_killed_in_the_middle_loses_nothing(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    bistro = business("Bistro")
    tables(bistro, 3)
    arrived, may_answer = threading.Event(), threading.Event()
    with receiver() as hooks:
        answer = hooks.answer

        def slowly(request: Received) -> int:
            status = answer(request)
            arrived.set()
            may_answer.wait(20)
            return status

        hooks.answer = slowly  # type: ignore[method-assign]
        services.add_webhook(
            bistro, url=hooks.url, events=["booking.created"], protocol="availengine"
        )
        for _ in range(3):
            services.book(wish(bistro), guest=MARIA, by=SYSTEM, source="test", now=NOW)
        killed = subprocess.Popen(
            [sys.executable, "-c", RUN.format(now=NOW.isoformat())],
            cwd=ROOT,
            env=os.environ
            | {
                "OPENBOOK_ENV": "test",
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": database_url(),
                "WEBHOOKS_ALLOW_PRIVATE": "1",
            },
        )
        try:
            assert arrived.wait(30)
        finally:
            killed.kill()
            killed.wait()
        may_answer.set()
        states = WebhookDelivery.objects.order_by("due_at").values_list("state", "attempts")
        assert sorted(states) == [("due", 0), ("due", 0), ("due", 1)]
        assert relay.deliver(now=NOW).delivered == 2  # the third is still in the dead one's hand
        assert relay.deliver(now=NOW + relay.LEASE - timedelta(seconds=1)).delivered == 0
        assert relay.deliver(now=NOW + relay.LEASE).delivered == 1
    told = [each.headers["X-AvailEngine-Delivery"] for each in hooks.received]
    assert (len(told), len(set(told))) == (4, 3)  # once more than needed, and none lost
