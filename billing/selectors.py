"""Which plan covers a business, and what it allows."""

from __future__ import annotations

import dataclasses
import json
from calendar import monthrange
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q, QuerySet

from accounts.keys import digest
from accounts.limits import Tally
from accounts.models import Business, Channel, User
from accounts.remembered import MOST, Remembered, twin
from billing.gateways import gateway_for
from billing.models import Account, Plan, Subscription
from billing.money import Money
from resources.models import Service

PAST_DUE = Subscription.Status.PAST_DUE.value


@dataclasses.dataclass(frozen=True, slots=True)
class Cover:
    """What a business may do, by the subscription of the developer who owns it, else its own."""

    plan: str
    status: str
    allows_dynamic: bool
    allows_calendar: bool
    max_bookings: int | None
    trial_ends_at: datetime | None = None
    renews_from: date | None = None

    @property
    def is_past_due(self) -> bool:
        return self.status == PAST_DUE


def cover(business: Business) -> Cover:
    """The cover of a business; remembered on the instance, as one request asks several times."""
    known: Cover | None = business.__dict__.get("_cover")
    if known is None:
        found = (
            Subscription.objects.select_related("plan")
            .filter(Q(user__owned_businesses=business) | Q(business=business))
            .order_by(F("user_id").asc(nulls_last=True))  # the developer's covers all theirs
            .first()
        )
        known = business.__dict__["_cover"] = _cover(found)
    return known


def _cover(subscription: Subscription | None) -> Cover:
    plan = subscription.plan if subscription else Plan.objects.get(pk=settings.DEFAULT_PLAN)
    return Cover(
        plan=plan.key,
        status=subscription.status if subscription else Subscription.Status.ACTIVE,
        allows_dynamic=plan.allows_dynamic,
        allows_calendar=plan.allows_calendar,
        max_bookings=plan.max_bookings,
        trial_ends_at=subscription.trial_ends_at if subscription else None,
        renews_from=subscription.renews_from if subscription else None,
    )


def month_of(business: Business, now: datetime) -> tuple[datetime, datetime]:
    """From when until when the month lasts that a plan counts: from the day of the month that the
    subscription renews on, in short months their last; else the calendar's. The tenant's clock."""
    zone = ZoneInfo(business.timezone)
    today = now.astimezone(zone).date()
    renews = cover(business).renews_from
    day = renews.day if renews else 1
    began = _day_of_month(today.year, today.month, day)
    if today < began:
        before = today.replace(day=1) - timedelta(days=1)
        began = _day_of_month(before.year, before.month, day)
    after = began.replace(day=1) + timedelta(days=32)
    ends = _day_of_month(after.year, after.month, day)
    return datetime.combine(began, time(), zone), datetime.combine(ends, time(), zone)


def _day_of_month(year: int, month: int, day: int) -> date:
    """That day of a month, or its last."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def limits(business: Business) -> Plan:
    """The plan that covers a business, with all it limits. One query."""
    found = (
        Subscription.objects.select_related("plan")
        .filter(Q(user__owned_businesses=business) | Q(business=business))
        .order_by(F("user_id").asc(nulls_last=True))
        .first()
    )
    return found.plan if found else Plan.objects.get(pk=settings.DEFAULT_PLAN)


def own_subscription(business: Business) -> Subscription | None:
    """A business's own subscription; None where its developer's covers it, or the default."""
    return Subscription.objects.select_related("plan").filter(business=business).first()


def plans_of(family: str) -> list[Plan]:
    """The plans that a protocol lists, the least first."""
    return list(Plan.objects.filter(family=family).order_by("display_order"))


def takes_deposits(business: Business) -> bool:
    """Whether the business's payment account is set up as far as taking money. One query."""
    return Account.objects.filter(
        business=business,
        gateway=gateway_for(business).name,
        details_submitted=True,
        payouts_enabled=True,
    ).exists()


def deposit_due(business: Business, service: Service | None) -> Money | None:
    """What a booking is to put down; None when the business doesn't ask or can't receive."""
    own = service.deposit_amount_cents if service else None
    amount = Money(business.deposit_amount_cents if own is None else own, business.currency)
    if not (business.deposit_enabled and amount and takes_deposits(business)):
        return None
    return amount


# A program's first request starts with this one query, so it is written out: who asks, for which
# business, covered by which plan. What is left out is fetched when somebody looks at it.
_BY_KEY = """
SELECT {columns}, p.key, coalesce(so.status, sb.status, 'active'),
       p.allows_dynamic, p.allows_calendar, p.max_bookings,
       CASE WHEN so.id IS NULL THEN sb.trial_ends_at ELSE so.trial_ends_at END,
       CASE WHEN so.id IS NULL THEN sb.renews_from ELSE so.renews_from END
  FROM accounts_channel AS c
  JOIN accounts_business AS b ON b.id = c.business_id
  LEFT JOIN billing_subscription AS so ON so.user_id = b.owner_id
  LEFT JOIN billing_subscription AS sb ON sb.business_id = b.id
  JOIN billing_plan AS p ON p.key = coalesce(so.plan_id, sb.plan_id, %s)
 WHERE c.key_hash = %s AND c.is_active AND b.is_active
"""


class _Columns:
    """Which columns of a channel and its business are read, and the query that reads them."""

    def __init__(self, channel: Collection[str], business: Collection[str]) -> None:
        self.channel = _in_order(Channel, channel)
        self.business = _in_order(Business, business)
        names = [f'c."{name}"' for name in self.channel] + [f'b."{name}"' for name in self.business]
        self.sql = _BY_KEY.format(columns=", ".join(names))


def _in_order(model: type[models.Model], wanted: Collection[str]) -> list[str]:
    """Columns in the model's order, as `from_db` takes them; none named means all."""
    every = [field.attname for field in model._meta.concrete_fields]
    return [name for name in every if name in wanted or not wanted]


_WHOLE = _Columns((), ())
_FEW = _Columns(
    ("id", "business_id", "scopes", "rate_limit_rpm"),
    ("id", "timezone", "booking_mode", "is_dev", "dynamic_respects_blackouts",
     "relax_minimum_covers", "hold_minutes"),
)  # fmt: skip


# Set like this a relation isn't checked anew with every request.
BUSINESS = Channel._meta.get_field("business")
_REMEMBERED: Remembered[Channel] = Remembered()
_HEARD: dict[str, bytes | None] = {}  # the epoch that the last request with a key was told


def channel_by_key(
    key: str, *, quick: bool = False, shared: bool = False, count: Callable[[Channel], Tally]
) -> tuple[Channel, Tally] | None:
    """The channel that a key belongs to, with its business and cover; None for an unknown one.

    `count` counts the request and is called once. With `quick` only what a dynamic request needs
    is read at once. One query, or none while what was read before still stands. `shared` is for
    who only looks at the rows: others may be looking at the same.
    """
    wanted = _FEW if quick else _WHOLE
    hashed = digest(key)
    tally: Tally | None = None
    if kept := _REMEMBERED.get((hashed, quick)):
        channel = kept.value
        if not shared:
            channel = twin(kept.value)
            BUSINESS.set_cached_value(channel, twin(kept.value.business))
        tally = count(channel)
        if kept.is_current(tally.epoch):
            return channel, tally
    before = tally.epoch if tally else _HEARD.get(hashed)
    row = _row_by_key(hashed, wanted)
    if row is None:
        return None
    _REMEMBERED.keep((hashed, quick), _channel(row, wanted), before)
    channel = _channel(row, wanted)
    tally = tally or count(channel)
    if len(_HEARD) >= MOST:
        _HEARD.clear()
    _HEARD[hashed] = tally.epoch
    return channel, tally


def _row_by_key(hashed: str, wanted: _Columns) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(wanted.sql, [settings.DEFAULT_PLAN, hashed])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _channel(row: tuple[Any, ...], wanted: _Columns) -> Channel:
    split = len(wanted.channel)
    end = split + len(wanted.business)
    channel = Channel.from_db("default", wanted.channel, row[:split])
    channel.business = Business.from_db("default", wanted.business, row[split:end])
    if isinstance(said := channel.business.__dict__.get("details"), str):
        channel.business.details = json.loads(said)  # as the driver leaves it to the model's field
    channel.business.__dict__["_cover"] = Cover(*row[end:])
    return channel


def account_of(business: Business) -> Account | None:
    """Where the business's deposits go, if anywhere yet."""
    return Account.objects.filter(business=business).first()


def subscription_of(user: User) -> Subscription | None:
    """A developer's own subscription."""
    return Subscription.objects.select_related("plan").filter(user=user).first()


def is_past_due(user: User) -> bool:
    """Whether a developer owes us for their subscription."""
    return Subscription.objects.filter(user=user, status=Subscription.Status.PAST_DUE).exists()


def max_businesses(user: User) -> int | None:
    """How many businesses a developer's plan allows; None for any number."""
    subscription = subscription_of(user)
    plan = subscription.plan if subscription else Plan.objects.get(pk=settings.DEFAULT_PLAN)
    return plan.max_businesses


def covered(businesses: QuerySet[Business]) -> list[Business]:
    """These businesses with their covers, in three queries however many there are."""
    found = list(businesses)
    subscriptions = Subscription.objects.select_related("plan").filter(
        Q(user__in={each.owner_id for each in found if each.owner_id}) | Q(business__in=found)
    )
    by_owner: dict[object, Subscription] = {
        each.user_id: each for each in subscriptions if each.user_id
    }
    by_business = {each.business_id: each for each in subscriptions if each.business_id}
    default = _cover(None)
    for each in found:
        own = by_owner.get(each.owner_id) or by_business.get(each.pk)
        each.__dict__["_cover"] = _cover(own) if own else default
    return found
