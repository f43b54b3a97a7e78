from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0010_mails")]

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
