"""Is the process there (`/healthz`), and can the product do its work (`/readyz`)? For monitors: no sign-in, no secrets.

What failed is named, the exception is not: it could carry an address or a password.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from crm.core.models import Heartbeat

SILENT_AFTER = timedelta(seconds=60)
BROKER_PATIENCE = 2  # seconds


class Finding(NamedTuple):
    """The outcome of one check."""

    ok: bool
    detail: str


@never_cache
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@never_cache
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything works, 503 otherwise; each part by name."""
    found = findings()
    ready = all(finding.ok for finding in found.values())
    body = {
        "status": "ok" if ready else "unavailable",
        "checks": {name: finding._asdict() for name, finding in found.items()},
    }
    return JsonResponse(body, status=200 if ready else 503)


def findings() -> dict[str, Finding]:
    """Every part by name, and whether it works."""
    return {name: _checked(check) for name, check in CHECKS.items()}


def _checked(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except DatabaseError:
        return Finding(False, _("The database does not answer."))


def database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(True, _("answers"))


def migrations() -> Finding:
    """Whether the newest migration of every app has been applied."""
    missing = _newest_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if missing:
        return Finding(
            False, _("Not applied yet: %(apps)s.") % {"apps": ", ".join(sorted(app for app, _name in missing))}
        )
    return Finding(True, _("applied"))


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """Read from the files once: a process keeps the code it was started with."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def broker() -> Finding:
    """Redis answers within two seconds, or the folder that stands in for it can be written."""
    reachable = _redis_answers(settings.REDIS_URL) if settings.REDIS_URL else _queue_is_writable()
    return Finding(reachable, _("answers") if reachable else _("The message broker does not answer."))


def _redis_answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_connect_timeout=BROKER_PATIENCE, socket_timeout=BROKER_PATIENCE)
    try:
        return client.ping()
    except redis.RedisError:
        return False
    finally:
        client.close()


def _queue_is_writable() -> bool:
    folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def worker() -> Finding:
    return _heard_of("worker", now=timezone.now())


def beat() -> Finding:
    return _heard_of("beat", now=timezone.now())


def _heard_of(name: str, *, now: datetime) -> Finding:
    """Whether this process has given a sign of life within the last minute."""
    last = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    if last is None:
        return Finding(False, _("Never heard of."))
    seconds = round((now - last).total_seconds())
    return Finding(now - last < SILENT_AFTER, _("Last heard of %(seconds)s seconds ago.") % {"seconds": seconds})


CHECKS = {"database": database, "migrations": migrations, "broker": broker, "worker": worker, "beat": beat}
WORDS = {
    "database": gettext_lazy("Database"),
    "migrations": gettext_lazy("Migrations of the database"),
    "broker": gettext_lazy("Message broker"),
    "worker": gettext_lazy("Worker, for long work"),
    "beat": gettext_lazy("Beat, for work by the clock"),
}


def worded() -> list[tuple[str, Finding]]:
    """Every part in words, and whether it works: for people."""
    return [(str(WORDS[name]), finding) for name, finding in findings().items()]
