from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0004_run_start"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="courserun",
            index=models.Index(fields=["postcode", "starts_on"], name="run_place_start"),
        ),
    ]
