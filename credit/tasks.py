"""What workers do for credit: figures after a sync, the nightly look at limits, and notices of what was flagged."""

from collections.abc import Callable, Iterator
from datetime import date

from celery import shared_task
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archives.models import Customer
from credit.commands.notices import tell_of_flags
from credit.commands.reviews import review_limits as review
from credit.commands.standings import bring_up_to_date, refresh_due_standings
from crm.core.jobs import handler
from crm.core.models import Job

CHUNK = 5_000


@shared_task
def refresh_standings() -> None:
    """Bring the figures of all customers up to date whose ledger has changed, a thousand in a transaction."""
    while refresh_due_standings(today=timezone.localdate()):
        pass


@handler("refresh_standings", _("Bring limits, exposure and reservations up to date"))
def refresh_all_standings(job: Job) -> Iterator[None]:
    """The figures of all customers as of the job's `today`: what the night's other steps stand on."""
    yield from for_all_customers(job, bring_up_to_date)


@handler("review_limits", _("Look at limits and late payers"))
def review_limits(job: Job) -> Iterator[None]:
    """Limit flags of all customers as of the job's `today`."""
    yield from for_all_customers(job, review)


def for_all_customers(job: Job, command: Callable[..., None]) -> Iterator[None]:
    """Run the command for chunk after chunk of customers; the cursor is the last one done."""
    today = date.fromisoformat(job.params["today"])
    job.total = Customer.objects.count()
    while chunk := after(job.cursor.get("customer", 0)):
        command(chunk, today=today)
        job.cursor = {"customer": chunk[-1]}
        job.done += len(chunk)
        yield


@handler("send_notices", _("Tell people what was flagged"))
def send_notices(job: Job) -> Iterator[None]:
    """Notices of the flags raised on the job's `today`, once to each person concerned."""
    today = date.fromisoformat(job.params["today"])
    flagged = Q(flags__raised_on=today, flags__closed_on=None)
    job.total = Customer.objects.filter(flagged).distinct().count()
    while chunk := after(job.cursor.get("customer", 0), flagged):
        tell_of_flags(chunk, today=today)
        job.cursor = {"customer": chunk[-1]}
        job.done += len(chunk)
        yield


def after(customer_id: int, condition: Q = Q()) -> list[int]:  # noqa: B008 – a Q is never changed
    """The next chunk of customers by id."""
    rows = Customer.objects.filter(condition, pk__gt=customer_id).order_by("pk").distinct()
    return list(rows.values_list("pk", flat=True)[:CHUNK])
