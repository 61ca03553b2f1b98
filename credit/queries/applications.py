"""Applications for limits: who may decide them now, and what is to be seen of the customer meanwhile."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from archives.models import Customer, FinancialStatement
from archives.queries.receivables import ageing
from archives.queries.sales import average_monthly_sales
from credit.models import Approval, LimitApplication
from credit.queries.limits import credit_of
from credit.rules.approvals import LEVELS, rank, waiting_level
from credit.rules.proposals import Figures, Proposal, by_net_assets, by_turnover, by_working_capital, cautious
from crm.core.models import Policy, User
from crm.core.money import rates_on, to_base
from crm.core.roles import Role

FIGURES = ("current_assets", "inventory", "current_liabilities", "total_liabilities", "net_assets")


def waiting_for(user: User) -> QuerySet[LimitApplication]:
    """The submitted applications that `user` may decide now: not the own ones, none twice, none past the own level."""
    own_level = rank(user.role)
    if own_level < 0:
        return LimitApplication.objects.none()
    settled = this_round().filter(Q(by=user) | Q(level__in=LEVELS[own_level:]))
    submitted = LimitApplication.objects.visible_to(user).filter(state=LimitApplication.State.SUBMITTED)
    return submitted.exclude(applicant=user).filter(~Exists(settled))


def this_round() -> QuerySet[Approval]:
    """The approvals of the application outside, since it was last returned."""
    returned = Approval.objects.filter(application=OuterRef("application"), decision=Approval.Decision.RETURNED)
    last_return = Coalesce(Subquery(returned.order_by("-id").values("id")[:1]), Value(0))
    return Approval.objects.filter(application=OuterRef("pk"), decision=Approval.Decision.APPROVED, id__gt=last_return)


def approvals_so_far(application: LimitApplication) -> list[Approval]:
    """The approvals since the application was last returned, in order; reads what was prefetched."""
    found: list[Approval] = []
    for row in sorted(application.approvals.all(), key=lambda approval: approval.pk):
        if row.decision == Approval.Decision.RETURNED:
            found = []
        elif row.decision == Approval.Decision.APPROVED:
            found.append(row)
    return found


def level_waiting(application: LimitApplication, policy: Policy) -> Role | None:
    """The level whose turn it is; None for what is not submitted."""
    if application.state != LimitApplication.State.SUBMITTED:
        return None
    return waiting_level(application.amount_base, [row.level for row in approvals_so_far(application)], policy)


def circumstances(application: LimitApplication, by: User, policy: Policy) -> dict[str, Any]:
    """What the rules of deciding need to know beside the application."""
    approvals = approvals_so_far(application)
    return {
        "by": by,
        "already_approved_by": {row.by_id for row in approvals},
        "approved_levels": [row.level for row in approvals],
        "policy": policy,
    }


def is_orphaned(application: LimitApplication) -> bool:
    """Whether the applicant has left, or no longer sees the customer: nobody else could move it."""
    applicant = application.applicant
    return not Customer.objects.visible_to(applicant).filter(pk=application.customer_id).exists()


def deciders_of(application: LimitApplication, level: Role) -> QuerySet[User]:
    """The people of a level who may decide this application, or those of the next level above where there are none."""
    spent = {application.applicant_id, *(row.by_id for row in approvals_so_far(application))}
    for role in LEVELS[rank(level) :]:
        people = User.objects.filter(role=role, is_active=True).exclude(pk__in=spent)
        if people.exists():
            return people
    return User.objects.none()


def proposals_for(customer: Customer, credit_period_days: int | None, today: date) -> list[Proposal]:
    """What the three models would grant this customer today, in the base currency."""
    standing, figures = customer.standing, latest_figures(customer, today)
    average = average_monthly_sales(customer, today)
    days = period_of(customer) if credit_period_days is None else credit_period_days
    return [
        by_turnover(average, days, standing.grade),
        by_net_assets(figures, standing.grade),
        by_working_capital(figures),
    ]


def period_of(customer: Customer) -> int | None:
    """The agreed credit period in days; None where nobody entered one."""
    profile = getattr(customer, "credit_profile", None)
    return profile.credit_period_days if profile else None


def latest_figures(customer: Customer, today: date) -> Figures | None:
    """The newest financial statement up to the day, in the base currency at the rates of that day."""
    statement = FinancialStatement.objects.filter(customer=customer, period_end__lte=today).first()
    if statement is None:
        return None
    rates = rates_on(today)
    return Figures(
        **{name: to_base(getattr(statement, name), statement.currency, day=today, rates=rates) for name in FIGURES}
    )


def seen_now(application: LimitApplication, today: date) -> dict[str, Any]:
    """What a person who decides has before them, kept with the decision. JSON-safe; sums in the base currency."""
    customer, credit = application.customer, credit_of(application.customer, today)
    standing, proposals = customer.standing, proposals_for(customer, application.credit_period_days, today)
    buckets = ageing(Customer.objects.filter(pk=customer.pk), today)
    return {
        "on": str(today),
        "grade": standing.grade,
        "grade_percent": text(standing.grade_percent),
        "segment": standing.segment,
        "report_status": standing.report_status,
        "report_valid_until": text(standing.report_valid_until),
        "limit": text(credit.amount),
        "exposure": text(credit.exposure.total),
        "group_available": text(credit.group.available) if credit.group else None,
        "overdue": text(credit.exposure.overdue),
        "oldest_overdue_days": credit.exposure.oldest_overdue_days,
        "ageing": {
            name: text(getattr(buckets, name))
            for name in ("not_due", "d1_30", "d31_60", "d61_90", "d90_plus", "disputed")
        },
        "proposals": {proposal.model: text(proposal.amount) for proposal in proposals},
        "cautious": text(cautious(proposals)),
    }


def text(value: Decimal | date | None) -> str | None:
    """A sum with its two digits, a day as it is."""
    if value is None:
        return None
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)
