"""Indexes for the numbers of My day: open next steps by their day, customers by the state of their report."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archives", "0008_lists_sorted_both_ways")]

    operations = [
        # Of a hundred notes a few have a step that is open: the index of all that are not done held the others too.
        migrations.RemoveIndex(model_name="visit", name="visit_follow_up"),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(
                condition=models.Q(next_step_done_on=None, next_step_due__isnull=False),
                fields=["next_step_due", "id"],
                name="visit_open_step",
            ),
        ),
        migrations.RemoveIndex(model_name="standing", name="standing_by_report"),
        # Sorting by what is available has an index of its own by now.
        migrations.RemoveIndex(model_name="standing", name="standing_over_limit"),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(fields=["report_status", "customer"], name="standing_by_report_status"),
        ),
    ]
