"""The tiers, as rows: a business may change them or add others."""

from django.db import migrations

PLANS = [
    {"key": "free", "name": "Free", "max_businesses": 1, "max_bookings": 50},
    {"key": "trial", "name": "Trial", "is_public": False},
    {"key": "starter", "name": "Starter", "price_cents": 999},
    {"key": "growth", "name": "Growth", "price_cents": 2999, "allows_calendar": True},
    {
        "key": "scale",
        "name": "Scale",
        "price_cents": 12900,
        "allows_calendar": True,
        "allows_dynamic": True,
    },
]


def add(apps, schema_editor):
    plan = apps.get_model("billing", "Plan")
    for order, values in enumerate(PLANS):
        plan.objects.update_or_create(key=values["key"], defaults=values | {"display_order": order})


def remove(apps, schema_editor):
    apps.get_model("billing", "Plan").objects.filter(key__in=[p["key"] for p in PLANS]).delete()


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunPython(add, remove)]
