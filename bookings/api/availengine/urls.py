"""Every path of the protocol, with and without a slash at its end and never a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from rest_framework.views import APIView

from bookings.api.availengine.views import (
    bookings,
    business,
    catalogue,
    customers,
    dynamic,
    keys,
    public,
)


def both(route: str, view: type[APIView], name: str) -> list[URLPattern]:
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
]
