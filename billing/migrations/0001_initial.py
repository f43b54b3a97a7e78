import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "business",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="payment_account",
                        serialize=False,
                        to="accounts.business",
                    ),
                ),
                ("gateway", models.CharField(max_length=20)),
                ("reference", models.CharField(max_length=100, unique=True)),
                ("details_submitted", models.BooleanField(default=False)),
                ("payouts_enabled", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "verbose_name": "payment account",
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("key", models.SlugField(max_length=30, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("price_cents", models.PositiveIntegerField(default=0, help_text="A month.")),
                (
                    "currency",
                    models.CharField(
                        default="EUR",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}\\Z", "A currency is three capital letters (ISO 4217)."
                            )
                        ],
                    ),
                ),
                (
                    "allows_dynamic",
                    models.BooleanField(default=False, verbose_name="dynamic booking"),
                ),
                (
                    "allows_calendar",
                    models.BooleanField(default=False, verbose_name="calendar sync"),
                ),
                (
                    "max_businesses",
                    models.PositiveIntegerField(blank=True, help_text="Empty: any.", null=True),
                ),
                (
                    "max_bookings",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty: any.",
                        null=True,
                        verbose_name="bookings a month",
                    ),
                ),
                ("stripe_price", models.CharField(blank=True, max_length=100)),
                (
                    "is_public",
                    models.BooleanField(default=True, help_text="Can be chosen at checkout."),
                ),
                ("display_order", models.IntegerField(default=0)),
            ],
            options={
                "ordering": ("display_order", "price_cents", "key"),
            },
        ),
        migrations.CreateModel(
            name="Deposit",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("booking_id", models.UUIDField(unique=True)),
                ("amount_cents", models.PositiveIntegerField()),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}\\Z", "A currency is three capital letters (ISO 4217)."
                            )
                        ],
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("charge", "Charge now, refund on cancellation"),
                            ("authorization_hold", "Hold on the card, capture later"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("held", "Held"),
                            ("captured", "Captured"),
                            ("released", "Released"),
                            ("failed", "Never paid"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("gateway", models.CharField(max_length=20)),
                ("payment_intent_id", models.CharField(max_length=100, unique=True)),
                ("client_secret", models.CharField(max_length=200)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deposits",
                        to="accounts.business",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "id"),
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("authorised", "Authorised"),
                            ("captured", "Captured"),
                            ("released", "Released"),
                            ("refunded", "Refunded"),
                            ("failed", "Failed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount_cents", models.PositiveIntegerField()),
                (
                    "reference",
                    models.CharField(
                        help_text="The gateway's event or call; makes a repeat visible.",
                        max_length=120,
                        unique=True,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "deposit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="billing.deposit",
                    ),
                ),
            ],
            options={
                "ordering": ("at", "id"),
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("trial", "Trial"),
                            ("active", "Active"),
                            ("past_due", "Past due"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="active",
                        max_length=12,
                    ),
                ),
                ("trial_ends_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("has_payment_method", models.BooleanField(default=False)),
                ("customer_reference", models.CharField(blank=True, max_length=100)),
                ("subscription_reference", models.CharField(blank=True, max_length=100)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "business",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscription",
                        to="accounts.business",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="billing.plan",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscription",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="deposit",
            index=models.Index(fields=["business", "-created_at"], name="deposit_recent"),
        ),
        migrations.AddConstraint(
            model_name="deposit",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0)), name="deposit_is_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("user__isnull", True), ("business__isnull", True), _connector="XOR"
                ),
                name="subscription_has_one_owner",
            ),
        ),
    ]
