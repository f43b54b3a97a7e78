"""The project's own routes, and floors to measure them against; served by the bench alone."""

import json
import uuid
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import urlpatterns as own

ANSWER = {"available": True, "remaining_resources": 3, "free_resources": ["1", "2", "3"]}


def ask() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def read_floor(request: HttpRequest) -> JsonResponse:
    """Authenticates nothing, asks the database one thing, answers a constant."""
    ask()
    return JsonResponse(ANSWER)


class FrameworkFloor(APIView):
    """The same by REST framework, which the APIs are served by."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        ask()
        return Response(ANSWER)


@csrf_exempt
def write_floor(request: HttpRequest) -> JsonResponse:
    """Inserts the rows that a booking is made of, by raw SQL in one transaction."""
    asked = json.loads(request.body)
    booking, guest = uuid.uuid4(), uuid.uuid4()
    start = datetime.now(UTC) + timedelta(minutes=30 * (booking.int % 10_000_000))
    end = start + timedelta(minutes=45)
    moment = datetime.now(UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bookings_guest (id, business_id, first_name, last_name, email, phone,"
            " email_key, phone_key, notes, created_at, updated_at)"
            " VALUES (%s, %s, 'M', 'G', 'm@e.com', %s, 'm@e.com', %s, '', %s, %s)",
            [guest, asked["business_id"], guest.hex, guest.hex, moment, moment],
        )
        cursor.execute(
            "INSERT INTO bookings_booking (id, business_id, location_id, guest_id, source,"
            " reference, key, state, starts_at, ends_at, party_size, resource_ids, notes,"
            " created_at, updated_at) VALUES (%s, %s, %s, %s, 'bench', %s, '', 'confirmed', %s,"
            " %s, 2, %s, '', %s, %s)",
            [
                booking,
                asked["business_id"],
                asked["location_id"],
                guest,
                booking.hex[:16],
                start,
                end,
                [uuid.UUID(asked["resource_id"])],
                moment,
                moment,
            ],
        )
        cursor.execute(
            "INSERT INTO bookings_allocation (business_id, booking_id, resource_id, unit,"
            " starts_at, ends_at) VALUES (%s, %s, %s, 0, %s, %s) ON CONFLICT DO NOTHING",
            [asked["business_id"], booking, asked["resource_id"], start, end],
        )
        cursor.execute(
            "INSERT INTO bookings_event (business_id, booking_id, kind, at, actor, data)"
            " VALUES (%s, %s, 'booking.created', %s, 'bench', '{}') RETURNING id",
            [asked["business_id"], booking, moment],
        )
        cursor.execute(
            "INSERT INTO bookings_outbox (topic, event_id, attempts, due_at, last_error)"
            " VALUES ('event', %s, 0, %s, '')",
            [cursor.fetchone()[0], moment],
        )
    return JsonResponse({"id": str(booking)}, status=201)


urlpatterns = [
    path("floor/read", read_floor),
    path("floor/framework", FrameworkFloor.as_view()),
    path("floor/write", write_floor),
    *own,
]
