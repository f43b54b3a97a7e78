"""The promises of the core, each as a query that must return nothing."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

LIMIT = 20  # rows shown of a broken promise


class Broken(NamedTuple):
    """A promise that doesn't hold, and the ids (some of them) for which it doesn't."""

    name: str
    ids: list[str]


PROMISES = {
    "no unit is taken twice": """
        SELECT a.id FROM bookings_allocation a JOIN bookings_allocation b
            ON a.resource_id = b.resource_id AND a.unit = b.unit AND a.id < b.id
           AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
    """,
    "no place of a class is taken twice": """
        SELECT a.id FROM bookings_allocation a JOIN bookings_allocation b
            ON a.session_id = b.session_id AND a.unit = b.unit AND a.id < b.id
         WHERE a.booking_id IS NOT NULL AND b.booking_id IS NOT NULL
    """,
    "every unit is one that its resource has": """
        SELECT a.id FROM bookings_allocation a JOIN resources_resource r ON r.id = a.resource_id
         WHERE a.unit >= r.units
    """,
    "every place is within the capacity of its class": """
        SELECT a.id FROM bookings_allocation a JOIN bookings_session s ON s.id = a.session_id
         WHERE a.booking_id IS NOT NULL AND a.unit >= s.capacity
    """,
    "what is over takes no time": """
        SELECT DISTINCT a.booking_id FROM bookings_allocation a
          JOIN bookings_booking b ON b.id = a.booking_id WHERE b.state
           NOT IN ('held', 'pending', 'confirmed', 'checked_in')
    """,
    "what is promised takes time": """
        SELECT b.id FROM bookings_booking b WHERE b.state
            IN ('held', 'pending', 'confirmed', 'checked_in')
           AND NOT EXISTS (SELECT 1 FROM bookings_allocation a WHERE a.booking_id = b.id)
           AND b.overbooked = ''  -- promised by somebody who knew that nothing is free
           AND NOT (b.state = 'held' AND EXISTS (  -- told once they come back for it
               SELECT 1 FROM bookings_session s
                WHERE s.id = b.session_id AND s.state = 'cancelled'))
    """,
    "what is overbooked takes nothing": """
        SELECT DISTINCT b.id FROM bookings_booking b
          JOIN bookings_allocation a ON a.booking_id = b.id WHERE b.overbooked <> ''
    """,
    "what is overbooked was so by somebody, who said why": """
        SELECT b.id FROM bookings_booking b WHERE b.overbooked <> '' AND NOT EXISTS (
            SELECT 1 FROM bookings_event e WHERE e.booking_id = b.id
               AND e.actor LIKE 'user:%' AND e.data->>'overbooked' = b.overbooked)
    """,
    "a booking takes all of its time": """
        SELECT b.id FROM bookings_booking b JOIN bookings_allocation a ON a.booking_id = b.id
         GROUP BY b.id HAVING min(a.starts_at) > b.starts_at OR max(a.ends_at) < b.ends_at
    """,
    "a booking takes the resources that it says": """
        SELECT b.id FROM bookings_booking b JOIN bookings_allocation a ON a.booking_id = b.id
         WHERE a.resource_id IS NOT NULL
         GROUP BY b.id, b.resource_ids
        HAVING NOT (array_agg(DISTINCT a.resource_id) <@ b.resource_ids
                    AND b.resource_ids <@ array_agg(DISTINCT a.resource_id))
    """,
    "a booking of a class takes a place a guest": """
        SELECT b.id FROM bookings_booking b JOIN bookings_allocation a ON a.booking_id = b.id
         WHERE b.session_id IS NOT NULL GROUP BY b.id, b.party_size
        HAVING count(*) <> b.party_size
    """,
    "time taken lapses with its booking": """
        SELECT a.id FROM bookings_allocation a JOIN bookings_booking b ON b.id = a.booking_id
         WHERE a.expires_at IS DISTINCT FROM b.expires_at
    """,
    "only what waits lapses": """
        SELECT id FROM bookings_booking
         WHERE (state = 'held' AND expires_at IS NULL)
            OR (state NOT IN ('held', 'pending') AND expires_at IS NOT NULL)
    """,
    "a cancelled class takes nothing": """
        SELECT a.id FROM bookings_allocation a JOIN bookings_session s ON s.id = a.session_id
         WHERE s.state = 'cancelled' OR (s.state = 'expired' AND a.booking_id IS NULL)
    """,
    "a held class lapses with what it takes": """
        SELECT a.id FROM bookings_allocation a JOIN bookings_session s ON s.id = a.session_id
         WHERE a.booking_id IS NULL AND a.expires_at IS DISTINCT FROM s.expires_at
    """,
    "a held class lapses no sooner than the holds in it": """
        SELECT s.id FROM bookings_session s JOIN bookings_booking b ON b.session_id = s.id
         WHERE s.state = 'held' AND b.state IN ('held', 'pending')
           AND b.expires_at > s.expires_at
    """,
    "whoever comes to a class comes to one that takes place": """
        SELECT b.id FROM bookings_booking b JOIN bookings_session s ON s.id = b.session_id
         WHERE b.state IN ('confirmed', 'checked_in')
           AND s.state IN ('expired', 'cancelled')
    """,
    "a booking belongs to one tenant": """
        SELECT b.id FROM bookings_booking b
          JOIN resources_location l ON l.id = b.location_id
          LEFT JOIN bookings_guest g ON g.id = b.guest_id
          LEFT JOIN resources_service s ON s.id = b.service_id
          LEFT JOIN bookings_session n ON n.id = b.session_id
          LEFT JOIN accounts_channel c ON c.id = b.channel_id
         WHERE EXISTS (SELECT 1 FROM unnest(
               ARRAY[l.business_id, g.business_id, s.business_id, n.business_id, c.business_id]
               ) AS tenant WHERE tenant <> b.business_id)
    """,
    "time taken belongs to one tenant": """
        SELECT a.id FROM bookings_allocation a
          LEFT JOIN bookings_booking b ON b.id = a.booking_id
          LEFT JOIN resources_resource r ON r.id = a.resource_id
          LEFT JOIN bookings_session s ON s.id = a.session_id
          LEFT JOIN bookings_block k ON k.id = a.block_id
         WHERE a.business_id <> b.business_id OR a.business_id <> r.business_id
            OR a.business_id <> s.business_id OR a.business_id <> k.business_id
    """,
    "a resource is at a place of its own tenant": """
        SELECT r.id FROM resources_resource r JOIN resources_location l ON l.id = r.location_id
          LEFT JOIN resources_section s ON s.id = r.section_id
         WHERE l.business_id <> r.business_id OR s.location_id <> r.location_id
    """,
    "every booking has its history": """
        SELECT b.id FROM bookings_booking b
         WHERE NOT EXISTS (SELECT 1 FROM bookings_event e WHERE e.booking_id = b.id)
    """,
    "the last word of the history is the state": """
        SELECT b.id FROM bookings_booking b JOIN LATERAL (
            SELECT kind, data->>'undone' AS undone FROM bookings_event e WHERE e.booking_id = b.id
               AND kind LIKE 'booking.%' AND (kind <> 'booking.updated' OR data ? 'undone')
             ORDER BY id DESC LIMIT 1
        ) e ON true
         WHERE CASE WHEN e.undone IS NOT NULL THEN e.undone = b.state
                    WHEN b.state = 'held' THEN e.kind <> 'booking.held'
                    WHEN b.state = 'pending' THEN e.kind <> 'booking.created'
                    WHEN b.state = 'confirmed'
                    THEN e.kind NOT IN ('booking.created', 'booking.confirmed')
                    ELSE e.kind <> 'booking.' || b.state END
    """,
    "what is owed is about something that is there": """
        SELECT o.id FROM bookings_outbox o
          LEFT JOIN billing_deposit d ON d.id = o.deposit_id
         WHERE (o.topic = 'event' AND o.event_id IS NULL)
            OR (o.topic <> 'event' AND d.id IS NULL)
    """,
    "a deposit is of a booking of its own tenant": """
        SELECT d.id FROM billing_deposit d LEFT JOIN bookings_booking b ON b.id = d.booking_id
         WHERE b.id IS NULL OR b.business_id <> d.business_id
    """,
    "an offer is for the guest who waits": """
        SELECT e.id FROM bookings_waitlistentry e
          LEFT JOIN bookings_booking b ON b.id = e.booking_id
         WHERE e.state = 'offered' AND b.id IS NULL
            OR b.business_id <> e.business_id OR b.guest_id <> e.guest_id
    """,
    "a class is of a schedule of its own tenant": """
        SELECT n.id FROM bookings_session n JOIN bookings_schedule s ON s.id = n.schedule_id
         WHERE s.business_id <> n.business_id
    """,
    "a mail is about a booking of its own tenant": """
        SELECT m.id FROM bookings_mail m JOIN bookings_booking b ON b.id = m.booking_id
         WHERE b.business_id <> m.business_id
    """,
    "what waits for its deposit has one that is unpaid": """
        SELECT b.id FROM bookings_booking b
         WHERE b.state = 'pending' AND EXISTS (
               SELECT 1 FROM billing_deposit d WHERE d.booking_id = b.id)
           AND NOT EXISTS (
               SELECT 1 FROM billing_deposit d WHERE d.booking_id = b.id AND d.status = 'pending')
    """,
}


def broken() -> list[Broken]:
    """Every promise that doesn't hold; empty when all is well. A query a promise."""
    found = []
    with connection.cursor() as cursor:
        for name, query in PROMISES.items():
            cursor.execute(f"{query} LIMIT {LIMIT}")
            if ids := [str(row[0]) for row in cursor.fetchall()]:
                found.append(Broken(name, ids))
    return found
