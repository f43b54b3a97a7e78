from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_guests_are_written_to")]

    operations = [
        migrations.AlterField(
            "channel",
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
