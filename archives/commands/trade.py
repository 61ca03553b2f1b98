"""The trade record is written here: sales per month, orders, invoices and payments, as the ERP tells them.

Every command takes a batch in any order, writes nothing for what is stored already, and – sales apart – asks credit to
work out the sums of the customers it touched. The ledgers below say how a row comes about; `ledger` does the rest.
"""

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.utils.translation import gettext as _

from archives.commands.bulk import Batch, not_there, note, sync
from archives.commands.ledger import WRITTEN, Ledger, Wrong
from archives.commands.standings import ask_for_refresh
from archives.models import Invoice, Order, Payment, SalesRecord
from archives.parsing import FieldError, required
from crm.core.models import User

OTHERS_NUMBER = "CASE WHEN NOT seen OR customer_id <> old_customer THEN 'customer wrong_customer number' END"
OLD_CUSTOMER = {"old_customer": "stored.customer_id"}


def _currency(default: str = "customer.currency") -> dict[str, str]:
    """The currency of a new record when nothing is said of it."""
    given, kept = "WHEN sent.currency IS NOT NULL THEN sent.currency", "ELSE stored.currency END"
    return {"currency": f"CASE {given} WHEN stored.id IS NULL THEN {default} {kept}"}


SALES = Ledger(
    SalesRecord, key=("customer_id", "month", "product_line", "unit_id"), needed=("amount",), how=_currency()
)

# Where nothing is said of it, all of an open order is still to be delivered and nothing of another.
OPEN_OF_ORDER = """
CASE WHEN sent.open_amount <> '' THEN sent.open_amount::numeric
     WHEN stored.id IS NOT NULL AND coalesce(sent.open_amount, sent.amount, sent.status) IS NULL THEN stored.open_amount
     WHEN coalesce(sent.status, stored.status, 'open') <> 'open' THEN 0
     ELSE coalesce(sent.amount::numeric, stored.amount) END
"""
ORDERS = Ledger(
    Order,
    needed=("customer", "ordered_on", "amount"),
    how=_currency()
    | {
        "open_amount": OPEN_OF_ORDER,
        "delivered_uninvoiced": "CASE WHEN sent.delivered_uninvoiced IS NULL THEN coalesce(stored.delivered_uninvoiced,"
        " 0) ELSE coalesce(nullif(sent.delivered_uninvoiced, '')::numeric, 0) END",
    },
    notes=OLD_CUSTOMER,
    wrong=(OTHERS_NUMBER,),
)

# What is open is what the ERP stated less what came in after that day, or the amount less all payments. An invoice is
# settled on the day whose payment brings the sum of payments to its amount.
SETTLED = """
SELECT owed.id, owed.open, CASE WHEN owed.open = 0 THEN owed.last END AS settled_on
  FROM (SELECT invoice.id,
               greatest(0, coalesce(invoice.stated_open_amount, invoice.amount) - coalesce(sum(running.amount) FILTER (
                   WHERE invoice.stated_on IS NULL OR running.paid_on > invoice.stated_on), 0)) AS open,
               coalesce(min(running.paid_on) FILTER (WHERE running.so_far >= invoice.amount), max(running.paid_on))
                   AS last
          FROM ({invoices}) AS invoice
          LEFT JOIN (SELECT invoice_id, paid_on, amount,
                            sum(amount) OVER (PARTITION BY invoice_id ORDER BY paid_on, id) AS so_far
                       FROM archives_payment WHERE invoice_id IN (SELECT id FROM ({invoices}) AS invoice)) AS running
            ON running.invoice_id = invoice.id
         GROUP BY invoice.id, invoice.amount, invoice.stated_open_amount, invoice.stated_on) AS owed
"""
# What the ERP says is open is taken down with the day, unless it is what we know already.
STATES = (
    "(stored.id IS NULL OR (sent.open_amount::numeric, {amount}) IS DISTINCT FROM (stored.open_amount, stored.amount))"
)
STATED = (
    "CASE WHEN sent.open_amount = '' THEN NULL"
    f" WHEN sent.open_amount IS NOT NULL AND {STATES} THEN {{{{sent}}}} ELSE {{kept}} END"
).format(amount="coalesce(sent.amount::numeric, stored.amount)", kept="{kept}")
LAID_INVOICES = "SELECT old_id AS id, amount, stated_open_amount, stated_on FROM laid WHERE old_id IS NOT NULL"
INVOICES = Ledger(
    Invoice,
    needed=("customer", "invoiced_on", "due_on", "amount"),
    how=_currency()
    | {
        "stated_open_amount": STATED.replace("{sent}", "sent.open_amount::numeric"),
        "stated_on": STATED.replace("{sent}", "%(today)s::date"),
    },
    derived={
        "open_amount": "coalesce(settled.open, laid.stated_open_amount, laid.amount)",
        "settled_on": "settled.settled_on",
    },
    derive=f"LEFT JOIN ({SETTLED.format(invoices=LAID_INVOICES)}) AS settled ON settled.id = laid.old_id",
    notes=OLD_CUSTOMER
    | {
        "paid": "(stored.currency <> coalesce(sent.currency, stored.currency)) IS TRUE"
        " AND EXISTS (SELECT FROM archives_payment WHERE invoice_id = stored.id)"
    },
    wrong=(
        OTHERS_NUMBER,
        "CASE WHEN due_on < invoiced_on THEN 'due_on invalid' END",
        "CASE WHEN paid THEN 'currency currency_mismatch' END",
    ),
)

PAID = "held.id = CASE WHEN sent.invoice IS NULL THEN stored.invoice_id ELSE invoice.id END"
PAYMENTS = Ledger(
    Payment,
    needed=("customer", "paid_on", "amount"),
    how=_currency("coalesce(invoice.currency, customer.currency)"),
    joined=f"LEFT JOIN archives_invoice AS held ON {PAID}",
    notes=OLD_CUSTOMER
    | {"of_customer": "held.customer_id", "in_currency": "held.currency", "old_invoice": "stored.invoice_id"},
    wrong=(
        OTHERS_NUMBER,
        "CASE WHEN of_customer <> customer_id THEN 'invoice wrong_customer invoice'"
        " WHEN in_currency <> currency THEN 'currency currency_mismatch ' || in_currency END",
    ),
    kept=("(held.id IS NULL OR (held.customer_id, held.currency) = (stored.customer_id, stored.currency))",),
    lock_before="""
        SELECT count(*) FROM (SELECT FROM archives_invoice WHERE id IN (
            SELECT held.id FROM {joined} UNION SELECT stored.invoice_id FROM {joined}) ORDER BY number
            FOR NO KEY UPDATE) AS rows
    """,
)
SETTLE = f"""
UPDATE archives_invoice AS invoice
   SET open_amount = settled.open, settled_on = settled.settled_on, updated_at = statement_timestamp()
  FROM ({SETTLED.format(invoices="SELECT * FROM archives_invoice WHERE id = ANY(%(ids)s)")}) AS settled
 WHERE invoice.id = settled.id
   AND (invoice.open_amount, invoice.settled_on) IS DISTINCT FROM (settled.open, settled.settled_on)
"""
PAID_FOR = f"SELECT DISTINCT unnest(ARRAY[invoice_id, old_invoice]) FROM laid WHERE {WRITTEN}"
TOUCHED = f"SELECT DISTINCT customer_id FROM laid WHERE {WRITTEN}"


# What others call ---------------------------------------------------------------------------------------------------


def upsert_sales(batch: Batch, *, by: User, today: date) -> Batch:
    """Monthly sales by customer, month, product line and unit. Fails unknown customers and units, and new rows without
    an amount."""
    with sync(batch, by=by):
        _lay_in(batch, SALES, by=by, today=today)
        note(batch, "sales.synced", by=by)
    return batch


def upsert_orders(batch: Batch, *, by: User, today: date) -> Batch:
    """Orders by number. Fails unknown customers and units, an order of another customer, and new ones without customer,
    day or amount. Where nothing is said of it, all of an open order is still to be delivered and nothing of another."""
    with sync(batch, by=by):
        if _lay_in(batch, ORDERS, by=by, today=today):
            _touch()
        note(batch, "orders.synced", by=by)
    return batch


def upsert_invoices(batch: Batch, *, by: User, today: date) -> Batch:
    """Invoices by number. Fails unknown customers and units, an invoice of another customer, one due before it is
    dated, another currency than its payments', and new ones without customer, days or amount.

    A given `open_amount` holds from `today` on: earlier payments are in it, later ones reduce it. Null takes the
    statement back.
    """
    with sync(batch, by=by):
        if _lay_in(batch, INVOICES, by=by, today=today):
            _touch()
        note(batch, "invoices.synced", by=by)
    return batch


def upsert_payments(batch: Batch, *, by: User, today: date) -> Batch:
    """Payments by number; what is open of their invoices follows. Fails unknown customers and invoices, a payment of
    another customer, an invoice of another customer (wrong_customer) or in another currency (currency_mismatch), and
    new ones without customer, day or amount."""
    with sync(batch, by=by):
        if _lay_in(batch, PAYMENTS, by=by, today=today):
            settle(_ids(PAID_FOR))
            _touch()
        note(batch, "payments.synced", by=by)
    return batch


def settle(invoice_ids: Iterable[int]) -> None:
    """Work out what is open of these invoices and when they were settled. Call with the invoices locked."""
    if ids := list(invoice_ids):
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, {"ids": ids})


# What the four have in common ---------------------------------------------------------------------------------------


def _lay_in(batch: Batch, ledger: Ledger, *, by: User, today: date) -> int:
    """Lay the batch into the table and fail what is wrong with its rows; how many rows were written."""
    for wrong in ledger.lay(batch, by=by, today=today):
        batch.refuse_at(wrong.nth, FieldError(f"/{wrong.name}", wrong.code, _why(batch, wrong)))
    return 0 if batch.spoiled else ledger.write(batch)


def _why(batch: Batch, wrong: Wrong) -> str:
    """The sentence for what the database found wrong."""
    match wrong.code, wrong.about:
        case "unknown_reference", _about:
            return not_there(batch.sheet.value(wrong.nth, wrong.name))
        case "required", _about:
            return required(wrong.name).detail
        case "wrong_customer", "invoice":
            return _("This invoice belongs to another customer.")
        case "wrong_customer", _about:
            return _("This number belongs to another customer.")
        case "currency_mismatch", "":
            return _("Its payments are in another currency.")
        case "currency_mismatch", currency:
            return _("The invoice is in %(currency)s.") % {"currency": currency}
    return _("An invoice cannot be due before it is dated.")


def _touch() -> None:
    """Ask credit to work out the sums of the customers of the laid rows again."""
    ask_for_refresh(_ids(TOUCHED))


def _ids(sql: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [pk for (pk,) in cursor.fetchall() if pk is not None]
