"""The night: facts → judgements → decisions, as one chain of jobs. Each step waits for the one before it."""

import time
from collections.abc import Callable
from datetime import date

from django.db import transaction

from crm.core import jobs
from crm.core.models import Job, User

NIGHT = ("refresh_standings", "flag_reports", "rank_customers", "review_limits", "send_notices")
POLL_SECONDS = 0.2


def start_night(today: date, *, by: User | None) -> list[Job]:
    """The jobs of the night of `today`, queued one behind the other; those still open are taken as they are."""
    chain: list[Job] = []
    with transaction.atomic():
        for kind in NIGHT:
            before = chain[-1] if chain else None
            params = {"today": str(today), "as_of": str(today)}
            chain.append(jobs.enqueue(kind, key=str(today), by=by, params=params, after=before))
    return chain


def start_night_once(today: date) -> list[Job]:
    """The night of `today`, unless it was started already: two clocks do no harm."""
    if Job.objects.filter(kind=NIGHT[0], key=str(today)).exists():
        return []
    return start_night(today, by=None)


def run_night(today: date, *, by: User | None, progress: Callable[[Job], None] = lambda job: None) -> list[Job]:
    """The whole night here and now, without a broker. What a worker has taken meanwhile is waited for."""
    chain = start_night(today, by=by)
    for job in chain:
        _run_or_await(job, progress)
    return chain


def _run_or_await(job: Job, progress: Callable[[Job], None]) -> None:
    while True:
        job.refresh_from_db()
        if job.state not in Job.OPEN:
            progress(job)
            return
        if claimed := jobs.claim(job.pk):
            jobs.run(claimed)
        else:
            time.sleep(POLL_SECONDS)
