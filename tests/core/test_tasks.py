"""What runs by the clock: each task is one call, and does nothing when there is nothing to do."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils.module_loading import import_string

from accounts import idempotency
from accounts.identifiers import hex24, int48
from accounts.limits import limiter
from accounts.models import Channel, Idempotency
from billing.models import Subscription
from bookings import services
from bookings.models import Allocation, Booking
from bookings.wishes import SYSTEM
from tests.builders import EVENING, business, channel, tables, user, wish

pytestmark = pytest.mark.django_db

SCHEDULE = sorted(str(each["task"]) for each in configured.CELERY_BEAT_SCHEDULE.values())


@pytest.mark.parametrize("name", SCHEDULE)
def test_what_is_scheduled_is_there_and_may_find_nothing(name: str) -> None:
    task: Any = import_string(name)
    assert (task.name, task() or 0) == (name, 0)


def test_lapsed_holds_are_cleared_away() -> None:
    bistro = business("Bistro")
    tables(bistro, 1)
    # By the real clock, as tasks have no other: the evening's table, held long ago.
    services.hold(wish(bistro, EVENING), by=SYSTEM, source="test", now=EVENING - timedelta(hours=8))
    Booking.objects.update(expires_at=datetime.now(UTC) - timedelta(minutes=1))
    Allocation.objects.update(expires_at=datetime.now(UTC) - timedelta(minutes=1))
    assert import_string("bookings.tasks.expire_holds")() == 1
    assert Booking.objects.get().state == "expired"


def test_trials_end() -> None:
    person = user(is_developer=True)
    ended = datetime.now(UTC) - timedelta(days=1)
    Subscription.objects.create(user=person, plan_id="trial", status="trial", trial_ends_at=ended)
    assert import_string("billing.tasks.end_trials")() == 1
    assert Subscription.objects.get(user=person).plan_id == "free"


def test_housekeeping_writes_down_who_was_here_and_forgets_old_answers() -> None:
    used, _ = channel(business("Bistro"))
    limiter().take_used()
    limiter().count(f"channel:{used.pk}", used=str(used.pk))
    old = datetime.now(UTC) - timedelta(hours=25)
    Idempotency.objects.create(
        scope="s", key="k", fingerprint="f", status=200, body="{}", created_at=old
    )
    import_string("bookings.tasks.housekeeping")()
    seen = Channel.objects.get(pk=used.pk).last_used_at
    assert seen is not None
    assert abs(seen - datetime.now(UTC)) < timedelta(minutes=1)
    assert not Idempotency.objects.exists()


def test_an_answer_is_erased_by_whichever_form_of_an_id_it_names() -> None:
    gone, stays = uuid.uuid4(), uuid.uuid4()
    bodies = {
        f"{name} {form}": json.dumps({"id": form})
        for name, each in (("gone", gone), ("stays", stays))
        for form in (str(each), hex24(each), int48(each))
    }
    for key, body in bodies.items():
        Idempotency.objects.create(scope="test", key=key, fingerprint="", status=201, body=body)
    idempotency.erase([gone])
    assert dict(Idempotency.objects.values_list("key", "body")) == {
        key: "" if key.startswith("gone") else body for key, body in bodies.items()
    }
