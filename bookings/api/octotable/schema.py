"""The protocol's OpenAPI document: one table of operations (`bookings.api.documents`)."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter

from bookings.api.documents import (
    DATE,
    FLAG,
    NUMBER,
    TEXT,
    WHOLE,
    Json,
    Op,
    Tabled,
    object_of,
    several,
)

ID: Json = {"type": "integer", "minimum": 0}
HOUR: Json = {"type": "string", "pattern": "^\\d\\d:\\d\\d:\\d\\d$"}
MOMENT: Json = {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d"}


def data_of(schema: Json) -> Json:
    return object_of(data=several(schema))


def page_of(schema: Json) -> Json:
    return object_of("next_cursor", data=several(schema), next_cursor=TEXT)


DELETED = data_of(ID)
PROPERTY = object_of(
    "description", "phone", "email", "website", "city", "cap", "address", "latitude", "longitude",
    id=ID, name=TEXT, description=TEXT, phone=TEXT, email=TEXT, website=TEXT, city=TEXT, cap=TEXT,
    address=TEXT, latitude=NUMBER, longitude=NUMBER, enabled=FLAG, sandbox=FLAG,
)  # fmt: skip
CLIENT = object_of(
    client_id=TEXT,
    client_secret=TEXT,
    id=ID,
    username=TEXT,
    password=TEXT,
    properties=several(PROPERTY),
)
TABLE = object_of(
    id=ID, name=TEXT, bookable=FLAG, free=FLAG, group=FLAG, guests_min=WHOLE, guests_max=WHOLE,
    room_id=ID,
)  # fmt: skip
ROOM = object_of(id=ID, property_id=ID, name=TEXT, bookable=FLAG, tables=several(TABLE))
SERVICE = object_of(
    "orders_section",
    id=ID, name=TEXT, bookable=FLAG, advance_min=WHOLE, average_stay=WHOLE, card_guarantee=FLAG,
    confirmation_mode=TEXT, days_of_week=several(TEXT), end_time=HOUR, max_advance=WHOLE,
    online=FLAG, show_rooms=FLAG, slots=several(HOUR), start_time=HOUR,
    orders_section={"type": "object"},
)  # fmt: skip
SLOTS = object_of(
    day=DATE,
    available_services=several(
        object_of(
            "slots",
            id=ID,
            title=TEXT,
            available_slots=several(HOUR),
            slots=several(object_of(time=HOUR, disabled=FLAG)),
        )
    ),
)
CUSTOMER = object_of(id=ID, first_name=TEXT, last_name=TEXT, email=TEXT, phone=TEXT)
NAMED = object_of(id=ID, name=TEXT)
RESERVATION = object_of(
    "customer", "service", "room", "expiration_date", "checkin_date", "checkout_date", "notes",
    "special_request",
    id=ID, pax=WHOLE, status=TEXT, channel=TEXT, start_date=DATE, start_day=DATE, start_hour=HOUR,
    end_date=MOMENT, last_status_change=MOMENT, waiting_list=FLAG, customer=CUSTOMER,
    service=NAMED, room=NAMED, expiration_date=MOMENT, checkin_date=MOMENT, checkout_date=MOMENT,
    notes=TEXT, special_request=TEXT,
    tables=several(
        object_of(id=ID, name=TEXT, bookable=FLAG, online=FLAG, free=FLAG, group=FLAG, room_id=ID)
    ),
)  # fmt: skip
LISTENER = {"endpoint": TEXT, "id": ID, "webhook_type": TEXT}
ERROR = object_of(
    success={"type": "boolean", "enum": [False]},
    error=object_of(code=TEXT, message=TEXT, class_name=TEXT),
)
ERRORS = {
    400: "What was sent is invalid, incomplete, or about a time that can't be had.",
    401: "No token, or one that isn't good any more.",
    403: "Not this client's property, or not for it to do.",
    404: "There is no such thing here.",
    405: "Not by this method.",
    409: "Contradicts the state that something is in.",
    415: "The body isn't JSON.",
    429: "Too many requests; Retry-After says when to go on.",
    503: "Too busy; try again shortly.",
}


def operations() -> dict[tuple[str, str], Op]:
    """Every operation, by its view and method."""
    from bookings.api.octotable import serializers as s  # they are read when the views are there

    token = object_of(access_token=TEXT, expires_in=WHOLE, type=TEXT, token_type=TEXT)
    reservation = data_of(RESERVATION)
    table = {
        ("rooms.OneTable", "GET"): Op("A table", data_of(TABLE)),
        ("rooms.OneTable", "PUT"): Op("Change a table", data_of(TABLE), reads=s.TableRequest),
        ("rooms.OneTable", "DELETE"): Op("Take a table away", DELETED),
        ("rooms.Tables", "GET"): Op("All tables", data_of(TABLE), asks=s.TablesQuery),
        ("rooms.RoomTables", "GET"): Op("The tables of a room", data_of(TABLE), asks=s.TablesQuery),
        ("rooms.TablesOfRoom", "GET"): Op("The same", data_of(TABLE), asks=s.TablesQuery),
        ("rooms.TablesOfRoom", "POST"): Op("Add a table", data_of(TABLE), 201, s.TableRequest),
        ("rooms.NewTable", "POST"): Op("Add a table", data_of(TABLE), 201, s.TableRequest),
    }
    return table | {
        ("auth.Clients", "POST"): Op("Make a client", data_of(CLIENT), 201, s.ClientRequest),
        ("auth.Tokens", "POST"): Op("Get a token", token, reads=s.TokenRequest),
        ("auth.Properties", "GET"): Op("Properties", data_of(PROPERTY)),
        ("auth.Properties", "POST"): Op(
            "Add a property", data_of(PROPERTY), 201, s.PropertyRequest
        ),
        ("auth.OneProperty", "GET"): Op("A property", data_of(PROPERTY)),
        ("auth.OneProperty", "PUT"): Op(
            "Change a property", data_of(PROPERTY), reads=s.PropertyRequest
        ),
        ("auth.OneProperty", "DELETE"): Op("Take a property away", DELETED),
        ("rooms.Rooms", "GET"): Op("Rooms", data_of(ROOM)),
        ("rooms.Rooms", "POST"): Op("Add a room", data_of(ROOM), 201, s.RoomRequest),
        ("rooms.OneRoom", "GET"): Op("A room", data_of(ROOM)),
        ("rooms.OneRoom", "PUT"): Op("Change a room", data_of(ROOM), reads=s.RoomRequest),
        ("rooms.OneRoom", "DELETE"): Op("Take a room away", DELETED),
        ("services.Services", "GET"): Op("Services", data_of(SERVICE)),
        ("services.Services", "POST"): Op("Add a service", data_of(SERVICE), 201, s.ServiceRequest),
        ("services.OneService", "GET"): Op("A service", data_of(SERVICE)),
        ("services.OneService", "PUT"): Op(
            "Change a service", data_of(SERVICE), reads=s.ServiceRequest
        ),
        ("services.OneService", "DELETE"): Op("Take a service away", DELETED),
        ("offered.Slots", "GET"): Op("Times to be had", data_of(SLOTS), asks=s.SlotsQuery),
        ("offered.Rooms", "GET"): Op(
            "Rooms and tables to be had", data_of(several(ROOM)), asks=s.RoomsQuery
        ),
        ("offered.Links", "GET"): Op("Pages for guests", data_of(object_of(name=TEXT, link=TEXT))),
        ("reservations.Reservations", "GET"): Op(
            "Reservations", page_of(RESERVATION), asks=s.ReservationQuery
        ),
        ("reservations.Reservations", "POST"): Op(
            "Make a reservation", reservation, 201, s.ReservationRequest
        ),
        ("reservations.OneReservation", "GET"): Op("A reservation", reservation),
        ("reservations.OneReservation", "PUT"): Op(
            "Change a reservation", reservation, reads=s.ReservationRequest
        ),
        ("reservations.OneReservation", "PATCH"): Op(
            "Say yes or no", reservation, asks=s.StatusRequest
        ),
        ("reservations.OneReservation", "DELETE"): Op("Cancel a reservation", DELETED),
        ("reservations.Checkin", "PATCH"): Op("They are here", reservation, asks=s.UndoQuery),
        ("reservations.Checkout", "PATCH"): Op("They have left", reservation, asks=s.UndoQuery),
        ("reservations.Google", "POST"): Op(
            "Switch Google's engine", object_of(status=TEXT), reads=s.GoogleRequest
        ),
        ("webhooks.Subscriptions", "GET"): Op(
            "Who listens", page_of(object_of(**LISTENER)), asks=s.PageQuery
        ),
        ("webhooks.NewSubscription", "POST"): Op(
            "Listen", data_of(object_of(**LISTENER, secret=TEXT)), 201, s.SubscriptionRequest
        ),
        ("webhooks.OneSubscription", "GET"): Op("One of them", data_of(object_of(**LISTENER))),
        ("webhooks.OneSubscription", "DELETE"): Op("Listen no more", DELETED),
        ("webhooks.Orders", "GET"): Op(
            "Orders, of which there are none", data_of({"type": "object"}), asks=s.OrdersQuery
        ),
    }


class Schema(Tabled):
    """Shows the table above."""

    operations = staticmethod(operations)
    sections: ClassVar = {
        "auth": "Clients and properties",
        "rooms": "Rooms and tables",
        "services": "Services",
        "offered": "What is offered",
        "reservations": "Reservations",
        "webhooks": "Webhooks and orders",
    }
    error = ERROR
    errors = ERRORS

    def get_operation_id(self) -> str:
        parts = [each.strip("{}") for each in self.path.strip("/").split("/")]
        prefix = "auth_" if parts[0] == "octotable-auth" else ""
        return f"{self.method.lower()}_{prefix}{'_'.join(parts[3:])}".replace("-", "_")

    def get_auth(self) -> list[Json]:
        return [{"bearer": []}] if getattr(self.view, "needs_token", True) else [{}]

    def get_override_parameters(self) -> list[Any]:
        found = super().get_override_parameters()
        if getattr(self.view, "needs_token", True):
            found.append(
                OpenApiParameter(
                    "Property",
                    {"type": "integer"},
                    OpenApiParameter.HEADER,
                    required=bool(getattr(self.view, "needs_property", True)),
                    description="The id of the property that is asked about.",
                )
            )
        return found


SETTINGS: Json = {
    "TITLE": "Openbook: OctoTable",
    "DESCRIPTION": "Rooms, tables, services and reservations over version 2 of the OctoTable API.",
    "PREPROCESSING_HOOKS": ["bookings.api.documents.without_slash"],
    "SECURITY": [{"bearer": []}],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token from /oauth2/token; Property says of which property.",
            }
        }
    },
}
