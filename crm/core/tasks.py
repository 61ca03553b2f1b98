"""What workers do by the clock: run jobs, tidy up, give signs of life."""

import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from crm.core import exports, feed, jobs
from crm.core.models import Delivery, Heartbeat, IdempotencyKey
from crm.core.webhooks.relay import relay
from crm.core.webhooks.sending import send_due

KEYS_KEPT = timedelta(hours=72)
CALLS_KEPT = timedelta(days=30)
CALLING_SECONDS = 30


@shared_task
def run_due_jobs() -> None:
    """Run what is due, one job after the other; other workers take what this one has not claimed."""
    jobs.run_all_due()


@shared_task
def beat_heartbeat() -> None:
    """A message of beat's that was read is a sign of life of beat; workers give their own."""
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": timezone.now()})


@shared_task
def sweep() -> None:
    """Forget what has had its time: answers kept for repeated requests, changes, calls of webhooks, exported files."""
    now = timezone.now()
    IdempotencyKey.objects.filter(created_at__lt=now - KEYS_KEPT).delete()
    Delivery.objects.filter(created_at__lt=now - CALLS_KEPT).exclude(state=Delivery.State.WAITING).delete()
    exports.forget_before(now - exports.KEPT)
    feed.forget_before(now - timedelta(days=settings.CHANGES_KEPT_DAYS))


@shared_task
def call_webhooks() -> None:
    """Queue the calls that the change feed asks for and make those that are due, for half a minute at most."""
    end = time.monotonic() + CALLING_SECONDS
    while time.monotonic() < end and (relay() or send_due()):
        pass
