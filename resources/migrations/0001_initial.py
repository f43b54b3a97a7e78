import datetime
import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Location",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("address", models.CharField(blank=True, max_length=300)),
                (
                    "timezone",
                    models.CharField(
                        blank=True,
                        help_text="IANA name; empty means the business's.",
                        max_length=64,
                        validators=[accounts.models.validate_zone],
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("display_order", models.IntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="locations",
                        to="accounts.business",
                    ),
                ),
            ],
            options={
                "ordering": ("display_order", "name", "id"),
            },
        ),
        migrations.CreateModel(
            name="Resource",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(default="table", max_length=50)),
                ("name", models.CharField(max_length=100)),
                (
                    "units",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(500),
                        ],
                    ),
                ),
                (
                    "covers_min",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "covers_max",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                ("display_order", models.IntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "shape",
                    models.CharField(
                        choices=[("square", "Square"), ("round", "Round")],
                        default="square",
                        max_length=10,
                    ),
                ),
                (
                    "plan_x",
                    models.FloatField(blank=True, null=True, verbose_name="x on the floor plan"),
                ),
                (
                    "plan_y",
                    models.FloatField(blank=True, null=True, verbose_name="y on the floor plan"),
                ),
                (
                    "plan_width",
                    models.FloatField(
                        blank=True, null=True, verbose_name="width on the floor plan"
                    ),
                ),
                (
                    "plan_height",
                    models.FloatField(
                        blank=True, null=True, verbose_name="height on the floor plan"
                    ),
                ),
                (
                    "plan_rotation",
                    models.SmallIntegerField(default=0, verbose_name="rotation in degrees"),
                ),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resources",
                        to="accounts.business",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resources",
                        to="resources.location",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        help_text="The login of this member of staff.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="resources",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("display_order", "name", "id"),
            },
        ),
        migrations.CreateModel(
            name="Combination",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "covers_min",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "covers_max",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                ("display_order", models.IntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="combinations",
                        to="resources.location",
                    ),
                ),
                (
                    "members",
                    models.ManyToManyField(related_name="combinations", to="resources.resource"),
                ),
            ],
            options={
                "ordering": ("display_order", "name", "id"),
            },
        ),
        migrations.CreateModel(
            name="Section",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("display_order", models.IntegerField(default=0)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sections",
                        to="resources.location",
                    ),
                ),
            ],
            options={
                "ordering": ("display_order", "name", "id"),
            },
        ),
        migrations.AddField(
            model_name="resource",
            name="section",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="resources",
                to="resources.section",
            ),
        ),
        migrations.CreateModel(
            name="Service",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True)),
                ("duration", models.DurationField(default=datetime.timedelta(seconds=3600))),
                ("buffer_before", models.DurationField(default=datetime.timedelta)),
                ("buffer_after", models.DurationField(default=datetime.timedelta)),
                ("price_cents", models.PositiveIntegerField(default=0)),
                (
                    "deposit_amount_cents",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty means the business's.", null=True
                    ),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                ("display_order", models.IntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="services",
                        to="accounts.business",
                    ),
                ),
            ],
            options={
                "ordering": ("display_order", "name", "id"),
            },
        ),
        migrations.CreateModel(
            name="Requirement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=50)),
                (
                    "resources",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Who or what qualifies; none named means all of the kind.",
                        related_name="requirements",
                        to="resources.resource",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requirements",
                        to="resources.service",
                    ),
                ),
            ],
            options={
                "ordering": ("service", "kind"),
            },
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                fields=("business", "name"), name="location_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="combination",
            constraint=models.UniqueConstraint(
                fields=("location", "name"), name="combination_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="combination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("covers_min__gte", 1), ("covers_min__lte", models.F("covers_max"))
                ),
                name="combination_covers_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="section",
            constraint=models.UniqueConstraint(
                fields=("location", "name"), name="section_name_once"
            ),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("is_active", True)),
                fields=["business"],
                name="resource_on_offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(("units__gte", 1), ("covers_min__gte", 1)),
                name="resource_takes_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "covers_min__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("covers_max"), "*", models.F("units")
                        ),
                    )
                ),
                name="resource_covers_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("location", "section", "name"),
                name="resource_name_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.UniqueConstraint(
                fields=("business", "name"), name="service_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("duration__gt", datetime.timedelta(0)),
                    ("buffer_before__gte", datetime.timedelta(0)),
                    ("buffer_after__gte", datetime.timedelta(0)),
                ),
                name="service_takes_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=models.UniqueConstraint(
                fields=("service", "kind"), name="requirement_kind_once"
            ),
        ),
    ]
