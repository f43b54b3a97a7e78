"""Words that staff sort guests by. The database has the default, as guests are also added by SQL."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0018_overbooking_and_quoted_waits")]

    operations = [
        migrations.AddField(
            model_name="guest",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                blank=True,
                db_default=[],
                default=list,
                help_text="Words that staff sort guests by; commas between them.",
                size=None,
            ),
        ),
    ]
