"""The columns of the list of jobs. `job.title` and `job.seconds_left` are worked out before."""

from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.lists.table import Column
from crm.core.models import Job
from crm.core.templatetags.dossier import badge, duration


def what(job: Job) -> SafeString:
    """Its title, which opens it, and what it says of itself."""
    said = format_html('<div class="text-secondary small">{}</div>', job.words) if job.words else ""
    link = '<a class="fw-medium text-reset" id="job-{}" href="{}">{}</a>{}'
    return format_html(link, job.pk, job.get_absolute_url(), job.title, said)


def state(job: Job) -> SafeString:
    """Its state, and while it runs how long it will take."""
    if job.seconds_left is None:
        return badge(job.state_choice)
    left = _("about %(left)s left") % {"left": duration(job.seconds_left)}
    return format_html('{} <span class="text-secondary small text-nowrap">{}</span>', badge(job.state_choice), left)


def done(job: Job) -> str:
    counted = number_format(job.done, force_grouping=True)
    return f"{counted} / {number_format(job.total, force_grouping=True)}" if job.total else counted


def started(job: Job) -> str:
    return date_format(localtime(job.started_at), "SHORT_DATETIME_FORMAT") if job.started_at else "–"


def ended(job: Job) -> str:
    return date_format(localtime(job.finished_at), "SHORT_DATETIME_FORMAT") if job.finished_at else "–"


COLUMNS = (
    Column("title", gettext_lazy("Job"), what, fixed=True),
    Column("key", gettext_lazy("For"), lambda job: job.key, classes="text-secondary"),
    Column("state", gettext_lazy("State"), state),
    Column("done", gettext_lazy("Done"), done, numeric=True),
    Column("started_at", gettext_lazy("Started"), started, classes="text-secondary"),
    Column("finished_at", gettext_lazy("Finished"), ended, usual=False, classes="text-secondary"),
    Column("by", gettext_lazy("By"), lambda job: str(job.by or _("the clock")), classes="text-secondary"),
)
