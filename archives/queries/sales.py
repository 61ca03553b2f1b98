"""Sales by month, for charts and for the sums that scores and limits are worked out from. Base currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet, Sum

from archives.models import Customer, SalesRecord
from crm.core.money import cents, rates_for, refuse_unrated
from crm.core.periods import add_months, full_months

NOTHING = Decimal("0.00")
YEAR = 12
FIGURES = ("amount", "cost", "target")


@dataclass(frozen=True, slots=True)
class MonthOfSales:
    """One month; `cost` and `target` are None where nobody told them."""

    month: date
    amount: Decimal
    cost: Decimal | None
    target: Decimal | None


def sales_by_month(customers: Iterable[Customer], *, months: int = 24, until: date) -> list[MonthOfSales]:
    """The `months` months of these customers that end with the month of `until`, oldest first, without sales with 0."""
    first = add_months(until.replace(day=1), 1 - months)
    records = SalesRecord.objects.filter(customer__in=customers, month__gte=first, month__lte=until)
    known = {month: _month(month, sums) for month, sums in _summed(records, until).items()}
    wanted = (add_months(first, count) for count in range(months))
    return [known.get(month) or MonthOfSales(month, NOTHING, None, None) for month in wanted]


def average_monthly_sales(customer: Customer, today: date, *, months: int = YEAR) -> Decimal:
    """Sales per month over the last 12 full months ended on or before `today`, months without sales counting 0."""
    first, after = full_months(today, months)
    records = SalesRecord.objects.filter(customer=customer, month__gte=first, month__lt=after)
    return cents(sum((sums["amount"] for sums in _summed(records, today).values()), NOTHING) / months)


def _summed(records: QuerySet[SalesRecord], day: date) -> dict[date, dict[str, Decimal | None]]:
    """The figures of each month at the rates of `day`, unrounded; refuses a currency without a rate."""
    sums = {f"{name}_sum": Sum(name) for name in FIGURES}
    rows = list(records.order_by("month").values("month", "currency").annotate(**sums))
    currencies = {row["currency"] for row in rows}
    rates = rates_for(currencies, day)
    refuse_unrated(currencies, rates)
    months = ((month, list(parts)) for month, parts in groupby(rows, itemgetter("month")))
    return {month: {name: _together(parts, name, rates) for name in FIGURES} for month, parts in months}


def _together(parts: Iterable[dict[str, Any]], name: str, rates: Mapping[str, Decimal]) -> Decimal | None:
    """A figure over all currencies in the base currency; None where nobody told it."""
    told = [part[f"{name}_sum"] * rates[part["currency"]] for part in parts if part[f"{name}_sum"] is not None]
    return sum(told, Decimal(0)) if told else None


def _month(month: date, sums: dict[str, Decimal | None]) -> MonthOfSales:
    return MonthOfSales(month, *(None if sums[name] is None else cents(sums[name]) for name in FIGURES))
