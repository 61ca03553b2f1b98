"""What customers owe and are about to owe: one statement over the ledger, in the base currency.

exposure = open invoices − unapplied payments + delivered but not invoiced + open orders + reservations,

of a customer and of everything below it in its group. Sums are rounded half up per customer and kind. A reservation
counts while it is active and not past its day, for what the ledger does not show yet: nothing once its order has been
synced after the check, else what is more than the order as it was or the invoices that name it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from crm.core.money import no_rate, rates_on

# Names: tree (which customers count towards which node), rates, parts (one row per document), figures (one per node).
FIGURES = """
tree(node, customer_id) AS (
    SELECT id, id FROM archives_customer WHERE id = ANY(%(customers)s)
    UNION
    SELECT tree.node, below.id FROM tree JOIN archives_customer below ON below.parent_id = tree.customer_id
),
members AS MATERIALIZED (SELECT DISTINCT customer_id FROM tree),
rates(currency, rate) AS (SELECT * FROM unnest(%(currencies)s::text[], %(rates)s::numeric[])),
overpaid AS (
    SELECT i.customer_id, i.currency,
        coalesce(sum(p.amount) FILTER (WHERE i.stated_on IS NULL OR p.paid_on > i.stated_on), 0)
            - coalesce(i.stated_open_amount, i.amount) AS amount
    FROM archives_invoice i JOIN archives_payment p ON p.invoice_id = i.id
    WHERE i.open_amount = 0 AND i.customer_id IN (SELECT customer_id FROM members)
    GROUP BY i.id
),
ledger(customer_id, kind, amount, currency, due_on) AS (
    SELECT customer_id, 'receivables', open_amount, currency, due_on FROM archives_invoice
    WHERE open_amount > 0 AND customer_id IN (SELECT customer_id FROM members)
        AND "order" IS DISTINCT FROM %(order)s AND (%(unit)s::bigint IS NULL OR unit_id = %(unit)s)
    UNION ALL
    SELECT customer_id, 'delivered_uninvoiced', delivered_uninvoiced, currency, NULL FROM archives_order
    WHERE status = 'open' AND delivered_uninvoiced > 0 AND customer_id IN (SELECT customer_id FROM members)
        AND number IS DISTINCT FROM %(order)s AND (%(unit)s::bigint IS NULL OR unit_id = %(unit)s)
    UNION ALL
    SELECT customer_id, 'open_orders', open_amount, currency, NULL FROM archives_order
    WHERE status = 'open' AND open_amount > 0 AND customer_id IN (SELECT customer_id FROM members)
        AND number IS DISTINCT FROM %(order)s AND (%(unit)s::bigint IS NULL OR unit_id = %(unit)s)
    UNION ALL
    SELECT customer_id, 'unapplied_payments', amount, currency, NULL FROM archives_payment
    WHERE invoice_id IS NULL AND customer_id IN (SELECT customer_id FROM members) AND %(unit)s::bigint IS NULL
    UNION ALL
    SELECT customer_id, 'unapplied_payments', amount, currency, NULL FROM overpaid
    WHERE amount > 0 AND %(unit)s::bigint IS NULL
),
reserved AS (
    SELECT r.customer_id,
        CASE WHEN ordered.at >= c.checked_at THEN 0
             ELSE r.amount_base * greatest(c.amount - greatest(ordered.amount, invoiced.amount, 0), 0) / c.amount
             END AS amount
    FROM credit_reservation r
    JOIN credit_ordercheck c ON c.id = r.check_row_id
    LEFT JOIN rates asked ON asked.currency = c.currency
    LEFT JOIN LATERAL (
        SELECT o.updated_at AS at,
            CASE WHEN o.currency = c.currency THEN o.amount ELSE o.amount * rates.rate / asked.rate END AS amount
        FROM archives_order o LEFT JOIN rates USING (currency) WHERE o.number = r."order"
    ) ordered ON true
    CROSS JOIN LATERAL (
        SELECT sum(CASE WHEN i.currency = c.currency THEN i.amount ELSE i.amount * rates.rate / asked.rate END)
            AS amount
        FROM archives_invoice i LEFT JOIN rates USING (currency)
        WHERE i.customer_id = r.customer_id AND i."order" = r."order"
    ) invoiced
    WHERE r.active AND r.until >= %(today)s AND r.customer_id IN (SELECT customer_id FROM members)
        AND r."order" IS DISTINCT FROM %(order)s AND (%(unit)s::bigint IS NULL OR r.unit_id = %(unit)s)
),
parts(customer_id, kind, amount, due_on, unrated) AS (
    SELECT ledger.customer_id, kind, ledger.amount * rates.rate, due_on,
        CASE WHEN rates.rate IS NULL THEN ledger.currency END
    FROM ledger LEFT JOIN rates USING (currency)
    UNION ALL
    SELECT customer_id, 'reservations', amount, NULL, NULL FROM reserved
),
sums AS (
    SELECT customer_id,
        round(coalesce(sum(amount) FILTER (WHERE kind = 'receivables'), 0), 2) AS receivables,
        round(coalesce(sum(amount) FILTER (WHERE kind = 'delivered_uninvoiced'), 0), 2) AS delivered_uninvoiced,
        round(coalesce(sum(amount) FILTER (WHERE kind = 'open_orders'), 0), 2) AS open_orders,
        round(coalesce(sum(amount) FILTER (WHERE kind = 'reservations'), 0), 2) AS reservations,
        round(coalesce(sum(amount) FILTER (WHERE kind = 'unapplied_payments'), 0), 2) AS unapplied_payments,
        round(coalesce(sum(amount) FILTER (WHERE due_on < %(today)s), 0), 2) AS overdue,
        min(due_on) FILTER (WHERE due_on < %(today)s) AS oldest_due,
        min(unrated) AS unrated
    FROM parts GROUP BY customer_id
),
figures AS (
    SELECT node,
        coalesce(sum(receivables), 0) AS receivables,
        coalesce(sum(delivered_uninvoiced), 0) AS delivered_uninvoiced,
        coalesce(sum(open_orders), 0) AS open_orders,
        coalesce(sum(reservations), 0) AS reservations,
        coalesce(sum(unapplied_payments), 0) AS unapplied_payments,
        coalesce(sum(overdue), 0) AS overdue,
        coalesce(%(today)s - min(oldest_due), 0) AS oldest_overdue_days,
        coalesce(sum(overdue) FILTER (WHERE customer_id = node), 0) AS own_overdue,
        coalesce(%(today)s - min(oldest_due) FILTER (WHERE customer_id = node), 0) AS own_oldest_overdue_days,
        min(unrated) AS unrated
    FROM tree LEFT JOIN sums USING (customer_id) GROUP BY node
)"""


@dataclass(frozen=True)
class Exposure:
    """The exposure of one customer with everything below it, kind by kind, in the base currency."""

    receivables: Decimal
    delivered_uninvoiced: Decimal
    open_orders: Decimal
    reservations: Decimal
    unapplied_payments: Decimal
    overdue: Decimal
    oldest_overdue_days: int
    unrated: str | None = None

    @property
    def total(self) -> Decimal:
        added = self.receivables + self.delivered_uninvoiced + self.open_orders + self.reservations
        return added - self.unapplied_payments

    @property
    def not_due(self) -> Decimal:
        return self.receivables - self.overdue

    @property
    def orders(self) -> Decimal:
        """Everything ordered that is not invoiced yet."""
        return self.open_orders + self.delivered_uninvoiced + self.reservations


KINDS = ["receivables", "delivered_uninvoiced", "open_orders", "reservations", "unapplied_payments"]
COLUMNS = ", ".join(["node", *KINDS, "overdue", "oldest_overdue_days", "unrated"])


def arguments(
    customer_ids: Iterable[int], today: date, *, order: str | None = None, unit_id: int | None = None
) -> dict[str, Any]:
    """The parameters of FIGURES."""
    rates = rates_on(today)
    return {
        "customers": list(customer_ids),
        "currencies": list(rates),
        "rates": list(rates.values()),
        "today": today,
        "order": order,
        "unit": unit_id,
    }


def exposure_of(
    customer_ids: Iterable[int], today: date, *, without_order: str | None = None, unit_id: int | None = None
) -> dict[int, Exposure]:
    """The exposure of each customer, its subsidiaries included.

    `without_order` leaves out the reservation, the order and the invoices of that order; `unit_id` counts one selling
    unit's documents only (payments that are not applied belong to no unit). Refuses a currency without a rate.
    """
    with connection.cursor() as cursor:
        statement = f"WITH RECURSIVE {FIGURES} SELECT {COLUMNS} FROM figures"
        cursor.execute(statement, arguments(customer_ids, today, order=without_order, unit_id=unit_id))
        found = {node: Exposure(*figures) for node, *figures in cursor.fetchall()}
    for exposure in found.values():
        if exposure.unrated:
            raise no_rate(exposure.unrated)
    return found
