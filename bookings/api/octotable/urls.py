"""Every path of the protocol, with and without a slash at its end and never a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from django.views import View

from bookings.api.octotable import pages
from bookings.api.octotable.views import auth, offered, reservations, rooms, services, webhooks

PMS = "octotable-pms/api/v2"
AUTH = "octotable-auth/api/v2"


def both(route: str, view: type[View], prefix: str = PMS) -> list[URLPattern]:
    """A route in both forms; a redirect would lose a POST's body."""
    answer: Callable[..., Any] = view.as_view()
    return [path(f"{prefix}/{route}", answer), path(f"{prefix}/{route}/", answer)]


urlpatterns = [
    # Who.
    *(
        each
        for prefix in (PMS, AUTH)
        for each in (
            *both("api-account/oauth2/client", auth.Clients, prefix),
            *both("oauth2/token", auth.Tokens, prefix),
        )
    ),
    *both("properties", auth.Properties),
    *both("properties/<int:number>", auth.OneProperty),
    # Where and what.
    *both("rooms", rooms.Rooms),
    *both("rooms/<int:room_id>", rooms.OneRoom),
    *both("tables", rooms.Tables),
    *(
        each
        for room, table in (("room", "table"), ("rooms", "tables"))
        for each in (
            *both(f"{room}/<int:room_id>/{table}/<int:table_id>", rooms.OneTable),
            *(both(f"{room}/<int:room_id>/table", rooms.NewTable) if table == "table" else ()),
        )
    ),
    *both("room/<int:room_id>/tables", rooms.RoomTables),
    *both("rooms/<int:room_id>/tables", rooms.TablesOfRoom),
    *both("services", services.Services),
    *both("services/<int:service_id>", services.OneService),
    # When.
    *both("bookings/slots", offered.Slots),
    *both("bookings/rooms", offered.Rooms),
    *both("bookings/list", offered.Links),
    # Reservations.
    *both("reservations", reservations.Reservations),
    *both("reservations/google", reservations.Google),
    *both("reservations/<int:number>", reservations.OneReservation),
    *both("reservations/<int:number>/checkin", reservations.Checkin),
    *both("reservations/<int:number>/checkout", reservations.Checkout),
    # Who listens.
    *both("webhooks/subscriptions", webhooks.Subscriptions),
    *both("webhooks/subscription", webhooks.NewSubscription),
    *both("webhooks/subscription/<int:number>", webhooks.OneSubscription),
    *both("orders", webhooks.Orders),
    # Pages for guests.
    *(
        path(f"restaurant/<int:number>/{name}{slash}", view)
        for name, view in (
            ("welcome", pages.welcome),
            ("booking/home", pages.home),
            ("booking/new", pages.new),
        )
        for slash in ("", "/")
    ),
]
