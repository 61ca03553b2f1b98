"""Pages of long work and of what was told: jobs with their progress, notices with their links."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from crm.core import exports, jobs
from crm.core.api.filters import DayFilter, StrictFilterSet
from crm.core.errors import NotAllowed, Refused
from crm.core.jobs_columns import COLUMNS
from crm.core.lists.filters import AnyOf
from crm.core.lists.narrowing import quick_filter
from crm.core.lists.pages import list_page, table_of
from crm.core.models import Job, Notice, User
from crm.core.notices import mark_read, text_of

SHOWN = 50
JUST_NOW = timedelta(minutes=1)


class JobFilterSet(StrictFilterSet):
    """Jobs by what has become of them, from a day on."""

    state = AnyOf(Job.State.choices, label=gettext_lazy("State"))
    since = DayFilter(field_name="created_at", lookup_expr="date__gte", label=gettext_lazy("From"))

    class Meta:
        model = Job
        fields: list[str] = []


@require_GET
def job_list(request: HttpRequest) -> HttpResponse:
    """Jobs by time, newest first. Asked by htmx, the rows alone, so that what runs is seen running."""

    def narrowed(params: QueryDict) -> JobFilterSet:
        return JobFilterSet(params, queryset=_jobs_of(request.user), request=request)

    context = list_page(request, page="jobs", filterset=narrowed, size=SHOWN)
    jobs_shown = [_shown(job) for job in context["page"].rows]
    context = table_of(context, COLUMNS) | {"any_open": any(job.is_open for job in jobs_shown)}
    context["quick"] = [quick_filter(request.GET, capfirst(one.label), "state", one.value) for one in Job.State]
    template = "core/jobs.html#rows" if request.htmx else "core/jobs.html"
    return render(request, template, context, status=200 if request.htmx else context["status"])


def _jobs_of(user: User) -> QuerySet[Job]:
    return Job.objects.visible_to(user).select_related("by")


@require_GET
def job_page(request: HttpRequest, pk) -> HttpResponse:
    """One job. Asked by htmx, only the part that moves; 286 tells it to stop asking."""
    job = get_object_or_404(_jobs_of(request.user), pk=pk)
    template = "core/job.html#state" if request.htmx else "core/job.html"
    return render(request, template, _context(job, request.user), status=_goes_on(request, job.state in Job.OPEN))


def _goes_on(request: HttpRequest, open_still: bool) -> int:
    """The status that keeps htmx asking, or that stops it."""
    return 286 if request.htmx and not open_still else 200


def _context(job: Job, user: User) -> dict:
    follower = job.followers.order_by("created_at").first()
    return {
        "job": _shown(job),
        "follower": follower and _shown(follower),
        "file": exports.file_of(job) if job.by_id == user.pk else None,
        "file_gone": job.by_id == user.pk and job.state == Job.State.DONE and exports.is_export(job),
        "may_cancel": jobs.why_not_cancel(job, by=user) is None,
        "may_repeat": jobs.why_not_run_again(job, by=user) is None,
    }


@require_safe
def job_file(request: HttpRequest, pk) -> StreamingHttpResponse | HttpResponse:
    """The file that the job has written, for whoever asked for it; 404 for everybody else."""
    job = get_object_or_404(Job, pk=pk, by=request.user)
    file = exports.file_of(job)
    if not exports.is_export(job):
        raise Http404
    try:
        content = exports.fetch(job, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("job", pk=pk)
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Content-Length": str(file.bytes),
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


@require_GET
def jobs_working(request: HttpRequest) -> HttpResponse:
    """The mark in the head of the page while one's own work goes on; at its end what came of it."""
    mine = Job.objects.filter(by=request.user)
    working = mine.filter(state__in=Job.OPEN).count()
    ended = mine.filter(finished_at__gt=timezone.now() - JUST_NOW).order_by("-finished_at").first()
    context = {"working": working, "ended": None if working else ended and _shown(ended)}
    return render(request, "components/working.html", context, status=_goes_on(request, bool(working)))


@require_POST
def cancel_job(request: HttpRequest, pk) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if _done(request, jobs.ask_to_cancel, job):
        messages.success(request, _("The job stops at its next step. What it has committed stays."))
    return redirect("job", pk=pk)


@require_POST
def repeat_job(request: HttpRequest, pk) -> HttpResponse:
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    again = _done(request, jobs.run_again, job)
    return redirect("job", pk=again.pk if again else pk)


def _done(request: HttpRequest, command: Callable[..., Any], job: Job) -> Any:
    """What the command gives; nothing when it refuses, which the next page says."""
    try:
        return command(job, by=request.user)
    except NotAllowed as refusal:
        raise PermissionDenied from refusal
    except Refused as refusal:
        messages.error(request, str(refusal))
        return None


def _shown(job: Job) -> Job:
    """The job with what the page works out of it: title, rate per second, seconds left and taken, what was counted."""
    job.title = jobs.TITLES.get(job.kind, job.kind)
    job.is_open = job.state in Job.OPEN
    job.seconds = job.rate = job.seconds_left = None
    if job.started_at:
        job.seconds = ((job.finished_at or timezone.now()) - job.started_at).total_seconds()
    if job.state == Job.State.RUNNING and job.done and job.seconds:
        job.rate = round(job.done / job.seconds)
        job.seconds_left = max(0, job.total - job.done) * job.seconds / job.done
    names = jobs.COUNTS.get(job.kind, {})
    job.counted = [(name, job.result[key]) for key, name in names.items() if key in (job.result or {})]
    job.result_page = job.state == Job.State.DONE and jobs.RESULT_PAGES.get(job.kind)
    return job


@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    rows = list(Notice.objects.filter(recipient=request.user)[:SHOWN])
    for notice in rows:
        notice.text = text_of(notice)
    return render(request, "core/notices.html", {"notices": rows})


@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    mark_read(request.user, now=timezone.now())
    return redirect("notices")
