"""The trade record is written here: sales per month, orders, invoices and payments, as the ERP tells them.

Every command takes a batch in any order, writes nothing for what is stored already, and – sales apart – asks credit to
work out the sums of the customers it touched.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from archives.choices import OrderStatus
from archives.commands.bulk import Batch, Entry, entries_of, note, refer, sync
from archives.commands.standings import ask_for_refresh
from archives.commands.store import Store
from archives.models import Customer, Invoice, Order, Payment, SalesRecord
from archives.parsing import required
from crm.core.models import Unit, User

SALES = Store(SalesRecord, ("customer_id", "month", "product_line", "unit_id"), found_by=("customer_id", "month"))
ORDERS = Store(Order, ("number",))
INVOICES = Store(Invoice, ("number",), derived=("open_amount", "settled_on"))
PAYMENTS = Store(Payment, ("number",))

# What is open is what the ERP stated less what came in after that day, or the amount less all payments. An invoice is
# settled on the day whose payment brings the sum of payments to its amount.
SETTLE = """
WITH running AS (
    SELECT invoice_id, paid_on, amount, sum(amount) OVER (PARTITION BY invoice_id ORDER BY paid_on, id) AS so_far
      FROM archives_payment WHERE invoice_id = ANY(%(ids)s)
), paid AS (
    SELECT invoice.id,
           greatest(0, coalesce(invoice.stated_open_amount, invoice.amount) - coalesce(sum(running.amount) FILTER (
               WHERE invoice.stated_on IS NULL OR running.paid_on > invoice.stated_on), 0)) AS open,
           coalesce(min(running.paid_on) FILTER (WHERE running.so_far >= invoice.amount), max(running.paid_on)) AS last
      FROM archives_invoice AS invoice LEFT JOIN running ON running.invoice_id = invoice.id
     WHERE invoice.id = ANY(%(ids)s) GROUP BY invoice.id
), settled AS (
    SELECT id, open, CASE WHEN open = 0 THEN last END AS settled_on FROM paid
)
UPDATE archives_invoice AS invoice
   SET open_amount = settled.open, settled_on = settled.settled_on, updated_at = now()
  FROM settled
 WHERE invoice.id = settled.id
   AND (invoice.open_amount, invoice.settled_on) IS DISTINCT FROM (settled.open, settled.settled_on)
"""


# What others call ---------------------------------------------------------------------------------------------------


def upsert_sales(batch: Batch, *, by: User, today: date) -> Batch:
    """Monthly sales by customer, month, product line and unit. Fails unknown customers and units, and new rows without
    an amount."""
    with sync(batch, by=by):
        entries = SALES.load(batch, _referred(batch, by=by))
        _begin(batch, entries, ("amount",))
        SALES.save(batch, batch.remaining(entries))
        note(batch, "sales.synced", by=by)
    return batch


def upsert_orders(batch: Batch, *, by: User, today: date) -> Batch:
    """Orders by number. Fails unknown customers and units, an order of another customer, and new ones without customer,
    day or amount. Where nothing is said of it, all of an open order is still to be delivered and nothing of another."""
    with sync(batch, by=by):
        entries = _numbered(batch, ORDERS, ("customer", "ordered_on", "amount"), by=by)
        for entry in entries:
            _default_open(entry)
        _touch(ORDERS.save(batch, entries))
        note(batch, "orders.synced", by=by)
    return batch


def upsert_invoices(batch: Batch, *, by: User, today: date) -> Batch:
    """Invoices by number. Fails unknown customers and units, an invoice of another customer, one due before it is
    dated, another currency than its payments', and new ones without customer, days or amount.

    A given `open_amount` holds from `today` on: earlier payments are in it, later ones reduce it. Null takes the
    statement back.
    """
    with sync(batch, by=by):
        entries = _numbered(batch, INVOICES, ("customer", "invoiced_on", "due_on", "amount"), by=by)
        for entry in entries:
            _state_open(entry, today)
        _refuse_invoices(batch, entries)
        written = INVOICES.save(batch, batch.remaining(entries))
        settle({entry.new["id"] for entry in written})
        _touch(written)
        note(batch, "invoices.synced", by=by)
    return batch


def upsert_payments(batch: Batch, *, by: User, today: date) -> Batch:
    """Payments by number; what is open of their invoices follows. Fails unknown customers and invoices, a payment of
    another customer, an invoice of another customer (wrong_customer) or in another currency (currency_mismatch), and
    new ones without customer, day or amount."""
    with sync(batch, by=by):
        entries = _numbered(batch, PAYMENTS, ("customer", "paid_on", "amount"), by=by)
        entries = _match_invoices(batch, entries)
        written = PAYMENTS.save(batch, entries)
        settle(_invoices_of(written))
        _touch(written)
        note(batch, "payments.synced", by=by)
    return batch


def settle(invoice_ids: Iterable[int]) -> None:
    """Work out what is open of these invoices and when they were settled. Call with the invoices locked."""
    ids = list(invoice_ids)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, {"ids": ids})


# What the four have in common ---------------------------------------------------------------------------------------


def _referred(batch: Batch, *, by: User) -> list[Entry]:
    """The entries with customer, unit and invoice looked up; `open_amount` of an invoice is a statement, no column."""
    entries = entries_of(batch, ("customer", "unit", "invoice"))
    refer(batch, entries, "customer", Customer.objects.visible_to(by), "number")
    refer(batch, entries, "unit", Unit.objects.all(), "code")
    refer(batch, entries, "invoice", Invoice.objects.visible_to(by), "number")
    return batch.remaining(entries)


def _numbered(batch: Batch, store: Store, needed: tuple[str, ...], *, by: User) -> list[Entry]:
    """The entries of a table with numbers, loaded; new ones complete, stored ones of a customer that `by` sees."""
    entries = store.load(batch, _referred(batch, by=by))
    _refuse_other_customers(batch, [entry for entry in entries if entry.old], by)
    _begin(batch, entries, needed)
    return batch.remaining(entries)


def _refuse_other_customers(batch: Batch, entries: list[Entry], by: User) -> None:
    ids = {entry.old["customer_id"] for entry in entries}
    seen = set(Customer.objects.visible_to(by).filter(pk__in=ids).values_list("pk", flat=True))
    for entry in entries:
        if entry.old["customer_id"] not in seen or entry.old["customer_id"] != entry.new["customer_id"]:
            batch.fail(entry.row, "customer", "wrong_customer", _("This number belongs to another customer."))


def _begin(batch: Batch, entries: list[Entry], needed: tuple[str, ...]) -> None:
    """What a new record cannot do without; its currency is the customer's when nothing is said."""
    new = [entry for entry in entries if entry.old is None]
    for entry in new:
        for name in needed:
            if entry.given.get(name) is None:
                batch.refuse(entry.row, required(name))
    ids = {entry.new["customer_id"] for entry in new}
    currencies = dict(Customer.objects.filter(pk__in=ids).values_list("pk", "currency"))
    for entry in batch.remaining(new):
        entry.new["currency"] = entry.new["currency"] or currencies[entry.new["customer_id"]]


def _touch(written: list[Entry]) -> None:
    """Ask credit to work out the sums of these customers again."""
    ask_for_refresh({entry.new["customer_id"] for entry in written})


# Orders -------------------------------------------------------------------------------------------------------------


def _default_open(entry: Entry) -> None:
    new = entry.new
    new["delivered_uninvoiced"] = new["delivered_uninvoiced"] or Decimal(0)
    said = entry.given.get("open_amount") is not None
    if not said and (entry.old is None or {"open_amount", "amount", "status"} & entry.given.keys()):
        new["open_amount"] = new["amount"] if new["status"] == OrderStatus.OPEN else Decimal(0)


# Invoices -----------------------------------------------------------------------------------------------------------


def _state_open(entry: Entry, today: date) -> None:
    """Take down what the ERP says is open, unless that is what we know already."""
    old, new = entry.old, entry.new
    stated = entry.given.get("open_amount")
    new["open_amount"] = old["open_amount"] if old else new["amount"]
    if "open_amount" not in entry.given:
        return
    if stated is None:
        new |= {"stated_open_amount": None, "stated_on": None}
    elif old is None or (stated, new["amount"]) != (old["open_amount"], old["amount"]):
        new |= {"stated_open_amount": stated, "stated_on": today}


def _refuse_invoices(batch: Batch, entries: list[Entry]) -> None:
    paid = _paid([entry for entry in entries if entry.old and entry.old["currency"] != entry.new["currency"]])
    for entry in entries:
        if entry.new["due_on"] < entry.new["invoiced_on"]:
            batch.fail(entry.row, "due_on", "invalid", _("An invoice cannot be due before it is dated."))
        if entry.new["id"] in paid:
            batch.fail(entry.row, "currency", "currency_mismatch", _("Its payments are in another currency."))


def _paid(entries: list[Entry]) -> set[int]:
    ids = [entry.old["id"] for entry in entries]
    return set(Payment.objects.filter(invoice__in=ids).values_list("invoice", flat=True)) if ids else set()


# Payments -----------------------------------------------------------------------------------------------------------


def _match_invoices(batch: Batch, entries: list[Entry]) -> list[Entry]:
    """Lock the invoices and hold them against the payments; the entries that fit."""
    invoices = _lock_invoices(_invoices_of(entries))
    for entry in entries:
        invoice = invoices.get(entry.new["invoice_id"])
        if invoice:
            _match(batch, entry, invoice)
    return batch.remaining(entries)


def _match(batch: Batch, entry: Entry, invoice: dict[str, Any]) -> None:
    if entry.old is None and "currency" not in entry.given:
        entry.new["currency"] = invoice["currency"]
    if invoice["customer_id"] != entry.new["customer_id"]:
        batch.fail(entry.row, "invoice", "wrong_customer", _("This invoice belongs to another customer."))
    elif invoice["currency"] != entry.new["currency"]:
        detail = _("The invoice is in %(currency)s.") % {"currency": invoice["currency"]}
        batch.fail(entry.row, "currency", "currency_mismatch", detail)


def _invoices_of(entries: list[Entry]) -> set[int]:
    """The invoices that payments are, or were, for."""
    rows = [row for entry in entries for row in (entry.old, entry.new) if row]
    return {row["invoice_id"] for row in rows} - {None}


def _lock_invoices(ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """In the order in which a sync of invoices locks them."""
    rows = Invoice.objects.filter(pk__in=ids).order_by("number").select_for_update(no_key=True)
    return {row["pk"]: row for row in rows.values("pk", "customer_id", "currency")}
