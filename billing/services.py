"""What happens to money that isn't about one booking: subscriptions and payment accounts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from accounts import clock
from accounts.errors import Conflict, Invalid, NotAllowed, NotFound
from accounts.models import Business, User
from accounts.remembered import changed
from billing.gateways import AccountStatus, Notice, gateway, gateway_for
from billing.models import Account, GatewayNotice, Plan, SandboxNotice, Subscription
from billing.selectors import month_of

TRIAL = timedelta(days=30)
KEPT = timedelta(days=30)  # how long a callback is remembered; gateways repeat theirs for days


def subscribe(user: User, plan_key: str = "", *, now: datetime | None = None) -> Subscription:
    """Put a developer on a plan, the default one unless said; a trial ends after 30 days."""
    plan = Plan.objects.get(pk=plan_key or settings.DEFAULT_PLAN)
    is_trial = plan.key == "trial"
    subscription, _ = Subscription.objects.update_or_create(
        user=user,
        defaults={
            "plan": plan,
            "status": Subscription.Status.TRIAL if is_trial else Subscription.Status.ACTIVE,
            "trial_ends_at": clock.read(now) + TRIAL if is_trial else None,
        },
    )
    return subscription


def checkout(user: User, plan_key: str) -> str:
    """Where a developer subscribes to a plan. Raises Invalid for one that isn't sold."""
    plan = Plan.objects.filter(pk=plan_key, is_public=True).first()
    if plan is None:
        raise Invalid(fields={"plan": "There is no such plan."})
    pays = Subscription.objects.filter(user=user).exclude(subscription_reference="").exists()
    if not plan.price and not pays:
        subscribe(user, plan.key)
        return f"{settings.PUBLIC_URL}/developer?subscription=success"
    return gateway().checkout_url(user, plan)


def onboard(business: Business) -> str:
    """Start receiving deposits, or go on with it; where the owner goes to do so.

    An account at a gateway that isn't the business's any more is left for a new one.
    """
    through = gateway_for(business)
    known = Account.objects.filter(business=business, gateway=through.name).first()
    reference, url = through.onboard(business, known.reference if known else "")
    if known is None:
        fresh = {"details_submitted": False, "payouts_enabled": False}
        Account.objects.update_or_create(
            business=business,
            defaults={"gateway": through.name, "reference": reference} | fresh,
        )
    return url


@transaction.atomic
def change_plan(business: Business, plan: Plan, *, now: datetime | None = None) -> Subscription:
    """Put a business on a plan of its own choosing from now on; its months begin today.

    Raises NotAllowed where a developer's subscription covers it, and for a plan that costs money
    where money is taken: that is arranged with whoever runs the server.
    """
    _refuse_covered(business)
    if plan.price_cents and settings.STRIPE_SECRET_KEY:
        raise NotAllowed("This plan is arranged with whoever runs this server.")
    today = clock.read(now).astimezone(ZoneInfo(business.timezone)).date()
    subscription, _ = Subscription.objects.update_or_create(
        business=business,
        defaults={
            "plan": plan,
            "status": Subscription.Status.ACTIVE,
            "renews_from": today,
            "is_ending": False,
            "cancelled_at": None,
        },
    )
    return subscription


@transaction.atomic
def end_plan(business: Business, *, now: datetime | None = None) -> None:
    """Cancel a business's plan: it goes on on the least one when its month is over. Raises
    Conflict without one to cancel."""
    _refuse_covered(business)
    subscription = Subscription.objects.filter(business=business).first()
    if subscription is None:
        raise Conflict("There is no subscription to cancel.")
    if not subscription.is_ending:
        subscription.is_ending, subscription.cancelled_at = True, clock.read(now)
        subscription.save(update_fields=["is_ending", "cancelled_at"])


@transaction.atomic
def keep_plan(business: Business) -> None:
    """Take a cancellation back. Raises Conflict without a subscription."""
    _refuse_covered(business)
    subscription = Subscription.objects.filter(business=business).first()
    if subscription is None:
        raise Conflict("There is no subscription to renew.")
    subscription.is_ending, subscription.cancelled_at = False, None
    subscription.save(update_fields=["is_ending", "cancelled_at"])


def _refuse_covered(business: Business) -> None:
    if Subscription.objects.filter(user__owned_businesses=business).exists():
        raise NotAllowed("A developer's subscription covers this business.")


def end_plans(*, now: datetime | None = None) -> int:
    """Plans that were cancelled and whose month is over go on as the least of their family;
    returns how many did."""
    at = clock.read(now)
    ended = 0
    ending = Subscription.objects.filter(is_ending=True, business__isnull=False)
    for each in ending.select_related("business", "plan"):
        assert each.business is not None  # noqa: S101 - by the filter
        _, until = month_of(each.business, each.cancelled_at or at)
        if at < until:
            continue
        least = Plan.objects.filter(family=each.plan.family).order_by("display_order").first()
        each.plan = least or each.plan
        each.is_ending, each.cancelled_at = False, None
        each.save(update_fields=["plan", "is_ending", "cancelled_at"])
        ended += 1
    return ended


def end_trials(*, now: datetime | None = None) -> int:
    """Trials that are over go on on the free plan; returns how many did."""
    ended = Subscription.objects.filter(
        status=Subscription.Status.TRIAL, trial_ends_at__lte=clock.read(now)
    ).update(plan="free", status=Subscription.Status.ACTIVE, trial_ends_at=None)
    if ended:
        changed(None)
    return ended


@transaction.atomic
def is_news(through: str, notice: Notice, *, now: datetime | None = None) -> bool:
    """Whether a callback wasn't acted on before; it counts as acted on when this transaction
    commits."""
    _, is_new = GatewayNotice.objects.get_or_create(
        id=f"{through}:{notice.id}", defaults={"received_at": clock.read(now)}
    )
    return is_new


def forget(*, now: datetime | None = None) -> None:
    """Forget callbacks of long ago, and those of the sandbox that nobody ever took."""
    before = clock.read(now) - KEPT
    GatewayNotice.objects.filter(received_at__lte=before).delete()
    SandboxNotice.objects.filter(created_at__lte=before).delete()


def note_account(status: AccountStatus) -> None:
    """Write down how far a payment account has come."""
    Account.objects.filter(reference=status.reference).update(
        details_submitted=status.details_submitted, payouts_enabled=status.payouts_enabled
    )


def note_subscription(notice: Notice) -> None:
    """Write down what a developer's subscription has become; what ends or is owed for an earlier
    one is no matter. Raises NotFound."""
    try:
        user = User.objects.filter(pk=uuid.UUID(notice.subject)).first()
    except ValueError:
        user = None
    if user is None:
        raise NotFound
    subscription = Subscription.objects.filter(user=user).first() or subscribe(user, "free")
    current = subscription.subscription_reference
    if notice.kind != "subscribed" and current and notice.subscription not in ("", current):
        return
    subscription.subscription_reference = notice.subscription or current
    if notice.kind == "subscribed":
        subscription.status = Subscription.Status.ACTIVE
        subscription.has_payment_method = True
        subscription.trial_ends_at = None
        if plan := Plan.objects.filter(pk=notice.plan).first():
            subscription.plan = plan
    elif notice.kind == "past_due":
        subscription.status = Subscription.Status.PAST_DUE
    else:
        subscription.status = Subscription.Status.ACTIVE
        subscription.plan = Plan.objects.get(pk="free")
        subscription.subscription_reference = ""
    subscription.customer_reference = notice.customer or subscription.customer_reference
    subscription.save()
