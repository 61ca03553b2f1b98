"""Several programs push the same records at once: nobody waits in a circle, and what is open is right in the end."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import OperationalError, connection
from django.db.models import QuerySet, Sum

from archives.commands.bulk import Batch
from archives.commands.customers import upsert_customers
from archives.commands.trade import upsert_invoices, upsert_payments
from archives.models import Customer, Invoice
from archives.parsing import parse_customer, parse_invoice, parse_payment

TODAY = date(2026, 11, 21)
MANY, ROUNDS = 80, 6


def push_everything(erp, seed):
    """Customers, invoices and payments, each in an order of its own, several times over."""
    shuffled = random.Random(seed)
    try:
        for again in range(ROUNDS):
            for noun, upsert, parse in STEPS:
                items = [noun(n, f"{seed}-{again}") for n in shuffled.sample(range(MANY), MANY)]
                upsert(Batch.read(items, parse), by=erp, today=TODAY)
    finally:
        connection.close()


def customer(n, call):
    return {"number": f"C-{n}", "name": f"Number {n}", "legal_representative": call}


def invoice(n, call):
    days = {"invoiced_on": "2026-10-01", "due_on": "2026-11-01"}
    return {"number": f"I-{n}", "customer": f"C-{n}", "amount": "100.00"} | days


def payment(n, call):
    about = {"customer": f"C-{n}", "invoice": f"I-{n}", "amount": "9.00", "paid_on": "2026-10-09"}
    return {"number": f"P-{call}-{n}"} | about


STEPS = [
    (customer, upsert_customers, parse_customer),
    (invoice, upsert_invoices, parse_invoice),
    (payment, upsert_payments, parse_payment),
]


def push_from_four_sides(erp):
    push_everything(erp, 0)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(push_everything, erp, seed) for seed in range(1, 5)]:
            done.result(timeout=120)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_nobody_waits_in_a_circle(erp):
    push_from_four_sides(erp)
    assert Customer.objects.count() == MANY
    for row in Invoice.objects.annotate(paid=Sum("payments__amount")):
        assert row.open_amount == max(0, row.amount - (row.paid or 0))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_with_a_harder_lock_they_do(erp, monkeypatch):
    """The control: locks that stop the foreign keys of others too end in a circle."""
    lock = QuerySet.select_for_update
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: lock(rows, **how | {"no_key": False}))
    with pytest.raises(OperationalError, match="deadlock"):
        push_from_four_sides(erp)
