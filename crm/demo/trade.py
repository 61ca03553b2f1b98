"""The trade record: sales with seasons and trend, invoices that add up to them, payments by habit."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from archives.choices import CustomerStatus, OrderStatus
from archives.models import Invoice, Order, Payment, SalesRecord
from crm.core.periods import add_months
from crm.demo.customers import WORTH, Buyer, money

MONTHS, INVOICE_MONTHS = 36, 14
LARGE = 2_500_000
# What a month is to a year's twelfth; the Chinese New Year empties January and February.
SEASON = {1: 0.82, 2: 0.52, 3: 1.08, 4: 1.12, 5: 1.08, 6: 1.05, 7: 0.97, 8: 0.98, 9: 1.1, 10: 1.02, 11: 1.12, 12: 1.14}
SEASON_ABROAD = {
    1: 0.95,
    2: 0.98,
    3: 1.08,
    4: 1.05,
    5: 1.05,
    6: 1.05,
    7: 0.95,
    8: 0.82,
    9: 1.07,
    10: 1.1,
    11: 1.05,
    12: 0.85,
}
# Days after the due day on which a customer of that habit pays, from–to; disputing ones pay what they don't dispute.
LATENESS = {"punctual": (-9, 3), "late": (-2, 34), "very_late": (12, 115), "disputing": (-4, 30)}
BATCH = 2_000


def month_start(today: date, back: int) -> date:
    return add_months(today.replace(day=1), -back)


def share_of_month(month: date, today: date) -> float:
    """How much of `month` has passed: 1 for all but the running one."""
    return today.day / 30 if month == today.replace(day=1) else 1.0


# --- Sales ----------------------------------------------------------------------------------------
def store_sales(
    buyers: list[Buyer], rng: Random, today: date, progress: Callable[[int], None]
) -> dict[tuple[int, date], Decimal]:
    """Sales of 36 months; gives back what each customer (by id) bought in each month, all lines together."""
    bought: dict[tuple[int, date], Decimal] = {}
    rows: list[SalesRecord] = []
    for buyer in buyers:
        for month, amount in monthly_sales(buyer, rng, today):
            lines = list(_lines(buyer, month, amount, rng))
            bought[buyer.customer.pk, month] = sum((row.amount for row in lines), Decimal(0))
            rows += lines
    for start in range(0, len(rows), BATCH):
        SalesRecord.objects.bulk_create(rows[start : start + BATCH])
        progress(len(rows[start : start + BATCH]))
    return bought


def monthly_sales(buyer: Buyer, rng: Random, today: date) -> Iterator[tuple[date, float]]:
    """Month and sum in CNY, from the first month of the relation to the last before it went quiet."""
    if not buyer.trades or buyer.showcase:
        return
    season = SEASON_ABROAD if buyer.language == "en" else SEASON
    quiet = _quiet_for(buyer, rng)
    often = min(1.0, 0.35 + buyer.yearly / 600_000)
    for back in range(months_known(buyer, today), quiet - 1, -1):
        month = month_start(today, back)
        if month < buyer.customer.related_since.replace(day=1) or rng.random() > often:
            continue
        grown = (1 + buyer.trend) ** (-back / 12)
        usual = buyer.yearly / 12 / often * season[month.month] * grown * share_of_month(month, today)
        yield month, usual * rng.uniform(0.7, 1.3)


def months_known(buyer: Buyer, today: date) -> int:
    """How many months back the sales go: three years, and for larger customers three full calendar years."""
    return MONTHS + today.month - 1 if buyer.yearly > LARGE else MONTHS


def _quiet_for(buyer: Buyer, rng: Random) -> int:
    """Months since the last purchase: none for active customers, a year and more for dormant ones."""
    if buyer.customer.status == CustomerStatus.ACTIVE:
        return 0
    return rng.randint(5, 12) if buyer.customer.status == CustomerStatus.BLACKLISTED else rng.randint(13, 26)


def _lines(buyer: Buyer, month: date, yuan: float, rng: Random) -> Iterator[SalesRecord]:
    """The month's sum over the customer's product lines, the first one the largest."""
    weights = [rng.uniform(0.8, 1.2) / (at + 1) for at in range(len(buyer.lines))]
    for line, weight in zip(buyer.lines, weights, strict=True):
        amount = buyer.own(yuan * weight / sum(weights))
        yield SalesRecord(
            customer=buyer.customer, month=month, product_line=line, unit=buyer.customer.unit, currency=buyer.currency,
            amount=amount, cost=money(float(amount) * rng.uniform(0.7, 0.86)), quantity=rng.randint(1, 400),
            target=_target(buyer, month, weight / sum(weights)),
        )  # fmt: skip


def _target(buyer: Buyer, month: date, share: float) -> Decimal | None:
    """Larger customers have a target: a round sum a little above the usual."""
    if buyer.yearly < 400_000:
        return None
    return buyer.own(round(buyer.yearly / 12 * SEASON[month.month] * 1.05 * share, -3))


# --- Invoices and payments ------------------------------------------------------------------------
class Ledger:
    """Invoices, payments and orders as they are made up, numbered in a row, and written at once at the end."""

    def __init__(self, today: date):
        self.today = today
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        self.orders: list[Order] = []
        self.numbers = {kind: count(100_001) for kind in ("INV", "PAY", "SO")}

    def number(self, kind: str) -> str:
        return f"{kind}-{next(self.numbers[kind])}"

    def bill(
        self, buyer: Buyer, invoiced_on: date, amount: Decimal, *, due_on: date | None = None, disputed: bool = False
    ) -> Invoice:
        """An invoice, open as a whole."""
        invoice = Invoice(
            number=self.number("INV"), customer=buyer.customer, unit=buyer.customer.unit, currency=buyer.currency,
            invoiced_on=invoiced_on, due_on=due_on or invoiced_on + timedelta(days=buyer.credit_days),
            amount=amount, open_amount=amount, disputed=disputed,
        )  # fmt: skip
        self.invoices.append(invoice)
        return invoice

    def pay(self, invoice: Invoice, paid_on: date, amount: Decimal) -> None:
        """A payment for `invoice`; one that lies in the future has not come in yet."""
        if paid_on > self.today:
            return
        self._receive(invoice, invoice, paid_on, amount)
        invoice.open_amount -= amount
        if not invoice.open_amount:
            invoice.settled_on = paid_on

    def receive_unapplied(self, invoice: Invoice, paid_on: date, amount: Decimal) -> None:
        """Money that came in from the customer of `invoice` without saying what for."""
        self._receive(invoice, None, paid_on, amount)

    def _receive(self, source: Invoice, applied_to: Invoice | None, paid_on: date, amount: Decimal) -> None:
        self.payments.append(
            Payment(
                number=self.number("PAY"), customer=source.customer, invoice=applied_to, paid_on=paid_on,
                currency=source.currency, amount=amount,
            )
        )  # fmt: skip

    def order(
        self, buyer: Buyer, ordered_on: date, amount: Decimal, *, opened: Decimal, delivered: Decimal = Decimal(0)
    ) -> Order:
        order = Order(
            number=self.number("SO"), customer=buyer.customer, unit=buyer.customer.unit, currency=buyer.currency,
            ordered_on=ordered_on, amount=amount, open_amount=opened, delivered_uninvoiced=delivered,
            status=OrderStatus.OPEN if opened or delivered else OrderStatus.CLOSED,
        )  # fmt: skip
        self.orders.append(order)
        return order

    def store(self, progress: Callable[[int], None]) -> None:
        """Invoices before the payments that name them."""
        for model, rows in ((Order, self.orders), (Invoice, self.invoices), (Payment, self.payments)):
            for start in range(0, len(rows), BATCH):
                model.objects.bulk_create(rows[start : start + BATCH])
                progress(len(rows[start : start + BATCH]))


def keep_books(ledger: Ledger, buyers: Iterable[Buyer], bought: dict[tuple[int, date], Decimal], rng: Random) -> None:
    """Bill what was sold in the last months, let customers pay by habit, and take the orders of these days."""
    for buyer in buyers:
        for back in range(INVOICE_MONTHS, -1, -1):
            month = month_start(ledger.today, back)
            if amount := bought.get((buyer.customer.pk, month)):
                _bill_month(ledger, buyer, month, amount, rng)
        if buyer.trades and not buyer.showcase:
            _open_orders(ledger, buyer, rng)
    _unapplied(ledger, rng)


def _bill_month(ledger: Ledger, buyer: Buyer, month: date, amount: Decimal, rng: Random) -> None:
    """The month's sales as one to six invoices that add up to it."""
    pieces = min(6, 1 + round(float(amount) * WORTH[buyer.currency] / 70_000))
    last_day = min(28, ledger.today.day) if month == ledger.today.replace(day=1) else 28
    part = (amount / pieces).quantize(Decimal("0.01"))
    for piece in range(pieces):
        sum_of_piece = part if piece else amount - part * (pieces - 1)
        disputed = buyer.habit == "disputing" and rng.random() < 0.25
        invoice = ledger.bill(buyer, month.replace(day=rng.randint(1, last_day)), sum_of_piece, disputed=disputed)
        _settle(ledger, buyer, invoice, rng)


def _settle(ledger: Ledger, buyer: Buyer, invoice: Invoice, rng: Random) -> None:
    """Pay by habit, now and then in two parts. What a blacklisted customer owes, it owes for good."""
    if buyer.customer.status == CustomerStatus.BLACKLISTED and rng.random() < 0.6:
        return
    paid_on = max(invoice.due_on + timedelta(days=_days_late(buyer, rng)), invoice.invoiced_on)
    if invoice.disputed and (ledger.today - invoice.due_on).days < 150:
        return
    if rng.random() < 0.06:
        first = (invoice.amount / 2).quantize(Decimal("0.01"))
        ledger.pay(invoice, paid_on, first)
        ledger.pay(invoice, paid_on + timedelta(days=rng.randint(5, 40)), invoice.amount - first)
    else:
        ledger.pay(invoice, paid_on, invoice.amount)


def _days_late(buyer: Buyer, rng: Random) -> int:
    """By habit; even punctual payers forget an invoice once in a while."""
    earliest, latest = LATENESS[buyer.habit]
    slip = rng.randint(5, 25) if rng.random() < 0.04 else 0
    return rng.randint(earliest, latest) + slip


def _open_orders(ledger: Ledger, buyer: Buyer, rng: Random) -> None:
    """Orders on hand for a third of the customers, some delivered in part; now and then one that is done."""
    if buyer.customer.status != CustomerStatus.ACTIVE or rng.random() > 0.38:
        return
    for _ in range(rng.randint(1, 2)):
        amount = buyer.own(max(2_000, round(buyer.yearly / 12 * rng.uniform(0.1, 0.4), -2)))
        delivered = (amount * rng.choice((0, 0, 0, 30, 60)) / 100).quantize(Decimal("0.01"))
        opened = amount - delivered if rng.random() < 0.8 else Decimal(0)
        ledger.order(
            buyer, ledger.today - timedelta(days=rng.randint(1, 40)), amount, opened=opened, delivered=delivered
        )


def _unapplied(ledger: Ledger, rng: Random) -> None:
    """A few payments that nobody has applied yet: a part of what is open."""
    still_open = [invoice for invoice in ledger.invoices if invoice.open_amount]
    for invoice in rng.sample(still_open, len(still_open) // 60):
        amount = (invoice.open_amount / rng.choice((2, 4))).quantize(Decimal("0.01"))
        ledger.receive_unapplied(invoice, ledger.today - timedelta(days=rng.randint(0, 12)), amount)
