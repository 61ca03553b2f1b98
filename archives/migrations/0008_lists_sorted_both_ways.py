"""Indexes for lists sorted by class, grade, limit and available, upwards and downwards."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0007_told_in_the_feed"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="standing",
            name="standing_by_segment",
        ),
        migrations.RemoveIndex(
            model_name="standing",
            name="standing_by_grade",
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(fields=["segment", "customer"], name="standing_by_segment_up"),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                models.OrderBy(models.F("segment"), descending=True, nulls_last=True),
                models.OrderBy(models.F("customer"), descending=True),
                name="standing_by_segment_down",
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(fields=["grade", "customer"], name="standing_by_grade_up"),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                models.OrderBy(models.F("grade"), descending=True, nulls_last=True),
                models.OrderBy(models.F("customer"), descending=True),
                name="standing_by_grade_down",
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(fields=["limit", "customer"], name="standing_by_limit_up"),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                models.OrderBy(models.F("limit"), descending=True, nulls_last=True),
                models.OrderBy(models.F("customer"), descending=True),
                name="standing_by_limit_down",
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(fields=["available", "customer"], name="standing_by_available_up"),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                models.OrderBy(models.F("available"), descending=True, nulls_last=True),
                models.OrderBy(models.F("customer"), descending=True),
                name="standing_by_available_down",
            ),
        ),
    ]
