"""The daily look: one flag per customer and reason, closed when a newer report comes in, twice is once."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives import tasks
from archives.choices import ReviewCause
from archives.commands.confirmations import confirm_fact
from archives.commands.flags import close_flags, raise_review, refresh_freshness
from archives.commands.reports import add_credit_report
from archives.models import Customer, Flag, Standing
from crm.core import jobs
from crm.core.errors import Invalid
from crm.core.models import AuditEntry, Job, Policy
from tests.factories import CreditReportFactory, CustomerFactory

TODAY = date(2026, 11, 21)
ON_CREDIT = {"standing__limit_mode": "amount", "standing__limit": "100000.00", "standing__limit_valid_until": TODAY}

pytestmark = pytest.mark.django_db


def look(today: date = TODAY) -> Job:
    job = jobs.enqueue("flag_reports", key=str(today), by=None, params={"today": str(today)})
    return jobs.run(jobs.claim(job.pk))


def opened(customer: Customer) -> set[str]:
    return set(Flag.objects.filter(customer=customer, closed_on=None).values_list("reason", flat=True))


def everything() -> list:
    flags = Flag.objects.order_by("pk").values_list("pk", "customer", "reason", "subject", "data", "closed_on")
    return [*flags, *Standing.objects.order_by("pk").values_list("pk", "report_status", "report_valid_until")]


@pytest.fixture
def portfolio():
    """Customers on credit with a report of each age, one without, one not on credit."""
    Customer.objects.update(created_at=timezone.now())
    known = {name: CustomerFactory(number=name, **ON_CREDIT) for name in ("fresh", "ending", "stale", "missing")}
    known["cash"] = CustomerFactory(number="cash")
    CreditReportFactory(customer=known["fresh"], issued_on=date(2026, 9, 1))
    CreditReportFactory(customer=known["ending"], issued_on=date(2025, 12, 1))
    CreditReportFactory(customer=known["stale"], issued_on=date(2025, 9, 1))
    return known


def test_it_flags_what_is_expiring_stale_and_missing(portfolio):
    job = look()
    assert job.state == Job.State.DONE and job.done == 5
    assert {name: opened(customer) for name, customer in portfolio.items()} == {
        "fresh": set(),
        "ending": {"report_expiring"},
        "stale": {"report_stale", "limit_review"},
        "missing": {"report_missing"},
        "cash": set(),
    }
    statuses = dict(Standing.objects.values_list("customer__number", "report_status"))
    assert statuses == {
        "fresh": "valid", "ending": "expiring", "stale": "stale", "missing": "missing", "cash": "not_needed",
    }  # fmt: skip


def test_twice_changes_nothing(portfolio):
    look()
    before = everything()
    look()
    assert everything() == before


def test_killed_half_way_and_started_again_gives_the_same(portfolio, monkeypatch):
    monkeypatch.setattr(tasks, "CHUNK", 2)
    job = jobs.claim(jobs.enqueue("flag_reports", key="x", by=None, params={"today": str(TODAY)}).pk)
    next(jobs.HANDLERS["flag_reports"](job))
    jobs._keep(job)
    assert Flag.objects.exists() and not Flag.objects.filter(customer=portfolio["missing"]).exists()
    Job.objects.update(lease_until=timezone.now() - timedelta(minutes=5))
    again = jobs.run(jobs.claim(job.pk))
    assert (again.attempts, again.done) == (2, 5)
    assert Flag.objects.count() == 4


def test_a_day_later_what_was_expiring_is_stale(portfolio):
    look()
    look(date(2026, 12, 2))
    reasons = Flag.objects.filter(customer=portfolio["ending"]).order_by("pk").values_list("reason", "closed_on")
    assert list(reasons)[:2] == [("report_expiring", date(2026, 12, 2)), ("report_stale", None)]


def test_a_newer_report_closes_the_flags_in_its_transaction(portfolio, officer):
    look()
    stale = portfolio["stale"]
    report = add_credit_report(stale, by=officer, kind="own", issued_on=TODAY, source="Li Wei", today=TODAY)
    assert report.valid_until == date(2027, 11, 21)
    assert opened(stale) == set()
    standing = Standing.objects.get(customer=stale)
    assert (standing.report_status, standing.report_valid_until) == ("valid", report.valid_until)
    assert AuditEntry.objects.get(verb="report.added").customer_id == stale.pk


def test_an_older_report_that_comes_late_changes_nothing_for_the_customer(portfolio, officer):
    look()
    add_credit_report(
        portfolio["ending"], by=officer, kind="bank", issued_on=date(2025, 1, 1), source="ICBC", today=TODAY
    )
    assert opened(portfolio["ending"]) == {"report_expiring"}


def test_the_class_decides_how_long_a_report_holds(officer):
    customer = CustomerFactory(standing__segment="A")
    report = add_credit_report(
        customer, by=officer, kind="own", issued_on=date(2025, 11, 30), source="Li Wei", today=TODAY
    )
    assert (report.validity_months, report.valid_until) == (3, date(2026, 2, 28))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"issued_on": TODAY + timedelta(days=1)}, "issued_on"),
        ({"validity_months": 2}, "validity_months"),
        ({"validity_months": 13}, "validity_months"),
        ({"source": " "}, "source"),
    ],
)
def test_a_report_that_cannot_be_is_refused(customer, officer, given, field):
    usual = {"kind": "own", "issued_on": TODAY, "source": "Li Wei", "today": TODAY}
    with pytest.raises(Invalid) as refused:
        add_credit_report(customer, by=officer, **usual | given)
    assert set(refused.value.errors) == {field}


def test_a_review_keeps_its_other_causes_when_the_report_is_fresh_again(portfolio, officer):
    stale = portfolio["stale"]
    raise_review([stale.pk], ReviewCause.LEGAL_REPRESENTATIVE, today=TODAY)
    look()
    flag = Flag.objects.get(customer=stale, reason="limit_review", closed_on=None)
    assert flag.data == {"causes": ["legal_representative", "stale_report"]}
    add_credit_report(stale, by=officer, kind="own", issued_on=TODAY, source="Li Wei", today=TODAY)
    flag.refresh_from_db()
    assert (flag.closed_on, flag.data) == (None, {"causes": ["legal_representative"]})
    close_flags([stale.pk], ["limit_review"], today=TODAY)
    assert opened(stale) == set()


def test_a_confirmation_closes_the_flag_of_the_archive(officer, customer):
    Customer.objects.filter(pk=customer.pk).update(created_at=timezone.now() - timedelta(days=400))
    today = timezone.localdate()
    look(today)
    assert opened(customer) == {"archive_stale"}
    confirm_fact(customer, "basic", "address", by=officer, today=today, verified=True)
    assert opened(customer) == set()


@pytest.mark.parametrize(("layer", "field"), [("nonsense", ""), ("basic", "nonsense")])
def test_only_what_the_archive_has_can_be_confirmed(customer, officer, layer, field):
    with pytest.raises(Invalid):
        confirm_fact(customer, layer, field, by=officer, today=TODAY)


def test_the_number_of_statements_does_not_grow_with_the_customers(django_assert_num_queries):
    customers = [CustomerFactory(**ON_CREDIT).pk for _count in range(30)]
    with CaptureQueriesContext(connection) as one:
        refresh_freshness(customers[:1], today=TODAY, policy=Policy())
    with django_assert_num_queries(len(one)):
        refresh_freshness(customers[1:], today=TODAY, policy=Policy())
