"""Every path of the protocol, with and without a slash at its end and never a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from django.views import View

from bookings.api.availengine.views import (
    bookings,
    business,
    catalogue,
    customers,
    dynamic,
    keys,
    money,
    portal,
    public,
    scheduled,
    webhooks,
)


def both(route: str, view: type[View], name: str) -> list[URLPattern]:
    """A route in both forms; a redirect would lose a POST's body."""
    answer: Callable[..., Any] = view.as_view()
    return [path(route, answer, name=name), path(f"{route}/", answer, name=f"{name}-slash")]


urlpatterns = [
    *both(
        "v1/dynamic/availability/<str:business_id>", dynamic.Availability, "dynamic-availability"
    ),
    *both("v1/dynamic/bookings", dynamic.Bookings, "dynamic-bookings"),
    *both("v1/dynamic/next/<str:business_id>", dynamic.Next, "dynamic-next"),
    *both("v1/holds", dynamic.Holds, "holds"),
    *both("v1/holds/<str:hold_id>/confirm", dynamic.Confirm, "hold-confirm"),
    *both("v1/holds/<str:hold_id>/release", dynamic.Release, "hold-release"),
    *both("v1/availability/<str:business_id>", scheduled.Availability, "availability"),
    *both("v1/bookings", scheduled.Bookings, "scheduled-bookings"),
    *both("v1/manage/availability", scheduled.ManagedAvailability, "managed-availability"),
    # What anybody may know.
    *both("v1/public/business/<str:slug>", public.PublicBusiness, "public-business"),
    *both("v1/public/hours/<str:business_id>", public.PublicHours, "public-hours"),
    *both("v1/public/services/<str:business_id>", public.PublicServices, "public-services"),
    *both("v1/public/blackout-dates/<str:business_id>", public.PublicBlackouts, "public-blackouts"),
    *both("v1/waitlist/<str:business_id>", public.JoinWaitlist, "waitlist-join"),
    # The business.
    *both("v1/manage/business", business.TheBusiness, "business"),
    *both("v1/manage/restaurant", business.TheBusiness, "restaurant"),
    *both("v1/manage/settings", business.TheSettings, "settings"),
    *both("v1/manage/subscription", business.TheSubscription, "subscription"),
    *both("v1/manage/hours", business.Hours, "hours"),
    *both("v1/manage/blackout-dates", business.Blackouts, "blackouts"),
    *both("v1/manage/blackout-dates/<str:blackout_id>", business.Blackout, "blackout"),
    *both("v1/manage/api-keys", keys.Keys, "keys"),
    *both("v1/manage/api-keys/<str:key_id>", keys.OneKey, "key"),
    # What can be booked.
    *both("v1/manage/resources", catalogue.Resources, "resources"),
    *both("v1/manage/resources/<str:resource_id>", catalogue.OneResource, "resource"),
    *both("v1/manage/resources/<str:resource_id>/blocks", catalogue.Blocks, "blocks"),
    *both(
        "v1/manage/resources/<str:resource_id>/blocks/<str:block_id>", catalogue.OneBlock, "block"
    ),
    *both("v1/manage/services", catalogue.Services, "services"),
    *both("v1/manage/services/<str:service_id>", catalogue.OneService, "service"),
    # The book.
    *both("v1/manage/bookings", bookings.Bookings, "bookings"),
    *both("v1/manage/bookings/<str:booking_id>", bookings.OneBooking, "booking"),
    *both("v1/manage/customers", customers.Customers, "customers"),
    *both("v1/manage/customers/<str:customer_id>", customers.OneCustomer, "customer"),
    *both("v1/manage/waitlist", customers.Waitlist, "waitlist"),
    *both("v1/manage/waitlist/<str:entry_id>", customers.OneEntry, "waitlist-entry"),
    *both("v1/manage/analytics/summary", bookings.Summary, "analytics-summary"),
    # Developers.
    *both("v1/auth/developer/register", portal.Register, "developer-register"),
    *both("v1/auth/token", portal.Token, "token"),
    *both("v1/developer/me", portal.Me, "developer-me"),
    *both("v1/developer/businesses", portal.Businesses, "developer-businesses"),
    *both("v1/developer/billing/checkout", portal.BuyPlan, "checkout"),
    *both("v1/developer/billing/portal", portal.Portal, "portal"),
    # Money.
    *both("v1/billing/connect/onboard", money.Onboard, "connect-onboard"),
    *both("v1/billing/connect/status", money.ConnectStatus, "connect-status"),
    *both("v1/billing/webhooks/<str:name>", money.Callback, "gateway-callback"),
    *both("v1/sandbox/payments/<str:intent>/confirm", money.PaySandbox, "sandbox-pay"),
    *both("v1/manage/deposits", money.Deposits, "deposits"),
    *both("v1/manage/deposits/<str:deposit_id>/capture", money.CaptureDeposit, "deposit-capture"),
    *both("v1/manage/deposits/<str:deposit_id>/release", money.ReleaseDeposit, "deposit-release"),
    # Who wants to hear of it.
    *both("v1/manage/webhooks", webhooks.Webhooks, "webhooks"),
    *both("v1/manage/webhooks/<str:endpoint_id>", webhooks.OneWebhook, "webhook"),
    *both("v1/manage/webhooks/<str:endpoint_id>/deliveries", webhooks.Deliveries, "deliveries"),
    *both(
        "v1/manage/webhooks/<str:endpoint_id>/deliveries/<str:delivery_id>/replay",
        webhooks.Replay,
        "delivery-replay",
    ),
    # The calendar, which this protocol keeps outside /v1.
    *both("integrations/google/connect", portal.Calendar, "calendar-connect"),
    *both("integrations/google/status", portal.Calendar, "calendar-status"),
    *both("integrations/google/disconnect", portal.NoCalendar, "calendar-disconnect"),
]
