from django.db import migrations, models


def name_who_is_wanted(apps, schema_editor):
    """What nobody could serve was a requirement of a kind that nothing is of."""
    requirements = apps.get_model("resources", "Requirement").objects
    for each in requirements.filter(kind="nobody"):
        if requirements.filter(service=each.service_id, kind="staff").exists():
            each.delete()
            continue
        each.kind, each.only_named = "staff", True
        each.save(update_fields=["kind", "only_named"])


class Migration(migrations.Migration):
    dependencies = [("resources", "0003_sections_online")]

    operations = [
        migrations.AddField(
            model_name="requirement",
            name="only_named",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Never all of the kind: while none is named, nobody can be booked for it.",
            ),
        ),
        migrations.RunPython(name_who_is_wanted, migrations.RunPython.noop),
    ]
