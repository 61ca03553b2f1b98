"""What workers do for the archive: the daily look at reports and confirmations."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

from celery import shared_task
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from archives.commands import line_files
from archives.commands.exports import cells, heads
from archives.commands.flags import refresh_freshness
from archives.commands.handing_over import hand_over
from archives.commands.plans import plan_visits
from archives.commands.sync_runs import tidy_runs
from archives.filters import CustomerFilterSet
from archives.models import Customer
from crm.core import exports
from crm.core.jobs import handler
from crm.core.lists.views import BESIDE
from crm.core.models import Job, Policy, User

CHUNK = 5_000
AT_ONCE = 200
NAMED = 20
COUNTS = {"changed": _("changed"), "skipped": _("passed over")}


@shared_task
def tidy_sync_runs() -> None:
    """Abandon sync runs that nobody finished, and forget their failed rows after a month."""
    tidy_runs(timezone.now())


@handler("flag_reports", _("Look at credit reports and confirmations"))
def flag_reports(job: Job) -> Iterator[None]:
    """Flag what is expiring, stale, missing or not confirmed as of the job's `today`, chunk by chunk of customers."""
    today, policy = date.fromisoformat(job.params["today"]), Policy.current()
    job.total = Customer.objects.count()
    while chunk := _after(job.cursor.get("customer", 0)):
        refresh_freshness(chunk, today=today, policy=policy)
        job.cursor = {"customer": chunk[-1]}
        job.done += len(chunk)
        yield


def _after(customer_id: int) -> list[int]:
    return list(Customer.objects.filter(pk__gt=customer_id).order_by("pk").values_list("pk", flat=True)[:CHUNK])


# What people do to many customers of a list: a job of its own for many, the same functions at once for few.


class Outcome(NamedTuple):
    """How many customers it was done to, in words; and the sentence for each that was passed over."""

    done: int
    words: str
    skipped: list[str]


def hand_over_to(customer_ids: list[int], *, by: User, to: int, today: str) -> Outcome:
    """Give the customers to the person with the id `to`."""
    heir = User.objects.get(pk=to)
    done = hand_over(customer_ids, to=heir, by=by)
    words = ngettext("%(n)s customer went to %(heir)s.", "%(n)s customers went to %(heir)s.", done)
    return Outcome(done, words % {"n": done, "heir": heir}, [])


def plan_visits_on(customer_ids: list[int], *, by: User, day: str, purpose: str, today: str) -> Outcome:
    """Plan a visit of `by` at each; days as ISO texts."""
    planned = plan_visits(
        customer_ids, day=date.fromisoformat(day), purpose=purpose, by=by, today=date.fromisoformat(today)
    )
    done = len(planned.plans)
    words = ngettext("%(n)s visit is planned.", "%(n)s visits are planned.", done) % {"n": done}
    return Outcome(done, words, [f"{one.customer.number} {one.customer}: {one.why}" for one in planned.skipped])


@handler("hand_over", _("Hand over customers"), counts=COUNTS, result_page="customers")
def hand_over_many(job: Job) -> Iterator[None]:
    """Give the customers of the job to its heir."""
    yield from _in_chunks(job, hand_over_to)


@handler("plan_visits", _("Plan visits"), counts=COUNTS, result_page="visit_plans")
def plan_visits_many(job: Job) -> Iterator[None]:
    """Plan a visit of whoever asked at each of the job's customers."""
    yield from _in_chunks(job, plan_visits_on)


def _in_chunks(job: Job, do: Callable[..., Outcome]) -> Iterator[None]:
    """Do it to the job's `customers`, from where it stopped; the result counts, and `why` names some passed over."""
    params: dict[str, Any] = dict(job.params)
    customers = params.pop("customers")
    job.total, job.result = len(customers), job.result or {"changed": 0, "skipped": 0, "why": []}
    while chunk := customers[job.done : job.done + AT_ONCE]:
        outcome = do(chunk, by=job.by, **params)
        job.result["changed"] += outcome.done
        job.result["skipped"] += len(chunk) - outcome.done
        job.result["why"] = [*job.result["why"], *outcome.skipped][:NAMED]
        job.done += len(chunk)
        yield


BULK_COUNTS = {
    "created": pgettext_lazy("records", "created"),
    "updated": pgettext_lazy("records", "updated"),
    "unchanged": _("unchanged"),
    "failed": _("failed"),
}


@handler(line_files.KIND, _("Take records in from a file"), counts=BULK_COUNTS)
def take_lines(job: Job) -> Iterator[None]:
    """Lay the lines of a file in, as the bulk calls do."""
    yield from line_files.take(job)


@handler("export_customers", _("Export customers"), counts={"rows": _("customers")})
def export_customers(job: Job) -> Iterator[None]:
    """Write the file of the customers that the job's `filters` narrow the list to, as whoever asked sees it."""
    yield from exports.write(job, matching(job.params["filters"], by=job.by), heads=heads, cells=cells)


def matching(query: str, *, by: User) -> QuerySet[Customer]:
    """What the list shows to `by` at this address, without its columns. Refuses what the list would refuse."""
    asked = HttpRequest()
    asked.user = by
    filterset = CustomerFilterSet(QueryDict(query), queryset=Customer.objects.visible_to(by), request=asked)
    filterset.refuse(also=BESIDE)
    return filterset.qs
