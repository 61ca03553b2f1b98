"""Ageing and payment behaviour as of any day: by hand, against a plain computation, and over REST."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives.commands.trade import settle
from archives.models import Customer, Invoice, Payment
from archives.queries.receivables import ageing, open_invoices, payment_behaviour
from archives.queries.sales import average_monthly_sales, sales_by_month
from crm.core.errors import Refused
from crm.core.models import ExchangeRate
from tests.factories import CustomerFactory, InvoiceFactory, PaymentFactory, SalesRecordFactory

DAY = date(2026, 11, 21)
AGEING, BEHAVIOUR = "/api/v1/receivables/ageing/", "/api/v1/receivables/payment-behaviour/"

pytestmark = pytest.mark.django_db


def invoice(customer, *, late: int = 0, amount: str = "100.00", **fields) -> Invoice:
    """An invoice that is `late` days past due on DAY."""
    due_on = DAY - timedelta(days=late)
    usual = {"invoiced_on": min(due_on, DAY) - timedelta(days=30), "due_on": due_on, "amount": Decimal(amount)}
    return InvoiceFactory(customer=customer, **usual | fields)


def only(customer):
    return Customer.objects.filter(pk=customer.pk)


def test_each_day_past_due_falls_into_its_bucket(customer):
    for late in (-5, 0, 1, 30, 31, 60, 61, 90, 91, 400):
        invoice(customer, late=late)
    found = ageing(only(customer), DAY)
    assert [found.not_due, found.d1_30, found.d31_60, found.d61_90, found.d90_plus] == [200] * 5
    assert found.total == 1000


def test_a_disputed_invoice_stays_in_its_bucket_and_is_shown(customer):
    invoice(customer, late=10, disputed=True)
    invoice(customer, late=10, amount="50.00")
    found = ageing(only(customer), DAY)
    assert (found.d1_30, found.total, found.disputed) == (150, 150, 100)


def test_as_of_a_day_counts_what_was_known_to_have_happened_by_then(customer):
    bill = invoice(customer, late=10)
    PaymentFactory(customer=customer, invoice=bill, paid_on=DAY, amount=Decimal("30.00"))
    PaymentFactory(customer=customer, invoice=bill, paid_on=DAY + timedelta(days=1), amount=Decimal("70.00"))
    sums = {days: ageing(only(customer), DAY + timedelta(days=days)).total for days in (-1, 0, 1)}
    assert sums == {-1: 100, 0: 70, 1: 0}
    assert ageing(only(customer), bill.invoiced_on - timedelta(days=1)).total == 0


def test_what_the_erp_said_is_open_counts_from_that_day(customer):
    said = {"stated_open_amount": Decimal("40.00"), "stated_on": DAY}
    bill = invoice(customer, late=10, **said)
    PaymentFactory(customer=customer, invoice=bill, paid_on=DAY, amount=Decimal("60.00"))
    PaymentFactory(customer=customer, invoice=bill, paid_on=DAY + timedelta(days=2), amount=Decimal("15.00"))
    sums = {days: ageing(only(customer), DAY + timedelta(days=days)).total for days in (-1, 0, 2)}
    assert sums == {-1: 100, 0: 40, 2: 25}


def test_more_paid_than_owed_is_not_less_than_nothing(customer):
    bill = invoice(customer)
    PaymentFactory(customer=customer, invoice=bill, amount=Decimal("120.00"))
    invoice(customer, amount="10.00")
    assert ageing(only(customer), DAY).total == 10


def test_several_currencies_are_summed_in_the_base_currency(customer):
    ExchangeRate.objects.create(currency="USD", valid_from=date(2026, 1, 1), rate="7.10000000")
    invoice(customer)
    invoice(CustomerFactory(currency="USD"), currency="USD", amount="10.05")
    found = ageing(Customer.objects.all(), DAY)
    assert (found.currency, found.total) == ("CNY", Decimal("171.36"))  # 100 + 71.355, half up


def test_a_ledger_is_added_up_in_one_statement_beside_the_rates(customer, django_assert_num_queries):
    ExchangeRate.objects.create(currency="USD", valid_from=date(2026, 1, 1), rate="7.10000000")
    invoice(customer, amount="100.00")
    invoice(customer, currency="USD", amount="10.05")
    with django_assert_num_queries(2):
        assert ageing(Customer.objects.all(), DAY).total == Decimal("171.36")


def test_a_currency_without_a_rate_is_refused_not_left_out(customer):
    invoice(customer, currency="JPY")
    with pytest.raises(Refused) as refused:
        ageing(Customer.objects.all(), DAY)
    assert refused.value.code == "no_rate"


def test_punctuality_days_late_and_dso(customer):
    for days, count in ((0, 35), (-3, 4), (16, 1), (19, 1)):
        for _each in range(count):
            bill = invoice(customer, late=40)
            Invoice.objects.filter(pk=bill.pk).update(settled_on=bill.due_on + timedelta(days=days))
            paid_on = bill.due_on + timedelta(days=days)
            PaymentFactory(customer=customer, invoice=bill, paid_on=paid_on, amount=bill.amount)
    invoice(customer, late=-10, amount="400.00")
    found = payment_behaviour(only(customer), DAY)
    assert (found.invoices_settled, found.on_time, found.on_time_percent) == (41, 39, Decimal("95.12"))
    assert (found.average_days_late, found.worst_days_late) == (Decimal("0.85"), 19)  # 35 / 41
    assert found.dso == Decimal("32.4")  # 400 / 4500 × 365


def test_of_nothing_there_is_no_percent(customer):
    found = payment_behaviour(only(customer), DAY)
    assert (found.invoices_settled, found.on_time_percent, found.average_days_late, found.dso) == (0, None, None, None)


def test_dso_looks_back_365_days_the_day_itself_included(customer):
    invoice(customer, invoiced_on=DAY - timedelta(days=365))
    assert payment_behaviour(only(customer), DAY).dso is None
    invoice(customer, invoiced_on=DAY - timedelta(days=364))
    assert payment_behaviour(only(customer), DAY).dso == 730


PAID = st.tuples(st.integers(0, 250), st.integers(1, 9_000))  # day, cents
BILLS = st.lists(  # day, term, cents, payments
    st.tuples(st.integers(0, 200), st.integers(0, 90), st.integers(1, 10_000), st.lists(PAID, max_size=3)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BILLS, st.integers(0, 300))
def test_any_ledger_gives_the_same_as_adding_up_by_hand(customer, bills, day):
    Payment.objects.all().delete()
    Invoice.objects.all().delete()
    start = date(2026, 1, 1)
    as_of = start + timedelta(days=day)
    expected, settled = Decimal(0), 0
    for dated, term, cents, payments in bills:
        invoiced_on = start + timedelta(days=dated)
        due_on = invoiced_on + timedelta(days=term)
        amount = Decimal(cents) / 100
        bill = InvoiceFactory(customer=customer, invoiced_on=invoiced_on, due_on=due_on, amount=amount)
        for paid, paid_cents in payments:
            paid_on = start + timedelta(days=paid)
            PaymentFactory(customer=customer, invoice=bill, paid_on=paid_on, amount=Decimal(paid_cents) / 100)
        settle([bill.pk])
        left = max(amount - sum(Decimal(sum_) / 100 for paid, sum_ in payments if paid <= day), Decimal(0))
        expected += left if dated <= day else 0
        settled += dated <= day and not left
    found = ageing(only(customer), as_of)
    assert found.total == expected
    assert found.not_due + found.d1_30 + found.d31_60 + found.d61_90 + found.d90_plus == expected
    assert payment_behaviour(only(customer), as_of).invoices_settled == settled
    assert sum(bill.left for bill in open_invoices(only(customer), as_of)) == expected


def test_over_rest_one_customer_is_told_in_its_own_currency(api, seller):
    customer = CustomerFactory(number="US-1", currency="USD", owner=seller)
    invoice(customer, late=5, currency="USD", amount="55.94")
    answer = api.get(AGEING, {"customer": "US-1", "as_of": "2026-11-21"}).json()
    assert answer == {
        "as_of": "2026-11-21", "currency": "USD", "not_due": "0.00", "d1_30": "55.94", "d31_60": "0.00",
        "d61_90": "0.00", "d90_plus": "0.00", "total": "55.94", "disputed": "0.00",
    }  # fmt: skip
    behaviour = api.get(BEHAVIOUR, {"customer": "US-1", "as_of": "2026-11-21"}).json()
    assert (behaviour["invoices_settled"], behaviour["on_time_percent"], behaviour["dso"]) == (0, None, "365.0")


def test_over_rest_old_debts_of_who_hardly_buys_any_more_are_told(api, customer):
    """9,000,000 open against 1.00 invoiced in a year: 3,285 million days, all of them written out."""
    invoice(customer, late=600, amount="8999999.00")
    invoice(customer, late=10, amount="1.00")
    told = api.get(BEHAVIOUR, {"customer": customer.number, "as_of": DAY.isoformat()}).json()
    assert told["dso"] == "3285000000.0"


def test_over_rest_a_seller_sums_what_the_seller_sees(api_as, seller, outsider, customer):
    invoice(customer)
    invoice(CustomerFactory(owner=outsider), amount="7.00")
    assert api_as(seller).get(AGEING, {"as_of": "2026-11-21"}).json()["total"] == "100.00"
    assert api_as(outsider).get(AGEING, {"customer": customer.number}).status_code == 404


@pytest.mark.parametrize("asked", [{"as_of": "21.11.2026"}, {"day": "2026-11-21"}])
def test_over_rest_what_cannot_be_meant_is_refused(api, asked):
    answer = api.get(AGEING, asked)
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == f"/{next(iter(asked))}"


def test_sales_by_month_have_no_holes(customer):
    SalesRecordFactory(customer=customer, month=date(2026, 9, 1), amount=Decimal("10.00"), target=Decimal("12.00"))
    SalesRecordFactory(customer=customer, month=date(2026, 9, 1), product_line="b", amount=Decimal("5.00"))
    rows = sales_by_month([customer], months=3, until=DAY)
    assert [(row.month.month, row.amount, row.target) for row in rows] == [(9, 15, 12), (10, 0, None), (11, 0, None)]


def test_average_monthly_sales_are_of_the_last_twelve_full_months(customer):
    for month in (date(2025, 10, 1), date(2025, 11, 1), date(2026, 10, 1), date(2026, 11, 1)):
        SalesRecordFactory(customer=customer, month=month, amount=Decimal("1200.00"))
    assert average_monthly_sales(customer, DAY) == 200
    assert average_monthly_sales(customer, date(2026, 11, 30)) == 200
    assert average_monthly_sales(customer, date(2026, 11, 29)) == 200
