"""What happens to money that isn't about one booking: subscriptions and payment accounts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import clock
from accounts.errors import Invalid, NotFound
from accounts.models import Business, User
from billing.gateways import AccountStatus, Notice, gateway
from billing.models import Account, GatewayNotice, Plan, Subscription

TRIAL = timedelta(days=30)


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
    if plan.price_cents == 0:
        subscribe(user, plan.key)
        return f"{settings.PUBLIC_URL}/developer?subscription=success"
    return gateway().checkout_url(user, plan)


def onboard(business: Business) -> str:
    """Start receiving deposits, or go on with it; where the owner goes to do so."""
    known = Account.objects.filter(business=business).first()
    through = gateway(known.gateway if known else "")
    reference, url = through.onboard(business, known.reference if known else "")
    if known is None:
        Account.objects.create(business=business, gateway=through.name, reference=reference)
    return url


def end_trials(*, now: datetime | None = None) -> int:
    """Trials that are over go on on the free plan; returns how many did."""
    return Subscription.objects.filter(
        status=Subscription.Status.TRIAL, trial_ends_at__lte=clock.read(now)
    ).update(plan="free", status=Subscription.Status.ACTIVE, trial_ends_at=None)


@transaction.atomic
def is_news(through: str, notice: Notice, *, now: datetime | None = None) -> bool:
    """Whether a callback wasn't acted on before; it counts as acted on when this transaction
    commits."""
    _, is_new = GatewayNotice.objects.get_or_create(
        id=f"{through}:{notice.id}", defaults={"received_at": clock.read(now)}
    )
    return is_new


def note_account(status: AccountStatus) -> None:
    """Write down how far a payment account has come."""
    Account.objects.filter(reference=status.reference).update(
        details_submitted=status.details_submitted, payouts_enabled=status.payouts_enabled
    )


def note_subscription(notice: Notice) -> None:
    """Write down what a developer's subscription has become. Raises NotFound."""
    try:
        user = User.objects.filter(pk=uuid.UUID(notice.subject)).first()
    except ValueError:
        user = None
    if user is None:
        raise NotFound
    subscription = Subscription.objects.filter(user=user).first() or subscribe(user, "free")
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
    subscription.customer_reference = notice.customer or subscription.customer_reference
    subscription.subscription_reference = notice.subscription or subscription.subscription_reference
    subscription.save()
