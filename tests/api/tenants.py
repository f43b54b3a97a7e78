"""Two tenants with something of every kind, and what one of them may never see of the other.

`tests/api/test_tenancy.py` asks every route of the URLconf. What it asks is said by each protocol
in a table of its own, `tests/api/<protocol>/tenancy.py`, and by pages in `tests/<face>/tenancy.py`:

    doors    a function of a tenant and another one: every way to be the first at this protocol's
             door, as named request headers
    SLASHES  whether each path is also answered with a slash at its end
    REFUSALS the statuses that say no (401, 403 and 404 unless said)
    ASKS     a list of `foreign(...)`, `own(...)` and `anybodys(...)`

A route or a method of it that no ask leads to fails the test by its name.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from accounts import keys, logins, tokens
from accounts.identifiers import hex24, int48
from accounts.models import Business, Membership, User
from availability.models import Closure, OpeningHours, RosterEntry
from billing.gateways import Notice
from billing.gateways.sandbox import Sandbox
from billing.models import Account
from bookings import links, services
from bookings.models import Event, Guest, WebhookDelivery, WebhookEndpoint
from bookings.wishes import SYSTEM, GuestDetails
from resources.models import Category, Combination, Requirement
from tests.builders import EVENING, HOUR, NOW, business, location, resource, service, wish

UUIDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
REFUSALS = frozenset((401, 403, 404))
SHORTEST = 5  # shorter texts may be the same by chance

# --- what is asked -------------------------------------------------------------------------------

Tenant = SimpleNamespace
Templates = Any  # JSON with {mine.…} and {theirs.…} in its texts, or a function that makes it


@dataclasses.dataclass(frozen=True)
class Ask:
    """One request. `line` is method, path and query; in it and in the body `{theirs.booking}` is
    the other tenant's booking and `{mine.booking}` one's own; `:hex24` and `:int48` give the
    short forms of an id."""

    line: str
    body: Templates = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    doors: tuple[str, ...] = ()  # by name; all of the protocol's unless said
    says: tuple[int, ...] = ()  # statuses that mean no here, besides the protocol's
    is_foreign: bool = True  # names something of theirs, so must be refused
    is_possible: bool = True  # the owner's own asking is answered with 2xx
    why_open: str = ""  # set where anybody may ask, with the reason

    @property
    def method(self) -> str:
        return self.line.partition(" ")[0]

    def path(self, mine: Tenant, theirs: Tenant) -> str:
        """With the query."""
        return self.line.partition(" ")[2].format(mine=mine, theirs=theirs)

    def content(self, mine: Tenant, theirs: Tenant) -> Any:
        return _filled(self.body, mine, theirs)


def foreign(line: str, body: Templates = None, **how: Any) -> Ask:
    """A request that names something of another tenant: refused as if it were nowhere."""
    return Ask(line, body, **how)


def own(line: str, body: Templates = None, **how: Any) -> Ask:
    """A request about one's own: answered, and with nothing of another tenant in it."""
    return Ask(line, body, is_foreign=False, **how)


def anybodys(line: str, body: Templates = None, *, why: str, **how: Any) -> Ask:
    """A request that anybody may make: it gives nothing but what is public, and changes nothing
    that is there."""
    return Ask(line, body, is_foreign=False, why_open=why, **how)


def _filled(part: Any, mine: Tenant, theirs: Tenant) -> Any:
    if callable(part):
        return part(mine, theirs)
    if isinstance(part, str):
        return part.format(mine=mine, theirs=theirs)
    if isinstance(part, Mapping):
        return {name: _filled(each, mine, theirs) for name, each in part.items()}
    if isinstance(part, list):
        return [_filled(each, mine, theirs) for each in part]
    return part


# --- who there is --------------------------------------------------------------------------------


# How ids are written, by name; a protocol's table may add its own.
FORMS: dict[str, Callable[[uuid.UUID], str]] = {
    "": str,
    "hex24": hex24,
    "int48": lambda key: str(int48(key)),
}


class Id(uuid.UUID):
    """An id that also writes itself in the short forms."""

    def __format__(self, form: str) -> str:
        return FORMS[form](self)


def known(row: models.Model) -> Id:
    return Id(str(row.pk))


def tenant(word: str, phone: str) -> Tenant:
    """A business with one of everything; `word` is in every name, note and address of it."""
    low = word.lower()
    password = f"{low}-password"
    owner = User.objects.create_user(
        f"owner@{low}.example", password, first_name=word, last_name="Owner", is_developer=True
    )
    of = business(
        f"{word} House",
        owner=owner,
        deposit_enabled=True,
        deposit_amount_cents=2500,
        deposit_type=Business.DepositType.AUTHORIZATION_HOLD,
    )
    Membership.objects.create(user=owner, business=of, role=Membership.Role.OWNER)
    Account.objects.create(
        business=of,
        gateway="sandbox",
        reference=f"acct_{low}",
        details_submitted=True,
        payouts_enabled=True,
    )
    place = location(of)
    place.name = f"{word} Hall"
    place.address = f"1 {word} Street"
    place.save()
    for weekday in range(1, 8):
        OpeningHours.objects.create(location=place, weekday=weekday, opens="00:00", closes="00:00")
    closure = Closure.objects.create(
        location=place,
        first_day=date(2026, 12, 24),
        last_day=date(2026, 12, 26),
        reason=f"{word} holidays",
    )
    table, other, spare = (
        resource(of, f"{word} table {n}", kind="table", covers_max=4, section=f"{word} room")
        for n in (1, 2, 3)
    )
    joined = Combination.objects.create(
        location=place, name=f"{word} joined", covers_min=5, covers_max=8
    )
    joined.members.set([table, other])
    therapist = resource(of, f"{word} therapist", kind="staff", user=owner)
    massage = service(
        of, f"{word} massage", description=f"{word} oils", price_cents=6500, display_order=1
    )
    requirement = Requirement.objects.create(service=massage, kind="staff")
    requirement.resources.add(therapist)
    spin = service(of, f"{word} spin", capacity=12, display_order=2)
    session = services.schedule_session(spin, starts_at=EVENING, by=SYSTEM, now=NOW)
    schedule = services.add_schedule(
        of,
        service=spin,
        location=place,
        rule="FREQ=WEEKLY;BYDAY=MO",
        starts_on=EVENING.date(),
        at="18:00",
        now=NOW,
    )

    endpoint = WebhookEndpoint.objects.create(
        business=of,
        url=f"https://hooks.{low}.example/",
        secret=f"whsec_{low}",
        events=["booking.created"],
    )
    subscription = WebhookEndpoint.objects.create(
        business=of,
        protocol="octotable",
        url=f"https://reservations.{low}.example/",
        secret=f"whsec_{low}_octotable",
        events=["RESERVATION_CREATED"],
    )
    octotable, _ = keys.issue(
        of,
        name=f"{word} OctoTable",
        scopes=["read", "write"],
        rate_limit_rpm=10_000,
        protocol="octotable",
        user=owner,
    )
    reserved = tokens.sign(
        {"sub": str(octotable.pk), "aud": "octotable"}, lasts=timedelta(hours=1), now=NOW
    )
    listener = WebhookEndpoint.objects.create(
        business=of,
        protocol="appointedd",
        url=f"https://listener.{low}.example/",
        secret=f"whsec_listener_{low}",
        events=["booking_created"],
    )
    channel, key = keys.issue(of, name=f"{word} site", scopes=["admin"], rate_limit_rpm=10_000)
    idle, _ = keys.issue(of, name=f"{word} idle", scopes=["read"])
    maria = GuestDetails(f"{word}ia", f"{word}son", f"guest@{low}.example", phone)
    booking = services.book(
        wish(of, resource_id=table.pk),
        guest=maria,
        by=SYSTEM,
        source="test",
        channel=channel,
        notes=f"{word} is allergic",
        now=NOW,
    )
    promised, deposit = services.book_with_deposit(
        wish(of, EVENING + 2 * HOUR, resource_id=table.pk),
        guest=maria,
        by=SYSTEM,
        source="test",
        now=NOW,
    )
    assert deposit is not None
    Sandbox().pay(deposit.payment_intent_id, deposit.client_secret)
    services.heed("sandbox", Notice(f"evt_{low}", "paid", deposit.payment_intent_id), now=NOW)
    seat = services.book_places(
        session, party_size=2, guest=maria, by=SYSTEM, source="test", now=NOW
    )
    category = Category.objects.create(business=of, name=f"{word} care")
    massage.category = category
    massage.save()
    _, desk = keys.issue(
        of, name=f"{word} desk", scopes=["admin"], rate_limit_rpm=10_000, protocol="appointedd"
    )
    hold = services.hold(
        wish(of, EVENING + 4 * HOUR, resource_id=table.pk), by=SYSTEM, source="test", now=NOW
    )
    google, google_key = keys.issue(
        of, name=f"{word} Google", scopes=["read", "write"], protocol="google"
    )
    googled = services.book(
        wish(of, EVENING + timedelta(days=9), resource_id=table.pk),
        guest=maria,
        by=SYSTEM,
        source="google",
        channel=google,
        details={"google": {"user_information": {"user_id": f"{word}-user"}}},
        now=NOW,
    )
    block = services.block(
        other,
        starts_at=EVENING + timedelta(days=1),
        ends_at=EVENING + timedelta(days=1, hours=1),
        by=SYSTEM,
        reason=f"{word} repairs",
        now=NOW,
    )
    entry, _ = services.join_waitlist(
        of,
        guest=maria,
        preferred_date=EVENING.date(),
        party_size=2,
        notes=f"{word} would wait",
        by=SYSTEM,
        now=NOW,
    )
    guest = booking.guest or Guest()
    services.set_guest_password(guest, f"{low}-long-password")
    shift = RosterEntry.objects.create(
        resource=therapist,
        kind="working_hours",
        day=EVENING.date(),
        starts="09:00",
        ends="17:00",
        notes=f"{word} shift",
    )
    event = Event.objects.filter(booking=booking).latest("id")
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        event=event,
        body=json.dumps({"word": word}),
        state=WebhookDelivery.State.FAILED,
        last_error=f"{word} did not answer",
    )
    assert booking.guest_id
    link = links.token(booking).split(".")
    return SimpleNamespace(
        word=word,
        business=known(of),
        slug=of.slug,
        location=known(place),
        closure=known(closure),
        table=known(table),
        other=known(other),
        spare=known(spare),
        combination=known(joined),
        therapist=known(therapist),
        service=known(massage),
        spin=known(spin),
        session=known(session),
        schedule=known(schedule),
        booking=known(booking),
        seat=known(seat),
        category=known(category),
        reference=booking.reference,
        link_claim=link[0],
        link_seal=link[1],
        promised=known(promised),
        hold=known(hold),
        googled=known(googled),
        subscription=known(subscription),
        reserved=reserved,
        section=Id(str(table.section_id)),
        google_door="Basic " + base64.b64encode(google_key.encode()).decode(),
        guest=Id(str(booking.guest_id)),
        guest_email=guest.email,
        guest_password=f"{low}-long-password",
        shift=known(shift),
        entry=known(entry),
        block=known(block),
        endpoint=known(endpoint),
        listener=known(listener),
        delivery=known(delivery),
        deposit=known(deposit),
        channel=known(channel),
        membership=known(Membership.objects.get(business=of, user=owner)),
        intent=deposit.payment_intent_id,
        intent_secret=deposit.client_secret,
        idle=known(idle),
        account=f"acct_{low}",
        email=owner.email,
        password=password,
        phone=phone,
        key=key,
        desk_key=desk,
        token=tokens.issue(owner, now=NOW),
        staff_token=logins.begin("myreserva:user", owner.pk, of, now=NOW).access,
        guest_token=logins.begin("myreserva:customer", guest.pk, of, now=NOW).access,
        # What anybody may know.
        public={
            str(of.pk), hex24(of.pk), of.name, of.slug, closure.reason,
            hex24(place.pk), place.name, hex24(massage.pk),
            *(text for each in (massage, spin) for text in
              (str(each.pk), str(int48(each.pk)), each.name, each.description)),
        },
    )  # fmt: skip


def nobody(like: Tenant) -> Tenant:
    """Ids of nothing, in the same forms."""
    made = {
        name: Id(int=uuid.uuid4().int) if isinstance(value, Id) else f"none-{uuid.uuid4().hex[:12]}"
        for name, value in vars(like).items()
    }
    return SimpleNamespace(**made | {"email": "nobody@none.example", "phone": "+15550000000"})


# --- what they have ------------------------------------------------------------------------------

Rows = dict[tuple[str, Any], dict[str, Any]]


def ours() -> list[type[models.Model]]:
    """The project's own tables, with those between two others."""
    root = Path(settings.BASE_DIR)
    return [
        model
        for app in apps.get_app_configs()
        if Path(app.path).parent == root
        for model in app.get_models(include_auto_created=True)
    ]


def belongings(of: Tenant) -> Rows:
    """Every row that is the tenant's or speaks of one that is, in whatever column."""
    everything: Rows = {
        (model._meta.label, row[model._meta.pk.attname]): row
        for model in ours()
        for row in model._base_manager.values()
    }
    parents = {
        model._meta.label: [
            (field.attname, field.related_model._meta.label)
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
        ]
        for model in ours()
    }
    spoken = {place: set(UUIDS.findall(str(row))) for place, row in everything.items()}
    users = User.objects.filter(memberships__business=of.business)
    mine = {str(of.business), *(str(each.pk) for each in users)}
    found: Rows = {}
    grew = True
    while grew:
        grew = False
        for place, row in everything.items():
            if place in found:
                continue
            label, pk = place
            if (
                spoken[place] & mine
                or of.word.lower() in str(row).lower()
                or any((parent, row[name]) in found for name, parent in parents[label])
            ):
                found[place] = row
                mine.add(str(pk))  # numbers are no UUIDs, so they match nothing
                grew = True
    return found


def texts(rows: Rows) -> set[str]:
    """Everything in these rows that would tell whose they are, ids in all their forms."""
    found: set[str] = set()
    for row in rows.values():
        for value in row.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, uuid.UUID):
                    found |= {form(each) for form in FORMS.values()}
                elif isinstance(each, str):
                    found |= {each, *UUIDS.findall(each)}
    return {each for each in found if len(each) >= SHORTEST}
