"""The figures of a customer's financial statements."""

from datetime import date
from typing import Any

import pghistory
from django.db import transaction
from django.utils.translation import gettext as _

from archives.models import Customer, FinancialStatement
from crm.core import audit
from crm.core.errors import Invalid
from crm.core.models import User


@transaction.atomic
def keep_statement(
    customer: Customer, *, period_end: date, by: User, today: date, currency: str = "", **figures: Any
) -> tuple[FinancialStatement, bool]:
    """The statement of a period and whether it is new; one that is there is replaced. In the customer's currency where
    none is said.

    Refuses a period that has not ended, and parts that are more than their whole.
    """
    if refused := bad_statement(period_end=period_end, today=today, **figures):
        raise refused
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    known = {"revenue": None, "gross_profit": None, "net_profit": None}
    with pghistory.context(user=by.pk):
        row, created = FinancialStatement.objects.update_or_create(
            customer=customer,
            period_end=period_end,
            defaults=known | figures | {"currency": currency or customer.currency},
        )
    audit.record("statement.kept", row, by=by, period_end=period_end)
    return row, created


def bad_statement(*, period_end: date, today: date, **figures: Any) -> Invalid | None:
    """A period that is over; current assets and their inventory within the whole, liabilities likewise."""
    errors: dict[str, str] = {}
    if period_end > today:
        errors["period_end"] = _("This period has not ended yet.")
    for part, whole in (
        ("inventory", "current_assets"),
        ("current_assets", "total_assets"),
        ("current_liabilities", "total_liabilities"),
    ):
        if figures[part] > figures[whole]:
            errors[part] = _("This is more than the whole that it is a part of.")
    return Invalid(errors) if errors else None
