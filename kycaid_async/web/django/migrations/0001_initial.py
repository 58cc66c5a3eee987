"""Create the table of seen callbacks."""

from django.db import migrations, models


class Migration(migrations.Migration):  # type: ignore[misc]  # Django has no types
    """The table of `DjangoSeenStore`."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="SeenCallback",
            fields=[
                ("identity", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("holder", models.CharField(max_length=32, null=True)),
                ("until", models.FloatField(db_index=True)),
            ],
            options={"db_table": "kycaid_seen_callbacks"},
        ),
    )
