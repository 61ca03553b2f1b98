"""The table of the cache that stands in where there is no Redis: it is there after `migrate`, with no second command."""

from django.db import migrations

CREATE = """
CREATE TABLE IF NOT EXISTS core_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS core_cache_expires ON core_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_regions")]
    operations = [migrations.RunSQL(CREATE, "DROP TABLE IF EXISTS core_cache")]
