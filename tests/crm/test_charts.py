"""Charts as tables with a sentence, and those of My day: for whom, of what, counted as the lists count."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from archives.models import SalesRecord
from archives.queries.sales_screen import HEIGHT, sales_of
from credit.models import LimitApplication, OrderCheck
from crm.core.charts import Chart, Label, Series, month_label
from crm.core.periods import add_months
from crm.views.my_day_charts import charts_for, limits_chart, target_chart, waiting_chart
from tests.factories import CustomerFactory, SalesRecordFactory

WHO = {
    "seller": ["sales", "limits"],
    "manager": ["sales", "limits"],
    "credit_manager": ["waiting", "limits"],
    "auditor": ["limits"],
    "admin": [],
}


def chart(**more):
    given = {"title": "Sales", "summary": "5 % more.", "head": "month", "labels": [Label("Oct"), Label("Nov")]}
    series = [Series("sales", [Decimal("1200.50"), None]), Series("target", [1000, 1000], shape="line", tone="orange")]
    return Chart(**given | {"series": series, "unit": "money"} | more)


def test_the_table_says_everything_in_the_words_of_the_reader():
    page = render_to_string("components/chart.html", {"chart": chart()})
    assert '<data value="1200.50">¥1,200.50</data>' in page
    assert 'data-shape="line" data-tone="orange"' in page and "5 % more." in page
    assert '<td class="num">–</td>' in page


def test_numbers_for_the_drawing_stay_numbers_in_every_language():
    with translation.override("zh-hans"):
        page = render_to_string("components/chart.html", {"chart": chart()})
    assert '<data value="1200.50">' in page


def test_what_people_typed_stays_words():
    page = render_to_string("components/chart.html", {"chart": chart(labels=[Label("<b>"), Label("Nov")])})
    assert "<b>" not in page and "&lt;b&gt;" in page


def test_zeros_are_nothing_to_look_at():
    assert chart(series=[Series("sales", [0, None])]).empty
    assert not chart().empty


def test_january_is_named_by_its_year():
    assert [month_label(date(2026, month, 1)).short for month in (1, 2)] == ["2026", "Feb"]


@pytest.mark.parametrize("role", WHO)
def test_everybody_has_the_charts_of_their_work(page_as, role, request):
    user = request.getfixturevalue(role)
    assert [drawing.code for drawing in charts_for(user)] == WHO[role]
    client = page_as(user)
    for code in ("sales", "waiting", "limits"):
        assert client.get(f"/charts/{code}/").status_code == (200 if code in WHO[role] else 404), code


def test_a_chart_that_is_not_there(page_as, seller):
    assert page_as(seller).get("/charts/weather/").status_code == 404


def test_each_customer_counts_once_in_the_use_of_limits(credit_manager, today):
    for exposure in (0, 24, 25, 89, 90, 100, 101, 250):
        CustomerFactory(standing__limit=Decimal(100), standing__exposure=Decimal(exposure))
    CustomerFactory(standing__limit=None, standing__exposure=Decimal(50))
    found = limits_chart(credit_manager, today)
    assert found.series[0].values == [2, 1, 0, 1, 2, 2]
    assert found.summary == "2 of 8 customers with a limit are over it."


def test_only_what_one_may_see_is_counted(seller, region, outsider, today):
    CustomerFactory(owner=seller, region=region, standing__limit=Decimal(100), standing__exposure=Decimal(10))
    CustomerFactory(owner=outsider, standing__limit=Decimal(100), standing__exposure=Decimal(10))
    assert sum(limits_chart(seller, today).series[0].values) == 1


def test_work_waits_by_age(customer, seller, credit_manager, today):
    LimitApplication.objects.create(
        customer=customer, amount=8, amount_base=8, currency="CNY", reason="x", applicant=seller, state="submitted",
        submitted_on=today - timedelta(days=20),
    )  # fmt: skip
    OrderCheck.objects.create(
        order="SO-1", customer=customer, amount=10, currency="CNY", amount_base=10, decision="held", asked_by=seller,
        checked_at=timezone.make_aware(timezone.datetime(today.year, today.month, today.day, 8)),
    )  # fmt: skip
    found = waiting_chart(credit_manager, today)
    assert [one.values for one in found.series] == [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
    assert found.summary == "2 wait, 1 of them for 15 days or longer."


def test_sales_are_those_of_the_own_customers(seller, region, outsider, today):
    mine = CustomerFactory(owner=seller, region=region)
    for owned in (mine, CustomerFactory(owner=outsider)):
        SalesRecordFactory(customer=owned, month=date(2026, 11, 1), amount=Decimal(120), target=Decimal(100))
    found = target_chart(seller, today)
    assert [(str(one.name), one.values[-1]) for one in found.series] == [
        ("sales", Decimal("120.00")), ("target", Decimal("100.00")), ("year before", Decimal("0.00")),
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["sales", "limits"])
def test_as_many_statements_for_many_customers(page_as, seller, region, code):
    client = page_as(seller)
    client.get("/charts/limits/")  # the first answer of a session asks for more

    def counted():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/charts/{code}/", headers={"HX-Request": "true"}).status_code == 200
        return len(queries)

    SalesRecordFactory(customer=CustomerFactory(owner=seller, region=region))
    once = counted()
    for _n in range(3):
        SalesRecordFactory(customer=CustomerFactory(owner=seller, region=region))
    assert counted() == once


def test_without_a_rate_the_sentence_stands_in_its_place(page_as, seller, region):
    SalesRecordFactory(customer=CustomerFactory(owner=seller, region=region), currency="CHF")
    SalesRecord.objects.update(month=timezone.localdate().replace(day=1))
    assert "no exchange rate for CHF" in page_as(seller).get("/charts/sales/").content.decode()


def test_months_are_numbered_where_people_number_them():
    with translation.override("zh-hans"):
        assert [month_label(date(2026, month, 1)).short for month in (1, 12)] == ["2026", "12月"]


@pytest.mark.parametrize("amounts", [(-50, 100), (-50, -10)])
def test_what_came_back_stays_within_the_drawing(amounts, customer, today):
    for months_ago, amount in enumerate(amounts):
        month = add_months(today.replace(day=1), -months_ago)
        SalesRecordFactory(customer=customer, month=month, amount=amount, target=-20)
    sales = sales_of([customer], months=12, today=today)
    heights = [float(bar.height) for bar in sales.bars]
    points = [float(point.split(",")[1]) for point in sales.line.split()]
    assert min(heights) == 0 and max(heights) <= HEIGHT and all(0 <= point <= HEIGHT for point in points)
