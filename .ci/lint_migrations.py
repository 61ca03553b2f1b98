"""Would a migration break the version that still runs while it is applied? Asked of all but the initial ones."""

import sys
from pathlib import Path

import django

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
django.setup()

from django_migration_linter import MigrationLinter  # noqa: E402

linter = MigrationLinter(
    str(PROJECT),
    include_apps=["core", "archives", "scoring", "credit"],
    analyser_string="postgresql",
    ignore_initial_migrations=True,
    ignore_name=["0003_cache_table"],  # makes a table that no running version uses
    quiet=["ok", "ignore"],
    no_cache=True,
)
linter.lint_all_migrations()
linter.print_summary()
sys.exit(linter.has_errors)
