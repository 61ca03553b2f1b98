"""The demonstration: the same every time, something for every page, and nothing beside existing customers."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, Sum
from django.test import TestCase
from django.urls import reverse

from archives.choices import CustomerStatus, FlagReason
from archives.models import (
    Contact,
    CreditReport,
    Customer,
    FinancialStatement,
    Flag,
    Invoice,
    Order,
    Payment,
    SalesRecord,
    Standing,
    Visit,
)
from archives.queries.history import changes_of
from credit.models import CreditLimit, LimitApplication, OrderCheck
from crm.core.models import Notice, User
from scoring.models import Assessment, Segmentation

pytestmark = pytest.mark.once

TODAY = date(2026, 11, 21)
COUNTED = (Customer, Contact, Visit, CreditReport, FinancialStatement, SalesRecord, Order, Invoice, Payment, Flag)
PAGES = (
    ("seller", "my_day", "晨光"),
    ("seller", "customers", "C-100"),
    ("credit", "applications", "晨光轴承"),
    ("officer", "holds", "SO-88"),
    ("officer", "flags", "C-100"),
    ("director", "ranking", "2026"),
    ("credit", "jobs", "2026-11-21"),
)
JUDGED = (Standing, Assessment, Segmentation, CreditLimit, LimitApplication, OrderCheck, Notice)


def load(customers: int = 60, today: date = TODAY) -> None:
    call_command("load_demo", customers=customers, today=today, stderr=StringIO())


def figures() -> dict[str, object]:
    """How many of everything, and sums that would move if one record did."""
    found: dict[str, object] = {model.__name__: model.objects.count() for model in (*COUNTED, *JUDGED)}
    found["open"] = Invoice.objects.aggregate(sum=Sum("open_amount"))["sum"]
    found["exposure"] = Standing.objects.aggregate(sum=Sum("exposure"))["sum"]
    found["names"] = sorted(Customer.objects.values_list("number", "name", "created_at"))
    found["segments"] = sorted(Standing.objects.values_list("customer__number", "segment", "grade"))
    return found


def test_it_is_the_same_every_time(db):
    twice = []
    for _ in range(2):
        with transaction.atomic():
            load()
            twice.append(figures())
            transaction.set_rollback(True)
    assert twice[0] == twice[1]
    assert all(twice[0][model.__name__] for model in (*COUNTED, *JUDGED))


def test_it_refuses_beside_existing_customers(customer):
    with pytest.raises(CommandError, match="customers already"):
        load()
    assert Customer.objects.count() == 1


def test_a_load_that_breaks_off_leaves_nothing(db, monkeypatch):
    monkeypatch.setattr("crm.demo.loading.Loading.decide", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        load()
    assert not Customer.objects.exists() and not User.objects.exists()


def test_a_today_far_from_now_works(db):
    load(customers=40, today=date(2027, 2, 28))
    assert Invoice.objects.latest("invoiced_on").invoiced_on <= date(2027, 2, 28)


class TestWhatIsLoaded(TestCase):
    """Loaded once for all that only read."""

    @classmethod
    def setUpTestData(cls):
        load(customers=200)

    def test_the_flagship_is_as_its_page_tells(self):
        standing = Standing.objects.get(customer__number="C-100234")
        assert (standing.limit, standing.exposure) == (Decimal("2000000.00"), Decimal("1486400.00"))
        assert (standing.available, standing.overdue) == (Decimal("513600.00"), Decimal("120000.00"))
        assert (standing.segment, standing.core, standing.grade) == ("A", True, "CA2")
        assert standing.grade_percent == Decimal("78.00")
        assert (standing.report_valid_until - TODAY).days == 9

    def test_its_group_holds_the_sums_of_all(self):
        group = Standing.objects.get(customer__number="C-100200")
        assert (group.exposure, group.available) == (Decimal("3050000.00"), Decimal("1950000.00"))

    def test_its_history_names_the_new_legal_representative(self):
        changes = changes_of(Customer.objects.get(number="C-100234"))
        told = [(field.old, field.new) for change in changes for field in change.fields]
        assert ("王志强", "陈建国") in told
        assert Flag.objects.filter(customer__number="C-100234", reason=FlagReason.LIMIT_REVIEW, closed_on=None).exists()

    def test_the_ledger_adds_up(self):
        for invoice in Invoice.objects.annotate(paid=Sum("payments__amount")):
            assert invoice.open_amount == invoice.amount - (invoice.paid or 0)
            assert (invoice.open_amount == 0) == (invoice.settled_on is not None)
        assert not Payment.objects.filter(paid_on__gt=TODAY).exists()
        assert not Invoice.objects.filter(invoiced_on__gt=TODAY).exists()

    def test_every_kind_of_thing_is_there(self):
        assert set(Customer.objects.values_list("status", flat=True)) == set(CustomerStatus.values)
        assert set(Flag.objects.values_list("reason", flat=True)) == set(FlagReason.values)
        assert set(Customer.objects.values_list("currency", flat=True)) == {"CNY", "TWD", "USD", "EUR"}
        assert OrderCheck.objects.filter(decision="held", state="open").count() >= 10

    def test_applications_are_on_every_desk(self):
        states = dict(LimitApplication.objects.values_list("state").annotate(Count("pk")))
        assert set(states) == set(LimitApplication.State.values) and states["submitted"] >= 10
        assert LimitApplication.objects.filter(applicant__username="credit", state="submitted").exists()

    def test_pages_have_something_to_say(self):
        for username, page, shows in PAGES:
            with self.subTest(page=page, username=username):
                self.client.force_login(User.objects.get(username=username))
                self.assertContains(self.client.get(reverse(page)), shows)
