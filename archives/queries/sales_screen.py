"""Sales as the customer page draws them: bars against a line, the table behind them, and the product lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.utils import formats
from django.utils.translation import gettext as _

from archives.models import Customer, SalesRecord
from archives.queries.sales import MonthOfSales, sales_by_month
from crm.core.charts import Chart, Series, month_label
from crm.core.money import cents, in_base, rates_on
from crm.core.periods import add_months

YEAR = 12
SPANS = (12, 24, 36)
# The drawing's own units; the page scales it.
STEP, HEIGHT, GAP = 30, 140, 0.28


@dataclass(frozen=True, slots=True)
class Month:
    """One month beside the same month a year before. `compared` is the target where there is one, else last year."""

    month: date
    amount: Decimal
    last_year: Decimal
    target: Decimal | None

    @property
    def compared(self) -> Decimal:
        return self.last_year if self.target is None else self.target

    @property
    def change(self) -> int | None:
        """Percent more or less than the year before; None where there was nothing."""
        return round((self.amount - self.last_year) / self.last_year * 100) if self.last_year else None

    @property
    def attained(self) -> int | None:
        """Percent of the target."""
        return round(self.amount / self.target * 100) if self.target else None


@dataclass(frozen=True, slots=True)
class Bar:
    month: date
    amount: Decimal
    x: str
    y: str
    width: str
    height: str
    middle: str


@dataclass(frozen=True, slots=True)
class Sales:
    """So many months of sales with their drawing. Base currency."""

    months: list[Month]
    bars: list[Bar]
    line: str
    with_targets: bool
    total: Decimal
    change: int | None

    @property
    def width(self) -> int:
        """How wide the drawing is, in its own units."""
        return len(self.months) * STEP

    @property
    def known(self) -> bool:
        return any(month.amount or month.last_year for month in self.months)


def sales_of(customers: Iterable[Customer], *, months: int, today: date) -> Sales:
    """The last `months` months of these customers, the running one included. Refuses a currency without a rate."""
    rows = sales_by_month(customers, months=months + YEAR, until=today)
    pairs = [_beside(now, before) for before, now in zip(rows, rows[YEAR:], strict=False)]
    total, before = (sum((getattr(row, name) for row in pairs), Decimal(0)) for name in ("amount", "last_year"))
    return Sales(
        months=pairs,
        bars=_bars(pairs),
        line=_line(pairs),
        with_targets=any(row.target is not None for row in pairs),
        total=total,
        change=round((total - before) / before * 100) if before else None,
    )


def _beside(now: MonthOfSales, before: MonthOfSales) -> Month:
    return Month(month=now.month, amount=now.amount, last_year=before.amount, target=now.target)


def _bars(months: list[Month]) -> list[Bar]:
    return [_bar(month, place * STEP, _highest(months)) for place, month in enumerate(months)]


def _bar(month: Month, left: int, highest: Decimal) -> Bar:
    height = _height(month.amount, highest)
    return Bar(
        month=month.month,
        amount=month.amount,
        x=f"{left + STEP * GAP / 2:.1f}",
        y=f"{HEIGHT - height:.1f}",
        width=f"{STEP * (1 - GAP):.1f}",
        height=f"{height:.1f}",
        middle=f"{left + STEP / 2:.1f}",
    )


def _line(months: list[Month]) -> str:
    """The points of the dashed line: targets, or the year before."""
    highest = _highest(months)
    return " ".join(
        f"{place * STEP + STEP / 2:.1f},{HEIGHT - _height(month.compared, highest):.1f}"
        for place, month in enumerate(months)
    )


def _height(amount: Decimal, highest: Decimal) -> float:
    """What came back in a month is no less than nothing in so small a drawing; the table has it."""
    return float(max(amount, Decimal(0)) / highest) * HEIGHT


def _highest(months: list[Month]) -> Decimal:
    return max(Decimal(0), *(max(month.amount, month.compared) for month in months)) or Decimal(1)


def sales_chart(sales: Sales, *, title: str) -> Chart:
    """Sales per month with the target, where there is one, and the year before."""
    columns = [Series(_("sales"), [row.amount for row in sales.months])]
    if sales.with_targets:
        columns.append(Series(_("target"), [row.target for row in sales.months], shape="line", tone="orange"))
    columns.append(Series(_("year before"), [row.last_year for row in sales.months], shape="dashed", tone="grey"))
    return Chart(
        id="chart-sales",
        title=title,
        summary=sales_in_words(sales),
        head=_("month"),
        labels=[month_label(row.month) for row in sales.months],
        series=columns,
        unit="money",
    )


def sales_in_words(sales: Sales) -> str:
    """How the sum compares with the months a year before, and which month was the best."""
    best = max(sales.months, key=lambda row: row.amount).month
    words = {"best": formats.date_format(best, "YEAR_MONTH_FORMAT"), "percent": abs(sales.change or 0)}
    if sales.change is None:
        return _("Nothing to compare with a year before; best month: %(best)s.") % words
    if sales.change < 0:
        return _("%(percent)s %% less than a year before; best month: %(best)s.") % words
    return _("%(percent)s %% more than a year before; best month: %(best)s.") % words


@dataclass(frozen=True, slots=True)
class LineOfSales:
    """One product line over the last 12 months; `share` in percent of all."""

    name: str
    amount: Decimal
    last_year: Decimal
    share: int


def sales_by_line(customer: Customer, *, today: date) -> list[LineOfSales]:
    """Product lines of the last 12 months, the largest first, with what they sold the year before. Base currency."""
    now = _lines(customer, add_months(today.replace(day=1), 1 - YEAR), add_months(today.replace(day=1), 1), today)
    before = _lines(
        customer, add_months(today.replace(day=1), 1 - 2 * YEAR), add_months(today.replace(day=1), 1 - YEAR), today
    )
    total = sum(now.values()) or Decimal(1)
    return [
        LineOfSales(
            name,
            now.get(name, Decimal(0)),
            before.get(name, Decimal(0)),
            round(now.get(name, Decimal(0)) / total * 100),
        )
        for name in sorted(now.keys() | before.keys(), key=lambda name: -now.get(name, Decimal(0)))
    ]


def _lines(customer: Customer, first: date, after: date, today: date) -> dict[str, Decimal]:
    rows = SalesRecord.objects.filter(customer=customer, month__gte=first, month__lt=after).order_by()
    sums = rows.values("product_line").annotate(sum=Sum(in_base("amount", rates_on(today))))
    return {row["product_line"]: cents(row["sum"] or Decimal(0)) for row in sums}
