"""The Celery application: what runs by the clock, and the worker's own sign of life.

celery -A crm.celery worker      celery -A crm.celery beat
"""

import os
import threading
import time
from pathlib import Path

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

from django.conf import settings

from crm.core import file_broker  # noqa: F401 - makes the scheme of the broker's address known

SIGN_OF_LIFE = 15.0  # seconds

app = Celery("dossier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def every(seconds: float, task: str) -> dict:
    """A beat entry; a message that no worker took in time is worth nothing, the next one is on its way."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule_filename = str(settings.VAR_DIR / "beat-schedule")
app.conf.beat_schedule = {
    "heartbeat": every(SIGN_OF_LIFE, "crm.core.tasks.beat_heartbeat"),
    "jobs": every(10.0, "crm.core.tasks.run_due_jobs"),
    "sweep": every(60.0, "crm.core.tasks.sweep"),
    "webhooks": every(5.0, "crm.core.tasks.call_webhooks"),
    "sync runs": every(600.0, "archives.tasks.tidy_sync_runs"),
    "standings": every(15.0, "credit.tasks.refresh_standings"),
    "night": {"task": "crm.tasks.nightly", "schedule": crontab(hour=2, minute=0)},
}

# The folders that stand in for a broker; whoever comes first makes them.
for name, value in settings.CELERY_BROKER_TRANSPORT_OPTIONS.items():
    if "_folder" in name:
        Path(value).mkdir(parents=True, exist_ok=True)


@beat_init.connect
def announce(**_: object) -> None:
    """Beat's first message goes out at once, not only when the first period is over."""
    app.send_task("crm.core.tasks.beat_heartbeat", expires=SIGN_OF_LIFE)


@worker_ready.connect
def begin_signs_of_life(**_: object) -> None:
    """The worker speaks for itself, busy or not; that beat lives shows in a message of beat's that was read."""
    threading.Thread(target=give_signs_of_life, name="signs-of-life", daemon=True).start()


def give_signs_of_life() -> None:
    while True:
        sign_of_life()
        time.sleep(SIGN_OF_LIFE)


def sign_of_life() -> None:
    """Write down that the worker lives. The connection is closed: a pool process forked later must not share it."""
    from django.db import DatabaseError, connection
    from django.utils import timezone

    from crm.core.models import Heartbeat

    try:
        Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now()})
    except DatabaseError:
        pass  # the database is away: silence is what readyz shall notice
    finally:
        connection.close()
