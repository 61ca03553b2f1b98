"""The page of a customer: who may see it, what each tab shows, how much each asks of the database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import (
    Contact,
    CreditReport,
    Customer,
    Document,
    Flag,
    OperatingProfile,
    Visit,
)
from credit.models import LimitApplication, OrderCheck
from tests.factories import CustomerFactory, InvoiceFactory, SalesRecordFactory

TABS = ["", "people/", "sales/", "receivables/", "scores/", "documents/", "archive/", "history/"]
EVERYBODY = ["seller", "manager", "officer", "credit_manager", "director", "auditor"]


def visited(customer, by, text="Second line is being installed.", **more):
    given = {"kind": "site", "happened_at": timezone.now() - timedelta(days=3), "people": ["陈建国"]} | more
    return Visit.objects.create(customer=customer, by=by, content=text, **given)


def fill(customer, seller, count):
    """`count` of everything that the tabs list."""
    for place in range(count):
        day = date(2026, 11, 1) - timedelta(days=place)
        boss = Contact.objects.filter(customer=customer).first()
        Contact.objects.create(customer=customer, name=f"Person {place}", reports_to=boss)
        Document.objects.create(
            customer=customer, title=f"Paper {place}", file="x.pdf", content_type="application/pdf", size=1, by=seller
        )
        visited(customer, seller, checklist={"stock": 6}, next_step="Quote", next_step_due=day)
        CreditReport.objects.create(
            customer=customer, kind="agency", source="Bureau", issued_on=day, validity_months=3,
            valid_until=day + timedelta(days=92), by=seller,
        )  # fmt: skip
        Flag.objects.create(customer=customer, reason="report_stale", raised_on=day, closed_on=day)
        LimitApplication.objects.create(
            customer=customer, amount=1000, currency="CNY", amount_base=1000, reason="spring", state="rejected",
            applicant=seller,
        )  # fmt: skip
        OrderCheck.objects.create(
            order=f"SO-{customer.pk}-{place}", customer=customer, amount=10, currency="CNY", amount_base=10,
            decision="approved", asked_by=seller, checked_at=timezone.now(), available_after=Decimal(90),
        )  # fmt: skip
        SalesRecordFactory(customer=customer, month=date(2026, 10 - place, 1), product_line=f"line {place}")
        InvoiceFactory(customer=customer)
        customer.phone = f"0571-{place}"
        customer.save()


@pytest.mark.parametrize("role", EVERYBODY)
def test_who_sees_the_customer_sees_every_tab(page_as, role, customer, request):
    client = page_as(request.getfixturevalue(role))
    for tab in TABS:
        response = client.get(f"/customers/{customer.number}/{tab}")
        assert response.status_code == 200, tab
        assert customer.name in response.content.decode()


@pytest.mark.parametrize("role", ["outsider", "colleague"])
def test_to_others_it_is_not_there(page_as, role, customer, request):
    client = page_as(request.getfixturevalue(role))
    for tab in TABS:
        assert client.get(f"/customers/{customer.number}/{tab}").status_code == 404, tab


def test_the_administrator_has_no_business_here(page_as, admin, customer):
    assert page_as(admin).get(f"/customers/{customer.number}/").status_code == 403


def test_an_unknown_tab_is_not_there(page_as, seller, customer):
    assert page_as(seller).get(f"/customers/{customer.number}/horoscope/").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_queries_do_not_grow_with_the_rows(page_as, seller, tab, region, django_assert_num_queries):
    small, large = (CustomerFactory(owner=seller, region=region) for _ in range(2))
    fill(small, seller, 1)
    fill(large, seller, 3)
    client = page_as(seller)
    client.get(f"/customers/{small.number}/{tab}")  # the first opening is noted among the recent ones
    with CaptureQueriesContext(connection) as few:
        client.get(f"/customers/{small.number}/{tab}")
    asked = len(few)
    client.get(f"/customers/{large.number}/{tab}")
    with django_assert_num_queries(asked):
        client.get(f"/customers/{large.number}/{tab}")


def test_of_what_a_customer_has_none_nothing_is_asked(page_as, seller, region, customer):
    bare = CustomerFactory(owner=seller, region=region)
    fill(customer, seller, 1)
    client = page_as(seller)
    asked = {}
    for one in (bare, customer):
        client.get(f"/customers/{one.number}/")  # the first opening is noted among the recent ones
        with CaptureQueriesContext(connection) as statements:
            client.get(f"/customers/{one.number}/")
        asked[one] = " ".join(statement["sql"] for statement in statements)
        assert len(statements) <= (11 if one == bare else 19)
    for table in ("archives_creditreport", "archives_visit", "credit_ordercheck", "archives_confirmation"):
        assert f'FROM "{table}"' not in asked[bare]
    assert 'FROM "archives_creditreport"' in asked[customer] and 'FROM "archives_visit"' in asked[customer]


def test_a_tab_alone_brings_only_itself_and_the_row_of_tabs(page_as, seller, customer):
    client = page_as(seller)
    alone = client.get(f"/customers/{customer.number}/archive/", headers={"HX-Request": "true", "HX-Target": "tab"})
    page = alone.content.decode()
    assert "<html" not in page and "layer-basic" in page
    assert 'hx-swap-oob="true"' in page
    assert "HX-Request" in alone["Vary"]


def test_back_gets_the_whole_page(page_as, seller, customer):
    headers = {"HX-Request": "true", "HX-Target": "tab", "HX-History-Restore-Request": "true"}
    assert "<html" in page_as(seller).get(f"/customers/{customer.number}/archive/", headers=headers).content.decode()


def test_the_timeline_merges_by_time(page_as, seller, customer, today):
    fill(customer, seller, 1)
    page = page_as(seller).get(f"/customers/{customer.number}/").content.decode()
    order = [page.index(text) for text in ("approved", "Second line", "Agency report")]
    assert order == sorted(order)
    assert "Stock 6" in page and "Quote · due" in page


@pytest.mark.parametrize(
    ("chip", "there", "gone"),
    [
        ("visits", "Second line", "Agency report"),
        ("credit", "Agency report", "Second line"),
        ("complaints", "Nothing has happened", "Second line"),
        ("changes", "field change", "Second line"),
        ("papers", "Paper 0", "Second line"),
    ],
)
def test_chips_narrow_the_timeline(page_as, seller, customer, chip, there, gone):
    fill(customer, seller, 1)
    headers = {"HX-Request": "true", "HX-Target": "tab"}
    page = page_as(seller).get(f"/customers/{customer.number}/?show={chip}", headers=headers).content.decode()
    assert there in page and gone not in page


def test_an_unknown_chip_is_refused(page_as, seller, customer):
    assert page_as(seller).get(f"/customers/{customer.number}/?show=gossip").status_code == 404


def test_older_pages_lose_and_repeat_nothing(page_as, seller, customer):
    """95 events – visits at one and the same instant among them, changes of one transaction too – over three pages."""
    at = timezone.now() - timedelta(days=1)
    for place in range(50):
        visited(customer, seller, f"note {place:03}.", happened_at=at)
    for place in range(44):
        customer.phone = f"0571-{place:03}"
        customer.save()
    client, seen, path = page_as(seller), [], f"/customers/{customer.number}/"
    while path:
        timeline = client.get(path).context["timeline"]
        for event in timeline.events:
            seen += event.details if event.source == "change" else [event.text]
        path = f"/customers/{customer.number}/?older={timeline.older}" if timeline.older else ""
    notes = [entry for entry in seen if isinstance(entry, str)]
    changes = [entry.key for entry in seen if not isinstance(entry, str)]
    assert sorted(notes) == [f"note {place:03}." for place in range(50)]
    assert len(changes) == len(set(changes)) == 45
    assert changes == sorted(changes, reverse=True)


def test_changes_of_one_person_on_one_day_are_folded(page_as, seller, customer):
    for number in ("1", "2", "3"):
        customer.phone = number
        customer.save()
    page = page_as(seller).get(f"/customers/{customer.number}/").content.decode()
    assert "3 field changes by the program" in page


def test_the_history_says_what_was_and_what_is(page_as, seller, customer):
    customer.legal_representative = "陈建国"
    customer.save()
    OperatingProfile.objects.create(customer=customer, sales_staff=20)
    OperatingProfile.objects.filter(customer=customer).update(sales_staff=24)
    changes = page_as(seller).get(f"/customers/{customer.number}/history/").context["changes"]
    told = [(field.label, field.old, field.new) for change in changes for field in change.fields]
    assert sorted(told) == [("legal representative", "–", "陈建国"), ("sales staff", "20", "24")]


def test_facts_confirmed_longest_ago_are_asked_about_first(page_as, seller, customer):
    OperatingProfile.objects.create(customer=customer, sales_staff=24, operating_staff=180, warehouse_area_m2=1800)
    Customer.objects.update(created_at=timezone.now() - timedelta(days=100))
    client = page_as(seller)
    client.post(f"/customers/{customer.number}/confirm/", {"layer": "operating", "field": "warehouse_area_m2"})
    stale = client.get(f"/customers/{customer.number}/").context["stale"]
    assert [fact.field for fact in stale] == ["sales_staff", "operating_staff", "warehouse_area_m2"]


def test_confirming_asks_for_the_next(page_as, seller, customer):
    OperatingProfile.objects.create(customer=customer, sales_staff=24)
    response = page_as(seller).post(
        f"/customers/{customer.number}/confirm/",
        {"layer": "operating", "field": "sales_staff"},
        headers={"HX-Request": "true"},
    )
    assert "Still right?" in response.content.decode()
    assert customer.confirmations.get().field == "sales_staff"


@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("outsider", 404)])
def test_others_confirm_nothing(page_as, role, status, customer, request):
    path = f"/customers/{customer.number}/confirm/"
    client = page_as(request.getfixturevalue(role))
    assert client.post(path, {"layer": "operating", "field": "sales_staff"}).status_code == status


def test_sales_stand_beside_the_year_before(page_as, seller, customer):
    month = timezone.localdate().replace(day=1)
    SalesRecordFactory(customer=customer, month=month, amount=Decimal("120.00"))
    SalesRecordFactory(customer=customer, month=month.replace(year=month.year - 1), amount=Decimal("100.00"))
    sales = page_as(seller).get(f"/customers/{customer.number}/").context["year"]["sales"]
    assert (sales.total, sales.change, sales.months[-1].last_year) == (Decimal("120.00"), 20, Decimal("100.00"))


def test_a_currency_without_a_rate_is_said_not_left_out(page_as, seller, customer):
    SalesRecordFactory(customer=customer, month=timezone.localdate().replace(day=1), currency="CHF")
    for tab in ("", "sales/"):
        page = page_as(seller).get(f"/customers/{customer.number}/{tab}").content.decode()
        assert "There is no exchange rate for CHF" in page


def test_the_group_shows_whom_the_reader_may_see(page_as, seller, manager, outsider, region):
    parent = CustomerFactory(name="Dawn Group", owner=outsider)
    mine = CustomerFactory(owner=seller, region=region, parent=parent)
    sister = CustomerFactory(name="Dawn Sister Ltd", owner=outsider, parent=parent)
    page = page_as(seller).get(f"/customers/{mine.number}/").content.decode()
    assert "Dawn Group" in page and parent.get_absolute_url() not in page
    assert sister.name not in page
