"""Measuring Dossier. `python -m bench.…` stands on the database of DATABASE_URL, or on one beside the trial's."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
os.environ.setdefault("DATABASE_NAME", "dossier_bench")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()
