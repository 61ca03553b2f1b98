"""The night's part of credit: limits that run out, late payers, notices. Twice changes nothing."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.utils import translation

from archives.choices import FlagReason
from archives.commands.flags import refresh_freshness
from archives.models import Flag, Standing
from archives.rules.flags import sentence
from credit.commands.applications import approve_limit
from credit.models import OrderCheck, Reservation
from crm.core import jobs
from crm.core.models import Job, Notice
from crm.core.notices import text_of
from tests.factories import CreditLimitFactory, CreditReportFactory, CustomerFactory, InvoiceFactory, OrderFactory

pytestmark = pytest.mark.django_db


def night(kind, today):
    """One step of the night, on standings that are up to date as the night's first step leaves them."""
    if kind == "review_limits":
        night("refresh_standings", today)
    job = jobs.enqueue(kind, key=f"{today}:{Job.objects.count()}", by=None, params={"today": str(today)})
    done = jobs.run(jobs.claim(job.pk))
    assert done.state == Job.State.DONE, done.message
    return done


def open_flags(reason):
    return list(Flag.objects.filter(reason=reason, closed_on=None).values_list("customer__number", "subject"))


@pytest.mark.parametrize(("days", "flagged"), [(60, True), (61, False), (0, True)])
def test_a_limit_that_runs_out_is_flagged_sixty_days_before(days, flagged, customer, today):
    end = today + timedelta(days=days)
    CreditLimitFactory(customer=customer, valid_until=end)
    night("review_limits", today)
    assert open_flags(FlagReason.LIMIT_EXPIRING) == ([(customer.number, str(end))] if flagged else [])


def test_an_ended_limit_is_flagged_only_while_something_is_owed(customer, today):
    CreditLimitFactory(customer=customer, valid_from=date(2025, 1, 1), valid_until=today - timedelta(days=1))
    night("review_limits", today)
    assert not open_flags(FlagReason.LIMIT_EXPIRING)
    InvoiceFactory(customer=customer)
    night("review_limits", today)
    assert len(open_flags(FlagReason.LIMIT_EXPIRING)) == 1
    assert Standing.objects.get(customer=customer).limit is None


def test_a_new_limit_closes_the_flag(customer, today):
    old = CreditLimitFactory(customer=customer, valid_until=today + timedelta(days=5))
    night("review_limits", today)
    CreditLimitFactory(customer=customer, valid_from=old.valid_until + timedelta(days=1), valid_until=date(2028, 1, 1))
    night("review_limits", today)
    assert not open_flags(FlagReason.LIMIT_EXPIRING)


def test_late_payers_with_a_limit_are_reviewed(customer, limit, today):
    others = [CustomerFactory(), CustomerFactory()]
    CreditLimitFactory(customer=others[1])
    for owing, days in ((customer, 31), (others[0], 31), (others[1], 30)):
        InvoiceFactory(customer=owing, due_on=today - timedelta(days=days), invoiced_on="2026-01-01")
    night("review_limits", today)
    flag = Flag.objects.get(reason=FlagReason.LIMIT_REVIEW)
    assert (flag.customer, flag.data["causes"]) == (customer, ["overdue"])
    customer.invoices.update(open_amount=0)
    night("review_limits", today)
    assert not open_flags(FlagReason.LIMIT_REVIEW)


def test_another_cause_keeps_the_review_open(customer, limit, today):
    Flag.objects.create(
        customer=customer, reason=FlagReason.LIMIT_REVIEW, raised_on=today, data={"causes": ["name", "overdue"]}
    )
    night("review_limits", today)
    assert Flag.objects.get().data == {"causes": ["name"]} and Flag.objects.get().closed_on is None


def test_reservations_end_with_their_day_or_with_the_sync(customer, limit, check, today):
    check("100.00", "SO-1", today=today - timedelta(days=31))
    check("100.00", "SO-2")
    check("100.00", "SO-3")
    OrderFactory(customer=customer, number="SO-3", amount=D(100))
    night("review_limits", today)
    assert list(Reservation.objects.filter(active=True).values_list("order", flat=True)) == ["SO-2"]
    assert OrderCheck.objects.get(order="SO-3").state == "fulfilled"
    assert Standing.objects.get(customer=customer).exposure == D(200)


def test_twice_changes_nothing(customer, limit, today):
    limit.valid_until = today
    limit.save()
    InvoiceFactory(customer=customer, due_on=today - timedelta(days=90), invoiced_on="2026-01-01")
    found = []
    for _ in range(2):
        night("review_limits", today)
        night("send_notices", today)
        rows = [list(model.objects.order_by("pk").values()) for model in (Flag, Notice)]
        found.append([*rows, list(Standing.objects.values())])
    assert found[0] == found[1]


def test_owner_and_officers_hear_of_it_once(customer, limit, seller, officer, auditor, today):
    limit.valid_until = today + timedelta(days=10)
    limit.save()
    Flag.objects.create(
        customer=customer, reason=FlagReason.REPORT_STALE, raised_on=today, data={"valid_until": "2026-11-20"}
    )
    Flag.objects.create(customer=customer, reason=FlagReason.REPORT_MISSING, raised_on=today - timedelta(days=1))
    night("review_limits", today)
    night("send_notices", today)
    assert sorted(Notice.objects.filter(recipient=seller).values_list("kind", flat=True)) == [
        "limit_expiring",
        "report_stale",
    ]
    assert [text_of(notice) for notice in Notice.objects.filter(recipient=officer)] == [
        f"The limit of {customer} runs out on 2026-12-01."
    ]
    assert not Notice.objects.filter(recipient=auditor).exists()


def test_a_notice_says_causes_and_days_in_the_language_it_is_read_in(customer, limit, seller, today):
    InvoiceFactory(customer=customer, due_on=today - timedelta(days=31), invoiced_on="2026-01-01")
    with translation.override("en"):
        night("review_limits", today)
        night("send_notices", today)
    told = Notice.objects.filter(kind=FlagReason.LIMIT_REVIEW).first()
    assert "overdue debt" in text_of(told)
    ends = Notice(recipient=seller, kind=FlagReason.LIMIT_EXPIRING, params={"customer": "x", "until": "2026-12-01"})
    with translation.override("zh-hans"):
        assert "欠款逾期" in text_of(told) and "2026年12月1日" in text_of(ends)
        assert "2026年12月1日" in sentence(FlagReason.LIMIT_EXPIRING, {"valid_until": "2026-12-01"})


def test_a_customer_without_rate_keeps_its_figures_and_stops_nobody(customer, limit, today):
    InvoiceFactory(customer=customer, currency="XAF")
    other = CustomerFactory()
    InvoiceFactory(customer=other, amount=D(5))
    night("review_limits", today)
    assert Standing.objects.get(customer=other).exposure == D(5)
    assert Standing.objects.get(customer=customer).exposure == 0


def test_a_head_of_a_group_owes_its_groups_exposure_and_is_overdue_with_its_own_papers_only(customer, today):
    """Adding up the overdue sums of a list counts no invoice twice."""
    head = CustomerFactory()
    type(customer).objects.filter(pk=customer.pk).update(parent=head)
    InvoiceFactory(customer=customer, amount=D(100), due_on=today - timedelta(days=3))
    night("refresh_standings", today)
    standings = {row.customer_id: row for row in Standing.objects.all()}
    assert (standings[head.pk].exposure, standings[customer.pk].exposure) == (D(100), D(100))
    assert (standings[head.pk].overdue, standings[customer.pk].overdue) == (D(0), D(100))
    assert (standings[head.pk].oldest_overdue_days, standings[customer.pk].oldest_overdue_days) == (0, 3)


def test_a_decided_review_of_overdue_debts_comes_back_with_new_ones_only(customer, limit, ask, officer, today):
    def owes(days, day=today):
        InvoiceFactory(customer=customer, due_on=day - timedelta(days=days), invoiced_on="2026-01-01")

    owes(40)
    night("review_limits", today)
    assert open_flags(FlagReason.LIMIT_REVIEW) == [(customer.number, "overdue")]
    approve_limit(ask("1000.00").pk, by=officer, today=today)
    for day in (today, today + timedelta(days=1)):
        night("review_limits", day)
        assert not open_flags(FlagReason.LIMIT_REVIEW)
    owes(30)
    night("review_limits", today)
    assert not open_flags(FlagReason.LIMIT_REVIEW)
    night("review_limits", today + timedelta(days=1))
    assert open_flags(FlagReason.LIMIT_REVIEW) == [(customer.number, "overdue")]


def test_a_decided_review_of_a_stale_report_comes_back_with_another_one_only(customer, limit, ask, officer, today):
    CreditReportFactory(customer=customer, by=officer, issued_on=date(2026, 1, 1), validity_months=3)
    night("refresh_standings", today)
    refresh_freshness([customer.pk], today=today)
    assert open_flags(FlagReason.LIMIT_REVIEW) == [(customer.number, "stale_report")]
    approve_limit(ask("1000.00").pk, by=officer, today=today)
    refresh_freshness([customer.pk], today=today + timedelta(days=1))
    assert not open_flags(FlagReason.LIMIT_REVIEW) and open_flags(FlagReason.REPORT_STALE)
    CreditReportFactory(customer=customer, by=officer, issued_on=today, validity_months=3)
    refresh_freshness([customer.pk], today=date(2027, 2, 22))
    assert open_flags(FlagReason.LIMIT_REVIEW) == [(customer.number, "stale_report")]
