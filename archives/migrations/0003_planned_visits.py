import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import crm.core.models.fields

OPEN = models.Q(visit=None, cancelled_on=None)
# The last day on which people met, as far as visits tell: of anybody, and of a sales manager.
LAST_VISITS = """
UPDATE archives_standing standing SET last_met_on = met.anybody, manager_met_on = met.manager
  FROM (SELECT visit.customer_id, max(day) AS anybody, max(day) FILTER (WHERE role = 'sales_manager') AS manager
          FROM archives_visit visit
          JOIN core_user person ON person.id = visit.by_id
         CROSS JOIN LATERAL (SELECT (happened_at AT TIME ZONE %s)::date AS day) local
         WHERE kind NOT IN ('call', 'letter')
         GROUP BY visit.customer_id) met
 WHERE met.customer_id = standing.customer_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0002_history_of_visits"),
        ("core", "0006_how_often_to_visit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                (
                    "kind",
                    crm.core.models.fields.TextChoice(default="site", max_length=24, verbose_name="kind"),
                ),
                ("purpose", models.CharField(blank=True, max_length=200, verbose_name="purpose")),
                ("cancelled_on", models.DateField(null=True, verbose_name="cancelled on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="visit_plans",
                        to="archives.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visit_plans",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who goes",
                    ),
                ),
                (
                    "planned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="planned by",
                    ),
                ),
                (
                    "visit",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="plan",
                        to="archives.visit",
                        verbose_name="visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "planned visit",
                "ordering": ["day", "id"],
                "indexes": [
                    models.Index(fields=["day", "id"], condition=OPEN, name="plan_open_by_day"),
                    models.Index(fields=["person", "day"], name="plan_by_person"),
                    models.Index(fields=["day", "id"], name="plan_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=OPEN,
                        fields=("customer", "person", "day"),
                        name="plan_once_a_day",
                        violation_error_message="This visit is planned already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(visit=None) | models.Q(cancelled_on=None), name="plan_done_or_cancelled"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="owner_since",
            field=models.DateTimeField(editable=False, null=True, verbose_name="handed over"),
        ),
        migrations.AddField(
            model_name="standing",
            name="last_met_on",
            field=models.DateField(null=True, verbose_name="last visit"),
        ),
        migrations.AddField(
            model_name="standing",
            name="manager_met_on",
            field=models.DateField(null=True, verbose_name="last visit of a manager"),
        ),
        migrations.RunSQL([(LAST_VISITS, [settings.TIME_ZONE])], migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(owner_since__isnull=False), fields=["owner_since"], name="customer_handed_over"
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                condition=models.Q(available__lt=0), fields=["available", "customer"], name="standing_over_limit"
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(fields=["segment", "last_met_on"], name="standing_by_visit"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="owner_since",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."owner_id" IS DISTINCT FROM (NEW."owner_id"))',
                    func="NEW.owner_since = now(); RETURN NEW;",
                    hash="3be7b357b9c8e5095936b6c83033eca787a6bf3d",
                    operation='UPDATE OF "owner_id"',
                    pgid="pgtrigger_owner_since_29ce7",
                    table="archives_customer",
                    when="BEFORE",
                ),
            ),
        ),
    ]
