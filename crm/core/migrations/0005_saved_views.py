"""Views of lists with a name, and the columns that each person has chosen."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_preferences_and_words_of_jobs"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="columns",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="columns of lists"),
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("query", models.TextField(blank=True)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("shared", models.BooleanField(default=False, verbose_name="shared with the team")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "page", "name"),
                        name="saved_view_named_once",
                        violation_error_message="You have a view of this name already.",
                    ),
                    models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="saved_view_has_name"),
                ],
            },
        ),
    ]
