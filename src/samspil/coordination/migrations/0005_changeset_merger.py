"""A merger's change sets get a kind of their own; they stood as schools that left."""

from django.db import migrations, models

MERGED_BY = "system:coordination.schools_merged"


def forwards(apps, schema_editor):
    change_sets = apps.get_model("coordination", "ChangeSet").objects
    change_sets.filter(kind="leave", actor_label=MERGED_BY).update(kind="merger")


def backwards(apps, schema_editor):
    apps.get_model("coordination", "ChangeSet").objects.filter(kind="merger").update(kind="leave")


class Migration(migrations.Migration):
    dependencies = [
        ("coordination", "0004_agreement_content"),
    ]

    operations = [
        migrations.AlterField(
            model_name="changeset",
            name="kind",
            field=models.CharField(
                choices=[
                    ("cell", "Ændring på oversigten"),
                    ("proposal", "Forslag brugt"),
                    ("form", "Skema indsendt"),
                    ("import", "Oversigt indlæst"),
                    ("leave", "Skole udtrådt"),
                    ("merger", "Skoler lagt sammen"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]
