"""Credit reports by how fresh they are."""

from datetime import date, timedelta

from django.db.models import Q, QuerySet

from archives.choices import ReportStatus
from archives.models import CreditReport
from crm.core.models import Policy


def with_status(reports: QuerySet[CreditReport], status: ReportStatus, today: date, policy: Policy) -> QuerySet:
    """The reports that are valid, expiring or stale on `today`, by the same days as the rule."""
    last_expiring = today + timedelta(days=policy.report_expiring_days)
    conditions = {
        ReportStatus.STALE: Q(valid_until__lt=today),
        ReportStatus.EXPIRING: Q(valid_until__range=(today, last_expiring)),
        ReportStatus.VALID: Q(valid_until__gt=last_expiring),
    }
    return reports.filter(conditions[status])
