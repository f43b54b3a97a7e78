"""Every path of the protocol, with and without a slash at its end and never a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from rest_framework.views import APIView

from bookings.api.availengine.views import dynamic


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
]
