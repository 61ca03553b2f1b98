"""What the tests of credit share: a check in one line, an application in one line."""

from decimal import Decimal

import pytest

from credit.commands.applications import apply_for_limit
from credit.commands.checks import check_order
from tests.factories import CreditLimitFactory


@pytest.fixture
def limit(customer):
    """A limit of 1,000.00 for the customer."""
    return CreditLimitFactory(customer=customer, amount=Decimal("1000.00"))


@pytest.fixture
def check(customer, erp, today):
    def asked(amount, order="SO-1", **other):
        given = {"customer": customer, "currency": "CNY", "by": erp, "today": today} | other
        return check_order(order=order, amount=Decimal(amount), **given).row

    return asked


@pytest.fixture
def ask(customer, seller, today):
    def applied(amount="2800000.00", by=seller, submit=True, **other):
        given = {"customer": customer, "currency": "CNY", "reason": "second line", "today": today} | other
        return apply_for_limit(by=by, amount=Decimal(amount), submit=submit, **given)

    return applied
