"""What time it is: the moment a caller gives, else the database's own clock.

All servers share one database and not one clock, so whether a hold has lapsed is asked of
PostgreSQL. `clock_timestamp()` and not `now()`, as the latter is when the transaction began, which
may have waited for a lock since.
"""

from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, Func, Value
from django.db.models.expressions import Combinable

CLOCK = Func(function="clock_timestamp", output_field=DateTimeField())


def moment(now: datetime | None) -> Combinable:
    """This moment, for the ORM."""
    return Value(now, output_field=DateTimeField()) if now else CLOCK


def sql(now: datetime | None) -> str:
    """This moment, for raw SQL that is given the parameter `now`."""
    return "%(now)s::timestamptz" if now else "clock_timestamp()"


def read(now: datetime | None = None) -> datetime:
    """This moment, as a value; a query unless given."""
    if now:
        return now
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
        return row[0]
