from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0011_mails_of_offers")]

    operations = [
        migrations.AlterField(
            "webhookendpoint",
            "protocol",
            models.CharField(
                choices=[
                    ("availengine", "AvailEngine"),
                    ("appointedd", "Appointedd"),
                    ("google", "Google Actions Center"),
                ],
                default="availengine",
                max_length=20,
            ),
        ),
    ]
