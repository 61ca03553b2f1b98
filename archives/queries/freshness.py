"""What the archive knows of the freshness of many customers at once: the input of the freshness rules."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import DateField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate

from archives.models import Confirmation, CreditReport, Standing
from archives.rules.freshness import Facts, on_credit

NEWEST_REPORT = CreditReport.objects.filter(customer=OuterRef("pk")).order_by("-issued_on", "-id")
NEWEST_CONFIRMATION = (
    Confirmation.objects.filter(customer=OuterRef("pk"))
    .order_by()
    .values("customer")
    .annotate(day=Max("on"))
    .values("day")
)
KNOWN = ("customer__status", "report_id", "valid_until", "confirmed_on")
CREDIT = ("limit_mode", "limit", "limit_valid_until", "exposure")


def facts_of(customer_ids: Iterable[int], today: date) -> dict[int, Facts]:
    """The freshness facts by customer id. One statement, however many customers."""
    rows = _annotated(customer_ids).values_list("pk", *KNOWN, *CREDIT)
    return {pk: _facts(known, today) for pk, *known in rows}


def _annotated(customer_ids: Iterable[int]) -> QuerySet[Standing]:
    created_on = TruncDate("customer__created_at", output_field=DateField())
    return (
        Standing.objects.filter(customer__in=list(customer_ids))
        .annotate(
            report_id=Subquery(NEWEST_REPORT.values("pk")[:1]),
            valid_until=Subquery(NEWEST_REPORT.values("valid_until")[:1]),
            confirmed_on=Coalesce(Subquery(NEWEST_CONFIRMATION), created_on),
        )
        .order_by("pk")
    )


def _facts(known: list[Any], today: date) -> Facts:
    status, report_id, valid_until, confirmed_on, *credit = known
    return Facts(
        status=status,
        on_credit=on_credit(**dict(zip(CREDIT, credit, strict=True)), today=today),
        report_id=report_id,
        valid_until=valid_until,
        confirmed_on=confirmed_on,
    )
