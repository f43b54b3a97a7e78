import datetime

import django.db.models.expressions
import django.db.models.lookups
from django.db import migrations, models

# An index-only read goes to the table for every row of a page that was written since it was last
# vacuumed. By default that is when a fifth of the table has changed: the latest 200,000 bookings of
# a million, which are those that everybody asks about.
VACUUM_OFTEN = """
ALTER TABLE bookings_allocation
  SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)
"""
VACUUM_AS_USUAL = """
ALTER TABLE bookings_allocation
RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_octotable_clients"),
        ("bookings", "0015_updates"),
        ("resources", "0003_sections_online"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="allocation",
            index=models.Index(
                condition=models.Q(
                    django.db.models.lookups.GreaterThan(
                        django.db.models.expressions.CombinedExpression(
                            models.F("ends_at"), "-", models.F("starts_at")
                        ),
                        datetime.timedelta(seconds=14400),
                    )
                ),
                fields=["business", "starts_at"],
                include=("resource", "unit", "ends_at", "expires_at"),
                name="allocation_long",
            ),
        ),
        migrations.RunSQL(VACUUM_OFTEN, VACUUM_AS_USUAL),
    ]
