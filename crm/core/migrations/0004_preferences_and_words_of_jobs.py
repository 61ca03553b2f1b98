"""Density, hints put away and a theme that follows the device; what a job says, worded when it is read."""

import crm.core.models.fields
import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_cache_table"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="message_params",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="user",
            name="density",
            field=crm.core.models.fields.TextChoice(
                db_default="comfortable", default="comfortable", max_length=12, verbose_name="density of lists"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="hints_closed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, db_default=[], default=list, size=None
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="theme",
            field=crm.core.models.fields.TextChoice(default="auto", max_length=5, verbose_name="theme"),
        ),
    ]
