import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_plans"),
    ]

    operations = [
        migrations.CreateModel(
            name="GatewayNotice",
            fields=[
                (
                    "id",
                    models.CharField(
                        help_text="gateway:id", max_length=150, primary_key=True, serialize=False
                    ),
                ),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("-received_at",),
            },
        ),
        migrations.CreateModel(
            name="SandboxIntent",
            fields=[
                ("id", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("client_secret", models.CharField(max_length=120)),
                ("amount_cents", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("holds", models.BooleanField()),
                ("account", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=255, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unpaid", "Unpaid"),
                            ("authorised", "Authorised"),
                            ("charged", "Charged"),
                            ("refunded", "Refunded"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="unpaid",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("-created_at",),
            },
        ),
        migrations.CreateModel(
            name="SandboxNotice",
            fields=[
                ("id", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-created_at",),
            },
        ),
    ]
