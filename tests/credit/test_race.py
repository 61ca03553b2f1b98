"""Many checks – or approvals – at one instant, over real connections: together they never pass the limit.

The control runs the same with the lock taken out, and passes it – so the test above it can fail.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D

import pytest
from django.db import connections

from archives.models import Standing
from credit.commands import checks
from credit.commands.applications import apply_for_limit, approve_limit
from credit.commands.checks import check_order
from credit.models import OrderCheck
from credit.queries import exposure_of, limit_in_force
from credit.queries.limits import path
from crm.core.errors import Refused
from crm.core.models import User
from crm.core.roles import Role
from tests.factories import CreditLimitFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20


@pytest.fixture
def buyer():
    UserFactory(username="erp", role=Role.CONNECTOR)
    customer = CustomerFactory()
    CreditLimitFactory(customer=customer, amount=D("1000.00"))
    return customer


def asked_at_once(customers, count, amount, today, order="SO-{}"):
    """`count` checks by AT_ONCE threads, spread over the customers; the decisions."""
    erp = User.objects.get(username="erp")

    def ask(number):
        try:
            customer = customers[number % len(customers)]
            given = {"order": order.format(number), "amount": D(amount), "currency": "CNY", "by": erp, "today": today}
            return check_order(customer=customer, **given).row.decision
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, range(count)))


@pytest.mark.slow
def test_two_hundred_checks_take_exactly_the_limit(buyer, today):
    decisions = asked_at_once([buyer], 200, "10.00", today)
    assert decisions.count("approved") == 100 and decisions.count("held") == 100
    assert exposure_of([buyer.pk], today)[buyer.pk].total == D("1000.00")
    assert Standing.objects.get(customer=buyer).exposure == D("1000.00")


def test_without_the_lock_they_overshoot(buyer, today, monkeypatch):
    """The control: everybody reads the sum before anybody writes."""
    together = threading.Barrier(AT_ONCE, timeout=60)
    judge = checks.judge

    def judged_together(facts, *, policy):
        together.wait()
        return judge(facts, policy=policy)

    monkeypatch.setattr(checks, "lock_accounts", path)
    monkeypatch.setattr(checks, "judge", judged_together)
    decisions = asked_at_once([buyer], AT_ONCE, "100.00", today)
    assert decisions.count("approved") == AT_ONCE
    assert exposure_of([buyer.pk], today)[buyer.pk].total > D("1000.00")


def test_with_the_lock_the_same_stays_within(buyer, today, monkeypatch):
    """The same load with the lock, slowed down between the sum and the reservation."""
    judge = checks.judge

    def judged_slowly(facts, *, policy):
        answer = judge(facts, policy=policy)
        time.sleep(0.02)
        return answer

    monkeypatch.setattr(checks, "judge", judged_slowly)
    decisions = asked_at_once([buyer], AT_ONCE, "100.00", today)
    assert decisions.count("approved") == 10


def test_a_groups_companies_share_its_pool_at_once(buyer, today):
    """Sisters, a daughter of a daughter and the parent itself: nobody deadlocks, nobody takes too much."""
    daughter = CustomerFactory(parent=buyer)
    companies = [buyer, daughter, CustomerFactory(parent=buyer), CustomerFactory(parent=daughter)]
    decisions = asked_at_once(companies, 60, "50.00", today)
    assert decisions.count("approved") == 20
    assert exposure_of([buyer.pk], today)[buyer.pk].total == D("1000.00")


def test_the_same_order_at_once_reserves_once(buyer, today):
    decisions = asked_at_once([buyer], AT_ONCE, "600.00", today, order="SO-SAME")
    assert decisions == ["approved"] * AT_ONCE
    assert OrderCheck.objects.count() == 1
    assert exposure_of([buyer.pk], today)[buyer.pk].total == D("600.00")


def test_of_two_approvers_at_once_one_wins_and_the_others_hear_why(buyer, today):
    seller = UserFactory(role=Role.SALES_MANAGER)
    buyer.owner = seller
    buyer.save()
    officers = [UserFactory(role=Role.CREDIT_OFFICER) for _ in range(4)]
    given = {"amount": D("500.00"), "currency": "CNY", "reason": "spring", "submit": True, "today": today}
    application = apply_for_limit(buyer, by=seller, **given)
    together = threading.Barrier(len(officers), timeout=60)

    def approve(officer):
        try:
            together.wait()
            return approve_limit(application.pk, by=officer, today=today).state
        except Refused as refusal:
            return str(refusal)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(officers)) as pool:
        answers = sorted(pool.map(approve, officers))
    assert answers == ["This application has been decided already."] * 3 + ["approved"]
    assert application.approvals.count() == 1
    assert limit_in_force(buyer, None, today).application_id == application.pk
