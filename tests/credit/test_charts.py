"""The charts of credit: history counted as on each day, the limit that held then, and nothing made up."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from archives.models import Customer
from archives.queries.receivables import ageing, payment_behaviour
from archives.queries.receivables_history import month_ends, owed_on, paid_lately
from credit.models import LimitApplication
from credit.queries.charts import credit_charts, limits_on, proposals_chart
from credit.queries.limits import credit_of
from credit.queries.pane import pane_of
from crm.core.errors import Refused
from tests.factories import CreditLimitFactory, CustomerFactory, InvoiceFactory, OrderFactory, PaymentFactory

TODAY = date(2026, 11, 21)


def charts(customer, today):
    alone = Customer.objects.filter(pk=customer.pk)
    found = credit_charts(customer, credit_of(customer, today), payment_behaviour(alone, today), today)
    return {chart.id: chart for chart in found}


def test_the_ends_of_months_and_today():
    assert month_ends(date(2026, 3, 5), 2) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 5)]


class TestLikeOneDay(TestCase):
    """Many days at once say what the one-day query says of each."""

    @settings(max_examples=15, deadline=None)
    @given(
        invoices=st.lists(
            st.tuples(
                st.integers(0, 300), st.integers(0, 90), st.integers(1, 9), st.integers(0, 9),
                st.integers(0, 250), st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(0, 200))),
            ),
            max_size=6,
        )
    )  # fmt: skip
    def test_each_day_is_counted_as_by_itself(self, invoices):
        customer = CustomerFactory()
        for back, term, amount, paid, after, stated in invoices:
            dated = date.fromordinal(TODAY.toordinal() - back)
            invoice = InvoiceFactory(
                customer=customer, invoiced_on=dated, due_on=date.fromordinal(dated.toordinal() + term), amount=amount,
                stated_open_amount=stated and stated[0],
                stated_on=stated and date.fromordinal(dated.toordinal() + stated[1]),
            )  # fmt: skip
            if paid:
                paid_on = date.fromordinal(dated.toordinal() + after)
                PaymentFactory(customer=customer, invoice=invoice, amount=paid, paid_on=paid_on)
                if paid >= amount and stated is None:
                    invoice.settled_on = paid_on
                    invoice.save()
        alone = Customer.objects.filter(pk=customer.pk)
        days = month_ends(TODAY, 8)
        assert [one.ageing for one in owed_on([customer.pk], days, today=TODAY)] == [ageing(alone, day) for day in days]


def test_a_currency_without_a_rate_is_refused(customer, today):
    InvoiceFactory(customer=customer, currency="CHF")
    with pytest.raises(Refused, match="CHF"):
        owed_on([customer.pk], [today], today=today)


def test_exposure_of_the_past_has_no_orders_and_today_has_them(customer, today):
    InvoiceFactory(customer=customer, invoiced_on=date(2026, 9, 1), due_on=date(2026, 10, 1), amount=Decimal(700))
    OrderFactory(customer=customer, amount=Decimal(300), open_amount=Decimal(300))
    chart = charts(customer, today)["chart-exposure"]
    named = {str(one.name): one.values for one in chart.series}
    assert named["open orders"] == [None] * 12 + [Decimal("300.00")]
    assert named["overdue"][-2:] == [Decimal("700.00"), Decimal("700.00")]
    assert named["not due"][-3:] == [Decimal("700.00"), Decimal("0.00"), Decimal("0.00")]
    assert "earlier months" in chart.note


def test_subsidiaries_count_with_the_exposure_and_not_with_the_ages(customer, today):
    InvoiceFactory(customer=CustomerFactory(parent=customer), amount=Decimal(500))
    assert list(charts(customer, today)) == ["chart-exposure"]


def test_the_limit_is_the_one_that_held_on_the_day(customer):
    CreditLimitFactory(customer=customer, amount=100, valid_from=date(2026, 1, 1), valid_until=date(2026, 6, 30))
    CreditLimitFactory(customer=customer, amount=200, valid_from=date(2026, 7, 1), valid_until=date(2026, 12, 31))
    CreditLimitFactory(
        customer=customer, amount=900, valid_from=date(2026, 7, 1), valid_until=date(2026, 12, 31),
        superseded_at=datetime(2026, 6, 20, tzinfo=ZoneInfo("Asia/Shanghai")),
    )  # fmt: skip
    days = [date(2025, 12, 31), date(2026, 6, 30), date(2026, 7, 31)]
    assert limits_on(customer, days) == [None, 100, 200]


def test_days_late_never_go_below_nothing(customer, today):
    for place, paid_on in enumerate((date(2026, 9, 20), date(2026, 10, 11))):
        InvoiceFactory(
            customer=customer, number=f"I{place}", invoiced_on=date(2026, 9, 1), due_on=date(2026, 10, 1),
            open_amount=0, settled_on=paid_on,
        )  # fmt: skip
    assert [one.late for one in paid_lately(customer, today=today, count=9)] == [0, 10]
    assert [one.late for one in paid_lately(customer, today=today, count=1)] == [10]
    assert charts(customer, today)["chart-late"].summary == "The last 2 were 5 days late on average, all together 5."


def test_who_owes_nothing_has_nothing_drawn(customer, today):
    assert charts(customer, today) == {}


def test_as_many_statements_with_many_invoices(customer, today):
    def counted():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            charts(customer, today)
        return len(queries)

    InvoiceFactory(customer=customer)
    once = counted()
    for place in range(3):
        InvoiceFactory(customer=customer)
        CreditLimitFactory(
            customer=customer, valid_from=TODAY.replace(day=place + 1), valid_until=TODAY.replace(day=place + 1)
        )
    assert counted() == once


def test_the_sum_asked_for_stands_first(customer, seller, credit_manager, today):
    application = LimitApplication.objects.create(
        customer=customer, amount=800, amount_base=Decimal(800), currency="CNY", reason="spring", applicant=seller,
        state="submitted", submitted_on=today,
    )  # fmt: skip
    models = [("By turnover", Decimal(300)), ("By assets", None)]
    chart = proposals_chart(application, models, credit_of(customer, today))
    assert [(str(label.text), value) for label, [(value, _words)] in chart.rows] == [
        ("Asked for", 800), ("Exposure", Decimal(0)), ("By turnover", Decimal(300)),
    ]  # fmt: skip
    assert chart.summary == "¥800 asked for; the models would give ¥300."
    assert pane_of(application, by=credit_manager, today=today).chart.summary.endswith("would give ¥0.")
    assert "no model can say" in proposals_chart(application, models[1:], credit_of(customer, today)).summary
