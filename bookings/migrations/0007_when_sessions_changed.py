from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """What was there before changed last, as far as anybody knows, when it was made."""
    apps.get_model("bookings", "Session").objects.update(updated_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0006_held_sessions"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
