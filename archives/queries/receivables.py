"""What is owed, how old it is and how customers pay, as of any day, out of invoices and payments.

As of a day: invoices dated on or before it, less payments of that day or earlier. Where the ERP stated what is open,
its word counts from the day it was said, and only payments after that day are taken off.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db.models import Case, Count, DurationField, F, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest

from archives.models import Customer, Invoice
from crm.core.models import MoneyField
from crm.core.money import cents, no_rate, rate_case, rates_on

NOTHING = Decimal("0.00")
DSO_DAYS = 365
BUCKETS = {"not_due": (None, 0), "d1_30": (1, 30), "d31_60": (31, 60), "d61_90": (61, 90), "d90_plus": (91, None)}


@dataclass(frozen=True, slots=True)
class Ageing:
    """Open receivables by days past due; `disputed` is the part of `total` in dispute and stays in its bucket."""

    as_of: date
    currency: str
    not_due: Decimal
    d1_30: Decimal
    d31_60: Decimal
    d61_90: Decimal
    d90_plus: Decimal
    total: Decimal
    disputed: Decimal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How settled invoices were paid, in days and percent, and the days sales outstanding; None: nothing to go by."""

    as_of: date
    invoices_settled: int
    on_time: int
    on_time_percent: Decimal | None
    average_days_late: Decimal | None
    worst_days_late: int | None
    dso: Decimal | None


def open_invoices(customers: QuerySet[Customer], as_of: date) -> QuerySet[Invoice]:
    """Invoices with what was `left` of each as of a day, in the invoice's currency; settled ones are not in it."""
    stated = Q(stated_open_amount__isnull=False, stated_on__lte=as_of)
    counted = Q(payments__paid_on__lte=as_of) & (~stated | Q(payments__paid_on__gt=F("stated_on")))
    paid = Coalesce(Sum("payments__amount", filter=counted), Value(NOTHING), output_field=MoneyField())
    due = Case(When(stated, then=F("stated_open_amount")), default=F("amount"))
    return (
        Invoice.objects.filter(~_surely_settled(as_of), customer__in=customers, invoiced_on__lte=as_of)
        .order_by()
        .annotate(left=Greatest(due - paid, Value(NOTHING), output_field=MoneyField()))
        .filter(left__gt=0)
    )


def _surely_settled(as_of: date) -> Q:
    """Invoices that payments alone had brought to nothing: most of a ledger, and not worth adding up again."""
    return Q(settled_on__isnull=False, settled_on__lte=as_of, stated_open_amount__isnull=True)


def ageing(customers: QuerySet[Customer], as_of: date, *, currency: str = "") -> Ageing:
    """Open receivables of `customers` in buckets of days past due: `as_of − due_on`, 0 or less is not due.

    In `currency`, by default the base currency, at the rates of the day.
    """
    currency = currency or settings.BASE_CURRENCY
    parts = {name: _past_due(as_of, *span) for name, span in BUCKETS.items()} | {"disputed": Q(disputed=True)}
    sums = _sums(open_invoices(customers, as_of), "left", parts, currency, as_of)
    rounded = {name: cents(amount or NOTHING) for name, amount in sums.items()}
    total = sum((rounded[name] for name in BUCKETS), NOTHING)
    return Ageing(as_of=as_of, currency=currency, total=total, **rounded)


def payment_behaviour(customers: QuerySet[Customer], as_of: date, *, currency: str = "") -> Behaviour:
    """Punctuality of the invoices settled by `as_of`: on time is settled on or before `due_on`, late days start at 0.

    DSO = open receivables / invoiced in the last 365 days × 365, in `currency` or the base currency.
    """
    settled = Invoice.objects.filter(customer__in=customers, invoiced_on__lte=as_of, settled_on__lte=as_of).order_by()
    late = Greatest(F("settled_on") - F("due_on"), Value(timedelta(0)), output_field=DurationField())
    on_time = Count("pk", filter=Q(settled_on__lte=F("due_on")))
    found = settled.annotate(late=late).aggregate(
        count=Count("pk"), on_time=on_time, sum_late=Sum("late"), worst=Max("late")
    )
    count = found["count"]
    return Behaviour(
        as_of=as_of,
        invoices_settled=count,
        on_time=found["on_time"],
        on_time_percent=_ratio(100 * found["on_time"], count),
        average_days_late=_ratio(found["sum_late"].days, count) if count else None,
        worst_days_late=found["worst"].days if count else None,
        dso=dso(customers, as_of, currency=currency),
    )


def dso(customers: QuerySet[Customer], as_of: date, *, currency: str = "") -> Decimal | None:
    """Days sales outstanding, one decimal; None when nothing was invoiced in the 365 days that end with `as_of`."""
    currency = currency or settings.BASE_CURRENCY
    since = as_of - timedelta(days=DSO_DAYS)
    recent = Invoice.objects.filter(customer__in=customers, invoiced_on__gt=since, invoiced_on__lte=as_of).order_by()
    invoiced = _sums(recent, "amount", {"all": Q()}, currency, as_of)["all"]
    if not invoiced:
        return None
    owed = ageing(customers, as_of, currency=currency).total
    return (owed * DSO_DAYS / invoiced).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def _ratio(part: int, whole: int) -> Decimal | None:
    """Two decimals, half up; None of nothing."""
    return cents(Decimal(part) / whole) if whole else None


def _past_due(as_of: date, least: int | None, most: int | None) -> Q:
    """Invoices that are from `least` to `most` days past due."""
    condition = Q()
    if least is not None:
        condition &= Q(due_on__lte=as_of - timedelta(days=least))
    if most is not None:
        condition &= Q(due_on__gte=as_of - timedelta(days=most))
    return condition


def _sums(
    invoices: QuerySet[Invoice], amount: str, parts: dict[str, Q], currency: str, as_of: date
) -> dict[str, Decimal | None]:
    """The column summed in `currency` for each part, in one statement.

    Refuses a currency without a rate; needs none where all is in `currency`.
    """
    rates = rates_on(as_of)
    known = rates if currency in rates else {currency: Decimal(1)}
    worth = F(amount) * rate_case(known) / Value(known[currency])
    unrated = Min("currency", filter=~Q(currency__in=list(known)))
    found = invoices.aggregate(**{name: Sum(worth, filter=part) for name, part in parts.items()}, unrated=unrated)
    if without := found.pop("unrated"):
        raise no_rate(without if currency in rates else currency)
    return found
