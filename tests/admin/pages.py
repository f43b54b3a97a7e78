"""Where the pages of the back office are, who opens them, and something to look at."""

from __future__ import annotations

import uuid
from datetime import time
from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts import logins
from accounts.models import Business, FailedLogin, Idempotency, Membership, User
from availability.models import Break, Closure, OpeningHours, RosterEntry, ServiceHours, SpecialDay
from billing.models import (
    Account,
    Deposit,
    GatewayNotice,
    Payment,
    Plan,
    Receipt,
    SandboxIntent,
    SandboxNotice,
)
from bookings import services
from bookings.models import (
    Event,
    GuestPassword,
    Mail,
    Omission,
    Update,
    WebhookDelivery,
    WebhookEndpoint,
)
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Category, Combination, Location, Requirement, TurnTime
from tests.builders import (
    HOUR,
    MARIA,
    business,
    channel,
    location,
    resource,
    service,
    user,
    wish,
)
from tests.races.test_services import SEVEN


def listed(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def added(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


def shown(row: Any) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def logged_in(client: Client, **fields: Any) -> User:
    person = user(is_staff=True, **fields)
    client.force_login(person)
    return person


def fill(of: Business, count: int) -> None:
    """Some of the things that a list shows."""
    for n in range(count):
        table = resource(of, f"Table {of.resources.count() + 1}", covers_max=4)
        services.block(
            table, starts_at=SEVEN + (50 + n) * HOUR, ends_at=SEVEN + (51 + n) * HOUR, by=SYSTEM
        )
        services.book(wish(of, SEVEN + n * HOUR), guest=MARIA, by=SYSTEM, source="test")


def stock(count: int, *, owner: User | None = None, tag: str = "") -> Business:
    """This many rows of everything that the back office lists, over several days."""
    of = business(f"{tag}Stock", timezone="Europe/London")
    place = location(of)
    if owner:
        Membership.objects.create(user=owner, business=of, role="owner")
    spin = service(of, "Spin", capacity=4)
    endpoint_events = ["booking.created"]
    for n in range(count):
        name = f"{tag}{n}"
        other = business(f"{name} Ltd")
        Account.objects.create(business=other, gateway="sandbox", reference=f"acct-{name}")
        if owner:
            Membership.objects.create(user=owner, business=other, role="owner")
        Membership.objects.create(user=user(f"{name}@example.org"), business=of, role="staff")
        channel(of)
        logins.begin("myreserva:user", uuid.uuid4(), of)
        FailedLogin.objects.create(name=name, last_at=SEVEN)
        Idempotency.objects.create(scope=name, key=name, fingerprint="", status=200, body="{}")
        table = resource(
            of, f"Table {name}", covers_max=4, location=place, section=f"Section {name}"
        )
        location_ = Location.objects.create(business=of, name=f"Branch {name}")
        Combination.objects.create(location=place, name=name, covers_max=9).members.add(table)
        massage = service(of, f"Massage {name}")
        Requirement.objects.create(service=massage, kind="staff")
        ServiceHours.objects.create(service=massage, weekday=1, opens=time(9), closes=time(17))
        Category.objects.create(business=of, name=f"Heading {name}")
        TurnTime.objects.create(location=location_, covers_max=n + 1, duration=HOUR)
        when, day = SEVEN + n * 26 * HOUR, (SEVEN + n * 26 * HOUR).date()
        for owned in ({"location": location_}, {"resource": table}):
            OpeningHours.objects.create(weekday=1, opens=time(9), closes=time(17), **owned)
            Break.objects.create(weekday=1, starts=time(12), ends=time(13), **owned)
            Closure.objects.create(first_day=day, last_day=day, reason=name, **owned)
            SpecialDay.objects.create(day=day, opens=time(9), closes=time(12), **owned)
        RosterEntry.objects.create(
            resource=table, kind="break", day=day, starts=time(9), ends=time(10)
        )
        guest = GuestDetails("Guest", name, f"{name}@example.net", f"+1 555 {tag and 9}{1000 + n}")
        booking = services.book(wish(of, when), guest=guest, by=SYSTEM, source="test")
        GuestPassword.objects.create(guest=booking.guest, password="-")
        Receipt.objects.create(
            business=of, booking_id=booking.pk, amount_cents=1, currency="EUR", method="cash"
        )
        services.hold(wish(of, when + 3 * HOUR), guest=guest, by=SYSTEM, source="test")
        session = services.schedule_session(spin, starts_at=when, by=SYSTEM)
        weekly = services.add_schedule(
            of, location=place, service=spin, rule="FREQ=WEEKLY;BYDAY=MO", at=time(7),
            starts_on=day, capacity=4,
        )  # fmt: skip
        Omission.objects.create(schedule=weekly, day=day, kind="closed", reason=name)
        services.book_places(session, party_size=1, guest=guest, by=SYSTEM, source="test")
        services.block(table, starts_at=when + 900 * HOUR, ends_at=when + 901 * HOUR, by=SYSTEM)
        services.join_waitlist(of, guest=guest, preferred_date=day, by=SYSTEM)
        deposit = Deposit.objects.create(
            business=of, booking_id=booking.pk, amount_cents=1000, currency="EUR",
            type="charge", gateway="sandbox", payment_intent_id=f"pi-{name}", client_secret="s",
        )  # fmt: skip
        Payment.objects.create(deposit=deposit, kind="captured", amount_cents=1000, reference=name)
        Plan.objects.create(key=f"plan-{tag.lower()}{n}", name=name)
        GatewayNotice.objects.create(id=f"sandbox:{name}")
        SandboxNotice.objects.create(id=name, body="{}")
        SandboxIntent.objects.create(
            id=name, client_secret="s", amount_cents=1, currency="EUR", holds=False,
            account="a", key=name,
        )  # fmt: skip
        endpoint = WebhookEndpoint.objects.create(
            business=of, url=f"https://example.org/{name}", secret="s", events=endpoint_events
        )
        event = Event.objects.filter(booking=booking).latest("id")
        WebhookDelivery.objects.create(endpoint=endpoint, event=event, body="{}", state="failed")
        Mail.objects.create(business=of, booking=booking, event=event, kind="confirmation")
        Update.objects.create(
            protocol="google",
            business=of,
            location=booking.location,
            booking=booking,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            since=booking.starts_at,
            due_at=booking.starts_at,
        )
    return of


class _Fields(HTMLParser):
    """What a browser would send of the forms of a page, as it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        self._select = self._textarea = ""
        self._takes_one = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        match tag:
            case "input" if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    self.found[name] = given.get("value") or "on"
            case "input" if given.get("type") != "submit":
                self.found[name] = given.get("value") or ""
            case "select":
                self._select, self._takes_one = name, "multiple" not in given
            case "option" if "selected" in given:
                self.found[self._select] = given.get("value") or ""
            case "option" if self._takes_one:  # the first one, unless another is selected
                self.found.setdefault(self._select, given.get("value") or "")
            case "textarea":
                self._textarea, self.found[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.found[self._textarea] += data.removeprefix("\n").removeprefix("\r\n")


def typed(client: Client, url: str) -> dict[str, Any]:
    """The form at this address, as it stands there."""
    page = _Fields()
    page.feed(client.get(url).content.decode())
    return {name: value for name, value in page.found.items() if name}
