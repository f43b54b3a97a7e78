"""Whoever looks at a business hears that something changed, by whatever door it came in.

Every row that a page shows says so on the channel `openbook` as it is written: the business and
what kind of thing it was ("<business> book", "<business> settings"). PostgreSQL passes it on when
the transaction commits and not before, once for each kind however many rows there were, and never
when it rolls back. Services, `bulk_create`, raw SQL and a shell are all heard alike.

What happens to bookings isn't told this way: a commit that notifies waits for all others that do,
so on the busiest path of all it would halve what the database can take. The live stream reads it in
the events instead (docs/decisions/0028). The waitlist has no events, and says so itself.
"""

from django.db import migrations

BOOK = ("bookings_waitlistentry",)
SETTINGS = (
    "accounts_business",
    "accounts_membership",
    "resources_location",
    "resources_section",
    "resources_resource",
    "resources_combination",
    "resources_combination_members",
    "resources_category",
    "resources_service",
    "resources_turntime",
    "resources_requirement",
    "resources_requirement_resources",
    "availability_openinghours",
    "availability_break",
    "availability_closure",
    "availability_specialday",
    "availability_rosterentry",
    "availability_rosterentry_services",
    "availability_servicehours",
)

# A row names its business itself or by what it belongs to. When that is gone as well, it was what
# was deleted, and has said so.
TELL = """
CREATE FUNCTION openbook_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    it jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    business text := CASE TG_TABLE_NAME
        WHEN 'accounts_business' THEN it ->> 'id'
        ELSE coalesce(
            it ->> 'business_id',
            (SELECT business_id::text FROM resources_resource
              WHERE id = (it ->> 'resource_id')::uuid),
            (SELECT business_id::text FROM resources_location
              WHERE id = (it ->> 'location_id')::uuid),
            (SELECT business_id::text FROM resources_service
              WHERE id = (it ->> 'service_id')::uuid)
        )
    END;
BEGIN
    IF business IS NOT NULL THEN
        PERFORM pg_notify('openbook', business || ' ' || TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$;
"""


def trigger(table: str) -> str:
    topic = "book" if table in BOOK else "settings"
    return (
        f"CREATE TRIGGER pages_hear_of_it AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION openbook_tell('{topic}');\n"
    )


def silence(table: str) -> str:
    return f"DROP TRIGGER pages_hear_of_it ON {table};\n"


SPEAK = TELL + "".join(map(trigger, BOOK + SETTINGS))
BE_SILENT = "".join(map(silence, BOOK + SETTINGS)) + "DROP FUNCTION openbook_tell();\n"


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0016_long_allocations"),
        ("accounts", "0007_octotable_clients"),
        ("resources", "0003_sections_online"),
        ("availability", "0004_hours_of_services"),
    ]
    operations = [migrations.RunSQL(SPEAK, BE_SILENT)]
