"""What a source has brought, what of it is missing, and what is held of it, in numbers."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, ExpressionWrapper, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from archives.choices import CustomerStatus, OrderStatus, SyncObject, SyncState
from archives.models import Customer, Invoice, Order, Payment, SalesRecord, SyncCall, SyncedRecord, SyncFailure, SyncRun
from archives.rules.sync_runs import Sums, SumsByCustomer
from crm.core.models import User

MODELS = {
    SyncObject.CUSTOMERS: Customer,
    SyncObject.SALES: SalesRecord,
    SyncObject.ORDERS: Order,
    SyncObject.INVOICES: Invoice,
    SyncObject.PAYMENTS: Payment,
}
# What is there to be closed: customers one may sell to, orders with something to come, invoices with something to pay.
TO_CLOSE = {
    SyncObject.CUSTOMERS: ~Q(status__in=[CustomerStatus.CLOSED, CustomerStatus.BLACKLISTED]),
    SyncObject.ORDERS: Q(status=OrderStatus.OPEN) | Q(open_amount__gt=0) | Q(delivered_uninvoiced__gt=0),
    SyncObject.INVOICES: Q(open_amount__gt=0),
}


class Held(NamedTuple):
    """How many records are held of a source, and their sums by currency (none of customers)."""

    count: int
    totals: Sums


def of_source(run: SyncRun) -> QuerySet:
    """Every record of the run's object that its source has brought in runs."""
    synced = SyncedRecord.objects.filter(account=run.account_id, object=run.object)
    return MODELS[run.object_choice]._default_manager.filter(pk__in=synced.values("record"))


def brought_by(run: SyncRun) -> QuerySet:
    """The records that the run brought; of an earlier one, those that no later run has brought again."""
    synced = SyncedRecord.objects.filter(account=run.account_id, object=run.object, run=run)
    return MODELS[run.object_choice]._default_manager.filter(pk__in=synced.values("record"))


def missing_of(run: SyncRun) -> QuerySet:
    """The records of the source that neither this run nor a later one brought; where closing means something, those
    that can be closed."""
    synced = SyncedRecord.objects.filter(account=run.account_id, object=run.object, run__lt=run.pk)
    rows = MODELS[run.object_choice]._default_manager.filter(pk__in=synced.values("record"))
    return rows.filter(TO_CLOSE.get(run.object_choice, Q()))


def held_of(run: SyncRun) -> Held:
    """What is held of the source after a complete run, of what was brought after another; one statement."""
    rows = (of_source(run) if run.complete else brought_by(run)).order_by()
    if not run.object_choice.has_totals:
        return Held(rows.count(), {})
    sums = list(rows.values_list("currency").annotate(Count("pk"), Sum("amount")))
    return Held(sum(count for _code, count, _sum in sums), {code: total for code, _count, total in sums})


def held_by_customer(run: SyncRun) -> SumsByCustomer:
    """The sums of `held_of` by customer; one statement."""
    rows = (of_source(run) if run.complete else brought_by(run)).order_by()
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for number, code, total in rows.values_list("customer__number", "currency").annotate(Sum("amount")):
        found[number][code] = total
    return found


def not_taken(run: SyncRun) -> int:
    """How many failed items of the run are of records that are not held at all: they were brought nevertheless."""
    keys = list(failures_of(run).exclude(key="").values_list("key", flat=True))
    if not keys or run.object == SyncObject.SALES:
        return len(keys)
    return len(keys) - MODELS[run.object_choice]._default_manager.filter(number__in=keys).count()


def runs_of(user: User) -> QuerySet[SyncRun]:
    """The runs that `user` may see, each with what its calls came to and its rows that failed."""
    calls = SyncCall.objects.filter(run=OuterRef("pk")).order_by().values("run")
    failed = SyncFailure.objects.filter(run=OuterRef("pk"), resolved_at=None).order_by().values("run")
    sums = {name: Coalesce(Subquery(calls.annotate(n=Sum(name)).values("n")), 0) for name in COUNTED}
    waiting = Coalesce(Subquery(failed.annotate(n=Count("pk")).values("n")), 0)
    rows = SyncRun.objects.visible_to(user).select_related("account", "decided_by").defer("customers", "differences")
    return rows.annotate(**sums, failed_rows=waiting)


COUNTED = ("created", "updated", "unchanged", "failed")


class Source(NamedTuple):
    """The last run of an object from a source, and when one was good last."""

    last: Any
    good_at: datetime | None


def sources(user: User) -> list[Source]:
    """Every source and object with its last run; two statements."""
    rows = runs_of(user).order_by("account_id", "object", "-id").distinct("account_id", "object")
    good = SyncRun.objects.visible_to(user).filter(GOOD).order_by().values_list("account", "object")
    ended = {(account, kind): at for account, kind, at in good.annotate(at=Max("finished_at"))}
    found = [Source(run, ended.get((run.account_id, run.object))) for run in rows]
    places = list(SyncObject.values)
    return sorted(found, key=lambda one: (one.last.account.username, places.index(one.last.object)))


# A good run has ended, nobody has to look, and nothing contradicts what was announced.
GOOD = Q(state=SyncState.FINISHED) & ~Q(agrees=False)


def keys_of(rows: QuerySet) -> QuerySet:
    """The rows with what people know them by: number and customer; sales by customer, month and line."""
    if rows.model is Customer:
        return rows.order_by("number")
    rows = rows.select_related("customer")
    return rows.order_by("customer__number", "month", "pk") if rows.model is SalesRecord else rows.order_by("number")


def failures_of(run: SyncRun) -> QuerySet[SyncFailure]:
    """The rows of a run that failed and have not gone through since, the newest first; without their items."""
    rows = SyncFailure.objects.filter(run=run, resolved_at=None).defer("item")
    return rows.annotate(kept=ExpressionWrapper(Q(item__isnull=False), BooleanField())).order_by("-id")
