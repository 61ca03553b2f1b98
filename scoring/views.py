"""Pages of scoring: assess a customer, evaluate a year, see who ranks where and who moved."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from archives.choices import Segment
from archives.models import Customer
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.lists.narrowing import Link, only_filter
from crm.core.lists.pages import list_page, table_of
from crm.core.models import Policy
from crm.core.roles import Can
from scoring import rules
from scoring.columns import COLUMNS
from scoring.commands.assessments import assess, evaluate_year
from scoring.commands.ranking import start_ranking
from scoring.filters import MemberFilter
from scoring.forms import AssessmentForm, EvaluationForm, RankingForm, year_before
from scoring.models import Scorecard, Segmentation, SegmentationMember
from scoring.queries import (
    MOVERS_SHOWN,
    core_share,
    latest_assessment,
    latest_ranking,
    members_for,
    movers,
    open_ranking_job,
    scorecard_in_force,
    scorecards_in_force,
    shares_for,
    worded,
)
from scoring.queries.charts import migration_chart, pareto_chart
from scoring.scorecards import TERMS


def _customer(request: HttpRequest, number: str) -> Customer:
    return get_object_or_404(Customer.objects.visible_to(request.user).select_related("standing"), number=number)


# --- Assess ----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@needs(Can.SEE_CREDIT)
def assess_page(request: HttpRequest, number: str) -> HttpResponse:
    """Score a customer on one page; whoever may not reads why. `?from=last` begins with the last points."""
    customer, policy = _customer(request, number), Policy.current()
    if refusal := rules.why_not_score(customer, by=request.user):
        return render(request, "scoring/assess.html", {"customer": customer, "refusal": refusal}, status=refusal.status)
    card = scorecard_in_force(request.GET.get("scorecard", policy.grading_scorecard))
    if card is None:
        raise Http404
    form = _sheet(request, customer, card)
    if request.method == "POST" and form.is_valid() and _assessed(request, customer, card, form):
        return redirect("customer_tab", number=number, tab="scores")
    context = _assess_context(customer, card, form, policy)
    return render(request, "scoring/assess.html", context, status=400 if form.is_bound else 200)


def _sheet(request: HttpRequest, customer: Customer, card: Scorecard) -> AssessmentForm:
    last = latest_assessment(customer, card.kind)
    points = last.points if last else {}
    initial: dict[str, Any] = {"assessed_on": timezone.localdate()}
    if request.GET.get("from") == "last":
        initial |= {f"points.{code}": value for code, value in points.items()}
    data = request.POST if request.method == "POST" else None
    return AssessmentForm(
        data, initial=initial, sheet=worded(card), definition=rules.Definition.of(card.definition), last=points
    )


def _assessed(request: HttpRequest, customer: Customer, card: Scorecard, form: AssessmentForm) -> bool:
    """Whether the command took it; otherwise the form says why not."""
    try:
        row = assess(customer, by=request.user, scorecard=card.kind, today=timezone.localdate(), **form.given)
    except Refused as refusal:
        form.take(refusal)
        return False
    said = {"grade": row.grade, "percent": row.percent, "coverage": row.coverage}
    messages.success(request, _("Assessed: %(grade)s with %(percent)s %%, coverage %(coverage)s %%.") % said)
    return True


def _assess_context(customer: Customer, card: Scorecard, form: AssessmentForm, policy: Policy) -> dict[str, Any]:
    last = latest_assessment(customer, card.kind)
    return {
        "customer": customer,
        "form": form,
        "card": worded(card),
        "terms": TERMS.get(card.kind, ()),
        "cards": [worded(one) for one in _grading_first(policy)],
        "last": last,
        "result": form.preview(policy.coverage_needed),
        "coverage_needed": policy.coverage_needed,
        "bands": json.dumps(card.definition["bands"]),
    }


def _grading_first(policy: Policy) -> list[Scorecard]:
    return sorted(scorecards_in_force(), key=lambda card: card.kind != policy.grading_scorecard)


# --- Evaluate a year -------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@needs(Can.SEE_CREDIT)
def evaluate_page(request: HttpRequest, number: str) -> HttpResponse:
    """Evaluate a customer's year; a year that was evaluated is evaluated anew."""
    customer, today = _customer(request, number), timezone.localdate()
    if refusal := rules.why_not_score(customer, by=request.user):
        return render(
            request, "scoring/evaluate.html", {"customer": customer, "refusal": refusal}, status=refusal.status
        )
    form = EvaluationForm(request.POST or None, initial={"year": year_before(today)})
    if form.is_valid():
        try:
            row, _created = evaluate_year(customer, by=request.user, today=today, **form.cleaned_data)
            said = {"year": row.year, "total": row.total, "overall": row.get_overall_display()}
            messages.success(request, _("%(year)s evaluated: %(total)s points, %(overall)s.") % said)
            return redirect("customer_tab", number=number, tab="scores")
        except Refused as refused:
            form.take(refused)
    context = {"customer": customer, "form": form}
    return render(request, "scoring/evaluate.html", context, status=400 if form.is_bound else 200)


# --- The ranking -----------------------------------------------------------------------------------------------------
@require_GET
@needs(Can.SEE_CREDIT)
def ranking_page(request: HttpRequest) -> HttpResponse:
    """The latest ranking of the customers one may see, narrowed by class or to those that moved."""
    ranking = latest_ranking()
    context = {"ranking": ranking, "job": open_ranking_job(), "rank_form": _ranking_form(request)}
    context |= _ranked(request, ranking) if ranking else {}
    return render(request, "scoring/ranking.html", context, status=context.get("status", 200))


def _ranking_form(request: HttpRequest) -> RankingForm | None:
    may = request.user.may(Can.RANK)
    return RankingForm(initial={"as_of": timezone.localdate()}) if may else None


def _ranked(request: HttpRequest, ranking: Segmentation) -> dict[str, Any]:
    members = members_for(ranking, request.user)

    def narrowed(params: QueryDict) -> MemberFilter:
        return MemberFilter(params, queryset=members, request=request)

    context = list_page(request, page="ranking", filterset=narrowed)
    for member in context["page"].rows:
        member.currency = ranking.currency
    return table_of(context, COLUMNS, key=_number, opens=_customers_page) | {
        "quick": _quick_filters(request),
        "shares": shares_for(ranking, request.user),
        "core": core_share(ranking, request.user),
        "movers": movers(members)[:MOVERS_SHOWN],
        "charts": [pareto_chart(members), migration_chart(members)],
    }


def _number(member: SegmentationMember) -> str:
    return member.customer.number


def _customers_page(member: SegmentationMember) -> str:
    return member.customer.get_absolute_url()


def _quick_filters(request: HttpRequest) -> list[Link]:
    classes = [only_filter(request.GET, one.label, "segment", one.value) for one in Segment]
    return [*classes, only_filter(request.GET, _("Moved"), "moved", "true")]


@require_POST
@needs(Can.RANK)
def rank_now(request: HttpRequest) -> HttpResponse:
    """Queue a ranking and show how far it is."""
    form = RankingForm(request.POST)
    try:
        if form.is_valid():
            job = start_ranking(as_of=form.cleaned_data["as_of"], by=request.user, today=timezone.localdate())
            return redirect("job", pk=job.pk)
    except Refused as refusal:
        form.take(refusal)
    messages.error(request, " ".join(text for texts in form.errors.values() for text in texts))
    return redirect("ranking")
