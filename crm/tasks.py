"""What the clock starts above the apps."""

from celery import shared_task
from django.utils import timezone

from crm import pipelines


@shared_task
def nightly() -> None:
    """Start tonight's chain; the jobs themselves are taken by whichever worker is free."""
    pipelines.start_night_once(timezone.localdate())
