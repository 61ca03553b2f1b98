"""What workers do for scoring: the ranking of all customers."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext_lazy, gettext_noop

from crm.core.jobs import handler
from crm.core.models import Job
from scoring.commands.ranking import rank_customers
from scoring.queries import RANK_JOB


@handler(
    RANK_JOB,
    gettext_lazy("Rank the customers"),
    counts={"ranked": gettext_lazy("customers ranked"), "moved": gettext_lazy("customers moved")},
    result_page="ranking",
)
def rank(job: Job) -> Iterator[None]:
    """Rank as of the job's `as_of`. The ranking is one step, so that nobody ever reads half of one."""
    job.total = 2
    job.say(gettext_noop("Working out expected values and ranks"))
    yield
    outcome = rank_customers(as_of=date.fromisoformat(job.params["as_of"]), by=job.by, job=job)
    job.done, job.result = 2, outcome.as_json()
    if outcome.unchanged:
        job.say(gettext_noop("Nothing has changed since the last ranking"))
    else:
        job.say(gettext_noop("%(count)s customers ranked"), count=outcome.ranked)
    yield
