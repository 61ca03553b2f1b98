"""exposure_of: what counts, what does not, and that the sum does not change when a document moves."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives.models import Invoice, Order
from credit.queries import credit_of, exposure_of
from crm.core.errors import Refused
from crm.core.models import ExchangeRate
from tests.factories import CreditLimitFactory, CustomerFactory, InvoiceFactory, OrderFactory, PaymentFactory

pytestmark = pytest.mark.django_db


def total(customer, today, **other):
    return exposure_of([customer.pk], today, **other)[customer.pk].total


def test_it_adds_up_every_kind(customer, check, limit, today):
    InvoiceFactory(
        customer=customer, amount=D(300), due_on=today - timedelta(days=41), invoiced_on=today - timedelta(days=90)
    )
    InvoiceFactory(customer=customer, amount=D(200))
    OrderFactory(customer=customer, amount=D(100), open_amount=D(40), delivered_uninvoiced=D(60))
    PaymentFactory(customer=customer, amount=D(70))
    check("10.00", "SO-9", today=today - timedelta(days=20))
    found = exposure_of([customer.pk], today)[customer.pk]
    assert (found.receivables, found.open_orders, found.delivered_uninvoiced) == (D(500), D(40), D(60))
    assert (found.reservations, found.unapplied_payments) == (D(10) if limit else 0, D(70))
    assert (found.overdue, found.oldest_overdue_days) == (D(300), 41)
    assert found.total == D("540.00")


def test_overpaid_invoices_count_as_unapplied(customer, today):
    invoice = InvoiceFactory(customer=customer, amount=D(100), open_amount=0)
    PaymentFactory(customer=customer, invoice=invoice, amount=D(130))
    assert total(customer, today) == D("-30.00")


def test_closed_and_cancelled_orders_do_not_count(customer, today):
    for status in ("closed", "cancelled"):
        OrderFactory(customer=customer, status=status)
    assert total(customer, today) == 0


def test_foreign_sums_count_in_the_base_currency(customer, today):
    ExchangeRate.objects.create(currency="USD", valid_from="2020-01-01", rate=D("7.12345"))
    InvoiceFactory(customer=customer, currency="USD", amount=D("100.01"))
    assert total(customer, today) == D("712.42")


def test_a_currency_without_rate_is_refused(customer, today):
    InvoiceFactory(customer=customer, currency="XAF")
    with pytest.raises(Refused, match="XAF"):
        total(customer, today)


def test_a_group_holds_everything_below_it(customer, today):
    root = CustomerFactory()
    middle = CustomerFactory(parent=root)
    customer.parent = middle
    customer.save()
    for owing, amount in ((root, 1), (middle, 10), (customer, 100)):
        InvoiceFactory(customer=owing, amount=D(amount))
    CreditLimitFactory(customer=root, amount=D(5000))
    found = exposure_of([root.pk, middle.pk, customer.pk], today)
    assert [found[node.pk].total for node in (root, middle, customer)] == [D(111), D(110), D(100)]
    credit = credit_of(customer, today)
    assert (credit.group.number, credit.group.limit, credit.group.exposure) == (root.number, D(5000), D(111))
    assert credit_of(root, today).group is None


def test_a_reservation_ends_when_the_order_or_its_invoice_is_synced(customer, check, limit, today):
    check("100.00", "SO-1")
    assert total(customer, today) == D(100)
    OrderFactory(customer=customer, number="SO-1", amount=D(100))
    assert total(customer, today) == D(100)
    check("200.00", "SO-2")
    InvoiceFactory(customer=customer, order="SO-2", amount=D(200))
    assert total(customer, today) == D(300)


def test_an_order_raised_after_its_sync_reserves_the_difference(customer, check, limit, today):
    OrderFactory(customer=customer, number="SO-1", amount=D(100))
    check("160.00", "SO-1")
    assert total(customer, today) == D(160)
    Order.objects.get(number="SO-1").delete()
    OrderFactory(customer=customer, number="SO-1", amount=D(150))
    assert total(customer, today) == D(150)


def test_a_reservation_runs_out(customer, check, limit, today):
    check("100.00")
    assert total(customer, today + timedelta(days=30)) == D(100)
    assert total(customer, today + timedelta(days=31)) == 0


def test_one_statement_however_many(customer, today, django_assert_num_queries):
    others = [CustomerFactory().pk for _ in range(3)]
    with django_assert_num_queries(2):  # the rates, the exposure
        exposure_of([customer.pk, *others], today)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(["order", "delivered", "invoiced", "paid"])), max_size=6)
)
def test_exposure_moves_and_its_sum_stays(documents):
    """Order → delivery → invoice takes the same sum at each stage; payment takes it away."""
    from datetime import date

    customer, today = CustomerFactory(), date(2026, 11, 21)
    owed = D(0)
    for cents, stage in documents:
        amount = D(cents) / 100
        owed += amount if stage != "paid" else 0
        if stage == "order":
            OrderFactory(customer=customer, amount=amount)
        elif stage == "delivered":
            OrderFactory(customer=customer, amount=amount, open_amount=0, delivered_uninvoiced=amount)
        else:
            invoice = InvoiceFactory(customer=customer, amount=amount, open_amount=0 if stage == "paid" else amount)
            if stage == "paid":
                PaymentFactory(customer=customer, invoice=invoice, amount=amount)
    assert total(customer, today) == owed
    Invoice.objects.filter(customer=customer).update(disputed=True)
    assert total(customer, today) == owed
