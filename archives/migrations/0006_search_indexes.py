import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('archives', '0005_fold_what_is_there'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='contact',
            index=django.contrib.postgres.indexes.GinIndex(models.Func(models.F('search_grams'), models.Value(' '), function='string_to_array'), fastupdate=False, name='contact_grams'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(fields=['search_pinyin'], name='customer_by_pinyin', opclasses=['text_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['-created_at', '-id'], name='document_by_time'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=django.contrib.postgres.indexes.GinIndex(models.Func(models.F('search_grams'), models.Value(' '), function='string_to_array'), fastupdate=False, name='document_grams'),
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(fields=['-happened_at', '-id'], name='visit_by_time'),
        ),
        migrations.AddIndex(
            model_name='visit',
            index=django.contrib.postgres.indexes.GinIndex(models.Func(models.F('search_grams'), models.Value(' '), function='string_to_array'), fastupdate=False, name='visit_grams'),
        ),
    ]
