"""What archives writes into standings: word to credit that sums are to be worked out again, and the last visits."""

from collections.abc import Collection
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.db.models import Max, Q
from django.utils.timezone import localdate

from archives.choices import VisitKind
from archives.commands.flags import lock_standings
from archives.models import Standing, Visit
from crm.core import jobs
from crm.core.roles import Role

IN_PERSON = [kind for kind in VisitKind if kind.in_person]


def ask_for_refresh(customer_ids: Collection[int]) -> None:
    """Mark the standings and wake whoever works them out. Call inside the transaction of the change."""
    if customer_ids:
        lock_standings(customer_ids)
        Standing.objects.filter(customer__in=customer_ids, refresh_due=False).update(refresh_due=True)
        transaction.on_commit(partial(jobs.wake, "credit.tasks.refresh_standings"))


def note_visits(customer_ids: Collection[int]) -> None:
    """Note when somebody, and when a sales manager, last met these customers. Call inside the visit's transaction."""
    lock_standings(customer_ids)
    rows = list(Standing.objects.filter(customer__in=customer_ids))
    last = _last_visits(customer_ids)
    for row in rows:
        row.last_met_on, row.manager_met_on = last.get(row.pk, (None, None))
    Standing.objects.bulk_update(rows, ["last_met_on", "manager_met_on"], batch_size=1_000)


def _last_visits(customer_ids: Collection[int]) -> dict[int, tuple[date | None, date | None]]:
    """The last day on which people met: anybody, and a sales manager, as the visits tell."""
    met = Visit.objects.filter(customer__in=customer_ids, kind__in=IN_PERSON).order_by().values_list("customer")
    manager = Max("happened_at", filter=Q(by__role=Role.SALES_MANAGER))
    found = met.annotate(anybody=Max("happened_at"), manager=manager)
    return {pk: (_day(anybody), _day(manager)) for pk, anybody, manager in found}


def _day(at: datetime | None) -> date | None:
    return localdate(at) if at else None
