"""Publish the two scorecards that come with the program."""

from django.db import migrations

from scoring.scorecards import publish_missing


def publish(apps, schema_editor):
    publish_missing(apps.get_model("scoring", "Scorecard"))


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial")]

    operations = [migrations.RunPython(publish, migrations.RunPython.noop, elidable=False)]
