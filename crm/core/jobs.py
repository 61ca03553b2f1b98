"""Long work. A Job row is the queue: a worker claims it, works in committed chunks, and may be killed anywhere.

A handler is a generator registered for a kind of job. It does one chunk between two `yield`s; every `yield` commits the
progress and the cursor with the chunk, extends the lease and notices a wish to cancel::

    @handler("flag_reports")
    def flag_reports(job: Job) -> Iterator[None]:
        for chunk in ...:
            ...
            job.done += len(chunk)
            yield

What a job says (`job.say`) is kept as its source sentence with what goes into it, and worded when somebody reads it.

What a killed run had committed stays; the next attempt starts the handler anew with the cursor where it was.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.core import audit
from crm.core.errors import NotAllowed, Refused
from crm.core.models import Job, User
from crm.core.notices import tell
from crm.core.roles import Can, Role

log = structlog.get_logger(__name__)
Handler = Callable[[Job], Iterator[None]]
WENT_WRONG = gettext_noop(
    "Something went wrong inside. Run it again; if that does not help, tell your administrator its number, %(number)s."
)
GIVEN_UP = gettext_noop("Given up after %(count)s attempts: the machine that worked on it fell silent each time.")
HANDLERS: dict[str, Handler] = {}
TITLES: dict[str, str] = {}
COUNTS: dict[str, dict[str, str]] = {}
RESULT_PAGES: dict[str, str] = {}


def handler(
    kind: str, title: str = "", *, counts: dict[str, str] | None = None, result_page: str = ""
) -> Callable[[Handler], Handler]:
    """Register the generator that does jobs of `kind`.

    `title` is what people read, `counts` names what the result counts, `result_page` names the page that shows it.
    """

    def register(function: Handler) -> Handler:
        HANDLERS[kind] = function
        TITLES[kind] = title or kind
        COUNTS[kind] = counts or {}
        RESULT_PAGES[kind] = result_page
        return function

    return register


def lease_end() -> datetime:
    """Until when a worker that stays silent is believed to be alive."""
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def enqueue(
    kind: str, *, key: str, by: User | None, params: dict[str, Any] | None = None, after: Job | None = None
) -> Job:
    """A queued job of `kind` for `key`; the open one, if there is one. Workers are woken after the commit."""
    try:
        with transaction.atomic():
            job = Job.objects.create(kind=kind, key=key, params=params or {}, by=by, after=after)
    except IntegrityError:
        job = Job.objects.get(kind=kind, key=key, state__in=Job.OPEN)
    transaction.on_commit(wake)
    return job


def wake(task: str = "crm.core.tasks.run_due_jobs") -> None:
    """Tell a worker that there is something to do. Without a broker the regular look finds it."""
    try:
        current_app.send_task(task, retry=False)
    except Exception as failure:  # the broker may be away in any way; the row is the queue
        log.warning("broker_away", error=type(failure).__name__)


def due() -> Q:
    """Jobs that may be claimed: waiting ones whose forerunner is done, and those whose worker has gone silent."""
    free = Q(after=None) | Q(after__state=Job.State.DONE)
    silent = Q(state=Job.State.RUNNING, lease_until__lt=timezone.now())
    return Q(state=Job.State.QUEUED) & free | silent


def claim(job_id: Any = None) -> Job | None:
    """Take the oldest due job (or that one) for this worker; None when there is nothing to do."""
    with transaction.atomic():
        rows = Job.objects.filter(due()).order_by("created_at").select_for_update(of=("self",), skip_locked=True)
        job = (rows.filter(pk=job_id) if job_id else rows).first()
        if job is None:
            return None
        if job.attempts >= Job.MAX_ATTEMPTS:
            job.say(GIVEN_UP, count=job.attempts)
            _finish(job, Job.State.FAILED)
            return None
        job.state, job.attempts = Job.State.RUNNING, job.attempts + 1
        job.lease_until = lease_end()
        job.started_at = job.started_at or timezone.now()
        job.save(update_fields=["state", "attempts", "lease_until", "started_at"])
    return job


def run(job: Job) -> Job:
    """Work a claimed job to its end. A refusal or an error fails it with its sentence; a wish to cancel stops it."""
    try:
        with translation.override((job.by and job.by.language) or None), _alive(job):
            cancelled = _work(job)
    except Exception as failure:
        log.exception("job_failed", job=str(job.pk), kind=job.kind)
        _say_why(job, failure)
        return _finish(job, Job.State.FAILED)
    return _finish(job, Job.State.CANCELLED if cancelled else Job.State.DONE)


@contextmanager
def _alive(job: Job) -> Iterator[None]:
    """Extend the lease while the work goes on, however long one chunk takes; a killed process falls silent."""
    over = threading.Event()
    thread = threading.Thread(target=_extend_lease, args=(job, over), name=f"lease-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _extend_lease(job: Job, over: threading.Event) -> None:
    mine = Job.objects.filter(pk=job.pk, attempts=job.attempts, state=Job.State.RUNNING)
    while not over.wait(settings.JOB_LEASE_SECONDS / 3):
        mine.update(lease_until=lease_end())
    connection.close()


def _work(job: Job) -> bool:
    """Run the handler chunk by chunk, each in a transaction of its own; True when it was cancelled."""
    steps = HANDLERS[job.kind](job)
    while True:
        with transaction.atomic():
            finished = next(steps, steps) is steps
            if not _keep(job):
                transaction.set_rollback(True)
                return True
        if finished:
            return False


def _keep(job: Job) -> bool:
    """Commit the progress with the chunk; False when somebody asked to cancel or another worker has taken over."""
    job.lease_until = lease_end()
    return bool(
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts, cancel_asked=False).update(
            done=job.done,
            total=job.total,
            message=job.message,
            message_params=job.message_params,
            cursor=job.cursor,
            result=job.result,
            lease_until=job.lease_until,
        )
    )


def _finish(job: Job, state: Job.State) -> Job:
    job.state, job.finished_at, job.lease_until = state, timezone.now(), None
    said = {"message": job.message, "message_params": job.message_params}
    mine = Job.objects.filter(pk=job.pk, attempts=job.attempts)
    if mine.update(state=state, finished_at=job.finished_at, lease_until=None, **said):
        _tell(job)
    if state != Job.State.DONE:
        _cancel_followers(job)
    transaction.on_commit(wake)
    return job


def _tell(job: Job) -> None:
    """A notice to the person who asked: of a failure, and of the end of the last step of a chain."""
    if job.by is None or job.by.role == Role.CONNECTOR:
        return
    ended = job.state == Job.State.DONE and not job.followers.exists()
    if ended or job.state == Job.State.FAILED:
        tell(job.by, f"job_{job.state}", key=f"job:{job.pk}", link=f"/jobs/{job.pk}/", job=title_in_source(job))


def title_in_source(job: Job) -> str:
    """The title as the source has it, to be kept and worded later."""
    with translation.override(None):
        return str(TITLES.get(job.kind, job.kind))


def _cancel_followers(job: Job) -> None:
    """What was to come after a job that did not end well does not wait for ever."""
    for follower in Job.objects.filter(after=job, state=Job.State.QUEUED):
        follower.say(gettext_noop("The step before it did not end well."))
        _finish(follower, Job.State.CANCELLED)


def _say_why(job: Job, failure: Exception) -> None:
    """A refusal in its own words; anything else without its insides."""
    if isinstance(failure, Refused):
        job.say(str(failure))
    else:
        job.say(WENT_WRONG, number=str(job.pk))


def why_not_cancel(job: Job, *, by: User) -> Refused | None:
    """Refuses whoever neither asked for the job nor runs the night, and a job that has ended."""
    if by.pk != job.by_id and not by.may(Can.RUN_NIGHT):
        return NotAllowed(_("A job is cancelled by whoever asked for it, or by those who run the night."))
    if job.state not in Job.OPEN:
        return Refused(_("This job has ended already."), code="job_ended")
    return None


def why_not_run_again(job: Job, *, by: User) -> Refused | None:
    """Refuses whoever may not cancel it either, and work that waits, runs or has ended well."""
    if by.pk != job.by_id and not by.may(Can.RUN_NIGHT):
        return NotAllowed(_("A job is run again by whoever asked for it, or by those who run the night."))
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        return Refused(_("Only work that failed or was cancelled is run again."), code="job_not_ended_badly")
    return None


@transaction.atomic
def run_again(job: Job, *, by: User) -> Job:
    """The same work as a new job of `by`, from the beginning. Refuses as `why_not_run_again` says."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if refusal := why_not_run_again(job, by=by):
        raise refusal
    again = enqueue(job.kind, key=job.key, by=by, params=job.params)
    audit.record("job.repeated", again, by=by)
    return again


def ask_to_cancel(job: Job, *, by: User) -> Job:
    """A waiting job is cancelled at once, a running one at its next step. Refuses as `why_not_cancel` says."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if refusal := why_not_cancel(job, by=by):
            raise refusal
        if job.state == Job.State.QUEUED:
            _finish(job, Job.State.CANCELLED)
        else:
            Job.objects.filter(pk=job.pk).update(cancel_asked=True)
        audit.record("job.cancelled", job, by=by)
    return job


def run_all_due() -> int:
    """Claim and run jobs until none is due; how many were run."""
    count = 0
    while job := claim():
        run(job)
        count += 1
    return count
