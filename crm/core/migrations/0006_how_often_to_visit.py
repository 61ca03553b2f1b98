from django.db import migrations, models

DAYS = {
    "visit_days_a": ("a customer in A is visited every days", 30),
    "visit_days_b": ("a customer in B is visited every days", 90),
    "visit_days_other": ("any other customer is visited every days", 180),
    "manager_visit_days": ("a sales manager meets every customer within days", 365),
}


class Migration(migrations.Migration):
    dependencies = [("core", "0005_saved_views")]

    operations = [
        *(
            migrations.AddField(
                model_name="policy",
                name=name,
                field=models.PositiveSmallIntegerField(db_default=days, default=days, verbose_name=words),
            )
            for name, (words, days) in DAYS.items()
        ),
        migrations.AddIndex(model_name="auditentry", index=models.Index(fields=["verb", "-id"], name="audit_by_verb")),
    ]
