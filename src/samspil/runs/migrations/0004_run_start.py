from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0003_harvest"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="courserun",
            index=models.Index(fields=["starts_on", "id"], name="run_start"),
        ),
    ]
