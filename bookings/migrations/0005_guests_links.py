from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0004_schedules"),
    ]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="link_version",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Counts the guest's links that were revoked; only the latest opens anything.",
            ),
        ),
    ]
