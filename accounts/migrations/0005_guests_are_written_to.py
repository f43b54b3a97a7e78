import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_logins"),
    ]

    operations = [
        migrations.AddField(
            model_name="business",
            name="reminder_hours",
            field=models.PositiveSmallIntegerField(
                default=24,
                help_text="How long before the start guests are reminded; 0 for never.",
                validators=[django.core.validators.MaxValueValidator(720)],
            ),
        ),
        migrations.AddField(
            model_name="business",
            name="sends_mail",
            field=models.BooleanField(
                default=True,
                help_text="Write to guests: confirmations, changes, cancellations, reminders.",
            ),
        ),
    ]
