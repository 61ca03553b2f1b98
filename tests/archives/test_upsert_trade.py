"""Sales, orders, invoices and payments come in: what is open follows, and nothing goes to the wrong customer."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives.commands.bulk import Batch, Mode, State
from archives.commands.trade import upsert_invoices, upsert_orders, upsert_payments, upsert_sales
from archives.models import Invoice, Order, Payment, SalesRecord
from archives.parsing import parse_invoice, parse_order, parse_payment, parse_sales
from crm.core import jobs
from tests.factories import CustomerFactory, InvoiceFactory, UnitFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)
DOORS = {
    "sales": (upsert_sales, parse_sales),
    "orders": (upsert_orders, parse_order),
    "invoices": (upsert_invoices, parse_invoice),
    "payments": (upsert_payments, parse_payment),
}
INVOICE = {"number": "I-1", "customer": "C-1", "invoiced_on": "2026-10-01", "due_on": "2026-11-01", "amount": "1000.00"}


@pytest.fixture
def buyer(db):
    return CustomerFactory(number="C-1", currency="USD")


@pytest.fixture
def push(erp):
    def pushed(noun, *items, today=TODAY, by=erp, **how):
        upsert, parse = DOORS[noun]
        return upsert(Batch.read(items, parse, **how), by=by, today=today)

    return pushed


def pay(number, amount, paid_on, invoice="I-1", **more):
    return {"number": number, "customer": "C-1", "amount": amount, "paid_on": paid_on, "invoice": invoice} | more


def counts(batch):
    return (*(batch.count(state) for state in State), len(batch.failed))


def codes(batch):
    return [[(error.pointer, error.code) for error in bad.errors] for bad in batch.errors]


def open_and_settled():
    return Invoice.objects.values_list("open_amount", "settled_on").get(number="I-1")


# Sales --------------------------------------------------------------------------------------------------------------


def test_sales_are_kept_per_month_line_and_unit(push, buyer):
    UnitFactory(code="east")
    one = {"customer": "C-1", "month": "2026-10", "amount": "100.00"}
    two = one | {"unit": "east", "product_line": "bearings", "quantity": "3.500"}
    assert counts(push("sales", one, two)) == (2, 0, 0, 0)
    assert counts(push("sales", one | {"amount": "90.00"}, two)) == (0, 1, 1, 0)
    assert set(SalesRecord.objects.values_list("month", "currency", "amount")) == {
        (date(2026, 10, 1), "USD", Decimal("90.00")),
        (date(2026, 10, 1), "USD", Decimal("100.00")),
    }


def test_sales_refuse_what_cannot_be(push, buyer):
    one = {"customer": "C-1", "month": "2026-10", "amount": "1.00"}
    bad = push(
        "sales",
        one,
        one,
        one | {"month": "2026-13"},
        one | {"month": "2026-09", "amount": 5},
        {"customer": "C-9", "month": "2026-01", "amount": "1.00"},
        {"customer": "C-1", "month": "2026-08"},
    )
    assert codes(bad) == [
        [("", "duplicate")],
        [("/month", "invalid")],
        [("/amount", "number")],
        [("/customer", "unknown_reference")],
        [("/amount", "required")],
    ]


# Orders -------------------------------------------------------------------------------------------------------------


def test_all_of_an_open_order_is_to_be_delivered(push, buyer):
    order = {"number": "O-1", "customer": "C-1", "ordered_on": "2026-11-01", "amount": "500.00"}
    push("orders", order)
    assert Order.objects.values_list("open_amount", "delivered_uninvoiced", "currency").get() == (500, 0, "USD")
    push("orders", {"number": "O-1", "open_amount": "200.00", "delivered_uninvoiced": "300.00"})
    assert Order.objects.values_list("open_amount", "delivered_uninvoiced").get() == (200, 300)
    push("orders", {"number": "O-1", "status": "closed"})
    assert Order.objects.get().open_amount == 0


def test_a_number_of_another_customer_is_refused(push, buyer):
    CustomerFactory(number="C-2")
    push("orders", {"number": "O-1", "customer": "C-1", "ordered_on": "2026-11-01", "amount": "5.00"})
    assert codes(push("orders", {"number": "O-1", "customer": "C-2"})) == [[("/customer", "wrong_customer")]]


# Invoices and payments ----------------------------------------------------------------------------------------------


def test_payments_reduce_what_is_open_and_settle(push, buyer):
    push("invoices", INVOICE)
    push("payments", pay("P-1", "400.00", "2026-10-20"))
    assert open_and_settled() == (600, None)
    push("payments", pay("P-2", "600.00", "2026-11-05"), pay("P-3", "50.00", "2026-11-09"))
    assert open_and_settled() == (0, date(2026, 11, 5))
    push("payments", pay("P-2", "500.00", "2026-11-05"), pay("P-3", "50.00", "2026-11-09"))
    assert open_and_settled() == (50, None)


def test_a_payment_moved_elsewhere_opens_its_invoice_again(push, buyer):
    push("invoices", INVOICE, INVOICE | {"number": "I-2"})
    push("payments", pay("P-1", "1000.00", "2026-10-20"))
    push("payments", {"number": "P-1", "invoice": "I-2"})
    assert open_and_settled() == (1000, None)
    assert Invoice.objects.get(number="I-2").settled_on == date(2026, 10, 20)
    push("payments", {"number": "P-1", "invoice": None})
    assert Payment.objects.get().invoice is None and Invoice.objects.get(number="I-2").open_amount == 1000


def test_a_stated_sum_holds_from_its_day_on(push, buyer):
    push("invoices", INVOICE | {"open_amount": "700.00"})
    push("payments", pay("P-1", "300.00", "2026-11-20"), pay("P-2", "100.00", "2026-11-22"))
    assert open_and_settled() == (600, None)
    assert counts(push("invoices", INVOICE | {"open_amount": "600.00"}, today=TODAY + timedelta(days=2))) == (
        0,
        0,
        1,
        0,
    )
    push("invoices", INVOICE | {"open_amount": None})
    assert open_and_settled() == (600, None)
    assert Invoice.objects.get().stated_on is None


def test_a_stated_sum_never_falls_below_nothing(push, buyer):
    push("invoices", INVOICE | {"open_amount": "100.00"})
    push("payments", pay("P-1", "300.00", "2026-11-25"))
    assert open_and_settled() == (0, date(2026, 11, 25))


def test_the_same_invoice_again_writes_nothing(push, buyer):
    push("invoices", INVOICE)
    push("payments", pay("P-1", "400.00", "2026-10-20"))
    before = Invoice.objects.values().get()
    assert counts(push("invoices", INVOICE)) == (0, 0, 1, 0)
    assert counts(push("payments", pay("P-1", "400.00", "2026-10-20"))) == (0, 0, 1, 0)
    assert Invoice.objects.values().get() == before


def test_an_older_invoice_never_overwrites(push, buyer):
    push("invoices", INVOICE | {"source_version": 5})
    assert counts(push("invoices", INVOICE | {"amount": "9.00", "source_version": 4})) == (0, 0, 1, 0)
    assert Invoice.objects.get().amount == 1000


def test_a_payment_fits_its_invoice(push, buyer):
    InvoiceFactory(number="I-9", customer=CustomerFactory(number="C-2"), currency="CNY")
    push("invoices", INVOICE)
    bad = push(
        "payments",
        pay("P-1", "1.00", "2026-10-20", invoice="I-9"),
        pay("P-2", "1.00", "2026-10-20", currency="EUR"),
        pay("P-3", "1.00", "2026-10-20", invoice="I-0"),
        pay("P-4", "-1.00", "2026-10-20"),
    )
    assert codes(bad) == [
        [("/invoice", "wrong_customer")],
        [("/currency", "currency_mismatch")],
        [("/invoice", "unknown_reference")],
        [("/amount", "negative")],
    ]
    assert not Payment.objects.exists()


def test_a_paid_invoice_keeps_its_currency_and_days_their_order(push, buyer):
    push("invoices", INVOICE)
    push("payments", pay("P-1", "1.00", "2026-10-20"))
    assert codes(push("invoices", {"number": "I-1", "currency": "EUR"})) == [[("/currency", "currency_mismatch")]]
    assert codes(push("invoices", {"number": "I-1", "due_on": "2026-09-30"})) == [[("/due_on", "invalid")]]


def test_atomic_takes_back_the_settling_too(push, buyer):
    push("invoices", INVOICE)
    items = pay("P-1", "1000.00", "2026-10-20"), pay("P-2", "1.00", "2026-10-20", invoice="I-0")
    assert counts(push("payments", *items, mode=Mode.ATOMIC)) == (0, 0, 0, 1)
    assert open_and_settled() == (1000, None)


def test_customers_that_the_caller_may_not_see_are_not_there(push, buyer, outsider):
    assert codes(push("invoices", INVOICE, by=outsider)) == [[("/customer", "unknown_reference")]]


def test_credit_is_asked_to_look_again_after_the_commit(push, buyer, monkeypatch, django_capture_on_commit_callbacks):
    woken = []
    monkeypatch.setattr(jobs, "wake", woken.append)
    with django_capture_on_commit_callbacks(execute=True):
        push("invoices", INVOICE)
    buyer.standing.refresh_from_db()
    assert buyer.standing.refresh_due and woken == ["credit.tasks.refresh_standings"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments=st.lists(st.tuples(st.integers(1, 700), st.integers(0, 40)), max_size=6), data=st.data())
def test_what_is_open_is_the_amount_less_the_payments_in_any_order(push, buyer, payments, data):
    Payment.objects.all().delete(), Invoice.objects.all().delete()
    push("invoices", INVOICE)
    items = [
        pay(f"P-{n}", f"{amount}.00", str(date(2026, 10, 1) + timedelta(days=day)))
        for n, (amount, day) in enumerate(payments)
    ]
    for item in data.draw(st.permutations(items)):
        push("payments", item)
    paid = sum(amount for amount, _day in payments)
    assert open_and_settled()[0] == max(0, 1000 - paid)
    assert (open_and_settled()[1] is not None) == (paid >= 1000)
