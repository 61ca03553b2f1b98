"""Credit reports come in."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from archives.choices import ReportKind
from archives.commands.flags import refresh_freshness
from archives.models import CreditReport, Customer, Document, Standing
from archives.rules.freshness import default_validity_months, valid_until
from archives.rules.reports import why_not_add
from crm.core import audit
from crm.core.models import Policy, User


@transaction.atomic
def add_credit_report(
    customer: Customer,
    *,
    by: User,
    kind: ReportKind,
    issued_on: date,
    source: str,
    today: date,
    validity_months: int | None = None,
    grade: str = "",
    opinion: str = "",
    price: Decimal | None = None,
    currency: str = "",
    document: Document | None = None,
) -> CreditReport:
    """Take a report into the archive; status and flags of the customer follow in the same transaction.

    Without `validity_months` the customer's class decides. Refuses a day of issue in the future, a validity outside
    3 to 12 months and a report without a source.
    """
    standing = Standing.objects.select_for_update().get(customer=customer)
    policy = Policy.current()
    if validity_months is None:
        validity_months = default_validity_months(
            policy, segment=standing.segment, core=standing.core, grade=standing.grade
        )
    if refused := why_not_add(issued_on=issued_on, validity_months=validity_months, source=source, today=today):
        raise refused
    report = CreditReport.objects.create(
        customer=customer,
        kind=kind,
        source=source.strip(),
        issued_on=issued_on,
        validity_months=validity_months,
        valid_until=valid_until(issued_on, validity_months),
        grade=grade,
        opinion=opinion,
        price=price,
        currency=currency or (customer.currency if price is not None else ""),
        document=document,
        by=by,
    )
    refresh_freshness([customer.pk], today=today, policy=policy)
    audit.record("report.added", report, by=by, kind=kind, issued_on=issued_on, valid_until=report.valid_until)
    return report
