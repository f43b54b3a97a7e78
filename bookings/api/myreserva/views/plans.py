"""Plans: what there is, which one a tenant is on, and how much of it is used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Business
from billing import selectors as billing
from billing import services as paying
from billing.models import Plan, Subscription
from bookings import selectors
from bookings.api.myreserva import gate
from bookings.api.myreserva.dialect import PROTOCOL, Endpoint, amount, id_of, plan_name, stamp
from bookings.api.myreserva.gate import Refusal
from bookings.api.myreserva.serializers import Ending, PlanRequest
from bookings.api.myreserva.views.catalogue import services_of, staff_of
from resources.models import Location

UNLIMITED = -1
NEAR = 80  # percent


def number(limit: int | None) -> int:
    return UNLIMITED if limit is None else limit


def named(plan: Plan) -> str:
    """A plan by its name; another protocol's that limits nothing is what ENTERPRISE is here."""
    limits = (plan.max_locations, plan.max_staff, plan.max_bookings, plan.max_services)
    if plan.family != PROTOCOL and not any(each is not None for each in limits):
        return "ENTERPRISE"
    return plan_name(plan.key)


def plan_json(plan: Plan) -> dict[str, Any]:
    month = plan.price_cents
    return {
        "plan_type": plan_name(plan.key),
        "display_name": plan.name,
        "description": plan.description,
        "price": {
            "monthly": amount(month, plan.currency),
            "quarterly": amount(3 * month, plan.currency),
            "yearly": amount(12 * month, plan.currency),
            "currency": plan.currency,
        },
        "limits": {
            "max_outlets": number(plan.max_locations),
            "max_staff_per_outlet": number(plan.max_staff),
            "max_appointments_per_month": number(plan.max_bookings),
            "max_services": number(plan.max_services),
        },
        "features": features(plan),
    }


def features(plan: Plan) -> list[str]:
    """What a plan has, in words."""
    most = plan.max_bookings
    return [
        "Unlimited appointments" if most is None else f"{most} appointments per month",
        "Public availability grid",
        "Customer and staff portals",
    ]


def used_by(business: Business, now: datetime) -> dict[str, int]:
    """How much of everything a tenant has. Deleted outlets count too."""
    in_one: dict[Any, int] = {}
    for place in staff_of(business).values_list("location", flat=True):
        in_one[place] = in_one.get(place, 0) + 1
    return {
        "outlets": Location.objects.filter(business=business).count(),
        "staff": sum(in_one.values()),
        "most_staff": max(in_one.values(), default=0),
        "customers": selectors.guests(business).count(),
        "services": services_of(business).count(),
        "appointments": selectors.bookings_this_month(business, now=now),
    }


def current_json(business: Business, now: datetime) -> dict[str, Any]:
    subscription = billing.own_subscription(business)
    plan = billing.limits(business)
    start, end = billing.month_of(business, now)
    used = used_by(business, now)
    return {
        "id": id_of(subscription or business),
        "tenant_id": id_of(business),
        "plan": named(plan).lower(),
        "billing_period": "monthly",
        "status": subscription.status if subscription else Subscription.Status.ACTIVE.value,
        "current_period_start": stamp(start),
        "current_period_end": stamp(end),
        "cancel_at_period_end": bool(subscription and subscription.is_ending),
        "cancelled_at": stamp(subscription.cancelled_at) if subscription else None,
        "trial_end": stamp(subscription.trial_ends_at) if subscription else None,
        "features": plan_json(plan)["limits"],
        "usage": {
            "current_outlets": used["outlets"],
            "current_staff": used["staff"],
            "current_customers": used["customers"],
            "current_services": used["services"],
            "appointments_this_month": used["appointments"],
            "last_updated": stamp(now),
        },
        "created_at": stamp(subscription.created_at if subscription else business.created_at),
        "updated_at": stamp(now),
    }


class Current(Endpoint):
    """GET /api/v1/subscriptions/current"""

    def get(self, request: Request) -> Response:
        return Response(current_json(self.business, self.moment))


class Plans(Endpoint):
    """GET /api/v1/subscriptions/plans"""

    def get(self, request: Request) -> Response:
        return Response({"plans": [plan_json(each) for each in billing.plans_of(PROTOCOL)]})


class Usage(Endpoint):
    """GET /api/v1/subscriptions/usage"""

    def get(self, request: Request) -> Response:
        plan = billing.limits(self.business)
        start, end = billing.month_of(self.business, self.moment)
        used = used_by(self.business, self.moment)
        summary = {
            name: part(used[ours], limit)
            for name, ours, limit in (
                ("outlets", "outlets", plan.max_locations),
                ("staff", "most_staff", plan.max_staff),
                ("services", "services", plan.max_services),
                ("appointments", "appointments", plan.max_bookings),
            )
        }
        near = [name for name, each in summary.items() if each["percentage"] >= NEAR]
        subscription = billing.own_subscription(self.business)
        return Response(
            {
                "subscription_id": id_of(subscription or self.business),
                "tenant_id": id_of(self.business),
                "plan": named(plan).lower(),
                "billing_period": "monthly",
                "current_period_start": stamp(start),
                "current_period_end": stamp(end),
                "usage_summary": summary,
                "approaching_limits": near,
                "upgrade_recommended": bool(near),
            }
        )


def part(used: int, limit: int | None) -> dict[str, Any]:
    """How much of one limit is used; of no limit, none."""
    share = round(100 * used / limit, 1) if limit else 0.0
    return {"used": used, "limit": number(limit), "percentage": share}


class Payments(Endpoint):
    """GET /api/v1/subscriptions/payments: what was paid here for plans, which is nothing: where
    plans are sold, the gateway's own portal lists the invoices."""

    ranks = {"GET": gate.ADMIN}

    def get(self, request: Request) -> Response:
        return self.listed(Subscription.objects.none(), lambda page: [])


class Changing(Endpoint):
    """Changes of the plan are for administrators."""

    ranks = {"POST": gate.ADMIN}

    def move(self, *, up: bool) -> Response:
        asked = self.read(PlanRequest)
        rows = billing.plans_of(PROTOCOL)
        known = {plan_name(each.key): each for each in rows}
        wanted = known.get(asked["plan"].upper())
        if wanted is None:
            raise Refusal(404, "Plan not found")
        order = [each.key for each in rows]
        now = billing.limits(self.business)
        rank = order.index(now.key) if now.key in order else len(order) - 1
        if order.index(wanted.key) <= rank if up else order.index(wanted.key) >= rank:
            verb = "upgrade" if up else "downgrade"
            raise Refusal(400, f"Cannot {verb} from {named(now)} to {plan_name(wanted.key)}")
        paying.change_plan(self.business, wanted, now=self.now)
        return self.told(f"Subscription changed to {plan_name(wanted.key)}")

    def told(self, message: str) -> Response:
        self.business.__dict__.pop("_cover", None)
        current = current_json(self.business, self.moment)
        return Response({"message": message, "subscription": current})


class Upgrade(Changing):
    """POST /api/v1/subscriptions/upgrade"""

    def post(self, request: Request) -> Response:
        return self.move(up=True)


class Downgrade(Changing):
    """POST /api/v1/subscriptions/downgrade"""

    def post(self, request: Request) -> Response:
        return self.move(up=False)


class Cancel(Changing):
    """POST /api/v1/subscriptions/cancel: goes on on FREE when the month is over."""

    def post(self, request: Request) -> Response:
        self.read_if_any(Ending)
        paying.end_plan(self.business, now=self.now)
        return self.told("Subscription will be cancelled at the end of the billing period")


class Renew(Changing):
    """POST /api/v1/subscriptions/renew: takes a cancellation back."""

    def post(self, request: Request) -> Response:
        paying.keep_plan(self.business)
        return self.told("Subscription renewed successfully")
