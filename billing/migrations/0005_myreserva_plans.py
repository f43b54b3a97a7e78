"""The tiers of MyReserva, as rows: what the protocol's clients expect to find."""

from django.db import migrations

PLANS = [
    {
        "key": "myreserva-free",
        "name": "Free",
        "description": "For one outlet that is starting out.",
        "max_bookings": 100,
        "max_locations": 1,
        "max_staff": 5,
        "max_services": 10,
    },
    {
        "key": "myreserva-pro",
        "name": "Professional",
        "description": "For growing businesses with several outlets.",
        "price_cents": 59_900_000,
        "max_bookings": 2000,
        "max_locations": 10,
        "max_staff": 50,
        "max_services": 50,
    },
    {
        "key": "myreserva-enterprise",
        "name": "Enterprise",
        "description": "No limits.",
        "price_cents": 149_900_000,
    },
]
COMMON = {"currency": "IDR", "family": "myreserva", "is_public": False}


def add(apps, schema_editor):
    plan = apps.get_model("billing", "Plan")
    for order, values in enumerate(PLANS):
        wanted = values | COMMON | {"display_order": 100 + order}
        plan.objects.update_or_create(key=values["key"], defaults=wanted)


def remove(apps, schema_editor):
    apps.get_model("billing", "Plan").objects.filter(key__in=[p["key"] for p in PLANS]).delete()


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_plans_by_protocol_and_receipts")]
    operations = [migrations.RunPython(add, remove)]
