"""The deciding page: the list of applications, and everything that speaks for and against one of them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from archives.choices import CustomerStatus, ReportStatus, ReviewCause
from archives.models import Customer, Flag
from archives.queries.receivables import Ageing, Behaviour, ageing, payment_behaviour
from credit.models import LimitApplication
from credit.queries.applications import circumstances, is_orphaned, level_waiting, proposals_for, waiting_for
from credit.queries.charts import proposals_chart
from credit.queries.limits import Credit, credit_of
from credit.queries.screens import Segment, ageing_bar
from credit.rules import approvals as rules
from credit.rules.proposals import cautious
from credit.rules.wording import MODELS, workings_text
from crm.core.charts import Chart
from crm.core.errors import Refused
from crm.core.models import Policy, User
from crm.core.roles import Role
from crm.core.templatetags.dossier import money
from crm.core.words import listed

TABS = ("to_decide", "others", "decided", "asked", "all")


@dataclass(frozen=True)
class ModelRow:
    """What one model would give, and from what."""

    label: str
    workings: str
    amount: Decimal | None


@dataclass(frozen=True)
class Warning:
    """Something that speaks against granting, or that the person should know first."""

    text: str
    icon: str = "alert-triangle"


@dataclass(frozen=True)
class Pane:
    """One application with what is to be seen before deciding; `why_not` is the sentence in place of the buttons."""

    application: LimitApplication
    waits_for: Role | None
    credit: Credit | None
    models: list[ModelRow]
    cautious: Decimal | None
    ageing: Ageing | None
    buckets: list[Segment]
    behaviour: Behaviour | None
    warnings: list[Warning]
    why_not: Refused | None
    orphaned: bool
    refusal: str = ""
    chart: Chart | None = None

    @property
    def may_decide(self) -> bool:
        return self.why_not is None


def applications_in(tab: str, user: User) -> QuerySet[LimitApplication]:
    """The applications of a tab, most urgent or newest first."""
    seen = LimitApplication.objects.visible_to(user)
    rows = {
        "to_decide": lambda: waiting_for(user).order_by("decide_by", "id"),
        "others": lambda: others_decide(user).order_by("decide_by", "id"),
        "decided": lambda: seen.filter(pk__in=decided_by(user)).order_by("-id"),
        "asked": lambda: seen.filter(applicant=user).order_by("-id"),
        "all": lambda: seen.order_by("-id"),
    }[tab]()
    return rows.select_related("customer__standing", "applicant").prefetch_related("approvals__by")


def others_decide(user: User) -> QuerySet[LimitApplication]:
    """The submitted applications that wait, but not for `user`."""
    submitted = LimitApplication.objects.visible_to(user).filter(state=LimitApplication.State.SUBMITTED)
    return submitted.exclude(pk__in=waiting_for(user).values("pk"))


def decided_by(user: User) -> QuerySet:
    """The ids of the applications that this person has decided."""
    return LimitApplication.objects.filter(approvals__by=user).values("pk")


def pane_of(application: LimitApplication, *, by: User, today: date) -> Pane:
    """Everything the page shows of one application. Where a rate is missing, its sentence in place of the sums."""
    policy = Policy.current()
    why_not = rules.why_not_decide(application, **circumstances(application, by, policy))
    shared = {"application": application, "waits_for": level_waiting(application, policy), "why_not": why_not}
    shared["orphaned"] = application.state in LimitApplication.OPEN and is_orphaned(application)
    try:
        return Pane(**shared, **figures_of(application, by, today, policy))
    except Refused as refusal:
        nothing = dict.fromkeys(("credit", "cautious", "ageing", "behaviour"))
        return Pane(**shared, **nothing, models=[], buckets=[], warnings=[], refusal=str(refusal))


def figures_of(application: LimitApplication, by: User, today: date, policy: Policy) -> dict:
    """The sums of the pane. Refuses a currency without a rate."""
    customer = application.customer
    alone = Customer.objects.filter(pk=customer.pk)
    credit, owed = credit_of(customer, today), ageing(alone, today)
    proposals = proposals_for(customer, application.credit_period_days, today)
    models = [ModelRow(str(MODELS[row.model]), workings_text(row.model, row.workings), row.amount) for row in proposals]
    return {
        "credit": credit,
        "models": models,
        "chart": proposals_chart(application, [(row.label, row.amount) for row in models], credit),
        "cautious": cautious(proposals),
        "ageing": owed,
        "buckets": ageing_bar(owed),
        "behaviour": payment_behaviour(alone, today),
        "warnings": [
            *about_customer(customer, today),
            *about_sum(application, credit, cautious(proposals)),
            *about_overdue(credit, policy),
            *about_authority(application, by, policy),
        ],
    }


def about_customer(customer: Customer, today: date) -> list[Warning]:
    """The state of the credit report, a blocked customer, and why a review was asked for."""
    found = []
    if not CustomerStatus(customer.status).tradable:
        found.append(Warning(_("The customer is closed or blacklisted.")))
    if sentence := report_sentence(customer, today):
        found.append(Warning(sentence))
    for flag in Flag.objects.filter(customer=customer, closed_on=None, reason="limit_review"):
        causes = [str(ReviewCause(cause).label) for cause in flag.data.get("causes", []) if cause in ReviewCause]
        found.append(Warning(_("A review was asked for: %(causes)s.") % {"causes": listed(causes)}, "flag"))
    return found


def report_sentence(customer: Customer, today: date) -> str:
    """What is wrong with the credit report; nothing when it holds."""
    status, last = customer.standing.report_status, customer.standing.report_valid_until
    if last is None:
        return _("There is no credit report.") if status == ReportStatus.MISSING else ""
    words = {"days": (last - today).days, "day": formats.date_format(last, "SHORT_DATE_FORMAT")}
    if words["days"] < 0:
        return _("The credit report ran out on %(day)s.") % words
    expiring = status == ReportStatus.EXPIRING
    return _("The credit report runs out in %(days)s days.") % words if expiring else ""


def about_sum(application: LimitApplication, credit: Credit, proposal: Decimal | None) -> list[Warning]:
    """More than the cautious proposal, or less than what is owed already."""
    found, asked = [], application.amount_base
    if proposal is not None and asked > proposal:
        words = {"more": money(asked - proposal), "proposal": money(proposal)}
        found.append(Warning(_("%(more)s more than the cautious proposal of %(proposal)s.") % words, "scale"))
    if credit.exposure.total > asked:
        words = {"exposure": money(credit.exposure.total)}
        found.append(Warning(_("The exposure is %(exposure)s already: new orders would be held.") % words))
    return found


def about_overdue(credit: Credit, policy: Policy) -> list[Warning]:
    """Debt that is overdue beyond the policy's days."""
    days = credit.exposure.oldest_overdue_days
    if days <= policy.overdue_block_days:
        return []
    words = {"amount": money(credit.exposure.overdue), "days": days}
    return [Warning(_("%(amount)s overdue, the oldest for %(days)s days.") % words, "clock-exclamation")]


def about_authority(application: LimitApplication, by: User, policy: Policy) -> list[Warning]:
    """That the sum is above the own authority, and where it goes next."""
    following = rules.next_after(by, application.amount_base, policy) if rules.rank(by.role) >= 0 else None
    if following is None or application.state != LimitApplication.State.SUBMITTED:
        return []
    words = {"authority": money(rules.authority(Role(by.role), policy)), "role": rules.IN_A_SENTENCE[following]}
    return [Warning(_("Above your authority of %(authority)s: after you it goes to %(role)s.") % words, "arrow-up")]
