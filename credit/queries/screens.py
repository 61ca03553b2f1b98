"""What the pages show of a customer's credit: the strip in its head, and the tab of receivables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.models import CreditReport, Customer, Invoice
from archives.queries.receivables import Ageing, Behaviour, ageing, payment_behaviour
from archives.queries.there import has
from credit.models import CreditLimit, LimitApplication, OrderCheck
from credit.queries.exposure import Exposure
from credit.queries.limits import Credit, Group, credit_of
from crm.core.errors import Refused
from scoring.models import Assessment
from scoring.queries import latest_assessment

BAR_WIDTH = 1000
SHOWN = 20
BUCKETS = (
    ("not_due", _("not due"), "green"),
    ("d1_30", _("1–30 days"), "yellow"),
    ("d31_60", _("31–60 days"), "orange"),
    ("d61_90", _("61–90 days"), "red"),
    ("d90_plus", _("over 90 days"), "red"),
)


@dataclass(frozen=True)
class Segment:
    """One stretch of a bar: where it begins, how wide it is (of BAR_WIDTH), its colour, and what it stands for."""

    label: str | Promise
    amount: Decimal
    colour: str
    start: int
    width: int


@dataclass(frozen=True)
class Strip:
    """Limit, exposure and what is left, with grade and credit report. With `refusal` there are no sums."""

    credit: Credit | None
    segments: list[Segment]
    scored: Assessment | None
    report: CreditReport | None
    refusal: str = ""

    @property
    def group(self) -> Group | None:
        return self.credit.group if self.credit else None


@dataclass(frozen=True)
class Receivables:
    """What is owed and how it is paid, what was granted and asked. With `refusal` there are no sums."""

    credit: Credit | None
    ageing: Ageing | None
    buckets: list[Segment]
    behaviour: Behaviour | None
    invoices: QuerySet[Invoice]
    limits: QuerySet[CreditLimit]
    applications: QuerySet[LimitApplication]
    checks: QuerySet[OrderCheck]
    refusal: str = ""


def strip_of(customer: Customer, today: date) -> Strip:
    """The credit strip of the customer's page."""
    report = latest_report(customer) if has(customer, CreditReport) else None
    scored = latest_assessment(customer, "5c") if has(customer, Assessment) else None
    try:
        credit = credit_of(customer, today)
    except Refused as refusal:
        return Strip(None, [], scored, report, str(refusal))
    return Strip(credit, exposure_bar(credit.exposure, credit.amount), scored, report)


def latest_report(customer: Customer) -> CreditReport | None:
    return CreditReport.objects.filter(customer=customer).order_by("-issued_on", "-id").first()


def exposure_bar(exposure: Exposure, limit: Decimal | None) -> list[Segment]:
    """Not due, orders and overdue side by side, of the limit – or of the exposure where that is more."""
    not_due = max(exposure.not_due - exposure.unapplied_payments, Decimal(0))
    parts = [
        (_("not due"), not_due, "primary"),
        (_("open orders"), exposure.orders, "orange"),
        (_("overdue"), exposure.overdue, "red"),
    ]
    return bar(parts, limit or Decimal(0))


def bar(parts: Iterable[tuple[str | Promise, Decimal, str]], whole: Decimal = Decimal(0)) -> list[Segment]:
    """The stretches of a bar as wide as `whole`, or as their sum where that is more."""
    parts = list(parts)
    whole = max(whole, sum((amount for _label, amount, _colour in parts), Decimal(0)))
    segments, start = [], 0
    for label, amount, colour in parts:
        width = round(amount / whole * BAR_WIDTH) if whole else 0
        segments.append(Segment(label, amount, colour, start, width))
        start += width
    return segments


def ageing_bar(found: Ageing) -> list[Segment]:
    """Receivables by age as one bar."""
    return bar((label, getattr(found, name), colour) for name, label, colour in BUCKETS)


def receivables_of(customer: Customer, today: date) -> Receivables:
    """The tab of receivables and credit, in the base currency."""
    records = records_of(customer)
    alone = Customer.objects.filter(pk=customer.pk)
    try:
        found = ageing(alone, today)
        behaviour = payment_behaviour(alone, today)
        return Receivables(credit_of(customer, today), found, ageing_bar(found), behaviour, *records)
    except Refused as refusal:
        return Receivables(None, None, [], None, *records, refusal=str(refusal))


def records_of(customer: Customer) -> tuple[QuerySet, QuerySet, QuerySet, QuerySet]:
    """Open invoices, limits, applications and order checks, each the first few."""
    return (
        Invoice.objects.filter(customer=customer, open_amount__gt=0).order_by("due_on", "pk")[:SHOWN],
        CreditLimit.objects.filter(customer=customer).select_related("unit")[:SHOWN],
        LimitApplication.objects.filter(customer=customer).select_related("applicant")[:SHOWN],
        OrderCheck.objects.filter(customer=customer).select_related("decided_by")[:SHOWN],
    )
