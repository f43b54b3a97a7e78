"""Passes on what the outbox owes to the world: webhooks, mails, and the ends of deposits.

Nothing is sent inside the transaction that claims it. An event becomes one delivery an endpoint,
with its body written down, and at most one mail, in the transaction that takes it out of the
outbox; a delivery is then claimed by moving its due time past the time-out, so that whoever dies
with it in hand loses nothing and two relays never send it at once. A receiver hears of an event at
least once.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import time
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from importlib import import_module
from typing import Protocol

import httpcore
from django.db import OperationalError, transaction
from django.db.models import Q

from accounts import clock
from accounts.errors import Conflict
from billing.gateways import GatewayError
from bookings import mailing, outward, services, updates
from bookings.models import Event, Outbox, WebhookDelivery, WebhookEndpoint

log = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(seconds=60)
RETRIES = tuple(timedelta(minutes=each) for each in (1, 5, 30, 2 * 60, 6 * 60, 24 * 60))
GIVES_UP = timedelta(days=7)  # an endpoint that failed for so long is switched off
KEPT = timedelta(days=30)  # how long a delivery that is over can be looked at

# What speaks to an endpoint in a protocol's words, by its name. By path, so that the core never
# imports a protocol.
VOICES = {
    "appointedd": "bookings.api.appointedd.notices",
    "availengine": "bookings.api.availengine.notices",
    "octotable": "bookings.api.octotable.notices",
}


class Voice(Protocol):
    """What a protocol's module of notices has."""

    def write(self, event: Event) -> tuple[str, str] | None:
        """The protocol's name for an event and the body to send, or None for what isn't told."""
        ...

    def headers(self, delivery: WebhookDelivery, at: datetime) -> dict[bytes | str, bytes | str]:
        """What goes with the body, this time: its type, its proof, which delivery it is."""
        ...


def _voice(endpoint: WebhookEndpoint) -> Voice:
    voice: Voice = import_module(VOICES[endpoint.protocol])
    return voice


@dataclasses.dataclass
class Tally:
    """What one run of the relay did."""

    events: int = 0
    deposits: int = 0
    delivered: int = 0
    mailed: int = 0
    failed: int = 0

    @property
    def done(self) -> int:
        return self.events + self.deposits + self.delivered + self.mailed


def deliver(*, now: datetime | None = None) -> Tally:
    """Work through all that is due; safe to run anywhere, any number at once."""
    tally = Tally()
    while count := _spread(now=now):
        tally.events += count
    _settle_deposits(tally, now=now)
    while count := _spread(now=now):  # settling has news of its own
        tally.events += count
    _send_due(tally, now=now)
    mails = mailing.send_due(now=now)
    tally.mailed += mails.sent
    tally.failed += mails.failed
    return tally


# --- events become deliveries and mails ----------------------------------------------------------


@transaction.atomic
def _spread(*, now: datetime | None) -> int:
    """Turn a batch of events into deliveries; how many events there were."""
    rows = list(
        Outbox.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(topic=Outbox.Topic.EVENT, due_at__lte=clock.moment(now))
        .select_related("event__booking__guest", "event__business")
        .order_by("id")[:BATCH]
    )
    if not rows:
        return 0
    events = [row.event for row in rows if row.event]
    spoilt: set[int] = set()
    listeners: dict[uuid.UUID, list[WebhookEndpoint]] = {}
    for endpoint in WebhookEndpoint.objects.filter(
        business__in={event.business_id for event in events}, is_active=True
    ):
        listeners.setdefault(endpoint.business_id, []).append(endpoint)
    moment = clock.read(now)
    made: list[WebhookDelivery] = []
    for event in events:
        try:
            with transaction.atomic():
                bodies = [
                    (endpoint, _body(endpoint, event))
                    for endpoint in listeners.get(event.business_id, ())
                ]
        except OperationalError:
            raise
        except Exception:  # one that can't be written must not keep all others waiting
            log.exception("Event %s can't be told", event.pk)
            spoilt.add(event.pk)
            continue
        made += [
            WebhookDelivery(
                endpoint=endpoint, event=event, body=body, due_at=moment, created_at=moment
            )
            for endpoint, body in bodies
            if body is not None
        ]
    WebhookDelivery.objects.bulk_create(made, ignore_conflicts=True)
    mailing.owe([event for event in events if event.pk not in spoilt], now=now)
    updates.owe([event for event in events if event.pk not in spoilt], now=now)
    for row in rows:
        if row.event_id in spoilt:
            _put_off(row, "It can't be written.", now=now)
    Outbox.objects.filter(pk__in=[row.pk for row in rows if row.event_id not in spoilt]).delete()
    return len(rows)


def _body(endpoint: WebhookEndpoint, event: Event) -> str | None:
    """What an endpoint is told of an event, or None when it doesn't listen to its like."""
    written = _voice(endpoint).write(event)
    if written is None:
        return None
    name, body = written
    return body if name in endpoint.events else None


# --- deposits ------------------------------------------------------------------------------------


def _settle_deposits(tally: Tally, *, now: datetime | None) -> None:
    """Capture or release what is owed; a gateway that fails is asked again later."""
    topics = (Outbox.Topic.CAPTURE, Outbox.Topic.RELEASE)
    for _ in range(BATCH):
        row = _claim(Q(topic__in=topics), now=now)
        if row is None or row.deposit_id is None:
            return
        try:
            services.settle_deposit(row.deposit_id, captures=row.topic == topics[0], now=now)
        except GatewayError as error:
            _put_off(row, str(error), now=now)
            tally.failed += 1
        else:
            row.delete()
            tally.deposits += 1


def _put_off(row: Outbox, problem: str, *, now: datetime | None) -> None:
    """Try again later, and later still each time; what is owed is never dropped."""
    Outbox.objects.filter(pk=row.pk).update(
        attempts=row.attempts + 1,
        due_at=clock.read(now) + RETRIES[min(row.attempts, len(RETRIES) - 1)],
        last_error=problem[:300],
    )


@transaction.atomic
def _claim(which: Q, *, now: datetime | None) -> Outbox | None:
    """Take one due row for a while; it comes back by itself when we die with it."""
    row = (
        Outbox.objects.select_for_update(skip_locked=True)
        .filter(which, due_at__lte=clock.moment(now))
        .order_by("id")
        .first()
    )
    if row:
        Outbox.objects.filter(pk=row.pk).update(due_at=clock.read(now) + LEASE)
    return row


# --- webhooks ------------------------------------------------------------------------------------


def _send_due(tally: Tally, *, now: datetime | None) -> None:
    """Send what is due. An endpoint that fails is left alone for the rest of the run, so that it
    costs everybody else one time-out and not one a delivery."""
    failing: set[uuid.UUID] = set()
    with outward.client() as pool:
        for _ in range(BATCH):
            delivery = _claim_delivery(now=now, but=failing)
            if delivery is None:
                return
            if not delivery.body and not _write_anew(delivery):
                continue
            if send(delivery, pool, now=now):
                tally.delivered += 1
            else:
                tally.failed += 1
                failing.add(delivery.endpoint_id)


@transaction.atomic
def _claim_delivery(
    *, now: datetime | None, but: Collection[uuid.UUID] = ()
) -> WebhookDelivery | None:
    delivery = (
        WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("endpoint")
        .filter(
            state=WebhookDelivery.State.DUE,
            due_at__lte=clock.moment(now),
            endpoint__is_active=True,
        )
        .exclude(endpoint__in=but)
        .order_by("due_at", "event_id")  # of what is due together, as it happened
        .first()
    )
    if delivery:
        delivery.attempts += 1
        delivery.due_at = clock.read(now) + LEASE
        delivery.save(update_fields=["attempts", "due_at"])
    return delivery


def _write_anew(delivery: WebhookDelivery) -> bool:
    """Write down what a delivery says, as what it said was erased with its guest; whether there is
    still anything to say."""
    try:
        with transaction.atomic():
            written = _voice(delivery.endpoint).write(delivery.event)
    except OperationalError:
        raise
    except Exception:  # as in `_spread`: it must not keep all others waiting
        log.exception("Event %s can't be told", delivery.event_id)
        written = None
    if written:
        delivery.body = written[1]
    else:
        delivery.state, delivery.last_error = (
            WebhookDelivery.State.FAILED,
            "What it said was erased.",
        )
    delivery.save(update_fields=["body", "state", "last_error"])
    return bool(written)


def send(delivery: WebhookDelivery, pool: httpcore.ConnectionPool, *, now: datetime | None) -> bool:
    """Make one attempt and write down how it went; whether it was taken."""
    moment = clock.read(now)
    endpoint = delivery.endpoint
    status, problem = None, ""
    try:
        status = outward.post(
            pool,
            endpoint.url,
            delivery.body.encode(),
            _voice(endpoint).headers(delivery, moment),
        )
        if not 200 <= status < 300:
            problem = f"answered {status}"
    except outward.Unreachable as error:
        problem = str(error)
    delivery.last_status, delivery.last_error = status, problem[:300]
    if not problem:
        delivery.state, delivery.delivered_at = WebhookDelivery.State.DELIVERED, moment
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
    elif delivery.attempts > len(RETRIES):
        delivery.state = WebhookDelivery.State.FAILED
    else:
        delivery.due_at = moment + RETRIES[delivery.attempts - 1]
    delivery.save(update_fields=["state", "delivered_at", "due_at", "last_status", "last_error"])
    if problem:
        _note_failure(endpoint, moment)
    return not problem


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What an address said to a trial: its status, or why there was none, and how long it took."""

    status: int | None
    problem: str
    took: timedelta

    @property
    def is_fine(self) -> bool:
        return not self.problem


def try_out(endpoint: WebhookEndpoint, *, now: datetime | None = None) -> Answer:
    """Send an address something that is no event, signed as events are, and say what it answers.
    Nothing is kept of it, and nothing is sent again."""
    moment = clock.read(now)
    body = json.dumps({"event": "test", "timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "data": {}})
    delivery = WebhookDelivery(endpoint=endpoint, body=body)
    began = time.monotonic()
    status, problem = None, ""
    try:
        with outward.client() as pool:
            headers = _voice(endpoint).headers(delivery, moment)
            status = outward.post(pool, endpoint.url, body.encode(), headers)
        if not 200 <= status < 300:
            problem = f"answered {status}"
    except outward.Unreachable as error:
        problem = str(error)
    return Answer(status, problem, timedelta(seconds=time.monotonic() - began))


def events_of(protocol: str) -> list[str]:
    """The names of all events that endpoints of a protocol may ask for."""
    return list(import_module(VOICES[protocol]).EVENTS)


def _note_failure(endpoint: WebhookEndpoint, moment: datetime) -> None:
    """Remember since when an endpoint fails; switch it off after a week of nothing else."""
    same = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    same.filter(failing_since=None).update(failing_since=moment)
    if same.filter(failing_since__lte=moment - GIVES_UP).update(is_active=False):
        log.warning("Webhook endpoint %s failed for a week and was switched off", endpoint.pk)
        endpoint.deliveries.filter(state=WebhookDelivery.State.DUE).update(
            state=WebhookDelivery.State.FAILED, last_error="The endpoint was switched off."
        )


def replay(delivery: WebhookDelivery, *, now: datetime | None = None) -> None:
    """Send a delivery again soon, from its first attempt on. Raises Conflict for an endpoint that
    is switched off, and for what was erased with its guest."""
    if not delivery.endpoint.is_active:
        raise Conflict("This endpoint is switched off.")
    if not delivery.body:
        raise Conflict("What it said was erased.")
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=WebhookDelivery.State.DUE,
        attempts=0,
        due_at=clock.read(now),
        delivered_at=None,
    )


def forget(*, now: datetime | None = None) -> int:
    """Delete deliveries that were over long ago; returns how many."""
    over = WebhookDelivery.objects.exclude(state=WebhookDelivery.State.DUE)
    deleted, _ = over.filter(created_at__lte=clock.read(now) - KEPT).delete()
    return deleted
