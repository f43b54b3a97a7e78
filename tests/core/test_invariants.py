"""Each promise holds for whatever the services do, and is seen when it is really broken."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import connection

from accounts.models import Business
from bookings import invariants, services
from bookings.models import Booking
from bookings.wishes import SYSTEM
from tests.builders import HOUR, MARIA, business, location, resource, service, tables, wish
from tests.races.test_services import SEVEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy() -> Business:
    """A business in which a bit of everything has happened."""
    of = business("Busy")
    tables(of, 6)
    resource(of, "Bar", units=4, covers_max=1)

    def book(hours: int) -> Booking:
        asked = wish(of, SEVEN + hours * HOUR)
        return services.book(asked, guest=MARIA, by=SYSTEM, source="test")

    for n in range(4):
        book(n)
    services.check_in(book(5), by=SYSTEM)
    services.complete(services.check_in(book(6), by=SYSTEM), by=SYSTEM)
    services.cancel(book(7), by=SYSTEM)
    services.mark_no_show(book(8), by=SYSTEM)
    services.reschedule(book(9), by=SYSTEM, starts_at=SEVEN + 12 * HOUR)
    services.hold(wish(of, SEVEN), by=SYSTEM, source="test")
    lapsed = wish(of, SEVEN + 20 * HOUR)
    services.hold(lapsed, by=SYSTEM, source="test", lasts=timedelta(seconds=-1))
    services.expire_holds()
    run = services.schedule_session(
        service(of, "Spin", capacity=8), starts_at=SEVEN + 30 * HOUR, by=SYSTEM
    )
    services.book_places(run, party_size=3, guest=MARIA, by=SYSTEM, source="test")
    again = services.add_schedule(
        of,
        service=service(of, "Yoga", capacity=8), location=location(of), rule="FREQ=DAILY;COUNT=2",
        starts_on=SEVEN.date(), at=time(6),
    )  # fmt: skip
    services.lay_out(again, now=SEVEN - timedelta(days=3))
    table = of.resources.filter(kind="table").first()
    assert table is not None
    services.block(table, starts_at=SEVEN + 40 * HOUR, ends_at=SEVEN + 99 * HOUR, by=SYSTEM)
    return of


def test_all_is_well(busy: Business) -> None:
    assert invariants.broken() == []


FREE = "SELECT id FROM bookings_booking WHERE state = 'confirmed' AND session_id IS NULL LIMIT 1"
BREAKS = {
    "no unit is taken twice": """
        ALTER TABLE bookings_allocation DROP CONSTRAINT one_taker_per_unit;
        INSERT INTO bookings_allocation (business_id, block_id, resource_id, unit, starts_at,
            ends_at) SELECT business_id, block_id, resource_id, unit, starts_at, ends_at
            FROM bookings_allocation WHERE block_id IS NOT NULL LIMIT 1
    """,
    "no place of a class is taken twice": """
        DROP INDEX one_guest_per_place;
        UPDATE bookings_allocation SET unit = 0 WHERE session_id IS NOT NULL
    """,
    "every unit is one that its resource has": "UPDATE resources_resource SET units = 1",
    "every place is within the capacity of its class": "UPDATE bookings_session SET capacity = 1",
    "what is over takes no time": f"""
        UPDATE bookings_booking SET state = 'completed' WHERE id = ({FREE})
    """,
    "what is promised takes time": f"DELETE FROM bookings_allocation WHERE booking_id = ({FREE})",
    "what is overbooked takes nothing": f"""
        ALTER TABLE bookings_booking DROP CONSTRAINT overbooked_without_a_place;
        UPDATE bookings_booking SET overbooked = 'The mayor.' WHERE id = ({FREE})
    """,
    "what is overbooked was so by somebody, who said why": f"""
        DELETE FROM bookings_allocation WHERE booking_id = ({FREE});
        UPDATE bookings_booking SET overbooked = 'The mayor.', resource_ids = '{{}}'
         WHERE id = ({FREE})
    """,
    "a booking takes all of its time": """
        UPDATE bookings_allocation SET ends_at = ends_at - interval '5 minutes'
         WHERE booking_id IS NOT NULL
    """,
    "a booking takes the resources that it says": """
        UPDATE bookings_booking SET resource_ids = '{}' WHERE session_id IS NULL
    """,
    "a booking of a class takes a place a guest": """
        UPDATE bookings_booking SET party_size = 7 WHERE session_id IS NOT NULL
    """,
    "time taken lapses with its booking": "UPDATE bookings_allocation SET expires_at = now()",
    "only what waits lapses": """
        ALTER TABLE bookings_booking DROP CONSTRAINT only_what_waits_expires;
        UPDATE bookings_booking SET expires_at = now() WHERE state = 'confirmed'
    """,
    "a cancelled class takes nothing": "UPDATE bookings_session SET state = 'cancelled'",
    "a held class lapses with what it takes": """
        INSERT INTO bookings_allocation (business_id, session_id, resource_id, unit, starts_at,
            ends_at, expires_at)
        SELECT s.business_id, s.id, r.id, 0, now(), now() + interval '1 hour', now()
          FROM bookings_session s, resources_resource r LIMIT 1
    """,
    "a held class lapses no sooner than the holds in it": """
        UPDATE bookings_session SET state = 'held', expires_at = now();
        UPDATE bookings_booking SET state = 'held', expires_at = now() + interval '1 minute'
         WHERE session_id IS NOT NULL
    """,
    "whoever comes to a class comes to one that takes place": """
        UPDATE bookings_session SET state = 'expired'
    """,
    "a booking belongs to one tenant": "UPDATE bookings_guest SET business_id = %(other)s",
    "time taken belongs to one tenant": "UPDATE bookings_allocation SET business_id = %(other)s",
    "a resource is at a place of its own tenant": """
        UPDATE resources_resource SET business_id = %(other)s
    """,
    "every booking has its history": """
        SET LOCAL openbook.purge = 'on';
        DELETE FROM bookings_outbox; DELETE FROM bookings_event
    """,
    "the last word of the history is the state": f"""
        UPDATE bookings_booking SET state = 'checked_in' WHERE id = ({FREE})
    """,
    "what is owed is about something that is there": """
        UPDATE bookings_outbox SET topic = 'capture'
    """,
    "a deposit is of a booking of its own tenant": """
        INSERT INTO billing_deposit (id, business_id, booking_id, amount_cents, currency, type,
            status, gateway, payment_intent_id, client_secret, created_at, updated_at)
        VALUES (gen_random_uuid(), %(other)s, gen_random_uuid(), 1, 'EUR', 'charge', 'held', 's',
            'p', 'c', now(), now())
    """,
    "an offer is for the guest who waits": """
        INSERT INTO bookings_waitlistentry (id, business_id, guest_id, booking_id, preferred_date,
            party_size, notes, state, created_at)
        SELECT gen_random_uuid(), business_id, guest_id, NULL, '2030-01-01', 1, '', 'offered', now()
          FROM bookings_booking WHERE guest_id IS NOT NULL LIMIT 1
    """,
    "a class is of a schedule of its own tenant": """
        UPDATE bookings_schedule SET business_id = %(other)s
    """,
    "a mail is about a booking of its own tenant": """
        INSERT INTO bookings_mail (id, business_id, booking_id, kind, state, attempts, due_at,
            last_error, created_at)
        SELECT gen_random_uuid(), %(other)s, id, 'reminder', 'due', 0, now(), '', now()
          FROM bookings_booking LIMIT 1
    """,
    "what waits for its deposit has one that is unpaid": f"""
        UPDATE bookings_booking SET state = 'pending', expires_at = now() WHERE id = ({FREE});
        INSERT INTO billing_deposit (id, business_id, booking_id, amount_cents, currency, type,
            status, gateway, payment_intent_id, client_secret, created_at, updated_at)
        SELECT gen_random_uuid(), business_id, id, 1, 'EUR', 'charge', 'captured', 'sandbox',
               'pi_spent', '', now(), now() FROM bookings_booking
         WHERE state = 'pending' AND expires_at = now()
    """,
}


def test_every_promise_is_tried() -> None:
    assert set(BREAKS) == set(invariants.PROMISES)


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_promise_is_seen(busy: Business, name: str) -> None:
    other = business("Other")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is pending, now
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for statement in BREAKS[name].split(";"):
            values = {"other": other.pk} if "%(other)s" in statement else None
            cursor.execute(statement, values)
        found = invariants.broken()
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert name in {each.name for each in found}
    connection.set_rollback(True)
