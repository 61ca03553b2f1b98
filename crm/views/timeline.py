"""The timeline of a customer: what archives, scoring and credit can tell of it, merged by time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import DateTimeField, Model
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archives.models import CreditReport, Customer, Document, Flag, Visit, VisitPlan
from archives.queries import timeline as archive
from archives.queries.plans import open_plans_of
from archives.queries.there import has
from credit.models import Approval, LimitApplication, OrderCheck
from credit.queries import why_held
from crm.core.models import User
from crm.core.templatetags.dossier import money
from crm.core.timeline import Deed, Event, Mark, Place, newest, older
from scoring.models import Assessment

PAGE = 40
Source = Callable[..., list[Event]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of the timeline, above its first what is planned; `older` is where the next one begins."""

    plans: list[VisitPlan]
    events: list[Event]
    older: str
    chips: list[tuple[str, str | Promise]]
    show: str


def timeline_of(customer: Customer, *, reader: User, show: str, than: Place | None) -> Shown:
    """The newest events older than `than` of the chip `show`: a statement for each kind that the customer has."""
    _label, sources = CHIPS[show]
    planning = [open_plans_of] if than is None and archive.visits in sources else []
    there = held(customer, [*sources, *planning])
    plans = list(open_plans_of(customer)) if open_plans_of in there else []
    telling = [source for source in there if source is not open_plans_of]
    found = [event for source in telling for event in source(customer, than, PAGE + 1, reader=reader)]
    page = newest(found, PAGE)
    return Shown(
        plans=plans,
        events=archive.fold_changes(page),
        older=str(page[-1].place) if len(found) > PAGE else "",
        chips=[(code, label) for code, (label, _sources) in CHIPS.items()],
        show=show,
    )


def held(customer: Customer, sources: Sequence[Source]) -> list[Source]:
    """Those of the sources that have anything of this customer, as far as it was looked through."""
    return [source for source in sources if source not in KEPT_IN or has(customer, KEPT_IN[source])]


def assessments(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    rows = Assessment.objects.filter(customer=customer).select_related("by", "scorecard")
    rows = rows.annotate(at=Cast("assessed_on", DateTimeField()))
    return [_assessed(row) for row in older(rows, "at", source="assessment", than=than)[:count]]


def _assessed(row: Assessment) -> Event:
    marks = [Mark(row.grade, "azure")]
    if row.percent is not None:
        marks.append(Mark(_("%(percent)s %%") % {"percent": f"{row.percent:.0f}"}))
    return Event(
        at=row.at,
        source="assessment",
        pk=row.pk,
        title=_("Assessed"),
        who=str(row.by),
        icon="chart-bar",
        tone="azure",
        marks=marks,
    )


def applications(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    rows = LimitApplication.objects.filter(customer=customer).exclude(state=LimitApplication.State.DRAFT)
    rows = older(rows.select_related("applicant"), "created_at", source="application", than=than)
    return [_asked(row) for row in rows[:count]]


def _asked(row: LimitApplication) -> Event:
    return Event(
        at=row.created_at,
        source="application",
        pk=row.pk,
        title=_("Limit of %(amount)s asked for") % {"amount": money(row.amount, row.currency)},
        who=str(row.applicant),
        text=row.reason,
        icon="file-dollar",
        tone="blue",
        marks=[Mark(str(row.get_state_display()), LimitApplication.State(row.state).tone)],
        deeds=[Deed(_("Open the application"), reverse("application", args=[row.pk]))],
    )


def approvals(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    rows = Approval.objects.filter(application__customer=customer).select_related("by")
    return [_decided(row) for row in older(rows, "at", source="decision", than=than)[:count]]


def _decided(row: Approval) -> Event:
    titles = {
        Approval.Decision.APPROVED: _("Limit of %(amount)s approved"),
        Approval.Decision.REJECTED: _("Limit of %(amount)s rejected"),
        Approval.Decision.RETURNED: _("Limit of %(amount)s returned with a question"),
    }
    approved = row.decision == Approval.Decision.APPROVED
    return Event(
        at=row.at,
        source="decision",
        pk=row.pk,
        title=titles[Approval.Decision(row.decision)] % {"amount": money(row.amount_base)},
        who=f"{row.by}, {row.get_level_display()}",
        text=row.comment,
        icon="shield-check" if approved else "shield-x",
        tone="green" if approved else "orange",
        deeds=[Deed(_("Open the application"), reverse("application", args=[row.application_id]))],
    )


def order_checks(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    rows = OrderCheck.objects.filter(customer=customer)
    return [_checked(row) for row in older(rows, "checked_at", source="order", than=than)[:count]]


def _checked(row: OrderCheck) -> Event:
    approved = row.decision == OrderCheck.Decision.APPROVED
    title = _("Order %(order)s approved") if approved else _("Order %(order)s held")
    return Event(
        at=row.checked_at,
        source="order",
        pk=row.pk,
        title=title % {"order": row.order},
        text=_reserved(row) if approved else " ".join(why_held(row)),
        icon="shield-check" if approved else "hand-stop",
        tone="blue" if approved else "red",
        marks=[] if row.state == OrderCheck.State.OPEN else [Mark(str(row.get_state_display()))],
    )


def _reserved(row: OrderCheck) -> str:
    if row.available_after is None:
        return _("%(amount)s reserved.") % {"amount": money(row.amount_base)}
    return _("%(amount)s reserved; %(left)s left after it.") % {
        "amount": money(row.amount_base),
        "left": money(row.available_after),
    }


KEPT_IN: dict[Source, type[Model]] = {
    archive.visits: Visit,
    archive.papers: Document,
    archive.reports: CreditReport,
    archive.flags: Flag,
    assessments: Assessment,
    applications: LimitApplication,
    approvals: LimitApplication,
    order_checks: OrderCheck,
    open_plans_of: VisitPlan,
}
CREDIT = (archive.reports, assessments, applications, approvals, order_checks, archive.flags)
CHIPS: dict[str, tuple[str | Promise, tuple[Source, ...]]] = {
    "all": (gettext_lazy("All"), (archive.visits, archive.papers, *CREDIT, archive.changes)),
    "visits": (gettext_lazy("Visits"), (archive.visits,)),
    "credit": (gettext_lazy("Credit"), CREDIT),
    "complaints": (gettext_lazy("Complaints"), (archive.complaints,)),
    "papers": (gettext_lazy("Documents"), (archive.papers,)),
    "changes": (gettext_lazy("Changes"), (archive.changes,)),
}
