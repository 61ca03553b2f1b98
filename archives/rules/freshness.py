"""How long what we know holds: validity of credit reports, their status, and the flags that follow. Days and months."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from archives.choices import CustomerStatus, FlagReason, Grade, ReportStatus, ReviewCause, Segment
from crm.core.models import Policy
from crm.core.periods import add_months

SHORTEST, LONGEST = 3, 12


@dataclass(frozen=True, slots=True)
class Facts:
    """What the archive knows of one customer on the day it is looked at.

    `report_id` and `valid_until` are the latest report's; `confirmed_on` is the newest confirmation or the creation.
    """

    status: str
    on_credit: bool
    report_id: int | None
    valid_until: date | None
    confirmed_on: date


@dataclass(frozen=True, slots=True)
class Wanted:
    """A flag that ought to be open: what it is about, and what its sentence needs."""

    subject: str
    data: dict[str, Any]


def valid_until(issued_on: date, months: int) -> date:
    """The last day a report holds: so many calendar months after its issue, clipped to the month's end."""
    return add_months(issued_on, months)


def default_validity_months(policy: Policy, *, segment: str | None, core: bool, grade: str | None) -> int:
    """Months of validity by class: core or A 3, B 6, others 12; never longer than a risky grade's (CA4 or worse) 3."""
    if core or segment == Segment.A:
        months = policy.report_months_core
    else:
        months = policy.report_months_b if segment == Segment.B else policy.report_months_other
    risky = grade is not None and grade in Grade and Grade(grade).risky
    return min(months, policy.report_months_risky) if risky else months


def report_status(valid_until: date | None, today: date, policy: Policy, *, on_credit: bool = False) -> ReportStatus:
    """Stale after the last day, expiring with 30 days or fewer left; without a report missing if on credit."""
    if valid_until is None:
        return ReportStatus.MISSING if on_credit else ReportStatus.NOT_NEEDED
    if today > valid_until:
        return ReportStatus.STALE
    expiring = (valid_until - today).days <= policy.report_expiring_days
    return ReportStatus.EXPIRING if expiring else ReportStatus.VALID


def on_credit(
    *, limit_mode: str | None, limit: Decimal | None, limit_valid_until: date | None, exposure: Decimal, today: date
) -> bool:
    """Whether a customer owes us or may come to: a limit above 0 in force, or an exposure."""
    granted = limit_mode == "unlimited" or (limit_mode == "amount" and (limit or 0) > 0)
    in_force = limit_valid_until is None or limit_valid_until >= today
    return (granted and in_force) or exposure > 0


def flags_due(facts: Facts, today: date, policy: Policy) -> dict[FlagReason, Wanted]:
    """The flags that ought to be open for a customer, at most one per reason. Closed and blacklisted ones have none."""
    if facts.status in CustomerStatus and not CustomerStatus(facts.status).tradable:
        return {}
    due: dict[FlagReason, Wanted] = {}
    if reason := _report_reason(facts, today, policy):
        due[reason] = _about_report(facts)
    if reason == FlagReason.REPORT_STALE and facts.on_credit:
        due[FlagReason.LIMIT_REVIEW] = Wanted(ReviewCause.STALE_REPORT, {"causes": [ReviewCause.STALE_REPORT.value]})
    if facts.status == CustomerStatus.ACTIVE and (today - facts.confirmed_on).days > policy.archive_confirm_days:
        due[FlagReason.ARCHIVE_STALE] = Wanted("", {"confirmed_on": f"{facts.confirmed_on}"})
    return due


def _report_reason(facts: Facts, today: date, policy: Policy) -> FlagReason | None:
    """Reports are watched for active customers and for whoever is on credit."""
    if not (facts.on_credit or facts.status == CustomerStatus.ACTIVE):
        return None
    status = report_status(facts.valid_until, today, policy, on_credit=facts.on_credit)
    return {
        ReportStatus.EXPIRING: FlagReason.REPORT_EXPIRING,
        ReportStatus.STALE: FlagReason.REPORT_STALE,
        ReportStatus.MISSING: FlagReason.REPORT_MISSING,
    }.get(status)


def _about_report(facts: Facts) -> Wanted:
    if facts.report_id is None:
        return Wanted("", {})
    return Wanted(str(facts.report_id), {"valid_until": f"{facts.valid_until}"})
