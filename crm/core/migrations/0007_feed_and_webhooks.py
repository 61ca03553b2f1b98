"""The change feed and its marks, webhooks and their deliveries, counters of calls, and tokens that take turns."""

import crm.core.models.fields
import crm.core.models.webhooks
import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0006_how_often_to_visit'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeedMark',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Quota',
            fields=[
                ('caller', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('minute', models.BigIntegerField()),
                ('calls', models.IntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='servicetoken',
            name='replaces',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='successors', to='core.servicetoken', verbose_name='takes the place of'),
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(null=True)),
                ('kind', models.CharField(max_length=24)),
                ('key', models.CharField(help_text='what the record is called from outside: its number or id', max_length=200)),
                ('customer_id', models.BigIntegerField(null=True)),
                ('customer', models.CharField(max_length=32, null=True)),
                ('action', crm.core.models.fields.TextChoice(max_length=24)),
                ('fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                ('data', models.JSONField(default=dict, help_text='what the record said then, where later readers need it')),
                ('at', models.DateTimeField()),
                ('by_id', models.BigIntegerField(null=True)),
            ],
            options={
                'verbose_name': 'change',
                'ordering': ['position'],
                'indexes': [models.Index(condition=models.Q(('position', None)), fields=['id'], name='change_without_position')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('position', None), _negated=True), fields=('position',), name='change_position_once')],
            },
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('url', models.CharField(max_length=500, verbose_name='address')),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None, verbose_name='events')),
                ('salt', models.CharField(default=crm.core.models.webhooks.new_salt, max_length=32)),
                ('previous_salt', models.CharField(blank=True, max_length=32)),
                ('previous_until', models.DateTimeField(null=True)),
                ('ended', crm.core.models.fields.TextChoice(blank=True, max_length=24, verbose_name='switched off')),
                ('failing_since', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to=settings.AUTH_USER_MODEL, verbose_name='service account')),
            ],
            options={
                'verbose_name': 'webhook',
                'ordering': ['-created_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('event', models.CharField(max_length=40, verbose_name='event')),
                ('body', models.TextField(help_text='the JSON as it is signed and sent')),
                ('state', crm.core.models.fields.TextChoice(default='waiting', max_length=24, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('due_at', models.DateTimeField(null=True, verbose_name='next attempt')),
                ('tried_at', models.DateTimeField(null=True, verbose_name='last attempt')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name='answer')),
                ('trouble', crm.core.models.fields.TextChoice(blank=True, max_length=24, verbose_name='what went wrong')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='core.webhook')),
            ],
            options={
                'verbose_name': 'delivery',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.AddIndex(
            model_name='webhook',
            index=models.Index(fields=['-created_at', 'id'], name='webhook_by_age'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['webhook', '-created_at', '-id'], name='delivery_by_webhook'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='delivery_due'),
        ),
        # Counters of a minute are worth no log: a crash begins the minute anew.
        migrations.RunSQL("ALTER TABLE core_quota SET UNLOGGED", migrations.RunSQL.noop),
    ]
