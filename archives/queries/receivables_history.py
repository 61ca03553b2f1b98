"""What was owed on several days at once, and how late each invoice was paid: one statement each, however many days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection

from archives.models import Customer, Invoice
from archives.queries.receivables import Ageing
from crm.core.money import no_rate, rates_on
from crm.core.periods import add_months

# As archives.queries.receivables counts for one day; `days` are many.
STATEMENT = """
WITH days(as_of) AS (SELECT unnest(%(days)s::date[])),
rates(currency, rate) AS (SELECT * FROM unnest(%(currencies)s::text[], %(rates)s::numeric[])),
owed(as_of, late, amount, disputed, currency) AS (
    SELECT as_of, as_of - invoice.due_on, greatest(due.amount - coalesce(paid.amount, 0), 0),
        invoice.disputed, invoice.currency
    FROM days
    JOIN archives_invoice invoice ON invoice.customer_id = ANY(%(customers)s) AND invoice.invoiced_on <= as_of
        AND (invoice.settled_on IS NULL OR invoice.settled_on > as_of OR invoice.stated_open_amount IS NOT NULL)
    CROSS JOIN LATERAL (
        SELECT invoice.stated_open_amount IS NOT NULL AND invoice.stated_on <= as_of AS stated
    ) word
    CROSS JOIN LATERAL (
        SELECT CASE WHEN stated THEN invoice.stated_open_amount ELSE invoice.amount END AS amount
    ) due
    CROSS JOIN LATERAL (
        SELECT sum(payment.amount) AS amount FROM archives_payment payment
        WHERE payment.invoice_id = invoice.id AND paid_on <= as_of AND (NOT stated OR paid_on > invoice.stated_on)
    ) paid
),
unapplied(as_of, amount, currency) AS (
    SELECT as_of, amount, currency FROM days
    JOIN archives_payment ON invoice_id IS NULL AND customer_id = ANY(%(customers)s) AND paid_on <= as_of
),
parts AS (
    SELECT as_of, late, amount * rate AS worth, disputed, false AS credit,
        CASE WHEN rate IS NULL THEN currency END AS unrated
    FROM owed LEFT JOIN rates USING (currency) WHERE amount > 0
    UNION ALL
    SELECT as_of, NULL, amount * rate, false, true, CASE WHEN rate IS NULL THEN currency END
    FROM unapplied LEFT JOIN rates USING (currency)
)
SELECT as_of,
    round(coalesce(sum(worth) FILTER (WHERE late <= 0), 0), 2),
    round(coalesce(sum(worth) FILTER (WHERE late BETWEEN 1 AND 30), 0), 2),
    round(coalesce(sum(worth) FILTER (WHERE late BETWEEN 31 AND 60), 0), 2),
    round(coalesce(sum(worth) FILTER (WHERE late BETWEEN 61 AND 90), 0), 2),
    round(coalesce(sum(worth) FILTER (WHERE late > 90), 0), 2),
    round(coalesce(sum(worth) FILTER (WHERE disputed), 0), 2),
    round(coalesce(sum(worth) FILTER (WHERE credit), 0), 2),
    min(unrated)
FROM days LEFT JOIN parts USING (as_of) GROUP BY as_of ORDER BY as_of"""


@dataclass(frozen=True, slots=True)
class Owed:
    """What was owed at the end of a day, by age, and the payments until then that belong to no invoice today."""

    ageing: Ageing
    unapplied: Decimal

    @property
    def overdue(self) -> Decimal:
        return self.ageing.total - self.ageing.not_due


def month_ends(today: date, count: int) -> list[date]:
    """The last days of the `count` months before this one, and today."""
    first = today.replace(day=1)
    return [add_months(first, -back) - timedelta(days=1) for back in range(count - 1, -1, -1)] + [today]


def owed_on(customer_ids: Iterable[int], days: Sequence[date], *, today: date) -> list[Owed]:
    """What these customers together owed on each day, the oldest first, in the base currency.

    At the rates of `today` for all days, so that a step in the figures is never one of the exchange. Which payments are
    applied and which invoices disputed is known as it is now, not as it was. Refuses a currency without a rate.
    """
    rates = rates_on(today)
    given = {"days": list(days), "customers": list(customer_ids)}
    given |= {"currencies": list(rates), "rates": list(rates.values())}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, given)
        return [_owed(*row) for row in cursor.fetchall()]


def _owed(as_of: date, *figures: Decimal | str | None) -> Owed:
    *ages, disputed, unapplied, unrated = figures
    if unrated:
        raise no_rate(unrated)
    total = sum(ages, Decimal("0.00"))
    return Owed(Ageing(as_of, settings.BASE_CURRENCY, *ages, total=total, disputed=disputed), unapplied)


@dataclass(frozen=True, slots=True)
class Paid:
    """A settled invoice; `late` in days, 0 when it was paid by its day."""

    number: str
    settled_on: date
    late: int


def paid_lately(customer: Customer, *, today: date, count: int) -> list[Paid]:
    """The `count` invoices that were settled last, the oldest of them first."""
    rows = Invoice.objects.filter(customer=customer, settled_on__lte=today).order_by("-settled_on", "-pk")
    found = rows.values_list("number", "settled_on", "due_on")[:count]
    return [Paid(number, settled, max(0, (settled - due).days)) for number, settled, due in reversed(found)]
